"""Corpus runs: what they hold, going on, adding, failing, and that everything at once gives what one by one gives."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.detectors.yolo import UltralyticsDetector
from emocam_widgets.engine import Worker, analyze
from emocam_widgets.engine.batch import Analysis, Rows, Task
from emocam_widgets.engine.batch_size import BatchSize
from emocam_widgets.engine.pipeline import Pipeline
from emocam_widgets.errors import RunError, UnknownNameError
from emocam_widgets.explain import METHODS, Method
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.run import Run, open_run
from emocam_widgets.types import Detections
from tests.tiny_models import CLASSES, picture, picture_corpus, tiny_classifier


def test_analysis_holds_what_the_models_give(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = picture_corpus(tmp_path / "images", 19)
    told: list[tuple[int, int, int]] = []
    run = analyze(corpus, classifier, detector, out=tmp_path / "run", progress=lambda *now: told.append(now))
    assert list(run.images["image_id"]) == list(corpus)
    assert told[-1] == (len(corpus), len(corpus), 0) and run.failures.empty
    for row, image_id in enumerate(corpus):
        image = corpus.open(image_id)
        expected = classifier.predict([image])[0]
        np.testing.assert_allclose(run.probabilities[row], expected.probabilities, atol=1e-5)
        assert run.images["label"][row] == expected.label
        assert (run.images["width"][row], run.images["height"][row]) == image.size
        assert len(run.boxes_of(image_id)) == len(detector.detect([image])[0])
    with Worker(classifier) as worker:
        cam = worker.explain(corpus.open("004.png"), "grad-cam")
    np.testing.assert_allclose(run.grid("004.png", "grad-cam").grid, cam.grid, atol=2e-3)
    info = run.manifest
    assert info.classifier.fingerprint == classifier.fingerprint and info.counts["images"] == len(corpus)
    assert info.detectors[0].settings["min_confidence"] == 0.005


def _files(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_whole_run_is_not_touched_and_may_be_locked(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = picture_corpus(tmp_path / "images", 3)
    analyze(corpus, classifier, detector, out=tmp_path / "run", progress=False)
    before = _files(tmp_path / "run")
    told: list[tuple[int, int, int]] = []
    again = analyze(corpus, classifier, detector, out=tmp_path / "run", progress=lambda *now: told.append(now))
    assert len(again.images) == 3 and told == [] and _files(tmp_path / "run") == before


class _StopsAt:
    """A detector that a user interrupts at the n-th image."""

    def __init__(self, detector: UltralyticsDetector, n: int) -> None:
        self.name, self.class_names, self.settings = detector.name, detector.class_names, detector.settings
        self.fingerprint = detector.fingerprint
        self.left = n
        self._detector = detector

    def detect(self, images: Sequence[Image.Image], min_confidence: float = 0.005) -> list[Detections]:
        self.left -= len(images)
        if self.left < 0:
            raise KeyboardInterrupt
        return self._detector.detect(images, min_confidence)


def test_an_interrupted_run_goes_on(tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector) -> None:
    corpus = picture_corpus(tmp_path / "images", 11)
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        analyze(corpus, classifier, _StopsAt(detector, 9), out=out, batch_size=4, progress=False)
    finished = len(open_run(out).images)
    assert 0 <= finished <= 8, "an image without its boxes was kept"
    told: list[tuple[int, int, int]] = []
    run = analyze(corpus, classifier, detector, out=out, batch_size=4, progress=lambda *now: told.append(now))
    assert told[0][1] == 11 - finished, "what was finished before was computed again"
    whole = analyze(corpus, classifier, detector, out=tmp_path / "whole", batch_size=4, progress=False)
    _assert_same(run, whole)


def _assert_same(one: Run, other: Run) -> None:
    pd.testing.assert_frame_equal(one.images.drop(columns="probabilities"), other.images.drop(columns="probabilities"))
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)
    pd.testing.assert_frame_equal(one.boxes, other.boxes, atol=1e-2)
    assert list(one.cams["image_id"]) == list(other.cams["image_id"])


def test_only_what_is_missing_is_added(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    analyze(picture_corpus(tmp_path / "images", 3), classifier, detector, out=out, progress=False)
    labels = dict(zip(open_run(out).images["image_id"], open_run(out).images["label"], strict=True))
    again = Method(METHODS["grad-cam"].grids, "logits")
    monkeypatch.setitem(METHODS._parts, "again", again)
    corpus = picture_corpus(tmp_path / "images", 5)
    methods = ["grad-cam", "again"]
    told: list[tuple[int, int, int]] = []
    run = analyze(corpus, classifier, detector, methods, out=out, progress=lambda *now: told.append(now))
    assert told[-1] == (5, 5, 0) and len(run.images) == 5 and run.images["image_id"].is_unique
    assert run.methods == ("grad-cam", "again")
    cams = run.cams.groupby("method")["image_id"].agg(list)
    assert cams["grad-cam"] == list(corpus) and cams["again"] == list(corpus)
    assert set(run.cams.loc[run.cams["method"] == "again", "output"]) == {"logits"}
    of_old = run.cams[run.cams["image_id"].isin(labels)]
    assert all(row.target == labels[row.image_id] for row in of_old.itertuples())
    assert not run.boxes.duplicated(["image_id", "object_class", "confidence", "x0", "y0"]).any()


def test_another_classifier_does_not_go_into_the_same_run(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = picture_corpus(tmp_path / "images", 2)
    analyze(corpus, classifier, detector, out=tmp_path / "run", progress=False)
    with pytest.raises(RunError, match="classifier"):
        analyze(corpus, tiny_classifier(seed=5), detector, out=tmp_path / "run", progress=False)


def test_what_fails_is_a_failure_and_is_tried_again(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = picture_corpus(tmp_path / "images", 5)
    (tmp_path / "images" / "001.png").write_bytes(b"")
    shy = wrap_detector(_refuses_portraits, CLASSES, name="shy")
    out = tmp_path / "run"
    for _ in range(2):
        run = analyze(corpus, classifier, shy, out=out, progress=False)
        assert list(run.images["image_id"]) == ["000.png", "002.png", "003.png"]
        failures = run.failures.set_index("image_id")
        assert failures.loc["001.png", "reason"] == "the file is empty" and failures.loc["001.png", "stage"] == "open"
        assert failures.loc["004.png", "reason"] == "ValueError: no portraits, please"
        assert failures.loc["004.png", "stage"] == "detect"
    assert len(list((out / "parts").iterdir())) == 1, "the same failures were written again"
    picture(9).save(tmp_path / "images" / "001.png")
    run = analyze(corpus, classifier, shy, out=out, progress=False)
    assert list(run.failures["image_id"]) == ["004.png"] and len(run.images) == 4


def _refuses_portraits(image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
    if image.height > image.width:
        raise ValueError("no portraits,\n please")
    return []


def test_no_detection_and_a_constant_map_leave_no_trace_in_the_matrix(
    tmp_path: Path, classifier: SplitClassifier, recwarn: pytest.WarningsRecorder
) -> None:
    corpus = picture_corpus(tmp_path / "images", 4)
    Image.new("RGB", (50, 50)).save(tmp_path / "images" / "black.png")
    run = analyze(
        Corpus.from_folder(tmp_path / "images"), classifier, wrap_detector(lambda _: [], CLASSES), out=tmp_path / "run",
        progress=False,
    )  # fmt: skip
    a = run.association()
    assert len(corpus) == 4 and a.counts.to_numpy().sum() == 0 and a.n_images.sum() == 5
    assert np.isfinite(a.fractions.to_numpy()).all() and np.isfinite(a.lift.to_numpy()).all()
    assert a.strong().empty and not recwarn.list


def test_analyze_refuses_unknown_names(tmp_path: Path, classifier: SplitClassifier) -> None:
    corpus = picture_corpus(tmp_path / "images", 1)
    with pytest.raises(UnknownNameError, match="did you mean 'grad-cam'"):
        analyze(corpus, classifier, None, ["gradcam"], out=tmp_path / "run")
    with pytest.raises(UnknownNameError, match="engine"):
        analyze(corpus, classifier, None, out=tmp_path / "run", engine="rai")
    assert not (tmp_path / "run").exists()


def test_the_model_thread_and_a_corpus_run_share_a_classifier(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector, worker: Worker
) -> None:
    corpus = picture_corpus(tmp_path / "images", 8)
    expected = [prediction.label for prediction in classifier.predict([corpus.open(i) for i in corpus])]
    stop = threading.Event()
    answers: list[str] = []

    def ask() -> None:
        while not stop.is_set():
            answers.append(worker.predict(picture(len(answers))).label)
            time.sleep(0.001)

    thread = threading.Thread(target=ask)
    thread.start()
    run = analyze(corpus, classifier, detector, out=tmp_path / "run", progress=False)
    stop.set()
    thread.join()
    assert list(run.images["label"]) == expected and answers


def _tasks(corpus: Corpus) -> dict[str, Task]:
    return {i: Task(i, classify=True, detect=True, methods=(("grad-cam", "probabilities"),)) for i in corpus}


def test_everything_at_once_gives_what_one_by_one_gives(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = picture_corpus(tmp_path / "images", 23)
    (tmp_path / "images" / "007.png").write_bytes(b"no image")
    analysis = Analysis(corpus, classifier, detector, 0.005)
    expected = Rows()
    for image_id, task in _tasks(corpus).items():
        if image_id != "007.png":
            expected.extend(analysis.rows([task], [corpus.open(image_id)]))
    found = Rows()
    with Pipeline(analysis, _tasks(corpus)) as pipeline:
        order = []
        for image_id, rows in pipeline:
            order.append(image_id)
            found.extend(rows)
    assert order == list(corpus) and found.detected == expected.detected
    assert [row["image_id"] for row in found.tables.pop("failures")] == ["007.png"]
    expected.tables.pop("failures")
    for name, of_table in expected.tables.items():
        one, other = pd.DataFrame(of_table), pd.DataFrame(found.tables[name])
        for column in {"probabilities", "grid"} & set(one.columns):
            np.testing.assert_allclose(np.stack(list(one.pop(column))), np.stack(list(other.pop(column))), atol=2e-3)
        pd.testing.assert_frame_equal(one, other, atol=1e-3)


def test_no_thread_is_left_and_torch_has_its_threads_again(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = picture_corpus(tmp_path / "images", 9)
    seen: set[tuple[str, int]] = set()

    class Noting(SplitClassifier):
        def trunk(self, x: torch.Tensor) -> torch.Tensor:
            seen.add((threading.current_thread().name, torch.get_num_threads()))
            return super().trunk(x)

    noting = Noting.__new__(Noting)
    vars(noting).update(vars(classifier))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        with Pipeline(Analysis(corpus, noting, detector, 0.005), _tasks(corpus), cores=2) as pipeline:
            assert len(list(pipeline)) == 9
        assert pipeline.threads.torch == 1 and pipeline.threads.models == 2
        assert seen and all(name.startswith("emocam-models") and count == 1 for name, count in seen)
        of_new: list[int] = []
        thread = threading.Thread(target=lambda: of_new.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert torch.get_num_threads() == 3 and of_new == [3]
    finally:
        torch.set_num_threads(before)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("emocam-d", "emocam-m"))]


def test_what_is_under_way_is_bounded(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = picture_corpus(tmp_path / "images", 60)
    opened: list[str] = []

    class Counting(Corpus):
        def open(self, image_id: str) -> Image.Image:
            opened.append(image_id)
            return super().open(image_id)

    counting = Counting(corpus.root, list(corpus), name="counting")
    ahead = []
    with Pipeline(Analysis(counting, classifier, detector, 0.005), _tasks(corpus), batch_size=2) as pipeline:
        for number, _ in enumerate(pipeline):
            ahead.append(len(opened) - number)
    assert len(ahead) == 60 and max(ahead) <= 4 * 2 + 1, "more was decoded than four batches"


def test_too_little_memory_halves_the_batch_and_goes_on(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = picture_corpus(tmp_path / "images", 20)
    sizes: list[int] = []

    class Small(SplitClassifier):
        def trunk(self, x: torch.Tensor) -> torch.Tensor:
            sizes.append(len(x))
            if len(x) > 3:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().trunk(x)

    small = Small.__new__(Small)
    vars(small).update(vars(classifier))
    run = analyze(corpus, small, detector, out=tmp_path / "run", batch_size=8, progress=False)
    whole = analyze(corpus, classifier, detector, out=tmp_path / "whole", progress=False)
    _assert_same(run, whole)
    assert run.failures.empty and sum(size > 3 for size in sizes) <= 8, "the batch did not stay small"


def test_a_batch_grows_while_that_pays() -> None:
    size = BatchSize()
    for seconds_an_image in (1.0, 0.5, 0.495):
        for _ in range(2):
            size.measured(size.size, size.size * seconds_an_image)
        size.measured(1, 99.0)  # a part of a batch tells nothing
    assert size.size == 8, "16 was no better than 8"
    size.measured(8, 0.001)
    size.too_many(8)
    assert size.size == 4
    fixed = BatchSize(5)
    fixed.measured(5, 1.0)
    fixed.measured(5, 0.1)
    assert fixed.size == 5
    capped = BatchSize(largest=8)
    for at in range(8):
        capped.measured(capped.size, capped.size / (at + 1))
    assert capped.size == 8


def test_new_images_a_method_and_a_detector_compute_only_what_is_missing(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    out, seen = tmp_path / "run", {"one": 0, "other": 0}

    def counting(name: str) -> object:
        def detect(_image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
            seen[name] += 1
            return [("Food", 0.9, (1, 1, 20, 20))]

        return wrap_detector(detect, CLASSES, name=name)

    analyze(picture_corpus(tmp_path / "images", 4), classifier, counting("one"), out=out, progress=False)  # type: ignore[arg-type]
    corpus = picture_corpus(tmp_path / "images", 6)
    methods = ["grad-cam", "hires-cam"]
    run = analyze(corpus, classifier, counting("other"), methods, out=out, progress=False)  # type: ignore[arg-type]
    assert seen == {"one": 4, "other": 6}
    assert list(run.images["image_id"].sort_values()) == list(corpus) and len(run.cams) == 12
