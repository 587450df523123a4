"""The outdoor places: park, street, stadium, beach, mountains, night city, lake and desert. No trees, plants or vehicles."""

from __future__ import annotations

import math

import skia

from .canvas import Linear, Radial, darker, lighter, mix, oval, polygon, rounded, smooth
from .scenery import Frame, below, clouds, grass, hill, lamp_post, lines, rects, ridge, roll, skyline, sky, sun

GREENS = (("#b9dca0", "#8cc57a", "#63ad62"), ("#c9dd94", "#a3c86a", "#79b055"), ("#a9d8b4", "#78bf94", "#4fa27c"))


def _daylight(f: Frame, count: int = 3) -> tuple[str, str, str]:
    """Sky, perhaps a sun, and clouds."""
    colours = sky(f)
    if f.rng.random() < 0.55:
        sun(f, f.w * f.rng.choice((0.14, 0.3, 0.7, 0.86)), f.h * f.near(0.1, 0.2))
    clouds(f, 0.1 * f.h, max(0.16 * f.h, f.horizon - 17 * f.u), count)
    return colours


def park(f: Frame) -> None:
    air = _daylight(f, f.rng.choice((3, 4)))
    far, middle, front = f.rng.choice(GREENS)
    skyline(f, f.horizon - 2 * f.u, 17 * f.u, mix(air[0], air[2], 0.55), None, alpha=0.65)
    hill(f, f.horizon - 5 * f.u, 3.2 * f.u, mix(far, air[1], 0.45), far, 1.3)
    hill(f, f.horizon + 0.5 * f.u, 2.4 * f.u, far, middle, 1.8)
    side = f.rng.choice((-1, 1))
    _pavilion(
        f,
        f.w * (0.5 - side * f.near(0.24, 0.34)),
        f.horizon + 3.5 * f.u,
        f.pick("#c9705a", "#5a86a8", "#8a6aa0", "#c99a4a"),
    )
    top = f.horizon + 5 * f.u
    hill(f, top, 1.5 * f.u, middle, front, 1.1, f.h - top)
    if f.rng.random() < 0.6:
        _pond(f, f.w * (0.5 + side * 0.28), top + 5.5 * f.u, 17 * f.u, air)
    _path(
        f,
        f.w * (0.5 - side * f.near(0.1, 0.2)),
        top + 0.5 * f.u,
        f.w * (0.5 + side * f.near(0.1, 0.3)),
        f.pick("#ecdcb8", "#e6d3c3", "#dedbd0"),
    )
    _fence(f, top + 0.4 * f.u)
    for i in range(2):
        lamp_post(f, f.w * (0.5 + side * (0.16 + 0.24 * i)), top + (2.5 + 2 * i) * f.u, (27 + 5 * i) * f.u, "#4c5a66")
    grass(f, top + 4 * f.u, 40, darker(front, 0.28))


def _pavilion(f: Frame, x: float, foot: float, roof: str) -> None:
    """A small open pavilion."""
    u = f.u
    f.rect(x - 11 * u, foot - 1.6 * u, x + 11 * u, foot, "#d9d3c6", 0.4 * u)
    f.rect(x - 8.6 * u, foot - 12 * u, x + 8.6 * u, foot - 1.6 * u, "#ffffff", alpha=0.22)
    columns = [
        (x + i * 4.1 * u - 0.6 * u, foot - 12 * u, x + i * 4.1 * u + 0.6 * u, foot - 1.6 * u) for i in (-2, -1, 0, 1, 2)
    ]
    f.canvas.fill(rects(columns), "#f6f1e6")
    rail = [((x - 8.4 * u, foot - 5 * u), (x + 8.4 * u, foot - 5 * u))]
    f.canvas.stroke(lines(rail), "#f6f1e6", 0.6 * u)
    dome = skia.Path()
    dome.moveTo(x - 11.5 * u, foot - 11.6 * u)
    dome.cubicTo(x - 6 * u, foot - 13.4 * u, x - 3 * u, foot - 17 * u, x, foot - 19.5 * u)
    dome.cubicTo(x + 3 * u, foot - 17 * u, x + 6 * u, foot - 13.4 * u, x + 11.5 * u, foot - 11.6 * u)
    dome.close()
    f.canvas.fill(dome, Linear((x - 11 * u, 0), (x + 11 * u, 0), (lighter(roof, 0.3), roof, darker(roof, 0.22))))
    f.canvas.line((x, foot - 19 * u), (x, foot - 21.5 * u), darker(roof, 0.3), 0.5 * u)
    f.canvas.fill(oval(x, foot - 22 * u, 0.8 * u, 0.8 * u), "#f2d58c")


