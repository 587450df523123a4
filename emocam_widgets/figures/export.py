"""Figures into files: one figure by the ending of its name, or all that a run has, with their numbers as CSV."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from emocam_widgets.errors import EmocamError, known_name

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from emocam_widgets.run import Run

FORMATS = ("png", "svg", "pdf", "html", "json")
_SCALE = 2.0
"""PNGs have twice the figure's pixels, which is sharp in print and on a projector."""

Drawn: TypeAlias = "tuple[go.Figure, pd.DataFrame]"


@dataclass(frozen=True)
class _Item:
    """One figure of a run: the name of its files, and what draws it with the numbers that it shows."""

    name: str
    draw: Callable[[], Drawn]


def save(figure: go.Figure, path: str | os.PathLike[str]) -> Path:
    """Writes a figure; the ending of the name says as what: .png, .svg and .pdf, .html (whole, offline) or .json.

    Raises:
        UnknownNameError: another ending.
        EmocamError: PNG, SVG or PDF without kaleido or without the Chrome or Chromium that it draws with, or the file
            cannot be written.
    """
    return _save_all([(figure, Path(path))])[0]


def figures_of_run(
    run: Run,
    out: str | os.PathLike[str],
    formats: Sequence[str] = ("png", "svg"),
    *,
    top: int = 25,
    threshold: float = 0.3,
    images: Sequence[str] = (),
) -> list[Path]:
    """Writes every figure that the run has the data for into a folder, each with its numbers as CSV.

    The association of each method (EmoCAM, Fig. 2), the agreement of the methods where there are several (Fig. 6), the
    paste experiment where the run holds one (Fig. 7, one transition matrix per object), and of the images that are
    named their way through the pipeline (Fig. 1), their boxes by importance (Fig. 4) and their superpixels.

    Args:
        run: what to draw.
        out: the folder; it is made where it does not exist.
        formats: any of FORMATS.
        top: classes in the association's heatmaps.
        threshold: a box counts where its importance is above it.
        images: ids of images to draw one by one.

    Returns:
        The files, CSV included.

    Raises:
        UnknownNameError: an unknown format.
        EmocamError: as of :func:`save`, or the run holds nothing to draw.
    """
    kinds = [known_name("figure format", kind, FORMATS) for kind in formats]
    folder = Path(out)
    drawn = {item.name: item.draw() for item in _items(run, top, threshold, images)}
    if not drawn:
        raise EmocamError(f"The run {str(run.path)!r} holds neither CAMs nor pastes; there is nothing to draw.")
    files = _save_all([(figure, folder / f"{name}.{kind}") for name, (figure, _) in drawn.items() for kind in kinds])
    for name, (_, numbers) in drawn.items():
        files.append(folder / f"{name}.csv")
        with _writing(files[-1]):
            numbers.to_csv(files[-1])
    return sorted(files)


def _items(run: Run, top: int, threshold: float, images: Sequence[str]) -> Iterator[_Item]:
    for method in run.methods:
        yield _Item(f"association-{method}", lambda method=method: _association(run, method, top, threshold))  # type: ignore[misc]
    if len(run.methods) > 1:
        yield _Item("rsa", lambda: _rsa(run, threshold))
    if len(run.pastes):
        yield _Item("paste", lambda: _paste(run))
        for name in run.paste_result.objects:
            yield _Item(f"transitions-{_file_name(name)}", lambda name=name: _transitions(run, name))  # type: ignore[misc]
    for image_id in images:
        yield from _image_items(run, image_id, threshold)


def _image_items(run: Run, image_id: str, threshold: float) -> Iterator[_Item]:
    run.position(image_id)  # refused by name where the run does not hold it
    name = _file_name(image_id)
    for method in run.methods:
        yield _Item(f"{name}-pipeline-{method}", lambda m=method: _pipeline(run, image_id, m, threshold))  # type: ignore[misc]
        yield _Item(f"{name}-boxes-{method}", lambda m=method: _boxes(run, image_id, m))  # type: ignore[misc]
    if (run.lime["image_id"] == image_id).any():
        yield _Item(f"{name}-lime", lambda: _lime(run, image_id))


