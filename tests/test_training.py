"""What makes the embedded world runs from the drawing to a file that loads, and goes on where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

pytest.importorskip("skia", reason="drawing scenes needs the train extra")

from emocam_widgets.cli import main
from emocam_widgets.demo import DATA
from emocam_widgets.demo.scenes.moods import CLASSES, LABELS
from emocam_widgets.demo.training.classifier import ClassifierTraining, train_classifier
from emocam_widgets.demo.training.detector import DetectorTraining, train_detector
from emocam_widgets.demo.training.model_card import update_model_card
from emocam_widgets.detectors.demo import load_demo_detector
from emocam_widgets.models.demo import load_scene_classifier


def test_classifier_is_trained_scored_and_not_trained_twice(tmp_path: Path) -> None:
    settings = ClassifierTraining(scenes=48, test_scenes=20, epochs=1, batch=24)
    out = tmp_path / "classifier.safetensors"
    score = train_classifier(tmp_path / "work", out, settings, device="cpu")
    assert score.n == 20 and set(score.recall) == set(LABELS) and 0 <= score.accuracy <= 1
    written = load_scene_classifier(out)
    assert written.labels == LABELS
    again = train_classifier(tmp_path / "work", out, settings, device="cpu")
    assert (again.accuracy, again.seconds) == (score.accuracy, score.seconds)
    assert load_scene_classifier(out).fingerprint == written.fingerprint

    card = tmp_path / "docs" / "model-card.md"
    update_model_card(card, "classifier", score)
    assert f"**{score.accuracy:.3f}** over 20 scenes" in card.read_text()
    assert json.loads(card.with_suffix(".json").read_text())["classifier"]["n"] == 20


def test_detector_is_trained_in_two_stages(tmp_path: Path) -> None:
    settings = DetectorTraining(
        scenes=16, test_scenes=4, epochs=1, crowded_scenes=16, crowded_epochs=1, batch=8, image_size=160, width=0.0625
    )
    score = train_detector(tmp_path / "work", tmp_path / "out", settings, device="cpu")
    assert score.n == 4 and score.n_boxes > 0 and 0 <= score.map50 <= 1
    for stage in ("detector-run", "detector-run-crowded"):
        assert (tmp_path / "work" / stage / "finished").is_file()
    detector = load_demo_detector(tmp_path / "out" / "detector.safetensors", tmp_path / "out" / "detector.yaml")
    assert detector.class_names == CLASSES


def test_truth_is_measured_on_the_shipped_classifier(tmp_path: Path) -> None:
    annotations = pd.read_csv(DATA / "annotations.csv").head(2)
    annotations.to_csv(tmp_path / "annotations.csv", index=False)
    (tmp_path / "classifier.safetensors").write_bytes((DATA / "classifier.safetensors").read_bytes())
    result = CliRunner().invoke(main, ["train", "demo-truth", "--out", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    truth = pd.read_csv(tmp_path / "measured_truth.csv")
    assert list(truth.columns) == ["object_class", "label", "n", "effect", "low", "high"]
    assert (truth.low <= truth.effect + 1e-6).all() and (truth.effect <= truth.high + 1e-6).all()
    assert truth.effect.abs().max() <= 1 and (truth.n >= 1).all()


def test_corpus_is_drawn_again_as_it_was_shipped(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["train", "demo-corpus", "--count", "4", "--out", str(tmp_path)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    drawn = pd.read_csv(tmp_path / "annotations.csv")
    assert len(drawn) == 4 == len(list((tmp_path / "corpus").glob("*.webp")))
    shipped = pd.read_csv(DATA / "annotations.csv")
    pairs = drawn.merge(shipped, on=["label", "seed"], suffixes=("_drawn", "_shipped"))
    assert len(pairs) == 4
    for mine, theirs in zip(pairs["image_id_drawn"], pairs["image_id_shipped"], strict=True):
        assert (tmp_path / "corpus" / mine).read_bytes() == (DATA / "corpus" / theirs).read_bytes()
    assert (tmp_path / "planted.csv").read_text() == (DATA / "planted.csv").read_text()
