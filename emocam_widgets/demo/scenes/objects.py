"""All objects that a scene may hold, by name and by Open Images class, and how one is drawn.

The drawings live in the objects_* modules, one per family; a new object is one sketch and one line in its family's ART.
"""

from __future__ import annotations

import random

from emocam_widgets.demo.scenes import (
    objects_fashion,
    objects_flags,
    objects_food,
    objects_furniture,
    objects_music,
    objects_plants,
    objects_sport,
    objects_trees,
    objects_vehicles,
)
from emocam_widgets.demo.scenes.canvas import Canvas
from emocam_widgets.demo.scenes.object_art import ObjectArt

__all__ = ["BY_CLASS", "OBJECTS", "ObjectArt", "draw_object"]

FAMILIES = (
    objects_sport,
    objects_food,
    objects_plants,
    objects_trees,
    objects_furniture,
    objects_flags,
    objects_music,
    objects_vehicles,
    objects_fashion,
)

OBJECTS: dict[str, ObjectArt] = {art.name: art for family in FAMILIES for art in family.ART}

BY_CLASS: dict[str, tuple[ObjectArt, ...]] = {
    object_class: tuple(art for art in OBJECTS.values() if art.object_class == object_class)
    for object_class in dict.fromkeys(art.object_class for art in OBJECTS.values())
}


def draw_object(
    canvas: Canvas,
    name: str,
    cx: float,
    bottom: float,
    height: float,
    seed: int,
    flip: bool = False,
    angle: float = 0.0,
) -> None:
    """Draw the object ``name``, ``height`` pixels high, the middle of its bottom at (cx, bottom) pixels.

    ``seed`` decides colour and design. ``flip`` mirrors it; ``angle`` turns it clockwise (degrees) about its middle.
    The caller opens the object's part around the call; a vehicle opens a part "Wheel" inside for each of its wheels.

    Raises:
        KeyError: ``name`` is not in OBJECTS.
    """
    with canvas.at(cx, bottom - height / 2, angle=angle, scale=(-1.0 if flip else 1.0, 1.0)):
        OBJECTS[name].draw(canvas, 0.0, height / 2, height, random.Random(seed))
