"""`memory`: how much a run grows in memory over a corpus of images with very many boxes, drawn as they are opened.

10,000 images by default, 100,000 with EMOCAM_BENCH_FULL=1. The detector is simulated and the classifier tiny: what
could grow is what the engine keeps of images that are done.
"""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image

import emocam_widgets as emo
from benchmarks.core import Figure, Figures
from emocam_widgets.corpus import Corpus
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.types import Detections

IMAGES = 10_000
FULL = 100_000
BOXES = 50
LABELS = ("Joy", "Excitement", "Craving", "Sadness")
CLASSES = tuple(f"class {i}" for i in range(100))
SIZE = 32
MB = 1024 * 1024
# What a run has to remember of every image: that it is classified, searched and explained.
BYTES_PER_IMAGE = 1024


def measure() -> Figures:
    """Memory at the end of a run beside what it was when a fifth of the images was done."""
    n_images = FULL if os.environ.get("EMOCAM_BENCH_FULL") == "1" else IMAGES
    resident: dict[int, int] = {}
    marks = {n_images // 5, n_images}

    def note(done: int, _total: int, _failures: int) -> None:
        if done in marks:
            gc.collect()
            resident[done] = _resident()

    with tempfile.TemporaryDirectory() as folder:
        corpus = _Drawn(Path(folder), n_images)
        run = emo.analyze(corpus, _classifier(), _Simulated(), out=Path(folder) / "run", progress=note)
        counts = run.manifest.counts
    if counts["images"] != n_images or counts["boxes"] != BOXES * n_images or counts["failures"]:
        raise RuntimeError(f"the run holds {counts}; expected {n_images} images with {BOXES} boxes each")
    start, end = (resident[mark] for mark in sorted(marks))
    grown = end - start
    held = 0.8 * n_images * BYTES_PER_IMAGE / MB
    return {
        "grown_mb": Figure(
            grown / MB,
            32 + held,
            "most",
            f"{n_images:,} images with {BOXES} boxes each: MB grown after the first fifth",
        ),
        "images": Figure(n_images, IMAGES, "least", "the images of that run"),
    }


class _Drawn(Corpus):
    """A corpus without files: each image is made when it is opened."""

    def __init__(self, root: Path, n_images: int) -> None:
        super().__init__(root, [f"{i:06d}.png" for i in range(n_images)], name="drawn", synthetic=True)

    def open(self, image_id: str) -> Image.Image:
        """Smooth random colours, 48 x 40."""
        pixels = np.random.default_rng(int(image_id[:6])).integers(0, 256, (4, 5, 3), dtype=np.uint8)
        return Image.fromarray(pixels).resize((48, 40))


class _Simulated:
    """A detector that finds fifty things in every image."""

    name = "simulated"
    class_names = CLASSES
    fingerprint = "0"
    settings: Mapping[str, Any] = MappingProxyType({})

    def detect(self, images: Sequence[Image.Image], min_confidence: float = 0.005) -> list[Detections]:
        """`BOXES` boxes an image, anywhere in it."""
        return [self._found(image) for image in images]

    def _found(self, image: Image.Image) -> Detections:
        rng = np.random.default_rng(int(np.asarray(image)[0, 0].sum()))
        corners = rng.uniform(0, 30, (BOXES, 2)).astype(np.float32)
        boxes = np.concatenate([corners, corners + rng.uniform(2, 10, (BOXES, 2)).astype(np.float32)], axis=1)
        names = tuple(CLASSES[i] for i in rng.integers(0, len(CLASSES), BOXES))
        return Detections(boxes, np.sort(rng.uniform(0.1, 1, BOXES))[::-1].astype(np.float32), names, self.name)


def _classifier() -> SplitClassifier:
    import torch
    from torch import nn

    class Net(nn.Module):
        """Two convolutions and a linear layer."""

        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 8, 5, stride=2, padding=2)
            self.relu = nn.ReLU()
            self.last = nn.Conv2d(8, 8, 3, stride=2, padding=1)
            self.linear = nn.Linear(8, len(LABELS))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """(n, 3, 32, 32) -> (n, labels)."""
            return self.linear(self.last(self.relu(self.first(x))).mean((2, 3)))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return emo.wrap_classifier(Net(), LABELS, size=SIZE, target="last", name="tiny", synthetic=True)


def _resident() -> int:
    """Bytes of memory that this process has."""
    status = Path("/proc/self/status")
    if not status.is_file():
        raise RuntimeError("this benchmark reads a process's memory from /proc, which only Linux has")
    line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024
