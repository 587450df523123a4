"""The image browser in JupyterLab: what is shown, how it is filtered, and that no mouse is needed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import images_of

REPOSITORY = Path(__file__).parents[2]
SETUP = f"""
import sys, tempfile
sys.path.insert(0, {str(REPOSITORY)!r})
from pathlib import Path
import emocam_widgets as emo
from tests.worlds import make_run
folder = Path(tempfile.mkdtemp())
run = make_run(folder, n=120)
"""
# Maps by a second method: of the predicted label of all images, and of Joy of the first two.
SECOND_METHOD = """
from dataclasses import replace
from emocam_widgets.run import MethodInfo, RunWriter
cams = run.cams.assign(method="ablation-cam", grid=[grid[::-1] for grid in run.cams.grid])
joy = cams[cams.image_id.isin(run.images.image_id[:2]) & (cams.target != "Joy")].assign(target="Joy")
manifest = replace(run.manifest, methods=(MethodInfo("ablation-cam"),))
with RunWriter(run.path, manifest) as writer:
    writer.write_part({"cams": __import__("pandas").concat([cams, joy])})
    writer.finish()
two = emo.open_run(run.path, corpus=run.corpus)
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
    return images_of(output.get_by_test_id("grid"))


@pytest.mark.usefixtures("prepared")
def test_grid_holds_all_images_but_only_the_visible_elements(notebook: NotebookPage) -> None:
    output = show(notebook)
    expect(output.get_by_test_id("breadcrumb")).to_have_text("120 images")
    assert output.get_by_test_id("thumb").count() < 100
    assert shown_ids(output) == notebook.value("run.images.image_id.tolist()")
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_grid_stays_when_the_host_changes_its_theme(notebook: NotebookPage) -> None:
    """JupyterLab hides everything while it fetches another style sheet."""
    thumb = show(notebook).get_by_test_id("thumb").first
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.page.wait_for_timeout(500)
        expect(thumb).to_be_visible()


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
    now = output.get_by_test_id("browser").get_attribute("data-revision")
    expect(output.locator(f'[data-testid=thumb]:not([data-loaded="{now}"])')).to_have_count(0)
    strong = output.get_by_test_id("thumb").evaluate_all("tiles => tiles.map(tile => tile.dataset.strongClasses)")
    assert set(strong) == {CELL[0]}
    expect_chips(output, *CELL)
    output.get_by_test_id("clear-filter").click()
    expect(crumb).to_have_text("120 images")
    notebook.wait_value("browser.cell", None)


def expect_chips(output: Locator, *names: str) -> None:
    """There come to be just these chips."""
    chips = output.get_by_test_id("chip")
    expect(chips).to_have_count(len(names))
    for place, name in enumerate(names):
        expect(chips.nth(place)).to_have_attribute("data-name", name)


