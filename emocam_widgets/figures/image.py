"""One image as a figure: boxes and CAM (EmoCAM's Figs. 1 and 5), its boxes' importance (Fig. 4), a change (Fig. 3A)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.figures.layout import PICTURE_WIDTH, picture, plain, reduced, text, titled
from emocam_widgets.figures.scales import cam_table, class_colour, painted

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from emocam_widgets.run import Run
    from emocam_widgets.types import Cam, Prediction

BOXES_SHOWN = 12
LABELS_SHOWN = 5
NAMED = 8
CAM_OPACITY = 0.55


def pipeline(
    run: Run,
    image_id: str,
    method: str | None = None,
    score: str = "mean",
    threshold: float = 0.3,
    min_confidence: float | None = None,
) -> go.Figure:
    """An image's way through EmoCAM (Figs. 1 and 5): detected boxes, the CAM of its label, and the boxes that count.

    Args:
        run: holds the image, its boxes and its CAM.
        image_id: which image.
        method: by default the run's first.
        score: how importance is computed.
        threshold: a box counts where its importance is above it.
        min_confidence: boxes below it are left out; by default the run's.

    Raises:
        UnknownNameError, EmocamError: the run has no such image, method or CAM, or its images have moved.
    """
    from plotly.subplots import make_subplots

    chosen = method or run.methods[0]
    original = run.open_image(image_id)
    boxes = _boxes(run, image_id, chosen, score, min_confidence)
    cam = run.grid(image_id, chosen)
    small = reduced(original)
    row = run.image(image_id)
    counting = boxes[boxes["importance"] > threshold]
    figure = make_subplots(
        cols=3,
        rows=1,
        horizontal_spacing=0.02,
        subplot_titles=[
            f"detected: {_boxes_in_words(len(boxes))}",
            f"{text(chosen)} of {text(row['label'])}",
            f"importance above {threshold:g}: {_boxes_in_words(len(counting))}",
        ],
    )
    glowing = overlaid(small, cam, original.size)
    for column, (image, shown) in enumerate(((small, boxes), (glowing, boxes.iloc[:0]), (glowing, counting)), start=1):
        _add_picture(figure, image, column)
        _add_boxes(figure, shown, small.width / original.width, column)
    height = round(330 * small.height / small.width) + 110
    return plain(
        figure, titled(text(image_id), run.synthetic), 1060, height, margin={"l": 20, "r": 20, "t": 80, "b": 20}
    )


def box_importance(
    run: Run,
    image_id: str,
    method: str | None = None,
    score: str = "mean",
    min_confidence: float | None = None,
) -> go.Figure:
    """The boxes of an image by importance, beside the image (EmoCAM, Fig. 4: does a small box win?).

    Each bar says how much of the image its box covers. Arguments and errors as of :func:`pipeline`.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    chosen = method or run.methods[0]
    original = run.open_image(image_id)
    boxes = _boxes(run, image_id, chosen, score, min_confidence).head(BOXES_SHOWN)
    small = reduced(original)
    figure = make_subplots(cols=2, rows=1, horizontal_spacing=0.16, column_widths=[0.55, 0.45])
    _add_picture(figure, overlaid(small, run.grid(image_id, chosen), original.size), 1)
    _add_boxes(figure, boxes, small.width / original.width, 1)
    names = [f"{text(name)} {rank}" for rank, name in enumerate(boxes["object_class"], start=1)]
    figure.add_trace(
        go.Bar(
            x=boxes["importance"],
            y=names,
            orientation="h",
            marker={"color": [class_colour(name) for name in boxes["object_class"]]},
            text=[
                f"{value:.2f} on {share:.1%} of the image"
                for value, share in zip(boxes["importance"], boxes["share"], strict=True)
            ],
            textposition="auto",
            hoverinfo="skip",
            showlegend=False,
        ),
        row=1,
        col=2,
    )
    figure.update_yaxes(autorange="reversed", col=2)
    figure.update_xaxes(title=f"importance ({text(score)})", rangemode="tozero", col=2)
    height = max(360, round(560 * small.height / small.width) + 60)
    title = f"{text(image_id)}: {text(chosen)} of {text(run.image(image_id)['label'])}"
    return plain(figure, titled(title, run.synthetic), 1060, height)