def _pond(f: Frame, x: float, y: float, rx: float, air: tuple[str, str, str]) -> None:
    ry = 3.2 * f.u
    f.canvas.fill(oval(x, y, rx + 1.1 * f.u, ry + 0.8 * f.u), "#e4d9b4")
    f.canvas.fill(oval(x, y, rx, ry), Linear((0, y - ry), (0, y + ry), (air[1], mix(air[0], "#3f8fb0", 0.35))))
    gleams = [
        ((x + dx * rx, y + dy * ry), (x + (dx + 0.3) * rx, y + dy * ry))
        for dx, dy in ((-0.6, -0.2), (0.05, 0.15), (-0.3, 0.5))
    ]
    f.canvas.stroke(lines(gleams), "#ffffff", 0.45 * f.u, 0.7)


def _path(f: Frame, x: float, y: float, end: float, colour: str) -> None:
    """A path that swings from the horizon to the lower edge."""
    bottom = f.h + 2
    shape = skia.Path()
    shape.moveTo(x - 0.9 * f.u, y)
    shape.cubicTo(
        x + (end - x) * 1.5 - 3 * f.u,
        y + (bottom - y) * 0.3,
        x - (end - x) * 0.6 - 9 * f.u,
        y + (bottom - y) * 0.5,
        end - 20 * f.u,
        bottom,
    )
    shape.lineTo(end + 22 * f.u, bottom)
    shape.cubicTo(
        x - (end - x) * 0.6 + 9 * f.u,
        y + (bottom - y) * 0.56,
        x + (end - x) * 1.5 + 4 * f.u,
        y + (bottom - y) * 0.32,
        x + 0.9 * f.u,
        y,
    )
    shape.close()
    f.canvas.fill(shape, Linear((0, y), (0, bottom), (lighter(colour, 0.35), colour)))


def _fence(f: Frame, y: float) -> None:
    """A low white fence along the lawn's far edge."""
    step = 3.4 * f.u
    posts = [(x * step, y - 3.4 * f.u, x * step + 0.7 * f.u, y + 0.4 * f.u) for x in range(int(f.w / step) + 2)]
    posts += [(-1, y - 2.7 * f.u, f.w + 1, y - 2.2 * f.u), (-1, y - 1.2 * f.u, f.w + 1, y - 0.7 * f.u)]
    f.canvas.fill(rects(posts), "#fbf8ef", 0.92)


def street(f: Frame) -> None:
    air = sky(f)
    clouds(f, 0.06 * f.h, 0.24 * f.h, 2)
    skyline(f, f.horizon, 0.9 * f.horizon, mix(air[0], "#8fa6c0", 0.4), air[2], 0.3, 0.55)
    walls = ["#e8b48c", "#d98f7a", "#8fb0b8", "#e9d2a0", "#b9a6c4", "#a9bf9f", "#d9c9b6", "#c98a8f"]
    f.rng.shuffle(walls)
    x, i = -f.near(0, 14) * f.u, 0
    while x < f.w:
        wide = f.near(26, 38) * f.u
        _house(f, x, x + wide, f.horizon * f.near(0.1, 0.3), walls[i % len(walls)])
        x, i = x + wide, i + 1
    pavement = f.pick("#d9d4cb", "#cfd3d6", "#ddd2c6")
    kerb = max(f.horizon + 6 * f.u, min(f.h - 5 * f.u, f.ground + 2.2 * f.u))
    f.band(f.horizon, kerb + 2, darker(pavement, 0.1), lighter(pavement, 0.12))
    f.band(f.horizon, f.horizon + 1.4 * f.u, darker(pavement, 0.3), darker(pavement, 0.12))
    vx, vy = f.w / 2, f.h * 0.35
    pairs = []
    for k in range(-16, 17):
        a = vx + k * 9 * f.u
        stretch = (kerb - vy) / max(1.0, f.horizon - vy)
        pairs.append(((a, f.horizon), (vx + (a - vx) * stretch, kerb)))
    for share in (0.28, 0.62):
        y = f.horizon + (kerb - f.horizon) * share
        pairs.append(((0.0, y), (f.w, y)))
    f.canvas.stroke(lines(pairs), darker(pavement, 0.2), 0.28 * f.u, 0.6)
    f.band(kerb, kerb + 1.5 * f.u, "#f1eee7", "#c3bfb7")
    f.band(kerb + 1.5 * f.u, f.h + 2, "#6d737d", "#5b616c")
    for x in (f.w * f.near(0.04, 0.12), f.w * f.near(0.86, 0.95)):
        lamp_post(f, x, f.horizon + 4 * f.u, 52 * f.u, "#3d4650")


