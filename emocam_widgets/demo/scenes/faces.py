"""Heads: skull, ears and an expressive face. Units: the head is about 104 units tall, its centre the origin, y down.

A three-quarter view is drawn turned to the right and mirrored by the caller's transform for the left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import skia

from emocam_widgets.demo.scenes.canvas import Canvas, darker, lighter, mix, oval, polygon, rounded, smooth
from emocam_widgets.demo.scenes.looks import SKINS, Looks

INK = "#1d1420"
MOUTH = "#6a1a2c"
TONGUE = "#ea7a86"
TEETH = "#fffaf2"


@dataclass(frozen=True)
class Expression:
    """How a face is set. ``brow`` = (rise of the inner end, rise of the outer end) per image side before mirroring."""

    mouth: str
    brow_left: tuple[float, float] = (0.0, 0.0)
    brow_right: tuple[float, float] = (0.0, 0.0)
    eyes: str = "open"
    size: float = 1.0
    pupil: float = 1.0
    gaze: tuple[float, float] = (0.0, 0.0)
    lid: float = 0.0
    lower: float = 0.0
    blush: float = 0.0
    tears: int = 0
    sweat: bool = False
    sparkle: bool = False
    tint: str | None = None
    jaw: float = 0.0
    wrinkle: bool = False


_E = Expression
_EXPRESSIONS: dict[str, Expression] = {
    "smile": _E("smile", (0, 3), (0, 3), lower=0.2, blush=0.35),
    "laugh": _E("laugh", (4, 5), (4, 5), eyes="happy", blush=0.5, jaw=7),
    "grin": _E("grin", (1, 5), (1, 5), lower=0.2, blush=0.3, jaw=2),
    "adoring": _E("small_open", (9, 2), (9, 2), size=1.18, pupil=1.35, sparkle=True, blush=0.9),
    "appreciative": _E("soft", (7, 5), (7, 5), eyes="shut", blush=0.3),
    "awe": _E("awe", (12, 11), (12, 11), size=1.3, pupil=1.25, gaze=(0.15, -0.45), sparkle=True, jaw=5),
    "surprised": _E("oh", (16, 13), (16, 13), size=1.42, pupil=0.6, jaw=9),
    "bored": _E("flat", (-3, -1), (-3, -1), lid=0.55, gaze=(0.5, 0.25)),
    "confused": _E("squiggle", (-10, -1), (13, 15), size=1.08, gaze=(0.45, -0.6)),
    "worried": _E("wobble", (11, -4), (11, -4), size=1.12, pupil=0.75, gaze=(0.45, 0.1), sweat=True),
    "afraid": _E("grit_fear", (15, -2), (15, -2), size=1.42, pupil=0.43, sweat=True, tint="#9fb4d8", jaw=4),
    "horrified": _E("scream", (17, 2), (17, 2), size=1.55, pupil=0.31, tint="#7f8fc4", jaw=15),
    "disgusted": _E("tongue", (-12, 5), (-8, 7), eyes="squint", tint="#86b04a", wrinkle=True, gaze=(0.4, 0.1), jaw=2),
    "sad": _E("frown", (13, -6), (13, -6), lid=0.3, gaze=(-0.1, 0.5), tears=1),
    "pained": _E("grit", (-9, 1), (-9, 1), eyes="squeeze", tears=2, jaw=3),
    "craving": _E("lick", (9, 8), (9, 8), size=1.25, pupil=1.25, sparkle=True, gaze=(0.4, 0.25), blush=0.35, jaw=2),
    "dreamy": _E("soft", (7, 6), (7, 6), lid=0.3, pupil=1.2, gaze=(0.5, -0.7), blush=0.75),
    "interested": _E("closed_smile", (1, 2), (14, 12), size=1.15, pupil=1.15, gaze=(0.6, 0.05)),
    "seductive": _E("smirk", (-2, 0), (9, 10), lid=0.5, pupil=1.15, blush=0.55, lower=0.1),
    "loving": _E("wide_soft", (4, 3), (4, 3), eyes="happy", blush=1.0),
    "neutral": _E("line", lid=0.16),
}

EXPRESSIONS: tuple[str, ...] = tuple(_EXPRESSIONS)


def expression_of(name: str) -> Expression:
    """The face settings of the expression ``name``."""
    return _EXPRESSIONS[name]


def face_outline(look: Looks, turn: float, jaw: float, top: float = -50.0) -> skia.Path:
    """The outline of skull and jaw; with ``top`` above -50 only the face below the hairline."""
    wide = 20 + 9 * look.jaw
    chin = 51 + jaw
    s = 5 * turn
    return smooth(
        [
            (0, top),
            (26, max(top, -42.0)),
            (41 - 1.5 * turn, -20),
            (42 - 3 * turn, 4),
            (37 - turn, 24),
            (wide + s - 3, 41 + jaw * 0.75),
            (11 + s, chin - 1.5),
            (s - 11, chin - 1.5),
            (-wide + s, 41 + jaw * 0.75),
            (-38, 24),
            (-42, 4),
            (-41, -20),
            (-26, max(top, -42.0)),
        ],
        tension=0.95,
    )


def draw_ear(canvas: Canvas, look: Looks, x: float, outlined: bool) -> None:
    """An ear centred at ``x``; ``outlined`` where it lies on the head's side rather than beside it."""
    side = 1 if x > 0 else -1
    if outlined:
        canvas.stroke(oval(x, 6, 8, 12), darker(look.skin, 0.25), 2.4)
        canvas.fill(oval(x + 1, 6, 8, 12), look.skin)
    else:
        canvas.fill(oval(x, 6, 9, 12), look.skin)
    canvas.stroke(
        smooth([(x + 3 * side, 0), (x - 2 * side, 2), (x - 2 * side, 10)], closed=False), darker(look.skin, 0.25), 2.2
    )


