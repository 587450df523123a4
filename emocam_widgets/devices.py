"""Which device the models run on when nobody says, and what to do where its memory is not enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def best_device() -> str:
    """Torch's name of the fastest device here: "cuda", "mps" or "cpu"."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def in_halves(
    compute: Callable[[Sequence[Item]], Sequence[Result]],
    items: Sequence[Item],
    too_many: Callable[[int], None] | None = None,
) -> list[Result]:
    """`compute(items)`, one result for each; where the device's memory is not enough, half of them at a time.

    `too_many` is told how many did not fit. Raises torch.OutOfMemoryError where a single one is too much.
    """
    import torch

    try:
        return list(compute(items))
    except torch.OutOfMemoryError:
        if len(items) < 2:
            raise
    # Outside the handler: the error's traceback holds the tensors that did not fit.
    free_memory()
    if too_many is not None:
        too_many(len(items))
    half = len(items) // 2
    return in_halves(compute, items[:half], too_many) + in_halves(compute, items[half:], too_many)


def free_memory() -> None:
    """Gives what torch keeps of a GPU's memory for later back to the device."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
