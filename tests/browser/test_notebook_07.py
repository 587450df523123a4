"""The photographer's notebook, by hand: mark, lock, note; take the colour out, and the control; the question."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.editing import code_of, open_regions
from tests.browser.notebook import NotebookPage

DONE = "data-done"


def centre(element: Locator, y: float = 0.5) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + y * box["height"]


def test_the_photographer_marks_reads_and_tests(notebook: NotebookPage, tmp_path: Path) -> None:
    notebook.execute(f"import os; os.environ['EMOCAM_HOME'] = {str(tmp_path)!r}")
    cells = code_of("07_the_photographer")
    lime = notebook.run(cells[0], 120).output
    steps = notebook.run(cells[1]).output.get_by_test_id("step")
    expect(lime.get_by_test_id("region").first).to_be_attached(timeout=30_000)
    expect(steps).to_have_count(2)
    expect(steps.first).to_contain_text("Click a region")
    canvas = lime.get_by_test_id("lime-canvas")
    canvas.scroll_into_view_if_needed()
    notebook.page.mouse.click(*centre(canvas, 0.4))
    expect(steps.first).to_contain_text("Something may speak against the label")
    expect(steps.first).to_have_attribute(DONE, "false")
    lime.get_by_test_id("lock").click()
    expect(steps.first).to_have_attribute(DONE, "true")
    expect(steps.first).to_contain_text("of what speaks for the label", timeout=60_000)
    note = lime.get_by_test_id("note")
    note.fill("grey")
    expect(steps.nth(1)).to_contain_text("And what is there", timeout=15_000)
    note.fill("The grey floor speaks for it.")
    expect(steps.nth(1)).to_have_attribute(DONE, "true", timeout=15_000)

    editor = notebook.run(cells[2], 60).output
    steps = notebook.run(cells[3]).output.get_by_test_id("step")
    expect(editor.get_by_test_id("headline")).to_contain_text("positive", timeout=20_000)
    open_regions(editor, "blur")
    editor.get_by_test_id("region-all").click()
    expect(steps.first).to_contain_text("something else than the colour", timeout=20_000)
    open_regions(editor, "grey")
    expect(steps.first).to_have_attribute(DONE, "true", timeout=20_000)
    expect(steps.nth(1)).to_contain_text("any change could have done that")
    open_regions(editor, "brighten")
    expect(steps.nth(1)).to_have_attribute(DONE, "true", timeout=20_000)

    notebook.run(cells[4], 120)
    question = notebook.run(cells[5]).output
    right = notebook.value("sorted(_._right)") if notebook.value("hasattr(_, '_right')") else []
    assert len(right) == 1
    hints = {
        "No": "Look at low and high",
        "Yes, but not more than by another change": "Is that so?",
        "Yes, more than by the other changes": "Is it?",
    }
    for name, hint in hints.items():
        question.get_by_role("button", name=name, exact=True).click()
        told = "That is what the table says" if [name] == right else hint
        expect(question.locator(".ec-question")).to_contain_text(told)
    assert notebook.page_errors == []
