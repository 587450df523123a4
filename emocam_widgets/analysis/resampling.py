"""Bootstrap over images: association counts of many resamples of the images at once, their ranks and intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError

Floats: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int64]

_VALUES_AT_ONCE = 8_000_000


@dataclass(frozen=True)
class Incidence:
    """Which images (columns) show which features (rows), to be summed over any resample of the images.

    Attributes:
        image, feature: (n,), one entry per image that has a feature, each pair once.
        n_images, n_features: the matrix's size.
    """

    image: Codes
    feature: Codes
    n_images: int
    n_features: int

    def sums(self, weights: Floats) -> Floats:
        """(features, resamples): of each feature, the weight of the images that have it.

        Args:
            weights: (images, resamples), how often each image is in each resample.
        """
        from scipy.sparse import csr_array

        ones = np.ones(len(self.image))
        matrix = csr_array((ones, (self.feature, self.image)), shape=(self.n_features, self.n_images))
        sums: Floats = matrix @ weights
        return sums


def resamples(n_images: int, times: int, seed: int, features: int) -> Iterator[Floats]:
    """(images, part): how often each image is in each of ``times`` resamples, a part of them at a time.

    Args:
        features: how many values are computed per resample; it bounds the size of a part.
    """
    generator = np.random.default_rng(seed)
    step = max(1, _VALUES_AT_ONCE // max(features, n_images, 1))
    for start in range(0, times, step):
        part = min(step, times - start)
        drawn = generator.integers(0, max(n_images, 1), (part, n_images))
        flat = (drawn + n_images * np.arange(part)[:, None]).ravel()
        yield np.bincount(flat, minlength=part * n_images).reshape(part, n_images).T.astype(np.float64)


def interval(values: Floats, level: float) -> tuple[Floats, Floats]:
    """The percentile interval over the last axis; nan where a value is."""
    tail = (1 - known_level(level)) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=-1)
    return low, high


def known_level(level: float) -> float:
    """``level`` itself where it is a level of confidence.

    Raises:
        EmocamError: it is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise EmocamError(f"The level of an interval is {level:g}; expected one between 0 and 1, such as 0.95.")
    return level


def known_times(what: str, times: int) -> int:
    """``times`` itself where it says how often something is done.

    Raises:
        EmocamError: it is negative.
    """
    if times < 0:
        raise EmocamError(f"{times} {what} were asked for; expected 0 (none) or more.")
    return int(times)


def standard_ranks(values: Floats) -> Floats:
    """(n, k): the ranks (ties shared) of each column, with mean 0 and length 1; nan where a column is constant.

    The products of such columns are Spearman's rank correlations.
    """
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=0)
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    standard: Floats = np.divide(ranks, length, out=np.full(ranks.shape, np.nan), where=length > 1e-9)
    return standard
