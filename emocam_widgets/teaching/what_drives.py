"""The exercise of notebook 02: what is common is not what is telling; a sentence of the paper held to its figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from emocam_widgets.analysis.published import published_association
from emocam_widgets.analysis.significance import Marks, marks
from emocam_widgets.errors import EmocamError
from emocam_widgets.teaching.steps import Exercise, Question, Step

if TYPE_CHECKING:
    from emocam_widgets.analysis.association import Association
    from emocam_widgets.widgets.explorer import Explorer

COMMON = 0.5
"""The share of a label's images from which a class is called common there."""

TELLING = 5.0
"""The lift from which a significant cell is called telling."""

RATE = 0.05
FACE, EXEMPT = "Human face", "Clothing"
ASKED = ("Adoration", "Anxiety", "Romance", "Sexual Desire")


def check_common(association: Association, cell: Sequence[str] | None, tested: Marks | None = None) -> Step:
    """Is `cell` (object class, label) a full one that does not differ from chance?

    Args:
        association: that the heatmap shows.
        cell: what is selected, or None.
        tested: the association's `marks`, where they are at hand.
    """
    task = f"Click a cell of {COMMON:.0%} or more that all the same is not significantly more than under other labels."
    if not cell:
        return Step(task, False, "A cell that differs from chance has a small corner; the legend says which is which.")
    share, elsewhere, _, sign, q = _cell(association, cell, tested)
    object_class, label = cell
    if share < COMMON:
        return Step(
            task,
            False,
            f"{object_class} is highlighted in {share:.0%} of {label}: that is not much. Look for a higher one.",
        )
    if sign > 0:
        remark = (
            f"{object_class} under {label} does differ from chance ({_q(q)}). Look for a full cell without that corner."
        )
        return Step(task, False, remark)
    remark = (
        f"{object_class}: {share:.0%} of {label}, but {elsewhere:.0%} of all other labels too ({_q(q)}). "
        f"Common, but not shown to be particular to {label}."
    )
    return Step(task, True, remark)


def check_telling(association: Association, cell: Sequence[str] | None, tested: Marks | None = None) -> Step:
    """Is `cell` significantly more frequent than elsewhere, and TELLING times so or more? As `check_common`."""
    task = f"Click a cell that is significantly more, and at least {TELLING:g} times as frequent as under other labels."
    if not cell:
        return Step(task, False, "Look for a row that is nearly empty but for one column.")
    share, elsewhere, lift, sign, q = _cell(association, cell, tested)
    object_class, label = cell
    if sign <= 0:
        return Step(task, False, f"{object_class} under {label} is not significantly more than elsewhere ({_q(q)}).")
    if lift < TELLING:
        remark = f"Significant ({_q(q)}), but {object_class} is in {elsewhere:.0%} of the others too: lift {lift:.1f}."
        return Step(task, False, remark)
    remark = (
        f"{object_class}: {share:.0%} of {label}, {elsewhere:.0%} of the others: {lift:.1f} times as often ({_q(q)}). "
        "Such a cell tells something about its label, even where its share is lower than those above it."
    )
    return Step(task, True, remark)


def check_opened(contributors: Sequence[str], cell: Sequence[str] | None, image_id: str | None) -> Step:
    """Is `image_id`, the image shown large, one of the contributors of the telling `cell`?"""
    task = "Open one of the images behind that cell, and see for yourself what the box holds and where the map lies."
    if cell is None:
        return Step(task, False, "")
    if image_id is None:
        return Step(task, False, "The images behind a cell stand to its right; a double click opens one.")
    if image_id not in contributors:
        return Step(task, False, f"This one is not behind {cell[0]} in {cell[1]}: click the cell again, then open one.")
    remark = (
        f"One of {len(contributors)}. That the map lies on it says where the classifier looked. Whether it would "
        "decide otherwise without it is another question: notebook 03 asks it."
    )
    return Step(task, True, remark)


def what_drives(explorer: Explorer) -> Exercise:
    """The exercise of notebook 02: a common cell, a telling one, and the images behind it.

    Args:
        explorer: of any run.

    Returns:
        The list of steps, to be shown under the explorer.
    """
    found: list[tuple[str, str]] = []
    heatmap = explorer.heatmap

    def common() -> Step:
        return check_common(heatmap.association, heatmap.cell)

    def telling() -> Step:
        step = check_telling(heatmap.association, heatmap.cell)
        if step.done:
            found[:] = [tuple(heatmap.cell)]
        return step

    def opened() -> Step:
        cell = found[0] if found else None
        return check_opened(heatmap.association.contributors(*cell) if cell else [], cell, explorer.image_id)

    return Exercise([common, telling, opened], [(heatmap, ["cell", "threshold"]), (explorer, ["image_id"])])


def above_the_face(published: pd.DataFrame, label: str) -> pd.Series:
    """The classes (Clothing left out) that a column of Fig. 2 has above the human face, greatest first.

    Args:
        published: `emo.published_association()`.
        label: one of its columns.

    Raises:
        EmocamError: the face's cell of that column could not be read.
    """
    column = published[label].drop(EXEMPT)
    if pd.isna(column[FACE]):
        raise EmocamError(f"The figure's cell of {FACE} and {label} could not be read: nothing can be compared.")
    return column[column > column[FACE]].sort_values(ascending=False)


def face_first(labels: Sequence[str] = ASKED) -> Question:
    """A question that holds a sentence of the paper (EmoCAM, Sec. 3.1) to its own Fig. 2, as read off there.

    Args:
        labels: the columns to choose from; the right answers are those whose column contradicts the sentence.
    """
    published = published_association()
    choices, right = {}, []
    for label in labels:
        above, face = above_the_face(published, label), published[label][FACE]
        if len(above):
            first = str(above.index[0])
            right.append(label)
            choices[label] = (
                f"There Fig. 2 has {first} at {above.iloc[0]:.0%} and the face at {face:.0%}: the "
                "sentence does not hold for that column."
            )
        else:
            others = published[label].drop([EXEMPT, FACE])
            second = str(others.idxmax())
            choices[label] = (
                f"There the face leads with {face:.0%}, before {second} with {others.max():.0%}: that column "
                "agrees with the sentence. Look for one that does not."
            )
    question = (
        "The paper concludes that the human face, except for Clothing, is the most important class for each label "
        "(EmoCAM, Sec. 3.1). In which of these columns of its Fig. 2 is it not? Point at the cells on the "
        "right to read them."
    )
    return Question(question, choices, right)


def _cell(
    association: Association, cell: Sequence[str], tested: Marks | None
) -> tuple[float, float, float, int, float]:
    """Share, share elsewhere, lift, sign (1: significantly more) and q of a cell; of a rolled-up class too."""
    tested = tested or marks(association, RATE)
    row, column = association.classes.index(cell[0]), association.labels.index(cell[1])
    tables = (association.fractions, association.elsewhere, association.lift)
    share, elsewhere, lift = (float(table.to_numpy()[row, column]) for table in tables)
    return share, elsewhere, lift, int(tested.sign[row, column]), float(tested.p_adjusted[row, column])


def _q(q: float) -> str:
    return "untested" if q != q else "q < 0.001" if q < 0.001 else f"q = {q:.2f}" if q >= 0.01 else f"q = {q:.3f}"
