"""Masks of detected objects in pixels of the image: sampling their logits there, and writing them as run lengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emocam_widgets.rle import encode_mask_at


@dataclass(frozen=True)
class MaskGeometry:
    """Where a grid of mask logits lies on an image.

    A pixel x, y of the image is the cell (x * scale[0] + offset[0], y * scale[1] + offset[1]); both are measured from
    the top left corner of the image and of the grid, so that a pixel's centre is at a half.
    """

    scale: tuple[float, float]
    offset: tuple[float, float]


def mask_in_box(
    logits: NDArray[np.float32], geometry: MaskGeometry, box: NDArray[np.float32], size: tuple[int, int]
) -> str:
    """The run lengths of one object's mask: where its logits, interpolated bilinearly, are above 0 within its box.

    Args:
        logits: (rows, columns), over the grid that `geometry` places on the image.
        box: x0, y0, x1, y1 in pixels of the image; rounded outwards, as importance rounds it.
        size: width and height of the image.
    """
    width, height = size
    x0, y0 = np.clip(np.floor(box[:2]), 0, size).astype(int).tolist()
    x1, y1 = np.clip(np.ceil(box[2:]), 0, size).astype(int).tolist()
    columns = (np.arange(x0, x1) + 0.5) * geometry.scale[0] + geometry.offset[0]
    rows = (np.arange(y0, y1) + 0.5) * geometry.scale[1] + geometry.offset[1]
    inside = _sampled(_sampled(logits, rows).T, columns).T > 0
    return encode_mask_at(inside, x0, y0, width, height)


def _sampled(values: NDArray[np.float32], positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rows of `values` (cells, ...) at positions along the first axis, linear between cell centres, flat outside."""
    last = len(values) - 1
    centred = np.clip(positions - 0.5, 0, last)
    low = np.floor(centred).astype(np.intp)
    share = (centred - low).astype(np.float32)[:, None]
    return values[low] * (1 - share) + values[np.minimum(low + 1, last)] * share
