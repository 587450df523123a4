"""The first notebook as a reader meets it: the explorer after one cell, and an exercise that follows the clicks."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lessons import Hand
from tests.browser.notebook import NotebookPage

BESIDE_HIM = (0.2, 0.6)
"""A place in scene-104 where the ball covers nobody, as shares of its width and height."""
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "00_start_here.ipynb"


@pytest.fixture
def start_here(notebook: NotebookPage) -> tuple[Locator, Locator]:
    """The outputs of the notebook's first two code cells: the explorer and the exercise."""
    sources = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    explorer, exercise = (notebook.run(source, seconds=280).output for source in sources[:2])
    return explorer, exercise


def test_the_exercise_ticks_itself_off(notebook: NotebookPage, start_here: tuple[Locator, Locator]) -> None:
    explorer, exercise = start_here
    steps = exercise.get_by_test_id("step")
    expect(explorer.get_by_test_id("explorer")).to_be_visible()
    expect(steps).to_have_count(3)
    expect(exercise.locator('[data-testid="step"][data-done="true"]')).to_have_count(0)

    wrong = explorer.locator('[data-testid="cell"][data-class="Sports equipment"][data-label="Joy"]')
    wrong.click()
    expect(steps.first).to_contain_text("That cell is about Joy")
    explorer.locator('[data-testid="cell"][data-class="Sports equipment"][data-label="Excitement"]').click()
    expect(steps.first).to_have_attribute("data-done", "true")

    notebook.execute("explorer.cell = None; explorer.edit('scene-104.webp')")
    expect(steps.nth(1)).to_have_attribute("data-done", "true")
    expect(steps.nth(2)).to_contain_text("palette")
    expect(steps.first).to_have_attribute("data-done", "true")

    hand = Hand(notebook, explorer, tuple(notebook.value("run.open_image('scene-104.webp').size")))
    hand.drag_new("lotus flower", *BESIDE_HIM)
    expect(steps.nth(2)).to_contain_text("Now it says Joy")
    hand.remove()
    hand.drag_new("rugby ball", *BESIDE_HIM)
    expect(steps.nth(2)).to_have_attribute("data-done", "true")
    assert notebook.page_errors == []