def _house(f: Frame, x0: float, x1: float, top: float, colour: str) -> None:
    """One front: roof edge, rows of windows, a shop below with an awning."""
    u, foot = f.u, f.horizon + 1
    wide = x1 - x0
    f.rect(x0, top, x1, foot, Linear((0, top), (0, foot), (lighter(colour, 0.12), darker(colour, 0.05))))
    f.rect(x1 - 1.3 * u, top, x1, foot, "#1a1430", alpha=0.1)
    f.rect(x0 - 0.6 * u, top - 1.8 * u, x1 + 0.6 * u, top + 0.8 * u, darker(colour, 0.3), 0.3 * u)
    f.rect(x0, top + 0.8 * u, x1, top + 2.0 * u, "#1a1430", alpha=0.12)
    shop = foot - 25 * u
    across = 3 if wide > 30 * u else 2
    gap = wide / across
    panes, sills, glints = [], [], []
    y = top + 6 * u
    while y + 12 * u < shop - 2 * u:
        for i in range(across):
            cx = x0 + gap * (i + 0.5)
            panes.append((cx - 3 * u, y, cx + 3 * u, y + 10 * u))
            sills.append((cx - 4 * u, y + 10.4 * u, cx + 4 * u, y + 11.4 * u))
            glints.append((cx - 0.3 * u, y, cx + 0.3 * u, y + 10 * u))
            glints.append((cx - 3 * u, y + 3.4 * u, cx + 3 * u, y + 4 * u))
        y += 17 * u
    trim = lighter(colour, 0.62)
    f.canvas.fill(rects([(a - 0.8 * u, b - 0.8 * u, c + 0.8 * u, d) for a, b, c, d in panes], 0.4 * u), trim)
    f.canvas.fill(rects(panes, 0.2 * u), Linear((0, top), (0, shop), ("#8fb4cc", "#5f86a3")))
    f.canvas.fill(rects(glints + sills), trim)
    if f.rng.random() < 0.6:
        accent = f.pick("#c2504f", "#3f7f8c", "#d99a3f", "#5f6fa8", "#5f8f63")
        f.rect(x0 + 2 * u, shop + 2 * u, x1 - 2 * u, foot, darker(accent, 0.4), 0.5 * u)
        f.rect(
            x0 + 3.4 * u,
            shop + 7 * u,
            x1 - 12 * u,
            foot - 4 * u,
            Linear((0, shop), (0, foot), ("#fdf0cf", "#bcd3d8")),
            0.4 * u,
        )
        f.rect(
            x1 - 10.4 * u,
            shop + 7 * u,
            x1 - 3.6 * u,
            foot - 0.5 * u,
            Linear((0, shop), (0, foot), ("#e6e6d6", "#9fbcc6")),
            0.4 * u,
        )
        f.rect(x1 - 9.4 * u, foot - 10 * u, x1 - 8.6 * u, foot - 6 * u, "#f2d58c", 0.4 * u)
        _awning(f, x0 + 1.4 * u, x1 - 1.4 * u, shop + 2 * u, accent)
    else:
        accent = f.pick("#7c4a3d", "#3d5a6b", "#5a6a4a", "#6a4a6a")
        cx = x0 + wide * f.near(0.4, 0.6)
        f.rect(cx - 5.4 * u, foot - 21 * u, cx + 5.4 * u, foot, trim, 0.5 * u)
        f.rect(cx - 4.2 * u, foot - 19.6 * u, cx + 4.2 * u, foot, accent, 0.3 * u)
        f.rect(cx - 3 * u, foot - 18 * u, cx + 3 * u, foot - 12 * u, "#bcd3d8", 0.3 * u)
        f.dots([(cx + 2.9 * u, foot - 8.6 * u)], 0.5 * u, "#f2d58c")
        for at in (x0 + 5 * u, x1 - 5 * u):
            if abs(at - cx) > 9 * u:
                f.rect(at - 3.6 * u, foot - 18.8 * u, at + 3.6 * u, foot - 7.2 * u, trim, 0.4 * u)
                f.rect(at - 2.8 * u, foot - 18 * u, at + 2.8 * u, foot - 8 * u, "#6f96b0", 0.2 * u)
        f.rect(cx - 7.5 * u, foot - 1.4 * u, cx + 7.5 * u, foot + 0.4 * u, "#e6e1d6", 0.2 * u)


