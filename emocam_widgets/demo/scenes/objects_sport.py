"""Sports equipment: balls, a racket and a bat."""

from __future__ import annotations

import math
import random

import skia

from emocam_widgets.demo.scenes.canvas import Canvas, Linear, darker, lighter, oval, polygon, rounded
from emocam_widgets.demo.scenes.object_art import INK, ObjectArt, across, art, ball, down, pick, svg

DISC = oval(0, 50, 50, 50)
RUGBY = "M-77 50 C-73 38 -46 0 0 0 C46 0 73 38 77 50 C73 62 46 100 0 100 C-46 100 -73 62 -77 50 Z"


def _gloss(canvas: Canvas) -> None:
    """The crescent of shade and the highlight of a round ball."""
    with canvas.clip(DISC):
        canvas.fill(svg("M50 8 C60 60 20 96 -34 92 L-20 110 L60 110 L64 20 Z"), INK, 0.14, box=False)
        with canvas.at(-21, 20, angle=-40):
            canvas.fill(oval(0, 0, 15, 7), "#ffffff", 0.4, box=False)


def _rugby_ball(canvas: Canvas, rng: random.Random) -> None:
    leather = pick(rng, ("#a6592b", "#9c4d22", "#b4652f", "#8f4826"))
    whole = svg(RUGBY)
    canvas.fill(whole, down(lighter(leather, 0.12), darker(leather, 0.25)))
    with canvas.clip(whole):
        for side in (-1, 1):
            with canvas.at(scale=(side, 1)):
                canvas.fill(svg("M41 -4 C51 30 51 70 41 104 L54 104 C63 70 63 30 54 -4 Z"), "#fff4e3", box=False)
        canvas.fill(svg("M-80 55 C-50 88 30 100 80 48 L80 110 L-80 110 Z"), INK, 0.18, box=False)
        canvas.stroke(svg("M-78 50 C-40 26 40 26 78 50"), darker(leather, 0.4), 2.2, 0.8, box=False)
        with canvas.at(-20, 15, angle=-12):
            canvas.fill(oval(0, 0, 22, 5.5), "#ffffff", 0.3, box=False)
    canvas.stroke(svg("M-26 33.5 C-10 31.5 10 31.5 26 33.5"), "#ffffff", 4.6)
    for x in (-20, -10, 0, 10, 20):
        canvas.line((x, 24), (x, 42), "#ffffff", 4.6)


def _soccer_ball(canvas: Canvas, rng: random.Random) -> None:
    dark = pick(rng, ("#23233a", "#23233a", "#1d3461", "#2b2b33"))
    canvas.fill(DISC, ball(0, 50, 50, "#f6f6f8", 0.25))
    turn = rng.uniform(-0.5, 0.5)
    with canvas.clip(DISC):
        for i in range(5):
            angle = turn + i * math.tau / 5 - math.pi / 2
            inner, outer = _ray(angle, 17), _ray(angle, 33)
            canvas.line(inner, outer, dark, 2.4, box=False)
            patch = [_ray(angle, 32), _ray(angle + 0.3, 41), _ray(angle + 0.24, 56), _ray(angle - 0.24, 56)]
            patch.append(_ray(angle - 0.3, 41))
            canvas.fill(polygon(patch), dark, box=False)
            canvas.line(_ray(angle + 0.3, 41), _ray(angle + math.tau / 5 - 0.3, 41), dark, 2.4, box=False)
        canvas.fill(polygon([_ray(turn + i * math.tau / 5 - math.pi / 2, 18) for i in range(5)]), dark, box=False)
    canvas.stroke(oval(0, 50, 49, 49), "#8d8fa6", 2, 0.7)
    _gloss(canvas)


def _ray(angle: float, radius: float) -> tuple[float, float]:
    return math.cos(angle) * radius, 50 + math.sin(angle) * radius


def _basketball(canvas: Canvas, rng: random.Random) -> None:
    orange = pick(rng, ("#f07f2e", "#ea6f1f", "#f58f3c"))
    seam = "#3a2320"
    canvas.fill(DISC, ball(0, 50, 50, orange))
    with canvas.clip(DISC), canvas.at(0, 50, angle=rng.uniform(-25, 25)):
        for d in ("M0 -52 V52", "M-52 0 H52", "M-38 -40 C-14 -18 -14 18 -38 40", "M38 -40 C14 -18 14 18 38 40"):
            canvas.stroke(svg(d), seam, 3.4, box=False)
    _gloss(canvas)
    canvas.stroke(oval(0, 50, 48.6, 48.6), seam, 2.6)


