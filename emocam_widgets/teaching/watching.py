"""How an exercise follows an explorer's editor, which comes only when an image is opened in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emocam_widgets.teaching.steps import Exercise
    from emocam_widgets.widgets.explorer import Explorer


def watch_editor_of(exercise: Exercise, explorer: Explorer, names: Sequence[str]) -> None:
    """Asks the checks again whenever one of these traits of the explorer's editor changes, also of a later one.

    Without "prediction" among them the checks are not asked while something is dragged.
    """

    def editor_came(_change: Any = None) -> None:
        if explorer.editor is not None:
            exercise.watch(explorer.editor, names)
        exercise.update()

    explorer.observe(editor_came, names=["editor"])
    editor_came()
