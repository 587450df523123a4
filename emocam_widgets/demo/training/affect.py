"""Training of the embedded world's affect classifier, and its measurement on drawn scenes of other seeds.

The demo classifier's trunk is to it what ImageNet's weights are to the second paper's model; the scenes' labels,
EmoNet's twenty, are grouped by `labels.EMONET_AFFECT`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emocam_widgets.demo import DATA
from emocam_widgets.demo.scenes.moods import LABELS
from emocam_widgets.demo.training.classifier import MARGIN, scene_arrays
from emocam_widgets.labels import AFFECT_LABELS, EMONET_AFFECT
from emocam_widgets.models.demo import INPUT_SIZE, load_scene_module
from emocam_widgets.models.demo_affect import AffectSceneNet, load_affect_scene, save_affect_scene
from emocam_widgets.models.preprocess import Preprocess
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.training.checkpoint import Checkpoint
from emocam_widgets.training.pictures import Pictures
from emocam_widgets.training.scores import AffectScore, affect_score
from emocam_widgets.training.settings import Stage, TwoStages
from emocam_widgets.training.stages import Told, Trainer, TrainingData
from emocam_widgets.training.transforms import scene_as_is, scene_augmentation
from emocam_widgets.weights import fingerprint

BATCH = 64


@dataclass(frozen=True)
class AffectSceneTraining:
    """Settings; the defaults made the shipped weights."""

    scenes: int = 6_000
    validation_scenes: int = 1_000
    test_scenes: int = 2_000
    stages: TwoStages = field(
        default_factory=lambda: TwoStages(
            new_layers=Stage(epochs=20, learning_rate=1e-3, patience=5, batch=256),
            whole=Stage(epochs=3, learning_rate=1e-3, patience=3, batch=48),
            weight_decay=0.03,
            mixed=True,
        )
    )


@dataclass(frozen=True)
class AffectSceneScore(AffectScore):
    """The score on scenes of other seeds, and how it came about.

    ``new_layers_accuracy`` is the validation accuracy at the end of stage one, ``validation_accuracy`` that of the
    weights that were kept.
    """

    new_layers_accuracy: float
    validation_accuracy: float
    settings: dict[str, Any]
    seconds: float


def train_affect_scenes(
    work: Path,
    out: Path,
    settings: AffectSceneTraining | None = None,
    device: str | None = None,
    trunk: Path | None = None,
    told: Told = lambda epoch: None,
) -> AffectSceneScore:
    """Train in two stages, write the weights to ``out`` (safetensors) and return the score on scenes of other seeds.

    ``trunk`` is the file of the scene classifier to start from (default: the shipped one). ``work`` keeps the rendered
    scenes and a checkpoint after every epoch, from which an interrupted training goes on.
    """
    settings = settings or AffectSceneTraining()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    work.mkdir(parents=True, exist_ok=True)
    taught, _ = load_scene_module(trunk or DATA / "classifier.safetensors")
    torch.manual_seed(settings.stages.seed)
    module = AffectSceneNet(width=taught.width)
    module.trunk.load_state_dict(taught.trunk.state_dict())
    identity = {"settings": asdict(settings), "trunk": fingerprint(taught)}
    square = Preprocess(INPUT_SIZE)
    data = TrainingData(
        _scenes(work, "affect-train", settings.scenes, INPUT_SIZE + MARGIN),
        _scenes(work, "affect-validation", settings.validation_scenes, INPUT_SIZE),
        scene_augmentation(square),
        scene_as_is(square),
        len(AFFECT_LABELS),
    )
    progress = Trainer(module, data, settings.stages, Checkpoint(work / "affect", identity), device).run(told)
    save_affect_scene(out, module.cpu())
    tested = _scenes(work, "affect-test", settings.test_scenes, INPUT_SIZE)
    found = predicted(load_affect_scene(out), tested)
    first = [epoch.accuracy for epoch in progress.history if epoch.stage == 1]
    kept = min(progress.history, key=lambda epoch: epoch.validation_loss)
    return AffectSceneScore(
        **vars(affect_score(found, tested.labels, AFFECT_LABELS)),
        new_layers_accuracy=first[-1],
        validation_accuracy=kept.accuracy,
        settings=_flat(settings),
        seconds=progress.seconds,
    )


def predicted(classifier: SplitClassifier, pictures: Pictures) -> np.ndarray:
    """The index of the label that the classifier gives each picture of its input size: int64 (n,)."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(pictures), BATCH):
            pixels = torch.from_numpy(np.array(pictures.pixels[start : start + BATCH]))
            inputs = pixels.permute(0, 3, 1, 2).float() / 255
            found.append(classifier.tail(classifier.trunk(inputs)).argmax(1).numpy())
    return np.concatenate(found)


def _scenes(work: Path, use: str, count: int, size: int) -> Pictures:
    pixels, labels = scene_arrays(work, use, count, size)
    groups = np.array([AFFECT_LABELS.index(EMONET_AFFECT[label]) for label in LABELS])
    return Pictures(pixels, groups[labels])


def _flat(settings: AffectSceneTraining) -> dict[str, Any]:
    """The settings as the model card has them, one value a name."""
    described = asdict(settings)
    stages = described.pop("stages")
    for stage in ("new_layers", "whole"):
        described |= {f"{stage}_{name}": value for name, value in stages.pop(stage).items()}
    return described | stages
