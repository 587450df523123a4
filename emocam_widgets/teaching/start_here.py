"""The exercise of the first notebook: an association found in the heatmap, then proved in the editor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emocam_widgets import demo
from emocam_widgets.teaching.steps import Exercise, Step

if TYPE_CHECKING:
    from emocam_widgets.analysis.association import Association
    from emocam_widgets.widgets.editor import ObjectEditor
    from emocam_widgets.widgets.explorer import Explorer

FROM, TO = "Joy", "Excitement"
CONTROL = "lotus flower"


@dataclass(frozen=True)
class Editing:
    """What the object editor shows: the image's label as it was and as it is, and the object classes pasted on it."""

    label_before: str
    label_now: str
    pasted: tuple[str, ...]


def check_cell(association: Association, cell: Sequence[str] | None) -> Step:
    """Is `cell` (object class, label) what most sets the label Excitement apart?"""
    task = f"Click the cell of the heatmap that most sets {TO} apart from the other labels."
    if not cell:
        return Step(task, False, f"Look down the column {TO}, and for each strong cell look along its row.")
    object_class, label = cell
    if label != TO:
        return Step(task, False, f"That cell is about {label}; the column {TO} is the one that is asked about.")
    cells = association.cells()
    column = cells[cells["label"] == TO]
    gap = (column["fraction"] - column["elsewhere"]).to_numpy()
    best = column["object_class"].iloc[int(gap.argmax())]
    chosen = column[column["object_class"] == object_class].iloc[0]
    share, elsewhere = f"{chosen['fraction']:.0%}", f"{chosen['elsewhere']:.0%}"
    if object_class != best:
        remark = (
            f"{object_class} is highlighted in {share} of the images labelled {TO}, but in {elsewhere} of the others "
            "too. Look for a row that is pale everywhere except in this column."
        )
        return Step(task, False, remark)
    remark = f"{object_class}: highlighted in {share} of the images labelled {TO} and in {elsewhere} of the others."
    return Step(task, True, remark)


def check_opened(editing: Editing | None) -> Step:
    """Is an image in the editor whose own label is Joy?"""
    task = f"Clear the cell, open an image labelled {FROM}, and press Edit."
    if editing is None:
        return Step(task, False, f"Choose {FROM} as the label above the images; a double click opens one.")
    if editing.label_before != FROM:
        return Step(task, False, f"This image is labelled {editing.label_before}; choose one labelled {FROM}.")
    return Step(task, True, "Note its probabilities before you touch it.")


def check_paste(editing: Editing | None, suspect: str | None) -> Step:
    """Does the Joy image in the editor say Excitement since an object of the class `suspect` was pasted?"""
    task = f"Prove it: drag a thing onto it until the headline says {TO}."
    if editing is None or editing.label_before != FROM:
        return Step(task, False, "")
    if not editing.pasted:
        return Step(task, False, "Which things in the palette are of the class that you found?")
    if editing.label_now != TO:
        return Step(task, False, f"Now it says {editing.label_now}. Move it, make it larger, or try another thing.")
    if suspect is not None and suspect not in editing.pasted:
        return Step(task, False, f"{TO}, but by a thing of another class than the one that you found. Is that enough?")
    remark = (
        f"Joy became Excitement, and you changed nothing else. One more question: was it the thing, or what it covers? "
        f"Put a {CONTROL} in the same place."
    )
    return Step(task, True, remark)


def start_here(explorer: Explorer) -> Exercise:
    """The exercise of notebook 00: find the association in the heatmap, open an image labelled Joy, make it Excitement.

    Args:
        explorer: of a run over the demo corpus, with a worker.

    Returns:
        The list of steps, to be shown under the explorer.
    """
    suspect: list[str] = []

    def cell() -> Step:
        step = check_cell(explorer.heatmap.association, explorer.heatmap.cell)
        if step.done:
            suspect[:] = [explorer.heatmap.cell[0]]
        return step

    def opened() -> Step:
        return check_opened(editing_of(explorer.editor))

    def pasted() -> Step:
        return check_paste(editing_of(explorer.editor), suspect[0] if suspect else None)

    exercise = Exercise([cell, opened, pasted], [(explorer.heatmap, ["cell"])])
    watch_editor(exercise, explorer)
    return exercise


def watch_editor(exercise: Exercise, explorer: Explorer) -> None:
    """Asks the checks again whenever something changes in the explorer's editor, also in one that comes later."""

    def editor_came(_change: Any = None) -> None:
        if explorer.editor is not None:
            exercise.watch(explorer.editor, ["placements", "prediction"])
        exercise.update()

    explorer.observe(editor_came, names=["editor"])
    editor_came()


def editing_of(editor: ObjectEditor | None) -> Editing | None:
    """What the editor shows, or None before an image is in it."""
    if editor is None or not editor.prediction:
        return None
    known = demo.sprites()
    pasted = tuple(known[p["sprite"]].object_class for p in editor.placements if p["sprite"] in known)
    return Editing(_first(editor.original_prediction), _first(editor.prediction), pasted)


def _first(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=lambda label: probabilities[label])
