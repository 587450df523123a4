"""What LimeView writes into files: the map as PNG, the regions as CSV, everything as JSON, and the notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emocam_widgets.corpus.notes import FILE
from emocam_widgets.errors import known_name
from emocam_widgets.explain.lime_settings import LimeSettings
from emocam_widgets.widgets.lime_messages import table_of
from emocam_widgets.widgets.thumbnails import encode_png

if TYPE_CHECKING:
    from emocam_widgets.widgets.lime import LimeView

KINDS = ("png", "csv", "json", "notes")


def exported(view: LimeView, what: str, target: str | None) -> tuple[str, bytes]:
    """The name and content of a file.

    Args:
        view: what is shown.
        what: "png" or "csv" of one label, "json" of all, or the "notes".
        target: the label; by default the first.

    Raises:
        UnknownNameError: there is no such kind of file, or no such label.
        EmocamError: there is no explanation yet.
    """
    if known_name("kind of file", what, KINDS) == "notes":
        return FILE, view.notes.to_csv(index=False).encode()
    stem = Path(view.name).stem
    if what == "json":
        return f"{stem}-lime.json", json.dumps(as_dict(view), indent=1).encode()
    label = target or view.explanation.target
    content = encode_png(view.map_image(label)) if what == "png" else view.table(label).to_csv(index=False).encode()
    return f"{stem}-lime-{label}.{what}".replace("/", "-"), content


def as_dict(view: LimeView) -> dict[str, Any]:
    """Everything that was found and said of the image, as JSON can hold it; EmocamError where there is nothing yet."""
    first = view.explanation
    return {
        "image": view.name,
        "output": first.output,
        "settings": LimeSettings(view.n_samples, view.segmentation, view.n_regions, view.hide).as_dict(),
        "samples": first.n_samples,
        "note": view.note,
        "marks": view.marks if view.committed else None,
        "map_seen_before": view.seen_before if view.committed else None,
        "agreement": view.agreement or None,
        "labels": {
            each.target: {
                "r2": each.r2,
                "intercept": each.intercept,
                "regions": json.loads(table_of(each).to_json(orient="records")),
            }
            for each in view.explanations
        },
    }
