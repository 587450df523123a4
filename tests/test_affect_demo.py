"""The embedded world's affect classifier: the shipped one does what its card says, and can be made again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from emocam_widgets.corpus import Corpus
from emocam_widgets.explain import METHODS, explain
from emocam_widgets.labels import AFFECT_LABELS, EMONET_AFFECT
from emocam_widgets.models import load_classifier
from emocam_widgets.models.demo_affect import load_affect_scene

SCENES = 120
CARD = Path(__file__).parents[1] / "docs" / "model-card.json"


def test_shipped_classifier_is_about_as_good_as_its_card_says() -> None:
    classifier = load_classifier("demo-affect", "cpu")
    assert classifier.labels == AFFECT_LABELS and classifier.synthetic and classifier.name == "demo-affect"
    corpus = Corpus.demo()
    ids = list(corpus)[:SCENES]
    found = [prediction.label for prediction in classifier.predict([corpus.open(image_id) for image_id in ids])]
    right = np.mean([EMONET_AFFECT[str(corpus.annotation(i))] == label for i, label in zip(ids, found, strict=True)])
    card = json.loads(CARD.read_text(encoding="utf-8"))["affect"]
    # The card's figure is of 2,000 other scenes; three standard errors of a share of so few are 0.06.
    assert right > card["accuracy"] - 0.07
    assert card["accuracy"] > card["majority"] + 0.3 and card["n"] >= 1000


@pytest.mark.parametrize("method", ["grad-cam", "ablation-cam", "lift-cam", "lrp-cam", "lime-cam"])
def test_shipped_classifier_s_maps_differ_over_the_scene(method: str) -> None:
    classifier = load_classifier("demo-affect", "cpu")
    corpus = Corpus.demo()
    activation, _ = classifier.activations([corpus.open(image_id) for image_id in list(corpus)[:3]])
    targets = torch.tensor([prediction.index for prediction in classifier.predictions(activation)])
    maps = explain(classifier, activation, targets, method, METHODS[method].output).detach()
    assert maps.shape == (3, 14, 14)
    assert all(float(grid.std()) > 0.2 * float(grid.mean()) > 0 for grid in maps)


def test_it_is_trained_in_two_stages_and_not_trained_twice(tmp_path: Path) -> None:
    pytest.importorskip("skia", reason="drawing scenes needs the train extra")
    from emocam_widgets.demo.training.affect import AffectSceneTraining, train_affect_scenes
    from emocam_widgets.demo.training.model_card import update_model_card
    from emocam_widgets.training.settings import Epoch

    defaults = AffectSceneTraining()
    stages = replace(
        defaults.stages,
        new_layers=replace(defaults.stages.new_layers, epochs=2),
        whole=replace(defaults.stages.whole, epochs=1, batch=20),
    )
    settings = AffectSceneTraining(scenes=40, validation_scenes=20, test_scenes=20, stages=stages)
    out, work = tmp_path / "affect.safetensors", tmp_path / "work"
    epochs: list[Epoch] = []
    score = train_affect_scenes(work, out, settings, "cpu", told=epochs.append)
    assert [epoch.stage for epoch in epochs] == [1, 1, 2] and score.n == 20
    assert set(score.recall) == set(AFFECT_LABELS) and score.majority == pytest.approx(0.4)
    written = load_affect_scene(out)
    again = train_affect_scenes(work, out, settings, "cpu", told=epochs.append)
    assert len(epochs) == 3 and again == score
    assert load_affect_scene(out).fingerprint == written.fingerprint

    card = tmp_path / "model-card.md"
    update_model_card(card, "affect", score)
    assert f"Accuracy **{score.accuracy:.3f}**" in card.read_text() and "demo-affect" in card.read_text()
