"""What every drawn object is made of: its description, and a pen's few helpers on a drawing board 100 units high.

On the board x = 0 is the middle, y = 0 the top and y = 100 the bottom; light comes from the upper left.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import skia

from emocam_widgets.demo.scenes.canvas import Canvas, Linear, Radial, darker, lighter

Sketch = Callable[[Canvas, random.Random], None]
Draw = Callable[[Canvas, float, float, float, random.Random], None]
T = TypeVar("T")

INK = "#2b2540"
CREAM = "#fff6e6"

_TOKEN = re.compile(r"[MLHVCSQZmlhvcsqz]|-?(?:\d+\.?\d*|\.\d+)")


@dataclass(frozen=True)
class ObjectArt:
    """One kind of object: what it is called, how large it is and how it is drawn.

    ``aspect`` is width / height, ``size`` the range of heights relative to an adult's standing height, ``anchors``
    where it may be put ("ground", "hand", "air", "table", and "back" = behind people). ``draw(canvas, cx, bottom,
    height, rng)`` draws it standing with the middle of its bottom at (cx, bottom) pixels; ``rng`` decides colour and
    design.
    """

    name: str
    object_class: str
    aspect: float
    size: tuple[float, float]
    anchors: frozenset[str]
    draw: Draw


def art(
    name: str, object_class: str, aspect: float, size: tuple[float, float], anchors: str, sketch: Sketch
) -> ObjectArt:
    """An object from a ``sketch`` on the drawing board; ``anchors`` are separated by spaces."""

    def draw(canvas: Canvas, cx: float, bottom: float, height: float, rng: random.Random) -> None:
        with canvas.at(cx, bottom - height, scale=height / 100):
            sketch(canvas, rng)

    return ObjectArt(name, object_class, aspect, size, frozenset(anchors.split()), draw)


@lru_cache(maxsize=2048)
def svg(data: str) -> skia.Path:
    """The path of SVG path data (M L H V C S Q Z, absolute or relative). Shared between calls: do not change it."""
    path = skia.Path()
    tokens = _TOKEN.findall(data)
    at = 0
    command = "M"
    x = y = start_x = start_y = handle_x = handle_y = 0.0
    counts = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "Z": 0}
    while at < len(tokens):
        if tokens[at].isalpha():
            command = tokens[at]
            at += 1
        kind = command.upper()
        values = [float(token) for token in tokens[at : at + counts[kind]]]
        at += counts[kind]
        if kind == "Z":
            path.close()
            x, y = start_x, start_y
            continue
        if command.islower():
            origin = (y,) if kind == "V" else (x, y)
            values = [value + origin[i % len(origin)] for i, value in enumerate(values)]
        if kind == "H":
            values = [values[0], y]
        elif kind == "V":
            values = [x, values[0]]
        elif kind == "S":
            values = [2 * x - handle_x, 2 * y - handle_y, *values]
        if kind == "M":
            path.moveTo(*values)
            start_x, start_y = values
            command = "l" if command.islower() else "L"
        elif kind in "LHV":
            path.lineTo(*values)
        elif kind == "Q":
            path.quadTo(*values)
        else:
            path.cubicTo(*values)
        x, y = values[-2:]
        handle_x, handle_y = values[-4:-2] if kind in "CS" else (x, y)
    return path


def down(top: str, bottom: str, y0: float = 0.0, y1: float = 100.0) -> Linear:
    """A gradient from ``top`` at y0 to ``bottom`` at y1."""
    return Linear((0, y0), (0, y1), (top, bottom))


def across(left: str, right: str, x0: float, x1: float) -> Linear:
    """A gradient from ``left`` at x0 to ``right`` at x1."""
    return Linear((x0, 0), (x1, 0), (left, right))


def ball(cx: float, cy: float, radius: float, colour: str, depth: float = 0.35) -> Radial:
    """The colour of a sphere lit from the upper left."""
    centre = (cx - radius * 0.35, cy - radius * 0.45)
    return Radial(centre, radius * 1.55, (lighter(colour, depth * 0.7), colour, darker(colour, depth)), (0.0, 0.5, 1.0))


def pick(rng: random.Random, choices: Sequence[T]) -> T:
    """One of ``choices``."""
    return choices[rng.randrange(len(choices))]
