"""Showing a classifier an image with some of its segments hidden, for many sets of segments at once.

What is hidden is hidden in the network's input wherever the preprocessing treats each pixel of what it resized alone,
by a factor and a summand: that is the same as hiding it in the resized picture, without opening the picture again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain.lime_settings import HIDES
from emocam_widgets.explain.superpixels import seen_segments

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

HideIn = Literal["input", "image"]
GREY = 128
BLUR = 0.05  # the Gaussian's sigma, relative to the shorter side
_LEVELS_OFF = 2.0  # resizing rounds to whole levels, once in each direction


class Hider(Protocol):
    """`hider(keep)` are inputs (m, 3, H, W) that show only the segments that are True in a row of `keep` (m, n)."""

    seen: NDArray[np.bool_]  # (n,): segments of which the classifier sees at least one pixel

    def __call__(self, keep: NDArray[np.bool_]) -> Tensor: ...


def make_hider(
    classifier: SplitClassifier,
    image: Image.Image,
    segments: NDArray[np.int32],
    hide: str = "mean",
    hide_in: HideIn | None = None,
) -> Hider:
    """Hides segments (h, w) of an RGB image; `hide` says what they then show (see LimeSettings).

    `hide_in="input"` hides them in the picture at the network's own size, "image" in the picture itself, which is then
    preprocessed for every sample; None takes the input wherever the preprocessing allows it. Raises UnknownNameError
    for an unknown way to hide, and EmocamError for segments of another size, or for "input" where it is not possible.
    """
    known_name("way to hide superpixels", hide, HIDES)
    if segments.shape != (image.height, image.width):
        raise EmocamError(
            f"The segments have the shape {segments.shape}; expected the image's, {(image.height, image.width)}."
        )
    if hide_in != "image":
        hider = _InputHider.of(classifier, image, segments, hide)
        if hider is not None:
            return hider
        if hide_in == "input":
            raise EmocamError(
                f"The preprocessing of {classifier.name} does not treat each pixel alone; hide in the image "
                "(hide_in='image')."
            )
    return _ImageHider(classifier, image, segments, hide)


class _InputHider:
    """Composites at the network's input: one `where` per batch."""

    def __init__(self, shown: Tensor, hidden: Tensor, segments: NDArray[np.int32], n_segments: int) -> None:
        self.shown, self.hidden = shown, hidden
        self.segments = torch.from_numpy(segments.astype(np.int64)).to(shown.device)
        self.seen = np.bincount(segments.ravel(), minlength=n_segments) > 0

    def __call__(self, keep: NDArray[np.bool_]) -> Tensor:
        """Inputs (m, 3, H, W) for `keep` (m, n)."""
        mask = torch.from_numpy(keep).to(self.shown.device)[:, self.segments]
        return torch.where(mask[:, None], self.shown, self.hidden)

    @classmethod
    def of(
        cls, classifier: SplitClassifier, image: Image.Image, segments: NDArray[np.int32], hide: str
    ) -> _InputHider | None:
        """None where the preprocessing does not treat each pixel alone."""
        shown, view = classifier.preprocess(image)
        scale = _pixel_scale(classifier, image, shown)
        if scale is None:
            return None
        summand, factor = scale
        pixels = _levels(((shown - summand) / torch.where(factor == 0, 1.0, factor)).double().numpy())
        at_input = seen_segments(segments, view, (shown.shape[1], shown.shape[2]))
        colours = torch.from_numpy(hidden_pixels(pixels.transpose(1, 2, 0), at_input, hide).transpose(2, 0, 1))
        hidden = (summand + factor * colours).to(shown)
        return cls(shown.to(classifier.device), hidden.to(classifier.device), at_input, int(segments.max()) + 1)


class _ImageHider:
    """Composites at the image's own size and preprocesses every sample."""

    def __init__(self, classifier: SplitClassifier, image: Image.Image, segments: NDArray[np.int32], hide: str) -> None:
        self.classifier, self.segments = classifier, segments
        self.pixels = np.asarray(image)
        self.hidden = np.rint(hidden_pixels(self.pixels.astype(np.float64), segments, hide)).astype(np.uint8)
        # Resizing lets a pixel beside the view through, so what touches it counts as seen.
        view = classifier.preprocess(image)[1]
        rows = slice(max(0, int(view.y0)), int(np.ceil(view.y1)))
        columns = slice(max(0, int(view.x0)), int(np.ceil(view.x1)))
        self.seen = np.bincount(segments[rows, columns].ravel(), minlength=int(segments.max()) + 1) > 0

    def __call__(self, keep: NDArray[np.bool_]) -> Tensor:
        """Inputs (m, 3, H, W) for `keep` (m, n)."""
        inputs = [
            self.classifier.preprocess(Image.fromarray(np.where(row[self.segments, None], self.pixels, self.hidden)))[0]
            for row in keep
        ]
        return torch.stack(inputs).to(self.classifier.device)


def hidden_pixels(pixels: NDArray[np.float64], segments: NDArray[np.int32], hide: str) -> NDArray[np.float64]:
    """What (h, w, 3) of levels 0..255 shows where it is hidden, the same shape."""
    if hide == "grey":
        return np.full_like(pixels, GREY)
    if hide == "blurred":
        from scipy.ndimage import gaussian_filter

        sigma = BLUR * min(pixels.shape[:2])
        return gaussian_filter(pixels, (sigma, sigma, 0), mode="nearest")
    flat = segments.ravel()
    area = np.maximum(np.bincount(flat), 1)
    means = np.stack([np.bincount(flat, pixels[..., channel].ravel()) / area for channel in range(3)], axis=1)
    # Cut to whole levels, as the package lime's uint8 image does.
    return np.floor(means)[segments]


def show_only(
    image: Image.Image, segments: NDArray[np.int32], kept: NDArray[np.bool_], hide: str = "grey"
) -> Image.Image:
    """An RGB image with every segment (h, w) hidden, as `hide` says, that is not True in `kept` (n,).

    Raises UnknownNameError for an unknown way to hide.
    """
    known_name("way to hide superpixels", hide, HIDES)
    pixels = np.asarray(image.convert("RGB"))
    hidden = np.rint(hidden_pixels(pixels.astype(np.float64), segments, hide)).astype(np.uint8)
    return Image.fromarray(np.where(kept[segments][..., None], pixels, hidden))


def _pixel_scale(classifier: SplitClassifier, image: Image.Image, shown: Tensor) -> tuple[Tensor, Tensor] | None:
    """Summand and factor (3, H, W) with which a level 0..255 comes into the input; None where it is not so simple.

    Found by showing the preprocessing a black and a white image, and checked with the image at half its brightness.
    """
    black, white = (classifier.preprocess(Image.new("RGB", image.size, (level,) * 3))[0] for level in (0, 255))
    half = classifier.preprocess(image.point([level // 2 for level in range(256)] * 3))[0]
    factor = (white - black) / 255
    tolerance = _LEVELS_OFF * factor.abs() + 1e-6 * (1 + black.abs())
    if not bool(torch.isfinite(factor).all()):
        return None
    if bool(((half - (shown + black) / 2).abs() > tolerance).any()):
        return None
    # Where black and white come in alike (a border), everything must.
    return None if bool(((factor == 0) & ((shown - black).abs() > tolerance)).any()) else (black, factor)


def _levels(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole levels where the pixels are whole but for rounding errors of float32."""
    whole = np.rint(pixels)
    return whole if np.abs(pixels - whole).max() < 0.02 else pixels
