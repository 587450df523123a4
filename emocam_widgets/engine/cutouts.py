"""Sprites that a user brings: a thing cut out of an image by its box or mask, and a picture of their own as bytes.

What comes from a browser is never trusted: size, format and pixels are checked before anything is decoded.
"""

from __future__ import annotations

import math
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from emocam_widgets.corpus.images import DAMAGED, pillow_open
from emocam_widgets.errors import EmocamError

SOFT_EDGE = 0.08  # of the shorter side, over which a rectangle fades in
MASK_SOFT = 0.6  # standard deviation in pixels, so that a mask's outline has no stairs
SPRITE_SIDE = 1024  # what is larger is reduced to it
MAX_SPRITE_BYTES = 20 * 2**20
MAX_SPRITE_PIXELS = 40_000_000
SPRITE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")

Box = tuple[float, float, float, float]


def cut_out(
    image: Image.Image, box: Box, mask: NDArray[np.bool_] | None = None, soft_edge: float = SOFT_EDGE
) -> Image.Image:
    """What a box x0, y0, x1, y1 (pixels) of an RGB image shows, as an RGBA sprite.

    With `mask`, bool (h, w) of the whole image, only what it marks is opaque, and the sprite is no larger than that;
    else the rectangle, which fades in over `soft_edge` of its shorter side. Raises EmocamError where nothing is left.
    """
    x0, y0 = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    x1, y1 = min(image.width, math.ceil(box[2])), min(image.height, math.ceil(box[3]))
    if x0 >= x1 or y0 >= y1:
        raise EmocamError(f"The box {tuple(round(edge, 1) for edge in box)} has nothing of the image in it.")
    if mask is None:
        alpha = Image.fromarray(_faded(x1 - x0, y1 - y0, soft_edge))
        sprite = image.crop((x0, y0, x1, y1)).convert("RGB")
    else:
        if mask.shape != (image.height, image.width):
            raise EmocamError(f"The mask has the shape {mask.shape}; expected {(image.height, image.width)}.")
        inside = Image.fromarray(mask[y0:y1, x0:x1].astype(np.uint8) * 255)
        found = inside.getbbox()
        if found is None:
            raise EmocamError("The mask of this box marks nothing inside it.")
        alpha = inside.crop(found).filter(ImageFilter.GaussianBlur(MASK_SOFT))
        sprite = image.crop((x0 + found[0], y0 + found[1], x0 + found[2], y0 + found[3])).convert("RGB")
    sprite.putalpha(alpha)
    return _reduced(sprite)


def read_sprite(data: bytes | memoryview, *, as_it_is: bool = False) -> Image.Image:
    """An RGBA sprite from the bytes of a picture, at most `SPRITE_SIDE` pixels a side, empty borders cut off.

    `as_it_is` keeps its size and borders, for one that was a sprite before. Raises EmocamError where it is too large,
    not a picture of a usual format, damaged, or wholly transparent.
    """
    if len(data) > MAX_SPRITE_BYTES:
        raise EmocamError(f"The picture has {len(data) / 2**20:.0f} MB; at most {MAX_SPRITE_BYTES // 2**20} are taken.")
    try:
        image = pillow_open()(BytesIO(bytes(data)), formats=SPRITE_FORMATS)
    except UnidentifiedImageError as error:
        raise EmocamError(f"This is not a picture that can be read (known are {', '.join(SPRITE_FORMATS)}).") from error
    except (Image.DecompressionBombError, *DAMAGED) as error:
        raise EmocamError(f"The picture is damaged: {error}") from error
    with image:
        if image.width * image.height > MAX_SPRITE_PIXELS:
            raise EmocamError(
                f"The picture has {image.width} x {image.height} pixels; at most {MAX_SPRITE_PIXELS // 10**6} "
                "megapixels are taken."
            )
        try:
            image.load()
            sprite = ImageOps.exif_transpose(image).convert("RGBA")
        except (Image.DecompressionBombError, MemoryError, *DAMAGED) as error:
            raise EmocamError(f"The picture is cut short or damaged: {error}") from error
    seen = sprite.getchannel("A").getbbox()
    if seen is None:
        raise EmocamError("The picture is wholly transparent: there is nothing to put on an image.")
    return sprite if as_it_is else _reduced(sprite.crop(seen))


def _faded(width: int, height: int, soft_edge: float) -> NDArray[np.uint8]:
    """Alpha (height, width): 255 inside, falling linearly towards the edge."""
    ramp = max(1.0, soft_edge * min(width, height))
    across = np.minimum(np.arange(width), np.arange(width)[::-1]) + 0.5
    down = np.minimum(np.arange(height), np.arange(height)[::-1]) + 0.5
    nearest = np.minimum(across[None, :], down[:, None])
    return np.rint(255 * np.minimum(nearest / ramp, 1.0)).astype(np.uint8)


def _reduced(sprite: Image.Image) -> Image.Image:
    if max(sprite.size) <= SPRITE_SIDE:
        return sprite
    scale = SPRITE_SIDE / max(sprite.size)
    return sprite.resize(
        (max(1, round(sprite.width * scale)), max(1, round(sprite.height * scale))), Image.Resampling.LANCZOS
    )
