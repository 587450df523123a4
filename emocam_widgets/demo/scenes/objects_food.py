"""Food: one portion of everything, as large as a person may hold it."""

from __future__ import annotations

import math
import random

from emocam_widgets.demo.scenes.canvas import Canvas, darker, lighter, oval, rounded
from emocam_widgets.demo.scenes.object_art import CREAM, ObjectArt, across, art, ball, down, pick, svg

SPRINKLES = ("#ff5c7a", "#ffd23f", "#4cc9f0", "#7bd389", "#ffffff")


def _pizza_slice(canvas: Canvas, rng: random.Random) -> None:
    topping = pick(rng, ("#d1342f", "#c92a3a", "#d8482f"))
    cheese = pick(rng, ("#ffcf4d", "#ffc63a", "#ffd766"))
    canvas.fill(svg("M-40 15 L-3 98 C-1 101 1 101 3 98 L40 15 Z"), darker(cheese, 0.12))
    body = svg("M-38 12 L-2 93 C-1 96 1 96 2 93 L38 12 Z")
    canvas.fill(body, across(lighter(cheese, 0.2), cheese, -30, 30))
    for x, y, length in ((-18, 57, 9), (12, 71, 10), (25, 43, 9)):
        canvas.stroke(svg(f"M{x} {y} v{length}"), cheese, 5)
    for x, y, r in ((-15, 31, 9), (16, 33, 8.5), (1, 53, 8), (2, 77, 4.5)):
        canvas.fill(oval(x, y + 1.2, r, r), darker(topping, 0.35))
        canvas.fill(oval(x, y, r, r), ball(x, y, r, topping))
        canvas.fill(oval(x - r * 0.3, y - r * 0.35, r * 0.28, r * 0.18), "#ffffff", 0.45)
    for x, y, angle in ((-2, 29, 30), (14, 50, -40), (-9, 65, 60)):
        with canvas.at(x, y, angle=angle):
            canvas.fill(svg("M-6 0 C-3 -5 3 -5 6 0 C3 5 -3 5 -6 0 Z"), "#3f9b46")
            canvas.line((-4, 0), (4, 0), "#7fcf78", 1)
    crust = svg(
        "M-44 12 C-46 2 -36 -1 -28 2 C-14 -1 14 -1 28 2 C36 -1 46 2 44 12 C43 21 33 20 28 18 C12 21 -12 21 -28 18 "
        "C-33 20 -43 21 -44 12 Z"
    )
    canvas.fill(crust, down("#e9a554", "#b96a2a", 0, 20))
    canvas.stroke(svg("M-35 7 C-20 4 6 4 22 6"), "#ffd79a", 3, 0.8)


def _burger(canvas: Canvas, rng: random.Random) -> None:
    bun = pick(rng, ("#e09b45", "#d98d3a", "#e6a855"))
    canvas.fill(
        svg("M-50 78 H50 V84 C50 96 40 100 30 100 H-30 C-40 100 -50 96 -50 84 Z"), down(bun, darker(bun, 0.25), 76, 100)
    )
    canvas.fill(rounded(-54, 63, 54, 81, 9), down("#7a4228", "#50291b", 62, 82))
    canvas.fill(svg("M-52 56 H52 L40 66 L30 75 L18 64 L-6 64 L-18 72 L-28 64 Z"), "#ffc531")
    canvas.fill(rounded(-50, 50, 50, 58, 4), "#e2463c")
    lettuce = (
        "M-56 48 C-54 58 -44 58 -41 52 C-37 60 -27 60 -23 52 C-19 60 -9 60 -5 52 C-1 60 9 60 13 52 "
        "C17 60 27 60 31 52 C35 60 44 59 46 52 C50 57 56 54 56 48 C50 42 -50 42 -56 48 Z"
    )
    canvas.fill(svg(lettuce), down("#8fd14f", "#55a83a", 44, 60))
    dome = svg("M-52 46 C-54 14 -30 0 0 0 C30 0 54 14 52 46 C52 49 49 50 46 50 H-46 C-49 50 -52 49 -52 46 Z")
    canvas.fill(dome, down(lighter(bun, 0.18), darker(bun, 0.14), 0, 50))
    canvas.fill(svg("M-43 30 C-38 14 -24 7 -10 5 C-22 11 -34 20 -37 32 Z"), "#ffffff", 0.35)
    for x, y, angle in (
        (-22, 20, -30),
        (-4, 12, 10),
        (16, 17, 35),
        (4, 27, -15),
        (30, 29, 50),
        (-32, 35, -50),
        (-12, 35, 20),
        (20, 38, 10),
    ):
        with canvas.at(x, y, angle=angle):
            canvas.fill(oval(0, 0, 2.2, 3.4), "#fff1c9")


