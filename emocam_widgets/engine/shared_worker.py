"""One worker for many kernels: a named Ray actor that holds the only copy of the models, and what kernels ask it by.

A classroom's requests meet in the actor's queue, where those that wait go through the network together. Nobody starves:
of each client at most one live request waits, and they are taken in the order of asking.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.engine.answers import AnswersBoard, Ballot, Totals, own_name
from emocam_widgets.engine.cache import ByteCache, image_key
from emocam_widgets.engine.class_watch import ClassWatch
from emocam_widgets.engine.compose import Sprites
from emocam_widgets.engine.ray_run import import_ray
from emocam_widgets.engine.scenes import Scene, sprites_key
from emocam_widgets.engine.worker import ImageLike, Worker, as_image
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain import METHODS
from emocam_widgets.types import OUTPUTS, Cam, Detections, FloatArray, Output, Placement, Prediction

if TYPE_CHECKING:
    from emocam_widgets.engine.evaluating import Answer, ModelInput
    from emocam_widgets.engine.scenes import LocalScene
    from emocam_widgets.explain.lime_settings import LimeSettings
    from emocam_widgets.types import LimeExplanation

NAMESPACE = "emocam"
DEFAULT_NAME = "emocam-worker"
SCENE_BYTES = 256 * 1024 * 1024
PALETTES = 16
RECONNECT_SECONDS = 120.0
AT_ONCE = 4
"""Requests of one client that may be under way; a widget has one, a notebook a few."""


@dataclass(frozen=True)
class ClassifierFace:
    """What a client knows of the models that the shared worker holds."""

    name: str
    labels: tuple[str, ...]
    fingerprint: str
    target: str
    device: str
    synthetic: bool
    min_confidence: float


class WorkerActor:
    """In the actor: a Worker, and the scenes that clients drag things about in."""

    def __init__(self, classifier: str, detector: str | None, settings: Mapping[str, Any]) -> None:
        self._worker = Worker(classifier, detector, **settings)
        self._scenes: ByteCache[LocalScene] = ByteCache(SCENE_BYTES)
        self._sprites: dict[str, Sprites] = {}
        self._board = AnswersBoard()

    async def face(self) -> ClassifierFace:
        """Who answers here."""
        own = self._worker.classifier
        return ClassifierFace(
            own.name,
            own.labels,
            own.fingerprint,
            own.target,
            self._worker.device,
            own.synthetic,
            self._worker.min_confidence,
        )

    async def pid(self) -> int:
        """The process that it runs in."""
        return os.getpid()

    async def answer(self, client: str, question: str, n: int, chosen: Sequence[int]) -> Totals:
        """`AnswersBoard.put`; what a client sends is looked at here, for anybody can send it."""
        return self._board.put(client, Ballot.of(question, n, chosen))

    async def class_totals(self, client: str, question: str, n: int) -> Totals | None:
        """`AnswersBoard.totals`."""
        return self._board.totals(client, question, n)

    async def evaluate(
        self,
        pixels: np.ndarray,
        method: str | None,
        target: str | None,
        output: Output | None,
        classifier: str | None,
        supersedes: Hashable,
        priority: int,
    ) -> Answer | None:
        """`Worker.evaluate` of an image (h, w, 3); None where a newer request took its place."""
        future = self._worker.submit_evaluate(
            pixels, method, target, output, classifier=classifier, supersedes=supersedes, priority=priority
        )
        return await _answered(future)

    async def detect(self, pixels: np.ndarray, min_confidence: float, detector: str | None) -> Detections:
        """`Worker.detect`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, lambda: self._worker.detect(pixels, min_confidence, detector=detector))

    async def open_scene(self, key: str, pixels: np.ndarray, sprites: Mapping[str, np.ndarray], name: str) -> None:
        """Keeps a scene; `sprites` are RGBA (h, w, 4), `name` their key."""
        from emocam_widgets.engine.scenes import LocalScene

        if name not in self._sprites:  # a class has one palette, perhaps a few
            while len(self._sprites) >= PALETTES:
                self._sprites.pop(next(iter(self._sprites)))
            self._sprites[name] = Sprites({each: Image.fromarray(picture) for each, picture in sprites.items()})
        scene = LocalScene(self._worker, Image.fromarray(pixels), self._sprites[name], name)
        self._scenes.put(key, scene, scene.n_bytes)

    async def evaluate_scene(
        self,
        key: str,
        placements: Sequence[Placement],
        method: str | None,
        target: str | None,
        output: Output | None,
        supersedes: Hashable,
        variant: str,
    ) -> tuple[bool, Answer | None]:
        """Whether the scene is (still) here, and the answer; None where a newer request took its place."""
        scene = self._scenes.get(key)
        if scene is None:
            return False, None
        future = scene.submit(placements, method, target, output, supersedes=supersedes, variant=variant)
        return True, await _answered(future)

    async def predict_scene(
        self, key: str, pastes: Sequence[Sequence[Placement]], variant: str = "object"
    ) -> tuple[bool, FloatArray | None]:
        """Whether the scene is (still) here, and the probabilities (n, k); see `Scene.submit_many`."""
        scene = self._scenes.get(key)
        if scene is None:
            return False, None
        return True, await asyncio.wrap_future(scene.submit_many(pastes, variant=variant))


