"""Darknet's .cfg: reading the layers with their shapes, and counting what their .weights must hold. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from emocam_widgets.errors import EmocamError

ACTIVATIONS = ("linear", "leaky", "relu", "logistic", "mish", "swish")
ALIASES = {"network": "net", "conv": "convolutional", "max": "maxpool"}
# What other Darknets can switch on and would change the output, and the value that leaves it off (None: none does).
UNSUPPORTED: Mapping[str, Mapping[str, str | None]] = {
    "convolutional": {
        "antialiasing": "0",
        "binary": "0",
        "deform": "0",
        "dilation": "1",
        "flipped": "0",
        "share_index": None,
        "stride_x": None,
        "stride_y": None,
        "xnor": "0",
    },
    "shortcut": {"weights_type": "none"},
    "maxpool": {"antialiasing": "0", "maxpool_depth": "0", "stride_x": None, "stride_y": None},
    "yolo": {"new_coords": "0"},
}
Shape: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Layer:
    """One layer: what it is, what it takes and gives (channels, height, width), and its settings.

    `sources` are the indices of the layers whose outputs it takes (-1 is the image). Which of the other fields count
    depends on the kind: they have the names and meanings of Darknet's options, with the defaults put in.
    """

    kind: str
    sources: tuple[int, ...]
    taken: Shape
    given: Shape
    size: int = 1
    stride: int = 1
    padding: int = 0
    groups: int = 1
    group: int = 0
    batch_normalize: bool = False
    activation: str = "linear"
    scale: float = 1.0
    anchors: tuple[tuple[float, float], ...] = ()
    classes: int = 0
    scale_x_y: float = 1.0

    @property
    def kernel(self) -> Shape | None:
        """Of a convolution: input channels of a group, height and width of its kernel; else None."""
        return (self.taken[0] // self.groups, self.size, self.size) if self.kind == "convolutional" else None

    @property
    def n_floats(self) -> int:
        """How many float32 of a .weights file are this layer's."""
        if self.kernel is None:
            return 0
        filters, (channels, height, width) = self.given[0], self.kernel
        return filters * (channels * height * width + (4 if self.batch_normalize else 1))


@dataclass(frozen=True)
class Structure:
    """A whole network as its .cfg describes it. `width` and `height` are the image's that it takes, in px."""

    path: Path
    width: int
    height: int
    layers: tuple[Layer, ...]

    @property
    def n_floats(self) -> int:
        """How many float32 its .weights file must hold behind the header."""
        return sum(layer.n_floats for layer in self.layers)

    @property
    def n_classes(self) -> int:
        """Of its yolo layers."""
        return next(layer.classes for layer in self.layers if layer.kind == "yolo")


@dataclass
class _Section:
    """One section of the file, and reading its options."""

    path: Path
    kind: str
    line: int
    options: dict[str, str] = field(default_factory=dict)

    def refuse(self, reason: str) -> EmocamError:
        return EmocamError(f"{self.path}, line {self.line}, [{self.kind}]: {reason}.")

    def integer(self, name: str, default: int, least: int = 0) -> int:
        text = self.options.get(name, str(default))
        try:
            value = int(text)
        except ValueError:
            raise self.refuse(f"{name} is {text!r}; expected a whole number") from None
        if value < least:
            raise self.refuse(f"{name} is {value}; expected at least {least}")
        return value

    def number(self, name: str, default: float) -> float:
        return self._numbers(name, str(default), float)[0]

    def integers(self, name: str, default: str = "") -> list[int]:
        return self._numbers(name, default, int)

    def numbers(self, name: str) -> list[float]:
        return self._numbers(name, "", float)

    def _numbers(self, name: str, default: str, kind: Callable[[str], int | float]) -> list:
        text = self.options.get(name, default)
        try:
            values = [kind(part) for part in text.split(",") if part.strip()]
        except ValueError:
            raise self.refuse(f"{name} is {text!r}; expected numbers with commas between them") from None
        if not values:
            raise self.refuse(f"{name} is missing; expected numbers with commas between them")
        return values

    def activation(self, default: str) -> str:
        name = self.options.get("activation", default)
        if name not in ACTIVATIONS:
            raise self.refuse(f"the activation {name!r} is not known; expected one of {', '.join(ACTIVATIONS)}")
        return name


