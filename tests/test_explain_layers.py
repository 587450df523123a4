"""Several target layers: one trunk pass, the mean of the layers' scaled maps as grad-cam has it, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import pytorch_grad_cam
import torch
import torchvision
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget
from torch import Tensor, nn
from torch.nn import functional

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine import analyze
from emocam_widgets.errors import EmocamError
from emocam_widgets.explain import METHODS, check_method, explain, explain_all, scale_grids
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from emocam_widgets.models.target import without_in_place
from emocam_widgets.run import open_run
from tests.explaining import settled
from tests.tiny_models import picture

TARGETS = torch.tensor([1, 3])
SIZE = 64


@pytest.fixture(scope="module")
def module() -> nn.Module:
    torch.manual_seed(0)
    network = torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=5)
    without_in_place(settled(network, SIZE))
    nn.init.uniform_(network.fc.weight, -0.5, 1.0)
    return network


def _wrapped(module: nn.Module, *layers: str) -> SplitClassifier:
    return wrap_classifier(module, list("abcde"), size=SIZE, target=layers)


@pytest.fixture(scope="module")
def x() -> Tensor:
    return torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))


def test_one_trunk_pass_gives_every_layer(module: nn.Module, x: Tensor) -> None:
    classifier = _wrapped(module, "layer4", "layer2", "layer3")
    assert classifier.target == "layer2 + layer3 + layer4", "in the order of the network, whatever was named first"
    with torch.no_grad():
        activations = classifier.layer_activations(classifier.trunk(x))
        expected = module(x)
        for layer, activation, name in zip(classifier.layers, activations, ("layer2", "layer3", "layer4"), strict=True):
            alone = wrap_classifier(module, list("abcde"), size=SIZE, target=name)
            torch.testing.assert_close(activation, alone.trunk(x))
            torch.testing.assert_close(layer.tail(activation), expected)
            torch.testing.assert_close(layer.trunk(x), activation)
            assert layer.targets[0] == name


@pytest.mark.parametrize("method", [name for name in METHODS if name not in {"cam", "lift-cam", "lrp-cam"}])
def test_a_map_is_the_mean_of_the_layers_scaled_ones(module: nn.Module, x: Tensor, method: str) -> None:
    classifier = _wrapped(module, "layer3", "layer4")
    with torch.no_grad():
        found = explain(classifier, classifier.trunk(x), TARGETS, method, inputs=x)
    expected = torch.zeros(2, 4, 4)
    for name in ("layer3", "layer4"):
        alone = wrap_classifier(module, list("abcde"), size=SIZE, target=name)
        with torch.no_grad():
            grids = torch.from_numpy(scale_grids(explain(alone, alone.trunk(x), TARGETS, method, inputs=x)))
        expected += functional.interpolate(grids[:, None], size=(4, 4), mode="bilinear")[:, 0] / 2
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=1e-4)


def test_the_combination_is_grad_cams(x: Tensor) -> None:
    """On layers of one resolution, up to its second scaling of each map, which it does at the image's size."""
    torch.manual_seed(0)
    network = torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [1, 2, 1, 1], num_classes=5)
    without_in_place(settled(network, SIZE))
    with pytorch_grad_cam.GradCAM(network, list(network.layer2)) as cam:
        expected = cam(x, [ClassifierOutputSoftmaxTarget(int(index)) for index in TARGETS])
    classifier = _wrapped(network, "layer2.0", "layer2.1")
    with torch.no_grad():
        grids = scale_grids(explain(classifier, classifier.trunk(x), TARGETS, "grad-cam"))
    large = functional.interpolate(torch.from_numpy(grids)[:, None], size=(SIZE, SIZE), mode="bilinear")[:, 0]
    np.testing.assert_allclose(scale_grids(large), expected, atol=0.08)
    assert expected.std() > 0.15


def test_methods_share_the_way_between_the_layers(module: nn.Module, x: Tensor) -> None:
    classifier = _wrapped(module, "layer3", "layer4")
    with torch.no_grad():
        activation = classifier.trunk(x)
    together = explain_all(classifier, activation, TARGETS, {"grad-cam": "logits", "layer-cam": "logits"})
    for method, grids in together.items():
        torch.testing.assert_close(grids, explain(classifier, activation, TARGETS, method, "logits"))


def test_a_layer_without_a_rule_refuses_the_method(module: nn.Module) -> None:
    check_method(_wrapped(module, "layer4"), "cam")
    with pytest.raises(EmocamError, match=r"cam is for tails of .* after layer3 has"):
        check_method(_wrapped(module, "layer3", "layer4"), "cam")


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        (["layer3", "layer9"], "no layer 'layer9'"),
        (["layer4", "layer4.0"], "'layer4' and 'layer4.0' give out the same"),
        (["layer3.0.conv1", "layer4"], "cannot be cut at 'layer3.0.conv1'"),
        ([], "The list of target layers is empty"),
    ],
)
def test_layers_that_cannot_be_combined(module: nn.Module, layers: list[str], reason: str) -> None:
    with pytest.raises(EmocamError, match=reason):
        wrap_classifier(module, list("abcde"), size=SIZE, target=layers)


class _Branching(nn.Module):
    """What torch.fx cannot trace."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.linear = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.second(self.first(x))
        return self.linear((x if x.sum() > 1e9 else 2 * x).mean(dim=(2, 3)))


def test_hooks_cut_at_one_layer_only() -> None:
    assert wrap_classifier(_Branching(), list("abcde"), size=8, target=["first"]).target == "first"
    with pytest.raises(EmocamError, match=r"cannot trace this network .* at one layer only"):
        wrap_classifier(_Branching(), list("abcde"), size=8, target=["first", "second"])


def test_a_run_records_the_layers(module: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, out = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("runs") / "run"
    picture(0, (80, 60)).save(folder / "a.png")
    classifier = _wrapped(module, "layer3", "layer4")
    assert classifier.fingerprint != _wrapped(module, "layer4").fingerprint
    analyze(Corpus.from_folder(folder), classifier, None, ["grad-cam", "score-cam"], out=out, progress=False)
    run = open_run(out)
    assert run.manifest.classifier.settings["target"] == "layer3 + layer4"
    assert set(run.cams.grid_height) == {4} and len(run.cams) == 2
