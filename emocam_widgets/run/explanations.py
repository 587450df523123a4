"""What explanations a run holds of one image: its LIME explanations read back, its CAMs listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from emocam_widgets.errors import EmocamError
from emocam_widgets.rle import decode_segments
from emocam_widgets.types import LimeExplanation, Output

if TYPE_CHECKING:
    from emocam_widgets.run.run import Run


def find_lime(rows: pd.DataFrame, image_id: str, target: str, output: str) -> LimeExplanation:
    """The explanation in the rows of the table `lime` (sorted by image_id).

    Raises:
        EmocamError: this image has none for that label and output.
    """
    start, end = (int(rows["image_id"].searchsorted(image_id, side)) for side in ("left", "right"))
    mine = rows.iloc[start:end]
    mine = mine[(mine["target"] == target) & (mine["output"] == output)]
    if mine.empty:
        raise EmocamError(f"The run holds no LIME explanation of {image_id!r} for the label {target!r} ({output}).")
    row = mine.iloc[-1]
    return LimeExplanation(
        decode_segments(str(row["segments"])),
        np.asarray(row["weights"], dtype=np.float32),
        target,
        cast(Output, output),
        float(row["intercept"]),
        float(row["r2"]),
        int(row["n_samples"]),
        int(row["n_samples"]),
    )


def stored_cams(run: Run, image_id: str) -> pd.DataFrame:
    """Which CAMs of an image the run holds: columns method, target and output, one row each."""
    return run._grids.of_image(image_id)