def _awning(f: Frame, x0: float, x1: float, y: float, colour: str) -> None:
    """A striped sunshade over a shop front."""
    u = f.u
    count = max(5, round((x1 - x0) / (4 * u)))
    step = (x1 - x0) / count
    for i in range(count):
        a, b = x0 + i * step, x0 + (i + 1) * step
        cloth = skia.Path()
        cloth.moveTo(a + 0.4 * u, y)
        cloth.lineTo(b - 0.4 * u if i == count - 1 else b, y)
        cloth.lineTo(b, y + 5.4 * u)
        cloth.quadTo((a + b) / 2, y + 8.2 * u, a, y + 5.4 * u)
        cloth.close()
        f.canvas.fill(cloth, colour if i % 2 == 0 else "#fbf5ea")
    f.rect(x0, y + 4.9 * u, x1, y + 5.5 * u, "#1a1430", alpha=0.12)


def stadium(f: Frame) -> None:
    air = sky(f)
    clouds(f, 0.05 * f.h, 0.2 * f.h, 2, alpha=0.8)
    seat = f.pick("#3f6fa8", "#b5524f", "#4a8f7c", "#6a5fa0", "#c98a3f")
    top = f.near(0.24, 0.32) * f.h
    foot = f.horizon
    for x in (f.w * 0.1, f.w * 0.9):
        _floodlight(f, x, top, 20 * f.u)
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


def beach(f: Frame) -> None:
    air = _daylight(f, 3)
    sea = f.rng.choice(
        (("#3f9fc4", "#6cc7cf", "#b5e8de"), ("#3a8fc0", "#5fb9d6", "#bfe6e6"), ("#4aa3b0", "#7fccc2", "#cdeedd"))
    )
    shore = f.horizon + (min(f.ground, f.h) - f.horizon) * 0.56
    f.canvas.fill(
        rounded(-1, f.horizon, f.w + 1, f.h), Linear((0, f.horizon), (0, shore + 4 * f.u), sea, (0.0, 0.55, 1.0))
    )
    f.rect(-1, f.horizon, f.w + 1, f.horizon + 0.6 * f.u, "#ffffff", alpha=0.35)
    side = f.rng.choice((-1, 1))
    _headland(f, side, mix("#8aa78a", air[1], 0.35))
    glints = []
    for _ in range(34):
        share = f.rng.random() ** 1.3
        y = f.horizon + 1.2 * f.u + (shore - f.horizon - 3 * f.u) * share
        x, run = f.rng.random() * f.w, (1.5 + 5 * share) * f.u
        glints.append(((x, y), (x + run, y)))
    f.canvas.stroke(lines(glints), "#ffffff", 0.4 * f.u, 0.5)
    for i in range(2):
        line = roll(f, shore - (7.5 - 4 * i) * f.u, 0.7 * f.u, 5)
        f.canvas.stroke(smooth(line, closed=False), "#ffffff", (0.7 + 0.4 * i) * f.u, 0.55)
    sand = f.rng.choice((("#e3c792", "#f2dfb2"), ("#e6cda4", "#f5e6c8"), ("#dcc08f", "#eed9ad")))
    edge = roll(f, shore, 1.5 * f.u, 3.2)
    f.canvas.fill(below(f, [(x, y - 2.6 * f.u) for x, y in edge]), "#ffffff", 0.85)
    f.canvas.fill(below(f, [(x, y - 1.1 * f.u) for x, y in edge]), mix(sea[2], "#ffffff", 0.35), 0.8)
    f.canvas.fill(below(f, edge), Linear((0, shore - 2 * f.u), (0, shore + 5 * f.u), (darker(sand[0], 0.14), sand[0])))
    dry = roll(f, shore + 4.5 * f.u, 1.3 * f.u, 2.3)
    f.canvas.fill(below(f, dry), Linear((0, shore), (0, f.h), (sand[0], sand[1])))
    specks = [(f.rng.random() * f.w, shore + 6 * f.u + f.rng.random() * (f.h - shore)) for _ in range(60)]
    f.dots(specks, 0.22 * f.u, darker(sand[0], 0.3), 0.6)
    for _ in range(5):
        x, y = f.rng.random() * f.w, f.near(shore + 7 * f.u, max(f.h, shore + 9 * f.u))
        _shell(f, x, y, f.near(0.9, 1.5) * f.u, f.pick("#f3b8a2", "#fbe9dc", "#d9a5b5"))


def _shell(f: Frame, x: float, y: float, r: float, colour: str) -> None:
    fan = skia.Path()
    fan.moveTo(x, y + r * 0.8)
    fan.cubicTo(x - r * 1.8, y - r * 0.3, x - r * 0.8, y - r, x, y - r)
    fan.cubicTo(x + r * 0.8, y - r, x + r * 1.8, y - r * 0.3, x, y + r * 0.8)
    f.canvas.fill(fan, colour)
    ribs = [((x, y + r * 0.6), (x + d * r, y - r * 0.6)) for d in (-0.6, 0.0, 0.6)]
    f.canvas.stroke(lines(ribs), darker(colour, 0.25), 0.2 * f.u, 0.7)


