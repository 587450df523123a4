"""Hands in the explorer's editor: open an image, choose what to do to a region, and draw a box on the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, expect

from tests.browser.scrolling import bring_to_middle

MARGIN = 16  # of the stage around the picture, both sides together
LARGEST_SCALE = 4


def open_in_editor(explorer: Locator, image_id: str) -> Locator:
    """Finds an image by its id, opens it by a double click and goes to Edit; returns once the editor shows it."""
    explorer.get_by_test_id("browser").get_by_placeholder("Search").fill(image_id)
    expect(explorer.get_by_test_id("thumb")).to_have_count(1)
    explorer.get_by_test_id("thumb").dblclick()
    explorer.get_by_test_id("tab-edit").click()
    editor = explorer.get_by_test_id("page-edit")
    expect(editor.get_by_test_id("stage")).to_have_attribute("aria-label", f"{image_id} to edit", timeout=30_000)
    expect(editor.get_by_test_id("editor")).to_have_attribute("data-settled", "true", timeout=30_000)
    return editor


def open_regions(editor: Locator, kind: str) -> None:
    """Opens the panel of region edits, where it is not open, and chooses what to do."""
    if not editor.get_by_test_id("region-kind").is_visible():
        editor.get_by_test_id("panel-regions").click()
    editor.get_by_test_id("region-kind").select_option(kind)


def draw_box(editor: Locator, box: Sequence[float], size: Sequence[float]) -> None:
    """Draws a box (x0, y0, x1, y1, relative to the picture) with the mouse; `size` is the picture's in pixels."""
    editor.get_by_test_id("region-box").click()
    stage = editor.get_by_test_id("stage")
    bring_to_middle(stage)
    room = stage.bounding_box()
    assert room is not None
    scale = min((room["width"] - MARGIN) / size[0], (room["height"] - MARGIN) / size[1], LARGEST_SCALE)
    left = room["x"] + (room["width"] - size[0] * scale) / 2
    top = room["y"] + (room["height"] - size[1] * scale) / 2
    mouse = editor.page.mouse
    mouse.move(left + box[0] * size[0] * scale, top + box[1] * size[1] * scale)
    mouse.down()
    mouse.move(left + box[2] * size[0] * scale, top + box[3] * size[1] * scale, steps=6)
    mouse.up()


def code_of(name: str) -> list[str]:
    """The code cells of a notebook of the repository, from top to bottom."""

    path = Path(__file__).parents[2] / "notebooks" / f"{name}.ipynb"
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
