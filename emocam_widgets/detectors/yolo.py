"""Ultralytics YOLO networks from a yaml and a plain state dict: no pickle, no network, no predictor around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from emocam_widgets.detectors.masks import MaskGeometry, mask_in_box
from emocam_widgets.detectors.prepared import DetectorInput
from emocam_widgets.detectors.ultralytics_import import prepare_ultralytics
from emocam_widgets.errors import EmocamError
from emocam_widgets.types import Detections
from emocam_widgets.weights import fingerprint, first_line, load_tensors

PADDING = 114  # the grey that Ultralytics pads with in training
MAX_DETECTIONS = 1000
DETECTION_HEADS = ("Detect", "v10Detect")
SEGMENTATION_HEADS = ("Segment", "Segment26")


class UltralyticsDetector:
    """A YOLO detector on letterboxed squares of `image_size` px, with per-class non-maximum suppression at `iou`.

    A network that segments gives masks too. One that needs no suppression (Ultralytics' `end2end`) gets none.
    """

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
        """`module` gives what an Ultralytics DetectionModel or SegmentationModel gives in eval mode: (n, 4 + classes,
        anchors); or behind the classes m mask coefficients too, and the m prototypes (n, m, rows, columns).

        Boxes from `confidence` on count in an association unless asked otherwise; Ultralytics' own default.
        """
        self.name = name
        self.class_names = tuple(class_names)
        self.settings: Mapping[str, Any] = {"image_size": image_size, "iou": iou, "confidence": confidence}
        self.fingerprint = fingerprint(module, classes=list(class_names), **self.settings)
        self.device = torch.device(device)
        # Convolutions of many channels are a tenth faster on a CPU where a pixel's channels lie together (measured).
        module = module.to(self.device).to(memory_format=torch.channels_last)
        self._module = module.eval().requires_grad_(False)
        self._size = image_size
        self._iou = iou

    def __repr__(self) -> str:
        return f"UltralyticsDetector({self.name!r}, {len(self.class_names)} classes, {self._size} px, on {self.device})"

    def detect(self, images: Sequence[Image.Image], min_confidence: float = 0.005) -> list[Detections]:
        """One `Detections` per RGB image, boxes in its pixels and inside it, the most confident first."""
        return self.detect_prepared([self.prepare(image) for image in images], min_confidence)

    def prepare(self, image: Image.Image) -> DetectorInput:
        """An RGB image as `detect_prepared` takes it; safe to call from several threads at once."""
        return DetectorInput(letterbox(image, self._size), image.size)

    def detect_prepared(self, images: Sequence[DetectorInput], min_confidence: float) -> list[Detections]:
        """`detect` of images that `prepare` was given before; safe to call from several threads at once."""
        if not images:
            return []
        from ultralytics.utils.nms import non_max_suppression

        inputs = torch.stack([image.tensor for image in images]).to(self.device, memory_format=torch.channels_last)
        with torch.no_grad():
            rows, prototypes = _rows_and_prototypes(self._module(inputs))
            found = non_max_suppression(
                rows,
                min_confidence,
                self._iou,
                max_det=MAX_DETECTIONS,
                nc=len(self.class_names),
                max_time_img=60.0,  # its default drops images without a trace on a busy machine
                max_wh=4 * self._size,  # its default, 7680, costs float32 half a pixel where there are 600 classes
                end2end=bool(getattr(self._module, "end2end", False)),
            )
        protos = [None] * len(images) if prototypes is None else [one.float().cpu().numpy() for one in prototypes]
        return [
            self._in_image(rows.cpu().numpy(), image.size, proto)
            for rows, image, proto in zip(found, images, protos, strict=True)
        ]

    def _in_image(self, rows: np.ndarray, size: tuple[int, int], prototypes: np.ndarray | None = None) -> Detections:
        """Rows (n, 6 + m) of x0, y0, x1, y1, confidence, class and mask coefficients in letterbox pixels -> boxes in
        the image's, and masks where there are prototypes (m, rows, columns)."""
        scale, left, top = letterbox_geometry(size, self._size)
        boxes = (rows[:, :4] - np.array([left, top, left, top])) / np.array([*scale, *scale])
        boxes = np.clip(boxes, 0, np.array([*size, *size], dtype=np.float64))
        rows, boxes = rows[(inside := _has_area(boxes))], boxes[inside]
        names = tuple(self.class_names[int(index)] for index in rows[:, 5])
        boxes = boxes.astype(np.float32)
        masks = None if prototypes is None else self._masks(rows[:, 6:], boxes, size, prototypes)
        return Detections(boxes, rows[:, 4].astype(np.float32), names, self.name, masks)

    def _masks(
        self, coefficients: np.ndarray, boxes: np.ndarray, size: tuple[int, int], prototypes: np.ndarray
    ) -> tuple[str, ...]:
        """A mask is where the sum of the prototypes, weighted by the object's coefficients, is above 0 in its box."""
        scale, left, top = letterbox_geometry(size, self._size)
        cells = prototypes.shape[2] / self._size, prototypes.shape[1] / self._size
        geometry = MaskGeometry((scale[0] * cells[0], scale[1] * cells[1]), (left * cells[0], top * cells[1]))
        logits = np.tensordot(coefficients.astype(np.float32), prototypes, axes=1)
        return tuple(mask_in_box(one, geometry, box, size) for one, box in zip(logits, boxes, strict=True))


def _rows_and_prototypes(output: Any) -> tuple[Tensor, Tensor | None]:
    """What a network gives in eval mode, without what it gives for training: its rows, and its mask prototypes."""
    found = output if isinstance(output, Tensor) else output[0]
    return found if isinstance(found, tuple) else (found, None)


def build_detection_model(structure: Path, n_classes: int, tensors: Mapping[str, Tensor], weights: Path) -> nn.Module:
    """An Ultralytics DetectionModel, or SegmentationModel, from its yaml, filled with plain tensors.

    EmocamError where they do not fit, or the yaml describes another kind of network.
    """
    prepare_ultralytics()
    from ultralytics.nn.tasks import DetectionModel, SegmentationModel

    config = _read_yaml(structure)
    kind = str(config["head"][-1][2])
    if kind not in (*DETECTION_HEADS, *SEGMENTATION_HEADS):
        expected = ", ".join([*DETECTION_HEADS, *SEGMENTATION_HEADS])
        raise EmocamError(f"{structure} ends in the layer {kind!r}; expected one that finds objects: {expected}.")
    architecture = SegmentationModel if kind in SEGMENTATION_HEADS else DetectionModel
    try:
        module = architecture(config, ch=3, nc=n_classes, verbose=False)
    except Exception as error:  # of whatever in the yaml it trips over
        raise EmocamError(f"{structure} describes a network that cannot be built: {first_line(error)}") from error
    load_tensors(module, tensors, weights)
    return module.eval()


def _read_yaml(path: Path) -> dict[str, Any]:
    # Not by Ultralytics' own reader: it guesses the scale from the file's name; ours stands in the file as `scale`.
    import yaml

    if not path.is_file():
        raise EmocamError(f"There is no file {path}; expected the yaml of an Ultralytics detection model.")
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        str(config["backbone"]), str(config["head"][-1][2])
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, IndexError, TypeError) as error:
        raise EmocamError(f"{path} is not the yaml of an Ultralytics model: {first_line(error)}") from error
    return dict(config)


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
