"""A tiny world to test widgets on: drawn images and a run over them, with known boxes, maps and labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from emocam_widgets.corpus import Corpus
from emocam_widgets.run import ClassifierInfo, CorpusInfo, DetectorInfo, Manifest, MethodInfo, Run, RunWriter, open_run

LABELS = ("Joy", "Excitement", "Craving", "Sadness", "Sexual Desire", "Aesthetic Appreciation")
CLASSES = ("Person", "Human face", "Clothing", "Sports equipment", "Food", "Plant", "Furniture", "Flag", "Wheel")
NEVER = "Sexual Desire"  # the label that no image gets
GRID = 13


def make_run(folder: Path, n: int = 40, seed: int = 7) -> Run:
    """Draws `n` images into `folder`/images and writes a run over them into `folder`/run.

    Sports equipment is highlighted mostly in Excitement, Food mostly in Craving; faces everywhere. One image has no box
    at all, one has a constant map, and no image has the label `NEVER`.
    """
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    images, boxes, cams = [], [], []
    labels = [label for label in LABELS if label != NEVER]
    for i in range(n):
        label = labels[i % len(labels)]
        width, height = [(320, 240), (240, 320), (300, 300)][i % 3]
        image_id = f"{label.split()[0].lower()}/{i:03d}.webp"
        found = _boxes_of(label, width, height, rng) if i != 3 else []
        _draw(folder / "images" / image_id, width, height, found, rng)
        images.append(_image_row(image_id, width, height, label, rng))
        boxes += [{"image_id": image_id, "detector": "drawn", "mask": None, **box} for box in found]
        grid = _grid(found, width, height, rng) if i != 4 else np.zeros((GRID, GRID))
        cams.append(_cam_row(image_id, label, grid, width, height))
    manifest = Manifest(
        corpus=CorpusInfo("folder", str(folder / "images"), "tiny", synthetic=True, n_images=n),
        classifier=ClassifierInfo("drawn", "0", synthetic=True),
        labels=LABELS,
        detectors=(DetectorInfo("drawn", "0", CLASSES),),
        methods=(MethodInfo("grad-cam"),),
    )
    with RunWriter(folder / "run", manifest) as writer:
        writer.write_part(
            {"images": pd.DataFrame(images), "boxes": pd.DataFrame(boxes), "cams": pd.DataFrame(cams)},
            detected={"drawn": [row["image_id"] for row in images]},
        )
        writer.finish()
    return open_run(folder / "run", corpus=Corpus.from_folder(folder / "images"))


def _boxes_of(label: str, width: int, height: int, rng: np.random.Generator) -> list[dict]:
    present = [("Person", 0.9), ("Human face", 0.85), ("Clothing", 0.8)]
    present += [
        ("Sports equipment", 0.9 if label == "Excitement" else 0.12),
        ("Food", 0.85 if label == "Craving" else 0.15),
    ]
    present += [("Plant", 0.4), ("Furniture", 0.3), ("Flag", 0.2)]
    boxes = []
    for object_class, chance in present:
        if rng.random() < chance:
            w, h = rng.uniform(0.15, 0.4, 2) * (width, height)
            x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
            boxes.append({"object_class": object_class, "confidence": float(rng.uniform(0.3, 0.99)),
                          "x0": x, "y0": y, "x1": x + w, "y1": y + h})  # fmt: skip
    return boxes


def _draw(path: Path, width: int, height: int, boxes: list[dict], rng: np.random.Generator) -> None:
    path.parent.mkdir(exist_ok=True)
    image = Image.new("RGB", (width, height), tuple(int(v) for v in rng.integers(120, 230, 3)))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, int(0.7 * height), width, height), fill=tuple(int(v) for v in rng.integers(60, 140, 3)))
    for box in boxes:
        draw.ellipse((box["x0"], box["y0"], box["x1"], box["y1"]), fill=tuple(int(v) for v in rng.integers(0, 255, 3)))
    image.save(path, quality=70)


def _grid(boxes: list[dict], width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A map with a hill on one or two of the boxes, the telling ones first."""
    y, x = (np.mgrid[0:GRID, 0:GRID] + 0.5) / GRID
    grid = 0.08 * rng.random((GRID, GRID))
    order = ["Sports equipment", "Food", "Human face", "Plant", "Furniture", "Person", "Clothing", "Flag"]
    for box in sorted(boxes, key=lambda b: order.index(b["object_class"]))[:2]:
        cx, cy = (box["x0"] + box["x1"]) / 2 / width, (box["y0"] + box["y1"]) / 2 / height
        grid += np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.03)
    grid -= grid.min()
    return grid / grid.max()


def _image_row(image_id: str, width: int, height: int, label: str, rng: np.random.Generator) -> dict:
    probabilities = rng.dirichlet(np.full(len(LABELS), 0.7)).astype(np.float32)
    best = int(probabilities.argmax())
    chosen = LABELS.index(label)
    probabilities[[best, chosen]] = probabilities[[chosen, best]]
    return {"image_id": image_id, "width": width, "height": height, "label": label, "annotation": label,
            "probabilities": probabilities.tolist(), "valence": None, "arousal": None}  # fmt: skip


def _cam_row(image_id: str, label: str, grid: np.ndarray, width: int, height: int) -> dict:
    return {"image_id": image_id, "method": "grad-cam", "target": label, "output": "probabilities",
            "grid": grid.astype(np.float16).ravel(), "grid_height": GRID, "grid_width": GRID,
            "view_x0": 0.0, "view_y0": 0.0, "view_x1": float(width), "view_y1": float(height)}  # fmt: skip
