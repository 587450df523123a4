"""Masks and segment maps as text and back, as a run's tables hold them: run lengths, row by row, the size in front.

A mask is "height width off on off on ...", the lengths of its runs in turn, beginning with one (perhaps empty) that is
off. A segment map is "height width length id length id ...".
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emocam_widgets.errors import EmocamError

MAX_PIXELS = 2**28  # of what is decoded: a damaged size must not ask for all memory
_SHOWN = 40  # characters of a damaged text in the error
_NUMBERS = re.compile(r"\d{1,10}(?: \d{1,10})*", re.ASCII)


def encode_mask(mask: ArrayLike) -> str:
    """The text of a mask.

    Args:
        mask: bool (height, width), at least one pixel.

    Raises:
        ValueError: it is not boolean, has not two axes, or is empty; a fault of the caller.
    """
    array = np.asarray(mask)
    if array.dtype != np.bool_:
        raise ValueError(f"a mask is boolean, got {array.dtype}")
    flat = _flat(array, "a mask")
    lengths, starts = _runs(flat)
    first = [0] if flat[starts[0]] else []
    return _text([*array.shape, *first, *lengths.tolist()])


def encode_mask_at(part: ArrayLike, left: int, top: int, width: int, height: int) -> str:
    """The text of a mask that is off but for one rectangle, without making the whole of it.

    Args:
        part: bool (rows, columns), the rectangle, which lies inside; it may be empty.
        left, top: where its first column and row are.
        width, height: of the whole mask, in pixels.

    Raises:
        ValueError: the rectangle is not boolean or not inside; a fault of the caller.
    """
    array = np.asarray(part)
    if array.dtype != np.bool_ or array.ndim != 2 or width < 1 or height < 1:
        raise ValueError(f"a part of a mask is a boolean rectangle, got {array.dtype} of shape {array.shape}")
    if left < 0 or top < 0 or left + array.shape[1] > width or top + array.shape[0] > height:
        raise ValueError(f"a rectangle of shape {array.shape} at {left}, {top} is not inside {width} x {height}")
    framed = np.pad(array, ((0, 0), (1, 1)))
    rows, columns = np.nonzero(framed[:, 1:] != framed[:, :-1])
    turns = (rows + top) * width + left + columns  # on, off, on, off, ...
    if len(turns):  # a run that ends with its row goes on where the next row begins with one
        joined = np.flatnonzero(turns[1:-1:2] == turns[2::2]) * 2 + 1
        turns = np.delete(turns, np.concatenate([joined, joined + 1]))
    bounds = np.concatenate([[0], turns, [width * height]])
    lengths = np.diff(bounds)
    return _text([height, width, *(lengths if lengths[-1] else lengths[:-1]).tolist()])


def decode_mask(text: str) -> NDArray[np.bool_]:
    """bool (height, width): the mask that :func:`encode_mask` wrote; EmocamError where the text is damaged."""
    shape, lengths = _parsed(text, "mask")
    _check_lengths(text, "mask", shape, lengths)
    if (lengths[1:] == 0).any():
        raise _damaged(text, "mask", "a run in it is empty")
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(shape)


def encode_segments(segments: ArrayLike) -> str:
    """The text of a segment map.

    Args:
        segments: integers (height, width), ids from 0 on, at least one pixel.

    Raises:
        ValueError: they are no integers, below 0, have not two axes, or are empty; a fault of the caller.
    """
    array = np.asarray(segments)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"a segment map holds integers, got {array.dtype}")
    flat = _flat(array, "a segment map")
    if flat.min() < 0 or flat.max() > np.iinfo(np.int32).max:
        raise ValueError(f"segment ids are 0 and above, in 32 bits; got {flat.min()} to {flat.max()}")
    return _text([*array.shape, *segment_runs(array).ravel().tolist()])


def segment_runs(segments: ArrayLike) -> NDArray[np.int64]:
    """(runs, 2): length and id of the runs of a segment map (height, width), row by row, as :func:`encode_segments`."""
    flat = _flat(np.asarray(segments), "a segment map")
    lengths, starts = _runs(flat)
    return np.stack([lengths, flat[starts].astype(np.int64)], axis=1)


def decode_segments(text: str) -> NDArray[np.int32]:
    """int32 (height, width): the map that :func:`encode_segments` wrote; EmocamError where the text is damaged."""
    shape, numbers = _parsed(text, "segment map")
    if len(numbers) % 2:
        raise _damaged(text, "segment map", "a run in it has no id")
    lengths, ids = numbers[::2], numbers[1::2]
    _check_lengths(text, "segment map", shape, lengths)
    if (lengths == 0).any():
        raise _damaged(text, "segment map", "a run in it is empty")
    if ids.max() > np.iinfo(np.int32).max:
        raise _damaged(text, "segment map", f"its greatest id is {ids.max()}")
    return np.repeat(ids.astype(np.int32), lengths).reshape(shape)


def _flat(array: NDArray[np.generic], what: str) -> NDArray[np.generic]:
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{what} has two axes of at least one pixel, got shape {array.shape}")
    return array.ravel()


def _runs(flat: NDArray[np.generic]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The lengths of the runs of equal values, and where they start."""
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    return np.diff(starts, append=len(flat)), starts


def _text(numbers: list[int]) -> str:
    return " ".join(map(str, numbers))


def _parsed(text: str, what: str) -> tuple[tuple[int, int], NDArray[np.int64]]:
    """The size, and the numbers behind it."""
    if not isinstance(text, str) or _NUMBERS.fullmatch(text) is None:
        raise _damaged(text, what, "it is not a line of whole numbers")
    numbers = np.array(text.split(), dtype=np.int64)
    if len(numbers) < 3 or not numbers[:2].all():
        raise _damaged(text, what, "its size or its runs are missing")
    shape = int(numbers[0]), int(numbers[1])
    if shape[0] * shape[1] > MAX_PIXELS:
        raise _damaged(text, what, f"its size is {shape[0]} x {shape[1]}, more than {MAX_PIXELS:,} pixels")
    return shape, numbers[2:]


def _check_lengths(text: str, what: str, shape: tuple[int, int], lengths: NDArray[np.int64]) -> None:
    total = int(lengths.sum())
    if total != shape[0] * shape[1]:
        raise _damaged(text, what, f"its runs are {total} pixels and its size {shape[0]} x {shape[1]}")


def _damaged(text: object, what: str, reason: str) -> EmocamError:
    shown = repr(text)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return EmocamError(f"A stored {what} is damaged: {reason} ({shown}); remove its part of the run and analyse again.")
