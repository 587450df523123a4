"""How much of a class activation map lies on a box: exact, from the map's own small grid, for many boxes at once.

The map of an image is its grid, bilinearly upsampled to the size of the view in pixels (half-pixel centres, edges
clamped) and zero outside the view. Bilinear upsampling is linear and separable, so the sum of the map over a box is
``u.T @ grid @ v``: u holds, per grid row, how much that row weighs in the box's pixel rows, and v the same for columns.
Both come out of one cumulative table per axis, so the upsampled map is never made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emocam_widgets.errors import known_name
from emocam_widgets.types import Cam, View

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

_ROWS_AT_ONCE = 65_536


@dataclass(frozen=True, eq=False)
class BoxSums:
    """What a score is computed from, for n boxes that share the image size, the view and the grid's shape (h, w).

    Attributes:
        grids: float32 (m, h, w), the distinct grids, 0..1.
        of: (n,), which grid each box lies on.
        rows, columns: float64 (n, h) and (n, w), the weight of each grid row and column summed over the box's pixels;
            ``rows @ grid @ columns`` is the sum of the upsampled map inside the box.
        area: float64 (n,), the box in pixels after rounding outwards and clipping; 0 where it lies outside the image.
        all_rows, all_columns: (h,) and (w,), the same weights for the whole image.
    """

    grids: NDArray[np.float32]
    of: Indices
    rows: Floats
    columns: Floats
    area: Floats
    all_rows: Floats
    all_columns: Floats

    def inside(self) -> Floats:
        """The sum of the upsampled map inside each box, (n,)."""
        sums = np.empty(len(self.of))
        for start in range(0, len(self.of), _ROWS_AT_ONCE):  # bounds the memory, not the work
            part = slice(start, start + _ROWS_AT_ONCE)
            grids = self.grids[self.of[part]].astype(np.float64)
            sums[part] = np.einsum("nh,nhw,nw->n", self.rows[part], grids, self.columns[part], optimize=_PATH)
        return sums


_PATH = ["einsum_path", (0, 1), (0, 1)]

Score: TypeAlias = Callable[[BoxSums], Floats]


def mean_inside(boxes: BoxSums) -> Floats:
    """The mean of the map inside the box: EmoCAM's importance (Sec. 2, C_Act); 0 for a box outside the image."""
    return np.divide(boxes.inside(), boxes.area, out=np.zeros(len(boxes.area)), where=boxes.area > 0)


SCORES: Mapping[str, Score] = {"mean": mean_inside}


def box_importance(
    grid: ArrayLike, view: View, boxes: ArrayLike, width: int, height: int, score: str = "mean"
) -> NDArray[np.float32]:
    """The importance of boxes under one map.

    Args:
        grid: (h, w), scaled to 0..1.
        view: the rectangle of the image that the grid covers.
        boxes: (n, 4), x0, y0, x1, y1 in pixels of the image; each is rounded outwards to whole pixels and clipped.
        width, height: the image's size in pixels.
        score: a name in SCORES.

    Returns:
        float32 (n,), for "mean" in 0..1.

    Raises:
        UnknownNameError: there is no such score.
    """
    one_grid = np.asarray(grid, dtype=np.float32)[None]
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    return grouped_importance(one_grid, np.zeros(len(corners), np.intp), corners, view, width, height, score)


def cam_importance(cam: Cam, boxes: ArrayLike, width: int, height: int, score: str = "mean") -> NDArray[np.float32]:
    """:func:`box_importance` under a :class:`Cam`."""
    return box_importance(cam.grid, cam.view, boxes, width, height, score)


def grouped_importance(
    grids: NDArray[np.float32],
    of: Indices,
    boxes: ArrayLike,
    view: View,
    width: int,
    height: int,
    score: str = "mean",
) -> NDArray[np.float32]:
    """The importance of the boxes of many images of one size and view.

    Arguments as of :func:`box_importance`, but grids (m, h, w), and of (n,): which grid each box lies on.

    Raises:
        UnknownNameError: there is no such score.
    """
    measure = SCORES[known_name("score", score, SCORES)]
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    grid_height, grid_width = grids.shape[1:]
    left, right = _whole_pixels(corners[:, 0], corners[:, 2], width)
    top, bottom = _whole_pixels(corners[:, 1], corners[:, 3], height)
    down = _cumulative_weights(height, view.y0, view.y1, grid_height)
    across = _cumulative_weights(width, view.x0, view.x1, grid_width)
    sums = BoxSums(
        grids=grids,
        of=of,
        rows=down[bottom] - down[top],
        columns=across[right] - across[left],
        area=((right - left) * (bottom - top)).astype(np.float64),
        all_rows=down[-1],
        all_columns=across[-1],
    )
    return measure(sums).astype(np.float32)


def _whole_pixels(low: Floats, high: Floats, size: int) -> tuple[Indices, Indices]:
    """First and past-the-last pixel of each interval, rounded outwards and clipped to 0..size."""
    first = np.clip(np.floor(np.nan_to_num(low)), 0, size).astype(np.intp)
    last = np.clip(np.ceil(np.nan_to_num(high)), 0, size).astype(np.intp)
    return first, np.maximum(first, last)


@lru_cache(maxsize=128)
def _cumulative_weights(size: int, low: float, high: float, cells: int) -> Floats:
    """(size + 1, cells): row p holds each cell's bilinear weight summed over the first p pixels of an image axis.

    A pixel counts where its centre lies in the view low..high; it then falls between two neighbouring cells.
    """
    centres = np.arange(size) + 0.5
    in_view = np.flatnonzero((centres >= low) & (centres < high))
    position = np.clip((centres[in_view] - low) * (cells / (high - low)) - 0.5, 0.0, cells - 1.0)
    lower = np.minimum(position.astype(np.intp), max(cells - 2, 0))
    upper = np.minimum(lower + 1, cells - 1)
    fraction = position - lower
    table = np.zeros((size + 1, cells))
    table[in_view + 1, lower] = 1.0 - fraction
    table[in_view + 1, upper] += fraction
    np.cumsum(table, axis=0, out=table)
    table.setflags(write=False)  # it is shared by all who ask for it
    return table
