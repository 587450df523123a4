"""Places fill any picture, lights change it as named, and both repeat from their seed."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("skia")

from emocam_widgets.demo.scenes.canvas import Canvas
from emocam_widgets.demo.scenes.light import LIGHTS, OVERLAYS, apply_light
from emocam_widgets.demo.scenes.places import INDOOR, PLACES, draw_place

LABELS = (
    *("adoration", "aesthetic", "amusement", "anxiety", "awe", "boredom", "confusion", "craving", "disgust", "pain"),
    *("entrancement", "excitement", "fear", "horror", "interest", "joy", "romance", "sadness", "desire", "surprise"),
)
SIZES = ((320, 240, 0.92), (180, 240, 0.97), (320, 180, 0.86), (241, 239, 1.4))


def place(name: str, seed: int = 3, width: int = 320, height: int = 240, ground: float = 0.92) -> np.ndarray:
    """One place as RGBA."""
    canvas = Canvas(width, height)
    draw_place(canvas, name, seed, ground * height)
    assert canvas.parts == []
    return canvas.pixels()


def luminance(rgb: np.ndarray) -> np.ndarray:
    """0..255, by pixel."""
    return rgb[..., :3] @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("name", PLACES)
def test_place_fills_every_pixel_at_any_size(name: str) -> None:
    for width, height, ground in SIZES:
        for seed in range(3):
            pixels = place(name, seed, width, height, ground)
            assert pixels.shape == (height, width, 4)
            assert (pixels[..., 3] == 255).all()
            assert luminance(pixels).std() > 10  # a picture, not a plain fill


@pytest.mark.parametrize("name", PLACES)
def test_place_repeats_from_its_seed_and_differs_between_seeds(name: str) -> None:
    assert np.array_equal(place(name, 5), place(name, 5))
    others = [place(name, seed) for seed in (5, 6, 7)]
    assert not np.array_equal(others[0], others[1])
    assert not np.array_equal(others[1], others[2])


def test_places_are_named_and_told_apart() -> None:
    assert len(set(PLACES)) == len(PLACES) >= 12
    assert set(PLACES) > INDOOR
    with pytest.raises(KeyError):
        draw_place(Canvas(32, 24), "moon", 0, 20.0)


@pytest.mark.parametrize("name", LIGHTS)
def test_light_keeps_shape_repeats_and_leaves_the_picture_readable(name: str) -> None:
    light = LIGHTS[name]
    assert light.name == name
    assert light.overlay is None or light.overlay in OVERLAYS
    for background in ("park", "kitchen", "city_night"):
        rgb = place(background)[..., :3]
        before = rgb.copy()
        lit = apply_light(rgb, light, 11)
        assert lit.shape == rgb.shape
        assert lit.dtype == np.uint8
        assert np.array_equal(rgb, before)
        assert np.array_equal(lit, apply_light(rgb, light, 11))
        assert luminance(lit).mean() > (24 if background == "city_night" else 50)


@pytest.mark.parametrize("name", LIGHTS)
def test_faces_stay_visible_in_every_light(name: str) -> None:
    """Dark and fair skin, and the features on them, keep apart in the middle of the picture where faces are."""
    rgb = np.zeros((240, 320, 3), np.uint8)
    rgb[:, :160], rgb[:, 160:] = (122, 74, 48), (240, 200, 164)
    rgb[90:110:4] = (32, 28, 40)
    lit = luminance(apply_light(rgb, LIGHTS[name], 2))
    for side in (slice(110, 150), slice(170, 210)):
        skin, features = np.median(lit[111:130, side]), np.median(lit[90:110:4, side])
        assert skin > 30
        assert skin - features > 9


@pytest.mark.parametrize("name", sorted(set(LIGHTS) - {"neutral"}))
def test_strength_fades_a_light_to_nothing(name: str) -> None:
    rgb = place("beach")[..., :3]
    nothing, half, whole = (apply_light(rgb, LIGHTS[name], 4, strength).astype(int) for strength in (0.0, 0.5, 1.0))
    assert np.abs(nothing - rgb).max() <= 1
    assert 2 < np.abs(half - rgb).mean() < np.abs(whole - rgb).mean()


def test_every_label_has_its_own_light_but_joy_shares_excitements() -> None:
    assert set(LABELS) | {"neutral"} == set(LIGHTS)
    scenes = [place(name)[..., :3] for name in ("street", "mountains", "stage")]
    looks = {name: [apply_light(rgb, light, 1).astype(int) for rgb in scenes] for name, light in LIGHTS.items()}
    assert all(np.array_equal(a, b) for a, b in zip(looks["joy"], looks["excitement"], strict=True))
    names = sorted(set(LIGHTS) - {"joy"})
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            apart = np.mean([np.abs(a - b).mean() for a, b in zip(looks[first], looks[second], strict=True)])
            assert apart > 9, (first, second, apart)


def test_light_takes_any_size() -> None:
    for height, width in ((1, 1), (7, 301), (300, 225)):
        rgb = np.full((height, width, 3), 128, np.uint8)
        for light in LIGHTS.values():
            assert apply_light(rgb, light, 0).shape == rgb.shape
