"""`heatmap`: from the slider's event to the repainted cells, in JupyterLab in Chromium, over a million boxes.

A stored run of 25,000 images, 601 object classes and 20 labels; the images themselves are not needed. The 25 and the
100 greatest classes, and 25 while a cell runs.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright

from benchmarks.core import Figure, Figures
from emocam_widgets.run import ClassifierInfo, CorpusInfo, DetectorInfo, Manifest, MethodInfo, RunWriter
from tests.browser.conftest import CHROMIUM_OPTIONS, chromium_path
from tests.browser.lab import start_lab
from tests.browser.notebook import NotebookPage

BOXES, IMAGES, CLASSES, LABELS, GRID = 1_000_000, 25_000, 601, 20, 13
STEPS = 60
STEP_MS = 50
ROUNDS = 3
SIZE = 320
IMAGES_A_PART = 2_500

SETUP = """
import sys; sys.path.insert(0, {repository!r})
import emocam_widgets as emo
run = emo.open_run({path!r})
"""
SHOW = "heatmap = emo.AssociationHeatmap(run, top={top}); heatmap"
# Moves the slider as a hand does and notes, for every event that was painted, how long that took. The threshold that
# the cells show stands on the widget; after the next frame the browser has painted what was changed before it.
DRAG = """async (slider, [steps, wait]) => {
  const root = slider.closest('[data-testid=heatmap-root]').querySelector('[data-testid=heatmap-widget]');
  const since = new Map(), taken = [];
  const watch = new MutationObserver(() => {
    const shown = root.dataset.threshold, start = since.get(shown);
    if (start === undefined) return;
    since.delete(shown);
    requestAnimationFrame(() => setTimeout(() => taken.push(performance.now() - start)));
  });
  watch.observe(root, { attributes: true, attributeFilter: ['data-threshold'] });
  for (let i = 0; i < steps; i++) {
    slider.value = String(0.2 + 0.01 * (i < steps / 2 ? i : steps - i));
    since.set(slider.value, performance.now());
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise(done => setTimeout(done, wait));
  }
  slider.dispatchEvent(new Event('change', { bubbles: true }));
  await new Promise(done => setTimeout(done, 400));
  watch.disconnect();
  return taken;
}"""


def measure() -> Figures:
    """Medians and 95th percentiles over several drags."""
    repository = str(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder) / "run"
        write_run(path)
        server = start_lab(Path(folder) / "lab")
        browser = driver.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
        try:
            notebook = NotebookPage(browser.new_page(viewport={"width": 1366, "height": 900}), server)
            notebook.create("heatmap.ipynb")
            notebook.execute(SETUP.format(repository=repository, path=str(path)))
            quiet, busy = _drags(notebook, 25)
            many, _ = _drags(notebook, 100)
            notebook.shut_down()
        finally:
            browser.close()
            server.stop()
    return {
        "repaint_ms": Figure(
            statistics.median(quiet), 50, "most", "ms from the slider's event to 25 x 20 repainted cells, median"
        ),
        "repaint_p95_ms": Figure(_p95(quiet), 100, "most", "the same, 95th percentile"),
        "repaint_busy_ms": Figure(statistics.median(busy), 50, "most", "the same while a cell runs, median"),
        "repaint_100_ms": Figure(statistics.median(many), 50, "most", "the same of 100 x 20 cells, median"),
    }


def _drags(notebook: NotebookPage, top: int) -> tuple[list[float], list[float]]:
    output = notebook.run(SHOW.format(top=top), 120).output
    output.get_by_test_id("cell").first.wait_for(timeout=60_000)
    notebook.wait_live()
    slider = output.get_by_test_id("threshold")

    def drag() -> list[float]:
        taken: list[float] = slider.evaluate(DRAG, [STEPS, STEP_MS])
        if len(taken) < STEPS / 10:
            raise RuntimeError(f"of {STEPS} steps only {len(taken)} were painted")
        return taken

    drag()  # the first one warms everything up
    quiet, busy = [], []
    for _ in range(ROUNDS):
        quiet += drag()
        with notebook.busy(seconds=6):
            busy += drag()
    notebook.execute("heatmap.close()")
    return quiet, busy


def _p95(values: list[float]) -> float:
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def write_run(path: Path) -> None:
    """A run of random boxes under random maps, with unequal labels and classes as real ones are."""
    rng = np.random.default_rng(0)
    labels = tuple(f"label {i}" for i in range(LABELS))
    classes = tuple(f"class {i}" for i in range(CLASSES))
    ids = np.array([f"{i:06d}.jpg" for i in range(IMAGES)], dtype=object)
    label = rng.choice(LABELS, IMAGES, p=_shares(LABELS))
    image = np.sort(rng.integers(0, IMAGES, BOXES))
    object_class = rng.choice(CLASSES, BOXES, p=_shares(CLASSES))
    corner, size = rng.uniform(0, 0.7, (BOXES, 2)) * SIZE, rng.uniform(0.05, 0.3, (BOXES, 2)) * SIZE
    boxes = pd.DataFrame(np.hstack([corner, corner + size]), columns=["x0", "y0", "x1", "y1"]).assign(
        image_id=ids[image], detector="drawn", mask=None, confidence=rng.random(BOXES, dtype=np.float32),
        object_class=np.array(classes, dtype=object)[object_class],
    )  # fmt: skip
    manifest = Manifest(
        corpus=CorpusInfo("folder", str(path.parent), "random", synthetic=True, n_images=IMAGES),
        classifier=ClassifierInfo("drawn", "0", synthetic=True),
        labels=labels,
        detectors=(DetectorInfo("drawn", "0", classes),),
        methods=(MethodInfo("grad-cam"),),
    )
    starts = np.searchsorted(image, np.arange(0, IMAGES + 1, IMAGES_A_PART))
    with RunWriter(path, manifest) as writer:
        for number, start in enumerate(range(0, IMAGES, IMAGES_A_PART)):
            mine = slice(start, start + IMAGES_A_PART)
            names = [labels[each] for each in label[mine]]
            images = pd.DataFrame({"image_id": ids[mine], "label": names, "width": SIZE, "height": SIZE}).assign(
                annotation=None, valence=None, arousal=None,
                probabilities=list(np.eye(LABELS, dtype=np.float32)[label[mine]]),
            )  # fmt: skip
            grids = rng.random((len(images), GRID * GRID), dtype=np.float32).astype(np.float16)
            cams = pd.DataFrame({"image_id": ids[mine], "method": "grad-cam", "target": names}).assign(
                output="probabilities", grid=list(grids), grid_height=GRID, grid_width=GRID,
                view_x0=0.0, view_y0=0.0, view_x1=float(SIZE), view_y1=float(SIZE),
            )  # fmt: skip
            part = boxes.iloc[starts[number] : starts[number + 1]]
            writer.write_part({"images": images, "boxes": part, "cams": cams}, detected={"drawn": list(ids[mine])})
        writer.finish()


def _shares(n: int) -> np.ndarray:
    share = 1 / np.arange(1, n + 1)
    return np.asarray(share / share.sum())
