"""The worker: one thread that owns a classifier and a detector and answers for single images, cached and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
from PIL import Image

from emocam_widgets.corpus import read_image
from emocam_widgets.engine.cache import ByteCache, image_key
from emocam_widgets.engine.executor import BATCH, INTERACTIVE, ModelThread
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain import METHODS, explain, scale_grids
from emocam_widgets.explain.lime_settings import DEFAULT_OUTPUT, LimeSettings
from emocam_widgets.types import OUTPUTS, Cam, Detections, LimeExplanation, Output, Prediction, View

if TYPE_CHECKING:
    from torch import Tensor

    from emocam_widgets.detectors import Detector
    from emocam_widgets.models import SplitClassifier

ImageLike: TypeAlias = Image.Image | np.ndarray | str | Path
Result = TypeVar("Result")
ACTIVATION_CACHE_BYTES = 64 * 1024 * 1024
RESULT_CACHE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one trunk pass leaves of an image."""

    activation: Tensor
    view: View
    prediction: Prediction


class Worker:
    """Answers for one image at a time, from any thread; the models run in one thread of its own.

    Interactive requests go before batch ones. Results are cached by the image's pixels, the models' fingerprints and
    the settings, so asking again costs nothing. Close it, or use it as a context manager, to end its thread.
    """

    def __init__(self, classifier: SplitClassifier, detector: Detector | None = None) -> None:
        self.classifier = classifier
        self.detector = detector
        self._thread = ModelThread()
        self._seen: ByteCache[_Seen] = ByteCache(ACTIVATION_CACHE_BYTES)
        self._cams: ByteCache[Cam] = ByteCache(RESULT_CACHE_BYTES)
        self._detections: ByteCache[Detections] = ByteCache(RESULT_CACHE_BYTES)

    def __repr__(self) -> str:
        return f"Worker({self.classifier!r}, {self.detector!r})"

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def labels(self) -> tuple[str, ...]:
        """The classifier's labels in output order."""
        return self.classifier.labels

    def predict(self, image: ImageLike) -> Prediction:
        """The label probabilities of an image (PIL, uint8 array (h, w, 3), or a file's path)."""
        return self.evaluate(image)[0]

    def explain(
        self, image: ImageLike, method: str = "grad-cam", target: str | None = None, output: Output | None = None
    ) -> Cam:
        """The CAM of a label, by default of the predicted one; UnknownNameError for an unknown method or label."""
        cam = self.evaluate(image, method, target, output)[1]
        if cam is None:
            raise AssertionError("evaluate gives a CAM wherever a method is asked for")
        return cam

    def detect(self, image: ImageLike, min_confidence: float = 0.005) -> Detections:
        """The objects in an image; EmocamError where the worker has no detector."""
        if self.detector is None:
            raise EmocamError("This worker has no detector: make it as Worker(classifier, detector).")
        picture = as_image(image)
        return self._wait(self.submit(lambda: self._detect(picture, min_confidence)))

    def evaluate(
        self,
        image: ImageLike,
        method: str | None = None,
        target: str | None = None,
        output: Output | None = None,
    ) -> tuple[Prediction, Cam | None]:
        """Prediction and, where a method is given, CAM of an image, from one trunk pass."""
        return self._wait(self.submit_evaluate(image, method, target, output))

    def submit_evaluate(
        self,
        image: ImageLike,
        method: str | None = None,
        target: str | None = None,
        output: Output | None = None,
    ) -> Future[tuple[Prediction, Cam | None]]:
        """`evaluate` without waiting. What is asked for is checked, and an array or file read, before this returns."""
        if method is not None:
            known_name("method", method, METHODS)
            output = known_name("output", output or METHODS[method].output, OUTPUTS)  # type: ignore[assignment]
        if target is not None:
            known_name("label", target, self.classifier.labels)
        picture = as_image(image)
        return self.submit(lambda: self._evaluate(picture, method, target, output))

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
        from emocam_widgets.engine.lime_stream import stream_lime

        def run(job: Callable[[], None]) -> None:
            self._wait(self.submit(job, BATCH))

        return stream_lime(
            run, self.classifier, as_image(image), target, output=output, settings=settings, cancelled=cancelled
        )

    def predict_batch(self, images: Sequence[Image.Image]) -> list[Prediction]:
        """Predictions of many images in one pass, not cached, after whatever is asked for interactively."""
        return self._wait(self.submit(lambda: self.classifier.predict(images), BATCH))

    def submit(self, job: Callable[[], Result], priority: int = INTERACTIVE) -> Future[Result]:
        """Runs a function in the thread that owns the models."""
        return self._thread.submit(job, priority)

    def close(self) -> None:
        """Finishes what was asked for and ends the thread; later requests raise RuntimeError."""
        self._thread.close()

    def _wait(self, future: Future[Result]) -> Result:
        if self._thread.owns_current_thread():
            raise RuntimeError("A job of the worker asks the worker itself and would wait for ever.")
        return future.result()

    def _evaluate(
        self, image: Image.Image, method: str | None, target: str | None, output: Output | None
    ) -> tuple[Prediction, Cam | None]:
        key = (image_key(image), self.classifier.fingerprint)
        seen = self._seen.get(key)
        if seen is None:
            activation, views = self.classifier.activations([image])
            seen = _Seen(activation, views[0], self.classifier.predictions(activation)[0])
            self._seen.put(key, seen, activation.nbytes)
        if method is None or output is None:
            return seen.prediction, None
        label = target or seen.prediction.label
        cam_key = (*key, method, label, output)
        cam = self._cams.get(cam_key)
        if cam is None:
            cam = self._cam(seen, method, label, output)
            self._cams.put(cam_key, cam, cam.grid.nbytes)
        return seen.prediction, cam

    def _cam(self, seen: _Seen, method: str, label: str, output: Output) -> Cam:
        import torch

        targets = torch.tensor([self.classifier.labels.index(label)])
        grids = explain(self.classifier, seen.activation, targets, method, output)
        return Cam(scale_grids(grids)[0], seen.view, method, label, output)

    def _detect(self, image: Image.Image, min_confidence: float) -> Detections:
        if self.detector is None:
            raise AssertionError("detect() asks only where there is a detector")
        key = (image_key(image), self.detector.fingerprint, min_confidence)
        found = self._detections.get(key)
        if found is None:
            found = self.detector.detect([image], min_confidence)[0]
            self._detections.put(key, found, found.boxes.nbytes + 64 * len(found))
        return found


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
