"""One image large: zoom, pan, maps and their scaling, read off the canvas's pixels; and what the classifier feels."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from emocam_widgets.run import Run
from tests.browser.driving import (
    GREY,
    GREY_IMAGE,
    OTHER_METHOD,
    OTHER_TARGET,
    Point,
    colours,
    driven_run,
    inside,
    looking,
    near,
    opened,
    outline,
    shown,
)
from tests.browser.notebook import NotebookPage
from tests.worlds import GRID

REPOSITORY = Path(__file__).parents[2]
WAIT = 15_000
FEELING = f"""
import sys, tempfile
sys.path.insert(0, {str(REPOSITORY)!r})
from dataclasses import replace
from pathlib import Path
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.models.split import SplitClassifier
from tests.tiny_models import picture_corpus, tiny_classifier

class Feeling(SplitClassifier):
    def predictions(self, activation, logits=None):
        return [replace(one, valence=one.probabilities[0] - one.probabilities[3], arousal=2 * one.probabilities[1])
                for one in super().predictions(activation, logits)]

classifier = tiny_classifier()
classifier.__class__ = Feeling
place = Path(tempfile.mkdtemp())
detector = wrap_detector(lambda image: [("Person", 0.9, (5, 5, 50, 50))], ("Person",), name="one")
felt = emo.analyze(picture_corpus(place / "images", 2), classifier, detector, out=place / "run", progress=False)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return driven_run(folder, 12)


@pytest.fixture
def browser(notebook: NotebookPage, folder: Path, run: Run) -> Locator:
    """The browser over the run; the kernel knows it as `browser`."""
    assert len(run)
    notebook.run(opened(folder))
    return shown(notebook.run("browser = emo.ImageBrowser(run)\nbrowser").output)


def plain_places(pixels: np.ndarray) -> list[tuple[int, int]]:
    """Points (x, y) of the things in a drawn picture, away from their edges: not of the wall, not of the floor."""
    height, width = pixels.shape[:2]
    wall, floor = pixels[4, 4], pixels[-4, -4]
    return [
        (x, y)
        for x in range(8, width - 8, 4)
        for y in range(8, height - 8, 4)
        if pixels[y - 6 : y + 7, x - 6 : x + 7].std(axis=(0, 1)).max() < 3
        and min(np.abs(pixels[y, x] - wall).max(), np.abs(pixels[y, x] - floor).max()) > 30
    ]


