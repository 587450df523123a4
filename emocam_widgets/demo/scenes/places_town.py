"""The places in town: a street of house fronts and the riverside at night. No vehicles."""

from __future__ import annotations

import skia

from .canvas import (
    Linear,
    Radial,
    darker,
    lighter,
    mix,
    oval,
)
from .scenery import (
    Frame,
    clouds,
    lamp_post,
    lines,
    rects,
    sky,
    skyline,
)


def street(f: Frame) -> None:
    """House fronts with shops along a pavement, lamps and a strip of road."""
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


def city_night(f: Frame) -> None:
    """A skyline with lit windows behind a river, seen from a lamp-lit promenade."""
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
