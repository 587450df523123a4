"""A report opened from disk in Chromium, with the network cut off: its numbers and pictures against the run's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from emocam_widgets import ImageBrowser, demo, export_report, open_run
from emocam_widgets.analysis.selection import selection
from emocam_widgets.analysis.significance import marks
from emocam_widgets.run import Run
from tests.browser.axe import violations
from tests.browser.scrolling import images_of
from tests.reports import OTHER, size_with_half_the_pictures, two_methods

CELL = ("Sports equipment", "Excitement")
CHANGED = """async (el, before) => {
  const pixels = async (url) => {
    const canvas = new OffscreenCanvas(el.width, el.height), context = canvas.getContext('2d');
    const image = new Image();
    image.src = url;
    await image.decode();
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, el.width, el.height).data;
  };
  const [one, other] = [await pixels(before), await pixels(el.toDataURL())];
  let changed = 0;
  for (let i = 0; i < one.length; i += 4) {
    if (Math.abs(one[i] - other[i]) + Math.abs(one[i + 1] - other[i + 1]) > 24) changed++;
  }
  return changed / (one.length / 4);
}"""
"""The share of a canvas's pixels that are visibly other than in an earlier picture of it."""
PICTURE = """async el => {
  for (let frame = 0; frame < 2; frame++) await new Promise(done => requestAnimationFrame(done));
  return el.toDataURL();
}"""
"""What a canvas shows once two more frames are painted."""
WINDOW: ViewportSize = {"width": 1366, "height": 900}


