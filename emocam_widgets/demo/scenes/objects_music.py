"""Musical instruments."""

from __future__ import annotations

import random

from emocam_widgets.demo.scenes.canvas import Canvas, Linear, darker, lighter, oval, polygon, rounded
from emocam_widgets.demo.scenes.object_art import ObjectArt, across, art, down, pick, svg

BRASS = Linear((0, 0), (0, 100), ("#ffe08a", "#e5a92c", "#b9791a"), (0.0, 0.5, 1.0))


def _acoustic_guitar(canvas: Canvas, rng: random.Random) -> None:
    wood = pick(rng, ("#d98c3f", "#c8692f", "#e0a458", "#a8502c"))
    dark = "#4a2c1f"
    body = svg(
        "M0 50 C6 46 13 47 14.5 53 C15.5 58 12.5 61 13.5 65 C14.5 69 19 73 19 82 C19 93 11 100 0 100 "
        "C-11 100 -19 93 -19 82 C-19 73 -14.5 69 -13.5 65 "
        "C-12.5 61 -15.5 58 -14.5 53 C-13 47 -6 46 0 50 Z"
    )
    canvas.fill(body, darker(wood, 0.5))
    with canvas.at(0, 75, scale=0.92), canvas.at(0, -75):
        canvas.fill(body, across(lighter(wood, 0.22), darker(wood, 0.1), -18, 18))
    canvas.fill(svg("M5 68 C11 69 13 76 10 80 C6 81 4 78 4 74 Z"), darker(wood, 0.45))
    canvas.fill(oval(0, 69, 6.6, 6.6), darker(wood, 0.3))
    canvas.fill(oval(0, 69, 5.4, 5.4), "#2b1a14")
    canvas.fill(rounded(-2.6, 14, 2.6, 66, 0.6), across("#6b4430", dark, -3, 3))
    for y in (18.0, 23, 28, 33, 38, 43, 48, 53, 58):
        canvas.line((-2.2, y), (2.2, y), "#d9c9a8", 0.7)
    canvas.fill(svg("M-2.6 15 L-4.6 3 C-4.6 1 -3 0 -1.6 0 H1.6 C3 0 4.6 1 4.6 3 L2.6 15 Z"), dark)
    for y in (3.4, 7, 10.6):
        for side in (-1, 1):
            canvas.fill(oval(side * 5.4, y, 1.4, 1.1), "#e8dcc0")
    canvas.fill(rounded(-8, 84.5, 8, 88, 1.2), dark)
    for x in (-1.5, -0.5, 0.5, 1.5):
        canvas.line((x, 12), (x, 86), "#fff8e6", 0.45, 0.85)
    canvas.stroke(svg("M-12 54 C-12.6 58 -10.4 62 -11.6 66 C-13 70 -16 75 -15.6 82"), "#ffffff", 1.3, 0.5)


def _violin(canvas: Canvas, rng: random.Random) -> None:
    wood = pick(rng, ("#b5532a", "#9c4422", "#c46a32"))
    dark = "#2b1c18"
    with canvas.at(1, 0):
        canvas.stroke(svg("M20 4 L17 97"), "#6b3b22", 1.8)
        canvas.stroke(svg("M18.4 9 L15.4 92"), "#fff6e0", 1.1)
        canvas.fill(rounded(14.4, 88, 18.6, 94, 0.8), dark)
    with canvas.at(-4, 0):
        body = svg(
            "M0 36 C10 36 15 40 14.5 47 C14 53 9 54 9 59 C9 64 12 65 14 68 C17 72 18 77 17 83 "
            "C15.6 93 9 98 0 98 C-9 98 -15.6 93 -17 83 C-18 77 -17 72 -14 68 "
            "C-12 65 -9 64 -9 59 C-9 54 -14 53 -14.5 47 C-15 40 -10 36 0 36 Z"
        )
        canvas.fill(body, darker(wood, 0.5))
        with canvas.at(0, 67, scale=0.92), canvas.at(0, -67):
            canvas.fill(body, across(lighter(wood, 0.24), darker(wood, 0.14), -16, 16))
        for side in (-1, 1):
            canvas.stroke(svg(f"M{side * 5.4} 55 C{side * 9} 56 {side * 5} 66 {side * 8.6} 67.4"), dark, 1.4)
        canvas.fill(svg("M-2 12 L-3 66 H3 L2 12 Z"), dark)
        canvas.fill(svg("M-2.4 74 H2.4 L1.6 92 H-1.6 Z"), dark)
        canvas.fill(svg("M-2.4 16 L-3 5 C-3 1 -1.6 0 0 0 C1.6 0 3 1 3 5 L2.4 16 Z"), darker(wood, 0.3))
        for y, side in ((6.4, -1), (8.6, 1), (10.8, -1), (13, 1)):
            canvas.line((side * 2, y), (side * 5.6, y - 0.6), dark, 1.5)
        canvas.fill(rounded(-5, 69, 5, 71, 0.6), "#f0d9a8")
        for x in (-1.4, -0.5, 0.5, 1.4):
            canvas.line((x, 12), (x * 1.3, 74), "#fff3d6", 0.4, 0.85)
        canvas.fill(oval(-8.5, 91, 5, 3.6), dark)
        canvas.stroke(svg("M-12 43 C-12 47 -9 51 -7.4 54 M-14 76 C-14.6 80 -14 84 -12 87"), "#ffffff", 1.2, 0.5)


