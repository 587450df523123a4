"""What the tests that drive the image browser share: a run to filter and sort, and what its tiles and canvases show.

What is expected is computed here from the run's tables, without the package's own arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from playwright.sync_api import Locator, expect

from emocam_widgets.run import MethodInfo, Run, RunWriter, open_run
from tests.browser.notebook import NotebookPage
from tests.browser.test_explorer import importance
from tests.worlds import LABELS, make_run

GREY_IMAGE, GREY = "joy/000.webp", (128, 128, 128)
OTHER_METHOD = "ablation-cam"
OTHER_TARGET = "Sadness"
WHEEL = 0.0015  # a wheel's turn by a pixel zooms by exp of this
Point = tuple[float, float]


def driven_run(folder: Path, n: int = 40) -> Run:
    """`make_run`, but some images are annotated otherwise than predicted, some not at all, and maps are of two methods.

    The second method's map is the first one's upside down; of `GREY_IMAGE`, which is plain grey, both also have a
    map of `OTHER_TARGET`, mirrored. Lies in `folder`/driven, its images in `folder`/images.
    """
    drawn = make_run(folder, n)
    images = drawn.images.copy()
    annotations: list[str | None] = [
        None if i % 7 == 3 else LABELS[(LABELS.index(label) + 1) % len(LABELS)] if i % 3 == 1 else label
        for i, label in enumerate(images["label"])
    ]
    images["annotation"] = annotations
    size = drawn.open_image(GREY_IMAGE).size
    Image.new("RGB", size, GREY).save(folder / "images" / GREY_IMAGE, lossless=True)
    cams = drawn.cams.sort_values("image_id", ignore_index=True)
    turned = _with_grids(cams, lambda grid: grid[::-1]).assign(method=OTHER_METHOD)
    mirrored = [
        _with_grids(maps[maps["image_id"] == GREY_IMAGE], lambda grid: grid[:, ::-1]).assign(target=OTHER_TARGET)
        for maps in (cams, turned)
    ]
    methods = (*drawn.manifest.methods, MethodInfo(OTHER_METHOD))
    with RunWriter(folder / "driven", replace(drawn.manifest, methods=methods)) as writer:
        writer.write_part(
            {"images": images, "boxes": drawn.boxes, "cams": pd.concat([cams, turned, *mirrored])},
            detected={"drawn": list(images["image_id"])},
        )
        writer.finish()
    return open_run(folder / "driven", corpus=drawn.corpus)


def _with_grids(cams: pd.DataFrame, change: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    shapes = zip(cams["grid"], cams["grid_height"], cams["grid_width"], strict=True)
    changed = [np.ravel(change(np.reshape(grid, (h, w)))) for grid, h, w in shapes]
    return cams.assign(grid=pd.Series(changed, index=cams.index))


def opened(folder: Path) -> str:
    """Code that gives a kernel the run as `run`."""
    return (
        "import emocam_widgets as emo\n"
        f"run = emo.open_run({str(folder / 'driven')!r}, corpus=emo.Corpus.from_folder({str(folder / 'images')!r}))\n"
    )


def with_importance(run: Run) -> pd.DataFrame:
    """The boxes, with how important each is under Grad-CAM of the predicted label."""
    images = run.images.set_index("image_id")
    cams = run.cams[run.cams["method"] == "grad-cam"].drop_duplicates("image_id").set_index("image_id")
    boxes = run.boxes.copy()
    boxes["importance"] = [importance(box, images, cams) for box in boxes.itertuples()]
    return boxes


def shown(output: Locator) -> Locator:
    """The image browser in an output, once its first pictures are there."""
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=20_000)
    expect(output.locator("[data-loaded][data-testid=thumb]").first).to_be_visible(timeout=20_000)
    return output


def tiles(output: Locator) -> list[str]:
    """Every image of the grid from first to last, by scrolling through it (it makes only the tiles in sight)."""
    found: list[str] = output.get_by_test_id("grid").evaluate(
        """async grid => {
          const frame = () => new Promise(done => requestAnimationFrame(done)), seen = new Map();
          for (let top = 0; grid.clientHeight > 0; top += grid.clientHeight / 2) {
            grid.scrollTop = top;
            await frame();
            await frame();
            for (const tile of grid.querySelectorAll('[data-testid=thumb]')) {
              seen.set(Number(tile.dataset.place), tile.dataset.imageId);
            }
            if (top >= grid.scrollHeight) break;
          }
          grid.scrollTop = 0;
          return [...seen].sort((a, b) => a[0] - b[0]).map(entry => entry[1]);
        }"""
    )
    return found


def colours(canvas: Locator, points: Sequence[Point]) -> list[tuple[int, ...]]:
    """The colours (red, green, blue) of a canvas's pixels; points in CSS pixels of the canvas."""
    found = canvas.evaluate(
        """(canvas, points) => {
          const context = canvas.getContext('2d'), ratio = canvas.width / canvas.clientWidth;
          const pixel = (x, y) => [...context.getImageData(Math.floor(x * ratio), Math.floor(y * ratio), 1, 1).data];
          return points.map(([x, y]) => pixel(x, y));
        }""",
        [list(point) for point in points],
    )
    return [tuple(pixel[:3]) for pixel in found]


