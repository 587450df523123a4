"""Exercises answered by clicking and dragging in an explorer: they watch it and hint, and never tell the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from emocam_widgets import demo

if TYPE_CHECKING:
    from emocam_widgets.analysis.association import Association
    from emocam_widgets.widgets.editor import ObjectEditor
    from emocam_widgets.widgets.explorer import Explorer

FROM, TO = "Joy", "Excitement"
CONTROL = "lotus flower"


@dataclass(frozen=True)
class Step:
    """One thing to do, whether it is done, and what to say about it now (a hint, or what the reader has just shown)."""

    task: str
    done: bool
    remark: str


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


class Exercise(ipywidgets.HTML):
    """The exercise of the first notebook, as a list that ticks itself off while the reader works in `explorer`.

    The steps are: find the association in the heatmap, open an image labelled Joy, make it Excitement by pasting. A
    step once done stays done; `steps` are as shown.
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self._explorer = explorer
        self._done: dict[int, Step] = {}
        self._suspect: str | None = None
        self.steps: tuple[Step, ...] = ()
        explorer.heatmap.observe(self._update, names=["cell"])
        explorer.observe(self._editor_came, names=["editor"])
        self._editor_came()

    def _editor_came(self, _change: Any = None) -> None:
        if self._explorer.editor is not None:
            self._explorer.editor.observe(self._update, names=["placements", "prediction"])
        self._update()

    def _update(self, _change: Any = None) -> None:
        heatmap = self._explorer.heatmap
        editing = _editing(self._explorer.editor)
        cell_step = check_cell(heatmap.association, heatmap.cell)
        if cell_step.done and heatmap.cell:
            self._suspect = heatmap.cell[0]
        current = (cell_step, check_opened(editing), check_paste(editing, self._suspect))
        for number, step in enumerate(current):
            if step.done:
                self._done[number] = step
        self.steps = tuple(self._done.get(number, step) for number, step in enumerate(current))
        self.value = as_html(self.steps)


def _editing(editor: ObjectEditor | None) -> Editing | None:
    """What the editor shows, or None before an image is in it."""
    if editor is None or not editor.prediction:
        return None
    known = demo.sprites()
    pasted = tuple(known[p["sprite"]].object_class for p in editor.placements if p["sprite"] in known)
    return Editing(_first(editor.original_prediction), _first(editor.prediction), pasted)


def _first(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=lambda label: probabilities[label])


def as_html(steps: Sequence[Step]) -> str:
    """The steps as a list: a tick or a number, the task, and the remark of those done and of the first that is not."""
    quiet = "var(--jp-ui-font-color2, #616161)"
    rows, hinted = [], False
    for number, step in enumerate(steps, 1):
        remark = step.remark if step.done or not hinted else ""
        hinted = hinted or not step.done
        mark = "\N{HEAVY CHECK MARK}" if step.done else str(number)
        colour = "var(--jp-success-color1, #2e7d32)" if step.done else quiet
        rows.append(
            f'<div data-testid="step" data-done="{str(step.done).lower()}" style="display:flex;gap:8px;padding:4px 0">'
            f'<b style="color:{colour};min-width:16px;text-align:center">{mark}</b>'
            f'<span>{escape(step.task)}<br><span style="color:{quiet}">{escape(remark)}</span></span></div>'
        )
    return f'<div style="line-height:1.5;max-width:720px">{"".join(rows)}</div>'
