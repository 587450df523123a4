"""The association heatmap in JupyterLab: its numbers, live threshold, order, search, heads, export and trials."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import stand_still

REPOSITORY = Path(__file__).parents[2]
SETUP = f"""
import sys, tempfile
sys.path.insert(0, {str(REPOSITORY)!r})
from pathlib import Path
import numpy as np, torch
import emocam_widgets as emo
from dataclasses import replace
from emocam_widgets.models.demo import SceneNet
from emocam_widgets.run import MethodInfo, RunWriter, open_run
from tests.worlds import make_run
run = make_run(Path(tempfile.mkdtemp()), n=60)
cams = run.cams.assign(method="lift-cam")
cams["grid"] = np.roll(cams["grid"].to_numpy(), 1)
with RunWriter(run.path, replace(run.manifest, methods=(*run.manifest.methods, MethodInfo("lift-cam")))) as writer:
    writer.write_part({{"cams": cams}}); writer.finish()
run = open_run(run.path, corpus=run.corpus)
torch.manual_seed(0)
net = SceneNet(len(run.labels), width=0.2, hidden=16).eval()
worker = emo.Worker(emo.wrap_classifier(net, run.labels, size=224, name="random", synthetic=True), cache=None)
"""


# Images that are far away, so that a trial over all of them is surely still under way when it is stopped.
SLOW = """
import time
open_image = type(run).open_image
type(run).open_image = lambda self, image_id: (time.sleep(0.5), open_image(self, image_id))[1]
"""


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with a run of two methods and a worker in its kernel."""
    module_notebook.execute(SETUP)
    return module_notebook


def show(notebook: NotebookPage, arguments: str = "") -> Locator:
    output = notebook.run(f"hm = emo.AssociationHeatmap(run, {arguments}); hm").output
    expect(output.get_by_test_id("cell").first).to_be_visible()
    return output


def cell(output: Locator, object_class: str, label: str) -> Locator:
    return output.locator(f'[data-testid="cell"][data-class="{object_class}"][data-label="{label}"]')


def drawn(cell: Locator) -> list[int]:
    """What is drawn at the left edge of a cell, beside its number: red, green, blue and how opaque, 0..255."""
    pixel: list[int] = cell.evaluate(
        """cell => {
          const canvas = cell.closest('.hm-body').querySelector('canvas');
          const at = cell.getBoundingClientRect(), from = canvas.getBoundingClientRect(), ratio = devicePixelRatio;
          const [x, y] = [at.left - from.left + 3, at.top - from.top + at.height / 2].map(value => value * ratio);
          return [...canvas.getContext('2d').getImageData(x, y, 1, 1).data];
        }"""
    )
    return pixel


def rows(output: Locator) -> list[str]:
    names: list[str] = output.get_by_test_id("row-head").evaluate_all("heads => heads.map(head => head.dataset.class)")
    return names


def becomes(notebook: NotebookPage, expression: str, value: object) -> None:
    notebook.wait_value(expression, value)


