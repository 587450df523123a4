"""The explorer in JupyterLab: a click shows what pandas computes over the run's tables, also while a cell runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import FloatRect, Locator, expect

from emocam_widgets.run import Run
from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import images_of
from tests.worlds import make_run

THRESHOLD = 0.3
CELLS = [("Sports equipment", "Excitement"), ("Human face", "Joy"), ("Food", "Craving"), ("Plant", "Sadness")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def run(world: Path) -> Run:
    return make_run(world, n=60)


@pytest.fixture
def explorer(notebook: NotebookPage, world: Path, run: Run) -> Iterator[Locator]:
    """The output of a cell that shows the explorer over the tiny run; the kernel knows it as `ex`."""
    notebook.size(1366, 900)
    notebook.run(
        "import emocam_widgets as emo\n"
        f"corpus = emo.Corpus.from_folder({str(world / 'images')!r})\n"
        f"run = emo.open_run({str(world / 'run')!r}, corpus=corpus)"
    )
    output = notebook.run("ex = emo.explore(run, remember=False); ex").output
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true")
    yield output
    assert notebook.page_errors == []


def contributors(run: Run, object_class: str, label: str, threshold: float = THRESHOLD) -> set[str]:
    """From the tables alone, without the package's own arithmetic: resize the map, average it in the box."""
    images = run.images.set_index("image_id")
    cams = run.cams.set_index("image_id")
    boxes = run.boxes[run.boxes["object_class"] == object_class]
    boxes = boxes[boxes["image_id"].map(images["label"]) == label]
    return {str(box.image_id) for box in boxes.itertuples() if importance(box, images, cams) > threshold}


def importance(box: Any, images: pd.DataFrame, cams: pd.DataFrame) -> float:
    from PIL import Image

    size, cam = images.loc[box.image_id], cams.loc[box.image_id]
    grid = np.asarray(cam["grid"], np.float32).reshape(cam["grid_height"], cam["grid_width"])
    full = np.asarray(Image.fromarray(grid).resize((size["width"], size["height"]), Image.Resampling.BILINEAR))
    x0, y0 = max(int(np.floor(box.x0)), 0), max(int(np.floor(box.y0)), 0)
    x1, y1 = int(np.ceil(box.x1)), int(np.ceil(box.y1))
    return float(full[y0:y1, x0:x1].mean())


def click(explorer: Locator, object_class: str, label: str) -> None:
    explorer.locator(f'[data-testid="cell"][data-class="{object_class}"][data-label="{label}"]').click()


def shown_images(explorer: Locator) -> set[str]:
    """All images of the grid, scrolled through from top to bottom (it makes only the tiles in sight)."""
    return set(images_of(explorer.get_by_test_id("grid")))


@pytest.mark.parametrize(("object_class", "label"), CELLS)
def test_click_shows_exactly_the_contributors(
    explorer: Locator, notebook: NotebookPage, run: Run, object_class: str, label: str
) -> None:
    expected = contributors(run, object_class, label)
    total = int((run.images["label"] == label).sum())
    click(explorer, object_class, label)
    crumb = f"{object_class} in {label}: {len(expected)} of {total} images"
    expect(explorer.get_by_test_id("breadcrumb")).to_have_text(crumb)
    assert shown_images(explorer) == expected
    notebook.wait_value("sorted(ex.browser.image_ids)", sorted(expected))
    notebook.wait_value("ex.cell", [object_class, label])
    click(explorer, object_class, label)
    expect(explorer.get_by_test_id("breadcrumb")).to_have_text(f"{len(run)} images")
    notebook.wait_value("ex.cell", None)


def test_click_is_answered_while_another_cell_runs(explorer: Locator, notebook: NotebookPage, run: Run) -> None:
    expected = contributors(run, "Sports equipment", "Excitement")
    with notebook.busy():
        click(explorer, "Sports equipment", "Excitement")
        expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(f"Excitement: {len(expected)} of")
        assert shown_images(explorer) == expected


def test_click_is_answered_while_the_running_cell_updates_the_explorer(
    explorer: Locator, notebook: NotebookPage, run: Run
) -> None:
    source = """i = 0
while going_on():
    i += 1
    ex.threshold = 0.3 + i % 60 / 1000
    if i == 3:
        print('touched', flush=True)
    time.sleep(0.1)
ex.threshold = 0.3"""
    with notebook.busy(source=source) as other:
        notebook.wait_for(lambda: "touched" in other.text, 20, "the cell to have touched the explorer")
        click(explorer, "Food", "Craving")
        expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Food in Craving")
    expected = contributors(run, "Food", "Craving")
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(f"Food in Craving: {len(expected)} of")
    assert shown_images(explorer) == expected


def test_threshold_slider_changes_matrix_and_images(explorer: Locator, notebook: NotebookPage, run: Run) -> None:
    click(explorer, "Human face", "Joy")
    explorer.get_by_test_id("threshold").fill("0.55")
    expected = contributors(run, "Human face", "Joy", 0.55)
    assert expected != contributors(run, "Human face", "Joy")
    cell = explorer.locator('[data-testid="cell"][data-class="Human face"][data-label="Joy"]')
    expect(cell).to_have_attribute("data-count", str(len(expected)))
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(f": {len(expected)} of")
    assert shown_images(explorer) == expected
    notebook.wait_value("ex.threshold", 0.55)


