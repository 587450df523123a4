"""Resizing only what a paste touches: the same input, to the bit, as compositing and resizing the whole image."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from emocam_widgets.engine.compose import VARIANTS, Sprites, paste, silhouette_box
from emocam_widgets.engine.prepared import Paste, PreparedImage
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.models.emonet import SIZE, EmoNet, split_emonet
from emocam_widgets.models.grouped import grouped
from emocam_widgets.models.preprocess import Preprocess
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from emocam_widgets.types import Placement, View
from tests.tiny_models import LABELS, picture, scene_net

SIZES = [(640, 480), (211, 307), (90, 60), (227, 227), (801, 100), (60, 400)]


@cache
def _network() -> torch.nn.Module:
    return scene_net()


def _tiny(preprocess: Preprocess | None = None) -> SplitClassifier:
    return wrap_classifier(_network(), LABELS, 224, preprocess=preprocess)


def _sprites() -> Sprites:
    ball = Image.new("RGBA", (60, 40))
    ImageDraw.Draw(ball).ellipse((2, 2, 57, 37), fill=(255, 40, 0, 255), outline=(0, 0, 255, 128), width=5)
    return Sprites({"ball": ball, "block": Image.new("RGBA", (20, 50), (0, 255, 0, 255))})


def _noise(size: tuple[int, int], seed: int) -> Image.Image:
    """Every pixel of its own: where a window's margin is too small, it shows."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def _random_pastes(n: int, seed: int) -> list[Paste]:
    rng = np.random.default_rng(seed)

    def placement() -> Placement:
        x, y = rng.uniform(-0.15, 1.15, 2)
        rotation = float(rng.choice([0.0, rng.uniform(-360, 360)]))
        opacity = float(rng.choice([1.0, rng.uniform(0, 1)]))
        height = float(rng.choice([0.02, 0.2, rng.uniform(0.05, 1.5)]))
        return Placement(str(rng.choice(["ball", "block"])), x, y, height, rotation, bool(rng.integers(2)), opacity)

    return [
        Paste(tuple(placement() for _ in range(rng.integers(1, 4))), VARIANTS[rng.integers(len(VARIANTS))])
        for _ in range(n)
    ]


def _emonet() -> SplitClassifier:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        mean = torch.rand(3, SIZE, SIZE) * 60 + 90
        network = EmoNet().eval()
        torch.nn.init.normal_(network.fc3.weight, std=0.5)
    return split_emonet(network, mean)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "preprocess",
    [
        Preprocess(224),
        Preprocess(224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), crop=256),
        Preprocess(64, crop=64),
    ],
    ids=["squeezed", "resize+crop", "small"],
)
def test_the_windows_input_is_the_whole_ones(size: tuple[int, int], preprocess: Preprocess) -> None:
    classifier = _tiny(preprocess)
    image, sprites = _noise(size, 1), _sprites()
    prepared = PreparedImage(classifier, image)
    pastes = _random_pastes(12, seed=size[0])
    found = prepared.batch(sprites, pastes)
    whole = torch.stack([preprocess(paste(image, sprites, one.placements, one.variant))[0] for one in pastes])
    assert torch.equal(found, whole)
    assert not torch.equal(found, prepared.tensor.expand_as(found)), "nothing was pasted"
    assert prepared.view == preprocess.view(*size)


@pytest.mark.parametrize("kind", ["demo", "emonet", "resize+crop", "grouped"])
def test_probabilities_within_2e_4_of_the_full_way(kind: str) -> None:
    if kind == "emonet":
        classifier = _emonet()
    elif kind == "demo":
        from emocam_widgets.models import load_classifier

        classifier = load_classifier("demo")
    elif kind == "grouped":
        classifier = grouped(_tiny(), {"good": ["Joy", "Excitement", "Craving"], "bad": ["Sadness"]})
        assert isinstance(classifier.preprocessing, Preprocess)
    else:
        classifier = wrap_classifier(_network(), LABELS, 224, crop=256)
    image, sprites = picture(5, (320, 240)), _sprites()
    pastes = _random_pastes(12, seed=2)
    with torch.no_grad():
        fast = classifier.predictions(classifier.trunk(PreparedImage(classifier, image).batch(sprites, pastes)))
    whole = classifier.predict([paste(image, sprites, one.placements, one.variant) for one in pastes])
    for one, other in zip(fast, whole, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=2e-4)
    spread = np.ptp([one.probabilities for one in whole], axis=0).max()
    assert spread > 1e-3, "the pastes make no difference, so that nothing was tested"


