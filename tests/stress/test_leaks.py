"""Thousands of predictions leave nothing behind, and what is closed or let go of frees its memory and its threads."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import Tensor

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine import Worker, analyze
from tests.stress import world
from tests.stress.nursery import Nursery
from tests.tiny_models import picture

pytestmark = pytest.mark.timeout(1800)
PREDICTIONS_A_ROUND = 200  # 10,000 in 50 rounds


def test_predictions_leave_nothing_behind(nursery: Nursery, rounds: int) -> None:
    grown = nursery.run("predict", n=PREDICTIONS_A_ROUND * rounds).result
    # A leaked answer would be half a kilobyte and more each time; Python's lists of free objects still fill a little.
    assert grown["traced"] < 128 * grown["requests"]
    assert grown["resident"] < 24 * 1024 * 1024


def _tensors(worker: Worker) -> Iterator[Tensor]:
    """What a worker's cache of activations holds."""
    for seen, _ in worker._seen._kept.values():
        yield seen.activation


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "let go of"])
def test_a_worker_frees_its_memory_and_its_thread(rounds: int, closed: bool) -> None:
    classifier = world.classifier()
    for _ in range(rounds):
        before = set(threading.enumerate())
        worker = Worker(classifier, world.detector(), cache=None)
        started = set(threading.enumerate()) - before
        for seed in range(6):
            image = picture(seed)
            answer = worker.evaluate(image, "grad-cam")
            worker.detect(image)
        left: list[weakref.ref] = [weakref.ref(tensor) for tensor in _tensors(worker)]
        left += [weakref.ref(thing) for thing in (worker, *answer, image)]
        assert len(left) == 10 and len(started) == 1
        if closed:
            worker.close()
        del worker, answer, image
        for thread in started:
            thread.join(60)
        gc.collect()
        assert [one for one in left if one() is not None] == []
        assert not any(thread.is_alive() for thread in started)


def test_a_closed_worker_that_is_still_held_holds_no_tensors(rounds: int) -> None:
    for _ in range(rounds):
        worker = Worker(world.classifier(), cache=None)
        worker.evaluate(picture(1), "grad-cam")
        left = [weakref.ref(tensor) for tensor in _tensors(worker)]
        worker.close()
        gc.collect()
        assert left and [one for one in left if one() is not None] == []


def test_runs_leave_no_threads_and_no_images(tmp_path: Path, images: Path, rounds: int) -> None:
    corpus = Corpus.from_folder(images)
    opened: list[weakref.ref] = []

    class Watched(Corpus):
        def open(self, image_id: str) -> object:  # type: ignore[override]
            image = super().open(image_id)
            opened.append(weakref.ref(image))
            return image

    watched = Watched(corpus.root, list(corpus), name=corpus.name)
    before = set(threading.enumerate())
    for number in range(rounds):
        run = analyze(watched, world.classifier(), world.detector(), out=tmp_path / str(number), progress=False)
        assert len(run) == len(corpus)
    gc.collect()
    assert len(opened) == rounds * len(corpus) and [one for one in opened if one() is not None] == []
    assert [thread.name for thread in set(threading.enumerate()) - before if "emocam" in thread.name] == []


def test_a_closed_editor_lets_go_of_its_image_and_leaves_the_worker(rounds: int) -> None:
    from emocam_widgets.widgets.editor import ObjectEditor

    with Worker(world.classifier(), cache=None) as worker:
        for seed in range(rounds):
            editor = ObjectEditor(picture(seed), worker)
            left = [
                weakref.ref(editor),
                weakref.ref(editor.export_image()),
                weakref.ref(editor._needed_picture().image),
            ]
            assert editor.prediction
            editor.close()
            del editor
            gc.collect()
            assert [one for one in left if one() is not None] == []
            assert worker.predict(picture(seed)).label in world.LABELS
