"""The places where people watch: the stadium and the theatre stage."""

from __future__ import annotations

import math

import skia

from .canvas import (
    Linear,
    Radial,
    darker,
    lighter,
    mix,
    oval,
    polygon,
    rounded,
    smooth,
)
from .fittings import boards, curtain
from .scenery import (
    Frame,
    below,
    clouds,
    sky,
)


def stadium(f: Frame) -> None:
    """Two stands full of abstract spectators under a roof, boards, and the pitch."""
    air = sky(f)
    clouds(f, 0.05 * f.h, 0.2 * f.h, 2, alpha=0.8)
    seat = f.pick("#3f6fa8", "#b5524f", "#4a8f7c", "#6a5fa0", "#c98a3f")
    foot = f.horizon
    top = min(f.near(0.2, 0.27) * f.h, foot - 40 * f.u)
    for x in (f.w * 0.1, f.w * 0.9):
        _floodlight(f, x, top, min(20 * f.u, top - 6 * f.u))
    # The roof, the upper and the lower stand, each a bowl that dips in the middle.
    dip = 2.6 * f.u
    f.canvas.fill(
        below(f, [(f.w * t / 6 - 1, top - dip + dip * math.sin(math.pi * t / 6)) for t in range(-1, 8)]),
        Linear((0, top), (0, top + 8 * f.u), ("#f3f5f7", mix(air[0], "#7d8fa6", 0.5))),
    )
    f.band(top + 4.6 * f.u, top + 10 * f.u, "#3a4656", "#566478")
    rows = ((top + 9 * f.u, top + 9 * f.u + (foot - top) * 0.33), (top + 9 * f.u + (foot - top) * 0.42, foot - 6 * f.u))
    for low, high in rows:
        _stand(f, low, max(high, low + 6 * f.u), seat)
    _boards(f, foot - 6 * f.u, foot, seat)
    _pitch(f, foot)


def _floodlight(f: Frame, x: float, foot: float, height: float) -> None:
    u = f.u
    f.rect(x - 0.8 * u, foot - height, x + 0.8 * u, foot + 4 * u, "#8b98a8")
    f.rect(x - 6 * u, foot - height - 4 * u, x + 6 * u, foot - height + 3 * u, "#56637a", 0.6 * u)
    f.dots(
        [(x + i * 3.4 * u, foot - height + j * 3.0 * u - 2 * u) for i in (-1, 0, 1) for j in (0, 1)], 1.1 * u, "#fffbe6"
    )
    glow = (x, foot - height)
    f.canvas.fill(oval(*glow, 13 * u, 13 * u), Radial(glow, 13 * u, ("#fffbe680", "#fffbe620", "#fffbe600")))


def _stand(f: Frame, low: float, high: float, seat: str) -> None:
    """Rows of seats filled with an abstract crowd: dots in a few colours, aisles between the blocks."""
    f.band(low, high, darker(seat, 0.42), darker(seat, 0.12))
    step = 2.5 * f.u
    colours = ("#f4d7b0", "#f7f3ea", seat, "#e8c25a", lighter(seat, 0.5), "#c9a58a")
    groups: dict[str, list[tuple[float, float]]] = {colour: [] for colour in colours}
    rng = f.rng
    y, k = low + 1.3 * f.u, 0
    while y < high - 0.6 * f.u:
        x = (k % 2) * step / 2
        while x < f.w + step:
            if rng.random() < 0.84:
                groups[colours[int(rng.random() * 6)]].append((x, y))
            x += step
        y, k = y + 2.1 * f.u, k + 1
    for colour, points in groups.items():
        f.dots(points, 0.82 * f.u, colour, 0.92)
    gap = 30 * f.u
    aisles = []
    for i in range(-4, 5):
        x = f.w / 2 + i * gap
        lean = i * 1.6 * f.u
        aisles.append(
            polygon(
                [(x - 0.9 * f.u, low), (x + 0.9 * f.u, low), (x + 1.2 * f.u + lean, high), (x - 1.2 * f.u + lean, high)]
            )
        )
    path = skia.Path()
    for aisle in aisles:
        path.addPath(aisle)
    f.canvas.fill(path, "#c9d0d8")
    f.band(high - 0.2 * f.u, high + 1.8 * f.u, "#eef1f4", "#b9c3ce")


