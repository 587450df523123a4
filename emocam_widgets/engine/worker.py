"""The worker: one thread that owns a device's models and answers for single images, cached, together and in order."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.corpus import read_image
from emocam_widgets.devices import best_device, in_halves
from emocam_widgets.engine.answers import ALONE, AnswersBoard, Ballot, Totals
from emocam_widgets.engine.cache import ByteCache, image_key
from emocam_widgets.engine.disk_cache import DiskCache
from emocam_widgets.engine.evaluating import Answer, Evaluator, ModelInput, Question
from emocam_widgets.engine.executor import BATCH, INTERACTIVE, ModelThread
from emocam_widgets.engine.model_cache import LIMIT, ModelCache
from emocam_widgets.engine.results import ResultCache, disk_cache_of
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain import METHODS
from emocam_widgets.explain.lime_settings import DEFAULT_OUTPUT, LimeSettings
from emocam_widgets.run.run import DEFAULT_MIN_CONFIDENCE
from emocam_widgets.types import OUTPUTS, Cam, Detections, FloatArray, LimeExplanation, Output, Prediction

if TYPE_CHECKING:
    from torch import Tensor

    from emocam_widgets.detectors import Detector
    from emocam_widgets.engine.scenes import Scene
    from emocam_widgets.models import SplitClassifier

ImageLike: TypeAlias = Image.Image | np.ndarray | str | Path
Result = TypeVar("Result")
ACTIVATION_CACHE_BYTES = 64 * 1024 * 1024
DETECTION_CACHE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class _Search:
    """What is asked of a detector, by default the worker's own: the boxes of one image."""

    image: Image.Image
    key: str
    min_confidence: float
    detector: str | None