def read_structure(path: str | Path) -> Structure:
    """The network that a .cfg file describes; EmocamError where it is missing or describes what is not supported."""
    path = Path(path)
    if not path.is_file():
        raise EmocamError(f"There is no file {path}; expected a Darknet cfg.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise EmocamError(f"{path} is not text; expected a Darknet cfg.") from error
    return parse_structure(text, path)


def parse_structure(text: str, path: Path = Path("cfg")) -> Structure:
    """The network that a cfg's text describes; `path` is what errors call it."""
    sections = _sections(text, path)
    if not sections or sections[0].kind != "net":
        raise EmocamError(f"{path} does not begin with [net]; expected a Darknet cfg.")
    net = sections[0]
    channels = net.integer("channels", 3, least=1)
    if channels != 3:
        raise net.refuse(f"channels is {channels}; expected 3, RGB")
    height, width = net.integer("height", 0, least=1), net.integer("width", 0, least=1)
    layers: list[Layer] = []
    for section in sections[1:]:
        if section.kind not in _READERS:
            raise section.refuse(f"this layer is not supported; expected one of {', '.join(_READERS)}")
        for name, off in UNSUPPORTED.get(section.kind, {}).items():
            if (found := section.options.get(name, off)) != off:
                expected = "it left out" if off is None else f"{name}={off}"
                raise section.refuse(f"{name}={found} is not supported; expected {expected}")
        layers.append(_READERS[section.kind](section, layers, (channels, height, width)))
    heads = {layer.classes for layer in layers if layer.kind == "yolo"}
    if len(heads) != 1:
        raise EmocamError(f"{path} has yolo layers of {sorted(heads)} classes; expected at least one, all of the same.")
    return Structure(path, width, height, tuple(layers))


def _sections(text: str, path: Path) -> list[_Section]:
    sections: list[_Section] = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.split("#")[0].split(";")[0].strip()
        if not content:
            continue
        if content.startswith("[") and content.endswith("]"):
            kind = content[1:-1].strip()
            sections.append(_Section(path, ALIASES.get(kind, kind), number))
            continue
        name, equals, value = content.partition("=")
        if not equals or not sections:
            raise EmocamError(f"{path}, line {number}: {content[:60]!r} is no option; expected [layer] or name=value.")
        sections[-1].options[name.strip()] = value.strip()
    return sections


def _before(section: _Section, layers: list[Layer], image: Shape) -> Shape:
    """What the layer before this one gives, which is what this one takes."""
    if layers and layers[-1].kind == "yolo":
        raise section.refuse("the layer before is yolo; expected one that gives a map, or a route to one")
    return layers[-1].given if layers else image


def _convolutional(section: _Section, layers: list[Layer], image: Shape) -> Layer:
    channels, height, width = taken = _before(section, layers, image)
    size, stride = section.integer("size", 1, least=1), section.integer("stride", 1, least=1)
    filters, groups = section.integer("filters", 1, least=1), section.integer("groups", 1, least=1)
    if channels % groups or filters % groups:
        raise section.refuse(f"{channels} channels and {filters} filters cannot be divided into {groups} groups")
    # pad=1 stands for half the kernel; otherwise padding says how much.
    padding = size // 2 if section.integer("pad", 0) else section.integer("padding", 0)
    out = tuple((side + 2 * padding - size) // stride + 1 for side in (height, width))
    if min(out) < 1:
        raise section.refuse(f"a kernel of {size} px does not fit into {width} x {height} px")
    return Layer(
        "convolutional",
        (len(layers) - 1,),
        taken,
        (filters, out[0], out[1]),
        size=size,
        stride=stride,
        padding=padding,
        groups=groups,
        batch_normalize=bool(section.integer("batch_normalize", 0)),
        activation=section.activation("logistic"),
    )


def _maxpool(section: _Section, layers: list[Layer], image: Shape) -> Layer:
    channels, height, width = taken = _before(section, layers, image)
    stride = section.integer("stride", 1, least=1)
    size = section.integer("size", stride, least=1)
    padding = section.integer("padding", size - 1)  # of both sides together
    out = tuple((side + padding - size) // stride + 1 for side in (height, width))
    if min(out) < 1:
        raise section.refuse(f"a window of {size} px does not fit into {width} x {height} px")
    given = (channels, out[0], out[1])
    return Layer("maxpool", (len(layers) - 1,), taken, given, size=size, stride=stride, padding=padding)


def _upsample(section: _Section, layers: list[Layer], image: Shape) -> Layer:
    channels, height, width = taken = _before(section, layers, image)
    stride = section.integer("stride", 2, least=1)
    given = (channels, height * stride, width * stride)
    return Layer("upsample", (len(layers) - 1,), taken, given, stride=stride, scale=section.number("scale", 1.0))


def _dropout(section: _Section, layers: list[Layer], image: Shape) -> Layer:
    taken = _before(section, layers, image)
    return Layer("dropout", (len(layers) - 1,), taken, taken)


def _earlier(section: _Section, name: str, layers: list[Layer]) -> list[int]:
    """The indices of the layers that an option names: as they are, or where negative from this layer backwards."""
    indices = [index if index >= 0 else len(layers) + index for index in section.integers(name)]
    for index in indices:
        if not 0 <= index < len(layers):
            raise section.refuse(f"{name} names layer {index}; expected one of the {len(layers)} before this one")
        if layers[index].kind == "yolo":
            raise section.refuse(f"{name} names layer {index}, which is yolo; expected one that gives a map")
    return indices


def _shortcut(section: _Section, layers: list[Layer], image: Shape) -> Layer:
    taken = _before(section, layers, image)
    sources = _earlier(section, "from", layers)
    for index in sources:
        if layers[index].given != taken:
            raise section.refuse(f"layer {index} gives {layers[index].given}; expected {taken}, as the layer before")
    return Layer("shortcut", (len(layers) - 1, *sources), taken, taken, activation=section.activation("linear"))


def _route(section: _Section, layers: list[Layer], image: Shape) -> Layer:
    sources = _earlier(section, "layers", layers)
    groups, group = section.integer("groups", 1, least=1), section.integer("group_id", 0)
    shapes = [layers[index].given for index in sources]
    if len({shape[1:] for shape in shapes}) > 1:
        raise section.refuse(f"its layers give maps of different sizes, {shapes}; expected one height and width")
    if group >= groups or any(shape[0] % groups for shape in shapes):
        raise section.refuse(
            f"group {group} of {groups} cannot be taken from {[shape[0] for shape in shapes]} channels"
        )
    given = (sum(shape[0] // groups for shape in shapes), *shapes[0][1:])
    return Layer("route", tuple(sources), shapes[0], given, groups=groups, group=group)


def _yolo(section: _Section, layers: list[Layer], image: Shape) -> Layer:
    taken = _before(section, layers, image)
    numbers, classes = section.numbers("anchors"), section.integer("classes", 20, least=1)
    anchors = list(zip(numbers[::2], numbers[1::2], strict=False))
    mask = section.integers("mask", ",".join(str(index) for index in range(len(anchors))))
    if len(numbers) % 2 or not all(0 <= index < len(anchors) for index in mask):
        raise section.refuse(f"mask {mask} does not fit {len(numbers)} anchor numbers; expected indices of pairs")
    expected = len(mask) * (5 + classes)
    if taken[0] != expected:
        raise section.refuse(
            f"it takes {taken[0]} channels; expected {expected} for {len(mask)} anchors and {classes} classes"
        )
    return Layer(
        "yolo",
        (len(layers) - 1,),
        taken,
        taken,
        anchors=tuple(anchors[index] for index in mask),
        classes=classes,
        scale_x_y=section.number("scale_x_y", 1.0),
    )


_READERS: Mapping[str, Callable[[_Section, list[Layer], Shape], Layer]] = {
    "convolutional": _convolutional,
    "shortcut": _shortcut,
    "route": _route,
    "upsample": _upsample,
    "maxpool": _maxpool,
    "dropout": _dropout,
    "yolo": _yolo,
}
