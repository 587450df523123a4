"""Pasting sprites onto an image, in Pillow: what the editor, the paste experiment and the export all see."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from PIL import Image, ImageFilter

from emocam_widgets.engine.cache import ByteCache
from emocam_widgets.errors import EmocamError, UnknownNameError, known_name
from emocam_widgets.types import Placement

MAX_HEIGHT = 8.0  # of a sprite, relative to the image's height
# "object" is the sprite itself. Two controls tell what it is from what it covers: its silhouette filled with mid-grey,
# and the image itself, blurred under the silhouette until nothing of the object's size is left.
VARIANTS = ("object", "grey", "blurred")
GREY = (128, 128, 128)
BLUR = 0.25  # standard deviation, relative to the sprite's height
TRANSFORMED_BYTES = 32 * 1024 * 1024

Box = tuple[int, int, int, int]


class Sprites(Mapping[str, Image.Image]):
    """Sprites by name, RGBA, which remembers each as it was last resized, mirrored, rotated and faded.

    Safe to use from several threads. Raises EmocamError for an image without transparency, whose silhouette would be
    its rectangle; one that is meant to be a rectangle has a full alpha channel (`image.convert("RGBA")`).
    """

    def __init__(self, images: Mapping[str, Image.Image]) -> None:
        for name, image in images.items():
            if not image.has_transparency_data:
                raise EmocamError(
                    f"The sprite {name!r} is an image of mode {image.mode} without transparency; expected RGBA. "
                    'A whole rectangle is pasted with image.convert("RGBA").'
                )
        self._images = {name: image.convert("RGBA") for name, image in images.items()}
        self._transformed: ByteCache[Image.Image] = ByteCache(TRANSFORMED_BYTES)
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Image.Image:
        return self._images[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)

    def transformed(self, placement: Placement, image_height: int) -> Image.Image:
        """The sprite as it lies on an image of that height (pixels); do not draw on it."""
        if placement.sprite not in self._images:
            raise UnknownNameError("sprite", placement.sprite, self._images)
        _check(placement)
        height = max(1, round(placement.height * image_height))
        key = (placement.sprite, height, placement.rotation % 360, placement.flip, placement.opacity)
        with self._lock:
            found = self._transformed.get(key)
        if found is None:
            found = _transformed(self._images[placement.sprite], placement, height)
            with self._lock:
                self._transformed.put(key, found, 4 * found.width * found.height)
        return found


@dataclass(frozen=True, eq=False)
class Patch:
    """What one placement puts onto an image: an RGBA layer over the window x0, y0, x1, y1 (pixels of the image)."""

    window: Box
    layer: Image.Image

    def onto(self, image: Image.Image, origin: tuple[int, int] = (0, 0)) -> None:
        """Composites it onto an RGB image, of which `origin` is where its top left corner lies in the whole one."""
        x0, y0, x1, y1 = self.window
        here = (x0 - origin[0], y0 - origin[1], x1 - origin[0], y1 - origin[1])
        part = image.crop(here).convert("RGBA")
        part.alpha_composite(self.layer)
        image.paste(part.convert("RGB"), here[:2])


def paste(
    base: Image.Image,
    sprites: Mapping[str, Image.Image],
    placements: Iterable[Placement],
    variant: str = "object",
) -> Image.Image:
    """A new RGB image: the base with each sprite (RGBA) composited onto it in order; only the touched windows change.

    A sprite is resized to its placement's height, mirrored, rotated about its centre, and cut off at the image's edge.
    `variant` pastes a control in its silhouette instead (`VARIANTS`). Raises UnknownNameError for a sprite or variant
    that is not there and ValueError for a placement that is not finite.
    """
    image = base.copy() if base.mode == "RGB" else base.convert("RGB")
    known = sprites if isinstance(sprites, Sprites) else Sprites(sprites)
    original = image.copy() if variant == "blurred" else image
    for patch in patches(image.size, known, placements, variant, lambda radius: blurred(original, radius)):
        patch.onto(image)
    return image


def patches(
    size: tuple[int, int],
    sprites: Sprites,
    placements: Iterable[Placement],
    variant: str,
    blur: Callable[[int], Image.Image],
) -> Iterator[Patch]:
    """What each placement puts onto an image of that size, in order; none for one that lies outside it.

    `blur` gives the whole image blurred with a standard deviation in pixels; it is asked for by "blurred" alone.
    """
    known_name("variant", variant, VARIANTS)
    for placement in placements:
        sprite = sprites.transformed(placement, size[1])
        left = round(placement.x * size[0] - sprite.width / 2)
        top = round(placement.y * size[1] - sprite.height / 2)
        window = _touched_window((left, top), sprite.size, size)
        if window is None:
            continue
        layer = sprite.crop((window[0] - left, window[1] - top, window[2] - left, window[3] - top))
        if variant != "object":
            filled = Image.new("RGB", layer.size, GREY)
            if variant == "blurred":
                filled = blur(max(1, round(BLUR * placement.height * size[1]))).crop(window)
            filled.putalpha(layer.getchannel("A"))
            layer = filled
        yield Patch(window, layer)


def blurred(image: Image.Image, radius: int) -> Image.Image:
    """The image after a Gaussian filter of that standard deviation, in pixels."""
    return image.filter(ImageFilter.GaussianBlur(radius))


def silhouette_box(sprites: Sprites, placement: Placement, size: tuple[int, int]) -> Box | None:
    """The smallest box (pixels, clipped) round what a placement covers of an image; None where that is nothing."""
    sprite = sprites.transformed(placement, size[1])
    left = round(placement.x * size[0] - sprite.width / 2)
    top = round(placement.y * size[1] - sprite.height / 2)
    inner = sprite.getchannel("A").getbbox()
    if inner is None:
        return None
    corner = (left + inner[0], top + inner[1])
    return _touched_window(corner, (inner[2] - inner[0], inner[3] - inner[1]), size)


def _check(placement: Placement) -> None:
    numbers = (placement.x, placement.y, placement.height, placement.rotation, placement.opacity)
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"a placement needs finite numbers, got {placement}")
    if not 0 < placement.height <= MAX_HEIGHT:
        raise ValueError(f"a placement's height is {placement.height}; expected more than 0 and at most {MAX_HEIGHT:g}")
    if not 0 <= placement.opacity <= 1:
        raise ValueError(f"a placement's opacity is {placement.opacity}; expected 0..1")


def _transformed(sprite: Image.Image, placement: Placement, height: int) -> Image.Image:
    width = max(1, round(height * sprite.width / sprite.height))
    # Pillow premultiplies RGBA for resizing and rotating, so that transparent pixels lend no colour to the edge.
    turned = sprite.resize((width, height), Image.Resampling.LANCZOS)
    if placement.flip:
        turned = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if placement.rotation % 360:
        turned = turned.rotate(-placement.rotation, Image.Resampling.BICUBIC, expand=True)
    if placement.opacity < 1:
        turned.putalpha(turned.getchannel("A").point([round(value * placement.opacity) for value in range(256)]))
    return turned


def _touched_window(corner: tuple[int, int], sprite: tuple[int, int], image: tuple[int, int]) -> Box | None:
    """The part of the image under the sprite as x0, y0, x1, y1, or None where they do not meet."""
    x0, y0 = max(0, corner[0]), max(0, corner[1])
    x1, y1 = min(image[0], corner[0] + sprite[0]), min(image[1], corner[1] + sprite[1])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None