def draw_face(canvas: Canvas, look: Looks, face: Expression, turn: float, nod: float) -> None:
    """The face's skin from forehead to chin, with cheeks and beard (which moves with ``nod`` as the features do)."""
    shift = 9 * turn
    canvas.fill(face_outline(look, turn, face.jaw, top=-40), look.skin)
    if face.tint:
        tint = skia.Path()
        tint.addOval(skia.Rect(-36 + shift, -46, 36 + shift, 18))
        share = 0.42 if face.mouth != "tongue" else 0.5
        with canvas.clip(face_outline(look, turn, face.jaw)):
            ends = (f"{face.tint}{int(share * 255):02x}", f"{face.tint}00")
            if face.mouth == "tongue":
                ends = (ends[1], ends[0])
            gradient = skia.GradientShader.MakeLinear(
                points=[skia.Point(0, -46), skia.Point(0, 44)], colors=[_argb(ends[0]), _argb(ends[1])]
            )
            canvas.shade(skia.Rect(-50, -52, 52, 70), gradient)
    blush = max(face.blush, 0.16)
    cheek = mix(look.skin, "#ff4f66", 0.58)
    for side in (-1, 1):
        x = shift * 1.1 - 26 if side < 0 else 26 + 1.5 * turn
        canvas.fill(oval(x, 20 + nod, 9.5 - 2.5 * turn * (side > 0), 6.5), cheek, 0.62 * blush)
    _beard(canvas, look, face, turn, nod)


