"""The classroom's exercise: three planted associations that nobody told you, found in the heatmap and proved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

import ipywidgets
import numpy as np

from emocam_widgets import demo
from emocam_widgets.engine.answers import Ballot, Totals, question_key
from emocam_widgets.errors import EmocamError
from emocam_widgets.teaching.experiments import Experiment, experiment_of, verdict
from emocam_widgets.teaching.start_here import TO
from emocam_widgets.teaching.steps import QUIET, Exercise, Question, Step
from emocam_widgets.teaching.watching import watch_editor_of

if TYPE_CHECKING:
    from emocam_widgets.analysis.association import Association
    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run
    from emocam_widgets.widgets.explorer import Explorer

WANTED = 3
STRONG_EFFECT = 0.1
ORDER = ("first", "second", "third")
Pair = tuple[str, str]


def answers(run: Run) -> tuple[Pair, ...]:
    """The (object class, label) pairs that count: what was planted and is measured to be used, strongest effect first.

    The one of notebook 00 is left out. A run of other models has no planted table: there it is what stands out in its
    association matrix, people and their parts left out, and the experiments alone decide.
    """
    if run.synthetic:
        used = demo.measured_truth().merge(demo.planted().query("kind == 'planted'")[["object_class", "label"]])
        used = used[(used["low"] >= STRONG_EFFECT) & (used["label"] != TO)].sort_values("effect", ascending=False)
        return tuple(zip(used["object_class"], used["label"], strict=True))
    strong = run.association().strong()
    strong = strong[~strong["object_class"].isin(demo.PEOPLE)]
    return tuple(zip(strong["object_class"], strong["label"], strict=True))


def puzzle_picture(run: Run) -> str:
    """The id of a picture to begin with: the one that the model is surest of, of a label that is in no answer.

    Where every label is in one, the surest of all.
    """
    labels = {label for _, label in answers(run)}
    apart = run.images[~run.images["label"].isin(labels)]
    images = apart if len(apart) else run.images
    sure = [float(max(row)) for row in images["probabilities"]]
    return str(images["image_id"].iloc[int(np.argmax(sure))])


def check_found(
    association: Association, cell: Sequence[str] | None, found: Sequence[Pair], wanted: Sequence[Pair], number: int
) -> Step:
    """Are so many of the wanted cells found? `found` holds those that were, `cell` what is selected now."""
    task = f"Find the {ORDER[number]}: a cell of the heatmap in which a thing sets one label apart."
    if len(found) > number:
        object_class, label = found[number]
        return Step(task, True, f"{object_class} in {label}: {_shares(association, object_class, label)}")
    if not cell:
        return Step(task, False, "Look for a row that is pale in all columns but one. People are in every picture.")
    object_class, label = cell
    if (object_class, label) in found:
        return Step(task, False, f"{object_class} in {label} is found. On to another column.")
    cells = association.strong()
    strong = bool(((cells["object_class"] == object_class) & (cells["label"] == label)).any())
    if not strong:
        return Step(task, False, f"{_shares(association, object_class, label)} That does not set {label} apart.")
    if label == TO and (object_class, label) not in wanted:
        return Step(task, False, "That one is no secret: it is in notebook 00. Look for another column.")
    remark = (
        "It stands out, but that is not what was planted. Is it used at all? Take it away in the editor, see what "
        "happens to the label, and look further."
    )
    return Step(task, False, remark)


def check_proved(
    experiment: Experiment | None, found: Sequence[Pair], proved: dict[Pair, str], number: int, problem: str = ""
) -> Step:
    """Are so many of the found cells proved? What `experiment` proves is put into `proved`."""
    task = f"Prove {('it', 'the second', 'the third')[number]} by an experiment: add the thing, or take it away."
    waiting = [pair for pair in found if pair not in proved]
    hint = problem or "An experiment is about something that you found: find one first."
    if experiment is not None:
        at_hand = {*experiment.added, *experiment.removed}
        for pair in sorted(waiting, key=lambda pair: pair[0] not in at_hand)[:1]:
            proven, hint = verdict(experiment, *pair)
            if proven:
                proved[pair] = hint
    elif waiting and not problem:
        hint = f"Open a picture and press Edit. What happens to {waiting[0][1]} with and without a {waiting[0][0]}?"
    if len(proved) > number:
        return Step(task, True, list(proved.values())[number])
    return Step(task, False, hint)


class Classroom(ipywidgets.VBox):
    """The exercise of notebook 09, and below it how far the class is, where its worker is shared.

    Attributes:
        exercise: find and prove, three times.
        found: the pairs (object class, label) that were found, in the order of finding.
        proved: what was said of each pair that was proved.
    """

    def __init__(self, explorer: Explorer, worker: Worker | None = None) -> None:
        self._leave_class: Callable[[], None] = lambda: None
        self.found: list[Pair] = []
        self.proved: dict[Pair, str] = {}
        self._explorer, self._worker = explorer, worker
        self._wanted = answers(explorer.run)
        self._told = 0
        self._class_line = ipywidgets.HTML()
        steps = [check for number in range(WANTED) for check in (self._finding(number), self._proving(number))]
        self.exercise = Exercise(steps)
        super().__init__([self.exercise, self._class_line])
        self.exercise.watch(explorer.heatmap, ["cell"])
        watch_editor_of(self.exercise, explorer, ["image_id", "placements", "edits"])
        self.exercise.observe(self._tell_class, "value")

    @property
    def done(self) -> bool:
        """Three were found and proved."""
        return self.exercise.done

    def _finding(self, number: int) -> Callable[[], Step]:
        def check() -> Step:
            heatmap = self._explorer.heatmap
            cell = tuple(heatmap.cell) if heatmap.cell else None
            if cell is not None and len(cell) == 2 and cell in self._wanted and cell not in self.found:
                self.found.append((cell[0], cell[1]))
            return check_found(heatmap.association, cell, self.found, self._wanted, number)

        return check

    def _proving(self, number: int) -> Callable[[], Step]:
        def check() -> Step:
            try:
                experiment, problem = experiment_of(self._explorer), ""
            except EmocamError:
                experiment, problem = None, "Superpixels follow no thing: draw a box or a lasso around it."
            return check_proved(experiment, self.found, self.proved, number, problem)

        return check

    def _tell_class(self, _change: object = None) -> None:
        """How many have proved one, two and three: said to those who have proved as much themselves."""
        if self._worker is None or not self._worker.shared or len(self.proved) == self._told:
            return
        self._told = len(self.proved)
        key = question_key("classroom", *self._wanted)
        self._leave_class()
        reached = range(min(self._told, WANTED))
        self._leave_class = self._worker.join_class(Ballot.of(key, WANTED, reached), self._show_class)

    def _show_class(self, totals: Totals) -> None:
        told = ", ".join(f"{count} proved {number}" for number, count in enumerate(totals.counts, 1))
        self._class_line.value = f'<div style="color:{QUIET}">{escape(f"The class so far: {told}.")}</div>'

    def close(self) -> None:
        """Close it; what was proved stays with the class."""
        self._leave_class()
        super().close()


def classroom(explorer: Explorer, worker: Worker | None = None) -> Classroom:
    """The exercise of notebook 09.

    Args:
        explorer: of a run over the demo corpus, with a worker.
        worker: where it is shared, the class's answers are added up below the list.
    """
    return Classroom(explorer, worker)


def proof_question(worker: Worker | None = None) -> Question:
    """What tells an association that is used from one that is only there?"""
    choices = {
        "The deepest colour": "Such a thing is often looked at where the label is. But is each of them used?",
        "The smallest q": "The cell is no accident of this corpus. Nor is that of a mere bystander.",
        "An experiment with its control": "Yes. The heatmap says where to look; the experiment what is used.",
    }
    question = "Which of these tells what the classifier uses from what is merely often there?"
    return Question(question, choices, "An experiment with its control", worker=worker)


def _shares(association: Association, object_class: str, label: str) -> str:
    cells = association.cells()
    row = cells[(cells["object_class"] == object_class) & (cells["label"] == label)]
    if not len(row):
        return f"{object_class} is a row of several classes."
    share, elsewhere = row["fraction"].iloc[0], row["elsewhere"].iloc[0]
    return f"Highlighted in {share:.0%} of the images labelled {label} and in {elsewhere:.0%} of the others."
