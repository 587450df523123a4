"""Grad-CAM element-wise (by grad-cam's authors): each place of each channel counts where gradient x A is positive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.scores import in_double, score_gradient
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def grad_cam_elementwise(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """Sum over channels of ReLU(gradient x A), (n, h, w)."""
    gradient = score_gradient(classifier, activation, targets, output)
    return torch.relu(gradient * in_double(activation)).sum(dim=1)
