"""Reading placements that come from Python, from a browser or from a file: checked, in words that say what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Real
from typing import Any

from emocam_widgets.engine.compose import MAX_HEIGHT
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.types import Placement

MAX_PLACEMENTS = 100
FARTHEST = 4.0  # from the image, in image widths or heights: nothing that far out can be seen
_FIELDS = {field.name: field for field in fields(Placement)}
HIDDEN = "hidden"
_LIMITS = {
    "x": (-FARTHEST, FARTHEST),
    "y": (-FARTHEST, FARTHEST),
    "height": (1e-4, MAX_HEIGHT),
    "opacity": (0.0, 1.0),
    "rotation": (-1e6, 1e6),
}


@dataclass(frozen=True)
class Layer:
    """A placement, and whether it is kept without being shown."""

    placement: Placement
    hidden: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The placement's fields, and "hidden" where it is."""
        return asdict(self.placement) | ({HIDDEN: True} if self.hidden else {})


def shown(layers: Iterable[Layer]) -> list[Placement]:
    """What is pasted."""
    return [layer.placement for layer in layers if not layer.hidden]


def parse_layers(values: Iterable[Any], sprites: Collection[str]) -> list[Layer]:
    """Layers from dicts or Placements; raises EmocamError that says what is wrong with which.

    A dict has sprite, x, y and optionally the other fields of a Placement, and `hidden`.
    """
    layers = [_layer(value) for value in values]
    if len(layers) > MAX_PLACEMENTS:
        raise EmocamError(f"{len(layers)} things on one image; at most {MAX_PLACEMENTS} are possible.")
    for layer in layers:
        if layer.placement.sprite not in sprites:
            raise UnknownNameError("sprite", layer.placement.sprite, sprites)
        _check(layer.placement)
    return layers


def _layer(value: Any) -> Layer:
    if isinstance(value, Layer):
        return value
    if isinstance(value, Placement):
        return Layer(value)
    if not isinstance(value, Mapping) or not {"sprite", "x", "y"} <= set(value) <= {*_FIELDS, HIDDEN}:
        raise EmocamError(
            f"A placement is {value!r}; expected sprite, x, y and optionally {', '.join(list(_FIELDS)[3:])}, {HIDDEN}."
        )
    numbers = {name: value[name] for name in ("x", "y", "height", "rotation", "opacity") if name in value}
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, Real):
            raise EmocamError(f"A placement's {name} is {number!r}; expected a number.")
    made = {name: float(number) for name, number in numbers.items()}
    placement = Placement(str(value["sprite"]), flip=bool(value.get("flip", False)), **made)
    return Layer(placement, bool(value.get(HIDDEN, False)))


def _check(placement: Placement) -> None:
    for name, (low, high) in _LIMITS.items():
        number = getattr(placement, name)
        if not low <= number <= high:  # false for NaN too
            raise EmocamError(f"A placement's {name} is {number}; expected {low:g} to {high:g}.")
