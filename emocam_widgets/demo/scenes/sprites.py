"""Writes the sprites that a user pastes into an image: the scenes' own objects on transparent ground."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from emocam_widgets.demo.scenes.canvas import Canvas
from emocam_widgets.demo.scenes.objects import OBJECTS, draw_object

HEIGHT = 240
LONGEST = 400

# The seed of each sprite's colours, chosen by eye.
SPRITES: dict[str, int] = {
    "rugby ball": 0,
    "soccer ball": 1,
    "lotus flower": 1,
    "basketball": 1,
    "tennis racket": 1,
    "pizza slice": 0,
    "birthday cake slice": 1,
    "potted monstera": 0,
    "tulip bouquet": 0,
    "acoustic guitar": 1,
    "armchair": 1,
    "striped flag": 1,
    "car": 1,
    "handbag": 1,
    "sun hat": 1,
}


def draw_sprite(name: str, height: int = HEIGHT) -> Image.Image:
    """The object ``name`` as RGBA, trimmed to what is not transparent: ``height`` pixels high, at most LONGEST wide."""
    aspect = OBJECTS[name].aspect
    high = min(height, round(LONGEST / aspect))
    margin = 8
    canvas = Canvas(round(high * aspect) + 2 * margin, high + 2 * margin)
    draw_object(canvas, name, canvas.width / 2, margin + high, high, SPRITES[name])
    pixels = canvas.pixels().copy()
    # Clear pixels keep no colour, so that a resized sprite has no dark or bright seam.
    pixels[pixels[..., 3] == 0] = 0
    rows, columns = np.nonzero(pixels[..., 3].any(axis=1))[0], np.nonzero(pixels[..., 3].any(axis=0))[0]
    return Image.fromarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def write_sprites(folder: Path) -> None:
    """Write folder/sprites/*.png and folder/sprites.csv with the columns name, object_class, file (in sprites/)."""
    (folder / "sprites").mkdir(parents=True, exist_ok=True)
    with (folder / "sprites.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["name", "object_class", "file"])
        for name in SPRITES:
            file = f"{name.replace(' ', '-')}.png"
            draw_sprite(name).save(folder / "sprites" / file, optimize=True)
            writer.writerow([name, OBJECTS[name].object_class, file])
