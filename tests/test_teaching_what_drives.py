"""Notebook 02's checks: common is not telling, the images behind a cell, and the paper's sentence on the face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import emocam_widgets as emo
from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.errors import EmocamError
from emocam_widgets.teaching.what_drives import (
    above_the_face,
    check_common,
    check_opened,
    check_telling,
    face_first,
    what_drives,
)
from tests.worlds import make_run

LABELS = ("Joy", "Fear", "Awe")
CLASSES = ("Person", "Hat", "Flag", "Kite")


@pytest.fixture
def association() -> Association:
    """Twenty images of each label: a person nearly everywhere, a hat in all of Joy and half of the others.

    A flag is in fifteen of Awe and one of Joy, a kite in one of Fear.
    """
    images = pd.DataFrame({"image_id": [f"{i:02d}" for i in range(60)], "label": [LABELS[i // 20] for i in range(60)]})
    rows = [(i, "Person") for i in range(60) if i % 10] + [(i, "Hat") for i in range(60) if i < 20 or i % 2]
    rows += [(i, "Flag") for i in [0, *range(40, 55)]] + [(20, "Kite")]
    boxes = pd.DataFrame([(f"{i:02d}", name) for i, name in rows], columns=["image_id", "object_class"])
    return Aggregate(images, boxes.assign(confidence=0.9), np.ones(len(boxes)), labels=LABELS, classes=CLASSES).at(0.3)


def test_a_full_cell_that_is_full_everywhere_is_common(association: Association) -> None:
    step = check_common(association, ["Person", "Joy"])
    assert step.done
    assert "90%" in step.remark


@pytest.mark.parametrize(
    ("cell", "says"), [(None, "corner"), (["Kite", "Fear"], "not much"), (["Flag", "Awe"], "does differ from chance")]
)
def test_a_near_empty_or_significant_cell_is_not_common(
    association: Association, cell: list[str] | None, says: str
) -> None:
    step = check_common(association, cell)
    assert not step.done
    assert says in step.remark
    assert "Person" not in step.task + step.remark


def test_a_cell_that_sets_its_label_apart_is_telling(association: Association) -> None:
    step = check_telling(association, ["Flag", "Awe"])
    assert step.done
    assert "75%" in step.remark and "30.0 times" in step.remark


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (None, "nearly empty but for one"),
        (["Person", "Joy"], "not significantly more"),
        (["Kite", "Fear"], "not significantly more"),
        (["Hat", "Joy"], "lift 2.0"),
    ],
)
def test_a_cell_by_chance_or_of_little_lift_is_not_telling(
    association: Association, cell: list[str] | None, says: str
) -> None:
    step = check_telling(association, cell)
    assert not step.done
    assert says in step.remark
    assert "Flag" not in step.task + step.remark


def test_the_image_that_is_opened_must_be_behind_the_cell() -> None:
    cell = ["Flag", "Awe"]
    assert not check_opened([], None, "1").done
    assert not check_opened(["1", "2"], cell, None).done
    assert "not behind Flag in Awe" in check_opened(["1", "2"], cell, "3").remark
    assert check_opened(["1", "2"], cell, "2").done


def test_the_exercise_follows_the_explorer(tmp_path: Path) -> None:
    run = make_run(tmp_path, n=120)
    explorer = emo.explore(run)
    exercise = what_drives(explorer)
    assert not any(step.done for step in exercise.steps)
    association = explorer.heatmap.association
    telling = [
        [name, label]
        for name in association.classes
        for label in association.labels
        if check_telling(association, [name, label]).done
    ]
    assert telling, "the small world holds no telling cell"
    explorer.cell = telling[0]
    assert exercise.steps[1].done and not exercise.steps[2].done
    explorer.image_id = association.contributors(*telling[0])[0]
    assert exercise.steps[2].done


def test_the_paper_s_sentence_is_held_to_its_figure() -> None:
    published = emo.published_association()
    assert list(above_the_face(published, "Sexual Desire").index)[:2] == ["Human arm", "Human hand"]
    assert above_the_face(published, "Adoration").empty
    with pytest.raises(EmocamError, match="could not be read"):
        above_the_face(published, "Boredom")


def test_the_question_has_right_and_wrong_columns() -> None:
    question = face_first()
    answers = {button.description: button for button in question.children[1].children}
    outcome = {}
    for name, button in answers.items():
        button.click()
        outcome[name] = question.correct
    assert outcome == {"Adoration": False, "Anxiety": True, "Romance": False, "Sexual Desire": True}
    answers["Romance"].click()
    assert "the face leads with 47%" in question.children[2].value
