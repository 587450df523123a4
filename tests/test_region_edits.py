"""Region edits against plain numpy, their regions, crops, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from emocam_widgets.engine.region_edits import BLUR, WARMTH, RegionEdit, apply_edits, parse_edit, parse_edits
from emocam_widgets.errors import EmocamError
from emocam_widgets.types import Placement

SIZE = (60, 40)


@pytest.fixture
def image() -> Image.Image:
    """Noise of all levels."""
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8))


def after(image: Image.Image, *edits: RegionEdit, **more: Any) -> NDArray[np.int_]:
    return np.asarray(apply_edits(image, edits, **more).image).astype(int)


def luma(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.299 * pixels[..., 0:1] + 0.587 * pixels[..., 1:2] + 0.114 * pixels[..., 2:3]


def by_numpy(pixels: NDArray[np.float64], kind: str, strength: float) -> NDArray[np.float64]:
    """The effects once more, in the words of RegionEdit."""
    if kind == "grey":
        return (1 - strength) * pixels + strength * luma(pixels)
    if kind == "brighten":
        return pixels + strength * (255 - pixels) if strength > 0 else pixels * (1 + strength)
    if kind == "warm":
        return pixels * [1 + WARMTH * strength, 1, 1 - WARMTH * strength]
    red, own = np.array([204.0, 51.0, 0.0]), 0.299 * 204 + 0.587 * 51
    grey = luma(pixels)
    tinted = np.where(grey <= own, red * grey / own, red + (255 - red) * (grey - own) / (255 - own))
    return (1 - strength) * pixels + strength * tinted


@pytest.mark.parametrize(
    ("kind", "strength"),
    [
        *(("grey", 0.7), ("grey", 1.0), ("brighten", 0.5), ("brighten", -0.5)),
        *(("warm", 0.8), ("warm", -1.0), ("recolour", 1.0), ("recolour", 0.4)),
    ],
)
def test_effects_are_what_numpy_gives_inside_the_box_and_nothing_outside(
    image: Image.Image, kind: str, strength: float
) -> None:
    edit = RegionEdit(kind, strength, "box", (0.25, 0.25, 0.5, 0.75), colour="#cc3300")
    before = np.asarray(image).astype(np.float64)
    expected = before.copy()
    expected[10:30, 15:30] = np.clip(by_numpy(before[10:30, 15:30], kind, strength), 0, 255)
    found = after(image, edit)
    assert np.abs(found - expected).max() <= 0.51
    outside = np.ones(found.shape[:2], bool)
    outside[10:30, 15:30] = False
    assert (found[outside] == before[outside]).all()
    assert (found != before).any()
    assert (after(image, edit) == found).all()


@pytest.mark.parametrize("box", [(0.25, 0.25, 0.5, 0.75), (0.0, 0.0, 0.2, 1.0), (-1.0, -1.0, 2.0, 2.0)])
def test_blur_of_a_box_is_that_of_the_whole_image(box: tuple[float, float, float, float]) -> None:
    image = Image.fromarray(np.random.default_rng(4).integers(0, 256, (240, 320, 3), np.uint8))
    whole = np.asarray(image.filter(ImageFilter.GaussianBlur(0.5 * BLUR * 240)))
    found = np.asarray(apply_edits(image, [RegionEdit("blur", 0.5, "box", box)]).image)
    x0, y0 = max(0, round(box[0] * 320)), max(0, round(box[1] * 240))
    x1, y1 = min(320, round(box[2] * 320)), min(240, round(box[3] * 240))
    assert np.abs(found[y0:y1, x0:x1].astype(int) - whole[y0:y1, x0:x1]).max() <= 1
    outside = np.ones(found.shape[:2], bool)
    outside[y0:y1, x0:x1] = False
    assert (found[outside] == np.asarray(image)[outside]).all()


def test_a_box_is_rounded_outwards_and_one_outside_changes_nothing(image: Image.Image) -> None:
    changed = (after(image, RegionEdit("brighten", 1.0, "box", (0.26, 0.26, 0.49, 0.74))) == 255).all(axis=-1)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (10, 30, 15, 30)
    assert (after(image, RegionEdit("brighten", 1.0, "box", (1.2, 0.0, 1.4, 1.0))) == np.asarray(image)).all()


def test_a_lasso_changes_what_it_surrounds(image: Image.Image) -> None:
    triangle = RegionEdit("brighten", -1.0, "lasso", points=((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    black = (after(image, triangle) == 0).all(axis=-1)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    depth = 1 - (x + 0.5) / SIZE[0] - (y + 0.5) / SIZE[1]
    assert black[depth > 0.05].all()
    assert not black[depth < -0.05].any()


def test_superpixels_are_changed_by_their_ids(image: Image.Image) -> None:
    segments = np.zeros((SIZE[1], SIZE[0]), np.int32)
    segments[:, 20:40], segments[:, 40:] = 1, 2
    found = after(image, RegionEdit("grey", 1.0, "segments", segments=(0, 2)), segments=lambda: segments)
    assert (found[:, 20:40] == np.asarray(image)[:, 20:40]).all()
    assert (np.ptp(found[:, :20], axis=-1) == 0).all()
    with pytest.raises(EmocamError, match="0 to 2"):
        after(image, RegionEdit("grey", 1.0, "segments", segments=(3,)), segments=lambda: segments)
    with pytest.raises(EmocamError, match="not segmented"):
        after(image, RegionEdit("grey", 1.0, "segments", segments=(1,)))


def test_edits_follow_each_other_and_none_leaves_the_image_alone(image: Image.Image) -> None:
    dark, bright = RegionEdit("brighten", -1.0), RegionEdit("brighten", 0.5)
    assert set(np.unique(after(image, dark, bright))) == {128}
    assert set(np.unique(after(image, bright, dark))) == {0}
    before = image.tobytes()
    assert apply_edits(image, [RegionEdit("grey", 0.0)]).image is image
    assert image.tobytes() == before


def test_a_crop_leaves_its_window_and_moves_what_is_on_it(image: Image.Image) -> None:
    made = apply_edits(image, [RegionEdit("crop", region="box", box=(0.5, 0.25, 1.0, 0.75))])
    assert made.window == (30, 10, 60, 30)
    assert made.cropped().tobytes() == image.crop((30, 10, 60, 30)).tobytes()
    (moved,) = made.inside([Placement("ball", 0.75, 0.5, 0.25)])
    assert (moved.x, moved.y, moved.height) == pytest.approx((0.5, 0.5, 0.5))


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ({"kind": "gray"}, "'grey'"),
        ({"kind": "grey", "strength": -0.5}, "from 0 to 1"),
        ({"kind": "warm", "strength": float("nan")}, "from -1 to 1"),
        ({"kind": "grey", "region": "bax"}, "'box'"),
        ({"kind": "grey", "region": "box"}, "box"),
        ({"kind": "grey", "region": "box", "box": [0.5, 0, 0.5, 1]}, "x0 < x1"),
        ({"kind": "grey", "region": "lasso", "points": [[0, 0], [1, 1]]}, "3 to"),
        ({"kind": "grey", "region": "segments", "segments": [1.5]}, "whole numbers"),
        ({"kind": "recolour", "colour": "red"}, "hexadecimal"),
        ({"kind": "crop", "region": "box", "box": [0.5, 0, 0.505, 1]}, "nothing to see"),
        ({"kind": "grey", "amount": 1}, "expected kind"),
        ("grey", "expected kind"),
    ],
)
def test_bad_edits_are_refused_in_words(edit: Any, reason: str) -> None:
    with pytest.raises(EmocamError, match=reason):
        parse_edit(edit)


def test_edits_are_what_their_dicts_are() -> None:
    edits = [
        RegionEdit("warm", -0.5, "box", (0.1, 0.2, 0.3, 0.4)),
        RegionEdit("blur", 0.5, "lasso", points=((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))),
        RegionEdit("recolour", 1.0, "segments", segments=(1, 4), colour="#00ff00"),
    ]
    assert parse_edits([edit.as_dict() for edit in edits]) == edits
    with pytest.raises(EmocamError, match="cropped once"):
        parse_edits([{"kind": "crop"}, {"kind": "crop"}])
