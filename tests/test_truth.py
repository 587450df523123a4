"""Scores against a known truth: worked out by hand, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.analysis.truth import Criteria, average_precision, compare, score_pairs
from emocam_widgets.errors import EmocamError, UnknownNameError

pytestmark = pytest.mark.filterwarnings("error")

LABELS = ("Joy", "Fear")
CLASSES = ("Ball", "Plant", "Car", "Hat")


def association(**images_per_cell: int) -> Association:
    """Twenty images a label; ``Ball_Joy=8`` puts a counting Ball on the first eight images of Joy."""
    images = pd.DataFrame({"image_id": [str(i) for i in range(40)], "label": ["Joy"] * 20 + ["Fear"] * 20})
    rows = []
    for cell, count in images_per_cell.items():
        object_class, label = cell.split("_")
        start = LABELS.index(label) * 20
        rows += [{"image_id": str(i), "object_class": object_class} for i in range(start, start + count)]
    boxes = pd.DataFrame(rows, columns=["image_id", "object_class"]).astype("str")
    boxes["confidence"] = 1.0
    return Aggregate(images, boxes, np.ones(len(boxes)), labels=LABELS, classes=CLASSES).at(0.3)


def truth(rows: list[tuple[str, str, float, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["object_class", "label", "effect", "low"])
    return table.assign(n=30, high=table["effect"] + 0.05)


TRUTH = truth(
    [
        ("Ball", "Joy", 0.40, 0.30),  # used and found
        ("Plant", "Joy", 0.20, 0.10),  # used, not found
        ("Car", "Fear", 0.00, -0.10),  # a bystander, found
        ("Car", "Joy", 0.01, 0.005),  # effect too small
        ("Hat", "Fear", 0.30, -0.02),  # the interval holds 0
        ("Dog", "Joy", 0.50, 0.40),  # used; the run does not know the class
    ]
)
PLANTED = pd.DataFrame(
    [("Ball", "Joy", "planted"), ("Plant", "Joy", "planted"), ("Car", "Fear", "bystander")],
    columns=["object_class", "label", "kind"],
)
FOUND = association(Ball_Joy=10, Car_Fear=6, Hat_Joy=9, Plant_Joy=4)


def test_scores_by_hand() -> None:
    scores = score_pairs(FOUND, TRUTH, PLANTED)
    pairs = scores.pairs.set_index(["object_class", "label"])
    assert pairs.index[pairs["used"]].tolist() == [("Ball", "Joy"), ("Plant", "Joy"), ("Dog", "Joy")]
    assert pairs.index[pairs["found"]].tolist() == [("Ball", "Joy"), ("Car", "Fear")]
    assert (scores.used, scores.found, scores.unmeasured) == (3, 2, 1)
    assert scores.precision == pytest.approx(1 / 2)
    assert scores.recall == pytest.approx(1 / 3)
    assert scores.f1 == pytest.approx(0.4)
    assert (scores.planted, scores.planted_used, scores.planted_found) == (2, 2, 1)
    assert (scores.bystander, scores.bystander_found) == (1, 1)
    # by difference: Ball 0.5, Car-Fear 0.3, Plant 0.2, Dog 0, then Car-Joy -0.3 and Hat-Fear -0.45
    assert scores.average_precision == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)
    assert scores.chance == pytest.approx(3 / 6)


def test_cuts_are_parameters() -> None:
    loose = score_pairs(FOUND, TRUTH, PLANTED, Criteria(min_effect=0.001, min_lift=1, min_fraction=0))
    assert loose.used == 4
    strict = score_pairs(FOUND, TRUTH, PLANTED, Criteria(min_contributors=7))
    assert (strict.found, strict.precision) == (1, 1.0)
    with pytest.raises(UnknownNameError, match="did you mean 'lift'"):
        score_pairs(FOUND, TRUTH, PLANTED, Criteria(ranking="lft"))


def test_a_bystander_that_the_classifier_uses_after_all_is_not_wrongly_found() -> None:
    used = TRUTH.assign(effect=0.3, low=0.2)
    scores = score_pairs(FOUND, used, PLANTED)
    assert (scores.bystander, scores.bystander_found) == (0, 0)


def test_nothing_found_and_nothing_used_leave_no_nan() -> None:
    nothing = score_pairs(association(), TRUTH.assign(effect=0.0), PLANTED)
    assert all(np.isfinite(value) for value in nothing.row().values())
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.average_precision) == (0, 0, 0, 0)
    empty = score_pairs(association(), TRUTH.iloc[:0], PLANTED.iloc[:0])
    assert all(value == 0 for value in empty.row().values())


def test_tables_without_their_columns_are_named() -> None:
    with pytest.raises(EmocamError, match="truth table lacks the columns low"):
        score_pairs(FOUND, TRUTH.drop(columns="low"), PLANTED)
    with pytest.raises(EmocamError, match="planted table lacks the columns kind"):
        score_pairs(FOUND, TRUTH, PLANTED.drop(columns="kind"))


def test_compare_has_a_row_for_each() -> None:
    table = compare({"grad-cam": FOUND, "nothing": association()}, TRUTH, PLANTED)
    assert table.index.tolist() == ["grad-cam", "nothing"]
    assert table["recall"].tolist() == pytest.approx([1 / 3, 0])
    assert "pairs" not in table


def test_average_precision_equals_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    for ties in (3, 10, 1000):
        relevant = rng.random(80) < 0.3
        score = rng.integers(0, ties, 80)
        expected = metrics.average_precision_score(relevant, score)
        assert average_precision(relevant, score) == pytest.approx(expected)
    assert average_precision([True, False], [2.0, 1.0]) == 1
    assert average_precision([False, False], [2.0, 1.0]) == 0
