"""Where the models are run: the interactive worker, corpus runs, the paste experiment and the measured evaluation."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emocam_widgets.engine.compose import paste
    from emocam_widgets.engine.corpus_run import analyze
    from emocam_widgets.engine.pasting import paste_experiment
    from emocam_widgets.engine.worker import Worker

_HOME = {
    "Worker": "worker",
    "analyze": "corpus_run",
    "paste": "compose",
    "paste_experiment": "pasting",
}
__all__ = ["Worker", "analyze", "paste", "paste_experiment"]


def __getattr__(name: str) -> Any:
    # The editor needs neither pandas nor pyarrow; each part loads what it needs when it is first used.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
