"""Notebook 05 as a student does it: a wrong pair and the least alike, a higher threshold, agreement beyond it."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.lessons import Lesson, answer, expect_done
from tests.browser.notebook import NotebookPage


def click_pair(matrix: Locator, row: int, column: int) -> None:
    matrix.locator(f'[data-testid="rsa-cell"][data-pair="{row},{column}"]').click()


def pair_of(notebook: NotebookPage, expression: str) -> tuple[int, int]:
    """Row and column of the pair at a row of `pairs`, the table of the matrix' present result."""
    notebook.execute("pairs = matrix.result.pairs(); names = list(matrix.result.methods)")
    row, column = notebook.value(f"[names.index(pairs.loc[{expression}, k]) for k in ('method', 'other')]")
    return row, column


def test_the_least_alike_a_higher_bar_and_agreement_beyond_it(notebook: NotebookPage) -> None:
    lesson = Lesson(notebook, "05_do_the_methods_agree")
    matrix, exercise = lesson.run("setup", seconds=280), lesson.run("exercise")
    steps = exercise.get_by_test_id("step")
    expect(matrix.get_by_test_id("rsa")).to_have_attribute("data-status", "done", timeout=60_000)
    expect_done(exercise, False, False, False)

    click_pair(matrix, *pair_of(notebook, "pairs.rho.idxmax()"))
    expect(steps.first).to_contain_text("There is a pair of less")
    click_pair(matrix, *pair_of(notebook, "pairs.rho.idxmin()"))
    expect_done(exercise, True, False, False)
    expect(steps.nth(1)).to_contain_text("on average")

    slider = matrix.get_by_test_id("threshold")
    slider.fill("0.4")
    expect(steps.nth(1)).to_contain_text("When does a box count", timeout=30_000)
    slider.fill("0.75")
    expect(steps.nth(1)).to_have_attribute("data-done", "true", timeout=60_000)
    notebook.wait_value("[matrix.threshold, matrix.status]", [0.75, "done"], 60)
    expect(matrix.get_by_test_id("rsa")).to_have_attribute("data-status", "done")

    click_pair(matrix, *pair_of(notebook, "(pairs.rho - pairs.shuffled).sort_values().index[1]"))
    expect(steps.nth(2)).to_contain_text("Another pair is further beyond")
    click_pair(matrix, *pair_of(notebook, "(pairs.rho - pairs.shuffled).idxmax()"))
    expect_done(exercise, True, True, True)

    question = lesson.run("question")
    answer(question, "That the classifier really uses what they highlight")
    expect(question).to_contain_text("What would show that it is used?")
    answer(question, "That it does not matter much, here, which of them is used")
    expect(question).to_contain_text("Yes, and only that")
    assert notebook.page_errors == []
