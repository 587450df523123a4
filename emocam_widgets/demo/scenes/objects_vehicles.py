"""Vehicles seen from the side, facing right; every wheel is a part of its own."""

from __future__ import annotations

import math
import random

from emocam_widgets.demo.scenes.canvas import Canvas, darker, lighter, oval, rounded
from emocam_widgets.demo.scenes.object_art import ObjectArt, across, art, down, pick, svg

PAINTS = ("#e5484d", "#2f80d0", "#f2b134", "#3aa17e", "#8c6bc8", "#f0f0ee", "#ef7f45")
GLASS = down("#d9f2fb", "#86bcd8", 5, 45)
TYRE = "#2a2a35"


def _wheel(canvas: Canvas, number: int, x: float, radius: float) -> None:
    """A car's wheel that stands on the ground."""
    y = 100 - radius
    with canvas.part("Wheel", f"wheel_{number}"):
        canvas.fill(oval(x, y, radius, radius), TYRE)
        canvas.stroke(oval(x, y, radius * 0.86, radius * 0.86), "#4a4a58", radius * 0.08)
        canvas.fill(oval(x, y, radius * 0.62, radius * 0.62), across("#f4f5f8", "#9da2b3", x - radius, x + radius))
        for i in range(5):
            angle = math.radians(i * 72 - 90)
            canvas.line(
                (x, y),
                (x + math.cos(angle) * radius * 0.5, y + math.sin(angle) * radius * 0.5),
                "#6d7285",
                radius * 0.14,
            )
        canvas.fill(oval(x, y, radius * 0.16, radius * 0.16), "#3a3d4d")


def _spoked_wheel(canvas: Canvas, number: int, x: float, radius: float) -> None:
    y = 100 - radius
    with canvas.part("Wheel", f"wheel_{number}"):
        for i in range(10):
            angle = math.radians(i * 36)
            canvas.line(
                (x, y), (x + math.cos(angle) * radius * 0.9, y + math.sin(angle) * radius * 0.9), "#8d93a5", 0.9
            )
        canvas.stroke(oval(x, y, radius - 2, radius - 2), TYRE, 4)
        canvas.stroke(oval(x, y, radius - 5, radius - 5), "#c9cedb", 1.6)
        canvas.fill(oval(x, y, 3, 3), "#5a5f70")


def _car(canvas: Canvas, rng: random.Random) -> None:
    paint = pick(rng, PAINTS)
    body = svg(
        "M-120 62 C-121 50 -112 46 -92 43 C-74 14 -62 1 -36 0 H16 C42 1 58 18 76 40 C100 43 118 50 120 66 V78 "
        "C120 84 116 86 112 86 H-112 C-118 86 -120 82 -120 76 Z"
    )
    canvas.fill(body, down(lighter(paint, 0.18), darker(paint, 0.2), 0, 86))
    with canvas.clip(body):
        canvas.fill(rounded(-130, 74, 130, 90), darker(paint, 0.5), box=False)
        canvas.stroke(svg("M-116 54 C-60 48 40 48 118 58"), lighter(paint, 0.5), 2.4, 0.8, box=False)
        for x in (-72, 72):
            canvas.fill(oval(x, 78, 27, 27), darker(paint, 0.68), box=False)
    canvas.fill(svg("M-78 42 C-66 20 -56 8 -36 7 H-16 V42 Z"), GLASS)
    canvas.fill(svg("M-9 7 H14 C34 8 46 22 60 42 H-9 Z"), GLASS)
    canvas.fill(svg("M-58 42 L-38 7 H-28 L-48 42 Z M8 42 L22 9 L29 12 L19 42 Z"), "#ffffff", 0.4)
    canvas.stroke(svg("M-12.5 7 V72 M-12.5 72 H-44 M-12.5 72 H40 M60 44 L56 60"), darker(paint, 0.35), 1.8, 0.6)
    for x in (-32, 0):
        canvas.fill(rounded(x - 2, 53, x + 10, 56.4, 1.6), darker(paint, 0.45))
    canvas.fill(svg("M104 52 C112 53 118 58 119.5 64 H108 C103 62 102 56 104 52 Z"), "#fff3bf")
    canvas.fill(svg("M-119 54 C-113 53 -108 55 -108 60 C-108 63 -114 64 -120 63 Z"), "#d9343c")
    _wheel(canvas, 1, -72, 22)
    _wheel(canvas, 2, 72, 22)


