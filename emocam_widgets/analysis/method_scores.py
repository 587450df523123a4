"""Which method and which score of importance find what a classifier is known to use, with intervals over images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.analysis.association import MIN_CONTRIBUTORS, Aggregate
from emocam_widgets.analysis.importance import SCORES, default_threshold
from emocam_widgets.analysis.resampling import Codes, Floats, Incidence, interval, known_times, resamples
from emocam_widgets.analysis.rsa import Analysed
from emocam_widgets.analysis.truth import RANKINGS, Criteria, PairScores, score_pairs
from emocam_widgets.errors import known_name

FIGURES = ("precision", "recall", "f1", "average_precision")


def score_against_truth(
    run: Analysed,
    truth: pd.DataFrame,
    planted: pd.DataFrame,
    methods: Sequence[str] | None = None,
    scores: Sequence[str] | None = None,
    *,
    threshold: float | None = None,
    min_confidence: float | None = None,
    criteria: Criteria | None = None,
    bootstrap: int = 500,
    shuffles: int = 20,
    level: float = 0.95,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> pd.DataFrame:
    """Precision, recall, F1 and average precision of (object class, label) pairs, one row per method and score.

    The intervals are over the images that are counted; the truth is taken as known. Precision, recall and F1 depend on
    where the cuts happen to lie; the average precision only on the threshold of importance. A resample is noisier than
    the images themselves, so more cells cross the cuts by chance: the percentile intervals of precision lie low, and
    may even leave out the value.

    Args:
        run: an opened run.
        truth, planted, criteria: as in `analysis.truth.score_pairs`.
        methods: by default all of the run's.
        scores: names in SCORES, by default all.
        threshold: of importance, for every score; by default each score's own.
        min_confidence: as in `Run.association`.
        bootstrap: resamples of the images; 0 for no intervals (nan).
        shuffles: exchanges of the maps between the images, which the control is the mean of; 0 for none (nan).
        level: of the intervals, 0..1.
        seed: of the resamples and the exchanges.
        progress: called with (done, total) after each method and score.

    Returns:
        Indexed by method and score: threshold, used, found, and for each of precision, recall, f1 and
        average_precision the value, NAME_low, NAME_high and NAME_shuffled (the control's mean).

    Raises:
        UnknownNameError: one of the names is not known; the nearest is named.
        EmocamError: a table lacks a column, or an argument is out of its range.
    """
    chosen = run.methods if methods is None else [known_name("method", each, run.methods) for each in methods]
    wanted = list(SCORES) if scores is None else [known_name("score", each, SCORES) for each in scores]
    known_times("resamples", bootstrap)
    draws = range(seed, seed + known_times("shuffles", shuffles))
    cuts = criteria or Criteria()
    rows = {}
    combinations = list(product(dict.fromkeys(chosen), dict.fromkeys(wanted)))
    for done, (method, score) in enumerate(combinations, 1):
        cut = default_threshold(score) if threshold is None else threshold
        aggregate = run.aggregate(method, score, min_confidence)
        own = score_pairs(aggregate.at(cut), truth, planted, cuts)
        row: dict[str, float] = {"threshold": cut, "used": own.used, "found": own.found}
        exchanged = [
            score_pairs(run.aggregate(method, score, min_confidence, shuffle=draw).at(cut), truth, planted, cuts)
            for draw in draws
        ]
        drawn = _bootstrap(aggregate, cut, own, cuts, bootstrap, seed)
        for number, name in enumerate(FIGURES):
            row[name] = getattr(own, name)
            low, high = interval(drawn[number], level) if bootstrap else (np.nan, np.nan)
            row[f"{name}_low"], row[f"{name}_high"] = float(low), float(high)
            row[f"{name}_shuffled"] = float(np.mean([getattr(each, name) for each in exchanged] or [np.nan]))
        rows[method, score] = row
        if progress is not None:
            progress(done, len(combinations))
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(list(rows), names=["method", "score"])
    return table.astype({"used": int, "found": int})


def _bootstrap(aggregate: Aggregate, cut: float, own: PairScores, cuts: Criteria, times: int, seed: int) -> Floats:
    """(figures, resamples): FIGURES over resamples of the images."""
    known_name("ranking", cuts.ranking, RANKINGS)
    used = own.pairs["used"].to_numpy(dtype=bool)
    parts = [
        _figures(used, *_found_and_ranked(counts, n_images, own.pairs, aggregate, cuts))
        for counts, n_images in _resampled(aggregate, cut, times, seed)
    ]
    return np.concatenate([np.zeros((len(FIGURES), 0)), *parts], axis=1)


def _resampled(aggregate: Aggregate, cut: float, times: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """(classes, labels, part) counts and (labels, part) images per label, of a part of the resamples at a time."""
    labelled = np.flatnonzero(aggregate.label_of >= 0)
    place = np.full(len(aggregate.label_of), -1)
    place[labelled] = np.arange(len(labelled))
    counting = aggregate.counting(cut)
    shape = (len(aggregate.classes), len(aggregate.labels))
    cells = Incidence(place[counting.image], counting.cell, len(labelled), shape[0] * shape[1])
    labels = Incidence(np.arange(len(labelled)), aggregate.label_of[labelled], len(labelled), shape[1])
    for weights in resamples(len(labelled), times, seed, shape[0] * shape[1]):
        yield cells.sums(weights).reshape(*shape, -1), labels.sums(weights)


def _found_and_ranked(
    counts: Floats, n_images: Floats, pairs: pd.DataFrame, aggregate: Aggregate, cuts: Criteria
) -> tuple[NDArray[np.bool_], Floats]:
    """(pairs, resamples): whether each pair is strong, and what it is ranked by, as `Association` says."""
    row = pd.Index(aggregate.classes).get_indexer(pd.Index(pairs["object_class"]))
    column = pd.Index(aggregate.labels).get_indexer(pd.Index(pairs["label"]))
    known: Codes = np.flatnonzero((row >= 0) & (column >= 0))
    count = counts[row[known], column[known]]
    others = counts.sum(axis=1)[row[known]] - count
    here = n_images[column[known]]
    there = n_images.sum(axis=0) - here
    fraction, elsewhere = _ratio(count, here), _ratio(others, there)
    comparison = _ratio(np.maximum(others, 0.5), there)
    lift = np.divide(fraction, comparison, out=np.ones_like(fraction), where=comparison > 0)
    lift = np.where(count > 0, lift, 0.0)
    shape = (len(pairs), counts.shape[2])
    found, ranked = np.zeros(shape, bool), np.zeros(shape)
    found[known] = (
        (count >= max(cuts.min_contributors, MIN_CONTRIBUTORS))
        & (lift >= cuts.min_lift)
        & (fraction >= cuts.min_fraction)
    )
    ranked[known] = {"difference": fraction - elsewhere, "lift": lift, "fraction": fraction}[cuts.ranking]
    return found, ranked


def _figures(used: NDArray[np.bool_], found: NDArray[np.bool_], ranked: Floats) -> Floats:
    """(figures, resamples): precision, recall, F1 and average precision, 0 where there is nothing to divide by."""
    both = (found & used[:, None]).sum(axis=0).astype(np.float64)
    precision = _ratio(both, found.sum(axis=0).astype(np.float64))
    recall = both / max(int(used.sum()), 1)
    f1 = _ratio(2 * precision * recall, precision + recall)
    return np.stack([precision, recall, f1, _average_precision(used, ranked)])


def _average_precision(used: NDArray[np.bool_], ranked: Floats) -> Floats:
    """`analysis.truth.average_precision` of each column of ``ranked``: equal values are one step."""
    n = len(used)
    if not used.any():
        return np.zeros(ranked.shape[1])
    order = np.argsort(-ranked, axis=0, kind="stable")
    hit = used[order]
    values = np.take_along_axis(ranked, order, axis=0)
    ends = np.vstack([values[1:] != values[:-1], np.ones((1, ranked.shape[1]), bool)])
    place = np.where(ends, np.arange(n)[:, None], n)
    end = np.minimum.accumulate(place[::-1], axis=0)[::-1]
    precision = np.take_along_axis(np.cumsum(hit, axis=0), end, axis=0) / (end + 1)
    found: Floats = (hit * precision).sum(axis=0) / used.sum()
    return found


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0)
