"""CAM methods against their reference, and what every registered one must keep."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget
from torch import Tensor, nn

from emocam_widgets.errors import UnknownNameError
from emocam_widgets.explain import METHODS, explain, scale_grids
from emocam_widgets.explain.scores import score_gradient
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from emocam_widgets.models.target import without_in_place
from emocam_widgets.types import OUTPUTS, Output
from tests.explaining import pooled_classifier
from tests.tiny_models import LABELS, scene_net, tiny_classifier

NETWORKS = {
    "SceneNet": (scene_net, lambda module: module.trunk.layers[-1], 224),
    "alexnet": (lambda: torchvision.models.alexnet(weights=None), lambda module: module.features[10], 224),
    "resnet18": (lambda: torchvision.models.resnet18(weights=None), lambda module: module.layer4[-1], 96),
}
TARGETS = [1, 3, 0]


def _reference(module: nn.Module, layer: nn.Module, x: Tensor, output: Output) -> np.ndarray:
    """grad-cam's own unscaled maps: from its weights, before its two rounds of min-max scaling.

    In double precision: in float32 the gradient of a nearly saturated softmax is a few thousandths off.
    """
    module, x = module.double(), x.double()
    kind = ClassifierOutputTarget if output == "logits" else ClassifierOutputSoftmaxTarget
    targets = [kind(index) for index in TARGETS]
    with GradCAM(module, [layer]) as cam:
        cam(x, targets)
        kept = cam.activations_and_grads
        activation, gradient = kept.activations[0].numpy(), kept.gradients[0].numpy()
        return np.maximum(cam.get_cam_image(x, layer, targets, activation, gradient, False), 0)


@pytest.mark.parametrize("output", ["logits", "probabilities"])
@pytest.mark.parametrize("name", NETWORKS)
def test_grad_cam_is_grad_cams(name: str, output: Output) -> None:
    make, layer, size = NETWORKS[name]
    torch.manual_seed(0)
    module = make().eval()
    without_in_place(module)  # grad-cam saves the activation that an in-place ReLU then overwrites
    x = torch.rand(3, 3, size, size)
    n_outputs = module(x).shape[1]
    classifier = wrap_classifier(module, [str(i) for i in range(n_outputs)], size=size)
    with torch.no_grad():
        activation = classifier.trunk(x)
    grids = explain(classifier, activation, torch.tensor(TARGETS), "grad-cam", output).numpy()
    expected = _reference(module, layer(module), x, output)
    assert expected.max() > 0
    np.testing.assert_allclose(grids, expected, atol=1e-5 * expected.max())
    np.testing.assert_allclose(scale_grids(grids), scale_grids(expected), atol=1e-4)


@pytest.fixture(scope="module")
def classifier() -> SplitClassifier:
    return tiny_classifier()


def _usable(classifier: SplitClassifier, method: str) -> SplitClassifier:
    """The given classifier, or one that the method can explain."""
    return pooled_classifier() if method == "cam" else classifier


WHATEVER_THE_LABEL = {"eigen-cam", "kpca-cam", "fem"}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_the_protocol(classifier: SplitClassifier, method: str) -> None:
    classifier = _usable(classifier, method)
    x = torch.rand(3, 3, 224, 224)
    with torch.no_grad():
        activation = classifier.trunk(x)
    targets = torch.tensor(TARGETS)
    together = explain(classifier, activation, targets, method, inputs=x)
    assert together.shape == (3, *activation.shape[2:]) and float(together.min()) >= 0
    for i in range(3):
        alone = explain(classifier, activation[i : i + 1], targets[i : i + 1], method, inputs=x[i : i + 1])
        torch.testing.assert_close(alone[0], together[i], rtol=1e-4, atol=1e-7)
    default = explain(classifier, activation, targets, method, METHODS[method].output, inputs=x)
    torch.testing.assert_close(default, together, rtol=0, atol=0)
    others = explain(classifier, activation, (targets + 1) % len(LABELS), method, inputs=x)
    unchanged = np.allclose(scale_grids(together), scale_grids(others), atol=1e-3)
    assert unchanged == (method in WHATEVER_THE_LABEL)


@pytest.mark.parametrize("method", [name for name in METHODS if METHODS[name].check is None])
def test_the_output_makes_a_difference(classifier: SplitClassifier, method: str) -> None:
    x, targets = torch.rand(3, 3, 224, 224), torch.tensor(TARGETS)
    with torch.no_grad():
        activation = classifier.trunk(x)
    first, second = (scale_grids(explain(classifier, activation, targets, method, out, inputs=x)) for out in OUTPUTS)
    assert np.allclose(first, second, atol=1e-3) == (method in WHATEVER_THE_LABEL)


@pytest.mark.parametrize("gap", [30.0, 90.0, 500.0])
def test_a_saturated_softmax_still_has_a_map(gap: float) -> None:
    """With two labels, both probabilities have the same gradient as the logits' difference, up to a factor."""
    module = scene_net(2, seed=1)
    with torch.no_grad():
        module.tail.fc2.bias.copy_(torch.tensor([gap, 0.0]))
    classifier = wrap_classifier(module, ["a", "b"])
    with torch.no_grad():
        activation = classifier.trunk(torch.rand(4, 3, 224, 224, generator=torch.Generator().manual_seed(0)))
        assert bool((torch.softmax(classifier.tail(activation), 1)[:, 0] == 1).all()), "not saturated in float32"
    for target in (0, 1):
        targets = torch.full((4,), target)
        gradient = score_gradient(classifier, activation, targets, "probabilities")
        difference = score_gradient(classifier, activation, targets, "logits")
        difference -= score_gradient(classifier, activation, 1 - targets, "logits")
        for found, expected in zip(gradient, difference, strict=True):
            assert float(found.abs().max()) > 0
            torch.testing.assert_close(found / found.abs().max(), expected / expected.abs().max(), rtol=0, atol=1e-5)


def test_scaling() -> None:
    grids = np.array([[[1.0, 3.0], [2.0, 1.0]], [[5.0, 5.0], [5.0, 5.0]], [[0.0, 0.0], [0.0, 0.0]]])
    scaled = scale_grids(grids)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled[0], [[0, 1], [0.5, 0]])
    assert not scaled[1:].any()


def test_a_faint_map_is_no_constant_one() -> None:
    np.testing.assert_array_equal(scale_grids(np.array([[[0.0, 1e-12]]])), [[[0, 1]]])


def test_unknown_method_and_output(classifier: SplitClassifier) -> None:
    activation = torch.rand(1, 40, 14, 14)
    with pytest.raises(UnknownNameError, match="did you mean 'grad-cam'"):
        explain(classifier, activation, torch.tensor([0]), "gradcam")
    with pytest.raises(UnknownNameError, match="probabilities"):
        explain(classifier, activation, torch.tensor([0]), "grad-cam", "softmax")  # type: ignore[arg-type]
