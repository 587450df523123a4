"""Text from files is never markup: an <img onerror> as the name of a file, label, class, sprite or run, or a note."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from emocam_widgets.run import ClassifierInfo, CorpusInfo, DetectorInfo, Manifest, MethodInfo, RunWriter
from tests.browser.notebook import NotebookPage

REPOSITORY = Path(__file__).parents[2]
SIDE = 96
GRID = 7
LOADED = 60_000


def evil(what: str) -> str:
    """Markup that would be noticed, with a word to find it by."""
    return f"{what}<img src=x onerror=window.emocamPwned=1>"


LABELS = (evil("joy"), evil("fear"), "Calm")
CLASSES = (evil("Ball"), "Plant")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of twelve images in which everything that has a name has a bad one."""
    folder = tmp_path_factory.mktemp("world")
    rng = np.random.default_rng(3)
    images: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    cams: list[dict[str, Any]] = []
    (folder / "images").mkdir()
    for i in range(12):
        image_id, label = f"{evil(f'picture{i:02d}')}.png", LABELS[i % 3]
        Image.fromarray(rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)).save(folder / "images" / image_id)
        probabilities = np.full(3, 0.1, np.float32)
        probabilities[i % 3] = 0.8
        row = {"image_id": image_id, "width": SIDE, "height": SIDE, "label": label, "annotation": LABELS[(i + 1) % 3]}
        images.append({**row, "probabilities": probabilities, "valence": None, "arousal": None})
        corners = {"x0": 10.0, "y0": 10.0, "x1": 60.0, "y1": 60.0}
        boxes += [
            {
                "image_id": image_id,
                "detector": evil("detector"),
                "object_class": name,
                "confidence": 0.9,
                **corners,
                "mask": None,
            }
            for name in CLASSES
        ]
        shape = {"grid_height": GRID, "grid_width": GRID}
        view = {"view_x0": 0.0, "view_y0": 0.0, "view_x1": float(SIDE), "view_y1": float(SIDE)}
        grid = np.ones(GRID * GRID, np.float16)
        cams.append(
            {
                "image_id": image_id,
                "method": "grad-cam",
                "target": label,
                "output": "probabilities",
                "grid": grid,
                **shape,
                **view,
            }
        )
    manifest = Manifest(
        corpus=CorpusInfo("folder", str(folder / "images"), evil("corpus"), synthetic=True, n_images=12),
        classifier=ClassifierInfo(evil("classifier"), "0", synthetic=True),
        labels=LABELS,
        detectors=(DetectorInfo(evil("detector"), "0", CLASSES),),
        methods=(MethodInfo("grad-cam"),),
    )
    with RunWriter(folder / "run", manifest) as writer:
        tables = {"images": pd.DataFrame(images), "boxes": pd.DataFrame(boxes), "cams": pd.DataFrame(cams)}
        writer.write_part(tables, detected={evil("detector"): [str(row["image_id"]) for row in images]})
        writer.finish()
    return folder


SETUP = """
import sys
sys.path.insert(0, {repository!r})
import emocam_widgets as emo
from PIL import Image
from tests.tiny_models import scene_net
run = emo.open_run({run!r}, corpus=emo.Corpus.from_folder({images!r}))
net = emo.wrap_classifier(scene_net(len(run.labels)), run.labels, name={name!r}, synthetic=True)
worker = emo.Worker(net)
first = run.images.image_id.iloc[0]
sprites = {{{sprite!r}: Image.new("RGBA", (40, 40), "red")}}
"""


def assert_only_text(page: Page) -> None:
    """No element came of any name, and nothing ran."""
    assert page.locator("img[src=x], [onerror]").count() == 0
    assert page.evaluate("() => window.emocamPwned") is None


def shows(where: Locator, what: str) -> None:
    """The name stands there as it is written in the file, to be read or as the name of an element."""
    wanted = evil(what)
    expect(where).to_be_visible(timeout=LOADED)
    found = """(root, wanted) => root.innerText.includes(wanted) || [root, ...root.querySelectorAll('*')].some(
      el => [el.getAttribute('aria-label'), el.title].some(name => name && name.includes(wanted)))"""
    for _ in range(400):
        if where.evaluate(found, wanted):
            return
        where.page.wait_for_timeout(50)
    raise AssertionError(f"{wanted} is not shown in {where}")


def test_names_are_text_in_every_widget(notebook: NotebookPage, world: Path) -> None:
    page = notebook.page
    paths = {"repository": str(REPOSITORY), "run": str(world / "run"), "images": str(world / "images")}
    notebook.run(SETUP.format(**paths, name=evil("classifier"), sprite=evil("sprite")), 120)

    explorer = notebook.run("ex = emo.explore(run, worker, remember=False); ex").output
    expect(explorer.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=LOADED)
    shows(explorer.get_by_test_id("run-title"), "corpus")
    for what in ("joy", "Ball"):
        shows(explorer.get_by_test_id("pane-heatmap"), what)
    notebook.run("ex.cell = [run.classes[0], run.labels[0]]")
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(evil("Ball"))
    shows(explorer.get_by_test_id("pane-browser"), "picture00")
    explorer.get_by_test_id("thumb").first.dblclick()
    expect(explorer.get_by_test_id("look")).to_have_attribute("data-loaded", "true", timeout=LOADED)
    for what in ("picture00", "joy", "fear"):
        shows(explorer.get_by_test_id("pane-detail"), what)
    box = explorer.get_by_test_id("look-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert_only_text(page)
    for mode, part in (("edit", "editor"), ("lime", "lime"), ("methods", "comparison")):
        explorer.get_by_test_id(f"tab-{mode}").click()
        notebook.wait_value(f"ex.{part} is not None", True)
        expect(explorer.get_by_test_id(f"page-{mode}").get_by_text("joy<img").first).to_be_attached(timeout=LOADED)
        assert_only_text(page)
    notebook.run("ex.lime.note = " + repr(evil("note")))
    notebook.run("ex.mode = 'lime'")
    expect(explorer.get_by_test_id("page-lime").locator("textarea")).to_have_value(evil("note"))

    editor = notebook.run("emo.ObjectEditor(run.open_image(first), worker, sprites=sprites)").output
    expect(editor.get_by_test_id("editor")).to_have_attribute("data-settled", "true", timeout=LOADED)
    shows(editor.locator("[data-sprite*=sprite]"), "sprite")
    notebook.execute("ex.show_error(ValueError(" + repr(evil("error")) + "))")
    expect(explorer.locator('[data-testid="explorer"] > [data-testid="error"]')).to_contain_text(evil("error"))
    assert_only_text(page)
    assert notebook.page_errors == []
