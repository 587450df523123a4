"""A run's tables as arrays by image, for what a browser asks again and again: which images, in what order, what boxes.

It looks things up and knows nothing of widgets; what counts as a contributor is answered by the run's association.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.types import Cam, FloatArray

if TYPE_CHECKING:
    from emocam_widgets.run import Run

Sort = Literal["corpus", "probability", "importance"]
SORTS: tuple[Sort, ...] = ("corpus", "probability", "importance")


@dataclass(frozen=True)
class Settings:
    """What makes a box count: the arguments of :meth:`Run.association`."""

    method: str
    score: str
    threshold: float
    min_confidence: float
    by: str


@dataclass(frozen=True)
class Filter:
    """Which images: contributors of ``cell`` (object class, label), or those of a label and with a detected class."""

    cell: tuple[str, str] | None = None
    label: str | None = None
    object_class: str | None = None


@dataclass(frozen=True, eq=False)
class ImageBoxes:
    """The boxes of one image, most confident first.

    Attributes:
        boxes: float32 (n, 4) in pixels.
        confidence, importance: float32 (n,); importance is NaN where the run has no map of the image.
        class_index: int32 (n,), positions in ``RunIndex.classes``.
        strong: bool (n,), the boxes that made the image count.
    """

    boxes: FloatArray
    confidence: FloatArray
    importance: FloatArray
    class_index: NDArray[np.int32]
    strong: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.confidence)

    def take(self, rows: NDArray[np.bool_]) -> ImageBoxes:
        """Only the boxes where ``rows`` (bool, (n,)) is true."""
        return ImageBoxes(
            self.boxes[rows], self.confidence[rows], self.importance[rows], self.class_index[rows], self.strong[rows]
        )


class RunIndex:
    """Positions are places in ``run.images``; they are what travels between Python and the browser instead of ids."""

    def __init__(self, run: Run) -> None:
        self.run = run
        images = run.images
        self.ids: list[str] = images["image_id"].astype(str).tolist()
        self.positions = pd.Index(self.ids)
        self.width = images["width"].to_numpy(np.int32)
        self.height = images["height"].to_numpy(np.int32)
        self.labels: list[str] = list(run.labels)
        self.classes: list[str] = list(run.classes)

    def __len__(self) -> int:
        return len(self.ids)

    def position(self, image_id: str) -> int:
        """Raises: UnknownNameError where the run has no such image."""
        if image_id not in self.positions:
            raise UnknownNameError("image in this run", image_id, self.ids)
        return int(self.positions.get_indexer(pd.Index([image_id]))[0])

    @property
    def probabilities(self) -> FloatArray:
        """float32 (images, labels)."""
        return self.run.probabilities

    @cached_property
    def predicted(self) -> NDArray[np.int32]:
        """int32 (images,), positions in ``labels``."""
        return pd.Index(self.labels).get_indexer(pd.Index(self.run.images["label"])).astype(np.int32)

    def has_label(self, label: str, by: str) -> NDArray[np.bool_]:
        """bool (images,): which are filed under the label, as predicted or as annotated."""
        column = self.run.images["label" if by == "prediction" else "annotation"]
        return (column == label).fillna(False).to_numpy(bool)

    def order(self, wanted: Filter, settings: Settings, sort: str = "corpus") -> NDArray[np.uint32]:
        """The positions of the images of ``wanted``, in the order that ``sort`` names."""
        chosen = np.flatnonzero(self._mask(wanted, settings))
        if sort == "probability":
            label = wanted.cell[1] if wanted.cell else wanted.label
            column = self.labels.index(label) if label in self.labels else self.predicted[chosen]
            key = self.probabilities[chosen, column]
        elif sort == "importance":
            object_class = wanted.cell[0] if wanted.cell else wanted.object_class
            key = self._greatest_importance(object_class, settings)[chosen]
        else:
            return chosen.astype(np.uint32)
        return chosen[np.argsort(-key, kind="stable")].astype(np.uint32)

    def total(self, wanted: Filter, settings: Settings) -> int:
        """Of how many images those of :meth:`order` are a part: those of the label, else all."""
        label = wanted.cell[1] if wanted.cell else wanted.label if wanted.object_class else None
        if label is None:
            return len(self)
        return int(np.count_nonzero(self.has_label(label, settings.by)))

    def _mask(self, wanted: Filter, settings: Settings) -> NDArray[np.bool_]:
        if wanted.cell is not None:
            association = self.run.association(
                method=settings.method,
                score=settings.score,
                threshold=settings.threshold,
                min_confidence=settings.min_confidence,
                by=settings.by,
            )
            mask = np.zeros(len(self), bool)
            mask[self.positions.get_indexer(pd.Index(association.contributors(*wanted.cell)))] = True
            return mask
        mask = np.ones(len(self), bool)
        if wanted.label is not None:
            mask &= self.has_label(wanted.label, settings.by)
        if wanted.object_class is not None:
            found = self._box_class == self.classes.index(wanted.object_class)
            found &= self._box_confidence >= settings.min_confidence
            present = np.zeros(len(self), bool)
            present[self._box_image[found]] = True
            mask &= present
        return mask

    def _greatest_importance(self, object_class: str | None, settings: Settings) -> FloatArray:
        greatest = np.full(len(self), -1.0, np.float32)
        rows = self._box_confidence >= settings.min_confidence
        if object_class is not None:
            rows &= self._box_class == self.classes.index(object_class)
        importance = np.nan_to_num(self._importance(settings)[rows], nan=-1.0)
        np.maximum.at(greatest, self._box_image[rows], importance)
        return greatest

    def boxes(self, position: int, wanted: Filter, settings: Settings) -> ImageBoxes:
        """The boxes of an image from the confidence asked for; strong are those that count (and match the class)."""
        rows = self._box_order[self._box_start[position] : self._box_start[position + 1]]
        rows = rows[self._box_confidence[rows] >= settings.min_confidence]
        importance = self._importance(settings)[rows]
        classes = self._box_class[rows]
        strong = np.nan_to_num(importance, nan=-1.0) > settings.threshold
        object_class = wanted.cell[0] if wanted.cell else wanted.object_class
        if object_class is not None:
            right = classes == self.classes.index(object_class)
            # A class filter alone asks what is in the picture, so every such box is what it is about.
            strong = right & (strong if wanted.cell else np.ones_like(right))
        return ImageBoxes(self._box_corners[rows], self._box_confidence[rows], importance, classes, strong)

    def cam(self, position: int, method: str) -> Cam | None:
        """The map of the image's predicted label, or None where the run has none of this method."""
        if method not in self.run.methods:
            return None
        try:
            return self.run.grid(self.ids[position], method)
        except EmocamError:  # the run goes on adding maps part by part: this image's is not there yet
            return None

    def _importance(self, settings: Settings) -> FloatArray:
        """float32 (boxes,); NaN where nothing explains the images at all."""
        if settings.method not in self.run.methods:
            return np.full(len(self.run.boxes), np.nan, np.float32)
        return self.run.importance(settings.method, settings.score)

    @cached_property
    def _box_image(self) -> NDArray[np.intp]:
        return self.positions.get_indexer(pd.Index(self.run.boxes["image_id"]))

    @cached_property
    def _box_class(self) -> NDArray[np.int32]:
        return pd.Index(self.classes).get_indexer(pd.Index(self.run.boxes["object_class"])).astype(np.int32)

    @cached_property
    def _box_confidence(self) -> FloatArray:
        return self.run.boxes["confidence"].to_numpy(np.float32)

    @cached_property
    def _box_corners(self) -> FloatArray:
        return self.run.boxes[["x0", "y0", "x1", "y1"]].to_numpy(np.float32)

    @cached_property
    def _box_order(self) -> NDArray[np.intp]:
        """Rows of the boxes table by image, within an image the most confident first."""
        return np.lexsort((-self._box_confidence, self._box_image))

    @cached_property
    def _box_start(self) -> NDArray[np.intp]:
        return np.searchsorted(self._box_image[self._box_order], np.arange(len(self) + 1))
