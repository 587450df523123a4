"""The embedded world's small affect classifier: the demo classifier's trunk under the Fields head, and its file.

Training is not here: `emocam_widgets.demo.training.affect` makes the weights that `save_affect_scene` writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from emocam_widgets.errors import EmocamError
from emocam_widgets.labels import AFFECT_LABELS
from emocam_widgets.models.affect_head import affect_head
from emocam_widgets.models.demo import INPUT_SIZE, MEAN, STD, SceneTrunk, trunk_channels
from emocam_widgets.weights import load_tensors, read_safetensors, write_safetensors

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

ARCHITECTURE = "affect-scene-net"
ARCHITECTURE_VERSION = 1


class AffectSceneNet(nn.Module):
    """RGB (n, 3, 224, 224) of 0..1, not normalised -> logits (n, labels). The target layer, 14 x 14, ends the trunk.

    As in the paper's model the trunk is pooled over the whole picture and followed by the head; it is made for
    attribution: nothing in place, every ReLU and pooling a module of its own, functional reshaping.
    """

    def __init__(self, n_labels: int = len(AFFECT_LABELS), width: float = 1.0) -> None:
        """`width` multiplies the trunk's channels, as SceneNet's."""
        super().__init__()
        self.width = width
        self.n_labels = n_labels
        self.trunk = SceneTrunk(trunk_channels(width), MEAN, STD)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = affect_head(self.trunk.channels, n_labels)

    def features(self, x: Tensor) -> Tensor:
        """Inputs (n, 3, 224, 224) -> the trunk's rectified and pooled features (n, channels)."""
        return torch.flatten(self.pool(self.relu(self.trunk(x))), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def save_affect_scene(path: str | Path, module: AffectSceneNet, labels: Sequence[str] = AFFECT_LABELS) -> None:
    """Writes the weights in half precision with what `load_affect_scene` needs as metadata: safetensors, no pickle."""
    if len(labels) != module.n_labels:
        raise ValueError(f"{len(labels)} labels given for a classifier with {module.n_labels} outputs")
    metadata = {
        "architecture": ARCHITECTURE,
        "architecture_version": str(ARCHITECTURE_VERSION),
        "input_size": str(INPUT_SIZE),
        "labels": json.dumps(list(labels)),
        "width": json.dumps(module.width),
    }
    write_safetensors(Path(path), module, metadata, half=True)


def load_affect_scene(path: str | Path, name: str = "demo-affect", device: str = "cpu") -> SplitClassifier:
    """The classifier in a file of `save_affect_scene`; EmocamError where the file is anything else."""
    from emocam_widgets.models.split import wrap_classifier

    path = Path(path)
    metadata, tensors = read_safetensors(path, "an affect classifier of drawn scenes")
    found = f"{metadata.get('architecture')} version {metadata.get('architecture_version')}"
    expected = f"{ARCHITECTURE} version {ARCHITECTURE_VERSION}"
    if found != expected:
        raise EmocamError(f"{path} holds weights of {found}; expected {expected}.")
    try:
        labels = tuple(str(label) for label in json.loads(metadata["labels"]))
        module = AffectSceneNet(len(labels), float(metadata["width"]))
    except (KeyError, ValueError, TypeError) as error:
        raise EmocamError(
            f"{path} has unusable metadata ({error!r}); expected what save_affect_scene writes."
        ) from error
    load_tensors(module, tensors, path)
    return wrap_classifier(module.eval(), labels, size=INPUT_SIZE, name=name, synthetic=True, device=device)
