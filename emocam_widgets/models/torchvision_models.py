"""torchvision's ImageNet classifiers by name, from its published weights, with its own preprocessing and labels.

torchvision would fetch the weights itself; here `emocam models pull` does, and nothing is fetched by loading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights
from torchvision.transforms import InterpolationMode, functional

from emocam_widgets.errors import EmocamError
from emocam_widgets.types import View
from emocam_widgets.weights import load_tensors, read_state_dict
from emocam_widgets.weights_files import needed_files

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

# DenseNet's published files are older than the names of its layers.
_OLD_DENSE_NAME = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")


@dataclass(frozen=True)
class ImageNetPreprocess:
    """torchvision's evaluation transform: the shorter side resized to `resize` pixels, the centre square of `crop` cut
    out, values 0..1 normalised. `interpolation` is "bilinear" or "bicubic".
    """

    resize: int
    crop: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str = "bilinear"

    def __call__(self, image: Image.Image) -> tuple[Tensor, View]:
        """A float32 tensor (3, crop, crop), and the square of the image that it shows."""
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        resized = functional.resize(rgb, [self.resize], InterpolationMode(self.interpolation))
        tensor = functional.to_tensor(functional.center_crop(resized, [self.crop]))
        return functional.normalize(tensor, list(self.mean), list(self.std)), self._view(image.size, resized.size)

    def _view(self, size: tuple[int, int], resized: tuple[int, int]) -> View:
        """Where the crop lies in the image: torchvision rounds its corner to whole pixels of the resized one."""
        x, y = (round((side - self.crop) / 2) for side in resized)
        across, down = size[0] / resized[0], size[1] / resized[1]
        return View(x * across, y * down, (x + self.crop) * across, (y + self.crop) * down)


def load_torchvision(name: str, device: str = "cpu") -> SplitClassifier:
    """The classifier of that name ("resnet50", "mobilenet-v2", ...) with torchvision's best ImageNet weights.

    Its target layer is the one that `models.target` finds (`.target` says which). EmocamError with the address and the
    folder where its file is not here, and where the file is damaged or something else; nothing in it is run.
    """
    from emocam_widgets.models.split import wrap_classifier

    (path,) = needed_files(name).values()
    module = _empty(name)
    load_tensors(module, _with_today_names(module, read_state_dict(path)), path)
    labels = _weights(name).meta["categories"]
    if len(labels) != _outputs(module):
        raise EmocamError(f"torchvision names {len(labels)} labels for {name}, which has {_outputs(module)} outputs.")
    preprocess = imagenet_preprocess(name)
    return wrap_classifier(module, labels, size=preprocess.crop, preprocess=preprocess, name=name, device=device)


def imagenet_preprocess(name: str) -> ImageNetPreprocess:
    """The preprocessing that torchvision gives with the weights of that name."""
    given = _weights(name).transforms()
    return ImageNetPreprocess(
        given.resize_size[0], given.crop_size[0], tuple(given.mean), tuple(given.std), given.interpolation.value
    )


def _weights(name: str) -> Any:
    return get_model_weights(name.replace("-", "_")).DEFAULT


def _empty(name: str) -> nn.Module:
    with torch.device("meta"):  # no random numbers that are overwritten at once
        module = get_model(name.replace("-", "_"), weights=None)
    return module.to_empty(device="cpu").eval()


def _with_today_names(module: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors by the layers' names of today, with the counters of batches that old files lack."""
    named = {_OLD_DENSE_NAME.sub(r"\1\2", name): tensor for name, tensor in tensors.items()}
    counters = (name for name in module.state_dict() if name.endswith("num_batches_tracked"))
    return {**{name: torch.tensor(0) for name in counters}, **named}


def _outputs(module: nn.Module) -> int:
    *_, last = (part for part in module.modules() if isinstance(part, nn.Linear))
    return last.out_features
