"""What the editor writes and reads: placements and edits as JSON that can be loaded again, the result as a table."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from emocam_widgets.engine.cutouts import read_sprite
from emocam_widgets.errors import EmocamError
from emocam_widgets.types import Prediction
from emocam_widgets.widgets.thumbnails import encode_png

FORMAT, VERSION = "emocam-edit", 1
MAX_DOCUMENT = 64 * 2**20  # characters


@dataclass(frozen=True, eq=False)
class Document:
    """What an edit consists of: dicts as in the traits `placements` and `edits`, and own sprites by name."""

    placements: list[Any]
    edits: list[Any]
    sprites: dict[str, Image.Image]


def write_document(image: Mapping[str, Any], document: Document) -> str:
    """JSON, with the own sprites as PNG in base64; `image` says what it was made on."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "image": dict(image),
        "placements": document.placements,
        "edits": document.edits,
        "sprites": {
            name: base64.b64encode(encode_png(picture)).decode("ascii") for name, picture in document.sprites.items()
        },
    }
    return json.dumps(content, indent=1)


def read_document(text: str) -> Document:
    """What `write_document` wrote; the placements and edits are checked by who uses them.

    Raises EmocamError where it is something else or damaged.
    """
    if len(text) > MAX_DOCUMENT:
        raise EmocamError(f"The file has {len(text) / 2**20:.0f} MB; at most {MAX_DOCUMENT // 2**20} are read.")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EmocamError(f"This file is not JSON as the editor writes it: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise EmocamError(f'This file is not one of the editor\'s: expected JSON with "format": "{FORMAT}".')
    if content.get("version") != VERSION:
        raise EmocamError(f"This file has the version {content.get('version')!r}; this editor reads {VERSION}.")
    parts = [content.get(name) for name in ("placements", "edits", "sprites")]
    if not (isinstance(parts[0], list) and isinstance(parts[1], list) and isinstance(parts[2], dict)):
        raise EmocamError("This file lacks its lists of placements and edits or its sprites.")
    return Document(parts[0], parts[1], {str(name): _sprite(name, data) for name, data in parts[2].items()})


def _sprite(name: str, data: Any) -> Image.Image:
    try:
        return read_sprite(base64.b64decode(data, validate=True), as_it_is=True)
    except (ValueError, TypeError) as error:
        raise EmocamError(f"The sprite {name!r} in this file is damaged: {error}") from error


@dataclass(frozen=True, eq=False)
class Result:
    """What a classifier said before and after; `control` of the same silhouettes in grey, None without any."""

    image: str
    classifier: str
    fingerprint: str
    before: Prediction
    after: Prediction
    control: Prediction | None
    placements: Sequence[Any]
    edits: Sequence[Any]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: labels with probabilities 0..1, and what was done."""
        control = self.control
        return {
            "image": self.image,
            "classifier": self.classifier,
            "fingerprint": self.fingerprint,
            "label_before": self.before.label,
            "label_after": self.after.label,
            "before": _table(self.before),
            "after": _table(self.after),
            "grey_silhouette": None if control is None else _table(control),
            "placements": list(self.placements),
            "edits": list(self.edits),
        }

    def as_csv(self) -> str:
        """One row per label: label, before, after, change, grey_silhouette, image, classifier, fingerprint."""
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["label", "before", "after", "change", "grey_silhouette", "image", "classifier", "fingerprint"])
        for at, label in enumerate(self.before.labels):
            before, after = float(self.before.probabilities[at]), float(self.after.probabilities[at])
            grey = "" if self.control is None else f"{float(self.control.probabilities[at]):.7g}"
            numbers = [f"{before:.7g}", f"{after:.7g}", f"{after - before:.7g}", grey]
            rows.writerow([label, *numbers, self.image, self.classifier, self.fingerprint])
        return out.getvalue()


def _table(prediction: Prediction) -> dict[str, float]:
    return dict(zip(prediction.labels, map(float, prediction.probabilities), strict=True))
