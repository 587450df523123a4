"""The association against a plain pandas computation, and where its denominators are zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.errors import EmocamError, UnknownNameError

pytestmark = pytest.mark.filterwarnings("error")

LABELS = ("Joy", "Fear", "Awe", "Nobody")
CLASSES = ("Person", "Tree", "Flag", "Never seen")


def random_tables(seed: int, n_images: int = 80, n_boxes: int = 600) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    images = pd.DataFrame(
        {"image_id": [f"{i}.png" for i in range(n_images)], "label": rng.choice(LABELS[:3], n_images)}
    )
    boxes = pd.DataFrame(
        {
            "image_id": rng.choice(images["image_id"][: n_images - 5], n_boxes),
            "object_class": rng.choice(CLASSES[:3], n_boxes, p=[0.6, 0.3, 0.1]),
            "confidence": rng.random(n_boxes, dtype=np.float32),
            # coarse values, so that many are equal to each other and to the threshold
            "importance": (rng.integers(0, 11, n_boxes) / 10).astype(np.float32),
        }
    )
    return images, boxes


def aggregate(images: pd.DataFrame, boxes: pd.DataFrame, min_confidence: float = 0.0) -> Aggregate:
    return Aggregate(images, boxes, boxes["importance"], labels=LABELS, classes=CLASSES, min_confidence=min_confidence)


def plain_counts(images: pd.DataFrame, boxes: pd.DataFrame, threshold: float, min_confidence: float) -> pd.DataFrame:
    counting = boxes[
        (boxes["importance"] > np.float32(threshold)) & (boxes["confidence"] >= np.float32(min_confidence))
    ]
    pairs = counting[["image_id", "object_class"]].drop_duplicates().merge(images, on="image_id")
    table = pairs.groupby(["object_class", "label"]).size().unstack(fill_value=0)
    return table.reindex(index=list(CLASSES), columns=list(LABELS), fill_value=0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.3, 0.75, 1.0, 2.0])
@pytest.mark.parametrize("min_confidence", [0.0, 0.5])
def test_counts_equal_pandas(seed: int, threshold: float, min_confidence: float) -> None:
    images, boxes = random_tables(seed)
    found = aggregate(images, boxes, min_confidence).at(threshold)
    expected = plain_counts(images, boxes, threshold, min_confidence)
    assert (found.counts.to_numpy() == expected.to_numpy()).all()
    assert found.n_images.tolist() == [int((images["label"] == label).sum()) for label in LABELS]
    of_label = images["label"].value_counts().reindex(LABELS, fill_value=0)
    assert np.allclose(found.fractions["Joy"], expected["Joy"] / of_label["Joy"])


@pytest.mark.parametrize("seed", range(3))
def test_contributors_are_the_images_of_the_cell(seed: int) -> None:
    images, boxes = random_tables(seed)
    found = aggregate(images, boxes, 0.2).at(0.4)
    for object_class in CLASSES:
        for label in LABELS:
            counting = boxes[
                (boxes["importance"] > np.float32(0.4))
                & (boxes["confidence"] >= np.float32(0.2))
                & (boxes["object_class"] == object_class)
            ]
            expected = images[(images["label"] == label) & images["image_id"].isin(counting["image_id"])]
            ids = found.contributors(object_class, label)
            assert ids == expected["image_id"].tolist()
            assert len(ids) == found.counts.loc[object_class, label]


def test_lift_is_the_fraction_over_the_fraction_elsewhere() -> None:
    images, boxes = random_tables(1)
    found = aggregate(images, boxes).at(0.5)
    others = images["label"] != "Joy"
    elsewhere = (found.counts.loc["Person"].sum() - found.counts.loc["Person", "Joy"]) / others.sum()
    assert found.lift.loc["Person", "Joy"] == pytest.approx(found.fractions.loc["Person", "Joy"] / elsewhere)


def small(labels: Sequence[str | None], boxes: Sequence[tuple[int, str, float]]) -> Association:
    images = pd.DataFrame(
        {"image_id": [str(i) for i in range(len(labels))], "label": pd.Series(list(labels), dtype="str")}
    )
    table = pd.DataFrame(
        {
            "image_id": pd.Series([str(i) for i, _, _ in boxes], dtype="str"),
            "object_class": pd.Series([c for _, c, _ in boxes], dtype="str"),
            "confidence": np.ones(len(boxes), np.float32),
            "importance": np.array([v for _, _, v in boxes], np.float32),
        }
    )
    return aggregate(images, table).at(0.3)


@pytest.mark.parametrize(
    ("labels", "boxes"),
    [
        ([], []),
        (["Joy", "Fear"], []),
        (["Joy", "Joy"], [(0, "Tree", 0.9)]),
        ([None, None], [(0, "Tree", 0.9)]),
        (["Joy", "Fear", None], [(0, "Tree", 0.0), (1, "Tree", 0.0), (2, "Tree", 1.0)]),
    ],
)
def test_nothing_is_ever_nan_or_infinite(labels: list[str | None], boxes: list[tuple[int, str, float]]) -> None:
    found = small(labels, boxes)
    for table in (found.counts, found.fractions, found.elsewhere, found.lift):
        assert table.shape == (4, 4)
        assert np.isfinite(table.to_numpy(dtype=float)).all()
    assert found.strong().empty
    assert found.top(25).shape[1] == 4


def test_lift_where_a_denominator_is_zero() -> None:
    never_elsewhere = small(["Joy"] * 4 + ["Fear"] * 6, [(0, "Tree", 0.9), (1, "Tree", 0.9)])
    assert never_elsewhere.lift.loc["Tree", "Joy"] == pytest.approx((2 / 4) / (0.5 / 6))
    assert never_elsewhere.lift.loc["Tree", "Fear"] == 0
    nothing_to_compare = small(["Joy"] * 4, [(0, "Tree", 0.9)])
    assert nothing_to_compare.lift.loc["Tree", "Joy"] == 1


def test_strong_has_at_least_five_contributors_and_the_greatest_difference_first() -> None:
    labels = ["Joy"] * 10 + ["Fear"] * 10 + ["Awe"] * 30
    boxes = [(i, "Tree", 0.9) for i in range(4)]  # only four: lift is great, but never strong
    boxes += [(i, "Flag", 0.9) for i in range(10, 15)] + [(i, "Person", 0.9) for i in range(1, 10)]
    boxes += [(i, "Person", 0.9) for i in range(20, 24)]
    strong = small(labels, boxes).strong(min_contributors=1)
    assert list(zip(strong["object_class"], strong["label"], strong["count"], strict=True)) == [
        ("Person", "Joy", 9),
        ("Flag", "Fear", 5),
    ]


def test_top_orders_by_mean_fraction_and_leaves_out_what_never_counts() -> None:
    images, boxes = random_tables(2)
    found = aggregate(images, boxes).at(0.5)
    means = found.fractions.mean(axis=1)
    assert found.top(25).index.tolist() == means[means > 0].sort_values(ascending=False).index.tolist()
    assert len(found.top(1)) == 1


def test_names_that_are_not_there() -> None:
    images, boxes = random_tables(0)
    found = aggregate(images, boxes).at(0.3)
    with pytest.raises(UnknownNameError, match="did you mean 'Person'"):
        found.contributors("persn", "Joy")
    with pytest.raises(UnknownNameError, match="no label called 'Happy'"):
        found.contributors("Person", "Happy")
    with pytest.raises(EmocamError, match="does not list"):
        aggregate(images, boxes.assign(object_class="Car"))
    with pytest.raises(EmocamError, match="not a number"):
        aggregate(images, boxes).at(float("nan"))


def test_rows_in_another_order_give_the_same() -> None:
    images, boxes = random_tables(4)
    shuffled = boxes.sample(frac=1, random_state=0)
    assert (aggregate(images, boxes).at(0.3).counts == aggregate(images, shuffled).at(0.3).counts).all(axis=None)
