"""Static plotly figures of what the widgets show, for papers and pages without a kernel. plotly loads when needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emocam_widgets.errors import known_name

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from emocam_widgets.analysis.association import Association

MEASURES = ("fraction", "count", "lift")
HOVER = "%{y} in %{x}<br>%{customdata[0]} of %{customdata[1]} images, lift %{customdata[2]:.1f}<extra></extra>"
TITLES = {
    "fraction": "share of the label's images, %",
    "count": "number of images",
    "lift": "lift: times as often as in all other labels",
}


def heatmap_figure(
    association: Association, top: int = 25, measure: str = "fraction", synthetic: bool = False
) -> go.Figure:
    """The association of the `top` classes as a plotly heatmap; hovering shows the counts.

    Args:
        association: what to draw.
        top: how many classes, those with the greatest mean fraction.
        measure: "fraction", "count" or "lift".
        synthetic: the data are drawn, which the title then says.

    Raises:
        UnknownNameError: there is no such measure.
    """
    import plotly.graph_objects as go

    classes = list(association.top(top).index)
    values = measure_frame(association, measure).loc[classes].to_numpy()
    if measure == "fraction":
        values = 100 * values
    counts = association.counts.loc[classes].to_numpy()
    images = np.broadcast_to(association.n_images.to_numpy(), counts.shape)
    lift = association.lift.loc[classes].to_numpy()
    heatmap = go.Heatmap(
        x=list(association.labels),
        y=classes,
        z=values,
        customdata=np.dstack([counts, images, lift]),
        hovertemplate=HOVER,
        texttemplate="%{z:.1f}" if measure == "lift" else "%{z:.0f}",
        colorscale="Blues" if measure != "lift" else "RdBu_r",
        zmid=1.0 if measure == "lift" else None,
        colorbar={"title": {"text": TITLES[measure], "side": "right"}},
        xgap=1,
        ygap=1,
    )
    kind = " (synthetic data)" if synthetic else ""
    figure = go.Figure(heatmap)
    figure.update_layout(
        title=f"Object classes and labels, importance above {association.threshold:.2f}{kind}",
        template="plotly_white",
        width=1100,
        height=max(300, 140 + 24 * len(classes)),
        yaxis={"autorange": "reversed"},
        xaxis={"tickangle": -50},
    )
    return figure


def measure_frame(association: Association, measure: str) -> pd.DataFrame:
    """Classes x labels of one measure: "fraction", "count" or "lift".

    Raises:
        UnknownNameError: there is no such measure.
    """
    known_name("measure", measure, MEASURES)
    frame = {"fraction": association.fractions, "count": association.counts, "lift": association.lift}[measure]
    return frame.astype(np.float64)
