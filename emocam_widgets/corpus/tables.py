"""A table of annotations as a corpus: read with every way of being wrong named, its images found below a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

import pandas as pd

from emocam_widgets.errors import EmocamError

COLUMNS_LISTED = 30


@dataclass(frozen=True, eq=False)
class Contents:
    """What a data set holds: image ids in order, the label of those that have one, metadata, and what is not there.

    Attributes:
        metadata: one row per image, indexed by image_id; what belongs to an image in lists is a tuple of strings.
        missing: what the table names and the folder does not hold: image ids, or a data set's own ids.
    """

    image_ids: tuple[str, ...]
    annotations: dict[str, str]
    metadata: pd.DataFrame
    missing: tuple[str, ...] = field(default=())


def read_table(
    path: str | os.PathLike[str],
    needed: Sequence[str],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    text: Sequence[str] = (),
    hint: str = "",
) -> pd.DataFrame:
    """A table of annotations with a header line; only empty cells are missing values ("NA" and "None" are labels).

    Args:
        path: the file.
        needed: the columns that must be there; they are read as text.
        text: further columns to read as text where they are there.
        hint: what to do where a column is missing.

    Raises:
        EmocamError: there is no such file, it is no such table, of another encoding, without a row or a needed column.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise EmocamError(f"There is no file {str(path)!r}; expected a table with the columns {_quoted(needed)}.")
    try:
        with file.open("rb") as stream:
            return parsed_table(stream, str(path), needed, delimiter, encoding, text, hint)
    except OSError as error:
        raise EmocamError(f"The file {str(path)!r} cannot be read ({error.strerror or error}).") from error


def parsed_table(
    stream: IO[bytes] | IO[str],
    name: str,
    needed: Sequence[str],
    delimiter: str = ",",
    encoding: str = "utf-8",
    text: Sequence[str] = (),
    hint: str = "",
) -> pd.DataFrame:
    """`read_table` from an open file; ``name`` is what a message calls it."""
    plain_utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    try:
        table = pd.read_csv(
            stream,
            sep=delimiter,
            encoding="utf-8-sig" if plain_utf8 else encoding,  # Excel begins its UTF-8 with a mark
            dtype=dict.fromkeys((*needed, *text), str),
            keep_default_na=False,
            na_values=[""],
            index_col=False,
        )
    except pd.errors.EmptyDataError as error:
        raise EmocamError(f"{name!r} is empty; expected a table with the columns {_quoted(needed)}.") from error
    except UnicodeError as error:
        raise EmocamError(
            f"{name!r} is not {encoding} text ({error}); save it as UTF-8 or name its encoding, such as "
            "encoding='cp1252'."
        ) from error
    except LookupError as error:
        raise EmocamError(
            f"There is no text encoding {encoding!r} to read {name!r} with; expected such as 'utf-8'."
        ) from error
    except (pd.errors.ParserError, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        raise EmocamError(f"{name!r} cannot be read as a table separated by {delimiter!r} ({reason}).") from error
    table.columns = table.columns.astype(str)
    absent = [column for column in needed if column not in table.columns]
    if absent:
        found = list(table.columns)
        more = f" and {len(found) - COLUMNS_LISTED} more" if len(found) > COLUMNS_LISTED else ""
        raise EmocamError(
            f"{name!r} has no column {_quoted(absent)}; found {_quoted(found[:COLUMNS_LISTED])}{more}.{hint}"
        )
    if table.empty:
        raise EmocamError(f"{name!r} has a header but no row; expected one row per image.")
    return table


def image_ids_of(paths: pd.Series, root: Path, table: str, *, rooted: bool = False) -> pd.Series:
    """The image id of each row: its path relative to ``root``, with "/" and without ".".

    Args:
        paths: text, as the table has it: relative to ``root``, or absolute and inside it.
        table: the table's name, for messages.
        rooted: a leading "/" stands for ``root`` (FindingEmo).

    Raises:
        EmocamError: a cell is empty or leads out of ``root``; its line is named.
    """

    def image_id(row: int, path: object) -> str:
        line = f"line {row + 2} of {table!r}"
        if not isinstance(path, str) or not path.strip():
            raise EmocamError(f"{line} has nothing in the column {paths.name!r}; expected an image's path.")
        relative = PurePosixPath(path.lstrip("/") if rooted else path)
        if "\\" in path and not (root / relative).exists():
            relative = PurePosixPath(path.replace("\\", "/"))  # written on Windows
        if relative.is_absolute() and relative.is_relative_to(root):
            relative = relative.relative_to(root)
        if relative.is_absolute() or ".." in relative.parts or not relative.parts or "\0" in path:
            raise EmocamError(
                f"{line} names {path!r}, which is not inside {str(root)!r}; expected a path relative to that folder."
            )
        return relative.as_posix()

    return pd.Series([image_id(row, path) for row, path in enumerate(paths)], index=paths.index, name="image_id")


def present(image_ids: pd.Series, root: Path, table: str) -> pd.Series:
    """bool per row: whether the image's file is there.

    Raises:
        EmocamError: none is.
    """
    there = image_ids.map(lambda image_id: (root / image_id).is_file())
    if not there.any():
        raise EmocamError(
            f"None of the {len(image_ids):,} images that {table!r} names is in {str(root)!r}; looked for "
            f"{image_ids.iloc[0]!r} and so on there. Name the folder that these paths start from."
        )
    return there


def refuse_doubles(image_ids: pd.Series, table: str) -> None:
    """Raises EmocamError where an image stands in more than one row."""
    doubles = image_ids[image_ids.duplicated(keep=False)]
    if len(doubles):
        first = doubles.iloc[0]
        lines = [str(row + 2) for row in image_ids.reset_index(drop=True)[lambda ids: (ids == first).to_numpy()].index]
        raise EmocamError(
            f"{table!r} has {doubles.nunique():,} in more than one row, such as {first!r} in lines "
            f"{', '.join(lines[:5])}; expected one row per image."
        )


def as_lists(column: pd.Series, separator: str = ",") -> pd.Series:
    """Each cell's parts as a tuple of strings, without the space around them; an empty cell has none."""
    return (
        column.fillna("")
        .astype(str)
        .map(lambda cell: tuple(part for part in (piece.strip() for piece in cell.split(separator)) if part))
    )


def contents(image_ids: pd.Series, labels: pd.Series | None, metadata: pd.DataFrame, there: pd.Series) -> Contents:
    """The rows whose images are there; a missing label is no annotation, surrounding space is no part of one."""
    ids = tuple(image_ids[there])
    annotations: dict[str, str] = {}
    if labels is not None:
        stripped = labels[there].str.strip()
        annotations = {
            image_id: label for image_id, label in zip(ids, stripped, strict=True) if isinstance(label, str) and label
        }
    table = metadata[there].set_index(pd.Index(ids, name="image_id"))
    return Contents(ids, annotations, table, tuple(image_ids[~there]))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(repr(str(name)) for name in names)
