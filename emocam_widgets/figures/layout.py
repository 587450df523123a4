"""What all figures share: the paper's plain look, titles that own up to synthetic data, and names that stay text."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from PIL import Image

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
PICTURE_WIDTH = 640
"""Pixels to which a picture in a figure is reduced: enough for a column of a paper, small as a file."""


def text(name: object) -> str:
    """A name from a file as plotly shows it: never as markup."""
    return escape(str(name))


def titled(title: str, synthetic: bool) -> str:
    """A title, with a note where the data are drawn."""
    return f"{title} (synthetic data)" if synthetic else title


def plain(figure: go.Figure, title: str, width: int, height: int, **layout: Any) -> go.Figure:
    """The figure with title, size in pixels and the shared look."""
    margin = {"l": 20, "r": 20, "t": 60, "b": 20}
    figure.update_layout(
        title={"text": title, "font": {"size": 16}, "x": 0.01, "xanchor": "left"},
        template="plotly_white",
        font={"family": FONT, "size": 13, "color": "#222"},
        width=width,
        height=height,
        **{"margin": margin, **layout},
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return figure


def picture(image: Image.Image) -> str:
    """An image as the data address that plotly's Image trace takes: PNG, RGB."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def reduced(image: Image.Image, width: int = PICTURE_WIDTH) -> Image.Image:
    """The image at most `width` pixels wide, its proportions kept."""
    if image.width <= width:
        return image.convert("RGB")
    from PIL import Image as Pillow

    size = (width, max(1, round(image.height * width / image.width)))
    return image.convert("RGB").resize(size, Pillow.Resampling.LANCZOS)
