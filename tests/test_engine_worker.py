"""The worker: what it answers, in what order, together, instead of what, and what a failing model costs."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Sequence
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from emocam_widgets.detectors import wrap_detector
from emocam_widgets.devices import in_halves
from emocam_widgets.engine import Worker
from emocam_widgets.engine.evaluating import ModelInput
from emocam_widgets.engine.executor import BATCH, MAX_TOGETHER, ModelThread
from emocam_widgets.engine.model_cache import ModelCache, model_bytes
from emocam_widgets.errors import EmocamError, ImageError, UnknownNameError
from emocam_widgets.explain import explain, scale_grids
from emocam_widgets.models import CLASSIFIERS, load_classifier
from emocam_widgets.models.split import SplitClassifier
from tests.tiny_models import LABELS, picture, tiny_classifier


class _Watched(SplitClassifier):
    """A classifier that notes the sizes of its trunk passes and fails on black images, or on many."""

    @classmethod
    def of(cls, classifier: SplitClassifier, at_most: int = 99) -> _Watched:
        watched = cls.__new__(cls)
        vars(watched).update(vars(classifier), sizes=[], at_most=at_most)
        return watched

    sizes: list[int]
    at_most: int

    def trunk(self, x: torch.Tensor) -> torch.Tensor:
        self.sizes.append(len(x))
        if len(x) > self.at_most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        if (x.amax(dim=(1, 2, 3)) == 0).any():
            raise ZeroDivisionError("black")
        return super().trunk(x)


def _held(worker: Worker) -> threading.Event:
    """Keeps the worker busy until the event is set, so that what is asked for meanwhile waits."""
    begun, gate = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        gate.wait(10)

    worker.submit(wait)
    assert begun.wait(10)
    return gate


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

    with Worker(classifier, wrap_detector(one_box, ["thing"]), cache=None) as worker:
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


def test_python_ends_after_the_job_that_runs_and_without_those_that_wait() -> None:
    program = """
import time
from emocam_widgets.engine.executor import ModelThread
thread = ModelThread()
thread.submit(lambda: (print("begun", flush=True), time.sleep(0.5), print("ended", flush=True)))
waits = thread.submit(lambda: print("waited", flush=True))
time.sleep(0.1)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["begun", "ended"], "")


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


def test_what_waits_goes_through_one_trunk_pass(classifier: SplitClassifier) -> None:
    watched = _Watched.of(classifier)
    images = [picture(seed) for seed in range(5)]
    with Worker(watched, cache=None) as worker:
        gate = _held(worker)
        futures = [worker.submit_evaluate(image, "grad-cam") for image in images]
        futures.append(worker.submit_evaluate(images[0]))  # the same image once more
        futures.append(worker.submit_evaluate(images[1], "hires-cam", LABELS[0]))
        gate.set()
        answers = [future.result(10) for future in futures]
    assert watched.sizes == [5]
    for image, (prediction, cam) in zip(images, answers, strict=False):
        np.testing.assert_allclose(prediction.probabilities, classifier.predict([image])[0].probabilities, atol=1e-5)
        assert cam is not None and cam.target == prediction.label
    assert answers[5][1] is None and answers[6][1] is not None and answers[6][1].target == LABELS[0]
    assert len({answer[1].grid.tobytes() for answer in answers[:5] if answer[1] is not None}) == 5


def test_a_newer_position_replaces_the_older_in_its_place(classifier: SplitClassifier) -> None:
    watched = _Watched.of(classifier)
    with Worker(watched, cache=None) as worker:
        gate = _held(worker)
        old = worker.submit_evaluate(picture(0), supersedes="widget")
        other = worker.submit_evaluate(picture(1), supersedes="another")
        new = worker.submit_evaluate(picture(2), supersedes="widget")
        gate.set()
        expected = classifier.predict([picture(2), picture(1)])
        np.testing.assert_allclose(new.result(10)[0].probabilities, expected[0].probabilities, atol=1e-5)
        np.testing.assert_allclose(other.result(10)[0].probabilities, expected[1].probabilities, atol=1e-5)
        with pytest.raises(CancelledError):
            old.result(10)
        assert worker.submit_evaluate(picture(3), supersedes="widget").result(10)[0].label in LABELS
    assert watched.sizes == [2, 1]


