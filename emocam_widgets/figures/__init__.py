"""Static figures like the papers', as plotly figures of what a run holds; `save` writes them as PNG, SVG, PDF or HTML.

Nothing here computes a result: each function draws a table or an explanation that another layer made. What is drawn
from synthetic data says so in its title.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emocam_widgets.figures.association import MEASURES, association_heatmap, measure_frame
    from emocam_widgets.figures.evaluation import confusion_matrix, result_table
    from emocam_widgets.figures.export import FORMATS, figures_of_run, save
    from emocam_widgets.figures.image import box_importance, cam_grid, changed_image, pipeline
    from emocam_widgets.figures.lime import lime_overlay
    from emocam_widgets.figures.paste import paste_bars, paste_positions, transition_matrix
    from emocam_widgets.figures.published import beside_published
    from emocam_widgets.figures.rsa import rsa_matrix

_HOME = {
    "FORMATS": "export",
    "MEASURES": "association",
    "association_heatmap": "association",
    "beside_published": "published",
    "box_importance": "image",
    "cam_grid": "image",
    "changed_image": "image",
    "confusion_matrix": "evaluation",
    "figures_of_run": "export",
    "lime_overlay": "lime",
    "measure_frame": "association",
    "paste_bars": "paste",
    "paste_positions": "paste",
    "pipeline": "image",
    "result_table": "evaluation",
    "rsa_matrix": "rsa",
    "save": "export",
    "transition_matrix": "paste",
}

__all__ = [
    "FORMATS",
    "MEASURES",
    "association_heatmap",
    "beside_published",
    "box_importance",
    "cam_grid",
    "changed_image",
    "confusion_matrix",
    "figures_of_run",
    "lime_overlay",
    "measure_frame",
    "paste_bars",
    "paste_positions",
    "pipeline",
    "result_table",
    "rsa_matrix",
    "save",
    "transition_matrix",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
