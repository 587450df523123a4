"""Edits of regions of an image: greyer, brighter, warmer, blurred, recoloured, or the image cropped to one.

A region is the whole image, a box, a lasso or some superpixels. Each edit works on the result of those before it, at
full resolution, and is the same every time. Knows neither sprites nor a classifier.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.types import Placement

KINDS = ("grey", "brighten", "warm", "blur", "recolour", "crop")
REGIONS = ("all", "box", "lasso", "segments")
SIGNED = ("brighten", "warm")  # their strength goes below 0: darker, cooler
MAX_EDITS = 100
MAX_POINTS = 4000
LEAST_CROP = 0.02  # of the image's width and height: less has nothing left to see
WARMTH = 0.35  # by how much red grows and blue shrinks at full strength
BLUR = 0.08  # the Gaussian's standard deviation at full strength, relative to the image's shorter side
LUMA = (0.299, 0.587, 0.114)  # Rec. 601

Window = tuple[int, int, int, int]
Segments = Callable[[], NDArray[np.int32]]


@dataclass(frozen=True)
class RegionEdit:
    """What is done to which part of an image. Positions are relative to the image's width and height (0..1).

    Attributes:
        kind: "grey" (towards its own luma), "brighten", "warm", "blur", "recolour" (its luma in another colour) or
            "crop".
        strength: 0..1, or -1..1 for "brighten" (darker below 0) and "warm" (cooler below 0); a crop has none.
        region: "all", "box", "lasso" or "segments".
        box: x0, y0, x1, y1, for the region "box".
        points: the corners (x, y) of the lasso.
        segments: ids of superpixels as `explain.superpixels.segment_image` numbers them.
        colour: "#rrggbb", for "recolour".
    """

    kind: str
    strength: float = 1.0
    region: str = "all"
    box: tuple[float, float, float, float] | None = None
    points: tuple[tuple[float, float], ...] = ()
    segments: tuple[int, ...] = ()
    colour: str = "#2a6fdb"

    def as_dict(self) -> dict[str, Any]:
        """The fields as JSON has them (lists for tuples)."""
        made = asdict(self)
        made["box"] = None if self.box is None else list(self.box)
        made["points"] = [list(point) for point in self.points]
        made["segments"] = list(self.segments)
        return made


@dataclass(frozen=True, eq=False)
class Edited:
    """An image after its region edits: `image` is the whole of it, `window` (pixels) what a crop leaves."""

    image: Image.Image
    window: Window

    def cropped(self) -> Image.Image:
        """What is left to see."""
        whole = self.window == (0, 0, *self.image.size)
        return self.image if whole else self.image.crop(self.window)

    def inside(self, placements: Iterable[Placement]) -> list[Placement]:
        """Placements that are relative to the whole image, relative to what the crop leaves."""
        if self.window == (0, 0, *self.image.size):
            return list(placements)
        x0, y0, x1, y1 = self.window
        width, height = self.image.size
        return [
            replace(
                one,
                x=(one.x * width - x0) / (x1 - x0),
                y=(one.y * height - y0) / (y1 - y0),
                height=one.height * height / (y1 - y0),
            )
            for one in placements
        ]


def apply_edits(image: Image.Image, edits: Iterable[RegionEdit], segments: Segments | None = None) -> Edited:
    """An RGB image with these edits made, in order.

    `segments` gives the image's superpixels, int32 (h, w); it is asked only where an edit names some. Raises
    EmocamError where it does and there is none, or where a superpixel is named that the image does not have.
    """
    size = image.size
    made = image if image.mode == "RGB" else image.convert("RGB")
    window: Window = (0, 0, *size)
    for edit in edits:
        region = _region(edit, size, segments)
        if region is None:
            continue
        part, mask = region
        if edit.kind == "crop":
            window = part
        elif edit.strength != 0:
            if made is image:
                made = image.copy()
            made.paste(_changed(made, part, edit), part[:2], mask)
    return Edited(made, window)


def region_mask(
    edit: RegionEdit, size: tuple[int, int], segments: Segments | None = None
) -> tuple[Window, Image.Image | None] | None:
    """The window (pixels) of an image of that size that an edit touches and its mask (mode "L", 0 or 255).

    The mask None is the whole window; a box is rounded outwards. None where the region lies outside the image.
    """
    return _region(edit, size, segments)


# -- regions -----------------------------------------------------------------------------------------------------------


def _region(
    edit: RegionEdit, size: tuple[int, int], segments: Segments | None
) -> tuple[Window, Image.Image | None] | None:
    width, height = size
    if edit.region == "all":
        return (0, 0, width, height), None
    if edit.region == "box" and edit.box is not None:
        x0, y0, x1, y1 = edit.box
        window = (
            max(0, math.floor(x0 * width)),
            max(0, math.floor(y0 * height)),
            min(width, math.ceil(x1 * width)),
            min(height, math.ceil(y1 * height)),
        )
        return (window, None) if window[0] < window[2] and window[1] < window[3] else None
    whole = _lasso(edit, size) if edit.region == "lasso" else _superpixels(edit, size, segments)
    found = whole.getbbox()
    return None if found is None else (found, whole.crop(found))


def _lasso(edit: RegionEdit, size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size)
    corners = [(x * size[0] - 0.5, y * size[1] - 0.5) for x, y in edit.points]  # Pillow's points are pixel centres
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    return mask


def _superpixels(edit: RegionEdit, size: tuple[int, int], segments: Segments | None) -> Image.Image:
    if segments is None:
        raise EmocamError("An edit names superpixels, and this image was not segmented.")
    known = segments()
    greatest = int(known.max())
    if max(edit.segments) > greatest:
        raise EmocamError(f"An edit names superpixel {max(edit.segments)}; this image has 0 to {greatest}.")
    return Image.fromarray(np.isin(known, edit.segments).astype(np.uint8) * 255)


# -- effects -----------------------------------------------------------------------------------------------------------


def _changed(image: Image.Image, part: Window, edit: RegionEdit) -> Image.Image:
    """That part of the image after the edit, as if the region were the whole of it."""
    if edit.kind == "blur":
        return _blurred(image, part, edit.strength)
    pixels = np.asarray(image.crop(part), dtype=np.float32)
    return Image.fromarray(np.clip(np.rint(EFFECTS[edit.kind](pixels, edit)), 0, 255).astype(np.uint8))


def _blurred(image: Image.Image, part: Window, strength: float) -> Image.Image:
    sigma = strength * BLUR * min(image.size)
    reach = math.ceil(4 * sigma) + 2  # what is farther away has no part in Pillow's three box filters
    wide = (
        max(0, part[0] - reach),
        max(0, part[1] - reach),
        min(image.width, part[2] + reach),
        min(image.height, part[3] + reach),
    )
    soft = image.crop(wide).filter(ImageFilter.GaussianBlur(sigma))
    left, top = part[0] - wide[0], part[1] - wide[1]
    return soft.crop((left, top, left + part[2] - part[0], top + part[3] - part[1]))


def _luma(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w, 1) of (h, w, 3)."""
    return (pixels @ np.array(LUMA, np.float32))[..., None]


