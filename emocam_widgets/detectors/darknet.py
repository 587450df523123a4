"""Darknet detectors: any YOLO from its .cfg, .weights and .names, and the EmoCAM paper's with its post-processing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from emocam_widgets.detectors.darknet_cfg import read_structure
from emocam_widgets.detectors.darknet_network import DarknetNetwork, load_network
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.types import Detections
from emocam_widgets.weights import fingerprint
from emocam_widgets.weights_files import needed_files

ClassScores: TypeAlias = Literal["sigmoid", "softmax"]
BATCH = 4  # 601 classes of 22,743 boxes are 55 MB per image


class DarknetDetector:
    """A Darknet YOLO on images letterboxed with black bars, with per-class non-maximum suppression at `iou`.

    A box has one class, its best; its confidence is objectness times that class's score. `class_scores` says how the
    network's outputs become scores: by "sigmoid", the default, because Darknet trains and runs its networks so (classes
    do not exclude each other: a Woman is a Person), or by "softmax" over the classes, as the EmoCAM authors' code did.
    """

    def __init__(
        self,
        network: DarknetNetwork,
        class_names: Sequence[str],
        *,
        name: str,
        iou: float = 0.45,
        confidence: float = 0.25,
        class_scores: ClassScores = "sigmoid",
        device: torch.device | str = "cpu",
    ) -> None:
        """Boxes from `confidence` on count in an association unless asked otherwise. `iou` and it: Darknet's own."""
        structure = network.structure
        if len(class_names) != structure.n_classes:
            raise EmocamError(
                f"{len(class_names)} class names are given for {structure.path}; expected {structure.n_classes}."
            )
        known_name("way to class scores", class_scores, get_args(ClassScores))
        self.name = name
        self.class_names = tuple(class_names)
        self.settings: Mapping[str, Any] = {
            "image_size": [structure.width, structure.height],
            "iou": iou,
            "confidence": confidence,
            "class_scores": class_scores,
        }
        described = repr((structure.width, structure.height, structure.layers))
        self.fingerprint = fingerprint(network, structure=described, classes=list(class_names), **self.settings)
        self.device = torch.device(device)
        self._network = network.to(self.device).eval()
        self._size = structure.width, structure.height
        self._iou = iou
        self._softmax = class_scores == "softmax"

    def __repr__(self) -> str:
        width, height = self._size
        return (
            f"DarknetDetector({self.name!r}, {len(self.class_names)} classes, {width} x {height} px, on {self.device})"
        )

    def detect(self, images: Sequence[Image.Image], min_confidence: float = 0.005) -> list[Detections]:
        """One `Detections` per RGB image, boxes in its pixels and inside it, the most confident first."""
        found = []
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH]
            inputs = torch.stack([letterbox(image, self._size) for image in batch]).to(self.device)
            with torch.no_grad():
                outputs = self._network(inputs)
                rows = [self._boxes(output, min_confidence) for output in outputs]
            found += [self._in_image(row, image.size) for row, image in zip(rows, batch, strict=True)]
        return found

    def _boxes(self, output: Tensor, min_confidence: float) -> np.ndarray:
        """The network's rows (boxes, 5 + classes) of one image -> (n, 6): x0, y0, x1, y1, confidence, class."""
        from torchvision.ops import nms

        # No class score is above 1: most boxes go before their hundreds of classes are looked at.
        output = output[(output[:, 4] >= min_confidence) & torch.isfinite(output).all(dim=1)]
        scores = torch.softmax(output[:, 5:], dim=1) if self._softmax else torch.sigmoid(output[:, 5:])
        best, classes = scores.max(dim=1)
        confidence = output[:, 4] * best
        enough = confidence >= min_confidence
        # In double from here on, on the CPU because not every device has it.
        confidence, classes, boxes = (part[enough].cpu().double() for part in (confidence, classes, output[:, :4]))
        boxes = torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], dim=1)
        # Boxes of different classes are moved apart, so that they do not meet.
        apart = classes * (boxes.max() - boxes.min() + 1) if len(boxes) else classes
        kept = nms(boxes + apart[:, None], confidence, self._iou)
        return torch.cat([boxes, confidence[:, None], classes[:, None]], dim=1)[kept].numpy()

    def _in_image(self, rows: np.ndarray, size: tuple[int, int]) -> Detections:
        """Rows (n, 6) in pixels of the network's input -> boxes in the image's."""
        width, height, left, top = letterbox_geometry(size, self._size)
        scale = np.array([width / size[0], height / size[1]] * 2)
        boxes = (rows[:, :4] - np.array([left, top, left, top])) / scale
        boxes = np.clip(boxes, 0, np.array([*size, *size], dtype=np.float64))
        inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        names = tuple(self.class_names[int(index)] for index in rows[inside, 5])
        return Detections(boxes[inside].astype(np.float32), rows[inside, 4].astype(np.float32), names, self.name)


