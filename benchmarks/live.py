"""`live`: from the hand's movement to the painted label, dragging an object in JupyterLab in Chromium, its CAM shown.

EmoNet's architecture (random weights) is held to the bare forward pass of the published network, with torch's own
layers, in the same kernel, measured between the drags; the demo classifier to updates a second. Both also while a cell
runs. Every position's CAM is computed and painted before the next position is asked for; its label does not wait for
that.
"""

from __future__ import annotations

import itertools
import math
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks import hand
from benchmarks.core import Figure, Figures
from tests.browser.conftest import CHROMIUM_OPTIONS, chromium_path
from tests.browser.lab import start_lab
from tests.browser.notebook import NotebookPage

ROUNDS = 5
MOVES = 600
MOVE_MS = 8  # 125 movements a second, as a mouse tells
_RADII = (0.1 + 0.1 * (i * 0.618 % 1) for i in itertools.count())
FORWARDS = 15

SETUP = """
import sys; sys.path.insert(0, {repository!r})
import time, statistics
import numpy as np, torch
from PIL import Image
import emocam_widgets as emo
from emocam_widgets.models.emonet import EmoNet, split_emonet
torch.manual_seed(0)
published = EmoNet().eval()
classifiers = dict(emonet=split_emonet(published, torch.zeros(3, 227, 227)), demo=emo.load_classifier("demo"))
for name in ("norm1", "norm2"):
    setattr(published, name, torch.nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0))
bare = dict(emonet=published, demo=lambda x: classifiers["demo"].tail(classifiers["demo"].trunk(x)))
corpus = emo.Corpus.demo()
picture = corpus.open(next(iter(corpus))).resize((640, 480))
def forward_ms(name):
    # What a user of the network has: the published layers, torch's own, in one pass over a prepared picture.
    network, tensor = bare[name], classifiers[name].preprocess(picture)[0][None]
    times = []
    with torch.inference_mode():
        for _ in range({forwards}):
            start = time.perf_counter()
            network(tensor)
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)
"""
EDITOR = """
editor = emo.ObjectEditor(picture, emo.Worker(classifiers["{classifier}"], cache=None), show_cam=True,
                          placements=[emo.Placement("soccer ball", 0.5, 0.5, height=0.3)])
editor
"""
# Notes when each position was asked for, in the very event that brought it, and when its answer stood on the screen.
WATCH = """root => {
  const asked = new Map(), seen = window.emocamSeen = [], explained = window.emocamExplained = [];
  let event = 0, last;
  for (const kind of ["pointermove", "pointerrawupdate"]) {
    window.addEventListener(kind, (e) => { event = e.timeStamp; }, true);
  }
  new MutationObserver((records) => {
    for (const record of records) {
      if (record.attributeName === "data-asked") asked.set(root.dataset.asked, event);
      // After the next frame the browser has painted what was changed before it.
      const painted = (seq, times) => {
        const since = asked.get(seq);
        if (since) requestAnimationFrame(() => setTimeout(() => times.push([seq, since, performance.now()])));
      };
      if (record.attributeName === "data-answered" && root.dataset.answered !== last) {
        painted(last = root.dataset.answered, seen);
      }
      if (record.attributeName === "data-explained") {
        painted(root.dataset.explained, explained);
        asked.delete(root.dataset.explained);
      }
    }
  }).observe(root, { attributes: true, attributeFilter: ["data-asked", "data-answered", "data-explained"] });
}"""


