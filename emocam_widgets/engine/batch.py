"""Analysing one batch of images: the rows that they add to a run's tables, and for each that fails the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image

from emocam_widgets.devices import in_halves
from emocam_widgets.engine.explanation_rows import cam_row, lime_rows
from emocam_widgets.explain import METHODS, explain, scale_grids
from emocam_widgets.explain.lime_settings import LIME, LimeSettings
from emocam_widgets.explain.sharing import sharing
from emocam_widgets.types import Cam, Detections, Output, View

if TYPE_CHECKING:
    from torch import Tensor

    from emocam_widgets.corpus import Corpus
    from emocam_widgets.detectors import Detector
    from emocam_widgets.detectors.prepared import DetectorInput, PreparingDetector
    from emocam_widgets.models import SplitClassifier

Row = dict[str, Any]


class _Unusable(Exception):
    """What a model gave for an image cannot be stored; the message is the reason."""


@dataclass(frozen=True)
class Task:
    """What one image still needs: its row, its boxes, and the CAMs of these methods (with the output they explain).

    `label` is the stored prediction of an image that the run holds already: its CAMs explain that one.
    """

    image_id: str
    classify: bool
    detect: bool
    methods: tuple[tuple[str, Output], ...]
    label: str | None = None


@dataclass
class Rows:
    """Rows for one part of a run, by table, and which images the detector looked at."""

    tables: dict[str, list[Row]] = field(
        default_factory=lambda: {name: [] for name in ("images", "boxes", "cams", "lime", "failures")}
    )
    detected: list[str] = field(default_factory=list)

    @property
    def n_images(self) -> int:
        """Images that these rows tell something of."""
        rows = [row for name in ("images", "cams", "failures") for row in self.tables[name]]
        return len({row["image_id"] for row in rows} | set(self.detected))

    def extend(self, other: Rows) -> None:
        """Adds another batch's rows."""
        for name, rows in other.tables.items():
            self.tables[name].extend(rows)
        self.detected.extend(other.detected)


@dataclass(frozen=True, eq=False)
class Prepared:
    """An image decoded, and resized for both models as far as its task needs it: what the models' thread takes.

    `image` itself is kept only for what cannot be prepared: superpixel LIME, and detectors that take whole images.
    """

    task: Task
    size: tuple[int, int]
    image: Image.Image | None
    inputs: Tensor | None
    view: View | None
    detector_input: DetectorInput | None

    @property
    def n_bytes(self) -> int:
        """Memory that it takes, about."""
        image = 0 if self.image is None else 3 * self.image.width * self.image.height
        inputs = 0 if self.inputs is None else self.inputs.nbytes
        return image + inputs + (0 if self.detector_input is None else self.detector_input.tensor.nbytes)


