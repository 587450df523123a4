"""Grad-CAM++ (Chattopadhay et al. 2018, equations 5, 7 and 19): positive gradients weighted pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.scores import in_double, score_gradient, weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def grad_cam_plus_plus(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w), with the alpha-weighted sum of positive gradients as a weight.

    The small constant in the denominator of alpha is the one of grad-cam, so that its maps are these.
    """
    gradient = score_gradient(classifier, activation, targets, output)
    squared = gradient**2
    total = in_double(activation).sum(dim=(2, 3), keepdim=True)
    alpha = squared / (2 * squared + total * squared * gradient + 1e-6)
    return weighted_map((alpha * torch.relu(gradient)).sum(dim=(2, 3)), activation)
