"""Notebook 06's exercises: the small box, presence without use, and what grey does."""

from __future__ import annotations

import ipywidgets
import numpy as np
import pandas as pd
import pytest
import traitlets as t
from PIL import Image, ImageDraw

from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.rle import decode_mask
from emocam_widgets.teaching.covered import Covered
from emocam_widgets.teaching.guess import Guess
from emocam_widgets.teaching.presence import check_bystander, check_tried
from emocam_widgets.teaching.silhouettes import Trial, check_covering, check_thing
from emocam_widgets.teaching.small_box import (
    check_expected,
    check_first_box,
    check_other_score,
    rough_masks,
    score_question,
)

NAMES = ["Person", "Human ear"]
MEANS, AREAS = np.array([0.4, 0.9], np.float32), np.array([0.3, 0.001], np.float32)


def test_the_first_box_is_pointed_at() -> None:
    assert not check_first_box(NAMES, MEANS, AREAS, None).done
    wrong = check_first_box(NAMES, MEANS, AREAS, 0)
    assert not wrong.done and "Person" in wrong.remark and "ear" not in wrong.remark + wrong.task
    assert check_first_box(NAMES, MEANS, AREAS, 1).done


def test_another_score_must_not_put_a_small_box_first() -> None:
    assert not check_other_score("mean", "Human ear", 0.001).done
    assert "Still" in check_other_score("contrast", "Human ear", 0.001).remark
    assert not check_other_score("mask-mean", "Person", 0.3).done
    assert check_other_score("mass", "Person", 0.3).done


def test_the_question_about_scores_is_asked_of_the_table() -> None:
    table = pd.DataFrame({"first": ["Human ear", "Person"], "share_of_picture": [0.001, 0.3]}, index=["mean", "mass"])
    question = score_question(table)
    question.answer = "mean"
    assert not question.correct and "0.1% of the picture" in question.children[2].value
    question.answer = "mass"
    assert question.correct
    nothing = score_question(table.assign(share_of_picture=0.001))
    nothing.answer = "under none of them"
    assert nothing.correct


def test_a_rough_mask_is_what_differs_from_the_frame_round_the_box() -> None:
    image = Image.new("RGB", (80, 60), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((30, 20, 49, 39), fill="red")
    (mask, plain) = (decode_mask(text) for text in rough_masks(image, np.array([[28, 18, 52, 42], [2, 2, 9, 9]])))
    red = np.asarray(image)[..., 1] < 32
    assert mask[red].mean() > 0.95 and not mask[~red & (np.asarray(image)[..., 1] > 224)].any()
    assert plain.sum() == 49  # nothing in it differs: the whole box


@pytest.fixture
def association() -> Association:
    """Ten images each of Joy and Sadness: a tree in eight of Sadness, a flag in nine of Joy, a person in all."""
    labels, classes = ("Joy", "Sadness"), ("Person", "Tree", "Flag")
    images = pd.DataFrame({"image_id": [f"{i:02d}" for i in range(20)], "label": [labels[i // 10] for i in range(20)]})
    rows = [(f"{i:02d}", "Person") for i in range(20)]
    rows += [(f"{i:02d}", "Tree") for i in range(10, 18)] + [(f"{i:02d}", "Flag") for i in range(9)]
    boxes = pd.DataFrame(rows, columns=["image_id", "object_class"]).assign(confidence=0.9)
    return Aggregate(images, boxes, np.ones(len(boxes)), labels=labels, classes=classes).at(0.3)


TRUTH = pd.DataFrame(
    [("Flag", "Joy", 0.4, 0.3, 0.5), ("Tree", "Sadness", -0.01, -0.04, 0.01)],
    columns=["object_class", "label", "effect", "low", "high"],
)


def test_a_bystander_stands_out_and_is_not_used(association: Association) -> None:
    assert not check_bystander(association, None, TRUTH).done
    assert "does not stand out" in check_bystander(association, ["Person", "Joy"], TRUTH).remark
    used = check_bystander(association, ["Flag", "Joy"], TRUTH)
    assert not used.done and "it is used" in used.remark and "Tree" not in used.remark + used.task
    found = check_bystander(association, ["Tree", "Sadness"], TRUTH)
    assert found.done and "80%" in found.remark and "not used" in found.remark
    assert "not measured" in check_bystander(association, ["Tree", "Sadness"], TRUTH.iloc[:1]).remark
    assert "try it" in check_bystander(association, ["Flag", "Joy"], None).remark


def test_the_trial_must_be_of_that_cell_and_whole() -> None:
    cell = ["Tree", "Sadness"]
    assert not check_tried(None, []).remark
    assert not check_tried(None, cell).done
    assert not check_tried({"state": "done", "cell": ["Flag", "Joy"]}, cell).done
    assert "3 of 20" in check_tried({"state": "running", "cell": cell, "n": 3, "images": 20}, cell).remark
    assert check_tried({"state": "failed", "cell": cell, "sentence": "No tree."}, cell).remark == "No tree."
    done = {"state": "done", "cell": cell, "n": 20, "to_label": 1, "control_to_label": 2}
    assert check_tried(done, cell).done


@pytest.mark.parametrize(
    ("trial", "covering", "thing"),
    [
        (None, False, False),
        (Trial(2, "Joy", "Fear", "Fear"), False, False),
        (Trial(1, "Joy", "Joy", "Joy"), False, False),
        (Trial(1, "Joy", "Fear", "Joy"), False, True),
        (Trial(1, "Joy", "Fear", "Awe"), False, False),
        (Trial(1, "Joy", "Fear", "Fear"), True, False),
    ],
)
def test_grey_tells_the_thing_from_what_it_hides(trial: Trial | None, covering: bool, thing: bool) -> None:
    assert check_covering(trial).done is covering
    assert check_thing(trial).done is thing
    assert check_covering(trial).remark and check_thing(trial).remark


def test_what_is_covered_comes_once_the_guess_is_made() -> None:
    guess, map_ = Guess("Which?", ["this", "that"]), ipywidgets.HTML("the map")
    covered = Covered(guess, map_)
    assert not covered.lifted and map_ not in covered.children
    guess.answer = "this"
    assert covered.lifted and covered.children == (map_,)
    assert Covered(guess, map_).lifted
    with pytest.raises(t.TraitError, match="committed"):
        Covered(map_, map_)


def test_the_first_step_is_what_is_expected() -> None:
    assert "Lock and reveal" in check_expected(False, "").remark
    assert check_expected(True, "You marked the face.").remark == "You marked the face."