def _headland(f: Frame, side: int, colour: str) -> None:
    """A low cape on one side of the horizon, mostly with a lighthouse."""
    u, y = f.u, f.horizon
    edge = f.w if side > 0 else 0.0
    for reach, rise, shade in ((52, 9, lighter(colour, 0.3)), (34, 6.5, colour)):
        cape = [
            (edge + side * 6 * u, y - rise * u),
            (edge - side * reach * 0.35 * u, y - rise * 0.95 * u),
            (edge - side * reach * 0.7 * u, y - rise * 0.45 * u),
            (edge - side * reach * u, y),
        ]
        path = smooth(cape, closed=False)
        path.lineTo(edge + side * 6 * u, y + 0.4 * u)
        path.close()
        f.canvas.fill(path, Linear((0, y - rise * u), (0, y), (shade, darker(shade, 0.12))))
    if f.rng.random() < 0.7:
        x, foot = edge - side * 14 * u, y - 5.2 * u
        stripe = f.pick("#d1584c", "#3f6f9c")
        tower = polygon(
            [(x - 2.2 * u, foot), (x + 2.2 * u, foot), (x + 1.4 * u, foot - 15 * u), (x - 1.4 * u, foot - 15 * u)]
        )
        f.canvas.fill(tower, Linear((x - 2 * u, 0), (x + 2 * u, 0), ("#ffffff", "#dfe3e6")))
        with f.canvas.clip(tower):
            f.canvas.fill(rects([(x - 3 * u, foot - k * u, x + 3 * u, foot - (k - 3) * u) for k in (5, 11)]), stripe)
        f.rect(x - 2 * u, foot - 15.8 * u, x + 2 * u, foot - 15 * u, "#45505c")
        f.rect(x - 1.1 * u, foot - 18 * u, x + 1.1 * u, foot - 15.8 * u, "#fff3c4")
        f.canvas.fill(polygon([(x - 1.6 * u, foot - 18 * u), (x + 1.6 * u, foot - 18 * u), (x, foot - 20 * u)]), stripe)


def mountains(f: Frame) -> None:
    air = _daylight(f, 2)
    rock = f.rng.choice(
        (("#8fa0c4", "#6f7fa8"), ("#9aa3b0", "#78828f"), ("#a394b0", "#7f7194"), ("#8eaab0", "#6b8a94"))
    )
    base = f.horizon + 1.5 * f.u
    haze = air[2]
    ridge(f, base, 0.34 * f.h, mix(rock[0], air[1], 0.6), mix(rock[1], air[1], 0.55), "#ffffff", haze, 26 * f.u)
    ridge(f, base, 0.24 * f.h, mix(rock[0], air[1], 0.2), mix(rock[1], air[1], 0.15), "#ffffff", haze, 32 * f.u)
    far, middle, front = f.rng.choice(GREENS)
    hill(f, f.horizon - 2.5 * f.u, 3 * f.u, mix(far, haze, 0.35), far, 2.1)
    side = f.rng.choice((-1, 1))
    hill(f, f.horizon + 2 * f.u, 2.2 * f.u, far, middle, 1.4)
    if f.rng.random() < 0.65:
        _cabin(f, f.w * (0.5 + side * f.near(0.26, 0.38)), f.horizon + 4 * f.u)
    top = f.horizon + 6 * f.u
    hill(f, top, 1.8 * f.u, middle, front, 1.2, f.h - top)
    _path(
        f,
        f.w * (0.5 + side * 0.2),
        top + 1.2 * f.u,
        f.w * (0.5 - side * f.near(0.1, 0.3)),
        f.pick("#e3d3b0", "#dccfc0"),
    )
    _stones(f, top + 5 * f.u, f.pick("#b9bcc2", "#c4b8aa"))
    grass(f, top + 4 * f.u, 40, darker(front, 0.28))


