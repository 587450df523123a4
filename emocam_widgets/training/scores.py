"""What a trained classifier is worth on pictures that its training never saw, in a few numbers.

The whole tables, per data set and with intervals, are `emocam evaluate`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class AffectScore:
    """Accuracy and macro F1 (0..1) over ``n`` pictures, recall per label, and what always answering one label gets."""

    accuracy: float
    macro_f1: float
    majority: float
    n: int
    recall: dict[str, float]


def affect_score(found: NDArray[np.int64], right: NDArray[np.int64], labels: Sequence[str]) -> AffectScore:
    """The score of label indices that a classifier found, (n,), against the right ones, (n,), by scikit-learn."""
    from sklearn.metrics import accuracy_score, f1_score, recall_score

    numbers = range(len(labels))
    recall = recall_score(right, found, labels=numbers, average=None, zero_division=0)
    return AffectScore(
        accuracy=float(accuracy_score(right, found)),
        macro_f1=float(f1_score(right, found, labels=numbers, average="macro", zero_division=0)),
        majority=float(np.bincount(right).max() / len(right)),
        n=len(right),
        recall={label: float(value) for label, value in zip(labels, recall, strict=True)},
    )
