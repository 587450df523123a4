"""Eigen-Grad-CAM: Eigen-CAM of gradient x activation, so that the label counts (by grad-cam's authors)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.eigen_cam import first_component
from emocam_widgets.explain.scores import in_double, score_gradient
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def eigen_grad_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """The positive part of the first principal component of gradient x A, (n, h, w)."""
    gradient = score_gradient(classifier, activation, targets, output)
    return torch.relu(first_component(gradient * in_double(activation)))
