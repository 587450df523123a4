"""Paste results: shares, labels switched to and transitions, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

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
