"""What several rooms share: walls, floors, windows with a view, hanging lamps, pictures and curtains."""

from __future__ import annotations

import itertools

import skia

from .canvas import (
    Linear,
    Radial,
    darker,
    lighter,
    oval,
    polygon,
    rounded,
    smooth,
)
from .scenery import (
    SKIES,
    Frame,
    cloud,
    lines,
    rects,
)

FRAMES = ("#fbf7f0", "#f3ede2", "#e9e4dc", "#6b4a35")


def boards(f: Frame, y0: float, colour: str, seam: str, count: int = 16, vanish: float = 0.34) -> None:
    """A floor of boards from ``y0`` to the lower edge; they run to a vanishing point at ``vanish`` of the height."""
    f.rect(-1, y0, f.w + 1, f.h + 2, Linear((0, y0), (0, f.h), (darker(colour, 0.12), lighter(colour, 0.08))))
    vy, vx = vanish * f.h, f.w / 2
    end = f.h + 2
    scale = (end - vy) / max(1.0, y0 - vy)
    gap = f.w * 1.5 / count
    pairs, tints = [], skia.Path()
    for i in range(-count, count + 1):
        x = vx + i * gap / 1.5
        pairs.append(((x, y0), (vx + (x - vx) * scale, end)))
        if f.rng.random() < 0.3:
            right = x + gap / 1.5
            tints.addPath(
                polygon([(x, y0), (right, y0), (vx + (right - vx) * scale, end), (vx + (x - vx) * scale, end)])
            )
    f.canvas.fill(tints, lighter(colour, 0.25), 0.35)
    f.canvas.stroke(lines(pairs), seam, 0.25 * f.u, 0.5)


def tiles(f: Frame, y0: float, first: str, second: str, rows: int = 5, vanish: float = 0.3) -> None:
    """A chequered floor from ``y0`` to the lower edge, in perspective."""
    f.band(y0, f.h + 2, first, lighter(first, 0.1))
    vy, vx = vanish * f.h, f.w / 2
    end = max(f.h + 2, y0 + 4)
    edges = [y0 + (end - y0) * (i / rows) ** 1.35 for i in range(rows + 1)]
    gap = 9 * f.u
    path = skia.Path()
    for row, (top, bottom) in enumerate(itertools.pairwise(edges)):
        up, down = (top - vy) / (y0 - vy), (bottom - vy) / (y0 - vy)
        half = int(f.w / gap) + 2
        for i in range(-half, half):
            if (i + row) % 2:
                a, b = i * gap, (i + 1) * gap
                path.addPath(
                    polygon([(vx + a * up, top), (vx + b * up, top), (vx + b * down, bottom), (vx + a * down, bottom)])
                )
    f.canvas.fill(path, Linear((0, y0), (0, end), (darker(second, 0.08), second)))


def plain_wall(f: Frame, colour: str) -> None:
    """A plain wall that is lit from above, with a skirting where it meets the floor."""
    f.rect(-1, -1, f.w + 1, f.horizon + 1, Linear((0, 0), (0, f.horizon), (lighter(colour, 0.16), colour)))
    centre = (f.w * f.near(0.3, 0.7), f.h * 0.18)
    f.rect(-1, -1, f.w + 1, f.horizon + 1, Radial(centre, 0.8 * f.h, ("#ffffff55", "#ffffff00")))


def skirting(f: Frame, colour: str) -> None:
    """The skirting board at the foot of a wall and the shade it throws on the floor."""
    f.rect(-1, f.horizon - 3.2 * f.u, f.w + 1, f.horizon, colour)
    f.rect(-1, f.horizon - 3.2 * f.u, f.w + 1, f.horizon - 2.6 * f.u, lighter(colour, 0.4))
    f.rect(
        -1,
        f.horizon,
        f.w + 1,
        f.horizon + 1.6 * f.u,
        Linear((0, f.horizon), (0, f.horizon + 1.6 * f.u), ("#1a143040", "#1a143000")),
    )