@pytest.mark.usefixtures("prepared")
def test_filters_compose_and_their_chips_go_by_mouse_and_by_key(notebook: NotebookPage) -> None:
    output = show(notebook)
    crumb = output.get_by_test_id("breadcrumb")
    output.get_by_test_id("add-filter").click()
    output.get_by_test_id("filter-label").select_option("Joy")
    expect(crumb).to_have_text("Joy: 24 of 120 images")
    output.get_by_test_id("filter-class").select_option("Plant")
    joy = notebook.value("run.images.image_id[run.images.label == 'Joy'].tolist()")
    plant = notebook.value("sorted(set(run.boxes.image_id[run.boxes.object_class == 'Plant']))")
    both = [image_id for image_id in joy if image_id in plant]
    expect(crumb).to_have_text(f"Joy with Plant detected: {len(both)} of 24 images")
    assert shown_ids(output) == both
    output.get_by_test_id("filter-confidence").fill("0.7")
    expect(crumb).to_contain_text("confidence from 0.70")
    notebook.wait_value("[browser.label, browser.object_class, browser.confidence]", ["Joy", "Plant", 0.7])
    expect_chips(output, "Joy", "Plant", "from 0.70")
    output.locator('[data-name="Joy"] button').click()
    expect(crumb).to_contain_text("Plant detected, confidence from 0.70:")
    output.locator('[data-name="Plant"] button').focus()
    notebook.page.keyboard.press("Delete")
    expect(crumb).to_contain_text("Confidence from 0.70:")
    notebook.page.keyboard.press("Backspace")
    expect(crumb).to_have_text("120 images")
    expect(output.get_by_test_id("add-filter")).to_be_focused()
    output.get_by_test_id("search").fill("joy/ 1")
    expect(crumb).to_contain_text("“joy/ 1”")
    assert shown_ids(output) == [image_id for image_id in joy if "1" in image_id]
    notebook.execute("browser.show_images(run.images.image_id[3:5], 'images that switched')")
    expect(output.locator('[data-name="images that switched"]')).to_be_visible()
    output.get_by_test_id("clear-filter").click()
    expect(crumb).to_have_text("120 images")
    notebook.wait_value("[browser.text, browser.only_images]", ["", None])
    notebook.execute("browser.label = 'Sexual Desire'")
    expect(output.get_by_test_id("state")).to_contain_text("No image has the label Sexual Desire.")
    output.get_by_role("button", name="Show all images").last.click()
    expect(output.get_by_test_id("state")).to_be_hidden()


@pytest.mark.usefixtures("prepared")
def test_order_is_chosen_and_turned_round(notebook: NotebookPage) -> None:
    output = show(notebook, "browser = emo.ImageBrowser(run, label='Joy')\nbrowser")
    output.get_by_test_id("sort").select_option("probability")
    first = output.locator('[data-place="0"]')
    joy = notebook.value(
        "run.images.image_id[run.images.label == 'Joy'].iloc["
        "run.probabilities[run.images.label == 'Joy', 0].argsort()].tolist()"
    )
    expect(first).to_have_attribute("data-image-id", joy[-1])
    output.get_by_test_id("sort-direction").click()
    expect(first).to_have_attribute("data-image-id", joy[0])
    notebook.wait_value("browser.image_ids", joy)


def at_rest(notebook: NotebookPage, canvas: Locator) -> bytes:
    """What a canvas shows once nothing of it changes any more."""
    seen = [b"", canvas.screenshot()]

    def rests() -> bool:
        seen[:] = seen[1], canvas.screenshot()
        return seen[0] == seen[1]

    notebook.wait_for(rests, 20, "the picture to come to rest")
    return seen[1]


@pytest.mark.usefixtures("prepared")
def test_several_are_selected_and_two_compared_with_one_zoom(notebook: NotebookPage) -> None:
    output = show(notebook)
    ids = notebook.value("browser.image_ids")
    press = notebook.page.keyboard.press

    def selected(expected: list[str]) -> None:
        notebook.wait_value("browser.selection", expected)
        found = output.locator('[aria-selected="true"]').evaluate_all("all => all.map(tile => tile.dataset.imageId)")
        assert sorted(found) == sorted(expected)

    output.locator('[data-place="1"]').click()
    press("Shift+ArrowRight")
    press("Shift+ArrowRight")
    selected(ids[1:4])
    output.locator('[data-place="2"]').click(modifiers=["Control"])
    selected([ids[1], ids[3]])
    expect(output.get_by_test_id("selected-count")).to_have_text("2 selected")
    output.get_by_test_id("compare").click()
    left, right = output.get_by_test_id("look-canvas"), output.get_by_test_id("compare-canvas")
    expect(right).to_be_visible()
    notebook.wait_value("[browser.open_image, browser.compare_image]", [ids[1], ids[3]])
    difference = notebook.value("(run.probabilities[3] - run.probabilities[1]).tolist()")
    labels = notebook.value("list(run.labels)")
    pairs = output.get_by_test_id("pair")
    expect(pairs).to_have_count(len(labels))
    shown = pairs.evaluate_all("rows => rows.map(row => [row.dataset.label, Number(row.dataset.difference)])")
    assert dict(shown) == pytest.approx(dict(zip(labels, difference, strict=True)), abs=1e-5)
    expect(output.locator('.ec-look-picture[data-loaded="true"]')).to_have_count(2)
    left.focus()
    before = at_rest(notebook, right)
    press("+")
    press("+")
    notebook.wait_for(lambda: right.screenshot() != before, 20, "the other picture to zoom too")
    press("Escape")
    expect(right).to_be_hidden()
    press("Escape")
    expect(output.get_by_test_id("look")).to_be_hidden()
    output.get_by_test_id("grid").focus()
    press("Control+a")
    notebook.wait_value("len(browser.selection)", len(ids))
    press("Escape")
    selected_now = output.locator('[aria-selected="true"]')
    expect(selected_now).to_have_count(1)
    notebook.wait_value("browser.selection", [])


