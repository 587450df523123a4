"""Furniture, seen from the front."""

from __future__ import annotations

import random

from emocam_widgets.demo.scenes.canvas import Canvas, darker, lighter, rounded
from emocam_widgets.demo.scenes.object_art import ObjectArt, across, art, down, pick, svg

FABRICS = ("#3d7ea6", "#c8553d", "#5b8c5a", "#d99a2b", "#7b5ea7", "#2f8f83", "#b3446c")
WOODS = ("#b97f4d", "#8f5d3b", "#d3a26a", "#6f4a34")


def _seat(canvas: Canvas, rng: random.Random, half: float, cushions: int, arm: float) -> None:
    """An upholstered seat ``2 * half`` wide with ``cushions`` side by side and arms ``arm`` wide."""
    fabric = pick(rng, FABRICS)
    pillow = pick(rng, tuple(colour for colour in FABRICS if colour != fabric))
    wood = pick(rng, WOODS)
    for side in (-1, 1):
        x = side * (half - arm * 0.6)
        canvas.fill(svg(f"M{x - 3} 88 H{x + 3} L{x + 2 + side} 100 H{x - 2 + side} Z"), darker(wood, 0.15))
    canvas.fill(
        rounded(-half + arm * 0.55, 0, half - arm * 0.55, 70, 13),
        down(lighter(fabric, 0.06), darker(fabric, 0.22), 0, 66),
    )
    inner = half - arm
    width = 2 * inner / cushions
    for i in range(cushions):
        x = -inner + i * width
        canvas.fill(
            rounded(x + 0.8, 5, x + width - 0.8, 62, 10), down(lighter(fabric, 0.2), darker(fabric, 0.06), 4, 60)
        )
        canvas.stroke(svg(f"M{x + 9} 9.5 H{x + width - 9}"), lighter(fabric, 0.5), 1.8, 0.7)
    canvas.fill(rounded(-inner - 2, 64, inner + 2, 92, 4), darker(fabric, 0.32))
    for i in range(cushions):
        x = -inner + i * width
        canvas.fill(rounded(x + 0.5, 54, x + width - 0.5, 74, 7), down(lighter(fabric, 0.28), fabric, 54, 74))
        canvas.stroke(svg(f"M{x + 7} 58 H{x + width - 7}"), lighter(fabric, 0.55), 1.8, 0.7)
    with canvas.at(-inner + 14 if cushions > 1 else 2, 42, angle=-9):
        canvas.fill(
            svg("M-15 -14 C-8 -11 8 -11 15 -14 C12 -8 12 8 15 14 C8 12 -8 12 -15 14 C-12 8 -12 -8 -15 -14 Z"),
            across(lighter(pillow, 0.2), darker(pillow, 0.12), -14, 14),
        )
        canvas.stroke(svg("M-8 -8 L8 8 M8 -8 L-8 8"), lighter(pillow, 0.45), 1.6, 0.8)
    for side in (-1, 1):
        x0, x1 = sorted((side * half, side * (half - arm)))
        canvas.fill(rounded(x0, 38, x1, 93, arm * 0.48), across(lighter(fabric, 0.22), darker(fabric, 0.14), x0, x1))
        canvas.fill(rounded(x0, 70, x1, 93, 3.5), across(lighter(fabric, 0.22), darker(fabric, 0.14), x0, x1))
        canvas.stroke(
            svg(f"M{x0 + arm * 0.3} 42 Q{(x0 + x1) / 2} 38.5 {x1 - arm * 0.3} 42"), lighter(fabric, 0.55), 1.8, 0.7
        )


def _armchair(canvas: Canvas, rng: random.Random) -> None:
    _seat(canvas, rng, 50, 1, 20)


def _sofa(canvas: Canvas, rng: random.Random) -> None:
    _seat(canvas, rng, 112, 2 + rng.randrange(2), 22)


BOOKS = ("#d1495b", "#edae49", "#00798c", "#30638e", "#6a994e", "#f4f1de", "#8e5aa8", "#e07a5f")


def _bookshelf(canvas: Canvas, rng: random.Random) -> None:
    wood = pick(rng, WOODS)
    canvas.fill(rounded(-34, 0, 34, 97, 2), across(lighter(wood, 0.12), darker(wood, 0.12), -34, 34))
    for x in (-32.0, 27.0):
        canvas.fill(rounded(x, 95, x + 5, 100, 1), darker(wood, 0.3))
    for shelf in range(4):
        top = 4 + shelf * 23
        canvas.fill(rounded(-30, top, 30, top + 20), darker(wood, 0.46))
        canvas.fill(rounded(-30, top, 30, top + 4), darker(wood, 0.62))
        x = -29.0
        vase = shelf in (1, 2) and rng.random() < 0.8
        while x < (12 if vase else 24):
            width = rng.uniform(3.6, 6.4)
            tall = rng.uniform(12, 17)
            book = pick(rng, BOOKS)
            canvas.fill(
                rounded(x, top + 20 - tall, x + width - 0.4, top + 20, 0.6),
                across(lighter(book, 0.12), darker(book, 0.14), x, x + width),
            )
            canvas.fill(rounded(x + 0.6, top + 23 - tall, x + width - 1, top + 24.6 - tall), lighter(book, 0.6), 0.8)
            x += width
        if vase:
            tone = pick(rng, BOOKS)
            canvas.fill(
                svg(
                    f"M18 {top + 7} h6 c-1 4 4 5 3.4 9 c-.4 3 -1.4 4 -2.4 4 h-8 c-1 0 -2 -1 -2.4 -4 "
                    f"c-.6 -4 4.4 -5 3.4 -9 Z"
                ),
                across(lighter(tone, 0.3), darker(tone, 0.2), 14, 28),
            )
        elif x < 28:
            book = pick(rng, BOOKS)
            canvas.fill(svg(f"M{x + 0.6} {top + 20} l-2 -14 l3.4 -.6 l2 14.6 Z"), book)
        canvas.fill(rounded(-34, top + 20, 34, top + 23), lighter(wood, 0.2))


