"""The photographer's notebook: mark first and then read the map, write it down, and test what it says of grey tones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emocam_widgets.teaching.steps import Exercise, Question, Step

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.widgets.editor import ObjectEditor
    from emocam_widgets.widgets.lime import LimeView

LABEL = "negative"
FEWEST_WORDS = 3
NO_COLOUR = "no colour"
SAME = 0.005  # changes of a probability that differ by less are called alike


@dataclass(frozen=True)
class Reading:
    """What a `LimeView` holds of its viewer: marks for and against, whether they are locked, and the note."""

    marked_for: int
    marked_against: int
    committed: bool
    seen_before: bool
    agreement: Mapping[str, float | None]
    note: str


def check_marks(reading: Reading) -> Step:
    """Were regions marked and locked before the map was seen?"""
    task = "Mark what you think speaks for the label (+ for) and what against it (against). Then lock and reveal."
    if reading.committed and reading.seen_before:
        return Step(task, False, "You had seen the map of this picture before. Open another one, and commit first.")
    if not reading.committed:
        if not reading.marked_for:
            return Step(task, False, "Click a region of the picture: what did the picture's author want you to see?")
        if not reading.marked_against:
            return Step(task, False, "Something may speak against the label as well. Mark that, or lock as it is.")
        return Step(task, False, "Lock when you are sure: afterwards the marks cannot be changed.")
    share, area = reading.agreement.get("for_share"), reading.agreement.get("for_area")
    if share is None or area is None:
        return Step(task, True, "Locked. The map is coming.")
    more = "more than" if share > area + SAME else "less than" if share < area - SAME else "just what"
    return Step(
        task,
        True,
        f"What you marked for it covers {area:.0%} of the picture and holds {share:.0%} of what speaks for the label: "
        f"{more} chance would give.",
    )


def check_note(reading: Reading) -> Step:
    """Was something written about the map?"""
    task = "Write into the field beside the map what it tells you that you did not see yourself."
    words = len(reading.note.split())
    if words < FEWEST_WORDS:
        hint = "A few words will do: which regions are the bluest and the reddest, and what is there?"
        return Step(task, False, hint if not words else "And what is there, in the picture?")
    return Step(task, True, "Kept with the picture; it is there again when you open it the next time.")


def photographer_reads(lime: LimeView) -> Exercise:
    """The first exercise of notebook 07: commit to marks before the map is shown, then note what it tells.

    Args:
        lime: a view with ``reveal="commit-first"``.
    """

    def reading() -> Reading:
        agreement: Mapping[str, float | None] = next(iter(lime.agreement.values()), {})
        marks = lime.marks
        return Reading(len(marks["for"]), len(marks["against"]), lime.committed, lime.seen_before, agreement, lime.note)

    checks = [lambda: check_marks(reading()), lambda: check_note(reading())]
    return Exercise(checks, [(lime, ["marks", "committed", "seen_before", "agreement", "note"])])


# -- the test in the editor --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """What was done in the object editor, and the label's probability before and after.

    Attributes:
        edits: the region edits, as dicts of their fields.
        pasted: how many things lie on the picture.
    """

    edits: Sequence[Mapping[str, Any]]
    pasted: int
    before: float
    after: float

    @property
    def change(self) -> float:
        """Of the probability, -1..1."""
        return self.after - self.before

    @property
    def kind(self) -> str | None:
        """What kind of edit it is, where it is exactly one and nothing else; else None."""
        return self.edits[0]["kind"] if len(self.edits) == 1 and not self.pasted else None

    @property
    def region(self) -> tuple[str, str]:
        """The part of the picture that the only edit is about, comparable."""
        edit = self.edits[0]
        return str(edit["region"]), str([edit["box"], edit["points"], edit["segments"]])


def check_grey(trial: Trial | None, label: str) -> Step:
    """Was the colour taken out of a part, and nothing else done?"""
    task = "Take the colour out of one part of the picture, or of all of it, and watch the label."
    if trial is None or not (trial.edits or trial.pasted):
        return Step(task, False, "Regions, in the editor: choose what to do, then All or Box, and draw.")
    if trial.kind is None:
        return Step(task, False, "More than one thing is different now. Undo, so that only one change is left.")
    if trial.kind != "grey":
        return Step(task, False, "That changes something else than the colour. Look through the kinds of edits.")
    return Step(task, True, f"Without its colour: {_moved(trial, label)}.")


def check_control(trial: Trial | None, grey: Trial | None, label: str) -> Step:
    """Was the same part changed in another way, so that the two can be compared?"""
    task = "The control: change the same part in another way that leaves its colours, and compare."
    if grey is None:
        return Step(task, False, "")
    if trial is None or trial.kind is None:
        return Step(task, False, "One change at a time: choose another kind for the edit that is there.")
    if trial.kind == "grey":
        return Step(task, False, "Now any change could have done that. Which other change leaves the colours?")
    if trial.region != grey.region:
        return Step(task, False, "That is another part of the picture. Undo it, and change the kind of the first edit.")
    if trial.kind in {"recolour", "crop"}:
        return Step(task, False, "That does not leave the colours as they are, or it is another picture. Try another.")
    gap = grey.change - trial.change
    verdict = (
        f"Taking the colour out made it more {label} than this did"
        if gap > SAME
        else "Taking the colour out did no more than this"
    )
    remark = f"Colour out: {_moved(grey, label)}. This way: {_moved(trial, label)}. {verdict}, in this one picture."
    return Step(task, True, remark)


def photographer_tests(editor: ObjectEditor, label: str = LABEL) -> Exercise:
    """The second exercise of notebook 07: does a picture become `label` by losing its colour, and only by that?

    Args:
        editor: with a picture and a worker that knows the label.
        label: whose probability is watched.
    """
    grey: list[Trial] = []

    def trial() -> Trial | None:
        if not editor.prediction:
            return None
        before, after = editor.original_prediction[label], editor.prediction[label]
        return Trial(editor.edits, len(editor.placements), before, after)

    def colour() -> Step:
        step = check_grey(found := trial(), label)
        if step.done and found is not None:
            grey[:] = [found]
        return step

    def control() -> Step:
        return check_control(trial(), grey[0] if grey else None, label)

    return Exercise([colour, control], [(editor, ["edits", "placements", "image_id"])])


def grey_question(found: pd.DataFrame, label: str = LABEL, **settings: Any) -> Question:
    """Is the finding about grey tones borne out? The right answer is read from the table.

    Args:
        found: of `emo.edit_experiment`, with the row "no colour" and at least one other.
        label: whose probability it is about.
        settings: of the `Question`.

    Raises:
        ValueError: the table lacks those rows.
    """
    if NO_COLOUR not in found.index or len(found) < 2:
        raise ValueError(f"found has the rows {list(found.index)}; expected {NO_COLOUR!r} and at least one other")
    colour, others = found.loc[NO_COLOUR], found.drop(index=NO_COLOUR)
    choices = ("Yes, more than by the other changes", "Yes, but not more than by another change", "No")
    if colour["low"] <= 0:
        right = choices[2]
    elif (colour["change"] > others["change"]).all():
        right = choices[0]
    else:
        right = choices[1]
    told = (
        f"That is what the table says: {colour['change']:+.1%} on average without colour ({colour['low']:+.1%} "
        f"to {colour['high']:+.1%}), and {others['change'].max():+.1%} by the strongest of the others."
    )
    hints = (
        "Then its change would be the greatest in the column. Is it?",
        "Then its interval would lie above zero, and another row's change would be as great. Is that so?",
        f"Then the interval of the row “{NO_COLOUR}” would reach down to zero. Look at low and high.",
    )
    remarks = {choice: told if choice == right else hint for choice, hint in zip(choices, hints, strict=True)}
    return Question(
        f"Do these pictures become more {label} when their colour is taken out?", remarks, right, **settings
    )


def _moved(trial: Trial, label: str) -> str:
    return f"{label} {trial.before:.1%} → {trial.after:.1%}"
