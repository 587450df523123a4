"""Eigen-CAM (Muhammad and Yeasin 2020): the first principal component of the activation, whatever the label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def eigen_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """The positive part of the first principal component of A, (n, h, w); label and output play no part."""
    return torch.relu(first_component(activation.detach()))


def first_component(values: Tensor) -> Tensor:
    """The places of (n, c, h, w), centred, on their first principal axis in channel space: (n, h, w).

    A component's sign is arbitrary. It is left as numpy's SVD gives it, as in grad-cam, so that the maps are equal.
    """
    places = np.swapaxes(values.cpu().numpy().reshape(*values.shape[:2], -1), 1, 2)
    centred = places - places.mean(axis=1, keepdims=True)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    component = np.einsum("npc,nc->np", centred, axes[:, 0])
    return torch.from_numpy(component).to(values).view(len(values), *values.shape[2:])