def test_cell_set_in_python_is_shown(explorer: Locator, notebook: NotebookPage, run: Run) -> None:
    notebook.run("ex.cell = ('Food', 'Craving')")
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Food in Craving")
    cell = explorer.locator('[data-testid="cell"][data-class="Food"][data-label="Craving"]')
    expect(cell).to_have_attribute("aria-selected", "true")


def test_strongest_cell_is_named_and_clicked(explorer: Locator, notebook: NotebookPage) -> None:
    hint = explorer.get_by_test_id("strongest-hint")
    expect(hint).to_contain_text("times as often as elsewhere. Click it.")
    hint.click()
    notebook.wait_value("ex.cell == ex.heatmap.shown.strongest['cell']", True)


def test_image_opens_large_and_edit_says_what_is_missing(explorer: Locator, notebook: NotebookPage) -> None:
    thumb = explorer.get_by_test_id("thumb").first
    image_id = str(thumb.get_attribute("data-image-id"))
    thumb.dblclick()
    expect(explorer.get_by_test_id("page-look")).to_be_visible()
    expect(explorer.get_by_test_id("page-look")).to_contain_text(image_id)
    notebook.wait_value("ex.image_id", image_id)
    explorer.get_by_test_id("tab-edit").click()
    expect(explorer.get_by_test_id("edit-hint")).to_contain_text("worker=")
    explorer.get_by_test_id("fold-detail").click()
    expect(explorer.get_by_test_id("page-edit")).to_be_hidden()


def test_edit_puts_the_open_image_into_the_editor(notebook: NotebookPage, explorer: Locator) -> None:
    notebook.run(
        "import torch\n"
        "from emocam_widgets.models.demo import SceneNet\n"
        "net = SceneNet(len(run.labels), width=0.2, hidden=16).eval()\n"
        "worker = emo.Worker(emo.wrap_classifier(net, run.labels, size=224, name='random', synthetic=True))",
        120,
    )
    output = notebook.run("ex = emo.explore(run, worker, remember=False); ex").output
    thumb = output.get_by_test_id("thumb").nth(1)
    image_id = str(thumb.get_attribute("data-image-id"))
    thumb.dblclick()
    output.get_by_test_id("page-look").get_by_test_id("edit").click()
    bars = output.get_by_test_id("page-edit").get_by_test_id("bar")
    expect(bars.first).to_be_visible()
    editor = output.get_by_test_id("page-edit").get_by_test_id("editor")
    expect(editor).to_have_attribute("data-settled", "true", timeout=30_000)
    notebook.wait_value("[ex.mode, ex.image_id, ex.editor.image_id]", ["edit", image_id, image_id])
    label = bars.first.get_attribute("data-label")
    shown = float(str(bars.first.get_attribute("data-probability")))
    predicted = notebook.value(f"worker.predict(run.open_image({image_id!r})).probability({label!r})")
    assert shown == pytest.approx(predicted, abs=1e-3)


def test_keyboard_alone_selects_a_cell_and_clears_it(explorer: Locator, notebook: NotebookPage) -> None:
    cells = explorer.get_by_test_id("cell")
    cells.first.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        notebook.page.keyboard.press(key)
    row, column = notebook.value("[ex.heatmap.shown.classes[1], ex.heatmap.shown.labels[2]]")
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(f"{row} in {column}")
    notebook.wait_value("ex.cell", [row, column])
    notebook.page.keyboard.press("Escape")
    expect(explorer.get_by_test_id("breadcrumb")).not_to_contain_text(" in ")
    notebook.wait_value("ex.cell", None)


def test_keys_of_the_notebook_do_not_act_inside(explorer: Locator, notebook: NotebookPage) -> None:
    before = len(notebook.cells)
    explorer.get_by_test_id("cell").first.focus()
    for key in ("a", "b", "x", "d", "d", "m", "Shift+Enter"):
        notebook.page.keyboard.press(key)
    notebook.page.wait_for_timeout(300)
    assert len(notebook.cells) == before
    expect(explorer.get_by_test_id("cell").first).to_be_focused()


def place(element: Locator) -> FloatRect:
    """Where a visible element stands on the page."""
    box = element.bounding_box()
    assert box is not None
    return box


def test_panes_are_resized_folded_and_stacked(explorer: Locator, notebook: NotebookPage) -> None:
    heatmap, divider = explorer.get_by_test_id("pane-heatmap"), explorer.get_by_test_id("divider-heatmap")
    before = place(heatmap)["width"]
    divider.focus()
    notebook.page.keyboard.press("ArrowLeft")
    notebook.wait_for(lambda: place(heatmap)["width"] < before, 20, "the pane to be narrower")
    divider.dblclick()
    expect(explorer.get_by_test_id("cell").first).not_to_be_visible()
    divider.dblclick()
    expect(explorer.get_by_test_id("cell").first).to_be_visible()
    notebook.size(900, 900)
    browser = explorer.get_by_test_id("pane-browser")
    notebook.wait_for(
        lambda: place(browser)["y"] > place(heatmap)["y"] + 100,
        20,
        "the panes to stand below each other",
    )
