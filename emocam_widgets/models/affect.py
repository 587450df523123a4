"""The second paper's (Fields) model: an ImageNet ResNet50 whose last layer gave way to a head of three labels.

Nobody published its weights: `emocam train affect-resnet50` makes them (`emocam_widgets.training`), and a state dict
that was trained elsewhere, in torchvision's names, loads as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from emocam_widgets import weights_files
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.labels import AFFECT_LABELS
from emocam_widgets.models.affect_head import affect_head
from emocam_widgets.models.preprocess import Preprocess
from emocam_widgets.weights import load_tensors, read_safetensors, read_state_dict, write_safetensors

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

NAME = "affect-resnet50"
FILE = f"{NAME}.safetensors"
TRUNK = "resnet50"
TRUNKS: Mapping[str, tuple[type[BasicBlock | Bottleneck], tuple[int, ...]]] = {
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
}
PREPROCESS = Preprocess(224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""ImageNet's normalisation over the whole picture, squeezed into a square: the paper does not say how it was cut."""


class AffectResNet(ResNet):
    """RGB (n, 3, 224, 224), normalised as ImageNet's -> logits (n, labels). With `resnet50` it is the paper's model.

    The parameters are called as torchvision calls them, the head's below `fc`.
    """

    def __init__(self, trunk: str = TRUNK, n_labels: int = len(AFFECT_LABELS)) -> None:
        if trunk not in TRUNKS:
            raise UnknownNameError("trunk", trunk, TRUNKS)
        block, layers = TRUNKS[trunk]
        super().__init__(block, list(layers))
        self.trunk_name = trunk
        self.fc: nn.Sequential = affect_head(512 * block.expansion, n_labels)

    @property
    def head(self) -> nn.Sequential:
        """The new layers."""
        return self.fc

    def features(self, x: Tensor) -> Tensor:
        """Inputs (n, 3, h, w) -> the trunk's pooled features (n, 2048; resnet18 and resnet34: 512)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return torch.flatten(self.avgpool(x), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x))


def weights_path() -> Path:
    """Where `load_classifier("affect-resnet50")` looks for its file."""
    return weights_files.folder() / NAME / FILE


def imagenet_trunk(trunk: str = TRUNK, n_labels: int = len(AFFECT_LABELS)) -> AffectResNet:
    """The network with torchvision's published ImageNet weights in its trunk and a new head.

    Raises EmocamError with the way to get them where they are not in the weights folder.
    """
    (path,) = weights_files.needed_files(f"{trunk}-imagenet").values()
    module = AffectResNet(trunk, n_labels)
    load_imagenet(module, path)
    return module


def load_imagenet(module: AffectResNet, path: Path) -> None:
    """Copies torchvision's published ImageNet weights of the same ResNet into the trunk; its last layer is left out.

    Raises EmocamError where the file is missing, damaged or of another network.
    """
    tensors = {name: tensor for name, tensor in read_state_dict(path).items() if not name.startswith("fc.")}
    # Older files of torchvision lack this count, which nothing here uses.
    own = module.state_dict()
    counts = {name: tensor for name, tensor in own.items() if name.endswith("num_batches_tracked")}
    head = {name: tensor for name, tensor in own.items() if name.startswith("fc.")}
    load_tensors(module, {**counts, **tensors, **head}, path)


def save_affect(
    path: str | Path,
    module: AffectResNet,
    labels: Sequence[str] = AFFECT_LABELS,
    preprocess: Preprocess = PREPROCESS,
    trained_on: Mapping[str, Any] | None = None,
) -> None:
    """Writes the weights with all that `load_affect` needs as metadata: safetensors, so no pickle.

    `trained_on` is kept for the reader: what the training wants to say of its data and settings, as JSON.
    """
    metadata = {
        "architecture": f"affect-{module.trunk_name}",
        "labels": json.dumps(list(labels)),
        "preprocessing": json.dumps(asdict(preprocess)),
        "trained_on": json.dumps(dict(trained_on or {})),
    }
    write_safetensors(Path(path), module, metadata)


def load_affect(path: str | Path, device: str = "cpu", name: str | None = None) -> SplitClassifier:
    """The Fields model in a file, split at the trunk's last block.

    A `.safetensors` file is one of `save_affect`; any other is taken as a plain torch state dict of the ResNet50 with
    torchvision's names and the head below `fc`, with the outputs negative, other, positive. Nothing in a file is run.
    EmocamError names the file, what was found and what was expected.
    """
    from emocam_widgets.models.split import wrap_classifier

    path = Path(path)
    read = _read_own if path.suffix == ".safetensors" else _read_plain
    module, labels, preprocess = read(path)
    return wrap_classifier(
        module.eval(),
        labels,
        size=preprocess.size,
        preprocess=preprocess,
        name=name or f"affect-{module.trunk_name}",
        device=device,
    )


def load_trained_affect(device: str = "cpu") -> SplitClassifier:
    """The Fields model from the weights folder; EmocamError with how it is made where it is not there."""
    path = weights_path()
    plain = path.with_suffix(".pt")
    if not path.is_file() and not plain.is_file():
        raise EmocamError(
            f"There is no file {path} (nor {plain.name} beside it) and nobody published one: train it with "
            f"`emocam train {NAME} --emotion-dataset DIR --wikiart TSV --images DIR`, which writes it there, or put a "
            "state dict trained elsewhere there."
        )
    found = path if path.is_file() else plain
    classifier = load_affect(found, device)
    if classifier.name != NAME:
        raise EmocamError(f"{found} holds a classifier {classifier.name}; expected {NAME}.")
    return classifier


def _read_own(path: Path) -> tuple[AffectResNet, tuple[str, ...], Preprocess]:
    metadata, tensors = read_safetensors(path, "an affect classifier")
    found = metadata.get("architecture")
    known = {f"affect-{trunk}": trunk for trunk in TRUNKS}
    if found not in known:
        raise EmocamError(f"{path} holds weights of the architecture {found}; expected one of {', '.join(known)}.")
    try:
        labels = _labels(json.loads(metadata["labels"]))
        preprocess = _preprocess(json.loads(metadata["preprocessing"]))
    except (KeyError, ValueError, TypeError) as error:
        raise EmocamError(f"{path} has unusable metadata ({error!r}); expected what save_affect writes.") from error
    return _filled(known[found], len(labels), tensors, path), labels, preprocess


def _read_plain(path: Path) -> tuple[AffectResNet, tuple[str, ...], Preprocess]:
    return _filled(TRUNK, len(AFFECT_LABELS), read_state_dict(path), path), AFFECT_LABELS, PREPROCESS


def _filled(trunk: str, n_labels: int, tensors: Mapping[str, Tensor], path: Path) -> AffectResNet:
    with torch.device("meta"):  # 24 million random numbers less
        module = AffectResNet(trunk, n_labels)
    module.to_empty(device="cpu")
    load_tensors(module, tensors, path)
    return module


def _labels(found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or not found or not all(isinstance(label, str) for label in found):
        raise ValueError(f"labels are {found!r}")
    return tuple(found)


def _preprocess(found: Mapping[str, Any]) -> Preprocess:
    mean, std = (None if found[key] is None else tuple(map(float, found[key])) for key in ("mean", "std"))
    crop = None if found["crop"] is None else int(found["crop"])
    return Preprocess(int(found["size"]), mean, std, crop)
