"""How well predicted labels agree with annotated ones: the second paper's tables, with intervals and a baseline.

It starts from labels; making predictions, and reading annotations, is not done here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError

MACRO, WEIGHTED, ACCURACY = "macro average", "weighted average", "accuracy"
MEASURES = ("precision", "recall", "f1-score")
SUPPORT = "support"
COMBINED = "all together"
CONFIDENCE = 0.95
RESAMPLES = 2000
WIDE = 0.2
"""An interval of the accuracy that is wider than this tells models apart only where they differ by a lot."""

_VALUES_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Agreement:
    """Annotated against predicted labels of the same images.

    Attributes:
        confusion: images per annotated label (rows) and predicted label (columns).
        scores: precision, recall, f1-score (0..1) and support (annotated images) per label, then the macro and the
            weighted average. The macro average is over the labels that were annotated or predicted at all.
        intervals: columns row, measure, value, low, high: each of the scores with its interval from resamples of the
            images, no number where it is undefined (a label that was never annotated), and the accuracy with Wilson's.
        baseline_label, baseline: the most often annotated label, and the accuracy of always answering it.
    """

    confusion: pd.DataFrame
    scores: pd.DataFrame
    intervals: pd.DataFrame
    baseline_label: str
    baseline: float

    @property
    def n_images(self) -> int:
        """Images with both labels."""
        return int(self.confusion.to_numpy().sum())

    @property
    def accuracy(self) -> float:
        """The share of images whose predicted label is the annotated one, 0..1."""
        return float(np.trace(self.confusion.to_numpy()) / self.n_images)

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """Its interval by Wilson, of `CONFIDENCE`."""
        low, high = self.intervals.loc[self.intervals["measure"] == ACCURACY, ["low", "high"]].to_numpy(float)[0]
        return float(low), float(high)

    @property
    def note(self) -> str | None:
        """A sentence of warning where there are so few images that the figures say little, or None."""
        low, high = self.accuracy_interval
        if high - low <= WIDE:
            return None
        return (
            f"{self.n_images} images are few: the accuracy lies anywhere between {low:.2f} and {high:.2f} "
            f"({CONFIDENCE:.0%} interval), and the scores of single labels are less certain still."
        )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A classifier or a run held to annotations, per data set and over all of them.

    Attributes:
        name: what was evaluated.
        agreements: by data set; `COMBINED` comes last where there are several.
        images: per data set, the images that were used, and those left out: without an annotation, with one that has
            no counterpart among the classifier's labels, whose file cannot be used, or is missing.
        synthetic: whether the classifier was trained on drawn scenes; what shows the evaluation says so.
    """

    name: str
    agreements: Mapping[str, Agreement]
    images: pd.DataFrame
    synthetic: bool = False

    def __getitem__(self, dataset: str) -> Agreement:
        return self.agreements[dataset]

    @property
    def summary(self) -> pd.DataFrame:
        """One row per data set: images, accuracy with its interval, the majority label and its accuracy, mean F1."""
        rows = {}
        for dataset, found in self.agreements.items():
            low, high = found.accuracy_interval
            rows[dataset] = {
                "images": found.n_images,
                ACCURACY: found.accuracy,
                "low": low,
                "high": high,
                "majority label": found.baseline_label,
                "majority accuracy": found.baseline,
                "macro F1": found.scores.loc[MACRO, "f1-score"],
                "weighted F1": found.scores.loc[WEIGHTED, "f1-score"],
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("data set")

    def table(self) -> pd.DataFrame:
        """All scores in one long table: data set, row (label or average), measure, value, low, high, support."""
        parts = []
        for dataset, found in self.agreements.items():
            part = found.intervals.copy()
            part.insert(0, "data set", dataset)
            part[SUPPORT] = part["row"].map(found.scores[SUPPORT]).fillna(found.n_images).astype(int)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; what is no number is None."""

        def told(table: pd.DataFrame) -> pd.DataFrame:
            return table.astype(object).where(table.notna(), None)

        return {
            "name": self.name,
            "synthetic": self.synthetic,
            "images": self.images.to_dict("index"),
            "data sets": {
                dataset: {
                    "accuracy": found.accuracy,
                    "accuracy interval": list(found.accuracy_interval),
                    "majority label": found.baseline_label,
                    "majority accuracy": found.baseline,
                    "scores": found.scores.to_dict("index"),
                    "intervals": told(found.intervals).to_dict("records"),
                    "labels": list(found.confusion.index),
                    "confusion": found.confusion.to_numpy().tolist(),
                    "note": found.note,
                }
                for dataset, found in self.agreements.items()
            },
        }


def agreement(
    annotated: Sequence[str],
    predicted: Sequence[str],
    labels: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Agreement:
    """The agreement of two labels per image, scored by scikit-learn; an undefined score is 0, as in the paper's tables.

    The intervals are percentiles over resamples of the images with replacement. A resample is drawn as what it does to
    the confusion matrix, a multinomial draw of its cells, which is the same and needs no loop over images.

    Args:
        annotated, predicted: one of ``labels`` per image.
        resamples: how many, at least 1.
        seed: of the resamples.

    Raises:
        EmocamError: there is no image, or an annotated label is none of ``labels``.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    if not len(annotated):
        raise EmocamError("No image has both an annotation and a prediction; there is nothing to compare.")
    if resamples < 1:
        raise EmocamError(f"resamples is {resamples}; expected at least 1.")
    unknown = sorted(set(annotated) - set(labels))
    if unknown:
        raise EmocamError(f"The annotated label {unknown[0]!r} is none of {', '.join(labels)}; map it to one of them.")
    names = list(labels)
    counts = confusion_matrix(annotated, predicted, labels=names)
    values = precision_recall_fscore_support(annotated, predicted, labels=names, average=None, zero_division=0)
    per_label = pd.DataFrame(dict(zip((*MEASURES, SUPPORT), values, strict=True)), index=names)
    used = counts.any(axis=0) | counts.any(axis=1)
    scores = pd.concat([per_label, averages(per_label[used])])
    majority = int(counts.sum(axis=1).argmax())
    return Agreement(
        pd.DataFrame(counts, index=pd.Index(names, name="annotated"), columns=pd.Index(names, name="predicted")),
        scores,
        _intervals(counts, scores, used, resamples, seed),
        names[majority],
        float(counts[majority].sum() / counts.sum()),
    )


def averages(per_label: pd.DataFrame) -> pd.DataFrame:
    """The macro and the weighted average of precision, recall and F1, rows `MACRO` and `WEIGHTED`.

    The macro average takes every label alike, the weighted one by its support: Fields' tables mix the two.

    Args:
        per_label: columns precision, recall, f1-score and support, one row per label.
    """
    measured = per_label[list(MEASURES)]
    weights = per_label[SUPPORT] / per_label[SUPPORT].sum()
    both = pd.DataFrame({MACRO: measured.mean(), WEIGHTED: measured.mul(weights, axis=0).sum()}).T
    return both.assign(**{SUPPORT: int(per_label[SUPPORT].sum())})


def _intervals(
    counts: NDArray[np.int64], scores: pd.DataFrame, used: NDArray[np.bool_], resamples: int, seed: int
) -> pd.DataFrame:
    from scipy.stats import binomtest

    drawn = [_scores(part, used) for part in _resampled(counts, resamples, seed)]
    tail = (1 - CONFIDENCE) / 2
    rows = []
    for number, measure in enumerate(MEASURES):
        values = np.concatenate([part[number] for part in drawn])
        low, high = _quantiles(values, tail)
        for row, name in enumerate(scores.index):
            rows.append((name, measure, scores[measure].iloc[row], low[row], high[row]))
    right, images = int(np.trace(counts)), int(counts.sum())
    # Resamples of images that are all right are all right too: they would call four of four certain.
    interval = binomtest(right, images).proportion_ci(CONFIDENCE, method="wilson")
    rows.append((ACCURACY, ACCURACY, right / images, float(interval.low), float(interval.high)))
    return pd.DataFrame(rows, columns=["row", "measure", "value", "low", "high"])


def _resampled(counts: NDArray[np.int64], resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """(part, k, k): the confusion matrices of resampled images, a part of them at a time."""
    generator = np.random.default_rng(seed)
    shares = counts.ravel() / counts.sum()
    step = max(1, _VALUES_AT_ONCE // counts.size)
    for start in range(0, resamples, step):
        part = min(step, resamples - start)
        yield generator.multinomial(counts.sum(), shares, size=part).reshape(part, *counts.shape)


def _scores(counts: NDArray[np.int64], used: NDArray[np.bool_]) -> tuple[NDArray[np.float64], ...]:
    """Precision, recall and F1, each (part, labels + 2 averages), of confusions (part, k, k).

    A label's score is not a number where a resample leaves it undefined; the averages take it as 0, as their values do.
    """
    right = np.diagonal(counts, axis1=1, axis2=2).astype(np.float64)
    support, predicted = counts.sum(axis=2), counts.sum(axis=1)
    weights = support / support.sum(axis=1, keepdims=True)
    columns = []
    for below in (predicted, support, (support + predicted) / 2):
        values = np.divide(right, below, out=np.full(right.shape, np.nan), where=below > 0)
        filled = np.nan_to_num(values)
        macro = filled[:, used].mean(axis=1, keepdims=True)
        columns.append(np.hstack([values, macro, (filled * weights).sum(axis=1, keepdims=True)]))
    return tuple(columns)


def _quantiles(values: NDArray[np.float64], tail: float) -> NDArray[np.float64]:
    """(2, columns): the lower and the upper end, over the resamples in which a column is a number."""
    ends = np.full((2, values.shape[1]), np.nan)
    defined = ~np.isnan(values).all(axis=0)
    if defined.any():
        ends[:, defined] = np.nanquantile(values[:, defined], [tail, 1 - tail], axis=0)
    return ends
