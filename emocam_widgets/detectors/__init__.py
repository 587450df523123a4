"""Object detectors: `load_detector` makes one by name, `wrap_detector` makes one of any function.

A new one is one file with a class that keeps the `Detector` protocol and one line in `DETECTORS`; other packages
register theirs under the entry point group `emocam_widgets.detectors`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from emocam_widgets.detectors.wrapped import wrap_detector
from emocam_widgets.registry import Registry

if TYPE_CHECKING:
    from PIL import Image

    from emocam_widgets.types import Detections

__all__ = ["DETECTORS", "MIN_CONFIDENCE", "Detector", "load_detector", "wrap_detector"]

MIN_CONFIDENCE = 0.005  # the paper's


class Detector(Protocol):
    """Finds objects. `settings` are what its boxes depend on; with the fingerprint they go into a run's manifest.

    A `confidence` among them (0..1) is where its boxes begin to count, unless whoever reads the run says otherwise.
    """

    name: str
    class_names: tuple[str, ...]
    fingerprint: str
    settings: Mapping[str, Any]

    def detect(self, images: Sequence[Image.Image], min_confidence: float = MIN_CONFIDENCE) -> list[Detections]:
        """One `Detections` per RGB image, boxes in its pixels and inside it, the most confident first."""
        ...


def _demo(device: str) -> Detector:
    from emocam_widgets.detectors.demo import load_demo_detector

    return load_demo_detector(device=device)


def _yolov3_openimages(device: str) -> Detector:
    from emocam_widgets.detectors.darknet import load_yolov3_openimages

    return load_yolov3_openimages(device=device)


def _yolov3_openimages_softmax(device: str) -> Detector:
    from emocam_widgets.detectors.darknet import load_yolov3_openimages

    return load_yolov3_openimages("softmax", device=device)


DETECTORS: Registry[Callable[[str], Detector]] = Registry(
    "detector",
    "emocam_widgets.detectors",
    {
        "demo": _demo,
        "yolov3-openimages": _yolov3_openimages,
        "yolov3-openimages-softmax": _yolov3_openimages_softmax,
    },
)


def load_detector(name: str, device: str = "cpu") -> Detector:
    """The detector of that name ("demo", "yolov3-openimages"), on a torch device.

    UnknownNameError names the nearest known one; EmocamError says where to get files that are not here.
    """
    return DETECTORS[name](device)
