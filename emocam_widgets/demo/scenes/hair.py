"""Hair styles: what hangs behind head and body, and what frames the face. Same units as the heads in ``faces``."""

from __future__ import annotations

import math

import skia

from emocam_widgets.demo.scenes.canvas import Canvas, darker, lighter, oval, smooth
from emocam_widgets.demo.scenes.looks import Looks

COVERS_EARS = frozenset({"long", "bob", "wavy", "afro"})


def _lobes(cx: float, cy: float, rx: float, ry: float, count: int, start: float = 0.0, end: float = 360.0) -> skia.Path:
    """A bumpy outline: overlapping circles around an ellipse, filled as one."""
    path = oval(cx, cy, rx, ry)
    for i in range(count):
        a = math.radians(start + (end - start) * i / max(count - 1, 1))
        path.addCircle(cx + rx * math.cos(a), cy + ry * math.sin(a), rx * 0.3)
    return path


def draw_back_hair(canvas: Canvas, look: Looks, turn: float) -> None:
    """Hair behind head, neck and body; call before the torso is drawn."""
    style, shade = look.hair_style, darker(look.hair, 0.22)
    if style == "long":
        canvas.fill(
            smooth(
                [
                    (0, -58),
                    (34, -46),
                    (49, -10),
                    (51, 40),
                    (54, 92),
                    (30, 112),
                    (0, 114),
                    (-32, 112),
                    (-56, 92),
                    (-53, 40),
                    (-50, -10),
                    (-34, -46),
                ]
            ),
            shade,
        )
    elif style == "wavy":
        canvas.fill(
            smooth(
                [
                    (0, -60),
                    (36, -48),
                    (52, -14),
                    (50, 14),
                    (58, 38),
                    (52, 62),
                    (56, 80),
                    (34, 86),
                    (0, 78),
                    (-36, 86),
                    (-58, 80),
                    (-53, 62),
                    (-60, 38),
                    (-51, 14),
                    (-53, -14),
                    (-36, -48),
                ]
            ),
            shade,
        )
    elif style == "bob":
        canvas.fill(
            smooth(
                [
                    (0, -58),
                    (36, -46),
                    (51, -8),
                    (55, 36),
                    (46, 46),
                    (0, 40),
                    (-47, 46),
                    (-56, 36),
                    (-52, -8),
                    (-36, -46),
                ]
            ),
            shade,
        )
    elif style == "ponytail":
        canvas.fill(smooth([(-30, -44), (-56, -44), (-74, -14), (-72, 24), (-62, 60), (-52, 30), (-44, -4)]), shade)
        canvas.fill(oval(-42, -34, 8, 8), look.accessory_colour)
    elif style == "bun":
        canvas.fill(oval(-4 * turn, -66, 22, 20), shade)
        canvas.stroke(
            smooth([(-12 - 4 * turn, -64), (0, -74), (10 - 4 * turn, -66)], closed=False), lighter(shade, 0.15), 2.4
        )
    elif style == "afro":
        canvas.fill(_lobes(-2 * turn, -22, 54, 50, 15, 130, 410), shade)
    elif style == "curly":
        canvas.fill(_lobes(-2 * turn, -30, 42, 34, 11, 160, 380), shade)


