"""The shipped corpus of drawn scenes: synthetic images, each with the label that it was drawn for."""

from __future__ import annotations

import csv
from pathlib import Path

from emocam_widgets.errors import EmocamError

DATA = Path(__file__).parents[1] / "demo" / "data"


def read_annotations(data: Path) -> dict[str, str]:
    """The label by image id, in the order of ``data/annotations.csv`` (columns image_id, label, seed).

    Raises:
        EmocamError: the table or the images are not there.
    """
    table = data / "annotations.csv"
    if not table.is_file() or not (data / "corpus").is_dir():
        raise EmocamError("The embedded demo corpus is not part of this installation; install emocam-widgets again.")
    with table.open(encoding="utf-8", newline="") as lines:
        return {row["image_id"]: row["label"] for row in csv.DictReader(lines)}
