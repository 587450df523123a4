"""The paste experiment: controls, pasting on boxes, what is kept and not done again, and where the method looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image, ImageDraw

from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine import analyze, paste, paste_experiment
from emocam_widgets.engine.compose import VARIANTS
from emocam_widgets.errors import EmocamError, RunError, UnknownNameError
from emocam_widgets.explain import explain, scale_grids
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.run import open_run
from emocam_widgets.types import Detections, Placement
from tests.tiny_models import CLASSES, picture, tiny_classifier

SPOTS = [(0.3, 0.4), (0.9, 0.9)]


@pytest.fixture(scope="module")
def classifier() -> SplitClassifier:
    return tiny_classifier()


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(4):
        picture(number).save(folder / f"{number}.png")
    return Corpus.from_folder(folder)


def _ball(colour: str = "red") -> dict[str, Image.Image]:
    ball = Image.new("RGBA", (40, 40))
    ImageDraw.Draw(ball).ellipse((2, 2, 37, 37), fill=colour)
    return {"ball": ball}


def _boxes(image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
    """Two faces, one of them unsure, and food, at places that depend on the image."""
    x = 10 + image.getpixel((0, 0))[0] / 10  # type: ignore[index]
    return [
        ("Human face", 0.2, (x + 30, 40, x + 50, 60)),
        ("Human face", 0.9, (x, 10, x + 20, 30)),
        ("Food", 0.8, (0, 0, 9, 9)),
        ("Human face", 0.001, (1, 1, 4, 4)),
    ]


def test_controls_stand_beside_the_object(corpus: Corpus, classifier: SplitClassifier) -> None:
    result = paste_experiment(
        corpus, classifier, _ball(), positions=SPOTS, height=0.5, variants=VARIANTS, progress=False
    )
    assert len(result.pastes) == 4 * 3 * 2 and result.variants == VARIANTS
    for row in result.pastes.to_dict("records"):
        placement = Placement("ball", row["x"], row["y"], 0.5)
        pasted = paste(corpus.open(row["image_id"]), _ball(), [placement], row["variant"])
        expected = classifier.predict([pasted])[0]
        np.testing.assert_allclose(row["probabilities_after"], expected.probabilities, atol=1e-5)
        assert row["label_after"] == expected.label
    by_variant = result.pastes.groupby("variant")["probabilities_after"].agg(np.vstack)
    assert all(np.abs(by_variant["object"] - by_variant[name]).max() > 1e-3 for name in VARIANTS[1:])


@pytest.mark.parametrize("source", ["detector", "run"])
@pytest.mark.parametrize("height", [0.3, "box"])
def test_centred_on_boxes(
    tmp_path: Path, corpus: Corpus, classifier: SplitClassifier, source: str, height: float | Literal["box"]
) -> None:
    detector = wrap_detector(_boxes, CLASSES)
    boxes = (
        detector if source == "detector" else analyze(corpus, classifier, detector, out=tmp_path / "r", progress=False)
    )
    result = paste_experiment(
        corpus,
        classifier,
        _ball(),
        height=height,
        at=["Human face"],
        boxes=boxes,
        progress=False,
    )
    rows = result.pastes
    assert len(rows) == 4 * 2 and set(rows["position"]) == {-1 - CLASSES.index("Human face")}
    for image_id, mine in rows.groupby("image_id"):
        image = corpus.open(str(image_id))
        expected = [box for name, confidence, box in _boxes(image) if name == "Human face" and confidence > 0.005][::-1]
        centres = [((x0 + x1) / 2 / image.width, (y0 + y1) / 2 / image.height) for x0, y0, x1, y1 in expected]
        np.testing.assert_allclose(mine[["x", "y"]], centres, rtol=1e-5)
        tall = [(y1 - y0) / image.height if height == "box" else float(height) for _, y0, _, y1 in expected]
        np.testing.assert_allclose(mine["sprite_height"], tall, rtol=1e-5)
    shares = result.shares()
    assert shares["at"].tolist() == ["Human face"] and shares["n"].tolist() == [8] and shares["x"].isna().all()
    sure = paste_experiment(
        corpus, classifier, _ball(), at=["Human face"], boxes=boxes, min_confidence=0.5, progress=False
    )
    assert len(sure.pastes) == 4


def test_asked_twice_nothing_is_doubled(tmp_path: Path, corpus: Corpus, classifier: SplitClassifier) -> None:
    out = tmp_path / "run"
    first = paste_experiment(corpus, classifier, _ball(), positions=SPOTS, out=out, progress=False)
    files = {path: path.stat().st_mtime_ns for path in (out / "parts").rglob("*")}
    again = paste_experiment(corpus, classifier, _ball(), positions=SPOTS, out=out, progress=False)
    assert {path: path.stat().st_mtime_ns for path in (out / "parts").rglob("*")} == files
    _same(again.pastes, first.pastes)
    more = paste_experiment(
        corpus, classifier, {**_ball(), "blue": _ball("blue")["ball"]}, positions=[*SPOTS, (0.5, 0.5)],
        variants=["object", "grey"], out=out, progress=False,
    )  # fmt: skip
    assert len(more.pastes) == 4 * 2 * 2 * 3
    run = open_run(out)
    assert len(run.pastes) == len(more.pastes)
    keys = ["image_id", "object", "variant", "position", "x", "y"]
    assert not run.pastes.duplicated(keys).any() and run.images["image_id"].is_unique
    _same(run.paste_result.shares().query("object == 'ball' and variant == 'object' and position < 2"), first.shares())
    with pytest.raises(RunError, match="'ball' that was pasted was another picture"):
        paste_experiment(corpus, classifier, _ball("green"), positions=SPOTS, out=out, progress=False)


def _same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    arrays = [column for column in one if str(column).startswith("probabilities")]
    for column in arrays:
        np.testing.assert_array_equal(np.vstack(list(one[column])), np.vstack(list(other[column])))
    pd.testing.assert_frame_equal(
        one.drop(columns=arrays).reset_index(drop=True),
        other.drop(columns=arrays).reset_index(drop=True),
        check_dtype=False,
    )


def test_an_interrupted_experiment_goes_on(tmp_path: Path, corpus: Corpus, classifier: SplitClassifier) -> None:
    out = tmp_path / "run"

    def interrupt(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paste_experiment(corpus, classifier, _ball(), positions=SPOTS, out=out, progress=interrupt)
    assert len(open_run(out).pastes) == 4
    told: list[tuple[int, int]] = []
    result = paste_experiment(
        corpus, classifier, _ball(), positions=SPOTS, out=out, progress=lambda *now: told.append(now)
    )
    assert told == [(2, 4), (3, 4), (4, 4)]
    _same(result.pastes, paste_experiment(corpus, classifier, _ball(), positions=SPOTS, progress=False).pastes)


def test_images_of_other_labels_are_remembered(
    tmp_path: Path, corpus: Corpus, classifier: SplitClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images" / "broken.png").write_bytes(b"")
    corpus = Corpus.from_folder(tmp_path / "images")
    label = classifier.predict([corpus.open("0.png")])[0].label
    options: dict[str, Any] = {"positions": SPOTS, "labels": [label], "out": tmp_path / "run", "progress": False}
    first = paste_experiment(corpus, classifier, _ball(), **options)
    assert 0 < first.pastes["image_id"].nunique() < 4
    opened: list[str] = []
    monkeypatch.setattr(Corpus, "open", _noting(opened, Corpus.open))
    _same(paste_experiment(corpus, classifier, _ball(), **options).pastes, first.pastes)
    assert opened == ["broken.png"], "only what failed is tried again"
    assert open_run(tmp_path / "run").failures["image_id"].tolist() == ["broken.png"]


def _noting(opened: list[str], really):  # type: ignore[no-untyped-def]
    def open_(self: Corpus, image_id: str) -> Image.Image:
        opened.append(image_id)
        return really(self, image_id)

    return open_


def test_focus_before_and_after(tmp_path: Path, corpus: Corpus, classifier: SplitClassifier) -> None:
    out = tmp_path / "run"
    plain = paste_experiment(corpus, classifier, _ball(), positions=SPOTS, height=0.6, out=out, progress=False)
    assert plain.focus.empty
    with pytest.raises(EmocamError, match="focus=True"):
        plain.focus_moved()
    result = paste_experiment(
        corpus, classifier, _ball(), positions=SPOTS, height=0.6, focus=True, out=out, progress=False
    )
    assert len(open_run(out).pastes) == len(plain.pastes) == len(result.focus) == 8
    for row in result.focus.to_dict("records"):
        image = corpus.open(row["image_id"])
        placement = Placement("ball", row["x"], row["y"], 0.6)
        pasted = paste(image, _ball(), [placement])
        touched = np.any(np.asarray(pasted) != np.asarray(image), axis=2)
        ys, xs = np.nonzero(touched)
        before, after = _map(classifier, image), _map(classifier, pasted)
        inside = (slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1))
        for column, grid in (("mass_before", before), ("mass_after", after)):
            # The mask of what changed may lack a faint edge pixel of the silhouette.
            assert row[column] == pytest.approx(
                _upsampled(grid, image)[inside].sum() / _upsampled(grid, image).sum(), abs=0.03
            )
        assert row["area"] == pytest.approx(touched[inside].size / touched.size, rel=0.1)
        assert row["correlation"] == pytest.approx(np.corrcoef(before.ravel(), after.ravel())[0, 1], abs=1e-3)
    moved = result.focus_moved()
    assert moved["n"].sum() == 8 and set(moved["method"]) == {"grad-cam"}
    again = paste_experiment(
        corpus, classifier, _ball(), positions=SPOTS, height=0.6, focus="grad-cam", out=out, progress=False
    )
    assert len(again.focus) == 8 == len(open_run(out).paste_result.focus)


def _map(classifier: SplitClassifier, image: Image.Image) -> np.ndarray:
    activation = classifier.activations([image])[0]
    label = classifier.predictions(activation)[0].index
    return scale_grids(explain(classifier, activation, torch.tensor([label]), "grad-cam", "probabilities"))[0]


def _upsampled(grid: np.ndarray, image: Image.Image) -> np.ndarray:
    return torch.nn.functional.interpolate(
        torch.from_numpy(grid)[None, None], (image.height, image.width), mode="bilinear"
    )[0, 0].numpy()


class _Blind:
    """A detector that knows the classes and finds nothing."""

    name, class_names, fingerprint = "blind", CLASSES, "0"
    settings: Mapping[str, Any] = {}

    def detect(self, images: Sequence[Image.Image], min_confidence: float = 0.005) -> list[Detections]:
        return [Detections.none("blind") for _ in images]


@pytest.fixture
def refused(corpus: Corpus, classifier: SplitClassifier) -> Iterator[object]:
    def ask(kind: type[Exception], match: str, objects: object = None, **options: object) -> None:
        with pytest.raises(kind, match=match):
            paste_experiment(corpus, classifier, _ball() if objects is None else objects, progress=False, **options)  # type: ignore[arg-type]

    return ask  # type: ignore[return-value]


def test_bad_input_is_refused_by_name(refused) -> None:  # type: ignore[no-untyped-def]
    refused(UnknownNameError, "variant called 'gray'; did you mean 'grey'", variants=["object", "gray"])
    refused(EmocamError, "at least one variant", variants=[])
    refused(EmocamError, "'photo' is an image of mode RGB without transparency", {"photo": picture(1)})
    refused(EmocamError, "at least one object", [])
    refused(UnknownNameError, "sprite called 'rugby bal'; did you mean 'rugby ball'", ["rugby bal"])
    refused(EmocamError, "boxes are needed", at=["Human face"])
    refused(UnknownNameError, "object class called 'Human fase'", at=["Human fase"], boxes=_Blind())
    refused(EmocamError, "has a box of Human face with a confidence of 0.005", at=["Human face"], boxes=_Blind())
    refused(EmocamError, "height='box' is for", height="box")
    refused(EmocamError, "height is 0", height=0)
    refused(EmocamError, "at least one position", positions=[])
    refused(UnknownNameError, "method called 'gradcam'", focus="gradcam")
