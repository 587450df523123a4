"""The tail of a classifier as a function of which channels its target layer keeps, for many sets of channels at once.

Where the tail has a linear front (see `front`), only what follows it is run for every set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.front import LinearFront, linear_front

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

# Elements of one batch of tail inputs: 64 MB of float32.
_BATCH = 2**24


def logits_without_each(
    classifier: SplitClassifier, activation: Tensor, *, by_front: bool = True
) -> tuple[Tensor, Tensor]:
    """Logits of A (n, c, h, w) as it is, (n, k), and with one channel after the other set to 0, (n, c, k).

    Both come from the same passes: an error that they do not share would be the same for all channels, and add up.
    """
    front = linear_front(classifier, activation) if by_front else None
    if front is None:
        channels = torch.eye(activation.shape[1], device=activation.device)
        keep = 1 - torch.cat([torch.zeros_like(channels[:1]), channels])
        logits = _logits_masked(classifier, activation, keep)
    else:
        logits = _in_parts(front, activation, _whole_and_without_each)
    return logits[:, 0], logits[:, 1:]


def logits_with(classifier: SplitClassifier, activation: Tensor, keep: Tensor, *, by_front: bool = True) -> Tensor:
    """Logits (n, m, k) with only the channels kept that are 1 in a row of `keep` (m, c), the others 0."""
    keep = keep.to(activation)
    front = linear_front(classifier, activation) if by_front else None
    if front is None:
        return _logits_masked(classifier, activation, keep)
    return _in_parts(front, activation, lambda nothing, added: nothing + keep @ added)


def _whole_and_without_each(nothing: Tensor, added: Tensor) -> Tensor:
    whole = nothing + added.sum(dim=1, keepdim=True)
    return torch.cat([whole, whole - added], dim=1)


def _in_parts(front: LinearFront, activation: Tensor, sums: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Runs what follows the front on `sums(nothing, added)`, so many images at a time as fit in a batch."""
    at_once = max(1, _BATCH // (activation.shape[1] * front.layer.out_features))
    fits = len(activation) <= at_once
    logits = []
    with torch.no_grad():
        for part in [activation] if fits else activation.split(at_once):
            rows = sums(*(front.summands(part) if fits else front.fresh_summands(part)))
            logits.append(front.rest(rows.flatten(0, 1)).unflatten(0, rows.shape[:2]))
    return torch.cat(logits)


def _logits_masked(classifier: SplitClassifier, activation: Tensor, keep: Tensor) -> Tensor:
    """The same for any tail: masked copies of the activation, so many at a time as fit in a batch."""
    n, m = len(activation), len(keep)
    pairs = torch.cartesian_prod(torch.arange(n), torch.arange(m)).to(activation.device)
    logits = []
    with torch.no_grad():
        for image, row in (part.T for part in pairs.split(max(1, _BATCH // activation[0].numel()))):
            logits.append(classifier.tail(activation[image] * keep[row][:, :, None, None]))
    return torch.cat(logits).unflatten(0, (n, m))
