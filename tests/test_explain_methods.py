"""Every CAM method against grad-cam's or captum's own, the two paths through the tail, completeness and refusals."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import pytorch_grad_cam
import torch
import torchvision
from captum._utils.models.linear_model import SkLearnLasso, SkLearnRidge
from captum.attr import LRP, DeepLift, Lime
from captum.attr._core.lime import get_exp_kernel_similarity_function
from click.testing import CliRunner
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget
from torch import Tensor, nn

from emocam_widgets.cli import main
from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import DETECTORS, wrap_detector
from emocam_widgets.engine import Worker, analyze
from emocam_widgets.errors import EmocamError
from emocam_widgets.explain import METHODS, channels, explain
from emocam_widgets.explain.ablation_cam import ablation_weights
from emocam_widgets.explain.channels import linear_front, logits_with, logits_without_each
from emocam_widgets.explain.lift_cam import lift_weights
from emocam_widgets.explain.lime_cam import Regressor, draw_samples, lime_weights
from emocam_widgets.explain.lrp_cam import lrp_weights
from emocam_widgets.models import CLASSIFIERS
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from emocam_widgets.models.target import without_in_place
from emocam_widgets.run import open_run
from emocam_widgets.types import Output
from tests.tiny_models import LABELS, picture, scene_net, tiny_classifier

GRAD_CAMS = {
    "grad-cam": pytorch_grad_cam.GradCAM,
    "ablation-cam": pytorch_grad_cam.AblationCAM,
    "grad-cam-plus-plus": pytorch_grad_cam.GradCAMPlusPlus,
    "layer-cam": pytorch_grad_cam.LayerCAM,
    "hires-cam": pytorch_grad_cam.HiResCAM,
    "xgrad-cam": pytorch_grad_cam.XGradCAM,
    "eigen-cam": pytorch_grad_cam.EigenCAM,
    "eigen-grad-cam": pytorch_grad_cam.EigenGradCAM,
}
TARGETS = torch.tensor([1, 3])


class Tail(nn.Module):
    """A tail as captum wants it: every ReLU and pooling a module of its own, reshaping functional."""

    def __init__(self, spatial: nn.Sequential, dense: nn.Sequential) -> None:
        super().__init__()
        self.spatial, self.dense = spatial, dense

    def forward(self, activation: Tensor) -> Tensor:
        return self.dense(torch.flatten(self.spatial(activation), 1))


class Network(nn.Module):
    """A trunk of one convolution before a given tail; its target layer is `trunk`."""

    def __init__(self, tail: nn.Module, channels: int = 6) -> None:
        super().__init__()
        self.trunk = nn.Conv2d(3, channels, 3, padding=1)
        self.tail = tail

    def forward(self, x: Tensor) -> Tensor:
        return self.tail(self.trunk(x))


@dataclass(frozen=True)
class Case:
    """A network with its target layer, its tail for captum, the split classifier, and two images' activation."""

    module: nn.Module
    layer: nn.Module
    tail: nn.Module
    classifier: SplitClassifier
    x: Tensor
    activation: Tensor


def _scene() -> tuple[nn.Module, nn.Module, nn.Module, int]:
    module = scene_net()
    return module, module.trunk.layers[-1], module.tail, 224


def _alexnet() -> tuple[nn.Module, nn.Module, nn.Module, int]:
    """torchvision's, with narrow linear layers in place of its 55 million weights."""
    module = torchvision.models.alexnet(weights=None)
    dense = nn.Sequential(nn.Dropout(), nn.Linear(9216, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 5))
    module.classifier = dense
    return module, module.features[10], Tail(nn.Sequential(*module.features[11:], module.avgpool), dense), 96


def _vgg() -> tuple[nn.Module, nn.Module, nn.Module, int]:
    """VGG in small, cut before its last convolution: a tail that no sum over channels shortens."""
    features = torchvision.models.vgg.make_layers([8, "M", 12, "M", 32, 12, "M"])
    dense = nn.Sequential(nn.Linear(12 * 9, 24), nn.ReLU(), nn.Linear(24, 5))
    module = Tail(nn.Sequential(*features, nn.AdaptiveAvgPool2d((3, 3))), dense)
    return module, module.spatial[6], Tail(module.spatial[7:], dense), 48


NETWORKS: dict[str, Callable[[], tuple[nn.Module, nn.Module, nn.Module, int]]] = {
    "SceneNet": _scene,
    "alexnet": _alexnet,
    "vgg": _vgg,
}


