"""What the places share: the frame that a place fills, skies, clouds, hills, ridges, skylines, paths and lamps."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import skia

from .canvas import (
    Canvas,
    Colour,
    Linear,
    Point,
    Radial,
    colour4f,
    darker,
    lighter,
    mix,
    oval,
    polygon,
    rounded,
    smooth,
)

SKIES = (
    ("#62b3e4", "#b9e2f5", "#eef8f6"),
    ("#74bde6", "#c5e4f0", "#fdf1dc"),
    ("#86aee6", "#cfdcf4", "#faeaf0"),
    ("#57b2d6", "#aee0e6", "#eff9e6"),
)
GREENS = (
    ("#b9dca0", "#8cc57a", "#63ad62"),
    ("#c9dd94", "#a3c86a", "#79b055"),
    ("#a9d8b4", "#78bf94", "#4fa27c"),
)


@dataclass(frozen=True)
class Frame:
    """The picture that a place fills: ``w`` x ``h`` pixels, feet at ``ground``.

    ``horizon`` is where the sky (or a wall) meets the ground, ``u`` what everything is measured in (about ``h`` / 100).
    """

    canvas: Canvas
    rng: random.Random
    w: float
    h: float
    ground: float
    horizon: float
    u: float

    def pick(self, *choices: str) -> str:
        return self.rng.choice(choices)

    def near(self, low: float, high: float) -> float:
        return self.rng.uniform(low, high)

    def rect(
        self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0.0, alpha: float = 1.0
    ) -> None:
        self.canvas.fill(rounded(x0, y0, x1, y1, radius), colour, alpha)

    def band(self, y0: float, y1: float, top: str, bottom: str) -> None:
        """A strip across the whole picture, shaded from ``top`` to ``bottom``."""
        self.rect(-1, y0, self.w + 1, y1, Linear((0, y0), (0, y1), (top, bottom)))

    def dots(self, points: Sequence[Point], radius: float, colour: str, alpha: float = 1.0) -> None:
        base = colour4f(colour)
        paint = skia.Paint(AntiAlias=True, Color4f=skia.Color4f(base.fR, base.fG, base.fB, alpha))
        paint.setStrokeWidth(max(1.0, 2 * radius))
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        self.canvas.skia.drawPoints(skia.Canvas.kPoints_PointMode, [skia.Point(*p) for p in points], paint)


def rects(boxes: Iterable[tuple[float, float, float, float]], radius: float = 0.0) -> skia.Path:
    """Many boxes (x0, y0, x1, y1) as one path."""
    path = skia.Path()
    for box in boxes:
        path.addRoundRect(skia.Rect(*box), radius, radius)
    return path


def lines(pairs: Iterable[tuple[Point, Point]]) -> skia.Path:
    """Separate straight lines as one path, to stroke."""
    path = skia.Path()
    for a, b in pairs:
        path.moveTo(*a)
        path.lineTo(*b)
    return path


def sky(f: Frame, colours: tuple[str, str, str] | None = None, bottom: float | None = None) -> tuple[str, str, str]:
    """The sky down to ``bottom`` (the horizon unless told). Returns its colours, for hazes that match."""
    colours = colours or f.rng.choice(SKIES)
    end = (f.horizon if bottom is None else bottom) + 2
    f.rect(-1, -1, f.w + 1, end, Linear((0, 0), (0, end), colours, (0.0, 0.6, 1.0)))
    return colours


def sun(f: Frame, x: float, y: float, colour: str = "#fff3c4", size: float = 5.5) -> None:
    """A pale sun with a wide soft glow; ``size`` is its radius in units of the frame."""
    r = size * f.u
    glow = Radial((x, y), r * 4.2, (colour + "b0", colour + "40", colour + "00"), (0.0, 0.4, 1.0))
    f.canvas.fill(_disc(x, y, r * 4.2), glow)
    f.canvas.fill(_disc(x, y, r), Linear((x, y - r), (x, y + r), ("#fffdf0", colour)))


def _disc(x: float, y: float, r: float) -> skia.Path:
    path = skia.Path()
    path.addCircle(x, y, r)
    return path


def cloud(f: Frame, x: float, base: float, width: float, colour: str = "#ffffff", alpha: float = 0.95) -> None:
    """A cloud with a flat base at ``base`` and soft bumps, brightest on top."""
    count = 3 if width < 20 * f.u else f.rng.choice((4, 5))
    peak = f.near(0.35, 0.65)
    path = skia.Path()
    tall = 0.0
    for i in range(count):
        share = (i + 0.5) / count
        rise = 1 - abs(share - peak) * 1.25
        r = width * (0.09 + 0.1 * max(0.0, rise)) * f.near(0.9, 1.12)
        cx = x + (share - 0.5) * width * 0.72
        cy = base - r * 0.55
        path.addCircle(cx, cy, r)
        tall = max(tall, r * 1.55)
    pill = 0.13 * width
    path.addRoundRect(skia.Rect(x - width / 2, base - pill, x + width / 2, base), pill / 2, pill / 2)
    with f.canvas.clip(rounded(x - width, base - tall * 2, x + width, base)):
        shade = Linear((0, base - tall), (0, base), (colour, colour, mix(colour, "#9db8d6", 0.35)), (0.0, 0.55, 1.0))
        f.canvas.fill(path, shade, alpha)


def clouds(f: Frame, low: float, high: float, count: int, colour: str = "#ffffff", alpha: float = 0.95) -> None:
    """``count`` clouds between the heights ``low`` and ``high``, spread across, the lower the smaller (further off)."""
    for i in range(count):
        y = low + (high - low) * (i + f.near(0.1, 0.9)) / count
        far = (y - low) / max(1.0, high - low)
        x = (f.near(0.0, 1.0) + i * 0.618) % 1.0 * f.w
        cloud(f, x, y, f.near(24, 34) * f.u * (1 - 0.5 * far), colour, alpha * (1 - 0.35 * far))


def roll(f: Frame, y: float, rise: float, waves: float = 1.6) -> list[Point]:
    """A rolling line across the picture around ``y``, at most ``rise`` up or down."""
    p1, p2 = f.near(0, math.tau), f.near(0, math.tau)
    points: list[Point] = []
    for i in range(-1, 14):
        t = i / 12
        swing = 0.65 * math.sin(t * waves * math.tau * 0.5 + p1) + 0.35 * math.sin(t * waves * math.tau + p2)
        points.append((t * f.w, y + rise * swing))
    return points


def below(f: Frame, line: Sequence[Point], bottom: float | None = None) -> skia.Path:
    """Everything from a line across the picture down to ``bottom`` (the picture's lower edge unless told)."""
    end = f.h + 2 if bottom is None else bottom
    path = smooth(line, closed=False)
    path.lineTo(line[-1][0], end)
    path.lineTo(line[0][0], end)
    path.close()
    return path


def hill(f: Frame, y: float, rise: float, top: str, bottom: str, waves: float = 1.6, depth: float = 0.0) -> list[Point]:
    """A rolling hill, shaded from ``top`` at its crest to ``bottom``, ``depth`` pixels lower. Returns the crest."""
    line = roll(f, y, rise, waves)
    f.canvas.fill(below(f, line), Linear((0, y - rise), (0, y + (depth or 18 * f.u)), (top, bottom)))
    return line


def ridge(
    f: Frame, base: float, height: float, light: str, dark: str, snow: str | None, haze: str, step: float
) -> None:
    """A row of peaks that stands on ``base``: one side in light, one in shade, snow on top, haze at the foot."""
    x = -f.near(0.2, 0.6) * step
    peaks: list[tuple[float, float, float, float]] = []
    while x < f.w + step * 0.5:
        tall = height * f.near(0.6, 1.0)
        peaks.append((x, tall, f.near(0.75, 1.05) * step, f.near(0.75, 1.05) * step))
        x += step * f.near(0.75, 1.1)
    order = sorted(peaks, key=lambda peak: peak[1])
    for cx, tall, left, right in order:
        top = base - tall
        lean = f.near(-0.12, 0.12) * step
        whole = polygon([(cx - left, base), (cx, top), (cx + right, base)])
        f.canvas.fill(whole, Linear((0, top), (0, base), (light, mix(light, haze, 0.75))))
        shade = polygon(
            [(cx, top), (cx + right, base), (cx + lean, base), (cx - 0.1 * left, base - tall * 0.36),
             (cx + 0.07 * right, base - tall * 0.55), (cx - 0.03 * left, base - tall * 0.76)]
        )  # fmt: skip
        f.canvas.fill(shade, Linear((0, top), (0, base), (dark, mix(dark, haze, 0.75))))
        if snow is not None and tall > height * 0.68:
            cut = f.near(0.26, 0.36)
            zigzag = [(cx, top), (cx + right * cut, top + tall * cut)]
            teeth = 5
            for i in range(1, teeth):
                t = i / teeth
                sx = cx + right * cut - (left + right) * cut * t
                zigzag.append((sx, top + tall * cut * (0.68 if i % 2 else 1.02)))
            zigzag.append((cx - left * cut, top + tall * cut))
            f.canvas.fill(polygon(zigzag), snow)
            with f.canvas.clip(polygon(zigzag)):
                f.canvas.fill(shade, mix(snow, dark, 0.3), 0.75)


def skyline(
    f: Frame, base: float, height: float, colour: Colour, panes: str | None, lit: float = 0.5, alpha: float = 1.0
) -> None:
    """A row of buildings on ``base``; with ``panes`` (a colour) the share ``lit`` of their windows shows in it."""
    x = -f.near(0, 6) * f.u
    houses, windows, spires = [], [], []
    while x < f.w:
        wide = f.near(7, 14) * f.u
        top = base - height * f.near(0.45, 1.0)
        houses.append((x, top, x + wide, base + 2))
        kind = f.rng.random()
        if kind < 0.3:
            houses.append((x + wide * 0.2, top - 2.4 * f.u, x + wide * 0.8, top + 1))
        elif kind < 0.45:
            spires.append(((x + wide / 2, top), (x + wide / 2, top - 6 * f.u)))
        if panes is not None:
            across = max(2, int(wide / (2.6 * f.u)))
            gap = wide / across
            y = top + 1.8 * f.u
            while y < base - 2 * f.u:
                for i in range(across):
                    if f.rng.random() < lit:
                        wx = x + gap * (i + 0.28)
                        windows.append((wx, y, wx + gap * 0.44, y + 1.5 * f.u))
                y += 3.0 * f.u
        x += wide + f.near(-1, 1.5) * f.u
    f.canvas.fill(rects(houses), colour, alpha)
    if spires:
        f.canvas.stroke(lines(spires), colour if isinstance(colour, str) else colour.colours[0], 0.5 * f.u, alpha)
    if windows:
        f.canvas.fill(rects(windows), panes or "#ffffff", alpha)


def grass(f: Frame, top: float, count: int, colour: str) -> None:
    """Small tufts, larger towards the front."""
    tufts = []
    for _ in range(count):
        share = f.rng.random()
        x, y = f.rng.random() * f.w, top + (f.h * 1.02 - top) * share
        size = (0.9 + 1.7 * share) * f.u
        for lean in (-0.5, 0.0, 0.5):
            tufts.append(((x + lean * size * 0.4, y), (x + lean * size * 1.1, y - size * (1.0 - abs(lean) * 0.4))))
    f.canvas.stroke(lines(tufts), colour, 0.36 * f.u, 0.32)


def stones(f: Frame, top: float, colour: str) -> None:
    """A few stones with a lit side, anywhere below ``top``."""
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


def path_down(f: Frame, x: float, y: float, end: float, colour: str) -> None:
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


def daylight(f: Frame, count: int = 3) -> tuple[str, str, str]:
    """Sky, perhaps a sun, and clouds."""
    colours = sky(f)
    if f.rng.random() < 0.55:
        sun(f, f.w * f.rng.choice((0.14, 0.3, 0.7, 0.86)), f.h * f.near(0.1, 0.2))
    clouds(f, 0.1 * f.h, max(0.16 * f.h, f.horizon - 17 * f.u), count)
    return colours


def lamp_post(f: Frame, x: float, foot: float, height: float, colour: str, glow: str | None = None) -> None:
    """A street lamp: a slim post with a foot and a lantern."""
    u = height / 46
    f.rect(x - 0.55 * u, foot - height * 0.86, x + 0.55 * u, foot, colour, 0.3 * u)
    f.rect(x - 1.5 * u, foot - 3.4 * u, x + 1.5 * u, foot, colour, 0.6 * u)
    top = foot - height * 0.86
    if glow is not None:
        f.canvas.fill(
            _disc(x, top - 2.6 * u, 11 * u), Radial((x, top - 2.6 * u), 11 * u, (glow + "c0", glow + "30", glow + "00"))
        )
    f.canvas.fill(
        polygon([(x - 1.5 * u, top), (x + 1.5 * u, top), (x + 2.4 * u, top - 5 * u), (x - 2.4 * u, top - 5 * u)]),
        glow or "#fdf3cf",
    )
    f.canvas.fill(polygon([(x - 3 * u, top - 5 * u), (x + 3 * u, top - 5 * u), (x, top - 7.6 * u)]), colour)
    f.rect(x - 1.9 * u, top - 0.5 * u, x + 1.9 * u, top + 0.6 * u, colour, 0.3 * u)
