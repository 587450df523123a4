"""Which part of an association a heatmap shows and in what order: the greatest, a search, clusters, a hierarchy.

Positions only; the numbers stay those of the association.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from emocam_widgets.analysis.association import Association
from emocam_widgets.analysis.comparison import Compared
from emocam_widgets.analysis.rollup import ancestors
from emocam_widgets.errors import known_name

Codes: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

ORDERS = ("mean", "clusters", "alphabet", "hierarchy")
OPTIMAL_ROWS = 250
"""Up to so many rows the leaves of the tree are put into their optimal order; of more that would take seconds."""


@dataclass(frozen=True, eq=False)
class Selection:
    """Positions in an association's ``classes`` and ``labels``, in the order in which they are shown."""

    rows: Codes
    columns: Codes


def selection(
    association: Association,
    top: int | None = 25,
    order: str = "mean",
    *,
    against: Compared | None = None,
    search: str = "",
    parents: Mapping[str, Sequence[str]] | None = None,
) -> Selection:
    """The classes and labels to show.

    Args:
        association: what is shown.
        top: how many classes, those with the greatest mean fraction over the labels (EmoCAM, Sec. 3.1); with
            ``against`` those whose fractions differ most on average. None is all. Classes that never count are left
            out.
        order: "mean" (as above, the greatest first; labels in their own order), "clusters" (classes that go with the
            same labels stand together, and labels that go with the same classes: Ward's clustering of the fractions,
            with optimal leaf order after Bar-Joseph et al. 2001), "alphabet" (of both), or "hierarchy" (a class under
            what it is a kind of; labels in their own order).
        against: what it is compared with.
        search: only classes whose name contains this, whatever ``top`` says, those that never count included.
        parents: from class to the classes that it is a kind of, for "hierarchy".

    Raises:
        UnknownNameError: there is no such order.
    """
    known_name("order", order, ORDERS)
    values = association.fractions.to_numpy()
    if against is not None:
        values = values - against.fractions
    means = np.abs(values).mean(axis=1) if values.size else np.zeros(len(values))
    rows: Codes = np.argsort(-means, kind="stable")
    wanted = search.strip().casefold()
    if wanted:
        found = np.array([wanted in name.casefold() for name in association.classes], dtype=bool)
        rows = rows[found[rows]]
    else:
        rows = rows[means[rows] > 0]
        rows = rows if top is None else rows[: max(int(top), 0)]
    columns: Codes = np.arange(len(association.labels))
    if order == "clusters":
        return Selection(rows[leaf_order(values[rows])], columns[leaf_order(values[rows].T)])
    if order == "alphabet":
        return Selection(_by_name(rows, association.classes), _by_name(columns, association.labels))
    if order == "hierarchy":
        return Selection(_by_kind(rows, association.classes, parents or {}), columns)
    return Selection(rows, columns)


def leaf_order(values: Floats) -> Codes:
    """The rows of (n, m) so that alike ones are neighbours: the leaves of Ward's clustering, optimally ordered."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    if len(values) < 3 or not values.shape[1]:
        return np.arange(len(values))
    tree = linkage(values, method="ward", optimal_ordering=len(values) <= OPTIMAL_ROWS)
    return leaves_list(tree).astype(np.int64)


def _by_name(positions: Codes, names: Sequence[str]) -> Codes:
    return np.array(sorted(positions.tolist(), key=lambda position: (names[position].casefold(), position)), np.int64)


def _by_kind(rows: Codes, classes: Sequence[str], parents: Mapping[str, Sequence[str]]) -> Codes:
    """A class behind its parent, siblings by name."""

    def path(row: int) -> tuple[str, ...]:
        return (*reversed(lineage(classes[row], parents)), classes[row])

    return np.array(sorted(rows.tolist(), key=path), np.int64)


def lineage(name: str, parents: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The class's first parent, that one's first parent, and so on: one path to the root."""
    first = {each: given[:1] for each, given in parents.items() if given}
    return ancestors(name, first)
