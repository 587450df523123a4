"""Importance from the grid alone equals the mean of the upsampled map inside the box."""

from __future__ import annotations

import numpy as np
import pytest

from emocam_widgets.analysis.importance import box_importance, cam_importance, grouped_importance
from emocam_widgets.errors import UnknownNameError
from emocam_widgets.types import Cam, View

VIEWS = [
    # width, height, view, grid shape
    (64, 48, (0, 0, 64, 48), (13, 13)),
    (640, 427, (0, 0, 640, 427), (13, 13)),
    (101, 77, (13, 0, 90, 77), (7, 7)),
    (77, 101, (0, 12, 77, 89), (13, 20)),
    (20, 16, (0, 0, 20, 16), (24, 24)),
    (40, 30, (5, 5, 6, 25), (13, 13)),
    (50, 40, (0, 0, 50, 40), (1, 1)),
    (50, 40, (10, 5, 45, 38), (1, 6)),
]


def upsampled(grid: np.ndarray, view: tuple[int, int, int, int], width: int, height: int) -> np.ndarray:
    torch = pytest.importorskip("torch")
    x0, y0, x1, y1 = view
    small = torch.from_numpy(grid.astype(np.float64))[None, None]
    big = torch.nn.functional.interpolate(small, size=(y1 - y0, x1 - x0), mode="bilinear", align_corners=False)
    canvas = np.zeros((height, width))
    canvas[y0:y1, x0:x1] = big[0, 0].numpy()
    return canvas


def mean_in_box(canvas: np.ndarray, box: np.ndarray) -> float:
    height, width = canvas.shape
    x0, y0 = max(int(np.floor(box[0])), 0), max(int(np.floor(box[1])), 0)
    x1, y1 = min(int(np.ceil(box[2])), width), min(int(np.ceil(box[3])), height)
    inside = canvas[y0:y1, x0:x1] if x1 > x0 and y1 > y0 else np.zeros((0, 0))
    return float(inside.mean()) if inside.size else 0.0


def random_boxes(rng: np.random.Generator, n: int, width: int, height: int) -> np.ndarray:
    corners = rng.uniform(-0.2, 1.2, (n, 2, 2)) * (width, height)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


@pytest.mark.parametrize(("width", "height", "view", "shape"), VIEWS)
def test_equals_upsample_then_mean(
    width: int, height: int, view: tuple[int, int, int, int], shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(width * height)
    grid = rng.random(shape, dtype=np.float32)
    boxes = random_boxes(rng, 60, width, height)
    boxes[0] = (0, 0, width, height)
    boxes[1] = (3, 4, 4, 5)
    canvas = upsampled(grid, view, width, height)
    expected = [mean_in_box(canvas, box) for box in boxes]
    found = box_importance(grid, View(*map(float, view)), boxes, width, height)
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 1e-6


def test_boxes_without_a_pixel_and_constant_maps_are_zero() -> None:
    view = View.whole(30, 20)
    boxes = [(31, 2, 40, 5), (5, 5, 5, 9), (9, 9, 5, 5), (-9, -9, 0, 0)]
    assert box_importance(np.ones((13, 13)), view, boxes, 30, 20).tolist() == [0, 0, 0, 0]
    assert box_importance(np.zeros((13, 13)), view, [(0, 0, 30, 20)], 30, 20).tolist() == [0]
    assert box_importance(np.ones((13, 13)), view, np.zeros((0, 4)), 30, 20).shape == (0,)


def test_box_half_outside_the_view_counts_the_outside_as_zero() -> None:
    found = box_importance(np.ones((3, 3)), View(10, 0, 20, 10), [(0, 0, 20, 10), (0, 0, 10, 10)], 30, 10)
    assert found == pytest.approx([0.5, 0.0])


def test_many_grids_at_once_equal_one_by_one() -> None:
    rng = np.random.default_rng(5)
    grids = rng.random((4, 13, 13), dtype=np.float32)
    boxes = random_boxes(rng, 50, 64, 48)
    of = rng.integers(0, 4, 50).astype(np.intp)
    view = View.whole(64, 48)
    together = grouped_importance(grids, of, boxes, view, 64, 48)
    alone = [cam_importance(Cam(grids[g], view, "m", "t"), b, 64, 48)[0] for g, b in zip(of, boxes, strict=True)]
    assert together == pytest.approx(alone, abs=1e-7)


def test_unknown_score_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        box_importance(np.ones((2, 2)), View.whole(4, 4), [(0, 0, 1, 1)], 4, 4, score="maen")
