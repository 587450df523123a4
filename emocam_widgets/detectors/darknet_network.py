"""Darknet networks in torch: built from a cfg's structure, filled from a .weights file of which every float is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from emocam_widgets.detectors.darknet_cfg import Layer, Structure
from emocam_widgets.errors import EmocamError

# Within the root, as Darknet on a GPU does it (its CPU code adds 1e-6 to the root).
EPSILON = 1e-5
LEAK = 0.1
_VERSION_BYTES = 12
_PLAUSIBLE_VERSION = 1000  # a greater one is not Darknet's


class _Convolutional(nn.Module):
    """Convolution, batch normalisation where the cfg has it, activation."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        filters, channels = layer.given[0], layer.taken[0]
        self.convolution = nn.Conv2d(
            channels,
            filters,
            layer.size,
            layer.stride,
            layer.padding,
            groups=layer.groups,
            bias=not layer.batch_normalize,
        )
        self.normalisation = nn.BatchNorm2d(filters, eps=EPSILON) if layer.batch_normalize else nn.Identity()
        self.activation = _activation(layer.activation)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.normalisation(self.convolution(x)))

    def tensors(self) -> list[Tensor]:
        """In the order of a .weights file."""
        norm = self.normalisation
        if isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None:
            return [norm.bias, norm.weight, norm.running_mean, norm.running_var, self.convolution.weight]
        assert self.convolution.bias is not None
        return [self.convolution.bias, self.convolution.weight]


class _Maxpool(nn.Module):
    """Darknet pads by size - 1 in all, the smaller half at the top and on the left."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        before = layer.padding // 2
        self.padding = (before, layer.padding - before) * 2
        self.pool = nn.MaxPool2d(layer.size, layer.stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(nn.functional.pad(x, self.padding, value=float("-inf")))


class _Upsample(nn.Module):
    """Every pixel repeated, and the whole multiplied by `scale`."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.stride, self.scale = layer.stride, layer.scale

    def forward(self, x: Tensor) -> Tensor:
        repeated = nn.functional.interpolate(x, scale_factor=float(self.stride), mode="nearest")
        return repeated if self.scale == 1 else repeated * self.scale


class _Shortcut(nn.Module):
    """The sum of several layers, and an activation."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.activation = _activation(layer.activation)

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = first + other
        return self.activation(first)


class _Route(nn.Module):
    """Several layers, or the same group of channels of each, one behind the other."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.groups, self.group = layer.groups, layer.group

    def forward(self, *sources: Tensor) -> Tensor:
        return torch.cat([source.chunk(self.groups, dim=1)[self.group] for source in sources], dim=1)


