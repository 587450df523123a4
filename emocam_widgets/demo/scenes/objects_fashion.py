"""Fashion accessories that lie or stand by themselves."""

from __future__ import annotations

import random

from emocam_widgets.demo.scenes.canvas import Canvas, darker, lighter, oval, rounded
from emocam_widgets.demo.scenes.object_art import ObjectArt, across, art, down, pick, svg


def _handbag(canvas: Canvas, rng: random.Random) -> None:
    leather = pick(rng, ("#d6455d", "#2f8f83", "#c9823a", "#7b5ea7", "#2f5d8c", "#ec86a6"))
    gold = "#f4c95d"
    canvas.stroke(svg("M-24 50 C-26 -12.4 26 -12.4 24 50"), darker(leather, 0.42), 6.4)
    canvas.stroke(svg("M-24 48 C-26 -12.4 26 -12.4 24 48"), darker(leather, 0.2), 3.4)
    canvas.fill(
        svg(
            "M-40 38 H40 C44 38 46 40 46.6 44 L50 90 C50.6 97 47 100 42 100 H-42 C-47 100 -50.6 97 -50 90 "
            "L-46.6 44 C-46 40 -44 38 -40 38 Z"
        ),
        across(lighter(leather, 0.14), darker(leather, 0.24), -48, 48),
    )
    canvas.fill(
        svg(
            "M-42 41 H42 C45 41 46 43 46 46 L47 58 C30 78 16 80 0 80 C-16 80 -30 78 -47 58 L-46 46 "
            "C-46 43 -45 41 -42 41 Z"
        ),
        darker(leather, 0.4),
        0.5,
    )
    canvas.fill(
        svg(
            "M-40 36 H40 C44 36 46 39 46 43 L47 54 C30 73 16 75 0 75 C-16 75 -30 73 -47 54 L-46 43 "
            "C-46 39 -44 36 -40 36 Z"
        ),
        down(lighter(leather, 0.24), leather, 36, 76),
    )
    canvas.stroke(svg("M-42 54 C-28 68 -14 70.6 0 70.6 C14 70.6 28 68 42 54"), lighter(leather, 0.55), 1.5, 0.8)
    canvas.fill(rounded(-8, 66, 8, 82, 3), gold)
    canvas.fill(rounded(-4.6, 70, 4.6, 78, 2), darker(gold, 0.3))
    for x in (-24, 24):
        canvas.fill(oval(x, 46, 5, 5), gold)
        canvas.fill(oval(x, 46, 2.4, 2.4), darker(gold, 0.35))
    canvas.stroke(svg("M-38 40.6 H10"), "#ffffff", 2.4, 0.45)


def _sun_hat(canvas: Canvas, rng: random.Random) -> None:
    straw = pick(rng, ("#eccb7e", "#f2dfae", "#dcae62", "#f6ead2"))
    ribbon = pick(rng, ("#d6455d", "#2f6fb0", "#2b2b45", "#2f8f83", "#e8833a"))
    canvas.fill(
        svg("M-108 72 C-108 50 -60 42 0 42 C60 42 108 50 108 72 C108 92 60 100 0 100 C-60 100 -108 92 -108 72 Z"),
        across(lighter(straw, 0.2), darker(straw, 0.2), -108, 108),
    )
    canvas.fill(svg("M-62 74 C-62 58 62 58 62 74 C58 88 -58 88 -62 74 Z"), darker(straw, 0.4), 0.55)
    canvas.stroke(svg("M-94 72 C-92 58 -62 52 -50 51 M-84 82 C-56 93 30 96 66 89"), darker(straw, 0.26), 1.6, 0.8)
    crown = svg("M-58 72 C-58 30 -46 0 0 0 C46 0 58 30 58 72 C40 84 -40 84 -58 72 Z")
    canvas.fill(crown, across(lighter(straw, 0.34), darker(straw, 0.16), -58, 58))
    with canvas.clip(crown):
        for y in (12, 22, 32):
            canvas.stroke(
                svg(f"M-60 {y + 8} C-30 {y + 16} 30 {y + 16} 60 {y + 8}"), darker(straw, 0.24), 1.5, 0.75, box=False
            )
        canvas.fill(
            svg("M-64 48 C-40 60 40 60 64 48 V72 C40 88 -40 88 -64 72 Z"),
            across(lighter(ribbon, 0.15), darker(ribbon, 0.25), -58, 58),
            box=False,
        )
    with canvas.at(44, 66):
        canvas.fill(svg("M0 0 C8 -14 26 -16 26 -4 C26 8 10 8 0 0 L16 24 L6 22 L0 28 L-4 4 Z"), darker(ribbon, 0.12))
        canvas.fill(svg("M0 0 C-10 -14 -24 -12 -22 -2 C-20 8 -8 8 0 0 Z"), lighter(ribbon, 0.12))
        canvas.fill(oval(0, 0, 5, 5), darker(ribbon, 0.25))
    canvas.stroke(svg("M-44 42 C-42 20 -30 10 -16 7"), "#ffffff", 4, 0.55)


def _sunglasses(canvas: Canvas, rng: random.Random) -> None:
    frame = pick(rng, ("#25222f", "#8a3b2f", "#d6455d", "#1f5f8b", "#f2a93b"))
    glass = pick(rng, (("#3a4a63", "#141826"), ("#7a4fa8", "#2b1b45"), ("#2f7f86", "#12333b")))
    for side in (-1, 1):
        with canvas.at(scale=(side, 1)):
            lens = svg("M14 22 C14 8 30 4 66 4 C100 4 120 8 120 22 C120 66 98 96 66 96 C30 96 14 62 14 22 Z")
            canvas.fill(lens, down(*glass))
            canvas.stroke(lens, frame, 8)
            canvas.fill(svg("M108 6 L130 12 C130 22 128 28 118 32 Z"), darker(frame, 0.15))
    for x in (-66, 66):
        canvas.fill(svg(f"M{x - 30} 52 L{x + 2} 16 H{x + 16} L{x - 24} 64 Z"), "#ffffff", 0.4)
        canvas.fill(svg(f"M{x - 18} 70 L{x + 26} 18 H{x + 31} L{x - 14} 74 Z"), "#ffffff", 0.3)
    canvas.stroke(svg("M-16 26 C-8 14 8 14 16 26"), frame, 9)
    canvas.stroke(svg("M-112 12 C-100 4 -60 3 -40 5 M36 5 C60 3 90 4 104 8"), lighter(frame, 0.5), 2.6, 0.8)


ART: tuple[ObjectArt, ...] = (
    art("handbag", "Fashion accessory", 1.02, (0.16, 0.22), "ground hand table", _handbag),
    art("sun hat", "Fashion accessory", 2.18, (0.09, 0.13), "ground table hand", _sun_hat),
    art("sunglasses", "Fashion accessory", 2.62, (0.045, 0.07), "table hand", _sunglasses),
)
