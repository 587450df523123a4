"""LIFT-CAM and LRP-CAM: contributions add up, normalisation is folded, what has no rule is refused by name."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from captum.attr import LRP, DeepLift
from torch import Tensor, nn

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine import analyze
from emocam_widgets.errors import EmocamError
from emocam_widgets.explain import METHODS, explain
from emocam_widgets.explain.lift_cam import lift_weights
from emocam_widgets.explain.lrp_cam import lrp_weights
from emocam_widgets.models.split import wrap_classifier
from tests.explaining import NETWORKS, TARGETS, ColumnsFirst, Tail, case_of, logits_of, wrapped
from tests.tiny_models import picture


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


@pytest.mark.parametrize("make", [_normalised, _smooth, ColumnsFirst])
def test_contributions_add_up(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    classifier, activation = wrapped(make())
    difference = classifier.tail(activation) - classifier.tail(torch.zeros_like(activation))
    for by_front in (True, False):
        total = lift_weights(classifier, activation, TARGETS, by_front=by_front).sum(dim=1)
        torch.testing.assert_close(total, difference.gather(1, TARGETS.view(-1, 1)).squeeze(1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_contributions_of_real_networks_add_up(name: str) -> None:
    case = case_of(name)
    baseline = case.classifier.tail(torch.zeros_like(case.activation))
    difference = logits_of(case) - baseline.gather(1, TARGETS.view(-1, 1)).squeeze(1)
    total = lift_weights(case.classifier, case.activation, TARGETS).sum(dim=1)
    torch.testing.assert_close(total, difference, rtol=1e-4, atol=1e-4 * float(difference.abs().max()))


def test_relevances_add_up_without_biases() -> None:
    module = copy.deepcopy(case_of("vgg").module)
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d):
            nn.init.zeros_(part.bias)  # type: ignore[arg-type]
    case = case_of("vgg")
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
    classifier, activation = wrapped(tail)
    torch.testing.assert_close(folded(activation), classifier.tail(activation))
    relevances = LRP(folded).attribute(activation.clone(), target=TARGETS).detach().sum(dim=(2, 3))
    torch.testing.assert_close(lrp_weights(classifier, activation, TARGETS), relevances, rtol=1e-4, atol=1e-5)
    contributions = DeepLift(folded).attribute(activation.clone(), torch.zeros_like(activation), target=TARGETS)
    torch.testing.assert_close(
        lift_weights(classifier, activation, TARGETS), contributions.detach().sum(dim=(2, 3)), rtol=1e-4, atol=1e-5
    )


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
    classifier, activation = wrapped(make())
    for method in METHODS:
        if method in methods:
            with pytest.raises(EmocamError, match=f"{method} .*{named}"):
                explain(classifier, activation, TARGETS, method)
        elif METHODS[method].check is None:
            inputs = torch.rand(2, 3, 4, 4)
            assert explain(classifier, activation, TARGETS, method, inputs=inputs).shape == (2, 4, 4)


@pytest.mark.parametrize("method", [method for method in METHODS if METHODS[method].check is not None])
def test_the_softmax_has_no_rule(method: str) -> None:
    case = case_of("vgg")
    with pytest.raises(EmocamError, match=f"^{method} .*output='logits'"):
        explain(case.classifier, case.activation, TARGETS, method, "probabilities")


def test_a_refused_method_stops_an_analysis_before_its_first_image(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, out = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("runs") / "run"
    picture(0, (60, 60)).save(folder / "a.png")
    classifier, _ = wrapped(_dense(nn.Linear(96, 4), nn.LayerNorm(4))())
    with pytest.raises(EmocamError, match="lrp-cam has no rule for LayerNorm"):
        analyze(Corpus.from_folder(folder), classifier, None, ["grad-cam", "lrp-cam"], out=out, progress=False)
    assert not out.exists()