def _boards(f: Frame, y0: float, y1: float, seat: str) -> None:
    """Coloured boards along the pitch with abstract marks."""
    x, i = -f.near(0, 10) * f.u, 0
    colours = ["#f7f7f4", seat, "#2f3a52", "#e8c25a"]
    while x < f.w:
        wide = f.near(20, 30) * f.u
        colour = colours[i % 4]
        f.rect(x, y0, x + wide, y1, colour)
        mark = darker(colour, 0.5) if i % 4 in (0, 3) else "#ffffff"
        f.rect(x + 3 * f.u, y0 + 2.2 * f.u, x + wide * 0.55, y1 - 2.2 * f.u, mark, 0.8 * f.u, 0.75)
        f.dots([(x + wide * 0.75, (y0 + y1) / 2)], 1.3 * f.u, mark, 0.75)
        x, i = x + wide, i + 1
    f.band(y1 - 0.5 * f.u, y1, "#1f2735", "#1f2735")


def _pitch(f: Frame, y0: float) -> None:
    green = f.pick("#5fae55", "#6cb35a", "#4fa565")
    f.band(y0, f.h + 2, green, lighter(green, 0.06))
    end = max(f.h + 2, y0 + 4)
    vx, vy = f.w / 2, 0.3 * f.h
    stretch = (end - vy) / (y0 - vy)
    gap = 13 * f.u
    path = skia.Path()
    for i in range(-8, 8, 2):
        a, b = vx + i * gap, vx + (i + 1) * gap
        path.addPath(polygon([(a, y0), (b, y0), (vx + (b - vx) * stretch, end), (vx + (a - vx) * stretch, end)]))
    f.canvas.fill(path, lighter(green, 0.2), 0.75)
    f.rect(-1, y0, f.w + 1, y0 + 2 * f.u, "#1a1430", alpha=0.14)
    y = y0 + 2.8 * f.u
    f.rect(-1, y, f.w + 1, y + 0.7 * f.u, "#ffffff", alpha=0.9)
    x = vx + f.near(-0.3, 0.3) * f.w
    with f.canvas.clip(rounded(-1, y, f.w + 1, end)):
        f.canvas.stroke(oval(x, y, 34 * f.u, 7 * f.u), "#ffffff", 0.7 * f.u, 0.9)


def stage(f: Frame) -> None:
    """A theatre stage: painted backdrop, beams of light, curtains and a floor of boards."""
    cloth = f.pick("#a32d3c", "#6d2f73", "#244f7c", "#1f6b62", "#b4532f")
    back = f.rng.choice(
        (
            ("#3a4a86", "#8f7fc0", "#e8b8c4"),
            ("#2c4a6e", "#5f8fb5", "#cfe2e2"),
            ("#54386f", "#a0669c", "#f0bfa0"),
            ("#25525c", "#5fa3a0", "#dbe8cf"),
        )
    )
    wood = f.pick("#b0794f", "#9a6a48", "#c08e5f")
    f.rect(-1, -1, f.w + 1, f.horizon + 1, Linear((0, 0), (0, f.horizon), back))
    _flats(f, back)
    for i, colour in enumerate(f.rng.sample(("#fff1bf", "#ffd2e0", "#cfe8ff", "#e2ffd8"), 3)):
        _spot(f, f.w * (0.24 + 0.26 * i), f.w * (0.3 + 0.2 * i + f.near(-0.06, 0.06)), colour)
    boards(f, f.horizon, wood, darker(wood, 0.45), 20, 0.3)
    for i in range(3):
        centre = (f.w * (0.25 + 0.25 * i), (f.horizon + f.h) / 2)
        rx, ry = 20 * f.u, max(2.0, (f.h - f.horizon) * 0.36)
        with f.canvas.at(*centre, scale=(1.0, ry / rx)):
            f.canvas.fill(oval(0, 0, rx, rx), Radial((0, 0), rx, ("#fff2cc90", "#fff2cc40", "#fff2cc00")))
    wide = f.w * f.near(0.15, 0.19)
    for x0, x1 in ((-2.0, wide), (f.w + 2.0, f.w - wide)):
        curtain(f, x0, x1, -2, f.horizon + 5 * f.u, cloth, 0.42)
        tie = x0 + (x1 - x0) * 0.6
        y = f.horizon * 0.62 + 2 * f.u
        f.rect(min(x0, tie), y - 0.9 * f.u, max(x0, tie), y + 0.9 * f.u, "#e3b654", 0.9 * f.u)
    _drape(f, cloth)