@pytest.mark.usefixtures("prepared")
def test_map_of_each_method_and_label_and_boxes_under_the_pointer(notebook: NotebookPage) -> None:
    notebook.execute(SECOND_METHOD)
    output = show(notebook, "browser = emo.ImageBrowser(two)\nbrowser")
    ids = notebook.value("browser.image_ids")
    notebook.execute(f"browser.open_image = {ids[0]!r}")
    look = output.get_by_test_id("look")
    expect(look).to_have_attribute("data-loaded", "true")
    output.get_by_test_id("cam-method").select_option("ablation-cam")
    output.get_by_test_id("cam-target").select_option("Joy")
    note = output.get_by_test_id("cam-note")
    expect(output.locator(".ec-look-picture").first).to_have_attribute("data-cam", "ablation-cam of Joy")
    expect(note).to_contain_text("13 \N{MULTIPLICATION SIGN} 13 cells")
    notebook.wait_value("[browser.cam_method, browser.cam_target]", ["ablation-cam", "Joy"])
    box = notebook.value(
        f"(lambda b: [float(b.x0) + 2, float(b.y0) + 2])(two.boxes_of({ids[0]!r}).assign("
        "area=lambda b: (b.x1 - b.x0) * (b.y1 - b.y0)).sort_values('area').iloc[0])"
    )
    canvas = output.get_by_test_id("look-canvas")
    width, height = notebook.value(f"[int(v) for v in two.image({ids[0]!r})[['width', 'height']]]")
    place = canvas.bounding_box()
    assert place is not None
    scale = min(place["width"] / width, place["height"] / height, 4)
    corner = ((place["width"] - width * scale) / 2, (place["height"] - height * scale) / 2)
    canvas.hover(position={"x": corner[0] + box[0] * scale, "y": corner[1] + box[1] * scale})
    expect(canvas.locator(".ec-canvas-tip")).to_contain_text(re.compile(r"importance \d\.\d\d, .* of the image"))
    expect(output.get_by_test_id("legend").first).to_have_css("opacity", "1")
    other = notebook.value("two.images.image_id[two.images.label != 'Joy'].tolist()[5]")
    notebook.execute(f"browser.open_image = {other!r}")
    expect(note).to_contain_text("No ablation-cam map of Joy is stored; the run holds only of")
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_album_is_labelled_by_keys_and_evaluated(notebook: NotebookPage) -> None:
    output = show(notebook)
    ids = notebook.value("browser.image_ids")
    output.locator('[data-place="0"]').dblclick()
    look = output.get_by_test_id("look")
    press = notebook.page.keyboard.press
    for key, image_id in zip("123", ids, strict=False):
        expect(look).to_have_attribute("data-image-id", image_id)
        expect(look).to_have_attribute("data-loaded", "true")
        press(key)
        label = notebook.value(f"browser.annotation_labels[{int(key) - 1}]")
        expect(output.get_by_test_id("given-label")).to_contain_text(label)
        press("ArrowRight")
    press("9")  # on no label
    press("4")
    expect(output.get_by_test_id("given-label")).to_contain_text("Sadness")
    press("Control+z")
    expect(output.get_by_test_id("given-label")).to_contain_text("none yet")
    output.get_by_test_id("annotate").locator("summary").click()
    expect(output.get_by_test_id("annotations-place")).to_contain_text("emocam-annotations.csv")
    press("Escape")
    expect(output.locator(f'[data-image-id="{ids[1]}"]').get_by_test_id("tile-annotation")).to_have_text("✎ Excitement")
    given = dict(zip(ids, ["Joy", "Excitement", "Craving"], strict=False))
    notebook.wait_value("browser.annotations", given)
    notebook.execute("own = emo.Corpus.from_csv(folder / 'images' / 'emocam-annotations.csv', image='image_id')")
    assert notebook.value("{image_id: own.annotation(image_id) for image_id in own}") == given
    right = sum(notebook.value(f"run.image({image_id!r}).label") == label for image_id, label in given.items())
    notebook.execute("found = emo.evaluate(run, annotations=browser.annotations)['tiny']")
    assert notebook.value("found.accuracy") == pytest.approx(right / 3)
    output.locator('[data-place="4"]').click()
    output.locator('[data-place="6"]').click(modifiers=["Control"])
    press("2")
    expect(output.locator(f'[data-image-id="{ids[6]}"]').get_by_test_id("tile-annotation")).to_have_text("✎ Excitement")
    notebook.wait_value("[browser.annotations.get(i) for i in browser.selection]", ["Excitement"] * 2)