def _pipeline(run: Run, image_id: str, method: str, threshold: float) -> Drawn:
    from emocam_widgets.figures.image import pipeline

    return pipeline(run, image_id, method, threshold=threshold), run.boxes_of(image_id).drop(columns="mask")


def _boxes(run: Run, image_id: str, method: str) -> Drawn:
    from emocam_widgets.figures.image import box_importance

    boxes = run.boxes_of(image_id).drop(columns="mask")
    return box_importance(run, image_id, method), boxes.assign(importance=run.importance(method)[boxes.index])


def _lime(run: Run, image_id: str) -> Drawn:
    import pandas as pd

    from emocam_widgets.figures.lime import lime_overlay

    explanation = run.lime_of(image_id)
    figure = lime_overlay(run.open_image(image_id), explanation, synthetic=run.synthetic)
    return figure, pd.DataFrame({"weight": explanation.weights}).rename_axis("segment")


def _association(run: Run, method: str, top: int, threshold: float) -> Drawn:
    from emocam_widgets.figures.association import association_heatmap

    association = run.association(method, threshold=threshold)
    return association_heatmap(association, top, synthetic=run.synthetic), association.fractions


def _rsa(run: Run, threshold: float) -> Drawn:
    from emocam_widgets.analysis.rsa import rsa
    from emocam_widgets.figures.rsa import rsa_matrix

    result = rsa(run, threshold=threshold)
    return rsa_matrix(result.rho, result.p_value, run.synthetic), result.rho


def _paste(run: Run) -> Drawn:
    from emocam_widgets.figures.paste import paste_bars

    return paste_bars(run.paste_result, synthetic=run.synthetic), run.paste_result.shares()


def _transitions(run: Run, name: str) -> Drawn:
    from emocam_widgets.figures.paste import transition_matrix

    transitions = run.paste_result.transitions(name)
    return transition_matrix(transitions, name, run.synthetic), transitions


def _file_name(name: str) -> str:
    """An object's name as part of a file's: nothing in it leads to another folder."""
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-") or "object"


def _save_all(figures: Sequence[tuple[go.Figure, Path]]) -> list[Path]:
    """Writes figures into files; those that a browser draws in one go, since it takes seconds to start."""
    by_browser = []
    for figure, file in figures:
        kind = known_name("figure format", file.suffix.lstrip(".").lower(), FORMATS)
        with _writing(file):
            if kind == "html":
                figure.write_html(file, include_plotlyjs=True)
            elif kind == "json":
                figure.write_json(file)
            else:
                options = {"format": kind, "scale": _SCALE if kind == "png" else 1}
                by_browser.append({"fig": figure.to_dict(), "path": file, "opts": options})
    if by_browser:
        _draw(by_browser)
    return [file for _, file in figures]


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise EmocamError(f"{str(file)!r} cannot be written ({error}).") from error


def _draw(figures: list[dict[str, Any]]) -> None:
    """Has kaleido write figures; without the MathJax that it would fetch from the network."""
    first = figures[0]["path"].name
    try:
        import kaleido
        from kaleido.errors import BrowserFailedError, ChromeNotFoundError
    except ImportError as error:
        raise EmocamError(
            f"Writing {first} needs kaleido: pip install 'emocam-widgets[figures]'; .html and .json need nothing more."
        ) from error
    try:
        kaleido.write_fig_from_object_sync(figures, cancel_on_error=True, kopts={"mathjax": False})
    except (BrowserFailedError, ChromeNotFoundError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EmocamError(
            f"{first} needs Chrome or Chromium, which was not found or did not start ({reason}); install one, or write "
            ".html or .json."
        ) from error
    except OSError as error:
        raise EmocamError(f"{first} cannot be written ({error}).") from error
