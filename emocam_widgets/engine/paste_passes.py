"""The forward passes of the paste experiment: one prepared image under many pastes, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from emocam_widgets.analysis.importance import grouped_importance
from emocam_widgets.engine.compose import Sprites, silhouette_box
from emocam_widgets.engine.prepared import Paste, PreparedImage
from emocam_widgets.explain import METHODS, explain, scale_grids
from emocam_widgets.types import FloatArray, Output, Prediction

if TYPE_CHECKING:
    from emocam_widgets.models import SplitClassifier

BATCH_SIZE = 17


@dataclass(frozen=True, eq=False)
class Pass:
    """One batch after the trunk: its pastes, the network's inputs (n, 3, H, W), activation and predictions."""

    pastes: Sequence[Paste]
    inputs: Tensor
    activation: Tensor
    predictions: list[Prediction]


@dataclass(frozen=True)
class Focus:
    """Where a method looked before and after a paste; shares 0..1, correlation nan where a grid is constant."""

    area: float
    mass_before: float
    mass_after: float
    correlation: float


def passes(
    classifier: SplitClassifier, prepared: PreparedImage, sprites: Sprites, pastes: Sequence[Paste]
) -> Iterator[Pass]:
    """The pastes in order; while the network takes a batch, the next one is made in a thread."""
    batches = [pastes[start : start + BATCH_SIZE] for start in range(0, len(pastes), BATCH_SIZE)]
    if not batches:
        return
    with ThreadPoolExecutor(1, thread_name_prefix="emocam-paste") as pool:
        waiting = pool.submit(prepared.batch, sprites, batches[0])
        for number, batch in enumerate(batches):
            inputs = waiting.result().to(classifier.device)
            if number + 1 < len(batches):
                waiting = pool.submit(prepared.batch, sprites, batches[number + 1])
            with torch.no_grad():
                activation = classifier.trunk(inputs)
            yield Pass(batch, inputs, activation, classifier.predictions(activation))


def pasted_predictions(
    classifier: SplitClassifier, prepared: PreparedImage, sprites: Sprites, pastes: Sequence[Paste]
) -> list[Prediction]:
    """What the classifier says of the image with each of these on it."""
    return [one for each in passes(classifier, prepared, sprites, pastes) for one in each.predictions]


class FocusMeter:
    """Compares an image's CAM of its label with those of what its pastes became."""

    def __init__(
        self, classifier: SplitClassifier, prepared: PreparedImage, sprites: Sprites, method: str, output: Output
    ) -> None:
        self._classifier, self._prepared, self._sprites = classifier, prepared, sprites
        self._method, self._output = method, output
        inputs = prepared.tensor[None].to(classifier.device)
        with torch.no_grad():
            activation = classifier.trunk(inputs)
        label = classifier.predictions(activation)[0].label
        self._before = self._grids(activation, inputs, [label])[0]

    def __call__(self, one: Pass) -> list[Focus]:
        """One for each paste of the batch."""
        after = self._grids(one.activation, one.inputs, [prediction.label for prediction in one.predictions])
        image, view = self._prepared.image, self._prepared.view
        boxes = [silhouette_box(self._sprites, paste.placements[0], image.size) or (0, 0, 0, 0) for paste in one.pastes]
        flat = np.ones((1, *self._before.shape), np.float32)
        grids = np.concatenate([flat, self._before[None], after])
        n = len(after)
        of = np.concatenate([np.zeros(n, int), np.ones(n, int), np.arange(n) + 2])
        area, before, now = grouped_importance(
            grids, of, np.tile(np.array(boxes, np.float32), (3, 1)), view, image.width, image.height, "mass"
        ).reshape(3, n)
        return [
            Focus(*map(float, row)) for row in zip(area, before, now, _correlation(self._before, after), strict=True)
        ]

    def _grids(self, activation: Tensor, inputs: Tensor, labels: Sequence[str]) -> FloatArray:
        targets = torch.tensor([self._classifier.labels.index(label) for label in labels])
        given = inputs if METHODS[self._method].needs_inputs else None
        return scale_grids(explain(self._classifier, activation, targets, self._method, self._output, inputs=given))


def _correlation(one: FloatArray, others: FloatArray) -> np.ndarray:
    """Pearson's, of a grid (h, w) with each of (n, h, w)."""
    a = one.ravel() - one.mean(dtype=np.float64)
    b = others.reshape(len(others), -1).astype(np.float64)
    b -= b.mean(axis=1, keepdims=True)
    length = np.linalg.norm(a) * np.linalg.norm(b, axis=1)
    return np.divide(b @ a, length, out=np.full(len(b), np.nan), where=length > 1e-9)
