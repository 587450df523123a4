"""LIFT-CAM (Jung and Oh 2021, section 4): a channel's weight is its DeepLIFT contribution, against no activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.front import linear_front
from emocam_widgets.explain.rules import multipliers, reference_values, ruled_tail
from emocam_widgets.explain.scores import weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def lift_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w); EmocamError for probabilities and for layers without a rule."""
    check(classifier, output)
    return weighted_map(lift_weights(classifier, activation, targets), activation)


def lift_weights(classifier: SplitClassifier, activation: Tensor, targets: Tensor, *, by_front: bool = True) -> Tensor:
    """Contributions (n, c) by the rescale rule; an image's add up to its logit less the logit of a zero activation."""
    tail = ruled_tail(classifier, "lift-cam", "rescale", "logits")
    front = linear_front(classifier, activation) if by_front else None
    if front is not None:
        nothing, added = front.summands(activation)
        reference = front.nothing(activation).later
        factors = multipliers(tail, front.sums, nothing + added.sum(dim=1), targets, "rescale", reference)
        return torch.einsum("ncm,nm->nc", added, factors)
    (start,) = (node for node in tail.graph.nodes if node.op == "placeholder")
    reference = reference_values(tail, start, torch.zeros_like(activation[:1]))
    factors = multipliers(tail, start, activation, targets, "rescale", reference)
    return (factors * activation.detach()).sum(dim=(2, 3))


def check(classifier: SplitClassifier, output: Output) -> None:
    """Raises EmocamError where lift-cam cannot explain this classifier's output."""
    ruled_tail(classifier, "lift-cam", "rescale", output)
