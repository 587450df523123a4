"""Ultralytics YOLO networks from a yaml and a plain state dict: no pickle, no network, no predictor around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from emocam_widgets.detectors.ultralytics_import import prepare_ultralytics
from emocam_widgets.errors import EmocamError
from emocam_widgets.types import Detections
from emocam_widgets.weights import fingerprint, load_tensors

PADDING = 114  # the grey that Ultralytics pads with in training
MAX_DETECTIONS = 1000


class UltralyticsDetector:
    """A YOLO detector on letterboxed squares of `image_size` px, with per-class non-maximum suppression at `iou`."""

    def __init__(
        self,
        module: nn.Module,
        class_names: Sequence[str],
        *,
        name: str,
        image_size: int = 320,
        iou: float = 0.45,
        confidence: float = 0.25,
        device: torch.device | str = "cpu",
    ) -> None:
        """`module` gives (n, 4 + classes, anchors) in eval mode, as an Ultralytics DetectionModel does.

        Boxes from `confidence` on count in an association unless asked otherwise; Ultralytics' own default.
        """
        self.name = name
        self.class_names = tuple(class_names)
        self.settings: Mapping[str, Any] = {"image_size": image_size, "iou": iou, "confidence": confidence}
        self.fingerprint = fingerprint(module, classes=list(class_names), **self.settings)
        self.device = torch.device(device)
        self._module = module.to(self.device).eval().requires_grad_(False)
        self._size = image_size
        self._iou = iou

    def __repr__(self) -> str:
        return f"UltralyticsDetector({self.name!r}, {len(self.class_names)} classes, {self._size} px, on {self.device})"

    def detect(self, images: Sequence[Image.Image], min_confidence: float = 0.005) -> list[Detections]:
        """One `Detections` per RGB image, boxes in its pixels and inside it, the most confident first."""
        if not images:
            return []
        from ultralytics.utils.nms import non_max_suppression

        inputs = torch.stack([letterbox(image, self._size) for image in images]).to(self.device)
        with torch.no_grad():
            output = self._module(inputs)
            found = non_max_suppression(
                output,
                min_confidence,
                self._iou,
                max_det=MAX_DETECTIONS,
                nc=len(self.class_names),
                max_time_img=60.0,  # its default drops images without a trace on a busy machine
                max_wh=4 * self._size,  # its default, 7680, costs float32 half a pixel where there are 600 classes
            )
        return [self._in_image(rows.cpu().numpy(), image.size) for rows, image in zip(found, images, strict=True)]

    def _in_image(self, rows: np.ndarray, size: tuple[int, int]) -> Detections:
        """Rows (n, 6) of x0, y0, x1, y1, confidence, class in letterbox pixels -> boxes in the image's."""
        scale, left, top = letterbox_geometry(size, self._size)
        boxes = (rows[:, :4] - np.array([left, top, left, top])) / np.array([*scale, *scale])
        boxes = np.clip(boxes, 0, np.array([*size, *size], dtype=np.float64))
        rows, boxes = rows[(inside := _has_area(boxes))], boxes[inside]
        names = tuple(self.class_names[int(index)] for index in rows[:, 5])
        return Detections(boxes.astype(np.float32), rows[:, 4].astype(np.float32), names, self.name)


def build_detection_model(structure: Path, n_classes: int, tensors: Mapping[str, Tensor], weights: Path) -> nn.Module:
    """An Ultralytics DetectionModel from its yaml, filled with plain tensors; EmocamError where they do not fit."""
    prepare_ultralytics()
    import yaml
    from ultralytics.nn.tasks import DetectionModel

    if not structure.is_file():
        raise EmocamError(f"There is no file {structure}; expected the yaml of an Ultralytics detection model.")
    # Not Ultralytics' own reader: it guesses the scale from the file's name; ours stands in the file as `scale`.
    module = DetectionModel(yaml.safe_load(structure.read_text(encoding="utf-8")), ch=3, nc=n_classes, verbose=False)
    load_tensors(module, tensors, weights)
    return module.eval()


def letterbox_geometry(size: tuple[int, int], side: int) -> tuple[tuple[float, float], int, int]:
    """Of a (width, height) image in a square of `side` px: scale of x and y, and the left and top padding in px."""
    width, height = _fitted(size, side)
    return (width / size[0], height / size[1]), round((side - width) / 2 - 0.1), round((side - height) / 2 - 0.1)


def letterbox(image: Image.Image, side: int) -> Tensor:
    """The image on grey in a square: float32 (3, side, side) of 0..1.

    Interpolated as Ultralytics does in training (bilinear between neighbours), after a plain average where the image is
    more than twice too large, which would otherwise alias.
    """
    width, height = _fitted(image.size, side)
    _, left, top = letterbox_geometry(image.size, side)
    factor = max(1, min(image.width // (2 * width), image.height // (2 * height)))
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    reduced = rgb.reduce(factor) if factor > 1 else rgb
    pixels = torch.from_numpy(np.asarray(reduced).copy()).permute(2, 0, 1).unsqueeze(0)
    resized = nn.functional.interpolate(pixels, (height, width), mode="bilinear", align_corners=False)
    square = torch.full((3, side, side), PADDING, dtype=torch.uint8)
    square[:, top : top + height, left : left + width] = resized[0]
    return square.float() / 255


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(side / size[0], side / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _has_area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