async def _answered(future: Future[Answer]) -> Answer | None:
    try:
        return await asyncio.wrap_future(future)
    except (CancelledError, asyncio.CancelledError):
        if future.cancelled():
            return None
        raise


class SharedWorker(Worker):
    """The worker of many kernels, by its name: joined where it runs, else started. Made by `Worker(..., shared=True)`.

    Where its process dies it is started again, and what was asked is asked again; `on_state` hears about it.

    Args:
        classifier, detector: names of models, which only the shared worker loads.
        name: of the shared worker; one of another name has its own copy of the models.
        settings: as of Worker, for the one that starts it.

    Raises:
        EmocamError: Ray is not installed or cannot be reached, models are given that have no name, or the worker that
            runs under this name has another classifier.
    """

    def __init__(
        self,
        classifier: str = "demo",
        detector: str | None = None,
        *,
        shared: bool = True,
        name: str | None = None,
        **settings: Any,
    ) -> None:
        if not isinstance(classifier, str) or not isinstance(detector, str | None):
            raise EmocamError(
                "A shared worker loads its models itself: pass their names, as in Worker('demo', shared=True)."
            )
        self._ray = join_cluster()
        self._name = name or DEFAULT_NAME
        self._models_asked = (classifier, detector, settings)
        self._client = uuid4().hex
        self._voter = own_name()
        self._watch = ClassWatch(
            lambda ballot: self._call("answer", self._voter, ballot.question, ballot.n, ballot.chosen),
            lambda question, n: self._call("class_totals", self._voter, question, n),
        )
        self._state: str | None = None
        self._listeners: list[Callable[[str | None], None]] = []
        self._lock = threading.Lock()
        self._actor_handle: Any = None
        self._closed = False
        self._requests = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="emocam-shared")
        face: ClassifierFace = self._call("face")
        if face.name != classifier:
            self.close()
            raise EmocamError(
                f"The shared worker {self._name!r} has the classifier {face.name!r}, not {classifier!r}; give yours "
                "another name: Worker(..., shared=True, name=...)."
            )
        self.classifier = face  # type: ignore[assignment]
        self.detector = detector  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Worker({self.classifier.name!r}, shared as {self._name!r}, device={self.device!r})"

    def on_state(self, listener: Callable[[str | None], None]) -> None:
        """Calls `listener` with a sentence when the connection is lost, and with None when it is back."""
        self._listeners.append(listener)

    def detect(self, image: ImageLike, min_confidence: float = 0.005, *, detector: str | None = None) -> Detections:
        """See Worker."""
        found: Detections = self._call("detect", _pixels(image), min_confidence, detector)
        return found

    def submit_evaluate(
        self,
        image: ImageLike | ModelInput,
        method: str | None = None,
        target: str | None = None,
        output: Output | None = None,
        *,
        classifier: str | None = None,
        supersedes: Hashable = None,
        priority: int = 0,
        early: Future[Prediction] | None = None,
    ) -> Future[tuple[Prediction, Cam | None]]:
        """See Worker; an image is sent whole, so use `scene` for what is dragged. `early` stays unset."""
        self._check(method, target if classifier is None else None, output)
        pixels = _pixels(image)  # type: ignore[arg-type]
        return self._later("evaluate", pixels, method, target, output, classifier, self._key(supersedes), priority)

    def scene(self, image: Image.Image, sprites: Mapping[str, Image.Image]) -> Scene:
        """See Worker: the image and the sprites are sent once."""
        return _RemoteScene(self, image, sprites)

    @property
    def shared(self) -> bool:
        """See Worker."""
        return True

    @property
    def min_confidence(self) -> float:
        """See Worker."""
        return self.classifier.min_confidence  # type: ignore[attr-defined]

    def join_class(self, ballot: Ballot, told: Callable[[Totals], None]) -> Callable[[], None]:
        """See Worker. Where the process is lost, and with it the answers, every client gives its own again."""
        return self._watch.follow(ballot, told)

    def predict_batch(self, images: Sequence[Image.Image]) -> list[Prediction]:
        """See Worker."""
        futures = [self.submit_evaluate(image, priority=1) for image in images]
        return [future.result()[0] for future in futures]

    def lime_of_targets(
        self,
        image: ImageLike,
        targets: Sequence[str] | None = None,
        output: Output = "probabilities",
        *,
        settings: LimeSettings | None = None,
        segments: NDArray[np.int32] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[tuple[LimeExplanation, ...]]:
        """Not over a shared worker: LIME looks at hundreds of pictures and would hold up the class."""
        raise EmocamError("LIME needs a worker of its own: make one as emo.Worker('demo').")

    def submit(self, job: Callable[[], Any], priority: int = 0) -> NoReturn:
        """Not over a shared worker: nobody's code runs in everybody's process."""
        raise EmocamError("A shared worker runs no functions of its clients; make one of your own: emo.Worker('demo').")

    def close(self) -> None:
        """Leaves the shared worker, which goes on for the others; `stop` ends it for all."""
        self._closed = True
        self._watch.close()
        self._requests.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        """Ends the shared worker for all its clients."""
        self._ray.kill(self._actor())
        self.close()

    # -- asking the actor ----------------------------------------------------------------------------------------------

    def _check(self, method: str | None, target: str | None, output: str | None) -> None:
        if method is not None:
            known_name("method", method, METHODS)
        if target is not None:
            known_name("label", target, self.labels)
        if output is not None:
            known_name("output", output, OUTPUTS)

    def _wait(self, future: Future[Any]) -> Any:
        return future.result()

    def _key(self, supersedes: Hashable) -> Hashable:
        """A widget's id, told from those of other kernels."""
        return None if supersedes is None else (self._client, supersedes)

    def _later(self, method: str, *arguments: Any) -> Future[Any]:
        if self._closed:
            raise RuntimeError("The worker is closed; make a new one.")
        return self._requests.submit(self._answered, method, *arguments)

    def _answered(self, method: str, *arguments: Any) -> Any:
        answer = self._call(method, *arguments)
        if answer is None:
            raise CancelledError("a newer request took its place")
        return answer

    def _call(self, method: str, *arguments: Any) -> Any:
        """The actor's answer; asked again for a while where the actor is lost meanwhile."""
        lost = self._ray.exceptions.RayActorError  # its kinds: died, unavailable for now
        give_up = time.monotonic() + RECONNECT_SECONDS
        while True:
            try:
                answer = self._ray.get(getattr(self._actor(), method).remote(*arguments))
            except self._ray.exceptions.RayTaskError as error:
                raise (error.cause if isinstance(error.cause, Exception) else error) from None
            except (lost, ConnectionError, ValueError) as error:
                if isinstance(error, ValueError) and "actor" not in str(error).lower():
                    raise
                if self._closed or time.monotonic() > give_up:
                    raise EmocamError(f"The shared worker {self._name!r} is gone and did not come back.") from error
                self._say("The shared worker was lost; reconnecting…")
                with self._lock:
                    self._actor_handle = None
                time.sleep(0.3)
            else:
                self._say(None)
                return answer

    def _actor(self) -> Any:
        with self._lock:
            if self._actor_handle is None:
                classifier, detector, settings = self._models_asked
                gpu = 1 if self._ray.cluster_resources().get("GPU", 0) >= 1 else 0
                self._actor_handle = (
                    self._ray.remote(WorkerActor)
                    .options(
                        name=self._name,
                        namespace=NAMESPACE,
                        get_if_exists=True,
                        lifetime="detached",
                        max_restarts=-1,
                        num_cpus=1,
                        num_gpus=gpu,
                        max_concurrency=1000,
                    )
                    .remote(classifier, detector, settings)
                )
            return self._actor_handle

    def _say(self, state: str | None) -> None:
        if state == self._state:
            return
        self._state = state
        for listener in list(self._listeners):
            listener(state)


class _RemoteScene:
    """A scene in the shared worker: sent when it is first asked about, and again where the worker has lost it."""

    def __init__(self, worker: SharedWorker, image: Image.Image, sprites: Mapping[str, Image.Image]) -> None:
        self._worker = worker
        self._pixels = _pixels(image)
        self._sprites = {name: np.asarray(picture.convert("RGBA")) for name, picture in sprites.items()}
        self._sprites_key = sprites_key(sprites)
        self._key = f"{image_key(image)}-{self._sprites_key}"

    def submit(
        self,
        placements: Sequence[Placement],
        method: str | None = None,
        target: str | None = None,
        output: Output | None = None,
        *,
        supersedes: Hashable = None,
        variant: str = "object",
        early: Future[Prediction] | None = None,
    ) -> Future[Answer]:
        """See `Scene.submit`."""
        worker = self._worker
        worker._check(method, target, output)
        asked = (tuple(placements), method, target, output, worker._key(supersedes), variant)
        if worker._closed:
            raise RuntimeError("The worker is closed; make a new one.")
        return worker._requests.submit(self._ask, asked)

    def submit_many(self, pastes: Sequence[Sequence[Placement]], *, variant: str = "object") -> Future[FloatArray]:
        """See `Scene.submit_many`."""
        if self._worker._closed:
            raise RuntimeError("The worker is closed; make a new one.")
        what = [tuple(placements) for placements in pastes]
        return self._worker._requests.submit(self._asked, "predict_scene", what, variant)

    def _ask(self, asked: tuple[Any, ...]) -> Answer:
        answer = self._asked("evaluate_scene", *asked)
        if answer is None:
            raise CancelledError("a newer request took its place")
        return answer

    def _asked(self, method: str, *asked: Any) -> Any:
        """The actor's answer about this scene, which is sent to it first where it does not have it."""
        known, answer = self._worker._call(method, self._key, *asked)
        if not known:
            self._worker._call("open_scene", self._key, self._pixels, self._sprites, self._sprites_key)
            _, answer = self._worker._call(method, self._key, *asked)
        return answer


def join_cluster() -> Any:
    """The module ray, connected to the cluster that `RAY_ADDRESS` names or that runs on this machine, else a new one.

    A new one outlives this process, so that other kernels find it; `ray stop` ends it.
    """
    ray = import_ray()
    if ray.is_initialized():
        return ray
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "namespace": NAMESPACE}
    try:
        ray.init(address="auto", **quiet)
        return ray
    except ConnectionError:
        _start_cluster()
    try:
        ray.init(address="auto", **quiet)
    except ConnectionError as error:
        raise EmocamError(f"Ray was started and cannot be reached ({error}).") from error
    return ray


def _start_cluster() -> None:
    """Starts Ray on this machine; two kernels that do so at once end with one cluster."""
    from filelock import FileLock

    from emocam_widgets.demo import home

    home().mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--disable-usage-stats"]
    with FileLock(home() / "ray.lock"):
        running = subprocess.run([*command[:3], "status"], capture_output=True, text=True, check=False)
        if running.returncode == 0:
            return
        started = subprocess.run([*command, "--include-dashboard=false"], capture_output=True, text=True, check=False)
    if started.returncode:
        raise EmocamError(f"Ray could not be started: {' '.join(started.stderr.split())[-300:]}")


def _pixels(image: ImageLike) -> np.ndarray:
    return np.asarray(as_image(image))
