"""`browser`: 25,000 images in JupyterLab in Chromium: the first thumbnails, scrolling, a click on a cell, memory.

The run is written by the package's own store; the images are real files, a thousand distinct ones under 25,000 names.
What is timed is what stands on the screen: a thumbnail counts once its picture is painted.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright

from benchmarks.core import Figure, Figures
from emocam_widgets.labels import EMONET_LABELS
from emocam_widgets.run import ClassifierInfo, CorpusInfo, DetectorInfo, Manifest, MethodInfo, RunWriter
from tests.browser.conftest import CHROMIUM_OPTIONS, chromium_path
from tests.browser.lab import start_lab
from tests.browser.notebook import NotebookPage

IMAGES, FILES = 25_000, 1_000
BOXES, GRID = 8, 13
SIZE = (500, 375)
DISPLAYS = 3
CLICKS = 9
CLASSES = (
    *("Person", "Human face", "Clothing", "Footwear", "Tree", "Flower", "Food", "Car", "Chair", "Dog"),
    *("Ball", "Book", "Window", "Building", "Boat", "Bird", "Guitar", "Table", "Lamp", "Flag"),
)

SETUP = """
import sys; sys.path.insert(0, {repository!r})
import emocam_widgets as emo
emo.ImageBrowser, emo.explore
corpus = emo.Corpus.from_folder({images!r})
"""
SHOW = "run = emo.open_run({run!r}, corpus=corpus)\nbrowser = emo.ImageBrowser(run)\nbrowser"

# Pictures and canvases are outside the JavaScript heap: their bytes are counted as they come and go.
COUNT = """
(() => {
  const bitmaps = new Set(), canvases = [], make = window.createImageBitmap.bind(window);
  window.createImageBitmap = async (...given) => { const made = await make(...given); bitmaps.add(made); return made; };
  const close = ImageBitmap.prototype.close;
  ImageBitmap.prototype.close = function () { bitmaps.delete(this); close.call(this); };
  const create = document.createElement.bind(document);
  document.createElement = (name, ...rest) => {
    const made = create(name, ...rest);
    if (String(name).toLowerCase() === 'canvas') canvases.push(new WeakRef(made));
    return made;
  };
  const bytes = (all) => all.reduce((sum, each) => sum + (each ? 4 * each.width * each.height : 0), 0);
  window.emocamBytes = () => bytes([...bitmaps]) + bytes(canvases.map((reference) => reference.deref()));
})();
"""
# How many thumbnails are in sight, and how many of those have their picture.
SIGHT = """
window.emocamSight = () => {
  const grid = document.querySelector('.ec-grid');
  if (!grid) return { seen: 0, painted: 0 };
  // From the tiles' own styles: asking for their rectangles would lay the page out anew in every frame.
  const top = grid.scrollTop, bottom = top + grid.clientHeight;
  let seen = 0, painted = 0;
  for (const tile of grid.querySelectorAll('.ec-tile')) {
    const at = parseFloat(tile.style.top);
    if (at + parseFloat(tile.style.height) <= top || at >= bottom) continue;
    seen++;
    if (tile.dataset.painted) painted++;
  }
  return { seen, painted };
};
// The milliseconds from now on until something holds, looked at after every frame.
window.emocamUntil = (holds) => new Promise((done, fail) => {
  const start = performance.now();
  const look = () => {
    if (holds()) requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    else if (performance.now() - start > 20000) fail(new Error('nothing came'));
    else requestAnimationFrame(look);
  };
  look();
});
"""
FIRST = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  const whole = () => { const { seen, painted } = window.emocamSight(); return seen > 0 && painted === seen; };
  const some = window.emocamUntil(() => window.emocamSight().painted > 0);
  const all = window.emocamUntil(whole);
  window.jupyterapp.commands.execute('notebook:run-cell');
  return [await some, await all];
}"""
# The longest time in ms without a picture in sight: rolling at a steady speed, and after jumps to far places.
SCROLL = """async ({ speed, seconds, jumps }) => {
  const grid = document.querySelector('.ec-grid');
  let longest = 0, since = null, before = performance.now();
  const watch = (now) => {
    const blank = window.emocamSight().painted === 0;
    // What stood there before stays in sight until a frame without pictures is painted: one frame ago at most.
    if (blank && since === null) since = Math.max(before, now - 17);
    if (!blank) since = null;
    else longest = Math.max(longest, now - since);
    before = now;
  };
  const frames = async (ms, move) => {
    const start = performance.now();
    for (;;) {
      const now = await new Promise(requestAnimationFrame);
      watch(now);
      if (now - start > ms) return;
      move(now);
    }
  };
  let last = performance.now();
  await frames(1000 * seconds, (now) => { grid.scrollTop += speed * (now - last) / 1000; last = now; });
  const rolling = longest;
  longest = 0;
  const jumped = [];
  for (let i = 1; i <= jumps; i++) {
    grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * ((i * 0.37) % 1);
    before = performance.now();
    longest = 0;
    since = null;
    await frames(700, () => undefined);
    jumped.push(longest);
  }
  return { rolling, jumped };
}"""
CLICK = """async ([objectClass, label]) => {
  const cell = [...document.querySelectorAll('[data-testid=cell]')]
    .find((each) => each.dataset.class === objectClass && each.dataset.label === label);
  const crumb = document.querySelector('[data-testid=breadcrumb]');
  const shown = () => crumb.textContent.startsWith(`${objectClass} in ${label}:`);
  const named = window.emocamUntil(shown);
  const some = window.emocamUntil(() => shown() && window.emocamSight().painted > 0);
  const full = () => { const { seen, painted } = window.emocamSight(); return seen > 0 && painted === seen; };
  const whole = () => shown() && full();
  const all = window.emocamUntil(whole);
  cell.click();
  return [await named, await some, await all];
}"""


