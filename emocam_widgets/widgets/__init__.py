"""What people see and touch in Jupyter: one module per widget, its front end under js/ (built into static/)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emocam_widgets.widgets.browser import ImageBrowser
    from emocam_widgets.widgets.editor import ObjectEditor
    from emocam_widgets.widgets.expectation import Expectation
    from emocam_widgets.widgets.explorer import Explorer, explore
    from emocam_widgets.widgets.heatmap import AssociationHeatmap
    from emocam_widgets.widgets.lime import LimeView
    from emocam_widgets.widgets.methods import MethodComparison
    from emocam_widgets.widgets.paste_bars import PasteBars
    from emocam_widgets.widgets.paste_experiment import PasteExperiment
    from emocam_widgets.widgets.rsa import RsaMatrix

_HOME = {
    "AssociationHeatmap": "heatmap",
    "Expectation": "expectation",
    "Explorer": "explorer",
    "ImageBrowser": "browser",
    "LimeView": "lime",
    "MethodComparison": "methods",
    "ObjectEditor": "editor",
    "PasteBars": "paste_bars",
    "PasteExperiment": "paste_experiment",
    "RsaMatrix": "rsa",
    "explore": "explorer",
}

__all__ = [
    "AssociationHeatmap",
    "Expectation",
    "Explorer",
    "ImageBrowser",
    "LimeView",
    "MethodComparison",
    "ObjectEditor",
    "PasteBars",
    "PasteExperiment",
    "RsaMatrix",
    "explore",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
