"""Commit, then reveal: how far what a viewer marked beforehand agrees with the weights that LIME then found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import isnan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emocam_widgets.errors import EmocamError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MarkAgreement:
    """What a viewer marked as speaking for and against a label, against the weights of the regions. nan: undefined.

    Attributes:
        for_share: share of all positive weight that lies in the regions marked for, 0..1; nan where no weight is
            positive or nothing is marked for.
        for_area: share of the image that they cover, 0..1: what ``for_share`` would be by chance.
        for_iou: intersection over union of the k regions marked for and the k of greatest positive weight (fewer where
            fewer are positive), 0..1; nan where both are empty.
        against_share, against_area, against_iou: the same for what was marked against, and negative weights.
        rank_correlation: Spearman's, over all regions, between the marks (1 for, 0 unmarked, -1 against) and the
            weights, -1..1; nan where the marks or the weights are all alike.
        reversed_share: of the regions that were marked and have a weight, those with the opposite sign, 0..1.
    """

    for_share: float
    for_area: float
    for_iou: float
    against_share: float
    against_area: float
    against_iou: float
    rank_correlation: float
    reversed_share: float

    def as_dict(self) -> dict[str, float | None]:
        """For JSON: None in place of nan."""
        return {name: None if isnan(value) else value for name, value in asdict(self).items()}


def mark_agreement(
    weights: ArrayLike, areas: ArrayLike, marked_for: Iterable[int], marked_against: Iterable[int]
) -> MarkAgreement:
    """The agreement of marks with an explanation.

    Args:
        weights: (n,), one per region: above 0 speaks for the label.
        areas: (n,), the regions' sizes in any unit.
        marked_for, marked_against: region numbers 0..n-1; a region may be in one of them only.

    Raises:
        EmocamError: a region does not exist or is marked both ways.
    """
    signed = np.asarray(weights, dtype=np.float64).reshape(-1)
    sizes = np.asarray(areas, dtype=np.float64).reshape(-1)
    if len(sizes) != len(signed):
        raise ValueError(f"{len(sizes)} areas for {len(signed)} weights")
    marks = mark_signs(len(signed), marked_for, marked_against)
    counted = (marks != 0) & (signed != 0)
    return MarkAgreement(
        *_side(signed, sizes, marks > 0),
        *_side(-signed, sizes, marks < 0),
        rank_correlation=_spearman(marks.astype(np.float64), signed),
        reversed_share=float((np.sign(signed) != marks)[counted].mean()) if counted.any() else float("nan"),
    )


def mark_signs(n: int, marked_for: Iterable[int], marked_against: Iterable[int]) -> NDArray[np.int8]:
    """(n,): 1 for a region that is marked for, -1 against, 0 neither.

    Raises:
        EmocamError: a region does not exist or is marked both ways.
    """
    chosen = {1: sorted(set(marked_for)), -1: sorted(set(marked_against))}
    for regions in chosen.values():
        for region in regions:
            if not 0 <= region < n:
                raise EmocamError(f"There is no region {region} to mark; there are {n}, numbered from 0.")
    both = set(chosen[1]) & set(chosen[-1])
    if both:
        raise EmocamError(f"Region {min(both)} is marked both for and against the label; it can be one of them.")
    marks = np.zeros(n, np.int8)
    for sign, regions in chosen.items():
        marks[regions] = sign
    return marks


def _side(weights: Floats, areas: Floats, marked: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Share of the positive weight, share of the area, and overlap with the strongest, of the marked regions."""
    area = float(areas[marked].sum() / areas.sum())
    if not marked.any():
        return float("nan"), area, float("nan")
    positive = np.maximum(weights, 0)
    share = float(positive[marked].sum() / positive.sum()) if positive.any() else float("nan")
    strongest = np.argsort(-weights, kind="stable")[: int(marked.sum())]
    top = np.zeros(len(weights), bool)
    top[strongest[weights[strongest] > 0]] = True
    return share, area, float((top & marked).sum() / (top | marked).sum())


def _spearman(first: Floats, second: Floats) -> float:
    from scipy.stats import spearmanr

    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(spearmanr(first, second).statistic)
