"""The embedded world's classifier: a small CNN with a 14x14 target layer and a spatial, non-linear tail, and its file.

Training is not here: `emocam_widgets.demo.training` makes the weights that `save_classifier` writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from emocam_widgets.errors import EmocamError
from emocam_widgets.weights import load_tensors, read_safetensors, write_safetensors

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

ARCHITECTURE = "scene-net"
ARCHITECTURE_VERSION = 2
INPUT_SIZE = 224
GRID_SIZE = 14
POOLED_SIZE = 4
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
TRUNK_CHANNELS = (24, 48, 96, 128, 160, 160)


def trunk_channels(width: float) -> tuple[int, ...]:
    """The channels of the trunk's layers, multiplied by `width` and rounded to multiples of 8."""
    return tuple(max(8, round(count * width / 8) * 8) for count in TRUNK_CHANNELS)


def _normalised(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """One convolution that keeps the size (over the stride), with batch normalisation in place of its bias."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]


class SceneTrunk(nn.Module):
    """Normalises RGB of 0..1 and ends at the target layer, before its ReLU: (n, 3, 224, 224) -> (n, c, 14, 14)."""

    mean: Tensor
    std: Tensor

    def __init__(self, channels: Sequence[int], mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, 3, 1, 1))
        stem, second, third, fourth, fifth, last = channels
        self.channels = last
        self.layers = nn.Sequential(
            *_normalised(3, stem, 5, stride=2),
            nn.ReLU(),
            *_normalised(stem, second, 3, stride=2),
            nn.ReLU(),
            *_normalised(second, third, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            *_normalised(third, fourth, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            *_normalised(fourth, fifth, 3),
            nn.ReLU(),
            *_normalised(fifth, last, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers((x - self.mean) / self.std)


class SceneTail(nn.Module):
    """From the target layer to the logits, as EmoNet's tail is: rectified, pooled, flattened, two linear layers.

    Made for attribution: nothing in place, every ReLU and pooling a module of its own, functional reshaping.
    """

    def __init__(self, channels: int, hidden: int, n_labels: int, dropout: float) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        # 14 cells and one of padding at either end make 4 x 4 windows that do not overlap.
        self.pool = nn.MaxPool2d(4, padding=1)
        self.fc1 = nn.Linear(channels * POOLED_SIZE**2, hidden)
        self.relu1 = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(hidden, n_labels)

    def forward(self, activation: Tensor) -> Tensor:
        pooled = torch.flatten(self.pool(self.relu(activation)), 1)
        return self.fc2(self.dropout(self.relu1(self.fc1(pooled))))


class SceneNet(nn.Module):
    """Classifier of drawn scenes: RGB (n, 3, 224, 224) of 0..1, not normalised -> logits (n, n_labels)."""

    def __init__(
        self,
        n_labels: int = 20,
        width: float = 1.0,
        dropout: float = 0.4,
        hidden: int = 192,
        mean: Sequence[float] = MEAN,
        std: Sequence[float] = STD,
    ) -> None:
        """`width` multiplies every layer's channels (see trunk_channels)."""
        super().__init__()
        self.n_labels = n_labels
        self.width = width
        self.hidden = hidden
        self.trunk = SceneTrunk(trunk_channels(width), mean, std)
        self.tail = SceneTail(self.trunk.channels, hidden, n_labels, dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.tail(self.trunk(x))


def save_classifier(path: str | Path, module: SceneNet, labels: Sequence[str], half: bool = False) -> None:
    """Writes the weights with everything that `load_scene_classifier` needs as metadata: safetensors, so no pickle.

    With ``half`` they are stored in half precision.
    """
    if len(labels) != module.n_labels:
        raise ValueError(f"{len(labels)} labels given for a classifier with {module.n_labels} outputs")
    metadata = {
        "architecture": ARCHITECTURE,
        "architecture_version": str(ARCHITECTURE_VERSION),
        "input_size": str(INPUT_SIZE),
        "labels": json.dumps(list(labels)),
        "width": json.dumps(module.width),
        "hidden": json.dumps(module.hidden),
        "mean": json.dumps(module.trunk.mean.flatten().tolist()),
        "std": json.dumps(module.trunk.std.flatten().tolist()),
    }
    write_safetensors(Path(path), module, metadata, half)


def load_scene_module(path: str | Path) -> tuple[SceneNet, tuple[str, ...]]:
    """The network (in eval mode) and its labels; EmocamError where the file is not one that `save_classifier` wrote."""
    path = Path(path)
    metadata, tensors = read_safetensors(path, "a scene classifier")
    found = f"{metadata.get('architecture')} version {metadata.get('architecture_version')}"
    expected = f"{ARCHITECTURE} version {ARCHITECTURE_VERSION}"
    if found != expected:
        raise EmocamError(f"{path} holds weights of {found}; expected {expected}.")
    try:
        labels = tuple(str(label) for label in json.loads(metadata["labels"]))
        module = SceneNet(
            len(labels),
            float(metadata["width"]),
            hidden=int(metadata["hidden"]),
            mean=json.loads(metadata["mean"]),
            std=json.loads(metadata["std"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise EmocamError(f"{path} has unusable metadata ({error!r}); expected what save_classifier writes.") from error
    load_tensors(module, tensors, path)
    return module.eval(), labels


def load_scene_classifier(path: str | Path, name: str = "demo", device: str = "cpu") -> SplitClassifier:
    """The classifier in a file of `save_classifier`, split by the same rule as any other (see `models.split`)."""
    from emocam_widgets.models.split import wrap_classifier

    module, labels = load_scene_module(path)
    return wrap_classifier(module, labels, size=INPUT_SIZE, name=name, synthetic=True, device=device)