def _flats(f: Frame, back: tuple[str, str, str]) -> None:
    """Painted shapes at the back of the stage: rolling layers or arches."""
    if f.rng.random() < 0.5:
        for i in range(3):
            y = f.horizon - (20 - 6 * i) * f.u
            rise = 5 * f.u
            phase = f.near(0, math.tau)
            line = [(f.w * t / 10, y + rise * math.sin(t * 0.9 + phase + i)) for t in range(-1, 12)]
            path = smooth(line, closed=False)
            path.lineTo(f.w * 1.1, f.horizon + 1)
            path.lineTo(-f.w * 0.1, f.horizon + 1)
            f.canvas.fill(path, mix(back[1], back[0], 0.25 + 0.25 * i), 0.85)
    else:
        for i in range(3):
            r = (44 - 11 * i) * f.u
            arch = rounded(f.w / 2 - r, f.horizon - r * 1.25, f.w / 2 + r, f.horizon + 2 * r, r)
            with f.canvas.clip(rounded(-1, -1, f.w + 1, f.horizon + 1)):
                f.canvas.fill(arch, mix(back[1], back[2], 0.2 + 0.28 * i), 0.75)


def _spot(f: Frame, x: float, aim: float, colour: str) -> None:
    """A lamp behind the drape and its beam."""
    foot = (f.horizon + f.h) / 2
    beam = polygon([(x - 1.2 * f.u, 0), (x + 1.2 * f.u, 0), (aim + 17 * f.u, foot), (aim - 17 * f.u, foot)])
    f.canvas.fill(beam, Linear((x, 0), (aim, foot), (colour + "a0", colour + "38", colour + "00")))


def _drape(f: Frame, colour: str) -> None:
    """The short front curtain at the top, in scallops with a golden hem."""
    count = max(4, round(f.w / (24 * f.u)))
    step = f.w / count
    drop = 8 * f.u
    for i in range(count):
        x0, x1 = i * step, (i + 1) * step
        swag = skia.Path()
        swag.moveTo(x0 - 1, -2)
        swag.lineTo(x1 + 1, -2)
        swag.lineTo(x1 + 1, drop * 0.8)
        swag.quadTo((x0 + x1) / 2, drop * 2.3, x0 - 1, drop * 0.8)
        swag.close()
        f.canvas.fill(swag, Linear((0, 0), (0, drop * 1.6), (darker(colour, 0.25), colour, lighter(colour, 0.1))))
        hem = skia.Path()
        hem.moveTo(x0 - 1, drop * 0.8)
        hem.quadTo((x0 + x1) / 2, drop * 2.3, x1 + 1, drop * 0.8)
        f.canvas.stroke(hem, "#e3b654", 0.9 * f.u)
        folds = skia.Path()
        for share in (0.35, 0.65, 0.95):
            folds.moveTo(x0, drop * 0.1 * share)
            folds.quadTo((x0 + x1) / 2, drop * 2.0 * share, x1, drop * 0.1 * share)
        f.canvas.stroke(folds, darker(colour, 0.35), 0.5 * f.u, 0.5)