def letterbox_geometry(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """Of a (width, height) image in one of the target's size: its width, height, left and top there, in px."""
    scale = min(target[0] / size[0], target[1] / size[1])
    width, height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    return width, height, (target[0] - width) // 2, (target[1] - height) // 2


def letterbox(image: Image.Image, target: tuple[int, int]) -> Tensor:
    """The image between black bars, resized bicubically: float32 (3, height, width) of 0..1."""
    width, height, left, top = letterbox_geometry(image.size, target)
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    square = Image.new("RGB", target)
    square.paste(rgb.resize((width, height), Image.Resampling.BICUBIC), (left, top))
    return torch.from_numpy(np.asarray(square).transpose(2, 0, 1).copy()).float() / 255


def read_class_names(path: str | Path) -> tuple[str, ...]:
    """One class name a line; EmocamError where the file is missing, not text, or a name is empty or unprintable."""
    path = Path(path)
    if not path.is_file():
        raise EmocamError(f"There is no file {path}; expected one class name a line.")
    try:
        lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    except UnicodeDecodeError as error:
        raise EmocamError(f"{path} is not UTF-8 text; expected one class name a line.") from error
    names = tuple(line.strip() for line in lines)
    for number, name in enumerate(names, start=1):
        if not name or not name.isprintable():
            raise EmocamError(f"{path}, line {number}: {name!r} is no class name; expected printable characters.")
    return names


def load_darknet(
    cfg: str | Path,
    weights: str | Path,
    names: str | Path,
    *,
    name: str | None = None,
    iou: float = 0.45,
    confidence: float = 0.25,
    class_scores: ClassScores = "sigmoid",
    device: torch.device | str = "cpu",
) -> DarknetDetector:
    """A detector from Darknet's three files; see DarknetDetector for the settings.

    Raises EmocamError where a file is missing, describes an unknown layer, or does not fit the others.
    """
    structure = read_structure(cfg)
    class_names = read_class_names(names)
    if len(class_names) != structure.n_classes:
        raise EmocamError(f"{names} has {len(class_names)} class names; expected {structure.n_classes}, as {cfg} says.")
    return DarknetDetector(
        load_network(structure, weights),
        class_names,
        name=name or Path(cfg).stem,
        iou=iou,
        confidence=confidence,
        class_scores=class_scores,
        device=device,
    )


def load_yolov3_openimages(
    class_scores: ClassScores = "sigmoid", device: torch.device | str = "cpu"
) -> DarknetDetector:
    """The EmoCAM paper's detector as the paper uses it: confidence from 0.005 on, suppression at an IoU of 0.005.

    Its files are those that `emocam models pull yolov3-openimages` fetches; EmocamError with the addresses where not.
    """
    model = "yolov3-openimages"
    files = needed_files(model)
    return load_darknet(
        files["yolov3-openimages.cfg"],
        files["yolov3-openimages.weights"],
        files["openimages.names"],
        name=model if class_scores == "sigmoid" else f"{model}-{class_scores}",
        iou=0.005,
        confidence=0.005,
        class_scores=class_scores,
        device=device,
    )
