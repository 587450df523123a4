"""Grad-CAM (Selvaraju et al. 2017, section 3): channels weighted by the mean gradient of the label's score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from emocam_widgets.explain.scores import score_gradient, weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def grad_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w), with the gradient's spatial mean as a channel's weight."""
    weights = score_gradient(classifier, activation, targets, output).mean(dim=(2, 3))
    return weighted_map(weights, activation)
