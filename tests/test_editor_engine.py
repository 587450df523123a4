"""What stands behind the editor: cut-outs, sprites from bytes, what is covered, the edited scene and the sweep."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image

from emocam_widgets.engine import Worker
from emocam_widgets.engine.covering import covered_shares
from emocam_widgets.engine.cutouts import MAX_SPRITE_BYTES, SPRITE_SIDE, cut_out, read_sprite
from emocam_widgets.engine.edited_scene import EditedScene
from emocam_widgets.engine.region_edits import RegionEdit
from emocam_widgets.engine.sweep import PASS, Sweep, coarse_first, grid_positions
from emocam_widgets.errors import EmocamError
from emocam_widgets.models import wrap_classifier
from emocam_widgets.types import Placement
from tests.tiny_models import LABELS, scene_net

CROP = RegionEdit("crop", region="box", box=(0.25, 0.0, 1.0, 0.8))
GREY = RegionEdit("grey", 0.8, "box", (0.1, 0.1, 0.6, 0.9))


@pytest.fixture
def image() -> Image.Image:
    """A gradient, so that no two places look the same."""
    ramp = np.add.outer(np.arange(240), np.arange(320)) % 256
    return Image.fromarray(np.stack([ramp, 255 - ramp, ramp // 2], axis=-1).astype(np.uint8))


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A small classifier without caches on disk."""
    with Worker(wrap_classifier(scene_net(), LABELS, name="tiny", synthetic=True), cache=None) as made:
        yield made


@pytest.fixture(scope="module")
def sprites() -> dict[str, Image.Image]:
    """A red square and a bright one that is half transparent."""
    return {
        "square": Image.new("RGBA", (40, 40), (255, 0, 0, 255)),
        "veil": Image.new("RGBA", (40, 40), (255, 255, 255, 128)),
    }


# -- sprites -----------------------------------------------------------------------------------------------------------


