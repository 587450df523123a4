"""The object editor in JupyterLab: live while dragging and while cells run, then exactly what Python computes."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import bring_to_middle

REPOSITORY = Path(__file__).parents[2]
SETUP = f"""
import sys
sys.path.insert(0, {str(REPOSITORY)!r})
import numpy as np
from PIL import Image
import emocam_widgets as emo
from emocam_widgets.models import wrap_classifier
from tests.tiny_models import scene_net
labels = ("Joy", "Excitement", "Craving", "Sadness", "Fear", "Awe", "Horror", "Romance", "Surprise", "Interest")
worker = emo.Worker(wrap_classifier(scene_net(len(labels)), labels, name="tiny", synthetic=True))
ramp = np.add.outer(np.arange(300), 2 * np.arange(400)) % 256
image = Image.fromarray(np.stack([ramp, 255 - ramp, ramp // 2], axis=-1).astype(np.uint8))
"""
EDITOR = "editor = emo.ObjectEditor(image, worker)\neditor"
EXPORTED = "dict(zip(worker.labels, map(float, worker.predict(editor.export_image()).probabilities)))"


class Editor:
    """The editor in a cell's output, as a user's hand and eye meet it."""

    def __init__(self, notebook: NotebookPage, output: Locator) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.output = output
        self.root = output.get_by_test_id("editor")
        self.settled()

    def settled(self) -> None:
        """Returns once the prediction of the last position is shown."""
        expect(self.root).to_have_attribute("data-settled", "true", timeout=20_000)

    def probabilities(self) -> dict[str, float]:
        bars = self.output.get_by_test_id("bar").evaluate_all(
            "bars => bars.map(bar => [bar.dataset.label, Number(bar.dataset.probability)])"
        )
        return dict(bars)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A point of the stage, relative to its size, in the window."""
        box = self.output.get_by_test_id("stage").bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def take_sprite(self, name: str) -> None:
        """Presses the mouse on a thing of the palette, after scrolling the editor into view."""
        bring_to_middle(self.output.get_by_test_id("stage"))
        box = self.output.locator(f'[data-sprite="{name}"]').bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
        self.page.mouse.down()

    def drag_to(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.point(x, y), steps=12)

    def placements(self, expected: int | list[Any] | None = None) -> list[dict[str, Any]]:
        """What lies on the picture for Python: now, or once it is so many things or just these."""
        if expected is not None:
            of = "len(editor.placements)" if isinstance(expected, int) else "editor.placements"
            self.notebook.wait_value(of, expected)
        found: list[dict[str, Any]] = self.notebook.value("editor.placements")
        return found

    def assert_shows_what_python_computes(self) -> None:
        """To be asked once Python is known to have heard of the last change: before, both may show the one before."""
        self.settled()
        seen: list[dict[str, float]] = [{}, {}]

        def agree() -> bool:
            seen[:] = self.probabilities(), self.notebook.value(EXPORTED)
            return seen[0] == pytest.approx(seen[1], abs=1e-3)

        try:
            self.notebook.wait_for(agree, 20, "the bars to show what Python computes")
        except TimeoutError:
            assert seen[0] == pytest.approx(seen[1], abs=1e-3)
        shown = max(seen[0].items(), key=lambda item: item[1])[0]
        expect(self.output.get_by_test_id("headline")).to_have_attribute("data-label", shown)


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with a worker and an image in its kernel."""
    module_notebook.execute(SETUP)
    return module_notebook


def drag_changes_labels_before_release(editor: Editor) -> None:
    """The one gesture that all of this is for; the button is still down when it returns."""
    before = editor.probabilities()
    editor.take_sprite("rugby ball")
    editor.drag_to(0.5, 0.5)
    editor.notebook.wait_for(lambda: editor.probabilities() != before, 20, "the bars to follow the hand")
    editor.settled()
    halfway = editor.probabilities()
    editor.drag_to(0.35, 0.4)
    editor.notebook.wait_for(lambda: editor.probabilities() != halfway, 20, "the bars to follow the hand further")


@pytest.mark.usefixtures("prepared")
def test_drag_is_live_and_ends_exactly(notebook: NotebookPage) -> None:
    editor = Editor(notebook, notebook.run(EDITOR).output)
    drag_changes_labels_before_release(editor)
    assert notebook.value("editor.placements") == []
    notebook.page.mouse.up()
    (placement,) = editor.placements(1)
    editor.assert_shows_what_python_computes()
    assert placement["sprite"] == "rugby ball"
    assert 0 < placement["x"] < 0.5
    cards = editor.output.get_by_test_id("history-card")
    expect(cards).to_have_count(2)
    cards.first.click()
    editor.placements([])
    editor.assert_shows_what_python_computes()
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_drag_on_an_untouched_widget_while_another_cell_runs(notebook: NotebookPage) -> None:
    editor = Editor(notebook, notebook.run(EDITOR).output)
    with notebook.busy():
        drag_changes_labels_before_release(editor)
        notebook.page.mouse.up()
        editor.settled()
    editor.placements(1)
    editor.assert_shows_what_python_computes()


@pytest.mark.usefixtures("prepared")
def test_drag_while_the_running_cell_updates_the_widget(notebook: NotebookPage) -> None:
    editor = Editor(notebook, notebook.run(EDITOR).output)
    source = """step = 0
while going_on():
    step += 1
    editor.cam_opacity = 0.3 + step % 80 / 200
    if step == 3:
        print('touched', flush=True)
    time.sleep(0.1)"""
    with notebook.busy(source=source) as other:
        notebook.wait_for(lambda: "touched" in other.text, 20, "the cell to have touched the widget")
        drag_changes_labels_before_release(editor)
        notebook.page.mouse.up()
        editor.settled()
    editor.placements(1)
    editor.assert_shows_what_python_computes()


@pytest.mark.usefixtures("prepared")
def test_a_finger_drags_too(notebook: NotebookPage) -> None:
    editor = Editor(notebook, notebook.run(EDITOR).output)
    touch = notebook.page.context.new_cdp_session(notebook.page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})  # buttons grow for fingers
    editor.output.get_by_test_id("stage").evaluate("stage => stage.scrollIntoView({block: 'center'})")
    undo = "button => button.getBoundingClientRect().height >= 44"
    notebook.wait_for(lambda: editor.output.get_by_test_id("undo").evaluate(undo), 20, "buttons for fingers")
    box = editor.output.locator('[data-sprite="soccer ball"]').bounding_box()
    assert box is not None
    start, end = (box["x"] + 20, box["y"] + 20), editor.point(0.4, 0.5)
    before = editor.probabilities()
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": start[0], "y": start[1]}]})
    for step in range(1, 11):
        x, y = (start[i] + (end[i] - start[i]) * step / 10 for i in (0, 1))
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
    notebook.wait_for(lambda: editor.probabilities() != before, 20, "the bars to follow the finger")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    (placement,) = editor.placements(1)
    assert placement["sprite"] == "soccer ball"
    editor.assert_shows_what_python_computes()


@pytest.mark.usefixtures("prepared")
def test_what_is_dropped_beside_the_picture_is_not_on_it(notebook: NotebookPage) -> None:
    editor = Editor(notebook, notebook.run(EDITOR).output)
    before = editor.probabilities()
    editor.take_sprite("rugby ball")
    editor.drag_to(0.5, 0.5)
    notebook.wait_for(lambda: editor.probabilities() != before, 20, "the bars to follow the hand")
    editor.drag_to(1.3, 0.5)
    notebook.page.mouse.up()
    editor.assert_shows_what_python_computes()
    assert editor.probabilities() == pytest.approx(before, abs=1e-5)
    editor.output.get_by_test_id("toggle-cam").click()
    notebook.wait_value("editor.show_cam", True)  # and with it of everything that went before
    assert editor.placements() == []
    expect(editor.output.get_by_test_id("history-card")).to_have_count(1)


@pytest.mark.usefixtures("prepared")
def test_things_are_moved_resized_turned_and_removed_by_keys(notebook: NotebookPage) -> None:
    editor = Editor(notebook, notebook.run(EDITOR).output)
    cells = len(notebook.cells)
    sprite = editor.output.locator('[data-sprite="soccer ball"]')
    editor.output.get_by_test_id("sprite").first.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(sprite).to_be_focused()
    notebook.page.keyboard.press("Enter")
    notebook.wait_value("[(p['sprite'], p['x'], p['y']) for p in editor.placements]", [["soccer ball", 0.5, 0.5]])
    expect(editor.output.get_by_test_id("stage")).to_be_focused()
    for key in ("ArrowLeft", "Shift+ArrowUp", "+", "+", "r", "f"):
        notebook.page.keyboard.press(key)
    notebook.wait_value("editor.placements[0]['flip']", True)
    (placement,) = notebook.value("editor.placements")
    assert placement["x"] < 0.5
    assert placement["y"] == pytest.approx(0.45)
    assert placement["height"] == pytest.approx(0.2 * 1.1**2)
    assert placement["rotation"] == 15
    editor.assert_shows_what_python_computes()
    notebook.page.keyboard.press("Delete")
    editor.placements([])
    editor.assert_shows_what_python_computes()
    notebook.page.keyboard.press("Control+z")
    editor.placements(1)
    editor.assert_shows_what_python_computes()
    assert len(notebook.cells) == cells, "JupyterLab acted on a key that was the editor's"


@pytest.mark.usefixtures("prepared")
def test_corner_resizes_and_the_cross_removes(notebook: NotebookPage) -> None:
    editor = Editor(notebook, notebook.run(EDITOR + ".set_trait('cam_opacity', 0.5)\neditor").output)
    editor.output.locator('[data-sprite="soccer ball"]').click()
    editor.placements(1)
    editor.settled()
    stage = editor.output.get_by_test_id("stage").bounding_box()
    assert stage is not None
    aspect, shown = 400 / 300, min((stage["width"] - 16) / 400, (stage["height"] - 16) / 300)
    half = 0.1 * 300 * shown  # the ball is square and 0.2 of the image high
    assert aspect > 1
    x, y = editor.point(0.5, 0.5)
    notebook.page.mouse.move(x + half, y + half)
    notebook.page.mouse.down()
    notebook.page.mouse.move(x + 2 * half, y + 2 * half, steps=6)
    notebook.page.mouse.up()
    notebook.wait_value("editor.placements[0]['height']", pytest.approx(0.4, abs=0.02))
    editor.assert_shows_what_python_computes()
    editor.output.get_by_test_id("object-remove").click()
    editor.placements([])
    editor.assert_shows_what_python_computes()


@pytest.mark.usefixtures("prepared")
def test_python_sets_placements_and_map_and_the_front_end_follows(notebook: NotebookPage) -> None:
    editor = Editor(notebook, notebook.run(EDITOR).output)
    notebook.execute(
        "editor.placements = [dict(sprite='lotus flower', x=0.3, y=0.3, height=0.5)]; editor.show_cam = True"
    )
    expect(editor.root).to_contain_text("CAM: grad-cam of")
    editor.assert_shows_what_python_computes()
    before = editor.probabilities()
    notebook.execute("editor.set_image(np.asarray(image)[::-1].copy())")
    assert notebook.value("editor.placements") == []
    notebook.wait_for(lambda: editor.probabilities() != before, 20, "the new image")
    editor.assert_shows_what_python_computes()


@pytest.mark.usefixtures("prepared")
def test_exported_file_is_the_predicted_picture(notebook: NotebookPage, tmp_path: Path) -> None:
    editor = Editor(notebook, notebook.run(EDITOR).output)
    editor.output.locator('[data-sprite="rugby ball"]').click()
    editor.placements(1)
    editor.settled()
    editor.output.get_by_test_id("export-menu").click()
    with notebook.page.expect_download() as download:
        editor.output.get_by_test_id("export").click()
    download.value.save_as(tmp_path / "export.png")
    exported = Image.open(io.BytesIO((tmp_path / "export.png").read_bytes()))
    digest = "__import__('hashlib').sha256({}.tobytes()).hexdigest()"
    assert notebook.value(digest.format("editor.export_image()")) == hashlib.sha256(exported.tobytes()).hexdigest()


@pytest.mark.usefixtures("prepared")
def test_without_a_worker_it_says_what_to_pass(notebook: NotebookPage) -> None:
    output = notebook.run("emo.ObjectEditor(image)").output
    expect(output.get_by_test_id("editor")).to_contain_text("pass a worker")
    expect(output.get_by_test_id("sprite").first).to_be_disabled()