def _van(canvas: Canvas, rng: random.Random) -> None:
    paint = pick(rng, PAINTS)
    stripe = pick(rng, ("#ffffff", "#ffe08a", "#2b3a67"))
    body = svg(
        "M-96 8 C-96 2 -92 0 -86 0 H30 C44 0 50 4 58 18 L74 44 C90 47 96 52 96 62 V80 C96 85 94 87 90 87 H-92 "
        "C-95 87 -96 85 -96 82 Z"
    )
    canvas.fill(body, down(lighter(paint, 0.16), darker(paint, 0.18), 0, 86))
    with canvas.clip(body):
        canvas.fill(rounded(-100, 52, 110, 60), stripe, 0.9, box=False)
        canvas.fill(rounded(-100, 78, 110, 90), darker(paint, 0.5), box=False)
        canvas.stroke(svg("M-84 4 H30"), "#ffffff", 3, 0.6, box=False)
        for x in (-52, 58):
            canvas.fill(oval(x, 80, 23, 23), darker(paint, 0.68), box=False)
    canvas.fill(svg("M30 11 H36 C42 11 45 14 50 22 L63 44 H30 Z"), GLASS)
    canvas.fill(rounded(-82, 11, -46, 42, 4), GLASS)
    canvas.fill(rounded(-39, 11, 0, 42, 4), GLASS)
    canvas.fill(
        svg("M-72 42 L-60 11 H-53 L-65 42 Z M-26 42 L-14 11 H-6 L-18 42 Z M37 42 L43 16 L47 20 L44 42 Z"),
        "#ffffff",
        0.42,
    )
    canvas.stroke(svg("M-42.5 4 V76 M24 4 V76 M4 8 V76 M24 47 H70"), darker(paint, 0.35), 1.6, 0.6)
    canvas.fill(rounded(29, 63, 40, 66, 1.5), darker(paint, 0.5))
    canvas.fill(svg("M84 49 C92 51 95.6 55 96 62 H88 C84 60 83 54 84 49 Z"), "#fff3bf")
    canvas.fill(rounded(-96, 62, -91, 74, 1.5), "#d9343c")
    _wheel(canvas, 1, -52, 19)
    _wheel(canvas, 2, 58, 19)


def _bus(canvas: Canvas, rng: random.Random) -> None:
    paint = pick(rng, ("#f4b41a", "#e5484d", "#2f80d0", "#3aa17e", "#8c6bc8"))
    body = svg(
        "M-115 10 C-115 3 -110 0 -104 0 H98 C108 0 112 6 113 14 L115 56 V84 C115 88 113 90 109 90 H-109 "
        "C-113 90 -115 88 -115 84 Z"
    )
    canvas.fill(body, down(lighter(paint, 0.14), darker(paint, 0.14), 0, 90))
    with canvas.clip(body):
        canvas.fill(rounded(-120, 54, 120, 60), "#ffffff", 0.85, box=False)
        canvas.fill(rounded(-120, 82, 120, 92), darker(paint, 0.5), box=False)
        canvas.stroke(svg("M-106 4 H98"), "#ffffff", 3, 0.6, box=False)
        for x in (-68, 45):
            canvas.fill(oval(x, 84, 20, 20), darker(paint, 0.68), box=False)
    for i in range(5):
        x = -107 + i * 34
        canvas.fill(rounded(x, 13, x + 29, 45, 4), GLASS)
        canvas.fill(svg(f"M{x + 8} 45 L{x + 17} 13 H{x + 23} L{x + 14} 45 Z"), "#ffffff", 0.4)
    canvas.fill(rounded(66, 13, 88, 80, 3), darker(paint, 0.45))
    canvas.fill(rounded(68, 16, 76, 77, 2), GLASS)
    canvas.fill(rounded(78, 16, 86, 77, 2), GLASS)
    canvas.fill(svg("M94 13 H106 C108 13 108.6 15 109 18 L111 46 H94 Z"), GLASS)
    canvas.fill(rounded(107, 66, 115, 75, 2), "#fff3bf")
    canvas.fill(rounded(-115, 66, -110, 78, 1.5), "#d9343c")
    _wheel(canvas, 1, -68, 17)
    _wheel(canvas, 2, 45, 17)


