"""The rooms: kitchen, living room and cafe wall. No furniture, plants or people stand in them."""

from __future__ import annotations

import math

import skia

from .canvas import Linear, Radial, darker, lighter, mix, oval, polygon, smooth
from .fittings import FRAMES, boards, curtain, pendant, picture, plain_wall, skirting, tiles, window
from .scenery import Frame, lines, rects


def kitchen(f: Frame) -> None:
    """Tiles, a window, a stove with its hood, a fridge, hanging lamps and a chequered floor."""
    wall = f.pick("#f4e3c8", "#dfe9e4", "#f3dcd0", "#e4e6ee", "#f5ecd9")
    accent = f.pick("#4f8f8b", "#cf7a5c", "#5c7fa6", "#8a9a5b", "#b8697a")
    plain_wall(f, wall)
    side = f.rng.choice((-1, 1))
    top, foot = 0.3 * f.h, f.horizon
    # A band of wall tiles runs behind everything.
    t0, t1 = top + 0.1 * f.h, foot - 3 * f.u
    f.band(t0, t1, lighter(accent, 0.72), lighter(accent, 0.6))
    gap, row = 6.0 * f.u, 3.4 * f.u
    pairs, shine, k, y = [], [], 0, t0
    while y < t1:
        pairs.append(((0.0, y), (f.w, y)))
        x = -(k % 2) * gap / 2
        while x < f.w:
            pairs.append(((x, y), (x, min(t1, y + row))))
            if f.rng.random() < 0.1:
                shine.append((x, y, x + gap, min(t1, y + row)))
            x += gap
        y, k = y + row, k + 1
    f.canvas.fill(rects(shine), accent, 0.22)
    f.canvas.stroke(lines(pairs), "#ffffff", 0.3 * f.u, 0.8)
    f.rect(-1, t0 - 1.1 * f.u, f.w + 1, t0, accent)
    # Window on one side, stove with hood in the middle of the other, fridge at the edge.
    middle = f.w * (0.5 - side * f.near(0.17, 0.24))
    wide = min(30 * f.u, f.w * 0.36)
    window(
        f,
        middle - wide / 2,
        0.12 * f.h,
        middle + wide / 2,
        0.12 * f.h + 30 * f.u,
        f.pick(*FRAMES[:3]),
        2,
        f.rng.choice((0, 1)),
    )
    _valance(f, middle, wide, 0.12 * f.h, accent)
    tiles(f, foot, f.pick("#efe6d8", "#e8e8e4"), mix(accent, "#d9cfc0", 0.55))
    skirting(f, "#f7f2e8")
    stove = f.w * (0.5 + side * f.near(0.14, 0.19))
    if f.w > f.h:
        _rail(f, f.w * (0.5 - side * 0.44) if middle * side > 0 else (middle + stove) / 2, t0 + 6 * f.u)
    _hood(f, stove, 0.36 * f.h, f.pick("#cfd6dc", "#e9e5dc", "#aab4bd"))
    _stove(f, stove, foot, f.pick("#eef0f1", "#d5dbe0", "#5a636d"), accent)
    _clock(f, (middle + stove) / 2 + side * 1.5 * f.u, 0.3 * f.h, accent)
    _fridge(
        f, f.w * (0.5 + side * 0.5) - side * 8 * f.u, foot, f.pick("#f2f4f4", "#dfe5e8", mix(accent, "#ffffff", 0.45))
    )
    pendant(f, (stove + middle) / 2 + side * 1.5 * f.u, 0.13 * f.h, accent, 0.95)
    if f.w > 0.9 * f.h:
        pendant(f, f.w * (0.5 - side * 0.45), 0.13 * f.h, accent, 0.95)


def _rail(f: Frame, x: float, y: float) -> None:
    """A rail on the tiles from which ladles and a pan hang."""
    u = f.u
    f.rect(x - 8 * u, y, x + 8 * u, y + 0.9 * u, "#8d969e", 0.4 * u)
    for at, drop, metal in ((-5.6, 8.5, "#9aa4ac"), (-1.8, 7.2, "#b98d5f"), (1.6, 9.0, "#9aa4ac")):
        f.rect(x + (at - 0.35) * u, y + 0.8 * u, x + (at + 0.35) * u, y + drop * u, metal, 0.3 * u)
        f.canvas.fill(oval(x + at * u, y + (drop + 1.4) * u, 1.4 * u, 1.9 * u), metal)
    f.rect(x + 5.1 * u, y + 0.8 * u, x + 6.1 * u, y + 6 * u, "#4a525b", 0.4 * u)
    f.canvas.fill(oval(x + 5.6 * u, y + 8.6 * u, 3.1 * u, 3.1 * u), "#4a525b")
    f.canvas.fill(oval(x + 5.6 * u, y + 8.6 * u, 2.3 * u, 2.3 * u), "#6a747e")