def test_who_supersedes_keeps_the_place_in_the_queue() -> None:
    thread = ModelThread()
    gate = threading.Event()
    order: list[str] = []

    def note(requests: Sequence[str]) -> list[None]:
        order.extend(requests)
        return [None] * len(requests)

    thread.submit(lambda: gate.wait(10))
    for asked in range(3 * MAX_TOGETHER):
        thread.submit_request(note, f"{asked % 2} {asked}", supersedes=asked % 2)
    last = thread.submit_request(note, "0 last", supersedes=0)
    late = thread.submit_request(note, "batch", BATCH)
    gate.set()
    late.result(10)
    assert last.done() and order == ["0 last", f"1 {3 * MAX_TOGETHER - 1}", "batch"]
    thread.close()


def test_a_crash_in_a_model_costs_that_request_only(classifier: SplitClassifier) -> None:
    with Worker(_Watched.of(classifier), cache=None) as worker:
        gate = _held(worker)
        good = [worker.submit_evaluate(picture(seed)) for seed in range(3)]
        bad = worker.submit_evaluate(Image.new("RGB", (30, 30)))
        gate.set()
        assert all(future.result(10)[0].label in LABELS for future in good)
        with pytest.raises(ZeroDivisionError, match="black"):
            bad.result(10)
        assert worker.predict(picture(9)).label in LABELS


def test_too_little_memory_halves_the_batch(classifier: SplitClassifier) -> None:
    watched = _Watched.of(classifier, at_most=2)
    images = [picture(seed) for seed in range(7)]
    expected = [prediction.label for prediction in classifier.predict(images)]
    with Worker(watched, cache=None) as worker:
        gate = _held(worker)
        futures = [worker.submit_evaluate(image, "grad-cam") for image in images]
        gate.set()
        assert [future.result(10)[0].label for future in futures] == expected
        assert [prediction.label for prediction in worker.predict_batch(images)] == expected

    def too_large(_items: Sequence[int]) -> list[int]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        in_halves(too_large, [1, 2])


def test_a_prepared_image_gives_what_the_image_gives(worker: Worker, classifier: SplitClassifier) -> None:
    tensor, view = classifier.preprocess(picture(5))
    prediction, cam = worker.evaluate(ModelInput("own key", tensor, view), "grad-cam")
    expected, expected_cam = worker.evaluate(picture(5), "grad-cam")
    np.testing.assert_array_equal(prediction.probabilities, expected.probabilities)
    assert cam is not None and expected_cam is not None and cam.view == expected_cam.view
    np.testing.assert_array_equal(cam.grid, expected_cam.grid)


def test_models_by_name_are_kept_while_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def loader(name: str, seed: int) -> None:
        def load(_device: str) -> SplitClassifier:
            loaded.append(name)
            return tiny_classifier(seed, name)

        monkeypatch.setitem(CLASSIFIERS._parts, name, load)

    for seed, name in enumerate(("a", "b", "c")):
        loader(name, seed)
    one = model_bytes(tiny_classifier())
    assert one > 10_000
    kept = ModelCache("cpu", limit=2 * one)
    first = kept.classifier("a")
    kept.classifier("b")
    assert kept.classifier("a") is first and kept.n_bytes == 2 * one
    kept.classifier("c")
    kept.classifier("a")
    kept.classifier("b")
    assert loaded == ["a", "b", "c", "b"]
    with Worker("a", cache=None, device="cpu", model_bytes=one) as worker:
        assert worker.device == "cpu" and "device='cpu'" in repr(worker)
        own = worker.predict(picture(0)).probabilities
        other = worker.predict(picture(0), classifier="b").probabilities
        assert not np.array_equal(own, other)
        np.testing.assert_allclose(other, tiny_classifier(1).predict([picture(0)])[0].probabilities, atol=1e-6)
        with pytest.raises(UnknownNameError, match="no classifier called 'nobody'"):
            worker.predict(picture(0), classifier="nobody")


