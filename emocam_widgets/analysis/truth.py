"""How well an association finds what a classifier is known to use: precision and recall of (object class, label) pairs.

The truth is measured, not planted: the mean change of the label's probability when the object is drawn into a scene
that is otherwise the same. The planted table only says which pairs were put into the training scenes on purpose, and
which classes are bystanders: frequent with a label in the shipped corpus and independent of every label in training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from emocam_widgets.analysis.association import MIN_CONTRIBUTORS, MIN_FRACTION, MIN_LIFT, Association
from emocam_widgets.errors import EmocamError, known_name

MIN_EFFECT = 0.05
RANKINGS = ("difference", "lift", "fraction")

_PAIR = ["object_class", "label"]
_TRUTH_COLUMNS = (*_PAIR, "n", "effect", "low", "high")
_PLANTED_COLUMNS = (*_PAIR, "kind")


@dataclass(frozen=True)
class Criteria:
    """When a pair counts as used by the classifier, and when as found by the association.

    Attributes:
        min_effect: used where the measured effect on the label's probability is at least this and its interval above 0.
        min_contributors, min_lift, min_fraction: found where the association calls the pair strong.
        ranking: what pairs are ordered by for the average precision: "difference" (fraction minus fraction elsewhere),
            "lift" or "fraction".
    """

    min_effect: float = MIN_EFFECT
    min_contributors: int = MIN_CONTRIBUTORS
    min_lift: float = MIN_LIFT
    min_fraction: float = MIN_FRACTION
    ranking: str = "difference"


@dataclass(frozen=True, eq=False)
class PairScores:
    """How an association fares against the truth. Scores are 0..1, and 0 where there is nothing to divide by.

    Attributes:
        pairs: one row per measured pair: object_class, label, effect, low, high, used, count, fraction, elsewhere,
            lift, found, kind ("planted", "bystander" or "").
        precision: of the found pairs, the share that is used.
        recall: of the used pairs, the share that is found.
        average_precision: of the ranking of all pairs, whatever the cuts: 1 where every used pair stands before all
            others; ``chance`` is what a random ranking gets.
        planted, planted_used, planted_found: planted pairs; how many the classifier uses; how many are found.
        bystander, bystander_found: bystander pairs that the classifier does not use; how many are found all the same.
        unmeasured: pairs that the association calls strong and that the truth does not speak of; they count nowhere.
    """

    pairs: pd.DataFrame
    used: int
    found: int
    precision: float
    recall: float
    f1: float
    average_precision: float
    chance: float
    planted: int
    planted_used: int
    planted_found: int
    bystander: int
    bystander_found: int
    unmeasured: int

    def row(self) -> dict[str, float]:
        """The figures without the pairs, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "pairs"}


def score_pairs(
    association: Association, truth: pd.DataFrame, planted: pd.DataFrame, criteria: Criteria | None = None
) -> PairScores:
    """Precision and recall of an association's strong pairs against the measured truth.

    Args:
        association: over the classes and labels of the same world; a class or label that it lacks is never found.
        truth: object_class, label, n, effect, low, high; one row per measured pair. effect is the mean change of the
            label's probability (-1..1) by the object, low..high its interval.
        planted: object_class, label, kind ("planted" or "bystander").
        criteria: the cuts; by default those of :class:`Criteria`.

    Raises:
        EmocamError: a column is missing.
        UnknownNameError: the ranking of the criteria is not known.
    """
    cuts = criteria or Criteria()
    known_name("ranking", cuts.ranking, RANKINGS)
    _require("truth", truth, _TRUTH_COLUMNS)
    _require("planted", planted, _PLANTED_COLUMNS)
    strong = association.strong(cuts.min_contributors, cuts.min_lift, cuts.min_fraction)
    pairs = truth[list(_TRUTH_COLUMNS)].merge(association.cells(), on=_PAIR, how="left")
    measures = ["count", "fraction", "elsewhere", "lift"]
    pairs[measures] = pairs[measures].fillna(0)
    pairs["used"] = (pairs["effect"] >= cuts.min_effect) & (pairs["low"] > 0)
    strong_pairs = pd.MultiIndex.from_frame(strong[_PAIR])
    pairs["found"] = pd.MultiIndex.from_frame(pairs[_PAIR]).isin(strong_pairs)
    pairs = pairs.merge(planted[list(_PLANTED_COLUMNS)].drop_duplicates(_PAIR), on=_PAIR, how="left")
    pairs["kind"] = pairs["kind"].fillna("")
    used, found = pairs["used"].to_numpy(bool), pairs["found"].to_numpy(bool)
    both = int((used & found).sum())
    precision, recall = _share(both, int(found.sum())), _share(both, int(used.sum()))
    is_planted = (pairs["kind"] == "planted").to_numpy()
    is_bystander = (pairs["kind"] == "bystander").to_numpy() & ~used
    return PairScores(
        pairs=pairs[[*_PAIR, "effect", "low", "high", "used", *measures, "found", "kind"]],
        used=int(used.sum()),
        found=int(found.sum()),
        precision=precision,
        recall=recall,
        f1=_share(2 * precision * recall, precision + recall),
        average_precision=average_precision(used, _ranking(pairs, cuts.ranking)),
        chance=_share(int(used.sum()), len(used)),
        planted=int(is_planted.sum()),
        planted_used=int((is_planted & used).sum()),
        planted_found=int((is_planted & found).sum()),
        bystander=int(is_bystander.sum()),
        bystander_found=int((is_bystander & found).sum()),
        unmeasured=len(strong_pairs.difference(pd.MultiIndex.from_frame(pairs[_PAIR]))),
    )


def compare(
    associations: Mapping[str, Association],
    truth: pd.DataFrame,
    planted: pd.DataFrame,
    criteria: Criteria | None = None,
) -> pd.DataFrame:
    """:func:`score_pairs` of several associations (a method and its controls), one row each under its name.

    Raises:
        EmocamError, UnknownNameError: as :func:`score_pairs`.
    """
    rows = {name: score_pairs(each, truth, planted, criteria).row() for name, each in associations.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("name")


def average_precision(relevant: ArrayLike, score: ArrayLike) -> float:
    """The area under the precision-recall steps of a ranking, greatest score first; equal scores are one step.

    Args:
        relevant: (n,) bool.
        score: (n,) finite.

    Returns:
        0..1; 0 where nothing is relevant.
    """
    hit = np.asarray(relevant, dtype=bool)
    values = np.asarray(score, dtype=np.float64)
    if not hit.any():
        return 0.0
    order = np.argsort(-values, kind="stable")
    last_of_step = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))
    hits = np.cumsum(hit[order])[last_of_step]
    precision = hits / (last_of_step + 1)
    return float(np.sum(np.diff(hits, prepend=0) * precision) / hits[-1])


def _ranking(pairs: pd.DataFrame, by: str) -> NDArray[np.float64]:
    values = pairs["fraction"] - pairs["elsewhere"] if by == "difference" else pairs[by]
    return values.to_numpy(dtype=np.float64)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _require(name: str, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in table]
    if missing:
        raise EmocamError(
            f"The {name} table lacks the columns {', '.join(missing)}; it has {', '.join(table.columns)}."
        )