class Picture:
    """The large picture's canvas, and where on it a pixel of the image is now by this test's own arithmetic."""

    def __init__(self, output: Locator, size: tuple[int, int]) -> None:
        self.element = output.get_by_test_id("look-canvas")
        self.canvas = self.element.locator("canvas")
        self.size = size
        box = self.element.bounding_box()
        assert box is not None
        self.left, self.top = box["x"], box["y"]
        self.area: Point = tuple(self.canvas.evaluate("canvas => [canvas.clientWidth, canvas.clientHeight]"))
        self.fit()

    def fit(self) -> None:
        self.scale = min(self.area[0] / self.size[0], self.area[1] / self.size[1], 4)
        self.at = [(room - side * self.scale) / 2 for room, side in zip(self.area, self.size, strict=True)]

    def on(self, x: float, y: float) -> Point:
        """A point of the image, in CSS pixels of the canvas."""
        return self.at[0] + x * self.scale, self.at[1] + y * self.scale

    def point(self, x: float, y: float) -> Point:
        """The same in the window."""
        on = self.on(x, y)
        return self.left + on[0], self.top + on[1]

    def wheel(self, turn: float, x: float, y: float) -> None:
        """Turns the wheel over a point of the image, which stays where it is."""
        window = [round(part) for part in self.point(x, y)]  # the wheel tells whole pixels
        mouse = self.element.page.mouse
        mouse.move(*window)
        mouse.wheel(0, turn)
        factor = math.exp(-turn * WHEEL)
        self.scale *= factor
        for i, corner in enumerate((self.left, self.top)):
            on = window[i] - corner
            self.at[i] = on - (on - self.at[i]) * factor
        self._clamp()

    def drag(self, start: Point, by: Point) -> None:
        """Drags from a point of the image."""
        x, y = (round(part) for part in self.point(*start))
        mouse = self.element.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + by[0], y + by[1], steps=5)
        mouse.up()
        self.at = [self.at[0] + by[0], self.at[1] + by[1]]
        self._clamp()

    def _clamp(self) -> None:
        """No gap beside a picture that is larger than the canvas; a smaller one stays in the middle."""
        for i in range(2):
            drawn = self.size[i] * self.scale
            most = self.area[i] - drawn
            self.at[i] = most / 2 if most >= 0 else min(0, max(most, self.at[i]))


def looking(notebook: NotebookPage, output: Locator, image_id: str) -> Picture:
    """Opens an image large, by its tile."""
    output.locator(f'[data-image-id="{image_id}"][data-testid=thumb]').dblclick()
    expect(output.get_by_test_id("look")).to_have_attribute("data-loaded", "true", timeout=15_000)
    output.get_by_test_id("look").scroll_into_view_if_needed()
    width, height = notebook.value(f"[int(v) for v in run.image({image_id!r})[['width', 'height']]]")
    return Picture(output, (width, height))


def near(colour: tuple[int, ...], other: tuple[int, ...] | list[int], by: int = 12) -> bool:
    return max(abs(a - b) for a, b in zip(colour, other, strict=True)) <= by


def outline(picture: Picture, box: Any) -> list[Point]:
    """The middles of a box's left, right and lower line on the canvas."""
    middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    return [picture.on(box.x0, middle[1]), picture.on(box.x1, middle[1]), picture.on(middle[0], box.y1)]


def inside(picture: Picture, at: Point) -> bool:
    return 12 < at[0] < picture.area[0] - 12 and 12 < at[1] < picture.area[1] - 12
