"""The picture that is left of an image when all but its strongest superpixels are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from emocam_widgets.analysis.regions import strongest_regions
from emocam_widgets.types import LimeExplanation, View
from emocam_widgets.widgets.thumbnails import shrink

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHOWN_SIDE = 1280


def only_strongest(
    image: Image.Image, found: LimeExplanation, keep: int, *, only_for: bool, how: str
) -> tuple[NDArray[np.bool_], Image.Image]:
    """Which regions are kept (n,), and the image with only those.

    A photograph of more than 1280 pixels along its longer side is reduced first: hiding is asked for with each step of
    a slider, and no classifier sees more pixels than that.

    Args:
        image: what is explained.
        found: its regions and their weights.
        keep: so many stay.
        only_for: those that speak most for the label; else for or against it.
        how: what a hidden region shows, a name in `lime_settings.HIDES`.
    """
    from emocam_widgets.explain.hiding import show_only
    from emocam_widgets.explain.superpixels import seen_segments

    kept = strongest_regions(found.weights, keep, only_for=only_for)
    picture, segments = shrink(image, SHOWN_SIDE), found.segments
    if picture is not image:
        segments = seen_segments(segments, View.whole(image.width, image.height), (picture.height, picture.width))
    return kept, show_only(picture, segments, kept, how)
