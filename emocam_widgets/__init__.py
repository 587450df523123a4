"""What image classifiers of emotion look at, whether it holds over a corpus, and what changes their mind.

This module is the public face. It loads nothing heavy: each name below is fetched from its layer when it is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emocam_widgets import demo, figures
    from emocam_widgets.analysis.published import published_association
    from emocam_widgets.analysis.rsa import rsa
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.detectors import load_detector, load_ultralytics, wrap_detector, wrap_torchvision
    from emocam_widgets.engine import Worker, analyze, paste_experiment
    from emocam_widgets.engine.dataset_evaluation import evaluate
    from emocam_widgets.engine.edit_experiment import edit_experiment
    from emocam_widgets.engine.faithfulness import faithfulness, faithfulness_of_run
    from emocam_widgets.engine.scoring import score_methods
    from emocam_widgets.errors import EmocamError
    from emocam_widgets.explain.lime_settings import LimeSettings
    from emocam_widgets.models import load_classifier, wrap_classifier
    from emocam_widgets.models.grouped import grouped
    from emocam_widgets.run import Run, open_run
    from emocam_widgets.types import Placement
    from emocam_widgets.widgets import (
        AssociationHeatmap,
        Expectation,
        ImageBrowser,
        LimeView,
        MethodComparison,
        ObjectEditor,
        PasteBars,
        PasteExperiment,
        RsaMatrix,
        explore,
    )
    from emocam_widgets.widgets.progress import RunProgress
    from emocam_widgets.widgets.report import export_report

    __version__: str

_HOME = {
    "published_association": "analysis.published",
    "rsa": "analysis.rsa",
    "score_methods": "engine.scoring",
    "Corpus": "corpus",
    "load_classifier": "models",
    "wrap_classifier": "models",
    "grouped": "models.grouped",
    "load_detector": "detectors",
    "load_ultralytics": "detectors",
    "wrap_detector": "detectors",
    "wrap_torchvision": "detectors",
    "analyze": "engine",
    "Worker": "engine",
    "paste_experiment": "engine",
    "edit_experiment": "engine.edit_experiment",
    "evaluate": "engine.dataset_evaluation",
    "faithfulness": "engine.faithfulness",
    "faithfulness_of_run": "engine.faithfulness",
    "LimeSettings": "explain.lime_settings",
    "Run": "run",
    "RunProgress": "widgets.progress",
    "open_run": "run",
    "explore": "widgets",
    "export_report": "widgets.report",
    "ImageBrowser": "widgets",
    "AssociationHeatmap": "widgets",
    "Expectation": "widgets",
    "ObjectEditor": "widgets",
    "LimeView": "widgets",
    "MethodComparison": "widgets",
    "PasteBars": "widgets",
    "PasteExperiment": "widgets",
    "RsaMatrix": "widgets",
    "EmocamError": "errors",
    "Placement": "types",
}

_MODULES = ("demo", "figures")

__all__ = [
    "AssociationHeatmap",
    "Corpus",
    "EmocamError",
    "Expectation",
    "ImageBrowser",
    "LimeSettings",
    "LimeView",
    "MethodComparison",
    "ObjectEditor",
    "PasteBars",
    "PasteExperiment",
    "Placement",
    "RsaMatrix",
    "Run",
    "RunProgress",
    "Worker",
    "__version__",
    "analyze",
    "demo",
    "edit_experiment",
    "evaluate",
    "explore",
    "export_report",
    "faithfulness",
    "faithfulness_of_run",
    "figures",
    "grouped",
    "load_classifier",
    "load_detector",
    "load_ultralytics",
    "open_run",
    "paste_experiment",
    "published_association",
    "rsa",
    "score_methods",
    "wrap_classifier",
    "wrap_detector",
    "wrap_torchvision",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in _MODULES:
        value = import_module(f"emocam_widgets.{name}")
    elif name in _HOME:
        if name == "analyze" and "ipykernel" in sys.modules:  # a notebook: its progress can be stopped by a click
            import_module("emocam_widgets.widgets.progress").show_by_default()
        value = getattr(import_module(f"emocam_widgets.{_HOME[name]}"), name)
    else:
        raise AttributeError(_no_such_name(name))
    globals()[name] = value  # so that the next use does not come here
    return value


def __dir__() -> list[str]:
    return __all__


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("emocam-widgets")
    except PackageNotFoundError:  # a source tree on the path that was never installed
        return "0+uninstalled"


def _no_such_name(name: str) -> str:
    from emocam_widgets.errors import nearest_name

    sentence = f"module 'emocam_widgets' has no attribute {name!r}"
    nearest = nearest_name(name, __all__)
    return f"{sentence}; did you mean {nearest!r}?" if nearest and not name.startswith("_") else sentence
