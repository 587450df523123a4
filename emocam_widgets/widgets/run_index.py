"""A run's tables as arrays by image, for what a browser asks again and again: which images, in what order, what boxes.

It looks things up and knows nothing of widgets; what counts as a contributor is answered by the run's association.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.analysis.importance import cam_importance
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.run.grids import stored_masks
from emocam_widgets.types import Cam, FloatArray
from emocam_widgets.widgets.image_filter import Filter, Settings, natural_rank, ordered, total

if TYPE_CHECKING:
    from emocam_widgets.run import Run


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
    """Positions are places in ``run.images``; they are what travels between Python and the browser instead of ids.

    Attributes:
        annotation_names: every label that an image is annotated with, and the classifier's labels first.
        annotated: int32 (images,), positions in ``annotation_names``; -1 for no annotation. What people say in the
            browser (`annotate`) stands in the place of what the corpus says.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        images = run.images
        self.ids: list[str] = images["image_id"].astype(str).tolist()
        self.positions = pd.Index(self.ids)
        self.width = images["width"].to_numpy(np.int32)
        self.height = images["height"].to_numpy(np.int32)
        self.labels: list[str] = list(run.labels)
        self.classes: list[str] = list(run.classes)
        self.annotation_names: list[str] = list(dict.fromkeys([*self.labels, *run.annotations]))
        self._stored = pd.Index(self.annotation_names).get_indexer(pd.Index(images["annotation"])).astype(np.int32)
        self.annotated: NDArray[np.int32] = self._stored.copy()

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
        """int32 (images,), positions in ``labels``, which are the same in ``annotation_names``."""
        return pd.Index(self.labels).get_indexer(pd.Index(self.run.images["label"])).astype(np.int32)

    @property
    def annotated_label(self) -> NDArray[np.int32]:
        """int32 (images,), positions in ``labels``; -1 without an annotation, or with one that is none of them."""
        return np.where(self.annotated < len(self.labels), self.annotated, -1).astype(np.int32)

    def annotation(self, position: int) -> str | None:
        """What the image is annotated with, in the browser or by the corpus."""
        code = int(self.annotated[position])
        return self.annotation_names[code] if code >= 0 else None

    def annotate(self, changes: Mapping[str, str | None]) -> list[int]:
        """Takes over labels that people gave; None is what the corpus says. Ids that the run has not are passed over.

        Returns:
            the positions of the images.
        """
        for label in changes.values():
            if label is not None and label not in self.annotation_names:
                self.annotation_names.append(label)
        found = self.positions.get_indexer(pd.Index(list(changes)))
        code = {name: i for i, name in enumerate(self.annotation_names)}
        for position, label in zip(found, changes.values(), strict=True):
            if position >= 0:
                self.annotated[position] = self._stored[position] if label is None else code[label]
        return [int(position) for position in found if position >= 0]

    def has_label(self, label: str, by: str) -> NDArray[np.bool_]:
        """bool (images,): which are filed under the label, as predicted or as the corpus has annotated them."""
        codes = self.predicted if by == "prediction" else self._stored
        return codes == (self.annotation_names.index(label) if label in self.annotation_names else -2)

    def annotated_as(self, label: str) -> NDArray[np.bool_]:
        """bool (images,): which are annotated so, in the browser or by the corpus."""
        return self.annotated == (self.annotation_names.index(label) if label in self.annotation_names else -2)

    def contributors(self, cell: tuple[str, str], settings: Settings) -> NDArray[np.bool_]:
        """bool (images,): which the (object class, label) of the association counts."""
        association = self.run.association(
            method=settings.method,
            score=settings.score,
            threshold=settings.threshold,
            min_confidence=settings.min_confidence,
            by=settings.by,
        )
        mask = np.zeros(len(self), bool)
        mask[self.positions.get_indexer(pd.Index(association.contributors(*cell)))] = True
        return mask

    def order(
        self, wanted: Filter, settings: Settings, sort: str = "corpus", reverse: bool = False
    ) -> NDArray[np.uint32]:
        """:func:`image_filter.ordered`."""
        return ordered(self, wanted, settings, sort, reverse)

    def total(self, wanted: Filter, settings: Settings) -> int:
        """:func:`image_filter.total`."""
        return total(self, wanted, settings)

    def boxes(self, position: int, wanted: Filter, settings: Settings, cam: Cam | None = None) -> ImageBoxes:
        """The boxes of an image from the confidence asked for; strong are those that count (and answer to the filter).

        Args:
            cam: the map that importance is of, where it is not that of the predicted label by ``settings.method``.
        """
        rows = self._box_order[self._box_start[position] : self._box_start[position + 1]]
        rows = rows[self.box_confidence[rows] >= np.float32(settings.min_confidence)]
        importance = self.importance(settings)[rows]
        classes, confidence, corners = self.box_class[rows], self.box_confidence[rows], self._box_corners[rows]
        counts = np.nan_to_num(importance, nan=-1.0) > np.float32(settings.threshold)
        strong = self._answering(classes, confidence, importance, counts, wanted)
        if cam is not None:
            size = int(self.width[position]), int(self.height[position])
            masks = stored_masks(self.run.boxes["mask"].iloc[rows]) if settings.score == "mask-mean" else None
            importance = cam_importance(cam, corners, *size, settings.score, masks)
        return ImageBoxes(corners, confidence, importance, classes, strong)

    def _answering(
        self,
        classes: NDArray[np.int32],
        confidence: FloatArray,
        importance: FloatArray,
        counts: NDArray[np.bool_],
        wanted: Filter,
    ) -> NDArray[np.bool_]:
        """bool (n,): the boxes that the filter is about; without one that asks for boxes, those that count."""
        if wanted.cell is None and not wanted.about_boxes:
            return counts
        strong = np.zeros(len(classes), bool)
        if wanted.cell is not None:
            strong |= (classes == self.classes.index(wanted.cell[0])) & counts
        if wanted.about_boxes:
            # A class filter alone asks what is in the picture, so every such box is what it is about.
            right = confidence >= np.float32(wanted.confidence or 0.0)
            if wanted.importance is not None:
                low, high = np.float32(wanted.importance[0]), np.float32(wanted.importance[1])
                right &= (importance >= low) & (importance <= high)
            if wanted.box_class is not None:
                right &= classes == self.classes.index(wanted.box_class)
            strong = strong & right if wanted.cell and wanted.object_class is None else strong | right
        return strong

    def cam(self, position: int, method: str, target: str | None = None) -> Cam | None:
        """The map of a label (by default the predicted), or None where the run has none of this method and label."""
        if method not in self.run.methods:
            return None
        try:
            return self.run.grid(self.ids[position], method, target)
        except EmocamError:  # the run goes on adding maps part by part: this image's is not there yet
            return None

    def importance(self, settings: Settings) -> FloatArray:
        """float32 (boxes,); NaN where nothing explains the images at all."""
        if settings.method not in self.run.methods:
            return np.full(len(self.run.boxes), np.nan, np.float32)
        return self.run.importance(settings.method, settings.score)

    def warm(self, settings: Settings) -> None:
        """Reads and computes what the first boxes need, so that nobody waits for it later."""
        self.importance(settings)
        if len(self):
            self.boxes(0, Filter(), settings)
            self.cam(0, settings.method)

    @cached_property
    def box_image(self) -> NDArray[np.intp]:
        """(boxes,): the position of each box's image."""
        # The table is sorted by image: far fewer ids than rows are looked up.
        codes, distinct = pd.factorize(self.run.boxes["image_id"])
        return self.positions.get_indexer(pd.Index(distinct))[codes]

    @cached_property
    def box_class(self) -> NDArray[np.int32]:
        """(boxes,): positions in ``classes``."""
        codes, distinct = pd.factorize(self.run.boxes["object_class"])
        return pd.Index(self.classes).get_indexer(pd.Index(distinct))[codes].astype(np.int32)

    @cached_property
    def box_confidence(self) -> FloatArray:
        """(boxes,): 0..1."""
        return self.run.boxes["confidence"].to_numpy(np.float32)

    @cached_property
    def folded_ids(self) -> pd.Series:
        """The image ids for searching, whatever the case."""
        return pd.Series(self.ids, dtype="str").str.casefold()

    @cached_property
    def name_rank(self) -> NDArray[np.int64]:
        """(images,): each one's place by file name."""
        return natural_rank(self.ids)

    @cached_property
    def _box_corners(self) -> FloatArray:
        return self.run.boxes[["x0", "y0", "x1", "y1"]].to_numpy(np.float32)

    @cached_property
    def _box_order(self) -> NDArray[np.intp]:
        """Rows of the boxes table by image, within an image the most confident first."""
        return np.lexsort((-self.box_confidence, self.box_image))

    @cached_property
    def _box_start(self) -> NDArray[np.intp]:
        return np.searchsorted(self.box_image[self._box_order], np.arange(len(self) + 1))
