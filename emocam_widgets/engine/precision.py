"""Half precision on a GPU for a classifier's trunk, where nothing that is said of an image changes by it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from emocam_widgets.models import SplitClassifier

# How far a probability (0..1) may be from the one in full precision, with the same label as the most probable.
TOLERANCE = 0.01
log = logging.getLogger(__name__)


class Trunk:
    """A classifier's trunk in full or in half precision; the tail, and what is explained by it, stay in full.

    `half` None takes half precision on a CUDA device where the first images get the same labels and, within 0.01, the
    same probabilities; True takes it anywhere (bfloat16 on a CPU), False nowhere.
    """

    def __init__(self, classifier: SplitClassifier, half: bool | None = None) -> None:
        self.classifier = classifier
        on_cuda = classifier.device.type == "cuda"
        self._asked = half is None and on_cuda
        self.half = bool(half) or self._asked
        # What results are kept under: those of one setting are not those of another.
        self.setting = "automatic" if self._asked else "half" if self.half else "full"

    def __call__(self, inputs: Tensor) -> Tensor:
        """Inputs (n, 3, H, W) -> the target layer's activation (n, c, h, w), float32, without a gradient."""
        import torch

        with torch.no_grad():
            inputs = inputs.to(self.classifier.device)
            if not self.half:
                return self.classifier.trunk(inputs)
            kind = self.classifier.device.type
            with torch.autocast(kind, torch.bfloat16 if kind == "cpu" else torch.float16):
                activation = self.classifier.trunk(inputs)
            activation = activation.float()
            if self._asked:
                self._asked = False
                full = self.classifier.trunk(inputs)
                self.half = agree(self.classifier, activation, full)
                if not self.half:
                    log.info("%s stays in full precision: half precision changes its answers.", self.classifier.name)
                    return full
            return activation


def agree(classifier: SplitClassifier, one: Tensor, other: Tensor) -> bool:
    """Whether the predictions of two activations have the same labels and nearly the same probabilities."""
    return all(
        a.label == b.label and float(np.abs(a.probabilities - b.probabilities).max()) <= TOLERANCE
        for a, b in zip(classifier.predictions(one), classifier.predictions(other), strict=True)
    )
