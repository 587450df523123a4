"""The regions of a superpixel explanation as a table, and which of them are the strongest."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def region_table(
    segments: NDArray[np.int32], weights: ArrayLike, standard_errors: ArrayLike | None = None
) -> pd.DataFrame:
    """One row per region, the strongest first, of equally strong ones the first.

    Args:
        segments: int (h, w), ids 0..n-1.
        weights: (n,), signed.
        standard_errors: (n,), of the weights, where they are known.

    Returns:
        region, weight, standard_error (nan where not known), area (share of the image, 0..1), x, y (the mean of its
        pixel centres, relative to the image's width and height).
    """
    signed = np.asarray(weights, dtype=np.float64).reshape(-1)
    height, width = segments.shape
    flat = segments.ravel()
    pixels = np.bincount(flat, minlength=len(signed))
    divisor = np.maximum(pixels, 1)
    x = np.bincount(flat, np.tile((np.arange(width) + 0.5) / width, height), len(signed)) / divisor
    y = np.bincount(flat, np.repeat((np.arange(height) + 0.5) / height, width), len(signed)) / divisor
    errors = np.full(len(signed), np.nan) if standard_errors is None else np.asarray(standard_errors, np.float64)
    table = pd.DataFrame(
        {
            "region": np.arange(len(signed)),
            "weight": signed,
            "standard_error": errors,
            "area": pixels / pixels.sum(),
            "x": x,
            "y": y,
        }
    )
    return table.iloc[np.argsort(-np.abs(signed), kind="stable")].reset_index(drop=True)


def strongest_regions(weights: ArrayLike, k: int, *, only_for: bool = True) -> NDArray[np.bool_]:
    """(n,): the k regions of greatest weight, none of weight 0.

    With `only_for` those above 0 alone count (as lime's ``positive_only``), else the greatest absolute weights.
    """
    signed = np.asarray(weights, dtype=np.float64).reshape(-1)
    strength = signed if only_for else np.abs(signed)
    order = np.argsort(-strength, kind="stable")[: max(int(k), 0)]
    kept = np.zeros(len(signed), bool)
    kept[order[strength[order] > 0]] = True
    return kept
