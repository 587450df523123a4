"""Linked with widgets of others: the example at the end of docs/tasks.md, by clicks and keys at both ends."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage

TASKS = Path(__file__).parents[2] / "docs" / "tasks.md"
WAIT = 15_000
CELL = '[data-testid="cell"][data-class="Sports equipment"][data-label="Excitement"]'
MORE = """
shown, opacity, chosen = ipywidgets.Checkbox(description="maps"), ipywidgets.FloatText(step=0.1), ipywidgets.Label()
ipywidgets.link((browser, "show_cam"), (shown, "value"))
ipywidgets.jslink((browser, "cam_opacity"), (opacity, "value"))
ipywidgets.dlink((browser, "open_image"), (chosen, "value"), lambda image_id: image_id or "none")
ipywidgets.VBox([shown, opacity, chosen])
"""


def example() -> str:
    """The last block of Python in the tasks."""
    return re.findall(r"^```python\n(.*?)^```", TASKS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[-1]


def becomes(notebook: NotebookPage, expression: str, value: object) -> None:
    notebook.wait_for(lambda: notebook.value(expression) == value, 15, f"{expression} to be {value!r}")


def shown(output: Locator) -> None:
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=30_000)
    expect(output.get_by_test_id("cell").first).to_be_visible(timeout=30_000)


def test_the_example_of_the_tasks_works_in_both_directions(notebook: NotebookPage) -> None:
    code = example()
    assert "jslink" in code and "traitlets.link" in code
    output = notebook.run("import emocam_widgets as emo\n" + code, 120).output
    shown(output)
    others = notebook.run(MORE).output
    press = notebook.page.keyboard.press
    output.scroll_into_view_if_needed()

    # traitlets.link, a number: the slider of ipywidgets by its keys, and the heatmap's own by its.
    slider, own = output.locator(".widget-hslider .noUi-handle"), output.get_by_test_id("threshold")
    readout = output.locator(".widget-hslider .widget-readout")
    expect(readout).to_have_text("0.30")
    slider.focus()
    for _ in range(5):
        press("ArrowRight")
    expect(own).to_have_value("0.35", timeout=WAIT)
    becomes(notebook, "[heatmap.threshold, slider.value]", [0.35, 0.35])
    expect(output.get_by_test_id("heatmap-widget")).to_have_attribute("data-threshold", "0.35", timeout=WAIT)
    own.focus()
    before = float(own.input_value())
    press("ArrowRight")
    press("ArrowRight")
    expect(readout).not_to_have_text("0.35", timeout=WAIT)
    becomes(notebook, "heatmap.threshold == slider.value > 0.35", True)
    assert float(own.input_value()) > before
    becomes(notebook, "round(slider.value, 6)", round(float(own.input_value()), 6))

    # traitlets.link, a cell: clicked in one, taken away in the other.
    cell, crumb = output.locator(CELL), output.get_by_test_id("breadcrumb")
    cell.click()
    expect(crumb).to_contain_text("Sports equipment in Excitement", timeout=WAIT)
    becomes(notebook, "browser.cell", ["Sports equipment", "Excitement"])
    output.locator('[data-testid="chip"][data-name="Sports equipment"] button').click()
    expect(cell).to_have_attribute("aria-selected", "false", timeout=WAIT)
    becomes(notebook, "[heatmap.cell, browser.cell, browser.label]", [None, None, "Excitement"])
    output.get_by_test_id("clear-filter").click()
    expect(crumb).to_have_text(re.compile(r"^\d+ images$"), timeout=WAIT)

    # ipywidgets.jslink, a text: typed into either field, also while the kernel is busy.
    field, search = output.locator(".widget-text input"), output.get_by_test_id("browser").get_by_test_id("search")
    with notebook.busy(3) as other:
        field.click()
        notebook.page.keyboard.type("scene-10")
        press("Enter")
        expect(search).to_have_value("scene-10", timeout=WAIT)
        expect(crumb).to_contain_text("“scene-10”", timeout=WAIT)
        assert not other.done
    count = notebook.value("sum('scene-10' in each for each in run.images.image_id)")
    expect(crumb).to_contain_text(f"{count} of", timeout=WAIT)
    search.click()
    notebook.page.keyboard.type("4")
    expect(field).to_have_value("scene-104", timeout=WAIT)
    expect(output.get_by_test_id("thumb")).to_have_count(1, timeout=WAIT)
    becomes(notebook, "[text.value, browser.text]", ["scene-104", "scene-104"])

    # ipywidgets.link, jslink and dlink of more, shown in another cell.
    check, number, label = (
        others.locator("input[type=checkbox]"),
        others.locator("input[type=number]"),
        others.locator(".widget-label").last,
    )
    check.check()
    expect(output.get_by_test_id("toggle-cam")).to_have_attribute("aria-pressed", "true", timeout=WAIT)
    output.get_by_test_id("toggle-cam").click()
    expect(check).not_to_be_checked(timeout=WAIT)
    check.check()
    opacity = output.get_by_test_id("cam-opacity")
    expect(opacity).to_be_visible(timeout=WAIT)
    opacity.press("End")
    expect(number).to_have_value("1", timeout=WAIT)
    number.fill("0.5")
    number.press("Enter")
    expect(opacity).to_have_value("0.5", timeout=WAIT)
    becomes(notebook, "browser.cam_opacity", 0.5)
    output.get_by_test_id("thumb").dblclick()
    expect(label).to_have_text("scene-104.webp", timeout=WAIT)
    press("Escape")
    expect(label).to_have_text("none", timeout=WAIT)
    assert notebook.page_errors == []
