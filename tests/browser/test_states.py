"""What a first-time user meets when something is not there yet, or fails: a sentence, the reason, and a way on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator, expect

from emocam_widgets import Corpus, export_report, open_run
from emocam_widgets.run import Run, RunWriter
from tests.browser.notebook import NotebookPage
from tests.worlds import make_run

BAD = "<img src=x onerror=alert(1)>.jpg"
FAILURES = 60
# A tab's widget is made by this: after a while, not at all, or with a channel to the page that is closed.
PARTS = """
import threading
from emocam_widgets.errors import EmocamError
from emocam_widgets.widgets import explorer as module
fail, wait, cut = threading.Event(), threading.Event(), threading.Event()
wait.set()
class Scripted(module.Explorer):
    def _made(self, mode):
        wait.wait(60)
        if fail.is_set():
            raise EmocamError("The maps of this run are damaged.")
        part = super()._made(mode)
        if cut.is_set():
            part.comm.close()
        return part
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    run = make_run(folder, n=24)
    rows = [
        {"image_id": f"{i:02d}-{BAD}", "stage": "open", "reason": f"the file is <b>cut off</b> ({i})"}
        for i in range(FAILURES)
    ]
    with RunWriter(run.path, run.manifest) as writer:
        writer.write_part({"failures": pd.DataFrame(rows)})
        writer.finish()
    return folder


@pytest.fixture(scope="module")
def run(world: Path) -> Run:
    return open_run(world / "run", corpus=Corpus.from_folder(world / "images"))


@pytest.fixture
def kernel(notebook: NotebookPage, world: Path) -> Iterator[NotebookPage]:
    """The notebook with the run in its kernel as `run`."""
    notebook.run(
        "import emocam_widgets as emo\n"
        f"run = emo.open_run({str(world / 'run')!r}, corpus=emo.Corpus.from_folder({str(world / 'images')!r}))"
    )
    yield notebook
    assert notebook.page_errors == []


def ready(output: Locator) -> Locator:
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=20_000)
    return output


def test_an_image_whose_file_was_away_is_shown_once_it_is_back(kernel: NotebookPage, world: Path, run: Run) -> None:
    image_id = str(run.images.image_id[1])
    file, away = world / "images" / image_id, world / "away"
    shutil.move(file, away)
    output = ready(kernel.run("ex = emo.explore(run, remember=False); ex").output)
    tile = output.locator(f'[data-testid="thumb"][data-image-id="{image_id}"]')
    expect(tile.locator(".ec-tile-note")).to_be_visible()
    tile.dblclick()
    state = output.get_by_test_id("look-state").first
    expect(state.locator(".ec-state-sentence")).to_be_visible()
    expect(output.get_by_test_id("look").get_by_test_id("bar").first).to_be_hidden()  # nothing is known of it
    state.get_by_role("button", name="Try again").click()
    expect(state.get_by_role("button", name="Try again")).to_be_visible()  # it is still away
    shutil.move(away, file)
    state.get_by_role("button", name="Try again").focus()
    kernel.page.keyboard.press("Enter")
    expect(output.get_by_test_id("look")).to_have_attribute("data-loaded", "true")
    expect(state).to_be_hidden()
    expect(output.get_by_test_id("look").get_by_test_id("bar").first).to_be_visible()
    expect(output.get_by_test_id("look-canvas")).to_be_focused()
    tile.click()
    expect(tile).to_have_attribute("data-painted", "true")
    expect(tile.locator(".ec-tile-note")).to_be_hidden()


def test_a_tab_says_that_it_opens_and_why_it_cannot(kernel: NotebookPage) -> None:
    kernel.execute(PARTS)
    output = ready(kernel.run("ex = Scripted(run, remember=False); ex").output)
    kernel.wait_live()
    page = output.get_by_test_id("page-methods")
    output.get_by_test_id("tab-methods").click()
    expect(page).to_have_text("Open an image first: double click one above.")
    kernel.execute("wait.clear(); fail.set()")
    output.get_by_test_id("thumb").first.dblclick()
    expect(page).to_have_text("Opening the methods' maps…")
    kernel.execute("wait.set()")
    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    page.get_by_text("Details").click()
    expect(page.locator("pre")).to_have_text("The maps of this run are damaged.")
    kernel.execute("fail.clear(); cut.set()")
    again.click()
    expect(page.locator(".ec-state-sentence")).to_have_text("This could not be opened.")
    expect(page.locator("pre")).not_to_have_text("The maps of this run are damaged.")
    kernel.execute("cut.clear()")
    again.click()
    expect(page.get_by_test_id("methods")).to_be_visible()
    expect(again).to_have_count(0)


