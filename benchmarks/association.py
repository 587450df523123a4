"""`association`: a million boxes aggregated once, and every threshold after it, against the pandas way of each."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd

from benchmarks.core import Figure, Figures
from emocam_widgets.analysis.association import Aggregate

BOXES, IMAGES, CLASSES, LABELS = 1_000_000, 25_000, 601, 20
THRESHOLDS = (0.3, 0.1, 0.5, 0.7, 0.2)
REPEATS = 10  # of a threshold, which is too short to be timed once

_T = TypeVar("_T")


def measure() -> Figures:
    """The two ways take turns at each threshold; ratios are paired within a turn, and their median is reported.

    The two absolute figures are processor time, the least of several: the work is one thread's, so on an idle machine
    that is the time on the clock, and on a busy one it does not count what others do.
    """
    images, boxes = _tables()
    labels, classes = [f"label {i}" for i in range(LABELS)], [f"class {i}" for i in range(CLASSES)]

    def aggregated() -> Aggregate:
        return Aggregate(images, boxes, boxes["importance"], labels=labels, classes=classes)

    first, at, ratios = [], [], []
    for threshold in THRESHOLDS:
        seconds, aggregate = _timed(aggregated, time.process_time)
        first.append(seconds)

        def ours(aggregate: Aggregate = aggregate, threshold: float = threshold) -> pd.DataFrame:
            return aggregate.at(threshold).counts

        def theirs(threshold: float = threshold) -> pd.DataFrame:
            return _by_pandas(images, boxes, threshold)

        before, _ = _timed(theirs)
        own = [_timed(ours)[0] for _ in range(REPEATS)]
        after, expected = _timed(theirs)
        at.append(min(_timed(ours, time.process_time)[0] for _ in range(REPEATS)))
        ratios.append((before + after) / 2 / statistics.median(own))
        expected = expected.reindex(index=classes, columns=labels, fill_value=0)
        if not np.array_equal(ours().to_numpy(), expected.to_numpy()):
            raise RuntimeError(f"the two ways differ at a threshold of {threshold}")
    return {
        "first_seconds": Figure(min(first), 1.0, "most", "processor seconds to aggregate a million boxes once"),
        "threshold_ms": Figure(1000 * max(at), 5.0, "most", "processor milliseconds for any threshold after that"),
        "ratio": Figure(statistics.median(ratios), 50, "least", "times as fast at a threshold as the pandas way"),
    }


def _by_pandas(images: pd.DataFrame, boxes: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """The association as one writes it down: filter, drop duplicates, join the labels, count, unstack."""
    counting = boxes.loc[boxes["importance"] > np.float32(threshold), ["image_id", "object_class"]].drop_duplicates()
    pairs = counting.merge(images, on="image_id")
    return pairs.groupby(["object_class", "label"]).size().unstack(fill_value=0)


def _tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Images and boxes with unequal labels and classes, as real ones are."""
    rng = np.random.default_rng(0)
    ids = np.array([f"{i:06d}.jpg" for i in range(IMAGES)], dtype=object)
    share = 1 / np.arange(1, CLASSES + 1)
    label, object_class = rng.integers(0, LABELS, IMAGES), rng.choice(CLASSES, BOXES, p=share / share.sum())
    images = pd.DataFrame({"image_id": ids, "label": [f"label {i}" for i in label]}).astype("str")
    boxes = pd.DataFrame(
        {
            "image_id": ids[np.sort(rng.integers(0, IMAGES, BOXES))],
            "object_class": np.array([f"class {i}" for i in range(CLASSES)], dtype=object)[object_class],
        }
    ).astype("str")
    boxes["confidence"] = rng.random(BOXES, dtype=np.float32)
    boxes["importance"] = rng.random(BOXES, dtype=np.float32)
    return images, boxes


def _timed(work: Callable[[], _T], clock: Callable[[], float] = time.perf_counter) -> tuple[float, _T]:
    start = clock()
    found = work()
    return clock() - start, found
