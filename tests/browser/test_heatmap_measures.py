"""The heatmap in JupyterLab over 100 classes and 20 labels: measures, orders and marks by the tables; readable."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage
from tests.browser.test_heatmap import becomes, rows

REPOSITORY = Path(__file__).parents[2]
SETUP = f"""
import sys, tempfile
sys.path.insert(0, {str(REPOSITORY)!r})
from pathlib import Path
import numpy as np, pandas as pd
import emocam_widgets as emo
from emocam_widgets.analysis.rollup import open_images_parents
from emocam_widgets.analysis.significance import marks
from emocam_widgets.labels import EMONET_LABELS
from emocam_widgets.run import ClassifierInfo, CorpusInfo, DetectorInfo, Manifest, MethodInfo, RunWriter, open_run
LABELS, SIZE = EMONET_LABELS, 320
CLASSES = tuple(sorted(open_images_parents(), key=lambda name: (-len(name), name))[:100])  # the longest names
assert len(LABELS) == 20
"""
# Every label has classes of its own, which its images show and their maps highlight more often.
WORLD = """
def leaves(frame):
    from scipy.cluster.hierarchy import leaves_list, linkage
    return [frame.index[i] for i in leaves_list(linkage(frame, "ward", optimal_ordering=True))]
def world(name, seed, n=900):
    rng = np.random.default_rng(seed)
    ids = [f"{i:04d}.jpg" for i in range(n)]
    label = np.arange(n) % 20
    annotated = np.where(rng.random(n) < 0.7, label, rng.integers(0, 20, n))
    images = pd.DataFrame({"image_id": ids, "width": SIZE, "height": SIZE, "label": [LABELS[i] for i in label],
        "annotation": [LABELS[i] for i in annotated], "probabilities": list(np.eye(20, dtype=np.float32)[label]),
        "valence": None, "arousal": None})
    boxes, cams = [], []
    for i, image_id in enumerate(ids):
        own = label[i] + 20 * rng.integers(0, 5, 2)
        found = np.concatenate([own, rng.integers(0, 100, 8)])
        corners = rng.uniform(0, 0.7, (len(found), 2)) * SIZE
        for number, (c, (x, y)) in enumerate(zip(found, corners)):
            boxes.append({"image_id": image_id, "detector": "drawn", "mask": None, "object_class": CLASSES[c],
                "confidence": float(rng.uniform(0.3, 1)), "x0": x, "y0": y, "x1": x + 60, "y1": y + 60})
        grid = 0.3 * rng.random((5, 5))
        for x, y in corners[:2]:
            grid[int((y + 30) / 64), int((x + 30) / 64)] = 1
        cams.append({"image_id": image_id, "method": "grad-cam", "target": LABELS[label[i]], "output": "probabilities",
            "grid": grid.astype(np.float16).ravel(), "grid_height": 5, "grid_width": 5,
            "view_x0": 0.0, "view_y0": 0.0, "view_x1": float(SIZE), "view_y1": float(SIZE)})
    path = Path(tempfile.mkdtemp()) / "run"
    manifest = Manifest(corpus=CorpusInfo("folder", str(path.parent), name, synthetic=True, n_images=n),
        classifier=ClassifierInfo("drawn", "0", synthetic=True), labels=LABELS,
        detectors=(DetectorInfo("drawn", "0", CLASSES),), methods=(MethodInfo("grad-cam"),))
    with RunWriter(path, manifest) as writer:
        writer.write_part({"images": images, "boxes": pd.DataFrame(boxes), "cams": pd.DataFrame(cams)},
            detected={"drawn": ids})
        writer.finish()
    return open_run(path)
run, second = world("first", 1), world("second", 2)
"""
TEXTS = "cells => cells.map(({dataset}) => [dataset.class, dataset.label, dataset.text])"
MARKED = "cells => cells.filter(c => c.dataset.mark).map(c => [c.dataset.class, c.dataset.label])"
Texts = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with two runs of 100 classes and 20 labels in its kernel."""
    module_notebook.execute(SETUP + WORLD)
    return module_notebook


def show(notebook: NotebookPage, arguments: str = "") -> Locator:
    output = notebook.run(f"hm = emo.AssociationHeatmap(run, {arguments}); hm").output
    expect(output.get_by_test_id("cell").first).to_be_visible()
    expect(output.get_by_test_id("heatmap-widget")).to_have_attribute("data-settled", "true", timeout=15_000)
    return output


def share(value: float) -> str:
    rounded = math.floor(100 * value + 0.5)
    return str(rounded) if rounded else ""


