"""Notebook 04 as a student does it: a guess, and bars that are clicked, first the wrong ones."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.lessons import Lesson, answer, expect_done
from tests.browser.notebook import NotebookPage


def click(output: Locator, bar: list[Any]) -> None:
    name, variant, position = bar
    output.locator(
        f'[data-testid="paste-bar"][data-object="{name}"][data-variant="{variant}"][data-position="{position}"]'
    ).click()


def test_bars_lead_to_images_to_controls_and_to_what_cannot_be_told(notebook: NotebookPage) -> None:
    lesson = Lesson(notebook, "04_paste_experiment")
    guess = lesson.run("guess")
    output = lesson.run("bars", ("at_most=10", "at_most=6"))  # nbclient runs the whole
    exercise = lesson.run("exercise")
    steps = exercise.get_by_test_id("step")
    expect_done(exercise, False, False, False, False)
    answer(guess, "soccer ball")
    bars = "[[b.object, b.variant, int(b.position)] for b in {}.itertuples()]"
    notebook.execute("_own = result.shares().query(\"variant == 'object'\").sort_values('share', kind='stable')")
    own = notebook.value(bars.format("_own"))
    lowest, highest = own[0], own[-1]
    click(output, lowest)
    expect(steps.nth(1)).to_contain_text("There is a higher one")
    click(output, highest)
    expect_done(exercise, True, True, False, False)
    expect(output.get_by_test_id("switched").first).to_be_visible(timeout=20_000)
    click(output, [lowest[0], "grey", lowest[2]])
    expect(steps.nth(2)).to_contain_text("That is the control of")
    click(output, [highest[0], "grey", highest[2]])
    expect_done(exercise, True, True, True, False)

    notebook.execute("_pairs = result.contrast_by_position('grey').assign(variant='object')")
    for query, hint in (("p_value < 0.05", "more than chance"), ("share == 0", "switched nothing")):
        for bar in notebook.value(bars.format(f"_pairs.query('{query}')"))[:1]:
            click(output, bar)
            expect(steps.nth(3)).to_contain_text(hint)
    click(output, notebook.value(bars.format("_pairs.query('p_value >= 0.05 and share > 0')"))[0])
    expect_done(exercise, True, True, True, True)

    question = lesson.run("question")
    for choice in ("Yes, the place decides", "These images cannot tell"):
        answer(question, choice)
    expect(question.get_by_role("button", name="These images cannot tell")).to_be_visible()
    expect(question).to_contain_text("verlap")
    assert notebook.page_errors == []