def measure() -> Figures:
    """Seconds, milliseconds and megabytes, as `SIGHT` and `COUNT` see them in the page."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        world = Path(folder) / "world"
        make_world(world)
        server = start_lab(Path(folder))
        browser = driver.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
        try:
            page = browser.new_page(viewport={"width": 1366, "height": 900})
            page.add_init_script(COUNT)
            notebook = NotebookPage(page, server)
            notebook.create("browser.ipynb")
            seen = _look(notebook, world)
            notebook.shut_down()
        finally:
            browser.close()
            server.stop()
    return {
        "first_seconds": Figure(
            seen["first"], 1, "most", "25,000 images: seconds from running the cell to a screen of thumbnails"
        ),
        "blank_ms_rolling": Figure(seen["rolling"], 150, "most", "ms without any picture in sight, rolling"),
        "blank_ms_jumping": Figure(
            seen["jumping"],
            150,
            "most",
            "the same after a jump to a far place, the longest of 12 (names are there)",
        ),
        "blank_ms_jumping_median": Figure(seen["jumping_median"], 150, "most", "the same, the median of 12"),
        "cell_ms": Figure(
            seen["cell"],
            200,
            "most",
            "ms from a click on a heatmap cell to a screen of its contributors' pictures, median of 9 clicks",
        ),
        "cell_ms_worst": Figure(seen["cell_worst"], 200, "most", "the same, the slowest of 9 clicks"),
        "cell_ms_first": Figure(
            seen["cell_first"], 200, "most", "ms from the click to the first of its contributors' pictures, median"
        ),
        "megabytes": Figure(
            seen["megabytes"], 300, "most", "MB of the page with JupyterLab: heap, decoded pictures, canvases"
        ),
    }


def _look(notebook: NotebookPage, world: Path) -> dict[str, float]:
    page = notebook.page
    paths = {"images": str(world / "images"), "run": str(world / "run")}
    notebook.execute(SETUP.format(repository=str(Path(__file__).parents[1]), **paths))
    page.evaluate(f"() => {{ {SIGHT} }}")
    first = []
    for _ in range(DISPLAYS):
        notebook.clear()
        cell = notebook.add(SHOW.format(**paths))
        _activate(page, cell.id)
        first.append(page.evaluate(FIRST))
        cell.wait()
    # Rolling is timed once the run's tables are read, which is done while one looks at the first screen.
    page.wait_for_function(
        "() => [...document.querySelectorAll('.ec-tile[data-loaded]')].every(t => t.dataset.loaded > 0)"
    )
    scrolled = page.evaluate(SCROLL, {"speed": 2400, "seconds": 6, "jumps": 12})
    megabytes = _megabytes(page)
    notebook.clear()
    clicks = _clicks(notebook)
    return {
        "first": statistics.median(whole for _some, whole in first) / 1000,
        "rolling": scrolled["rolling"],
        "jumping": max(scrolled["jumped"]),
        "jumping_median": statistics.median(scrolled["jumped"]),
        "cell": statistics.median(whole for _named, _some, whole in clicks),
        "cell_worst": max(whole for _named, _some, whole in clicks),
        "cell_first": statistics.median(some for _named, some, _whole in clicks),
        "megabytes": max(megabytes, _megabytes(page)),
    }


def _activate(page: Page, cell_id: str) -> None:
    page.evaluate(
        """id => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.activeCellIndex = notebook.widgets.findIndex(widget => widget.model.id === id);
          notebook.deselectAll();
        }""",
        cell_id,
    )


def _clicks(notebook: NotebookPage) -> list[tuple[float, float, float]]:
    """Milliseconds to the contributors' names, to their first picture, and to a screen full of them."""
    output = notebook.run("explorer = emo.explore(run)\nexplorer").output
    output.get_by_test_id("cell").first.wait_for(timeout=30_000)
    notebook.wait_live()
    notebook.page.wait_for_timeout(1500)
    cells = notebook.value(
        "explorer.heatmap.association.cells().query('count >= 30').sort_values('count')"
        "[['object_class', 'label']].drop_duplicates('label').values.tolist()"
    )
    shown = output.get_by_test_id("cell").evaluate_all(
        "all => all.map(cell => [cell.dataset.class, cell.dataset.label])"
    )
    chosen = [cell for cell in cells if cell in shown][: CLICKS + 1]
    times = []
    for cell in chosen:
        times.append(tuple(notebook.page.evaluate(CLICK, cell)))
        notebook.page.wait_for_timeout(800)
    return times[1:]  # the first click warms everything up


