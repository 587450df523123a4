"""The association matrix as a figure: EmoCAM's Fig. 2, and the same for counts and lift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emocam_widgets.errors import known_name
from emocam_widgets.figures.layout import plain, text, titled
from emocam_widgets.figures.scales import diverging_table, heat_table, scale

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


def association_heatmap(
    association: Association, top: int = 25, measure: str = "fraction", synthetic: bool = False
) -> go.Figure:
    """The association of the `top` classes as a heatmap (EmoCAM, Fig. 2); hovering shows the counts.

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
        x=[text(label) for label in association.labels],
        y=[text(name) for name in classes],
        z=values,
        customdata=np.dstack([counts, images, lift]),
        hovertemplate=HOVER,
        texttemplate="%{z:.1f}" if measure == "lift" else "%{z:.0f}",
        colorscale=scale(diverging_table() if measure == "lift" else heat_table()),
        zmid=1.0 if measure == "lift" else None,
        zmin=None if measure == "lift" else 0,
        colorbar={"title": {"text": TITLES[measure], "side": "right"}},
        xgap=1,
        ygap=1,
    )
    title = titled(f"Object classes and labels, importance above {association.threshold:.2f}", synthetic)
    height = max(320, 190 + 24 * len(classes))
    return plain(go.Figure(heatmap), title, 1100, height, yaxis={"autorange": "reversed"}, xaxis={"tickangle": -50})


def measure_frame(association: Association, measure: str) -> pd.DataFrame:
    """Classes x labels of one measure: "fraction", "count" or "lift".

    Raises:
        UnknownNameError: there is no such measure.
    """
    known_name("measure", measure, MEASURES)
    frame = {"fraction": association.fractions, "count": association.counts, "lift": association.lift}[measure]
    return frame.astype(np.float64)
