"""The image browser in JupyterLab: what is shown, how it is filtered, and that no mouse is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage

REPOSITORY = Path(__file__).parents[2]
SETUP = f"""
import sys, tempfile
sys.path.insert(0, {str(REPOSITORY)!r})
from pathlib import Path
import emocam_widgets as emo
from tests.worlds import make_run
run = make_run(Path(tempfile.mkdtemp()), n=120)
"""
BROWSER = "browser = emo.ImageBrowser(run)\nbrowser"
CELL = ("Human face", "Excitement")


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with a run of 120 images in its kernel."""
    module_notebook.execute(SETUP)
    return module_notebook


def show(notebook: NotebookPage, source: str = BROWSER) -> Locator:
    """Shows a browser and waits for its first thumbnails."""
    output = notebook.run(source).output
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true")
    expect(output.locator("[data-loaded]").first).to_be_visible()
    return output


def shown_ids(output: Locator) -> list[str]:
    """Every image that the grid holds, in order, by scrolling through it."""
    return output.get_by_test_id("grid").evaluate(
        """async grid => {
          const found = new Map();
          for (let top = 0; ; top += grid.clientHeight / 2) {
            grid.scrollTop = top;
            await new Promise(done => setTimeout(done, 120));
            for (const tile of grid.querySelectorAll("[data-testid=thumb]")) {
              found.set(Number(tile.dataset.place), tile.dataset.imageId);
            }
            if (top + grid.clientHeight >= grid.scrollHeight) break;
          }
          return [...found].sort((a, b) => a[0] - b[0]).map(entry => entry[1]);
        }"""
    )


@pytest.mark.usefixtures("prepared")
def test_grid_holds_all_images_but_only_the_visible_elements(notebook: NotebookPage) -> None:
    output = show(notebook)
    expect(output.get_by_test_id("breadcrumb")).to_have_text("120 images")
    assert output.get_by_test_id("thumb").count() < 100
    assert shown_ids(output) == notebook.value("run.images.image_id.tolist()")
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_cell_shows_its_contributors_and_the_boxes_that_made_them(notebook: NotebookPage) -> None:
    output = show(notebook)
    notebook.execute(f"browser.cell = {list(CELL)!r}")
    expected = notebook.value(f"run.association().contributors{CELL!r}")
    total = notebook.value(f"int((run.images.label == {CELL[1]!r}).sum())")
    crumb = output.get_by_test_id("breadcrumb")
    expect(crumb).to_have_text(f"{CELL[0]} in {CELL[1]}: {len(expected)} of {total} images")
    assert shown_ids(output) == expected
    assert 0 < len(expected) < total
    for tile in output.locator("[data-testid=thumb][data-loaded]").all():
        assert tile.get_attribute("data-strong-classes") == CELL[0]
    chips = output.get_by_test_id("chip").evaluate_all("chips => chips.map(chip => chip.dataset.name)")
    assert chips == list(CELL)
    output.get_by_test_id("clear-filter").click()
    expect(crumb).to_have_text("120 images")
    assert notebook.value("browser.cell") is None


@pytest.mark.usefixtures("prepared")
def test_filters_by_label_and_class(notebook: NotebookPage) -> None:
    output = show(notebook)
    output.get_by_test_id("filter-label").select_option("Joy")
    expect(output.get_by_test_id("breadcrumb")).to_have_text("Joy: 24 of 120 images")
    output.get_by_test_id("filter-class").select_option("Plant")
    joy = "set(run.images.image_id[run.images.label == 'Joy'])"
    plant = "set(run.boxes.image_id[run.boxes.object_class == 'Plant'])"
    expected = notebook.value(f"sorted({joy} & {plant})")
    expect(output.get_by_test_id("breadcrumb")).to_have_text(f"Joy with Plant detected: {len(expected)} of 24 images")
    assert shown_ids(output) == expected == notebook.value("browser.image_ids")
    output.locator('[data-name="Joy"] button').click()
    expect(output.get_by_test_id("breadcrumb")).to_contain_text("Plant detected:")
    notebook.execute("browser.label = 'Sexual Desire'; browser.object_class = None")
    expect(output.get_by_test_id("state")).to_contain_text("No image has the label Sexual Desire.")
    output.get_by_role("button", name="Show all images").last.click()
    expect(output.get_by_test_id("breadcrumb")).to_have_text("120 images")
    expect(output.get_by_test_id("state")).to_be_hidden()


