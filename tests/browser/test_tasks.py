"""What a researcher, a teacher, a photographer and an auditor do in the explorer: the short form of docs/tasks.md."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from emocam_widgets.demo import DATA
from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import stand_still

LINE = 'import emocam_widgets as emo; explorer = emo.explore("photos", emo.Worker("demo", "demo")); explorer'
SURPRISED = (13, 18, 47, 57, 65, 69, 96, 110)  # by the plants in them; what the strongest cell shows
OTHERS = (1, 2, 3, 4, 5, 6, 21, 23, 48, 53, 71, 104, 106, 149, 150, 200, 250, 300)
JOYFUL = "scene-104.webp"


@pytest.fixture(scope="module")
def photos(module_notebook: NotebookPage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of drawn scenes beside the notebook; what is kept of it is kept apart from the user's own."""
    folder = module_notebook.server.root / "photos"
    folder.mkdir()
    for number in (*SURPRISED, *OTHERS):
        shutil.copy(DATA / "corpus" / f"scene-{number:03d}.webp", folder)
    home = str(tmp_path_factory.mktemp("home"))
    module_notebook.execute(f"import os; os.environ['EMOCAM_HOME'] = {home!r}")
    return folder


@pytest.fixture
def explorer(notebook: NotebookPage, photos: Path) -> Iterator[Locator]:
    """The output of the one line that each of them types."""
    assert photos.is_dir()
    notebook.size(1366, 768)
    output = notebook.run(LINE, 120).output
    expect(output.get_by_test_id("explorer")).to_have_attribute("data-ready", "true", timeout=40_000)
    expect(output.get_by_test_id("thumb").first).to_be_visible()
    yield output
    assert notebook.page_errors == []
    notebook.execute("from emocam_widgets.widgets.memory import Memory; Memory.of(explorer.run.path).forget()")


