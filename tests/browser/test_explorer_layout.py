"""The explorer's frame in JupyterLab: its height, full screen, help, tabs that are made late, and a run that grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import stand_still
from tests.browser.test_explorer import place
from tests.worlds import make_run

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    make_run(folder, n=40)
    return folder


@pytest.fixture
def explorer(notebook: NotebookPage, world: Path) -> Iterator[Locator]:
    """The explorer over the tiny run, with a worker; the kernel knows it as `ex`."""
    notebook.size(1366, 768)
    notebook.run(
        "import sys\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "import emocam_widgets as emo\n"
        "from tests.tiny_models import scene_net\n"
        f"corpus = emo.Corpus.from_folder({str(world / 'images')!r})\n"
        f"run = emo.open_run({str(world / 'run')!r}, corpus=corpus)\n"
        "worker = emo.Worker(emo.wrap_classifier(scene_net(len(run.labels)), run.labels, name='tiny', synthetic=True))",
        120,
    )
    output = notebook.run("ex = emo.explore(run, worker, remember=False); ex").output
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true")
    yield output
    assert notebook.page_errors == []


def pane_height(explorer: Locator) -> float:
    """How much of the notebook JupyterLab shows at once."""
    return float(explorer.evaluate("el => el.closest('.jp-WindowedPanel-outer').clientHeight"))


def test_as_high_as_the_notebook_shows(notebook: NotebookPage, explorer: Locator) -> None:
    whole = explorer.get_by_test_id("explorer")
    explorer.get_by_test_id("thumb").first.dblclick()
    expect(explorer.get_by_test_id("look")).to_have_attribute("data-loaded", "true")
    detail = explorer.get_by_test_id("pane-detail")
    for width, height in ((1366, 768), (1920, 1080), (2560, 1440), (1400, 700)):
        notebook.size(width, height)
        fits = lambda: 0 <= pane_height(explorer) - place(whole)["height"] <= 40 or place(whole)["height"] == 1200  # noqa: E731
        notebook.wait_for(fits, 20, f"the explorer to fit a window of {width} x {height}")
        notebook.wait_for(lambda: place(detail)["height"] > 150, 20, "room for the image")
        notebook.wait_for(lambda: explorer.evaluate("el => el.scrollWidth <= el.clientWidth + 1"), 20, "it to fit in")
    handle = explorer.get_by_test_id("divider-height")
    stand_still(handle)
    before = place(whole)["height"]
    handle.focus()
    notebook.page.keyboard.press("ArrowDown")
    notebook.wait_for(lambda: place(whole)["height"] == before + 24, 20, "the explorer to be higher")
    notebook.page.keyboard.press("Enter")
    notebook.wait_for(lambda: place(whole)["height"] == before, 20, "the explorer to fit again")


def test_detail_takes_all_room_and_the_explorer_the_screen(notebook: NotebookPage, explorer: Locator) -> None:
    explorer.get_by_test_id("thumb").first.dblclick()
    expect(explorer.get_by_test_id("look")).to_have_attribute("data-loaded", "true")
    explorer.get_by_test_id("full-detail").click()
    expect(explorer.get_by_test_id("thumb").first).not_to_be_visible()
    body, detail = explorer.locator(".ex-body"), explorer.get_by_test_id("pane-detail")
    notebook.wait_for(lambda: place(detail)["height"] >= place(body)["height"] - 20, 20, "the image to have all room")
    explorer.get_by_test_id("look-canvas").focus()
    notebook.page.keyboard.press("Escape")
    expect(explorer.get_by_test_id("thumb").first).to_be_visible()
    expect(explorer.get_by_test_id("page-look")).to_be_visible()
    explorer.get_by_test_id("fullscreen").click()
    notebook.wait_for(
        lambda: place(explorer.get_by_test_id("explorer"))["height"] >= 768, 20, "the explorer to fill the screen"
    )
    explorer.get_by_test_id("fullscreen").click()
    notebook.wait_for(
        lambda: place(explorer.get_by_test_id("explorer"))["height"] < 700, 20, "the explorer to leave the screen"
    )


def test_selected_row_stays_in_sight_when_an_image_opens(notebook: NotebookPage, explorer: Locator) -> None:
    explorer.get_by_test_id("more").click()
    explorer.get_by_test_id("cell-size").fill("30")
    explorer.get_by_test_id("more").click()
    heatmap = explorer.get_by_test_id("heatmap")
    low = explorer.locator('[data-testid="cell"]:not([data-count="0"])').last
    low.click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(" in ")
    before = place(heatmap)["height"]
    explorer.get_by_test_id("thumb").first.dblclick()
    expect(explorer.get_by_test_id("look")).to_have_attribute("data-loaded", "true")
    notebook.wait_for(lambda: place(heatmap)["height"] < before - 100, 20, "the image to take room from the heatmap")
    notebook.page.wait_for_timeout(400)  # what is scrolled may not be lost again
    head, row, room = (place(each) for each in (explorer.get_by_test_id("column-head").first, low, heatmap))
    assert heatmap.evaluate("el => el.scrollHeight > el.clientHeight + 60"), "not all rows fit"
    assert head["y"] + head["height"] <= row["y"] + 1
    assert row["y"] + row["height"] <= room["y"] + room["height"]


def test_question_mark_shows_callouts_and_keys(notebook: NotebookPage, explorer: Locator) -> None:
    explorer.get_by_test_id("cell").first.focus()
    notebook.page.keyboard.press("?")
    expect(explorer.get_by_test_id("callout")).to_have_count(3)
    expect(explorer.get_by_test_id("callout").first).to_be_visible()
    expect(explorer.get_by_test_id("keys").first).to_contain_text("close the image")
    explorer.locator('[data-testid="cell"][data-class="Food"][data-label="Craving"]').click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Food in Craving")  # nothing modal
    notebook.page.keyboard.press("Escape")
    expect(explorer.get_by_test_id("callout").first).to_be_hidden()


def test_tabs_make_their_widgets_when_they_are_opened(notebook: NotebookPage, explorer: Locator) -> None:
    assert notebook.value("[ex.editor, ex.lime, ex.comparison]") == [None, None, None]
    explorer.get_by_test_id("thumb").nth(1).dblclick()
    for mode, part in (("lime", "lime"), ("methods", "comparison"), ("edit", "editor")):
        explorer.get_by_test_id(f"tab-{mode}").click()
        expect(explorer.get_by_test_id(f"page-{mode}").locator("canvas").first).to_be_visible(timeout=30_000)
        notebook.wait_value(f"ex.{part} is not None and ex.{part}.image_id == ex.image_id", True)
    explorer.get_by_test_id("tab-methods").click()
    image = explorer.get_by_test_id("thumb").nth(2).get_attribute("data-image-id")
    explorer.get_by_test_id("thumb").nth(2).click()
    notebook.wait_value("ex.comparison.image_id", image)
    assert notebook.value("ex.editor.image_id") != image


GROWING = """
import threading, time
from dataclasses import replace
from emocam_widgets.run import RunWriter, follow
follow.PATIENCE = 600  # it goes on being called running for as long as the test may take to look
whole = run
ids = whole.images.image_id.tolist()
writer = RunWriter({path!r}, replace(whole.manifest, counts={{}}))
go_on = threading.Semaphore(0)
def add(chosen):
    tables = {{name: getattr(whole, name) for name in ("images", "boxes", "cams")}}
    chosen_rows = {{name: table[table.image_id.isin(chosen)] for name, table in tables.items()}}
    writer.write_part(chosen_rows, detected={{"drawn": chosen}})
