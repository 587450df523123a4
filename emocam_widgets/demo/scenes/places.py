"""The places that scenes happen in, in neutral light: nothing that stands in them is one of the detector's classes."""

from __future__ import annotations

import random
from collections.abc import Callable

import skia

from . import places_nature as nature
from . import places_rooms as rooms
from . import places_shows as shows
from . import places_town as town
from .canvas import Canvas
from .scenery import Frame

_DRAW: dict[str, Callable[[Frame], None]] = {
    "park": nature.park,
    "street": town.street,
    "kitchen": rooms.kitchen,
    "living_room": rooms.living_room,
    "stadium": shows.stadium,
    "stage": shows.stage,
    "beach": nature.beach,
    "mountains": nature.mountains,
    "city_night": town.city_night,
    "cafe_wall": rooms.cafe_wall,
    "lake": nature.lake,
    "desert": nature.desert,
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
    unit = min(height, canvas.width * 1.15) / 100 * (1.2 if closer else 1.0)
    draw(Frame(canvas, rng, float(canvas.width), height, ground, max(horizon, 0.45 * height), unit))