def _clock(f: Frame, x: float, y: float, colour: str) -> None:
    r = 4.6 * f.u
    f.canvas.fill(oval(x + 0.4 * f.u, y + 0.6 * f.u, r, r), "#1a1430", 0.14)
    f.canvas.fill(oval(x, y, r, r), colour)
    f.canvas.fill(oval(x, y, r * 0.82, r * 0.82), "#fffdf6")
    turn = f.near(0.0, math.tau)
    for angle, reach, wide in ((turn, 0.62, 0.45), (turn * 12 % math.tau, 0.44, 0.6)):
        f.canvas.line((x, y), (x + r * reach * math.sin(angle), y - r * reach * math.cos(angle)), "#3a3f48", wide * f.u)


def _valance(f: Frame, x: float, wide: float, top: float, colour: str) -> None:
    """A short gathered curtain over the upper part of a window."""
    x0, x1 = x - wide / 2 - 2.4 * f.u, x + wide / 2 + 2.4 * f.u
    hem = top + 6.5 * f.u
    count = 7
    path = skia.Path()
    path.moveTo(x0, top - 2.4 * f.u)
    path.lineTo(x1, top - 2.4 * f.u)
    path.lineTo(x1, hem)
    step = (x1 - x0) / count
    for i in range(count):
        path.quadTo(x1 - step * (i + 0.5), hem + 2.2 * f.u, x1 - step * (i + 1), hem)
    path.close()
    f.canvas.fill(path, Linear((0, top - 2.4 * f.u), (0, hem), (colour, lighter(colour, 0.2))))
    folds = [((x0 + step * i, top - 1.4 * f.u), (x0 + step * i, hem)) for i in range(1, count)]
    f.canvas.stroke(lines(folds), darker(colour, 0.3), 0.35 * f.u, 0.5)
    f.rect(x0 - 1.6 * f.u, top - 3.2 * f.u, x1 + 1.6 * f.u, top - 2.2 * f.u, "#8a6a4b", 0.5 * f.u)


def _hood(f: Frame, x: float, y: float, colour: str) -> None:
    u = f.u
    f.rect(
        x - 4.2 * u,
        -1,
        x + 4.2 * u,
        y - 7 * u,
        Linear((x - 4.2 * u, 0), (x + 4.2 * u, 0), (lighter(colour, 0.35), colour, darker(colour, 0.16))),
    )
    cone = polygon([(x - 4.2 * u, y - 7 * u), (x + 4.2 * u, y - 7 * u), (x + 13 * u, y), (x - 13 * u, y)])
    f.canvas.fill(cone, Linear((x - 13 * u, 0), (x + 13 * u, 0), (lighter(colour, 0.35), colour, darker(colour, 0.2))))
    f.rect(x - 13 * u, y, x + 13 * u, y + 2.6 * u, darker(colour, 0.28), 0.4 * u)
    f.dots([(x + i * 2.2 * u, y + 1.3 * u) for i in (-1, 0, 1)], 0.45 * u, "#fff3cf")


def _stove(f: Frame, x: float, foot: float, colour: str, accent: str) -> None:
    u = f.u
    top = foot - 27 * u
    f.rect(
        x - 12.5 * u,
        top,
        x + 12.5 * u,
        foot + u,
        Linear((x - 12 * u, 0), (x + 12 * u, 0), (lighter(colour, 0.2), colour, darker(colour, 0.1))),
        u,
    )
    f.rect(x - 13.2 * u, top - 1.2 * u, x + 13.2 * u, top + 1.4 * u, "#3c434b", 0.6 * u)
    f.rect(x - 10 * u, top + 8.5 * u, x + 10 * u, foot - 4.5 * u, "#39414a", 1.2 * u)
    f.rect(
        x - 8.8 * u,
        top + 9.7 * u,
        x + 8.8 * u,
        foot - 5.7 * u,
        Linear((0, top), (0, foot), ("#56606b", "#2c333b")),
        0.8 * u,
    )
    f.rect(x - 9 * u, top + 6.3 * u, x + 9 * u, top + 7.3 * u, "#b7bfc6", 0.5 * u)
    f.dots([(x + i * 3.6 * u, top + 3.9 * u) for i in (-2, -1, 0, 1, 2)], 0.95 * u, darker(colour, 0.55))
    # A pot and a kettle stand on it.
    f.rect(
        x - 9.5 * u,
        top - 7 * u,
        x - 2 * u,
        top - 1.2 * u,
        Linear((x - 9.5 * u, 0), (x - 2 * u, 0), (lighter(accent, 0.25), accent, darker(accent, 0.2))),
        0.8 * u,
    )
    f.rect(x - 10 * u, top - 8 * u, x - 1.5 * u, top - 6.8 * u, darker(accent, 0.2), 0.5 * u)
    f.rect(x - 6.6 * u, top - 9 * u, x - 4.9 * u, top - 8 * u, darker(accent, 0.4), 0.4 * u)