def draw_front_hair(canvas: Canvas, look: Looks, turn: float) -> None:
    """Hair on the skull and around the forehead, above the brows and outside the cheeks; call after the face."""
    style, colour = look.hair_style, look.hair
    gloss = lighter(colour, 0.22)
    s = 7 * turn
    if style in ("short", "crop"):
        rise = 63 if style == "short" else 57
        outer = [(-44, 2), (-47, -24), (-34, -52), (0, -rise), (34, -52), (46 - turn, -24), (43 - 2 * turn, 0)]
        inner = [(39 - 2 * turn, -14), (32 + s * 0.3, -33), (12 + s, -38), (-12 + s, -37), (-32, -32), (-38, -14)]
        canvas.fill(smooth(outer + inner, tension=0.8), colour)
        _gloss(canvas, gloss, -16, -49)
    elif style == "side_part":
        outer = [(-44, 4), (-48, -24), (-36, -54), (-8, -66), (30, -58), (47, -30), (43 - 2 * turn, 2)]
        inner = [(39 - 2 * turn, -14), (34, -28), (14 + s, -31), (-10, -37), (-24, -39), (-31, -30), (-38, -14)]
        canvas.fill(smooth(outer + inner, tension=0.8), colour)
        canvas.stroke(smooth([(-22, -47), (-4, -43), (18, -36)], closed=False), darker(colour, 0.25), 2.2)
        _gloss(canvas, gloss, 12, -52)
    elif style == "quiff":
        outer = [(-43, 2), (-46, -26), (-36, -50), (-18, -62), (10, -74), (36, -66), (46, -38), (43 - 2 * turn, 0)]
        inner = [(39 - 2 * turn, -16), (33, -34), (8 + s, -40), (-18, -38), (-33, -32), (-38, -14)]
        canvas.fill(smooth(outer + inner, tension=0.8), colour)
        canvas.stroke(smooth([(-16, -46), (4, -56), (28, -54)], closed=False), gloss, 3)
    elif style == "pixie":
        outer = [(-44, 12), (-49, -20), (-36, -54), (0, -66), (36, -54), (48, -20), (43 - 2 * turn, 10)]
        inner = [(38, -10), (30, -24), (16 + s, -31), (2 + s, -26), (-12, -34), (-26, -25), (-38, -8)]
        canvas.fill(smooth(outer + inner, tension=0.8), colour)
        _gloss(canvas, gloss, -14, -50)
    elif style in ("bun", "ponytail"):
        outer = [(-43, 2), (-46, -22), (-34, -50), (0, -60), (34, -50), (45 - turn, -22), (42 - 2 * turn, 0)]
        inner = [(38 - 2 * turn, -14), (28 + s * 0.5, -33), (s, -41), (-28, -33), (-37, -12)]
        canvas.fill(smooth(outer + inner, tension=0.85), colour)
        _gloss(canvas, gloss, -16, -48)
    elif style == "long":
        outer = [
            (-47, 46),
            (-52, 4),
            (-46, -34),
            (-26, -56),
            (4, -62),
            (30, -55),
            (46, -34),
            (50 - 2 * turn, 4),
            (46 - turn, 46),
        ]
        inner = [
            (41 - 2 * turn, 22),
            (40 - 2 * turn, -8),
            (28 + s * 0.4, -28),
            (6 + s, -42),
            (-20, -30),
            (-38, -8),
            (-41, 22),
        ]
        canvas.fill(smooth(outer + inner, tension=0.75), colour)
        _gloss(canvas, gloss, -20, -48)
    elif style == "wavy":
        outer = [
            (-50, 44),
            (-56, 18),
            (-49, -6),
            (-48, -34),
            (-28, -58),
            (4, -65),
            (32, -57),
            (48, -34),
            (48, -6),
            (55 - 2 * turn, 18),
            (48 - turn, 44),
        ]
        inner = [
            (41 - turn, 20),
            (41 - 2 * turn, -6),
            (32, -26),
            (2 + s, -34),
            (-18, -42),
            (-34, -26),
            (-41, -4),
            (-41, 20),
        ]
        canvas.fill(smooth(outer + inner, tension=0.75), colour)
        _gloss(canvas, gloss, 10, -52)
    elif style == "bob":
        outer = [
            (-48, 40),
            (-53, 6),
            (-47, -32),
            (-28, -56),
            (0, -62),
            (28, -56),
            (47, -32),
            (52 - 2 * turn, 6),
            (47 - turn, 40),
        ]
        inner = [
            (41 - turn, 20),
            (40 - turn, -16),
            (30, -27),
            (12 + s, -30),
            (-12 + s, -30),
            (-30, -27),
            (-40, -16),
            (-41, 20),
        ]
        canvas.fill(smooth(outer + inner, tension=0.7), colour)
        _gloss(canvas, gloss, -18, -48)
    elif style == "afro":
        canvas.fill(_cap(turn, 32), colour)
        _gloss(canvas, gloss, -18, -52)
    elif style == "curly":
        cap = _cap(turn, 34)
        for x, y in ((-40, -20), (-32, -38), (-16, -46), (2, -50), (20, -46), (34, -38), (41, -20)):
            cap.addCircle(x, y, 11)
        canvas.fill(cap, colour)
        for x, y in ((-26, -46), (-4, -56), (18, -52)):
            canvas.stroke(smooth([(x - 5, y + 2), (x, y - 3), (x + 5, y + 2)], closed=False), gloss, 2.4)


def _cap(turn: float, line: float) -> skia.Path:
    s = 6 * turn
    outer = [(-44, 0), (-46, -26), (-32, -52), (0, -60), (32, -52), (46, -26), (43 - 2 * turn, -2)]
    inner = [(39 - 2 * turn, -16), (27 + s * 0.4, -line), (s, -line - 5), (-27, -line), (-38, -14)]
    return smooth(outer + inner, tension=0.8)


def _gloss(canvas: Canvas, colour: str, x: float, y: float) -> None:
    canvas.stroke(smooth([(x - 11, y + 4), (x, y - 1), (x + 11, y - 1)], closed=False), colour, 3.4, 0.75)
