"""The classroom's checks: what counts as found and as proved, and that no hint names what is not found yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emocam_widgets import demo
from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.teaching.classroom import answers, check_found, check_proved
from emocam_widgets.teaching.experiments import Experiment, verdict

LABELS = ("Awe", "Excitement", "Joy")
CLASSES = ("Person", "Flag", "Sports equipment", "Tree")
FLAG = ("Flag", "Awe")
WANTED = (FLAG,)


@pytest.fixture
def association() -> Association:
    """Ten images of each label: people in all, flags in those of Awe, balls in Excitement, trees in Joy."""
    ids = [f"{i:02d}" for i in range(30)]
    images = pd.DataFrame({"image_id": ids, "label": [LABELS[i // 10] for i in range(30)]})
    rows = [(one, "Person") for one in ids]
    rows += [(f"{i:02d}", CLASSES[1 + i // 10]) for i in range(30) if i % 10 < 8]
    boxes = pd.DataFrame(rows, columns=["image_id", "object_class"]).assign(confidence=0.9)
    return Aggregate(images, boxes, np.ones(len(boxes)), labels=LABELS, classes=CLASSES).at(0.3)


def test_what_is_wanted_is_planted_and_used_and_not_that_of_notebook_00() -> None:
    class Run:
        synthetic = True

    pairs = answers(Run())  # type: ignore[arg-type]
    planted = demo.planted().query("kind == 'planted'")
    assert len(pairs) >= 3
    assert set(pairs) < set(zip(planted["object_class"], planted["label"], strict=True))
    assert ("Sports equipment", "Excitement") not in pairs


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (None, "pale"),
        (("Person", "Awe"), "does not set Awe apart"),
        (("Sports equipment", "Excitement"), "notebook 00"),
        (("Tree", "Joy"), "not what was planted"),
    ],
)
def test_another_cell_gets_a_hint_that_does_not_tell(
    association: Association, cell: tuple[str, str] | None, says: str
) -> None:
    step = check_found(association, cell, [], WANTED, 0)
    assert not step.done and says in step.remark and "Flag" not in step.task + step.remark


def test_a_cell_counts_once(association: Association) -> None:
    step = check_found(association, FLAG, [FLAG], WANTED, 0)
    assert step.done and "80%" in step.remark and "0%" in step.remark
    assert "is found" in check_found(association, FLAG, [FLAG], WANTED, 1).remark


def probabilities(awe: float) -> Mapping[str, float]:
    return {"Awe": awe, "Excitement": 0.0, "Joy": 1 - awe}


def added(after: float, grey: float, *classes: str) -> Experiment:
    return Experiment(
        probabilities(0.1), probabilities(after), classes or ("Flag",), False, (), 0, lambda: probabilities(grey)
    )


def removed(after: float, elsewhere: float, *classes: str, area: float = 0.1) -> Experiment:
    return Experiment(
        probabilities(0.9), probabilities(after), (), True, classes, area, lambda: probabilities(elsewhere)
    )


@pytest.mark.parametrize(
    ("experiment", "proven", "says"),
    [
        (added(0.6, 0.12), True, "the thing itself"),
        (added(0.12, 0.1), False, "proves nothing"),
        (added(0.6, 0.5), False, "what it covers"),
        (added(0.6, 0.1, "Food"), False, "Food is on the picture"),
        (added(0.6, 0.1, "Flag", "Food"), False, "Food is on the picture"),
        (removed(0.2, 0.9, "Flag"), True, "taken away"),
        (removed(0.88, 0.9, "Flag"), False, "proves nothing"),
        (removed(0.2, 0.3, "Flag"), False, "mirrored place does it too"),
        (removed(0.2, 0.9, "Person"), False, "holds no Flag"),
        (removed(0.2, 0.9, "Flag", area=0.8), False, "80%"),
        (replace(added(0.6, 0.1), edited=True), False, "One at a time"),
        (Experiment(probabilities(0.1), probabilities(0.1), (), False, (), 0, dict), False, "press Edit"),
    ],
)
def test_what_proves_an_association(experiment: Experiment, proven: bool, says: str) -> None:
    found, remark = verdict(experiment, *FLAG)
    assert found is proven and says in remark


def test_only_what_was_found_can_be_proved() -> None:
    proof, proved = added(0.6, 0.12), dict[tuple[str, str], str]()
    early = check_proved(proof, [], proved, 0)
    assert not early.done and "find one first" in early.remark and not proved
    assert not check_proved(None, [FLAG], proved, 0).done
    assert check_proved(proof, [("Tree", "Joy"), FLAG], proved, 0).done
    assert list(proved) == [FLAG]
    assert not check_proved(proof, [FLAG], proved, 1).done
    assert "Superpixels" in check_proved(None, [("Tree", "Joy")], {}, 0, "Superpixels follow no thing.").remark
