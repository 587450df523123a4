"""KPCA-CAM (Karmani et al. 2024): Eigen-CAM with the first component of a kernel PCA, whatever the label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

KERNEL = "sigmoid"


def kpca_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """The positive part of the first component of the places in channel space, (n, h, w), with a sigmoid kernel.

    Kernel and its width (1 over the channels) are grad-cam's. Label and output play no part.
    """
    from sklearn.decomposition import KernelPCA

    places = activation.detach().cpu().flatten(2).transpose(1, 2).numpy()
    centred = places - places.mean(axis=1, keepdims=True)
    components = [KernelPCA(n_components=1, kernel=KERNEL).fit_transform(image) for image in centred]
    return torch.relu(torch.from_numpy(np.stack(components)).to(activation)).view(len(places), *activation.shape[2:])
