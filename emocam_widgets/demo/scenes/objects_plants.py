"""Green houseplants in pots, and flowers whose blooms dominate."""

from __future__ import annotations

import math
import random
from functools import lru_cache

import skia

from emocam_widgets.demo.scenes.canvas import Canvas, Linear, Point, darker, lighter, mix, oval, rounded
from emocam_widgets.demo.scenes.object_art import ObjectArt, across, art, ball, down, pick, svg

POTS = ("#d9734e", "#f1e9dd", "#3f6c8f", "#e7b44c", "#7a5ba6", "#2f8079")
GREENS = ("#2f9e55", "#27874f", "#3aa84a", "#1f8f63")
STEM = "#3f9142"


def _pot(canvas: Canvas, rng: random.Random, top: float, half: float) -> None:
    """A pot from ``top`` to the ground, ``half`` units wide to each side at its rim."""
    clay = pick(rng, POTS)
    foot = half * 0.68
    shade = Linear((-half, 0), (half, 0), (lighter(clay, 0.22), clay, darker(clay, 0.28)), (0.0, 0.45, 1.0))
    canvas.fill(
        svg(
            f"M{-half * 0.9} {top + 3} H{half * 0.9} L{foot} 98 C{foot} 100 {foot - 2} 100 {foot - 2} 100 H{2 - foot} "
            f"C{2 - foot} 100 {-foot} 100 {-foot} 98 Z"
        ),
        shade,
    )
    if rng.random() < 0.5:
        canvas.fill(
            svg(f"M{-half * 0.82} 84 L{half * 0.82} 84 L{half * 0.78} 88 L{-half * 0.78} 88 Z"), lighter(clay, 0.5), 0.7
        )
    canvas.fill(rounded(-half * 0.86, top + 5, half * 0.86, top + 9), darker(clay, 0.4), 0.5)
    canvas.fill(rounded(-half, top, half, top + 6.5, 2), across(lighter(clay, 0.35), darker(clay, 0.16), -half, half))


def _leaf_halves(base: Point, tip: Point, width: float) -> tuple[skia.Path, skia.Path]:
    """The two halves of a pointed leaf from ``base`` to ``tip``, ``width`` units wide."""
    (x0, y0), (x1, y1) = base, tip
    nx, ny = (y0 - y1), (x1 - x0)
    length = math.hypot(nx, ny) or 1.0
    nx, ny = nx / length * width * 0.72, ny / length * width * 0.72
    mx, my = x0 + (x1 - x0) * 0.3, y0 + (y1 - y0) * 0.3
    tx, ty = x0 + (x1 - x0) * 0.72, y0 + (y1 - y0) * 0.72
    halves = (skia.Path(), skia.Path())
    for path, side in zip(halves, (1, -1), strict=True):
        path.moveTo(x0, y0)
        path.cubicTo(mx + nx * side, my + ny * side, tx + nx * side, ty + ny * side, x1, y1)
        path.close()
    return halves


def _leaf(canvas: Canvas, base: Point, tip: Point, width: float, green: str) -> None:
    """A pointed leaf from ``base`` to ``tip``: a light and a dark half with a vein between them."""
    (x0, y0), (x1, y1) = base, tip
    light, dark = _leaf_halves(base, tip, width)
    canvas.fill(light, lighter(green, 0.16))
    canvas.fill(dark, darker(green, 0.14))
    canvas.line(base, (x0 + (x1 - x0) * 0.9, y0 + (y1 - y0) * 0.9), lighter(green, 0.45), width * 0.06 + 0.4, 0.8)


@lru_cache(maxsize=32)
def _frond(x: float, y: float, bend: float, rise: float) -> tuple[skia.Path, skia.Path]:
    """The light and the dark halves of all leaflets of a fern's frond, bent over (bend, rise) to its tip (x, y)."""
    points = []
    for step in range(13):
        t = step / 12
        points.append((2 * t * (1 - t) * bend + t * t * x, (1 - t) ** 2 * 70 + 2 * t * (1 - t) * rise + t * t * y))
    light, dark = skia.Path(), skia.Path()
    for step in range(2, 13):
        (px, py), (qx, qy) = points[step], points[step - 1]
        length = math.hypot(px - qx, py - qy) or 1.0
        dx, dy = (px - qx) / length, (py - qy) / length
        reach = (10.5 * (1 - step / 13) ** 0.6 + 1.5) * 0.85
        for side in (-1, 1):
            tip = (px + (dx * 0.65 - dy * side) * reach, py + (dy * 0.65 + dx * side) * reach)
            first, second = _leaf_halves((px, py), tip, 3.6)
            light.addPath(first)
            dark.addPath(second)
    return light, dark