def _standardise(layer: nn.Module, module: nn.Module, x: Tensor) -> None:
    """Sets a layer's scale and shift so that each channel of its output has mean 1/2 and deviation 1."""
    kept: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    with torch.no_grad():
        module(x)
        handle.remove()
        deviation, mean = torch.std_mean(kept[0], dim=(0, 2, 3))
        layer.weight.div_(deviation.view(-1, *[1] * (layer.weight.dim() - 1)))
        layer.bias.sub_(mean).div_(deviation).add_(0.5)


@cache
def _case(name: str) -> Case:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module, layer, tail, size = NETWORKS[name]()
        x = torch.rand(2, 3, size, size)
        module.eval(), tail.eval()
        without_in_place(module)
        # An untrained network's scores hardly move: all layers from the target on are made to pass on what they get.
        for part in tail.modules():
            if isinstance(part, nn.Linear | nn.Conv2d):
                nn.init.normal_(part.weight, std=2 / part.weight[0].numel() ** 0.5)
        _standardise(layer, module, x)
    target = next(part for part, found in module.named_modules() if found is layer)
    n_labels = module(x).shape[1]
    classifier = wrap_classifier(module, [str(i) for i in range(n_labels)], size=size, target=target)
    with torch.no_grad():
        activation = classifier.trunk(x)
    return Case(module, layer, tail, classifier, x, activation)


def _logits(case: Case) -> Tensor:
    with torch.no_grad():
        return case.module(case.x).gather(1, TARGETS.view(-1, 1)).squeeze(1)


def _by_grad_cam(method: str, case: Case, output: Output) -> np.ndarray:
    """grad-cam's own map before its two rounds of min-max scaling, rectified, in double precision."""
    x = case.x.double()
    kind = ClassifierOutputTarget if output == "logits" else ClassifierOutputSoftmaxTarget
    targets = [kind(int(index)) for index in TARGETS]
    with redirect_stderr(StringIO()), GRAD_CAMS[method](copy.deepcopy(case.module).double(), []) as cam:
        layer = dict(cam.model.named_modules())[case.classifier.target]
        cam.activations_and_grads.handles += [
            layer.register_forward_hook(cam.activations_and_grads.save_activation),
            layer.register_forward_hook(cam.activations_and_grads.save_gradient),
        ]
        logits = cam.activations_and_grads(x)
        sum(target(row) for target, row in zip(targets, logits, strict=True)).backward()
        activation, gradient = (
            found[0].numpy() for found in (cam.activations_and_grads.activations, cam.activations_and_grads.gradients)
        )
        image = cam.get_cam_image(x, layer, targets, activation, gradient, False)
    if method == "ablation-cam" and output == "logits":  # it divides by the score, we by its size
        image = image * torch.sign(_logits(case)).numpy()[:, None, None]
    return np.maximum(image, 0)


def _captum_weights(method: str, case: Case, output: Output, regressor: Regressor = "ridge") -> Tensor:
    """Channel weights (n, c) by captum on the tail alone."""
    tail = case.tail if output == "logits" else nn.Sequential(case.tail, nn.Softmax(dim=1))
    start = case.activation.clone().requires_grad_(True)
    if method == "lift-cam":  # image by image: in a batch, captum's pooling takes the first image's gradient for all
        attribute = DeepLift(tail).attribute
        pairs = zip(start.split(1), TARGETS, strict=True)
        found = torch.cat([attribute(image, torch.zeros_like(image), target=int(target)) for image, target in pairs])
        return found.detach().sum(dim=(2, 3))
    if method == "lrp-cam":
        return LRP(tail).attribute(start, target=TARGETS).detach().sum(dim=(2, 3))
    samples = draw_samples(start.shape[1])
    weights = []
    for image, target in zip(start, TARGETS, strict=True):
        rows = iter(samples.long().unsqueeze(1))
        lime = Lime(
            tail,
            SkLearnRidge(alpha=1.0) if regressor == "ridge" else SkLearnLasso(alpha=0.01),
            similarity_func=get_exp_kernel_similarity_function("cosine", 1.0),
            perturb_func=lambda _original, rows=rows, **_: next(rows),
        )
        channel = torch.arange(len(image)).view(1, -1, 1, 1).expand(1, *image.shape)
        found = lime.attribute(image[None], target=int(target), feature_mask=channel, n_samples=len(samples))
        weights.append(found[0, :, 0, 0])
    return torch.stack(weights)


