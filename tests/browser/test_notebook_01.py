"""Notebook 01 as a student does it: an expectation that is locked, a wrong box, a right one, and another label."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lessons import Lesson, answer, expect_done
from tests.browser.notebook import NotebookPage


def test_expected_first_then_sure_of_it_or_looking_at_it(notebook: NotebookPage) -> None:
    lesson = Lesson(notebook, "01_one_image")
    expectation = lesson.run("setup")
    comparison, exercise = lesson.run("comparison"), lesson.run("exercise")
    steps = exercise.get_by_test_id("step")
    expect(comparison.get_by_test_id("methods")).to_have_attribute("data-settled", "true", timeout=30_000)
    expect_done(exercise, False, False, False)
    expect(steps.first).to_contain_text("Click a box in the picture")

    expectation.get_by_test_id("box").first.click()
    expect(steps.first).to_contain_text("Marked, but not locked")
    expectation.get_by_test_id("lock").click()
    expect_done(exercise, True, False, False)

    boxes = comparison.get_by_test_id("box")
    boxes.first.click()
    expect(steps.nth(1)).to_contain_text("counts: the map's mean inside the box is")
    sure = notebook.value(
        "int((table := comparison.importances()).query("
        "'confidence >= confidence.median() and `grad-cam` <= 0.3').index[0])"
    )
    comparison.locator(f'[data-testid="box"][data-id="{sure}"]').click()
    expect_done(exercise, True, True, False)

    expect(steps.nth(2)).to_contain_text("now it is the predicted one")
    lead = notebook.value("int(comparison.importances()['grad-cam'].idxmax())")
    labels = notebook.value("[label for label in worker.labels if label != run.image(image_id)['label']]")
    target = comparison.get_by_test_id("target")
    target.select_option(labels[0])
    for label in labels:
        target.select_option(label)
        notebook.wait_value("comparison.target", label)
        if notebook.value(f"float(comparison.importances()['grad-cam'][{lead}])") <= 0.3:
            break
    expect_done(exercise, True, True, True)

    question = lesson.run("question")
    answer(question, "How sure the detector is of it")
    expect(question).to_contain_text("What is the mean of?")
    answer(question, "The few cells that it lies on, whatever else they cover")
    expect(question).to_contain_text("Yes.")
    for cell in ("cells", "figure"):
        expect(lesson.run(cell).locator(".js-plotly-plot")).to_be_visible()
    assert notebook.page_errors == []