def _megabytes(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics: Any = session.send("Performance.getMetrics")["metrics"]
    heap = next(each["value"] for each in metrics if each["name"] == "JSHeapUsedSize")
    return (heap + page.evaluate("() => window.emocamBytes()")) / 1e6


def make_world(folder: Path, images: int = IMAGES, files: int = FILES) -> None:
    """A folder of JPEG files and a run over them: eight boxes and one CAM per image."""
    rng = np.random.default_rng(0)
    ids = [f"{i // 1000:02d}/{i:05d}.jpg" for i in range(images)]
    for i, image_id in enumerate(ids):
        path = folder / "images" / image_id
        path.parent.mkdir(parents=True, exist_ok=True)
        if i < files:
            _draw(path, rng)
        else:
            os.link(folder / "images" / ids[i % files], path)
    labels = np.array(EMONET_LABELS, dtype=object)
    probabilities = rng.dirichlet(np.full(len(labels), 0.3), images).astype(np.float32)
    predicted = labels[probabilities.argmax(axis=1)]
    table = pd.DataFrame({"image_id": ids, "width": SIZE[0], "height": SIZE[1], "label": predicted})
    table["annotation"] = np.where(rng.random(images) < 0.7, predicted, labels[rng.integers(0, len(labels), images)])
    table["probabilities"] = list(probabilities)
    manifest = Manifest(
        corpus=CorpusInfo("folder", str(folder / "images"), "25,000 images", n_images=images),
        classifier=ClassifierInfo("random", "0"),
        labels=tuple(EMONET_LABELS),
        detectors=(DetectorInfo("random", "0", CLASSES),),
        methods=(MethodInfo("grad-cam"),),
    )
    with RunWriter(folder / "run", manifest) as writer:
        writer.write_part(
            {"images": table, "boxes": _boxes(ids, rng), "cams": _cams(ids, predicted, rng)}, detected={"random": ids}
        )
        writer.finish()


def _draw(path: Path, rng: np.random.Generator) -> None:
    colours = rng.integers(0, 255, (12, 3))
    image = Image.new("RGB", SIZE, tuple(int(v) for v in colours[0]))
    draw = ImageDraw.Draw(image)
    for colour in colours[1:]:
        x, y, w, h = rng.uniform((-50, -50, 30, 30), (SIZE[0], SIZE[1], 250, 250))
        draw.ellipse((x, y, x + w, y + h), fill=tuple(int(v) for v in colour))
    image.save(path, quality=85)


def _boxes(ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    count = len(ids) * BOXES
    size = rng.uniform(30, 200, (count, 2))
    corner = rng.uniform(0, 1, (count, 2)) * (np.array(SIZE) - size)
    boxes = pd.DataFrame(np.hstack([corner, corner + size]).astype(np.float32), columns=["x0", "y0", "x1", "y1"])
    boxes.insert(0, "image_id", np.repeat(np.array(ids, dtype=object), BOXES))
    boxes["object_class"] = np.array(CLASSES, dtype=object)[rng.integers(0, len(CLASSES), count)]
    return boxes.assign(detector="random", confidence=rng.uniform(0.1, 1, count).astype(np.float32), mask=None)


def _cams(ids: list[str], predicted: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    y, x = (np.mgrid[0:GRID, 0:GRID] + 0.5) / GRID
    hills = [np.exp(-((x - a) ** 2 + (y - b) ** 2) / 0.05) for a, b in rng.uniform(0, 1, (64, 2))]
    grids = [(hill / hill.max()).astype(np.float16).ravel() for hill in hills]
    cams = pd.DataFrame({"image_id": ids, "method": "grad-cam", "target": predicted, "output": "probabilities"})
    cams["grid"] = [grids[i % len(grids)] for i in range(len(ids))]
    return cams.assign(
        grid_height=GRID, grid_width=GRID, view_x0=0.0, view_y0=0.0, view_x1=float(SIZE[0]), view_y1=float(SIZE[1])
    )
