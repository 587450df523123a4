"""The editor in JupyterLab: detected boxes as regions, cut-outs of other images, map and sweep as they are painted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import expect

from tests.browser.notebook import NotebookPage
from tests.browser.pixels import apart, colours
from tests.browser.test_editor import SETUP
from tests.browser.test_editor_tools import BOXES, SIZE, Workbench

MARGIN = 16
# Smooth, so that a pixel's neighbours are like it; and what Python says a point of the stage must look like.
WORLD = """
import tempfile
from pathlib import Path
from emocam_widgets.figures.scales import cam_table
from tests.tiny_models import picture
from tests.worlds import make_run
image = picture(3, (400, 300))
run = make_run(Path(tempfile.mkdtemp()), n=60)
def seen(ball):
    return editor.export_image() if ball is None else editor._picture.compose([Placement("rugby ball", *ball, 0.2)], ())
def beneath(points, ball=None):
    shown = np.asarray(seen(ball), float)
    return np.array([shown[int(y * shown.shape[0]), int(x * shown.shape[1])] for x, y in points])
def coloured(points, values, opacity, ball=None):
    colours = cam_table()[np.rint(255 * values).astype(int)].astype(float)
    return beneath(points, ball) * (1 - opacity)[:, None] + colours * opacity[:, None]
def under_cam(points, ball=None):
    cam = editor.worker.explain(seen(ball), editor.method)
    values = np.array([between(cam, x * 400, y * 300) for x, y in points])
    return coloured(points, values, editor.cam_opacity * np.minimum(1, 0.18 + 1.1 * values), ball)
def where_the_map_differs(points, one, other):
    change = np.abs(under_cam(points, one) - under_cam(points, other)).mean(axis=1)
    return [points[i] for i in np.argsort(-change)[:20]]
def between(cam, x, y):
    height, width = cam.grid.shape
    column = np.clip((x - cam.view.x0) / (cam.view.x1 - cam.view.x0) * width - 0.5, 0, width - 1)
    row = np.clip((y - cam.view.y0) / (cam.view.y1 - cam.view.y0) * height - 0.5, 0, height - 1)
    (i, a), (j, b) = (divmod(row, 1), divmod(column, 1))
    corner = lambda down, right: cam.grid[min(int(i) + down, height - 1), min(int(j) + right, width - 1)]
    above, below = (corner(d, 0) * (1 - b) + corner(d, 1) * b for d in (0, 1))
    return above * (1 - a) + below * a
"""
EDITOR = "editor = emo.ObjectEditor(image, worker, boxes=boxes)\neditor"
# Away from the middle, where the things stand with their handles.
AROUND = [(x, y) for x in np.linspace(0.06, 0.94, 12) for y in (0.08, 0.16, 0.86, 0.94)]
Points = list[tuple[float, float]]


class Canvas(Workbench):
    """The editor, and the colours that its stage shows."""

    def colours(self, points: Points) -> NDArray[np.float64]:
        return colours(self.get("stage"), points, SIZE, MARGIN)

    def expected(self, points: Points, expected: str, ball: tuple[float, float] | None = None) -> NDArray[np.float64]:
        """What Python says of these points: as they are, or with the ball elsewhere."""
        return np.array(self.notebook.value(f"{expected}({points!r}, {ball!r}).tolist()"))

    def becomes(self, points: Points, expected: str, what: str, within: float = 7) -> None:
        """Waits until the stage shows at these points what Python says."""
        wanted = self.expected(points, expected)
        self.notebook.wait_for(lambda: apart(self.colours(points), wanted) < within, 15, what)

    def assert_told(self) -> None:
        """Bars, the trait and what Python predicts are one."""
        self.assert_shows_what_python_computes()
        assert self.notebook.value("editor.prediction") == pytest.approx(self.probabilities(), abs=1e-4)

    def wait(self, expression: str, value: object) -> None:
        self.notebook.wait_for(lambda: self.notebook.value(expression) == value, 15, f"{expression} to be {value!r}")


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with a worker, a smooth image, its boxes, and a run of other images in its kernel."""
    module_notebook.execute(SETUP + BOXES + WORLD)
    return module_notebook


@pytest.fixture
def bench(notebook: NotebookPage, prepared: NotebookPage) -> Canvas:
    """A fresh editor."""
    assert prepared is notebook
    return Canvas(notebook, notebook.run(EDITOR).output)


