"""Grouped classifiers: the sums are the members' probabilities, methods explain them, and bad groups are refused."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import emocam_widgets as emo
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.explain import explain
from emocam_widgets.labels import EMONET_AFFECT, EMONET_LABELS
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from tests.tiny_models import LABELS, picture, scene_net, tiny_classifier

GROUPS = {"pleasant": ["Joy", "Excitement"], "wanting": ["Craving"], "low": ["Sadness"]}


@pytest.fixture(scope="module")
def fine() -> SplitClassifier:
    return tiny_classifier()


def test_probabilities_are_the_sums(fine: SplitClassifier) -> None:
    coarse = emo.grouped(fine, GROUPS)
    assert coarse.labels == ("pleasant", "wanting", "low") and coarse.synthetic and coarse.target == fine.target
    images = [picture(seed) for seed in range(6)]
    for one, other in zip(coarse.predict(images), fine.predict(images), strict=True):
        sums = [sum(other.probability(label) for label in members) for members in GROUPS.values()]
        np.testing.assert_allclose(one.probabilities, sums, atol=1e-6)


def test_logits_do_not_overflow(fine: SplitClassifier) -> None:
    coarse = emo.grouped(fine, GROUPS)
    logits = coarse.tail(1e6 * torch.rand(1, *fine.activations([picture(0)])[0].shape[1:]))
    assert torch.isfinite(logits).all() and logits.abs().max() > 1e3


def test_labels_may_name_their_group_instead(fine: SplitClassifier) -> None:
    turned = {label: group for group, members in GROUPS.items() for label in members}
    assert emo.grouped(fine, turned).fingerprint == emo.grouped(fine, GROUPS).fingerprint
    assert emo.grouped(fine, GROUPS).fingerprint != fine.fingerprint


def test_the_rest_goes_into_its_own_group_or_an_existing_one(fine: SplitClassifier) -> None:
    assert emo.grouped(fine, {"glad": ["Joy"]}, rest="other").groups == {
        "glad": ("Joy",),
        "other": ("Excitement", "Craving", "Sadness"),
    }
    assert emo.grouped(fine, {"glad": ["Joy"], "not": ["Sadness"]}, rest="glad").groups["glad"] == LABELS[:3]


# A sum of one label is its own logit: what a method says of it, it says of the finer label.
@pytest.mark.parametrize("method", ["grad-cam", "ablation-cam", "lime-cam", "hires-cam", "layer-cam"])
def test_groups_of_one_are_explained_as_their_label(fine: SplitClassifier, method: str) -> None:
    alone = emo.grouped(fine, {label.lower(): [label] for label in LABELS})
    there = np.stack([_map(fine, picture(3), method, label) for label in LABELS])
    here = np.stack([_map(alone, picture(3), method, label.lower()) for label in LABELS])
    assert there.max() > 0
    np.testing.assert_allclose(here, there, atol=1e-4 * there.max())


def test_gradient_of_a_group_is_that_of_the_log_of_the_sum(fine: SplitClassifier) -> None:
    coarse = emo.grouped(fine, GROUPS)
    activation = fine.activations([picture(4)])[0].requires_grad_()
    (found,) = torch.autograd.grad(coarse.tail(activation)[0, 0], activation)
    (expected,) = torch.autograd.grad(fine.tail(activation)[0, :2].exp().sum().log(), activation)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("method", ["lift-cam", "lrp-cam"])
def test_methods_with_rules_refuse_the_sum_by_name(fine: SplitClassifier, method: str) -> None:
    with pytest.raises(EmocamError, match=f"{method} has no rule"):
        _map(emo.grouped(fine, GROUPS), picture(0), method, "pleasant")


class _Untraceable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        shift = 1.0 if float(x.sum()) > -1e9 else 0.0
        return self.relu(self.convolution(x)).mean(dim=(2, 3)) + shift


def test_networks_cut_by_hooks_are_grouped_too() -> None:
    fine = wrap_classifier(_Untraceable(), LABELS, size=16)
    coarse = emo.grouped(fine, GROUPS)
    assert coarse.tail_graph is None
    one, other = coarse.predict([picture(1)])[0], fine.predict([picture(1)])[0]
    assert one.probability("pleasant") == pytest.approx(other.probability("Joy") + other.probability("Excitement"))
    assert _map(coarse, picture(1), "grad-cam", "pleasant").shape == (16, 16)
    tail: Any = coarse._cut.tail
    copied = copy.deepcopy(coarse, {id(tail.lock): threading.Lock()})
    assert copied.predict([picture(1)])[0].label == one.label


def test_several_target_layers_are_grouped_at_each() -> None:
    fine = wrap_classifier(scene_net(), LABELS, target=["trunk.layers.15", "trunk.layers.18"])
    coarse = emo.grouped(fine, GROUPS)
    assert coarse.target == fine.target and len(coarse.layers) == 2
    activation, _ = coarse.activations([picture(2)])
    for layer, there in zip(coarse.layers, coarse.layer_activations(activation), strict=True):
        torch.testing.assert_close(layer.tail(there), coarse.tail(activation), rtol=1e-4, atol=1e-4)


def test_valence_and_arousal_are_kept() -> None:
    from emocam_widgets.models.emonet import EmoNet, split_emonet

    torch.manual_seed(0)
    emonet = split_emonet(EmoNet(), torch.zeros(3, 227, 227))
    coarse = emo.grouped(emonet, EMONET_AFFECT)
    assert set(coarse.labels) == {"negative", "other", "positive"}
    one, other = coarse.predict([picture(0)])[0], emonet.predict([picture(0)])[0]
    assert one.valence == other.valence is not None and one.arousal == other.arousal is not None
    assert sum(one.probabilities) == pytest.approx(1, abs=1e-5)


def test_every_emonet_label_has_an_affect() -> None:
    assert set(EMONET_AFFECT) == set(EMONET_LABELS)


def test_bad_groups_are_refused_in_a_sentence(fine: SplitClassifier) -> None:
    with pytest.raises(UnknownNameError, match="label of tiny called 'joy'; did you mean 'Joy'"):
        emo.grouped(fine, {"glad": ["joy"]}, rest="other")
    with pytest.raises(EmocamError, match=r"labels Craving, Sadness of tiny are in none .* rest='other'"):
        emo.grouped(fine, {"glad": ["Joy", "Excitement"]})
    with pytest.raises(EmocamError, match="'Joy' is in 'glad' and again in 'merry'"):
        emo.grouped(fine, {"glad": ["Joy"], "merry": ["Joy"]}, rest="other")
    with pytest.raises(EmocamError, match="'none' has no labels"):
        emo.grouped(fine, {"none": []}, rest="other")
    with pytest.raises(EmocamError, match="No groups"):
        emo.grouped(fine, {})
    with pytest.raises(EmocamError, match="mix both directions"):
        emo.grouped(fine, {"glad": ["Joy"], "Sadness": "low"})


def _map(classifier: SplitClassifier, image: Image.Image, method: str, target: str) -> np.ndarray:
    """The unscaled map (h, w) of a label's logit."""
    activation, _ = classifier.activations([image])
    targets = torch.tensor([classifier.labels.index(target)])
    return explain(classifier, activation, targets, method, "logits")[0].detach().numpy()
