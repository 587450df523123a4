"""What the canvas of a widget really shows: its pixels, read back where a part of the picture lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator

# The picture stands in the middle of its canvas, as large as fits (at most four times its size), as `fit` lays it.
_READ = """(element, [points, [width, height], margin]) => {
  const canvas = element.querySelector('.ec-canvas-surface');
  const [room, high, ratio] = [canvas.clientWidth, canvas.clientHeight, canvas.width / canvas.clientWidth];
  const scale = Math.min((room - margin) / width, (high - margin) / height, 4);
  const left = (room - width * scale) / 2, top = (high - height * scale) / 2;
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return points.map(([x, y]) => {
    const at = [left + x * width * scale, top + y * height * scale].map((each) => Math.floor(each * ratio));
    const first = 4 * (at[1] * pixels.width + at[0]);
    return [...pixels.data.slice(first, first + 3)];
  });
}"""


def colours(
    canvas: Locator, points: Sequence[Sequence[float]], size: Sequence[int], margin: int = 0
) -> NDArray[np.float64]:
    """RGB (n, 3) at n points relative to the picture, which has `size` pixels; `margin` is of both sides together."""
    found = canvas.evaluate(_READ, [[list(point) for point in points], list(size), margin])
    return np.array(found, np.float64)


def apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """How far colours (n, 3) are from others, 0..255: the mean over points and channels."""
    return float(np.abs(one - other).mean())