def _reference(method: str, case: Case, output: Output) -> np.ndarray:
    if method in GRAD_CAMS:
        return _by_grad_cam(method, case, output)
    weights = _captum_weights(method, case, output)
    return torch.relu(torch.einsum("nc,nchw->nhw", weights.to(case.activation), case.activation)).numpy()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    ("method", "output"),
    [
        (method, output)
        for method in METHODS
        for output in ("logits", "probabilities")
        if output == "logits" or METHODS[method].check is None
    ],
)
@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_maps_are_those_of_the_reference(method: str, output: Output, name: str) -> None:
    case = _case(name)
    expected = _reference(method, case, output)
    found = explain(case.classifier, case.activation, TARGETS, method, output).numpy()
    span = expected.max(axis=(1, 2)) - expected.min(axis=(1, 2))
    assert (span > 0).all(), "a constant map tells nothing"
    assert (np.abs(found - expected).max(axis=(1, 2)) <= 1e-4 * span).all()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("regressor", ["ridge", "lasso"])
def test_lime_coefficients_are_captums(name: str, regressor: Regressor) -> None:
    case = _case(name)
    expected = _captum_weights("lime-cam", case, "logits", regressor)
    found = lime_weights(case.classifier, case.activation, TARGETS, "logits", regressor=regressor)
    assert min((row != 0).sum() for row in expected) >= min(20, expected.shape[1])
    torch.testing.assert_close(found, expected.double(), rtol=0, atol=1e-4 * float(expected.abs().max()))


def test_an_ablation_map_does_not_turn_round_with_the_sign_of_the_logit() -> None:
    case = _case("SceneNet")
    logits = case.classifier.tail(case.activation)
    low, high = logits.argmin(dim=1), logits.argmax(dim=1)
    assert bool((logits.min(dim=1).values < 0).all() and (logits.max(dim=1).values > 0).all())
    for targets in (low, high):
        weights = ablation_weights(case.classifier, case.activation, targets, "logits")
        contributions = lift_weights(case.classifier, case.activation, targets)
        for ablated, contributed in zip(weights, contributions, strict=True):
            assert float(torch.corrcoef(torch.stack([ablated, contributed.double()]))[0, 1]) > 0.5


# The two paths through the tail


@pytest.mark.parametrize("name", ["SceneNet", "alexnet"])
def test_the_sum_over_channels_is_the_tail(name: str) -> None:
    classifier, activation = _case(name).classifier, _case(name).activation
    assert linear_front(classifier, activation) is not None
    scale = float(classifier.tail(activation).abs().max())
    keep = draw_samples(activation.shape[1])[:40]
    for fast, slow in (
        *zip(
            *(logits_without_each(classifier, activation, by_front=by_front) for by_front in (True, False)), strict=True
        ),
        tuple(logits_with(classifier, activation, keep, by_front=by_front) for by_front in (True, False)),
    ):
        assert float(slow.std(dim=-2).max()) > 1e-3 * scale
        torch.testing.assert_close(fast, slow, rtol=0, atol=1e-5 * scale)
    fast, slow = (lift_weights(classifier, activation, TARGETS, by_front=by_front) for by_front in (True, False))
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-5 * float(slow.abs().max()))


@pytest.mark.parametrize("name", ["SceneNet", "vgg"])
def test_batches_do_not_matter(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _case(name)
    keep = draw_samples(case.activation.shape[1])[:7]
    at_once = logits_with(case.classifier, case.activation, keep)
    monkeypatch.setattr(channels, "_BATCH", 1)
    torch.testing.assert_close(logits_with(case.classifier, case.activation, keep), at_once, rtol=1e-4, atol=1e-5)


def test_lime_samples_are_seeded() -> None:
    samples = draw_samples(300)
    assert samples.shape == (300, 300) and draw_samples(8).shape == (256, 8)
    assert torch.equal(samples, draw_samples(300)) and not torch.equal(samples, draw_samples(300, seed=1))
    assert abs(float(samples.mean()) - 0.5) < 0.01


def test_a_spatial_tail_goes_the_whole_way() -> None:
    case = _case("vgg")
    assert linear_front(case.classifier, case.activation) is None


class _ChannelsLast(nn.Module):
    """Flattens the channels last, so that a linear layer's weights are not in blocks of channels."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.linear = nn.ReLU(), nn.Linear(6 * 16, 4)

    def forward(self, activation: Tensor) -> Tensor:
        return self.linear(torch.flatten(self.relu(activation).permute(0, 2, 3, 1), 1))


class _ColumnsFirst(nn.Module):
    """Flattens as MATLAB does: the two spatial axes swapped, the channels where they are."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.linear = nn.ReLU(), nn.Linear(6 * 16, 4)

    def forward(self, activation: Tensor) -> Tensor:
        return self.linear(torch.flatten(self.relu(activation).transpose(2, 3), 1))


def _wrapped(tail: nn.Module) -> tuple[SplitClassifier, Tensor]:
    classifier = wrap_classifier(Network(tail).eval(), LABELS, size=4, target="trunk")
    return classifier, torch.randn(2, 6, 4, 4)


@pytest.mark.parametrize(("tail", "has_front"), [(_ChannelsLast, False), (_ColumnsFirst, True)])
def test_the_order_of_the_flatten(tail: type[nn.Module], has_front: bool) -> None:
    classifier, activation = _wrapped(tail())
    assert (linear_front(classifier, activation) is not None) == has_front
    expected = torch.stack([
        classifier.tail(activation * (torch.arange(6) != channel).view(1, -1, 1, 1)) for channel in range(6)
    ], dim=1)  # fmt: skip
    torch.testing.assert_close(logits_without_each(classifier, activation)[1], expected)


# Completeness


def _normalised() -> Tail:
    """The second paper's head in small: BatchNorm1d with settled statistics, then linear layers."""
    norm = nn.BatchNorm1d(6)
    nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
    dense = nn.Sequential(norm, nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4))
    dense.train()(3 + torch.randn(64, 6))
    return Tail(nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1)), dense)