def _cabin(f: Frame, x: float, foot: float) -> None:
    u = f.u
    wood, roof = f.pick("#a8714c", "#8f5f45"), f.pick("#6b4a45", "#4f5a6b", "#8a4a42")
    f.rect(
        x - 7 * u,
        foot - 8 * u,
        x + 7 * u,
        foot,
        Linear((x - 7 * u, 0), (x + 7 * u, 0), (lighter(wood, 0.15), darker(wood, 0.12))),
    )
    f.canvas.stroke(
        lines([((x - 7 * u, foot - k * u), (x + 7 * u, foot - k * u)) for k in (2, 4, 6)]),
        darker(wood, 0.3),
        0.22 * u,
        0.7,
    )
    f.rect(x + 3 * u, foot - 16 * u, x + 5 * u, foot - 10 * u, "#8d8a88")
    f.canvas.fill(
        polygon(
            [
                (x - 9 * u, foot - 7.4 * u),
                (x + 9 * u, foot - 7.4 * u),
                (x + 5.6 * u, foot - 13.4 * u),
                (x - 5.6 * u, foot - 13.4 * u),
            ]
        ),
        roof,
    )
    f.rect(x - 4.6 * u, foot - 5.8 * u, x - 1.6 * u, foot - 3 * u, "#ffe7a6", 0.2 * u)
    f.rect(x + 1.2 * u, foot - 6 * u, x + 4.2 * u, foot, darker(wood, 0.4), 0.2 * u)


def _stones(f: Frame, top: float, colour: str) -> None:
    for _ in range(5):
        x, y, r = f.rng.random() * f.w, f.near(top, max(f.h, top + 3 * f.u)), f.near(0.9, 2.2) * f.u
        stone = smooth(
            [
                (x - r * 1.3, y),
                (x - r * 0.8, y - r * 0.8),
                (x + r * 0.3, y - r),
                (x + r * 1.2, y - r * 0.4),
                (x + r * 1.35, y),
            ],
            tension=0.7,
        )
        f.canvas.fill(oval(x + 0.2 * r, y, r * 1.6, r * 0.25), "#1a1430", 0.14)
        f.canvas.fill(stone, Linear((x - r, y - r), (x + r, y), (lighter(colour, 0.3), darker(colour, 0.18))))


def city_night(f: Frame) -> None:
    air = f.rng.choice(
        (("#1d2a5c", "#3b4a8c", "#8a78b0"), ("#1b3358", "#2f5a85", "#79a0b8"), ("#2a2458", "#54407f", "#b07a9c"))
    )
    sky(f, air)
    stars = [(f.rng.random() * f.w, f.rng.random() ** 1.3 * f.horizon * 0.7) for _ in range(70)]
    f.dots(stars[:52], 0.2 * f.u, "#ffffff", 0.75)
    f.dots(stars[52:], 0.36 * f.u, "#fff6dc", 0.9)
    mx, my, r = f.w * f.rng.choice((0.16, 0.3, 0.72, 0.86)), f.h * f.near(0.12, 0.2), 5 * f.u
    f.canvas.fill(oval(mx, my, r * 4, r * 4), Radial((mx, my), r * 4, ("#fff7d890", "#fff7d828", "#fff7d800")))
    f.canvas.fill(oval(mx, my, r, r), "#fdf6dd")
    for dx, dy, k in ((-0.3, -0.2, 0.24), (0.35, 0.25, 0.18), (0.1, -0.5, 0.12)):
        f.canvas.fill(oval(mx + dx * r, my + dy * r, k * r, k * r), "#e6dcb8")
    glow = f.pick("#ffd98a", "#ffe6ad", "#ffcf9a")
    base = f.horizon
    skyline(f, base, 0.36 * f.h, mix(air[1], air[2], 0.5), glow, 0.25, 0.9)
    skyline(f, base, 0.27 * f.h, mix(air[1], air[0], 0.45), glow, 0.4)
    skyline(f, base, 0.17 * f.h, darker(air[0], 0.25), glow, 0.55)
    # The river with the lights in it, the railing and the promenade.
    quay = f.horizon + max(6 * f.u, (min(f.ground, f.h) - f.horizon) * 0.4)
    f.band(base, quay + 1, mix(air[1], air[2], 0.3), darker(air[0], 0.1))
    streaks = []
    for _ in range(46):
        x, y = f.rng.random() * f.w, f.near(base + 0.6 * f.u, quay - 1.5 * f.u)
        streaks.append((x, y, x + f.near(1.2, 4) * f.u, y + 0.45 * f.u))
    f.canvas.fill(rects(streaks, 0.2 * f.u), glow, 0.65)
    f.band(quay, f.h + 2, "#5a6288", "#474e75")
    f.band(quay, quay + 1.2 * f.u, "#7f88ad", "#6a7299")
    pairs = []
    stretch = (f.h - 0.35 * f.h) / (quay - 0.35 * f.h)
    for i in range(-14, 15):
        x = f.w / 2 + i * 11 * f.u
        pairs.append(((x, quay + 1.2 * f.u), (f.w / 2 + (x - f.w / 2) * stretch, f.h + 2)))
    f.canvas.stroke(lines(pairs), "#3b4168", 0.28 * f.u, 0.7)
    top = quay - 8 * f.u
    posts = [(i * 2.8 * f.u, top, i * 2.8 * f.u + 0.45 * f.u, quay) for i in range(int(f.w / (2.8 * f.u)) + 1)]
    f.canvas.fill(rects(posts), "#232a4c")
    f.rect(-1, top - 1.0 * f.u, f.w + 1, top + 0.3 * f.u, "#2f3760", 0.4 * f.u)
    f.rect(-1, quay - 1.6 * f.u, f.w + 1, quay - 0.9 * f.u, "#2f3760")
    count = max(2, round(f.w / (52 * f.u)))
    shift = f.near(0.1, 0.4)
    for i in range(count):
        x = f.w * (i + shift + 0.1) / count
        f.canvas.fill(oval(x, quay + 4 * f.u, 16 * f.u, 3.4 * f.u), glow, 0.16)
        lamp_post(f, x, quay + 2 * f.u, 46 * f.u, "#2a3158", glow)


