"""Clothes, shoes and accessories of the drawn people. Units as in ``people``, each around its own origin."""

from __future__ import annotations

from collections.abc import Sequence

import skia

from emocam_widgets.demo.scenes.canvas import Canvas, Point, darker, lighter, limb, oval, polygon, rounded, smooth
from emocam_widgets.demo.scenes.looks import Looks


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def draw_leg(canvas: Canvas, look: Looks, joints: Sequence[Point]) -> None:
    """One leg from ``joints`` hip, knee, ankle, with its part of the trousers (inside the open leg part)."""
    hip, knee, ankle = joints
    bare = look.bottom in ("shorts", "skirt", "dress")
    if bare or canvas.is_hidden("bottom", beside=True):
        skin = limb([hip, knee, _between(knee, ankle, 0.5), (ankle[0], ankle[1] + 6)], [36, 27, 25, 17])
        canvas.stroke(skin, darker(look.skin, 0.22), 2.0)
        canvas.fill(skin, look.skin)
        # Nobody is undressed without their clothes: plain leggings to the knee lie under them.
        if canvas.is_hidden("bottom", beside=True):
            canvas.fill(limb([hip, _between(hip, knee, 0.7)], [37, 31]), "#8d8a96")
    if look.bottom in ("trousers", "shorts"):
        with canvas.part("Clothing", "bottom", beside=True):
            dark = darker(look.bottom_colour, 0.3)
            if look.bottom == "shorts":
                leg = limb([hip, _between(hip, knee, 0.82)], [43, 41])
                canvas.stroke(leg, dark, 2.2)
                canvas.fill(leg, look.bottom_colour)
                return
            leg = limb([hip, knee, (ankle[0], ankle[1] + 3)], [42, 33, 26])
            canvas.stroke(leg, dark, 2.2)
            canvas.fill(leg, look.bottom_colour)
            canvas.line((knee[0] - 10, knee[1] + 3), (knee[0] + 4, knee[1] + 6), dark, 1.8, 0.7)
            canvas.line(_between(hip, knee, 0.3), _between(hip, knee, 0.8), lighter(look.bottom_colour, 0.12), 3.0, 0.6)


def draw_bottom(canvas: Canvas, look: Looks, hip: Point, hips: Sequence[Point], knees: Sequence[Point]) -> None:
    """The seat of trousers and shorts, or the skirt, over both legs."""
    x, y = hip
    colour, dark = look.bottom_colour, darker(look.bottom_colour, 0.25)
    if look.bottom in ("trousers", "shorts"):
        seat = smooth(
            [
                (x - look.hip + 2, y - 12),
                (x, y - 14),
                (x + look.hip - 2, y - 12),
                (hips[1][0] + 20, y + 14),
                (x, y + 30),
                (hips[0][0] - 20, y + 14),
            ],
            tension=0.8,
        )
        canvas.fill(seat, colour)
        canvas.line((x, y + 10), (x, y + 26), dark, 2.0)
        return
    hem_y = max(knees[0][1], knees[1][1]) - (4 if look.bottom == "dress" else 14)
    left, right = min(knees[0][0], x - 26) - 20, max(knees[1][0], x + 26) + 20
    skirt = smooth(
        [
            (x - look.waist + 2, y - 24),
            (x, y - 26),
            (x + look.waist - 2, y - 24),
            (x + look.hip + 4, y + 14),
            (right, hem_y),
            (x + 14, hem_y + 5),
            (x - 14, hem_y + 5),
            (left, hem_y),
            (x - look.hip - 4, y + 14),
        ],
        tension=0.7,
    )
    canvas.fill(skirt, colour)
    for share in (0.3, 0.66):
        foot = left + (right - left) * share
        canvas.line((x + (foot - x) * 0.55, y + 26), (foot, hem_y - 3), dark, 2.2, 0.8)