def _trumpet(canvas: Canvas, rng: random.Random) -> None:
    brass, shade = pick(rng, (("#f2b93b", "#b9791a"), ("#e8a93a", "#a8691c"), ("#d9dde6", "#8d93a5")))
    with canvas.at(0, -2.1, scale=(1, 1.085)):
        canvas.stroke(svg("M-50 40 H48 C72 40 72 82 48 82 H-34 C-56 82 -58 42 -34 40"), shade, 8)
        canvas.stroke(svg("M-50 39 H48 C70 39 70 80 48 80 H-34 C-54 80 -56 42 -34 39"), brass, 5.6)
        for i, x in enumerate((-14, 4, 22)):
            canvas.fill(rounded(x - 7, 24, x + 7, 92, 3), across(lighter(brass, 0.4), shade, x - 7, x + 7))
            canvas.fill(rounded(x - 8, 22, x + 8, 30, 2), across(lighter(brass, 0.5), shade, x - 8, x + 8))
            canvas.fill(rounded(x - 8, 86, x + 8, 94, 2), across(lighter(brass, 0.5), shade, x - 8, x + 8))
            press = (4, 9, 4)[i]
            canvas.line((x, press + 6), (x, 22), "#c9cedb", 3)
            canvas.fill(rounded(x - 6, press, x + 6, press + 6, 3), "#fbfbff")
        canvas.fill(svg("M-96 36 H-50 V44 H-96 Z"), down(lighter(brass, 0.45), shade, 36, 44))
        canvas.fill(
            svg("M-108 31 C-102 31 -100 36 -94 37 V43 C-100 44 -102 49 -108 49 Z"),
            across("#eef0f5", "#9da2b3", -108, -94),
        )
        bell = svg("M36 35 C66 35 88 28 104 4 C107 0 110 2 110 8 V72 C110 78 107 80 104 76 C88 52 66 45 36 45 Z")
        canvas.fill(bell, down(lighter(brass, 0.5), shade, 10, 74))
        canvas.fill(oval(106, 40, 4.4, 37), darker(shade, 0.25))
        canvas.stroke(svg("M46 37.4 C70 36 88 30 99 16"), "#ffffff", 2.4, 0.7)


def _drum(canvas: Canvas, rng: random.Random) -> None:
    shell = pick(rng, ("#d8343f", "#2468b8", "#1f8f6b", "#7a4fc4"))
    rim = "#f2c14e"
    body = svg("M-48 34 V82 C-48 106 48 106 48 82 V34 Z")
    canvas.fill(
        body,
        Linear((-48, 0), (48, 0), (darker(shell, 0.16), lighter(shell, 0.2), darker(shell, 0.3)), (0.0, 0.35, 1.0)),
    )
    with canvas.clip(body):
        zigzag = [
            (-48 + i * 16, 42 + 8 * (i in (1, 5)) + (11 if i in (2, 3, 4) else 0) + (44 if i % 2 else 0))
            for i in range(7)
        ]
        canvas.stroke(polygon(zigzag, closed=False), "#fff3d6", 3, box=False)
    canvas.stroke(svg("M-48 80 C-48 103.4 48 103.4 48 80"), rim, 5)
    canvas.fill(svg("M-50 32 V40 C-50 64 50 64 50 40 V32 Z"), across(lighter(rim, 0.25), darker(rim, 0.3), -50, 50))
    canvas.fill(oval(0, 33, 50, 17), lighter(rim, 0.35))
    canvas.fill(oval(0, 33, 45, 14), across("#ffffff", "#e6ddcc", -45, 45))
    for x0, y0, x1, y1 in ((-44, 5, 14, 36), (44, 5, -10, 30)):
        canvas.line((x0, y0), (x1, y1), "#8f5d34", 5.4)
        canvas.line((x0, y0), (x1, y1), "#d9a05f", 3.4)
        canvas.fill(oval(x1, y1, 4.6, 4), "#b9793f")


