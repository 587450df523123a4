"""Which object classes a classifier's labels go with: EmoCAM's association matrix (Sec. 2), lift and images.

An image counts once per class however many of its boxes count, so only the greatest importance per image and class
matters. :class:`Aggregate` takes those once; each threshold after that is a binary search per cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from emocam_widgets.errors import EmocamError, known_name

Codes: TypeAlias = NDArray[np.int64]

PRESENCE = -1.0
"""The threshold that every box is above: the association of what is merely present, whatever the CAM says."""

MIN_CONTRIBUTORS = 5
MIN_LIFT = 2.0
MIN_FRACTION = 0.1


class Aggregate:
    """The greatest importance per image and object class, sorted for every threshold to come.

    Args:
        images: image_id and the label that each counts under, one row each; a null label counts nowhere.
        boxes: image_id, object_class and confidence, one row per box; those of other images are passed over.
        importance: (n,) one value per row of ``boxes``.
        labels: all labels, in the order of the columns to come.
        classes: all object classes, in the order of the rows to come.
        min_confidence: a box below it does not count, 0..1.

    Raises:
        EmocamError: an image's label is not in ``labels``, or a box's class not in ``classes``.
    """

    def __init__(
        self,
        images: pd.DataFrame,
        boxes: pd.DataFrame,
        importance: ArrayLike,
        *,
        labels: Sequence[str],
        classes: Sequence[str],
        min_confidence: float = 0.0,
    ) -> None:
        self.labels = tuple(labels)
        self.classes = tuple(classes)
        self.image_ids = pd.Index(images["image_id"])
        self._label_of = _codes(images["label"], self.labels, "label")
        labelled = self._label_of >= 0
        self.n_images: Codes = np.bincount(self._label_of[labelled], minlength=len(self.labels))
        values = np.asarray(importance, dtype=np.float32)
        if len(values) != len(boxes):
            raise ValueError(f"{len(values)} importances for {len(boxes)} boxes")
        image = _positions(boxes["image_id"], self.image_ids)
        object_class = _codes(boxes["object_class"], self.classes, "object class")
        kept = (boxes["confidence"].to_numpy() >= np.float32(min_confidence)) & (image >= 0) & (object_class >= 0)
        kept &= np.where(image >= 0, labelled[image], False) if len(labelled) else False
        self._greatest(image[kept], object_class[kept], values[kept])

    def _greatest(self, image: Codes, object_class: Codes, values: NDArray[np.float32]) -> None:
        n_images = max(len(self.image_ids), 1)
        pair = object_class * n_images + image
        order = np.argsort(pair)
        pair = pair[order]
        first = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]])) if len(pair) else np.zeros(0, np.int64)
        greatest = np.maximum.reduceat(values[order], first) if len(first) else np.zeros(0, np.float32)
        object_class, image = np.divmod(pair[first], n_images)
        cell = object_class * len(self.labels) + self._label_of[image]
        # A threshold becomes a rank among the distinct values; (cell, rank) as one sorted integer key then answers "how
        # many of this cell are above" for all cells by one searchsorted, exactly.
        self._distinct, rank = np.unique(greatest, return_inverse=True)
        key = cell * (len(self._distinct) + 1) + rank
        order = np.argsort(key)
        self._key: Codes = key[order]
        self._image: Codes = image[order]
        n_cells = len(self.classes) * len(self.labels)
        self._bounds: Codes = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=n_cells))]).astype(np.int64)

    def __len__(self) -> int:
        """How many pairs of image and object class have a box."""
        return len(self._key)

    def counts(self, threshold: float) -> Codes:
        """(classes, labels): the images with a box of that class whose importance is above ``threshold``.

        The comparison is made in float32, as ``importance > threshold`` on the float32 importance is.
        """
        above = self._bounds[1:] - self._first_above(np.arange(len(self._bounds) - 1), threshold)
        return above.reshape(len(self.classes), len(self.labels))

    def contributors(self, class_index: int, label_index: int, threshold: float) -> list[str]:
        """The ids of the images that a cell counts, in the order of the images."""
        cell = class_index * len(self.labels) + label_index
        start = self._first_above(np.array([cell]), threshold)[0]
        return self.image_ids[np.sort(self._image[start : self._bounds[cell + 1]])].tolist()

    def counting(self, threshold: float) -> Counting:
        """Every image and cell that counts above ``threshold``: what resampling the images needs."""
        cell, rank = np.divmod(self._key, len(self._distinct) + 1)
        above = rank >= self._rank(threshold)
        return Counting(self._image[above], cell[above])

    @cached_property
    def present(self) -> Codes:
        """(classes, labels): the label's images in which the class has a box, wherever the map is."""
        return self.counts(PRESENCE)

    def quantile(self, share: float) -> float:
        """What this share (0..1) of the greatest importances per image and object class is at most; 0 without any."""
        if not len(self._key):
            return 0.0
        rank = self._key % (len(self._distinct) + 1)
        place = min(int(share * len(rank)), len(rank) - 1)
        return float(self._distinct[np.partition(rank, place)[place]])

    def greatest(self) -> Greatest:
        """The greatest importance per image and object class: all that any threshold asks of a box table."""
        cell, rank = np.divmod(self._key, len(self._distinct) + 1)
        return Greatest(self._image, cell // max(len(self.labels), 1), self._distinct[rank])

    @property
    def label_of(self) -> Codes:
        """(images,): the index of the label that each image counts under, -1 for one that counts nowhere."""
        return self._label_of

    def at(self, threshold: float) -> Association:
        """The association at a threshold.

        Raises:
            EmocamError: it is not a number.
        """
        return Association(self, float(threshold), self.counts(threshold))

    def _first_above(self, cells: Codes, threshold: float) -> Codes:
        return np.searchsorted(self._key, cells * (len(self._distinct) + 1) + self._rank(threshold))

    def _rank(self, threshold: float) -> int:
        """How many of the distinct values are not above ``threshold``."""
        if np.isnan(threshold):
            raise EmocamError("The threshold of importance is not a number; expected one such as 0.3.")
        return int(np.searchsorted(self._distinct, np.float32(threshold), side="right"))


@dataclass(frozen=True, eq=False)
class Counting:
    """Which images count in which cells, once each.

    Attributes:
        image: (n,), positions in the aggregate's ``image_ids``.
        cell: (n,), object class times the number of labels plus label.
    """

    image: Codes
    cell: Codes


@dataclass(frozen=True, eq=False)
class Greatest:
    """Every pair of an image and an object class that has a box, once each.

    Attributes:
        image: (n,), positions in the aggregate's ``image_ids``.
        object_class: (n,), positions in its ``classes``.
        importance: float32 (n,), the greatest of the class's boxes in the image.
    """

    image: Codes
    object_class: Codes
    importance: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Association:
    """Object classes by labels at one threshold. Rows and columns are all classes and labels of the run, in its order.

    Attributes:
        threshold: a box counts where its importance is above it.
        matrix: int64 (classes, labels), the numbers behind ``counts``.
    """

    aggregate: Aggregate
    threshold: float
    matrix: Codes

    @property
    def classes(self) -> tuple[str, ...]:
        """The rows."""
        return self.aggregate.classes

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns."""
        return self.aggregate.labels

    @cached_property
    def n_images(self) -> pd.Series:
        """Images per label, those without any box included."""
        return pd.Series(self.aggregate.n_images, index=self._label_index, name="n_images")

    @cached_property
    def counts(self) -> pd.DataFrame:
        """M_A: the images of the label in which the class has at least one box that counts."""
        return self._frame(self.matrix)

    @cached_property
    def fractions(self) -> pd.DataFrame:
        """M'_A: counts divided by the images of the label, 0..1; 0 for a label without images."""
        return self._frame(_ratio(self.matrix, self.aggregate.n_images))

    @cached_property
    def elsewhere(self) -> pd.DataFrame:
        """The fraction over the images of all other labels together, 0..1; 0 where there are none."""
        return self._frame(_ratio(self._others, self._other_images))

    @cached_property
    def lift(self) -> pd.DataFrame:
        """The label's fraction over the fraction in all other labels: 1 where the label makes no difference.

        Always finite. Where no image of another label counts, half an image is taken to (the usual continuity
        correction), so that the lift is large and grows with the evidence. Where there is no image of another label to
        compare with, it is 1. Where the cell itself is empty, it is 0.
        """
        comparison = _ratio(np.maximum(self._others, 0.5), self._other_images)
        fractions = self.fractions.to_numpy()
        lift = np.divide(fractions, comparison, out=np.ones_like(fractions), where=comparison > 0)
        return self._frame(np.where(self.matrix > 0, lift, 0.0))

    @property
    def present_matrix(self) -> Codes:
        """The numbers behind ``present``."""
        return self.aggregate.present

    @cached_property
    def present(self) -> pd.DataFrame:
        """The images of the label in which the class has a box, wherever the map is."""
        return self._frame(self.present_matrix)

    @cached_property
    def given_presence(self) -> pd.DataFrame:
        """Counts over ``present``, 0..1: how often the class counts where there is one; nan where there never is."""
        present = self.present_matrix
        return self._frame(np.divide(self.matrix, present, out=np.full(present.shape, np.nan), where=present > 0))

    def top(self, k: int = 25) -> pd.DataFrame:
        """``fractions`` of the k classes with the greatest mean over the labels (the paper's selection, Sec. 3.1).

        Greatest first; classes that never count are left out, so there may be fewer.
        """
        means = self.fractions.to_numpy().mean(axis=1) if self.labels else np.zeros(len(self.classes))
        order = np.argsort(-means, kind="stable")[: max(int(k), 0)]
        return self.fractions.iloc[order[means[order] > 0]]

    def contributors(self, object_class: str, label: str) -> list[str]:
        """The ids of the images that the cell counts, in the run's order.

        Raises:
            UnknownNameError: there is no such class or label; the nearest is named.
        """
        row = self.classes.index(known_name("object class", object_class, self.classes))
        column = self.labels.index(known_name("label", label, self.labels))
        return self.aggregate.contributors(row, column, self.threshold)

    def strong(
        self,
        min_contributors: int = MIN_CONTRIBUTORS,
        min_lift: float = MIN_LIFT,
        min_fraction: float = MIN_FRACTION,
    ) -> pd.DataFrame:
        """The cells that stand out, greatest difference between fraction and elsewhere first.

        Never one with fewer than five contributors, whatever ``min_contributors`` says.

        Returns:
            object_class, label, count, n_images, fraction, elsewhere, lift; one row per cell.
        """
        cells = self.cells()
        strong = cells[
            (cells["count"] >= max(min_contributors, MIN_CONTRIBUTORS))
            & (cells["lift"] >= min_lift)
            & (cells["fraction"] >= min_fraction)
        ]
        difference = strong["fraction"] - strong["elsewhere"]
        return strong.loc[difference.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)

    def cells(self) -> pd.DataFrame:
        """Every cell as one row: object_class, label, count, n_images, fraction, elsewhere, lift."""
        n_classes, n_labels = self.matrix.shape
        return pd.DataFrame(
            {
                "object_class": np.repeat(np.array(self.classes, dtype=object), n_labels),
                "label": np.tile(np.array(self.labels, dtype=object), n_classes),
                "count": self.matrix.ravel(),
                "n_images": np.tile(self.aggregate.n_images, n_classes),
                "fraction": self.fractions.to_numpy().ravel(),
                "elsewhere": self.elsewhere.to_numpy().ravel(),
                "lift": self.lift.to_numpy().ravel(),
            }
        )

    @cached_property
    def _others(self) -> Codes:
        return self.matrix.sum(axis=1, keepdims=True) - self.matrix

    @property
    def _other_images(self) -> Codes:
        return self.aggregate.n_images.sum() - self.aggregate.n_images

    @property
    def _label_index(self) -> pd.Index:
        return pd.Index(self.labels, name="label")

    def _frame(self, values: NDArray[np.number]) -> pd.DataFrame:
        return pd.DataFrame(values, index=pd.Index(self.classes, name="object_class"), columns=self._label_index)


def _ratio(numerator: NDArray[np.number], per_label: Codes) -> NDArray[np.float64]:
    return np.divide(numerator, per_label, out=np.zeros(numerator.shape), where=per_label > 0)


def _positions(values: pd.Series, index: pd.Index) -> Codes:
    """Where each value stands in ``index``, -1 where it does not."""
    codes, distinct = pd.factorize(values)  # far fewer distinct values than rows: only those are looked up
    found = index.get_indexer(pd.Index(distinct))
    return np.where(codes >= 0, found[codes], -1).astype(np.int64) if len(found) else np.full(len(codes), -1, np.int64)


def _codes(values: pd.Series, names: Sequence[str], kind: str) -> Codes:
    """The index of each value in ``names``, -1 for null.

    Raises:
        EmocamError: a value is not among them.
    """
    codes = _positions(values, pd.Index(list(names), dtype=object))
    unknown = (codes < 0) & values.notna().to_numpy()
    if unknown.any():
        raise EmocamError(f"The tables hold the {kind} {values[unknown].iloc[0]!r}, which the run does not list.")
    return codes
