"""Commit, then reveal, for a class activation map: how far it lies on what a viewer marked before seeing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isnan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emocam_widgets.analysis.box_scores import cumulative_weights
from emocam_widgets.errors import EmocamError
from emocam_widgets.types import Cam, View

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """How far a map agrees with what a viewer marked. nan: undefined, as for a map that is the same everywhere.

    Attributes:
        area: share of the image that is marked, 0..1: what ``mass`` would be by chance.
        mass: share of the map's sum that lies there, 0..1 (the energy-based pointing game of Score-CAM: H. Wang et al.,
            CVPR Workshops 2020, Sec. 4.3; there for one true box, here for all that is marked).
        lift: ``mass`` over ``area``; 1 is what a map that is the same everywhere gives.
        hit: whether the map's greatest value lies there (the pointing game: J. Zhang et al., "Top-down neural attention
            by excitation backprop", ECCV 2016, Sec. 4.1; without its tolerance of 15 pixels); None where undefined.
        cell_iou: intersection over union of the grid's cells whose centre is marked and as many strongest cells, 0..1.
        box_iou: the same of the marked boxes and as many most important ones; nan where no box is marked.
    """

    area: float
    mass: float
    lift: float
    hit: bool | None
    cell_iou: float
    box_iou: float

    def as_dict(self) -> dict[str, float | bool | None]:
        """For JSON: None in place of nan."""
        return {name: None if value is None or isnan(value) else value for name, value in asdict(self).items()}

    @property
    def sentence(self) -> str:
        """The agreement in plain words."""
        marked = f"You marked {percent(self.area)} of the picture"
        if isnan(self.mass):
            return f"{marked}. The map is the same everywhere, so it neither agrees nor disagrees."
        there = f"{marked}; {percent(self.mass)} of the map lies there"
        if isnan(self.lift):
            return f"{there}."
        if self.lift < 0.05:
            return f"{there}, next to nothing beside what chance would give."
        if round(self.lift, 1) == 1.0:
            return f"{there}, as much as by chance."
        return f"{there}, {self.lift:.1f} times as much as by chance."


def percent(share: float) -> str:
    """ "21 %"; what is little but not nothing is "under 1 %", and what is nearly all not "100 %"."""
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def expectation_agreement(
    cam: Cam, boxes: ArrayLike, width: int, height: int, marked_boxes: Sequence[int], marked_cells: Sequence[int]
) -> Expected:
    """The agreement of a map with what was marked; exact, from the map's own grid (see `analysis.box_scores`).

    Args:
        cam: the map.
        boxes: (n, 4), x0, y0, x1, y1 in pixels of the image; each is rounded outwards to whole pixels and clipped.
        width, height: the image's size in pixels.
        marked_boxes: rows of ``boxes``.
        marked_cells: cells of the map's grid, row by row from 0.

    Raises:
        EmocamError: a box or a cell does not exist.
    """
    from emocam_widgets.analysis.importance import cam_importance

    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    check_marks(marked_boxes, len(corners), "box")
    check_marks(marked_cells, cam.grid.size, "cell")
    rectangles = np.concatenate(
        [
            _outwards(corners[list(marked_boxes)], width, height),
            cell_rectangles(cam.grid.shape, cam.view, width, height)[list(marked_cells)],
        ]
    )
    area, mass = _shares(cam, rectangles, width, height)
    centres = cell_centres(cam.grid.shape, cam.view)
    inside = _covered(centres, rectangles)
    flat = cam.grid.ravel()
    constant = not np.ptp(flat) > 0
    importance = cam_importance(cam, corners, width, height)
    return Expected(
        area=area,
        mass=mass,
        lift=mass / area if area > 0 else float("nan"),
        hit=None if constant else bool(inside[flat == flat.max()].any()),
        cell_iou=float("nan") if constant else _overlap(flat, np.flatnonzero(inside)),
        box_iou=float("nan") if constant else _overlap(importance, np.asarray(marked_boxes, dtype=np.intp)),
    )


def marked_cells_of(
    shape: tuple[int, ...], view: View, boxes: ArrayLike, marked_boxes: Sequence[int], marked_cells: Sequence[int]
) -> NDArray[np.intp]:
    """The cells of a grid that were marked, or whose centre lies in a marked box; ascending.

    A box too small to hold a centre stands for the cell under its own centre.
    """
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)[list(marked_boxes)]
    centres = cell_centres(shape, view)
    covered = _covered(centres, corners)
    for box in corners:
        if not _covered(centres, box[None]).any():
            middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
            covered[np.argmin(((centres - middle) ** 2).sum(axis=1))] = True
    covered[list(marked_cells)] = True
    return np.flatnonzero(covered)


def check_marks(marked: Sequence[int], n: int, what: str) -> None:
    """Raises EmocamError where a marked box or cell is none of the n there are."""
    for index in marked:
        if not 0 <= index < n:
            raise EmocamError(f"There is no {what} {index} to mark; there are {n}, numbered from 0.")


def box_areas(boxes: ArrayLike, width: int, height: int) -> Floats:
    """(n,): the share of the image that each box covers, 0..1, as `importance` sees it."""
    corners = _outwards(np.asarray(boxes, dtype=np.float64).reshape(-1, 4), width, height)
    return np.asarray(np.prod(corners[:, 2:] - corners[:, :2], axis=1) / (width * height))


def cell_centres(shape: tuple[int, ...], view: View) -> Floats:
    """(h * w, 2): x and y of each cell's centre in pixels of the image, row by row."""
    x = view.x0 + (np.arange(shape[1]) + 0.5) * view.width / shape[1]
    y = view.y0 + (np.arange(shape[0]) + 0.5) * view.height / shape[0]
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def cell_rectangles(shape: tuple[int, ...], view: View, width: int, height: int) -> Floats:
    """(h * w, 4): each cell in whole pixels of the image, neighbours sharing their edge, clipped to the image."""
    x = np.clip(np.rint(view.x0 + np.arange(shape[1] + 1) * view.width / shape[1]), 0, width)
    y = np.clip(np.rint(view.y0 + np.arange(shape[0] + 1) * view.height / shape[0]), 0, height)
    left, top = np.meshgrid(x[:-1], y[:-1])
    right, bottom = np.meshgrid(x[1:], y[1:])
    return np.stack([left, top, right, bottom], axis=-1).reshape(-1, 4)


