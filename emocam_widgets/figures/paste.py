"""What pasting objects did, as figures: labels switched by position (EmoCAM's Figs. 7 and 3B), and to which labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emocam_widgets.errors import EmocamError
from emocam_widgets.figures.layout import plain, text, titled
from emocam_widgets.figures.scales import class_colour, heat_table, scale

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from emocam_widgets.analysis.paste import PasteResult


def paste_bars(result: PasteResult, before: str | None = None, synthetic: bool = False) -> go.Figure:
    """Share of images whose label switched, per object and position; the label most often switched to atop each bar.

    One row of bars per object (EmoCAM, Fig. 7); the controls, where there are any, stand beside the object's bar.

    Args:
        result: of the paste experiment.
        before: only images that had this label before.
        synthetic: the data are drawn, which the title then says.

    Raises:
        UnknownNameError: there is no label ``before``.
        EmocamError: there is no such paste.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    shares = result.shares(before)
    if shares.empty:
        raise EmocamError("There are no pastes to draw.")
    objects = list(dict.fromkeys(shares["object"]))
    variants = list(dict.fromkeys(shares["variant"]))
    figure = make_subplots(
        rows=len(objects), cols=1, shared_xaxes=True, vertical_spacing=0.09, subplot_titles=[text(n) for n in objects]
    )
    for row, name in enumerate(objects, start=1):
        for variant in variants:
            mine = shares[(shares["object"] == name) & (shares["variant"] == variant)]
            figure.add_trace(
                go.Bar(
                    x=[str(position + 1) for position in mine["position"]],
                    y=100 * mine["share"],
                    name=text(variant),
                    legendgroup=variant,
                    showlegend=row == 1 and len(variants) > 1,
                    marker={"color": class_colour(name), "opacity": 1.0 if variant == "object" else 0.45},
                    marker_pattern_shape="" if variant == "object" else "/" if variant == "grey" else ".",
                    text=[_initials(label) for label in mine["to_label"]] if variant == "object" else None,
                    textposition="outside",
                    cliponaxis=False,
                    customdata=np.array([[text(label)] for label in mine["to_label"]]),
                    hovertemplate="position %{x}: %{y:.1f} %, mostly to %{customdata[0]}<extra></extra>",
                ),
                row=row,
                col=1,
            )
    top = 100 * float(shares["share"].max())
    figure.update_yaxes(range=[0, max(5.0, 1.25 * top)], title="switched, %")
    figure.update_xaxes(title="position", row=len(objects), col=1)
    labels = sorted({str(label) for label in shares.loc[shares["variant"] == "object", "to_label"].dropna()})
    key = ", ".join(f"{_initials(label)} {text(label)}" for label in labels)
    images = int(shares["n"].max())
    of = f"images labelled {text(before)}" if before else "images"
    figure = plain(
        figure,
        titled(f"Labels switched by a pasted object, {images} {of}", synthetic),
        1000,
        130 + 210 * len(objects),
        margin={"l": 20, "r": 20, "t": 70, "b": 80},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.06},
    )
    figure.add_annotation(
        text=key, xref="paper", yref="paper", x=0, y=-0.02, yshift=-52, showarrow=False, font={"size": 12}
    )
    return figure


def paste_positions(result: PasteResult, object_name: str, before: str | None = None) -> go.Figure:
    """The positions of the paste experiment on the image's plane, coloured by the share switched (EmoCAM, Fig. 3B).

    Raises:
        EmocamError: that object was not pasted.
    """
    import plotly.graph_objects as go

    shares = result.shares(before)
    mine = shares[(shares["object"] == object_name) & (shares["variant"] == "object")]
    if mine.empty:
        raise EmocamError(f"There is no paste of {object_name!r}; there are {', '.join(map(repr, result.objects))}.")
    markers = go.Scatter(
        x=mine["x"],
        y=mine["y"],
        mode="markers+text",
        text=[f"{share:.0%}" for share in mine["share"]],
        textposition="middle center",
        marker={
            "size": 44,
            "color": 100 * mine["share"],
            "colorscale": scale(heat_table()[:160]),
            "cmin": 0,
            "cmax": 100,
        }
        | {"line": {"color": "#555", "width": 1}, "colorbar": {"title": {"text": "switched, %"}}},
        hovertemplate="centre %{x:.3f} of the width, %{y:.3f} of the height<extra></extra>",
    )
    figure = go.Figure(markers)
    axis = {"range": [0, 1], "showgrid": False, "zeroline": False, "mirror": True, "linecolor": "#555"}
    title = f"Where {text(object_name)} was pasted, and how often the label switched"
    return plain(
        figure,
        title,
        720,
        560,
        xaxis={**axis, "title": "of the image's width"},
        yaxis={**axis, "range": [1, 0], "title": "of its height"},
    )


def transition_matrix(transitions: pd.DataFrame, object_name: str, synthetic: bool = False) -> go.Figure:
    """Labels before (rows) by labels after (columns), shares of each row; `result.transitions(object_name)`."""
    import plotly.graph_objects as go

    present = (transitions.sum(axis=1) > 0).to_numpy()
    kept = transitions.loc[present]
    totals = kept.sum(axis=1).to_numpy()
    heatmap = go.Heatmap(
        x=[text(label) for label in kept.columns],
        y=[f"{text(label)} ({total:,})" for label, total in zip(kept.index, totals, strict=True)],
        z=100 * kept.to_numpy() / totals[:, None],
        customdata=kept.to_numpy(),
        texttemplate="%{z:.0f}",
        hovertemplate="%{y} to %{x}: %{customdata} pastes, %{z:.1f} %<extra></extra>",
        colorscale=scale(heat_table()),
        zmin=0,
        zmax=100,
        colorbar={"title": {"text": "share of the row, %", "side": "right"}},
        xgap=1,
        ygap=1,
    )
    title = titled(f"Labels before and after pasting {text(object_name)}", synthetic)
    return plain(
        go.Figure(heatmap),
        title,
        1060,
        max(400, 240 + 24 * len(kept)),
        yaxis={"autorange": "reversed", "title": "before (pastes)"},
        xaxis={"tickangle": -50, "title": "after"},
    )


def _initials(label: object) -> str:
    """ "Empathetic Pain" as EP; nothing where no image switched."""
    if not isinstance(label, str):
        return ""
    words = label.split()
    return text("".join(word[0] for word in words) if len(words) > 1 else label[:2])
