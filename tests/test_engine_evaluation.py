"""The evaluation against the measured truth, and its controls, on real but tiny models."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from emocam_widgets.detectors.yolo import UltralyticsDetector
from emocam_widgets.engine import analyze
from emocam_widgets.engine.evaluation import evaluate_run, random_classifier
from emocam_widgets.models.split import SplitClassifier
from tests.tiny_models import LABELS, picture, picture_corpus


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
    run = analyze(picture_corpus(tmp_path / "images", 6), classifier, detector, out=tmp_path / "run", progress=False)
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
