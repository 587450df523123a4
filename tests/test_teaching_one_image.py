"""Notebook 01's checks: a commitment, a box that the detector is sure of and that does not count, another label."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import traitlets as t

from emocam_widgets.teaching.one_image import (
    check_expected,
    check_other_label,
    check_sure,
    importances,
    one_image,
    size_question,
)
from emocam_widgets.widgets import MethodComparison
from tests.worlds import make_run

BOXES = pd.DataFrame(
    {
        "object_class": ["Human face", "Plant", "Clothing", "Human ear"],
        "confidence": [0.9, 0.8, 0.7, 0.1],
        "importance": [0.1, 0.5, 0.4, 0.2],
    }
)


class Marks(t.HasTraits):
    """What the check looks at in an `Expectation`."""

    committed = t.Bool(False)
    chosen: t.Dict[str, list[int]] = t.Dict({"boxes": [], "cells": []})


def test_only_a_locked_expectation_is_one() -> None:
    assert not check_expected(False, 0).done
    marked = check_expected(False, 2)
    assert not marked.done and "Lock and reveal" in marked.remark
    assert check_expected(True, 2).done


@pytest.mark.parametrize(
    ("box", "says"), [(None, "order"), (1, "counts"), (2, "counts"), (3, "not so sure"), (9, "order")]
)
def test_a_box_that_counts_or_is_doubtful_gets_a_hint_that_does_not_tell(box: int | None, says: str) -> None:
    step = check_sure(BOXES, box, 0.3)
    assert not step.done
    assert says in step.remark
    assert "Human face" not in step.task + step.remark


def test_a_sure_box_that_does_not_count_is_the_answer() -> None:
    step = check_sure(BOXES, 0, 0.3)
    assert step.done
    assert "0.90" in step.remark and "0.10" in step.remark


def test_an_image_without_such_a_box_says_so() -> None:
    assert "another one" in check_sure(BOXES.assign(importance=0.9), 0, 0.3).remark
    assert "another one" in check_sure(BOXES.iloc[:0], None, 0.3).remark
    assert "another image" in check_other_label(BOXES.assign(importance=0.1), BOXES, "Joy", 0.3).remark


def test_another_label_must_take_the_first_box_away() -> None:
    less = BOXES.assign(importance=[0.9, 0.2, 0.4, 0.2])
    assert not check_other_label(BOXES, BOXES, None, 0.3).done
    still = check_other_label(BOXES, BOXES, "Joy", 0.3)
    assert not still.done and "Plant still counts (0.50)" in still.remark
    gone = check_other_label(BOXES, less, "Fear", 0.3)
    assert gone.done and "0.50 under the map of the predicted label, 0.20 under that of Fear" in gone.remark


def test_the_importances_are_the_runs_and_the_exercise_follows_the_widgets(tmp_path: Path) -> None:
    run = make_run(tmp_path, n=6)
    image_id = str(run.boxes["image_id"].iloc[0])
    comparison = MethodComparison(image_id, run=run, methods=["grad-cam"])
    table = importances(comparison)
    stored = run.boxes_of(image_id).assign(importance=run.importance("grad-cam")[run.boxes_of(image_id).index])
    stored = stored[stored["confidence"] >= run.min_confidence]
    assert np.allclose(np.sort(table["importance"]), np.sort(stored["importance"]), atol=1e-6)

    marks = Marks()
    exercise = one_image(marks, comparison)  # type: ignore[arg-type]
    assert [step.done for step in exercise.steps][:2] == [False, False]
    marks.chosen = {"boxes": [0], "cells": [3]}
    assert "Marked, but not locked" in exercise.value
    marks.committed = True
    assert exercise.steps[0].done
    for box in table.index:
        comparison.box = int(box)
    wanted = (table["confidence"] >= table["confidence"].median()) & (table["importance"] <= 0.3)
    assert exercise.steps[1].done is bool(wanted.any())


def test_the_question_counts_the_boxes_that_are_smaller_than_a_cell(tmp_path: Path) -> None:
    run = make_run(tmp_path, n=6)
    image_id = str(run.boxes["image_id"].iloc[0])
    comparison = MethodComparison(image_id, run=run, methods=["grad-cam"])
    question = size_question(comparison)
    height, width = run.grid(image_id, "grad-cam").grid.shape
    assert f"{height} x {width} cells" in question.children[0].value
    wrong, right, other = question.children[1].children
    wrong.click()
    assert not question.correct
    other.click()
    assert not question.correct
    right.click()
    assert question.correct


def test_a_comparison_without_a_run_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a comparison with run="):
        size_question(MethodComparison())
