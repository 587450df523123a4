"""Any function as a detector."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.types import Detections

if TYPE_CHECKING:
    from PIL import Image

Found: TypeAlias = Iterable[tuple[str, float, Sequence[float]]]
DetectFunction: TypeAlias = "Callable[[Image.Image], Found]"


class WrappedDetector:
    """A detector whose boxes come from a function; see `wrap_detector`."""

    def __init__(self, function: DetectFunction, class_names: Sequence[str], name: str, version: str) -> None:
        self.name = name
        self.class_names = tuple(class_names)
        described = "\n".join([name, version, *self.class_names])
        self.fingerprint = hashlib.sha256(described.encode()).hexdigest()
        self.settings: Mapping[str, Any] = {"version": version}
        self._function = function

    def detect(self, images: Sequence[Image.Image], min_confidence: float = 0.005) -> list[Detections]:
        """One `Detections` per image; EmocamError where the function gives something else than promised."""
        return [self._checked(self._function(image), image.size, min_confidence) for image in images]

    def _checked(self, found: Found, size: tuple[int, int], min_confidence: float) -> Detections:
        rows = [(name, float(confidence), box) for name, confidence, box in found]
        for name, _, _ in rows:
            known_name(f"class of the detector {self.name!r}", name, self.class_names)
        rows = sorted((row for row in rows if row[1] >= min_confidence), key=lambda row: -row[1])
        try:
            boxes = np.array([box for _, _, box in rows], dtype=np.float32).reshape(-1, 4)
        except ValueError as error:
            raise EmocamError(f"The detector {self.name!r} gave boxes that are not x0, y0, x1, y1: {error}.") from error
        if len(boxes) != len(rows) or not np.isfinite(boxes).all():
            raise EmocamError(f"The detector {self.name!r} gave boxes that are not four finite numbers each.")
        boxes = np.clip(boxes, 0, np.array([*size, *size], dtype=np.float32))
        inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        kept = [row for row, keep in zip(rows, inside, strict=True) if keep]
        confidence = np.array([row[1] for row in kept], dtype=np.float32)
        return Detections(boxes[inside], confidence, tuple(row[0] for row in kept), self.name)


def wrap_detector(
    function: DetectFunction, class_names: Sequence[str], name: str = "own detector", version: str = "1"
) -> WrappedDetector:
    """Makes a function a detector: RGB image -> any number of (object class, confidence, (x0, y0, x1, y1) in pixels).

    `class_names` are all the classes it can give; a new `version` tells a run that the function has changed. Boxes are
    clipped to the image, empty ones dropped.
    """
    return WrappedDetector(function, class_names, name, version)
