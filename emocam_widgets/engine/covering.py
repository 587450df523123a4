"""How much of each detected box is hidden under what is pasted onto an image."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageChops

from emocam_widgets.engine.compose import Sprites, patches
from emocam_widgets.types import FloatArray, Placement

WORKING_SIDE = 384  # the shares are of areas: a smaller picture gives them well enough, and at once


def covered_shares(
    size: tuple[int, int], sprites: Sprites, placements: Iterable[Placement], boxes: ArrayLike
) -> FloatArray:
    """float32 (n,), 0..1: the share of each box x0, y0, x1, y1 (pixels of the image of that size) that is covered.

    Something half transparent covers half. A box outside the image is covered by nothing.
    """
    edges = np.asarray(boxes, np.float64).reshape(-1, 4)
    if not len(edges):
        return np.zeros(0, np.float32)
    cover = coverage(size, sprites, placements)
    height, width = cover.shape
    sums = np.pad(np.cumsum(np.cumsum(cover, axis=0), axis=1), ((1, 0), (1, 0)))
    edges = edges * np.tile([width / size[0], height / size[1]], 2)
    low = np.floor(edges[:, :2]).astype(int)
    high = np.maximum(np.ceil(edges[:, 2:]).astype(int), low + 1)
    x0, y0 = (np.clip(low[:, axis], 0, limit) for axis, limit in ((0, width), (1, height)))
    x1, y1 = (np.clip(high[:, axis], 0, limit) for axis, limit in ((0, width), (1, height)))
    area = np.maximum((x1 - x0) * (y1 - y0), 1)
    return ((sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]) / area).astype(np.float32)


def coverage(size: tuple[int, int], sprites: Sprites, placements: Iterable[Placement]) -> NDArray[np.float64]:
    """(h, w), 0..1: how opaque the things on an image of that size are, all together, at a working size."""
    scale = min(1.0, WORKING_SIDE / max(size))
    small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    clear = Image.new("L", small, 255)
    for patch in patches(small, sprites, placements, "object", lambda _radius: Image.new("RGB", small)):
        through = ImageChops.invert(patch.layer.getchannel("A"))
        clear.paste(ImageChops.multiply(clear.crop(patch.window), through), patch.window)
    return 1.0 - np.asarray(clear, np.float64) / 255