def _outwards(corners: Floats, width: int, height: int) -> Floats:
    limit = np.array([width, height, width, height], dtype=np.float64)
    return np.clip(np.concatenate([np.floor(corners[:, :2]), np.ceil(corners[:, 2:])], axis=1), 0, limit)


def _shares(cam: Cam, rectangles: Floats, width: int, height: int) -> tuple[float, float]:
    """Shares of the image and of the map's sum that the union of the rectangles holds; nan where the map is zero.

    The rectangles' edges cut the image into a coarse raster on which the union is exact.
    """
    x = np.unique(np.concatenate([[0, width], rectangles[:, 0], rectangles[:, 2]])).astype(np.intp)
    y = np.unique(np.concatenate([[0, height], rectangles[:, 1], rectangles[:, 3]])).astype(np.intp)
    columns = (rectangles[:, None, 0] <= x[:-1]) & (x[1:] <= rectangles[:, None, 2])
    rows = (rectangles[:, None, 1] <= y[:-1]) & (y[1:] <= rectangles[:, None, 3])
    union = np.einsum("ny,nx->yx", rows.astype(np.intp), columns.astype(np.intp)) > 0
    area = (np.outer(np.diff(y), np.diff(x)) * union).sum() / (width * height)
    down = np.diff(cumulative_weights(height, cam.view.y0, cam.view.y1, cam.grid.shape[0])[y], axis=0)
    across = np.diff(cumulative_weights(width, cam.view.x0, cam.view.x1, cam.grid.shape[1])[x], axis=0)
    sums = down @ cam.grid.astype(np.float64) @ across.T
    total = sums.sum()
    return float(area), float((sums * union).sum() / total) if total > 0 else float("nan")


def _covered(points: Floats, rectangles: Floats) -> NDArray[np.bool_]:
    """(points,): which of them lie in any of the rectangles."""
    x, y = points[:, 0, None], points[:, 1, None]
    inside = (rectangles[:, 0] <= x) & (x < rectangles[:, 2]) & (rectangles[:, 1] <= y) & (y < rectangles[:, 3])
    return np.asarray(inside.any(axis=1))


def _overlap(values: NDArray[np.float32], marked: NDArray[np.intp]) -> float:
    """Intersection over union of what is marked and as many greatest values; nan where nothing is marked."""
    if not len(marked):
        return float("nan")
    strongest = np.argsort(-values, kind="stable")[: len(marked)]
    common = len(np.intersect1d(strongest, marked))
    return common / (2 * len(marked) - common)
