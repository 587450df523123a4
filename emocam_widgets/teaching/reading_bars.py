"""The exercise on the paste experiment (EmoCAM, Fig. 7): bars, the images behind them, their controls and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from emocam_widgets.analysis.paste import OBJECT, PasteResult
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.teaching.guess import Guess, check_guess
from emocam_widgets.teaching.steps import Exercise, Question, Step

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.models import SplitClassifier
    from emocam_widgets.widgets.paste_bars import PasteBars

CONTROL = "grey"
CHANCE = 0.05
AT_ONCE = 32


def predicted_as(corpus: Corpus, classifier: SplitClassifier, label: str, at_most: int = 10) -> list[str]:
    """The first images of a corpus that the classifier gives a label; images that do not open are left out.

    Raises:
        EmocamError: there is none.
    """
    from emocam_widgets.engine.loading import in_batches, load_ahead

    known_name("label", label, classifier.labels)
    found: list[str] = []
    likely_first = sorted(corpus, key=lambda image_id: corpus.annotation(image_id) != label)
    for batch in in_batches(load_ahead(corpus, likely_first), AT_ONCE):
        images = {each.image_id: each.image for each in batch if each.image is not None}
        predictions = classifier.predict(list(images.values())) if images else []
        found += [image_id for image_id, one in zip(images, predictions, strict=True) if one.label == label]
        if len(found) >= at_most:
            break
    if not found:
        raise EmocamError(f"No image of the corpus {corpus.name!r} is predicted as {label!r}: choose another label.")
    return found[:at_most]


def switch_guess(objects: Sequence[str], label: str) -> Guess:
    """The question that comes before the experiment: what will switch the label most often?"""
    question = (
        f"Each of these is pasted onto images predicted as {label}, at many places. Which will switch it most often?"
    )
    return Guess(question, [*objects, "all about as often"])


def check_highest(shares: pd.DataFrame, selected: Sequence[Any] | None) -> Step:
    """Is the chosen bar the one of a thing that switched the greatest share of images?"""
    task = "Click the bar of the thing and place that switched the most images, and look at them."
    mine = shares[shares["variant"] == OBJECT]
    row = _row(shares, selected)
    if row is None:
        return Step(task, False, "The number above a bar is its share in per cent; the images come below the bars.")
    said = _said(row)
    if row["variant"] != OBJECT:
        return Step(task, False, f"{said} That is a control: the hatched bars are grey silhouettes.")
    if row["share"] < mine["share"].max():
        return Step(task, False, f"{said} There is a higher one; look in every row.")
    return Step(task, True, f"{said} Most went to {row['to_label']}: {row['to_count']} of them.")


def check_control(shares: pd.DataFrame, selected: Sequence[Any] | None, highest: Sequence[Any] | None) -> Step:
    """Is the chosen bar the control of the one that was found before?"""
    task = "Was it the thing, or what it covers? Click its control: the same silhouette in grey, at the same place."
    if highest is None:
        return Step(task, False, "")
    row = _row(shares, selected)
    if row is None or row["variant"] != CONTROL:
        return Step(
            task, False, "It is the hatched bar beside the one you found; where it switched nothing it is flat."
        )
    if [row["object"], row["position"]] != [highest[0], highest[2]]:
        return Step(task, False, f"That is the control of the {row['object']} at place {row['position'] + 1}.")
    thing = _row(shares, highest)
    if thing is None:
        return Step(task, False, "")
    return Step(task, True, f"{_said(row)} The {thing['object']} there: {thing['switched']} of {thing['n']}.")


def check_cannot_tell(contrast: pd.DataFrame, selected: Sequence[Any] | None) -> Step:
    """Is the chosen bar one that switched images, and no more than chance more often than its control?"""
    task = "Now a bar of a thing that did switch images, but of which nobody can say that it was the thing."
    if not selected or selected[1] != OBJECT:
        return Step(task, False, "Look for a low bar with a control of about its height; click the thing's own bar.")
    row = contrast[(contrast["object"] == selected[0]) & (contrast["position"] == selected[2])].iloc[0]
    if row["share"] == 0:
        return Step(task, False, "This one switched nothing.")
    only = (
        f"{row['only_object']} images were switched by the {selected[0]} alone and {row['only_control']} by grey alone "
        f"(McNemar's exact test: p = {row['p_value']:.3f})"
    )
    if row["p_value"] < CHANCE:
        return Step(task, False, f"Here {only}: more than chance. Look where bar and control are closer.")
    return Step(task, True, f"Here {only}. So few images leave it open.")


def read_the_bars(bars: PasteBars, guess: Guess) -> Exercise:
    """The exercise of notebook 04: from a bar to its images, to its control, and to what cannot be told.

    Args:
        bars: of an experiment with the variants "object" and "grey".
        guess: what the reader expects, from `switch_guess`.

    Returns:
        The list of steps, to be shown under the bars.
    """
    highest: list[Any] = []
    contrasts: dict[str | None, pd.DataFrame] = {}

    def first() -> Step:
        step = check_highest(bars.result.shares(bars.before), bars.selected)
        if step.done and not highest:
            highest[:] = list(bars.selected)
        return step

    def control() -> Step:
        return check_control(bars.result.shares(bars.before), bars.selected, highest or None)

    def cannot_tell() -> Step:
        if bars.before not in contrasts:
            contrasts[bars.before] = bars.result.contrast_by_position(CONTROL, before=bars.before)
        return check_cannot_tell(contrasts[bars.before], bars.selected)

    checks = [lambda: check_guess(guess.answer), first, control, cannot_tell]
    return Exercise(checks, [(guess, ["answer"]), (bars, ["selected", "before"])])


def place_question(result: PasteResult, name: str) -> Question:
    """Does it matter where the thing is put? Asked of its highest and lowest bar, with their 95 % intervals."""
    shares = result.shares()
    mine = shares[(shares["object"] == name) & (shares["variant"] == OBJECT)].sort_values("share", kind="stable")
    low, high = mine.iloc[0], mine.iloc[-1]
    apart = bool(high["low"] > low["high"])
    numbers = (
        f"{low['share']:.0%} ({low['low']:.0%} to {low['high']:.0%}) and "
        f"{high['share']:.0%} ({high['low']:.0%} to {high['high']:.0%})"
    )
    yes, no = "Yes, the place decides", "These images cannot tell"
    picked = f"and of {len(mine)} places the two farthest apart were picked after looking, which makes any gap larger"
    choices = {
        yes: f"The intervals do not overlap; {picked}." if apart else f"Compare the intervals, not the bars; {picked}.",
        no: "Compare the intervals: do they overlap?" if apart else f"They overlap, {picked}. More images would help.",
    }
    question = (
        f"The {name} switched {numbers} of {high['n']} images at its worst and its best place (95 % intervals). Is "
        "that a difference between the places?"
    )
    return Question(question, choices, yes if apart else no)


def _row(shares: pd.DataFrame, selected: Sequence[Any] | None) -> pd.Series | None:
    if not selected:
        return None
    name, variant, position = selected
    rows = shares[(shares["object"] == name) & (shares["variant"] == variant) & (shares["position"] == position)]
    return rows.iloc[0] if len(rows) else None


def _said(row: pd.Series) -> str:
    what = row["object"] if row["variant"] == OBJECT else f"{row['object']}'s silhouette"
    return (
        f"The {what} switched {row['switched']} of {row['n']} images here: {row['share']:.0%} "
        f"(95 % interval {row['low']:.0%} to {row['high']:.0%})."
    )