def _fridge(f: Frame, x: float, foot: float, colour: str) -> None:
    u = f.u
    x0, x1, top = x - 10 * u, x + 10 * u, foot - 55 * u
    f.rect(
        x0, top, x1, foot + u, Linear((x0, 0), (x1, 0), (lighter(colour, 0.4), colour, darker(colour, 0.12))), 2.4 * u
    )
    f.rect(x0, top + 18 * u, x1, top + 18.8 * u, darker(colour, 0.25))
    for y0, y1 in ((9, 16), (21, 31)):
        f.rect(x0 + 2 * u, top + y0 * u, x0 + 3.1 * u, top + y1 * u, darker(colour, 0.4), 0.5 * u)
    for _ in range(3):
        px, py = x0 + f.near(6, 15) * u, top + f.near(4, 12) * u
        f.rect(px, py, px + 2.6 * u, py + 2.8 * u, f.pick("#f2c879", "#e58b6b", "#8fb8c9", "#a9c29a"), 0.2 * u)


def living_room(f: Frame) -> None:
    """A window with curtains over a radiator, pictures or a fireplace, a rug on boards."""
    wall = f.pick("#e9d8c4", "#cfdcd6", "#d5d4e3", "#e8cfc6", "#c9d6df", "#ece3cd")
    wood = f.pick("#b98457", "#c79a6c", "#9c6f4e")
    cloth = f.pick("#c76f5a", "#5d8a92", "#d8a657", "#8b6f9c", "#6f8f6b", "#c98895")
    plain_wall(f, wall)
    if f.rng.random() < 0.4:
        stripes = [(x * 7 * f.u, -1.0, x * 7 * f.u + 3.5 * f.u, f.horizon) for x in range(int(f.w / (7 * f.u)) + 1)]
        f.canvas.fill(rects(stripes), "#ffffff", 0.16)
    else:
        _panels(f, 0.66 * f.horizon, f.horizon - 3.2 * f.u, lighter(wall, 0.4))
    boards(f, f.horizon, wood, darker(wood, 0.4))
    skirting(f, "#faf6ee")
    side = f.rng.choice((-1, 1))
    middle = f.w * (0.5 + side * f.near(0.16, 0.26))
    wide = min(32 * f.u, f.w * 0.36)
    top, high = 0.12 * f.h, 40 * f.u
    _radiator(f, middle, f.horizon - 5.5 * f.u, wide * 0.9)
    window(f, middle - wide / 2, top, middle + wide / 2, top + high, f.pick(*FRAMES), 2, 1)
    hem = min(f.horizon - 1.5 * f.u, top + high + 17 * f.u)
    for edge in (-1, 1):
        outer, inner = middle + edge * (wide / 2 + 7 * f.u), middle + edge * (wide / 2 - 4.5 * f.u)
        curtain(f, outer, inner, top - 4 * f.u, hem, cloth, 0.45)
    f.rect(
        middle - wide / 2 - 10 * f.u,
        top - 5 * f.u,
        middle + wide / 2 + 10 * f.u,
        top - 3.8 * f.u,
        darker(wood, 0.25),
        0.6 * f.u,
    )
    other = f.w * (0.5 - side * f.near(0.24, 0.3))
    if f.rng.random() < 0.45 and f.w > 0.9 * f.h:
        _fireplace(f, other, f.horizon, f.pick("#f1ebe1", "#a86a52", "#c9c4bd"))
        picture(f, other, 0.3 * f.h, 17 * f.u, 20 * f.u)
    else:
        for dx, dy, wide_, high_ in f.rng.choice(
            (((-9, 0, 14, 19), (9, -3, 15, 13), (9, 11, 11, 9)), ((0, -2, 24, 17),), ((-9, 0, 13, 18), (9, 0, 13, 18)))
        ):
            picture(f, other + dx * f.u, 0.32 * f.h + dy * f.u, wide_ * f.u, high_ * f.u)
    pendant(f, f.w * (0.5 - side * f.near(0.0, 0.08)), 0.12 * f.h, f.pick("#e8c37a", "#d9e0e4", cloth), 1.15)
    _rug(f, cloth)


