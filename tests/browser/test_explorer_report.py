"""The explorer's Report button: one click, one file, which opens from disk with the network cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.app import AppServer
from tests.browser.axe import violations
from tests.browser.notebook import NotebookPage

REPOSITORY = Path(__file__).parents[2]
SETUP = f"""
import sys, tempfile
from pathlib import Path
sys.path.insert(0, {str(REPOSITORY)!r})
import emocam_widgets as emo
from tests.reports import two_methods
run = two_methods(Path(tempfile.mkdtemp()), 60)
"""
CELL = ("Sports equipment", "Excitement")
SLOW = """
import time
_open = run.open_image
def _slowly(image_id):
    time.sleep(0.3)
    return _open(image_id)
run.open_image = _slowly
"""


@pytest.fixture
def explorer(notebook: NotebookPage) -> Iterator[Locator]:
    notebook.execute(SETUP)
    output = notebook.run("ex = emo.explore(run, remember=False); ex").output
    expect(output.get_by_test_id("explorer")).to_have_attribute("data-ready", "true", timeout=20_000)
    yield output
    assert notebook.page_errors == []


def saved(page: Page, button: Locator, folder: Path) -> Path:
    """The file that a click brings, in the end."""
    with page.expect_download(timeout=90_000) as download:
        button.click()
    assert download.value.suggested_filename.endswith("-report.html")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def opened(chromium: Browser, file: Path) -> Page:
    """A report from disk, without network."""
    page = chromium.new_context(offline=True).new_page()
    page.goto(file.as_uri())
    expect(page.get_by_test_id("browser")).to_have_attribute("data-ready", "true")
    return page


def cell(within: Locator | Page, object_class: str, label: str) -> Locator:
    return within.locator(f'[data-testid="cell"][data-class="{object_class}"][data-label="{label}"]')


def test_a_click_makes_a_file_that_opens_from_disk_as_the_explorer_stood(
    explorer: Locator, notebook: NotebookPage, chromium: Browser, tmp_path: Path
) -> None:
    cell(explorer, *CELL).click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Sports equipment in Excitement")
    crumb = str(explorer.get_by_test_id("breadcrumb").text_content())
    with notebook.busy(4) as other:  # nobody waits for it
        file = saved(notebook.page, explorer.get_by_test_id("report"), tmp_path)
        assert not other.done
    panel = explorer.get_by_test_id("report-panel")
    expect(panel).to_contain_text("tiny-report.html is ready.")
    expect(panel).to_contain_text("All 60 images are in it")
    assert violations(panel) == []
    page = opened(chromium, file)
    count = notebook.value("len(ex.heatmap.contributors)")
    expect(cell(page, *CELL)).to_have_attribute("data-count", str(count))
    expect(page.get_by_test_id("breadcrumb")).to_have_text(crumb)
    expect(page.get_by_test_id("thumb").first).to_be_visible()
    expect(page.get_by_test_id("report")).to_have_count(0)
    page.context.close()
    again = saved(notebook.page, panel.get_by_test_id("report-save"), tmp_path / "again")
    assert again.read_bytes() == file.read_bytes()
    notebook.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert notebook.value("ex.cell") == list(CELL)


def test_it_says_how_far_it_is_and_stops_when_told(explorer: Locator, notebook: NotebookPage) -> None:
    notebook.execute(SLOW)
    button, panel = explorer.get_by_test_id("report"), explorer.get_by_test_id("report-panel")
    button.click()
    expect(panel).to_contain_text("of 60 pictures", timeout=20_000)
    panel.get_by_test_id("report-close").click()
    expect(button).to_contain_text("%")
    button.click()
    panel.get_by_test_id("report-stop").click()
    expect(panel).to_contain_text("Stopped; nothing was saved.", timeout=30_000)
    notebook.execute(
        "run.open_image = _open; run.path.joinpath('..', 'images').rename(run.path.joinpath('..', 'gone'))"
    )
    notebook.execute("ex.run = emo.open_run(run.path)")
    panel.get_by_test_id("report-again").click()
    expect(panel).to_have_attribute("data-state", "failed", timeout=20_000)
    expect(panel.get_by_test_id("report-says")).to_contain_text("images")
    expect(panel.get_by_test_id("report-again")).to_be_visible()
    assert violations(panel) == []


@pytest.mark.parametrize("where", ["notebook 7", "voila"])
def test_it_is_saved_in_notebook_7_and_voila_too(
    where: str, request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path
) -> None:
    if where == "voila":
        server: AppServer = request.getfixturevalue("app_server")
        page = chromium.new_page(viewport={"width": 1366, "height": 900})
        page.goto(server.address, timeout=90_000)
        root: Page | Locator = page
        expect(page.get_by_test_id("explorer")).to_have_attribute("data-ready", "true", timeout=90_000)
    else:
        other: NotebookPage = request.getfixturevalue("notebook7")
        other.execute(SETUP)
        root = other.run("emo.explore(run, remember=False)").output
        page = other.page
        expect(root.get_by_test_id("explorer")).to_have_attribute("data-ready", "true", timeout=20_000)
    file = saved(page, root.get_by_test_id("report"), tmp_path)
    report = opened(chromium, file)
    expect(report.get_by_test_id("cell").first).to_be_visible()
    report.context.close()
    if where == "voila":
        page.close()
