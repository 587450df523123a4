"""The places that scenes happen in, drawn in neutral light: what stands in them is never one of the detector's classes."""

from __future__ import annotations

import random
from collections.abc import Callable

import skia

from . import places_indoor as indoor
from . import places_outdoor as outdoor
from .canvas import Canvas
from .scenery import Frame

_DRAW: dict[str, Callable[[Frame], None]] = {
    "park": outdoor.park,
    "street": outdoor.street,
    "kitchen": indoor.kitchen,
    "living_room": indoor.living_room,
    "stadium": outdoor.stadium,
    "stage": indoor.stage,
    "beach": outdoor.beach,
    "mountains": outdoor.mountains,
    "city_night": outdoor.city_night,
    "cafe_wall": indoor.cafe_wall,
    "lake": outdoor.lake,
    "desert": outdoor.desert,
}
PLACES: tuple[str, ...] = tuple(_DRAW)
INDOOR: frozenset[str] = frozenset({"kitchen", "living_room", "cafe_wall", "stage"})


def draw_place(canvas: Canvas, name: str, seed: int, ground: float) -> None:
    """Fill ``canvas`` with the place ``name``, laid out by ``seed``; people stand at ``ground`` (pixels from the top).

    ``ground`` below the picture means a half-length view: the horizon then lies at 0.6..0.7 of the height, indoors at
    0.8..0.86 (where the floor begins).

    Raises:
        KeyError: no place has that name.
    """
    draw = _DRAW[name]
    rng = random.Random(f"{name}/{seed}")
    height = float(canvas.height)
    closer = ground > height
    if name in INDOOR:
        horizon = height * rng.uniform(0.8, 0.86) if closer else ground - height * rng.uniform(0.11, 0.17)
    else:
        horizon = height * rng.uniform(0.6, 0.7) if closer else ground - height * rng.uniform(0.25, 0.33)
    canvas.skia.clear(skia.ColorSetRGB(176, 178, 172))  # No smoothed seam between two strips shows what is behind it.
    unit = min(height, canvas.width * 1.15) / 100
    draw(Frame(canvas, rng, float(canvas.width), height, ground, max(horizon, 0.45 * height), unit))