def cam_grid(run: Run, image_id: str, method: str | None = None) -> go.Figure:
    """The stored CAM of an image cell by cell, beside the same map smoothly scaled (EmoCAM, Fig. 5C shows the latter).

    Args:
        run: holds the image and its CAM.
        image_id: which image.
        method: by default the run's first.

    Raises:
        UnknownNameError, EmocamError: the run has no such image, method or CAM, or its images have moved.
    """
    from plotly.subplots import make_subplots

    chosen = method or run.methods[0]
    original = run.open_image(image_id)
    cam, small = run.grid(image_id, chosen), reduced(original)
    height, width = cam.grid.shape
    titles = [f"{height} x {width} cells, as computed", "smoothly scaled, over the picture"]
    figure = make_subplots(cols=2, rows=1, horizontal_spacing=0.02, subplot_titles=titles)
    cells = painted(cam_in_pixels(cam, original.size, small.size, smooth=False), cam_table())
    for column, shown in enumerate((Image.fromarray(cells), overlaid(small, cam, original.size)), start=1):
        _add_picture(figure, shown, column)
    title = titled(f"{text(image_id)}: {text(chosen)} of {text(cam.target)}", run.synthetic)
    margin = {"l": 20, "r": 20, "t": 80, "b": 20}
    return plain(figure, title, 1060, round(505 * small.height / small.width) + 100, margin=margin)


def changed_image(
    before: Image.Image,
    after: Image.Image,
    predicted_before: Prediction,
    predicted_after: Prediction,
    synthetic: bool = False,
) -> go.Figure:
    """An image and a changed one with what each is predicted as (EmoCAM, Fig. 3A).

    Args:
        before, after: of one size.
        predicted_before, predicted_after: by the same classifier.
        synthetic: the image or the classifier is, which the title then says.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    predictions = (predicted_before, predicted_after)
    change = predicted_after.probabilities - predicted_before.probabilities
    order = np.argsort(-np.maximum(predicted_before.probabilities, predicted_after.probabilities), kind="stable")
    shown = [predicted_before.labels[index] for index in order[:LABELS_SHOWN]]
    figure = make_subplots(
        cols=3,
        rows=1,
        horizontal_spacing=0.03,
        column_widths=[0.36, 0.36, 0.28],
        subplot_titles=[f"{text(each.label)} {each.probability(each.label):.1%}" for each in predictions],
    )
    for column, image in enumerate((before, after), start=1):
        _add_picture(figure, reduced(image), column)
    for name, each, colour in (("before", predicted_before, "#9aa5b1"), ("after", predicted_after, "#3b5bdb")):
        figure.add_trace(
            go.Bar(
                x=[each.probability(label) for label in shown],
                y=[text(label) for label in shown],
                orientation="h",
                name=name,
                marker={"color": colour},
                text=[f"{each.probability(label):.1%}" for label in shown],
                textposition="auto",
            ),
            row=1,
            col=3,
        )
    figure.update_yaxes(autorange="reversed", side="right", col=3)
    figure.update_xaxes(range=[0, 1], tickformat=".0%", col=3)
    most = predicted_before.labels[int(np.argmax(np.abs(change)))]
    height = max(340, round(390 * before.height / before.width) + 110)
    title = titled(f"{text(most)} changes most, by {change[np.argmax(np.abs(change))]:+.1%}", synthetic)
    return plain(figure, title, 1060, height, legend={"orientation": "h", "x": 0.76, "y": 1.1})


def overlaid(image: Image.Image, cam: Cam, size: tuple[int, int], opacity: float = CAM_OPACITY) -> Image.Image:
    """The image with the CAM painted over it, smoothly scaled; the CAM's view is in an image of `size` pixels."""
    heat = cam_in_pixels(cam, size, image.size)
    colours = painted(heat, cam_table()).astype(np.float32)
    alpha = opacity * (0.25 + 0.75 * heat[..., None])
    mixed = (1 - alpha) * np.asarray(image.convert("RGB"), dtype=np.float32) + alpha * colours
    return Image.fromarray(np.round(mixed).astype(np.uint8))


