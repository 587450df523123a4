"""Paste results: shares, labels switched to and transitions, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from emocam_widgets.analysis.paste import PasteResult
from emocam_widgets.errors import UnknownNameError
from emocam_widgets.run.schema import TABLES, to_arrow

pytestmark = pytest.mark.filterwarnings("error")

LABELS = ("Joy", "Fear", "Excitement")


def pastes(rows: list[tuple[str, str, int, str, str]]) -> pd.DataFrame:
    """Rows of image, object, position, label before and after, through the run's own schema and back."""
    one_third = np.full(3, 1 / 3, np.float32)
    table = [
        {
            "image_id": image, "object": thing, "position": position,
            "x": position / 10, "y": 0.5, "sprite_height": 0.2,
            "label_before": before, "label_after": after,
            "probabilities_before": one_third, "probabilities_after": one_third,
        }
        for image, thing, position, before, after in rows
    ]  # fmt: skip
    return to_arrow("pastes", table).to_pandas()


RESULT = PasteResult(
    pastes(
        [
            ("a", "ball", 0, "Joy", "Excitement"),
            ("b", "ball", 0, "Joy", "Excitement"),
            ("c", "ball", 0, "Fear", "Joy"),
            ("d", "ball", 0, "Joy", "Joy"),
            ("a", "ball", 1, "Joy", "Fear"),
            ("b", "ball", 1, "Joy", "Excitement"),
            ("a", "lotus", 0, "Joy", "Joy"),
            ("b", "lotus", 0, "Joy", "Joy"),
        ]
    ),
    LABELS,
)


def test_shares_per_object_and_position() -> None:
    found = {(row["object"], row["position"]): row for row in RESULT.shares().to_dict("records")}
    ball = found["ball", 0]
    assert (ball["n"], ball["switched"], ball["share"]) == (4, 3, 0.75)
    assert (ball["to_label"], ball["to_count"], ball["to_share"]) == ("Excitement", 2, 0.5)
    assert (ball["x"], ball["y"], ball["variant"]) == (0, 0.5, "object")
    assert found["ball", 1]["to_label"] == "Fear"  # a tie: the first in the classifier's order
    assert found["lotus", 0]["share"] == 0
    assert pd.isna(found["lotus", 0]["to_label"])
    assert RESULT.objects == ("ball", "lotus")


def test_shares_of_images_with_one_label_before() -> None:
    found = RESULT.shares(before="Joy").set_index(["object", "position"])
    assert (found.loc[("ball", 0), "n"], found.loc[("ball", 0), "switched"]) == (3, 2)
    assert RESULT.shares(before="Excitement").empty
    with pytest.raises(UnknownNameError, match="did you mean 'Joy'"):
        RESULT.shares(before="joy")


def test_switched_to_one_label() -> None:
    found = RESULT.switched_to("Excitement", before="Joy").set_index("object")
    assert found.loc["ball", ["n", "to_count", "images"]].tolist() == [5, 3, 3]
    assert found.loc["ball", "to_share"] == pytest.approx(3 / 5)
    assert found.loc["ball", "images_share"] == pytest.approx(2 / 3)
    assert found.loc["lotus", "to_share"] == found.loc["lotus", "images_share"] == 0


def test_transitions_hold_all_labels() -> None:
    found = RESULT.transitions("ball")
    assert found.index.tolist() == found.columns.tolist() == list(LABELS)
    assert found.to_numpy().tolist() == [[1, 1, 3], [1, 0, 0], [0, 0, 0]]
    assert RESULT.transitions("ball", positions=[1]).to_numpy().sum() == 2
    with pytest.raises(UnknownNameError, match="did you mean 'lotus'"):
        RESULT.transitions("lotos")
    with pytest.raises(UnknownNameError, match="no variant called 'grey'"):
        RESULT.transitions("ball", variant="grey")


def test_no_pastes_at_all() -> None:
    nothing = PasteResult(TABLES["pastes"].empty_table().to_pandas(), LABELS)
    assert nothing.shares().empty
    assert nothing.switched_to("Joy").empty
    assert nothing.objects == ()


def _paired(rows: list[tuple[str, int, str, str, str]], before: str = "Joy") -> PasteResult:
    """Rows of image, position, and the labels after the object, after grey and after blurred."""
    one_third = np.full(3, 1 / 3, np.float32)
    table = [
        {
            "image_id": image, "object": "ball", "variant": variant, "position": position,
            "x": position / 10, "y": 0.5, "sprite_height": 0.2,
            "label_before": before, "label_after": after,
            "probabilities_before": one_third, "probabilities_after": one_third,
        }
        for image, position, *labels in rows
        for variant, after in zip(("object", "grey", "blurred"), labels, strict=True)
    ]  # fmt: skip
    return PasteResult(to_arrow("pastes", table).to_pandas(), LABELS)


