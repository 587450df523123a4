"""Superpixel LIME as a figure: blue speaks for the label, red against it (the second paper's Fig. 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from emocam_widgets.figures.layout import PICTURE_WIDTH, picture, plain, reduced, text, titled
from emocam_widgets.figures.scales import Colours, diverging_table, painted, red_blue_table, scale

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from emocam_widgets.types import LimeExplanation

OPACITY = 0.65


def lime_picture(image: Image.Image, explanation: LimeExplanation, colour_blind_safe: bool = False) -> Image.Image:
    """The image in grey with its superpixels coloured, at the image's size, which may be smaller than the segments'.

    Args:
        image: that was explained, or a reduced copy.
        explanation: segments and a weight per segment.
        colour_blind_safe: blue and orange in place of blue and red.
    """
    segments = Image.fromarray(np.asarray(explanation.segments, dtype=np.int32))
    places = np.asarray(segments.resize(image.size, Image.Resampling.NEAREST))
    signed = (explanation.weights / _largest(explanation))[places]
    alpha = OPACITY * np.abs(signed)[..., None]
    grey = np.asarray(image.convert("L").convert("RGB"), dtype=np.float32)
    mixed = (1 - alpha) * grey + alpha * painted((signed + 1) / 2, _table(colour_blind_safe))
    edges = np.zeros(places.shape, bool)
    edges[:, 1:] |= places[:, 1:] != places[:, :-1]
    edges[1:] |= places[1:] != places[:-1]
    mixed[edges] = 0.5 * mixed[edges] + 120
    return Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))


def lime_overlay(
    image: Image.Image, explanation: LimeExplanation, colour_blind_safe: bool = False, synthetic: bool = False
) -> go.Figure:
    """The image, and beside it its superpixels: the deeper the blue, the more one speaks for the label; red: against.

    Args:
        image: that was explained.
        explanation: segments (h, w) at the image's size and a weight per segment.
        colour_blind_safe: blue and orange in place of blue and red.
        synthetic: the image is drawn, which the title then says.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    table = _table(colour_blind_safe)
    small = reduced(image)
    largest = _largest(explanation)
    figure = make_subplots(cols=2, rows=1, horizontal_spacing=0.03)
    for column, shown in enumerate((small, lime_picture(small, explanation, colour_blind_safe)), start=1):
        figure.add_trace(go.Image(source=picture(shown), zsmooth="fast", hoverinfo="skip"), row=1, col=column)
        figure.update_xaxes(visible=False, range=[0, small.width], col=column)
        figure.update_yaxes(visible=False, range=[small.height, 0], col=column)
    scale_bar = {
        "colorscale": scale(table),
        "cmin": -largest,
        "cmax": largest,
        "showscale": True,
        "colorbar": {"title": {"text": f"for {text(explanation.target)}", "side": "right"}, "len": 0.9},
    }
    figure.add_trace(
        go.Scatter(x=[None], y=[None], mode="markers", marker=scale_bar, showlegend=False, hoverinfo="skip"),
        row=1,
        col=2,
    )
    height = round((PICTURE_WIDTH - 150) * small.height / small.width) + 90
    n = len(explanation.weights)
    title = f"LIME for {text(explanation.target)}: {n} regions, R² {explanation.r2:.2f}"
    return plain(figure, titled(title, synthetic), 1100, max(320, height))


def _table(colour_blind_safe: bool) -> Colours:
    return diverging_table() if colour_blind_safe else red_blue_table()


def _largest(explanation: LimeExplanation) -> float:
    return float(np.abs(explanation.weights).max(initial=0.0)) or 1.0