def test_a_detected_box_is_recoloured_and_every_step_undone_and_redone(bench: Canvas) -> None:
    notebook, keyboard = bench.notebook, bench.page.keyboard
    inside, outside = [(0.7, 0.5), (0.8, 0.6)], [(0.3, 0.2), (0.2, 0.9)]
    plain = bench.colours(outside)
    bench.open("regions")
    bench.get("region-kind").select_option("recolour")
    bench.get("region-detected").select_option(label="Food")
    bench.get("region-use").click()
    bench.wait("[e['kind'] for e in editor.edits]", ["recolour"])
    assert notebook.value("editor.edits[0]['box']") == pytest.approx([0.6, 1 / 3, 0.9, 220 / 300], abs=1e-6)
    bench.get("region-colour").fill("#c81e1e")
    bench.wait("editor.edits[0]['colour']", "#c81e1e")
    bench.becomes(inside, "beneath", "the box to be red")
    assert (bench.colours(inside)[:, 0] > bench.colours(inside)[:, 2] + 20).all()
    assert apart(bench.colours(outside), plain) < 3
    bench.assert_told()
    red = bench.probabilities()

    bench.get("region-kind").select_option("warm")  # the same edit, until another one begins
    bench.wait("[e['kind'] for e in editor.edits]", ["warm"])
    bench.get("undo").click()
    bench.wait("[e['kind'] for e in editor.edits]", ["recolour"])
    bench.get("region-kind").select_option("brighten")
    bench.get("region-all").click()
    bench.wait("[[e['kind'], e['region']] for e in editor.edits][-1]", ["brighten", "all"])
    bench.becomes(outside, "beneath", "the whole picture to be brighter")
    assert apart(bench.colours(outside), plain) > 20
    bench.assert_told()
    both = bench.probabilities()
    count = notebook.value("len(editor.edits)")
    bench.get("undo").click()
    bench.wait("len(editor.edits)", count - 1)
    bench.get("redo").click()
    bench.wait("len(editor.edits)", count)
    bench.assert_told()
    assert bench.probabilities() == pytest.approx(both, abs=1e-5) != red
    expect(bench.get("redo")).to_be_disabled()

    bench.open("things")
    bench.output.locator('[data-sprite="soccer ball"]').click()
    bench.settled()
    for key in ("-", "-"):
        keyboard.press(key)
    smaller = pytest.approx(0.2 / 1.1**2)
    notebook.wait_for(lambda: bench.placements()[0]["height"] == smaller, 15, "the ball smaller")
    for back, again in (("Control+z", "Control+y"), ("Control+z", "Control+Shift+z")):
        keyboard.press(back)
        bench.wait("editor.placements[0]['height']", 0.2)
        keyboard.press(again)
        notebook.wait_for(lambda: bench.placements()[0]["height"] == smaller, 15, f"{again} to make it smaller again")
    bench.assert_told()
    assert notebook.page_errors == []


def test_a_thing_is_cut_out_of_another_image(notebook: NotebookPage, prepared: NotebookPage) -> None:
    assert prepared is notebook
    here = notebook.value("run.images.image_id[0]")
    output = notebook.run(f"editor = emo.ObjectEditor(worker=worker, run=run, image_id={here!r})\neditor").output
    bench = Canvas(notebook, output)
    bench.get("cut-out").click()
    expect(bench.get("cut-class").locator("option")).not_to_have_count(1, timeout=15_000)
    bench.get("cut-class").select_option("Human face")
    choices = bench.get("cut-choice")
    expect(choices).to_have_count(12, timeout=15_000)
    of_class = "run.boxes[run.boxes.object_class == 'Human face'].sort_values('confidence', ascending=False)"
    rows = notebook.value(f"{of_class}[['image_id', 'confidence']].values.tolist()")
    bench.get("cut-more").click()
    expect(choices).to_have_count(24, timeout=15_000)
    while bench.get("cut-more").is_visible():
        before = choices.count()
        bench.get("cut-more").click()
        expect(choices).not_to_have_count(before, timeout=15_000)
    names = choices.evaluate_all("all => all.map(each => each.title)")
    assert names == [f"Human face in {image}, confidence {confidence:.2f}" for image, confidence in rows]
    assert choices.locator("img").evaluate_all("all => all.every(each => each.naturalWidth > 8)")

    chosen = next(number for number in range(12, len(rows)) if rows[number][0] != here)
    choices.nth(chosen).click()
    bench.wait("[p['sprite'] for p in editor.placements]", [f"Human face of {rows[chosen][0].split('/')[-1][:-5]}"])
    expect(bench.output.locator('[data-testid="sprite"]').last).to_contain_text("Human face of")
    row = f"{of_class}.iloc[{chosen}]"
    source = f"(lambda b: run.open_image(b.image_id).crop((b.x0, b.y0, b.x1, b.y1)))({row})"
    middle = "list((lambda p: p.getpixel((p.width // 2, p.height // 2)))({}))"
    there, pasted = notebook.value(middle.format(source)), notebook.value(middle.format("editor.export_image()"))
    assert pasted == pytest.approx(there, abs=12)
    bench.assert_told()
    bench.get("undo").click()
    bench.wait("editor.placements", [])
    assert notebook.page_errors == []


