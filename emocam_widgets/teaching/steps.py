"""What exercises are made of: steps that tick themselves off, and questions answered by a click. They never tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets as t

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.engine.answers import Totals

QUIET = "var(--jp-ui-font-color2, #616161)"
GOOD = "var(--jp-success-color0, #1b5e20)"
WIDTH = "720px"


@dataclass(frozen=True)
class Step:
    """One thing to do, whether it is done, and what to say about it now (a hint, or what the reader has just shown)."""

    task: str
    done: bool
    remark: str


class Exercise(ipywidgets.HTML):
    """A list of steps that ticks itself off while the reader works in the widgets above it.

    Args:
        checks: one function per step; it looks at the widgets and says how far the step is.
        watch: (widget, trait names) pairs; when one of these traits changes, the checks are asked again.

    Attributes:
        steps: the steps as shown. One that was done once stays done.
        done: all of them are.
    """

    def __init__(
        self, checks: Sequence[Callable[[], Step]], watch: Iterable[tuple[t.HasTraits, Sequence[str]]] = ()
    ) -> None:
        super().__init__()
        self._checks = tuple(checks)
        self._done: dict[int, Step] = {}
        self.steps: tuple[Step, ...] = ()
        for owner, names in watch:
            self.watch(owner, names)
        self.update()

    @property
    def done(self) -> bool:
        """All steps are done."""
        return len(self._done) == len(self._checks)

    def watch(self, owner: t.HasTraits, names: Sequence[str]) -> None:
        """Asks the checks again whenever one of these traits changes."""
        owner.observe(self.update, names=list(names))

    def update(self, _change: Any = None) -> None:
        """Asks every check, and shows what they say."""
        current = [check() for check in self._checks]
        self._done.update({number: step for number, step in enumerate(current) if step.done})
        self.steps = tuple(self._done.get(number, step) for number, step in enumerate(current))
        self.value = as_html(self.steps)


class Question(ipywidgets.VBox):
    """A question with a few answers to click; each says something back, and the wrong ones give a hint.

    Args:
        question: what is asked.
        choices: {answer: what is said once it is clicked}.
        right: the answers that are right, one or several.
        worker: where it is shared, how its class answers is shown beside the choices, live, once one is clicked.

    Traits:
        answer: the answer clicked last, or None.
        correct: that answer is right.

    Raises:
        ValueError: an answer in ``right`` is not among the choices.
    """

    answer = t.Unicode(None, allow_none=True)
    correct = t.Bool(False)

    def __init__(
        self,
        question: str,
        choices: Mapping[str, str],
        right: str | Sequence[str],
        worker: Worker | None = None,
    ) -> None:
        self._leave_class: Callable[[], None] = lambda: None  # first: a question that is refused is closed too
        self._remarks = dict(choices)
        self._right = {right} if isinstance(right, str) else set(right)
        if not self._right or not self._right <= self._remarks.keys():
            raise ValueError(f"right must be among the choices {list(choices)}, not {sorted(self._right)}")
        self._buttons = {choice: _button(choice) for choice in choices}
        self._says = ipywidgets.HTML()
        self._worker, self._question = worker, question
        self._counts = [ipywidgets.HTML(layout={"margin": "0 12px 0 4px"}) for _ in choices] if worker else []
        beside = zip(self._buttons.values(), self._counts, strict=True) if worker else ()
        shown = [ipywidgets.HBox(pair) for pair in beside] or list(self._buttons.values())
        row = ipywidgets.HBox(shown, layout={"flex_flow": "row wrap"})
        super().__init__([ipywidgets.HTML(_sentence(question)), row, self._says], layout={"max_width": WIDTH})
        self.add_class("ec-question")
        for choice, button in self._buttons.items():
            button.on_click(lambda _button, choice=choice: self.set_trait("answer", choice))
        self.observe(self._answered, "answer")

    def _answered(self, _change: Any = None) -> None:
        self.correct = self.answer in self._right
        for choice, button in self._buttons.items():
            button.icon = "" if choice != self.answer else "check" if self.correct else "times"
            button.style.font_weight = "bold" if choice == self.answer else "normal"
        remark = self._remarks.get(self.answer or "", "")
        colour = GOOD if self.correct else QUIET
        self._says.value = _sentence(remark, colour) if remark else ""
        if self._worker is not None and self.answer in self._buttons:
            self._join_class(self._worker, list(self._buttons), self.answer)

    def _join_class(self, worker: Worker, choices: list[str], answer: str) -> None:
        from emocam_widgets.engine.answers import Ballot, question_key

        self._leave_class()
        mine = choices.index(answer)
        ballot = Ballot.of(question_key("question", self._question, *choices), len(choices), [mine])

        def show(totals: Totals) -> None:
            for number, count in enumerate(self._counts):
                told = (
                    f"{totals.counts[number]} of {totals.participants}" if worker.shared else "you" * (number == mine)
                )
                count.value = _sentence(told, QUIET) if told else ""

        self._leave_class = worker.join_class(ballot, show)

    def close(self) -> None:
        """Close the question; the answer stays with the class."""
        self._leave_class()
        super().close()


def _button(choice: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=choice, tooltip=choice, layout={"width": "auto", "min_height": "32px"})


def _sentence(text: str, colour: str = "inherit") -> str:
    return f'<div style="line-height:1.5;max-width:{WIDTH};color:{colour}">{escape(text)}</div>'


def as_html(steps: Sequence[Step]) -> str:
    """The steps as a list: a tick or a number, the task, and the remark of those done and of the first that is not."""
    rows, hinted = [], False
    for number, step in enumerate(steps, 1):
        remark = step.remark if step.done or not hinted else ""
        hinted = hinted or not step.done
        mark = "\N{HEAVY CHECK MARK}" if step.done else str(number)
        rows.append(
            f'<div role="listitem" data-testid="step" data-done="{str(step.done).lower()}" '
            f'style="display:flex;gap:8px;padding:4px 0">'
            f'<b style="color:{GOOD if step.done else QUIET};min-width:16px;text-align:center">{mark}</b>'
            f'<span>{escape(step.task)}<br><span style="color:{QUIET}">{escape(remark)}</span></span></div>'
        )
    return f'<div role="list" style="line-height:1.5;max-width:{WIDTH}">{"".join(rows)}</div>'
