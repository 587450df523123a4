"""A small world for faults: tiny pictures, models that take no time, and a run's tables in a form that compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import torch
from PIL import Image
from torch import Tensor, nn

from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.detectors.wrapped import WrappedDetector
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from tests.tiny_models import picture

LABELS = ("Joy", "Excitement", "Craving", "Sadness")
CLASSES = ("Person", "Food", "Flag")
SIZE = 32
# What makes a run's row one of its kind.
IDENTITY = {
    "images": ["image_id"],
    "boxes": ["image_id", "detector", "object_class", "x0", "y0", "x1", "y1"],
    "cams": ["image_id", "method", "target", "output"],
    "failures": ["image_id", "stage", "reason"],
}


class Net(nn.Module):
    """Two convolutions and a linear layer, with random weights that tell pictures apart."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            self.first = nn.Conv2d(3, 8, 5, stride=2, padding=2)
            self.relu = nn.ReLU()
            self.last = nn.Conv2d(8, 8, 3, stride=2, padding=1)
            self.linear = nn.Linear(8, len(LABELS))
            nn.init.normal_(self.linear.weight, std=20.0)
            # Centred, so that every label is some picture's.
            with torch.no_grad():
                pictures = np.stack([np.asarray(picture(seed, (SIZE, SIZE))) for seed in range(32)])
                logits = self(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)
                self.linear.bias.sub_(logits.mean(0))

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, 32, 32) -> (n, labels)."""
        return self.linear(self.last(self.relu(self.first(x))).mean((2, 3)))


def classifier(net: nn.Module | None = None) -> SplitClassifier:
    return wrap_classifier(net or Net(), LABELS, size=SIZE, name="faults", target="last", synthetic=True)


def boxes_of(image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
    """Some boxes that depend on the pixels alone."""
    pixels = np.asarray(image, dtype=np.int64)
    rng = np.random.default_rng(int(pixels.sum()))
    corners = rng.uniform(0, min(image.size) / 2, (int(rng.integers(0, 6)), 2))
    return [
        (CLASSES[i % len(CLASSES)], float(rng.uniform(0.1, 1)), (float(x), float(y), float(x) + 9, float(y) + 7))
        for i, (x, y) in enumerate(corners)
    ]


def detector() -> WrappedDetector:
    return wrap_detector(boxes_of, CLASSES, name="boxer")


def draw(folder: Path, n: int) -> Corpus:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        picture(i, (40, 32)).save(folder / f"{i:04d}.png")
    return Corpus.from_folder(folder)


def parts(run: Path) -> dict[str, dict[str, bytes]]:
    """The content of every file of every committed part."""
    return {
        part.name: {file.name: file.read_bytes() for file in sorted(part.iterdir())}
        for part in sorted((run / "parts").glob("*"))
        if (part / "part.json").is_file()  # at an address that makes it one
    }


def raw_tables(run: Path) -> dict[str, pd.DataFrame]:
    """All rows that the parts hold, read without the package, sorted."""
    tables = {}
    for name, identity in IDENTITY.items():
        files = [run / "parts" / part / f"{name}.parquet" for part in parts(run)]
        rows = [pq.read_table(file).to_pandas() for file in files if file.is_file()]
        if rows:
            tables[name] = pd.concat(rows).sort_values(identity, ignore_index=True)
    return tables


def looked_at(run: Path) -> list[str]:
    """The images that the detector looked at, as the parts tell, sorted."""
    infos = [json.loads(files["part.json"]) for files in parts(run).values()]
    return sorted(image_id for info in infos for image_id in info["detected"].get("boxer", []))


def assert_whole_images(run: Path) -> None:
    """No row twice, and every image that is there has all that belongs to it."""
    tables = raw_tables(run)
    if "images" not in tables:
        return
    for name, rows in tables.items():
        assert not rows.duplicated(IDENTITY[name]).any(), f"{name} holds rows twice"
    ids = tables["images"]["image_id"].tolist()
    assert sorted(tables["cams"]["image_id"]) == ids == looked_at(run)


def assert_same_tables(run: Path, undisturbed: Path) -> None:
    """The same rows in both, grids within what a batch of another size changes."""
    found, expected = raw_tables(run), raw_tables(undisturbed)
    assert found.keys() == expected.keys()
    for name, rows in expected.items():
        plain = [column for column in rows if column not in {"grid", "probabilities", "confidence"}]
        pd.testing.assert_frame_equal(found[name][plain], rows[plain])
        for column in set(rows) - set(plain):
            np.testing.assert_allclose(_stacked(found[name][column]), _stacked(rows[column]), atol=1e-3)
    assert looked_at(run) == looked_at(undisturbed)
    counts = [json.loads((one / "manifest.json").read_text())["counts"] for one in (run, undisturbed)]
    assert counts[0] == counts[1]


def _stacked(column: pd.Series[Any]) -> np.ndarray:
    return np.stack([np.asarray(value, dtype=np.float64) for value in column])
