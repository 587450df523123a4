"""Classifiers: `load_classifier` makes one by name, `wrap_classifier` makes one of any CNN; each a `SplitClassifier`.

A new one is one file with a function from a device to a SplitClassifier, and one line in `CLASSIFIERS`; other packages
register theirs under the entry point group `emocam_widgets.classifiers`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from emocam_widgets.devices import best_device
from emocam_widgets.published_models import TORCHVISION_CLASSIFIERS
from emocam_widgets.registry import Registry

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier, wrap_classifier

__all__ = ["CLASSIFIERS", "SplitClassifier", "load_classifier", "wrap_classifier"]


def _demo(device: str) -> SplitClassifier:
    from emocam_widgets.demo import DATA
    from emocam_widgets.models.demo import load_scene_classifier

    return load_scene_classifier(DATA / "classifier.safetensors", device=device)


def _demo_affect(device: str) -> SplitClassifier:
    from emocam_widgets.demo import DATA
    from emocam_widgets.models.demo_affect import load_affect_scene

    return load_affect_scene(DATA / "affect.safetensors", device=device)


def _affect_resnet50(device: str) -> SplitClassifier:
    from emocam_widgets.models.affect import load_trained_affect

    return load_trained_affect(device)


def _emonet(device: str) -> SplitClassifier:
    from emocam_widgets.models.emonet import load_published_emonet

    return load_published_emonet(device)


def _torchvision(name: str, device: str) -> SplitClassifier:
    from emocam_widgets.models.torchvision_models import load_torchvision

    return load_torchvision(name, device)


CLASSIFIERS: Registry[Callable[[str], SplitClassifier]] = Registry(
    "classifier",
    "emocam_widgets.classifiers",
    {"affect-resnet50": _affect_resnet50, "demo": _demo, "demo-affect": _demo_affect, "emonet": _emonet}
    | {name: partial(_torchvision, name) for name in TORCHVISION_CLASSIFIERS},
)


def load_classifier(name: str, device: str | None = None) -> SplitClassifier:
    """The classifier of that name ("demo", "emonet", "affect-resnet50", "resnet50", ...), on a torch device.

    Without a device it is the fastest one here (CUDA, MPS, CPU). UnknownNameError names the nearest known one;
    EmocamError says where to get files that are not here.
    """
    return CLASSIFIERS[name](device or best_device())


def __getattr__(name: str) -> object:
    # torch.fx takes a while to import; only who wraps a classifier pays for it.
    if name in {"SplitClassifier", "wrap_classifier"}:
        from emocam_widgets.models import split

        return getattr(split, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
