"""Finer-CAM (Zhang et al. 2025, section 3.2): Grad-CAM of what sets a label apart from those that are most like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.errors import EmocamError
from emocam_widgets.explain.scores import tail_gradient, weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

COMPARED = 3


def finer_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w), with the spatial mean of the gradient as a weight.

    The score is the label's logit less each of the three nearest logits, weighted by these labels' probabilities (the
    constant in their sum is grad-cam's). EmocamError for probabilities.
    """
    check(classifier, output)
    gradient = tail_gradient(classifier, activation, lambda logits: _gradient_at_logits(logits, targets.cpu()))
    return weighted_map(gradient.mean(dim=(2, 3)), activation)


def check(classifier: SplitClassifier, output: Output) -> None:
    """Raises EmocamError where finer-cam cannot explain this classifier's output."""
    if output == "probabilities":
        raise EmocamError("finer-cam compares logits with each other; explain the logits (output='logits').")


def _gradient_at_logits(logits: Tensor, targets: Tensor) -> Tensor:
    with torch.enable_grad():
        leaf = logits.detach().requires_grad_(True)
        own = leaf.gather(1, targets.view(-1, 1))
        distance = (leaf - own).detach().abs().scatter(1, targets.view(-1, 1), -1.0)
        others = distance.argsort(dim=1)[:, 1 : 1 + COMPARED]
        weights = torch.softmax(leaf, dim=1).gather(1, others)
        score = (weights * (own - leaf.gather(1, others))).sum(dim=1) / (weights.sum(dim=1) + 1e-9)
        (gradient,) = torch.autograd.grad(score.sum(), leaf)
    return gradient