def test_a_device_is_chosen_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def load(device: str) -> SplitClassifier:
        asked.append(device)
        return tiny_classifier()

    monkeypatch.setitem(CLASSIFIERS._parts, "asks", load)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    load_classifier("asks")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    load_classifier("asks")
    load_classifier("asks", device="meta")
    assert asked == ["cuda", "cpu", "meta"]


def test_nothing_is_left_of_a_worker_that_nobody_holds(classifier: SplitClassifier) -> None:
    worker = Worker(classifier, cache=None)
    worker.predict(picture(0))
    thread, gone = worker._thread._thread, weakref.ref(worker)
    del worker
    gc.collect()
    assert gone() is None
    thread.join(10)
    assert not thread.is_alive()


def test_closing_frees_what_was_kept(classifier: SplitClassifier) -> None:
    worker = Worker(classifier, cache=None)
    worker.explain(picture(0))
    activation = weakref.ref(next(iter(worker._seen._kept.values()))[0].activation)
    assert activation() is not None
    worker.close()
    gc.collect()
    assert activation() is None and len(worker._seen) == 0


def test_nothing_leaks_over_many_predictions(classifier: SplitClassifier) -> None:
    rng = np.random.default_rng(0)

    def ask(n: int) -> int:
        for _ in range(n):
            worker.evaluate(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8), "grad-cam")
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    with Worker(classifier, cache=None) as worker:
        worker._seen.limit = worker._results._predictions.limit = worker._results._cams.limit = 40_000
        tracemalloc.start()
        try:
            before = ask(150)
            after = ask(150)
        finally:
            tracemalloc.stop()
    assert after - before < 20_000, f"{after - before} bytes more after 150 predictions"


def test_channels_last_changes_nothing_but_rounding() -> None:
    plain, last = tiny_classifier(), tiny_classifier()
    inputs = torch.stack([plain.preprocess(picture(seed))[0] for seed in range(3)])
    with Worker(last, cache=None):
        one, other = plain.trunk(inputs), last.trunk(inputs)
    assert other.is_contiguous() and last.fingerprint == plain.fingerprint
    torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5)


def test_half_precision_stays_within_its_tolerance_on_a_cpu_too(classifier: SplitClassifier) -> None:
    with Worker(classifier, cache=None, half=True) as half, Worker(classifier, cache=None) as full:
        for seed in range(8):
            one, cam = half.evaluate(picture(seed), "grad-cam")
            other, expected = full.evaluate(picture(seed), "grad-cam", one.label)
            assert np.abs(one.probabilities - other.probabilities).max() <= 0.1  # bfloat16 has 8 bits
            assert not np.array_equal(one.probabilities, other.probabilities)
            assert cam is not None and expected is not None and np.abs(cam.grid - expected.grid).mean() <= 0.05


@pytest.mark.skipif(not torch.cuda.is_available(), reason="half precision by itself needs a CUDA device")
def test_half_precision_on_a_gpu_keeps_labels_and_maps() -> None:
    images = [picture(seed) for seed in range(16)]
    with Worker("demo", device="cuda", cache=None) as half, Worker("demo", device="cpu", cache=None) as full:
        for image in images:
            one, cam = half.evaluate(image, "grad-cam")
            other, expected = full.evaluate(image, "grad-cam")
            assert one.label == other.label and np.abs(one.probabilities - other.probabilities).max() <= 0.01
            assert cam is not None and expected is not None and np.abs(cam.grid - expected.grid).max() <= 0.02
