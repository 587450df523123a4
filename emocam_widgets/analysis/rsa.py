"""Representational similarity: do the methods tell the same about what goes with which label (EmoCAM, A.2 and Fig. 6)?

It compares association matrices, not maps, and says beside each figure what maps that know nothing would reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from emocam_widgets.analysis.association import Aggregate
from emocam_widgets.analysis.importance import default_threshold
from emocam_widgets.analysis.resampling import (
    Codes,
    Floats,
    Incidence,
    interval,
    known_times,
    resamples,
    standard_ranks,
)
from emocam_widgets.errors import EmocamError, known_name

MATRICES = ("counts", "fractions")
VARIANTS = ("spearman", "dice")


class Analysed(Protocol):
    """What is asked of a run: see `emocam_widgets.run.Run`."""

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it holds CAMs of."""
        ...

    def aggregate(
        self,
        method: str | None = None,
        score: str = "mean",
        min_confidence: float | None = None,
        by: str = "prediction",
        *,
        shuffle: int | None = None,
        uniform: bool = False,
    ) -> Aggregate:
        """What the association is taken from; of the images' own maps, of exchanged ones or of uniform ones."""
        ...


@dataclass(frozen=True, eq=False)
class Rsa:
    """How alike the methods' association matrices are. Tables are method x method, rank correlations -1..1.

    nan stands where a matrix is constant (a method under which nothing counts): there is nothing to rank.

    Attributes:
        rho: Spearman's rank correlation between the flattened matrices.
        p_value: of each rho, by scipy, as the paper gives it. It takes the cells for independent observations, which
            they are not: all methods share the images, labels and boxes, and an image counts in many cells. It is far
            too small; read ``low`` and ``high`` and the controls.
        low, high: the percentile bootstrap interval of rho over images; nan without resamples.
        shuffled: rho between the row's method and the column's with its maps exchanged between the images at random,
            the mean over several exchanges: what the shared boxes and labels give alone. On the diagonal, a method with
            its own maps exchanged. nan without shuffles.
        uniform: (methods,), rho between the method and a map that is the same everywhere (of the score "mean": the mere
            presence of objects).
        n_images, n_values: how many images, and values per flattened matrix, were compared.
        on, variant, score, threshold: what was compared.
    """

    rho: pd.DataFrame
    p_value: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    shuffled: pd.DataFrame
    uniform: pd.Series
    n_images: int
    n_values: int
    on: str
    variant: str
    score: str
    threshold: float

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods compared."""
        return tuple(self.rho.index)

    def pairs(self) -> pd.DataFrame:
        """Each pair of methods as one row: method, other, rho, low, high, p_value, shuffled (the mean of both ways)."""
        first, second = np.triu_indices(len(self.methods), k=1)
        names = np.array(self.methods, dtype=object)
        columns = {"method": names[first], "other": names[second]}
        for name in ("rho", "low", "high", "p_value"):
            columns[name] = getattr(self, name).to_numpy()[first, second]
        shuffled = self.shuffled.to_numpy()
        return pd.DataFrame({**columns, "shuffled": (shuffled[first, second] + shuffled[second, first]) / 2})

    def controls(self) -> pd.DataFrame:
        """Per method: rho with a uniform map ("uniform map") and with its own maps exchanged ("shuffled maps")."""
        shuffled = pd.Series(np.diag(self.shuffled.to_numpy()), index=self.rho.index)
        return pd.DataFrame({"uniform map": self.uniform, "shuffled maps": shuffled})


def rsa(
    run: Analysed,
    methods: Sequence[str] | None = None,
    score: str = "mean",
    threshold: float | None = None,
    on: str = "counts",
    *,
    variant: str = "spearman",
    drop_empty: bool = False,
    min_confidence: float | None = None,
    by: str = "prediction",
    bootstrap: int = 1000,
    shuffles: int = 10,
    level: float = 0.95,
    seed: int = 0,
) -> Rsa:
    """Spearman's rank correlation between the association matrices of every two methods, over all object classes.

    Only the images that have the CAMs of all methods take part.

    Args:
        run: an opened run.
        methods: two or more of its methods; by default all that it holds CAMs of.
        score, threshold: when a box counts, as in `Run.association`; by default the score's own threshold.
        on: "counts" (M_A, as in the paper) or "fractions" (M'_A, where a frequent label weighs no more than others).
        variant: "spearman" flattens the matrices; "dice" is the variant in the authors' scripts: each class is the
            binary vector of the images in which it counts, the Dice similarities of every two classes make a class x
            class matrix, and the lower triangles of these matrices are correlated (labels and ``on`` play no part).
            Two classes that never count have a similarity of 0.
        drop_empty: leave out the object classes that count under none of the methods, and the labels that no image
            has. Such rows and columns are zero whatever the method, and raise rho.
        min_confidence, by: as in `Run.association`.
        bootstrap: resamples of the images for ``low`` and ``high``; 0 for none.
        shuffles: exchanges of the maps that ``shuffled`` is the mean of; 0 for none.
        level: of the interval, 0..1.
        seed: of the resamples and the exchanges.

    Raises:
        UnknownNameError: one of the names is not known; the nearest is named.
        EmocamError: there are fewer than two methods, or no image has the CAMs of all.
    """
    known_name("matrix", on, MATRICES)
    known_name("variant of RSA", variant, VARIANTS)
    chosen = _methods(run, methods)
    cut = default_threshold(score) if threshold is None else float(threshold)
    known_times("resamples", bootstrap)
    known_times("shuffles", shuffles)

    def aggregate(method: str, *, shuffle: int | None = None, uniform: bool = False) -> Aggregate:
        return run.aggregate(method, score, min_confidence, by, shuffle=shuffle, uniform=uniform)

    own = [aggregate(method) for method in chosen]
    view = _View(own, cut, variant, on == "fractions", drop_empty)
    vectors = [view.vectors(each) for each in own]
    everyone = np.ones((view.n_images, 1))
    standard = np.stack([standard_ranks(each.values(everyone))[:, 0] for each in vectors])

    def with_own(other: Aggregate) -> Floats:
        return standard @ standard_ranks(view.vectors(other).values(everyone))[:, 0]

    exchanged = np.full((len(chosen), len(chosen)), np.nan)
    if shuffles:
        draws = range(seed, seed + shuffles)
        columns = [[with_own(aggregate(method, shuffle=draw)) for draw in draws] for method in chosen]
        exchanged = np.mean(columns, axis=1).T
    uniform = [with_own(aggregate(method, uniform=True))[number] for number, method in enumerate(chosen)]
    low, high = _bootstrap(vectors, view.n_images, bootstrap, level, seed)
    rho, p_value = _spearman([each.values(everyone)[:, 0] for each in vectors])
    names = pd.Index(chosen, name="method")

    def table(values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, index=names, columns=pd.Index(chosen))

    return Rsa(
        rho=table(rho),
        p_value=table(p_value),
        low=table(low),
        high=table(high),
        shuffled=table(exchanged),
        uniform=pd.Series(uniform, index=names, name="uniform map"),
        n_images=view.n_images,
        n_values=standard.shape[1],
        on=on,
        variant=variant,
        score=score,
        threshold=cut,
    )


def _methods(run: Analysed, methods: Sequence[str] | None) -> tuple[str, ...]:
    held = run.methods
    chosen = held if methods is None else tuple(dict.fromkeys(known_name("method", each, held) for each in methods))
    if len(chosen) < 2:
        found = f"only {chosen[0]}" if chosen else "none"
        raise EmocamError(
            f"RSA compares two or more methods, and here there is {found}; "
            "analyse the run with others too, such as methods=['grad-cam', 'lift-cam']."
        )
    return chosen


class _View:
    """What all methods are compared on: the images that they share and the rows and columns that are kept."""

    def __init__(self, own: Sequence[Aggregate], cut: float, variant: str, fractions: bool, drop_empty: bool) -> None:
        first = own[0]
        self._cut, self._dice, self._fractions = cut, variant == "dice", fractions
        self._n_labels = len(first.labels)
        ids = first.image_ids[first.label_of >= 0]
        for each in own[1:]:
            ids = ids[ids.isin(each.image_ids)]
        if not len(ids):
            raise EmocamError("No image of the run has the CAMs of all these methods; analyse it with all of them.")
        self.ids = ids
        self.n_images = len(ids)
        self._label_of: Codes = first.label_of[first.image_ids.get_indexer(ids)]
        self._classes = np.ones(len(first.classes), bool)
        self._labels = np.ones(self._n_labels, bool)
        if drop_empty:
            self._classes[:] = False
            for each in own:
                _, cell = self._shared(each)
                self._classes[cell // self._n_labels] = True
            self._labels[:] = False
            self._labels[self._label_of] = True

    def vectors(self, aggregate: Aggregate) -> _Matrix | _Dice:
        """The aggregate's matrix over any resample of the images, flattened."""
        image, cell = self._shared(aggregate)
        if self._dice:
            return _Dice(image, cell // self._n_labels, self.n_images, np.flatnonzero(self._classes))
        cells = Incidence(image, cell, self.n_images, len(self._classes) * self._n_labels)
        labels = Incidence(np.arange(self.n_images), self._label_of, self.n_images, self._n_labels)
        return _Matrix(cells, labels if self._fractions else None, np.outer(self._classes, self._labels).ravel())

    def _shared(self, aggregate: Aggregate) -> tuple[Codes, Codes]:
        counting = aggregate.counting(self._cut)
        image = self.ids.get_indexer(aggregate.image_ids)[counting.image]
        return image[image >= 0].astype(np.int64), counting.cell[image >= 0]


@dataclass(frozen=True, eq=False)
class _Matrix:
    """An association matrix, flattened: counts, or fractions where the images per label are given."""

    cells: Incidence
    labels: Incidence | None
    kept: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def values(self, weights: Floats) -> Floats:
        counts = self.cells.sums(weights)
        if self.labels is not None:
            per_label = np.tile(self.labels.sums(weights), (self.cells.n_features // self.labels.n_features, 1))
            counts = np.divide(counts, per_label, out=np.zeros(counts.shape), where=per_label > 0)
        return counts[self.kept]


class _Dice:
    """The lower triangle of the class x class matrix of Dice similarities 2 |A and B| / (|A| + |B|)."""

    def __init__(self, image: Codes, object_class: Codes, n_images: int, classes: Codes) -> None:
        place = np.full(int(object_class.max(initial=-1)) + 1, -1)
        inside = classes[classes < len(place)]
        place[inside] = np.arange(len(inside))
        row = place[object_class]
        image, row = image[row >= 0], row[row >= 0]
        self._n = len(classes)
        self._classes = Incidence(image, row, n_images, self._n)
        self._lower = np.tril_indices(self._n, k=-1)
        self._both = _pairs(image, row, n_images, self._n)

    def values(self, weights: Floats) -> Floats:
        single = self._classes.sums(weights)
        total = single[self._lower[0]] + single[self._lower[1]]
        return np.divide(2 * self._both.sums(weights), total, out=np.zeros(total.shape), where=total > 0)


def _pairs(image: Codes, row: Codes, n_images: int, n: int) -> Incidence:
    """Which images show which two classes, numbered as np.tril_indices(n, k=-1) numbers them."""
    order = np.lexsort((row, image))
    image, row = image[order], row[order]
    # Sorted, an entry's partners are those of its image that stand before it: smaller classes, so the lower triangle.
    before = np.arange(len(image)) - np.searchsorted(image, image)
    greater = np.repeat(np.arange(len(image)), before)
    start = np.repeat(np.cumsum(before) - before, before)
    smaller = np.searchsorted(image, image)[greater] + np.arange(len(greater)) - start
    larger_class, smaller_class = row[greater], row[smaller]
    feature = larger_class * (larger_class - 1) // 2 + smaller_class
    return Incidence(image[greater], feature, n_images, n * (n - 1) // 2)


def _spearman(vectors: Sequence[Floats]) -> tuple[Floats, Floats]:
    from scipy.stats import spearmanr

    n = len(vectors)
    rho, p_value = np.full((n, n), np.nan), np.full((n, n), np.nan)
    for i in range(n):
        for j in range(i, n):
            if np.ptp(vectors[i]) > 0 and np.ptp(vectors[j]) > 0 and len(vectors[i]) > 2:
                found = spearmanr(vectors[i], vectors[j])
                rho[i, j] = rho[j, i] = found.statistic
                p_value[i, j] = p_value[j, i] = found.pvalue
    return rho, p_value


def _bootstrap(
    vectors: Sequence[_Matrix | _Dice], n_images: int, times: int, level: float, seed: int
) -> tuple[Floats, Floats]:
    n = len(vectors)
    if not times:
        nothing = np.full((n, n), np.nan)
        return nothing, nothing.copy()
    size = len(vectors[0].values(np.ones((n_images, 1)))) * n
    drawn = []
    for weights in resamples(n_images, times, seed, size):
        ranks = np.stack([standard_ranks(each.values(weights)) for each in vectors])
        drawn.append(np.einsum("ivb,jvb->ijb", ranks, ranks))
    return interval(np.concatenate(drawn, axis=2), level)
