"""Notebook 02 as a student does it: a cell that tells, taken for common; a common one; the images behind the other."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.lessons import Lesson, answer, expect_done
from tests.browser.notebook import NotebookPage


def click_cell(explorer: Locator, cell: list[str]) -> None:
    explorer.locator(f'[data-testid="cell"][data-class="{cell[0]}"][data-label="{cell[1]}"]').click()


def test_a_common_cell_a_telling_one_and_the_images_behind_it(notebook: NotebookPage) -> None:
    lesson = Lesson(notebook, "02_what_drives_the_label")
    explorer, exercise = lesson.run("setup"), lesson.run("exercise")
    expect(explorer.get_by_test_id("explorer")).to_be_visible()
    steps = exercise.get_by_test_id("step")
    expect_done(exercise, False, False, False)
    expect(steps.first).to_contain_text("small corner")

    lesson.run("significant")
    telling = notebook.value("cells.sort_values('p_adjusted')[['object_class', 'label']].iloc[0].tolist()")
    common = notebook.value(
        "cells.query('fraction >= 0.5 and p_adjusted > 0.5')[['object_class', 'label']].iloc[0].tolist()"
    )
    click_cell(explorer, telling)
    expect(steps.first).to_contain_text("does differ from chance")
    expect_done(exercise, False, True, False)
    click_cell(explorer, common)
    expect_done(exercise, True, True, False)
    expect(steps.nth(2)).to_contain_text("a double click opens one")

    explorer.get_by_test_id("clear-filter").click()
    outside = notebook.value(f"explorer.heatmap.association.contributors(*{common})[0]")
    behind = notebook.value(f"explorer.heatmap.association.contributors(*{telling})")
    assert outside not in behind
    click_cell(explorer, common)
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(f"{common[0]} in {common[1]}")
    explorer.get_by_test_id("thumb").first.dblclick()
    expect(steps.nth(2)).to_contain_text("not behind")
    click_cell(explorer, telling)
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(f"{len(behind)} of")
    explorer.get_by_test_id("thumb").first.dblclick()
    expect_done(exercise, True, True, True)

    figure, question = lesson.run("published"), lesson.run("question")
    expect(figure.locator(".js-plotly-plot")).to_contain_text("as published (real photographs)")
    answer(question, "Romance")
    expect(question).to_contain_text("There the face leads")
    answer(question, "Sexual Desire")
    expect(question).to_contain_text("does not hold")
    assert notebook.page_errors == []