def _panels(f: Frame, top: float, bottom: float, colour: str) -> None:
    f.band(top, bottom + 4 * f.u, colour, colour)
    f.rect(-1, top - 1.0 * f.u, f.w + 1, top + 0.6 * f.u, lighter(colour, 0.45))
    gap, boxes = 16 * f.u, []
    x = (f.w % gap) / 2 - gap
    while x < f.w:
        boxes.append((x + 1.8 * f.u, top + 2.6 * f.u, x + gap - 1.8 * f.u, bottom - 1.6 * f.u))
        x += gap
    if bottom - top > 8 * f.u:
        f.canvas.stroke(rects(boxes, 0.5 * f.u), darker(colour, 0.22), 0.45 * f.u, 0.8)


def _radiator(f: Frame, x: float, foot: float, wide: float) -> None:
    count = max(5, int(wide / (3 * f.u)))
    step = wide / count
    ribs = [
        (x - wide / 2 + i * step + 0.2 * f.u, foot - 15 * f.u, x - wide / 2 + (i + 1) * step - 0.2 * f.u, foot)
        for i in range(count)
    ]
    f.canvas.fill(rects(ribs, 1.1 * f.u), Linear((0, foot - 15 * f.u), (0, foot), ("#fbfaf6", "#d5d2cb")))


def _fireplace(f: Frame, x: float, foot: float, colour: str) -> None:
    u = f.u
    f.rect(
        x - 17 * u,
        foot - 30 * u,
        x + 17 * u,
        foot + u,
        Linear((x - 17 * u, 0), (x + 17 * u, 0), (lighter(colour, 0.2), colour, darker(colour, 0.1))),
    )
    f.rect(x - 19.5 * u, foot - 32.5 * u, x + 19.5 * u, foot - 29 * u, lighter(colour, 0.35), 0.6 * u)
    f.rect(x - 19.5 * u, foot - 29 * u, x + 19.5 * u, foot - 28 * u, "#1a1430", alpha=0.16)
    opening = skia.Path()
    opening.moveTo(x - 11 * u, foot + u)
    opening.lineTo(x - 11 * u, foot - 15 * u)
    opening.cubicTo(x - 11 * u, foot - 23 * u, x + 11 * u, foot - 23 * u, x + 11 * u, foot - 15 * u)
    opening.lineTo(x + 11 * u, foot + u)
    opening.close()
    f.canvas.fill(opening, Radial((x, foot), 22 * u, ("#8a4a2a", "#4a3029", "#2e2626")))
    for wide, high, flame in ((6.5, 12, "#e8742c"), (4.4, 8.6, "#f6a63c"), (2.2, 5, "#fde08a")):
        tongue = skia.Path()
        tongue.moveTo(x - wide * u, foot - 1.5 * u)
        tongue.cubicTo(
            x - wide * u, foot - high * 0.5 * u, x - 0.6 * u, foot - high * 0.6 * u, x + 0.4 * u, foot - high * u
        )
        tongue.cubicTo(
            x + 1.2 * u, foot - high * 0.6 * u, x + wide * u, foot - high * 0.55 * u, x + wide * u, foot - 1.5 * u
        )
        tongue.close()
        f.canvas.fill(tongue, flame)
    for dy, lean in ((-1.6, 4), (-2.6, -5)):
        with f.canvas.at(x, foot + dy * u, lean):
            f.rect(-8 * u, -1.2 * u, 8 * u, 1.2 * u, "#6d4630", 1.2 * u)


def _rug(f: Frame, colour: str) -> None:
    y = (f.horizon + min(f.h, f.ground + 4 * f.u)) / 2 + 2.5 * f.u
    ry = (min(f.h, f.ground + 5 * f.u) - f.horizon) * 0.36
    if ry < 2 * f.u:
        return
    for share, shade in (
        (1.0, darker(colour, 0.12)),
        (0.93, lighter(colour, 0.6)),
        (0.86, colour),
        (0.55, lighter(colour, 0.35)),
        (0.5, lighter(colour, 0.12)),
    ):
        f.canvas.fill(oval(f.w / 2, y, f.w * 0.4 * share, ry * share), shade)


