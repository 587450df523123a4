"""The editor's tools in JupyterLab, used as hands use them: layers, snapping, regions, sweeps, own pictures, files."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import bring_to_middle
from tests.browser.test_editor import SETUP, Editor

BOXES = """
from emocam_widgets.types import Detections, Placement
found = np.array([[60, 60, 140, 160], [240, 100, 360, 220]], np.float32)
boxes = Detections(found, np.array([0.9, 0.8], np.float32), ("Human face", "Food"), "given")
"""
EDITOR = "editor = emo.ObjectEditor(image, worker, boxes=boxes)\neditor"
SIZE = (400, 300)


class Workbench(Editor):
    """The editor with its panels."""

    def get(self, name: str) -> Locator:
        return self.output.get_by_test_id(name)

    def open(self, panel: str) -> None:
        self.get(f"panel-{panel}").click()

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point relative to the picture, in the window."""
        self.get("stage").evaluate("stage => stage.scrollIntoView({block: 'center'})")
        box = self.get("stage").bounding_box()
        assert box is not None
        scale = min((box["width"] - 16) / SIZE[0], (box["height"] - 16) / SIZE[1], 4)
        left = box["x"] + (box["width"] - SIZE[0] * scale) / 2
        top = box["y"] + (box["height"] - SIZE[1] * scale) / 2
        return left + x * SIZE[0] * scale, top + y * SIZE[1] * scale

    def drag(self, start: tuple[float, float], end: tuple[float, float], release: bool = True) -> None:
        bring_to_middle(self.get("stage"))
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=8)
        if release:
            self.page.mouse.up()


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with a worker, an image and its boxes in its kernel."""
    module_notebook.execute(SETUP + BOXES)
    return module_notebook


@pytest.fixture
def bench(notebook: NotebookPage, prepared: NotebookPage) -> Workbench:
    """A fresh editor."""
    assert prepared is notebook
    return Workbench(notebook, notebook.run(EDITOR).output)


def test_things_hold_on_to_boxes_and_the_rest_is_told_when_the_hand_rests(bench: Workbench) -> None:
    notebook, page = bench.notebook, bench.page
    expect(bench.root).to_have_attribute("data-boxes", "2")
    bench.output.locator('[data-sprite="soccer ball"]').click()
    bench.placements(1)
    bench.settled()
    bench.drag((0.5, 0.5), (0.258, 0.372), release=False)  # the face's centre is at 0.25, 0.3667
    expect(bench.output.locator(".ec-rest")).to_have_attribute("data-stale", "true")
    page.mouse.up()
    notebook.wait_value("editor.placements[0]['x']", pytest.approx(0.25))
    assert bench.placements()[0]["y"] == pytest.approx(110 / 300)
    bench.settled()
    expect(bench.output.locator(".ec-rest")).to_have_attribute("data-stale", "false")
    expect(bench.get("covered")).to_contain_text("Covers Human face (")
    control = "worker.predict(editor._picture.compose([Placement(**editor.placements[0])], (), 'grey'))"
    grey = notebook.value(f"(lambda p: [p.label, float(p.probabilities.max())])({control})")
    expect(bench.get("control")).to_contain_text(f"As grey silhouette: {grey[0]}")
    assert float(bench.get("control").get_attribute("data-probability") or 0) == pytest.approx(grey[1], abs=1e-3)
    heights = "cards => [...cards.at(-1).querySelectorAll('.ec-card-value')].map(e => e.getBoundingClientRect().height)"
    assert min(bench.output.locator(".ec-card").evaluate_all(heights)) >= 12  # each number is there to be read
    expect(bench.get("card-control").last).to_contain_text(f"grey: {100 * grey[1]:.1f} % {grey[0]}")
    page.keyboard.down("Alt")
    bench.drag((0.25, 0.3667), (0.258, 0.372))
    page.keyboard.up("Alt")
    notebook.wait_value("editor.placements[0]['x'] > 0.252", True)
    bench.open("layers")
    bench.get("put-on").select_option(label="Food")
    notebook.wait_value("editor.placements[0]['x']", pytest.approx(0.75))
    bench.get("put-cover").click()
    notebook.wait_value("editor.placements[0]['height']", pytest.approx(0.4))
    expect(bench.get("covered")).to_contain_text("Food (")
    bench.assert_shows_what_python_computes()


def test_layers_by_buttons_and_keys_and_cards_that_compare(bench: Workbench) -> None:
    notebook, page = bench.notebook, bench.page
    for number, name in enumerate(("rugby ball", "lotus flower"), 1):
        bench.output.locator(f'[data-sprite="{name}"]').click()
        bench.placements(number)
        bench.settled()
    page.keyboard.press("[")
    notebook.wait_value("[p['sprite'] for p in editor.placements]", ["lotus flower", "rugby ball"])
    page.keyboard.press("d")
    bench.placements(3)
    page.keyboard.press("h")
    notebook.wait_value("editor.placements[2].get('hidden')", True)
    bench.assert_shows_what_python_computes()
    bench.open("layers")
    expect(bench.get("layer")).to_have_count(3)
    bench.get("layer").nth(1).click()
    bench.get("layer-opacity").fill("0.5")
    notebook.wait_value("editor.placements[1]['opacity']", 0.5)
    bench.get("layer-forward").click()
    notebook.wait_value("editor.placements[2]['opacity']", 0.5)
    bench.get("layer-remove").first.click()
    bench.placements(2)
    bench.get("undo").click()
    bench.placements(3)
    bench.assert_shows_what_python_computes()

    cards = bench.get("history-card")
    count = cards.count()
    assert count >= 6
    bench.get("card-compare").first.click()  # that of the first trial, for the original has none
    tried = float(cards.nth(1).get_attribute("data-probability") or 0)
    label = cards.nth(1).get_attribute("data-label")
    bar = bench.output.locator(f'[data-testid="bar"][data-label="{label}"]')
    assert float(bar.get_attribute("data-change") or 9) == pytest.approx(
        bench.probabilities()[str(label)] - tried, abs=1e-4
    )
    expect(bench.get("comparing")).to_contain_text("rugby ball")
    bench.get("card-remove").first.click()
    expect(cards).to_have_count(count - 1)
    expect(bench.get("comparing")).to_be_hidden()


def test_two_fingers_scale_and_turn_the_thing(bench: Workbench) -> None:
    bench.output.locator('[data-sprite="rugby ball"]').click()
    bench.placements(1)
    bench.settled()
    touch = bench.page.context.new_cdp_session(bench.page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        found = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(bench.at(*point) for point in points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": found})

    fingers("touchStart", (0.47, 0.5))
    fingers("touchStart", (0.47, 0.5), (0.53, 0.5))
    for step in range(1, 9):  # apart to twice the distance, and by a quarter
        wide, high = 0.03 * (1 - step / 8), 0.06 * SIZE[0] / SIZE[1] * step / 8
        fingers("touchMove", (0.5 - wide, 0.5 - high), (0.5 + wide, 0.5 + high))
    fingers("touchEnd")
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    notebook = bench.notebook
    notebook.wait_value("editor.placements[0]['height']", pytest.approx(0.4, rel=0.08))
    bench.assert_shows_what_python_computes()
    (placement,) = bench.placements()
    assert placement["rotation"] == pytest.approx(90, abs=4)
    assert (placement["x"], placement["y"]) == pytest.approx((0.5, 0.5), abs=0.02)


def test_regions_are_edited_with_the_live_prediction(bench: Workbench) -> None:
    notebook, page = bench.notebook, bench.page
    bench.open("regions")
    bench.get("region-box").click()
    bench.drag((0.1, 0.1), (0.6, 0.8))
    notebook.wait_value("len(editor.edits)", 1)
    box = notebook.value("editor.edits[0]['box']")
    assert box == pytest.approx([0.1, 0.1, 0.6, 0.8], abs=0.02)
    bench.assert_shows_what_python_computes()
    grey = bench.probabilities()
    bench.get("region-kind").select_option("brighten")
    notebook.wait_value("editor.edits[0]['kind']", "brighten")
    bench.settled()
    usual = bench.probabilities()
    assert usual != grey
    bench.get("region-strength").evaluate(
        "slider => { slider.value = '-0.9'; slider.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    notebook.wait_for(lambda: bench.probabilities() != usual, 20, "the bars to follow the slider")
    bench.settled()
    assert notebook.value("editor.edits[0]['strength']") != -0.9  # not let go yet
    bench.get("region-strength").dispatch_event("change")
    notebook.wait_value("editor.edits[0]['strength']", -0.9)
    bench.assert_shows_what_python_computes()

    bench.get("region-segments").click()
    expect(bench.root).to_contain_text("Click segments", timeout=30_000)
    page.mouse.click(*bench.at(0.8, 0.2))
    notebook.wait_value("len(editor.edits)", 2)
    page.keyboard.press("ArrowLeft")  # the cross begins in the middle
    page.keyboard.press("Enter")
    notebook.wait_value("len(editor.edits[1]['segments'])", 2)
    segments = "(lambda s: sorted({int(s[60, 320]), int(s[150, 192])}))(editor._picture.segments())"
    assert notebook.value("editor.edits[1]['segments']") == notebook.value(segments)
    page.keyboard.press("Escape")

    bench.get("region-kind").select_option("crop")
    bench.get("region-lasso").click()
    page.mouse.move(*bench.at(0.2, 0.2))
    page.mouse.down()
    for corner in ((0.8, 0.2), (0.8, 0.8), (0.2, 0.8)):
        page.mouse.move(*bench.at(*corner), steps=3)
    page.mouse.up()
    notebook.wait_value("len(editor.edits)", 3)
    size = notebook.value("list(editor.export_image().size)")
    assert size == pytest.approx([240, 180], abs=12)
    bench.assert_shows_what_python_computes()
    expect(bench.get("region-edit")).to_have_count(3)
    bench.get("region-remove").first.click()
    notebook.wait_value("len(editor.edits)", 2)
    bench.get("reset").click()
    notebook.wait_value("editor.edits", [])
    bench.get("undo").click()
    notebook.wait_value("len(editor.edits)", 2)
    bench.assert_shows_what_python_computes()
    assert notebook.page_errors == []


# A large network's pace, so that a sweep is surely still under way when it is stopped.
SLOW = """
import time
quick = worker.classifier.trunk
worker.classifier.trunk = lambda x: (time.sleep(0.3), quick(x))[1]
"""


def test_a_sweep_paints_while_it_computes_and_a_drag_goes_first(bench: Workbench) -> None:
    notebook, page = bench.notebook, bench.page
    bench.output.locator('[data-sprite="rugby ball"]').click()
    bench.placements(1)
    bench.settled()
    notebook.execute(SLOW)
    bench.open("sweep")
    bench.get("sweep-grid").select_option("3")
    bench.get("sweep-target").select_option(label="Awe")
    bench.get("sweep-go").click()
    expect(bench.get("sweep-progress")).to_contain_text("of 300 places…")
    before = bench.probabilities()
    bench.drag((0.5, 0.5), (0.3, 0.6), release=False)
    notebook.wait_for(lambda: bench.probabilities() != before, 20, "the bars to follow the hand during a sweep")
    page.mouse.up()
    bench.settled()
    expect(bench.root).to_have_attribute("data-sweeping", "true")
    bench.get("sweep-go").click()
    expect(bench.root).to_have_attribute("data-sweeping", "false")
    expect(bench.get("sweep-progress")).to_contain_text("of 300 places, stopped.")
    notebook.wait_value("editor.sweep_result is not None", True)
    assert notebook.value("editor.sweep_result.finished") is False
    notebook.execute("worker.classifier.trunk = quick")
    bench.get("sweep-clear").click()

    bench.get("sweep-grid").select_option("0")
    bench.get("sweep-go").click()
    expect(bench.get("sweep-progress")).to_contain_text("24 places.", timeout=60_000)
    notebook.wait_value("editor.sweep_result.finished", True)
    target = "Awe"
    best = notebook.value(f"editor.sweep_result.best({target!r})")
    expect(bench.get("sweep-best")).to_have_text(f"Highest: {100 * best[2]:.1f} %")
    page.mouse.move(*bench.at(11 / 12, 7 / 8))
    here = notebook.value(f"float(editor.sweep_result.map_of({target!r})[3, 5])")
    expect(bench.get("sweep-says")).to_have_text(f"There: {target} {100 * here:.1f} %")
    page.mouse.click(*bench.at(11 / 12, 7 / 8))
    notebook.wait_value("editor.placements[0]['x']", pytest.approx(11 / 12))
    bench.assert_shows_what_python_computes()
    assert bench.probabilities()[target] == pytest.approx(here, abs=1e-3)
    bench.get("sweep-best").click()
    notebook.wait_value("editor.placements[0]['x']", pytest.approx(best[0]))


HAND_OVER = """([stage, data, kind, x, y]) => {
  const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0)), files = new DataTransfer();
  files.items.add(new File([bytes], "handed.png", {type: "image/png"}));
  const how = {bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files, clientX: x, clientY: y};
  stage.dispatchEvent(kind === "drop" ? new DragEvent(kind, how) : new ClipboardEvent(kind, how));
}"""


def test_own_pictures_signs_and_cut_outs_and_files(bench: Workbench, tmp_path: Path) -> None:
    notebook, page = bench.notebook, bench.page
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (255, 0, 0)).save(out, "PNG")
    red = out.getvalue()
    hostile = "<img src=x onerror=window.hacked=1>"
    bench.get("own-file").set_input_files({"name": f"{hostile}.png", "mimeType": "image/png", "buffer": red})
    (placement,) = bench.placements(1)
    assert placement["sprite"] == hostile
    assert notebook.value("list(editor.export_image().getpixel((200, 150)))") == [255, 0, 0]
    assert page.evaluate("window.hacked === undefined")
    x, y = bench.at(0.8, 0.8)
    stage, data = bench.get("stage").element_handle(), base64.b64encode(red).decode()
    page.evaluate(HAND_OVER, [stage, data, "drop", x, y])
    assert bench.placements(2)[1]["x"] == pytest.approx(0.8, abs=0.01)
    page.evaluate(HAND_OVER, [stage, data, "paste", 0, 0])
    bench.placements(3)
    bench.get("own-file").set_input_files({"name": "bad.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(bench.get("things-says")).to_contain_text("not a picture")

    bench.get("emoji").click()
    for sign in ("\U0010fffd", "★"):
        bench.get("emoji-sign").fill(sign)
        bench.get("emoji-add").click()
        if sign != "★":
            expect(bench.get("things-says")).to_contain_text("no picture for")
    notebook.wait_value("editor.placements[-1]['sprite']", "★")
    bench.get("cut-out").click()
    bench.get("cut-here").select_option(label="Food")
    bench.get("cut-box").click()
    notebook.wait_value("editor.placements[-1]['sprite']", "Food")
    bench.get("sprite-search").fill("food")
    expect(bench.output.locator('[data-testid="sprite"]:visible')).to_have_count(3)  # beside two that are shipped
    bench.assert_shows_what_python_computes()

    bench.get("export-menu").click()
    with page.expect_download() as download:
        bench.get("export-json").click()
    download.value.save_as(tmp_path / "edit.json")
    saved = json.loads((tmp_path / "edit.json").read_text())
    assert saved["placements"] == bench.placements()
    bench.get("reset").click()
    bench.placements([])
    bench.get("import-file").set_input_files(tmp_path / "edit.json")
    bench.placements(saved["placements"])
    bench.assert_shows_what_python_computes()
    bench.get("export-menu").click()
    with page.expect_download() as download:
        bench.get("export-csv").click()
    download.value.save_as(tmp_path / "result.csv")
    assert (tmp_path / "result.csv").read_text().startswith("label,before,after,change,grey_silhouette")
    assert notebook.page_errors == []