def lake(f: Frame) -> None:
    air = _daylight(f, 2)
    rock = f.rng.choice((("#8fa8c4", "#7089ab"), ("#9fb0b8", "#7f939e"), ("#a39ec4", "#807aa6")))
    base = f.horizon
    ridge(
        f,
        base + f.u,
        0.26 * f.h,
        mix(rock[0], air[1], 0.5),
        mix(rock[1], air[1], 0.45),
        f.rng.choice(("#ffffff", None)),
        air[2],
        36 * f.u,
    )
    far, middle, front = f.rng.choice(GREENS)
    hill(f, base - 2.4 * f.u, 1.8 * f.u, mix(far, air[1], 0.45), far, 2.4)
    shore = base + (min(f.ground, f.h) - base) * 0.62
    f.band(base, f.h, mix(air[1], rock[0], 0.3), mix(air[0], "#3c86a8", 0.4))
    # The mountains lie upside down in the water, broken by ripples.
    mirror = roll(f, base + 7 * f.u, 3.4 * f.u, 3.2)
    path = smooth(mirror, closed=False)
    path.lineTo(f.w + 40, base)
    path.lineTo(-40, base)
    f.canvas.fill(path, Linear((0, base), (0, base + 11 * f.u), (mix(far, rock[1], 0.5), air[1] + "00")), 0.55)
    f.rect(-1, base - 0.3 * f.u, f.w + 1, base + 0.5 * f.u, "#ffffff", alpha=0.5)
    ripples = []
    for _ in range(44):
        share = f.rng.random()
        y = base + 1.5 * f.u + (shore - base) * share
        x, run = f.rng.random() * f.w, (2 + 8 * share) * f.u
        ripples.append(((x, y), (x + run, y)))
    f.canvas.stroke(lines(ripples), "#ffffff", 0.4 * f.u, 0.42)
    side = f.rng.choice((-1, 1))
    if f.rng.random() < 0.75:
        _pier(f, f.w * (0.5 + side * f.near(0.2, 0.32)), base + 5 * f.u, shore + 5 * f.u)
    edge = roll(f, shore, 1.4 * f.u, 1.9)
    f.canvas.fill(below(f, [(x, y - 1.3 * f.u) for x, y in edge]), "#efe2bd")
    f.canvas.fill(below(f, edge), Linear((0, shore - f.u), (0, f.h), (middle, front)))
    _stones(f, shore + 2 * f.u, "#b9bcc2")
    grass(f, shore + 4 * f.u, 44, darker(front, 0.28))


def _pier(f: Frame, x: float, y0: float, y1: float) -> None:
    """A wooden landing stage that runs out into the water."""
    u, wood = f.u, f.pick("#b08a63", "#a3825f")
    near, far = 9 * u, 5 * u
    for share in (0.0, 0.5):
        y, half = y0 + (y1 - y0) * share, far + (near - far) * share
        f.canvas.fill(
            rects(
                [
                    (x - half - 0.4 * u, y - 2.6 * u, x - half + 0.9 * u, y + 3 * u),
                    (x + half - 0.9 * u, y - 2.6 * u, x + half + 0.4 * u, y + 3 * u),
                ],
                0.4 * u,
            ),
            darker(wood, 0.35),
        )
    deck = polygon([(x - far, y0), (x + far, y0), (x + near, y1), (x - near, y1)])
    f.canvas.fill(deck, Linear((0, y0), (0, y1), (lighter(wood, 0.25), wood)))
    planks = []
    for i in range(1, 9):
        share = (i / 9) ** 1.25
        y, half = y0 + (y1 - y0) * share, far + (near - far) * share
        planks.append(((x - half, y), (x + half, y)))
    f.canvas.stroke(lines(planks), darker(wood, 0.35), 0.3 * u, 0.8)


