"""Explanations of an image as rows of a run: a CAM's row, and the two that superpixel LIME has.

LIME's segments and weights stand in their own table; the CAM that is made of them stands beside the other methods', so
that importance and association work for LIME as for any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from emocam_widgets.explain.lime import lime
from emocam_widgets.explain.lime_settings import LimeSettings
from emocam_widgets.explain.superpixels import superpixel_cam
from emocam_widgets.rle import encode_segments
from emocam_widgets.types import Cam, Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

Row = dict[str, Any]


def lime_rows(
    classifier: SplitClassifier, image_id: str, image: Image.Image, target: str, output: Output, settings: LimeSettings
) -> tuple[Row, Row]:
    """The image's row of the table `lime` and its row of `cams`, after all samples."""
    *_, explanation = lime(classifier, image, target, output=output, settings=settings)
    row = {
        "image_id": image_id,
        "target": target,
        "output": output,
        "segments": encode_segments(explanation.segments),
        "weights": explanation.weights,
        "intercept": explanation.intercept,
        "r2": explanation.r2,
        "n_samples": explanation.n_samples,
    }
    return row, cam_row(image_id, superpixel_cam(explanation))


def cam_row(image_id: str, cam: Cam) -> Row:
    """A CAM as a row of the table `cams`."""
    return {
        "image_id": image_id,
        "method": cam.method,
        "target": cam.target,
        "output": cam.output,
        "grid": cam.grid.astype(np.float16).ravel(),
        "grid_height": cam.grid.shape[0],
        "grid_width": cam.grid.shape[1],
        "view_x0": cam.view.x0,
        "view_y0": cam.view.y0,
        "view_x1": cam.view.x1,
        "view_y1": cam.view.y1,
    }