def _birthday_cake_slice(canvas: Canvas, rng: random.Random) -> None:
    icing = pick(rng, ("#ff8fb1", "#f7a6c7", "#8fd3e8", "#c7a6f0"))
    sponge = pick(rng, ("#f8d79a", "#7b4a34", "#f5c987"))
    cream = "#fff7ef"
    candle = pick(rng, ("#4cc9f0", "#ffd23f", "#7bd389"))
    canvas.fill(
        svg("M-46 54 L48 42 V92 C48 95 46 96 44 96 L-42 100 C-45 100 -46 98 -46 96 Z"),
        across(sponge, darker(sponge, 0.12), -46, 48),
    )
    canvas.fill(svg("M-46 71 L48 62 V70 L-46 79 Z"), cream)
    canvas.fill(svg("M-46 76.5 L48 67.5 V70 L-46 79 Z"), icing)
    canvas.fill(
        svg(
            "M-46 54 C-40 44 -10 31 14 30 C34 30 48 34 48 42 V50 C44 58 39 56 38 51 C35 60 27 60 25 53 "
            "C22 66 12 66 11 55 "
            "C8 61 0 62 -3 56 C-6 68 -15 68 -17 58 C-20 65 -27 66 -30 60 C-33 70 -44 70 -46 61 Z"
        ),
        darker(icing, 0.1),
    )
    canvas.fill(
        svg("M-46 54 C-40 44 -10 31 14 30 C34 30 48 34 48 42 C30 46 -20 53 -46 54 Z"),
        across(lighter(icing, 0.45), icing, -40, 48),
    )
    for x, y in ((-24, 47), (4, 36), (34, 38), (24, 44), (-8, 48)):
        canvas.line((x - 2, y), (x + 2, y - 1), pick(rng, SPRINKLES), 2.4)
    for x in (-20, 34):
        canvas.fill(oval(x, 39, 9, 7), cream)
        canvas.fill(oval(x, 34.5, 5.6, 5), cream)
        canvas.fill(oval(x + 2, 41, 6, 4), "#e8d3cf", 0.6)
        canvas.fill(oval(x, 30, 5, 5), ball(x, 30, 5, "#e0263c"))
    canvas.fill(rounded(4, 15, 11, 42, 1.6), across(lighter(candle, 0.3), candle, 4, 11))
    for y in (19, 26, 33):
        canvas.line((5, y + 3), (10, y), "#ffffff", 2)
    canvas.line((7.5, 15), (7.5, 11), "#3c2a2a", 1.2)
    canvas.fill(svg("M7.5 0 C12 5 13 8 11.4 11 C9.8 13.6 5.2 13.6 3.6 11 C2 8 4 5 7.5 0 Z"), "#ff9f1c")
    canvas.fill(svg("M7.5 5 C10 8 10 9.6 9.2 11 C8.4 12 6.6 12 5.8 11 C5 9.6 5.6 8 7.5 5 Z"), "#fff3b0")


