"""Object detectors: `load_detector` makes one by name, `wrap_detector` makes one of any function.

A new one is one file with a class that keeps the `Detector` protocol and one line in `DETECTORS`; other packages
register theirs under the entry point group `emocam_widgets.detectors`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from emocam_widgets.detectors.wrapped import wrap_detector
from emocam_widgets.devices import best_device
from emocam_widgets.published_models import TORCHVISION_DETECTORS, ULTRALYTICS
from emocam_widgets.registry import Registry

if TYPE_CHECKING:
    from PIL import Image
    from torch import nn

    from emocam_widgets.types import Detections

__all__ = [
    "DETECTORS",
    "MIN_CONFIDENCE",
    "Detector",
    "load_detector",
    "load_ultralytics",
    "wrap_detector",
    "wrap_torchvision",
]

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


def _ultralytics(name: str, device: str) -> Detector:
    from emocam_widgets.detectors.ultralytics_models import load_published_ultralytics

    return load_published_ultralytics(name, device=device)


def _torchvision(name: str, device: str) -> Detector:
    from emocam_widgets.detectors.torchvision_detectors import load_torchvision_detector

    return load_torchvision_detector(name, device=device)


DETECTORS: Registry[Callable[[str], Detector]] = Registry(
    "detector",
    "emocam_widgets.detectors",
    {
        "demo": _demo,
        "yolov3-openimages": _yolov3_openimages,
        "yolov3-openimages-softmax": _yolov3_openimages_softmax,
        **{name: partial(_ultralytics, name) for name in ULTRALYTICS},
        **{name: partial(_torchvision, name) for name in TORCHVISION_DETECTORS},
    },
)


def load_detector(name: str, device: str | None = None) -> Detector:
    """The detector of that name ("demo", "yolov3-openimages", "yolov8n-oiv7", ...), on a torch device.

    Without a device it is the fastest one here (CUDA, MPS, CPU). UnknownNameError names the nearest known one;
    EmocamError says where to get files that are not here.
    """
    return DETECTORS[name](device or best_device())


def load_ultralytics(path: str | Path, trust: bool = False, **settings: Any) -> Detector:
    """A detector from an Ultralytics file; see `emocam_widgets.detectors.ultralytics_models.load_ultralytics`.

    A checkpoint that the safe loader refuses is only loaded with `trust=True`, which runs the code that is in it.
    """
    from emocam_widgets.detectors import ultralytics_models

    return ultralytics_models.load_ultralytics(path, trust, **settings)


def wrap_torchvision(
    module: nn.Module, class_names: Sequence[str], name: str = "own detector", **settings: Any
) -> Detector:
    """A torchvision detector; see `emocam_widgets.detectors.torchvision_detectors.wrap_torchvision`."""
    from emocam_widgets.detectors import torchvision_detectors

    return torchvision_detectors.wrap_torchvision(module, class_names, name, **settings)