def measure() -> Figures:
    """Milliseconds and updates a second, medians over several drags."""
    repository = str(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = start_lab(Path(folder))
        port = hand.free_port()
        options = [*CHROMIUM_OPTIONS, f"--remote-debugging-port={port}"]
        browser = driver.chromium.launch(executable_path=chromium_path(), args=options)
        try:
            page = browser.new_page(viewport={"width": 1366, "height": 900})
            notebook = NotebookPage(page, server)
            notebook.create("live.ipynb")
            notebook.execute(SETUP.format(repository=repository, forwards=FORWARDS))
            emonet = _drags(notebook, port, "emonet")
            demo = _drags(notebook, port, "demo")
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
        "explained_over_forward_ms": Figure(
            emonet.explained_median - emonet.forward, 60, "most", "the same ms until its CAM is painted too"
        ),
        "p95_over_median": Figure(emonet.p95 / emonet.median, 2, "most", "EmoNet: 95th percentile over the median"),
        "over_forward_ms_busy": Figure(
            emonet.busy_median - emonet.forward, 40, "most", "the same ms while a cell runs"
        ),
        "updates": Figure(demo.updates, 15, "least", "demo classifier: labels painted a second"),
        "updates_busy": Figure(demo.busy_updates, 15, "least", "the same while a cell runs"),
    }


class _Drag:
    """One drag: ms of every answered position until its label, and until its CAM, stood there; labels a second."""

    def __init__(self, seen: list[list[float]], explained: list[list[float]]) -> None:
        self.ms = [shown - since for _, since, shown in seen]
        self.explained_ms = [shown - since for _, since, shown in explained]
        self.updates = (len(seen) - 1) / ((seen[-1][2] - seen[0][2]) / 1000)


class _Drags:
    """What several drags of one editor gave, in ms and updates a second."""

    def __init__(self, quiet: list[_Drag], busy: list[_Drag], forward: list[float]) -> None:
        every = sorted(ms for drag in quiet for ms in drag.ms)
        self.forward = statistics.median(forward)
        self.median = statistics.median(every)
        self.explained_median = statistics.median(ms for drag in quiet for ms in drag.explained_ms)
        self.busy_median = statistics.median(ms for drag in busy for ms in drag.ms)
        self.p95 = every[math.ceil(0.95 * len(every)) - 1]
        self.updates = statistics.median(drag.updates for drag in quiet)
        self.busy_updates = statistics.median(drag.updates for drag in busy)


def _drags(notebook: NotebookPage, port: int, classifier: str) -> _Drags:
    cell = notebook.run(EDITOR.format(classifier=classifier))
    root = cell.output.get_by_test_id("editor")
    root.and_(notebook.page.locator('[data-settled="true"]')).wait_for(timeout=60_000)
    notebook.wait_live()
    root.evaluate(WATCH)
    stage = cell.output.get_by_test_id("stage")
    stage.evaluate("stage => stage.scrollIntoView({block: 'center'})")
    quiet, busy, forward = [], [], []
    _drag(notebook.page, port, stage)  # the first drag warms everything up
    for _ in range(ROUNDS):
        forward.append(float(notebook.value(f"forward_ms({classifier!r})")))
        quiet.append(_drag(notebook.page, port, stage))
        with notebook.busy(seconds=4):
            stage.evaluate("stage => stage.scrollIntoView({block: 'center'})")
            busy.append(_drag(notebook.page, port, stage))
    notebook.execute("editor.worker.close(); editor.close()")
    return _Drags(quiet, busy, forward)


def _drag(page: Page, port: int, stage: object) -> _Drag:
    """One drag on a circle of its own.

    Each circle has another radius: a position that was asked for before would be answered from the cache.
    """
    box = stage.bounding_box()  # type: ignore[attr-defined]
    page.evaluate("() => { window.emocamSeen.length = window.emocamExplained.length = 0; }")
    radius = next(_RADII)

    def point(step: int) -> tuple[float, float]:
        angle = 2 * math.pi * step / MOVES
        x, y = 0.5 + radius * math.sin(angle), 0.5 + radius * (1 - math.cos(angle))
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    page.mouse.move(*point(0))
    page.mouse.down()
    hand.move(port, page.url, [point(step) for step in range(1, MOVES + 1)], MOVE_MS / 1000)
    page.mouse.up()
    page.wait_for_timeout(300)
    seen = page.evaluate("() => window.emocamSeen")
    if len(seen) < 2:
        raise RuntimeError("the drag changed nothing: the object was not under the mouse")
    return _Drag(seen, page.evaluate("() => window.emocamExplained"))