def _round_table(canvas: Canvas, rng: random.Random) -> None:
    wood = pick(rng, WOODS)
    canvas.fill(
        svg(
            "M-7 14 C-4 40 -5 62 -8 76 C-12 86 -26 90 -34 95 L-34 100 H-25 C-18 95 -8 92 0 92 "
            "C8 92 18 95 25 100 H34 L34 95 C26 90 12 86 8 76 C5 62 4 40 7 14 Z"
        ),
        across(lighter(wood, 0.1), darker(wood, 0.3), -20, 24),
    )
    canvas.fill(svg("M-74 11 V16 C-74 34 74 34 74 16 V11 Z"), across(darker(wood, 0.08), darker(wood, 0.4), -74, 74))
    canvas.fill(
        svg("M-74 11 C-74 -3.6 74 -3.6 74 11 C74 28 -74 28 -74 11 Z"), across(lighter(wood, 0.4), wood, -74, 74)
    )
    canvas.stroke(svg("M-50 9 C-30 3 0 3 20 4"), "#ffffff", 2.4, 0.5)
    canvas.stroke(svg("M-30 17 C-6 20 26 18 48 13"), darker(wood, 0.2), 1.5, 0.5)


def _stool(canvas: Canvas, rng: random.Random) -> None:
    wood = pick(rng, WOODS)
    seat = pick(rng, (*FABRICS, lighter(wood, 0.15)))
    for x in (-1.0, 1.0):
        canvas.stroke(svg(f"M{x * 13} 18 L{x * 15} 92"), darker(wood, 0.38), 5)
    canvas.line((-27, 70), (27, 70), darker(wood, 0.12), 4.4)
    canvas.line((-25, 50), (25, 50), darker(wood, 0.24), 3.6)
    for x in (-1.0, 1.0):
        canvas.stroke(svg(f"M{x * 24} 18 L{x * 31} 97"), across(lighter(wood, 0.12), darker(wood, 0.12), -34, 34), 6)
    canvas.fill(rounded(-34, 6, 34, 22, 7), darker(seat, 0.26))
    canvas.fill(
        svg("M-34 10 C-34 -3.4 34 -3.4 34 10 C34 20 -34 20 -34 10 Z"), across(lighter(seat, 0.3), seat, -34, 34)
    )
    canvas.stroke(svg("M-22 6 C-12 3 0 2.6 8 3"), "#ffffff", 2, 0.5)


def _floor_cupboard(canvas: Canvas, rng: random.Random) -> None:
    body = pick(rng, ("#6fa3a8", "#c98b5a", "#e8ddcb", "#7d8fb8", "#c9705f", "#8aa66b"))
    knob = "#f2c14e"
    for x in (-1.0, 1.0):
        canvas.fill(svg(f"M{x * 50 - 4} 88 H{x * 50 + 4} L{x * 52 + 2} 100 H{x * 52 - 2} Z"), darker(body, 0.5))
    canvas.fill(rounded(-58, 6, 58, 92, 3), across(lighter(body, 0.06), darker(body, 0.2), -58, 58))
    canvas.fill(rounded(-60, 0, 60, 9, 2.5), across(lighter(body, 0.4), lighter(body, 0.1), -60, 60))
    canvas.fill(rounded(-58, 9, 58, 12), darker(body, 0.4), 0.5)
    for x in (-53.0, 2.0):
        canvas.fill(rounded(x, 15, x + 51, 32, 2), darker(body, 0.3))
        canvas.fill(rounded(x + 1, 16, x + 50, 31, 2), lighter(body, 0.16))
        canvas.fill(rounded(x + 19, 22, x + 32, 25.6, 1.8), knob)
        canvas.fill(rounded(x, 36, x + 51, 88, 2), darker(body, 0.3))
        canvas.fill(rounded(x + 1, 37, x + 50, 87, 2), lighter(body, 0.16))
        canvas.stroke(rounded(x + 8, 44, x + 43, 80, 2), darker(body, 0.16), 2)
        canvas.line((x + 8, 44), (x + 43, 44), lighter(body, 0.5), 2)
    for x in (-6.4, 6.4):
        canvas.fill(rounded(x - 1.8, 56, x + 1.8, 68, 1.8), knob)


ART: tuple[ObjectArt, ...] = (
    art("armchair", "Furniture", 1.0, (0.5, 0.62), "ground back", _armchair),
    art("sofa", "Furniture", 2.24, (0.48, 0.58), "back", _sofa),
    art("bookshelf", "Furniture", 0.68, (1.0, 1.3), "back", _bookshelf),
    art("round table", "Furniture", 1.48, (0.4, 0.5), "ground back", _round_table),
    art("stool", "Furniture", 0.7, (0.34, 0.46), "ground", _stool),
    art("floor cupboard", "Furniture", 1.2, (0.5, 0.65), "back", _floor_cupboard),
)
