"""The tables of a run: names, columns and types. Scripts rely on them; a change is a new SCHEMA_VERSION."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from emocam_widgets.errors import known_name

SCHEMA_VERSION = 1

_TEXT = pa.string()
_PIXELS = pa.float32()
_PROBABILITIES = pa.list_(pa.float32())

TABLES: Mapping[str, pa.Schema] = {
    # one row per image; sizes in pixels after EXIF rotation; probabilities in the manifest's label order
    "images": pa.schema(
        [
            ("image_id", _TEXT),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("label", _TEXT),
            ("annotation", _TEXT),
            ("probabilities", _PROBABILITIES),
            ("valence", pa.float32()),
            ("arousal", pa.float32()),
        ]
    ),
    # one row per box and detector; x1 and y1 exclusive; mask is run-length encoded or null
    "boxes": pa.schema(
        [
            ("image_id", _TEXT),
            ("detector", _TEXT),
            ("object_class", _TEXT),
            ("confidence", pa.float32()),
            ("x0", _PIXELS),
            ("y0", _PIXELS),
            ("x1", _PIXELS),
            ("y1", _PIXELS),
            ("mask", _TEXT),
        ]
    ),
    # one row per image, method, target and output; the grid is row-major
    "cams": pa.schema(
        [
            ("image_id", _TEXT),
            ("method", _TEXT),
            ("target", _TEXT),
            ("output", _TEXT),
            ("grid", pa.list_(pa.float16())),
            ("grid_height", pa.int16()),
            ("grid_width", pa.int16()),
            ("view_x0", _PIXELS),
            ("view_y0", _PIXELS),
            ("view_x1", _PIXELS),
            ("view_y1", _PIXELS),
        ]
    ),
    # one row per image, target and output: the segments (RLE), their signed weights, and how well these fit
    "lime": pa.schema(
        [
            ("image_id", _TEXT),
            ("target", _TEXT),
            ("output", _TEXT),
            ("segments", _TEXT),
            ("weights", pa.list_(pa.float32())),
            ("intercept", pa.float32()),
            ("r2", pa.float32()),
            ("n_samples", pa.int32()),
        ]
    ),
    # one row per image, object (sprite), variant of it and position; x, y, sprite_height relative to the image's size
    "pastes": pa.schema(
        [
            ("image_id", _TEXT),
            ("object", _TEXT),
            ("variant", _TEXT),  # "object", or a control drawn in its silhouette
            # index into the position grid; or, centred on a box of an object class, -1 less the class's number in the
            # manifest's classes
            ("position", pa.int16()),
            ("x", pa.float32()),
            ("y", pa.float32()),
            ("sprite_height", pa.float32()),
            ("label_before", _TEXT),
            ("label_after", _TEXT),
            ("probabilities_before", _PROBABILITIES),
            ("probabilities_after", _PROBABILITIES),
        ]
    ),
    # one row per paste (as in "pastes") and method: where the method looked before, and on the changed image after
    "focus": pa.schema(
        [
            ("image_id", _TEXT),
            ("object", _TEXT),
            ("variant", _TEXT),
            ("position", pa.int16()),
            ("x", pa.float32()),
            ("y", pa.float32()),
            ("sprite_height", pa.float32()),
            ("method", _TEXT),
            ("output", _TEXT),
            ("label_before", _TEXT),
            ("label_after", _TEXT),
            ("area", pa.float32()),  # share of what the classifier sees that is in the silhouette's box, 0..1
            ("mass_before", pa.float32()),  # share of the CAM of label_before in that box, 0..1
            ("mass_after", pa.float32()),  # the same of the CAM of label_after on the changed image
            ("correlation", pa.float32()),  # Pearson's, of the two grids; null where one is constant
        ]
    ),
    # one row per image that could not be used; stage is what was being done ("open", "detect", "classify", a method)
    "failures": pa.schema([("image_id", _TEXT), ("stage", _TEXT), ("reason", _TEXT)]),
}

_NULLABLE = {
    "images": {"annotation", "valence", "arousal"},
    "boxes": {"mask"},
    "pastes": {"variant"},
    "focus": {"correlation"},
}
_DEFAULTS: Mapping[tuple[str, str], str] = {("pastes", "variant"): "object"}


def to_arrow(table: str, rows: pd.DataFrame | Iterable[Mapping[str, Any]]) -> pa.Table:
    """``rows`` as the run's table of that name, with exactly its columns and types.

    Columns that may be null may also be missing.

    Raises:
        UnknownNameError: there is no such table.
        ValueError: a column is missing, unknown, or holds what its type cannot; a fault of the caller, not of the user.
    """
    schema = TABLES[known_name("table", table, TABLES)]
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    if frame.empty and not len(frame.columns):
        return schema.empty_table()
    unknown = sorted(set(frame.columns) - set(schema.names))
    missing = sorted(set(schema.names) - set(frame.columns) - _NULLABLE.get(table, set()))
    if unknown or missing:
        raise ValueError(f"table {table!r}: unknown columns {unknown}, missing columns {missing}")
    columns = [_column(table, field, frame) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(table: str, field: pa.Field, frame: pd.DataFrame) -> pa.Array:
    if field.name not in frame:
        default = _DEFAULTS.get((table, field.name))
        return pa.array([default] * len(frame), type=field.type)
    try:
        return pa.Array.from_pandas(frame[field.name], type=field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"table {table!r}, column {field.name!r}: {error}") from error
