"""Trees, to stand behind people."""

from __future__ import annotations

import random

import skia

from emocam_widgets.demo.scenes.canvas import Canvas, darker, lighter, mix, oval
from emocam_widgets.demo.scenes.object_art import ObjectArt, across, art, down, pick, svg


def _crown(blobs: tuple[tuple[float, float, float], ...]) -> skia.Path:
    path = skia.Path()
    for x, y, r in blobs:
        path.addCircle(x, y, r)
    return path


def _broadleaf(canvas: Canvas, rng: random.Random) -> None:
    green = pick(rng, ("#4f9d4a", "#5fae52", "#3f8f52", "#7aa83f"))
    bark = pick(rng, ("#7a5238", "#6b4a36"))
    canvas.fill(
        svg("M-5 50 C-4 70 -5 88 -10 100 H10 C5 88 4 70 5 50 Z"), across(lighter(bark, 0.12), darker(bark, 0.25), -8, 8)
    )
    canvas.stroke(svg("M0 72 C2 62 10 58 16 52 M0 66 C-2 60 -8 56 -13 50"), darker(bark, 0.1), 3.4)
    crown = _crown(((-21, 46, 16), (21, 46, 16), (0, 50, 17), (-17, 26, 18), (17, 26, 18), (0, 17, 17), (0, 34, 22)))
    canvas.fill(crown, down(green, darker(green, 0.24), 10, 66))
    with canvas.clip(crown):
        light = _crown(((-20, 20, 15), (-4, 11, 14), (-22, 40, 10), (8, 24, 12)))
        canvas.fill(light, lighter(green, 0.17), box=False)
        for x, y, r in ((20, 44, 7), (-4, 50, 7), (24, 26, 6)):
            canvas.stroke(svg(f"M{x - r} {y} q{r} {r} {2 * r} 0"), darker(green, 0.3), 1.6, 0.7, box=False)
        for x, y, r in ((-22, 20, 6), (-4, 10, 6), (-22, 40, 5), (8, 25, 5)):
            canvas.stroke(svg(f"M{x - r} {y} q{r} {-r} {2 * r} 0"), lighter(green, 0.42), 1.6, 0.8, box=False)


def _pine(canvas: Canvas, rng: random.Random) -> None:
    green = pick(rng, ("#2f7d5b", "#2a6f58", "#3b8a5a"))
    canvas.fill(svg("M-4 80 H4 L5.5 100 H-5.5 Z"), across("#8a5c3c", "#5b3b28", -5, 5))
    for i, (top, bottom, half) in enumerate(((46, 91, 28), (28, 70, 23.5), (12, 50, 18.5), (0, 31, 13))):
        tone = mix(darker(green, 0.2), lighter(green, 0.1), i / 3)
        tier = svg(
            f"M0 {top} C{half * 0.3} {bottom - 16} {half * 0.7} {bottom - 8} {half} {bottom - 3} "
            f"Q{half * 0.72} {bottom + 1} {half * 0.55} {bottom - 2} "
            f"Q{half * 0.3} {bottom + 3} 0 {bottom} Q{-half * 0.3} {bottom + 3} {-half * 0.55} {bottom - 2} "
            f"Q{-half * 0.72} {bottom + 1} {-half} {bottom - 3} "
            f"C{-half * 0.7} {bottom - 8} {-half * 0.3} {bottom - 16} 0 {top} Z"
        )
        canvas.fill(tier, tone)
        with canvas.clip(tier):
            canvas.fill(
                svg(
                    f"M0 {top - 2} "
                    f"C{half * 0.2} {bottom - 20} {half * 0.2} {bottom - 8} {half * 0.1} {bottom + 4} "
                    f"H{half + 4} V{top} Z"
                ),
                darker(tone, 0.2),
                0.8,
                box=False,
            )
            canvas.stroke(
                svg(f"M{-half * 0.75} {bottom - 7} Q{-half * 0.4} {bottom - 14} {-half * 0.22} {bottom - 22}"),
                lighter(tone, 0.35),
                1.8,
                0.7,
                box=False,
            )


def _birch(canvas: Canvas, rng: random.Random) -> None:
    leaf = pick(rng, ("#9bc53d", "#b5cc4a", "#e3b53a", "#86b84a"))
    canvas.fill(svg("M-3 20 C-3 60 -3 84 -6 100 H6 C3 84 3 60 3 20 Z"), across("#ffffff", "#cfccc6", -4, 4))
    canvas.stroke(svg("M0 60 C-4 50 -10 46 -14 42 M0 54 C4 46 9 42 14 38"), "#e8e5df", 2.2)
    for x, y, r in (
        (-11, 56, 9),
        (12, 52, 10),
        (-14, 38, 12),
        (14, 34, 12),
        (0, 46, 10),
        (-10, 21, 12),
        (10, 19, 12),
        (0, 12, 12),
    ):
        tone = mix(darker(leaf, 0.16), lighter(leaf, 0.18), 1 - y / 56)
        canvas.fill(oval(x, y, r, r), tone)
        canvas.stroke(
            svg(f"M{x - r * 0.6} {y - r * 0.3} q{r * 0.4} {-r * 0.5} {r} {-r * 0.3}"), lighter(tone, 0.4), 1.3, 0.8
        )
    for y, side in ((60, -1), (67, 1), (73, -1), (80, 1), (86, -1), (92, 1)):
        canvas.line((side * 3.6, y), (side * 0.4, y + 0.6), "#3a3a40", 1.5)


FROND = "M0 0 C10 -14 26 -15 40 2 C42 6 41 10 40 13 L36 6 L34 12 L30 3 L26 8 L22 0 L17 5 L13 -1 L8 3 Z"


def _palm(canvas: Canvas, rng: random.Random) -> None:
    green = pick(rng, ("#3fa35c", "#2f9560", "#57ad4a"))
    trunk = svg("M-2 24 C3 50 0 78 -9 100 H6 C11 78 10 50 5 23 Z")
    canvas.fill(trunk, across("#c99764", "#8d6238", -8, 9))
    with canvas.clip(trunk):
        for y in range(30, 100, 7):
            canvas.stroke(svg(f"M-12 {y + 1} q12 5 24 -1"), "#7a5230", 1.5, 0.7, box=False)
    for i, (side, angle, scale) in enumerate(
        (
            (-1, -34, 0.84),
            (1, -34, 0.84),
            (1, 34, 0.94),
            (-1, 34, 0.94),
            (1, 2, 0.98),
            (-1, 2, 0.98),
            (1, 60, 0.7),
            (-1, 60, 0.7),
        )
    ):
        tone = mix(darker(green, 0.22), lighter(green, 0.14), (i // 2) / 3)
        with canvas.at(0, 22, scale=(side * scale, scale)), canvas.at(angle=angle):
            canvas.fill(svg(FROND), down(lighter(tone, 0.12), darker(tone, 0.1), -12, 12))
            canvas.stroke(svg("M2 -1 C12 -12 25 -12 37 1"), lighter(tone, 0.4), 1.2, 0.8)
    for x, y in ((-3, 27), (6, 28), (2, 30)):
        canvas.fill(oval(x, y, 4, 4), across("#a8703c", "#5d3a1e", x - 4, x + 4))


ART: tuple[ObjectArt, ...] = (
    art("broadleaf tree", "Tree", 0.76, (1.3, 2.1), "back", _broadleaf),
    art("pine", "Tree", 0.57, (1.4, 2.3), "back", _pine),
    art("birch", "Tree", 0.54, (1.4, 2.2), "back", _birch),
    art("palm", "Tree", 0.84, (1.5, 2.2), "back", _palm),
)
