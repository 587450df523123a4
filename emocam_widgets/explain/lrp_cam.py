"""LRP-CAM (Jung and Oh 2021, section 4): a channel's weight is its relevance, by LRP's epsilon rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.front import linear_front
from emocam_widgets.explain.rules import multipliers, ruled_tail
from emocam_widgets.explain.scores import weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def lrp_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w); EmocamError for probabilities and for layers without a rule."""
    check(classifier, output)
    return weighted_map(lrp_weights(classifier, activation, targets), activation)


def lrp_weights(classifier: SplitClassifier, activation: Tensor, targets: Tensor, *, by_front: bool = True) -> Tensor:
    """Relevances (n, c), summed over space; without biases in the tail, an image's add up to its logit."""
    tail = ruled_tail(classifier, "lrp-cam", "epsilon", "logits")
    front = linear_front(classifier, activation) if by_front else None
    # A batch normalisation's shift takes relevance that is then not the channel's summand.
    if front is not None and not front.normalised:
        nothing, added = front.summands(activation)
        factors = multipliers(tail, front.sums, nothing + added.sum(dim=1), targets, "epsilon", {})
        return torch.einsum("ncm,nm->nc", added, factors)
    (start,) = (node for node in tail.graph.nodes if node.op == "placeholder")
    factors = multipliers(tail, start, activation, targets, "epsilon", {})
    return (factors * activation.detach()).sum(dim=(2, 3))


def check(classifier: SplitClassifier, output: Output) -> None:
    """Raises EmocamError where lrp-cam cannot explain this classifier's output."""
    ruled_tail(classifier, "lrp-cam", "epsilon", output)