def _piano(canvas: Canvas, rng: random.Random) -> None:
    wood = pick(rng, ("#2b2b38", "#6b3f2a", "#8a4b32", "#3a2f4a"))
    canvas.fill(rounded(-58, 4, 58, 96, 2), down(lighter(wood, 0.14), darker(wood, 0.2), 0, 96))
    canvas.fill(rounded(-62, 0, 62, 7, 2), lighter(wood, 0.28))
    canvas.fill(rounded(-50, 12, 50, 42, 3), darker(wood, 0.3))
    canvas.stroke(rounded(-47, 15, 47, 39, 2), lighter(wood, 0.3), 1.4, 0.7)
    canvas.fill(svg("M-15 17 L14 17 L16 40 L-17 40 Z"), "#fffaf0")
    for y in (22.0, 27, 32):
        canvas.line((-11, y), (11, y), "#8d8794", 1)
    for x, y in ((-8.0, 21.0), (-2, 26), (4, 23), (9, 31), (-6, 32)):
        canvas.fill(oval(x, y, 1.5, 1.2), "#2b2540")
    canvas.fill(rounded(-50, 66, 50, 92, 2), darker(wood, 0.3))
    for side in (-1, 1):
        x0, x1 = sorted((side * 62, side * 52))
        canvas.fill(rounded(x0, 40, x1, 64, 2), lighter(wood, 0.18))
        canvas.fill(rounded(x0 + 1.5, 62, x1 - 1.5, 98), lighter(wood, 0.06))
        canvas.fill(rounded(x0 - 0, 95, x1, 100, 1.4), darker(wood, 0.25))
    canvas.fill(rounded(-53, 44, 53, 60), "#fdfbf4")
    for i in range(1, 15):
        x = -53 + i * 106 / 15
        canvas.line((x, 45), (x, 59), "#b9b4c0", 0.7)
        if i % 7 not in (3, 0):
            canvas.fill(rounded(x - 2.1, 44, x + 2.1, 53.5, 0.8), "#23212e")
    canvas.fill(rounded(-53, 59.4, 53, 66, 1.5), lighter(wood, 0.2))
    for x in (-7, 0, 7):
        canvas.fill(rounded(x - 2.2, 92, x + 2.2, 97, 1), "#f2c14e")


def _saxophone(canvas: Canvas, rng: random.Random) -> None:
    brass, shade = pick(rng, (("#f2b93b", "#b5741a"), ("#e8a63a", "#a4661c"), ("#f6c756", "#bd8220")))
    canvas.stroke(svg("M-28.4 12 C-27 4 -18 3 -12 7"), "#2b2b35", 4.6)
    canvas.stroke(svg("M-22 5.4 C-14 2.6 -6 6 -5 16"), brass, 4.2)
    tube = svg(
        "M-8 14 H-1.4 C0 38 2 58 3 70 C4 80 9 80 10 70 C11 58 9 48 4 40 C10 33 24 31 31 36 C27 46 26 58 25 72 "
        "C24 91 15 100 4 100 C-7 100 -13 91 -12 74 C-11 56 -9 36 -8 14 Z"
    )
    canvas.fill(tube, Linear((-12, 0), (28, 0), (lighter(brass, 0.45), brass, shade), (0.0, 0.4, 1.0)))
    canvas.fill(svg("M4 40 C10 33 24 31 31 36 C27 43 11 45 4 40 Z"), darker(shade, 0.3))
    canvas.stroke(svg("M4 40 C10 33 24 31 31 36"), lighter(brass, 0.4), 2.4)
    for i, y in enumerate((24, 33, 42, 51, 60, 69)):
        r = 2.6 + i * 0.28
        canvas.fill(oval(-5.6 + i * 0.3, y, r + 0.9, r + 0.9), shade)
        canvas.fill(oval(-5.6 + i * 0.3, y, r, r), "#fff6da")
    canvas.stroke(svg("M-10.6 22 L-13.4 72"), shade, 1.7)
    canvas.stroke(svg("M-9 84 C-6 93 0 96 6 96"), "#ffffff", 1.8, 0.6)
    canvas.fill(oval(16, 76, 4.6, 4.6), shade)
    canvas.fill(oval(16, 76, 3.3, 3.3), "#fff6da")
    canvas.stroke(svg("M20 50 C19 60 19 64 18.4 67"), "#ffffff", 1.6, 0.55)


ART: tuple[ObjectArt, ...] = (
    art("acoustic guitar", "Musical instrument", 0.39, (0.52, 0.6), "ground hand back", _acoustic_guitar),
    art("violin", "Musical instrument", 0.46, (0.32, 0.4), "ground hand", _violin),
    art("trumpet", "Musical instrument", 2.2, (0.12, 0.16), "hand ground", _trumpet),
    art("drum", "Musical instrument", 1.04, (0.28, 0.4), "ground", _drum),
    art("piano", "Musical instrument", 1.24, (0.68, 0.8), "back", _piano),
    art("saxophone", "Musical instrument", 0.64, (0.36, 0.46), "ground hand", _saxophone),
)
