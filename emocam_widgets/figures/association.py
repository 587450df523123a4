"""The association matrix as a figure: EmoCAM's Fig. 2, and the same for counts and lift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emocam_widgets.analysis.comparison import MEASURES, difference, measured
from emocam_widgets.figures.layout import plain, text, titled
from emocam_widgets.figures.scales import diverging_table, heat_table, scale

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from emocam_widgets.analysis.association import Association

HOVER = "%{y} in %{x}<br>%{customdata[0]} of %{customdata[1]} images, lift %{customdata[2]:.1f}<extra></extra>"
TITLES = {
    "fraction": "share of the label's images, %",
    "count": "number of images",
    "lift": "lift: times as often as in all other labels",
    "presence": "share of the images with the class, %",
}
__all__ = ["MEASURES", "association_heatmap", "measure_frame"]


def association_heatmap(
    association: Association,
    top: int | None = 25,
    measure: str = "fraction",
    synthetic: bool = False,
    *,
    other: Association | None = None,
    names: tuple[str, str] = ("this", "the other"),
    classes: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> go.Figure:
    """The association of the `top` classes as a heatmap (EmoCAM, Fig. 2); hovering shows the counts.

    Args:
        association: what to draw.
        top: how many classes, those with the greatest mean fraction; None is all that count.
        measure: "fraction", "count", "lift" or "presence" (the share of the images with the class).
        synthetic: the data are drawn, which the title then says.
        other: draws how much greater the measure is than in this association, on a diverging scale.
        names: of the two, for the title.
        classes, labels: the rows and columns to draw, in this order, instead of the `top` classes and all labels.

    Raises:
        UnknownNameError: there is no such measure.
        EmocamError: the two have no class or no label in common.
    """
    import plotly.graph_objects as go

    rows = list(association.top(len(association.classes) if top is None else top).index) if classes is None else classes
    columns = association.labels if labels is None else labels
    frame = measure_frame(association, measure) if other is None else difference(association, other, measure)
    values = frame.loc[list(rows), list(columns)].to_numpy()
    if measure in ("fraction", "presence"):
        values = 100 * values
    counts = association.counts.loc[list(rows), list(columns)].to_numpy()
    images = np.broadcast_to(association.n_images[list(columns)].to_numpy(), counts.shape)
    lift = association.lift.loc[list(rows), list(columns)].to_numpy()
    diverging = measure == "lift" or other is not None
    form = ".1f" if measure == "lift" else ".0f"
    heatmap = go.Heatmap(
        x=[text(label) for label in columns],
        y=[text(name) for name in rows],
        z=values,
        customdata=np.dstack([counts, images, lift]),
        hovertemplate=HOVER,
        texttemplate=f"%{{z:{'+' if other is not None else ''}{form}}}",
        colorscale=scale(diverging_table() if diverging else heat_table()),
        zmid=None if not diverging else 1.0 if other is None else 0.0,
        zmin=None if diverging else 0,
        colorbar={"title": {"text": TITLES[measure] + (", difference" if other is not None else ""), "side": "right"}},
        xgap=1,
        ygap=1,
    )
    what = "Object classes and labels" if other is None else f"Object classes and labels, {text(' minus '.join(names))}"
    title = titled(f"{what}, importance above {association.threshold:.2f}", synthetic)
    height = max(320, 190 + 24 * len(rows))
    return plain(go.Figure(heatmap), title, 1100, height, yaxis={"autorange": "reversed"}, xaxis={"tickangle": -50})


def measure_frame(association: Association, measure: str) -> pd.DataFrame:
    """Classes x labels of one measure: "fraction", "count", "lift" or "presence".

    Raises:
        UnknownNameError: there is no such measure.
    """
    return measured(association, measure)