def test_the_map_is_painted_over_what_the_picture_is_now(bench: Canvas) -> None:
    bench.output.locator('[data-sprite="rugby ball"]').click()
    bench.settled()
    bench.becomes(AROUND, "beneath", "the picture without a map")
    plain = bench.colours(AROUND)
    bench.get("toggle-cam").click()
    bench.becomes(AROUND, "under_cam", "the map of the picture with the ball in the middle")
    assert apart(bench.colours(AROUND), plain) > 10
    there, here = (0.5, 0.5), (0.3, 0.6)
    free = [(x, y) for x in np.linspace(0.02, 0.55, 25).tolist() for y in np.linspace(0.3, 0.95, 25).tolist()]
    free = [(x, y) for x, y in free if all(abs(x - at[0]) > 0.16 or abs(y - at[1]) > 0.17 for at in (there, here))]
    free = [(x, y) for x, y in free if not (0.13 < x < 0.37 and y < 0.56)]  # where the face's box is drawn
    differs = bench.notebook.value(f"where_the_map_differs({free!r}, {there!r}, {here!r})")
    before, after = (bench.expected(differs, "under_cam", ball) for ball in (there, here))
    assert apart(before, after) > 15
    assert apart(bench.colours(differs), before) < 6
    bench.drag(there, here, release=False)
    follows = "the map to follow the hand"
    bench.notebook.wait_for(lambda: apart(bench.colours(differs), after) < 6, 15, follows)
    assert bench.placements()[0]["x"] == 0.5  # not let go yet
    bench.page.mouse.up()
    bench.becomes(AROUND, "under_cam", "the map of the picture with the ball where it was let go")
    bench.assert_told()
    bench.output.get_by_label("CAM opacity").fill("0.2")
    bench.wait("editor.cam_opacity", 0.2)
    bench.becomes(AROUND, "under_cam", "the map to be fainter")
    bench.get("toggle-cam").click()
    bench.becomes(AROUND, "beneath", "the picture without a map again")


# A network that takes its time, so that whoever stops it is in time.
LARGE = """
import torch, torchvision
torch.manual_seed(0)
network = torchvision.models.resnet18(num_classes=len(labels)).eval()
slow = emo.Worker(wrap_classifier(network, labels, name="slow", synthetic=True))
editor = emo.ObjectEditor(image, slow)
def swept(points, ball):
    found = editor.sweep_result.map_of(target)
    values = np.array([found[int(y * 15), int(x * 20)] for x, y in points])
    low, high = np.nanmin(found), np.nanmax(found)
    return coloured(points, (np.nan_to_num(values, nan=low) - low) / (high - low), np.where(np.isnan(values), 0, 0.64))
"""


def test_a_sweep_that_is_stopped_keeps_and_paints_what_it_has_found(notebook: NotebookPage, bench: Canvas) -> None:
    assert bench.notebook is notebook
    notebook.execute(LARGE)
    bench = Canvas(notebook, notebook.run("editor").output)
    bench.output.locator('[data-sprite="rugby ball"]').click()
    bench.settled()
    bench.open("sweep")
    bench.get("sweep-grid").select_option("3")
    bench.get("sweep-target").select_option(label="Awe")
    bench.get("sweep-go").click()
    progress = bench.get("sweep-progress")
    expect(progress).to_contain_text(" of 300 places…")
    expect(progress).not_to_contain_text("0 of 300", timeout=30_000)
    bench.get("sweep-go").click()
    expect(bench.root).to_have_attribute("data-sweeping", "false", timeout=15_000)
    found = "0 if editor.sweep_result is None else int(np.isfinite(editor.sweep_result.probabilities[:, 0]).sum())"
    agree = lambda: f"{notebook.value(found)} of 300 places, stopped." in (progress.text_content() or "")  # noqa: E731
    notebook.wait_for(agree, 30, "the trait to hold as many places as are painted")
    assert notebook.value("editor.sweep_result.finished") is False
    assert 4 <= notebook.value(found) < 300
    notebook.page.mouse.move(0, 0)
    cells = [((i + 0.5) / 20, (j + 0.5) / 15) for i in range(20) for j in range(15)]
    cells = [(x, y) for x, y in cells if abs(x - 0.5) > 0.2 or abs(y - 0.5) > 0.25]
    for target in ("Awe", "Joy"):
        notebook.execute(f"target = {target!r}")
        bench.get("sweep-target").select_option(label=target)
        bench.becomes(cells, "swept", f"the map of {target}", within=3)
    best = notebook.value("editor.sweep_result.best('Joy')")
    expect(bench.get("sweep-best")).to_have_text(f"Highest: {100 * best[2]:.1f} %")
    bench.get("sweep-best").click()
    notebook.wait_for(lambda: bench.placements()[0]["x"] == pytest.approx(best[0]), 15, "the ball at its best place")
    bench.get("sweep-clear").click()
    bench.becomes(AROUND, "beneath", "the map to be gone")
    assert notebook.page_errors == []