class Worker:
    """Answers for single images, from any thread; the models run in one thread of its own.

    Interactive requests go before batch ones, and what waits for the same is computed together. Results are cached by
    the image's pixels, the models' fingerprints and the settings, so asking again costs nothing, in another kernel too.
    Close it, or use it as a context manager, to end its thread and free its memory; one that nobody holds ends itself.

    Args:
        classifier, detector: models, or their names, which are then loaded onto `device`.
        device: of models that are loaded by name; by default that of the given classifier, else the fastest here.
        half: half precision for the classifier's trunk; by default on CUDA where it changes no answer (see `Trunk`).
        cache: where predictions and CAMs are kept across kernels: True for the user's own folder, a folder, a
            `DiskCache`, or None for nowhere.
        model_bytes: how many bytes of weights are kept of models that requests ask for by name, those used last.
        shared: one worker for many kernels, in a process of its own; models by name only (see `SharedWorker`).
        name: of a shared worker, to have more than one.

    Raises:
        UnknownNameError: there is no model of that name; EmocamError: its files are not here.
    """

    def __new__(cls, *_arguments: Any, shared: bool = False, **_settings: Any) -> Worker:
        if shared and cls is Worker:
            from emocam_widgets.engine.shared_worker import SharedWorker

            return super().__new__(SharedWorker)
        return super().__new__(cls)

    def __init__(
        self,
        classifier: SplitClassifier | str,
        detector: Detector | str | None = None,
        *,
        shared: bool = False,
        name: str | None = None,
        device: str | None = None,
        half: bool | None = None,
        cache: DiskCache | Path | str | bool | None = True,
        model_bytes: int = LIMIT,
    ) -> None:
        if shared or name is not None:  # a shared one is made by __new__
            raise EmocamError("Only a shared worker has a name: Worker('demo', shared=True, name=...).")
        if device is None:
            device = best_device() if isinstance(classifier, str) else str(classifier.device)
        self._models = ModelCache(device, model_bytes)
        self.classifier = self._models.classifier(classifier) if isinstance(classifier, str) else classifier
        self.detector = self._models.detector(detector) if isinstance(detector, str) else detector
        self._half = half
        self._results = ResultCache(disk_cache_of(cache))
        self._seen: ByteCache = ByteCache(ACTIVATION_CACHE_BYTES)
        self._detections: ByteCache[Detections] = ByteCache(DETECTION_CACHE_BYTES)
        self._own = Evaluator(self.classifier, self._results, self._seen, half)
        self._board = AnswersBoard()
        self._thread = ModelThread()
        self._end = weakref.finalize(self, self._thread.close, wait=False)

    def __repr__(self) -> str:
        return f"Worker({self.classifier!r}, {self.detector!r}, device={self.device!r})"

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def device(self) -> str:
        """Torch's name of the device that the classifier runs on."""
        return str(self.classifier.device)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classifier's labels in output order."""
        return self.classifier.labels

    def predict(self, image: ImageLike, *, classifier: str | None = None) -> Prediction:
        """The label probabilities of an image (PIL, uint8 array (h, w, 3), or a file's path)."""
        return self.evaluate(image, classifier=classifier)[0]

    def explain(
        self,
        image: ImageLike,
        method: str = "grad-cam",
        target: str | None = None,
        output: Output | None = None,
        *,
        classifier: str | None = None,
    ) -> Cam:
        """The CAM of a label, by default of the predicted one; UnknownNameError for an unknown method or label."""
        cam = self.evaluate(image, method, target, output, classifier=classifier)[1]
        if cam is None:
            raise AssertionError("evaluate gives a CAM wherever a method is asked for")
        return cam

    def detect(self, image: ImageLike, min_confidence: float = 0.005, *, detector: str | None = None) -> Detections:
        """The objects in an image, by the worker's detector or the one of that name; EmocamError without any."""
        if self.detector is None and detector is None:
            raise EmocamError("This worker has no detector: make it as Worker(classifier, detector).")
        picture = as_image(image)
        search = _Search(picture, image_key(picture), min_confidence, detector)
        return self._wait(self._thread.submit_request(self._detect, search))

    def evaluate(
        self,
        image: ImageLike | ModelInput,
        method: str | None = None,
        target: str | None = None,
        output: Output | None = None,
        *,
        classifier: str | None = None,
    ) -> Answer:
        """Prediction and, where a method is given, CAM of an image, from one trunk pass."""
        return self._wait(self.submit_evaluate(image, method, target, output, classifier=classifier))

    def submit_evaluate(
        self,
        image: ImageLike | ModelInput,
        method: str | None = None,
        target: str | None = None,
        output: Output | None = None,
        *,
        classifier: str | None = None,
        supersedes: Hashable = None,
        priority: int = INTERACTIVE,
        early: Future[Prediction] | None = None,
    ) -> Future[Answer]:
        """`evaluate` without waiting. What is asked for is checked, and an array or file read, before this returns.

        Args:
            image: as for `predict`, or what the caller has prepared for the classifier already.
            method, target, output: of the CAM; without a method there is none.
            classifier: the name of another classifier than the worker's own; a target is then checked by the future.
            supersedes: who asks (a widget's id). An older request of the same that has not begun is cancelled: waiting
                for its future raises CancelledError.
            priority: INTERACTIVE or BATCH.
            early: a future that gets the prediction as soon as it is known, before the CAM; it stays unset where the
                answer fails or is cancelled.
        """
        if method is not None:
            known_name("method", method, METHODS)
            output = known_name("output", output or METHODS[method].output, OUTPUTS)  # type: ignore[assignment]
        if target is not None and classifier is None:
            known_name("label", target, self.classifier.labels)
        picture = image if isinstance(image, ModelInput) else as_image(image)
        key = picture.key if isinstance(picture, ModelInput) else image_key(picture)
        question = Question(picture, key, method, target, output, classifier, early)
        return self._thread.submit_request(self._answer, question, priority, supersedes)

    def scene(self, image: Image.Image, sprites: Mapping[str, Image.Image]) -> Scene:
        """An image to paste things onto and ask about again and again, prepared once; nobody may draw on it any more.

        `sprites` are RGBA images by name.
        """
        from emocam_widgets.engine.scenes import LocalScene

        return LocalScene(self, image, sprites)

    def on_state(self, listener: Callable[[str | None], None]) -> None:
        """Calls `listener` with a sentence when the worker is lost and with None when it is back.

        That happens to a shared worker only.
        """

    @property
    def min_confidence(self) -> float:
        """From which confidence on a box is shown: what the detector was made with, else EmoCAM's 0.005."""
        return float(getattr(self.detector, "settings", {}).get("confidence", DEFAULT_MIN_CONFIDENCE))

    @property
    def shared(self) -> bool:
        """Whether other kernels ask it too."""
        return False

    def join_class(self, ballot: Ballot, told: Callable[[Totals], None]) -> Callable[[], None]:
        """Gives this kernel's answer to a question, and calls `told` with how the class has answered so far.

        Of a shared worker that is the class of all its kernels: `told` is called from another thread, soon and whenever
        it changes, until what is returned is called. Of any other it is this kernel alone, told once and at once.
        """
        told(self._board.put(ALONE, ballot))
        return lambda: None

    def lime(
        self,
        image: ImageLike,
        target: str | None = None,
        output: Output = DEFAULT_OUTPUT,
        *,
        settings: LimeSettings | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[LimeExplanation]:
        """Superpixel LIME of a label, by default of the predicted one: a first map early, then refined ones.

        It runs in small passes after whatever is asked for interactively, and ends when the iterator is closed or
        `cancelled` says so. Raises UnknownNameError for an unknown label or output.
        """
        targets = None if target is None else [target]
        stream = self.lime_of_targets(image, targets, output, settings=settings, cancelled=cancelled)
        return (explanations[0] for explanations in stream)

    def lime_of_targets(
        self,
        image: ImageLike,
        targets: Sequence[str] | None = None,
        output: Output = DEFAULT_OUTPUT,
        *,
        settings: LimeSettings | None = None,
        segments: NDArray[np.int32] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[tuple[LimeExplanation, ...]]:
        """`lime` for several labels from the same samples: one explanation per target each time, in their order.

        `segments` are own superpixels, int32 (h, w), ids 0..n-1, in place of those of the settings.
        """
        from emocam_widgets.engine.lime_stream import stream_lime

        def run(job: Callable[[], None]) -> None:
            self._wait(self.submit(job, BATCH))

        return stream_lime(
            run,
            self.classifier,
            as_image(image),
            targets,
            output=output,
            settings=settings,
            segments=segments,
            cancelled=cancelled,
        )

    def predict_batch(self, images: Sequence[Image.Image]) -> list[Prediction]:
        """Predictions of many images in one pass, not cached, after whatever is asked for interactively."""
        return self._wait(self.submit(lambda: in_halves(self.classifier.predict, images), BATCH))

    def predict_inputs(self, inputs: Tensor) -> FloatArray:
        """Probabilities (n, k) of inputs (n, 3, H, W); for a job of its own thread (see `submit`), not cached."""
        return self._own.predict_inputs(inputs)

    def submit(self, job: Callable[[], Result], priority: int = INTERACTIVE) -> Future[Result]:
        """Runs a function in the thread that owns the models."""
        return self._thread.submit(job, priority)

    def close(self) -> None:
        """Finishes what was asked for, ends the thread and frees its memory; later requests raise RuntimeError.

        The models that it was made with stay those of who made them.
        """
        self._end.detach()
        self._thread.close()
        for kept in (self._seen, self._detections, self._results, self._models):
            kept.clear()

    def _wait(self, future: Future[Result]) -> Result:
        if self._thread.owns_current_thread():
            raise RuntimeError("A job of the worker asks the worker itself and would wait for ever.")
        return future.result()

    def _answer(self, questions: Sequence[Question]) -> list[Answer]:
        """In the model thread: the answers, those that are asked of the same classifier together."""
        answers: dict[int, Answer] = {}
        for name in dict.fromkeys(question.classifier for question in questions):
            rows = [i for i, question in enumerate(questions) if question.classifier == name]
            evaluator = self._own
            if name is not None:
                evaluator = Evaluator(self._models.classifier(name), self._results, self._seen, self._half)
            answers.update(zip(rows, evaluator.answers([questions[i] for i in rows]), strict=True))
        return [answers[i] for i in range(len(questions))]

    def _detect(self, searches: Sequence[_Search]) -> list[Detections]:
        """In the model thread: what is found, images that are searched alike in one pass."""
        found: dict[int, Detections] = {}
        for alike in dict.fromkeys((search.detector, search.min_confidence) for search in searches):
            name, min_confidence = alike
            detector = self.detector if name is None else self._models.detector(name)
            if detector is None:
                raise AssertionError("detect() asks only where there is a detector")
            missing: dict[tuple[str, str, float], list[int]] = {}
            for i, search in enumerate(searches):
                if (search.detector, search.min_confidence) == alike:
                    key = (search.key, detector.fingerprint, min_confidence)
                    known = self._detections.get(key)
                    if known is not None:
                        found[i] = known
                    else:
                        missing.setdefault(key, []).append(i)
            images = [searches[rows[0]].image for rows in missing.values()]
            new = in_halves(lambda some, d=detector, c=min_confidence: d.detect(some, c), images) if images else []  # type: ignore[misc]
            for (key, rows), detections in zip(missing.items(), new, strict=True):
                found.update(dict.fromkeys(rows, detections))
                self._detections.put(key, detections, 512 + detections.boxes.nbytes + 64 * len(detections))
        return [found[i] for i in range(len(searches))]


def as_image(image: ImageLike) -> Image.Image:
    """An RGB image of its own from a PIL image, a uint8 array (h, w, 3) or (h, w), or a file (may raise ImageError)."""
    if isinstance(image, str | Path):
        return read_image(image)
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim not in {2, 3}:
            raise EmocamError(f"An image array is {image.dtype} {image.shape}; expected uint8 (h, w, 3) or (h, w).")
        return Image.fromarray(image).convert("RGB")
    # A copy: the model thread reads it later, when its owner may already draw on it.
    return image.convert("RGB") if image.mode != "RGB" else image.copy()
