"""axe on what is folded away in the explorer: filters, comparison, trial, the editor's panels and menus, LIME's too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.notebook import NotebookPage
from tests.browser.test_accessibility import SETUP, open_tab


class Looked:
    """What axe found, by the state that it was found in: everything in light, what colours change in dark."""

    def __init__(self, notebook: NotebookPage) -> None:
        self.notebook = notebook
        self.found: dict[str, list[str]] = {}

    def at(self, state: str, part: Locator) -> None:
        self.notebook.page.mouse.move(0, 0)
        self.found[f"light, {state}"] = violations(part)
        self.notebook.theme("dark")
        self.found[f"dark, {state}"] = violations(part, "color-contrast")
        self.notebook.theme("light")

    def expect_nothing(self) -> None:
        assert not any(self.found.values()), "\n".join(
            f"{at}: {one}" for at, all_ in self.found.items() for one in all_
        )


@pytest.fixture
def explorer(notebook: NotebookPage) -> Iterator[Locator]:
    """The explorer over the demo in the whole window; the kernel knows it as `ex`."""
    notebook.run(SETUP, 120)
    output = notebook.run("ex = explorer(remember=False); ex", 120).output
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=20_000)
    yield output
    notebook.theme("light")
    assert notebook.page_errors == []


def test_filters_comparison_and_trial(notebook: NotebookPage, explorer: Locator) -> None:
    looked = Looked(notebook)
    browser, heatmap = explorer.get_by_test_id("pane-browser"), explorer.get_by_test_id("pane-heatmap")
    explorer.get_by_test_id("add-filter").click()
    expect(explorer.get_by_test_id("filters")).to_be_visible()
    looked.at("filters", browser)
    explorer.get_by_test_id("add-filter").click()
    thumbs = explorer.get_by_test_id("thumb")
    thumbs.first.click()
    thumbs.nth(1).click(modifiers=["ControlOrMeta"])
    browser.get_by_test_id("compare").click()
    expect(explorer.get_by_test_id("compare-bars")).to_be_visible(timeout=15_000)
    looked.at("comparison", explorer.get_by_test_id("page-look"))
    looked.at("two selected", browser)
    explorer.get_by_test_id("stop-comparing").click()
    explorer.get_by_test_id("annotate").locator("summary").click()
    expect(explorer.get_by_test_id("find-label")).to_be_visible()
    looked.at("labelling", explorer.get_by_test_id("page-look"))

    explorer.get_by_test_id("more").click()
    expect(explorer.get_by_test_id("more-panel")).to_be_visible()
    looked.at("more of the heatmap", heatmap)
    explorer.get_by_test_id("more").click()
    notebook.execute("ex.heatmap.try_count = 4")
    explorer.get_by_test_id("strongest-hint").click()
    explorer.get_by_test_id("try").click()
    expect(explorer.get_by_test_id("tried")).to_have_count(4, timeout=30_000)
    expect(explorer.get_by_test_id("try-headline")).to_be_visible()
    looked.at("trial", heatmap)
    looked.expect_nothing()


def test_panels_and_menus_of_the_editor(notebook: NotebookPage, explorer: Locator) -> None:
    looked = Looked(notebook)
    explorer.get_by_test_id("thumb").first.dblclick()
    open_tab(explorer, "edit")
    explorer.get_by_test_id("full-detail").click()
    editor = explorer.get_by_test_id("editor")
    for way, part in (("emoji", "emoji-sign"), ("cut-out", "cut-outs")):
        editor.get_by_test_id(way).click()
        expect(editor.get_by_test_id(part)).to_be_visible()
    classes = editor.get_by_test_id("cut-class").locator("option")
    expect(classes).not_to_have_count(1, timeout=15_000)
    editor.get_by_test_id("cut-class").select_option(index=1)
    expect(editor.get_by_test_id("cut-choice").first).to_be_visible(timeout=15_000)
    looked.at("emoji and cut-outs", editor)
    editor.get_by_test_id("cut-out").click()
    editor.get_by_test_id("emoji").click()
    editor.get_by_test_id("sprite").first.click()
    expect(editor).to_have_attribute("data-settled", "true", timeout=20_000)
    editor.get_by_test_id("panel-layers").click()
    expect(editor.get_by_test_id("layer")).to_have_count(1)
    looked.at("layers", editor)
    editor.get_by_test_id("panel-regions").click()
    editor.get_by_test_id("region-kind").select_option("recolour")
    editor.get_by_test_id("region-all").click()
    expect(editor.get_by_test_id("region-edit")).to_have_count(1)
    editor.get_by_test_id("region-box").click()
    looked.at("regions", editor)
    editor.get_by_test_id("region-remove").click()
    editor.get_by_test_id("stage").press("n")
    editor.get_by_test_id("panel-sweep").click()
    editor.get_by_test_id("sweep-grid").select_option("0")
    editor.get_by_test_id("sweep-go").click()
    expect(editor.get_by_test_id("sweep-progress")).to_contain_text("24 places.", timeout=30_000)
    looked.at("sweep", editor)
    editor.get_by_test_id("toggle-cam").click()
    editor.get_by_test_id("export-menu").click()
    expect(editor.get_by_test_id("export-json")).to_be_visible()
    looked.at("export and CAM", editor)
    looked.expect_nothing()


def test_settings_and_files_of_lime(notebook: NotebookPage, explorer: Locator) -> None:
    looked = Looked(notebook)
    explorer.get_by_test_id("thumb").first.dblclick()
    open_tab(explorer, "lime")
    notebook.execute("ex.lime.n_samples = 60")
    lime = explorer.get_by_test_id("lime")
    expect(lime).to_have_attribute("data-status", "done", timeout=60_000)
    for button, part in (("settings", "palette"), ("export", "save-png")):
        lime.get_by_test_id(button).click()
        expect(lime.get_by_test_id(part)).to_be_visible()
        looked.at(f"LIME's {button}", lime)
    looked.expect_nothing()
