"""Detectors that take images prepared beforehand, so that a corpus run can decode and resize while the network runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from emocam_widgets.types import Detections


@dataclass(frozen=True, eq=False)
class DetectorInput:
    """An image as a network takes it: float32 (3, side, side) of 0..1, and the image's own (width, height)."""

    tensor: Tensor
    size: tuple[int, int]


class PreparingDetector(Protocol):
    """What a detector may offer beside `detect`: its two halves, each safe to call from several threads at once."""

    def prepare(self, image: Image.Image) -> DetectorInput:
        """An RGB image as `detect_prepared` takes it."""
        ...

    def detect_prepared(self, inputs: Sequence[DetectorInput], min_confidence: float) -> list[Detections]:
        """One `Detections` per prepared image; together the same as `detect`."""
        ...
