"""Scores of how much of a class activation map lies on a box, from the map's own small grid and without upsampling it.

The map of an image is its grid, bilinearly upsampled to the size of the view in pixels (half-pixel centres, edges
clamped) and zero outside the view. That is linear and separable: the value at a pixel is ``r @ grid @ c``, with r the
weights of the grid's rows at the pixel's row and c those of the columns, so sums over a box need only summed weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError
from emocam_widgets.rle import decode_mask
from emocam_widgets.types import View

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

QUANTILE = 0.9
LATTICE = 24
"""The quantile looks at up to so many pixels of a box along each side, evenly spread: all pixels of smaller boxes."""

_ROWS_AT_ONCE = 65_536
_PIXELS_AT_ONCE = 4_096
_PATH = ["einsum_path", (0, 1), (0, 1)]


@dataclass(frozen=True, eq=False)
class MappedBoxes:
    """What a score is computed from: n boxes on maps that share the image size, the view and the grid's shape (h, w).

    Attributes:
        grids: float32 (m, h, w), the distinct grids, 0..1.
        of: (n,), which grid each box lies on.
        left, top, right, bottom: (n,), the boxes in whole pixels, rounded outwards and clipped; the last two exclusive.
        width, height: the image's size in pixels.
        view: the rectangle of the image that the grids cover.
        masks: (n,) run-length encoded masks at image size, None for a box without; or None where no box has one.
    """

    grids: NDArray[np.float32]
    of: Indices
    left: Indices
    top: Indices
    right: Indices
    bottom: Indices
    width: int
    height: int
    view: View
    masks: Sequence[str | None] | None = None

    @property
    def down(self) -> Floats:
        """(height + 1, h): row p holds the weight of each grid row summed over the image's first p pixel rows."""
        return cumulative_weights(self.height, self.view.y0, self.view.y1, self.grids.shape[1])

    @property
    def across(self) -> Floats:
        """(width + 1, w): the same for columns."""
        return cumulative_weights(self.width, self.view.x0, self.view.x1, self.grids.shape[2])

    @cached_property
    def area(self) -> Floats:
        """(n,), pixels; 0 where the box lies outside the image."""
        return ((self.right - self.left) * (self.bottom - self.top)).astype(np.float64)

    @cached_property
    def inside(self) -> Floats:
        """(n,), the sum of the map inside each box."""
        sums = np.empty(len(self.of))
        for start in range(0, len(self.of), _ROWS_AT_ONCE):  # bounds the memory, not the work
            part = slice(start, start + _ROWS_AT_ONCE)
            rows = self.down[self.bottom[part]] - self.down[self.top[part]]
            columns = self.across[self.right[part]] - self.across[self.left[part]]
            grids = self.grids[self.of[part]].astype(np.float64)
            sums[part] = np.einsum("nh,nhw,nw->n", rows, grids, columns, optimize=_PATH)
        return sums

    @cached_property
    def total(self) -> Floats:
        """(n,), the sum of each box's map over the whole image."""
        return np.einsum("h,mhw,w->m", self.down[-1], self.grids.astype(np.float64), self.across[-1])[self.of]

    def values(self, rows: Callable[[slice], Indices], columns: Callable[[slice], Indices]) -> Iterator[ValuesOfPart]:
        """The map at chosen pixels of each box, some thousand boxes at a time.

        Args:
            rows, columns: give (part, k) pixel rows and (part, l) pixel columns of the boxes in a slice.
        """
        row_weights, column_weights = np.diff(self.down, axis=0), np.diff(self.across, axis=0)
        for start in range(0, len(self.of), _PIXELS_AT_ONCE):
            part = slice(start, start + _PIXELS_AT_ONCE)
            grids = self.grids[self.of[part]].astype(np.float64)
            left, right = row_weights[rows(part)], column_weights[columns(part)]
            yield ValuesOfPart(part, (left @ grids) @ right.swapaxes(1, 2))


@dataclass(frozen=True, eq=False)
class ValuesOfPart:
    """The map at k pixel rows and l pixel columns of each box of the slice ``part``: float64 (part, k, l)."""

    part: slice
    values: Floats


Score: TypeAlias = Callable[[MappedBoxes], Floats]


