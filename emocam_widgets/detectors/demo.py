"""The embedded world's detector: a small Ultralytics YOLO trained on generated scenes, as safetensors with metadata."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from emocam_widgets.detectors.ultralytics_models import read_saved_detector
from emocam_widgets.detectors.yolo import UltralyticsDetector
from emocam_widgets.weights import write_safetensors


def save_detector(
    path: str | Path, module: nn.Module, class_names: Sequence[str], image_size: int, half: bool = False
) -> None:
    """Writes an Ultralytics DetectionModel's weights as safetensors; the caller keeps its yaml beside them.

    The yaml says `scale` where it has `scales`, because its name is not read for it.
    """
    metadata = {"classes": json.dumps(list(class_names)), "imgsz": str(image_size)}
    write_safetensors(Path(path), module, metadata, half)


def load_demo_detector(
    weights: str | Path | None = None, yaml: str | Path | None = None, device: str = "cpu"
) -> UltralyticsDetector:
    """The shipped detector, or one that `save_detector` wrote; EmocamError where a file is missing or does not fit."""
    from emocam_widgets.demo import DATA

    weights = Path(weights or DATA / "detector.safetensors")
    yaml = Path(yaml or DATA / "detector.yaml")
    module, class_names, image_size = read_saved_detector(weights, yaml)
    return UltralyticsDetector(module, class_names, name="demo", image_size=image_size, device=device)
