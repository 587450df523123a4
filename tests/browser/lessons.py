"""What the tests of the notebooks share: their cells, run one after the other, and dragging things in an editor."""

from __future__ import annotations

from pathlib import Path

import nbformat
from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import bring_to_middle

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


class Lesson:
    """A notebook of the course in an open page: its code cells by their ids."""

    def __init__(self, notebook: NotebookPage, name: str) -> None:
        self.notebook = notebook
        book = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        self.sources = {cell["id"]: str(cell.source) for cell in book.cells if cell.cell_type == "code"}

    def run(self, cell: str, exchanged: tuple[str, str] | None = None, seconds: float = 200) -> Locator:
        """Runs a cell and returns its output; of ``exchanged``, the first piece of its source becomes the second."""
        source = self.sources[cell]
        if exchanged is not None:
            assert exchanged[0] in source
            source = source.replace(*exchanged)
        return self.notebook.run(source, seconds).output


def answer(question: Locator, choice: str) -> None:
    """Clicks an answer of a question or a guess."""
    question.get_by_role("button", name=choice, exact=True).click()


def expect_done(exercise: Locator, *done: bool) -> None:
    """The exercise's steps become ticked off just so."""
    steps = exercise.get_by_test_id("step")
    expect(steps).to_have_count(len(done))
    for number, each in enumerate(done):
        expect(steps.nth(number)).to_have_attribute("data-done", str(each).lower(), timeout=20_000)


class Hand:
    """A hand with a mouse over an object editor; places are relative to the picture's size.

    Args:
        size: of the picture, in pixels.
    """

    def __init__(self, notebook: NotebookPage, output: Locator, size: tuple[int, int]) -> None:
        self.notebook, self.output, self.size = notebook, output, size
        self.settled()

    def settled(self) -> None:
        """Returns once the prediction of what is on the picture is shown."""
        expect(self.output.get_by_test_id("editor")).to_have_attribute("data-settled", "true", timeout=30_000)

    def drag_new(self, thing: str, x: float, y: float) -> None:
        """Takes a thing from the palette and lets it go over the picture."""
        self._look()
        box = self.output.locator(f'[data-sprite="{thing}"]').bounding_box()
        assert box is not None
        self._drag((box["x"] + box["width"] / 2, box["y"] + 20), self._point(x, y))

    def move(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Takes what lies on the picture at one place to another."""
        self._look()
        self._drag(self._point(*start), self._point(*end))

    def remove(self) -> None:
        """Takes off what is selected."""
        self.output.get_by_test_id("object-remove").click()
        self.settled()

    def _look(self) -> None:
        bring_to_middle(self.output.get_by_test_id("stage"))

    def _point(self, x: float, y: float) -> tuple[float, float]:
        box = self.output.get_by_test_id("stage").bounding_box()
        assert box is not None
        scale = min((box["width"] - 16) / self.size[0], (box["height"] - 16) / self.size[1])
        return (
            box["x"] + box["width"] / 2 + (x - 0.5) * self.size[0] * scale,
            box["y"] + box["height"] / 2 + (y - 0.5) * self.size[1] * scale,
        )

    def _drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.notebook.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=10)
        mouse.up()
        self.settled()
