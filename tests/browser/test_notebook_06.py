"""Notebook 06 as a student does it: the small box, the bystander and its trial, and the grey silhouettes."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.lessons import Hand, Lesson, answer, expect_done
from tests.browser.notebook import NotebookPage


def cell(output: Locator, object_class: str, label: str) -> Locator:
    return output.locator(f'[data-testid="cell"][data-class="{object_class}"][data-label="{label}"]')


def test_three_failures_are_found_by_clicking_and_dragging(notebook: NotebookPage) -> None:
    lesson = Lesson(notebook, "06_when_it_fails")
    expectation, comparison = lesson.run("start"), lesson.run("comparison")
    exercise = lesson.run("small-exercise")
    steps = exercise.get_by_test_id("step")
    expect_done(exercise, False, False, False)
    expect(steps.first).to_contain_text("Lock and reveal")
    expect(comparison).to_contain_text("once you have locked")
    expect(comparison.locator("canvas")).to_have_count(0)
    expectation.get_by_test_id("box").nth(2).click()
    expectation.get_by_test_id("lock").click()
    expect_done(exercise, True, False, False)
    expect(comparison.get_by_test_id("methods")).to_have_attribute("data-settled", "true", timeout=30_000)
    boxes = comparison.get_by_test_id("box")
    boxes.nth(3).click()
    expect(steps.nth(1)).to_contain_text("That is not the first")
    boxes.first.click()
    expect_done(exercise, True, True, False)
    score = comparison.get_by_test_id("score")
    score.select_option("contrast")
    expect(steps.nth(2)).to_contain_text("Still less than a hundredth")
    score.select_option("mass")
    expect_done(exercise, True, True, True)

    lesson.run("scores-table")
    question = lesson.run("scores-question")
    answer(question, "mean")
    expect(question).to_contain_text("That is small")
    answer(question, "mass")
    expect(question).to_contain_text("favour large boxes")

    heatmap = lesson.run("heatmap")
    exercise = lesson.run("presence-exercise")
    steps = exercise.get_by_test_id("step")
    cell(heatmap, "Plant", "Surprise").click()
    expect(steps.first).to_contain_text("it is used")
    cell(heatmap, "Tree", "Sadness").click()
    expect_done(exercise, True, False)
    heatmap.get_by_test_id("try").click()
    notebook.wait_value("(heatmap.try_result or {}).get('state')", "done", 120)
    expect_done(exercise, True, True)

    editor = lesson.run("editor")
    exercise = lesson.run("cover-exercise")
    steps = exercise.get_by_test_id("step")
    hand = Hand(notebook, editor, tuple(notebook.value("editor.export_image().size")))
    hand.drag_new("lotus flower", 0.6, 0.7)
    expect(steps.first).to_contain_text("It still says")
    expect_done(exercise, False, False)
    hand.move((0.6, 0.7), (0.37, 0.33))
    expect_done(exercise, True, False)
    hand.remove()
    hand.drag_new("rugby ball", 0.37, 0.25)
    expect_done(exercise, True, True)
    assert notebook.page_errors == []