def draw_features(canvas: Canvas, look: Looks, face: Expression, turn: float, names: tuple[str, str]) -> None:
    """Brows, eyes, nose and mouth; ``names`` are the keys of the eyes at negative and positive x."""
    shift = 9 * turn
    if look.beard in ("moustache", "goatee"):
        _moustache(canvas, look, face, shift)
    eye_far = 1 - 0.17 * turn
    eyes = ((-18 + shift, 1.0, names[0], face.brow_left), (18 * eye_far + shift, eye_far, names[1], face.brow_right))
    for side, (x, narrow, name, brow) in zip((-1, 1), eyes, strict=True):
        with canvas.part("Human eye", name):
            _eye(canvas, look, face, x, -1.0, narrow, side)
        _brow(canvas, look, x, brow, narrow, side)
    with canvas.part("Human nose", "nose"):
        _nose(canvas, look, shift, turn, face.wrinkle)
    if look.glasses != "none":
        _glasses(canvas, look, [e[0] for e in eyes], eye_far, turn)
    with canvas.part("Human mouth", "mouth"):
        _mouth(canvas, look, face, shift * 0.95)
    for i in range(face.tears):
        _drop(canvas, shift + (20 if i == 0 else -21), 22 + 3 * i, 5.6, "#6fc3f7")
    if face.sweat:
        _drop(canvas, shift - 31, -27, 6.2, "#7fd0ff")


def _argb(colour: str) -> int:
    value = colour.lstrip("#")
    return (int(value[6:8], 16) << 24) | int(value[:6], 16)


def _drop(canvas: Canvas, x: float, y: float, size: float, colour: str) -> None:
    drop = smooth(
        [(x, y - size * 1.9), (x + size, y + size * 0.2), (x, y + size), (x - size, y + size * 0.2)], tension=0.9
    )
    canvas.stroke(drop, "#3b8fd0", 1.6)
    canvas.fill(drop, colour)
    canvas.fill(oval(x - size * 0.3, y + size * 0.1, size * 0.25, size * 0.35), "#ffffff")


def _brow(canvas: Canvas, look: Looks, x: float, rise: tuple[float, float], narrow: float, side: int) -> None:
    colour = darker(look.hair, 0.3) if look.hair_style != "bald" else mix(look.skin, "#2a1a18", 0.7)
    colour = mix(colour, "#1d1518", 0.25)
    inner, outer = -22 - rise[0] * 0.9, -20 - rise[1] * 0.9
    points = [
        (x - side * 10 * narrow, inner),
        (x + side * 1 * narrow, min(inner, outer) * 0.5 + (inner + outer) * 0.25 - 2.5),
        (x + side * 13 * narrow, outer + 1.5),
    ]
    canvas.stroke(smooth(points, closed=False), colour, 5.0 if not look.lashes else 4.4)


def _eye(canvas: Canvas, look: Looks, face: Expression, x: float, y: float, narrow: float, side: int) -> None:
    ink = INK
    if face.eyes == "happy":
        arc = smooth([(x - 10 * narrow, y + 4), (x, y - 6), (x + 10 * narrow, y + 4)], closed=False, tension=1.3)
        canvas.stroke(arc, ink, 4.2)
        return
    if face.eyes == "shut":
        arc = smooth([(x - 10 * narrow, y), (x, y + 6), (x + 10 * narrow, y)], closed=False, tension=1.3)
        canvas.stroke(arc, ink, 3.8)
        canvas.line((x + side * 9 * narrow, y + 1.5), (x + side * 13 * narrow, y + 4), ink, 2.6)
        return
    if face.eyes == "squeeze":
        a, b = x - side * 9, x + side * 9
        canvas.stroke(polygon([(b, y - 7), (a, y + 1), (b, y + 8)], closed=False), ink, 4.0)
        return
    rx, ry = 10.0 * narrow * (0.5 + face.size * 0.5), 10.9 * face.size
    if face.eyes == "squint":
        ry = 6.0
    lid = max(face.lid, 0.35 if face.eyes == "squint" else 0.0)
    if lid:
        canvas.fill(oval(x, y, rx, ry), darker(look.skin, 0.16))
    white = _opening(x, y, rx, ry, lid, face.lower)
    canvas.fill(white, "#ffffff")
    with canvas.clip(white):
        gx, gy = x + face.gaze[0] * rx * 0.6, y + face.gaze[1] * ry * 0.5
        radius = 7.2 * face.pupil
        canvas.fill(oval(gx, gy, radius * min(1.0, narrow + 0.08), radius), look.iris, box=False)
        canvas.fill(oval(gx, gy, radius * 0.62, radius * 0.66), "#17101c", box=False)
        light = 2.1 * max(face.pupil, 0.7)
        canvas.fill(oval(gx + 2.2, gy - 2.6, light, light), "#ffffff", box=False)
        if face.sparkle:
            canvas.fill(oval(gx - 2.8, gy + 3, 1.5, 1.5), "#ffffff", box=False)
    if lid:
        edge = y - ry + 2 * ry * lid
        half = rx * max(0.35, (1 - (2 * lid - 1) ** 2) ** 0.5) + 1.5
        lash = [(x - half, edge), (x + half, edge)]
        canvas.stroke(polygon(lash, closed=False), ink, 3.6)
    else:
        lash = [
            (x - rx - 0.5, y - ry * 0.35),
            (x - rx * 0.6, y - ry * 0.84),
            (x, y - ry),
            (x + rx * 0.6, y - ry * 0.84),
            (x + rx + 0.5, y - ry * 0.35),
        ]
        canvas.stroke(smooth(lash, closed=False), ink, 2.8)
    if face.eyes == "squint":
        canvas.stroke(smooth([(x - rx, y + 5), (x, y + 7), (x + rx, y + 5)], closed=False), ink, 2.2)
    if look.lashes:
        ex, ey = lash[-1] if side > 0 else lash[0]
        canvas.line((ex, ey), (ex + side * 4.2, ey - 3.6), ink, 2.6)