@dataclass
class OpenReport:
    """A page that shows a report, and everything that it complained of or asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, file: Path) -> OpenReport:
        self.page.goto(file.as_uri())
        expect(self.page.get_by_test_id("browser")).to_have_attribute("data-ready", "true")
        return self

    def get(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    def cell(self, object_class: str, label: str) -> Locator:
        return self.page.locator(f'[data-testid="cell"][data-class="{object_class}"][data-label="{label}"]')

    def counts(self) -> dict[tuple[str, str], int]:
        """What the heatmap's cells count, by object class and label."""
        cells = self.get("cell").evaluate_all("cells => cells.map(cell => ({...cell.dataset}))")
        return {(cell["class"], cell["label"]): int(cell["count"]) for cell in cells}

    def marked(self) -> dict[tuple[str, str], int]:
        """Which cells are marked as counting more (1) or less (-1) often than under the other labels."""
        cells = self.get("cell").evaluate_all(
            """cells => cells.map(cell => ({...cell.dataset, sign: {more: 1, less: -1}[cell.dataset.mark] ?? 0}))"""
        )
        return {(cell["class"], cell["label"]): cell["sign"] for cell in cells if cell["sign"]}

    def shown(self) -> list[str]:
        """The ids of the images in the grid, all of them: it holds few enough to be scrolled through."""
        return images_of(self.get("grid"))

    def set_threshold(self, value: float) -> None:
        self.get("threshold").evaluate(
            """(el, value) => {
              el.value = value;
              for (const type of ['input', 'change']) el.dispatchEvent(new Event(type, {bubbles: true}));
            }""",
            str(value),
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return two_methods(tmp_path_factory.mktemp("world"), 60)


@pytest.fixture(scope="module")
def file(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_report(run, tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture
def report(chromium: Browser) -> Iterator[OpenReport]:
    """An empty page without network, which must stay without complaints and requests."""
    context = chromium.new_context(viewport=WINDOW, offline=True)
    opened = OpenReport(context.new_page())
    yield opened
    assert opened.complaints == []
    assert all(url.startswith(("file://", "blob:", "data:")) for url in opened.requests)
    assert len([url for url in opened.requests if url.startswith("file://")]) <= 2
    context.close()


def expect_counts(report: OpenReport, run: Run, method: str, score: str, threshold: float, by: str) -> None:
    association = run.association(method, score, threshold, by=by)
    counting = {
        (name, label): int(association.counts.loc[name, label])
        for name in association.top(25).index
        for label in association.labels
    }
    for _ in range(400):
        if report.counts() == counting:
            return
        report.page.wait_for_timeout(50)
    assert report.counts() == counting


def way(top: pd.DataFrame, order: list[str]) -> float:
    """How far neighbours are from each other in an order of rows, together."""
    rows = top.loc[order].to_numpy()
    return float(np.linalg.norm(np.diff(rows, axis=0), axis=1).sum())


def test_numbers_are_the_runs_own(report: OpenReport, run: Run, file: Path) -> None:
    report.open(file)
    expect_counts(report, run, "grad-cam", "mean", 0.3, "prediction")
    for threshold in (0.0, 0.07, 0.29, 0.5, 0.91):
        report.set_threshold(threshold)
        expect_counts(report, run, "grad-cam", "mean", threshold, "prediction")
    report.set_threshold(0.2)
    report.get("method").select_option(OTHER)
    expect_counts(report, run, OTHER, "mean", 0.2, "prediction")
    report.get("by").select_option("annotation")
    expect_counts(report, run, OTHER, "mean", 0.2, "annotation")
    report.get("score").select_option("maximum")
    report.set_threshold(0.6)
    expect_counts(report, run, OTHER, "maximum", 0.6, "annotation")


def test_heatmap_marks_orders_and_compares_as_python_does(report: OpenReport, run: Run, file: Path) -> None:
    report.open(file)
    association = run.association()
    sign = marks(association).sign
    expected = {
        (association.classes[row], association.labels[column]): int(sign[row, column])
        for row, column in zip(*np.nonzero(sign), strict=True)
    }
    expect(report.get("heatmap-widget")).to_have_attribute("data-marked", "true")
    assert expected and report.marked() == expected
    names = report.get("row-head").evaluate_all
    classes = "heads => heads.map(head => head.dataset.class)"
    assert names(classes) == list(association.top(25).index)
    report.get("order").select_option("alphabet")
    expect(report.get("row-head").first).to_have_attribute("data-class", min(association.top(25).index))
    report.get("order").select_option("clusters")
    expect(report.get("heatmap-widget")).to_have_attribute("data-settled", "true")
    top = association.top(25)
    clustered = [association.classes[row] for row in selection(association, 25, "clusters").rows]
    shown = names(classes)
    assert sorted(shown) == sorted(clustered) and way(top, shown) <= way(top, clustered) + 1e-9
    report.get("search").first.fill("human")
    expect(report.get("row-head")).to_have_count(1)
    report.get("search").first.fill("")
    report.get("more").click()
    report.get("compare").first.select_option(OTHER)
    report.get("measure").select_option("count")
    difference = association.counts - run.association(OTHER).counts
    row, column = (int(place) for place in np.unravel_index(difference.to_numpy().argmax(), difference.shape))
    most = difference.to_numpy()[row, column]
    expect(report.cell(difference.index[row], difference.columns[column])).to_have_attribute("data-text", f"+{most}")


def test_images_are_filtered_and_sorted_as_python_does(report: OpenReport, run: Run, file: Path) -> None:
    report.open(file)
    report.get("sort").select_option("importance")
    python = ImageBrowser(run, sort="importance")
    expect(report.get("thumb").first).to_have_attribute("data-image-id", python.image_ids[0])
    assert report.shown() == python.image_ids
    report.get("sort-direction").click()
    python.sort_reverse = True
    expect(report.get("thumb").first).to_have_attribute("data-image-id", python.image_ids[0])
    assert report.shown() == python.image_ids
    report.page.get_by_label("search names and labels").fill("1 joy")
    python.text = "1 joy"
    expect(report.get("breadcrumb")).to_have_attribute("data-count", str(len(python.image_ids)))
    assert report.shown() == python.image_ids


def test_cell_shows_its_contributors(report: OpenReport, run: Run, file: Path) -> None:
    report.open(file)
    report.cell(*CELL).click()
    contributors = run.association().contributors(*CELL)
    expect(report.get("breadcrumb")).to_have_attribute("data-count", str(len(contributors)))
    assert report.shown() == contributors
    report.set_threshold(0.6)
    fewer = run.association(threshold=0.6).contributors(*CELL)
    assert 0 < len(fewer) < len(contributors)
    expect(report.get("breadcrumb")).to_have_attribute("data-count", str(len(fewer)))
    assert report.shown() == fewer
    report.page.keyboard.press("Escape")
    expect(report.get("breadcrumb")).to_have_attribute("data-count", str(len(run)))


def at_rest(canvas: Locator, before: str = "") -> str:
    """A picture of what a canvas shows, once it is another than before and nothing of it changes any more."""
    seen = before
    for _ in range(400):
        now = str(canvas.evaluate(PICTURE))
        if now == seen != before:
            return now
        seen = now
        canvas.page.wait_for_timeout(50)
    raise AssertionError("the canvas shows what it showed before" if seen == before else "the canvas does not rest")


def test_large_image_has_boxes_and_map(report: OpenReport, run: Run, file: Path) -> None:
    report.open(file)
    image_id = run.association().contributors(*CELL)[0]
    report.get("grid").locator(f'[data-image-id="{image_id}"]').dblclick()
    look = report.get("look")
    expect(look).to_have_attribute("data-loaded", "true")
    expect(report.get("look-label")).to_have_text(str(run.image(image_id)["label"]))
    sure = f"{100 * run.probabilities[run.position(image_id)].max():.1f} %"
    expect(look).to_contain_text(sure)
    canvas = look.locator("canvas").first
    plain = at_rest(canvas)
    report.get("toggle-boxes").click()
    boxed = at_rest(canvas, plain)
    report.get("toggle-cam").click()
    mapped = at_rest(canvas, boxed)
    assert mapped != plain
    changed = canvas.evaluate(CHANGED, boxed)
    assert changed > 0.05  # of all pixels
    expect(report.get("cam-note")).to_contain_text("cells, smoothly scaled")


def test_report_of_part_of_a_run_says_so(report: OpenReport, run: Run, file: Path, tmp_path: Path) -> None:
    small = export_report(run, tmp_path / "small.html", max_mb=size_with_half_the_pictures(file) / 1e6)
    report.open(small)
    expect(report.get("notes")).to_contain_text(f"of {len(run)} images; all counts are of the whole run.")
    expect(report.get("breadcrumb")).to_have_attribute("data-count", str(len(run)))
    expect_counts(report, run, "grad-cam", "mean", 0.3, "prediction")
    listed = report.shown()
    assert 0 < len(listed) < len(run)
    expect(report.get("pictured")).to_contain_text(f"{len(listed)} of these {len(run)}")
    report.get("only-pictures").uncheck()
    expect(report.get("grid")).to_contain_text(re.compile(r"Left out: 0\.\d+ MB limit"))
    expect(report.get("grid").locator('[data-place="0"]')).to_have_attribute("data-image-id", run.images["image_id"][0])
    assert report.shown() == run.images["image_id"].tolist()


def test_axe_finds_nothing_serious(report: OpenReport, file: Path, run: Run, tmp_path: Path) -> None:
    """As opened, with a cell and an image open, with its help, and with tiles that have no picture."""
    report.open(file)
    body = report.page.locator("body")
    found = {"light, nothing open": violations(body)}
    report.cell(*CELL).click()
    expect(report.get("breadcrumb")).to_contain_text(f"{CELL[0]} in {CELL[1]}")
    report.get("thumb").first.dblclick()
    expect(report.get("look")).to_have_attribute("data-loaded", "true")
    found["light, image"] = violations(body)
    report.page.get_by_role("button", name="Help and keys").click()
    found["light, help"] = violations(body)
    report.get("theme").select_option("dark")
    found["dark, help"] = violations(body, "color-contrast")
    report.get("close-help").click()
    found["dark, image"] = violations(body, "color-contrast")
    report.open(export_report(run, tmp_path / "small.html", max_mb=size_with_half_the_pictures(file) / 1e6))
    report.get("only-pictures").uncheck()
    expect(report.get("grid")).to_contain_text("Left out")
    found["no pictures"] = violations(body, "color-contrast")
    assert not any(found.values()), "\n".join(f"{where}: {each}" for where, all_ in found.items() for each in all_)


def test_theme_print_and_no_script(report: OpenReport, chromium: Browser, file: Path) -> None:
    report.open(file)
    body = report.page.locator("body")
    light = str(body.evaluate("el => getComputedStyle(el).backgroundColor"))
    report.get("theme").select_option("dark")
    expect(body).not_to_have_css("background-color", light)
    report.page.emulate_media(media="print")
    expect(report.get("explorer")).to_be_hidden()
    expect(report.page.get_by_role("heading", name="Strongest associations")).to_be_visible()
    without = chromium.new_context(java_script_enabled=False, offline=True)
    page = without.new_page()
    page.goto(file.as_uri())
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    without.close()


def test_demo_run_fits_into_fifteen_megabytes(report: OpenReport, tmp_path: Path) -> None:
    run = open_run(demo.run_path())
    file = export_report(run, tmp_path / "demo.html")
    assert file.stat().st_size <= 15_000_000
    report.open(file)
    expect_counts(report, run, run.methods[0], "mean", 0.3, "prediction")
    expect(report.get("notes")).not_to_contain_text("Shows")
    hint = report.get("strongest-hint")
    strong = run.association().strong().iloc[0]
    expect(hint).to_contain_text(f"{strong['object_class']} is highlighted in {100 * strong['fraction']:.0f} %")
    hint.click()
    contributors = run.association().contributors(strong["object_class"], strong["label"])
    expect(report.get("breadcrumb")).to_have_attribute("data-count", str(len(contributors)))
    expect(report.get("thumb").first).to_have_attribute("data-image-id", contributors[0])