def _ice_cream_cone(canvas: Canvas, rng: random.Random) -> None:
    first, second, third = rng.sample(("#ff9fb8", "#8b5a3c", "#a8e0c0", "#fff0c2", "#b9a2ee", "#ffc46b"), 3)
    cone = svg("M-18 48 L-2 98 C-1 100.6 1 100.6 2 98 L18 48 Z")
    canvas.fill(cone, across("#f2bb6c", "#d08f3f", -18, 18))
    with canvas.clip(cone):
        for i in range(-6, 7):
            canvas.line((i * 8 - 20, 40), (i * 8 + 14, 100), "#a9692a", 1.5, 0.75, box=False)
            canvas.line((i * 8 + 20, 40), (i * 8 - 14, 100), "#a9692a", 1.5, 0.75, box=False)
        canvas.fill(svg("M-20 44 H20 V52 C8 58 -8 58 -20 52 Z"), "#7a4a1e", 0.35, box=False)
    for x, y, r, flavour in ((-10, 37, 14, first), (10, 37, 14, second), (0, 19, 15.5, third)):
        with canvas.at(x, y, scale=r):
            drip = svg("M-1 0 C-1 1 -.6 1.2 -.5 .8 C-.3 1.3 .1 1.3 .15 .85 C.3 1.2 1 1.1 1 0 Z")
            canvas.fill(drip, darker(flavour, 0.12))
        canvas.fill(oval(x, y, r, r), ball(x, y, r, flavour, 0.25))
        canvas.fill(oval(x - r * 0.4, y - r * 0.45, r * 0.26, r * 0.18), "#ffffff", 0.6)
    canvas.fill(oval(2, 4.5, 4.5, 4.5), ball(2, 4.5, 4.5, "#d81e3a"))
    canvas.fill(oval(0.6, 3, 1.2, 0.9), "#ffffff", 0.8)


def _croissant(canvas: Canvas, rng: random.Random) -> None:
    crust = pick(rng, ("#dd9440", "#d3852f", "#e3a04e"))
    shape = svg(
        "M-78 78 C-80 46 -56 4 -6 0 L6 0 C56 4 80 46 78 78 C77 96 68 102 60 97 C50 90 44 70 24 64 C10 60 -10 60 -24 64 "
        "C-44 70 -50 90 -60 97 C-68 102 -77 96 -78 78 Z"
    )
    canvas.fill(shape, down(lighter(crust, 0.28), darker(crust, 0.22), 0, 100))
    with canvas.clip(shape):
        for side in (-1, 1):
            with canvas.at(scale=(side, 1)):
                canvas.fill(svg("M80 36 C66 42 56 52 47 78 L60 110 L90 90 Z"), darker(crust, 0.28), 0.55, box=False)
                canvas.fill(
                    svg("M56 -4 C40 20 32 40 30 70 L48 82 C50 58 60 44 80 34 Z"), lighter(crust, 0.08), 0.8, box=False
                )
                canvas.stroke(svg("M12 -4 C24 20 22 48 14 66"), darker(crust, 0.42), 3.2, 0.8, box=False)
                canvas.stroke(svg("M50 8 C40 28 34 46 34 72"), darker(crust, 0.42), 3.2, 0.8, box=False)
                canvas.stroke(svg("M78 36 C64 44 54 58 50 86"), darker(crust, 0.42), 3.2, 0.8, box=False)
        canvas.stroke(svg("M-8 10 C-2 7 4 7 8 10"), CREAM, 5, 0.65, box=False)
        canvas.stroke(svg("M-44 22 C-38 15 -32 12 -27 11"), CREAM, 5, 0.65, box=False)
        canvas.stroke(svg("M28 12 C34 14 38 17 41 20"), CREAM, 4, 0.4, box=False)
        canvas.stroke(svg("M-70 56 C-68 48 -64 42 -60 38"), CREAM, 4.5, 0.5, box=False)


