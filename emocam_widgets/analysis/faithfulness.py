"""How faithful a map is to its classifier: the arithmetic of the measures, on maps and scores; it runs no model.

Deletion and insertion: Petsiuk et al. 2018 (RISE), section 4.1. ROAD: Rong et al. 2022, section 4. Weight
randomisation: Adebayo et al. 2018, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from emocam_widgets.errors import EmocamError

Floats: TypeAlias = NDArray[np.float64]

# Which of them are better when they are greater.
MEASURES: Mapping[str, Literal["higher", "lower"]] = {
    "deletion": "lower",
    "insertion": "higher",
    "road": "higher",
    "randomisation": "lower",
    "lime-r2": "higher",
    "lime-spread": "lower",
}
LIME_MEASURES = ("lime-r2", "lime-spread")
RANDOM, CENTRE = "random map", "centred map"
BASELINES = (RANDOM, CENTRE)
RESAMPLES = 2000

# The weight of each neighbour in the mean that an imputed pixel is to have.
_NEIGHBOURS = tuple(
    (down, right, 1 / 6 if 0 in (down, right) else 1 / 12)
    for down in (-1, 0, 1)
    for right in (-1, 0, 1)
    if (down, right) != (0, 0)
)


def removal_ranks(importance: ArrayLike, seed: int = 0) -> NDArray[np.int64]:
    """(h, w): when each pixel is removed, 0 for the most important one. Ties go at random."""
    values = np.asarray(importance, dtype=np.float64)
    tie_break = np.random.default_rng(seed).permutation(values.size)
    order = np.lexsort((tie_break, -values.ravel()))
    ranks = np.empty(values.size, np.int64)
    ranks[order] = np.arange(values.size)
    return ranks.reshape(values.shape)


def removed_first(ranks: NDArray[np.int64], fractions: ArrayLike) -> NDArray[np.bool_]:
    """bool (m, h, w): for each fraction (0..1) the pixels that are removed by then."""
    counts = np.rint(np.asarray(fractions, dtype=np.float64) * ranks.size)
    return ranks < counts[:, None, None]


def area_under(fractions: ArrayLike, scores: ArrayLike) -> float:
    """The area under a curve of scores over fractions of 0..1, by the trapezoid rule."""
    return float(np.trapezoid(np.asarray(scores, dtype=np.float64), np.asarray(fractions, dtype=np.float64)))


def rank_correlation(one: ArrayLike, other: ArrayLike) -> float:
    """Spearman's rank correlation of two maps; 0 where one is constant, as it then says nothing about the other."""
    from scipy.stats import spearmanr

    first, second = np.ravel(one), np.ravel(other)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first, second).statistic)


def road_keeps(ranks: NDArray[np.int64], percentiles: Sequence[float]) -> NDArray[np.bool_]:
    """bool (2, m, h, w): the pixels that ROAD keeps, most relevant ones removed first, then least relevant ones first.

    At a percentile p the ceil(p / 100 x (n - 1)) pixels below it stay, as in grad-cam's implementation.
    """
    kept = np.ceil(np.asarray(percentiles, dtype=np.float64) / 100 * (ranks.size - 1))[:, None, None]
    return np.stack([ranks >= ranks.size - kept, ranks < kept])


