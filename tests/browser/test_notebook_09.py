"""The classroom's notebook, by hand: wrong cells and a wrong box get hints; three associations are found and proved."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.editing import code_of, draw_box, open_in_editor, open_regions
from tests.browser.notebook import NotebookPage

DONE = "data-done"
# An image of a pair on which blurring the thing's box does much, and the same at the mirrored place little.
PICK = """
from emocam_widgets.engine.edit_experiment import mirrored
from emocam_widgets.engine.region_edits import RegionEdit, apply_edits

def pick(thing, label):
    found, column = [], worker.labels.index(label)
    boxes = run.boxes[(run.boxes.object_class == thing) & (run.boxes.confidence > 0.5)]
    for image_id in run.association().contributors(thing, label)[:12]:
        image, own = run.corpus.open(image_id), boxes[boxes.image_id == image_id]
        if len(own) != 1:
            continue
        x0, y0, x1, y1 = own[["x0", "y0", "x1", "y1"]].to_numpy(float)[0] / (2 * image.size)
        box = (max(0.01, x0 - 0.02), max(0.01, y0 - 0.02), min(0.99, x1 + 0.02), min(0.99, y1 + 0.02))
        edit = [RegionEdit("blur", region="box", box=box)]
        pictures = [image, apply_edits(image, edit).image, apply_edits(image, mirrored(edit)).image]
        before, without, control = (float(worker.predict(p).probabilities[column]) for p in pictures)
        if (box[2] - box[0]) * (box[3] - box[1]) < 0.35:
            found.append((before - without - 2 * abs(before - control), image_id, box, image.size))
    return max(found)[1:]
"""


def cell(explorer: Locator, pair: tuple[str, str]) -> Locator:
    return explorer.locator(f'[data-testid="cell"][data-class="{pair[0]}"][data-label="{pair[1]}"]')


def test_three_are_found_and_proved(notebook: NotebookPage) -> None:
    cells = code_of("09_classroom")
    expected = notebook.run(cells[0], 240).output
    canvas = expected.get_by_test_id("expectation-canvas")
    expect(expected.get_by_test_id("expectation")).to_have_attribute("data-ready", "true", timeout=30_000)
    canvas.scroll_into_view_if_needed()
    canvas.click()
    expected.get_by_test_id("lock").click()
    expect(expected.get_by_test_id("sentence")).not_to_be_empty(timeout=20_000)
    explorer = notebook.run(cells[1], 60).output
    exercise = notebook.run("_exercise = " + cells[2] + "; _exercise").output
    steps = exercise.get_by_test_id("step")
    expect(explorer.get_by_test_id("explorer")).to_have_attribute("data-ready", "true", timeout=30_000)
    expect(steps).to_have_count(6)
    notebook.execute(PICK)
    wanted = notebook.value("[list(pair) for pair in teaching.classroom(explorer)._wanted]")[:3]

    cell(explorer, ("Person", "Joy")).click()
    expect(steps.first).to_contain_text("does not set Joy apart")
    cell(explorer, ("Sports equipment", "Excitement")).click()
    expect(steps.first).to_contain_text("notebook 00")
    expect(exercise.locator('[data-testid="step"][data-done="true"]')).to_have_count(0)
    for number, (thing, label) in enumerate(wanted):
        cell(explorer, (thing, label)).click()
        expect(steps.nth(2 * number)).to_have_attribute(DONE, "true")
        image_id, box, size = notebook.value(f"pick({thing!r}, {label!r})")
        editor = open_in_editor(explorer, image_id)
        expect(editor.get_by_test_id("headline")).to_contain_text(label, timeout=20_000)
        open_regions(editor, "blur")
        if number == 0:
            x0 = 0.02 if box[0] > 0.2 else 0.9
            draw_box(editor, (x0, 0.02, x0 + 0.08, 0.1), size)
            expect(steps.nth(1)).to_contain_text("holds no", timeout=20_000)
            expect(steps.nth(1)).to_have_attribute(DONE, "false")
            editor.get_by_test_id("undo").click()
        draw_box(editor, box, size)
        editor.get_by_test_id("region-strength").fill("1")
        expect(steps.nth(2 * number + 1)).to_have_attribute(DONE, "true", timeout=30_000)
        explorer.get_by_test_id("browser").get_by_placeholder("Search").fill("")
    assert notebook.value("_exercise.done")
    assert notebook.page_errors == []

    question = notebook.run(cells[3]).output
    question.get_by_role("button", name="The deepest colour").click()
    expect(question.locator(".ec-question")).to_contain_text("is each of them used?")
    question.get_by_role("button", name="An experiment with its control").click()
    expect(question.locator(".ec-question")).to_contain_text("Yes.")
