"""The embedded world: drawn scenes, the models trained on them, sprites to paste, and what is known to be true.

Everything here is synthetic. The generator is :mod:`emocam_widgets.demo.scenes` (needs skia-python, the ``train``
extra); what it made is shipped in ``data/`` and read by this module without it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from emocam_widgets.errors import EmocamError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

DATA = Path(__file__).parent / "data"
PEOPLE = frozenset(
    [
        *("Person", "Clothing", "Footwear"),
        *("Human face", "Human head", "Human hair", "Human eye", "Human nose", "Human mouth", "Human ear"),
        *("Human arm", "Human hand", "Human leg"),
    ]
)
"""The classes that are people and their parts: nearly every scene shows them, whatever its label."""


@dataclass(frozen=True)
class Sprite:
    """One drawn thing to paste: its name ("rugby ball"), its Open Images class and its PNG file with transparency."""

    name: str
    object_class: str
    path: Path


@cache
def sprites() -> dict[str, Sprite]:
    """The shipped sprites by name, in palette order."""
    columns = table("sprites")
    rows = zip(columns["name"], columns["object_class"], columns["file"], strict=True)
    return {name: Sprite(name, object_class, DATA / "sprites" / file) for name, object_class, file in rows}


def open_sprite(name: str) -> Image.Image:
    """The sprite ``name`` as an RGBA image.

    Raises:
        UnknownNameError: no sprite has that name; the nearest one is named.
    """
    from PIL import Image

    known = sprites()
    if name not in known:
        raise UnknownNameError("sprite", name, known)
    with Image.open(known[name].path) as image:
        return image.convert("RGBA")


def table(name: str) -> pd.DataFrame:
    """One of the tables in ``data/``: annotations, sprites, planted or measured_truth.

    Raises:
        EmocamError: the table is not there, which means that the installation is damaged.
    """
    import pandas as pd

    path = DATA / f"{name}.csv"
    if not path.is_file():
        raise EmocamError(
            f"The embedded world's table {path.name} is missing from {path.parent}: reinstall emocam-widgets."
        )
    return pd.read_csv(path)


def planted() -> pd.DataFrame:
    """What was planted: object_class, label, p_present, p_otherwise (probabilities that a scene of the label, or of
    another label, shows the class) and kind.

    ``kind`` is "planted" (so in training and in the shipped corpus) or "bystander" (so in the shipped corpus only;
    independent of every label in training).
    """
    return table("planted")


def measured_truth() -> pd.DataFrame:
    """What the shipped classifier really uses: object_class, label, n, effect, low, high.

    ``effect`` is the mean change of the label's probability (-1..1) that an object of the class makes in the shipped
    scenes that are predicted as the label: probability as drawn minus probability without it, over ``n`` objects;
    ``low`` and ``high`` bound its 95 % bootstrap interval over images.
    """
    return table("measured_truth")


def home() -> Path:
    """Where this user's runs, caches and pulled weights live: ``$EMOCAM_HOME``, else the platform's data folder."""
    import platformdirs

    chosen = os.environ.get("EMOCAM_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("emocam-widgets", appauthor=False))


def run_path() -> Path:
    """The folder of the demo run: the shipped corpus analysed with the shipped models."""
    return home() / "runs" / "demo"
