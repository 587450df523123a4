"""The colours that figures share with the widgets (js/shared/colour.ts), made in OKLCH: equal steps look equal."""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Colours: TypeAlias = NDArray[np.uint8]

STEPS = 256
_TO_LMS = np.array(
    [[1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728], [1.0, -0.0894841775, -1.291485548]]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)

# Families of the Open Images hierarchy by the words of a class name, and their hues; the first that matches wins.
_FAMILIES = [
    (re.compile(words, re.IGNORECASE), hue)
    for words, hue in (
        (r"^(person|man|woman|girl|boy|human .*)$", 48),
        (
            (
                r"\b(clothing|footwear|shoe|boot|accessory|hat|helmet|dress|shirt|suit|jacket|trousers|jeans|glove|sock|scarf"
                r"|tie|glasses|goggles|bag|watch|crown)s?\b"
            ),
            355,
        ),
        (
            (
                r"\b(food|fruit|vegetable|dessert|cake|bread|pizza|drink|coffee|tea|wine|beer|juice|snack|burger|sandwich"
                r"|salad|ice cream|candy|cookie|apple|banana|orange)s?\b"
            ),
            132,
        ),
        (r"\b(plant|flower|tree|rose|lotus|lily|palm|grass|sunflower|tulip)s?\b", 162),
        (r"\b(animal|dog|cat|bird|horse|fish|insect|mammal|reptile|cattle|sheep|duck|butterfly)s?\b", 90),
        (
            r"\b(vehicle|wheel|car|bus|truck|train|boat|bicycle|motorcycle|airplane|aircraft|tire|van|taxi|ship)s?\b",
            255,
        ),
        (r"\b(sport|ball|racket|bat|skateboard|ski|snowboard|surfboard)s?\b", 25),
        (r"\b(musical instrument|guitar|piano|violin|drum|flute|trumpet|harp)s?\b", 300),
        (
            (
                r"\b(furniture|chair|table|couch|sofa|bed|lamp|house|building|window|door|curtain|shelf|desk|bench"
                r"|cabinet)s?\b"
            ),
            320,
        ),
        (r"\b(flag|toy|balloon|poster|book|kite|box|umbrella|lantern|candle)s?\b", 205),
    )
]


@cache
def cam_table() -> Colours:
    """(256, 3): CAMs from night blue over violet and orange to pale yellow, lightness rising evenly."""
    t = np.linspace(0, 1, STEPS)
    return _from_oklch(0.17 + 0.8 * t, 0.06 + 0.13 * np.sin(np.pi * np.minimum(0.1 + t, 1)), 280 + 190 * t**0.9)


@cache
def diverging_table() -> Colours:
    """(256, 3): orange (against, less) over white to blue (for, more); safe for the common colour blindnesses."""
    d = np.linspace(-1, 1, STEPS)
    more = _from_oklch(0.97 - 0.47 * np.maximum(d, 0), 0.17 * np.maximum(d, 0), np.full(STEPS, 255.0))
    less = _from_oklch(0.97 - 0.35 * np.maximum(-d, 0), 0.17 * np.maximum(-d, 0), np.full(STEPS, 50.0))
    return np.where(d[:, None] < 0, less, more).astype(np.uint8)


@cache
def red_blue_table() -> Colours:
    """(256, 3): red (against the label) over white to blue (for it), as in the second paper's Fig. 2."""
    d = np.linspace(-1, 1, STEPS)
    more = _from_oklch(0.97 - 0.47 * np.maximum(d, 0), 0.19 * np.maximum(d, 0), np.full(STEPS, 262.0))
    less = _from_oklch(0.97 - 0.42 * np.maximum(-d, 0), 0.21 * np.maximum(-d, 0), np.full(STEPS, 27.0))
    return np.where(d[:, None] < 0, less, more).astype(np.uint8)


@cache
def heat_table() -> Colours:
    """(256, 3): the association heatmap's, from nearly white to a strong blue violet."""
    t = np.linspace(0, 1, STEPS)
    chroma = 0.015 + 0.17 * np.sin(np.pi / 2 * np.minimum(1.15 * t, 1))
    return _from_oklch(0.985 - 0.62 * t**0.85, chroma, 235 + 45 * t)


def scale(table: Colours) -> list[list[float | str]]:
    """A colour table as plotly's colorscale."""
    places = np.linspace(0, 1, 33)
    return [[float(t), css(table[round(t * (len(table) - 1))])] for t in places]


def css(rgb: NDArray[np.uint8]) -> str:
    """One colour as CSS."""
    return f"rgb({rgb[0]},{rgb[1]},{rgb[2]})"


@cache
def class_colour(name: str) -> str:
    """The colour of an object class, as in the widgets: its family's hue, moved a little so that siblings differ."""
    hue = next((hue + 22 * _spread(name, 7) for words, hue in _FAMILIES if words.search(name)), None)
    lightness = 0.74 + 0.14 * _spread(f"{name}.", 5)
    angle = float(_hash(name) % 360) if hue is None else hue
    return css(_from_oklch(np.array([lightness]), np.array([0.16]), np.array([angle]))[0])


def painted(values: NDArray[np.floating], table: Colours) -> Colours:
    """The colours (..., 3) of values 0..1."""
    steps = np.round(np.clip(np.nan_to_num(values), 0, 1) * (len(table) - 1)).astype(np.intp)
    return table[steps]


def _hash(name: str) -> int:
    """A small stable number of a name (FNV-1a over UTF-16 units)."""
    value = 0x811C9DC5
    for unit in np.frombuffer(name.encode("utf-16-le"), dtype="<u2").tolist():
        value = ((value ^ unit) * 0x01000193) & 0xFFFFFFFF
    return value


def _spread(name: str, steps: int) -> float:
    return _hash(name) % steps / (steps - 1) - 0.5


def _from_oklch(lightness: NDArray[np.floating], chroma: NDArray[np.floating], hue: NDArray[np.floating]) -> Colours:
    """sRGB (n, 3) of lightness 0..1, chroma and hue (degrees); chroma is lowered by hundredths until sRGB has it."""
    angle, kept = np.deg2rad(hue), np.array(chroma, dtype=np.float64)
    while True:
        lab = np.stack([lightness, kept * np.cos(angle), kept * np.sin(angle)])
        linear = _TO_RGB @ (_TO_LMS @ lab) ** 3
        outside = ((linear < -0.0005) | (linear > 1.0005)).any(axis=0) & (kept > 0)
        if not outside.any():
            break
        kept[outside] = np.maximum(kept[outside] - 0.01, 0)
    linear = np.clip(linear, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.floor(255 * encoded.T + 0.5).astype(np.uint8)