def cafe_wall(f: Frame) -> None:
    """A wall in two colours with a wide window, a chalkboard or picture and a row of lamps."""
    wall = f.pick("#d9c2a3", "#b9c7bb", "#dcb9a4", "#b6bfce", "#e3d3ae", "#c8b0ba")
    low = f.pick("#7b5b46", "#4f6b66", "#5b6480", "#8b5550", "#6d7355")
    wood = f.pick("#a97b55", "#8f6a4c", "#b98d63")
    plain_wall(f, wall)
    if f.rng.random() < 0.6:
        _bricks(f, darker(wall, 0.14))
    dado = max(0.62 * f.horizon, f.horizon - 30 * f.u)
    f.band(dado, f.horizon, low, darker(low, 0.16))
    grooves = [((x * 4.5 * f.u, dado), (x * 4.5 * f.u, f.horizon)) for x in range(int(f.w / (4.5 * f.u)) + 1)]
    f.canvas.stroke(lines(grooves), darker(low, 0.35), 0.35 * f.u, 0.7)
    f.rect(-1, dado - 1.2 * f.u, f.w + 1, dado + 0.9 * f.u, lighter(low, 0.22))
    side = f.rng.choice((-1, 1))
    wide = min(44 * f.u, f.w * 0.42)
    middle = f.w * (0.5 + side * f.near(0.16, 0.22))
    window(
        f,
        middle - wide / 2,
        0.14 * f.h,
        middle + wide / 2,
        dado - 8 * f.u,
        f.pick("#4b3a30", "#f3ece0", "#3f4a4f"),
        3,
        1,
    )
    other = f.w * (0.5 - side * 0.29)
    if f.rng.random() < 0.55:
        _chalkboard(f, other, 0.34 * f.h, min(24 * f.u, f.w * 0.28), wood)
    else:
        picture(f, other, 0.33 * f.h, min(22 * f.u, f.w * 0.28), 24 * f.u)
    lamp = f.pick("#2f3a40", "#c98b4a", "#b5483f", "#e9dcc0")
    count = max(2, round(f.w / (34 * f.u)))
    for i in range(count):
        pendant(f, f.w * (i + 0.5) / count, 0.13 * f.h, lamp, 0.85)
    if f.rng.random() < 0.5:
        boards(f, f.horizon, wood, darker(wood, 0.4))
    else:
        tiles(f, f.horizon, "#e9e1d3", mix(low, "#cfc4b4", 0.45))
    skirting(f, darker(low, 0.1))


def _bricks(f: Frame, colour: str) -> None:
    """Patches of brick that show through the plaster."""
    bricks = []
    for _ in range(6):
        x, y = f.rng.random() * f.w, f.near(0.06, 0.6) * f.h
        for row in range(f.rng.choice((2, 3, 4))):
            shift = (row % 2) * 2.6 * f.u + f.near(-1, 1) * 0.2 * f.u
            for i in range(f.rng.choice((1, 2, 3))):
                bricks.append(
                    (
                        x + shift + i * 5.4 * f.u,
                        y + row * 2.6 * f.u,
                        x + shift + i * 5.4 * f.u + 4.8 * f.u,
                        y + row * 2.6 * f.u + 2.0 * f.u,
                    )
                )
    f.canvas.fill(rects(bricks, 0.4 * f.u), colour, 0.6)


def _chalkboard(f: Frame, x: float, y: float, wide: float, wood: str) -> None:
    high = wide * 1.2
    f.rect(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2, wood, 0.6 * f.u)
    f.rect(
        x - wide / 2 + 1.2 * f.u,
        y - high / 2 + 1.2 * f.u,
        x + wide / 2 - 1.2 * f.u,
        y + high / 2 - 1.2 * f.u,
        Linear((0, y - high / 2), (0, y + high / 2), ("#3b4a48", "#2d3938")),
    )
    rows = []
    for i in range(6):
        ly = y - high * 0.28 + i * high * 0.115
        rows.append(((x - wide * 0.33, ly), (x + wide * f.near(0.0, 0.16), ly)))
        rows.append(((x + wide * 0.25, ly), (x + wide * 0.34, ly)))
    f.canvas.stroke(lines(rows), "#e9efe9", 0.5 * f.u, 0.75)
    f.canvas.stroke(
        smooth(
            [
                (x - wide * 0.2, y - high * 0.36),
                (x - wide * 0.07, y - high * 0.41),
                (x + wide * 0.06, y - high * 0.36),
                (x + wide * 0.2, y - high * 0.41),
            ],
            closed=False,
        ),
        "#f2d58c",
        0.7 * f.u,
        0.9,
    )
