"""The stored CAM grids of a run, held flat, and the importance of all its boxes at once."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from functools import cached_property
from typing import Literal, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from emocam_widgets.analysis.importance import grouped_importance
from emocam_widgets.types import Cam, Output, View

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
_VIEW = ["view_x0", "view_y0", "view_x1", "view_y1"]


class Grids:
    """The rows of a ``cams`` table (sorted by image_id), their grids in one float16 array."""

    def __init__(self, table: pa.Table) -> None:
        grids = table["grid"].combine_chunks()
        self._values: NDArray[np.float16] = grids.values.to_numpy(zero_copy_only=False)
        self._starts: NDArray[np.int64] = grids.offsets.to_numpy().astype(np.int64)
        self.rows = table.drop_columns(["grid"]).to_pandas()

    def find(self, image_id: str, method: str, target: str, output: str) -> int | None:
        """The row of that CAM, or None where it is not stored."""
        return self._row_of.get((image_id, method, target, output))

    def of_image(self, image_id: str) -> pd.DataFrame:
        """Which CAMs of the image are stored: method, target and output, one row each."""
        first, last = (int(np.searchsorted(self._image_ids, image_id, side)) for side in _SIDES)
        return self.rows.iloc[first:last][["method", "target", "output"]]

    def cam(self, row: int) -> Cam:
        """The CAM of a row."""
        cells = self.rows.iloc[row]
        shape = (int(cells["grid_height"]), int(cells["grid_width"]))
        start = self._starts[row]
        grid = self._values[start : start + shape[0] * shape[1]].astype(np.float32).reshape(shape)
        view = View(*(float(cells[name]) for name in _VIEW))
        return Cam(grid, view, str(cells["method"]), str(cells["target"]), cast(Output, str(cells["output"])))

    def stack(self, rows: NDArray[np.intp], height: int, width: int) -> NDArray[np.float32]:
        """(n, height, width): the grids of rows that all have that shape."""
        cells = self._starts[rows][:, None] + np.arange(height * width)
        return self._values[cells].astype(np.float32).reshape(len(rows), height, width)

    def of_predictions(self, images: pd.DataFrame, method: str, output: str) -> NDArray[np.intp]:
        """(images,): the row of each image's CAM of its predicted label, -1 where it has none."""
        rows = self.rows
        mine = rows[(rows["method"] == method) & (rows["output"] == output)]
        keys = pd.MultiIndex.from_arrays([mine["image_id"], mine["target"]])
        numbers = pd.Series(mine.index.to_numpy(), index=keys)
        numbers = numbers[~numbers.index.duplicated(keep="last")]
        wanted = pd.MultiIndex.from_arrays([images["image_id"], images["label"]])
        found = numbers.index.get_indexer(wanted)
        return np.where(found >= 0, numbers.to_numpy()[found], -1).astype(np.intp) if len(numbers) else found

    def shuffled(self, seed: int) -> Grids:
        """The same rows with their grids exchanged at random among rows of one method, output and grid shape."""
        kinds = self.rows.groupby(["method", "output", "grid_height", "grid_width"], observed=True).indices
        generator = np.random.default_rng(seed)
        starts = self._starts.copy()
        for rows in kinds.values():
            starts[rows] = self._starts[generator.permutation(rows)]
        other = copy(self)
        other._starts = starts
        return other

    def uniform(self) -> Grids:
        """The same rows with a grid of ones each: a map that says nothing about where to look."""
        other = copy(self)
        other._values = np.ones_like(self._values)
        return other

    @cached_property
    def _image_ids(self) -> NDArray[np.object_]:
        return self.rows["image_id"].to_numpy(dtype=object)

    @cached_property
    def _row_of(self) -> dict[tuple[str, str, str, str], int]:
        columns = (self.rows[name] for name in ("image_id", "method", "target", "output"))
        return {key: row for row, key in enumerate(zip(*columns, strict=True))}


def table_importance(
    images: pd.DataFrame, boxes: pd.DataFrame, grids: Grids, method: str, output: str, score: str
) -> NDArray[np.float32]:
    """float32 (boxes,): each box's importance under its image's CAM of the predicted label; 0 without such a CAM.

    For "mask-mean", the boxes' masks are read from ``boxes["mask"]``.

    Works through groups of images that share size, view and grid shape, so that photographs from one camera are one
    step.
    """
    importance = np.zeros(len(boxes), dtype=np.float32)
    image = pd.Index(images["image_id"]).get_indexer(pd.Index(boxes["image_id"]))
    cam = np.where(image >= 0, grids.of_predictions(images, method, output)[image], -1) if len(images) else image
    covered = np.flatnonzero(cam >= 0)
    if not len(covered):
        return importance
    masks = boxes["mask"].to_numpy(dtype=object) if score == "mask-mean" else None
    corners = boxes[["x0", "y0", "x1", "y1"]].to_numpy(dtype=np.float64)
    shapes = grids.rows[["grid_height", "grid_width", *_VIEW]].to_numpy(dtype=np.float64)
    sizes = images[["width", "height"]].to_numpy(dtype=np.float64)
    used, of_used = np.unique(cam[covered], return_inverse=True)
    image_of_used = np.empty(len(used), np.intp)
    image_of_used[of_used] = image[covered]
    geometry, group = np.unique(np.hstack([sizes[image_of_used], shapes[used]]), axis=0, return_inverse=True)
    cam_order = np.argsort(group.ravel(), kind="stable")
    place_in_order = np.empty_like(cam_order)
    place_in_order[cam_order] = np.arange(len(cam_order))
    cam_bounds = np.searchsorted(group.ravel()[cam_order], np.arange(len(geometry) + 1))
    box_group = group.ravel()[of_used]
    box_order = np.argsort(box_group, kind="stable")
    box_bounds = np.searchsorted(box_group[box_order], np.arange(len(geometry) + 1))
    for number, (width, height, grid_height, grid_width, *view) in enumerate(geometry):
        cams = used[cam_order[cam_bounds[number] : cam_bounds[number + 1]]]
        mine = box_order[box_bounds[number] : box_bounds[number + 1]]
        importance[covered[mine]] = grouped_importance(
            grids.stack(cams, int(grid_height), int(grid_width)),
            place_in_order[of_used[mine]] - cam_bounds[number],
            corners[covered[mine]],
            View(*view),
            int(width),
            int(height),
            score,
            None if masks is None else stored_masks(masks[covered[mine]]),
        )
    return importance


def stored_masks(masks: Iterable[object]) -> list[str | None]:
    """The column ``mask`` of a table of boxes: run-length encoded, None (whatever null the table has) where is none."""
    return [mask if isinstance(mask, str) else None for mask in masks]
