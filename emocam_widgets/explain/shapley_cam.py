"""Shapley-CAM (Cai 2025, section 4): Grad-CAM with a second-order term, for the channels' Shapley values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.scores import gradient_at_logits, weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def shapley_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w); a weight is the spatial mean of gradient - Hessian x A / 2.

    For the logits of a tail that is linear in pieces (ReLU, pooling), the Hessian is 0 and the map is Grad-CAM's.
    """
    return weighted_map(_corrected_gradient(classifier, activation, targets, output).mean(dim=(2, 3)), activation)


def _corrected_gradient(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """Gradient - Hessian x A / 2, (n, c, h, w), in double precision on the CPU, differentiating only the tail."""
    with torch.enable_grad():
        start = activation.detach().requires_grad_(True)
        logits = classifier.tail(start)
        at_logits = gradient_at_logits(logits.cpu().double(), targets.cpu(), output)
        # In units of its largest element, as in `tail_gradient`.
        largest = at_logits.detach().abs().amax(dim=1, keepdim=True)
        seed = at_logits / torch.where(largest == 0, 1.0, largest)
        (gradient,) = torch.autograd.grad(logits, start, seed.to(logits), create_graph=True)
        curvature = torch.zeros_like(gradient)
        if gradient.requires_grad:
            (found,) = torch.autograd.grad(gradient, start, start.detach(), allow_unused=True)
            curvature = curvature if found is None else found
    return (gradient.detach() - curvature / 2).cpu().double() * largest.view(-1, 1, 1, 1)
