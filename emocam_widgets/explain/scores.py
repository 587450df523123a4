"""The score that a CAM explains: a label's logit or probability, and its gradient at the target layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from emocam_widgets.explain.sharing import is_sharing, once
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def target_scores(logits: Tensor, targets: Tensor, output: Output) -> Tensor:
    """Scores (n, ...) of the labels `targets` (n,) from logits (n, ..., k), in double precision on the CPU.

    In float32 a saturated softmax does not change at all.
    """
    scores = logits.cpu().double()
    if output == "probabilities":
        scores = torch.softmax(scores, dim=-1)
    index = targets.cpu().view(-1, *[1] * (scores.dim() - 1)).expand(*scores.shape[:-1], 1)
    return scores.gather(-1, index).squeeze(-1)


def score_gradient(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """The gradient (n, c, h, w) of each image's score at its activation, in double precision on the CPU."""
    return tail_gradient(classifier, activation, lambda logits: gradient_at_logits(logits, targets.cpu(), output))


def tail_gradient(classifier: SplitClassifier, activation: Tensor, at_logits: Callable[[Tensor], Tensor]) -> Tensor:
    """The gradient (n, c, h, w) at the activation of scores whose gradient at the logits (n, k) is `at_logits(logits)`.

    Only the tail is differentiated. What comes from a saturated softmax is no number of float32 (a constant map), so
    the tail gets the gradient at the logits in units of its largest element. In double precision on the CPU.
    """
    start, logits = differentiable_tail(classifier, activation)
    with torch.enable_grad():
        above = at_logits(logits.detach().cpu().double())
        largest = above.abs().amax(dim=1, keepdim=True)
        seed = above / torch.where(largest == 0, 1.0, largest)
        # Images do not influence each other in eval mode, so one backward pass gives each image its own gradient.
        (gradient,) = torch.autograd.grad(logits, start, seed.to(logits), retain_graph=is_sharing())
    return gradient.cpu().double() * largest.view(-1, 1, 1, 1)


def differentiable_tail(classifier: SplitClassifier, activation: Tensor) -> tuple[Tensor, Tensor]:
    """A copy of the activation, and the logits (n, k) to differentiate by it; one pass where methods share."""

    def make() -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            start = activation.detach().requires_grad_(True)
            return start, classifier.tail(start)

    return once(("tail", id(classifier)), activation, make)


def gradient_at_logits(logits: Tensor, targets: Tensor, output: Output) -> Tensor:
    """The gradient (n, k) of the scores at the logits; 1 - p is summed from the other labels, where p rounds to 1."""
    chosen = functional.one_hot(targets, logits.shape[1]).double()
    if output == "logits":
        return chosen
    probabilities = torch.softmax(logits, dim=1)
    others = probabilities * (1 - chosen)
    probability = (probabilities * chosen).sum(dim=1, keepdim=True)
    return probability * (chosen * others.sum(dim=1, keepdim=True) - others)


def weighted_map(weights: Tensor, activation: Tensor) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w) in double precision on the CPU, from weights (n, c)."""
    return torch.relu(torch.einsum("nc,nchw->nhw", weights.cpu().double(), in_double(activation)))


def in_double(activation: Tensor) -> Tensor:
    """An activation as the gradients are: in double precision on the CPU."""
    return activation.detach().cpu().double()