def test_a_search_that_finds_nothing_is_cleared_by_a_button(kernel: NotebookPage) -> None:
    output = kernel.run("emo.AssociationHeatmap(run)").output
    output.get_by_test_id("cell").first.wait_for()
    search = output.get_by_test_id("search")
    search.fill("no such thing")
    output.get_by_role("button", name="Clear the search").click()
    expect(output.get_by_test_id("cell").first).to_be_visible()
    expect(search).to_have_value("")
    expect(search).to_be_focused()


def test_the_files_that_could_not_be_used_are_listed_as_text(kernel: NotebookPage) -> None:
    output = ready(kernel.run("browser = emo.ImageBrowser(run); browser").output)
    assert lists_failures(output)
    kernel.page.keyboard.press("Escape")
    expect(output.get_by_test_id("failure-list")).to_be_hidden()
    expect(output.get_by_test_id("failures")).to_be_focused()


def test_a_report_lists_them_too(chromium: Browser, run: Run, tmp_path: Path) -> None:
    page = chromium.new_page()
    page.goto(export_report(run, tmp_path / "report.html", progress=False).as_uri())
    assert lists_failures(ready(page.locator("#emocam-app")))
    page.close()


def lists_failures(output: Locator) -> bool:
    """Opens the list by keys and reads it; whether it scrolls."""
    button = output.get_by_test_id("failures")
    expect(button).to_contain_text(f"{FAILURES} files could not be used")
    button.focus()
    output.page.keyboard.press("Enter")
    rows = output.get_by_test_id("failure-list").get_by_role("listitem")
    expect(rows).to_have_count(FAILURES)
    expect(rows.nth(3)).to_have_text(f"03-{BAD}the file is <b>cut off</b> (3)")
    expect(output.get_by_test_id("failure-list").locator("img, b")).to_have_count(0)
    output.page.keyboard.press("Tab")
    output.page.keyboard.press("End")
    expect(rows.last).to_be_in_viewport()
    return bool(output.get_by_test_id("failure-list").locator("ul").evaluate("ul => ul.scrollTop > 0"))


def test_a_sweep_is_seen_in_every_view(kernel: NotebookPage) -> None:
    kernel.execute(
        "import torch\n"
        "from emocam_widgets.models.demo import SceneNet\n"
        "net = SceneNet(len(run.labels), width=0.2, hidden=16).eval()\n"
        "worker = emo.Worker(emo.wrap_classifier(net, run.labels, size=224, name='random', synthetic=True))\n"
        "editor = emo.ObjectEditor(run.images.image_id[1], worker, run=run)"
    )
    first, second = (kernel.run("editor").output for _ in range(2))
    for view in (first, second):
        expect(view.get_by_test_id("editor")).to_have_attribute("data-ready", "true", timeout=20_000)
    first.locator('[data-sprite="soccer ball"]').click()
    first.get_by_test_id("panel-sweep").click()
    second.get_by_test_id("panel-sweep").click()
    first.get_by_test_id("sweep-grid").select_option("0")
    first.get_by_test_id("sweep-go").click()
    expect(second.get_by_test_id("sweep-progress")).to_contain_text("24 places.", timeout=30_000)
    expect(second.get_by_test_id("sweep-best")).to_have_text(str(first.get_by_test_id("sweep-best").text_content()))
    late = kernel.run("editor").output
    late.get_by_test_id("panel-sweep").click()
    expect(late.get_by_test_id("sweep-progress")).to_contain_text("24 places.", timeout=20_000)
    second.get_by_test_id("sweep-clear").click()
    for view in (first, late):
        expect(view.get_by_test_id("sweep-clear")).to_be_hidden()
    kernel.execute("editor.sweep(columns=3, rows=2)")
    expect(first.get_by_test_id("sweep-progress")).to_contain_text("6 places.")
