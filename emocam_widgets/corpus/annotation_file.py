"""A CSV of labels that people gave to images: one row per image, changed row by row, safe with several writers.

`Corpus.from_csv(path, image="image_id")` reads it back as an annotated corpus.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from emocam_widgets.errors import EmocamError

FILE_NAME = "emocam-annotations.csv"
COLUMNS = ("image_id", "label", "time")
LOCK_SECONDS = 10


@dataclass(frozen=True)
class Given:
    """A label that somebody gave, and when (ISO 8601, UTC)."""

    label: str
    time: str

    @classmethod
    def now(cls, label: str) -> Given:
        """The label, given at this moment."""
        return cls(label, datetime.now(UTC).isoformat(timespec="milliseconds"))


def as_csv(labels: Mapping[str, Given]) -> bytes:
    """The table of these labels (image id to label), as UTF-8."""
    rows = [{"image_id": image_id, "label": given.label, "time": given.time} for image_id, given in labels.items()]
    return _table(list(COLUMNS), rows)


class AnnotationFile:
    """The table in one file. A change reads what is there, changes its own rows and replaces the file by one rename.

    Rows of other images and columns of one's own (a note, who gave the label) stay as they are.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser().absolute()

    def read(self) -> dict[str, Given]:
        """Every label that is in the file, by image id; none where there is no file yet.

        Raises:
            EmocamError: it cannot be read, or is no such table.
        """
        return _labels(self._rows()[1])

    def put(
        self, changes: Mapping[str, Given | None], expected: Mapping[str, Given | None] | None = None
    ) -> dict[str, Given]:
        """Gives these images these labels (None: takes the label away), and returns every label that is then there.

        Args:
            changes: image id to label.
            expected: change an image only where its row still is this one (None: it has none); others are left.

        Raises:
            EmocamError: the file cannot be read or written; it is as it was before.
        """
        try:
            with FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=LOCK_SECONDS):
                columns, rows = self._rows()
                before = _labels(rows)
                due = {
                    image_id: given
                    for image_id, given in changes.items()
                    if expected is None or before.get(image_id) == expected.get(image_id)
                }
                rows = _changed(rows, due)
                _replace(self.path, _table(columns, rows))
                return _labels(rows)
        except Timeout as error:
            raise EmocamError(f"{str(self.path)!r} is being written by somebody else; try again.") from error
        except OSError as error:
            raise EmocamError(f"{str(self.path)!r} cannot be written ({error.strerror or error}).") from error

    def _rows(self) -> tuple[list[str], list[dict[str, str]]]:
        if not self.path.exists():
            return list(COLUMNS), []
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                reader = csv.DictReader(stream, restval="")
                columns = list(reader.fieldnames or COLUMNS)
                rows = list(reader)
        except (OSError, UnicodeError, csv.Error) as error:
            raise EmocamError(f"{str(self.path)!r} cannot be read as a table of labels ({error}).") from error
        absent = [name for name in ("image_id", "label") if name not in columns]
        if absent or any(None in row for row in rows):
            raise EmocamError(
                f"{str(self.path)!r} is no table of labels: expected the columns image_id and label, found {columns}."
            )
        return [*columns, *(name for name in COLUMNS if name not in columns)], rows


def _labels(rows: Iterable[Mapping[str, str]]) -> dict[str, Given]:
    return {row["image_id"]: Given(row["label"], row.get("time") or "") for row in rows if row["label"]}


def _changed(rows: list[dict[str, str]], changes: Mapping[str, Given | None]) -> list[dict[str, str]]:
    """The rows with these changes: a changed row keeps its place, a new one comes last."""
    out, seen = [], set()
    for row in rows:
        image_id = row["image_id"]
        if image_id not in changes:
            out.append(row)
        elif (given := changes[image_id]) is not None and image_id not in seen:
            out.append({**row, "label": given.label, "time": given.time})
        seen.add(image_id)
    new = ((image_id, given) for image_id, given in changes.items() if image_id not in seen)
    return out + [{"image_id": image_id, "label": g.label, "time": g.time} for image_id, g in new if g is not None]


def _table(columns: list[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