@pytest.mark.usefixtures("prepared")
def test_a_dragged_threshold_is_painted_also_while_a_cell_runs(notebook: NotebookPage) -> None:
    output = show(notebook)
    notebook.wait_live()
    before = rows(output)
    slider = output.get_by_test_id("threshold")
    picture = output.get_by_test_id("heatmap-picture")
    was = picture.evaluate("canvas => canvas.toDataURL()")
    with notebook.busy():
        slider.evaluate(
            """async slider => {
              for (let i = 1; i <= 30; i++) {
                slider.value = String(0.3 + 0.012 * i);
                slider.dispatchEvent(new Event('input', {bubbles: true}));
                await new Promise(done => setTimeout(done, 16));
              }
            }"""
        )
        widget = output.get_by_test_id("heatmap-widget")
        expect(widget).to_have_attribute("data-threshold", "0.66")
        assert rows(output) == before, "rows jump under the moving slider"
        repainted = "(canvas, was) => canvas.toDataURL() !== was"
        notebook.wait_for(lambda: picture.evaluate(repainted, was), 20, "the cells to be painted anew")
    slider.evaluate("slider => slider.dispatchEvent(new Event('change', {bubbles: true}))")
    becomes(notebook, "hm.threshold", 0.66)
    expect(widget).to_have_attribute("data-settled", "true")
    becomes(notebook, "hm.shown.classes", rows(output))
    counts = notebook.value("hm.association.counts.loc[hm.shown.classes[0]].tolist()")
    for label, count in zip(notebook.value("hm.shown.labels"), counts, strict=True):
        expect(cell(output, rows(output)[0], label)).to_have_attribute("data-count", str(count))
    weakest = output.locator('.hm-cell:not(.hm-none)[data-text=""]').first
    strongest = cell(output, *notebook.value("hm.frame.stack().idxmax()"))

    def darkest() -> bool:
        least, most = drawn(weakest), drawn(strongest)
        return least[3] == most[3] == 255 and sum(least) > sum(most) + 200

    notebook.wait_for(darkest, 20, "the greatest to be the darkest")
    output.get_by_test_id("score").select_option("mass")
    becomes(notebook, "[hm.score, hm.threshold]", ["mass", 0.1])
    expect(slider).to_have_value("0.1")
    assert float(str(slider.get_attribute("max"))) < 1
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_order_search_comparison_and_marks(notebook: NotebookPage) -> None:
    output = show(notebook)
    widget = output.get_by_test_id("heatmap-widget")
    expect(widget).to_have_attribute("data-marked", "true")
    legend = str(output.get_by_test_id("marks-key").get_attribute("title"))
    assert "more or less often than under all other labels" in legend and "false discovery rate 5 %" in legend
    marked = cell(output, "Sports equipment", "Excitement")
    expect(marked).to_have_attribute("data-mark", "more")
    output.get_by_test_id("order").select_option("alphabet")
    becomes(notebook, "hm.order", "alphabet")
    notebook.wait_for(lambda: rows(output) == sorted(rows(output)), 20, "the rows to stand by name")
    becomes(notebook, "hm.shown.classes", rows(output))
    cell(output, "Food", "Joy").hover()
    expect(output.get_by_test_id("hover-info")).to_contain_text("Food: ")
    cell(output, "Food", "Joy").click()
    notebook.page.keyboard.press("/")
    search = output.get_by_test_id("search")
    expect(search).to_be_focused()
    notebook.page.keyboard.type("whe")
    notebook.wait_for(lambda: rows(output) == ["Wheel"], 20, "the class that never counts to be found")
    notebook.page.keyboard.press("Enter")
    expect(output.get_by_test_id("row-head").first).to_be_focused()
    search.focus()
    notebook.page.keyboard.press("Escape")
    notebook.wait_for(lambda: len(rows(output)) > 3, 20, "the search to be over")
    output.get_by_test_id("more").click()
    output.get_by_test_id("compare").select_option("lift-cam")
    becomes(notebook, "hm.compare", "lift-cam")
    first = output.get_by_test_id("row-head").first
    notebook.wait_for(lambda: rows(output) == notebook.value("hm.shown.classes"), 20, "the difference to be shown")
    object_class = str(first.get_attribute("data-class"))
    shares = notebook.value(f"(100 * hm.frame.loc[{object_class!r}]).round(9).to_dict()")
    for label, points in shares.items():
        sign = "+" if points > 0 else "\N{MINUS SIGN}"
        expected = f"{sign}{abs(points):.0f}" if abs(points) >= 1 else ""
        expect(cell(output, object_class, label)).to_have_attribute("data-text", expected)
    expect(output.get_by_test_id("marks-key")).to_be_hidden()
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_heads_select_whole_classes_and_labels_by_mouse_and_keyboard(notebook: NotebookPage) -> None:
    output = show(notebook)
    output.locator('[data-testid="column-head"][data-label="Craving"]').click()
    becomes(notebook, "[hm.label, hm.object_class, hm.cell]", ["Craving", None, None])
    output.locator('[data-testid="row-head"][data-class="Food"]').click()
    becomes(notebook, "[hm.label, hm.object_class, hm.cell]", [None, "Food", None])
    cell(output, "Food", "Joy").click()
    becomes(notebook, "[hm.object_class, hm.cell]", [None, ["Food", "Joy"]])
    keys = notebook.page.keyboard
    keys.press("Home")
    keys.press("ArrowLeft")
    expect(output.locator('[data-testid="row-head"][data-class="Food"]')).to_be_focused()
    keys.press("Enter")
    becomes(notebook, "[hm.object_class, hm.cell]", ["Food", None])
    keys.press("ArrowRight")
    for _ in rows(output):
        keys.press("ArrowUp")
    first = str(notebook.value("hm.shown.labels[0]"))
    expect(output.locator(f'[data-testid="column-head"][data-label="{first}"]')).to_be_focused()
    keys.press(" ")
    becomes(notebook, "[hm.label, hm.object_class]", [first, None])
    keys.press("Escape")
    becomes(notebook, "[hm.label, hm.object_class, hm.cell]", [None, None, None])
    notebook.execute("hm.object_class = 'Plant'")
    expect(output.locator('[data-testid="row-head"][data-class="Plant"]')).to_have_attribute("aria-selected", "true")


