"""Real but tiny models with random weights: a SceneNet, and an Ultralytics YOLO from a yaml and safetensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors.demo import load_demo_detector, save_detector
from emocam_widgets.detectors.ultralytics_import import prepare_ultralytics
from emocam_widgets.detectors.yolo import UltralyticsDetector
from emocam_widgets.models.demo import SceneNet
from emocam_widgets.models.split import SplitClassifier, wrap_classifier

LABELS = ("Joy", "Excitement", "Craving", "Sadness")
CLASSES = ("Person", "Human face", "Food")
YOLO = """
nc: 3
scale: t
scales:
  t: [0.33, 0.0625, 128]
backbone:
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 1, Conv, [128, 3, 2]]
  - [-1, 1, C2f, [128, True]]
  - [-1, 1, Conv, [256, 3, 2]]
  - [-1, 1, Conv, [512, 3, 2]]
head:
  - [[3, 4], 1, Detect, [nc]]
"""


def scene_net(n_labels: int = len(LABELS), seed: int = 0) -> SceneNet:
    """A narrow SceneNet whose labels differ from image to image."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = SceneNet(n_labels, width=0.25, hidden=16)
        # An untrained network's logits hardly move; a stronger last layer makes them differ as a trained one's do.
        nn.init.normal_(module.tail.fc2.weight, std=4.0)
        nn.init.zeros_(module.tail.fc2.bias)
        for _ in range(20):
            module.trunk.train()(torch.rand(8, 3, 224, 224))
        module.eval()
        shown = np.stack([np.asarray(picture(number, (224, 224))) for number in range(16)])
        with torch.no_grad():
            logits = module(torch.from_numpy(shown).permute(0, 3, 1, 2).float() / 255)
            module.tail.fc2.bias.copy_(-logits.mean(0))
    return module


def tiny_classifier(seed: int = 0, name: str = "tiny") -> SplitClassifier:
    return wrap_classifier(scene_net(seed=seed), LABELS, name=name, synthetic=True)


def tiny_detector(folder: Path) -> UltralyticsDetector:
    """Writes a detector's two files into a folder and loads them as the shipped ones are loaded."""
    prepare_ultralytics()
    import yaml
    from ultralytics.nn.tasks import DetectionModel

    (folder / "detector.yaml").write_text(YOLO, encoding="utf-8")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module = DetectionModel(yaml.safe_load(YOLO), ch=3, nc=len(CLASSES), verbose=False)
        for name, parameter in module.named_parameters():
            if "cv3" in name and name.endswith("2.bias"):
                nn.init.constant_(parameter, -3.0)  # scores around 0.05, not the 1e-5 of a fresh network
    save_detector(folder / "detector.safetensors", module, CLASSES, image_size=64)
    return load_demo_detector(folder / "detector.safetensors", folder / "detector.yaml")


def picture(seed: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """A smooth random picture."""
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def picture_corpus(folder: Path, n: int) -> Corpus:
    """A folder with so many pictures, of three sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        picture(i, [(96, 72), (60, 90), (128, 128)][i % 3]).save(folder / f"{i:03d}.png")
    return Corpus.from_folder(folder)