@pytest.mark.usefixtures("prepared")
def test_labels_that_cannot_be_saved_are_offered_for_download(notebook: NotebookPage) -> None:
    notebook.execute("import os; (folder / 'a file').touch()")
    output = show(
        notebook, "browser = emo.ImageBrowser(run, annotations_file=folder / 'a file' / 'labels.csv')\nbrowser"
    )
    output.locator('[data-place="0"]').dblclick()
    expect(output.get_by_test_id("look")).to_have_attribute("data-loaded", "true")
    notebook.page.keyboard.press("1")
    output.get_by_test_id("annotate").locator("summary").click()
    expect(output.get_by_test_id("annotations-place")).to_contain_text("kept in this session only")
    with notebook.page.expect_download() as started:
        output.get_by_test_id("download-annotations").click()
    rows = Path(started.value.path()).read_text(encoding="utf-8").splitlines()
    assert rows[0] == "image_id,label,time"
    assert rows[1].startswith(f"{notebook.value('browser.image_ids[0]')},Joy,")


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
    notebook.wait_value("[browser.selected, browser.open_image]", [ids[1], None])
    press("c")
    expect(output.get_by_test_id("toggle-cam")).to_have_attribute("aria-pressed", "true")
    assert len(notebook.cells) == cells, "JupyterLab acted on a key that was the browser's"


@pytest.mark.usefixtures("prepared")
def test_filter_while_another_cell_runs(notebook: NotebookPage) -> None:
    output = show(notebook)
    with notebook.busy():
        output.get_by_test_id("add-filter").click()
        output.get_by_test_id("filter-label").select_option("Craving")
        expect(output.get_by_test_id("breadcrumb")).to_have_text("Craving: 24 of 120 images")
        expect(output.locator("[data-label=Craving][data-loaded]").first).to_be_visible()


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
    label = "<img src=x onerror='window.hacked=2'>"
    source = f"emo.ImageBrowser(evil, annotation_labels=[{label!r}], annotations_file=folder / 'own.csv')"
    output = show(notebook, source)
    output.locator('[data-image-id^="<img"]').dblclick()
    expect(output.get_by_test_id("look-title")).to_contain_text("<img src=x")
    notebook.page.keyboard.press("1")
    expect(output.get_by_test_id("given-label")).to_contain_text(label)
    output.get_by_test_id("annotate").locator("summary").click()
    notebook.page.keyboard.press("Escape")
    expect(output.locator('[data-image-id^="<img"]').get_by_test_id("tile-annotation")).to_contain_text(label)
    output.get_by_test_id("search").fill(label)
    expect(output.get_by_test_id("breadcrumb")).to_contain_text(label)
    assert notebook.page.evaluate("window.hacked") is None