def _bicycle(canvas: Canvas, rng: random.Random) -> None:
    paint = pick(rng, ("#e5484d", "#2f80d0", "#3aa17e", "#f2a11f", "#8c6bc8"))
    _spoked_wheel(canvas, 1, -50, 31)
    _spoked_wheel(canvas, 2, 50, 31)
    canvas.stroke(svg("M-50 69 L-4 71 L-22 25 Z M-18 33 H35 L-4 71 M50 69 L33 18"), paint, 5.4)
    canvas.stroke(svg("M-18 32 H34"), lighter(paint, 0.5), 1.6)
    canvas.stroke(svg("M-22 26 L-25 15"), "#5a5f70", 4)
    canvas.fill(svg("M-40 10 C-34 6 -16 8 -8 12 C-8 16 -16 15 -24 18 C-34 20 -42 17 -40 10 Z"), "#3b2d2a")
    canvas.stroke(svg("M34 20 L31 6 H46 C53 6 54 14 47 15"), "#4b4f60", 3.8)
    canvas.stroke(svg("M31 5.6 H22"), "#3b2d2a", 5)
    canvas.fill(oval(-4, 71, 9, 9), "#5a5f70")
    canvas.fill(oval(-4, 71, 5, 5), "#c9cedb")
    canvas.stroke(svg("M-4 71 L5 86 M0 87 H11"), "#3a3d4d", 3.2)
    canvas.stroke(svg("M-50 65 L-4 63 M-50 73 L-4 79"), "#5a5f70", 1.4)


def _scooter(canvas: Canvas, rng: random.Random) -> None:
    paint = pick(rng, ("#5cc8b8", "#e5484d", "#f4b41a", "#7fa8e0", "#f2937f"))
    _wheel(canvas, 1, -42, 18.5)
    _wheel(canvas, 2, 47, 18.5)
    canvas.stroke(svg("M46 80 L30 12"), "#8d93a5", 5)
    canvas.stroke(svg("M31 13 C26 7 20 8 15 9"), "#4b4f60", 4)
    canvas.stroke(svg("M15 9 H21"), "#2b2b35", 6)
    canvas.line((25, 9), (20, 2.2), "#4b4f60", 1.8)
    canvas.fill(oval(18, 4.4, 5.4, 4.2), "#c9cedb")
    canvas.fill(
        svg(
            "M-64 68 C-66 48 -50 40 -30 41 H-6 C2 42 2 52 -2 60 C-4 70 0 74 8 74 C20 74 22 60 22 46 L26 20 "
            "C28 14 36 14 38 20 "
            "C36 40 36 62 28 76 C24 84 18 85 10 85 H-16 C-18 74 -26 64 -42 64 C-52 64 -58 66 -64 68 Z"
        ),
        down(lighter(paint, 0.25), darker(paint, 0.16), 14, 86),
    )
    canvas.fill(
        svg("M26 66 C30 54 46 54 62 66 C66 70 64 73 60 72 C50 66 40 66 30 74 Z"),
        down(lighter(paint, 0.2), darker(paint, 0.12), 56, 74),
    )
    canvas.fill(
        svg("M-62 39 C-62 31 -54 31 -46 32 C-34 34 -20 32 -10 33 C0 34 0 42 -6 42 H-54 C-60 42 -62 41 -62 39 Z"),
        "#5b3a2c",
    )
    canvas.stroke(svg("M-54 35 C-40 37 -24 35 -10 36"), "#a8795c", 1.8)
    canvas.fill(oval(35, 18, 7, 7), "#e8ebf2")
    canvas.fill(oval(37.5, 18, 4.6, 5.6), "#fff3bf")
    canvas.fill(oval(-62, 58, 4, 5), "#d9343c")
    canvas.stroke(svg("M-56 54 C-50 46 -38 45 -26 45"), "#ffffff", 2.4, 0.6)
    canvas.stroke(svg("M27 30 C26 46 26 60 20 70"), "#ffffff", 2, 0.5)


ART: tuple[ObjectArt, ...] = (
    art("car", "Vehicle", 2.4, (0.72, 0.86), "back", _car),
    art("van", "Vehicle", 1.92, (1.0, 1.2), "back", _van),
    art("bus", "Vehicle", 2.3, (1.3, 1.6), "back", _bus),
    art("bicycle", "Vehicle", 1.62, (0.55, 0.64), "back ground", _bicycle),
    art("scooter", "Vehicle", 1.33, (0.6, 0.68), "back ground", _scooter),
)
