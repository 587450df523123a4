"""Object or occlusion: where grey in a thing's silhouette does what the thing does, and where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emocam_widgets.teaching.steps import Exercise, Step

if TYPE_CHECKING:
    from emocam_widgets.widgets.editor import ObjectEditor


@dataclass(frozen=True)
class Trial:
    """One state of the editor: how many things are on the picture, and the labels without, with, and with grey ones."""

    things: int
    before: str
    now: str
    grey: str


def check_covering(trial: Trial | None) -> Step:
    """Does the thing change the label, and its grey silhouette change it to the same?"""
    task = "Change the label with a thing whose grey silhouette changes it to the same label."
    if trial is None:
        return Step(task, False, "Drag one thing onto the picture; the line under the headline says what grey does.")
    problem = _problem(trial)
    if problem:
        return Step(task, False, problem)
    if trial.grey == trial.before:
        return Step(task, False, f"{trial.now} by the thing, {trial.grey} by grey: it is not what it hides. Hide more.")
    if trial.grey != trial.now:
        return Step(task, False, f"Grey changes it too, but to {trial.grey}. Another thing there, or another place?")
    return Step(task, True, f"{trial.before} → {trial.now}, and grey does the same: what is hidden is enough.")


def check_thing(trial: Trial | None) -> Step:
    """Does the thing change the label where its grey silhouette leaves it?"""
    task = "Change the label with a thing whose grey silhouette leaves it as it was."
    if trial is None:
        return Step(task, False, "One thing at a time, as before.")
    problem = _problem(trial)
    if problem:
        return Step(task, False, problem)
    if trial.grey != trial.before:
        return Step(task, False, f"{trial.now} by the thing, {trial.grey} by grey. Hide less of what the label needs.")
    return Step(task, True, f"{trial.before} → {trial.now}, and grey leaves {trial.grey}: here it is the thing itself.")


def object_or_cover(editor: ObjectEditor) -> Exercise:
    """The third exercise of notebook 06: a label that changes by what is hidden, and one that changes by the thing.

    Args:
        editor: with a worker and an image.

    Returns:
        The list of steps, to be shown under the editor.
    """
    return Exercise(
        [lambda: check_covering(_trial(editor)), lambda: check_thing(_trial(editor))],
        [(editor, ["placements", "image_id"])],
    )


def _problem(trial: Trial) -> str | None:
    if trial.things > 1:
        return "There is more than one thing on the picture. Take one off, so that only one thing differs."
    if trial.now == trial.before:
        return f"It still says {trial.now}. Move it, make it larger, or try another thing."
    return None


def _trial(editor: ObjectEditor) -> Trial | None:
    placed = [one for one in editor.placements if not one.get("hidden")]
    if not placed or not editor.prediction:
        return None
    result = editor.result()
    if result.control is None:
        return None
    return Trial(len(placed), result.before.label, result.after.label, result.control.label)