def _smooth() -> nn.Module:
    """No layer of it gives 0 for 0, and its pooling windows overlap: the baseline has a value of its own everywhere."""
    spatial = nn.Sequential(nn.Sigmoid(), nn.Conv2d(6, 5, 3, padding=1), nn.Tanh(), nn.MaxPool2d(3, 1), nn.Softplus())
    return Tail(spatial, nn.Sequential(nn.Linear(20, 6), nn.ELU(), nn.Linear(6, 4), nn.LeakyReLU()))


@pytest.mark.parametrize("make", [_normalised, _smooth, _ColumnsFirst])
def test_contributions_add_up(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    classifier, activation = _wrapped(make())
    difference = classifier.tail(activation) - classifier.tail(torch.zeros_like(activation))
    for by_front in (True, False):
        total = lift_weights(classifier, activation, TARGETS, by_front=by_front).sum(dim=1)
        torch.testing.assert_close(total, difference.gather(1, TARGETS.view(-1, 1)).squeeze(1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_contributions_of_real_networks_add_up(name: str) -> None:
    case = _case(name)
    baseline = case.classifier.tail(torch.zeros_like(case.activation))
    difference = _logits(case) - baseline.gather(1, TARGETS.view(-1, 1)).squeeze(1)
    total = lift_weights(case.classifier, case.activation, TARGETS).sum(dim=1)
    torch.testing.assert_close(total, difference, rtol=1e-4, atol=1e-4 * float(difference.abs().max()))


def test_relevances_add_up_without_biases() -> None:
    module = copy.deepcopy(_case("vgg").module)
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d):
            nn.init.zeros_(part.bias)  # type: ignore[arg-type]
    case = _case("vgg")
    classifier = wrap_classifier(module, [str(i) for i in range(5)], size=48, target=case.classifier.target)
    logits = classifier.tail(case.activation).gather(1, TARGETS.view(-1, 1)).squeeze(1)
    torch.testing.assert_close(lrp_weights(classifier, case.activation, TARGETS).sum(dim=1), logits)


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_batch_normalisation_is_folded_into_the_next_layer() -> None:
    torch.manual_seed(0)
    tail = _normalised().eval()
    norm, linear, *rest = tail.dense
    assert isinstance(norm, nn.BatchNorm1d) and isinstance(linear, nn.Linear)
    assert norm.running_var is not None and norm.running_mean is not None
    merged = copy.deepcopy(linear)
    with torch.no_grad():
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        merged.weight.copy_(linear.weight * factor)
        merged.bias.copy_(linear.bias + linear.weight @ (norm.bias - norm.running_mean * factor))
    folded = copy.deepcopy(Tail(tail.spatial, nn.Sequential(merged, *rest)))
    folded.eval()
    classifier, activation = _wrapped(tail)
    torch.testing.assert_close(folded(activation), classifier.tail(activation))
    relevances = LRP(folded).attribute(activation.clone(), target=TARGETS).detach().sum(dim=(2, 3))
    torch.testing.assert_close(lrp_weights(classifier, activation, TARGETS), relevances, rtol=1e-4, atol=1e-5)
    contributions = DeepLift(folded).attribute(activation.clone(), torch.zeros_like(activation), target=TARGETS)
    torch.testing.assert_close(
        lift_weights(classifier, activation, TARGETS), contributions.detach().sum(dim=(2, 3)), rtol=1e-4, atol=1e-5
    )


# Refusals


class _Multiplied(nn.Module):
    """A gate, as squeeze-and-excitation has it: the product of two values."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.linear = nn.Sigmoid(), nn.Linear(96, 4)

    def forward(self, activation: Tensor) -> Tensor:
        return self.linear(torch.flatten(activation * self.gate(activation), 1))


class _Branching(nn.Module):
    """What torch.fx cannot trace: a choice that depends on the values."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(96, 4)

    def forward(self, activation: Tensor) -> Tensor:
        return self.linear(torch.flatten(activation if activation.sum() > 1e9 else 2 * activation, 1))


def _dense(*layers: nn.Module) -> Callable[[], nn.Module]:
    return lambda: Tail(nn.Sequential(nn.ReLU()), nn.Sequential(*layers))


@pytest.mark.parametrize(
    ("make", "named", "methods"),
    [
        (_dense(nn.Linear(96, 4), nn.LayerNorm(4)), r"LayerNorm \(tail\.dense\.1\)", ("lift-cam", "lrp-cam")),
        (_dense(nn.Linear(96, 4), nn.SiLU()), r"SiLU \(tail\.dense\.1\)", ("lift-cam", "lrp-cam")),
        (_dense(nn.Linear(96, 4), nn.Softmax(1)), r"Softmax \(tail\.dense\.1\)", ("lift-cam", "lrp-cam")),
        (_dense(nn.Linear(96, 4), nn.Sigmoid()), r"Sigmoid \(tail\.dense\.1\)", ("lrp-cam",)),
        (_Multiplied, "the function mul", ("lift-cam",)),
        (_Branching, "cannot trace", ("lift-cam", "lrp-cam")),
    ],
)
def test_layers_without_a_rule_are_refused_by_name(
    make: Callable[[], nn.Module], named: str, methods: tuple[str, ...]
) -> None:
    classifier, activation = _wrapped(make())
    for method in METHODS:
        if method in methods:
            with pytest.raises(EmocamError, match=f"{method} .*{named}"):
                explain(classifier, activation, TARGETS, method)
        elif METHODS[method].check is None:
            assert explain(classifier, activation, TARGETS, method).shape == (2, 4, 4)


@pytest.mark.parametrize("method", [method for method in METHODS if METHODS[method].check is not None])
def test_the_softmax_has_no_rule(method: str) -> None:
    case = _case("vgg")
    with pytest.raises(EmocamError, match=f"{method} has no rule for the softmax.*output='logits'"):
        explain(case.classifier, case.activation, TARGETS, method, "probabilities")


def test_a_refused_method_stops_an_analysis_before_its_first_image(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, out = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("runs") / "run"
    picture(0, (60, 60)).save(folder / "a.png")
    classifier, _ = _wrapped(_dense(nn.Linear(96, 4), nn.LayerNorm(4))())
    with pytest.raises(EmocamError, match="lrp-cam has no rule for LayerNorm"):
        analyze(Corpus.from_folder(folder), classifier, None, ["grad-cam", "lrp-cam"], out=out, progress=False)
    assert not out.exists()


# In use


def test_every_method_in_an_analysis_and_a_worker(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, out = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("runs") / "run"
    for i in range(2):
        picture(i, (96, 72)).save(folder / f"{i}.png")
    corpus, classifier = Corpus.from_folder(folder), tiny_classifier()
    run = analyze(corpus, classifier, None, list(METHODS), out=out, progress=False)
    assert run.failures.empty and set(run.methods) == set(METHODS)
    cams = run.cams
    assert len(cams) == 2 * len(METHODS)
    assert dict(zip(cams.method, cams.output, strict=True)) == {name: METHODS[name].output for name in METHODS}
    with Worker(classifier) as worker:
        for method in METHODS:
            cam = worker.explain(corpus.open("0.png"), method)
            assert cam.target in LABELS
            np.testing.assert_allclose(cam.grid, run.grid("0.png", method).grid, atol=2e-3)


def test_every_method_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CLASSIFIERS._parts, "tiny", lambda _device: tiny_classifier())
    monkeypatch.setitem(DETECTORS._parts, "nothing", lambda _device: wrap_detector(lambda _images: [], ["Person"]))
    (tmp_path / "photos").mkdir()
    picture(0, (96, 72)).save(tmp_path / "photos" / "0.png")
    asked = [argument for method in METHODS for argument in ("--method", method)]
    out = str(tmp_path / "run")
    arguments = ["analyze", str(tmp_path / "photos"), "--out", out, "--classifier", "tiny", "--detector", "nothing"]
    result = CliRunner().invoke(main, [*arguments, "--quiet", *asked])
    assert result.exit_code == 0, result.output
    assert sorted(open_run(out).cams.method) == sorted(METHODS)
