"""Training of the embedded world's detector (a narrow YOLOv8) on generated scenes, and its score on other seeds."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from PIL import Image

from emocam_widgets.demo.scenes.compose import Profile, Rendered, render, sample_scene
from emocam_widgets.demo.scenes.moods import CLASSES
from emocam_widgets.demo.training.seeds import over_cores, scene_keys
from emocam_widgets.detectors.demo import load_demo_detector, save_detector
from emocam_widgets.detectors.ultralytics_import import prepare_ultralytics
from emocam_widgets.errors import EmocamError

SMALLEST_SIDE = 16
"""Boxes count in the score where both sides measure at least this many pixels at the network's input size."""


COMMON: dict[str, Any] = {
    "exist_ok": True,
    "optimizer": "AdamW",
    "lrf": 0.02,
    "cos_lr": True,
    "scale": 0.3,
    "translate": 0.08,
    "hsv_h": 0.01,
    "hsv_s": 0.3,
    "hsv_v": 0.25,
    "erasing": 0.0,
    "workers": 0,
    "cache": "ram",
    "val": False,
    "plots": False,
}
"""Ultralytics' settings of both stages."""


@dataclass(frozen=True)
class DetectorTraining:
    """Settings; the defaults made the shipped weights. ``width`` and ``depth`` scale YOLOv8's channels and blocks."""

    scenes: int = 4_500
    test_scenes: int = 400
    epochs: int = 14
    crowded_scenes: int = 4_000
    crowded_epochs: int = 7
    batch: int = 16
    image_size: int = 320
    width: float = 0.1875
    depth: float = 0.33
    seed: int = 7


@dataclass(frozen=True)
class DetectorScore:
    """Mean average precision at IoU 0.5 (0..1) over classes, for ``n_boxes`` boxes in ``n`` scenes, and per class."""

    map50: float
    n: int
    n_boxes: int
    average_precision: dict[str, float]
    settings: dict[str, float]
    seconds: float