def view(f: Frame, x0: float, y0: float, x1: float, y1: float) -> None:
    """What is seen through a window: sky and hills, or roofs."""
    colours = f.rng.choice(SKIES)
    with f.canvas.clip(rounded(x0, y0, x1, y1)):
        f.rect(x0, y0, x1, y1, Linear((0, y0), (0, y1), colours))
        cloud(f, x0 + (x1 - x0) * f.near(0.25, 0.75), y0 + (y1 - y0) * f.near(0.25, 0.42), (x1 - x0) * 0.42)
        high = y1 - y0
        if f.rng.random() < 0.5:
            shapes = [(0.68, "#a9cdbf"), (0.8, "#8fbf9c")]
            for level, colour in shapes:
                y = y0 + high * level
                sway = high * 0.06 * f.rng.choice((-1, 1))
                line = [
                    (x0 - 1, y),
                    (x0 + (x1 - x0) * 0.35, y - sway),
                    (x0 + (x1 - x0) * 0.7, y + sway),
                    (x1 + 1, y - sway),
                ]
                path = smooth(line, closed=False)
                path.lineTo(x1 + 1, y1)
                path.lineTo(x0 - 1, y1)
                f.canvas.fill(path, colour)
        else:
            for level, colour in ((0.55, "#b9cbdc"), (0.72, "#93abc4")):
                houses, x = [], x0 - f.near(0, 3) * f.u
                while x < x1:
                    wide = f.near(3, 6) * f.u
                    houses.append((x, y0 + high * (level + f.near(-0.1, 0.1)), x + wide, y1))
                    x += wide + f.near(0, 0.6) * f.u
                f.canvas.fill(rects(houses), colour)


def window(f: Frame, x0: float, y0: float, x1: float, y1: float, frame: str, panes: int = 2, bars: int = 1) -> None:
    """A window with a view: ``panes`` columns, ``bars`` cross bars, a frame, a sill and a gleam on the glass."""
    rim = 1.5 * f.u
    f.rect(x0 - rim, y0 - rim, x1 + rim, y1 + rim, darker(frame, 0.16), 0.5 * f.u)
    f.rect(x0 - rim, y0 - rim, x1 + rim, y1 + rim * 0.8, frame, 0.5 * f.u)
    view(f, x0, y0, x1, y1)
    wide, high = x1 - x0, y1 - y0
    gleam = []
    for a, b in ((0.45, 0.14), (0.66, 0.05)):
        left, right = x0 + wide * a, x0 + wide * (a + b)
        gleam.append(polygon([(left, y0), (right, y0), (right - 0.3 * wide, y1), (left - 0.3 * wide, y1)]))
    with f.canvas.clip(rounded(x0, y0, x1, y1)):
        for shape in gleam:
            f.canvas.fill(shape, "#ffffff", 0.16)
        f.rect(x0, y0, x1, y0 + 1.1 * f.u, "#1a1430", alpha=0.12)
    bar = 0.55 * f.u
    cross = [(x0 + wide * i / panes - bar, y0, x0 + wide * i / panes + bar, y1) for i in range(1, panes)]
    cross += [(x0, y0 + high * i / (bars + 1) - bar, x1, y0 + high * i / (bars + 1) + bar) for i in range(1, bars + 1)]
    if cross:
        f.canvas.fill(rects(cross), frame)
    f.rect(x0 - 2.6 * f.u, y1 + rim * 0.6, x1 + 2.6 * f.u, y1 + rim + 1.2 * f.u, lighter(frame, 0.3), 0.5 * f.u)
    f.rect(x0 - 2.2 * f.u, y1 + rim + 1.2 * f.u, x1 + 2.2 * f.u, y1 + rim + 2 * f.u, "#1a1430", 0.3 * f.u, 0.1)


def pendant(f: Frame, x: float, drop: float, colour: str, size: float = 1.0) -> None:
    """A hanging lamp with a soft pool of light below it."""
    u = f.u * size
    pool = (x, drop + 4 * u)
    f.canvas.fill(oval(*pool, 15 * u, 15 * u), Radial(pool, 15 * u, ("#fff2c070", "#fff2c020", "#fff2c000")))
    f.canvas.line((x, -2), (x, drop - 4 * u), darker(colour, 0.5), 0.35 * u)
    shade = skia.Path()
    shade.moveTo(x - 5 * u, drop + 1.5 * u)
    shade.cubicTo(x - 5 * u, drop - 3 * u, x - 1.6 * u, drop - 3 * u, x - 1.1 * u, drop - 5 * u)
    shade.lineTo(x + 1.1 * u, drop - 5 * u)
    shade.cubicTo(x + 1.6 * u, drop - 3 * u, x + 5 * u, drop - 3 * u, x + 5 * u, drop + 1.5 * u)
    shade.close()
    f.canvas.fill(oval(x, drop + 1.5 * u, 2.2 * u, 1.9 * u), "#fff6d6")
    f.canvas.fill(shade, Linear((x - 5 * u, 0), (x + 5 * u, 0), (lighter(colour, 0.2), colour, darker(colour, 0.2))))