def impute(pixels: ArrayLike, keep: NDArray[np.bool_]) -> Floats:
    """Removed pixels as weighted means of their eight neighbours, solved for all at once (ROAD's linear imputation).

    Args:
        pixels: (c, h, w).
        keep: bool (h, w), the pixels that are given; at least one.

    Returns:
        float64 (c, h, w).

    Raises:
        ValueError: nothing is kept.
    """
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    values = np.array(pixels, dtype=np.float64)
    if not keep.any():
        raise ValueError("nothing is kept, so that nothing can be imputed")
    height, width = keep.shape
    rows, columns = np.nonzero(~keep)
    if not len(rows):
        return values
    number = np.full(keep.shape, -1)
    number[rows, columns] = np.arange(len(rows))
    own, entries, given = np.zeros(len(rows)), [], np.zeros((len(rows), len(values)))
    for down, right, weight in _NEIGHBOURS:
        y, x = rows + down, columns + right
        inside = np.flatnonzero((y >= 0) & (y < height) & (x >= 0) & (x < width))
        y, x = y[inside], x[inside]
        own[inside] += weight
        known = keep[y, x]
        given[inside[known]] += weight * values[:, y[known], x[known]].T
        unknown = inside[~known]
        entries.append((unknown, number[y[~known], x[~known]], np.full(len(unknown), -weight)))
    diagonal = np.arange(len(rows))
    entries.append((diagonal, diagonal, own))
    at, to, weights = (np.concatenate(part) for part in zip(*entries, strict=True))
    system = csc_array((weights, (at, to)), shape=(len(rows), len(rows)))
    # Symmetric, with the diagonal at least as large as the rest of its row: no pivoting is needed.
    solver = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    values[:, rows, columns] = solver.solve(given).T
    return values


def baseline_map(name: str, shape: tuple[int, int], seed: int = 0) -> Floats:
    """A map (h, w) that knows nothing of image or classifier: uniform noise, or a Gaussian hill in the middle.

    A uniform map is the random one: its ties are removed at random.
    """
    if name == RANDOM:
        return np.random.default_rng(seed).random(shape)
    down, right = ((np.arange(size) + 0.5) / size - 0.5 for size in shape)
    return np.exp(-(down[:, None] ** 2 + right**2) / (2 * 0.25**2))


def relative_spread(weights: ArrayLike) -> float:
    """How much weights (seeds, n) change with the seed: their standard deviation over their mean size, averaged over n.

    0 where every seed gives the same; 1 where they change by as much as they are large.
    """
    values = np.asarray(weights, dtype=np.float64)
    size = np.abs(values.mean(axis=0)).mean()
    spread = values.std(axis=0, ddof=1).mean()
    return float(spread / size) if size > 0 else math.inf if spread > 0 else 0.0


def summary(table: pd.DataFrame, *, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """Means of measured values over images, with percentile bootstrap intervals over images.

    Args:
        table: image_id, method, measure, value.
        level: of the intervals, between 0 and 1.
        seed: of the resamples.

    Returns:
        One row per measure and method in their order of appearance: measure, better ("higher" or "lower"), method, n
        (images), mean, low, high; and gain, gain_low, gain_high: by how much it is better than the random map on the
        same images (above 0: better), nan where there is none. Intervals of one image are nan.

    Raises:
        EmocamError: a level that is none.
    """
    if not 0 < level < 1:
        raise EmocamError(f"The level of an interval is {level:g}; expected one between 0 and 1, such as 0.95.")
    generator = np.random.default_rng(seed)
    rows = []
    for measure, of_measure in table.groupby("measure", sort=False):
        values = of_measure.pivot(index="image_id", columns="method", values="value")
        better = MEASURES[str(measure)]
        for method in of_measure["method"].unique():
            mine = values[method].dropna().to_numpy()
            row = {"measure": measure, "better": better, "method": method, "n": len(mine), "mean": mine.mean()}
            row["low"], row["high"] = _interval(mine, level, generator)
            row["gain"] = row["gain_low"] = row["gain_high"] = math.nan
            if RANDOM in values and method != RANDOM:
                sign = 1 if better == "higher" else -1
                gain = (sign * (values[method] - values[RANDOM])).dropna().to_numpy()
                row["gain"] = gain.mean() if len(gain) else math.nan
                row["gain_low"], row["gain_high"] = _interval(gain, level, generator)
            rows.append(row)
    return pd.DataFrame(rows)


def _interval(values: Floats, level: float, generator: np.random.Generator) -> tuple[float, float]:
    if len(values) < 2:
        return math.nan, math.nan
    means = values[generator.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
