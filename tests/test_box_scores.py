"""Each score of importance against the upsampled map: torch's bilinear upsampling, then numpy on its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emocam_widgets.analysis.importance import (
    DEFAULT_THRESHOLDS,
    SCORES,
    box_importance,
    default_threshold,
    grouped_importance,
)
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.rle import encode_mask
from emocam_widgets.run import RunWriter, open_run
from emocam_widgets.types import View
from tests.test_importance import VIEWS, random_boxes, upsampled
from tests.worlds import make_run


def pixels(box: np.ndarray, width: int, height: int) -> tuple[slice, slice]:
    x0, y0 = max(int(np.floor(box[0])), 0), max(int(np.floor(box[1])), 0)
    x1, y1 = min(int(np.ceil(box[2])), width), min(int(np.ceil(box[3])), height)
    return slice(y0, max(y1, y0)), slice(x0, max(x1, x0))


def brute_force(score: str, canvas: np.ndarray, box: np.ndarray) -> float:
    where = np.zeros(canvas.shape, bool)
    where[pixels(box, canvas.shape[1], canvas.shape[0])] = True
    inside, outside = canvas[where], canvas[~where]
    if not inside.size:
        return 0.0
    if score in ("mean", "mask-mean"):
        return float(inside.mean())
    if score == "maximum":
        return float(inside.max())
    if score == "upper-quantile":
        return float(np.quantile(inside, 0.9))
    if score == "mass":
        return float(inside.sum() / canvas.sum()) if canvas.any() else 0.0
    assert score == "contrast", f"{score} has no independent computation here: add one"
    if not outside.size:
        return 0.5 if canvas.any() else 0.0
    total = inside.mean() + outside.mean()
    return float(inside.mean() / total) if total else 0.0


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(("width", "height", "view", "shape"), VIEWS)
def test_equals_upsample_then_measure(
    score: str, width: int, height: int, view: tuple[int, int, int, int], shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(width + shape[0])
    grid = rng.random(shape).astype(np.float32)
    canvas = upsampled(grid, view, width, height)
    boxes = np.vstack([random_boxes(rng, 60, width, height), [(0, 0, width, height), (3.2, 2.9, 4.1, 3.0)]])
    expected = np.array([brute_force(score, canvas, box) for box in boxes])
    found = box_importance(grid, View(*map(float, view)), boxes, width, height, score)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 1 + 1e-6)).all()
    exact = np.ones(len(boxes), bool)
    if score == "upper-quantile":  # of larger boxes it looks at 24 pixels a side
        sides = [[part.stop - part.start for part in pixels(box, width, height)] for box in boxes]
        exact = np.array([max(side) <= 24 or min(side) == 0 for side in sides])
        for box, value in zip(boxes[~exact], found[~exact], strict=True):
            low, high = np.quantile(canvas[pixels(box, width, height)], [0.8, 0.95])
            assert low - 1e-6 <= value <= high + 1e-6
    assert np.abs(found - expected)[exact].max() < 1e-6


def test_quantile_of_large_boxes_on_a_smooth_map() -> None:
    rng = np.random.default_rng(2)
    y, x = (np.mgrid[0:13, 0:13] + 0.5) / 13
    grid = np.exp(-((x - 0.4) ** 2 + (y - 0.6) ** 2) / 0.05).astype(np.float32)
    canvas = upsampled(grid, (0, 0, 640, 480), 640, 480)
    boxes = random_boxes(rng, 200, 640, 480)
    expected = [brute_force("upper-quantile", canvas, box) for box in boxes]
    found = box_importance(grid, View.whole(640, 480), boxes, 640, 480, "upper-quantile")
    assert np.abs(found - expected).max() < 0.02


@pytest.mark.parametrize("score", SCORES)
def test_nothing_to_look_at_is_zero(score: str) -> None:
    view = View.whole(30, 20)
    outside = [(31, 2, 40, 5), (5, 5, 5, 9), (9, 9, 5, 5), (-9, -9, 0, 0), (0, 20, 30, 21)]
    assert box_importance(np.ones((13, 13)), view, outside, 30, 20, score).tolist() == [0] * 5
    assert box_importance(np.zeros((13, 13)), view, [(0, 0, 30, 20), (2, 2, 9, 9)], 30, 20, score).tolist() == [0, 0]
    assert box_importance(np.ones((13, 13)), view, np.zeros((0, 4)), 30, 20, score).shape == (0,)


def test_a_uniform_map_gives_each_score_its_neutral_value() -> None:
    boxes = [(0, 0, 15, 10), (0, 0, 30, 20), (4, 4, 6, 6)]
    values = {s: box_importance(np.ones((7, 7)), View.whole(30, 20), boxes, 30, 20, s).tolist() for s in SCORES}
    for score in ("mean", "maximum", "upper-quantile", "mask-mean"):
        assert values[score] == pytest.approx([1, 1, 1])
    assert values["mass"] == pytest.approx([0.25, 1, 4 / 600])
    assert values["contrast"] == pytest.approx([0.5, 0.5, 0.5])  # whatever the box's size


def test_mask_mean_is_over_the_mask_and_falls_back_to_the_box() -> None:
    rng = np.random.default_rng(0)
    width, height, view = 64, 48, (5, 0, 60, 48)
    grids = rng.random((2, 13, 13), dtype=np.float32)
    boxes = random_boxes(rng, 6, width, height)
    masks = [rng.random((height, width)) < 0.2 for _ in boxes]
    masks[4][:] = False
    texts = [encode_mask(mask) if number != 1 else None for number, mask in enumerate(masks)]
    of = np.array([0, 0, 1, 1, 1, 0])
    found = grouped_importance(grids, of, boxes, View(*map(float, view)), width, height, "mask-mean", texts)
    canvases = [upsampled(grid, view, width, height) for grid in grids]
    expected = [float(canvases[g][mask].mean()) if mask.any() else 0.0 for g, mask in zip(of, masks, strict=True)]
    expected[1] = brute_force("mean", canvases[0], boxes[1])
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_mask_of_another_size_is_refused() -> None:
    mask = encode_mask(np.ones((10, 10), bool))
    grids, of = np.ones((1, 3, 3), np.float32), np.zeros(1, np.intp)
    with pytest.raises(EmocamError, match="10 x 10 pixels, but its image 30 x 20"):
        grouped_importance(grids, of, [(0, 0, 5, 5)], View.whole(30, 20), 30, 20, "mask-mean", [mask])


def test_many_maps_at_once_equal_one_by_one() -> None:
    rng = np.random.default_rng(5)
    grids = rng.random((4, 13, 13), dtype=np.float32)
    boxes, of = random_boxes(rng, 5000, 64, 48), rng.integers(0, 4, 5000).astype(np.intp)
    for score in SCORES:
        together = grouped_importance(grids, of, boxes, View.whole(64, 48), 64, 48, score)
        for number in range(4):
            alone = box_importance(grids[number], View.whole(64, 48), boxes[of == number], 64, 48, score)
            assert together[of == number] == pytest.approx(alone, abs=1e-7)


def test_every_score_has_a_default_threshold() -> None:
    assert list(DEFAULT_THRESHOLDS) == list(SCORES)
    assert default_threshold("mean") == 0.3
    with pytest.raises(UnknownNameError, match="did you mean 'contrast'"):
        default_threshold("contrasts")


def test_a_run_reads_its_masks(tmp_path: Path) -> None:
    run = make_run(tmp_path, n=6)
    first = run.images.iloc[0]
    mask = np.zeros((first["height"], first["width"]), bool)
    mask[10:40, 20:90] = True
    of_first = run.boxes["image_id"] == first["image_id"]
    boxes = run.boxes.copy()
    boxes.loc[of_first, "mask"] = encode_mask(mask)
    with RunWriter(tmp_path / "masked", run.manifest) as writer:
        writer.write_part(
            {"images": run.images, "boxes": boxes, "cams": run.cams}, detected={"drawn": list(run.images["image_id"])}
        )
        writer.finish()
    masked = open_run(tmp_path / "masked").importance("grad-cam", "mask-mean")
    plain = run.importance("grad-cam", "mean")
    assert masked[~of_first] == pytest.approx(plain[~of_first])
    grid = run.grid(first["image_id"], "grad-cam")
    canvas = upsampled(grid.grid, (0, 0, first["width"], first["height"]), first["width"], first["height"])
    assert masked[of_first] == pytest.approx(np.full(of_first.sum(), canvas[mask].mean()), abs=1e-6)


def test_the_authors_confidence_cut_is_min_confidence(tmp_path: Path) -> None:
    """Their scripts set a box's importance to 0 below confidence 0.3: no threshold from 0 on lets it count, either."""
    from emocam_widgets.analysis.association import Aggregate

    run = make_run(tmp_path, n=30)
    boxes = pd.concat([run.boxes, run.boxes.assign(confidence=0.1)], ignore_index=True)
    importance = np.tile(run.importance("grad-cam"), 2)
    images = run.images[["image_id", "label"]]
    zeroed = np.where(boxes["confidence"] < np.float32(0.3), 0, importance)
    theirs = Aggregate(images, boxes, zeroed, labels=run.labels, classes=run.classes)
    ours = Aggregate(images, boxes, importance, labels=run.labels, classes=run.classes, min_confidence=0.3)
    for threshold in (0.0, 0.3, 0.7):
        assert (theirs.counts(threshold) == ours.counts(threshold)).all()
