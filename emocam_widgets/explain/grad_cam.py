"""Grad-CAM (Selvaraju et al. 2017, section 3): channels weighted by the mean gradient of the label's score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def grad_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w); only the tail is differentiated, for all images at once."""
    with torch.enable_grad():
        start = activation.detach().requires_grad_(True)
        # In double precision on the CPU: in float32 the gradient of a saturated softmax is exactly 0, a constant map.
        scores = classifier.tail(start).cpu().double()
        if output == "probabilities":
            scores = torch.softmax(scores, dim=1)
        # Images do not influence each other in eval mode, so the gradient of the sum is each image's own.
        chosen = scores.gather(1, targets.cpu().view(-1, 1)).sum()
        (gradient,) = torch.autograd.grad(chosen, start)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return torch.relu((weights * activation.detach()).sum(dim=1))
