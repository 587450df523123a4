"""Every CAM method of the registry against grad-cam's, captum's or an independent map, on several architectures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from emocam_widgets.errors import EmocamError
from emocam_widgets.explain import METHODS, check_method, explain, explain_all, score_cam
from emocam_widgets.explain.ablation_cam import ablation_weights
from emocam_widgets.explain.lift_cam import lift_weights
from emocam_widgets.explain.lime_cam import Regressor, draw_samples, lime_weights
from emocam_widgets.models.split import wrap_classifier
from emocam_widgets.models.target import without_in_place
from emocam_widgets.types import OUTPUTS, Output
from tests.explaining import (
    NETWORKS,
    REFERENCED,
    TARGETS,
    Case,
    Tail,
    captum_weights,
    case_of,
    reference,
    settled,
    wrapped,
)


def test_every_registered_method_has_a_reference() -> None:
    assert set(METHODS) == REFERENCED


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_maps_are_those_of_the_reference(method: str, output: Output, name: str) -> None:
    case = case_of(name)
    try:
        check_method(case.classifier, method, output)
    except EmocamError as refusal:
        assert output == "probabilities" or (method == "cam" and name != "resnet"), refusal
        return
    expected = reference(method, case, output)
    found = explain(case.classifier, case.activation, TARGETS, method, output, inputs=case.x).numpy()
    span = expected.max(axis=(1, 2)) - expected.min(axis=(1, 2))
    assert (span > 0).all(), "a constant map tells nothing"
    assert (np.abs(found - expected).max(axis=(1, 2)) <= 1e-4 * span).all()


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "efficientnet_b0", "regnet_y_400mf"])
def test_cam_is_grad_cam_where_the_tail_is_pooling_and_one_layer(name: str) -> None:
    torch.manual_seed(0)
    module = getattr(torchvision.models, name)(weights=None, num_classes=5)
    without_in_place(settled(module, 96))
    *_, last = (part for part in module.modules() if isinstance(part, nn.Linear))
    nn.init.uniform_(last.weight, -0.5, 1.0)  # maps with something above 0
    classifier = wrap_classifier(module, list("abcde"), size=96)
    x = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        activation = classifier.trunk(x)
    case = Case(name, module, module, module, classifier, x, activation)
    expected = reference("cam", case, "logits")
    found = explain(classifier, activation, TARGETS, "cam").numpy()
    span = expected.max(axis=(1, 2)) - expected.min(axis=(1, 2))
    assert (span > 0).all()
    assert (np.abs(found - expected).max(axis=(1, 2)) <= 1e-4 * span).all()


@pytest.mark.parametrize(("name", "named"), [("vgg", "ReLU"), ("densenet", "ReLU"), ("emonet", "ReLU")])
def test_cam_refuses_another_tail_by_name(name: str, named: str) -> None:
    case = case_of(name)
    with pytest.raises(EmocamError, match=f"pooling and one linear layer.*{named}"):
        explain(case.classifier, case.activation, TARGETS, "cam")


def test_cam_refuses_a_mean_over_a_part_of_the_map() -> None:
    tail = Tail(nn.Sequential(nn.AdaptiveAvgPool2d(2)), nn.Sequential(nn.Linear(24, 4)))
    classifier, activation = wrapped(tail)
    with pytest.raises(EmocamError, match="AdaptiveAvgPool2d"):
        explain(classifier, activation, TARGETS, "cam")


def test_a_method_that_runs_the_network_again_needs_its_inputs() -> None:
    case = case_of("vgg")
    with pytest.raises(EmocamError, match=r"score-cam runs the whole network again.*inputs="):
        explain(case.classifier, case.activation, TARGETS, "score-cam")


def test_scores_of_masked_inputs_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of("vgg")
    at_once = explain(case.classifier, case.activation, TARGETS, "score-cam", inputs=case.x)
    monkeypatch.setattr(score_cam, "_BATCH", 5 * case.x[0].numel())
    found = explain(case.classifier, case.activation, TARGETS, "score-cam", inputs=case.x)
    torch.testing.assert_close(found, at_once, rtol=1e-4, atol=1e-6)


def test_methods_that_share_give_the_same_maps() -> None:
    case = case_of("emonet")
    methods = {name: METHODS[name].output for name in METHODS if name != "cam"}
    together = explain_all(case.classifier, case.activation, TARGETS, methods, inputs=case.x)
    for name, grids in together.items():
        alone = explain(case.classifier, case.activation, TARGETS, name, inputs=case.x)
        torch.testing.assert_close(grids, alone, rtol=0, atol=0)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("regressor", ["ridge", "lasso"])
def test_lime_coefficients_are_captums(name: str, regressor: Regressor) -> None:
    case = case_of(name)
    expected = captum_weights("lime-cam", case, "logits", regressor)
    found = lime_weights(case.classifier, case.activation, TARGETS, "logits", regressor=regressor)
    assert min((row != 0).sum() for row in expected) >= min(20, expected.shape[1])
    torch.testing.assert_close(found, expected.double(), rtol=0, atol=1e-4 * float(expected.abs().max()))


def test_an_ablation_map_does_not_turn_round_with_the_sign_of_the_logit() -> None:
    case = case_of("SceneNet")
    logits = case.classifier.tail(case.activation)
    low, high = logits.argmin(dim=1), logits.argmax(dim=1)
    assert bool((logits.min(dim=1).values < 0).all() and (logits.max(dim=1).values > 0).all())
    for targets in (low, high):
        weights = ablation_weights(case.classifier, case.activation, targets, "logits")
        contributions = lift_weights(case.classifier, case.activation, targets)
        for ablated, contributed in zip(weights, contributions, strict=True):
            assert float(torch.corrcoef(torch.stack([ablated, contributed.double()]))[0, 1]) > 0.5


def test_lime_samples_are_seeded() -> None:
    samples = draw_samples(300)
    assert samples.shape == (300, 300) and draw_samples(8).shape == (256, 8)
    assert torch.equal(samples, draw_samples(300)) and not torch.equal(samples, draw_samples(300, seed=1))
    assert abs(float(samples.mean()) - 0.5) < 0.01
