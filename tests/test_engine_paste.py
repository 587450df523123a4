"""Composing and the paste experiment, on real but tiny models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from emocam_widgets.engine import paste, paste_experiment
from emocam_widgets.engine.pasting import POSITIONS
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.run import open_run
from emocam_widgets.types import Placement
from tests.tiny_models import LABELS, picture_corpus

_SPRITE = Image.new("RGBA", (20, 10), (255, 0, 0, 255))
_BASE = Image.new("RGB", (200, 100), (0, 0, 255))


def _red(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The bounding box of what is more red than blue."""
    pixels = np.asarray(image).astype(int)
    return Image.fromarray(((pixels[..., 0] > pixels[..., 2]) * 255).astype(np.uint8)).getbbox()


def test_paste_is_centred_and_scaled_by_the_image_height() -> None:
    pasted = paste(_BASE, {"ball": _SPRITE}, [Placement("ball", 0.5, 0.5, 0.2)])
    assert _red(pasted) == (80, 40, 120, 60)
    assert _BASE.getpixel((100, 50)) == (0, 0, 255), "the base itself was changed"


def test_paste_is_cut_off_at_the_edge() -> None:
    assert _red(paste(_BASE, {"ball": _SPRITE}, [Placement("ball", 0, 0, 0.2)])) == (0, 0, 20, 10)
    outside = paste(_BASE, {"ball": _SPRITE}, [Placement("ball", 2, 0.5, 0.2)])
    assert outside.tobytes() == _BASE.tobytes()
    whole = paste(_BASE, {"ball": _SPRITE}, [Placement("ball", 0.5, 0.5, 4)])
    assert _red(whole) == (0, 0, 200, 100)


def test_paste_turns_clockwise_mirrors_and_fades() -> None:
    marked = Image.new("RGBA", (40, 40), (255, 0, 0, 255))
    ImageDraw.Draw(marked).rectangle((0, 0, 39, 9), fill=(0, 255, 0, 255))  # a green top

    def pixel(x: int, y: int, **change: float) -> tuple[int, ...]:
        placed = paste(_BASE, {"m": marked}, [Placement("m", 0.5, 0.5, 0.4, **change)])  # type: ignore[arg-type]
        return placed.getpixel((x, y))  # type: ignore[return-value]

    assert pixel(100, 33) == (0, 255, 0)
    assert pixel(117, 50, rotation=90) == (0, 255, 0)  # the top is now at the right
    assert pixel(100, 66, rotation=180) == (0, 255, 0)
    half = Image.new("RGBA", (40, 40), (255, 0, 0, 255))
    half.paste((0, 255, 0, 255), (0, 0, 20, 40))
    assert paste(_BASE, {"h": half}, [Placement("h", 0.5, 0.5, 0.4, flip=True)]).getpixel((115, 50)) == (0, 255, 0)
    assert pixel(100, 60, opacity=0.5) == pytest.approx((128, 0, 127), abs=1)
    assert pixel(100, 60, opacity=0) == (0, 0, 255)


def test_paste_lends_no_colour_from_transparent_pixels() -> None:
    sprite = Image.new("RGBA", (40, 40), (0, 255, 0, 0))  # green where nobody sees it
    ImageDraw.Draw(sprite).ellipse((8, 8, 31, 31), fill=(255, 0, 0, 255))
    for rotation in (0.0, 30.0):
        pasted = paste(Image.new("RGB", (60, 60)), {"s": sprite}, [Placement("s", 0.5, 0.5, 0.31, rotation)])
        assert np.asarray(pasted)[..., 1].max() == 0


def test_paste_order_and_errors() -> None:
    blue = Image.new("RGBA", (20, 10), (0, 0, 255, 255))
    both = {"red": _SPRITE, "blue": blue}
    above = paste(_BASE, both, [Placement("red", 0.5, 0.5), Placement("blue", 0.5, 0.5)])
    assert above.getpixel((100, 50)) == (0, 0, 255)
    with pytest.raises(UnknownNameError, match="did you mean 'red'"):
        paste(_BASE, both, [Placement("reed", 0.5, 0.5)])
    for broken in (
        Placement("red", float("nan"), 0.5),
        Placement("red", 0.5, 0.5, 0),
        Placement("red", 0, 0, 1, 0, False, 2),
    ):
        with pytest.raises(ValueError, match="placement"):
            paste(_BASE, both, [broken])


def test_paste_experiment(tmp_path: Path, classifier: SplitClassifier) -> None:
    corpus = picture_corpus(tmp_path / "images", 4)
    sprites = {"red": Image.new("RGBA", (8, 8), (255, 0, 0, 255)), "nothing": Image.new("RGBA", (8, 8))}
    result = paste_experiment(corpus, classifier, sprites, height=0.6, out=tmp_path / "run", progress=False)
    rows = result.pastes[result.pastes["variant"] == "object"]
    assert len(rows) == 4 * 2 * 17 and result.objects == ("red", "nothing")
    nothing = rows[rows["object"] == "nothing"]
    assert (nothing["label_after"] == nothing["label_before"]).all()
    one = rows[(rows["object"] == "red") & (rows["position"] == 5) & (rows["image_id"] == "002.png")].iloc[0]
    assert (one["x"], one["y"]) == POSITIONS[5]
    pasted = paste(corpus.open("002.png"), sprites, [Placement("red", *POSITIONS[5], 0.6)])
    np.testing.assert_allclose(one["probabilities_after"], classifier.predict([pasted])[0].probabilities, atol=1e-5)
    red = rows[rows["object"] == "red"]
    assert (red["label_after"] != red["label_before"]).any(), "the test's sprite changes nothing"
    assert len(open_run(tmp_path / "run").pastes) == len(result.pastes)


def test_paste_experiment_of_one_label(tmp_path: Path, classifier: SplitClassifier) -> None:
    corpus = picture_corpus(tmp_path / "images", 6)
    sprites = {"red": Image.new("RGBA", (8, 8), (255, 0, 0, 255))}
    label = classifier.predict([corpus.open("000.png")])[0].label
    result = paste_experiment(corpus, classifier, sprites, labels=[label], positions=[(0.5, 0.5)], progress=False)
    assert set(result.pastes["label_before"]) == {label}
    absent = next(
        name for name in LABELS if name not in {p.label for p in classifier.predict([corpus.open("000.png")])}
    )
    with pytest.raises(EmocamError, match=f"is predicted as {absent}"):
        paste_experiment(corpus, classifier, sprites, labels=[absent], images=["000.png"], progress=False)
    with pytest.raises(UnknownNameError, match="label"):
        paste_experiment(corpus, classifier, sprites, labels=["Jo"], progress=False)


def test_default_positions_are_symmetric() -> None:
    assert len(set(POSITIONS)) == 17
    assert {(1 - x, y) for x, y in POSITIONS} == set(POSITIONS) == {(x, 1 - y) for x, y in POSITIONS}
