"""What several methods of the same images need alike, computed once: a memory that lasts as long as a `with` block."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Made = TypeVar("Made")
# What was made, by what it is and by the object that it was made of, which is kept so that no other takes its id.
_MADE: ContextVar[dict[tuple[Hashable, int], tuple[object, Any]] | None] = ContextVar("made", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Within this block, `once` makes everything once. Blocks within a block share with it."""
    if _MADE.get() is not None:
        yield
        return
    token = _MADE.set({})
    try:
        yield
    finally:
        _MADE.reset(token)


def is_sharing() -> bool:
    """Whether this is inside a `sharing()` block, so that what is made may be needed again."""
    return _MADE.get() is not None


def once(what: Hashable, of: object, make: Callable[[], Made]) -> Made:
    """`make()`, or what it gave earlier in this `sharing()` block for the same `what` and the same object `of`."""
    made = _MADE.get()
    if made is None:
        return make()
    key = (what, id(of))
    if key not in made:
        made[key] = (of, make())
    result: Made = made[key][1]
    return result
