"""How alike the maps of several methods are on one image: rank correlation over the cells of their grids."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.types import Cam, View

COMMON_CELLS = 32
"""Cells along each side of the grid that maps of different shapes or views are sampled on."""


def map_correlations(cams: Mapping[str, Cam]) -> pd.DataFrame:
    """Spearman's rank correlation between the grids of every two maps of one image, -1..1.

    Maps that share their grid and view are compared cell by cell. Where they do not, all are sampled, bilinearly and as
    0 outside their view, at the centres of 32 x 32 cells over the smallest rectangle that holds all views. Neighbouring
    cells are alike in every map, so a high value is less than it seems; no p-value is given for that reason.

    Args:
        cams: by the name that the table shall have.

    Returns:
        name x name; nan where a map is constant: it ranks nothing. A map with itself is 1.
    """
    names = list(cams)
    values = _comparable(list(cams.values()))
    rho = np.full((len(names), len(names)), np.nan)
    if names:
        ranks = _standard_ranks(values)
        rho = np.clip(ranks @ ranks.T, -1, 1)
    return pd.DataFrame(rho, index=pd.Index(names), columns=pd.Index(names))


def _comparable(cams: list[Cam]) -> NDArray[np.float64]:
    """(maps, cells)."""
    if not cams:
        return np.zeros((0, 0))
    first = cams[0]
    if all(cam.grid.shape == first.grid.shape and cam.view == first.view for cam in cams):
        return np.stack([cam.grid.ravel().astype(np.float64) for cam in cams])
    views = [cam.view for cam in cams]
    whole = View(
        min(view.x0 for view in views),
        min(view.y0 for view in views),
        max(view.x1 for view in views),
        max(view.y1 for view in views),
    )
    return np.stack([_sampled(cam, whole).ravel() for cam in cams])


def _sampled(cam: Cam, over: View) -> NDArray[np.float64]:
    """The map at the centres of the common cells."""
    down = _weights(cam.grid.shape[0], cam.view.y0, cam.view.y1, over.y0, over.y1)
    along = _weights(cam.grid.shape[1], cam.view.x0, cam.view.x1, over.x0, over.x1)
    return down @ cam.grid.astype(np.float64) @ along.T


def _weights(cells: int, low: float, high: float, first: float, last: float) -> NDArray[np.float64]:
    """(COMMON_CELLS, cells): how much of each cell of an axis a bilinear sample takes; 0 outside low..high."""
    centres = first + (np.arange(COMMON_CELLS) + 0.5) * (last - first) / COMMON_CELLS
    at = np.clip((centres - low) / (high - low) * cells - 0.5, 0, cells - 1)
    distance = np.abs(at[:, None] - np.arange(cells))
    inside = (centres >= low) & (centres <= high)
    return np.maximum(1 - distance, 0) * inside[:, None]


def _standard_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks of each row (ties share their mean), centred and of length 1; nan for a constant row."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    length = np.linalg.norm(ranks, axis=1, keepdims=True)
    return np.divide(ranks, length, out=np.full(ranks.shape, np.nan), where=length > 0)
