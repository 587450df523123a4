"""The worker, composing, corpus runs, the paste experiment and the evaluation, on real but tiny models."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.detectors.yolo import UltralyticsDetector
from emocam_widgets.engine import Worker, analyze, paste, paste_experiment
from emocam_widgets.engine.cache import ByteCache
from emocam_widgets.engine.evaluation import evaluate_run, random_classifier
from emocam_widgets.engine.executor import BATCH, ModelThread
from emocam_widgets.engine.pasting import POSITIONS
from emocam_widgets.errors import EmocamError, ImageError, RunError, UnknownNameError
from emocam_widgets.explain import METHODS, Method, explain, scale_grids
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.run import Run, open_run
from emocam_widgets.types import Detections, Placement
from tests.tiny_models import CLASSES, LABELS, picture, tiny_classifier, tiny_detector


@pytest.fixture(scope="module")
def classifier() -> SplitClassifier:
    return tiny_classifier()


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> UltralyticsDetector:
    return tiny_detector(tmp_path_factory.mktemp("detector"))


@pytest.fixture
def worker(classifier: SplitClassifier, detector: UltralyticsDetector) -> Iterator[Worker]:
    with Worker(classifier, detector) as made:
        yield made


def _corpus(folder: Path, n: int) -> Corpus:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        picture(i, [(96, 72), (60, 90), (128, 128)][i % 3]).save(folder / f"{i:03d}.png")
    return Corpus.from_folder(folder)


# The worker


def test_worker_gives_what_the_models_give(worker: Worker, classifier: SplitClassifier) -> None:
    image = picture(1)
    prediction, cam = worker.evaluate(image, "grad-cam")
    expected = classifier.predict([image])[0]
    np.testing.assert_array_equal(prediction.probabilities, expected.probabilities)
    assert cam is not None and cam.target == expected.label and cam.output == "probabilities"
    activation, _ = classifier.activations([image])
    import torch

    grids = explain(classifier, activation, torch.tensor([expected.index]), "grad-cam")
    np.testing.assert_array_equal(cam.grid, scale_grids(grids)[0])
    other = worker.explain(image, "grad-cam", target=LABELS[(expected.index + 1) % len(LABELS)], output="logits")
    assert other.output == "logits" and not np.array_equal(other.grid, cam.grid)
    assert worker.evaluate(image)[1] is None


def test_worker_answers_again_from_its_cache(classifier: SplitClassifier) -> None:
    calls: list[int] = []

    def one_box(image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
        calls.append(image.width)
        return [("thing", 0.9, (0, 0, 5, 5))]

    with Worker(classifier, wrap_detector(one_box, ["thing"])) as worker:
        image = picture(2)
        first = worker.evaluate(image, "grad-cam")
        again = worker.evaluate(image.copy(), "grad-cam")
        assert again[0] is first[0] and again[1] is first[1]
        assert worker.explain(image, target=LABELS[0]) is worker.explain(image, target=LABELS[0])
        for _ in range(3):
            worker.detect(image)
        assert len(calls) == 1
        changed = image.copy()
        changed.putpixel((0, 0), (1, 2, 3))
        assert worker.evaluate(changed)[0] is not first[0]
        worker.detect(changed)
        assert len(calls) == 2


def test_worker_takes_arrays_and_files(worker: Worker, tmp_path: Path) -> None:
    image = picture(3)
    image.save(tmp_path / "a.png")
    expected = worker.predict(image).probabilities
    np.testing.assert_array_equal(worker.predict(np.asarray(image)).probabilities, expected)
    np.testing.assert_array_equal(worker.predict(tmp_path / "a.png").probabilities, expected)
    with pytest.raises(ImageError, match="no such file"):
        worker.predict(tmp_path / "b.png")
    with pytest.raises(EmocamError, match=r"float32 .*expected uint8"):
        worker.predict(np.zeros((4, 4, 3), np.float32))


def test_worker_refuses_unknown_names(worker: Worker, classifier: SplitClassifier) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'grad-cam'"):
        worker.explain(picture(0), "gradcam")
    with pytest.raises(UnknownNameError, match="did you mean 'Joy'"):
        worker.explain(picture(0), target="joy")
    with Worker(classifier) as blind, pytest.raises(EmocamError, match="no detector"):
        blind.detect(picture(0))


def test_worker_from_many_threads(worker: Worker, classifier: SplitClassifier) -> None:
    images = [picture(seed) for seed in range(8)]
    expected = [prediction.label for prediction in classifier.predict(images)]
    wrong: list[int] = []

    def ask() -> None:
        for i, image in enumerate(images):
            prediction, cam = worker.evaluate(image, "grad-cam")
            if prediction.label != expected[i] or cam is None or cam.target != expected[i]:
                wrong.append(i)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_interactive_goes_before_batch() -> None:
    thread = ModelThread()
    order: list[str] = []
    gate = threading.Event()
    running = thread.submit(lambda: gate.wait(10))
    jobs = [thread.submit(lambda: order.append("batch"), BATCH), thread.submit(lambda: order.append("live"))]
    cancelled = thread.submit(lambda: order.append("cancelled"))
    assert cancelled.cancel()
    gate.set()
    assert running.result(10)
    for job in jobs:
        job.result(10)
    assert order == ["live", "batch"]
    thread.close()


def test_errors_reach_the_caller_and_the_worker_goes_on(worker: Worker) -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        worker.submit(fail).result(10)
    with pytest.raises(RuntimeError, match="asks the worker itself"):
        worker.submit(lambda: worker.predict(picture(0))).result(10)
    assert worker.predict(picture(0)).label in LABELS
    worker.close()
    worker.close()
    with pytest.raises(RuntimeError, match="closed"):
        worker.predict(picture(0))


def test_cache_keeps_what_was_used_last() -> None:
    cache: ByteCache[str] = ByteCache(limit=10)
    cache.put("a", "A", 4)
    cache.put("b", "B", 4)
    assert cache.get("a") == "A"
    cache.put("c", "C", 4)
    assert cache.get("b") is None and cache.get("a") == "A" and cache.size == 8
    cache.put("huge", "H", 11)
    assert cache.get("huge") is None and len(cache) == 2
    cache.put("a", "A2", 1)
    assert cache.size == 5


# Composing

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


# Corpus runs


def test_analysis_holds_what_the_models_give(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = _corpus(tmp_path / "images", 19)
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
    corpus = _corpus(tmp_path / "images", 3)
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
    corpus = _corpus(tmp_path / "images", 11)
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        analyze(corpus, classifier, _StopsAt(detector, 9), out=out, batch_size=4, progress=False)
    assert len(open_run(out).images) == 8
    told: list[tuple[int, int, int]] = []
    run = analyze(corpus, classifier, detector, out=out, batch_size=4, progress=lambda *now: told.append(now))
    assert told[0][1] == 3, "what was finished before was computed again"
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
    analyze(_corpus(tmp_path / "images", 3), classifier, detector, out=out, progress=False)
    labels = dict(zip(open_run(out).images["image_id"], open_run(out).images["label"], strict=True))
    again = Method(METHODS["grad-cam"].grids, "logits")
    monkeypatch.setitem(METHODS._parts, "again", again)
    corpus = _corpus(tmp_path / "images", 5)
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
    corpus = _corpus(tmp_path / "images", 2)
    analyze(corpus, classifier, detector, out=tmp_path / "run", progress=False)
    with pytest.raises(RunError, match="classifier"):
        analyze(corpus, tiny_classifier(seed=5), detector, out=tmp_path / "run", progress=False)


def test_what_fails_is_a_failure_and_is_tried_again(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    corpus = _corpus(tmp_path / "images", 5)
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
    corpus = _corpus(tmp_path / "images", 4)
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
    corpus = _corpus(tmp_path / "images", 1)
    with pytest.raises(UnknownNameError, match="did you mean 'grad-cam'"):
        analyze(corpus, classifier, None, ["gradcam"], out=tmp_path / "run")
    with pytest.raises(UnknownNameError, match="engine"):
        analyze(corpus, classifier, None, out=tmp_path / "run", engine="rai")
    assert not (tmp_path / "run").exists()


def test_the_model_thread_and_a_corpus_run_share_a_classifier(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector, worker: Worker
) -> None:
    corpus = _corpus(tmp_path / "images", 8)
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


# The paste experiment and the evaluation


def test_paste_experiment(tmp_path: Path, classifier: SplitClassifier) -> None:
    corpus = _corpus(tmp_path / "images", 4)
    sprites = {"red": Image.new("RGBA", (8, 8), (255, 0, 0, 255)), "nothing": Image.new("RGBA", (8, 8))}
    result = paste_experiment(corpus, classifier, sprites, height=0.6, out=tmp_path / "run", progress=False)
    rows = result.pastes
    assert len(rows) == 4 * 2 * 17 and result.objects == ("red", "nothing")
    nothing = rows[rows["object"] == "nothing"]
    assert (nothing["label_after"] == nothing["label_before"]).all()
    one = rows[(rows["object"] == "red") & (rows["position"] == 5) & (rows["image_id"] == "002.png")].iloc[0]
    assert (one["x"], one["y"]) == POSITIONS[5]
    pasted = paste(corpus.open("002.png"), sprites, [Placement("red", *POSITIONS[5], 0.6)])
    np.testing.assert_allclose(one["probabilities_after"], classifier.predict([pasted])[0].probabilities, atol=1e-5)
    red = rows[rows["object"] == "red"]
    assert (red["label_after"] != red["label_before"]).any(), "the test's sprite changes nothing"
    assert len(open_run(tmp_path / "run").pastes) == len(rows)


def test_paste_experiment_of_one_label(tmp_path: Path, classifier: SplitClassifier) -> None:
    corpus = _corpus(tmp_path / "images", 6)
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


def test_random_classifier_tells_images_apart(tmp_path: Path) -> None:
    images = [picture(seed) for seed in range(24)]
    untrained = random_classifier(LABELS, images, seed=1)
    labels = [prediction.label for prediction in untrained.predict(images)]
    assert len(set(labels)) >= 3
    assert random_classifier(LABELS, images, seed=1).fingerprint == untrained.fingerprint
    assert random_classifier(LABELS, images, seed=2).fingerprint != untrained.fingerprint


def test_evaluation_has_the_method_and_its_controls(
    tmp_path: Path, classifier: SplitClassifier, detector: UltralyticsDetector
) -> None:
    run = analyze(_corpus(tmp_path / "images", 6), classifier, detector, out=tmp_path / "run", progress=False)
    truth = pd.DataFrame(
        [("Food", "Joy", 9, 0.3, 0.2, 0.4), ("Person", "Joy", 9, 0.0, -0.1, 0.1)],
        columns=["object_class", "label", "n", "effect", "low", "high"],
    )
    planted = pd.DataFrame([("Food", "Joy", "planted")], columns=["object_class", "label", "kind"])
    scores = evaluate_run(run, truth, planted, min_confidence=0.005, progress=False)
    assert scores[["precision", "recall", "average_precision"]].to_numpy().min() >= 0
    for group, pairs in (("all pairs", 2), ("things", 1)):
        rows = scores.loc[group]
        assert list(rows.index) == ["grad-cam", "presence only", "shuffled maps", "random weights"]
        assert (rows["used"] == 1).all() and (rows["planted"] == 1).all()
        assert rows["chance"].tolist() == [1 / pairs] * 4
