"""Pasting sprites onto an image, in Pillow: what the editor, the paste experiment and the export all see."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from PIL import Image

from emocam_widgets.errors import UnknownNameError
from emocam_widgets.types import Placement

MAX_HEIGHT = 8.0  # of a sprite, relative to the image's height


def paste(base: Image.Image, sprites: Mapping[str, Image.Image], placements: Iterable[Placement]) -> Image.Image:
    """A new RGB image: the base with each sprite (RGBA) composited onto it in order; only the touched windows change.

    A sprite is resized to its placement's height, mirrored, rotated about its centre, and cut off at the image's edge.
    Raises UnknownNameError for a sprite that is not there and ValueError for a placement that is not finite.
    """
    image = base.copy() if base.mode == "RGB" else base.convert("RGB")
    for placement in placements:
        if placement.sprite not in sprites:
            raise UnknownNameError("sprite", placement.sprite, sprites)
        _check(placement)
        sprite = _transformed(sprites[placement.sprite], placement, image.height)
        left = round(placement.x * image.width - sprite.width / 2)
        top = round(placement.y * image.height - sprite.height / 2)
        window = _touched_window((left, top), sprite.size, image.size)
        if window is None:
            continue
        inside = (window[0] - left, window[1] - top, window[2] - left, window[3] - top)
        part = image.crop(window).convert("RGBA")
        part.alpha_composite(sprite.crop(inside))
        image.paste(part.convert("RGB"), window[:2])
    return image


def _check(placement: Placement) -> None:
    numbers = (placement.x, placement.y, placement.height, placement.rotation, placement.opacity)
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"a placement needs finite numbers, got {placement}")
    if not 0 < placement.height <= MAX_HEIGHT:
        raise ValueError(f"a placement's height is {placement.height}; expected more than 0 and at most {MAX_HEIGHT:g}")
    if not 0 <= placement.opacity <= 1:
        raise ValueError(f"a placement's opacity is {placement.opacity}; expected 0..1")


def _transformed(sprite: Image.Image, placement: Placement, image_height: int) -> Image.Image:
    height = max(1, round(placement.height * image_height))
    width = max(1, round(height * sprite.width / sprite.height))
    # Pillow premultiplies RGBA for resizing and rotating, so that transparent pixels lend no colour to the edge.
    turned = sprite.convert("RGBA").resize((width, height), Image.Resampling.LANCZOS)
    if placement.flip:
        turned = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if placement.rotation % 360:
        turned = turned.rotate(-placement.rotation, Image.Resampling.BICUBIC, expand=True)
    if placement.opacity < 1:
        turned.putalpha(turned.getchannel("A").point([round(value * placement.opacity) for value in range(256)]))
    return turned


def _touched_window(
    corner: tuple[int, int], sprite: tuple[int, int], image: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """The part of the image under the sprite as x0, y0, x1, y1, or None where they do not meet."""
    x0, y0 = max(0, corner[0]), max(0, corner[1])
    x1, y1 = min(image[0], corner[0] + sprite[0]), min(image[1], corner[1] + sprite[1])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None