def test_boxes_and_picture_move_together_and_the_box_under_the_pointer_is_named(
    notebook: NotebookPage, browser: Locator, run: Run
) -> None:
    image_id = "excitement/006.webp"
    picture = looking(notebook, browser, image_id)
    boxes = run.boxes[run.boxes["image_id"] == image_id].copy()
    boxes["area"] = (boxes["x1"] - boxes["x0"]) * (boxes["y1"] - boxes["y0"])
    box: Any = next(boxes.sort_values("area").itertuples())
    middle: Point = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    tip = picture.element.locator(".ec-canvas-tip")
    swatch = browser.get_by_test_id("legend").locator("li", has_text=box.object_class).locator(".ec-legend-colour")
    own = [int(part) for part in re.findall(r"\d+", swatch.evaluate("el => getComputedStyle(el).backgroundColor"))][:3]
    pixels = np.asarray(run.open_image(image_id).convert("RGB")).astype(int)
    things = plain_places(pixels)

    def in_place() -> None:
        """The box is named in its middle, outlined where it is by a line as wide as ever, and the picture is there."""
        notebook.page.mouse.move(picture.left + 2, picture.top + 2)
        notebook.page.mouse.move(*picture.point(*middle))
        expect(tip).to_contain_text(re.compile(rf"^{box.object_class}: confidence {box.confidence:.2f}, importance \d"))
        lines = [at for at in outline(picture, box) if inside(picture, at)]
        assert lines
        notebook.wait_for(
            lambda: all(near(found, own) for found in colours(picture.canvas, lines)), 15, f"lines of {own} at {lines}"
        )
        for x, y in lines:
            run_of = colours(picture.canvas, [(x + i, y + i) for i in range(-8, 9)])
            assert 2 <= sum(near(found, own) for found in run_of) <= 7, "the line grew with the picture"
        seen = [place for place in things if inside(picture, picture.on(*place))]
        found = colours(picture.canvas, [picture.on(*place) for place in seen])
        right = [near(colour, pixels[y, x]) for colour, (x, y) in zip(found, seen, strict=True)]
        assert len(right) > 20 and np.mean(right) > 0.85, (
            f"{np.mean(right):.0%} of {len(right)} pixels are in their place"
        )

    in_place()
    picture.element.focus()
    picture.wheel(-500, *middle)
    in_place()
    picture.drag(middle, (60, -40))
    in_place()
    picture.wheel(-700, *middle)
    in_place()
    fitted = picture.scale
    browser.get_by_test_id("look").get_by_role("button", name="Fit").click()
    picture.fit()
    assert picture.scale < fitted
    in_place()
    # Without boxes nothing is named and nothing outlined.
    browser.get_by_test_id("look-toggle-boxes").click()
    notebook.page.mouse.move(*picture.point(*middle))
    expect(tip).to_be_hidden()
    notebook.wait_for(
        lambda: not any(near(found, own) for found in colours(picture.canvas, outline(picture, box))), 15, "no outline"
    )
    # On a thumbnail as well.
    browser.get_by_test_id("look-toggle-boxes").click()
    browser.get_by_test_id("back").click()
    tile = browser.locator(f'[data-image-id="{image_id}"][data-testid=thumb] canvas')
    place = tile.bounding_box()
    assert place is not None
    scale = place["width"] / picture.size[0]
    tile.hover(position={"x": middle[0] * scale, "y": middle[1] * scale})
    expect(browser.get_by_test_id("tooltip")).to_contain_text(f"{box.object_class}: confidence {box.confidence:.2f}")
    assert notebook.page_errors == []


def test_map_of_each_method_and_target_its_opacity_and_its_own_resolution(
    notebook: NotebookPage, browser: Locator, run: Run
) -> None:
    picture = looking(notebook, browser, GREY_IMAGE)
    browser.get_by_test_id("look-toggle-boxes").click()
    browser.get_by_test_id("look-toggle-cam").click()
    opacity = browser.get_by_test_id("look-cam-opacity")
    opacity.focus()
    notebook.page.keyboard.press("End")
    notebook.wait_for(lambda: notebook.value("browser.cam_opacity") == 1, 15, "the map to be opaque")
    maps = run.cams[run.cams["image_id"] == GREY_IMAGE].set_index(["method", "target"])["grid"]
    predicted = str(run.image(GREY_IMAGE)["label"])
    peaks = {key: divmod(int(np.argmax(grid)), GRID) for key, grid in maps.items()}
    assert len(set(peaks.values())) == 4

    def at(peak: tuple[int, int]) -> Point:
        return picture.on(*((peak[1 - i] + 0.5) / GRID * picture.size[i] for i in range(2)))

    def shows(method: str, target: str) -> tuple[int, ...]:
        """The map glows at its own peak, and nowhere as much at those of the others."""
        own = at(peaks[method, target])
        others = [at(peak) for key, peak in peaks.items() if key != (method, target)]
        strength = lambda: [math.dist(each, GREY) for each in colours(picture.canvas, [own, *others])]  # noqa: E731
        notebook.wait_for(
            lambda: strength()[0] > 60 and strength()[0] > 1.15 * max(strength()[1:]), 15, f"the map {method}, {target}"
        )
        return colours(picture.canvas, [own])[0]

    method, target = browser.get_by_test_id("cam-method"), browser.get_by_test_id("cam-target")
    hot = shows("grad-cam", predicted)
    target.select_option(OTHER_TARGET)
    assert near(shows("grad-cam", OTHER_TARGET), hot)
    method.select_option(OTHER_METHOD)
    assert near(shows(OTHER_METHOD, OTHER_TARGET), hot)
    notebook.execute("browser.cam_target = None")
    shows(OTHER_METHOD, predicted)
    expect(target).to_have_value("")
    method.select_option("grad-cam")
    shows("grad-cam", predicted)

    # The opacity mixes the map's colour with the picture's; the second slider follows the first.
    for _ in range(8):
        notebook.page.get_by_test_id("look-cam-opacity").press("ArrowLeft")
    expect(browser.get_by_role("slider", name="opacity of the map")).to_have_value("0.6")
    mixed = [round(0.6 * a + 0.4 * b) for a, b in zip(hot, GREY, strict=True)]
    peak = at(peaks["grad-cam", predicted])
    notebook.wait_for(lambda: near(colours(picture.canvas, [peak])[0], mixed, 6), 15, f"the mixture {mixed}")
    assert notebook.value("browser.cam_opacity") == pytest.approx(0.6)

    # At its own resolution a row has no more colours than the map has columns, however far one zooms in.
    row = [(8 + x, peak[1]) for x in np.arange(0, picture.area[0] - 16, 0.5)]
    smooth = len(set(colours(picture.canvas, row)))
    assert smooth > 2 * GRID
    note = browser.get_by_test_id("cam-note")
    expect(note).to_contain_text("smoothly scaled")
    browser.get_by_role("button", name="Smooth").click()
    expect(note).to_contain_text("at its own resolution")
    picture.element.focus()
    for turn in (0, -300, -400):
        picture.wheel(turn, picture.size[0] / 2, picture.size[1] / 2)
        notebook.wait_for(lambda: len(set(colours(picture.canvas, row))) <= GRID + 1, 15, "cells without a blur")
        assert len(set(colours(picture.canvas, row))) > 1
    browser.get_by_role("button", name="Smooth").click()
    notebook.wait_for(lambda: len(set(colours(picture.canvas, row))) > 2 * GRID, 15, "the map to be smooth again")
    assert notebook.page_errors == []