def cam_in_pixels(
    cam: Cam, size: tuple[int, int], shown: tuple[int, int], *, smooth: bool = True
) -> NDArray[np.float32]:
    """The CAM (h, w) over an image of `size` pixels that is shown with `shown` ones; 0 outside its view.

    Bilinear, or where not `smooth` each cell as it is.
    """
    scale = shown[0] / size[0], shown[1] / size[1]
    left, top = round(cam.view.x0 * scale[0]), round(cam.view.y0 * scale[1])
    right = max(left + 1, round(cam.view.x1 * scale[0]))
    bottom = max(top + 1, round(cam.view.y1 * scale[1]))
    grid = Image.fromarray(np.asarray(cam.grid, dtype=np.float32))
    way = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    stretched = np.asarray(grid.resize((right - left, bottom - top), way))
    whole = np.zeros((shown[1], shown[0]), np.float32)
    inside = slice(max(top, 0), min(bottom, shown[1])), slice(max(left, 0), min(right, shown[0]))
    whole[inside] = stretched[
        inside[0].start - top : inside[0].stop - top, inside[1].start - left : inside[1].stop - left
    ]
    return whole


def _boxes(run: Run, image_id: str, method: str, score: str, min_confidence: float | None) -> pd.DataFrame:
    """The image's boxes with their importance and the share of the image that they cover, most important first."""
    boxes = run.boxes_of(image_id)
    least = run.min_confidence if min_confidence is None else min_confidence
    row = run.image(image_id)
    area = (boxes["x1"] - boxes["x0"]) * (boxes["y1"] - boxes["y0"])
    boxes = boxes.assign(
        importance=run.importance(method, score)[boxes.index], share=area / (row["width"] * row["height"])
    )
    return boxes[boxes["confidence"] >= least].sort_values("importance", ascending=False, kind="stable")


def _boxes_in_words(n: int) -> str:
    return f"{n} box" if n == 1 else f"{n} boxes"


def _add_picture(figure: go.Figure, image: Image.Image, column: int) -> None:
    import plotly.graph_objects as go

    figure.add_trace(go.Image(source=picture(image), zsmooth="fast", hoverinfo="skip"), row=1, col=column)
    figure.update_xaxes(visible=False, range=[0, image.width], col=column)
    figure.update_yaxes(visible=False, range=[image.height, 0], col=column)


def _add_boxes(figure: go.Figure, boxes: pd.DataFrame, scale: float, column: int) -> None:
    corners = boxes[["x0", "y0", "x1", "y1"]].to_numpy(dtype=np.float64) * scale
    names = boxes["object_class"].tolist()
    for name, (x0, y0, x1, y1) in zip(names, corners.tolist(), strict=True):
        place = {"x0": x0, "y0": y0, "x1": x1, "y1": y1, "row": 1, "col": column}
        # Light under coloured, so that a box is seen on any picture.
        figure.add_shape(type="rect", **place, line={"color": "white", "width": 3})
        figure.add_shape(type="rect", **place, line={"color": class_colour(name), "width": 1.5})
    firsts = [names.index(name) for name in dict.fromkeys(names)]
    for first in firsts[:NAMED]:
        figure.add_annotation(
            x=min(corners[first, 0], PICTURE_WIDTH - 60),
            y=max(corners[first, 1], 12),
            text=text(names[first]),
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            font={"size": 11, "color": "#111"},
            bgcolor=class_colour(names[first]),
            borderpad=1,
            row=1,
            col=column,
        )
