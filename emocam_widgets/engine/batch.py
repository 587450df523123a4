"""Analysing one batch of images: the rows that they add to a run's tables, and for each that fails the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from emocam_widgets.engine.explanation_rows import cam_row, lime_rows
from emocam_widgets.explain import explain, scale_grids
from emocam_widgets.explain.lime_settings import LIME, LimeSettings
from emocam_widgets.types import Cam, Detections, Output

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.detectors import Detector
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


@dataclass(frozen=True)
class Analysis:
    """The models and settings with which every image of a run is analysed."""

    corpus: Corpus
    classifier: SplitClassifier
    detector: Detector | None
    min_confidence: float
    lime: LimeSettings = field(default_factory=LimeSettings)

    def rows(self, tasks: Sequence[Task], images: Sequence[Image.Image]) -> Rows:
        """The rows of a batch; where it fails as a whole, each image is tried alone, and what fails is a failure."""
        stages: list[str] = []
        try:
            return self._rows(tasks, images, stages)
        except Exception as error:  # noqa: BLE001 - a user's own model may raise anything: one failure, the run goes on
            if len(tasks) > 1:
                rows = Rows()
                for task, image in zip(tasks, images, strict=True):
                    rows.extend(self.rows([task], [image]))
                return rows
            reason = str(error) if isinstance(error, _Unusable) else f"{type(error).__name__}: {error}"
            return failure(tasks[0].image_id, stages[-1], " ".join(reason.split())[:300])

    def _rows(self, tasks: Sequence[Task], images: Sequence[Image.Image], stages: list[str]) -> Rows:
        rows = Rows()
        self._detect(tasks, images, rows, stages)
        explained = [i for i, task in enumerate(tasks) if task.classify or task.methods]
        if explained:
            self._explain([tasks[i] for i in explained], [images[i] for i in explained], rows, stages)
        return rows

    def _detect(self, tasks: Sequence[Task], images: Sequence[Image.Image], rows: Rows, stages: list[str]) -> None:
        wanted = [i for i, task in enumerate(tasks) if task.detect]
        if self.detector is None or not wanted:
            return
        stages.append("detect")
        found = self.detector.detect([images[i] for i in wanted], self.min_confidence)
        for i, detections in zip(wanted, found, strict=True):
            rows.tables["boxes"].extend(_box_rows(tasks[i].image_id, detections))
            rows.detected.append(tasks[i].image_id)

    def _explain(self, tasks: Sequence[Task], images: Sequence[Image.Image], rows: Rows, stages: list[str]) -> None:
        import torch

        stages.append("classify")
        activation, views = self.classifier.activations(images)
        predictions = self.classifier.predictions(activation)
        for task, image, prediction in zip(tasks, images, predictions, strict=True):
            if not np.isfinite(prediction.probabilities).all():
                raise _Unusable("the classifier gave probabilities that are no numbers")
            if task.classify:
                rows.tables["images"].append(
                    {
                        "image_id": task.image_id,
                        "width": image.width,
                        "height": image.height,
                        "label": prediction.label,
                        "annotation": self.corpus.annotation(task.image_id),
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
                    of_lime = lime_rows(self.classifier, tasks[i].image_id, images[i], labels[i], output, self.lime)
                    for table, row in zip(("lime", "cams"), of_lime, strict=True):
                        rows.tables[table].append(row)
                continue
            targets = torch.tensor([self.classifier.labels.index(labels[i]) for i in chosen])
            grids = explain(self.classifier, activation[chosen], targets, method, output)
            if not bool(torch.isfinite(grids).all()):
                raise _Unusable(f"{method} gave a map with values that are no numbers")
            for i, grid in zip(chosen, scale_grids(grids), strict=True):
                cam = Cam(grid, views[i], method, labels[i], output)
                rows.tables["cams"].append(cam_row(tasks[i].image_id, cam))


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
