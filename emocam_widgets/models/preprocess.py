"""From a picture to what a classifier takes, and the rectangle of the picture that it then sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from emocam_widgets.types import View


@runtime_checkable
class Resizing(Protocol):
    """A preprocessing that resizes its view bicubically to a square and then treats each pixel by itself.

    Where something is pasted onto the image, only the part of the square that it touches has to be made again.
    """

    @property
    def size(self) -> int:
        """The square's side in pixels."""

    def view(self, width: int, height: int) -> View:
        """The rectangle of a width x height image that ends up in the square."""

    def values(self, pixels: np.ndarray, x0: int = 0, y0: int = 0) -> Tensor:
        """What the network takes, float32 (3, h, w), for pixels uint8 (h, w, 3) at column x0, row y0 of the square."""


@dataclass(frozen=True)
class Preprocess:
    """Bicubic resize to a square, values 0..1, optionally normalised.

    Without `crop` the whole image is squeezed into the square (as EmoNet takes it); with it the shorter side is resized
    to `crop` pixels and the centre square of `size` pixels is cut out (torchvision's usual evaluation transform).
    """

    size: int = 224
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    crop: int | None = None

    def __post_init__(self) -> None:
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std go together: give both or neither")
        if self.crop is not None and self.crop < self.size:
            raise ValueError(f"crop is {self.crop} px; expected at least size, {self.size} px")

    def view(self, width: int, height: int) -> View:
        """The rectangle of a width x height image that ends up in the square."""
        if self.crop is None:
            return View(0.0, 0.0, float(width), float(height))
        side = self.size * min(width, height) / self.crop
        x0, y0 = (width - side) / 2, (height - side) / 2
        return View(x0, y0, x0 + side, y0 + side)

    def pixels(self, image: Image.Image) -> np.ndarray:
        """The resized square as uint8 (size, size, 3): what a training set may keep in memory."""
        return resized(self, image)

    def values(self, pixels: np.ndarray, x0: int = 0, y0: int = 0) -> Tensor:
        """float32 (3, h, w) of pixels uint8 (h, w, 3); wherever they lie in the square."""
        tensor = torch.from_numpy(pixels.transpose(2, 0, 1).copy()).to(torch.float32) / 255
        if self.mean is not None and self.std is not None:
            mean, std = (torch.tensor(values, dtype=torch.float32).view(-1, 1, 1) for values in (self.mean, self.std))
            tensor = (tensor - mean) / std
        return tensor

    def __call__(self, image: Image.Image) -> tuple[Tensor, View]:
        """A float32 tensor (3, size, size) and the view."""
        return self.values(self.pixels(image)), self.view(*image.size)


def resized(preprocess: Resizing, image: Image.Image) -> np.ndarray:
    """The view of an image, resized to the square: uint8 (size, size, 3)."""
    view = preprocess.view(*image.size)
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    square = (preprocess.size, preprocess.size)
    return np.asarray(rgb.resize(square, Image.Resampling.BICUBIC, box=(view.x0, view.y0, view.x1, view.y1)))