@pytest.mark.usefixtures("prepared")
def test_keys_move_open_and_leave(notebook: NotebookPage) -> None:
    output = show(notebook)
    ids = notebook.value("browser.image_ids")
    cells = len(notebook.cells)
    press = notebook.page.keyboard.press
    output.get_by_test_id("grid").focus()

    def selected(image_id: str) -> None:
        expect(output.locator(f'[data-image-id="{image_id}"][aria-selected="true"]')).to_be_visible()

    press("ArrowRight")
    selected(ids[0])
    press("ArrowRight")
    selected(ids[1])
    press("ArrowDown")
    press("ArrowUp")
    selected(ids[1])
    press("End")
    selected(ids[-1])
    press("Home")
    selected(ids[0])
    press("Enter")
    look = output.get_by_test_id("look")
    expect(look).to_have_attribute("data-image-id", ids[0])
    expect(look).to_have_attribute("data-loaded", "true")
    label = notebook.value(f"run.image({ids[0]!r}).label")
    expect(output.get_by_test_id("look-label")).to_have_text(label)
    press("ArrowRight")
    expect(look).to_have_attribute("data-image-id", ids[1])
    expect(look).to_have_attribute("data-loaded", "true")
    bars = look.get_by_test_id("bar").evaluate_all(
        "bars => Object.fromEntries(bars.map(bar => [bar.dataset.label, Number(bar.dataset.probability)]))"
    )
    assert bars == pytest.approx(notebook.value("dict(zip(run.labels, map(float, run.probabilities[1])))"), abs=1e-6)
    press("Escape")
    expect(look).to_be_hidden()
    expect(output.get_by_test_id("grid")).to_be_focused()
    selected(ids[1])
    assert notebook.value("[browser.selected, browser.open_image]") == [ids[1], None]
    press("c")
    expect(output.get_by_test_id("toggle-cam")).to_have_attribute("aria-pressed", "true")
    assert len(notebook.cells) == cells, "JupyterLab acted on a key that was the browser's"


@pytest.mark.usefixtures("prepared")
def test_filter_while_another_cell_runs(notebook: NotebookPage) -> None:
    output = show(notebook)
    with notebook.busy(5) as other:
        output.get_by_test_id("filter-label").select_option("Craving")
        expect(output.get_by_test_id("breadcrumb")).to_have_text("Craving: 24 of 120 images")
        expect(output.locator("[data-label=Craving][data-loaded]").first).to_be_visible()
        assert not other.done


@pytest.mark.usefixtures("prepared")
def test_names_are_text_and_never_markup(notebook: NotebookPage) -> None:
    notebook.execute(
        """
import shutil
from emocam_widgets.corpus import Corpus
folder = Path(tempfile.mkdtemp())
evil = make_run(folder, n=10)
name = "<img src=x onerror='window.hacked=1'>.webp"
old = evil.images.image_id[0]
(folder / "images" / old).rename(folder / "images" / name)
for table in (evil.images, evil.boxes, evil.cams):
    table.loc[table.image_id == old, "image_id"] = name
"""
    )
    output = show(notebook, "emo.ImageBrowser(evil)")
    output.locator('[data-image-id^="<img"]').dblclick()
    expect(output.get_by_test_id("look-title")).to_contain_text("<img src=x")
    assert notebook.page.evaluate("window.hacked") is None
