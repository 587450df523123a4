"""Seg-Eigen-CAM (Chung and Ying 2025, equations 10 to 13): Eigen-CAM of |gradient| x activation, its sign corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.eigen_cam import first_component
from emocam_widgets.explain.scores import in_double, score_gradient
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def seg_eigen_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """The positive part of the first principal component of |gradient| x A, (n, h, w).

    Turned round where its lowest value is further from 0 than its highest.
    """
    gradient = score_gradient(classifier, activation, targets, output)
    component = first_component(gradient.abs() * in_double(activation))
    high, low = component.amax(dim=(1, 2), keepdim=True), component.amin(dim=(1, 2), keepdim=True)
    return torch.relu(torch.where(low.abs() > high.abs(), -component, component))
