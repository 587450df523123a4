"""The drawn objects keep what their descriptions promise, and the shipped sprites are what their table says."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from emocam_widgets.demo import DATA

if TYPE_CHECKING:
    from emocam_widgets.demo.scenes.canvas import Canvas

CLASSES = {
    "Sports equipment": 6,
    "Food": 7,
    "Plant": 4,
    "Flower": 5,
    "Tree": 4,
    "Furniture": 6,
    "Flag": 4,
    "Musical instrument": 6,
    "Vehicle": 5,
    "Fashion accessory": 3,
}
ANCHORS = {"ground", "hand", "air", "table", "back"}
HEIGHT = 120
SPRITE_ROWS = list(csv.DictReader((DATA / "sprites.csv").open(encoding="utf-8")))


def drawn(name: str, seed: int, flip: bool = False, angle: float = 0.0) -> Canvas:
    """The object in the middle of a canvas, HEIGHT pixels high, with a free margin on every side."""
    from emocam_widgets.demo.scenes.canvas import Canvas
    from emocam_widgets.demo.scenes.objects import OBJECTS, draw_object

    canvas = Canvas(int(HEIGHT * OBJECTS[name].aspect) + 80, HEIGHT + 80)
    with canvas.part(OBJECTS[name].object_class, "thing"):
        draw_object(canvas, name, canvas.width / 2, HEIGHT + 40, HEIGHT, seed, flip, angle)
    return canvas


def names() -> list[str]:
    """All kinds of objects; none where skia, which draws them, is not installed."""
    try:
        from emocam_widgets.demo.scenes.objects import OBJECTS
    except ImportError:
        return []
    return list(OBJECTS)


def test_every_class_has_its_kinds() -> None:
    pytest.importorskip("skia")
    from emocam_widgets.demo.scenes.objects import BY_CLASS, OBJECTS

    assert {object_class: len(arts) for object_class, arts in BY_CLASS.items()} == CLASSES
    for name, art in OBJECTS.items():
        assert art.name == name
        assert art.anchors and art.anchors <= ANCHORS
        assert 0 < art.size[0] < art.size[1] < 3


@pytest.mark.parametrize("name", names())
def test_stays_inside_and_fills_its_promised_rectangle(name: str) -> None:
    from emocam_widgets.demo.scenes.objects import OBJECTS

    aspect = OBJECTS[name].aspect
    for seed in range(4):
        canvas = drawn(name, seed)
        box = next(part.box for part in canvas.parts if part.key == "thing")
        assert box is not None
        middle, slack = canvas.width / 2, 0.02 * HEIGHT
        assert box[0] >= middle - HEIGHT * aspect / 2 - slack
        assert box[2] <= middle + HEIGHT * aspect / 2 + slack
        assert box[1] >= 40 - slack
        assert box[3] <= 40 + HEIGHT + slack
        assert box[2] - box[0] > 0.88 * HEIGHT * aspect
        assert box[3] - box[1] > 0.94 * HEIGHT
        rows, columns = np.nonzero(canvas.pixels()[..., 3] > 8)
        assert rows.size > 0.1 * HEIGHT * HEIGHT * aspect
        # What is visible and what is recorded agree to two pixels, so the boxes of scenes are exact.
        assert np.abs(np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) - box).max() <= 2.5


@pytest.mark.parametrize("name", names())
def test_a_seed_decides_the_drawing(name: str) -> None:
    first = drawn(name, 3).pixels()
    assert np.array_equal(first, drawn(name, 3).pixels())
    assert any(not np.array_equal(first, drawn(name, seed).pixels()) for seed in range(4, 12))


@pytest.mark.parametrize("name", names())
def test_only_vehicles_have_wheels_and_those_lie_inside(name: str) -> None:
    from emocam_widgets.demo.scenes.objects import OBJECTS

    parts = drawn(name, 1).parts
    whole = next(part.box for part in parts if part.key == "thing")
    wheels = [part for part in parts if part.object_class == "Wheel"]
    assert [part.key for part in wheels] == (
        ["thing.wheel_1", "thing.wheel_2"] if OBJECTS[name].object_class == "Vehicle" else []
    )
    for wheel in wheels:
        assert wheel.box is not None and whole is not None
        assert wheel.box[0] >= whole[0] and wheel.box[1] > whole[1]
        assert wheel.box[2] <= whole[2] and wheel.box[3] <= whole[3]


def test_flip_mirrors_and_angle_turns_about_the_middle() -> None:
    pytest.importorskip("skia")
    car, mirrored = drawn("car", 0).pixels(), drawn("car", 0, flip=True).pixels()
    assert np.abs(car[:, ::-1].astype(int) - mirrored).mean() < 1
    assert np.abs(car.astype(int) - mirrored).mean() > 3
    upside_down = drawn("car", 0, angle=180).pixels()
    assert np.abs(car[::-1, ::-1].astype(int) - upside_down).mean() < 1
    turned = next(part.box for part in drawn("soccer ball", 0, angle=45).parts)
    assert turned == pytest.approx((40, 40, 160, 160), abs=1.5)


@pytest.mark.parametrize("row", SPRITE_ROWS, ids=lambda row: row["name"])
def test_a_sprite_is_trimmed_and_transparent(row: dict[str, str]) -> None:
    with Image.open(DATA / "sprites" / row["file"]) as image:
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
    assert row["file"] == row["name"].replace(" ", "-") + ".png"
    assert row["object_class"] in CLASSES
    assert 150 <= alpha.shape[0] <= 260
    assert (alpha == 0).mean() > 0.05 and (alpha > 250).mean() > 0.15
    for edge in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]):
        assert edge.any()


def test_the_table_names_all_sprite_files_and_they_are_small() -> None:
    files = sorted((DATA / "sprites").glob("*.png"))
    assert [file.name for file in files] == sorted(row["file"] for row in SPRITE_ROWS)
    assert len(files) >= 12
    assert sum(file.stat().st_size for file in files) < 300_000