def draw_shoe(canvas: Canvas, look: Looks, toe: float, side_on: bool) -> None:
    """A shoe with its sole at y = 17 below the ankle; ``toe`` +-1 is where it points."""
    long, heel = (30.0, 12.0) if side_on else (23.0, 13.0)
    top = -12 if look.shoes == "boots" else -2
    shoe = smooth(
        [
            (-heel * toe, top),
            (heel * 0.75 * toe, top),
            (heel * toe, 2),
            (long * 0.85 * toe, 5),
            (long * toe, 14),
            (0, 15),
            (-heel * toe, 14),
        ],
        tension=0.7,
    )
    sole = rounded(min(-heel * toe, long * toe) - 1.5, 11.5, max(-heel * toe, long * toe) + 1.5, 17, 2.6)
    canvas.fill(shoe, look.shoe_colour)
    canvas.fill(sole, "#f5f1ea" if look.shoes == "trainers" else darker(look.shoe_colour, 0.45))
    if look.shoes == "trainers":
        for dx in (0.38, 0.58):
            canvas.line((long * dx * toe - 3, 1 + dx * 5), (long * dx * toe + 3, 5 + dx * 4), "#ffffff", 1.8)


def _torso(look: Looks, rise: float) -> skia.Path:
    """The outline of a top, hip centre at the origin."""
    s, w, h = look.shoulder, look.waist, look.hip
    hem = 10 if look.top in ("hoodie", "jacket", "sweater", "tee", "stripes") else 4
    right = [
        (13, -146 - rise * 0.3),
        (s - 14, -138 - rise),
        (s, -124 - rise),
        (s - 3, -98),
        (w + 1, -48),
        (h + 1, hem - 12),
        (h, hem),
    ]
    left = [(-x, y) for x, y in reversed(right)]
    return smooth([*right, *left], tension=0.72)


def draw_top(canvas: Canvas, look: Looks, rise: float, plain: str | None = None) -> None:
    """The torso in its top (``plain``: in an undershirt of that colour), hip centre at the origin."""
    outline = _torso(look, rise)
    if plain is not None:
        canvas.fill(outline, plain)
        return
    colour = look.top_colour
    dark, light = darker(colour, 0.2), lighter(colour, 0.25)
    canvas.fill(outline, colour)
    with canvas.clip(outline):
        canvas.fill(
            smooth(
                [
                    (look.shoulder + 12, -130),
                    (look.shoulder - 18, -100),
                    (look.waist - 12, -40),
                    (look.hip - 8, 20),
                    (70, 20),
                    (70, -100),
                ]
            ),
            dark,
            0.45,
            box=False,
        )
        if look.top == "stripes":
            for y in range(-118, 14, 24):
                canvas.fill(rounded(-70, y, 70, y + 11), look.top_accent, box=False)
        elif look.top == "sweater":
            canvas.fill(rounded(-70, -96, 70, -78), look.top_accent, box=False)
            canvas.fill(rounded(-70, -74, 70, -69), light, box=False)
            canvas.fill(rounded(-70, 0, 70, 20), dark, box=False)
        elif look.top == "jacket":
            canvas.fill(
                polygon([(-17, -152), (17, -152), (11, -60), (9, 20), (-9, 20), (-11, -60)]), look.top_accent, box=False
            )
            canvas.fill(polygon([(-14, -150), (-26, -128), (-10, -66), (-9, -90)]), light, box=False)
            canvas.fill(polygon([(14, -150), (26, -128), (10, -66), (9, -90)]), light, box=False)
            canvas.line((-9, -66), (-9, 16), dark, 2, box=False)
            canvas.line((9, -66), (9, 16), dark, 2, box=False)
        elif look.top in ("shirt", "polo"):
            canvas.line((0, -140), (0, 16 if look.top == "shirt" else -92), dark, 2.2, box=False)
            for y in (-108, -82, -56, -30) if look.top == "shirt" else (-122, -106):
                canvas.fill(oval(0, y, 2.6, 2.6), light, box=False)
        elif look.top == "hoodie":
            canvas.fill(smooth([(-24, -12), (-18, -44), (18, -44), (24, -12)], tension=0.5), dark, 0.6, box=False)
            canvas.fill(rounded(-70, 1, 70, 20), dark, box=False)
        elif look.top == "dress":
            canvas.fill(rounded(-60, -34, 60, -25), look.top_accent, box=False)
        canvas.stroke(
            smooth([(-look.waist + 3, -38), (-look.waist + 13, -44), (-look.waist + 20, -42)], closed=False),
            dark,
            2.2,
            box=False,
        )
    _collar(canvas, look, rise, dark, light)


