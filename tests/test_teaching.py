"""The exercise's hints: what counts as done, and that no hint names the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import traitlets as t

from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.engine.answers import Ballot, Totals
from emocam_widgets.teaching.start_here import Editing, check_cell, check_opened, check_paste
from emocam_widgets.teaching.steps import Exercise, Question, Step, as_html

LABELS = ("Joy", "Excitement")
CLASSES = ("Person", "Sports equipment", "Food")


@pytest.fixture
def association() -> Association:
    """Ten images of each label: a person counts in all, sports equipment in eight of Excitement and one of Joy."""
    images = pd.DataFrame({"image_id": [f"{i:02d}" for i in range(20)], "label": [LABELS[i // 10] for i in range(20)]})
    rows = [(f"{i:02d}", "Person") for i in range(20)]
    rows += [(f"{i:02d}", "Sports equipment") for i in [0, *range(10, 18)]]
    rows += [("19", "Food")]
    boxes = pd.DataFrame(rows, columns=["image_id", "object_class"]).assign(confidence=0.9)
    return Aggregate(images, boxes, np.ones(len(boxes)), labels=LABELS, classes=CLASSES).at(0.3)


def test_the_cell_that_sets_excitement_apart_is_the_answer(association: Association) -> None:
    step = check_cell(association, ["Sports equipment", "Excitement"])
    assert step.done
    assert "80%" in step.remark
    assert "10%" in step.remark


@pytest.mark.parametrize("cell", [None, ["Sports equipment", "Joy"], ["Person", "Excitement"], ["Food", "Excitement"]])
def test_another_cell_gets_a_hint_that_does_not_tell(association: Association, cell: list[str] | None) -> None:
    step = check_cell(association, cell)
    assert not step.done
    assert step.remark
    assert "Sports equipment" not in step.task + step.remark


def test_the_image_must_be_labelled_joy() -> None:
    assert not check_opened(None).done
    assert not check_opened(Editing("Fear", "Fear", ())).done
    assert check_opened(Editing("Joy", "Joy", ())).done


@pytest.mark.parametrize(
    ("editing", "done"),
    [
        (Editing("Joy", "Joy", ()), False),
        (Editing("Joy", "Joy", ("Sports equipment",)), False),
        (Editing("Joy", "Excitement", ("Food",)), False),
        (Editing("Fear", "Excitement", ("Sports equipment",)), False),
        (Editing("Joy", "Excitement", ("Food", "Sports equipment")), True),
    ],
)
def test_the_proof_is_joy_turned_into_excitement_by_what_was_found(editing: Editing, done: bool) -> None:
    assert check_paste(editing, "Sports equipment").done is done


def test_only_the_first_open_step_shows_its_hint(association: Association) -> None:
    steps = (check_cell(association, None), check_opened(None), check_paste(None, None))
    html = as_html(steps)
    assert html.count('data-done="false"') == 3
    assert steps[0].remark in html
    assert steps[1].remark not in html


class Lamp(t.HasTraits):
    lit = t.Bool(False)


def test_an_exercise_follows_what_it_watches_and_forgets_nothing_done() -> None:
    lamp, later = Lamp(), Lamp()
    exercise = Exercise(
        [
            lambda: Step("light it", lamp.lit, "press <the> switch"),
            lambda: Step("light the other", later.lit, "elsewhere"),
        ],
        [(lamp, ["lit"])],
    )
    assert not exercise.done and "press &lt;the&gt; switch" in exercise.value
    lamp.lit = True
    lamp.lit = False
    assert [step.done for step in exercise.steps] == [True, False]
    later.lit = True
    assert not exercise.done
    exercise.watch(later, ["lit"])
    exercise.update()
    assert exercise.done


def test_a_question_says_something_back_to_each_answer() -> None:
    question = Question("How <many>?", {"one": "Think again.", "two": "Yes: <b>two</b>."}, "two")
    one, two = question.children[1].children
    assert "How &lt;many&gt;?" in question.children[0].value and question.children[2].value == ""
    one.click()
    assert (question.answer, question.correct) == ("one", False) and "Think again." in question.children[2].value
    two.click()
    assert question.correct and "Yes: &lt;b&gt;two&lt;/b&gt;." in question.children[2].value
    assert (one.icon, two.icon) == ("", "check")
    with pytest.raises(ValueError, match="right must be among"):
        Question("How many?", {"one": ""}, "three")


class Class:
    """The part of a worker that a question asks: a class of 28, or of one."""

    def __init__(self, shared: bool) -> None:
        self.shared = shared
        self.left = 0
        self.ballots: list[Ballot] = []
        self.told: Any = None

    def join_class(self, ballot: Ballot, told: Any) -> Any:
        self.ballots.append(ballot)
        self.told = told
        return lambda: setattr(self, "left", self.left + 1)


def test_a_question_shows_the_class_only_after_an_answer() -> None:
    worker: Any = Class(shared=True)
    question = Question("How many?", {"one": "Think again.", "two": "Yes."}, "two", worker=worker)
    (one, first), (two, second) = (pair.children for pair in question.children[1].children)
    assert worker.ballots == [] and first.value == second.value == ""
    one.click()
    worker.told(Totals(28, (10, 18)))
    assert "10 of 28" in first.value and "18 of 28" in second.value
    two.click()
    assert [ballot.chosen for ballot in worker.ballots] == [(0,), (1,)] and worker.left == 1
    assert worker.ballots[0].question == worker.ballots[1].question and worker.ballots[0].n == 2
    question.close()
    assert worker.left == 2
    alone: Any = Class(shared=False)
    question = Question("How many?", {"one": "", "two": ""}, "two", worker=alone)
    question.answer = "two"
    alone.told(Totals(1, (0, 1)))
    assert [("you" in pair.children[1].value) for pair in question.children[1].children] == [False, True]
