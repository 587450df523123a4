"""`live`: from the hand's movement to the painted label, dragging an object in JupyterLab in Chromium, its CAM shown.

EmoNet's architecture (random weights) is held to its bare forward pass in the same kernel, measured between the drags;
the demo classifier to updates a second. Both also while a cell runs.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.core import Figure, Figures
from tests.browser.conftest import CHROMIUM_OPTIONS, chromium_path
from tests.browser.lab import start_lab
from tests.browser.notebook import NotebookPage

ROUNDS = 5
MOVES = 120
MOVE_MS = 16
FORWARDS = 15

SETUP = """
import sys; sys.path.insert(0, {repository!r})
import time, statistics
import numpy as np, torch
from PIL import Image
import emocam_widgets as emo
from emocam_widgets.models.emonet import EmoNet, split_emonet
torch.manual_seed(0)
emonet = split_emonet(EmoNet().eval(), torch.zeros(3, 227, 227))
demo = emo.load_classifier("demo")
corpus = emo.Corpus.demo()
picture = corpus.open(next(iter(corpus))).resize((640, 480))
def forward_ms(classifier):
    tensor = classifier.preprocess(picture)[0][None]
    times = []
    with torch.inference_mode():
        for _ in range({forwards}):
            start = time.perf_counter()
            classifier.tail(classifier.trunk(tensor))
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)
"""
EDITOR = """
editor = emo.ObjectEditor(picture, emo.Worker({classifier}), show_cam=True,
                          placements=[emo.Placement("soccer ball", 0.5, 0.5, height=0.3)])
editor
"""
# Notes when each position was asked for, in the very event that brought it, and when its answer stood on the screen.
WATCH = """root => {
  const asked = new Map(), seen = window.emocamSeen = [];
  let event = 0;
  window.addEventListener("pointermove", (e) => { event = e.timeStamp; }, true);
  new MutationObserver((records) => {
    for (const record of records) {
      if (record.attributeName === "data-asked") asked.set(root.dataset.asked, event);
      if (record.attributeName === "data-answered") {
        const seq = root.dataset.answered, since = asked.get(seq);
        // After the next frame the browser has painted what was changed before it.
        if (since) requestAnimationFrame(() => setTimeout(() => seen.push([seq, since, performance.now()])));
        asked.delete(seq);
      }
    }
  }).observe(root, { attributes: true, attributeFilter: ["data-asked", "data-answered"] });
}"""


def measure() -> Figures:
    """Milliseconds and updates a second, medians over several drags."""
    repository = str(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = start_lab(Path(folder))
        browser = driver.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
        try:
            page = browser.new_page(viewport={"width": 1366, "height": 900})
            notebook = NotebookPage(page, server)
            notebook.create("live.ipynb")
            notebook.execute(SETUP.format(repository=repository, forwards=FORWARDS))
            emonet = _drags(notebook, "emonet")
            demo = _drags(notebook, "demo")
            notebook.shut_down()
        finally:
            browser.close()
            server.stop()
    return {
        "over_forward_ms": Figure(
            emonet.median - emonet.forward,
            40,
            "most",
            "EmoNet: ms from hand to label, median, over the bare forward pass",
        ),
        "p95_over_median": Figure(emonet.p95 / emonet.median, 2, "most", "EmoNet: 95th percentile over the median"),
        "over_forward_ms_busy": Figure(
            emonet.busy_median - emonet.forward, 40, "most", "the same ms while a cell runs"
        ),
        "updates": Figure(demo.updates, 15, "least", "demo classifier: labels painted a second"),
        "updates_busy": Figure(demo.busy_updates, 15, "least", "the same while a cell runs"),
    }


class _Drags:
    """What several drags of one editor gave, in ms and updates a second."""

    def __init__(self, quiet: list[list[float]], busy: list[list[float]], forward: list[float]) -> None:
        self.forward = statistics.median(forward)
        self.median = statistics.median(ms for drag in quiet for ms in drag[1:])
        self.busy_median = statistics.median(ms for drag in busy for ms in drag[1:])
        every = sorted(ms for drag in quiet for ms in drag[1:])
        self.p95 = every[math.ceil(0.95 * len(every)) - 1]
        self.updates = statistics.median(drag[0] for drag in quiet)
        self.busy_updates = statistics.median(drag[0] for drag in busy)


def _drags(notebook: NotebookPage, classifier: str) -> _Drags:
    cell = notebook.run(EDITOR.format(classifier=classifier))
    root = cell.output.get_by_test_id("editor")
    root.and_(notebook.page.locator('[data-settled="true"]')).wait_for(timeout=60_000)
    notebook.wait_live()
    root.evaluate(WATCH)
    stage = cell.output.get_by_test_id("stage")
    stage.evaluate("stage => stage.scrollIntoView({block: 'center'})")
    quiet, busy, forward = [], [], []
    _drag(notebook.page, stage)  # the first drag warms everything up
    for _ in range(ROUNDS):
        forward.append(float(notebook.value(f"forward_ms({classifier})")))
        quiet.append(_drag(notebook.page, stage))
        with notebook.busy(seconds=4):
            stage.evaluate("stage => stage.scrollIntoView({block: 'center'})")
            busy.append(_drag(notebook.page, stage))
    notebook.execute("editor.worker.close(); editor.close()")
    return _Drags(quiet, busy, forward)


def _drag(page: Page, stage: object) -> list[float]:
    """Updates a second, then the ms of every answered position, of one drag on a circle."""
    box = stage.bounding_box()  # type: ignore[attr-defined]
    page.evaluate("() => { window.emocamSeen.length = 0; }")

    def point(step: int) -> tuple[float, float]:
        angle = 2 * math.pi * step / MOVES
        x, y = 0.5 + 0.2 * math.sin(angle), 0.7 - 0.2 * math.cos(angle)
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    page.mouse.move(*point(0))
    page.mouse.down()
    for step in range(1, MOVES + 1):
        page.mouse.move(*point(step))
        page.wait_for_timeout(MOVE_MS)
    page.mouse.up()
    page.wait_for_timeout(300)
    seen = page.evaluate("() => window.emocamSeen")
    if len(seen) < 2:
        raise RuntimeError("the drag changed nothing: the object was not under the mouse")
    seconds = (seen[-1][2] - seen[0][2]) / 1000
    return [(len(seen) - 1) / seconds, *(shown - since for _, since, shown in seen)]
