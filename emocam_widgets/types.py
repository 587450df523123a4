"""The few small value types that every layer shares: plain frozen data on numpy, no behaviour beyond reading them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float32]
Output: TypeAlias = Literal["probabilities", "logits"]
OUTPUTS: tuple[Output, ...] = ("probabilities", "logits")


@dataclass(frozen=True)
class View:
    """The rectangle of an image that a classifier saw, in its pixels (origin top left, x1 and y1 exclusive)."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x1 > self.x0 and self.y1 > self.y0):
            raise ValueError(f"a view needs x0 < x1 and y0 < y1, got {self}")

    @property
    def width(self) -> float:
        """In pixels of the image."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """In pixels of the image."""
        return self.y1 - self.y0

    @classmethod
    def whole(cls, width: int, height: int) -> View:
        """The view that is the whole of an image of ``width`` x ``height`` pixels."""
        return cls(0.0, 0.0, float(width), float(height))


@dataclass(frozen=True, eq=False)
class Detections:
    """What a detector found in one image.

    Attributes:
        boxes: float32 (n, 4), x0, y0, x1, y1 in pixels of the image, x1 and y1 exclusive.
        confidence: float32 (n,), 0..1.
        object_class: n names.
        detector: the name of the detector.
        encoded_masks: where the detector segments, n masks at the image's size as `rle.encode_mask` writes them.
    """

    boxes: FloatArray
    confidence: FloatArray
    object_class: tuple[str, ...]
    detector: str
    encoded_masks: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "boxes", _floats(self.boxes).reshape(-1, 4))
        object.__setattr__(self, "confidence", _floats(self.confidence).reshape(-1))
        object.__setattr__(self, "object_class", tuple(self.object_class))
        lengths = (len(self.boxes), len(self.confidence), len(self.object_class))
        if len(set(lengths)) != 1:
            raise ValueError(f"boxes, confidence and object_class differ in length: {lengths}")
        if self.encoded_masks is not None:
            object.__setattr__(self, "encoded_masks", tuple(self.encoded_masks))
            if len(self.encoded_masks) != len(self):
                raise ValueError(f"{len(self.encoded_masks)} masks for {len(self)} boxes")

    def __len__(self) -> int:
        return len(self.object_class)

    @property
    def masks(self) -> tuple[NDArray[np.bool_], ...] | None:
        """n masks, bool (height, width) of the image, or None where the detector gives none.

        Decoded anew each time: kept, a photograph's hundreds of masks would take gigabytes.
        """
        from emocam_widgets.rle import decode_mask

        return None if self.encoded_masks is None else tuple(decode_mask(text) for text in self.encoded_masks)

    @classmethod
    def none(cls, detector: str) -> Detections:
        """An image in which nothing was found."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), (), detector)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a classifier says of one image.

    Attributes:
        labels: the k labels in the classifier's order.
        probabilities: float32 (k,), in the same order.
        valence, arousal: linear read-outs of the probabilities, where the classifier has them.
    """

    labels: tuple[str, ...]
    probabilities: FloatArray
    valence: float | None = None
    arousal: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "probabilities", _floats(self.probabilities).reshape(-1))
        if len(self.labels) != len(self.probabilities) or not self.labels:
            raise ValueError(f"{len(self.labels)} labels but {len(self.probabilities)} probabilities")

    @property
    def index(self) -> int:
        """The position of the most probable label; the first one where several are equal."""
        return int(np.argmax(self.probabilities))

    @property
    def label(self) -> str:
        """The most probable label."""
        return self.labels[self.index]

    def probability(self, label: str) -> float:
        """The probability (0..1) of ``label``.

        Raises:
            ValueError: the classifier has no such label.
        """
        return float(self.probabilities[self.labels.index(label)])


@dataclass(frozen=True, eq=False)
class Cam:
    """A class activation map at its own resolution.

    Attributes:
        grid: float32 (h, w), min-max scaled to 0..1; a constant map is all zero.
        view: the rectangle of the image that the grid covers; outside it the map is 0.
        method: "grad-cam", ...
        target: the label that the map explains.
        output: whether the label's probability or its logit was explained.
    """

    grid: FloatArray
    view: View
    method: str
    target: str
    output: Output = "probabilities"

    def __post_init__(self) -> None:
        grid = _floats(self.grid)
        if grid.ndim != 2 or not grid.size:
            raise ValueError(f"a CAM's grid has two axes of at least one cell, got shape {grid.shape}")
        object.__setattr__(self, "grid", grid)


@dataclass(frozen=True, eq=False)
class LimeExplanation:
    """What LIME says of one image's superpixels, after some or all of its samples.

    Attributes:
        segments: int32 (h, w) at the image's size, ids 0..n-1.
        weights: float32 (n,), the linear model's coefficients: above 0 speaks for the label, below 0 against it; 0 for
            a segment that the classifier does not see.
        target: the label that is explained.
        output: whether its probability or its logit was fitted.
        intercept: the linear model's value with every segment hidden.
        r2: the share of the outputs' weighted variance that the linear model explains, at most 1.
        n_samples: how many samples these weights were fitted on.
        n_total: how many there will be at the end.
        standard_errors: float32 (n,), of the weights, from sampling alone; None where it was not kept (in a run).
    """

    segments: NDArray[np.int32]
    weights: FloatArray
    target: str
    output: Output
    intercept: float
    r2: float
    n_samples: int
    n_total: int
    standard_errors: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", np.ascontiguousarray(self.segments, dtype=np.int32))
        object.__setattr__(self, "weights", _floats(self.weights).reshape(-1))
        if self.standard_errors is not None:
            object.__setattr__(self, "standard_errors", _floats(self.standard_errors).reshape(self.weights.shape))
        if self.segments.ndim != 2 or not self.segments.size:
            raise ValueError(f"segments have two axes of at least one pixel, got shape {self.segments.shape}")
        if self.segments.min() < 0 or self.segments.max() >= len(self.weights):
            raise ValueError(
                f"{len(self.weights)} weights for segments {self.segments.min()}..{self.segments.max()}; "
                "expected one for each id from 0"
            )

    @property
    def finished(self) -> bool:
        """Whether all samples were taken."""
        return self.n_samples >= self.n_total

    def weight_map(self) -> FloatArray:
        """float32 (h, w): each pixel's signed weight."""
        return self.weights[self.segments]


@dataclass(frozen=True)
class Placement:
    """Where and how a sprite is pasted onto an image.

    Attributes:
        sprite: the name of the sprite.
        x, y: the sprite's centre relative to the image's width and height (0..1; outside, it is partly cut off).
        height: the sprite's height relative to the image's height.
        rotation: degrees, clockwise.
        flip: mirrored left to right, before it is rotated.
        opacity: 0..1.
    """

    sprite: str
    x: float
    y: float
    height: float = 0.2
    rotation: float = 0.0
    flip: bool = False
    opacity: float = 1.0


def _floats(values: ArrayLike) -> FloatArray:
    return np.ascontiguousarray(values, dtype=np.float32)
