"""The parts of a run put together: one table of each name, in an order that interruptions and threads do not change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from emocam_widgets.run.schema import TABLES
from emocam_widgets.run.store import read_table


def whole_table(parts: Sequence[Path], name: str) -> pa.Table:
    """The table of that name over all parts, oldest part first, sorted by image id.

    Raises:
        RunError: a part's file is missing, damaged or of other columns.
    """
    tables = [read_table(part, name) for part in parts]
    if name == "failures":
        tables = _still_failing(parts, tables)
    return _sorted_by_image(pa.concat_tables([TABLES[name].empty_table(), *tables]))


def _still_failing(parts: Sequence[Path], failures: list[pa.Table]) -> list[pa.Table]:
    """Drops failures of images that a later part holds, and all but the last failure of an image."""
    if not any(table.num_rows for table in failures):
        return failures
    last: dict[str, int] = {}
    for number, part in enumerate(parts):
        for name in ("images", "cams", "failures"):
            ids = read_table(part, name, ["image_id"])["image_id"]
            last.update(dict.fromkeys(ids.to_pylist(), number))
    kept = []
    for number, table in enumerate(failures):
        rows = {image_id: row for row, image_id in enumerate(table["image_id"].to_pylist())}
        rows = {image_id: row for image_id, row in rows.items() if last[image_id] == number}
        kept.append(table.take(pa.array(sorted(rows.values()), type=pa.int64())))
    return kept


def _sorted_by_image(table: pa.Table) -> pa.Table:
    # The order of the parts depends on interruptions and threads; by image id it is always the same. numpy's stable
    # sort keeps the order of an image's own rows, which arrow's does not promise.
    ids = table["image_id"].combine_chunks().dictionary_encode()
    rank = np.argsort(np.argsort(ids.dictionary.to_numpy(zero_copy_only=False)))
    order = np.argsort(rank[ids.indices.to_numpy()], kind="stable")
    return table.take(pa.array(order)).combine_chunks()
