"""Ablation-CAM (Desai and Ramaswamy 2020, equation 5): a channel's weight is how much the score drops without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.channels import logits_without_each
from emocam_widgets.explain.scores import target_scores, weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def ablation_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w), from the activation alone, all channels in batches."""
    return weighted_map(ablation_weights(classifier, activation, targets, output), activation)


def ablation_weights(
    classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output, *, by_front: bool = True
) -> Tensor:
    """(score - score without the channel) / |score|, (n, c), a channel being set to 0.

    The paper divides by the score itself, which turns the map round where a logit is negative.
    """
    logits = logits_without_each(classifier, activation, by_front=by_front)
    score, ablated = (target_scores(found, targets, output) for found in logits)
    score = score.unsqueeze(1)
    return (score - ablated) / torch.where(score == 0, 1.0, score.abs())