MONSTERA = (
    "M0 30 C-16 34 -27 26 -28 12 L-15 13 L-28.5 6 C-28 -1 -26 -7 -22 -12 L-11 -3 L-19 -15.5 C-15 -21 -9 -26 0 -31 "
    "C9 -26 15 -21 19 -15.5 L11 -3 L22 -12 C26 -7 28 -1 28.5 6 L15 13 L28 12 C27 26 16 34 0 30 "
    "C-2 26 -2 24 0 20 C2 24 2 26 0 30 Z"
)


def _monstera(canvas: Canvas, rng: random.Random) -> None:
    green = pick(rng, GREENS)
    leaves = ((-24, 41, -64, 0.64), (24, 44, 66, 0.62), (-15, 20, -26, 0.7), (16, 21, 30, 0.7), (1, 47, 4, 0.74))
    for x, y, _, _ in leaves:
        canvas.stroke(svg(f"M0 74 C{x * 0.2} 62 {x * 0.7} {y + 24} {x} {y + 8}"), darker(green, 0.1), 2.4)
    for i, (x, y, angle, scale) in enumerate(leaves):
        tone = mix(darker(green, 0.2), lighter(green, 0.1), i / 4)
        with canvas.at(x, y, angle=angle + rng.uniform(-7, 7), scale=scale):
            leaf = svg(MONSTERA)
            canvas.stroke(leaf, darker(tone, 0.4), 2.2)
            canvas.fill(leaf, across(lighter(tone, 0.18), darker(tone, 0.1), -26, 26))
            canvas.stroke(
                svg("M0 22 V-24 M0 16 L-18 20 M0 16 L18 20 M0 6 L-12 4 M0 6 L12 4 M0 -4 L-9 -12 M0 -4 L9 -12"),
                lighter(tone, 0.5),
                1.5,
                0.8,
            )
    _pot(canvas, rng, 70, 20)


def _snake_plant(canvas: Canvas, rng: random.Random) -> None:
    green = pick(rng, ("#2c7d4f", "#37895a", "#2f8a5f"))
    blades = (
        (-19, 20, -6),
        (19, 16, 6),
        (-11, 5, -3),
        (12, 8, 4),
        (-25, 38, -9),
        (25, 36, 9),
        (0, 0, 0),
        (-6, 28, -1),
        (7, 32, 2),
    )
    for x, top, foot in blades:
        edge = svg(
            f"M{foot - 4} 74 C{foot - 9} 52 {x - 8} {top + 22} {x} {top} "
            f"C{x + 7} {top + 22} {foot + 9} 52 {foot + 4} 74 Z"
        )
        canvas.fill(edge, "#e3d56a")
        with canvas.clip(edge):
            inner = svg(
                f"M{foot - 2.5} 74 C{foot - 6.5} 52 {x - 5.5} {top + 24} {x} {top + 4} "
                f"C{x + 4.5} {top + 24} {foot + 6.5} 52 {foot + 2.5} 74 Z"
            )
            canvas.fill(inner, across(lighter(green, 0.12), darker(green, 0.16), x - 6, x + 6), box=False)
            with canvas.clip(inner):
                for y in range(int(top) + 8, 74, 7):
                    canvas.stroke(
                        svg(f"M{x - 16} {y + 2} q4 -4 8 0 q4 4 8 0 q4 -4 8 0 q4 4 8 0"),
                        lighter(green, 0.4),
                        1.3,
                        0.55,
                        box=False,
                    )
    _pot(canvas, rng, 68, 20)


def _fern(canvas: Canvas, rng: random.Random) -> None:
    green = pick(rng, ("#4bad4f", "#3fa34d", "#5bb548"))
    fronds = (
        (-39, 58, -30, 14),
        (39, 58, 30, 14),
        (-36, 34, -18, 4),
        (36, 34, 18, 4),
        (-24, 12, -10, 14),
        (24, 12, 10, 14),
        (-9, 4, -4, 30),
        (11, 5, 4, 30),
    )
    for i, (x, y, bend, rise) in enumerate(fronds):
        tone = mix(darker(green, 0.26), lighter(green, 0.12), i / 7)
        light, dark = _frond(x, y, bend, rise)
        canvas.stroke(svg(f"M0 70 Q{bend} {rise} {x} {y}"), darker(tone, 0.12), 1.5)
        canvas.fill(light, lighter(tone, 0.16))
        canvas.fill(dark, darker(tone, 0.14))
    _pot(canvas, rng, 68, 19)


