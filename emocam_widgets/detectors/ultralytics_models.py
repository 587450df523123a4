"""Ultralytics models from files: its own checkpoints by its safe loader, and networks kept as yaml and safetensors.

A checkpoint (.pt) is a pickle, which can hold any code. Ultralytics' safe loader rebuilds its own network classes from
one and nothing else; what it refuses is only loaded by who says that the file's source is trusted.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from emocam_widgets.detectors.ultralytics_import import prepare_ultralytics
from emocam_widgets.detectors.yolo import (
    DETECTION_HEADS,
    SEGMENTATION_HEADS,
    UltralyticsDetector,
    build_detection_model,
)
from emocam_widgets.devices import best_device
from emocam_widgets.errors import EmocamError
from emocam_widgets.weights import first_line, read_safetensors
from emocam_widgets.weights_files import needed_files

IMAGE_SIZE = 640  # what Ultralytics trains at unless told otherwise
IOU = 0.7  # Ultralytics' own default when it predicts
WHAT = "an Ultralytics detector"


def load_ultralytics(
    path: str | Path,
    trust: bool = False,
    *,
    name: str | None = None,
    image_size: int | None = None,
    iou: float = IOU,
    confidence: float = 0.25,
    device: torch.device | str | None = None,
) -> UltralyticsDetector:
    """A detector from an Ultralytics file, for detection or segmentation (masks are kept).

    Args:
        path: a checkpoint (.pt), or a .yaml or .safetensors as `save_detector` writes them: then the other one of the
            two lies beside it under the same name.
        trust: also runs a checkpoint that the safe loader refuses, with all code that is in it. Only for a file whose
            source you trust as you trust a program.
        name: of the detector; by default the file's.
        image_size: px, of the square that the network sees; by default what it was trained at.
        iou: boxes of a class that overlap more are one, the surer one; not used by a network that needs no suppression.
        confidence: boxes from it on count in an association unless asked otherwise.
        device: of torch; by default the fastest one here.

    Raises:
        EmocamError: the file is missing, damaged, refused by the safe loader, or holds another kind of network.
    """
    path = Path(path)
    if not path.is_file():
        raise EmocamError(f"There is no file {path}; expected {WHAT} (.pt, or .yaml and .safetensors).")
    if path.suffix == ".pt":
        module, class_names, trained_at = _read_checkpoint(path, trust)
    elif path.suffix in {".yaml", ".safetensors"}:
        files = path.with_suffix(".safetensors"), path.with_suffix(".yaml")
        module, class_names, trained_at = read_saved_detector(*files)
    else:
        raise EmocamError(f"{path} ends in {path.suffix!r}; expected .pt, .yaml or .safetensors.")
    stride = _stride(module)
    wanted = trained_at if image_size is None else image_size
    if not wanted > 0:
        raise EmocamError(f"The image size for {path.name} is {wanted}; expected pixels, such as {IMAGE_SIZE}.")
    return UltralyticsDetector(
        module,
        class_names,
        name=name or path.stem,
        image_size=-(-wanted // stride) * stride,
        iou=iou,
        confidence=confidence,
        device=device or best_device(),
    )


def load_published_ultralytics(name: str, device: torch.device | str = "cpu") -> UltralyticsDetector:
    """An official model by its name ("yolov8n-oiv7"); EmocamError with address and folder where it is not here yet."""
    return load_ultralytics(needed_files(name)[f"{name}.pt"], name=name, device=device)


def read_saved_detector(weights: Path, structure: Path) -> tuple[nn.Module, tuple[str, ...], int]:
    """The network, class names and image size (px) of a safetensors file, built as the yaml `structure` says.

    EmocamError where a file is missing or damaged, or they do not fit each other.
    """
    metadata, tensors = read_safetensors(weights, WHAT)
    try:
        names, image_size = json.loads(metadata["classes"]), int(metadata["imgsz"])
        class_names = _checked_names(dict(enumerate(names)), weights)
    except (KeyError, ValueError, TypeError) as error:
        raise EmocamError(f"{weights} has unusable metadata ({error!r}); expected classes and imgsz.") from error
    return build_detection_model(structure, len(class_names), tensors, weights), class_names, image_size


def _read_checkpoint(path: Path, trust: bool) -> tuple[nn.Module, tuple[str, ...], int]:
    prepare_ultralytics()
    content = _unpickled(path, trust)
    module = (content.get("ema") or content.get("model")) if isinstance(content, dict) else None
    layers = getattr(module, "model", None)
    kind = type(layers[-1]).__name__ if isinstance(layers, nn.Sequential) and len(layers) else None
    if not isinstance(module, nn.Module) or kind is None:
        raise EmocamError(f"{path} holds no Ultralytics network; expected {WHAT}.")
    if kind not in (*DETECTION_HEADS, *SEGMENTATION_HEADS):
        raise EmocamError(
            f"{path} holds a network that ends in {kind}; expected one that detects or segments: "
            f"{', '.join((*DETECTION_HEADS, *SEGMENTATION_HEADS))}."
        )
    module = module.float()
    class_names = _checked_names(getattr(module, "names", None), path)
    n_classes = int(getattr(layers[-1], "nc", 0))  # type: ignore[index]
    if len(class_names) != n_classes:
        raise EmocamError(f"{path} names {len(class_names)} classes; expected {n_classes}, as many as it tells apart.")
    settings = content.get("train_args")
    size = settings.get("imgsz", IMAGE_SIZE) if isinstance(settings, Mapping) else IMAGE_SIZE
    size = max(size) if isinstance(size, (list, tuple)) and size else size
    return module.eval(), class_names, int(size) if isinstance(size, (int, float)) else IMAGE_SIZE


def _unpickled(path: Path, trust: bool) -> Any:
    from ultralytics.nn.tasks import torch_safe_load

    if not trust and not hasattr(torch.serialization, "get_unsafe_globals_in_checkpoint"):
        raise EmocamError(f"{path} can be loaded safely from torch 2.6 on; this is torch {torch.__version__}.")
    if str(path) != str(path).strip().replace("'", ""):  # it would look for, and fetch, a file without them
        raise EmocamError(
            f"Ultralytics cannot open {path}: its name has an apostrophe or a space at an end; rename it."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of odd pickles, which are refused or read all the same
            return torch_safe_load(str(path.absolute()), safe_only=not trust)[0]
    except Exception as error:  # of any type over damaged or foreign content
        size = path.stat().st_size
        if trust:
            raise EmocamError(
                f"{path} ({size:,} bytes) cannot be read as {WHAT}, it may be truncated: {first_line(error)}"
            ) from error
        raise EmocamError(
            f"{path} ({size:,} bytes) was refused by Ultralytics' safe loader and nothing in it was run: it is damaged "
            f"or holds more than a network of Ultralytics'; expected {WHAT}. Where you trust its source as you trust a "
            "program: load_ultralytics(path, trust=True)."
        ) from error


def _checked_names(names: object, path: Path) -> tuple[str, ...]:
    listed = dict(enumerate(names)) if isinstance(names, (list, tuple)) else names
    if not isinstance(listed, Mapping) or sorted(listed) != list(range(len(listed))) or not listed:
        raise EmocamError(f"{path} has no class names in order; expected one for each class.")
    class_names = tuple(listed[index] for index in range(len(listed)))
    for index, name in enumerate(class_names):
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise EmocamError(f"{path}, class {index}: {name!r} is no class name; expected printable characters.")
    return class_names


def _stride(module: nn.Module) -> int:
    stride = getattr(module, "stride", None)
    return max(1, int(stride.max())) if isinstance(stride, torch.Tensor) and stride.numel() else 32