def _grey(pixels: NDArray[np.float32], edit: RegionEdit) -> NDArray[np.float32]:
    return pixels + edit.strength * (_luma(pixels) - pixels)


def _brighten(pixels: NDArray[np.float32], edit: RegionEdit) -> NDArray[np.float32]:
    """Towards white, or below 0 towards black."""
    goal = 255.0 if edit.strength > 0 else 0.0
    return pixels + abs(edit.strength) * (goal - pixels)


def _warm(pixels: NDArray[np.float32], edit: RegionEdit) -> NDArray[np.float32]:
    return pixels * np.array([1 + WARMTH * edit.strength, 1.0, 1 - WARMTH * edit.strength], np.float32)


def _recolour(pixels: NDArray[np.float32], edit: RegionEdit) -> NDArray[np.float32]:
    """Black over the colour to white, by luma, so that light and shade stay."""
    colour = np.array([int(edit.colour[at : at + 2], 16) for at in (1, 3, 5)], np.float32)
    own = float(np.clip(colour @ np.array(LUMA, np.float32), 1.0, 254.0))
    luma = _luma(pixels)
    tinted = np.where(luma <= own, colour * (luma / own), colour + (255 - colour) * ((luma - own) / (255 - own)))
    return pixels + edit.strength * (tinted - pixels)