def lift(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value else "0"


def signed(write: Callable[[float], str]) -> Callable[[float], str]:
    """As differences are written, nothing where it would read as nothing."""

    def text(value: float) -> str:
        size = write(abs(value))
        return ("+" if value > 0 else "\N{MINUS SIGN}") + size if any(digit in size for digit in "123456789") else ""

    return text


WRITTEN: dict[str, tuple[str, Callable[[float], str]]] = {
    "fraction": ("fractions", share),
    "count": ("counts", lambda value: str(round(value)) if value else ""),
    "lift": ("lift", lift),
    "presence": ("given_presence", lambda value: "" if math.isnan(value) else share(value)),
}


def expect_cells(notebook: NotebookPage, output: Locator, frame: str, write: Callable[[float], str]) -> None:
    """Every cell that exists says what the frame holds; there are at least 100."""
    table: dict[str, dict[str, float]] = notebook.value(f"{frame}.astype(float).to_dict('index')")

    def agree() -> bool:
        shown = output.get_by_test_id("cell").evaluate_all(TEXTS)
        return len(shown) >= 100 and all(write(table[row][column]) == text for row, column, text in shown)

    notebook.wait_for(agree, 15, f"the cells to say what {frame} says")


def columns(output: Locator) -> list[str]:
    names: list[str] = output.get_by_test_id("column-head").evaluate_all("heads => heads.map(h => h.dataset.label)")
    return names


@pytest.mark.usefixtures("prepared")
def test_measures_top_orders_and_marks_are_those_of_the_tables(notebook: NotebookPage) -> None:
    output = show(notebook)
    for measure, (name, write) in WRITTEN.items():
        output.get_by_test_id("measure").select_option(measure)
        becomes(notebook, "hm.measure", measure)
        expect_cells(notebook, output, f"run.association().{name}", write)
    output.get_by_test_id("measure").select_option("fraction")
    greatest = "run.association().fractions.mean(axis=1).sort_values(ascending=False, kind='stable').index.tolist()"
    assert rows(output) == notebook.value(f"{greatest}[:25]")
    output.get_by_test_id("top").select_option("10")
    becomes(notebook, "hm.top", 10)
    ten = notebook.value(f"{greatest}[:10]")
    notebook.wait_for(lambda: rows(output) == ten, 15, "the ten greatest classes")

    output.get_by_test_id("top").select_option("25")
    output.get_by_test_id("order").select_option("clusters")
    becomes(notebook, "[hm.top, hm.order]", [25, "clusters"])
    part = f"run.association().fractions.loc[{greatest}[:25]]"
    alike, across = notebook.value(f"leaves({part})"), notebook.value(f"leaves({part}.T)")
    notebook.wait_for(lambda: rows(output) == alike, 15, "alike classes to stand together")
    assert columns(output) == across != notebook.value("list(LABELS)")
    expect_cells(notebook, output, "run.association().fractions", share)

    output.get_by_test_id("order").select_option("hierarchy")
    becomes(notebook, "hm.order", "hierarchy")
    notebook.wait_for(lambda: columns(output) == notebook.value("list(LABELS)"), 15, "the labels in their own order")
    kinds: dict[str, list[str]] = notebook.value("{name: list(given) for name, given in open_images_parents().items()}")

    def path(name: str) -> list[str]:
        return [*path(kinds[name][0]), name] if kinds.get(name) else [name]

    assert rows(output) == sorted(rows(output), key=path) and set(rows(output)) == set(alike)

    sign = "(lambda m, a: [[a.classes[i], a.labels[j]] for i, j in zip(*m.sign.nonzero())])"
    every = notebook.value(f"{sign}(marks(run.association(), 0.05), run.association())")
    expected = sorted(pair for pair in every if pair[0] in rows(output))
    marked: Callable[[], Any] = lambda: sorted(output.get_by_test_id("cell").evaluate_all(MARKED))  # noqa: E731
    assert len(expected) > 10
    notebook.wait_for(lambda: marked() == expected, 15, "the marks")
    output.get_by_test_id("more").click()
    output.get_by_test_id("marks").uncheck()
    becomes(notebook, "hm.marks", False)
    notebook.wait_for(lambda: marked() == [], 15, "the marks to go")
    expect(output.get_by_test_id("marks-key")).to_be_hidden()
    output.get_by_test_id("marks").check()
    notebook.wait_for(lambda: marked() == expected, 15, "the marks to come back")

    output.get_by_test_id("by").select_option("annotation")
    becomes(notebook, "hm.by", "annotation")
    expect_cells(notebook, output, "run.association(by='annotation').fractions", share)
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_another_run_is_subtracted_in_every_measure(notebook: NotebookPage) -> None:
    output = show(notebook, "other=second")
    assert notebook.value("hm.compare") == "other"
    whole = signed(lambda value: f"{100 * value:.0f}")
    writes = {"fraction": whole, "count": signed(lambda value: f"{value:.0f}"), "lift": signed(lift)}
    for measure, write in writes.items():
        output.get_by_test_id("measure").select_option(measure)
        becomes(notebook, "hm.measure", measure)
        name = WRITTEN[measure][0]
        expect_cells(notebook, output, f"(run.association().{name} - second.association().{name})", write)
    output.get_by_test_id("measure").select_option("fraction")
    cell = output.get_by_test_id("cell").first
    cell.hover()
    row, column = (str(cell.get_attribute(f"data-{name}")) for name in ("class", "label"))
    other = notebook.value(f"int(second.association().counts.loc[{row!r}, {column!r}])")
    expect(output.get_by_test_id("hover-info")).to_contain_text(f"{other} of 45")
    expect(output.get_by_test_id("hover-info")).to_contain_text("by second (other run)")
    output.get_by_test_id("more").click()
    output.get_by_test_id("compare").select_option("")
    becomes(notebook, "hm.compare", None)
    expect_cells(notebook, output, "run.association().fractions", share)
    assert notebook.page_errors == []


# What is written and cannot be read: too small, over the edge of its cell, or cut off without a sign that it is.
UNREADABLE = """root => {
  const small = (el) => parseFloat(getComputedStyle(el).fontSize) < 12;
  const found = [];
  const ruler = document.createElement('canvas').getContext('2d');
  ruler.font = `12px ${getComputedStyle(root).fontFamily}`; // as it is drawn, figures a little closer
  for (const {dataset, offsetWidth, offsetHeight} of root.querySelectorAll('[data-testid=cell]')) {
    const least = {width: ruler.measureText(dataset.text).width - 5, height: 14};
    if (dataset.text && (least.width > offsetWidth || least.height > offsetHeight)) found.push(`cell ${dataset.text}`);
  }
  const names = [...root.querySelectorAll('[data-testid=row-head]'),
    ...root.querySelectorAll('[data-testid=column-head] > span')];
  for (const name of names) {
    const style = getComputedStyle(name), cut = name.scrollWidth > name.clientWidth;
    if (small(name) || (cut && name.clientWidth < 40)) found.push(`small ${name.textContent}`);
    if (cut && (style.textOverflow !== 'ellipsis' || style.overflowX === 'visible')) found.push(name.textContent);
  }
  return found;
}"""


@pytest.mark.usefixtures("prepared")
def test_hundred_by_twenty_stays_readable(notebook: NotebookPage) -> None:
    output = show(notebook)
    output.get_by_test_id("top").select_option("all")
    becomes(notebook, "hm.top", None)
    scroll = output.get_by_test_id("heatmap")
    grid = output.get_by_role("grid")
    count = notebook.value("len(hm.shown.classes)")
    assert count == 100
    expect(grid).to_have_attribute("aria-rowcount", "101")
    for width in (1920, 1366, 1000, 640):
        notebook.size(width, 900)
        notebook.page.wait_for_timeout(300)  # a ResizeObserver lays it out
        seen: set[str] = set()
        for top in (0, 500, 1000, 1500):
            scroll.evaluate("(el, top) => { el.scrollTop = top; }", top)
            notebook.page.wait_for_timeout(100)
            assert output.get_by_test_id("heatmap-widget").evaluate(UNREADABLE) == [], f"{width} px wide"
            seen |= set(rows(output))
        assert len(seen) == 100
    notebook.size(1366, 900)
    written = lambda: output.get_by_test_id("cell").evaluate_all(TEXTS)  # noqa: E731
    notebook.wait_for(lambda: any(text for *_, text in written()), 15, "numbers in wide cells")
    output.get_by_test_id("more").click()
    output.get_by_test_id("cell-size").fill("13")  # too low to write in
    expect(output.get_by_test_id("cell").first).to_have_css("height", "13px")
    notebook.wait_for(lambda: not any(text for *_, text in written()), 15, "no numbers in low cells")
    name = output.get_by_test_id("row-head").last
    assert name.get_attribute("title") == name.get_attribute("data-class")
    notebook.page.keyboard.press("Escape")
    assert notebook.page_errors == []