def desert(f: Frame) -> None:
    air = f.rng.choice(
        (("#6fb4dc", "#c9e0e4", "#fbe6c4"), ("#84b6e0", "#dfe2e2", "#fddcb8"), ("#7cc0cf", "#d3e6d6", "#fbe9bf"))
    )
    sky(f, air)
    sun(f, f.w * f.rng.choice((0.16, 0.32, 0.7, 0.85)), f.h * f.near(0.12, 0.24), "#fff0b8", 6)
    if f.rng.random() < 0.6:
        clouds(f, 0.12 * f.h, 0.34 * f.h, 2, alpha=0.75)
    rock = f.pick("#cf8a5c", "#c77b62", "#d09a68")
    for scale, share in ((0.62, 0.6), (1.0, 0.25)):
        for _ in range(2):
            _mesa(f, f.w * f.near(0.0, 1.0), f.horizon + 2 * f.u, scale, mix(rock, air[2], share))
    sand = f.rng.choice(
        (("#e9c58c", "#d9a868", "#c48d55"), ("#ecc897", "#dda772", "#c88a5f"), ("#eed29a", "#dfb672", "#c99a58"))
    )
    for i, (drop, rise) in enumerate(((-1.0, 2.4), (4.0, 3.2), (10.0, 3.0))):
        _dune(f, f.horizon + drop * f.u, rise * f.u, mix(sand[0], air[2], 0.35 - 0.15 * i), sand[min(2, i + 1)])
    top = f.horizon + 14 * f.u
    marks = []
    for _ in range(26):
        x, y = f.rng.random() * f.w, f.near(top, max(f.h, top + 3 * f.u))
        run = f.near(3, 9) * f.u
        marks.append(((x, y), (x + run, y + 0.25 * f.u)))
    f.canvas.stroke(lines(marks), lighter(sand[0], 0.4), 0.35 * f.u, 0.55)
    _stones(f, top, "#b98a68")


def _mesa(f: Frame, x: float, foot: float, scale: float, colour: str) -> None:
    """A table mountain with bands and one shaded side."""
    u = f.u * scale
    wide, high = f.near(10, 17) * u, f.near(13, 22) * u
    whole = polygon(
        [
            (x - wide * 1.25, foot),
            (x - wide * 0.95, foot - high * 0.5),
            (x - wide * 0.85, foot - high),
            (x + wide * 0.8, foot - high),
            (x + wide * 0.92, foot - high * 0.45),
            (x + wide * 1.3, foot),
        ]
    )
    f.canvas.fill(whole, Linear((0, foot - high), (0, foot), (lighter(colour, 0.15), colour)))
    with f.canvas.clip(whole):
        f.canvas.fill(
            polygon(
                [
                    (x + wide * 0.25, foot - high),
                    (x + wide * 2, foot - high),
                    (x + wide * 2, foot),
                    (x + wide * 0.5, foot),
                    (x + wide * 0.4, foot - high * 0.5),
                ]
            ),
            darker(colour, 0.24),
            0.5,
        )
        f.canvas.fill(
            rects(
                [(x - wide * 2, foot - high * k, x + wide * 2, foot - high * k + 1.1 * u) for k in (0.82, 0.62, 0.4)]
            ),
            darker(colour, 0.3),
            0.32,
        )


def _dune(f: Frame, y: float, rise: float, light: str, dark: str) -> None:
    """A dune: a lit flank and, behind each crest, a flank in shade with a sharp edge."""
    line = roll(f, y, rise, 1.5)
    f.canvas.fill(below(f, line), Linear((0, y - rise), (0, y + 16 * f.u), (light, mix(light, dark, 0.55))))
    crest = min(range(2, len(line) - 2), key=lambda i: line[i][1])
    cx, cy = line[crest]
    reach = f.near(26, 40) * f.u
    side = f.rng.choice((-1, 1))
    shade = skia.Path()
    shade.moveTo(cx, cy)
    shade.cubicTo(
        cx + side * reach * 0.1,
        cy + 5 * f.u,
        cx - side * reach * 0.15,
        cy + 9 * f.u,
        cx + side * reach * 0.3,
        cy + 17 * f.u,
    )
    shade.lineTo(cx + side * reach * 1.6, cy + 17 * f.u)
    shade.lineTo(cx + side * reach * 1.6, cy - 20 * f.u)
    shade.lineTo(cx, cy - 20 * f.u)
    shade.close()
    with f.canvas.clip(below(f, line)), f.canvas.clip(shade):
        f.rect(
            cx - 2 * reach,
            cy - 20 * f.u,
            cx + 2 * reach,
            cy + 17 * f.u,
            Linear((0, cy), (0, cy + 16 * f.u), (dark + "b0", dark + "00")),
        )