def _fruit_bowl(canvas: Canvas, rng: random.Random) -> None:
    bowl = pick(rng, ("#4aa3c7", "#f4ede1", "#e58a6b", "#8f7bd1"))
    apple = pick(rng, ("#e0303b", "#7cbf3f"))
    canvas.fill(
        svg("M-46 52 C-64 36 -52 10 -32 2 C-30 1 -28 3 -29 6 C-36 22 -26 36 -6 46 Z"),
        across("#ffe15a", "#f2b92c", -54, -20),
    )
    canvas.fill(svg("M-34 52 C-50 38 -44 16 -29 6 C-36 22 -20 40 -2 48 Z"), "#ffd23f")
    canvas.fill(oval(31, 36, 22, 22), ball(31, 36, 22, "#ff9a2e"))
    canvas.fill(oval(23, 28, 5, 3.4), "#ffffff", 0.4)
    for x, y in ((44, 50), (52, 42), (50, 54)):
        canvas.fill(oval(x, y, 7, 7), ball(x, y, 7, "#7d4cc2"))
    canvas.fill(
        svg("M0 18 C10 10 26 16 24 36 C22 54 10 62 0 58 C-10 62 -22 54 -24 36 C-26 16 -10 10 0 18 Z"),
        ball(0, 36, 26, apple),
    )
    canvas.fill(oval(-12, 28, 4, 6), "#ffffff", 0.45)
    canvas.stroke(svg("M0 19 C0 13 2 9 5 6"), "#6b4226", 2.8)
    canvas.fill(svg("M4 12 C8 2 18 2 23 5 C20 13 12 15 4 12 Z"), "#4fae4b")
    canvas.fill(rounded(-22, 92, 22, 100, 3), darker(bowl, 0.3))
    canvas.fill(
        svg("M-60 50 H60 C58 78 38 95 20 95 H-20 C-38 95 -58 78 -60 50 Z"),
        across(lighter(bowl, 0.2), darker(bowl, 0.2), -60, 60),
    )
    canvas.fill(rounded(-62, 46, 62, 55, 4), lighter(bowl, 0.35))
    canvas.stroke(svg("M-48 64 C-44 76 -36 84 -28 88"), "#ffffff", 4, 0.45)


def _doughnut(canvas: Canvas, rng: random.Random) -> None:
    icing = pick(rng, ("#ff7fb0", "#6f4028", "#8ed8f0", "#c59bf2"))
    dough = "#dba05a"
    ring = svg(
        "M0 0 C28 0 50 22 50 50 C50 78 28 100 0 100 C-28 100 -50 78 -50 50 C-50 22 -28 0 0 0 Z M0 35 "
        "C-8 35 -15 42 -15 50 "
        "C-15 58 -8 65 0 65 C8 65 15 58 15 50 C15 42 8 35 0 35 Z"
    )
    canvas.fill(ring, ball(0, 50, 50, dough))
    glaze = (
        "M0 3 C26 3 46 22 46 47 C47 58 41 62 39 68 C36 76 30 72 26 80 C21 89 12 84 5 88 C-3 93 -9 86 -16 85 "
        "C-25 84 -26 76 -33 72 "
        "C-42 68 -46 58 -46 47 C-46 22 -26 3 0 3 Z M0 32 C-11 32 -18 40 -18 50 C-18 60 -11 67 0 67 "
        "C11 67 18 60 18 50 C18 40 11 32 0 32 Z"
    )
    canvas.fill(svg(glaze), down(lighter(icing, 0.18), darker(icing, 0.08), 0, 90))
    canvas.stroke(svg("M-37 40 C-33 24 -21 13 -8 10"), "#ffffff", 4.5, 0.55)
    for i in range(17):
        angle = i * math.tau / 17 + rng.uniform(-0.1, 0.1)
        radius = 25 + (i % 3) * 6
        with canvas.at(math.cos(angle) * radius, 47 + math.sin(angle) * radius, angle=rng.uniform(0, 180)):
            canvas.line((-3, 0), (3, 0), SPRINKLES[i % 5], 3)


ART: tuple[ObjectArt, ...] = (
    art("pizza slice", "Food", 0.9, (0.14, 0.2), "hand table", _pizza_slice),
    art("burger", "Food", 1.12, (0.11, 0.16), "hand table", _burger),
    art("birthday cake slice", "Food", 0.95, (0.13, 0.19), "hand table", _birthday_cake_slice),
    art("ice cream cone", "Food", 0.5, (0.16, 0.22), "hand", _ice_cream_cone),
    art("croissant", "Food", 1.58, (0.08, 0.12), "hand table", _croissant),
    art("fruit bowl", "Food", 1.24, (0.14, 0.2), "hand table", _fruit_bowl),
    art("doughnut", "Food", 1.0, (0.1, 0.15), "hand table air", _doughnut),
)