def _leafy_houseplant(canvas: Canvas, rng: random.Random) -> None:
    green = pick(rng, GREENS)
    wood = pick(rng, ("#b9794a", "#8d5a3a"))
    tips = (
        (-30, 38),
        (30, 36),
        (-31, 20),
        (31, 18),
        (-19, 3),
        (20, 4),
        (-23, 50),
        (24, 50),
        (0, 0),
        (-10, 22),
        (11, 24),
        (0, 38),
    )
    for i, (x, y) in enumerate(tips):
        tone = mix(darker(green, 0.28), lighter(green, 0.14), i / 11)
        canvas.stroke(svg(f"M0 64 Q{x * 0.1} {y + 26} {x * 0.45} {y + 17}"), darker(green, 0.2), 1.6)
        _leaf(canvas, (x * 0.4, y + 20), (x, y), 13, tone)
    for x in (-1, 1):
        canvas.stroke(svg(f"M{x * 12} 76 L{x * 15} 98.4"), darker(wood, 0.15), 3.2)
    canvas.line((-15, 84), (15, 84), wood, 2.6)
    with canvas.at(0, 11.5, scale=(1, 0.76)):
        _pot(canvas, rng, 64, 17)


def _petal(length: float, width: float, base: float = 0.0) -> str:
    """A petal that points up from (0, base) to (0, -length)."""
    low, high = -length * 0.25, -length * 0.75
    return f"M0 {base} C{-width} {low} {-width} {high} 0 {-length} C{width} {high} {width} {low} 0 {base} Z"


def _lotus(canvas: Canvas, rng: random.Random) -> None:
    pink = pick(rng, ("#f783ac", "#ee7fb7", "#f49ac1", "#e77fc9"))
    pad = "#3f9a63"
    canvas.fill(
        svg("M-76 88 C-60 79 60 79 76 88 C66 102 -66 102 -76 88 Z"),
        across(lighter(pad, 0.15), darker(pad, 0.2), -70, 70),
    )
    layers = (
        (0.05, ((-38, 84, 17), (38, 84, 17), (-20, 92, 17), (20, 92, 17), (0, 91, 17))),
        (0.45, ((-66, 84, 14), (66, 84, 14), (-47, 81, 16), (47, 81, 16), (-29, 76, 16), (29, 76, 16))),
        (0.75, ((-80, 72, 11), (80, 72, 11), (-58, 66, 14), (58, 66, 14), (-12, 74, 16), (12, 74, 16))),
        (1.0, ((-34, 62, 15), (34, 62, 15), (0, 66, 17))),
    )
    for share, petals in layers:
        tone = mix(darker(pink, 0.22), lighter(pink, 0.42), share)
        for angle, length, width in petals:
            with canvas.at(0, 92, angle=angle):
                canvas.fill(svg(_petal(length, width)), down(tone, mix(tone, "#ffffff", 0.5), -length, -length * 0.15))
                canvas.stroke(
                    svg(
                        f"M{-width * 0.52:.2f} {-length * 0.6:.2f} "
                        f"Q{-width * 0.5:.2f} {-length * 0.8:.2f} 0 {-length + 1}"
                    ),
                    "#ffffff",
                    1.2,
                    0.5,
                )
    canvas.fill(svg("M-17 96 C-11 86 11 86 17 96 C10 100 -10 100 -17 96 Z"), "#ffd54a", 0.9)


