"""A guess that is written down before anything is shown: one click, which then stands."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets
import traitlets as t

from emocam_widgets.teaching.steps import QUIET, WIDTH, Step


class Guess(ipywidgets.VBox):
    """A question about what will be seen. The first click is kept; whether it was right, only the experiment says.

    Args:
        question: what is asked.
        choices: the answers to choose from, at least two.

    Traits:
        answer: what was clicked, or None. Setting it from Python commits too.
        committed: whether there is an answer; it cannot be changed any more.

    Raises:
        ValueError: there are fewer than two different answers.
        traitlets.TraitError: another answer than one of these, or a second one.
    """

    answer = t.Unicode(None, allow_none=True)
    committed = t.Bool(False)

    def __init__(self, question: str, choices: Sequence[str]) -> None:
        if len(set(choices)) < 2:
            raise ValueError(f"a guess needs two answers to choose from, got {list(choices)}")
        self._buttons = {choice: _button(choice) for choice in choices}
        self._says = ipywidgets.HTML(_paragraph("One click, and it stands. There is no wrong answer here.", QUIET))
        row = ipywidgets.HBox(list(self._buttons.values()), layout={"flex_flow": "row wrap"})
        super().__init__([ipywidgets.HTML(_paragraph(question)), row, self._says], layout={"max_width": WIDTH})
        self.add_class("ec-guess")
        for choice, button in self._buttons.items():
            button.on_click(lambda _button, choice=choice: self.set_trait("answer", choice))
        self.observe(self._answered, "answer")

    @t.validate("answer")
    def _once(self, proposal: dict[str, Any]) -> str:
        value = proposal["value"]
        if value not in self._buttons:
            raise t.TraitError(f"the guess is one of {list(self._buttons)}, not {value!r}")
        if self.committed and value != self.answer:
            raise t.TraitError(f"the guess is {self.answer!r} and stands")
        return str(value)

    def _answered(self, _change: Any) -> None:
        self.committed = True
        for choice, button in self._buttons.items():
            button.disabled = True
            button.icon = "lock" if choice == self.answer else ""
            button.style.font_weight = "bold" if choice == self.answer else "normal"
        self._says.value = _paragraph(f"You expect: {self.answer}. Now find out.", QUIET)


def _button(choice: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=choice, tooltip=choice, layout={"width": "auto", "min_height": "32px"})


def _paragraph(text: str, colour: str = "inherit") -> str:
    return f'<div style="line-height:1.5;color:{colour}">{escape(text)}</div>'


def check_guess(answer: str | None) -> Step:
    """Did the reader commit to what they expect?"""
    task = "Say what you expect, in the question above."
    if answer is None:
        return Step(task, False, "Whoever has seen the result knew it all along. Guess before you try.")
    return Step(task, True, f"You expect: {answer}.")
