"""How a classifier fares, as figures: the second paper's result tables and a confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emocam_widgets.figures.layout import plain, text
from emocam_widgets.figures.scales import heat_table, scale

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


def result_table(scores: pd.DataFrame, title: str) -> go.Figure:
    """Precision, recall, F1 and support as the second paper prints them: one row per label and per average.

    Args:
        scores: index: label or average; columns as they are to be shown. Floats get two digits, others none.
        title: what was evaluated, and on what.
    """
    import plotly.graph_objects as go

    cells = [[text(name) for name in scores.index]]
    for column in scores.columns:
        values = scores[column]
        cells.append([_cell(value) for value in values])
    table = go.Table(
        header={
            "values": ["", *[text(name) for name in scores.columns]],
            "align": ["left", *["right"] * len(scores.columns)],
            "fill": {"color": "#e8ecf4"},
            "font": {"size": 13},
            "height": 30,
        },
        cells={
            "values": cells,
            "align": ["left", *["right"] * len(scores.columns)],
            "fill": {"color": "white"},
            "height": 28,
        },
        columnwidth=[2, *[1] * len(scores.columns)],
    )
    return plain(go.Figure(table), text(title), 280 + 110 * len(scores.columns), 130 + 28 * len(scores))


def confusion_matrix(confusion: pd.DataFrame, title: str = "Annotated (rows) and predicted (columns)") -> go.Figure:
    """Counts of annotated by predicted labels, coloured by the share of the annotated label's images."""
    import plotly.graph_objects as go

    counts = confusion.to_numpy()
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    heatmap = go.Heatmap(
        x=[text(label) for label in confusion.columns],
        y=[text(label) for label in confusion.index],
        z=100 * shares,
        text=counts,
        texttemplate="%{text}",
        hovertemplate="%{y} taken for %{x}: %{text} images, %{z:.1f} %<extra></extra>",
        colorscale=scale(heat_table()),
        zmin=0,
        zmax=100,
        colorbar={"title": {"text": "share of the annotated, %", "side": "right"}},
        xgap=1,
        ygap=1,
    )
    size = 60 * min(len(confusion), 6) + 26 * max(len(confusion) - 6, 0)
    return plain(
        go.Figure(heatmap),
        text(title),
        320 + size,
        200 + size,
        yaxis={"autorange": "reversed", "title": "annotated"},
        xaxis={"title": "predicted", "tickangle": -40},
    )


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return (
        f"{value:.2f}"
        if isinstance(value, float | np.floating)
        else f"{value:,}"
        if isinstance(value, int | np.integer)
        else text(value)
    )