def _tulip_bouquet(canvas: Canvas, rng: random.Random) -> None:
    colours = pick(
        rng,
        (
            ("#f0506e", "#ff8fa3", "#e83f5b"),
            ("#ffb627", "#ff7b54", "#ffd23f"),
            ("#b15ee0", "#f783ac", "#8f5bd8"),
            ("#ff5d5d", "#ffc23d", "#f783ac"),
        ),
    )
    paper = pick(rng, ("#f5ead7", "#e8d5f2", "#d6ebf5"))
    heads = ((-27, 22, -24), (27, 22, 24), (-14, 11, -12), (14, 11, 12), (-17, 36, -12), (17, 36, 12), (0, 24, 0))
    for x, y, angle in ((-31, 44, -40), (31, 44, 40), (-24, 34, -20), (24, 34, 20), (-8, 38, -8), (8, 38, 8)):
        with canvas.at(x * 0.6, 62, angle=angle):
            canvas.fill(svg(_petal(46 - y * 0.3, 6)), down("#63b75a", "#35833f", -50, 0))
    for x, y, _ in heads:
        canvas.stroke(svg(f"M{x} {y + 8} Q{x * 0.5} 56 0 76"), STEM, 2.6)
    for i, (x, y, angle) in enumerate(heads):
        tone = colours[i % 3]
        with canvas.at(x, y, angle=angle, scale=0.92 if i < 4 else 1.0):
            canvas.fill(svg("M-10 -8 C-8 -11 -4 -8 0 -12 C4 -8 8 -11 10 -8 L8 6 H-8 Z"), darker(tone, 0.25))
            canvas.fill(svg("M-10.5 -9 C-3 -7 1 0 1 11 C-7 12 -13 4 -10.5 -9 Z"), lighter(tone, 0.1))
            canvas.fill(svg("M10.5 -9 C3 -7 -1 0 -1 11 C7 12 13 4 10.5 -9 Z"), darker(tone, 0.1))
            canvas.fill(svg("M0 -9 C7 -4 8 8 0 11.5 C-8 8 -7 -4 0 -9 Z"), tone)
            canvas.stroke(svg("M-3.4 -2 C-4.6 2 -4 6 -2 8.5"), "#ffffff", 1.4, 0.5)
    canvas.fill(
        svg("M-32 48 C-20 56 -8 52 0 60 C8 52 20 56 32 48 L9 96 C8 100 -8 100 -9 96 Z"),
        across(lighter(paper, 0.4), darker(paper, 0.12), -30, 30),
    )
    canvas.fill(svg("M0 60 C8 52 20 56 32 48 L9 96 L4 98 Z"), darker(paper, 0.12), 0.55)
    canvas.fill(svg("M-18 76 C-8 80 8 80 18 76 L16 82 C8 85 -8 85 -16 82 Z"), colours[0])
    canvas.fill(
        svg("M0 80 C-10 72 -16 78 -12 84 C-8 88 -3 84 0 80 C10 72 16 78 12 84 C8 88 3 84 0 80 Z"),
        darker(colours[0], 0.12),
    )


def _sunflower(canvas: Canvas, rng: random.Random) -> None:
    yellow = pick(rng, ("#ffc928", "#ffb81f", "#ffd542"))
    canvas.stroke(svg("M1 44 C4 62 -3 80 0 98"), STEM, 4)
    _leaf(canvas, (1, 82), (-25, 68), 16, STEM)
    _leaf(canvas, (0, 90), (24, 74), 16, STEM)
    for ring, (length, width, tone) in enumerate(((29.5, 6.4, darker(yellow, 0.16)), (27.5, 5.6, yellow))):
        for i in range(15):
            with canvas.at(0, 29.6, angle=i * 24 + ring * 12):
                canvas.fill(svg(_petal(length, width, -8)), down(tone, mix(tone, "#f28c1b", 0.6), -length, -8))
    canvas.fill(oval(0, 29.6, 13.5, 13.5), ball(0, 29.6, 13.5, "#6b3f23"))
    canvas.fill(oval(0, 29.6, 8, 8), "#4a2a18")
    for i in range(14):
        angle = i * math.tau / 14
        canvas.fill(oval(math.cos(angle) * 10.6, 29.6 + math.sin(angle) * 10.6, 1.1, 1.1), "#c98a3c")