def test_a_users_own_preprocessing_takes_the_full_way() -> None:
    def edges(image: Image.Image) -> tuple[torch.Tensor, View]:
        pixels = np.asarray(image.resize((224, 224)), np.float32) / 255
        return torch.from_numpy(pixels - pixels.mean()).permute(2, 0, 1), View.whole(*image.size)

    classifier = wrap_classifier(_network(), LABELS, 224, preprocess=edges)
    image, sprites = picture(5), _sprites()
    pastes = _random_pastes(4, seed=3)
    found = PreparedImage(classifier, image).batch(sprites, pastes)
    for row, one in zip(found, pastes, strict=True):
        assert torch.equal(row, edges(paste(image, sprites, one.placements, one.variant))[0])


def test_nothing_pasted_is_the_image_itself() -> None:
    prepared, sprites = PreparedImage(_tiny(), picture(1)), _sprites()
    assert torch.equal(prepared.paste(sprites, []), prepared.tensor)
    assert torch.equal(prepared.paste(sprites, [Placement("ball", 3, 3)]), prepared.tensor)
    assert prepared.batch(sprites, []).shape == (0, 3, 224, 224)
    with pytest.raises(UnknownNameError, match="did you mean 'ball'"):
        prepared.paste(sprites, [Placement("bal", 0.5, 0.5)])
    with pytest.raises(UnknownNameError, match="variant called 'gray'; did you mean 'grey'"):
        prepared.paste(sprites, [Placement("ball", 0.5, 0.5)], "gray")


def test_keys_tell_pastes_apart() -> None:
    prepared = PreparedImage(_tiny(), picture(1))
    one = Paste((Placement("ball", 0.5, 0.5),))
    others = [Paste(one.placements, "grey"), Paste((Placement("ball", 0.5, 0.51),)), Paste(())]
    keys = {prepared.paste_key(each, 0) for each in [one, *others]}
    assert len(keys) == 4 and prepared.paste_key(one, 0) == prepared.paste_key(Paste(one.placements), 0)
    assert prepared.paste_key(one, 1) not in keys
    assert PreparedImage(_tiny(), picture(2)).paste_key(one, 0) not in keys


def test_sprites_are_transformed_once_and_need_transparency() -> None:
    sprites = _sprites()
    placed = Placement("ball", 0.1, 0.2, 0.3, 40)
    assert sprites.transformed(placed, 200) is sprites.transformed(Placement("ball", 0.9, 0.8, 0.3, 400), 200)
    assert sprites.transformed(placed, 300) is not sprites.transformed(placed, 200)
    with pytest.raises(EmocamError, match="'photo' is an image of mode RGB without transparency"):
        Sprites({"photo": Image.new("RGB", (4, 4))})


def test_controls_cover_the_silhouette_and_nothing_else() -> None:
    image, sprites = picture(4, (200, 150)), _sprites()
    placed = [Placement("ball", 0.4, 0.5, 0.4, 20)]
    before = np.asarray(image, np.int16)
    changed = {one: np.abs(np.asarray(paste(image, sprites, placed, one), np.int16) - before) for one in VARIANTS}
    alpha = np.zeros((150, 200))
    turned = sprites.transformed(placed[0], 150)
    left, top = round(0.4 * 200 - turned.width / 2), round(0.5 * 150 - turned.height / 2)
    alpha[top : top + turned.height, left : left + turned.width] = np.asarray(turned)[..., 3]
    for one in VARIANTS:
        assert not changed[one][alpha == 0].any(), one
    inside = alpha == 255
    grey = np.asarray(paste(image, sprites, placed, "grey"))
    assert (grey[inside] == 128).all()
    from PIL import ImageFilter

    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(15)))  # a quarter of 0.4 x 150 px
    assert np.array_equal(np.asarray(paste(image, sprites, placed, "blurred"))[inside], soft[inside])
    box = silhouette_box(sprites, placed[0], image.size)
    rows, columns = np.nonzero(alpha)
    assert box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert silhouette_box(sprites, Placement("ball", 5, 5), image.size) is None


def test_what_is_predicted_while_dragging_is_what_the_exported_image_gives() -> None:
    from emocam_widgets.engine import Worker
    from emocam_widgets.widgets.editor import ObjectEditor

    with Worker(_tiny()) as worker:
        editor = ObjectEditor(picture(5, (320, 240)), worker=worker)
        dragged = [
            {"sprite": "rugby ball", "x": 0.1 * step, "y": 0.5, "height": 0.5, "rotation": 20.0 * step}
            for step in range(8)
        ]
        answers = []
        for number, placement in enumerate(dragged):
            request = {"seq": number, "placements": [placement], "cam": False}
            _, buffers = editor._send_evaluation(request, [])
            editor.placements = [placement]
            expected = _tiny().predict([editor.export_image()])[0].probabilities
            np.testing.assert_allclose(np.frombuffer(buffers[0], np.float32), expected, atol=2e-4)
            answers.append(expected)
        assert np.ptp(answers, axis=0).max() > 1e-2, "dragging changed nothing, so that nothing was tested"
