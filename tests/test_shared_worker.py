"""One worker in a process of its own answers several clients as a local one does, and is found again when it dies."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, wait

import numpy as np
import pytest
from PIL import Image

import emocam_widgets as emo
from emocam_widgets import demo
from emocam_widgets.engine.answers import Ballot, Totals
from emocam_widgets.engine.ray_run import start_local
from emocam_widgets.engine.shared_worker import NAMESPACE, SharedWorker
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.types import Placement

ray = pytest.importorskip("ray")
NAME = "emocam-test"


@pytest.fixture(scope="module")
def shared() -> Iterator[SharedWorker]:
    start_local(n_cpus=2)
    worker = emo.Worker("demo", "demo", shared=True, name=NAME, cache=None)
    assert isinstance(worker, SharedWorker)
    yield worker
    worker.stop()
    ray.shutdown()


@pytest.fixture(scope="module")
def local() -> Iterator[emo.Worker]:
    with emo.Worker("demo", "demo", cache=None) as worker:
        yield worker


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    corpus = emo.Corpus.demo()
    return corpus.open(next(iter(corpus)))


@pytest.fixture(scope="module")
def sprites() -> dict[str, Image.Image]:
    return {name: demo.open_sprite(name) for name in ("rugby ball", "lotus flower")}


def test_it_answers_as_a_local_worker(shared: SharedWorker, local: emo.Worker, picture: Image.Image) -> None:
    assert shared.labels == local.labels and shared.classifier.fingerprint == local.classifier.fingerprint
    np.testing.assert_allclose(shared.predict(picture).probabilities, local.predict(picture).probabilities, atol=1e-5)
    mine, theirs = (worker.explain(picture, "lift-cam", "Joy") for worker in (local, shared))
    np.testing.assert_allclose(theirs.grid, mine.grid, atol=1e-3)
    assert (theirs.view, theirs.target, theirs.output) == (mine.view, mine.target, mine.output)
    assert shared.min_confidence == local.min_confidence
    found, expected = shared.detect(picture, 0.3), local.detect(picture, 0.3)
    assert found.object_class == expected.object_class
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=0.5)
    assert [p.label for p in shared.predict_batch([picture])] == [local.predict(picture).label]


def test_a_scene_is_what_a_local_one_is(
    shared: SharedWorker, local: emo.Worker, picture: Image.Image, sprites: dict[str, Image.Image]
) -> None:
    scenes = shared.scene(picture, sprites), local.scene(picture, sprites)
    for variant in ("object", "grey"):
        ball = [Placement("rugby ball", 0.4, 0.4, rotation=20), Placement("lotus flower", 0.6, 0.7)]
        (theirs, cam), (mine, expected) = (
            scene.submit(ball, "grad-cam", variant=variant).result(60) for scene in scenes
        )
        np.testing.assert_allclose(theirs.probabilities, mine.probabilities, atol=1e-5)
        assert cam is not None and expected is not None
        np.testing.assert_allclose(cam.grid, expected.grid, atol=1e-3)


def test_errors_are_the_users_own(shared: SharedWorker, picture: Image.Image, sprites: dict[str, Image.Image]) -> None:
    with pytest.raises(UnknownNameError, match="grad-cam"):
        shared.explain(picture, "gradcam")
    with pytest.raises(UnknownNameError, match="teapot"):
        shared.scene(picture, sprites).submit([Placement("teapot", 0.5, 0.5)]).result(60)
    with pytest.raises(UnknownNameError, match="demo"):
        shared.evaluate(picture, classifier="demoo")
    with pytest.raises(EmocamError, match="one of your own"):
        shared.submit(lambda: None)


def test_another_classifier_needs_another_name(shared: SharedWorker) -> None:
    with pytest.raises(EmocamError, match="has the classifier 'demo', not 'demo-affect'"):
        emo.Worker("demo-affect", shared=True, name=NAME)
    with pytest.raises(EmocamError, match="pass their names"):
        emo.Worker(emo.load_classifier("demo"), shared=True, name=NAME)


def test_clients_share_one_process(shared: SharedWorker, picture: Image.Image) -> None:
    other = emo.Worker("demo", shared=True, name=NAME)
    assert other.predict(picture).label == shared.predict(picture).label
    actors = [each for each in ray.util.list_named_actors(all_namespaces=True) if each["namespace"] == NAMESPACE]
    assert [each["name"] for each in actors] == [NAME]
    other.close()
    assert shared.predict(picture).label, "one client's leaving does not end it for the others"
    with pytest.raises(RuntimeError, match="closed"):
        other.predict(picture)


def test_the_newest_position_replaces_those_that_wait(
    shared: SharedWorker, picture: Image.Image, sprites: dict[str, Image.Image]
) -> None:
    scene = shared.scene(picture, sprites)
    scene.submit([]).result(60)
    asked = [scene.submit([Placement("rugby ball", x / 40, 0.5)], "ablation-cam", supersedes="me") for x in range(40)]
    wait(asked, 60)
    answered = [future for future in asked if not isinstance(future.exception(), CancelledError)]
    assert answered and all(future.exception() is None for future in answered)


def test_a_lost_worker_is_found_again(
    shared: SharedWorker, picture: Image.Image, sprites: dict[str, Image.Image]
) -> None:
    said: list[str | None] = []
    shared.on_state(said.append)
    scene = shared.scene(picture, sprites)
    before = scene.submit([Placement("rugby ball", 0.5, 0.5)]).result(60)[0]
    heard: list[Totals] = []
    changed = threading.Condition()

    def told(totals: Totals) -> None:
        with changed:
            heard.append(totals)
            changed.notify_all()

    leave = shared.join_class(Ballot("lost", 3, (2,)), told)
    with changed:
        assert changed.wait_for(lambda: heard == [Totals(1, (0, 0, 1))], 60)
    pid = shared._call("pid")
    os.kill(pid, signal.SIGKILL)
    after = scene.submit([Placement("rugby ball", 0.5, 0.5)]).result(120)[0]
    np.testing.assert_allclose(after.probabilities, before.probabilities, atol=1e-6)
    assert shared._call("pid") != pid
    assert said[0] is not None and "reconnecting" in said[0] and said[-1] is None
    other = emo.Worker("demo", shared=True, name=NAME)
    assert isinstance(other, SharedWorker)
    leave_other = other.join_class(Ballot("lost", 3, (0,)), lambda _totals: None)
    with changed:  # both: the answer that was lost with the process was given again
        assert changed.wait_for(lambda: heard[-1] == Totals(2, (1, 0, 1)), 60), heard
    leave()
    leave_other()
    other.close()


def test_the_board_refuses_what_is_no_answer(shared: SharedWorker) -> None:
    with pytest.raises(EmocamError, match="whole numbers from 0 to 2"):
        shared._call("answer", "me", "q", 3, [3])
    with pytest.raises(EmocamError, match="choices"):
        shared._call("answer", "me", "q", 10**9, [])
    assert shared._call("class_totals", "a stranger", "q", 3) is None
