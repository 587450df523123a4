"""The split classifier: any CNN as a trunk up to its target layer and a tail from there to the logits."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor, fx, nn

from emocam_widgets.errors import EmocamError
from emocam_widgets.models.preprocess import Preprocess
from emocam_widgets.models.target import Cut, cut_network, without_in_place
from emocam_widgets.types import Prediction, View
from emocam_widgets.weights import fingerprint

PreprocessFunction = Callable[[Image.Image], tuple[Tensor, View]]


class SplitClassifier:
    """A classifier cut at its target layer: `tail(trunk(x))` are its logits, every CAM method starts from `trunk(x)`.

    Attributes: `name`; `labels` in output order; `fingerprint`, a sha256 of its weights and settings; `target`, the
    name of the target layer, of several with " + " between them (`targets` has them apart); `synthetic`, true where it
    was trained on drawn scenes only; `later_layers`, the classifier cut at each further target layer and what makes its
    activation of the first one's: with several target layers, the trunk ends at the first.
    """

    def __init__(
        self,
        cut: Cut,
        labels: Sequence[str],
        preprocess: PreprocessFunction,
        *,
        name: str,
        fingerprint: str,
        synthetic: bool = False,
        device: torch.device | str = "cpu",
    ) -> None:
        self._cut = cut
        self._preprocess = preprocess
        self.labels = tuple(labels)
        self.name = name
        self.fingerprint = fingerprint
        self.synthetic = synthetic
        self.targets = (cut.target, *(later.cut.target for later in cut.later))
        self.target = " + ".join(self.targets)
        self.device = torch.device(device)
        self._layout = torch.contiguous_format
        settings: dict[str, Any] = {"fingerprint": fingerprint, "synthetic": synthetic, "device": device}
        self.later_layers = tuple(
            (later.between, SplitClassifier(later.cut, labels, preprocess, name=name, **settings))
            for later in cut.later
        )

    def __repr__(self) -> str:
        return f"SplitClassifier({self.name!r}, {len(self.labels)} labels, target {self.target!r}, on {self.device})"

    def preprocess(self, image: Image.Image) -> tuple[Tensor, View]:
        """A float32 tensor (3, H, W) on the CPU, and the rectangle of the image that it shows."""
        return self._preprocess(image)

    @property
    def preprocessing(self) -> PreprocessFunction:
        """What `preprocess` calls: of a classifier made from another one, that one's."""
        owner = getattr(self._preprocess, "__self__", None)
        return owner.preprocessing if isinstance(owner, SplitClassifier) else self._preprocess

    def use_channels_last(self) -> None:
        """Lets a pixel's channels lie together in the trunk, which makes it 5 to 30 % faster on a CPU (measured).

        What it gives changes by rounding only, in the seventh digit. Not on MPS, nor where hooks cut the network.
        """
        if isinstance(self._cut.trunk, nn.Module) and self.device.type in {"cpu", "cuda"}:
            self._layout = torch.channels_last
            self._cut.trunk.to(memory_format=self._layout)

    def trunk(self, x: Tensor) -> Tensor:
        """Inputs (n, 3, H, W) -> the target layer's activation A (n, c, h, w)."""
        return self._cut.trunk(x.to(memory_format=self._layout)).contiguous()

    def tail(self, activation: Tensor) -> Tensor:
        """The target layer's activation A (n, c, h, w) -> logits (n, k)."""
        return self._cut.tail(activation)

    @property
    def tail_graph(self) -> fx.GraphModule | None:
        """The tail, layer by layer, for methods that look into it; None where hooks cut the network."""
        return self._cut.tail if isinstance(self._cut.tail, fx.GraphModule) else None

    @property
    def layers(self) -> tuple[SplitClassifier, ...]:
        """The classifier cut at each of its target layers, from the first to the last; mostly that is itself alone."""
        return (self, *(classifier for _, classifier in self.later_layers))

    def layer_activations(self, activation: Tensor) -> list[Tensor]:
        """What each of `layers` gives, from the first one's A (n, c, h, w): no second trunk pass."""
        with torch.no_grad():
            return [activation, *(between(activation) for between, _ in self.later_layers)]

    def inputs(self, images: Sequence[Image.Image]) -> tuple[Tensor, list[View]]:
        """What the trunk takes for images, (n, 3, H, W) on the classifier's device, and each image's view."""
        inputs, views = zip(*(self.preprocess(image) for image in images), strict=True)
        return torch.stack(inputs).to(self.device), list(views)

    def activations(self, images: Sequence[Image.Image]) -> tuple[Tensor, list[View]]:
        """One trunk pass over a batch of images: A (n, c, h, w), without a gradient, and each image's view."""
        inputs, views = self.inputs(images)
        with torch.no_grad():
            return self.trunk(inputs), views

    def predictions(self, activation: Tensor, logits: Tensor | None = None) -> list[Prediction]:
        """What the tail makes of A (n, c, h, w), as softmax probabilities; `logits` (n, k) if that is known already."""
        with torch.no_grad():
            logits = self.tail(activation) if logits is None else logits
            probabilities = torch.softmax(logits.float(), dim=1).cpu().numpy()
        return [Prediction(self.labels, row) for row in probabilities]

    def predict(self, images: Sequence[Image.Image]) -> list[Prediction]:
        """One prediction per image; an empty list for no images."""
        if not images:
            return []
        return self.predictions(self.activations(images)[0])


