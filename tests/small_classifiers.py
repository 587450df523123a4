"""Small CNNs with random weights at 64 pixels, under several ways to preprocess, and detailed pictures for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from emocam_widgets.corpus import Corpus
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from emocam_widgets.types import View
from tests.tiny_models import picture

LABELS = ("Joy", "Fear", "Awe")
SIZE = 64


def plain_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(12 * 13 * 13, 3),
    )  # fmt: skip


def pooled_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 10, 3, stride=2), nn.BatchNorm2d(10), nn.SiLU(), nn.Conv2d(10, 16, 3), nn.Hardswish(),
        nn.AdaptiveMaxPool2d(6), nn.Flatten(), nn.Linear(576, 3),
    )  # fmt: skip


def resnet() -> nn.Module:
    from torchvision.models import resnet18

    return resnet18(num_classes=3)


def classifier_of(make: Callable[[], nn.Module] = plain_cnn, preprocess: str = "squeeze") -> SplitClassifier:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = make().eval()
    last = [part for part in module.modules() if isinstance(part, nn.Linear)][-1]
    shown = np.stack([np.asarray(detailed((SIZE, SIZE), seed)) for seed in range(6)])
    with torch.no_grad():
        # An untrained network's outputs hardly move; a last layer like this makes them differ as a trained one's do.
        logits = module(torch.from_numpy(shown).permute(0, 3, 1, 2).float() / 128 - 1)
        last.weight.mul_(1 / logits.std(0, keepdim=True).T)
        last.bias.mul_(1 / logits.std(0)).sub_((logits / logits.std(0)).mean(0))
    options: dict[str, dict[str, Any]] = {
        "squeeze": {"mean": (0.5, 0.4, 0.4), "std": (0.2, 0.3, 0.25)},
        "crop": {"crop": 80, "mean": (0.5, 0.4, 0.4), "std": (0.2, 0.3, 0.25)},
        "mean image": {"preprocess": minus_mean_image},
        "standardised": {"preprocess": standardised},
    }
    return wrap_classifier(module, LABELS, size=SIZE, name="small", **options[preprocess])


def minus_mean_image(image: Image.Image) -> tuple[Tensor, View]:
    """As EmoNet takes its images: 0..255 minus a picture, here divided to keep the outputs small."""
    pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC), dtype=np.float32)
    mean = np.random.default_rng(1).uniform(90, 130, pixels.shape).astype(np.float32)
    return torch.from_numpy((pixels - mean) / 80).permute(2, 0, 1), View.whole(*image.size)


def standardised(image: Image.Image) -> tuple[Tensor, View]:
    """Each image by its own mean and deviation: what is hidden changes every pixel."""
    pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC), dtype=np.float32)
    scaled = (pixels - pixels.mean()) / max(float(pixels.std()), 1e-3)
    return torch.from_numpy(scaled).permute(2, 0, 1).contiguous(), View.whole(*image.size)


def detailed(size: tuple[int, int], seed: int = 8) -> Image.Image:
    """A picture with enough in it for dozens of superpixels."""
    noise = np.random.default_rng(3).integers(-25, 25, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(picture(seed, size)).astype(int) + noise, 0, 255).astype(np.uint8))


def corpus_of(folder: Path, n: int) -> Corpus:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        detailed((60 + 10 * i, 50), seed=i).save(folder / f"{i}.png")
    return Corpus.from_folder(folder)