class _Yolo(nn.Module):
    """A map (n, anchors * (5 + classes), h, w) -> rows (n, anchors * h * w, 5 + classes), see `DarknetNetwork`."""

    def __init__(self, layer: Layer, image: tuple[int, int]) -> None:
        super().__init__()
        self.anchors, self.scale, self.image = layer.anchors, layer.scale_x_y, image

    def forward(self, x: Tensor) -> Tensor:
        n, channels, height, width = x.shape
        anchors = len(self.anchors)
        x = x.view(n, anchors, channels // anchors, height, width).permute(0, 1, 3, 4, 2)
        columns = torch.arange(width, device=x.device, dtype=x.dtype).view(1, 1, 1, width)
        rows = torch.arange(height, device=x.device, dtype=x.dtype).view(1, 1, height, 1)
        shift = (self.scale - 1) / 2
        centre_x = (torch.sigmoid(x[..., 0]) * self.scale - shift + columns) * (self.image[0] / width)
        centre_y = (torch.sigmoid(x[..., 1]) * self.scale - shift + rows) * (self.image[1] / height)
        sizes = torch.tensor(self.anchors, device=x.device, dtype=x.dtype).view(1, anchors, 1, 1, 2)
        box = torch.cat([torch.stack([centre_x, centre_y], dim=-1), torch.exp(x[..., 2:4]) * sizes], dim=-1)
        found = torch.cat([box, torch.sigmoid(x[..., 4:5]), x[..., 5:]], dim=-1)
        return found.reshape(n, anchors * height * width, channels // anchors)


class DarknetNetwork(nn.Module):
    """RGB (n, 3, height, width) of 0..1 -> one row per box of all yolo layers, (n, boxes, 5 + classes).

    A row is centre x, centre y, width and height in px of the input, objectness (0..1), and the classes' logits:
    whether they become scores by a sigmoid or a softmax is the detector's to say.
    """

    def __init__(self, structure: Structure) -> None:
        super().__init__()
        self.structure = structure
        self.layers = nn.ModuleList(_module(layer, structure) for layer in structure.layers)
        # Later layers overwrite earlier ones: by source, the last layer that takes it.
        self._last_use = {source: i for i, layer in enumerate(structure.layers) for source in layer.sources}

    def forward(self, x: Tensor) -> Tensor:
        kept = {-1: x}
        found = []
        for index, (layer, module) in enumerate(zip(self.structure.layers, self.layers, strict=True)):
            given = module(*(kept[source] for source in layer.sources))
            if layer.kind == "yolo":
                found.append(given)
            elif index in self._last_use:
                kept[index] = given
            for source in layer.sources:
                if self._last_use[source] <= index:
                    kept.pop(source, None)
        return torch.cat(found, dim=1)

    def tensors(self) -> list[Tensor]:
        """All tensors that a .weights file fills, in its order."""
        return [tensor for layer in self.layers if isinstance(layer, _Convolutional) for tensor in layer.tensors()]


def _activation(name: str) -> nn.Module:
    modules = {
        "linear": nn.Identity,
        "relu": nn.ReLU,
        "logistic": nn.Sigmoid,
        "mish": nn.Mish,
        "swish": nn.SiLU,
    }
    return nn.LeakyReLU(LEAK) if name == "leaky" else modules[name]()


def _module(layer: Layer, structure: Structure) -> nn.Module:
    match layer.kind:
        case "convolutional":
            return _Convolutional(layer)
        case "maxpool":
            return _Maxpool(layer)
        case "upsample":
            return _Upsample(layer)
        case "shortcut":
            return _Shortcut(layer)
        case "route":
            return _Route(layer)
        case "yolo":
            return _Yolo(layer, (structure.width, structure.height))
    return nn.Identity()  # dropout, which does nothing when nothing is trained


def load_network(structure: Structure, weights: str | Path) -> DarknetNetwork:
    """The network in eval mode, filled from a .weights file; EmocamError where its bytes are not just what it takes."""
    floats = _read_floats(Path(weights), structure)
    with torch.device("meta"):
        network = DarknetNetwork(structure)
    network.to_empty(device="cpu")
    taken = 0
    with torch.no_grad():
        for tensor in network.tensors():
            tensor.copy_(torch.from_numpy(floats[taken : taken + tensor.numel()].copy()).view_as(tensor))
            taken += tensor.numel()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d) and module.num_batches_tracked is not None:
                module.num_batches_tracked.zero_()
    assert taken == len(floats), f"{taken} of {len(floats)} floats were used"
    return network.eval().requires_grad_(False)


def _read_floats(path: Path, structure: Structure) -> np.ndarray:
    """The float32 behind the header, as many as the structure takes."""
    if not path.is_file():
        raise EmocamError(f"There is no file {path}; expected Darknet weights.")
    size = path.stat().st_size
    with path.open("rb") as file:
        version = np.frombuffer(file.read(_VERSION_BYTES).ljust(_VERSION_BYTES, b"\xff"), dtype="<i4")
        if not all(0 <= number < _PLAUSIBLE_VERSION for number in version[:2]):
            raise EmocamError(
                f"{path} ({size:,} bytes) does not begin with a Darknet version; expected Darknet weights."
            )
        # The number of images seen in training takes 8 bytes since version 0.2.
        header = _VERSION_BYTES + (8 if version[0] * 10 + version[1] >= 2 else 4)
        expected = header + 4 * structure.n_floats
        if size != expected:
            difference = f"{abs(size - expected):,} {'left over' if size > expected else 'missing'}"
            raise EmocamError(
                f"{path} has {size:,} bytes, {difference}; expected {expected:,} for the {structure.n_floats:,} floats "
                f"of {structure.path.name}."
            )
        file.seek(header)
        floats = np.fromfile(file, dtype="<f4")
    if not np.isfinite(floats).all():
        raise EmocamError(f"{path} holds numbers that are not finite; expected trained Darknet weights.")
    return floats
