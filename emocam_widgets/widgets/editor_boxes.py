"""The detected boxes of the image in the editor, to snap to and to cut out of, and those of the corpus beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from emocam_widgets.engine.cutouts import cut_out
from emocam_widgets.errors import EmocamError, UnknownNameError, known_name
from emocam_widgets.rle import decode_mask
from emocam_widgets.types import Detections
from emocam_widgets.widgets.editor_palette import numbered
from emocam_widgets.widgets.thumbnails import encode_jpeg, shrink

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run

MIN_CONFIDENCE = 0.2  # less sure ones would crowd the picture
MOST_BOXES = 40
CHOICES = 12
CHOICE_SIDE = 96


@dataclass(frozen=True, eq=False)
class NamedBoxes:
    """The surest boxes of an image, and names that tell them apart ("Human face 1")."""

    found: Detections
    names: tuple[str, ...]

    @classmethod
    def of(cls, detections: Detections, min_confidence: float = MIN_CONFIDENCE) -> NamedBoxes:
        """The surest first."""
        order = np.argsort(-detections.confidence, kind="stable")
        order = order[detections.confidence[order] >= min_confidence][:MOST_BOXES]
        masks = detections.encoded_masks
        chosen = Detections(
            detections.boxes[order],
            detections.confidence[order],
            tuple(detections.object_class[i] for i in order),
            detections.detector,
            None if masks is None else tuple(masks[i] for i in order),
        )
        return cls(chosen, tuple(numbered(chosen.object_class)))

    def cut(self, image: Image.Image, number: int) -> Image.Image:
        """The sprite of a box: by its mask where there is one. EmocamError where there is no such box."""
        if not 0 <= number < len(self.found):
            raise EmocamError(f"There is no box number {number}: the image has {len(self.found)}.")
        mask = self.found.encoded_masks[number] if self.found.encoded_masks else None
        x0, y0, x1, y1 = (float(edge) for edge in self.found.boxes[number])
        return cut_out(image, (x0, y0, x1, y1), decode_mask(mask) if mask else None)


def boxes_of_image(image: Image.Image, image_id: str | None, run: Run | None, worker: Worker | None) -> NamedBoxes:
    """Of the run where it holds the image, else by the worker's detector, else none."""
    rows = _rows_of(run, image_id)
    if rows is not None:
        rows = rows[rows["detector"] == rows["detector"].iloc[0]] if len(rows) else rows
        masks = tuple(text or "" for text in rows["mask"]) if rows["mask"].notna().any() else None
        edges = rows[["x0", "y0", "x1", "y1"]].to_numpy(np.float32)
        found = Detections(edges, rows["confidence"].to_numpy(np.float32), tuple(rows["object_class"]), "run", masks)
        return NamedBoxes.of(found)
    if worker is not None and worker.detector is not None:
        return NamedBoxes.of(worker.detect(image, MIN_CONFIDENCE))
    return NamedBoxes.of(Detections.none("none"))


def _rows_of(run: Run | None, image_id: str | None) -> pd.DataFrame | None:
    if run is None or image_id is None:
        return None
    try:
        return run.boxes_of(image_id)
    except UnknownNameError:  # an image of the corpus that the run did not analyse: a detector may still find boxes
        return None


class CorpusBoxes:
    """Boxes of a run's other images, by object class and the surest first, to cut things out of."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def classes(self) -> list[str]:
        """The classes that any box has, in the run's order."""
        present = set(self._run.boxes["object_class"].unique())
        return [name for name in self._run.classes if name in present]

    def choices(self, object_class: str, start: int) -> tuple[dict[str, Any], list[bytes]]:
        """A page of boxes of a class: rows of `run.boxes`, image ids and confidences, and a small JPEG of each."""
        known_name("object class", object_class, self._run.classes)
        boxes = self._run.boxes
        rows = boxes[boxes["object_class"] == object_class].sort_values("confidence", ascending=False, kind="stable")
        page = rows.iloc[max(0, start) : max(0, start) + CHOICES]
        pictures = []
        for image_id, *edges in page[["image_id", "x0", "y0", "x1", "y1"]].itertuples(index=False, name=None):
            box = (int(edges[0]), int(edges[1]), max(int(edges[0]) + 1, int(np.ceil(edges[2]))), 0)
            box = (*box[:3], max(box[1] + 1, int(np.ceil(edges[3]))))
            pictures.append(encode_jpeg(shrink(self._run.open_image(image_id).crop(box), CHOICE_SIDE)))
        content = {
            "rows": [int(row) for row in page.index],
            "images": page["image_id"].tolist(),
            "confidence": [round(float(value), 4) for value in page["confidence"]],
            "start": start,
            "total": len(rows),
        }
        return content, pictures

    def cut(self, row: int) -> tuple[str, str, Image.Image]:
        """Name, object class and sprite of a row of `run.boxes`. EmocamError where there is no such row."""
        boxes = self._run.boxes
        if row not in boxes.index:
            raise EmocamError(f"The run has no box number {row}.")
        one = boxes.loc[row]
        image_id, object_class = str(one["image_id"]), str(one["object_class"])
        mask = one["mask"]
        x0, y0, x1, y1 = map(float, one[["x0", "y0", "x1", "y1"]].to_numpy())
        sprite = cut_out(
            self._run.open_image(image_id), (x0, y0, x1, y1), decode_mask(mask) if isinstance(mask, str) else None
        )
        return f"{object_class} of {Path(image_id).stem}", object_class, sprite
