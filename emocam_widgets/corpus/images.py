"""Reading one image file as the RGB picture that a person would see, whatever its format, mode and orientation.

A file that cannot be used raises :class:`ImageError` with a plain reason; nothing else does.
"""

from __future__ import annotations

import stat
import struct
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from emocam_widgets.errors import ImageError

MAX_PIXELS = 100_000_000
SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".ppm", ".pgm")

# what Pillow's decoders raise on damaged data, over all its formats; Warning where the caller made warnings errors
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    Warning,
)
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(source: str | PathLike[str] | bytes, least_side: int | None = None) -> Image.Image:
    """The image in a file (or in the bytes of one) as an RGB PIL image, upright after its EXIF orientation.

    The format is told from the content, not from the name. Of an animation the first frame is taken, transparency
    stands on white, CMYK, palette and grey become RGB, and 16-bit and floating-point values are scaled to 8 bits.

    Args:
        least_side: both sides may be as small as this; a JPEG is then decoded at a fraction of its size.

    Raises:
        ImageError: the file is missing, empty, not an image, damaged, cut short, or has more than 100 megapixels
            (which is checked before anything is decoded).
    """
    stream = BytesIO(source) if isinstance(source, bytes) else _read_file(Path(source))
    if not stream.getbuffer().nbytes:
        raise ImageError("the file is empty")
    try:
        image = pillow_open()(stream)
    except UnidentifiedImageError as error:
        raise ImageError("the file is not an image in a format that can be read") from error
    except Image.DecompressionBombError as error:
        raise ImageError(_too_large()) from error
    except DAMAGED as error:
        raise ImageError(f"the image is damaged ({_one_line(error)})") from error
    with image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ImageError(_too_large(f"{width} x {height} pixels"))
        if not width or not height:
            raise ImageError("the image has no pixels")
        orientation = _orientation(image)
        try:
            if least_side is not None:
                image.draft("RGB", (least_side, least_side))
            image.load()
            rgb = _to_rgb(image)
        except MemoryError as error:
            raise ImageError(f"there is not enough memory to decode its {width} x {height} pixels") from error
        except Image.DecompressionBombError as error:
            raise ImageError(_too_large()) from error
        except DAMAGED as error:
            raise ImageError(f"the image is cut short or damaged ({_one_line(error)})") from error
    return rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb


def pillow_open() -> Callable[..., Image.Image]:
    """Pillow's own ``Image.open``.

    Ultralytics, once imported by anybody, puts its own in place, which tries to install a package for every file that
    Pillow does not know.
    """
    return getattr(sys.modules.get("ultralytics.utils.patches"), "_image_open", Image.open)


def _read_file(path: Path) -> BytesIO:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would block for ever
            raise ImageError("it is not a regular file")
        return BytesIO(path.read_bytes())
    except FileNotFoundError as error:
        raise ImageError("there is no such file") from error
    except PermissionError as error:
        raise ImageError("the file may not be read (permission denied)") from error
    except OSError as error:
        raise ImageError(f"the file cannot be read ({_one_line(error)})") from error


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except DAMAGED:  # damaged EXIF does not make the pixels unusable: the picture is taken as it stands
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image.copy()  # independent of the file, without the decoder's state
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_to_8_bits(np.asarray(image), image.mode)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _to_8_bits(values: np.ndarray, mode: str) -> np.ndarray:
    """Grey values of 16 or 32 bits or floating point (0..1, 0..255 or 0..65535, by their maximum) as uint8."""
    grey = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(grey.max())
    if mode.startswith("I;16") or top > 255.0:
        grey = grey * (255.0 / 65535.0)
    elif mode.startswith("F") and top <= 1.0:
        grey = grey * 255.0
    return np.clip(np.rint(grey), 0.0, 255.0).astype(np.uint8)


def _too_large(size: str | None = None) -> str:
    return f"the image is too large ({size or 'far'} over the limit of {MAX_PIXELS // 1_000_000} megapixels)"


def _one_line(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:120]