def picture(f: Frame, x: float, y: float, wide: float, high: float) -> None:
    """A framed picture of abstract shapes."""
    paper, a, b, c = f.rng.choice(
        (
            ("#fbf3e6", "#e58b6b", "#f2c879", "#5f8fa3"),
            ("#f1f3f4", "#7fa3b8", "#d9a5a0", "#3f5d73"),
            ("#f7efe9", "#c9796a", "#8aa399", "#e7c58b"),
        )
    )
    x0, y0, x1, y1 = x - wide / 2, y - high / 2, x + wide / 2, y + high / 2
    f.rect(x0 + 0.5 * f.u, y0 + 0.8 * f.u, x1 + 0.5 * f.u, y1 + 0.8 * f.u, "#1a1430", 0.3 * f.u, 0.14)
    f.rect(x0, y0, x1, y1, f.pick("#fdfaf4", "#4b4238", "#b98d5f"), 0.3 * f.u)
    f.rect(x0 + 0.9 * f.u, y0 + 0.9 * f.u, x1 - 0.9 * f.u, y1 - 0.9 * f.u, paper)
    with f.canvas.clip(rounded(x0 + 1.6 * f.u, y0 + 1.6 * f.u, x1 - 1.6 * f.u, y1 - 1.6 * f.u)):
        kind = f.rng.randrange(3)
        if kind == 0:
            f.canvas.fill(oval(x + wide * 0.1, y - high * 0.12, wide * 0.22, wide * 0.22), a)
            f.canvas.fill(
                smooth([(x0, y + high * 0.1), (x, y), (x1, y + high * 0.16), (x1, y1), (x0, y1)], tension=0.6), b
            )
            f.canvas.fill(
                smooth(
                    [(x0, y + high * 0.28), (x, y + high * 0.22), (x1, y + high * 0.3), (x1, y1), (x0, y1)], tension=0.6
                ),
                c,
            )
        elif kind == 1:
            f.rect(x0, y0, x, y, a)
            f.rect(x, y, x1, y1, b)
            f.canvas.fill(oval(x, y, wide * 0.2, wide * 0.2), c)
        else:
            for i, colour in enumerate((a, b, c)):
                r = wide * (0.42 - 0.13 * i)
                f.canvas.fill(oval(x, y1 - 1.6 * f.u, r, r), colour)


def curtain(f: Frame, x0: float, x1: float, top: float, bottom: float, colour: str, tie: float) -> None:
    """One curtain between x0 (its fixed outer side) and x1, gathered towards x0 by ``tie`` of its width."""
    inner = x0 + (x1 - x0) * (1 - tie)
    waist = top + (bottom - top) * 0.62
    cloth = skia.Path()
    cloth.moveTo(x0, top)
    cloth.lineTo(x1, top)
    cloth.cubicTo(x1, top + (waist - top) * 0.6, inner, waist * 0.8 + top * 0.2, inner, waist)
    cloth.cubicTo(
        inner,
        waist + (bottom - waist) * 0.4,
        x0 + (x1 - x0) * (1 - tie * 0.6),
        bottom,
        x0 + (x1 - x0) * (1 - tie * 0.5),
        bottom,
    )
    cloth.lineTo(x0, bottom)
    cloth.close()
    wide = x1 - x0
    f.canvas.fill(cloth, Linear((x0, 0), (x1, 0), (darker(colour, 0.12), colour, lighter(colour, 0.12))))
    with f.canvas.clip(cloth):
        folds = max(3, int(abs(wide) / (3.2 * f.u)))
        path = skia.Path()
        for i in range(folds):
            a = x0 + wide * (i + 0.62) / folds
            low = x0 + (a - x0) * (1 - tie * 0.55)
            path.addPath(
                polygon([(a, top), (a + wide * 0.3 / folds, top), (low + wide * 0.2 / folds, bottom), (low, bottom)])
            )
        f.canvas.fill(path, darker(colour, 0.32), 0.45)