EFFECTS: Mapping[str, Callable[[NDArray[np.float32], RegionEdit], NDArray[np.float32]]] = {
    "grey": _grey,
    "brighten": _brighten,
    "warm": _warm,
    "recolour": _recolour,
}


# -- reading -----------------------------------------------------------------------------------------------------------

_FIELDS = tuple(field.name for field in fields(RegionEdit))
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def parse_edits(values: Iterable[Any]) -> list[RegionEdit]:
    """Edits from dicts (as `RegionEdit.as_dict` gives them; fields may be left out) or RegionEdits.

    Raises EmocamError (UnknownNameError for a kind or region) that says what is wrong.
    """
    edits = [parse_edit(value) for value in values]
    if len(edits) > MAX_EDITS:
        raise EmocamError(f"{len(edits)} edits of one image; at most {MAX_EDITS} are possible.")
    if sum(edit.kind == "crop" for edit in edits) > 1:
        raise EmocamError("An image is cropped once: there is more than one edit of the kind 'crop'.")
    return edits


def parse_edit(value: Any) -> RegionEdit:
    """One edit, checked; see `parse_edits`."""
    given = value.as_dict() if isinstance(value, RegionEdit) else value
    if not isinstance(given, Mapping) or "kind" not in given or not set(given) <= set(_FIELDS):
        raise EmocamError(f"An edit is {given!r}; expected kind and optionally {', '.join(_FIELDS[1:])}.")
    kind = known_name("kind of edit", str(given["kind"]), KINDS)
    region = known_name("region", str(given.get("region", "all")), REGIONS)
    strength = _number("strength", given.get("strength", 1.0), -1.0 if kind in SIGNED else 0.0, 1.0)
    colour = given.get("colour", RegionEdit.colour)
    if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
        raise EmocamError(f"An edit's colour is {colour!r}; expected six hexadecimal digits, such as #2a6fdb.")
    made = RegionEdit(kind, strength, region, colour=colour.lower())
    if region == "box":
        made = replace(made, box=_box(given.get("box")))
    elif region == "lasso":
        made = replace(made, points=_points(given.get("points")))
    elif region == "segments":
        made = replace(made, segments=_segments(given.get("segments")))
    if kind == "crop":
        _check_crop(made)
    return made


def _number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= float(value) <= high:
        raise EmocamError(f"An edit's {name} is {value!r}; expected a number from {low:g} to {high:g}.")
    return float(value)


def _sequence(name: str, value: Any, least: int, most: int) -> list[Any]:
    if not isinstance(value, list | tuple) or not least <= len(value) <= most:
        raise EmocamError(f"An edit's {name} is {str(value)[:80]}; expected {least} to {most} of them.")
    return list(value)


def _box(value: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (_number("box", each, -4.0, 5.0) for each in _sequence("box", value, 4, 4))
    if not (x0 < x1 and y0 < y1):
        raise EmocamError(f"An edit's box is {value!r}; expected x0 < x1 and y0 < y1.")
    return x0, y0, x1, y1


def _points(value: Any) -> tuple[tuple[float, float], ...]:
    corners = []
    for point in _sequence("points", value, 3, MAX_POINTS):
        x, y = (_number("points", each, -4.0, 5.0) for each in _sequence("points", point, 2, 2))
        corners.append((x, y))
    return tuple(corners)


def _segments(value: Any) -> tuple[int, ...]:
    ids = _sequence("segments", value, 1, 100_000)
    if not all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in ids):
        raise EmocamError(f"An edit's segments are {str(value)[:80]}; expected whole numbers from 0.")
    return tuple(sorted(set(ids)))


def _check_crop(edit: RegionEdit) -> None:
    if edit.region == "box" and edit.box is not None:
        x0, y0, x1, y1 = edit.box
        if min(x1, 1.0) - max(x0, 0.0) < LEAST_CROP or min(y1, 1.0) - max(y0, 0.0) < LEAST_CROP:
            raise EmocamError(f"A crop to {edit.box} leaves nothing to see; at least 2 % of the image must remain.")
