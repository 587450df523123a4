"""Intervals and tests of the association's cells against scipy cell by cell, and against plain resampling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.analysis.significance import adjusted, fisher, significance
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.run import Run
from tests.test_association import CLASSES, LABELS, aggregate, random_tables
from tests.worlds import make_run

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def association() -> Association:
    images, boxes = random_tables(3, n_images=150, n_boxes=300)
    return aggregate(images, boxes).at(0.6)


def by_cell(table: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    rows = table.to_dict(orient="records")
    return {(row["object_class"], row["label"]): {str(name): value for name, value in row.items()} for row in rows}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("significance"), n=60)


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_each_cell_is_fishers_exact_test(association: Association, alternative: str) -> None:
    table = by_cell(significance(association, alternative=alternative))
    n_images = association.n_images
    tested = 0
    for object_class in CLASSES:
        for label in LABELS:
            counts = association.counts.loc[object_class]
            a, b = counts[label], counts.sum() - counts[label]
            n, m = n_images[label], n_images.sum() - n_images[label]
            p_value = table[object_class, label]["p_value"]
            if a + b == 0 or a + b == n + m or n == 0 or m == 0:
                assert np.isnan(p_value)
                continue
            tested += 1
            cell = [[a, n - a], [b, m - b]]
            sides = {side: stats.fisher_exact(cell, alternative=side).pvalue for side in ("greater", "less")}
            sides["two-sided"] = min(1.0, 2 * min(sides.values()))
            assert p_value == pytest.approx(sides[alternative])
    assert tested == 9  # neither the class nor the label that never occurs


@pytest.mark.parametrize("correction", ["bh", "by"])
def test_the_correction_is_over_the_tested_cells(association: Association, correction: str) -> None:
    table = significance(association, correction=correction)
    tested = table.dropna(subset="p_value")
    assert len(tested) == 9
    p = np.sort(tested["p_value"])
    harmonic = np.sum(1 / np.arange(1, 10)) if correction == "by" else 1.0
    steps = np.minimum.accumulate((p * harmonic * 9 / np.arange(1, 10))[::-1])[::-1]
    assert np.sort(tested["p_adjusted"]) == pytest.approx(np.minimum(steps, 1))
    assert table.loc[table["p_value"].isna(), "p_adjusted"].isna().all()


def test_fisher_is_the_permutation_test_of_the_labels() -> None:
    rng = np.random.default_rng(0)
    counts_in, label = rng.random(60) < 0.4, rng.integers(0, 3, 60)
    counts = np.array([[int((counts_in & (label == k)).sum()) for k in range(3)]])
    expected = fisher(counts, np.bincount(label, minlength=3))
    draws = np.array([rng.permutation(label) for _ in range(20_000)])
    for k in range(3):
        permuted = (counts_in & (draws == k)).sum(axis=1)
        assert expected[0, k] == pytest.approx(np.mean(permuted >= counts[0, k]), abs=0.015)


def test_the_interval_is_that_of_resampled_images(association: Association) -> None:
    table = by_cell(significance(association, level=0.9))
    rng = np.random.default_rng(1)
    for cell in [("Person", "Joy"), ("Tree", "Awe"), ("Flag", "Fear")]:
        row = table[cell]
        images = np.arange(int(row["n_images"])) < row["count"]
        drawn = images[rng.integers(0, len(images), (20_000, len(images)))].mean(axis=1)
        assert [row["low"], row["high"]] == pytest.approx(np.quantile(drawn, [0.05, 0.95]), abs=1.01 / len(images))
        assert row["low"] < row["fraction"] < row["high"]
    empty = table["Never seen", "Joy"]
    assert (empty["low"], empty["high"]) == (0, 0)
    nobody = table["Person", "Nobody"]
    assert (nobody["low"], nobody["high"]) == (0, 0)


def test_importance_given_presence(association: Association) -> None:
    table = significance(association, level=0.95)
    present = association.aggregate.at(-1).cells()["count"]
    assert table["present"].tolist() == present.tolist()
    for row in by_cell(table).values():
        if row["present"] == 0:
            assert np.isnan([row["given_presence"], row["presence_low"], row["presence_high"]]).all()
            continue
        expected = stats.binomtest(row["count"], row["present"]).proportion_ci(0.95, method="wilson")
        assert row["given_presence"] == row["count"] / row["present"]
        assert (row["presence_low"], row["presence_high"]) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_shuffled_maps(run: Run) -> None:
    table = run.significance(shuffles=9, seed=2)
    draws = [run.association(shuffle=seed).cells()["count"].to_numpy() for seed in range(2, 11)]
    count, present = table["count"].to_numpy(), table["present"].to_numpy()
    there = present > 0
    expected = np.mean(draws, axis=0)[there] / present[there]
    assert table.loc[there, "shuffled_given_presence"].to_numpy() == pytest.approx(expected)
    reached = np.sum([draw >= count for draw in draws], axis=0)
    assert table.loc[there, "p_maps"].to_numpy() == pytest.approx(((1 + reached) / 10)[there])
    assert table.loc[~there, ["p_maps", "shuffled_given_presence"]].isna().all(axis=None)
    # the tiny world's maps have a hill on sports equipment in Excitement, wherever it is
    cell = by_cell(table)["Sports equipment", "Excitement"]
    assert cell["p_adjusted"] < 0.05
    assert cell["given_presence"] > cell["shuffled_given_presence"]
    assert "p_maps" not in run.significance()


def test_by_annotation_with_another_score_at_its_threshold(run: Run) -> None:
    table = run.significance(score="maximum", by="annotation")
    expected = run.association(score="maximum", threshold=0.5, by="annotation").cells()
    assert table["count"].tolist() == expected["count"].tolist()


def test_nothing_to_test() -> None:
    images = pd.DataFrame({"image_id": pd.Series(["a", "b"], dtype="str"), "label": ["Joy", "Joy"]})
    boxes = pd.DataFrame({"image_id": ["a"], "object_class": ["Tree"], "confidence": [1.0]})
    found = significance(Aggregate(images, boxes, [1.0], labels=LABELS, classes=CLASSES).at(0.3))
    assert found["p_value"].isna().all() and found["p_adjusted"].isna().all()
    assert np.isnan(adjusted(np.array([np.nan, np.nan]))).all()


def test_bad_input(association: Association, run: Run) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'greater'"):
        significance(association, alternative="great")
    with pytest.raises(UnknownNameError, match="correction"):
        significance(association, correction="bonferroni")
    with pytest.raises(EmocamError, match="level of an interval is 1;"):
        significance(association, level=1)
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        run.significance(score="meen")
    with pytest.raises(UnknownNameError, match="no method called"):
        run.significance("lrp")
    with pytest.raises(EmocamError, match="-1 shuffles"):
        run.significance(shuffles=-1)
