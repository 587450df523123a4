"""How alike the methods' association matrices are: EmoCAM's Fig. 6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emocam_widgets.figures.layout import plain, text, titled
from emocam_widgets.figures.scales import diverging_table, scale

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


def rsa_matrix(rho: pd.DataFrame, p_value: pd.DataFrame | None = None, synthetic: bool = False) -> go.Figure:
    """The rank correlations between methods as a matrix.

    Args:
        rho: method x method, -1..1; `emo.rsa(run).rho`.
        p_value: of the same shape, shown on hovering.
        synthetic: the data are drawn, which the title then says.
    """
    import plotly.graph_objects as go

    columns = [text(name) for name in rho.columns]
    heatmap = go.Heatmap(
        x=columns,
        y=[text(name) for name in rho.index],
        z=rho.to_numpy(),
        customdata=None if p_value is None else p_value.to_numpy(),
        hovertemplate="%{y} and %{x}: rho %{z:.3f}"
        + ("" if p_value is None else ", p %{customdata:.2g}")
        + "<extra></extra>",
        texttemplate="%{z:.2f}",
        colorscale=scale(diverging_table()),
        zmin=-1,
        zmax=1,
        colorbar={"title": {"text": "Spearman's rho", "side": "right"}},
        xgap=2,
        ygap=2,
    )
    size = 300 + 64 * len(columns)
    return plain(
        go.Figure(heatmap),
        titled("Agreement of the methods' association matrices", synthetic),
        size + 60,
        size - 60,
        yaxis={"autorange": "reversed"},
        xaxis={"tickangle": -40},
    )
