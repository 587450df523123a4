"""The open-air places: park, beach, mountains, lake and desert. No trees or plants but grass."""

from __future__ import annotations

import skia

from .canvas import (
    Linear,
    darker,
    lighter,
    mix,
    oval,
    polygon,
    rounded,
    smooth,
)
from .scenery import (
    GREENS,
    Frame,
    below,
    clouds,
    daylight,
    grass,
    hill,
    lamp_post,
    lines,
    path_down,
    rects,
    ridge,
    roll,
    sky,
    skyline,
    stones,
    sun,
)


def park(f: Frame) -> None:
    """Lawns, a winding path, a pavilion, lamps, perhaps a pond, and the town far off."""
    air = daylight(f, f.rng.choice((3, 4)))
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
    path_down(
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


def _fence(f: Frame, y: float) -> None:
    """A low white fence along the lawn's far edge."""
    step = 3.4 * f.u
    posts = [(x * step, y - 3.4 * f.u, x * step + 0.7 * f.u, y + 0.4 * f.u) for x in range(int(f.w / step) + 2)]
    posts += [(-1, y - 2.7 * f.u, f.w + 1, y - 2.2 * f.u), (-1, y - 1.2 * f.u, f.w + 1, y - 0.7 * f.u)]
    f.canvas.fill(rects(posts), "#fbf8ef", 0.92)


def beach(f: Frame) -> None:
    """Sea with a headland, foam, wet and dry sand, a few shells."""
    air = daylight(f, 3)
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
    """Two chains of peaks behind meadows, a path and mostly a cabin."""
    air = daylight(f, 2)
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
    path_down(
        f,
        f.w * (0.5 + side * 0.2),
        top + 1.2 * f.u,
        f.w * (0.5 - side * f.near(0.1, 0.3)),
        f.pick("#e3d3b0", "#dccfc0"),
    )
    stones(f, top + 5 * f.u, f.pick("#b9bcc2", "#c4b8aa"))
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


def lake(f: Frame) -> None:
    """A lake before a mountain chain, ripples, mostly a landing stage, a grassy shore."""
    air = daylight(f, 2)
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
    stones(f, shore + 2 * f.u, "#b9bcc2")
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
    """Dunes under a wide sky, table mountains on the horizon."""
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
    f.band(f.horizon - f.u, f.h + 2, mix(sand[0], air[2], 0.35), sand[1])
    for i, (drop, rise) in enumerate(((-1.0, 2.4), (4.0, 3.2), (10.0, 3.0))):
        _dune(f, f.horizon + drop * f.u, rise * f.u, mix(sand[0], air[2], 0.35 - 0.15 * i), sand[min(2, i + 1)])
    top = f.horizon + 14 * f.u
    marks = []
    for _ in range(26):
        x, y = f.rng.random() * f.w, f.near(top, max(f.h, top + 3 * f.u))
        run = f.near(3, 9) * f.u
        marks.append(((x, y), (x + run, y + 0.25 * f.u)))
    f.canvas.stroke(lines(marks), lighter(sand[0], 0.4), 0.35 * f.u, 0.55)
    stones(f, top, "#b98a68")


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
    """A dune: a lit flank and, to one side of its crest, a flank in shade with a sharp winding edge."""
    line = roll(f, y, rise, 1.5)
    whole = below(f, line)
    f.canvas.fill(whole, Linear((0, y - rise), (0, y + 16 * f.u), (light, mix(light, dark, 0.55))))
    crest = min(range(2, len(line) - 2), key=lambda i: line[i][1])
    cx, cy = line[crest]
    reach, side = f.near(24, 40) * f.u, f.rng.choice((-1, 1))
    shade = skia.Path()
    shade.moveTo(cx, cy - f.u)
    shade.cubicTo(
        cx + side * reach * 0.25,
        cy + 4 * f.u,
        cx - side * reach * 0.2,
        cy + 8 * f.u,
        cx + side * reach * 0.2,
        cy + 16 * f.u,
    )
    shade.cubicTo(
        cx + side * reach * 0.5, cy + 11 * f.u, cx + side * reach, cy + 8 * f.u, cx + side * reach * 1.9, cy + 5 * f.u
    )
    shade.lineTo(cx + side * reach * 1.9, cy - 20 * f.u)
    shade.lineTo(cx, cy - 20 * f.u)
    shade.close()
    with f.canvas.clip(whole):
        ends = (cx, cy), (cx + side * reach * 1.7, cy + 4 * f.u)
        f.canvas.fill(shade, Linear(*ends, (dark + "c0", dark + "70", dark + "00")))