def mean_inside(boxes: MappedBoxes) -> Floats:
    """The mean of the map inside the box, 0..1: EmoCAM's importance (Sec. 2, C_Act); 0 for a box outside the image."""
    return _ratio(boxes.inside, boxes.area)


def maximum(boxes: MappedBoxes) -> Floats:
    """The greatest value of the map on the box's pixels, 0..1. Large boxes reach it more easily.

    Between two neighbouring grid cells the map is bilinear, so over the pixels of such a patch it is greatest at one of
    the four outermost: only the first and the last of the box's pixels between two grid lines need looking at.
    """
    found = np.zeros(len(boxes.of))
    down = _between_cells(boxes.height, boxes.view.y0, boxes.view.y1, boxes.grids.shape[1])
    across = _between_cells(boxes.width, boxes.view.x0, boxes.view.x1, boxes.grids.shape[2])

    def rows(part: slice) -> Indices:
        return _outermost(down, boxes.top[part], boxes.bottom[part], boxes.height)

    def columns(part: slice) -> Indices:
        return _outermost(across, boxes.left[part], boxes.right[part], boxes.width)

    for each in boxes.values(rows, columns):
        found[each.part] = each.values.max(axis=(1, 2))
    return np.where(boxes.area > 0, found, 0.0)


def mass(boxes: MappedBoxes) -> Floats:
    """The share of the map's sum that lies in the box, 0..1; 0 where the map is zero. It grows with the box."""
    return _ratio(boxes.inside, boxes.total)


def contrast(boxes: MappedBoxes) -> Floats:
    """The mean inside the box against the mean in the rest of the image: inside / (inside + outside), 0..1.

    Corrected for size: a map that does not depend on the box gives 0.5 on average, however large the box, where "mass"
    gives the box's share of the area. It is the logistic function of the log-ratio of the two densities, so it needs no
    bound on the box's size; r times as strong inside as outside is r / (r + 1). 0.5 for a box that is the whole image,
    0 for one outside it and where the map is zero.
    """
    rest = boxes.width * boxes.height - boxes.area
    inside = _ratio(boxes.inside, boxes.area)
    outside = _ratio(np.maximum(boxes.total - boxes.inside, 0.0), rest)
    share = _ratio(inside, inside + outside)
    return np.where((rest <= 0) & (boxes.total > 0), 0.5, share)


def upper_quantile(boxes: MappedBoxes) -> Floats:
    """The 90 % quantile (linear interpolation) of the map over the box's pixels, 0..1.

    Of the distribution inside the box: as the maximum, it sees a hot spot that the mean of a large box dilutes, but the
    spot must fill a tenth of the box. Exact for boxes of up to 24 pixels a side; of larger ones, 24 pixels along that
    side are looked at (in the tests within 0.02 on a smooth map, and between the 80 and 95 % quantiles on noise).
    """
    found = np.zeros(len(boxes.of))
    for each in boxes.values(
        lambda part: _lattice(boxes.top[part], boxes.bottom[part], boxes.height),
        lambda part: _lattice(boxes.left[part], boxes.right[part], boxes.width),
    ):
        tall = np.minimum(boxes.bottom[each.part] - boxes.top[each.part], LATTICE)
        wide = np.minimum(boxes.right[each.part] - boxes.left[each.part], LATTICE)
        step = np.arange(LATTICE)
        real = (step < tall[:, None])[:, :, None] & (step < wide[:, None])[:, None, :]
        values = np.where(real, each.values, np.inf).astype(np.float32).reshape(len(tall), -1)
        values.sort(axis=1)
        place = np.maximum(tall * wide - 1, 0) * QUANTILE
        low = place.astype(np.intp)
        high = np.minimum(low + 1, np.maximum(tall * wide - 1, 0))
        box = np.arange(len(tall))
        below, above = values[box, low].astype(np.float64), values[box, high].astype(np.float64)
        empty = tall * wide == 0
        below[empty], above[empty] = 0.0, 0.0
        found[each.part] = below + (place - low) * (above - below)
    return found