def _opening(x: float, y: float, rx: float, ry: float, lid: float, lower: float) -> skia.Path:
    """The visible part of an eyeball below a lid (share of its height) and above a raised lower lid."""
    edge, bottom = -ry + 2 * ry * lid, ry * (1 - 1.5 * lower)
    points = []
    for step in range(24):
        a = step * math.pi / 12
        rise = math.sin(a)
        points.append((x + rx * math.cos(a), y + max(rise * (bottom if rise > 0 else ry), edge)))
    return polygon(points)


def _nose(canvas: Canvas, look: Looks, shift: float, turn: float, wrinkle: bool) -> None:
    shade = mix(look.skin, "#9a3a2a", 0.34)
    x = shift * 1.25
    if turn:
        path = smooth([(x - 1, 2), (x + 5.5, 12), (x + 3, 16.5), (x - 4, 16)], closed=False)
    else:
        path = smooth([(x - 5.5, 13), (x - 3, 16.5), (x + 3, 16.5), (x + 5.5, 13)], closed=False)
    canvas.stroke(path, shade, 3.0)
    if wrinkle:
        for dy in (-3, 2.5):
            canvas.line((x - 5, dy), (x + 5, dy), shade, 2.2)


def _glasses(canvas: Canvas, look: Looks, xs: list[float], narrow: float, turn: float) -> None:
    frame = "#33303f" if look.glasses == "square" else "#7a4a2a"
    left, right = xs
    if look.glasses == "square":
        rims = (
            rounded(left - 15, -15, left + 14, 12, 6),
            rounded(right - 14 * narrow, -15, right + 15 * narrow, 12, 6),
        )
    else:
        rims = (oval(left, -1, 15, 15), oval(right, -1, 15 * narrow, 15))
    for rim in rims:
        canvas.fill(rim, "#ffffff", 0.06)
        canvas.stroke(rim, frame, 2.6)
    canvas.line((left + 14, -3), (right - 14 * narrow, -3), frame, 2.6)
    canvas.line((left - 15, -4), (-41, -2), frame, 2.4)
    if not turn:
        canvas.line((right + 15, -4), (41, -2), frame, 2.4)


