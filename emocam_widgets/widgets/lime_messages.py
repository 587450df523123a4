"""What LimeView sends to its front end: explanations as binary buffers; and their regions as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emocam_widgets.analysis.regions import region_table
from emocam_widgets.rle import segment_runs
from emocam_widgets.types import LimeExplanation, View
from emocam_widgets.widgets.base import float_buffer, int_buffer
from emocam_widgets.widgets.one_image import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEGMENTS_SIDE = 1024


def map_message(
    segments: NDArray[np.int32] | None, explanations: Sequence[LimeExplanation], covered: bool = False
) -> Message:
    """The superpixels as runs of length and id, row by row, at most `SEGMENTS_SIDE` pixels wide and high; weights and
    their standard errors (targets, n), of which nothing is said while they are covered.

    Before the first samples there are superpixels and no target; before those, nothing.
    """
    if segments is None:
        return {"targets": [], "regions": 0, "covered": covered}, [b"", b"", b""]
    shown = _reduced(segments)
    errors = [
        np.full(each.weights.shape, np.nan) if each.standard_errors is None else each.standard_errors
        for each in explanations
    ]
    content = {
        "targets": [each.target for each in explanations],
        "regions": int(segments.max()) + 1,
        "width": shown.shape[1],
        "height": shown.shape[0],
        "samples": explanations[0].n_samples if explanations else 0,
        "total": explanations[0].n_total if explanations else 0,
        "r2": [] if covered else [each.r2 for each in explanations],
        "output": explanations[0].output if explanations else "",
        "covered": covered,
    }
    if covered:
        return content, [int_buffer(segment_runs(shown)), b"", b""]
    weights = [each.weights for each in explanations]
    return content, [int_buffer(segment_runs(shown)), float_buffer(weights), float_buffer(errors)]


def _reduced(segments: NDArray[np.int32]) -> NDArray[np.int32]:
    from emocam_widgets.explain.superpixels import seen_segments

    height, width = segments.shape
    scale = min(1.0, SEGMENTS_SIDE / max(height, width))
    if scale == 1.0:
        return segments
    return seen_segments(segments, View.whole(width, height), (round(height * scale), round(width * scale)))


def table_of(explanation: LimeExplanation) -> pd.DataFrame:
    """Its regions, strongest first: see `analysis.regions.region_table`."""
    return region_table(explanation.segments, explanation.weights, explanation.standard_errors)
