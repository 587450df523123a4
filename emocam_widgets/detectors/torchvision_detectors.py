"""torchvision's detectors: the published ones by name, and any module of its kind with class names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from emocam_widgets.detectors.masks import MaskGeometry, mask_in_box
from emocam_widgets.errors import EmocamError
from emocam_widgets.types import Detections
from emocam_widgets.weights import fingerprint, first_line, read_state_dict
from emocam_widgets.weights_files import needed_files, published

NO_CLASS = ("__background__", "N/A")  # what torchvision calls the labels that stand for no class
CONFIDENCE = 0.5  # ours: torchvision has no default, and its own examples ask for 0.5 to 0.9
MASK_SIDE = 1333  # px: torchvision pastes every mask into the whole image as floats, gigabytes for a photograph
# Trained before torchvision's frozen batch normalisation added anything to the variance.
WITHOUT_EPSILON = ("fasterrcnn-resnet50-fpn", "maskrcnn-resnet50-fpn", "retinanet-resnet50-fpn")


class TorchvisionDetector:
    """A module that takes a list of images and gives dicts of boxes, labels, scores and perhaps masks.

    Below the score from which the module itself gives boxes (mostly 0.05) there are none to find. `iou` and the image
    size are the module's own.
    """

    def __init__(
        self,
        module: nn.Module,
        class_names: Sequence[str],
        *,
        name: str,
        confidence: float = CONFIDENCE,
        device: torch.device | str = "cpu",
    ) -> None:
        """`class_names` by label, the background's first, as in `weights.meta["categories"]`."""
        self.name = name
        self.class_names = tuple(dict.fromkeys(one for one in class_names if one not in NO_CLASS))
        if not self.class_names:
            raise EmocamError(f"{name} has no class names; expected one for each label, the background's first.")
        self.settings: Mapping[str, Any] = {"confidence": confidence}
        self.fingerprint = fingerprint(module, classes=list(class_names), **self.settings)
        self.device = torch.device(device)
        self._names = tuple(class_names)
        self._module = module.to(self.device).eval().requires_grad_(False)
        self._masks = bool(getattr(getattr(module, "roi_heads", None), "has_mask", lambda: False)())

    def __repr__(self) -> str:
        masks = ", masks" if self._masks else ""
        return f"TorchvisionDetector({self.name!r}, {len(self.class_names)} classes{masks}, on {self.device})"

    def detect(self, images: Sequence[Image.Image], min_confidence: float = 0.005) -> list[Detections]:
        """One `Detections` per RGB image, boxes in its pixels and inside it, the most confident first."""
        if not images:
            return []
        seen = [self._seen(image) for image in images]
        with torch.no_grad():
            found = self._module([_tensor(image).to(self.device) for image in seen])
        return [
            self._in_image(one, small.size, image.size, min_confidence)
            for one, small, image in zip(found, seen, images, strict=True)
        ]

    def _seen(self, image: Image.Image) -> Image.Image:
        longest = max(image.size)
        if not self._masks or longest <= MASK_SIDE:
            return image
        size = [max(1, round(side * MASK_SIDE / longest)) for side in image.size]
        return image.resize((size[0], size[1]), Image.Resampling.BILINEAR)

    def _in_image(
        self, found: Mapping[str, Tensor], seen: tuple[int, int], size: tuple[int, int], min_confidence: float
    ) -> Detections:
        if not isinstance(found, Mapping) or not {"boxes", "labels", "scores"} <= set(found):
            raise EmocamError(
                f"The detector {self.name!r} gave a {type(found).__name__} without boxes, labels and scores; expected "
                "what torchvision's detectors give."
            )
        scores, labels = found["scores"].cpu().numpy(), found["labels"].cpu().numpy()
        raw = found["boxes"].cpu().numpy().reshape(-1, 4)
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(self._names):
            raise EmocamError(
                f"The detector {self.name!r} gave label {labels.max()}; expected 0 to {len(self._names) - 1}, as many "
                "as it has class names."
            )
        ratio = np.array([size[0] / seen[0], size[1] / seen[1]] * 2)
        boxes = np.clip(raw * ratio, 0, np.array([*size, *size], dtype=np.float64)).astype(np.float32)
        named = np.array([self._names[label] not in NO_CLASS for label in labels], dtype=bool)
        kept = named & (scores >= min_confidence) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        order = np.flatnonzero(kept)[np.argsort(-scores[kept], kind="stable")]
        masks = None
        if "masks" in found:
            # Of the probabilities, those above a half count; between two pixels where the image was seen smaller.
            geometry = MaskGeometry((1 / ratio[0], 1 / ratio[1]), (0.0, 0.0))
            probabilities = (found["masks"][int(index), 0].float().cpu().numpy() for index in order)
            masks = tuple(
                mask_in_box(np.subtract(probability, 0.5, dtype=np.float32), geometry, boxes[index], size)
                for probability, index in zip(probabilities, order, strict=True)
            )
        names = tuple(self._names[labels[index]] for index in order)
        return Detections(boxes[order], scores[order].astype(np.float32), names, self.name, masks)


