"""Answering several questions about single images at once: one trunk pass, one pass per method, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from emocam_widgets.devices import in_halves
from emocam_widgets.engine.cache import ByteCache
from emocam_widgets.engine.precision import Trunk
from emocam_widgets.engine.results import ResultCache
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain import METHODS, explain, scale_grids
from emocam_widgets.explain.sharing import sharing
from emocam_widgets.types import Cam, FloatArray, Output, Prediction, View

if TYPE_CHECKING:
    from torch import Tensor

    from emocam_widgets.models import SplitClassifier

Answer = tuple[Prediction, Cam | None]


@dataclass(frozen=True, eq=False)
class ModelInput:
    """An image as one classifier takes it, prepared by the caller.

    Attributes:
        key: tells this image from any other, for the caches.
        tensor: float32 (3, H, W) on the CPU, as the classifier's `preprocess` gives it.
        view: the rectangle of the image that it shows.
    """

    key: str
    tensor: Tensor
    view: View


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of one image: its prediction and, with a method, the CAM of a label (by default the predicted).

    `key` is the image's (see `image_key`); `classifier` the name of another than the worker's own; `early` gets the
    prediction as soon as it is there, before the CAM.
    """

    image: Image.Image | ModelInput
    key: str
    method: str | None = None
    target: str | None = None
    output: Output | None = None
    classifier: str | None = None
    early: Future[Prediction] | None = None


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one trunk pass leaves of an image."""

    activation: Tensor
    view: View


class Evaluator:
    """One classifier, and what was computed with it. Not thread-safe: it belongs to the model thread."""

    def __init__(
        self, classifier: SplitClassifier, results: ResultCache, seen: ByteCache[_Seen], half: bool | None = None
    ) -> None:
        self.classifier = classifier
        classifier.use_channels_last()
        self._trunk = Trunk(classifier, half)
        self._results = results
        self._seen = seen
        self._together: tuple[tuple[tuple[str, ...], ...], Tensor, list[View]] | None = None

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each, in order. Raises UnknownNameError for a target that is none of the labels."""
        try:
            with sharing():
                return self._answers(questions)
        finally:
            self._together = None

    def _answers(self, questions: Sequence[Question]) -> list[Answer]:
        for question in questions:
            if question.target is not None:
                known_name("label", question.target, self.classifier.labels)
        predictions = self._predictions(questions)
        for question, prediction in zip(questions, predictions, strict=True):
            # Already done where the question is answered a second time, alone, because another one of its batch failed.
            if question.early is not None and not question.early.done():
                question.early.set_result(prediction)
        cams: dict[int, Cam] = {}
        asked: dict[tuple[str, Output], list[int]] = {}
        for i, question in enumerate(questions):
            if question.method is None or question.output is None:
                continue
            label = question.target or predictions[i].label
            known = self._results.cam(self._key(question), question.method, label, question.output)
            if known is None:
                asked.setdefault((question.method, question.output), []).append(i)
            else:
                cams[i] = known
        for (method, output), rows in asked.items():
            labels = [questions[i].target or predictions[i].label for i in rows]
            found = in_halves(
                lambda pairs, method=method, output=output: self._cams(pairs, method, output),  # type: ignore[misc]
                [(questions[i], label) for i, label in zip(rows, labels, strict=True)],
            )
            cams.update(zip(rows, found, strict=True))
        return [(prediction, cams.get(i)) for i, prediction in enumerate(predictions)]

    def predict_inputs(self, inputs: Tensor) -> FloatArray:
        """The probabilities (n, k) of inputs (n, 3, H, W) as `preprocess` gives them, not cached."""
        from torch import stack

        predictions = in_halves(lambda some: self.classifier.predictions(self._trunk(stack(list(some)))), list(inputs))
        return np.stack([prediction.probabilities for prediction in predictions])

    def _key(self, question: Question) -> tuple[str, ...]:
        return (question.key, self.classifier.fingerprint, self._trunk.setting)

    def _predictions(self, questions: Sequence[Question]) -> list[Prediction]:
        labels = self.classifier.labels
        known = {question.key: self._results.prediction(self._key(question), labels) for question in questions}
        missing = {question.key: question for question in questions if known[question.key] is None}
        for key, prediction in zip(missing, in_halves(self._predicted, list(missing.values())), strict=True):
            self._results.put_prediction(self._key(missing[key]), prediction)
            known[key] = prediction
        return [found for question in questions if (found := known[question.key]) is not None]

    def _predicted(self, questions: Sequence[Question]) -> list[Prediction]:
        if not questions:
            return []
        from emocam_widgets.explain.scores import differentiable_tail

        activation = self._activations(questions)[0]
        logits = None
        if any(question.method is not None for question in questions):
            # The methods that differentiate the tail take its pass from here.
            logits = differentiable_tail(self.classifier, activation)[1].detach()
        predictions = self.classifier.predictions(activation, logits)
        if not all(np.isfinite(prediction.probabilities).all() for prediction in predictions):
            raise self._no_numbers("probabilities")
        return predictions

    def _cams(self, pairs: Sequence[tuple[Question, str]], method: str, output: Output) -> list[Cam]:
        """The CAMs of these images and labels, from one pass of the method."""
        import torch

        activation, views = self._activations([question for question, _ in pairs])
        targets = torch.tensor([self.classifier.labels.index(label) for _, label in pairs])
        inputs = None
        if METHODS[method].needs_inputs:
            tensors = [self._prepared(question.image)[0] for question, _ in pairs]
            inputs = torch.stack(tensors).to(self.classifier.device)
        maps = explain(self.classifier, activation, targets, method, output, inputs=inputs)
        if not bool(torch.isfinite(maps).all()):
            raise self._no_numbers(f"a map by {method}")
        grids = scale_grids(maps)
        cams = []
        for (question, label), grid, view in zip(pairs, grids, views, strict=True):
            cam = Cam(grid.copy(), view, method, label, output)  # a row alone would keep the whole batch
            self._results.put_cam(self._key(question), cam)
            cams.append(cam)
        return cams

    def _activations(self, questions: Sequence[Question]) -> tuple[Tensor, list[View]]:
        """The activations (n, c, h, w) of the images and what they show, from the cache or from one trunk pass.

        Asked for the same images again, it is the same tensor: what is shared is known by it.
        """
        import torch

        keys = tuple(self._key(question) for question in questions)
        if self._together is not None and self._together[0] == keys:
            return self._together[1:]
        seen: dict[tuple[str, ...], _Seen] = {}
        missing: dict[tuple[str, ...], Question] = {}
        for question in questions:
            key = self._key(question)
            found = self._seen.get(key)
            if found is not None:
                seen[key] = found
            else:
                missing.setdefault(key, question)
        if missing:
            prepared = [self._prepared(question.image) for question in missing.values()]
            activation = self._trunk(torch.stack([tensor for tensor, _ in prepared]))
            for key, row, (_, view) in zip(missing, activation, prepared, strict=True):
                seen[key] = _Seen(row.clone() if len(prepared) > 1 else row, view)
                self._seen.put(key, seen[key], row.nbytes)
        chosen = [seen[key] for key in keys]
        self._together = (keys, torch.stack([one.activation for one in chosen]), [one.view for one in chosen])
        return self._together[1:]

    def _no_numbers(self, what: str) -> EmocamError:
        name = self.classifier.name
        return EmocamError(f"The classifier {name!r} gave {what} with values that are no numbers for this image.")

    def _prepared(self, image: Image.Image | ModelInput) -> tuple[Tensor, View]:
        if isinstance(image, ModelInput):
            return image.tensor, image.view
        return self.classifier.preprocess(image)
