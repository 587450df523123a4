"""Checkpoints as Ultralytics writes them, of tiny networks with random weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from emocam_widgets.detectors.ultralytics_import import prepare_ultralytics
from tests.tiny_models import CLASSES, YOLO

SIDE = 64
DETECT = "  - [[3, 4], 1, Detect, [nc]]"
HEADS = {
    "detect": DETECT,
    "segment": "  - [[3, 4], 1, Segment, [nc, 8, 64]]",
    "end2end": DETECT,
    "end2end-segment": "  - [[3, 4], 1, Segment26, [nc, 8, 64]]",
    "pose": "  - [[3, 4], 1, Pose, [nc, kpt_shape]]",
}


def structure(head: str) -> str:
    """The yaml of a tiny network with that kind of head."""
    assert DETECT in YOLO
    text = YOLO.replace(DETECT, HEADS[head])
    if head == "pose":
        return "kpt_shape: [5, 3]\n" + text
    return "end2end: True\nreg_max: 1\n" + text if head.startswith("end2end") else text


def network(head: str, class_names: Sequence[str] = CLASSES) -> Any:
    """A tiny network that finds something nearly everywhere."""
    prepare_ultralytics()
    import yaml
    from ultralytics.nn.tasks import DetectionModel, PoseModel, SegmentationModel

    kinds = {"pose": PoseModel, "segment": SegmentationModel, "end2end-segment": SegmentationModel}
    config = yaml.safe_load(structure(head).replace("nc: 3", f"nc: {len(class_names)}"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        module = kinds.get(head, DetectionModel)(config, ch=3, verbose=False)
        for name, parameter in module.named_parameters():
            if "cv3" in name and name.endswith("2.bias"):
                nn.init.constant_(parameter, -1.0)
            elif name.endswith("2.weight") and ("cv3" in name or "cv4" in name):
                nn.init.normal_(parameter, std=1.0)
    module.names = dict(enumerate(class_names))
    return module.eval()


def checkpoint(path: Path, head: str = "detect", class_names: Sequence[str] = CLASSES, **more: Any) -> Path:
    """Writes a checkpoint with what Ultralytics puts into one; its weights are in half precision, as published ones."""
    module = network(head, class_names)
    for parameter in module.parameters():
        parameter.requires_grad = False
    content = {
        "date": "2026-01-01T00:00:00",
        "version": "8.4.0",
        "epoch": -1,
        "best_fitness": None,
        "model": module.half(),
        "ema": None,
        "train_args": {"imgsz": SIDE, "task": "segment" if "segment" in head else "detect"},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content | more, path)
    return path
