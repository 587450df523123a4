"""A stored analysis: the folder that ``analyze`` writes and continues, and the questions that it answers."""

from __future__ import annotations

from emocam_widgets.run.manifest import (
    ClassifierInfo,
    CorpusInfo,
    DetectorInfo,
    Manifest,
    MethodInfo,
    read_manifest,
)
from emocam_widgets.run.run import Run, open_run
from emocam_widgets.run.schema import SCHEMA_VERSION, TABLES
from emocam_widgets.run.store import RunWriter

__all__ = [
    "SCHEMA_VERSION",
    "TABLES",
    "ClassifierInfo",
    "CorpusInfo",
    "DetectorInfo",
    "Manifest",
    "MethodInfo",
    "Run",
    "RunWriter",
    "open_run",
    "read_manifest",
]
