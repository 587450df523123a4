"""Flags on a pole, all of invented designs: no country's, no team's."""

from __future__ import annotations

import random

import skia

from emocam_widgets.demo.scenes.canvas import Canvas, Linear, lighter, oval, rounded
from emocam_widgets.demo.scenes.object_art import INK, ObjectArt, Sketch, across, art, ball, pick, svg

CLOTH = "M-34 7 C-22 0 -10 1 2 6 C14 11 26 11 36 5 V48 C26 54 14 54 2 49 C-10 44 -22 43 -34 50 Z"
WAVE = "C-22 -7 -10 -6 2 -1 C14 4 26 4 36 -2"


def _pole(canvas: Canvas) -> None:
    canvas.fill(rounded(-48.5, 3, -44, 100, 2), across("#f3f4f8", "#8b8fa3", -48.5, -44))
    canvas.fill(oval(-46.2, 3.6, 3.6, 3.6), ball(-46.2, 3.6, 3.6, "#f2b632"))


def _cloth(sketch: Sketch) -> Sketch:
    """A flag from what is drawn on its cloth, which hangs on the pole and is a third larger than it is sketched."""

    def flag(canvas: Canvas, rng: random.Random) -> None:
        _pole(canvas)
        with canvas.at(-0.5, -2.6, scale=(1.36, 1.28)):
            sketch(canvas, rng)

    return flag


def _folds(canvas: Canvas) -> None:
    """The shade and the light of a cloth that waves, drawn inside its clip."""
    tones = ("#2b254040", "#ffffff00", "#ffffff48", "#2b254000", "#2b25404c", "#ffffff30", "#2b254028")
    canvas.fill(rounded(-40, -5, 42, 70), Linear((-34, 0), (36, 12), tones), box=False)


def _band(y: float, height: float) -> skia.Path:
    """A stripe across the waving cloth, ``y`` units below its upper edge."""
    edge = svg(
        f"M-34 0 {WAVE} V{height - 2} C26 {height + 4} 14 {height + 4} 2 {height - 1} "
        f"C-10 {height - 6} -22 {height - 7} -34 {height} Z"
    )
    path = skia.Path(edge)
    path.offset(0, 7 + y)
    return path


def _striped_flag(canvas: Canvas, rng: random.Random) -> None:
    first, second = pick(
        rng, (("#12a5a0", "#fff3d6"), ("#8a4fd0", "#ffd75e"), ("#ff6f61", "#fff3d6"), ("#e84a8a", "#bff0e6"))
    )
    cloth = svg(CLOTH)
    canvas.fill(cloth, second)
    with canvas.clip(cloth):
        for y in (-2, 17.2, 34.4):
            canvas.fill(_band(y, 10.6 if y < 0 else 8.6 if y < 30 else 12), first, box=False)
        _folds(canvas)


def _cross_flag(canvas: Canvas, rng: random.Random) -> None:
    ground, cross = pick(
        rng, (("#0f9d8f", "#ff9f45"), ("#7a4fc4", "#ffe066"), ("#ff7f6b", "#3c2f6b"), ("#ffc145", "#c2418a"))
    )
    cloth = svg(CLOTH)
    canvas.fill(cloth, ground)
    with canvas.clip(cloth):
        canvas.fill(rounded(-5, -5, 6, 62), cross, box=False)
        canvas.fill(_band(16.5, 10.5), cross, box=False)
        _folds(canvas)


def _chequered_flag(canvas: Canvas, rng: random.Random) -> None:
    dark = pick(rng, ("#23233a", "#2b2b33", "#1d2f52"))
    cloth = svg(CLOTH)
    canvas.fill(cloth, "#f7f7fa")
    with canvas.clip(cloth):
        for column in range(6):
            with canvas.clip(rounded(-34 + column * 11.7, -10, -34 + (column + 1) * 11.7, 70)):
                for row in range(column % 2, 5, 2):
                    canvas.fill(
                        _band(row * 8.7 - (2 if row == 0 else 0), 8.7 + (2 if row == 0 else 0)), dark, box=False
                    )
        _folds(canvas)


def _pennant(canvas: Canvas, rng: random.Random) -> None:
    cloth, trim = pick(
        rng, (("#e4455e", "#ffd75e"), ("#2a7fd4", "#fff3d6"), ("#1f9e77", "#ffd75e"), ("#f08a24", "#5b2f86"))
    )
    body = svg("M-34 6 C-16 8 10 22 37 30 C10 36 -16 50 -34 54 Z")
    canvas.fill(body, cloth)
    with canvas.clip(body):
        canvas.fill(rounded(-36, 0, -25, 60), trim, box=False)
        canvas.fill(oval(-11, 30, 7, 7), trim, box=False)
        canvas.fill(svg("M-36 60 C-10 40 10 34 40 30 L40 60 Z"), INK, 0.16, box=False)
        canvas.fill(svg("M-36 4 C-16 8 10 22 40 30 C10 26 -16 16 -36 14 Z"), lighter(cloth, 0.5), 0.35, box=False)


ART: tuple[ObjectArt, ...] = (
    art("striped flag", "Flag", 1.0, (0.45, 0.95), "ground hand", _cloth(_striped_flag)),
    art("pennant", "Flag", 1.0, (0.4, 0.8), "ground hand", _cloth(_pennant)),
    art("chequered flag", "Flag", 1.0, (0.45, 0.95), "ground hand", _cloth(_chequered_flag)),
    art("cross flag", "Flag", 1.0, (0.45, 0.95), "ground hand", _cloth(_cross_flag)),
)