@pytest.mark.usefixtures("prepared")
def test_what_is_shown_is_saved_under_a_name(notebook: NotebookPage) -> None:
    output = show(notebook)
    output.get_by_test_id("more").click()
    saved = {}
    for kind in ("csv", "svg", "png"):
        with notebook.page.expect_download() as download:
            output.get_by_test_id(f"export-{kind}").click()
        assert download.value.suggested_filename == f"association-tiny-grad-cam-mean-0.30-fraction.{kind}"
        saved[kind] = Path(download.value.path()).read_bytes()
    table = list(csv.reader(io.StringIO(saved["csv"].decode())))
    assert table[0][1:] == notebook.value("hm.shown.labels")
    assert [row[0] for row in table[1:]] == rows(output)
    fractions = notebook.value("hm.frame.to_numpy().ravel().tolist()")
    assert [float(value) for row in table[1:] for value in row[1:]] == pytest.approx(fractions, abs=1e-5)
    assert saved["svg"].startswith(b"<?xml") and saved["svg"].count(b"<rect") > len(fractions)
    assert b"synthetic" in saved["svg"] and saved["png"].startswith(b"\x89PNG")
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    output.get_by_test_id("export-copy").click()
    expect(output.get_by_text("Copied")).to_be_visible()
    copied = notebook.page.evaluate("() => navigator.clipboard.readText()")
    assert copied.splitlines()[0].split("\t") == table[0]
    output.get_by_test_id("cell-size").fill("30")
    expect(output.get_by_test_id("cell").first).to_have_css("height", "30px")


@pytest.mark.usefixtures("prepared")
def test_a_cell_is_tried_out_and_a_result_opened(notebook: NotebookPage) -> None:
    output = show(notebook, "worker, try_count=6")
    assert notebook.value("hm.try_result") is None
    cell(output, "Sports equipment", "Excitement").click()
    output.get_by_test_id("try").click()
    tried = output.get_by_test_id("tried")
    expect(tried).to_have_count(6, timeout=60_000)
    becomes(notebook, "hm.try_result['state']", "done")
    result = notebook.value("hm.try_result")
    expect(output.get_by_test_id("try-headline")).to_contain_text(f"{result['switched']} of 6")
    expect(output.get_by_test_id("try-about")).to_contain_text("“rugby ball” (a shipped drawing), pasted onto 6 of ")
    notebook.wait_for(
        lambda: tried.first.locator("img").evaluate("image => image.naturalWidth") > 0, 20, "the pasted picture"
    )
    image_id = str(tried.nth(2).get_attribute("data-image-id"))
    tried.nth(2).click()
    becomes(notebook, "hm.edit_request['image_id']", image_id)
    assert notebook.value("hm.edit_request['placements'][0]['sprite']") == "rugby ball"
    notebook.execute("hm.try_count = 200; hm.cell = ['Human face', 'Joy']")
    expect(output.get_by_test_id("heatmap-info")).to_contain_text("Human face")
    notebook.execute(SLOW)
    output.get_by_test_id("try-again").click()
    becomes(notebook, "[hm.try_result['state'], hm.try_result['cell']]", ["running", ["Human face", "Joy"]])
    output.get_by_test_id("try-stop").click()
    becomes(notebook, "hm.try_result['state']", "cancelled")
    assert notebook.value("hm.try_result['n']") < notebook.value("hm.try_result['images']")
    notebook.execute("type(run).open_image = open_image")
    notebook.page.keyboard.press("Escape")
    expect(output.get_by_test_id("try-panel")).to_be_hidden()
    output = show(notebook)
    cell(output, "Sports equipment", "Excitement").click()
    notebook.page.keyboard.press("t")
    expect(output.get_by_test_id("try-hint")).to_contain_text("worker=emo.Worker(classifier)")
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_another_thing_is_chosen_to_be_tried_out(notebook: NotebookPage) -> None:
    output = show(notebook, "worker, try_count=6")
    cell(output, "Sports equipment", "Excitement").click()
    output.get_by_test_id("try").click()
    tried, about = output.get_by_test_id("tried"), output.get_by_test_id("try-about")
    expect(about).to_contain_text("pasted onto 6 of ", timeout=30_000)
    chooser = output.get_by_test_id("try-thing")
    offered = chooser.locator("option").all_inner_texts()
    assert offered == notebook.value("hm.try_result['choices']") and len(offered) > 1
    expect(chooser).to_have_value(offered[0])
    chooser.click()  # the list opens, and the keyboard chooses from it
    for key in ("ArrowDown", "Enter"):
        notebook.page.keyboard.press(key)
    expect(about).to_contain_text(f"“{offered[1]}” (a shipped drawing), pasted onto 6 of ", timeout=30_000)
    expect(chooser).to_have_value(offered[1])
    expect(chooser).to_be_focused()
    becomes(notebook, "[hm.try_thing, hm.try_result['thing'], hm.try_result['state']]", [*[offered[1]] * 2, "done"])
    expect(tried).to_have_count(6)
    result = notebook.value("hm.try_result")
    expect(output.get_by_test_id("try-headline")).to_contain_text(f"{result['switched']} of 6")
    for k in range(6):
        notebook.wait_for(lambda k=k: tried.nth(k).locator("img").evaluate("i => i.naturalWidth") > 0, 20, "a picture")
    tried.first.click()
    becomes(notebook, "hm.edit_request['placements'][0]['sprite']", offered[1])
    assert notebook.page_errors == []


