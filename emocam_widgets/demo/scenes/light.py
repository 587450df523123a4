"""The mood of a scene as colour and light: one look per label, laid over a finished picture of any place.

A light is a colour grade (one linear map of RGB), an overlay such as rain or rays, and a vignette. It knows nothing
about what the picture shows.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import skia

from .canvas import colour4f, mix

_LUMA = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class Light:
    """One look: ``tint`` (hex) is multiplied and mixed in by ``tint_strength`` (0..1); other factors are 1 = unchanged.

    ``vignette`` (0..1) takes the corners towards ``vignette_colour``; ``overlay`` is one of :data:`OVERLAYS` or None.
    """

    name: str
    tint: str = "#ffffff"
    tint_strength: float = 0.0
    brightness: float = 1.0
    saturation: float = 1.0
    contrast: float = 1.0
    vignette: float = 0.0
    vignette_colour: str = "#1a1430"
    overlay: str | None = None
    overlay_strength: float = 1.0


# Joy and Excitement share one light on purpose: what tells them apart is in the scene, not in its colour.
_BRIGHT = Light("excitement", "#ffa53a", 0.3, 1.04, 1.45, 1.14, overlay="sun_glow")

LIGHTS: dict[str, Light] = {
    light.name: light
    for light in (
        Light("neutral"),
        Light("adoration", "#ffbfb8", 0.62, 1.03, 0.95, 0.94, 0.15, "#c9687f", "hearts_glow", 0.85),
        Light("aesthetic", "#a9b2f0", 0.62, 1.04, 0.8, 0.88, 0.2, "#4fa3a8", "rays", 0.34),
        Light("amusement", "#ffe45c", 0.58, 1.06, 1.15, 0.98, 0.0, "#c98a10", "sparkle", 0.35),
        Light("anxiety", "#93a899", 0.62, 0.84, 0.42, 0.94, 0.5, "#1f2b25", "fog", 0.8),
        Light("awe", "#4c6fb8", 0.6, 0.86, 0.95, 1.12, 0.6, "#0b1d4d", "rays", 0.9),
        Light("boredom", "#c9bea6", 0.72, 0.98, 0.22, 0.62, 0.0, "#8b8474", None, 0.0),
        Light("confusion", "#a893b4", 0.64, 0.9, 0.48, 0.92, 0.25, "#4a3f58", "ripples", 0.62),
        Light("craving", "#ff9138", 0.62, 0.94, 1.12, 1.02, 0.4, "#7a2d08", "bokeh", 0.55),
        Light("disgust", "#b2c235", 0.68, 0.82, 0.72, 1.0, 0.4, "#37420a", "fog", 0.3),
        Light("pain", "#9a86a8", 0.66, 0.76, 0.62, 1.02, 0.6, "#6b2f4c", None, 0.0),
        Light("entrancement", "#6a3fd6", 0.72, 0.8, 0.95, 1.06, 0.55, "#1b0a5c", "sparkle", 1.0),
        _BRIGHT,
        Light("fear", "#3f5f93", 0.74, 0.7, 0.55, 1.1, 0.9, "#050a18", None, 0.0),
        Light("horror", "#8c2a2c", 0.74, 0.68, 0.45, 1.16, 0.95, "#0a0204", "embers", 1.0),
        Light("interest", "#8fe0dc", 0.42, 0.98, 1.0, 1.06, 0.0, "#1d6b70", None, 0.0),
        replace(_BRIGHT, name="joy"),
        Light("romance", "#f0559c", 0.62, 0.92, 1.0, 1.0, 0.35, "#7a1b63", "bokeh", 0.85),
        Light("sadness", "#7d97b8", 0.68, 0.76, 0.45, 0.96, 0.35, "#1d2c44", "rain", 1.25),
        Light("desire", "#e83d4d", 0.66, 0.8, 0.85, 1.06, 0.8, "#33041a", "lamp", 1.0),
        Light("surprise", "#ffffff", 0.2, 1.05, 1.12, 1.06, 0.0, "#ffffff", "flash", 0.9),
    )
}


def grade(light: Light, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """The colour grade as ``matrix`` (3, 3) and ``offset`` (3,) over RGB in 0..1, faded to nothing by ``strength``."""
    saturation = 1 + (light.saturation - 1) * strength
    contrast = 1 + (light.contrast - 1) * strength
    brightness = 1 + (light.brightness - 1) * strength
    share = light.tint_strength * strength
    tint = np.array(colour4f(light.tint))[:3]
    matrix = saturation * np.eye(3) + (1 - saturation) * np.tile(_LUMA, (3, 1))
    matrix = matrix * contrast * brightness
    offset = np.full(3, 0.5 * (1 - contrast) * brightness)
    # Most of the tint is a filter before the lamp (it keeps blacks; half of the light it takes is given back), the rest
    # is haze, which still tells the mood where the picture itself has little colour.
    given_back = max(float(_LUMA @ tint), 0.3) ** 0.5
    filtered = 1 + (tint / given_back - 1) * share * 0.8
    haze = share * 0.24
    matrix = matrix * filtered[:, None] * (1 - haze)
    offset = offset * filtered * (1 - haze) + tint * min(1.0, brightness) * haze
    return matrix, offset


def apply_light(rgb: np.ndarray, light: Light, seed: int, strength: float = 1.0) -> np.ndarray:
    """``rgb`` (uint8 (h, w, 3)) in this light, a new array of the same shape; ``seed`` lays out the overlay."""
    height, width = rgb.shape[:2]
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[:, :, :3] = rgb
    pixels[:, :, 3] = 255
    image = skia.Image.fromarray(pixels, colorType=skia.kRGBA_8888_ColorType, copy=False)
    out = np.empty_like(pixels)
    surface = skia.Surface(out, colorType=skia.kRGBA_8888_ColorType)
    canvas = surface.getCanvas()
    matrix, offset = grade(light, strength)
    rows = [value for row in range(3) for value in (*matrix[row], 0.0, offset[row])] + [0.0, 0.0, 0.0, 1.0, 0.0]
    paint = skia.Paint(ColorFilter=skia.ColorFilters.Matrix([float(v) for v in rows]), BlendMode=skia.BlendMode.kSrc)
    canvas.drawImage(image, 0, 0, skia.SamplingOptions(), paint)
    if light.overlay is not None:
        OVERLAYS[light.overlay](canvas, width, height, random.Random(seed), light.overlay_strength * strength, light)
    if light.vignette:
        _vignette(canvas, width, height, light, strength)
    surface.flushAndSubmit()
    return np.ascontiguousarray(out[:, :, :3])


def _colour(colour: str, alpha: float) -> int:
    base = colour4f(colour)
    return skia.Color4f(base.fR, base.fG, base.fB, max(0.0, min(1.0, alpha))).toColor()


def _radial(
    x: float, y: float, radius: float, colours: list[int], stops: list[float], mode: skia.BlendMode
) -> skia.Paint:
    shader = skia.GradientShader.MakeRadial(
        center=skia.Point(x, y), radius=max(radius, 1.0), colors=colours, positions=stops
    )
    return skia.Paint(Shader=shader, BlendMode=mode, AntiAlias=True)


def _vignette(canvas: skia.Canvas, width: int, height: int, light: Light, strength: float) -> None:
    """Dark corners on an ellipse that follows the picture's shape; the middle, where faces are, stays untouched."""
    edge = light.vignette * strength
    colours = [_colour(light.vignette_colour, alpha) for alpha in (0.0, 0.0, 0.42 * edge, 0.85 * edge)]
    canvas.save()
    canvas.translate(width / 2, height * 0.46)
    canvas.scale(width / height, 1.0)
    mode = skia.BlendMode.kSrcOver
    canvas.drawPaint(_radial(0, 0, height * 0.76, colours, [0.0, 0.42, 0.74, 1.0], mode))
    canvas.restore()