def wrap_torchvision(
    module: nn.Module,
    class_names: Sequence[str],
    name: str = "own detector",
    *,
    confidence: float = CONFIDENCE,
    device: torch.device | str | None = None,
) -> TorchvisionDetector:
    """Makes a torchvision detector, or a module that takes and gives the same, a detector here.

    Args:
        module: takes a list of float images (3, height, width) of 0..1; gives for each a dict of boxes (n, 4) in its
            pixels, labels (n,), scores (n,) and, where it segments, masks (n, 1, height, width) of 0..1.
        class_names: by label; "__background__" and "N/A" stand for no class.
        name: of the detector.
        confidence: boxes from it on count in an association unless asked otherwise.
        device: of torch; by default the one that the module is on.

    Raises:
        EmocamError: there is no class name.
    """
    here = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    return TorchvisionDetector(module, class_names, name=name, confidence=confidence, device=device or here)


def load_torchvision_detector(name: str, device: torch.device | str = "cpu") -> TorchvisionDetector:
    """One of torchvision's published detectors by its name here ("fasterrcnn-resnet50-fpn"), on COCO's classes.

    EmocamError where its file is not here yet (with address and folder), is damaged or is another model's.
    """
    file = published(name).files[0].name
    path = needed_files(name)[file]
    tensors = read_state_dict(path)
    module, class_names = build_torchvision_detector(name)
    try:
        # With the module's own renaming of what older files call otherwise.
        outcome = module.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        shapes = [line.strip() for line in str(error).splitlines()[1:]]
        raise EmocamError(f"{path} does not fit {name}: {shapes[0] if shapes else first_line(error)}") from error
    for what, keys in (("has no tensor", outcome.missing_keys), ("holds the unknown tensor", outcome.unexpected_keys)):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise EmocamError(f"{path} {what} {keys[0]!r}{more}; expected the weights of {name}.")
    return TorchvisionDetector(module, class_names, name=name, device=device)


def build_torchvision_detector(name: str) -> tuple[nn.Module, tuple[str, ...]]:
    """The network of that name with random weights, set up for the published ones; its class names by label."""
    from torchvision.models import get_model_builder, get_model_weights

    architecture = name.replace("-", "_")
    categories = get_model_weights(architecture).COCO_V1.meta["categories"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the weights that it is built without
        module = get_model_builder(architecture)(weights=None, weights_backbone=None, num_classes=len(categories))
    if name in WITHOUT_EPSILON:
        for layer in module.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eps = 0.0
    return module.eval(), tuple(categories)


def _tensor(image: Image.Image) -> Tensor:
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    return torch.from_numpy(np.asarray(rgb).transpose(2, 0, 1).copy()).float() / 255