def _rose(canvas: Canvas, rng: random.Random) -> None:
    red = pick(rng, ("#d81e44", "#e23a5f", "#f06292", "#f4b942"))
    canvas.stroke(svg("M0 36 C3 58 -3 78 0 98.2"), STEM, 3.2)
    for x, y, side in ((0.6, 56, 1), (-0.8, 74, -1)):
        canvas.fill(svg(f"M{x} {y} l{side * 4.4} -3.6 l{-side * 3} 6 Z"), STEM)
    _leaf(canvas, (0, 66), (22, 54), 13, STEM)
    _leaf(canvas, (-1, 82), (-22, 68), 13, STEM)
    for angle in (-64, -30, 30, 64):
        with canvas.at(0, 38, angle=180 + angle):
            canvas.fill(svg(_petal(13, 4)), "#4c9e46")
    canvas.fill(svg("M-22 14 C-24 32 -12 42 0 42 C12 42 24 32 22 14 C16 8 -16 8 -22 14 Z"), darker(red, 0.22))
    canvas.fill(
        svg("M-15 8 C-16 -1 -5 0 0 0 C5 0 16 -1 15 8 C17 22 10 30 0 30 C-10 30 -17 22 -15 8 Z"), darker(red, 0.08)
    )
    canvas.fill(svg("M-10 8 C-8 2 8 2 10 8 C11 18 6 24 0 24 C-6 24 -11 18 -10 8 Z"), darker(red, 0.36))
    canvas.fill(svg("M-6 8 C-4 4 6 4 7 9 C7 15 3 18 0 18 C-5 18 -8 13 -6 8 Z"), lighter(red, 0.1))
    canvas.stroke(svg("M-1 9.5 C2 8 4.4 11 2 13.6 C-1 16 -5 13 -4.4 10"), darker(red, 0.35), 1.4)
    canvas.fill(
        svg("M-22 14 C-18 7 -13 8 -11 12 C-6 22 4 26 12 25 C6 38 -2 42 -6 41 C-18 38 -24 28 -22 14 Z"),
        lighter(red, 0.06),
    )
    canvas.fill(svg("M22 14 C18 7 13 8 11 12 C9 22 0 32 -6 41 C10 44 25 32 22 14 Z"), red)
    canvas.stroke(svg("M-19 15 C-17 11 -14 11 -12.6 14 C-8 24 0 27 8 27"), lighter(red, 0.5), 1.5, 0.75)
    canvas.stroke(svg("M19.6 15 C17 11 14.6 12 13.4 15 C11 23 4 31 -1 38"), lighter(red, 0.4), 1.3, 0.6)


def _daisies(canvas: Canvas, rng: random.Random) -> None:
    petal = pick(rng, ("#ffffff", "#fff0f8", "#d9c8ff", "#ffc9da"))
    heads = ((-24, 36, 15, -8), (24, 40, 14.5, 8), (0, 19.2, 19, 0), (-10, 60, 12.5, -4), (14, 66, 11.5, 5))
    for x, y, _, foot in heads:
        canvas.stroke(svg(f"M{x} {y} Q{x * 0.6} 80 {foot} 98.5"), STEM, 2.6)
    _leaf(canvas, (-5, 97), (-32, 76), 12, STEM)
    _leaf(canvas, (5, 97), (34, 80), 12, STEM)
    for x, y, radius, _ in heads:
        turn = rng.uniform(0, 30)
        for i in range(12):
            with canvas.at(x, y, angle=turn + i * 30):
                canvas.fill(
                    svg(_petal(radius, radius * 0.27)), down(petal, mix(petal, "#8f9ccf", 0.55), -radius, -radius * 0.2)
                )
                canvas.stroke(svg(_petal(radius, radius * 0.27)), "#8f9ccf", 0.5, 0.7)
        canvas.fill(oval(x, y, radius * 0.34, radius * 0.34), ball(x, y, radius * 0.34, "#ffbf1f"))


ART: tuple[ObjectArt, ...] = (
    art("potted monstera", "Plant", 0.86, (0.42, 0.62), "ground table", _monstera),
    art("potted snake plant", "Plant", 0.56, (0.4, 0.6), "ground table", _snake_plant),
    art("fern in a pot", "Plant", 0.9, (0.36, 0.52), "ground table", _fern),
    art("leafy houseplant", "Plant", 0.66, (0.46, 0.66), "ground", _leafy_houseplant),
    art("lotus flower", "Flower", 1.6, (0.11, 0.17), "ground hand table", _lotus),
    art("tulip bouquet", "Flower", 0.8, (0.22, 0.3), "hand table", _tulip_bouquet),
    art("sunflower", "Flower", 0.6, (0.3, 0.45), "ground hand", _sunflower),
    art("rose", "Flower", 0.5, (0.26, 0.34), "hand", _rose),
    art("daisies", "Flower", 0.8, (0.24, 0.36), "ground hand", _daisies),
)