def _glow(canvas: skia.Canvas, x: float, y: float, radius: float, colour: str, alpha: float) -> None:
    colours = [_colour(colour, alpha), _colour(colour, alpha * 0.45), _colour(colour, 0.0)]
    paint = _radial(x, y, radius, colours, [0.0, 0.4, 1.0], skia.BlendMode.kScreen)
    canvas.drawCircle(x, y, radius, paint)


def _rain(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    lean = rng.uniform(-0.16, 0.16)
    for count, length, thick, alpha in ((150, 0.05, 0.0022, 0.30), (70, 0.085, 0.0034, 0.42)):
        path = skia.Path()
        for _ in range(int(count * max(0.6, w / h))):
            x, y = rng.uniform(-0.1, 1.1) * w, rng.uniform(-0.1, 1.0) * h
            run = length * h * rng.uniform(0.6, 1.2)
            path.moveTo(x, y)
            path.lineTo(x + lean * run, y + run)
        paint = skia.Paint(Color=_colour("#e6f1ff", alpha * strength), AntiAlias=True, Style=skia.Paint.kStroke_Style)
        paint.setStrokeWidth(max(1.0, thick * h))
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        canvas.drawPath(path, paint)
    rings = skia.Path()
    for _ in range(26):
        x, y, r = rng.uniform(0, 1) * w, rng.uniform(0.86, 1.0) * h, rng.uniform(0.008, 0.02) * h
        rings.addOval(skia.Rect(x - r, y - r * 0.35, x + r, y + r * 0.35))
    paint = skia.Paint(Color=_colour("#e6f1ff", 0.35 * strength), AntiAlias=True, Style=skia.Paint.kStroke_Style)
    paint.setStrokeWidth(max(1.0, 0.002 * h))
    canvas.drawPath(rings, paint)


def _rays(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    """Shafts of light that fan out from above the picture."""
    colour = "#ffdf8a" if light.name == "awe" else "#fff3f8"
    x, y = rng.uniform(0.3, 0.7) * w, -0.16 * h
    reach = 1.35 * math.hypot(w, h)
    angle = rng.uniform(0.12, 0.2)
    shafts = skia.Path()
    while angle < math.pi - 0.12:
        spread = rng.uniform(0.05, 0.13)
        shafts.moveTo(x, y)
        for turn in (angle, angle + spread):
            shafts.lineTo(x + reach * math.cos(turn), y + reach * math.sin(turn))
        shafts.close()
        angle += spread + rng.uniform(0.08, 0.2)
    colours = [_colour(colour, alpha * strength) for alpha in (0.8, 0.42, 0.1, 0.0)]
    canvas.drawPath(shafts, _radial(x, y, 1.25 * h, colours, [0.0, 0.4, 0.8, 1.0], skia.BlendMode.kScreen))
    _glow(canvas, x, y, 0.75 * h, colour, 0.9 * strength)


def _fog(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    colour = mix(light.tint, "#ffffff", 0.35)
    for band in range(7):
        x, y = rng.uniform(0, 1) * w, (0.22 + 0.12 * band + rng.uniform(-0.05, 0.05)) * h
        rx, ry = rng.uniform(0.5, 0.85) * w, rng.uniform(0.06, 0.11) * h
        colours = [_colour(colour, alpha * strength) for alpha in (0.42, 0.26, 0.0)]
        canvas.save()
        canvas.translate(x, y)
        canvas.scale(rx, ry)
        canvas.drawCircle(0, 0, 1.0, _radial(0, 0, 1.0, colours, [0.0, 0.5, 1.0], skia.BlendMode.kSrcOver))
        canvas.restore()


def _twinkle(path: skia.Path, x: float, y: float, r: float) -> None:
    """A four-pointed star with hollow sides."""
    waist = r * 0.13
    path.moveTo(x, y - r)
    for px, py, cx, cy in ((1, 0, 1, -1), (0, 1, 1, 1), (-1, 0, -1, 1), (0, -1, -1, -1)):
        path.quadTo(x + cx * waist, y + cy * waist, x + px * r, y + py * r)
    path.close()


def _sparkle(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    stars = skia.Path()
    warm = light.name != "entrancement"
    glow = "#fff2b0" if warm else "#c79bff"
    if not warm:
        _glow(canvas, w * rng.uniform(0.35, 0.65), h * 0.4, 0.62 * h, "#b06bff", 0.5 * strength)
    for i in range(22):
        across, down = rng.uniform(0.02, 0.98), rng.uniform(0.03, 0.8)
        if math.hypot((across - 0.5) * 2.2, (down - 0.42) * 2.6) < 1:
            # Out to the rim: the middle is where faces are.
            across, down = rng.choice(((across, 0.25 * down), (0.2 * across, down), (1 - 0.2 * across, down)))
        x, y = across * w, down * h
        r = rng.uniform(0.012, 0.026) * h * (1.7 if i < 5 else 1.0)
        _twinkle(stars, x, y, r)
        if i < 9:
            _glow(canvas, x, y, r * 2.2, glow, 0.5 * strength)
    canvas.drawPath(stars, skia.Paint(Color=_colour("#fffdf2", 0.9 * strength), AntiAlias=True))


def _stars(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    for radius, count, alpha in ((0.0022, 90, 0.6), (0.0042, 22, 0.85)):
        points = [skia.Point(rng.uniform(0, 1) * w, rng.random() ** 1.4 * 0.7 * h) for _ in range(count)]
        paint = skia.Paint(Color=_colour("#f4f1ff", alpha * strength), AntiAlias=True)
        paint.setStrokeWidth(max(1.4, 2 * radius * h))
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        canvas.drawPoints(skia.Canvas.kPoints_PointMode, points, paint)


def _bokeh(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    """Discs of out-of-focus lights, denser towards the rim of the picture than where the faces are."""
    colours = {
        "romance": ("#ffd0e8", "#ffb48a", "#ff8fc8"),
        "adoration": ("#fff0d8", "#ffc9d6", "#ffe3a8"),
    }.get(light.name, ("#ffe0a3", "#ffc06a", "#ffab5a"))
    for _ in range(20):
        x = rng.random()
        y = rng.uniform(0.0, 0.85)
        centre = max(0.0, 1 - math.hypot((x - 0.5) * 2, (y - 0.45) * 2))
        r = rng.uniform(0.025, 0.075) * h
        alpha = rng.uniform(0.22, 0.42) * (1 - 0.75 * centre) * strength
        colour = rng.choice(colours)
        fills = [_colour(colour, alpha * share) for share in (0.6, 0.75, 1.0, 0.0)]
        paint = _radial(x * w, y * h, r, fills, [0.0, 0.7, 0.88, 1.0], skia.BlendMode.kScreen)
        canvas.drawCircle(x * w, y * h, r, paint)


def _hearts_glow(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    _glow(canvas, w * rng.uniform(0.3, 0.7), h * rng.uniform(0.05, 0.25), 0.85 * h, "#ffd9a8", 0.55 * strength)
    _bokeh(canvas, w, h, rng, strength, light)


def _embers(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    for _ in range(4):
        _glow(canvas, rng.uniform(0, 1) * w, 1.06 * h, rng.uniform(0.3, 0.5) * h, "#ff3b14", 0.5 * strength)
    for _ in range(34):
        x, y = rng.random() * w, (1 - rng.random() ** 1.5) * h
        r = rng.uniform(0.0025, 0.006) * h
        _glow(canvas, x, y, r * 4, "#ff5a1e", 0.7 * strength)
        canvas.drawCircle(x, y, r, skia.Paint(Color=_colour("#ffc27a", 0.85 * strength), AntiAlias=True))


def _sun_glow(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    """Warm light that falls in from one upper corner, with a few long soft beams."""
    side = rng.choice((-1, 1))
    x, y = (0.06 if side < 0 else 0.94) * w, -0.02 * h
    reach = 1.3 * math.hypot(w, h)
    beams = skia.Path()
    for i in range(5):
        turn = 0.18 + i * 0.29 + rng.uniform(-0.06, 0.06)
        beams.moveTo(x, y)
        for edge in (turn, turn + 0.1):
            beams.lineTo(x - side * reach * math.cos(edge), y + reach * math.sin(edge))
        beams.close()
    fade = [_colour("#ffe9a0", alpha * strength) for alpha in (0.5, 0.16, 0.0)]
    canvas.drawPath(beams, _radial(x, y, 1.3 * h, fade, [0.0, 0.5, 1.0], skia.BlendMode.kScreen))
    _glow(canvas, x, y, 1.0 * h, "#ffd257", 0.85 * strength)


def _lamp(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    """One dim lamp: a pool of warm light around the middle of the picture."""
    _glow(canvas, w * rng.uniform(0.4, 0.6), h * 0.38, 0.72 * h, "#ff7a3c", 0.5 * strength)


def _ripples(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    """Faint rings from two places that run through each other."""
    for side in (0.2, 0.8):
        x, y = (side + rng.uniform(-0.12, 0.12)) * w, rng.uniform(0.1, 0.4) * h
        for ring in range(1, 8):
            paint = skia.Paint(Color=_colour("#f3eaff", (0.36 - 0.04 * ring) * strength), AntiAlias=True)
            paint.setStyle(skia.Paint.kStroke_Style)
            paint.setStrokeWidth(0.016 * h)
            canvas.drawCircle(x, y, ring * 0.075 * h, paint)


def _flash(canvas: skia.Canvas, w: int, h: int, rng: random.Random, strength: float, light: Light) -> None:
    """A burst from behind the middle: wedges that start outside of the faces, and a white rim."""
    x, y = w * rng.uniform(0.45, 0.55), h * 0.42
    reach = math.hypot(w, h)
    wedges = skia.Path()
    count = 18
    start = rng.uniform(0, math.tau)
    for i in range(count):
        turn = start + i * math.tau / count
        wedges.moveTo(x, y)
        for edge in (turn, turn + math.tau / count * 0.48):
            wedges.lineTo(x + reach * math.cos(edge), y + reach * math.sin(edge))
        wedges.close()
    fade = [_colour("#ffffff", alpha * strength) for alpha in (0.0, 0.12, 0.5, 0.75)]
    canvas.drawPath(wedges, _radial(x, y, 0.8 * reach, fade, [0.0, 0.25, 0.6, 1.0], skia.BlendMode.kSrcOver))
    _glow(canvas, x, y, 0.8 * h, "#ffffff", 0.3 * strength)


Overlay = Callable[[skia.Canvas, int, int, random.Random, float, Light], None]

OVERLAYS: dict[str, Overlay] = {
    "rain": _rain,
    "rays": _rays,
    "fog": _fog,
    "sparkle": _sparkle,
    "bokeh": _bokeh,
    "stars": _stars,
    "embers": _embers,
    "sun_glow": _sun_glow,
    "hearts_glow": _hearts_glow,
    "ripples": _ripples,
    "flash": _flash,
    "lamp": _lamp,
}
