"""Which images of a run answer to a filter, and in what order: pure functions over the arrays of a `RunIndex`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.types import FloatArray

if TYPE_CHECKING:
    from emocam_widgets.widgets.run_index import RunIndex

Mask = NDArray[np.bool_]
Sort = Literal["corpus", "probability", "importance", "disagreement", "name"]
SORTS: tuple[Sort, ...] = ("corpus", "probability", "importance", "disagreement", "name")


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
    """Which images; all conditions must hold, and one that is not set holds for every image.

    Attributes:
        cell: contributors of this (object class, label) of the association matrix.
        label: filed under it, as predicted or annotated (``Settings.by``).
        annotation: annotated so: by somebody in the browser, else by the corpus.
        object_class, confidence, importance: one box must be of this class (else, of the cell's), at least this
            confident, and of an importance from low to high, both included.
        disagreement: annotated, and not as predicted.
        text: each of its words is in the image's id, label or annotation, whatever the case.
        images: one of these ids.
    """

    cell: tuple[str, str] | None = None
    label: str | None = None
    annotation: str | None = None
    object_class: str | None = None
    confidence: float | None = None
    importance: tuple[float, float] | None = None
    disagreement: bool = False
    text: str = ""
    images: frozenset[str] | None = None

    @property
    def about_boxes(self) -> bool:
        """Whether it asks for a box of some kind, apart from the cell."""
        return self.object_class is not None or self.confidence is not None or self.importance is not None

    @property
    def box_class(self) -> str | None:
        """The class that the box must be of."""
        return self.object_class or (self.cell[0] if self.cell else None)

    @property
    def box_label(self) -> str | None:
        """The label that the images are filed under, by the cell or by themselves."""
        return self.cell[1] if self.cell else self.label


def filtered(index: RunIndex, wanted: Filter, settings: Settings) -> Mask:
    """bool (images,): which answer to all conditions."""
    mask = np.ones(len(index), bool)
    if wanted.cell is not None:
        mask &= index.contributors(wanted.cell, settings)
    if wanted.label is not None:
        mask &= index.has_label(wanted.label, settings.by)
    if wanted.annotation is not None:
        mask &= index.annotated_as(wanted.annotation)
    if wanted.about_boxes:
        present = np.zeros(len(index), bool)
        present[index.box_image[answering_boxes(index, wanted, settings)]] = True
        mask &= present
    if wanted.disagreement:
        mask &= (index.annotated >= 0) & (index.annotated != index.predicted)
    for word in wanted.text.casefold().split():
        mask &= _mentions(index, word)
    if wanted.images is not None:
        mask &= index.positions.isin(wanted.images)
    return mask


def answering_boxes(index: RunIndex, wanted: Filter, settings: Settings) -> Mask:
    """bool (boxes,): which answer to the conditions on boxes."""
    rows = index.box_confidence >= np.float32(max(settings.min_confidence, wanted.confidence or 0.0))
    rows &= index.box_image >= 0
    if wanted.box_class is not None:
        rows &= index.box_class == index.classes.index(wanted.box_class)
    if wanted.importance is not None:
        low, high = np.float32(wanted.importance[0]), np.float32(wanted.importance[1])
        importance = index.importance(settings)
        rows &= (importance >= low) & (importance <= high)
    return rows


def ordered(
    index: RunIndex, wanted: Filter, settings: Settings, sort: str = "corpus", reverse: bool = False
) -> NDArray[np.uint32]:
    """The positions of the images of ``wanted`` in the order that ``sort`` names; what it says nothing of comes last.

    Greatest first, but "corpus" and "name", which count upwards; ``reverse`` is the other way round. Disagreement is
    the probability of the predicted label less that of the annotated one.
    """
    chosen = np.flatnonzero(filtered(index, wanted, settings))
    key = _sort_key(index, chosen, wanted, settings, sort)
    known = np.isfinite(key)
    rank = np.argsort(key[known] if reverse else -key[known], kind="stable")
    return np.concatenate([chosen[known][rank], chosen[~known]]).astype(np.uint32)


def total(index: RunIndex, wanted: Filter, settings: Settings) -> int:
    """Of how many images those of :func:`filtered` are a part: those of the label, where one more thing is asked of
    them, else all."""
    one_more = wanted.cell is not None or wanted.object_class is not None
    if wanted.box_label is None or not one_more:
        return len(index)
    return int(np.count_nonzero(index.has_label(wanted.box_label, settings.by)))


def _sort_key(
    index: RunIndex, chosen: NDArray[np.intp], wanted: Filter, settings: Settings, sort: str
) -> NDArray[np.floating]:
    """(chosen,): the greatest comes first; NaN where nothing is known."""
    if sort == "probability":
        label = wanted.box_label
        column = index.labels.index(label) if label in index.labels else index.predicted[chosen]
        return index.probabilities[chosen, column]
    if sort == "importance":
        return _greatest_importance(index, wanted.box_class, settings)[chosen]
    if sort == "disagreement":
        return _disagreement(index)[chosen]
    return -(index.name_rank if sort == "name" else np.arange(len(index)))[chosen].astype(np.float64)


def _greatest_importance(index: RunIndex, object_class: str | None, settings: Settings) -> FloatArray:
    greatest = np.full(len(index), -np.inf, np.float32)
    rows = (index.box_confidence >= np.float32(settings.min_confidence)) & (index.box_image >= 0)
    if object_class is not None:
        rows &= index.box_class == index.classes.index(object_class)
    importance = np.nan_to_num(index.importance(settings)[rows], nan=-np.inf)
    np.maximum.at(greatest, index.box_image[rows], importance)
    return greatest


def _disagreement(index: RunIndex) -> FloatArray:
    rows = np.arange(len(index))
    annotated = index.annotated_label
    sure = index.probabilities[rows, index.predicted]
    given = np.where(annotated >= 0, index.probabilities[rows, np.maximum(annotated, 0)], np.nan)
    return (sure - given).astype(np.float32)


def _mentions(index: RunIndex, word: str) -> Mask:
    """bool (images,): whose id, predicted label or annotation holds the word (casefolded)."""

    def named(names: list[str], codes: NDArray[np.int32]) -> Mask:
        holds = np.array([word in name.casefold() for name in names] + [False])
        return holds[codes]  # -1, no name, is the last

    in_id = index.folded_ids.str.contains(word, regex=False).to_numpy(bool)
    return in_id | named(index.labels, index.predicted) | named(index.annotation_names, index.annotated)


def natural_rank(ids: list[str]) -> NDArray[np.int64]:
    """(ids,): each one's place by file name as a person counts: photo2 before photo10, whatever the case."""
    names = pd.Series(ids, dtype=object).str.rsplit("/", n=1).str[-1].str.casefold()
    padded = names.str.replace(r"\d+", lambda digits: digits[0].zfill(12), regex=True)
    order = np.lexsort((np.array(ids, dtype=object).astype(str), padded.to_numpy(dtype=object).astype(str)))
    rank = np.empty(len(ids), np.int64)
    rank[order] = np.arange(len(ids))
    return rank