def _collar(canvas: Canvas, look: Looks, rise: float, dark: str, light: str) -> None:
    y = -146 - rise * 0.3
    if look.top in ("shirt", "polo"):
        for side in (-1, 1):
            canvas.fill(polygon([(side * 15, y - 6), (side * 22, y + 6), (side * 11, y + 24), (0, y + 10)]), light)
            canvas.stroke(polygon([(side * 22, y + 6), (side * 11, y + 24), (0, y + 10)], closed=False), dark, 1.6)
    elif look.top == "hoodie":
        canvas.stroke(
            smooth([(-26, y + 2), (-15, y + 17), (0, y + 21), (15, y + 17), (26, y + 2)], closed=False), dark, 11
        )
        for side in (-1, 1):
            canvas.line((side * 7, y + 24), (side * 8, y + 50), "#f5f1ea", 2.4)
    elif look.top == "jacket":
        canvas.stroke(smooth([(-14, y + 1), (0, y + 11), (14, y + 1)], closed=False), darker(look.top_accent, 0.2), 4)
    elif look.top == "dress":
        canvas.fill(smooth([(-15, y - 3), (0, y - 5), (15, y - 3), (9, y + 12), (0, y + 17), (-9, y + 12)]), look.skin)
    else:
        canvas.stroke(
            smooth([(-16, y), (-9, y + 10), (0, y + 13), (9, y + 10), (16, y)], closed=False),
            dark if look.top != "tee" else light,
            5,
        )


def draw_accessory(canvas: Canvas, look: Looks, kind: str, rise: float) -> None:
    """A scarf, necklace or bow tie; the origin is where neck and collar meet."""
    colour = look.accessory_colour
    dark, light = darker(colour, 0.25), lighter(colour, 0.3)
    if kind == "scarf":
        tail = smooth([(10, 6), (27, 8), (30, 50), (27, 74), (11, 74), (10, 40)], tension=0.6)
        canvas.fill(tail, dark)
        canvas.fill(rounded(11, 56, 28, 63), light)
        wrap = smooth([(-30, -10), (0, -3), (30, -10), (33, 6), (18, 19), (0, 22), (-18, 19), (-33, 6)])
        canvas.fill(wrap, colour)
        canvas.stroke(smooth([(-27, 3), (0, 11), (27, 3)], closed=False), dark, 2.4)
        canvas.line((-14, 0), (-17, 16), light, 4)
        canvas.line((14, 1), (17, 16), light, 4)
    elif kind == "necklace":
        for i in range(-5, 6):
            x = i * 4.6
            canvas.fill(oval(x, 34 - (x / 23) ** 2 * 34, 4.0, 4.0), "#ffe9a8" if i % 2 else "#f2b632")
        canvas.fill(oval(0, 41, 7, 8), colour)
        canvas.fill(oval(-2, 38, 2.2, 2.6), "#ffffff", 0.8)
    else:
        for side in (-1, 1):
            wing = smooth([(0, 10), (side * 24, -2), (side * 27, 11), (side * 24, 24)], tension=0.5)
            canvas.fill(wing, colour)
            canvas.line((side * 6, 11), (side * 17, 11), dark, 2.2)
        canvas.fill(rounded(-6, 4, 6, 18, 4), dark)


def draw_hat(canvas: Canvas, look: Looks, turn: float) -> None:
    """A brimmed hat; the origin is the head's centre."""
    colour = look.accessory_colour
    crown = smooth([(-40, -40), (-38, -68), (-22, -88), (2, -82), (24, -88), (38, -68), (40, -40)], tension=0.7)
    canvas.fill(crown, colour)
    canvas.fill(polygon([(-39.5, -55), (39.5, -55), (40, -40), (-40, -40)]), darker(colour, 0.4))
    brim = smooth([(-70, -36), (-40, -45), (0, -47), (40, -45), (70 + 4 * turn, -36), (40, -31), (0, -29), (-40, -31)])
    canvas.fill(brim, colour)
    canvas.stroke(smooth([(-60, -36), (0, -32), (60, -36)], closed=False), darker(colour, 0.22), 2.4)
