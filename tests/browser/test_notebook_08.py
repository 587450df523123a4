"""Your own pictures and network, by hand: number keys, a label turned by temperature, three mistakes."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from emocam_widgets.teaching.your_own import MISTAKES
from tests.browser.editing import code_of, open_in_editor, open_regions
from tests.browser.notebook import NotebookPage

DONE = "data-done"
NEAREST = "explorer.run.images.assign(p=[max(p) for p in explorer.run.images.probabilities]).query('label == \"cool\"')"


def test_own_pictures_are_labelled_and_a_label_is_turned(notebook: NotebookPage, tmp_path: Path) -> None:
    notebook.execute(f"import os; os.environ['EMOCAM_HOME'] = {str(tmp_path)!r}")
    cells = code_of("08_your_own")
    explorer = notebook.run(cells[0], 180).output
    steps = notebook.run(cells[1]).output.get_by_test_id("step")
    expect(explorer.get_by_test_id("explorer")).to_have_attribute("data-ready", "true", timeout=30_000)
    for number, key in enumerate("121"):
        explorer.get_by_test_id("thumb").nth(number).click()
        notebook.page.keyboard.press(key)
        if number == 0:
            expect(steps.first).to_contain_text("2 to go")
            expect(steps.first).to_have_attribute(DONE, "false")
    expect(steps.first).to_have_attribute(DONE, "true")
    saved = tmp_path / "synthetic-pictures" / "emocam-annotations.csv"
    notebook.wait_for(lambda: saved.exists() and saved.read_text().count("\n") == 4, 20, "three labels in the file")

    image_id = notebook.value(f"{NEAREST}.sort_values('p').image_id.iloc[0]")
    editor = open_in_editor(explorer, image_id)
    expect(steps.nth(1)).to_contain_text("Open Regions", timeout=20_000)
    open_regions(editor, "blur")
    editor.get_by_test_id("region-all").click()
    expect(steps.nth(1)).to_contain_text("Something else than the temperature", timeout=20_000)
    open_regions(editor, "warm")
    editor.get_by_test_id("region-strength").fill("1")
    expect(steps.nth(1)).to_have_attribute(DONE, "true", timeout=20_000)

    notebook.run(cells[2])
    heatmap = notebook.run(cells[3], 120).output
    expect(heatmap.locator('[data-testid="cell"][data-class="lower third"]').first).to_be_visible(timeout=20_000)
    notebook.run(cells[4], 60)
    mistakes = notebook.run(cells[5]).output.locator(".ec-question")
    expect(mistakes).to_have_count(len(MISTAKES))
    for number, mistake in enumerate(MISTAKES.values()):
        wrong = next(other for other in MISTAKES.values() if other != mistake)
        mistakes.nth(number).get_by_role("button", name=wrong, exact=True).click()
        expect(mistakes.nth(number)).to_contain_text("Then ")
        mistakes.nth(number).get_by_role("button", name=mistake, exact=True).click()
        expect(mistakes.nth(number)).to_contain_text("Yes: ")
    assert notebook.page_errors == []
