"""Class roll-up: a Rugby ball counts as a Ball and as Sports equipment too, in tables that are there already.

Open Images' published hierarchy, or any map from class to parents. Nothing is detected again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError

Parents: TypeAlias = Mapping[str, str | Iterable[str]]
"""From object class to the class or classes that it is a kind of; a class that is not in it has none."""


@cache
def _hierarchy() -> Mapping[str, Mapping[str, list[str]] | Mapping[str, str]]:
    text = (files(__package__) / "openimages_hierarchy.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Mapping[str, list[str]] | Mapping[str, str]] = json.loads(text)
    return loaded


def open_images_parents(classes: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """The parents of Open Images' 600 boxable classes, as published: kinds of a thing, not its parts.

    Args:
        classes: the names in use. Seventeen classes are called otherwise since Open Images V7 ("Doughnut" and "Donut",
            "Squash" and "Squash (Plant)"): they have the name that is among these, else the earlier one.
    """
    given, hierarchy = set(classes), _hierarchy()
    later: Mapping[str, str] = hierarchy["later_names"]  # type: ignore[assignment]
    renamed = {old: new for old, new in later.items() if new in given and old not in given}
    return {
        renamed.get(name, name): tuple(renamed.get(parent, parent) for parent in parents)
        for name, parents in hierarchy["parents"].items()
    }


def chosen_parents(roll_up: bool | Parents, classes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The map that an option `roll_up` stands for: True is Open Images' hierarchy, False none; any other is checked.

    Raises:
        EmocamError: it is no map from names to names, or a class is its own ancestor.
    """
    if isinstance(roll_up, bool):
        return open_images_parents(classes) if roll_up else {}
    if not isinstance(roll_up, Mapping):
        raise EmocamError(
            f"roll_up is {roll_up!r}; expected True, or a map of classes to parents such as {{'Bus': 'Vehicle'}}."
        )
    parents = {}
    for name, given in roll_up.items():
        listed = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else (given,)
        for one in (name, *listed):
            if not isinstance(one, str) or not one.strip() or not one.isprintable():
                raise EmocamError(f"roll_up maps {name!r} to {given!r}; expected printable names of object classes.")
        parents[name] = listed
    for name in parents:
        if name in ancestors(name, parents):
            raise EmocamError(f"roll_up makes {name!r} its own ancestor; expected parents without a circle.")
    return parents


def ancestors(name: str, parents: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The parents of a class, theirs, and so on, each once, the nearest first; itself only where there is a circle."""
    found: dict[str, None] = {}
    waiting = list(parents.get(name, ()))
    while waiting:
        parent = waiting.pop(0)
        if parent not in found:
            found[parent] = None
            waiting += parents.get(parent, ())
    return tuple(found)


def rolled_up_classes(classes: Sequence[str], parents: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The classes, in their order, and behind them their ancestors that are not among them."""
    return tuple(dict.fromkeys([*classes, *(up for name in classes for up in ancestors(name, parents))]))


def rolled_up(
    boxes: pd.DataFrame, importance: NDArray[np.float32], parents: Mapping[str, Sequence[str]]
) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """Each box under its own class and once more under every ancestor of it.

    Args:
        boxes: one row per box, with a column object_class; the other columns are repeated.
        importance: (boxes,) a value per row.
        parents: see `chosen_parents`.

    Returns:
        The longer table with a new index, the boxes in their order, and its importance.
    """
    codes, names = pd.factorize(boxes["object_class"])
    families = [(name, *ancestors(name, parents)) for name in names]
    sizes = np.array([len(family) for family in families], dtype=np.int64)
    flat = np.array([name for family in families for name in family], dtype=object)
    starts = np.cumsum(sizes) - sizes
    repeats = sizes[codes] if len(codes) else np.zeros(0, np.int64)
    rows = np.repeat(np.arange(len(boxes)), repeats)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    longer = boxes.iloc[rows].reset_index(drop=True)
    if len(rows):
        longer["object_class"] = flat[starts[codes[rows]] + nth]
    return longer, importance[rows]
