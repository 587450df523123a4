"""Explanations: from a classifier's activation at its target layer to one CAM grid per image; no pixels, no boxes.

A new method is one file with one function and one line in `METHODS`; other packages register theirs under the entry
point group `emocam_widgets.methods`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emocam_widgets.errors import known_name
from emocam_widgets.registry import Registry
from emocam_widgets.types import OUTPUTS, FloatArray, Output

if TYPE_CHECKING:
    from torch import Tensor

    from emocam_widgets.models.split import SplitClassifier

__all__ = ["METHODS", "Method", "explain", "scale_grids"]


@dataclass(frozen=True)
class Method:
    """A CAM method: its function and the output that it explains unless told otherwise.

    `grids(classifier, activation, targets, output)` takes the target layer's activation (n, c, h, w), the index of the
    label to explain for each image, int64 (n,), and which output is explained; it gives the rectified, unscaled maps,
    (n, h, w).
    """

    grids: Callable[[SplitClassifier, Tensor, Tensor, Output], Tensor]
    output: Output


def _grad_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    from emocam_widgets.explain.grad_cam import grad_cam

    return grad_cam(classifier, activation, targets, output)


METHODS: Registry[Method] = Registry(
    "method", "emocam_widgets.methods", {"grad-cam": Method(_grad_cam, output="probabilities")}
)


def explain(
    classifier: SplitClassifier,
    activation: Tensor,
    targets: Tensor,
    method: str = "grad-cam",
    output: Output | None = None,
) -> Tensor:
    """Unscaled maps (n, h, w), no value below 0, for the labels `targets` (indices, (n,)) at `activation` (n, c, h, w).

    `output` is "probabilities" (after the softmax) or "logits"; None takes the method's own default. Raises
    UnknownNameError for an unknown method or output.
    """
    chosen = METHODS[method]
    if output is not None:
        known_name("output", output, OUTPUTS)
    return chosen.grids(classifier, activation, targets, output or chosen.output)


def scale_grids(grids: Tensor | FloatArray) -> FloatArray:
    """Each map of (n, h, w) min-max scaled to 0..1 as float32; a constant map becomes all zero."""
    maps = np.asarray(grids.detach().cpu() if hasattr(grids, "detach") else grids, dtype=np.float64)
    low = maps.min(axis=(1, 2), keepdims=True)
    span = maps.max(axis=(1, 2), keepdims=True) - low
    # Float32 noise on a constant map is no structure.
    constant = span <= 1e-6 * np.abs(maps).max(axis=(1, 2), keepdims=True)
    scaled = (maps - low) / np.where(constant, 1.0, span)
    return np.where(constant, 0.0, scaled).astype(np.float32)