def test_pictures_are_as_fine_as_the_screen(notebook: NotebookPage, folder: Path, run: Run) -> None:
    fine = """canvas => canvas.clientWidth > 0
      && canvas.width === Math.round(canvas.clientWidth * 2) && canvas.height === Math.round(canvas.clientHeight * 2)"""
    size = notebook.page.viewport_size
    assert size is not None
    screen = notebook.page.context.new_cdp_session(notebook.page)
    screen.send("Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": 2, "mobile": False})
    try:
        assert notebook.page.evaluate("devicePixelRatio") == 2
        notebook.run(opened(folder))
        browser = shown(notebook.run("browser = emo.ImageBrowser(run)\nbrowser").output)
        tile = browser.locator("[data-loaded][data-testid=thumb] canvas").first
        near_twice = "canvas => Math.abs(canvas.width / canvas.clientWidth - 2) < 0.02"
        assert tile.evaluate(near_twice)
        picture = looking(notebook, browser, str(run.images["image_id"].iloc[1]))
        assert picture.canvas.evaluate(fine)
    finally:
        screen.send("Emulation.clearDeviceMetricsOverride")
        screen.detach()
    assert notebook.page_errors == []


def test_valence_and_arousal_stand_beside_the_label(notebook: NotebookPage, browser: Locator) -> None:
    browser.get_by_test_id("thumb").first.dblclick()
    expect(browser.get_by_test_id("look")).to_have_attribute("data-loaded", "true", timeout=WAIT)
    expect(browser.get_by_test_id("look-feeling")).to_be_hidden()  # a classifier without them
    notebook.execute(FEELING)
    output = shown(notebook.run("view = emo.ImageBrowser(felt)\nview").output)
    output.get_by_test_id("thumb").nth(1).dblclick()
    image_id = notebook.value("view.image_ids[1]")
    row = notebook.value(f"[float(v) for v in felt.image({image_id!r})[['valence', 'arousal']]]")
    probabilities = notebook.value("felt.probabilities[1].tolist()")
    assert row == pytest.approx([probabilities[0] - probabilities[3], 2 * probabilities[1]], abs=1e-4)
    expect(output.get_by_test_id("look-feeling")).to_have_text(
        f"valence {row[0]:.2f}, arousal {row[1]:.2f}", timeout=WAIT
    )
    assert notebook.page_errors == []