def train_detector(
    work: Path,
    out: Path,
    settings: DetectorTraining | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> DetectorScore:
    """Train, write ``out``/detector.safetensors and detector.yaml and return the score on scenes of other seeds.

    ``work`` keeps the rendered scenes and Ultralytics' checkpoints; an interrupted training goes on from the last.
    """
    settings = settings or DetectorTraining()
    work = work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    architecture = _architecture(work, settings)
    prepare_ultralytics()
    import torch
    from ultralytics.models import YOLO

    started = time.monotonic()
    if threads:
        torch.set_num_threads(threads)
    common = {
        **COMMON,
        "batch": settings.batch,
        "imgsz": settings.image_size,
        "seed": settings.seed,
        "project": str(work),
        "device": device or ("0" if torch.cuda.is_available() else "cpu"),
        "amp": torch.cuda.is_available(),
    }
    # First scenes as they are, which teaches people and their parts; then crowded ones, for the things that are rarer.
    first = _stage(
        architecture,
        work / "detector-run",
        {
            **common,
            "data": str(_dataset(work, "detector", settings.scenes, settings)),
            "pretrained": False,
            "epochs": settings.epochs,
            "lr0": 0.003,
            "warmup_epochs": 1.0,
            "mosaic": 0.5,
            "close_mosaic": 4,
        },
    )
    last = _stage(
        first,
        work / "detector-run-crowded",
        {
            **common,
            "data": str(_dataset(work, "crowded", settings.crowded_scenes, settings)),
            "pretrained": True,
            "epochs": settings.crowded_epochs,
            "lr0": 0.002,
            "warmup_epochs": 0.2,
            "mosaic": 0.3,
            "close_mosaic": 2,
        },
    )
    seconds = time.monotonic() - started
    trained = YOLO(str(last)).model
    if not isinstance(trained, torch.nn.Module):
        raise EmocamError(f"{last} holds no network: delete {last.parent.parent} and train again.")
    out.mkdir(parents=True, exist_ok=True)
    save_detector(out / "detector.safetensors", trained, CLASSES, settings.image_size, half=True)
    shutil.copyfile(architecture, out / "detector.yaml")
    return score_detector(out, settings, seconds)


def _stage(start: Path, folder: Path, settings: dict[str, Any]) -> Path:
    """Train from ``start`` (a yaml or weights) into ``folder``, or go on there; returns the last weights."""
    from ultralytics.models import YOLO

    last, finished = folder / "weights" / "last.pt", folder / "finished"
    if not finished.is_file():
        if last.is_file():
            YOLO(str(last)).train(resume=True)
        else:
            YOLO(str(start), task="detect").train(name=folder.name, **settings)
        finished.touch()
    return last


def score_detector(folder: Path, settings: DetectorTraining, seconds: float = 0.0) -> DetectorScore:
    """mAP@0.5 of the detector in ``folder`` over boxes of at least ``SMALLEST_SIDE`` pixels a side at its input size.

    Smaller true boxes are neither required nor punished: detections that meet one, or are as small, are set aside.
    """
    prepare_ultralytics()
    from ultralytics.utils.metrics import ap_per_class

    detector = load_demo_detector(folder / "detector.safetensors", folder / "detector.yaml")
    index = {name: i for i, name in enumerate(CLASSES)}
    hits, confidences, classes, wanted = [], [], [], []
    keys = scene_keys("detector-test", settings.test_scenes)
    for picture in over_cores(_scene_of, keys, "drawing and scoring test scenes"):
        found = detector.detect([Image.fromarray(picture.image)], min_confidence=0.005)[0]
        shrink = settings.image_size / max(picture.image.shape[:2])
        true_boxes = np.array([b.box for b in picture.boxes], np.float32).reshape(-1, 4)
        true_class = np.array([index[b.object_class] for b in picture.boxes], int)
        found_class = np.array([index[name] for name in found.object_class], int)
        hit, counts = _match(found.boxes, found.confidence, found_class, true_boxes, true_class, shrink)
        hits.append(hit[counts])
        confidences.append(found.confidence[counts])
        classes.append(found_class[counts])
        wanted.append(true_class[_large(true_boxes, shrink)])
    result = ap_per_class(
        np.concatenate(hits)[:, None], np.concatenate(confidences), np.concatenate(classes), np.concatenate(wanted)
    )
    per_class, present = result[5][:, 0], result[6]
    by_name = {CLASSES[c]: float(ap) for c, ap in zip(present, per_class, strict=True)}
    n_boxes = int(sum(len(w) for w in wanted))
    return DetectorScore(float(per_class.mean()), len(keys), n_boxes, by_name, asdict(settings), seconds)


def _large(boxes: np.ndarray, shrink: float) -> np.ndarray:
    sides = (boxes[:, 2:] - boxes[:, :2]) * shrink
    return sides.min(1) >= SMALLEST_SIDE if len(boxes) else np.zeros(0, bool)


def _match(
    boxes: np.ndarray,
    confidence: np.ndarray,
    classes: np.ndarray,
    true_boxes: np.ndarray,
    true_class: np.ndarray,
    shrink: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Greedy matching by confidence at IoU 0.5 within a class: (is a hit, counts in the score), both bool (n,)."""
    hit, counts = np.zeros(len(boxes), bool), _large(boxes, shrink)
    large, free = _large(true_boxes, shrink), np.ones(len(true_boxes), bool)
    corner = np.maximum(boxes[:, None, :2], true_boxes[None, :, :2])
    overlap = np.clip(np.minimum(boxes[:, None, 2:], true_boxes[None, :, 2:]) - corner, 0, None).prod(-1)
    area = (
        (boxes[:, 2:] - boxes[:, :2]).prod(1)[:, None] + (true_boxes[:, 2:] - true_boxes[:, :2]).prod(1)[None] - overlap
    )
    iou = np.where(classes[:, None] == true_class[None], overlap / np.maximum(area, 1e-9), 0.0)
    for row in np.argsort(-confidence):
        candidates = np.where(free, iou[row], 0.0)
        if len(candidates) and candidates.max() >= 0.5:
            best = int(candidates.argmax())
            free[best] = False
            hit[row], counts[row] = large[best], large[best]
    return hit, counts


def _scene_of(key: tuple[str, int]) -> Rendered:
    return render(sample_scene(*key, "detector"))


def _write_scene(job: tuple[Path, Profile, str, int, int]) -> None:
    """One picture at the network's size, as JPEG, and its boxes in YOLO's text form."""
    folder, profile, label, seed, size = job
    picture = render(sample_scene(label, seed, profile))
    height, width = picture.image.shape[:2]
    shrink = size / max(width, height)
    # As the detector itself resizes (see detectors.yolo.letterbox), so that training sees what it will see later.
    small = cv2.resize(picture.image, (round(width * shrink), round(height * shrink)), interpolation=cv2.INTER_LINEAR)
    Image.fromarray(small).save(folder / "images" / "train" / f"{seed}.jpg", quality=92)
    lines = []
    for true in picture.boxes:
        x0, y0, x1, y1 = true.box
        if min(x1 - x0, y1 - y0) * shrink < 3:
            continue
        centre = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
        lines.append(f"{CLASSES.index(true.object_class)} " + " ".join(f"{value:.6f}" for value in centre))
    (folder / "labels" / "train" / f"{seed}.txt").write_text("\n".join(lines), encoding="utf-8")


def _dataset(work: Path, profile: Profile, count: int, settings: DetectorTraining) -> Path:
    """``count`` rendered training scenes as an Ultralytics data set in ``work``; returns its yaml."""
    use = "detector-train" if profile == "detector" else f"detector-{profile}"
    folder = work / f"{use}-{count}"
    path = folder / "data.yaml"
    if not path.is_file():
        for kind in ("images", "labels"):
            (folder / kind / "train").mkdir(parents=True, exist_ok=True)
        jobs = [(folder, profile, *key, settings.image_size) for key in scene_keys(use, count)]
        for _ in over_cores(_write_scene, jobs, f"drawing {use}"):
            continue
        # Ultralytics wants a validation set; our own score, on scenes of other seeds, follows the training.
        (folder / "val.txt").write_text(
            "\n".join(f"./images/train/{job[3]}.jpg" for job in jobs[:64]), encoding="utf-8"
        )
        described = {"path": str(folder), "train": "images/train", "val": "val.txt", "names": dict(enumerate(CLASSES))}
        path.write_text(yaml.safe_dump(described), encoding="utf-8")
    return path


def _architecture(work: Path, settings: DetectorTraining) -> Path:
    """YOLOv8's layer list from Ultralytics with our own width and depth, as a yaml in ``work``."""
    prepare_ultralytics()
    import ultralytics

    original = Path(ultralytics.__file__).parent / "cfg" / "models" / "v8" / "yolov8.yaml"
    layers = yaml.safe_load(original.read_text(encoding="utf-8"))
    layers.update(nc=len(CLASSES), scales={"n": [settings.depth, settings.width, 1024]}, scale="n")
    path = work / "detector.yaml"
    path.write_text(yaml.safe_dump(layers, default_flow_style=None), encoding="utf-8")
    return path