def point(element: Locator, x: float = 0.5, y: float = 0.5) -> tuple[float, float]:
    """A point of an element, relative to its size, in the window."""
    box = element.bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(output: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = output.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move(*end, steps=8)
    mouse.up()


def open_image(output: Locator, image_id: str, part: str) -> Locator:
    """Double clicks an image that the search finds, and goes to a part of the explorer."""
    output.get_by_test_id("browser").get_by_placeholder("Search").fill(image_id)
    expect(output.get_by_test_id("thumb")).to_have_count(1)
    output.get_by_test_id("thumb").dblclick()
    output.get_by_test_id(f"tab-{part}").click()
    page = output.get_by_test_id(f"page-{part}")
    expect(page).to_be_visible()
    return page


def saved(output: Locator, button: Locator) -> bytes:
    """What a button saves."""
    with output.page.expect_download() as download:
        button.click()
    return Path(download.value.path()).read_bytes()


def test_a_researcher_goes_from_a_cell_to_its_images_methods_and_figures(explorer: Locator) -> None:
    explorer.get_by_test_id("strongest-hint").click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Plant in Surprise: ")
    explorer.get_by_test_id("thumb").first.dblclick()
    explorer.get_by_test_id("tab-methods").click()
    methods = explorer.get_by_test_id("methods")
    expect(methods).to_have_attribute("data-settled", "true", timeout=40_000)
    assert methods.get_by_test_id("tile").count() > 5
    methods.get_by_test_id("method-canvas").first.hover()
    explorer.get_by_test_id("fold-detail").click()
    explorer.get_by_test_id("more").click()
    svg = saved(explorer, explorer.get_by_test_id("export-svg"))
    assert b"<svg" in svg and b"Surprise" in svg and b"synthetic" in svg
    table = list(csv.reader(io.StringIO(saved(explorer, explorer.get_by_test_id("export-csv")).decode())))
    plant = dict(zip(table[0], next(row for row in table if row[0] == "Plant"), strict=True))
    assert float(plant["Surprise"]) > 0.5 > float(plant["Joy"] or 0)


def test_a_teacher_flips_a_label_sweeps_and_lets_the_class_commit(explorer: Locator) -> None:
    editor = open_image(explorer, JOYFUL, "edit")
    headline, stage = editor.get_by_test_id("headline"), editor.get_by_test_id("stage")
    expect(headline).to_contain_text("Joy 48")
    stand_still(stage)
    drag(explorer, point(editor.locator('[data-sprite="rugby ball"]')), point(stage, 0.3, 0.65))
    expect(headline).to_contain_text("Excitement")
    expect(editor.get_by_test_id("control")).to_contain_text("As grey silhouette: Joy")
    editor.get_by_test_id("panel-sweep").click()
    expect(editor.get_by_test_id("sweep-target").locator("option:checked")).to_have_text("Excitement")
    editor.get_by_test_id("sweep-grid").select_option("0")
    editor.get_by_test_id("sweep-go").click()
    expect(editor.get_by_test_id("sweep-best")).to_contain_text("Highest: ", timeout=60_000)
    editor.get_by_test_id("undo").click()
    expect(headline).to_have_text("Joy 48.3 %")

    explorer.get_by_test_id("tab-lime").click()
    lime = explorer.get_by_test_id("page-lime")
    lime.get_by_test_id("commit-first").click()
    expect(lime.get_by_test_id("region").first).to_be_visible(timeout=40_000)
    canvas = lime.get_by_test_id("lime-canvas")
    stand_still(canvas)
    explorer.page.mouse.click(*point(canvas, 0.5, 0.35))
    lime.get_by_test_id("mark-against").click()
    explorer.page.mouse.click(*point(canvas, 0.42, 0.9))
    expect(lime.get_by_test_id("commit")).to_contain_text("2 regions marked")
    lime.get_by_test_id("lock").click()
    expect(lime.get_by_test_id("agreement")).to_contain_text("of what speaks for it lies", timeout=30_000)


def test_a_photographer_labels_notes_changes_and_takes_the_picture_home(explorer: Locator, photos: Path) -> None:
    ids = []
    for place, key in enumerate("138"):
        thumb = explorer.get_by_test_id("thumb").nth(place)
        ids.append(thumb.get_attribute("data-image-id"))
        thumb.click()
        explorer.page.keyboard.press(key)
        expect(thumb).to_contain_text(("Adoration", "Amusement", "Craving")[place])
    with (photos / "emocam-annotations.csv").open(encoding="utf-8") as stream:
        assert {row["image_id"]: row["label"] for row in csv.DictReader(stream)} == dict(
            zip(ids, ("Adoration", "Amusement", "Craving"), strict=True)
        )

    lime = open_image(explorer, JOYFUL, "lime")
    lime.get_by_test_id("note").fill("The warm colours speak for joy.")
    expect(lime.get_by_test_id("note-place")).to_have_text(re.compile(r"^saved in .*emocam-notes\.csv$"))
    assert "The warm colours speak for joy." in (photos / "emocam-notes.csv").read_text(encoding="utf-8")

    explorer.get_by_test_id("tab-edit").click()
    editor = explorer.get_by_test_id("page-edit")
    expect(editor.get_by_test_id("headline")).to_contain_text("Joy 48")
    editor.get_by_test_id("panel-regions").click()
    editor.get_by_test_id("region-box").click()
    stage = editor.get_by_test_id("stage")
    stand_still(stage)
    drag(explorer, point(stage, 0.2, 0.05), point(stage, 0.8, 0.95))
    expect(editor.get_by_test_id("headline")).to_contain_text("→")
    expect(editor.get_by_test_id("region-edit")).to_contain_text("Grey out: box")
    editor.get_by_test_id("region-kind").select_option("brighten")
    expect(editor.get_by_test_id("region-edit")).to_contain_text("Brighter: box, 50 %")
    editor.get_by_test_id("export-menu").click()
    picture = Image.open(io.BytesIO(saved(explorer, editor.get_by_test_id("export"))))
    with Image.open(photos / JOYFUL) as before:
        assert picture.size == before.size
        assert np.asarray(picture.convert("L")).mean() > np.asarray(before.convert("L")).mean() + 10


def test_an_auditor_proves_an_association_and_hands_over_a_report(
    explorer: Locator, notebook: NotebookPage, tmp_path: Path
) -> None:
    explorer.get_by_test_id("strongest-hint").click()
    info = explorer.get_by_test_id("heatmap-info")
    expect(info).to_contain_text("labelled Surprise")
    expect(info).to_contain_text("significantly more (q = 0.002)")
    explorer.get_by_test_id("try").click()
    expect(explorer.get_by_test_id("try-headline")).to_contain_text("switched", timeout=30_000)
    expect(explorer.get_by_test_id("try-panel")).to_contain_text("Its grey silhouette at the same place: ")
    explorer.get_by_test_id("tried").first.click()
    expect(explorer.get_by_test_id("page-edit").get_by_test_id("control")).to_contain_text("As grey silhouette")

    with notebook.page.expect_download(timeout=60_000) as download:
        explorer.get_by_test_id("report").click()
    download.value.save_as(tmp_path / "report.html")
    browser = notebook.page.context.browser
    assert browser is not None
    context = browser.new_context(offline=True)
    try:
        report = context.new_page()
        report.goto((tmp_path / "report.html").as_uri())
        cell = report.locator('[data-testid="cell"][data-class="Sports equipment"][data-label="Excitement"]')
        count = int(str(cell.get_attribute("data-count")))
        cell.click()
        expect(report.get_by_test_id("breadcrumb")).to_contain_text(f"Sports equipment in Excitement: {count} of ")
        expect(report.get_by_test_id("thumb").first).to_be_visible()
    finally:
        context.close()
