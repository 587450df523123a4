"""Which part of an association is shown, in what order, and two of them side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.analysis.comparison import aligned, difference, measured
from emocam_widgets.analysis.selection import ORDERS, leaf_order, selection
from emocam_widgets.errors import EmocamError, UnknownNameError

LABELS = ("Joy", "Fear", "Awe")
CLASSES = ("Person", "Ball", "Rugby ball", "Tree", "Never seen", "Plant")


def association(counts: dict[str, tuple[int, int, int]], n: int = 10, labels: tuple[str, ...] = LABELS) -> Association:
    """One of n images per label, in which each class counts so often; its boxes below the threshold are as many."""
    images = pd.DataFrame([{"image_id": f"{label}{i}", "label": label} for label in labels for i in range(n)])
    rows = []
    for name, of_label in counts.items():
        for label, count in zip(labels, of_label, strict=True):
            rows += [{"image_id": f"{label}{i}", "object_class": name, "importance": 0.9} for i in range(count)]
            rows += [{"image_id": f"{label}{n - 1}", "object_class": name, "importance": 0.1}] if count < n else []
    boxes = pd.DataFrame(rows).assign(confidence=1.0)
    found = Aggregate(images, boxes, boxes["importance"], labels=labels, classes=tuple(counts))
    return found.at(0.3)


@pytest.fixture(scope="module")
def example() -> Association:
    counts = {"Person": (9, 9, 9), "Ball": (8, 0, 0), "Rugby ball": (6, 1, 0), "Tree": (0, 2, 5), "Plant": (0, 1, 4)}
    return association({**counts, "Never seen": (0, 0, 0)})


def names(found: Association, rows: np.ndarray) -> list[str]:
    return [found.classes[row] for row in rows]


def test_the_greatest_come_first_and_what_never_counts_not_at_all(example: Association) -> None:
    assert names(example, selection(example).rows) == ["Person", "Ball", "Rugby ball", "Tree", "Plant"]
    assert names(example, selection(example, 2).rows) == list(example.top(2).index)
    assert "Never seen" not in names(example, selection(example, None).rows)
    assert selection(example).columns.tolist() == [0, 1, 2]


def test_a_search_finds_any_class_whatever_the_top_is(example: Association) -> None:
    assert names(example, selection(example, 1, search=" BALL ").rows) == ["Ball", "Rugby ball"]
    assert names(example, selection(example, 1, search="never").rows) == ["Never seen"]
    assert not len(selection(example, search="zebra").rows)


def test_clusters_put_alike_rows_and_columns_together(example: Association) -> None:
    found = selection(example, order="clusters")
    order = names(example, found.rows)
    for pair in (("Ball", "Rugby ball"), ("Tree", "Plant")):
        assert abs(order.index(pair[0]) - order.index(pair[1])) == 1
    columns = [example.labels[column] for column in found.columns]
    assert abs(columns.index("Fear") - columns.index("Awe")) == 1
    assert sorted(found.rows) == sorted(selection(example).rows)


def test_leaf_order_is_a_permutation_of_any_number_of_rows() -> None:
    rng = np.random.default_rng(0)
    for n in (0, 1, 2, 3, 300):
        assert sorted(leaf_order(rng.random((n, 4)))) == list(range(n))


def test_names_and_kinds_order_too(example: Association) -> None:
    by_name = selection(example, order="alphabet")
    assert names(example, by_name.rows) == ["Ball", "Person", "Plant", "Rugby ball", "Tree"]
    assert [example.labels[column] for column in by_name.columns] == ["Awe", "Fear", "Joy"]
    parents = {"Rugby ball": ("Ball",), "Tree": ("Plant",)}
    by_kind = selection(example, order="hierarchy", parents=parents)
    assert names(example, by_kind.rows) == ["Ball", "Rugby ball", "Person", "Plant", "Tree"]


def test_an_unknown_order_is_refused(example: Association) -> None:
    with pytest.raises(UnknownNameError, match="clusters"):
        selection(example, order="cluster")


def test_where_two_are_compared_the_greatest_differences_come_first(example: Association) -> None:
    other = association({"Ball": (8, 0, 0), "Tree": (9, 2, 5), "Person": (9, 9, 7)})
    against = aligned(example, other)
    order = names(example, selection(example, against=against).rows)
    assert order[:2] == ["Tree", "Rugby ball"]  # 9 fewer, 7 more
    assert "Ball" not in order  # no difference at all
    assert against.counts[example.classes.index("Tree")].tolist() == [9, 2, 5]
    assert against.counts[example.classes.index("Plant")].tolist() == [0, 0, 0]


@pytest.mark.parametrize("measure", ["fraction", "count", "lift", "presence"])
def test_a_difference_is_that_of_the_measure(example: Association, measure: str) -> None:
    other = association({"Ball": (2, 3, 4), "Zebra": (1, 1, 1)}, labels=("Awe", "Joy", "Rage"))
    found = difference(example, other, measure)
    assert list(found.index) == list(example.classes) and list(found.columns) == list(example.labels)
    expected = measured(example, measure).loc["Ball", "Joy"] - measured(other, measure).loc["Ball", "Joy"]
    assert found.loc["Ball", "Joy"] == pytest.approx(expected)
    assert found["Joy"].isna()["Person"] and found["Fear"].isna()["Ball"]


def test_the_difference_with_itself_is_nothing(example: Association) -> None:
    assert (difference(example, example).to_numpy() == 0).all()
    assert len(selection(example, against=aligned(example, example)).rows) == 0


def test_what_has_nothing_in_common_is_not_compared(example: Association) -> None:
    with pytest.raises(EmocamError, match="no labels in common"):
        aligned(example, association({"Ball": (1,)}, labels=("Rage",)))  # type: ignore[dict-item]
    with pytest.raises(EmocamError, match="no classes in common"):
        aligned(example, association({"Zebra": (1, 1, 1)}))


def test_presence_and_quantiles_are_those_of_the_boxes(example: Association) -> None:
    present = example.present
    assert present.loc["Ball", "Joy"] == 9 and present.loc["Ball", "Fear"] == 1
    assert example.given_presence.loc["Ball", "Joy"] == pytest.approx(8 / 9)
    assert example.aggregate.quantile(0.0) == pytest.approx(0.1)
    assert example.aggregate.quantile(1.0) == pytest.approx(0.9)


def test_every_order_has_the_same_rows(example: Association) -> None:
    rows = [sorted(selection(example, order=order).rows.tolist()) for order in ORDERS]
    assert all(each == rows[0] for each in rows)
