"""An image prepared once for a classifier: of each paste only what a sprite touches is resized anew.

Pillow resizes one axis after the other and rounds in between, each row (and then each column) by itself. So the half
resized image is kept; of a paste its touched rows are resized, put into the columns that they reach, and these resized
the other way. The result equals that of the composited image to the bit. (Resizing only the window at once would be a
little faster, but Pillow holds its corners in single precision: grey levels differ by one in places, which has moved
probabilities by 3e-4.)
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from emocam_widgets.engine.cache import image_key
from emocam_widgets.engine.compose import Box, Patch, Sprites, blurred, paste, patches
from emocam_widgets.models.preprocess import Resizing
from emocam_widgets.types import Placement, View

if TYPE_CHECKING:
    from emocam_widgets.models import SplitClassifier

REACH = 2.0  # of Pillow's bicubic filter, in pixels of the smaller of the two sizes
BLURRED_KEPT = 4


@dataclass(frozen=True)
class Paste:
    """What is to be seen on an image: placements in painting order, all in one variant (see `compose.VARIANTS`)."""

    placements: tuple[Placement, ...]
    variant: str = "object"


class PreparedImage:
    """An image as a classifier takes it, ready to have things pasted onto it. For one thread at a time.

    A classifier whose preprocessing is not `Resizing` (a user's own function) gets each composited image whole.

    Attributes: `image`, RGB, which nobody may draw on any more; `key`, its hash; `tensor`, float32 (3, H, W), what the
    classifier takes for the image as it is; `view`, the rectangle of the image that it shows.
    """

    def __init__(self, classifier: SplitClassifier, image: Image.Image) -> None:
        self.image = image if image.mode == "RGB" else image.convert("RGB")
        self.tensor, self.view = classifier.preprocess(self.image)
        self._preprocess = classifier.preprocess
        how = classifier.preprocessing
        self._halfway = _halfway(how, self.image, self.tensor) if isinstance(how, Resizing) else None
        self._blurred: dict[int, Image.Image] = {}
        self._key: str | None = None

    @property
    def key(self) -> str:
        """The image's hash (`cache.image_key`)."""
        if self._key is None:
            self._key = image_key(self.image)
        return self._key

    def paste_key(self, pasted: Paste, sprites: Hashable) -> str:
        """Tells what is pasted on this image from anything else; `sprites` tells the pictures behind their names."""
        if not pasted.placements:
            return self.key
        what = repr((self.key, sprites, pasted.variant, [astuple(one) for one in pasted.placements]))
        return hashlib.blake2b(what.encode(), digest_size=16).hexdigest()

    def paste(self, sprites: Sprites, placements: Iterable[Placement], variant: str = "object") -> Tensor:
        """What the classifier takes for the image with that on it: float32 (3, H, W), on the CPU."""
        return self.batch(sprites, [Paste(tuple(placements), variant)])[0]

    def batch(self, sprites: Sprites, pastes: Sequence[Paste]) -> Tensor:
        """What the classifier takes for the image with each of these on it: float32 (n, 3, H, W), on the CPU.

        Raises UnknownNameError for an unknown sprite or variant and ValueError for a placement that is not finite.
        """
        if self._halfway is None:
            whole = [paste(self.image, sprites, one.placements, one.variant) for one in pastes]
            tensors = [self._preprocess(image)[0] for image in whole]
            return torch.stack(tensors) if tensors else self.tensor.new_zeros(0, *self.tensor.shape)
        out = self.tensor.repeat(len(pastes), 1, 1, 1)
        for row, one in zip(out, pastes, strict=True):
            found = patches(self.image.size, sprites, one.placements, one.variant, self._blur)
            self._halfway.write(row, self.image, list(found))
        return out

    def _blur(self, radius: int) -> Image.Image:
        if radius not in self._blurred:
            while len(self._blurred) >= BLURRED_KEPT:
                self._blurred.pop(next(iter(self._blurred)))
            self._blurred[radius] = blurred(self.image, radius)
        return self._blurred[radius]


@dataclass(frozen=True, eq=False)
class _Halfway:
    """An image resized along one axis: its rows where `across_first`, else its columns."""

    how: Resizing
    view: View
    half: Image.Image
    across_first: bool

    def write(self, row: Tensor, image: Image.Image, found: Sequence[Patch]) -> None:
        """Puts what these patches change into the network's input (3, H, W) of the image."""
        if not found:
            return
        windows = np.array([patch.window for patch in found])
        x0, y0 = (int(value) for value in windows[:, :2].min(axis=0))
        x1, y1 = (int(value) for value in windows[:, 2:].max(axis=0))
        left, right = _reached(x0, x1, self.view.x0, self.view.width / self.how.size, self.how.size)
        top, bottom = _reached(y0, y1, self.view.y0, self.view.height / self.how.size, self.how.size)
        if left >= right or top >= bottom:
            return
        if self.across_first:
            strip = _composited(image, (0, y0, image.width, y1), found)
            strip = _across(strip, self.view, self.how.size).crop((left, 0, right, y1 - y0))
            touched = self.half.crop((left, 0, right, image.height))
            touched.paste(strip, (0, y0))
            window = _down(touched, self.view, self.how.size).crop((0, top, right - left, bottom))
        else:
            strip = _composited(image, (x0, 0, x1, image.height), found)
            strip = _down(strip, self.view, self.how.size).crop((0, top, x1 - x0, bottom))
            touched = self.half.crop((0, top, image.width, bottom))
            touched.paste(strip, (x0, 0))
            window = _across(touched, self.view, self.how.size).crop((left, 0, right, bottom - top))
        row[:, top:bottom, left:right] = self.how.values(np.asarray(window), left, top)


def _halfway(how: Resizing, image: Image.Image, tensor: Tensor) -> _Halfway | None:
    """The image resized along the axis that Pillow takes first for its size, or None where neither order gives what
    the preprocessing gave.
    """
    view = how.view(*image.size)
    for across_first, first, second in ((True, _across, _down), (False, _down, _across)):
        half = first(image, view, how.size)
        values = how.values(np.asarray(second(half, view, how.size)))
        if values.shape == tensor.shape and torch.equal(values, tensor):
            return _Halfway(how, view, half, across_first)
    return None


def _across(image: Image.Image, view: View, size: int) -> Image.Image:
    box = (view.x0, 0, view.x1, image.height)
    return image.resize((size, image.height), Image.Resampling.BICUBIC, box=box)


def _down(image: Image.Image, view: View, size: int) -> Image.Image:
    box = (0, view.y0, image.width, view.y1)
    return image.resize((image.width, size), Image.Resampling.BICUBIC, box=box)


def _composited(image: Image.Image, part: Box, found: Sequence[Patch]) -> Image.Image:
    """That part of the image, with the patches on it."""
    strip = image.crop(part)
    for patch in found:
        patch.onto(strip, part[:2])
    return strip


def _reached(low: int, high: int, start: float, step: float, size: int) -> tuple[int, int]:
    """The first and past-the-last output pixel that input pixels low..high take part in; empty where first >= last."""
    # An output pixel's centre lies at start + (i + 0.5) * step; Pillow rounds the ends of its reach to whole pixels.
    reach = REACH * max(step, 1.0) + 1.0
    first = math.floor((low - reach - start) / step - 0.5)
    last = math.ceil((high + reach - start) / step - 0.5) + 1
    return max(0, first), min(size, last)