@dataclass(frozen=True)
class Analysis:
    """The models and settings with which every image of a run is analysed.

    An image goes through `prepare`, then `detect` and `explain` in any order; all three give failures as rows.
    """

    corpus: Corpus
    classifier: SplitClassifier
    detector: Detector | None
    min_confidence: float
    lime: LimeSettings = field(default_factory=LimeSettings)

    def rows(self, tasks: Sequence[Task], images: Sequence[Image.Image]) -> Rows:
        """The rows of a batch, one stage after the other; of an image that fails only the failure."""
        rows = Rows()
        prepared = [self.prepare(task, image) for task, image in zip(tasks, images, strict=True)]
        usable = [one for one in prepared if isinstance(one, Prepared)]
        found = dict(zip(map(id, usable), zip(self.detect(usable), self.explain(usable), strict=True), strict=True))
        for one in prepared:
            rows.extend(one if isinstance(one, Rows) else together(found[id(one)]))
        return rows

    def prepare(self, task: Task, image: Image.Image) -> Prepared | Rows:
        """The image as the models take it, or its failure. May be called from several threads."""
        inputs, view, detector_input = None, None, None
        stage, whole = "classify", any(method == LIME for method, _ in task.methods)
        try:
            if task.classify or task.methods:
                inputs, view = self.classifier.preprocess(image)
            if task.detect and self.detector is not None:
                stage = "detect"
                if self._preparing is None:
                    whole = True
                else:
                    detector_input = self._preparing.prepare(image)
        except Exception as error:  # noqa: BLE001 - a user's own preprocessing may raise anything
            return failure(task.image_id, stage, _reason(error))
        return Prepared(task, image.size, image if whole else None, inputs, view, detector_input)

    def detect(self, batch: Sequence[Prepared], too_many: Callable[[int], None] | None = None) -> list[Rows]:
        """Each image's boxes, or its failure; `too_many` is told how many did not fit into the device's memory."""
        return _each(self._detected, batch, too_many)

    def explain(self, batch: Sequence[Prepared], too_many: Callable[[int], None] | None = None) -> list[Rows]:
        """Each image's prediction and CAMs, or its failure."""
        return _each(self._explained, batch, too_many)

    @property
    def _preparing(self) -> PreparingDetector | None:
        detector = self.detector
        return cast("PreparingDetector", detector) if hasattr(detector, "detect_prepared") else None

    def _detected(self, batch: Sequence[Prepared], stages: list[str]) -> list[Rows]:
        every = [Rows() for _ in batch]
        wanted = [i for i, one in enumerate(batch) if one.task.detect]
        if self.detector is None or not wanted:
            return every
        stages.append("detect")
        if self._preparing is None:
            images = [image for i in wanted if (image := batch[i].image) is not None]
            found = self.detector.detect(images, self.min_confidence)
        else:
            inputs = [prepared for i in wanted if (prepared := batch[i].detector_input) is not None]
            found = self._preparing.detect_prepared(inputs, self.min_confidence)
        for i, detections in zip(wanted, found, strict=True):
            every[i].tables["boxes"].extend(_box_rows(batch[i].task.image_id, detections))
            every[i].detected.append(batch[i].task.image_id)
        return every

    def _explained(self, batch: Sequence[Prepared], stages: list[str]) -> list[Rows]:
        every = [Rows() for _ in batch]
        wanted = [i for i, one in enumerate(batch) if one.inputs is not None]
        if wanted:
            stages.append("classify")
            self._explain([batch[i] for i in wanted], [every[i] for i in wanted], stages)
        return every

    @sharing()
    def _explain(self, batch: Sequence[Prepared], rows: Sequence[Rows], stages: list[str]) -> None:
        import torch

        from emocam_widgets.explain.scores import differentiable_tail

        tasks = [one.task for one in batch]
        inputs = torch.stack([one.inputs for one in batch if one.inputs is not None]).to(self.classifier.device)
        with torch.no_grad():
            activation = self.classifier.trunk(inputs)
        # The methods that differentiate the tail take its pass from here.
        logits = differentiable_tail(self.classifier, activation)[1].detach()
        predictions = self.classifier.predictions(activation, logits)
        for one, prediction, of_image in zip(batch, predictions, rows, strict=True):
            if not np.isfinite(prediction.probabilities).all():
                raise _Unusable("the classifier gave probabilities that are no numbers")
            if one.task.classify:
                of_image.tables["images"].append(
                    {
                        "image_id": one.task.image_id,
                        "width": one.size[0],
                        "height": one.size[1],
                        "label": prediction.label,
                        "annotation": self.corpus.annotation(one.task.image_id),
                        "probabilities": prediction.probabilities,
                        "valence": prediction.valence,
                        "arousal": prediction.arousal,
                    }
                )
        labels = [task.label or prediction.label for task, prediction in zip(tasks, predictions, strict=True)]
        for method, output in dict.fromkeys(pair for task in tasks for pair in task.methods):
            stages.append(method)
            chosen = [i for i, task in enumerate(tasks) if (method, output) in task.methods]
            if method == LIME:
                for i in chosen:
                    self._lime(batch[i], labels[i], output, rows[i])
                continue
            targets = torch.tensor([self.classifier.labels.index(labels[i]) for i in chosen])
            # The same tensor for every method: they share what they make of it.
            at = activation if len(chosen) == len(tasks) else activation[chosen]
            again = inputs[chosen] if METHODS[method].needs_inputs else None
            grids = explain(self.classifier, at, targets, method, output, inputs=again)
            if not bool(torch.isfinite(grids).all()):
                raise _Unusable(f"{method} gave a map with values that are no numbers")
            for i, grid in zip(chosen, scale_grids(grids), strict=True):
                view = batch[i].view
                if view is None:
                    raise AssertionError("an image is prepared with its view")
                cam = Cam(grid, view, method, labels[i], output)
                rows[i].tables["cams"].append(cam_row(tasks[i].image_id, cam))

    def _lime(self, one: Prepared, label: str, output: Output, rows: Rows) -> None:
        if one.image is None:
            raise AssertionError("an image that LIME explains is kept whole")
        of_lime = lime_rows(self.classifier, one.task.image_id, one.image, label, output, self.lime)
        for table, row in zip(("lime", "cams"), of_lime, strict=True):
            rows.tables[table].append(row)


def together(stages: Sequence[Rows]) -> Rows:
    """One image's rows of all stages; where one of them failed, its failure alone: an image is whole or not there."""
    failed = next((rows for rows in stages if rows.tables["failures"]), None)
    if failed is not None:
        return failed
    whole = Rows()
    for rows in stages:
        whole.extend(rows)
    return whole


def _each(
    compute: Callable[[Sequence[Prepared], list[str]], list[Rows]],
    batch: Sequence[Prepared],
    too_many: Callable[[int], None] | None,
) -> list[Rows]:
    """Each image's rows; where the batch fails as a whole, each is tried alone, and what fails is a failure."""
    if not batch:
        return []
    stages: list[str] = []
    try:
        return in_halves(lambda some: compute(some, stages), batch, too_many)
    except Exception as error:  # noqa: BLE001 - a user's own model may raise anything: one failure, the run goes on
        if len(batch) == 1:
            return [failure(batch[0].task.image_id, stages[-1], _reason(error))]
    return [rows for one in batch for rows in _each(compute, [one], too_many)]


def _reason(error: Exception) -> str:
    reason = str(error) if isinstance(error, _Unusable) else f"{type(error).__name__}: {error}"
    return " ".join(reason.split())[:300]


def failure(image_id: str, stage: str, reason: str) -> Rows:
    """One image that could not be used."""
    rows = Rows()
    rows.tables["failures"].append({"image_id": image_id, "stage": stage, "reason": reason})
    return rows


def _box_rows(image_id: str, detections: Detections) -> list[Row]:
    columns: Mapping[str, Any] = {
        "object_class": detections.object_class,
        "confidence": detections.confidence.tolist(),
        "x0": detections.boxes[:, 0].tolist(),
        "y0": detections.boxes[:, 1].tolist(),
        "x1": detections.boxes[:, 2].tolist(),
        "y1": detections.boxes[:, 3].tolist(),
        "mask": detections.encoded_masks or [None] * len(detections),
    }
    return [
        {"image_id": image_id, "detector": detections.detector, **dict(zip(columns, values, strict=True))}
        for values in zip(*columns.values(), strict=True)
    ]
