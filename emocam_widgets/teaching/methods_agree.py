"""The exercise of notebook 05: which methods agree, how much of it the boxes give away, and what agreement is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emocam_widgets.teaching.steps import Exercise, Question, Step

if TYPE_CHECKING:
    from emocam_widgets.analysis.rsa import Rsa
    from emocam_widgets.widgets import RsaMatrix

LOW = 0.65
"""What exchanged maps may reach on average, at most, where the boxes no longer give the agreement away."""


def check_least(result: Rsa | None, pair: Sequence[str] | None) -> Step:
    """Is `pair` the two methods whose associations are the least alike?"""
    task = "Click the pair of methods that agree least."
    if result is None:
        return Step(task, False, "The correlations are on their way.")
    if not pair:
        return Step(task, False, "Each cell is a pair of methods; its number says how alike their matrices are.")
    table = result.pairs()
    rho = _rho(result, pair)
    if not rho <= table["rho"].min():  # nan, of a method under which nothing counts, is no answer either
        return Step(task, False, f"{' and '.join(pair)} reach rho {rho:.2f}. There is a pair of less.")
    shuffled = _shuffled(result, pair)
    remark = f"{' and '.join(pair)}: rho {rho:.2f}."
    if np.isfinite(shuffled):
        remark += (
            f" With the one's maps handed to other images it is {shuffled:.2f}: so much comes from the boxes and "
            "labels that both share, whatever the maps say."
        )
    return Step(task, True, remark)


def check_controls(result: Rsa | None) -> Step:
    """Do exchanged maps reach no more than LOW on average, at the present settings?"""
    task = f"Change the threshold until “its own maps, shuffled” reaches less than {LOW:g} on average."
    if result is None:
        return Step(task, False, "The correlations are on their way.")
    reached = (
        float(np.nanmean(result.controls()["shuffled maps"])) if result.shuffled.notna().any(axis=None) else np.nan
    )
    if not np.isfinite(reached):
        return Step(task, False, "At this threshold nothing counts any more under some method: go back a little.")
    if reached >= LOW:
        hint = f"Now it reaches {reached:.2f} on average. When does a box count only where the map is really on it?"
        return Step(task, False, hint)
    rho = result.pairs()["rho"]
    remark = (
        f"Shuffled maps reach {reached:.2f} now, the methods {rho.min():.2f} to {rho.max():.2f}. At a threshold of "
        f"{result.threshold:.2f} a box rarely counts just because it is there."
    )
    return Step(task, True, remark)


def check_beyond(result: Rsa | None, pair: Sequence[str] | None, low: bool) -> Step:
    """Is `pair` the two methods that agree the most beyond what exchanged maps reach?

    Args:
        result: at the present settings.
        pair: that is selected, or None.
        low: the step before is done.
    """
    task = "Now click the pair that agrees the most beyond what its shuffled maps reach."
    if result is None or not low:
        return Step(task, False, "")
    table = result.pairs()
    gap = table["rho"] - table["shuffled"]
    if not pair:
        return Step(task, False, "Point at a pair: the line below says rho, and what exchanged maps reach.")
    rho, shuffled = _rho(result, pair), _shuffled(result, pair)
    if not rho - shuffled >= gap.max() - 1e-9:
        remark = (
            f"{' and '.join(pair)}: rho {rho:.2f}, shuffled {shuffled:.2f}. Another pair is further beyond its control."
        )
        return Step(task, False, remark)
    remark = (
        f"{' and '.join(pair)}: rho {rho:.2f}, shuffled {shuffled:.2f}. These two tell the same. Are they two "
        "witnesses, or one rule that was written down twice?"
    )
    return Step(task, True, remark)


def methods_agree(matrix: RsaMatrix) -> Exercise:
    """The exercise of notebook 05: the least alike, a bar that the controls do not take, and agreement beyond them.

    Args:
        matrix: of a run with three methods or more.

    Returns:
        The list of steps, to be shown under the matrix.
    """
    passed: list[bool] = []

    def whole() -> Rsa | None:
        return matrix.result if matrix.status == "done" else None

    def least() -> Step:
        return check_least(whole(), matrix.pair)

    def controls() -> Step:
        step = check_controls(whole())
        if step.done and not passed:
            passed.append(True)
        return step

    def beyond() -> Step:
        return check_beyond(whole(), matrix.pair, bool(passed))

    return Exercise([least, controls, beyond], [(matrix, ["pair", "status"])])


def what_agreement_shows() -> Question:
    """A question about what follows where all methods agree."""
    right = "That it does not matter much, here, which of them is used"
    choices = {
        "That the classifier really uses what they highlight": (
            "All of them could look at the same place for the same wrong reason. What would show that it is used?"
        ),
        right: (
            "Yes, and only that. Whether they are right is asked by experiment: take the thing out, or put it in, and "
            "see whether the label follows (the table below; notebooks 03 and 04)."
        ),
        "That the association is not due to chance": (
            "The methods share images, boxes and labels: what chance put there, it put there for all of them."
        ),
    }
    return Question("Suppose that all methods agreed perfectly. What would that show?", choices, right)


def _rho(result: Rsa, pair: Sequence[str]) -> float:
    first, second = map(result.methods.index, pair)
    return float(result.rho.to_numpy()[first, second])


def _shuffled(result: Rsa, pair: Sequence[str]) -> float:
    """The mean of both ways, as in `Rsa.pairs`."""
    first, second = map(result.methods.index, pair)
    shuffled = result.shuffled.to_numpy()
    return float(shuffled[first, second] + shuffled[second, first]) / 2