def png(image: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def test_a_box_is_cut_out_with_a_soft_edge(image: Image.Image) -> None:
    sprite = cut_out(image, (10.2, 20.0, 109.7, 120.0), soft_edge=0.1)
    assert sprite.size == (100, 100)
    assert np.array_equal(np.asarray(sprite)[..., :3], np.asarray(image)[20:120, 10:110])
    alpha = np.asarray(sprite.getchannel("A")).astype(int)
    assert (alpha[10:-10, 10:-10] == 255).all()
    assert alpha[0].max() < 20
    assert (np.diff(alpha[50, :10]) > 0).all()


def test_a_mask_is_cut_out_along_its_outline(image: Image.Image) -> None:
    y, x = np.mgrid[:240, :320]
    disc = (x - 100) ** 2 + (y - 100) ** 2 < 30**2
    sprite = cut_out(image, (40, 40, 200, 200), disc)
    assert sprite.size == (59, 59)
    alpha = np.asarray(sprite.getchannel("A"))
    assert alpha[29, 29] == 255
    assert alpha[0, 0] == alpha[-1, -1] == 0
    assert tuple(np.asarray(sprite)[29, 29, :3]) == image.getpixel((100, 100))
    with pytest.raises(EmocamError, match="marks nothing"):
        cut_out(image, (200, 200, 220, 220), disc)
    with pytest.raises(EmocamError, match="nothing of the image"):
        cut_out(image, (400, 0, 500, 10))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_own_pictures_become_sprites(kind: str) -> None:
    sprite = read_sprite(png(Image.new("RGB", (30, 20), "red"), kind))
    assert (sprite.mode, sprite.size) == ("RGBA", (30, 20))
    assert sprite.getpixel((5, 5)) == pytest.approx((254, 0, 0, 255), abs=3)


def test_own_pictures_are_trimmed_and_kept_small() -> None:
    picture = Image.new("RGBA", (3000, 600))
    picture.paste((0, 255, 0, 255), (500, 100, 2548, 300))
    assert read_sprite(png(picture)).size == (SPRITE_SIDE, 100)
    assert read_sprite(png(picture), as_it_is=True).size == (3000, 600)


def test_what_is_no_usable_picture_is_refused() -> None:
    bomb = png(Image.new("1", (20000, 20000)))
    for data, reason in (
        (b"", "not a picture"),
        (b"<svg onload=alert(1)>", "not a picture"),
        (png(Image.new("RGBA", (8, 8))), "wholly transparent"),
        (png(Image.effect_noise((64, 64), 50))[:400], "damaged"),
        (bomb, "megapixels|damaged"),
        (bytes(MAX_SPRITE_BYTES + 1), "MB"),
    ):
        with pytest.raises(EmocamError, match=reason):
            read_sprite(data)


# -- what is covered ---------------------------------------------------------------------------------------------------


def test_shares_of_boxes_that_are_covered(sprites: dict[str, Image.Image]) -> None:
    from emocam_widgets.engine.compose import Sprites

    known = Sprites(sprites)
    square = Placement("square", 0.5, 0.5, 0.5)  # 100 x 100 of 200 x 200, in the middle
    boxes = [(50, 50, 150, 150), (0, 0, 200, 200), (100, 50, 200, 150), (0, 0, 40, 40), (300, 0, 400, 10)]
    assert covered_shares((200, 200), known, [square], boxes) == pytest.approx([1, 0.25, 0.5, 0, 0], abs=0.02)
    veils = [Placement("veil", 0.5, 0.5, 0.5)] * 2
    assert covered_shares((200, 200), known, veils, boxes[:1]) == pytest.approx([0.75], abs=0.02)
    assert covered_shares((4000, 4000), known, [square], [(1000, 1000, 3000, 2000)]) == pytest.approx([1], abs=0.02)
    assert covered_shares((200, 200), known, [], boxes) == pytest.approx([0] * 5)


# -- the scene ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edits", [(), (GREY,), (GREY, CROP)])
def test_what_is_predicted_is_what_is_composed(
    image: Image.Image, worker: Worker, sprites: dict[str, Image.Image], edits: tuple[RegionEdit, ...]
) -> None:
    scene = EditedScene(image, sprites, worker)
    square = [Placement("square", 0.6, 0.4, 0.3, rotation=20)]
    for variant in ("object", "grey"):
        composed = scene.compose(square, edits, variant)
        expected = worker.predict(composed).probabilities
        first = scene.predict(square, edits, variant).probabilities  # composed whole
        again = scene.predict([Placement("square", 0.1, 0.4)], edits, variant)
        prepared = scene.predict(square, edits, variant).probabilities
        assert np.array_equal(first, expected)
        assert prepared == pytest.approx(expected, abs=1e-6)
        assert not np.array_equal(again.probabilities, expected)
    assert scene.compose([], edits).size == ((240, 192) if CROP in edits else image.size)


def test_a_cam_of_a_cropped_image_lies_where_it_belongs(
    image: Image.Image, worker: Worker, sprites: dict[str, Image.Image]
) -> None:
    scene = EditedScene(image, sprites, worker)
    cam = scene.submit([], [CROP], "grad-cam").result()[1]
    assert cam is not None
    view = scene.whole(cam, [CROP]).view
    assert (view.x0, view.y0, view.x1, view.y1) == (80, 0, 320, 192)


# -- the sweep ---------------------------------------------------------------------------------------------------------


def test_the_grid_and_its_order() -> None:
    positions = grid_positions(4, 2)
    assert positions[0] == pytest.approx((0.125, 0.25))
    assert positions[-1] == pytest.approx((0.875, 0.75))
    order = coarse_first(12, 9)
    assert sorted(order) == list(range(108))
    rows, columns = np.divmod(np.array(order[:6]), 12)
    assert np.ptp(columns) >= 8
    assert np.ptp(rows) >= 4
    for bad in ((0, 4), (100, 100)):
        with pytest.raises(EmocamError, match="positions"):
            grid_positions(*bad)


@pytest.mark.parametrize("edits", [(), (CROP,)])
def test_a_sweep_is_the_prediction_at_each_position(
    image: Image.Image, worker: Worker, sprites: dict[str, Image.Image], edits: tuple[RegionEdit, ...]
) -> None:
    scene = EditedScene(image, sprites, worker)
    placements = [Placement("square", 0.5, 0.5, 0.4), Placement("veil", 0.2, 0.2, 0.5)]
    result = scene.sweep(Sweep(worker.labels, placements, 0, 3, 2), edits)
    assert result.finished
    for (x, y), row in zip(result.positions, result.probabilities, strict=True):
        moved = [Placement("square", float(x), float(y), 0.4), placements[1]]
        assert row == pytest.approx(scene.predict(moved, edits).probabilities, abs=1e-5)
    assert result.map_of("Joy").shape == (2, 3)
    x, y, best = result.best("Joy")
    assert best == result.map_of("Joy").max()
    frame = result.frame()
    assert list(frame.columns) == ["x", "y", *LABELS]
    assert (x, y) == tuple(frame[["x", "y"]].to_numpy()[frame["Joy"].to_numpy().argmax()])
    with pytest.raises(EmocamError, match="number 2"):
        Sweep(worker.labels, placements, 2)


def test_a_sweep_can_be_stopped_and_lets_what_is_interactive_go_first(
    image: Image.Image, worker: Worker, sprites: dict[str, Image.Image]
) -> None:
    scene = EditedScene(image, sprites, worker)
    sweep = Sweep(worker.labels, [Placement("square", 0.5, 0.5)], 0, 8, 8)
    asked = iter([False, False, True])
    result = scene.sweep(sweep, (), lambda: next(asked))
    assert int((~np.isnan(result.probabilities[:, 0])).sum()) == 2 * PASS
    assert not result.finished
    held, begun = threading.Event(), threading.Event()
    worker.submit(lambda: [step() for step in (begun.set, held.wait)])
    assert begun.wait(20)
    done: list[str] = []
    behind = scene.submit_cells(sweep, sweep.order[:2])
    behind.add_done_callback(lambda _future: done.append("sweep"))
    dragged = scene.submit([Placement("square", 0.31, 0.5)])
    dragged.add_done_callback(lambda _future: done.append("drag"))
    held.set()
    assert behind.result(20).shape == (2, len(LABELS))
    dragged.result(20)
    assert done == ["drag", "sweep"]
    assert torch.is_grad_enabled()
