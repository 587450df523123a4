"""What the browser's front end is told of a run: contents and binary buffers, as js/browser/protocol.ts reads them.

Functions from a `RunIndex` to messages; which to send, and when, is the widget's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from emocam_widgets.errors import ImageError
from emocam_widgets.run.explanations import stored_cams
from emocam_widgets.types import Cam
from emocam_widgets.widgets.base import float_buffer, int_buffer
from emocam_widgets.widgets.image_filter import Filter, Settings
from emocam_widgets.widgets.run_index import ImageBoxes, RunIndex

Message = tuple[dict[str, Any], list[bytes]]
# A thumbnail with a hundred uncertain boxes says nothing: of those that do not count, only these are drawn on it.
WEAK_CONFIDENCE = 0.25
WEAK_BOXES = 12
STRONG_BOXES = 40
LARGE_BOXES = 400
NOT_READY = -1


def index_message(index: RunIndex) -> Message:
    """Everything about all images that the grid needs before it has seen any.

    Buffers: ids joined by NUL (UTF-8); width and height, int32 (n, 2); predicted label and annotation, int32 (n,) each;
    probability of the predicted label, float32 (n,).
    """
    top = index.probabilities[np.arange(len(index)), index.predicted] if len(index) else np.zeros(0)
    content = {
        "labels": index.labels,
        "classes": index.classes,
        "annotation_names": index.annotation_names,
        "methods": list(index.run.methods),
        "synthetic": bool(index.run.synthetic),
        "failures": len(index.run.failures),
    }
    buffers = [
        "\0".join(index.ids).encode(),
        int_buffer(np.stack([index.width, index.height], axis=1)),
        int_buffer(index.predicted),
        int_buffer(index.annotated),
        float_buffer(top),
    ]
    return content, buffers


def thumbnails_message(
    index: RunIndex,
    positions: Sequence[int],
    pictures: Mapping[str, bytes | Exception | None],
    wanted: Filter,
    settings: Settings,
    cam: tuple[str, str | None],
    revision: int,
) -> Message:
    """Images with the boxes and maps over them; at ``NOT_READY`` with neither, which are asked for again.

    Args:
        pictures: JPEG bytes by image id, why there are none, or None for one that is not wanted any more and is left
            out; an id that is missing is one whose picture was not asked for.
        cam: method and label (None: the predicted) of the maps.

    Buffers: boxes, float32 rows of eight; the maps' grids, float32, one after the other; then one JPEG per item.
    """
    items: list[dict[str, Any]] = []
    boxes: list[ImageBoxes] = []
    grids: list[bytes] = []
    data: list[bytes] = []
    for position in positions:
        picture = pictures.get(index.ids[position], b"")
        if picture is None:
            continue
        item: dict[str, Any] = {"position": position, "boxes": 0, "cam": None}
        if revision != NOT_READY:
            found, shown = _few(index.boxes(position, wanted, settings)), index.cam(position, *cam)
            item.update(boxes=len(found), cam=cam_shape(shown))
            boxes.append(found)
            if shown is not None:
                grids.append(float_buffer(shown.grid))
        if isinstance(picture, Exception):
            item["reason"] = picture.reason if isinstance(picture, ImageError) else str(picture)
            picture = b""
        items.append(item)
        data.append(picture)
    return {"revision": revision, "items": items}, [box_buffer(boxes), b"".join(grids), *data]


def image_message(
    index: RunIndex, position: int, picture: bytes, wanted: Filter, settings: Settings, cam: tuple[str, str | None]
) -> Message:
    """One image large, with all its boxes, a map and all its probabilities; importance is of that map.

    Buffers: boxes, the map's grid and the probabilities, float32; the JPEG.
    """
    shown = index.cam(position, *cam)
    other = shown if shown is not None and cam != (settings.method, None) else None
    found = index.boxes(position, wanted, settings, other)
    if len(found) > LARGE_BOXES:
        found = found.take(np.arange(len(found)) < LARGE_BOXES)
    row = index.run.images.iloc[position]
    stored = stored_cams(index.run, index.ids[position])
    content = {
        "boxes": len(found),
        "cam": cam_shape(shown),
        "cam_method": cam[0],
        "cam_target": cam[1] or str(row["label"]),
        "cam_output": shown.output if shown else None,
        "stored": {
            str(method): list(dict.fromkeys(rows["target"].astype(str)))
            for method, rows in stored.groupby("method", sort=False)
        },
        "annotation": index.annotation(position),
        "valence": _number(row["valence"]),
        "arousal": _number(row["arousal"]),
    }
    grid = b"" if shown is None else float_buffer(shown.grid)
    return content, [box_buffer([found]), grid, float_buffer(index.probabilities[position]), picture]


def box_buffer(found: Sequence[ImageBoxes]) -> bytes:
    """float32 rows of eight: x0, y0, x1, y1, confidence, importance (NaN: none), class index, strong (0 or 1)."""
    rows = [
        np.column_stack([each.boxes, each.confidence, each.importance, each.class_index, each.strong])
        for each in found
        if len(each)
    ]
    return float_buffer(np.concatenate(rows)) if rows else b""


def cam_shape(cam: Cam | None) -> list[float] | None:
    """Height and width of the grid, and the rectangle of the image that it covers."""
    if cam is None:
        return None
    return [*cam.grid.shape, cam.view.x0, cam.view.y0, cam.view.x1, cam.view.y1]


def _few(found: ImageBoxes) -> ImageBoxes:
    """What a thumbnail shows: the boxes that count, and a few of the certain others."""
    weak = ~found.strong & (found.confidence >= WEAK_CONFIDENCE)
    weak &= np.cumsum(weak) <= WEAK_BOXES
    strong = found.strong & (np.cumsum(found.strong) <= STRONG_BOXES)
    return found.take(weak | strong)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
