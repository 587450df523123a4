"""Two associations beside each other: of two methods, or of two runs with other classes or labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.analysis.association import Association
from emocam_widgets.errors import EmocamError, known_name

Codes: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

MEASURES = ("fraction", "count", "lift", "presence")


@dataclass(frozen=True, eq=False)
class Compared:
    """Another association's numbers in the rows and columns of the one that it is compared with; 0 where it has none.

    Attributes:
        counts, present: int64 (classes, labels).
        n_images: int64 (labels,).
        fractions: float64 (classes, labels), 0..1.
        lift: float64 (classes, labels), against all labels of the other, those that are left out here included.
    """

    counts: Codes
    present: Codes
    n_images: Codes
    fractions: Floats
    lift: Floats


def aligned(association: Association, other: Association) -> Compared:
    """``other`` in the rows and columns of ``association``; classes and labels that only it has are left out.

    Raises:
        EmocamError: they have no label or no class in common.
    """
    for kind in ("labels", "classes"):
        mine, theirs = getattr(association, kind), getattr(other, kind)
        if not set(mine) & set(theirs):
            raise EmocamError(
                f"The two have no {kind} in common ({_few(mine)} and {_few(theirs)}): nothing can be compared."
            )
    rows, columns = list(association.classes), list(association.labels)
    if rows == list(other.classes) and columns == list(other.labels):
        counts, present, n_images = other.matrix, other.present_matrix, other.aggregate.n_images
        return Compared(counts, present, n_images, other.fractions.to_numpy(), other.lift.to_numpy())
    counts, present, fractions, lift = (
        frame.reindex(index=rows, columns=columns, fill_value=0).to_numpy()
        for frame in (other.counts, other.present, other.fractions, other.lift)
    )
    return Compared(counts, present, other.n_images.reindex(columns, fill_value=0).to_numpy(), fractions, lift)


def measured(association: Association, measure: str) -> pd.DataFrame:
    """One measure of an association, float64, classes x labels.

    "fraction" (M'_A, 0..1), "count" (M_A), "lift", or "presence": the share of the images in which the class is present
    in which it is also highlighted, nan where it is never present.

    Raises:
        UnknownNameError: there is no such measure.
    """
    known_name("measure", measure, MEASURES)
    frames = {"fraction": "fractions", "count": "counts", "lift": "lift", "presence": "given_presence"}
    frame: pd.DataFrame = getattr(association, frames[measure])
    return frame.astype(np.float64)


def difference(association: Association, other: Association, measure: str = "fraction") -> pd.DataFrame:
    """How much greater a measure is than in another association: classes x labels of ``association``.

    nan where the other has no such class or label; of "presence" also where either is never present.

    Raises:
        UnknownNameError: there is no such measure.
        EmocamError: they have no label or no class in common.
    """
    aligned(association, other)
    mine = measured(association, measure)
    return mine - measured(other, measure).reindex(index=mine.index, columns=mine.columns)


def _few(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:2])}, ..." if len(names) > 2 else ", ".join(names)
