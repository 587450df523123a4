"""How sure the cells of an association are: intervals, a test per cell, and what the maps add to mere presence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.analysis.association import PRESENCE, Association
from emocam_widgets.analysis.resampling import known_level
from emocam_widgets.errors import known_name

ALTERNATIVES = ("greater", "less", "two-sided")
CORRECTIONS = ("bh", "by")

Floats: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int64]


def significance(
    association: Association,
    shuffled: Iterable[Association] = (),
    *,
    alternative: str = "greater",
    correction: str = "bh",
    level: float = 0.95,
) -> pd.DataFrame:
    """Every cell of an association as one row, with what is known about its size and its chance.

    Two questions are kept apart. "Does the class count more often under this label than under all others?" is Fisher's
    exact test, on images; a random exchange of the labels between the images has the same distribution. It also finds
    what merely appears more often. "Does the map pick the class where it is present?" is ``given_presence``, and
    whether it does so more than the map of another image would is ``p_maps``.

    Args:
        association: at the threshold in question.
        shuffled: the same with the maps exchanged between the images, one per exchange
            (``run.association(..., shuffle=seed)``).
        alternative: "greater" (counts more often than under the other labels), "less", or "two-sided" (twice the
            smaller of the two, at most 1).
        correction: of p_value for the many cells: "bh" (Benjamini and Hochberg 1995, for tests that are independent or
            positively dependent) or "by" (Benjamini and Yekutieli 2001, whatever the dependence). Cells of one class
            are negatively dependent: an image that counts under one label does not under another.
        level: of the intervals, 0..1.

    Returns:
        The columns of ``association.cells()`` and

        - low, high: the percentile bootstrap interval of ``fraction`` over the label's images. Resampling n images of
          which k count makes the count binomial (n, k/n), so it is exact, without drawing; a fraction of 0 or 1 has an
          interval of no width, as always with this bootstrap.
        - p_value: of Fisher's exact test; nan where the margins leave nothing to test (the class counts in no image or
          in all, or there is no image of the label or of any other), and such cells are no part of the correction.
        - p_adjusted: the false discovery rate at which the cell is called significant.
        - present: the label's images in which the class has a box, wherever the map is.
        - given_presence: count / present, 0..1; nan where it is never present; presence_low, presence_high: its Wilson
          interval.
        - with ``shuffled``: shuffled_given_presence, the mean of count / present under exchanged maps, and p_maps,
          (1 + exchanges with at least as great a count) / (1 + exchanges), which cannot be smaller than
          1 / (1 + exchanges); nan where it is never present. With alternative "less", at most as great a count.

    Raises:
        UnknownNameError: there is no such alternative or correction.
        EmocamError: the level is not between 0 and 1.
    """
    known_name("alternative", alternative, ALTERNATIVES)
    known_name("correction", correction, CORRECTIONS)
    known_level(level)
    counts, n_images = association.matrix, association.aggregate.n_images
    table = association.cells()
    low, high = bootstrap_fractions(counts, n_images, level)
    p_value = fisher(counts, n_images, alternative)
    present = association.aggregate.counts(PRESENCE)
    columns: dict[str, NDArray[np.number]] = {
        "low": low,
        "high": high,
        "p_value": p_value,
        "p_adjusted": adjusted(p_value, correction),
        "present": present,
        "given_presence": _share(counts, present),
    }
    columns["presence_low"], columns["presence_high"] = wilson(counts, present, level)
    columns |= _against(shuffled, counts, present, alternative)
    for name, values in columns.items():
        table[name] = values.ravel()
    return table


@dataclass(frozen=True, eq=False)
class Marks:
    """Which cells of an association differ from chance.

    Attributes:
        sign: int8 (classes, labels): 1 counts more often than under the other labels, -1 less often, 0 neither.
        p_adjusted: float64 (classes, labels), the false discovery rate at which the cell is called so; nan: no test.
    """

    sign: NDArray[np.int8]
    p_adjusted: Floats


def marks(association: Association, rate: float = 0.05, correction: str = "bh") -> Marks:
    """Fisher's exact test of every cell, two-sided, called at a false discovery rate over all cells together.

    The columns p_value and p_adjusted of :func:`significance` without the rest of it: quick enough to follow a slider.

    Args:
        association: at the threshold in question; all its classes take part, also those that nobody looks at.
        rate: the false discovery rate, 0..1.
        correction: "bh" or "by", as there.

    Raises:
        UnknownNameError: there is no such correction.
    """
    known_name("correction", correction, CORRECTIONS)
    n_images = association.aggregate.n_images
    p_adjusted = adjusted(fisher(association.matrix, n_images, "two-sided"), correction)
    of_class = association.matrix.sum(axis=1, keepdims=True)
    more = association.matrix * int(n_images.sum()) > of_class * n_images
    called = np.nan_to_num(p_adjusted, nan=1.0) <= rate
    return Marks(np.where(called, np.where(more, 1, -1), 0).astype(np.int8), p_adjusted)


def bootstrap_fractions(counts: Codes, n_images: Codes, level: float) -> tuple[Floats, Floats]:
    """Percentile bootstrap intervals of counts (classes, labels) over n_images (labels,), in closed form."""
    from scipy.stats import binom

    tail = (1 - level) / 2
    n = np.maximum(n_images, 1)
    low, high = (binom.ppf(q, n, counts / n) / n for q in (tail, 1 - tail))
    return np.asarray(low), np.asarray(high)


def fisher(counts: Codes, n_images: Codes, alternative: str = "greater") -> Floats:
    """p-values of Fisher's exact test of each cell of (classes, labels) against all other labels together.

    Args:
        counts: (classes, labels), images of the label in which the class counts.
        n_images: (labels,).
        alternative: one of ALTERNATIVES.

    Returns:
        (classes, labels), nan where the margins leave only one possible count.
    """
    from scipy.stats import hypergeom

    total = int(n_images.sum())
    of_class = counts.sum(axis=1, keepdims=True)
    testable = (of_class > 0) & (of_class < total) & (n_images > 0) & (n_images < total)
    of_class, of_label, count = (each[testable] for each in np.broadcast_arrays(of_class, n_images, counts))
    # Cells with the same three numbers share a test, and most cells of a large table are among few such.
    distinct, where = np.unique(np.stack([of_class, of_label, count]), axis=1, return_inverse=True)
    of_class, of_label, count = distinct
    greater = hypergeom.sf(count - 1, total, of_class, of_label)
    less = hypergeom.cdf(count, total, of_class, of_label)
    sides = {"greater": greater, "less": less, "two-sided": np.minimum(1.0, 2 * np.minimum(greater, less))}
    p_value = np.full(counts.shape, np.nan)
    # The tails are sums of floats, and may come out a rounding error above 1.
    p_value[testable] = np.clip(sides[alternative], 0.0, 1.0)[where.ravel()]
    return p_value


def adjusted(p_value: Floats, correction: str = "bh") -> Floats:
    """The p-values adjusted for the false discovery rate, over all that are not nan (scipy's)."""
    from scipy.stats import false_discovery_control

    found = np.full(p_value.shape, np.nan)
    tested = ~np.isnan(p_value)
    if tested.any():
        found[tested] = false_discovery_control(p_value[tested], method=correction)
    return found


def wilson(counts: Codes, of: Codes, level: float) -> tuple[Floats, Floats]:
    """Wilson's score interval of counts / of (Wilson 1927); nan where ``of`` is 0."""
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    n = np.where(of > 0, of, np.nan)
    share = counts / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def _against(
    shuffled: Iterable[Association], counts: Codes, present: Codes, alternative: str
) -> dict[str, NDArray[np.number]]:
    draws, total = 0, np.zeros(counts.shape)
    reached, kept_under = np.zeros(counts.shape), np.zeros(counts.shape)
    for draw in shuffled:
        draws += 1
        total += draw.matrix
        reached += draw.matrix >= counts
        kept_under += draw.matrix <= counts
    if not draws:
        return {}
    greater, less = (1 + reached) / (1 + draws), (1 + kept_under) / (1 + draws)
    sides = {"greater": greater, "less": less, "two-sided": np.minimum(1.0, 2 * np.minimum(greater, less))}
    return {
        "shuffled_given_presence": _share(total / draws, present),
        "p_maps": np.where(present > 0, sides[alternative], np.nan),
    }


def _share(part: NDArray[np.number], whole: Codes) -> Floats:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
