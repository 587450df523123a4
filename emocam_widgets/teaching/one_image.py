"""The exercise of notebook 01: what is expected of a map, what the detector is sure of, and what the label rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from emocam_widgets.analysis.importance import cam_importance, default_threshold
from emocam_widgets.teaching.steps import Exercise, Question, Step

if TYPE_CHECKING:
    from emocam_widgets.run import Run
    from emocam_widgets.widgets import MethodComparison
    from emocam_widgets.widgets.expectation import Expectation

CORNERS = ["x0", "y0", "x1", "y1"]


def check_expected(committed: bool, marked: int) -> Step:
    """Is what the viewer expects locked? ``marked`` is how many boxes and cells are chosen so far."""
    task = "Before you see the map: mark what should speak for the label, then lock it."
    if committed:
        return Step(task, True, "Locked. Now compare: the boxes that you marked, and where the map glows.")
    if not marked:
        return Step(task, False, "Click a box in the picture. There is no right answer yet, only yours.")
    return Step(task, False, "Marked, but not locked: press “Lock and reveal” when you are content.")


def check_sure(boxes: pd.DataFrame, box: int | None, threshold: float) -> Step:
    """Is `box` one that the detector is sure of, and that does not count all the same?

    Args:
        boxes: object_class, confidence and importance of each box.
        box: the row that was clicked, or None.
        threshold: a box counts where its importance is above it.
    """
    task = (
        "Click a box in the list that the detector is sure of (the surer half of all boxes), and that does not count "
        f"all the same (importance not above {threshold:g})."
    )
    sure = boxes["confidence"] >= boxes["confidence"].median()
    if not (sure & (boxes["importance"] <= threshold)).any():
        return Step(task, False, "This image has no such box: choose another one in the first cell.")
    if box is None or box not in boxes.index:
        hint = "The list is in order of importance. How sure the detector is stands in the table and in the tooltips."
        return Step(task, False, hint)
    row = boxes.loc[box]
    name, confidence, importance = row["object_class"], f"{row['confidence']:.2f}", f"{row['importance']:.2f}"
    if row["importance"] > threshold:
        return Step(task, False, f"{name} counts: the map's mean inside the box is {importance}. Look further down.")
    if not sure[box]:
        return Step(task, False, f"{name} does not count, but the detector is not so sure of it either ({confidence}).")
    remark = (
        f"{name}: confidence {confidence}, importance {importance}. The detector says what is there. Only the map says "
        "where the classifier looks."
    )
    return Step(task, True, remark)


def check_other_label(before: pd.DataFrame, now: pd.DataFrame, target: str | None, threshold: float) -> Step:
    """Is the map now that of another label, under which the most important box of the predicted one does not count?

    Args:
        before, now: object_class and importance of each box, under the predicted label's map and under the present one.
        target: the label that the present map explains, or None where it is the predicted one.
        threshold: a box counts where its importance is above it.
    """
    task = "Choose another label above the picture, under whose map the box that led the list counts no more."
    if not len(before) or before["importance"].max() <= threshold:
        return Step(task, False, "Under this image's own map no box counts: choose another image in the first cell.")
    if target is None:
        return Step(task, False, "The list of labels stands above the picture; now it is the predicted one.")
    top = int(before["importance"].argmax())
    name = before["object_class"].iloc[top]
    was, is_now = (float(table["importance"].iloc[top]) for table in (before, now))
    if is_now > threshold:
        return Step(task, False, f"Under the map of {target}, {name} still counts ({is_now:.2f}). Try another label.")
    remark = (
        f"{name}: {was:.2f} under the map of the predicted label, {is_now:.2f} under that of {target}. A map is an "
        "answer to a question about one label; it is no property of the picture."
    )
    return Step(task, True, remark)


def one_image(expectation: Expectation, comparison: MethodComparison) -> Exercise:
    """The exercise of notebook 01: commit to an expectation, tell sure from important, and ask about another label.

    Args:
        expectation: of the image, not yet locked.
        comparison: of the same image with one method, made with ``run=`` and a worker.

    Returns:
        The list of steps, to be shown under the two.
    """

    def expected() -> Step:
        return check_expected(expectation.committed, sum(map(len, expectation.chosen.values())))

    def sure() -> Step:
        return check_sure(importances(comparison), comparison.box, default_threshold(comparison.score))

    def other_label() -> Step:
        target = _other_target(comparison)
        before = importances(comparison, predicted=True)
        now = before if target is None else importances(comparison)
        return check_other_label(before, now, target, default_threshold(comparison.score))

    watched = [(expectation, ["committed", "chosen"]), (comparison, ["box", "target", "score"])]
    return Exercise([expected, sure, other_label], watched)


def importances(comparison: MethodComparison, predicted: bool = False) -> pd.DataFrame:
    """The boxes of the comparison (as its ``boxes``) with their importance under its first method's map.

    Args:
        comparison: made with ``run=``, showing an image of the run.
        predicted: under the map of the predicted label, whatever label is chosen.
    """
    run, image_id, method = _run_of(comparison), str(comparison.image_id), comparison.methods[0]
    boxes, row = comparison.boxes, run.image(image_id)
    cam = run.grid(image_id, method) if predicted else comparison.cam(method)
    return boxes.assign(
        importance=cam_importance(cam, boxes[CORNERS], int(row["width"]), int(row["height"]), comparison.score)
    )


def size_question(comparison: MethodComparison) -> Question:
    """A question about what a box smaller than a cell of the map can tell; its numbers are those of the comparison.

    Args:
        comparison: as of `one_image`.
    """
    run, image_id = _run_of(comparison), str(comparison.image_id)
    cam, row = run.grid(image_id, comparison.methods[0]), run.image(image_id)
    height, width = cam.grid.shape
    wide, high = cam.view.width / width, cam.view.height / height
    boxes = comparison.boxes
    area = (boxes["x1"] - boxes["x0"]) * (boxes["y1"] - boxes["y0"])
    smaller = int((area < wide * high).sum())
    question = (
        f"The map has {height} x {width} cells; each covers {wide:.0f} x {high:.0f} of the picture's "
        f"{row['width']} x {row['height']} pixels. {smaller} of the {len(boxes)} boxes are smaller than one cell. "
        "What decides how important such a box comes out?"
    )
    choices = {
        "What exactly lies inside it": "Can the map tell an eye from the eyebrow above it, if both lie in one cell?",
        "The few cells that it lies on, whatever else they cover": (
            "Yes. Beside a glowing thing a small box glows too, and its mean is not thinned out as a large box's is. "
            "The paper shows it for an ear (EmoCAM, Sec. 4 and Fig. 4); notebook 06 tries what helps."
        ),
        "How sure the detector is of it": "The confidence decides whether the box is used at all. What is the mean of?",
    }
    return Question(question, choices, "The few cells that it lies on, whatever else they cover")


def _other_target(comparison: MethodComparison) -> str | None:
    label = str(_run_of(comparison).image(str(comparison.image_id))["label"])
    return None if comparison.target in (None, label) else comparison.target


def _run_of(comparison: MethodComparison) -> Run:
    if comparison.run is None or comparison.image_id is None:
        raise ValueError("The exercise needs a comparison with run= and an image of that run.")
    return comparison.run