add(ids[:10])
growing = emo.open_run({path!r}, corpus=corpus)
"""


def test_run_that_grows_is_shown_as_it_comes(notebook: NotebookPage, explorer: Locator, tmp_path: Path) -> None:
    notebook.run(GROWING.format(path=str(tmp_path / "growing")))
    output = notebook.run("ex = emo.explore(growing, worker, remember=False); ex").output
    progress = output.get_by_test_id("progress")
    expect(progress).to_have_text("10 of 40 images so far")
    expect(output.get_by_test_id("breadcrumb")).to_have_text("10 images")
    output.locator('[data-testid="cell"][data-class="Human face"][data-label="Joy"]').click()
    expect(output.get_by_test_id("breadcrumb")).to_contain_text("Human face in Joy")
    notebook.execute("add(ids[10:25])")
    expect(progress).to_contain_text("analysing 25 of 40, ", timeout=30_000)
    expect(progress).to_contain_text(" left")
    expect(output.get_by_test_id("run-title")).to_contain_text("25 images", timeout=30_000)
    expect(output.get_by_test_id("breadcrumb")).to_contain_text("Human face in Joy")
    notebook.execute("add(ids[25:])\nwriter.finish()\nwriter.close()")
    expect(progress).to_be_hidden(timeout=30_000)
    expect(output.get_by_test_id("run-title")).to_contain_text("40 images", timeout=30_000)
    expected = len(notebook.value("whole.association().contributors('Human face', 'Joy')"))
    expect(output.get_by_test_id("breadcrumb")).to_contain_text(f"Human face in Joy: {expected} of")
    output.get_by_test_id("clear-filter").click()
    expect(output.get_by_test_id("breadcrumb")).to_have_text("40 images")