PAIRED = _paired(
    [
        ("a", 0, "Excitement", "Joy", "Joy"),
        ("a", 1, "Excitement", "Excitement", "Joy"),
        ("b", 0, "Fear", "Excitement", "Joy"),
        ("b", 1, "Joy", "Fear", "Joy"),
        ("c", 0, "Excitement", "Joy", "Joy"),
        ("c", 1, "Joy", "Joy", "Joy"),
    ]
)


def test_the_object_against_what_only_covers() -> None:
    row = PAIRED.contrast("grey").iloc[0]
    assert (row["object"], row["images"], row["n"], row["n_switched"]) == ("ball", 3, 6, 4)
    assert (row["share"], row["control_share"]) == (pytest.approx(4 / 6), pytest.approx(3 / 6))
    assert row["difference"] == pytest.approx(1 / 6)
    assert (row["only_object"], row["only_control"]) == (2, 1)
    assert (row["also"], row["also_same"]) == (pytest.approx(2 / 4), pytest.approx(1 / 4))
    # The images' differences are 1/2, -1/2 and 1/2; every one of the 27 resamples can be written down.
    means = np.array([0.5, -0.5, 0.5])
    every = np.sort([means[list(draw)].mean() for draw in np.ndindex(3, 3, 3)])
    assert row["low"] == pytest.approx(np.quantile(every, 0.025, method="inverted_cdf"))
    assert row["high"] == pytest.approx(np.quantile(every, 0.975, method="inverted_cdf"))
    assert row["p_value"] == pytest.approx(scipy.stats.wilcoxon(means).pvalue)
    to_fear = PAIRED.contrast("grey", to="Fear").iloc[0]
    assert (to_fear["share"], to_fear["control_share"]) == (pytest.approx(1 / 6), pytest.approx(1 / 6))
    nothing = PAIRED.contrast("blurred").iloc[0]
    assert (nothing["control_share"], nothing["also"], nothing["difference"]) == (0, 0, pytest.approx(4 / 6))
    assert PAIRED.contrast("grey", before="Fear").empty


def test_the_object_against_a_control_position_by_position() -> None:
    rng = np.random.default_rng(0)
    after = rng.choice(LABELS, (40, 2, 3), p=[0.5, 0.2, 0.3])
    result = _paired([(f"{i:02d}", position, *after[i, position]) for i in range(40) for position in range(2)])
    found = result.contrast_by_position("grey").set_index("position")
    for position in range(2):
        switched, control = (after[:, position, variant] != "Joy" for variant in (0, 1))
        one, other = int((switched & ~control).sum()), int((~switched & control).sum())
        row = found.loc[position]
        assert (row["n"], row["only_object"], row["only_control"]) == (40, one, other)
        assert row["p_value"] == pytest.approx(scipy.stats.binomtest(one, one + other).pvalue)
        assert row["difference"] == pytest.approx(switched.mean() - control.mean())
    assert PAIRED.contrast_by_position("blurred")["p_value"].tolist() == [pytest.approx(0.25), 1.0]


def test_shares_have_wilson_intervals() -> None:
    for row in RESULT.shares().to_dict("records"):
        expected = scipy.stats.binomtest(row["switched"], row["n"]).proportion_ci(method="wilson")
        assert (row["low"], row["high"]) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_a_class_pasted_on_has_its_name() -> None:
    rows = PAIRED.pastes.assign(position=lambda table: -1 - table["position"])
    found = PasteResult(rows, LABELS, ("Human head", "Human face")).shares()
    assert found.groupby("position")["at"].first().to_dict() == {-1: "Human head", -2: "Human face"}
    assert found["x"].isna().all() and RESULT.shares()["at"].isna().all()


def test_summary_tells_object_from_occlusion() -> None:
    text = PAIRED.summary()
    assert "ball: 66.7% of 6 pastes on 3 images switched, most often to Excitement (50.0% of all)." in text
    assert "grey in its place: 50.0%; difference +16.7 points" in text and "3 images)" in text
    assert "of the object's switches, 50% the control makes too, 25% to the same label" in text
    assert "blurred in its place: 0.0%" in text
    with pytest.raises(UnknownNameError, match="variant called 'gray'"):
        PAIRED.contrast("gray")
    with pytest.raises(UnknownNameError, match="label"):
        PAIRED.contrast("grey", to="joy")
