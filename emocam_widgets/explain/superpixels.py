"""Superpixels: cutting an image into segments, and a LIME explanation over them as a CAM; no model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.errors import known_name
from emocam_widgets.explain import scale_grids
from emocam_widgets.explain.lime_settings import LIME, SEGMENTATIONS
from emocam_widgets.types import Cam, FloatArray, LimeExplanation, View

# Quickshift takes 0.4 s at 320 pixels and grows with their number; what is larger is segmented at this size.
WORKING_SIDE = 320
CELLS = 32
_SLIC_COMPACTNESS = 10.0


def segment_image(image: Image.Image, segmentation: str = "quickshift", n_regions: int = 60) -> NDArray[np.int32]:
    """Superpixels of an RGB image, int32 (h, w) at its own size, ids 0..n-1; the same each time.

    "quickshift" (Vedaldi and Soatto 2008) with the parameters and the seed that the package lime's default comes down
    to; "slic" (Achanta et al. 2012) with about `n_regions` regions. An image with a side of more than `WORKING_SIDE`
    pixels is reduced for it. Raises UnknownNameError for another segmentation.
    """
    known_name("segmentation", segmentation, SEGMENTATIONS)
    from skimage.segmentation import quickshift, slic

    pixels = np.asarray(_reduced(image))
    if segmentation == "quickshift":
        found = quickshift(pixels, kernel_size=4, max_dist=200, ratio=0.2, rng=42)
    else:
        found = slic(pixels, n_segments=n_regions, compactness=_SLIC_COMPACTNESS, start_label=0)
    _, ids = np.unique(found, return_inverse=True)
    whole = View.whole(found.shape[1], found.shape[0])
    return seen_segments(ids.reshape(found.shape).astype(np.int32), whole, (image.height, image.width))


def seen_segments(segments: NDArray[np.int32], view: View, shape: tuple[int, int]) -> NDArray[np.int32]:
    """The segments in a view, sampled at the centres of `shape` (h, w) cells."""
    rows, columns = (
        np.clip(np.floor(low + (np.arange(cells) + 0.5) * (high - low) / cells).astype(np.intp), 0, size - 1)
        for low, high, cells, size in (
            (view.y0, view.y1, shape[0], segments.shape[0]),
            (view.x0, view.x1, shape[1], segments.shape[1]),
        )
    )
    return np.ascontiguousarray(segments[np.ix_(rows, columns)])


def superpixel_cam(explanation: LimeExplanation, cells: int = CELLS) -> Cam:
    """What speaks for the label as a CAM over the whole image: importance and association then hold for LIME too.

    The positive weights, averaged over the area of each of `cells` x `cells` grid cells and min-max scaled; all zero
    where no superpixel speaks for the label.
    """
    height, width = explanation.segments.shape
    positive = np.maximum(explanation.weight_map(), 0)
    grid = _overlaps(height, cells) @ positive @ _overlaps(width, cells).T
    return Cam(scale_grids(grid[None])[0], View.whole(width, height), LIME, explanation.target, explanation.output)


def _reduced(image: Image.Image) -> Image.Image:
    longer = max(image.size)
    if longer <= WORKING_SIDE:
        return image
    size = tuple(max(1, round(side * WORKING_SIDE / longer)) for side in image.size)
    return image.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def _overlaps(size: int, cells: int) -> FloatArray:
    """(cells, size): the share of each cell that each pixel of an axis covers."""
    edges = np.arange(cells + 1) * (size / cells)
    pixels = np.arange(size)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (np.maximum(covered, 0) * (cells / size)).astype(np.float32)