FINER = """
names = {"Sports equipment": ("Rugby ball", "Tennis racket"), "Food": ("Apple", "Cake")}
boxes = run.boxes.copy()
turn = boxes.groupby("object_class").cumcount() % 2
boxes["object_class"] = [names.get(name, (name, name))[k] for name, k in zip(boxes["object_class"], turn)]
known = tuple(dict.fromkeys(finer for name in run.classes for finer in names.get(name, (name,))))
detectors = (replace(run.manifest.detectors[0], classes=known),)
path = Path(tempfile.mkdtemp())
with RunWriter(path, replace(run.manifest, detectors=detectors, counts={})) as writer:
    tables = {"images": run.images, "boxes": boxes, "cams": run.cams}
    writer.write_part(tables, detected={"drawn": run.images.image_id.tolist()}); writer.finish()
ex = emo.explore(open_run(path, corpus=run.corpus), worker, remember=False); ex
"""


@pytest.mark.usefixtures("prepared")
def test_kinds_are_rolled_up_in_the_explorer_and_back(notebook: NotebookPage) -> None:
    output = notebook.run(FINER).output
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true")
    widget = output.get_by_test_id("heatmap-widget")
    expect(widget).to_have_attribute("data-settled", "true")
    before = rows(output)
    assert {"Rugby ball", "Tennis racket", "Apple", "Cake"} <= set(before) and "Sports equipment" not in before
    output.get_by_test_id("more").click()
    switch = output.get_by_test_id("roll-up")
    switch.click()
    notebook.wait_for(lambda: {"Ball", "Sports equipment", "Fruit", "Food"} <= set(rows(output)), 20, "the kinds")
    becomes(notebook, "ex.heatmap.roll_up", True)
    expect(widget).to_have_attribute("data-settled", "true")
    becomes(notebook, "ex.heatmap.shown.classes", rows(output))
    # An image has a rugby ball or a tennis racket that counts where it had sports equipment that counted.
    for object_class in ("Sports equipment", "Food"):
        for label, count in notebook.value(f"run.association().counts.loc[{object_class!r}].to_dict()").items():
            expect(cell(output, object_class, label)).to_have_attribute("data-count", str(count))
    cell(output, "Sports equipment", "Excitement").click()
    contributors = notebook.value("run.association().contributors('Sports equipment', 'Excitement')")
    crumb = output.get_by_test_id("breadcrumb")
    expect(crumb).to_contain_text(f"Sports equipment (and its kinds) in Excitement: {len(contributors)} of ")
    becomes(notebook, "ex.browser.image_ids", contributors)
    switch.click()
    notebook.wait_for(lambda: rows(output) == before, 20, "the classes to be the detector's again")
    becomes(notebook, "[ex.heatmap.roll_up, ex.cell]", [False, None])
    expect(crumb).to_have_text(f"{notebook.value('len(run)')} images")
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_alone_it_is_no_higher_than_what_shows_it(notebook: NotebookPage) -> None:
    output = show(notebook)
    pane = output.locator(".ec-heatmap-root > .ec-pane")
    heatmap = output.get_by_test_id("heatmap")

    def height() -> float:
        return float(pane.evaluate("el => el.getBoundingClientRect().height"))

    notebook.size(1920, 1080)
    notebook.wait_for(lambda: height() == 680, 20, "the heatmap to have the height that its rows need")
    assert heatmap.evaluate("el => el.scrollHeight <= el.clientHeight")
    notebook.size(1366, 768)
    shown = float(pane.evaluate("el => el.closest('.jp-WindowedPanel-outer').clientHeight"))
    notebook.wait_for(lambda: shown - 40 < height() < shown, 20, "the heatmap to fit the window")
    assert heatmap.evaluate("el => el.scrollHeight <= el.clientHeight")
    pane.evaluate("el => el.scrollIntoView({block: 'end'})")
    stand_still(pane)
    corner = pane.bounding_box()
    assert corner is not None
    x, y = corner["x"] + corner["width"] - 5, corner["y"] + corner["height"] - 5
    mouse = notebook.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y - 150, steps=5)
    mouse.up()
    notebook.wait_for(lambda: abs(height() - (corner["height"] - 150)) < 3, 20, "the lower edge to follow the hand")
    chosen = height()
    notebook.size(1366, 900)
    output.get_by_test_id("top").select_option("10")
    expect(output.get_by_test_id("heatmap-widget")).to_have_attribute("data-settled", "true")
    notebook.page.wait_for_timeout(300)
    assert height() == chosen, "what the user has chosen stays"
    assert notebook.page_errors == []