def _beard(canvas: Canvas, look: Looks, face: Expression, turn: float, nod: float) -> None:
    """A trimmed beard that follows the jaw; the mouth stays clear."""
    colour = darker(look.hair, 0.12)
    jaw, s = face.jaw, 9 * turn
    if look.beard in ("full", "stubble"):
        wide = 20 + 9 * look.jaw
        outer = [
            (-42, 6),
            (-39, 24),
            (-wide - 1 + 5 * turn, 43 + jaw * 0.8),
            (5 * turn, 53.5 + jaw),
            (wide - 2 + 5 * turn, 43 + jaw * 0.8),
            (38 - turn, 24),
            (42 - 3 * turn, 6),
        ]
        inner = [(37 - 2 * turn, 8), (31, 22), (19 + s, 21), (s, 20.5), (-19 + s, 21), (-32, 22), (-38, 8)]
        alpha = 1.0 if look.beard == "full" else 0.14
        canvas.fill(smooth(outer + inner, tension=0.8), colour, alpha)
        if look.beard == "full":
            lower = {"laugh": 17, "scream": 22, "oh": 16}.get(face.mouth, 12)
            canvas.fill(oval(s, 31 + nod * 0.7 + jaw * 0.3, 18, lower), look.skin)


def _moustache(canvas: Canvas, look: Looks, face: Expression, s: float) -> None:
    colour, jaw = darker(look.hair, 0.12), face.jaw
    if look.beard in ("moustache", "goatee"):
        points = [
            (s - 17, 25),
            (s - 8, 20),
            (s, 21.5),
            (s + 8, 20),
            (s + 17, 25),
            (s + 8, 24.5),
            (s, 24.5),
            (s - 8, 24.5),
        ]
        canvas.fill(smooth(points), colour)
    if look.beard == "goatee":
        canvas.fill(
            smooth(
                [(s * 0.7 - 9, 45 + jaw), (s * 0.7 + 9, 45 + jaw), (s * 0.7 + 6, 53 + jaw), (s * 0.7 - 6, 53 + jaw)]
            ),
            colour,
        )


