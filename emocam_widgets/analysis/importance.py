"""How much of a class activation map lies on a box: exact, from the map's own small grid, for many boxes at once.

The scores themselves, and how they do without the upsampled map, are in :mod:`emocam_widgets.analysis.box_scores`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emocam_widgets.analysis.box_scores import DEFAULT_THRESHOLDS, SCORES, Floats, Indices, MappedBoxes
from emocam_widgets.errors import known_name
from emocam_widgets.types import Cam, View

__all__ = [
    "DEFAULT_THRESHOLDS",
    "SCORES",
    "box_importance",
    "cam_importance",
    "default_threshold",
    "grouped_importance",
]


def default_threshold(score: str) -> float:
    """The threshold of a score unless asked otherwise.

    Raises:
        UnknownNameError: there is no such score.
    """
    return DEFAULT_THRESHOLDS[known_name("score", score, SCORES)]


def box_importance(
    grid: ArrayLike,
    view: View,
    boxes: ArrayLike,
    width: int,
    height: int,
    score: str = "mean",
    masks: Sequence[str | None] | None = None,
) -> NDArray[np.float32]:
    """The importance of boxes under one map.

    Args:
        grid: (h, w), scaled to 0..1.
        view: the rectangle of the image that the grid covers.
        boxes: (n, 4), x0, y0, x1, y1 in pixels of the image; each is rounded outwards to whole pixels and clipped.
        width, height: the image's size in pixels.
        score: a name in SCORES.
        masks: n run-length encoded masks of the image's size, None for a box that has none; or None where no box has.
            Only "mask-mean" reads them, and takes the mean over the box where there is none.

    Returns:
        float32 (n,), 0..1.

    Raises:
        UnknownNameError: there is no such score.
        EmocamError: a mask is damaged, or not of the image's size.
    """
    one_grid = np.asarray(grid, dtype=np.float32)[None]
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    return grouped_importance(one_grid, np.zeros(len(corners), np.intp), corners, view, width, height, score, masks)


def cam_importance(
    cam: Cam,
    boxes: ArrayLike,
    width: int,
    height: int,
    score: str = "mean",
    masks: Sequence[str | None] | None = None,
) -> NDArray[np.float32]:
    """:func:`box_importance` under a :class:`Cam`."""
    return box_importance(cam.grid, cam.view, boxes, width, height, score, masks)


def grouped_importance(
    grids: NDArray[np.float32],
    of: Indices,
    boxes: ArrayLike,
    view: View,
    width: int,
    height: int,
    score: str = "mean",
    masks: Sequence[str | None] | None = None,
) -> NDArray[np.float32]:
    """The importance of the boxes of many images of one size and view.

    Arguments as of :func:`box_importance`, but grids (m, h, w), of (n,): which grid each box lies on, and masks (n,):
    the run-length encoded masks, None for a box that has none; only "mask-mean" reads them.

    Raises:
        UnknownNameError: there is no such score.
        EmocamError: a mask is damaged, or not of the image's size.
    """
    measure = SCORES[known_name("score", score, SCORES)]
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    left, right = _whole_pixels(corners[:, 0], corners[:, 2], width)
    top, bottom = _whole_pixels(corners[:, 1], corners[:, 3], height)
    return measure(MappedBoxes(grids, of, left, top, right, bottom, width, height, view, masks)).astype(np.float32)


def _whole_pixels(low: Floats, high: Floats, size: int) -> tuple[Indices, Indices]:
    """First and past-the-last pixel of each interval, rounded outwards and clipped to 0..size."""
    first = np.clip(np.floor(np.nan_to_num(low)), 0, size).astype(np.intp)
    last = np.clip(np.ceil(np.nan_to_num(high)), 0, size).astype(np.intp)
    return first, np.maximum(first, last)
