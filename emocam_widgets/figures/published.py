"""An association of one's own beside the one that the EmoCAM paper printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emocam_widgets.analysis.published import SOURCE, published_association
from emocam_widgets.errors import EmocamError
from emocam_widgets.figures.layout import plain, text
from emocam_widgets.figures.scales import heat_table, scale

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from emocam_widgets.analysis.association import Association

ROW = 22
UNREAD = "#c9ced6"
HOVER = "%{y} in %{x}: %{z:.0f} %<extra></extra>"


def beside_published(association: Association, synthetic: bool = False) -> go.Figure:
    """The own shares left, those of EmoCAM's Fig. 2 right: the same rows, columns and colours, where both have them.

    Args:
        association: its classes and labels are matched to the paper's by name; the paper's order is kept.
        synthetic: the own data are drawn, which the title then says.

    Raises:
        EmocamError: the two have no class or no label in common.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    published = published_association()
    rows = [name for name in published.index if name in association.classes]
    columns = [label for label in published.columns if label in association.labels]
    if not rows or not columns:
        missing = "object class" if not rows else "label"
        raise EmocamError(f"This run and EmoCAM's Fig. 2 have no {missing} in common: nothing can stand beside it.")
    tables: list[pd.DataFrame] = [association.fractions.loc[rows, columns], published.loc[rows, columns]]
    own = "this run (synthetic data)" if synthetic else "this run"
    figure = make_subplots(
        rows=1,
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.02,
        subplot_titles=[own, "as published (real photographs)"],
    )
    for column, table in enumerate(tables, start=1):
        heatmap = go.Heatmap(
            x=[text(label) for label in columns],
            y=[text(name) for name in rows],
            z=100 * table.to_numpy(),
            coloraxis="coloraxis",
            hovertemplate=HOVER,
            xgap=1,
            ygap=1,
        )
        figure.add_trace(heatmap, row=1, col=column)
    figure.update_xaxes(tickangle=-50, showgrid=False)
    figure.update_yaxes(showgrid=False)
    figure.update_yaxes(autorange="reversed", row=1, col=1)
    bar = {"title": {"text": "share of the label's images, %", "side": "right"}}
    figure.update_layout(coloraxis={"colorscale": scale(heat_table()), "cmin": 0, "cmax": 100, "colorbar": bar})
    title = f"Importance above {association.threshold:.2f}. Right: {SOURCE}; grey: could not be read"
    margin = {"l": 20, "r": 20, "t": 90, "b": 20}
    return plain(figure, title, 1100, 220 + ROW * len(rows), margin=margin, plot_bgcolor=UNREAD)
