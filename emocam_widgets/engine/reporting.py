"""What a long computation says how far it is to: the caller's function, a bar of tqdm, or nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def reporting(
    progress: Callable[[int, int], object] | bool, total: int, words: str, unit: str = "image"
) -> Iterator[Callable[[int, int], object]]:
    """What to call with (done, total) after each unit.

    Args:
        progress: a function of (done, total), True for a bar, False for silence.
        total: how many units there are.
        words: what stands before the bar, as in "Pasting".
        unit: what is counted.
    """
    if callable(progress):
        yield progress
    elif progress:
        from tqdm.auto import tqdm

        with tqdm(total=total, unit=unit, desc=words) as bar:
            yield lambda done, _total: bar.update(done - bar.n)
    else:
        yield lambda _done, _total: None