def wrap_classifier(
    module: nn.Module,
    labels: Sequence[str],
    size: int = 224,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    *,
    crop: int | None = None,
    preprocess: PreprocessFunction | None = None,
    target: str | Sequence[str] | None = None,
    name: str | None = None,
    synthetic: bool = False,
    device: torch.device | str = "cpu",
) -> SplitClassifier:
    """Makes any CNN with logits as its output a split classifier. The module itself is left as it is: a copy is cut.

    Images are resized to `size` px (see Preprocess for `mean`, `std` and `crop`), or `preprocess` does all of it: a
    function from an RGB image to a float32 tensor (3, size, size) and the View that it shows. `target` names the layer
    whose activation the CAMs are made from (`"layer4.1"`), or several: then a CAM is the mean of their scaled maps.
    Without it the last usable one is found (`models.target`).
    Raises EmocamError where the network cannot be cut there or its outputs do not match the labels.
    """
    if preprocess is None:
        preprocess = Preprocess(size, _floats(mean), _floats(std), crop)
    own = copy.deepcopy(module).to(device).eval().requires_grad_(False)
    without_in_place(own)
    generator = torch.Generator().manual_seed(0)
    example = torch.rand(2, 3, size, size, generator=generator).to(device)
    cut = cut_network(own, example, target)
    with torch.no_grad():
        outputs = tuple(cut.tail(cut.trunk(example)).shape)
    if outputs != (2, len(labels)):
        raise EmocamError(
            f"The network gives outputs of shape {outputs} for 2 images; expected (2, {len(labels)} labels)."
        )
    settings = {"labels": list(labels), "target": _targets(cut), "preprocess": _described(preprocess)}
    return SplitClassifier(
        cut,
        labels,
        preprocess,
        name=name or type(module).__name__,
        fingerprint=fingerprint(own, **settings),
        synthetic=synthetic,
        device=device,
    )


def _targets(cut: Cut) -> str | list[str]:
    return [cut.target, *(later.cut.target for later in cut.later)] if cut.later else cut.target


def _floats(values: Sequence[float] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(float(value) for value in values)


def _described(preprocess: PreprocessFunction) -> object:
    """What of a preprocessing goes into the fingerprint: its settings, or for a user's function its name."""
    if is_dataclass(preprocess) and not isinstance(preprocess, type):
        return asdict(preprocess)
    return f"{preprocess.__module__}.{getattr(preprocess, '__qualname__', type(preprocess).__qualname__)}"