def mask_mean(boxes: MappedBoxes) -> Floats:
    """The mean of the map over the object's own pixels, 0..1, where the detector gave a mask; else that over the box.

    0 for an empty mask.

    Raises:
        EmocamError: a mask is damaged, or not of the image's size.
    """
    found = mean_inside(boxes)
    rows, columns = np.diff(boxes.down, axis=0), np.diff(boxes.across, axis=0)
    for number, text in enumerate(boxes.masks or ()):
        if text is None:
            continue
        mask = decode_mask(text)
        if mask.shape != (boxes.height, boxes.width):
            raise EmocamError(
                f"A box's mask is {mask.shape[1]} x {mask.shape[0]} pixels, but its image "
                f"{boxes.width} x {boxes.height}; masks are stored at the size of the image."
            )
        weights = rows.T @ (mask @ columns)
        found[number] = np.vdot(weights, boxes.grids[boxes.of[number]]) / max(int(mask.sum()), 1)
    return found


SCORES: Mapping[str, Score] = {
    "mean": mean_inside,
    "maximum": maximum,
    "mass": mass,
    "contrast": contrast,
    "upper-quantile": upper_quantile,
    "mask-mean": mask_mean,
}

DEFAULT_THRESHOLDS: Mapping[str, float] = {
    "mean": 0.3,  # EmoCAM, Sec. 2
    "maximum": 0.5,  # the box reaches into the map's half-maximum region
    "mass": 0.1,  # a tenth of the map
    "contrast": 0.6,  # half as strong again inside as outside
    "upper-quantile": 0.5,  # a tenth of the box lies in the map's half-maximum region
    "mask-mean": 0.3,  # as the mean
}
"""The threshold of each score unless asked otherwise: meanings, none of them fitted to data."""


@lru_cache(maxsize=128)
def cumulative_weights(size: int, low: float, high: float, cells: int) -> Floats:
    """(size + 1, cells): row p holds each cell's bilinear weight summed over the first p pixels of an image axis.

    A pixel counts where its centre lies in the view low..high; it then falls between two neighbouring cells.
    """
    in_view, position = _positions(size, low, high, cells)
    position = np.clip(position, 0.0, cells - 1.0)
    lower = np.minimum(position.astype(np.intp), max(cells - 2, 0))
    upper = np.minimum(lower + 1, cells - 1)
    fraction = position - lower
    table = np.zeros((size + 1, cells))
    table[in_view + 1, lower] = 1.0 - fraction
    table[in_view + 1, upper] += fraction
    np.cumsum(table, axis=0, out=table)
    table.setflags(write=False)  # it is shared by all who ask for it
    return table


@lru_cache(maxsize=128)
def _between_cells(size: int, low: float, high: float, cells: int) -> Indices:
    """(2, cells + 1): the first and past-the-last pixel in view before the first cell's centre, between it and the
    next, ..., and after the last: within each, the map is linear along the axis.
    """
    in_view, position = _positions(size, low, high, cells)
    interval = np.clip(np.floor(position) + 1, 0, cells)
    bounds = np.searchsorted(interval, np.arange(cells + 2))
    first = int(in_view[0]) if len(in_view) else 0
    found: Indices = np.stack([bounds[:-1], bounds[1:]]) + first
    found.setflags(write=False)
    return found


def _positions(size: int, low: float, high: float, cells: int) -> tuple[Indices, Floats]:
    """The pixels of an axis whose centres are in view, and where these lie in cells, 0 at the first one's centre."""
    centres = np.arange(size, dtype=np.float64) + 0.5
    in_view: Indices = np.flatnonzero((centres >= low) & (centres < high))
    return in_view, (centres[in_view] - low) * (cells / (high - low)) - 0.5


def _outermost(between: Indices, low: Indices, high: Indices, size: int) -> Indices:
    """(n, 2 * intervals): the first and last pixel of low..high in each interval; low itself where there is none."""
    first = np.maximum(between[0], low[:, None])
    last = np.minimum(between[1], high[:, None]) - 1
    none = last < first
    own = np.minimum(low, size - 1)[:, None]  # that of a box past the edge is not used
    return np.hstack([np.where(none, own, first), np.where(none, own, last)])


def _lattice(low: Indices, high: Indices, size: int) -> Indices:
    """(n, LATTICE): every pixel of low..high, and then others; of a longer range LATTICE of them, evenly spread."""
    step = np.arange(LATTICE)
    length = (high - low)[:, None]
    spread = ((2 * step + 1) * length) // (2 * LATTICE)
    return np.minimum(low[:, None] + np.where(length > LATTICE, spread, step), size - 1)


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.zeros(len(denominator)), where=denominator > 0)