def _volleyball(canvas: Canvas, rng: random.Random) -> None:
    first, second = pick(rng, (("#ffd23f", "#2f6fd6"), ("#ffd23f", "#1c8a7a"), ("#ff9f5a", "#3c4fb8")))
    canvas.fill(DISC, "#f7f5ee")
    turn = rng.uniform(-30, 30)
    # Three groups of three parallel strips, each group turned by a third.
    with canvas.clip(DISC):
        for third in range(3):
            with canvas.at(0, 50, angle=turn + third * 120):
                canvas.fill(svg("M0 0 C-8 -14 -8 -40 6 -64 L62 -64 V-20 C30 -34 10 -14 0 0 Z"), "#f7f5ee", box=False)
                canvas.fill(svg("M-4 -18 C-4 -34 2 -50 10 -64 L62 -64 V-24 C36 -30 12 -26 -4 -18 Z"), first, box=False)
                canvas.fill(svg("M-2 -36 C2 -48 8 -58 14 -64 L62 -64 V-34 C38 -44 16 -42 -2 -36 Z"), second, box=False)
                for seam, width in (
                    ("M0 0 C-8 -14 -8 -40 6 -64", 2.6),
                    ("M-5 -18 C12 -26 36 -30 62 -24", 1.8),
                    ("M-3 -36 C16 -42 38 -44 62 -34", 1.8),
                ):
                    canvas.stroke(svg(seam), INK, width, 0.7, box=False)
    _gloss(canvas)
    canvas.stroke(oval(0, 50, 49, 49), INK, 2, 0.5)


def _tennis_racket(canvas: Canvas, rng: random.Random) -> None:
    frame = pick(rng, ("#e63946", "#1d7fd1", "#12936f", "#f2a31b"))
    grip = pick(rng, ("#2b2d42", "#3c3c44", "#f1ede4"))
    head = oval(0, 30, 18.5, 27)
    canvas.fill(head, "#ffffff", 0.28)
    with canvas.clip(head):
        mesh = skia.Path()
        for x in range(-16, 17, 4):
            mesh.addPoly([skia.Point(x, 2), skia.Point(x, 58)], False)
        for y in range(4, 60, 4):
            mesh.addPoly([skia.Point(-20, y), skia.Point(20, y)], False)
        canvas.stroke(mesh, "#8b93a8", 1.9, box=False)
        canvas.stroke(mesh, "#ffffff", 1.1, box=False)
    canvas.stroke(svg("M-11 52 C-8 60 -2 64 -1.6 70 M11 52 C8 60 2 64 1.6 70"), darker(frame, 0.15), 4)
    canvas.fill(rounded(-2.6, 64, 2.6, 76, 1.5), darker(frame, 0.15))
    canvas.stroke(head, frame, 5.6)
    canvas.stroke(svg("M-18.5 30 C-18.5 14 -10 3.5 0 3.2"), lighter(frame, 0.45), 1.8)
    canvas.fill(rounded(-3.8, 73, 3.8, 99, 2), across(lighter(grip, 0.2), darker(grip, 0.2), -4, 4))
    for y in range(77, 97, 4):
        canvas.line((-3.4, y), (3.4, y + 2), darker(grip, 0.45), 0.9)
    canvas.fill(rounded(-4.8, 96, 4.8, 100, 1.6), darker(frame, 0.2))


def _baseball_bat(canvas: Canvas, rng: random.Random) -> None:
    wood = pick(rng, ("#e0a458", "#c98542", "#d99a5b"))
    tape = pick(rng, ("#2b2d42", "#b3313b", "#23527c"))
    whole = svg("M-8 9 C-8 -3 8 -3 8 9 C8 34 5 50 3.4 66 L3 95 L-3 95 L-3.4 66 C-5 50 -8 34 -8 9 Z")
    canvas.fill(whole, Linear((-8, 0), (8, 0), (lighter(wood, 0.3), wood, darker(wood, 0.3)), (0.1, 0.5, 1.0)))
    with canvas.clip(whole):
        canvas.fill(rounded(-9, 70, 9, 96), across(lighter(tape, 0.15), darker(tape, 0.2), -4, 4), box=False)
        for y in range(72, 96, 4):
            canvas.line((-4, y), (4, y + 2), lighter(tape, 0.3), 0.8, box=False)
        canvas.fill(rounded(-9, 34, 9, 38), tape, 0.85, box=False)
        canvas.fill(rounded(-9, 40, 9, 41.5), tape, 0.85, box=False)
    canvas.stroke(svg("M-4.2 8 C-4.4 20 -3.6 30 -3 42"), "#ffffff", 1.6, 0.55)
    canvas.fill(rounded(-4.6, 94, 4.6, 100, 2.6), darker(wood, 0.15))


ART: tuple[ObjectArt, ...] = (
    art("rugby ball", "Sports equipment", 1.54, (0.13, 0.2), "ground hand air", _rugby_ball),
    art("soccer ball", "Sports equipment", 1.0, (0.14, 0.2), "ground hand air", _soccer_ball),
    art("basketball", "Sports equipment", 1.0, (0.15, 0.21), "ground hand air", _basketball),
    art("volleyball", "Sports equipment", 1.0, (0.14, 0.2), "ground hand air", _volleyball),
    art("tennis racket", "Sports equipment", 0.43, (0.36, 0.46), "ground hand", _tennis_racket),
    art("baseball bat", "Sports equipment", 0.16, (0.42, 0.52), "ground hand", _baseball_bat),
)
