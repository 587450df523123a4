"""A run on Ray has the same tables as a local one, also where actors die; an image that kills them is one failure."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine import analyze
from emocam_widgets.engine.batch import Analysis, Rows, Task
from emocam_widgets.engine.ray_run import analyse_on_ray, start_local
from emocam_widgets.errors import EmocamError
from emocam_widgets.models import SplitClassifier, wrap_classifier
from tests.tiny_models import scene_net

ray = pytest.importorskip("ray")
LABELS = ("Joy", "Fear", "Awe")
METHODS = (("grad-cam", "probabilities"), ("lift-cam", "logits"))


@pytest.fixture(scope="module", autouse=True)
def local_ray() -> Iterator[None]:
    start_local(n_cpus=2)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(1)
    for number in range(14):
        pixels = rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02d}.png")
    (folder / "05.png").write_bytes(b"no image")
    return Corpus.from_folder(folder)


@pytest.fixture(scope="module")
def classifier() -> SplitClassifier:
    torch.manual_seed(0)
    return wrap_classifier(scene_net(len(LABELS)), LABELS, name="tiny")


class MiddleBox:
    """Finds one box, and kills its process where the image is one of those that it cannot bear."""

    def __init__(self, deadly: bytes = b"", once: Path | None = None) -> None:
        self.deadly = deadly
        self.once = once

    def __call__(self, image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
        if self.deadly and image.tobytes() == self.deadly and (self.once is None or not self.once.exists()):
            if self.once is not None:
                self.once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return [("Thing", 0.9, (image.width / 4, image.height / 4, image.width / 2, image.height / 2))]


def analysis_of(corpus: Corpus, classifier: SplitClassifier, detector: MiddleBox) -> Analysis:
    return Analysis(corpus, classifier, wrap_detector(detector, ("Thing",), name="middle"), 0.0)


def run_on_ray(analysis: Analysis, corpus: Corpus) -> dict[str, dict]:
    """Every row by table and image."""
    rows = Rows()
    tasks = [Task(image_id, True, True, METHODS) for image_id in corpus]  # type: ignore[arg-type]
    analyse_on_ray(analysis, tasks, lambda some, _n: rows.extend(some), batch_size=3, chunk=4)
    return by_image(rows)


def by_image(rows: Rows) -> dict[str, dict]:
    return {
        table: {(row["image_id"], row.get("method"), row.get("object_class")): row for row in content}
        for table, content in rows.tables.items()
    }


def assert_equal(found: dict[str, dict], expected: dict[str, dict], but: tuple[str, ...] = ()) -> None:
    assert {key[0] for key in found["failures"]} == {"05.png", *but}, found["failures"]
    for table in ("images", "boxes", "cams"):
        wanted = {key: row for key, row in expected[table].items() if key[0] not in but}
        assert found[table].keys() == wanted.keys()
        for key, row in wanted.items():
            for column, value in row.items():
                if isinstance(value, np.ndarray):
                    np.testing.assert_allclose(found[table][key][column], value, atol=2e-3)
                elif isinstance(value, float):
                    assert found[table][key][column] == pytest.approx(value)
                else:
                    assert found[table][key][column] == value


@pytest.fixture(scope="module")
def expected(corpus: Corpus, classifier: SplitClassifier) -> dict[str, dict]:
    rows = Rows()
    analysis = analysis_of(corpus, classifier, MiddleBox())
    for image_id in corpus:
        if image_id != "05.png":
            task = Task(image_id, True, True, METHODS)  # type: ignore[arg-type]
            rows.extend(analysis.rows([task], [corpus.open(image_id)]))
    return by_image(rows)


def test_the_rows_are_the_local_engines(corpus: Corpus, classifier: SplitClassifier, expected: dict[str, dict]) -> None:
    found = run_on_ray(analysis_of(corpus, classifier, MiddleBox()), corpus)
    assert_equal(found, expected)


def test_the_images_of_a_lost_actor_are_given_to_another(
    corpus: Corpus, classifier: SplitClassifier, expected: dict[str, dict], tmp_path: Path
) -> None:
    died = tmp_path / "died"
    detector = MiddleBox(corpus.open("07.png").tobytes(), once=died)
    found = run_on_ray(analysis_of(corpus, classifier, detector), corpus)
    assert died.exists(), "the actor was killed"
    assert_equal(found, expected)


def test_an_image_that_kills_every_actor_is_one_failure(
    corpus: Corpus, classifier: SplitClassifier, expected: dict[str, dict]
) -> None:
    detector = MiddleBox(corpus.open("07.png").tobytes())
    found = run_on_ray(analysis_of(corpus, classifier, detector), corpus)
    assert_equal(found, expected, but=("07.png",))


def test_analyze_gives_the_same_run(corpus: Corpus, classifier: SplitClassifier, tmp_path: Path) -> None:
    detector = wrap_detector(MiddleBox(), ("Thing",), name="middle")
    methods = ("grad-cam", "lift-cam")
    runs = {
        engine: analyze(corpus, classifier, detector, methods, out=tmp_path / engine, engine=engine, progress=False)
        for engine in ("local", "ray")
    }
    for table in ("images", "boxes", "cams", "failures"):
        local, on_ray = (getattr(runs[engine], table) for engine in ("local", "ray"))
        assert list(local.columns) == list(on_ray.columns) and len(local) == len(on_ray)
        for column in local:
            numbers = column in ("probabilities", "grid")
            for one, other in zip(local[column], on_ray[column], strict=True):
                if numbers:
                    np.testing.assert_allclose(one.astype(float), other.astype(float), atol=2e-3)
                else:
                    assert one == other or (one != one and other != other) or (one is None and other is None)


class Unmakeable:
    """A model that cannot be made again on another machine."""

    def __reduce__(self) -> tuple:
        return (_refuse, ())


def _refuse() -> None:
    raise RuntimeError("this model's code is not installed here")


def test_actors_that_cannot_start_say_why(corpus: Corpus, classifier: SplitClassifier) -> None:
    analysis = Analysis(corpus, classifier, Unmakeable(), 0.0)  # type: ignore[arg-type]
    task = Task("00.png", True, True, METHODS)  # type: ignore[arg-type]
    with pytest.raises(EmocamError, match="not installed here"):
        analyse_on_ray(analysis, [task], lambda _rows, _n: None)
