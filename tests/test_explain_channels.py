"""The tail as a function of its channels: their sum is the tail, whatever the batches and the flattening."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from emocam_widgets.explain import channels
from emocam_widgets.explain.channels import logits_with, logits_without_each
from emocam_widgets.explain.front import linear_front
from emocam_widgets.explain.lift_cam import lift_weights
from emocam_widgets.explain.lime_cam import draw_samples
from emocam_widgets.explain.lrp_cam import lrp_weights
from tests.explaining import TARGETS, ColumnsFirst, case_of, wrapped


@pytest.mark.parametrize("name", ["SceneNet", "alexnet", "emonet", "resnet", "densenet"])
def test_the_sum_over_channels_is_the_tail(name: str) -> None:
    classifier, activation = case_of(name).classifier, case_of(name).activation
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
    for weights in (lift_weights, lrp_weights):
        fast, slow = (weights(classifier, activation, TARGETS, by_front=by_front) for by_front in (True, False))
        torch.testing.assert_close(fast, slow, rtol=0, atol=1e-5 * float(slow.abs().max()))


@pytest.mark.parametrize("name", ["SceneNet", "vgg"])
def test_batches_do_not_matter(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(name)
    keep = draw_samples(case.activation.shape[1])[:7]
    at_once = logits_with(case.classifier, case.activation, keep)
    monkeypatch.setattr(channels, "_BATCH", 1)
    torch.testing.assert_close(logits_with(case.classifier, case.activation, keep), at_once, rtol=1e-4, atol=1e-5)


def test_a_spatial_tail_goes_the_whole_way() -> None:
    case = case_of("vgg")
    assert linear_front(case.classifier, case.activation) is None


class _ChannelsLast(nn.Module):
    """Flattens the channels last, so that a linear layer's weights are not in blocks of channels."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.linear = nn.ReLU(), nn.Linear(6 * 16, 4)

    def forward(self, activation: Tensor) -> Tensor:
        return self.linear(torch.flatten(self.relu(activation).permute(0, 2, 3, 1), 1))


@pytest.mark.parametrize(("tail", "has_front"), [(_ChannelsLast, False), (ColumnsFirst, True)])
def test_the_order_of_the_flatten(tail: type[nn.Module], has_front: bool) -> None:
    classifier, activation = wrapped(tail())
    assert (linear_front(classifier, activation) is not None) == has_front
    expected = torch.stack([
        classifier.tail(activation * (torch.arange(6) != channel).view(1, -1, 1, 1)) for channel in range(6)
    ], dim=1)  # fmt: skip
    torch.testing.assert_close(logits_without_each(classifier, activation)[1], expected)