def _mouth(canvas: Canvas, look: Looks, face: Expression, x: float) -> None:
    kind = face.mouth
    lip = mix(look.skin, "#4a0a18", 0.78)
    dark = look.skin in SKINS[5:]
    y = 32.0

    def curve(points: list[tuple[float, float]], width: float = 4.6) -> None:
        if dark:
            # A light lower lip, so that the line reads on dark skin.
            glow = smooth([(x + a * 0.86, y + b + 3.2) for a, b in points], closed=False)
            canvas.stroke(glow, mix(look.skin, "#ff9c94", 0.55), width)
        canvas.stroke(smooth([(x + a, y + b) for a, b in points], closed=False), lip, width)

    def hole(points: list[tuple[float, float]]) -> skia.Path:
        path = smooth([(x + a, y + b) for a, b in points], tension=0.9)
        canvas.stroke(path, lip, 2.6)
        canvas.fill(path, MOUTH)
        return path

    if kind in _CURVES:
        curve(_CURVES[kind])
        if kind in ("smirk", "soft", "smile") and look.lashes:
            canvas.stroke(smooth([(x - 5, y + 10), (x, y + 11.5), (x + 5, y + 10)], closed=False), lip, 2, 0.35)
    elif kind == "laugh":
        path = hole([(-22, -5), (-11, -6.5), (0, -6.5), (11, -6.5), (22, -5), (17, 12), (0, 21), (-17, 12)])
        with canvas.clip(path):
            canvas.fill(rounded(x - 24, y - 10, x + 24, y + 0.5), TEETH, box=False)
            canvas.fill(oval(x, y + 19, 14, 9), TONGUE, box=False)
    elif kind == "grin":
        path = hole([(-22, -7), (-11, -4.5), (0, -4), (11, -4.5), (22, -7), (16, 8), (0, 12.5), (-16, 8)])
        canvas.fill(path, TEETH)
        canvas.line((x - 17, y + 3), (x + 17, y + 3), "#d9cfc8", 1.6)
    elif kind == "small_open":
        path = hole([(-14, -4), (0, -3), (14, -4), (9, 8), (0, 11), (-9, 8)])
        with canvas.clip(path):
            canvas.fill(rounded(x - 24, y - 10, x + 24, y + 0.5), TEETH, box=False)
            canvas.fill(oval(x, y + 11, 8, 5), TONGUE, box=False)
    elif kind == "awe":
        path = hole([(-10, -4), (0, -7), (10, -4), (9, 8), (0, 13), (-9, 8)])
        with canvas.clip(path):
            canvas.fill(oval(x, y + 13, 8, 5), TONGUE, box=False)
    elif kind == "oh":
        hole([(-9.5, 2), (0, -10), (9.5, 2), (0, 18)])
    elif kind == "scream":
        path = hole([(-15, 2), (-8, -9), (8, -9), (15, 2), (14, 16), (0, 27), (-14, 16)])
        with canvas.clip(path):
            canvas.fill(rounded(x - 20, y - 14, x + 20, y - 4), TEETH, box=False)
            canvas.fill(oval(x, y + 25, 11, 8), TONGUE, box=False)
    elif kind in ("grit", "grit_fear"):
        points = (
            [(-19, 7), (-14, -5), (0, -8), (14, -5), (19, 7), (0, 6)]
            if kind == "grit"
            else [(-20, 4), (-12, -7), (12, -7), (20, 4), (16, 11), (0, 9), (-16, 11)]
        )
        path = hole([(float(x), float(y)) for x, y in points])
        canvas.fill(path, TEETH)
        with canvas.clip(path):
            for dx in (-10, -3.3, 3.3, 10):
                canvas.line((x + dx, y - 9), (x + dx, y + 12), "#a9918f", 1.5, box=False)
            canvas.line((x - 20, y + 1), (x + 20, y + 1), "#a9918f", 1.5, box=False)
    elif kind == "tongue":
        path = hole([(-18, 3), (-8, -5), (6, -4), (18, -7), (16, 6), (0, 8)])
        tongue = smooth([(x - 8, y), (x + 9, y), (x + 8, y + 13), (x, y + 18), (x - 8, y + 13)])
        canvas.fill(tongue, TONGUE)
        canvas.line((x + 0.5, y + 4), (x + 0.5, y + 12), darker(TONGUE, 0.25), 2)
    elif kind == "lick":
        # The tongue comes up over the corner of a closed smile.
        tongue = smooth(
            [(x + 1, y + 3), (x + 6, y - 7), (x + 14, y - 10), (x + 20, y - 5), (x + 19, y + 2), (x + 10, y + 6)]
        )
        canvas.stroke(tongue, darker(TONGUE, 0.3), 2)
        canvas.fill(tongue, TONGUE)
        canvas.line((x + 10, y + 1), (x + 14, y - 5), darker(TONGUE, 0.25), 1.8)
        curve([(-22, -5), (-12, 4), (0, 7), (12, 4), (22, -5)], 4.8)
        _drop(canvas, x - 14, y + 13, 4.4, "#8fd4ff")


_CURVES: dict[str, list[tuple[float, float]]] = {
    "smile": [(-19, -4), (-10, 4), (0, 6.5), (10, 4), (19, -4)],
    "soft": [(-12, -1), (0, 4), (12, -1)],
    "wide_soft": [(-17, -3), (-8, 5), (0, 7), (8, 5), (17, -3)],
    "closed_smile": [(-11, 0), (0, 4), (12, -3)],
    "flat": [(-13, 3), (0, 2), (13, 0)],
    "line": [(-12, 1), (0, 1.6), (12, 1)],
    "squiggle": [(-14, 3), (-7, -2), (0, 4), (7, -2), (14, 1)],
    "wobble": [(-15, 6), (-8, 0), (-2, 3), (4, 0), (10, 2), (15, 7)],
    "frown": [(-16, 9), (-8, 1), (0, -1), (8, 1), (16, 9)],
    "smirk": [(-14, 4), (0, 6), (11, 1), (20, -9)],
}


def draw_skull(canvas: Canvas, look: Looks, face: Expression, turn: float) -> None:
    """The head's skin under face and hair, with a highlight on the side of the light."""
    canvas.fill(face_outline(look, turn, face.jaw), look.skin)
    canvas.fill(oval(-14, -30, 17, 11), lighter(look.skin, 0.18), 0.6 if look.hair_style == "bald" else 0.0)
