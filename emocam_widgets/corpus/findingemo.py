"""FindingEmo: 25,869 photographs of people, annotated with Plutchik's 24 emotions and more (the first paper's corpus).

The annotations come from the package findingemo-light (CC BY-NC-SA 4.0) or a CSV like its; the images are the user's.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from emocam_widgets.corpus.tables import Contents, as_lists, contents, image_ids_of, parsed_table, present, read_table
from emocam_widgets.errors import EmocamError
from emocam_widgets.labels import PLUTCHIK_LABELS

IMAGE, LABEL = "image_path", "emotion"
LISTS = ("tags", "age", "dec_factors")
NUMBERS = ("valence", "arousal", "ambiguity")
PACKAGE = "findingemo-light"


def read_findingemo(images: Path, annotations: Path | None) -> Contents:
    """What the annotations say of the images below the download folder ``images``.

    Where a table has several annotations of one image, they become one: its label is the most frequent emotion (of
    equally frequent ones the first in the table), numbers are averaged, lists joined; `n_annotations` tells how many.

    Raises:
        EmocamError: the package is not installed, the table is not FindingEmo's, or none of its images is there.
    """
    table = read_annotations(annotations)
    name = PACKAGE if annotations is None else str(annotations)
    unknown = sorted(set(table[LABEL].dropna()) - set(PLUTCHIK_LABELS))
    if unknown:
        raise EmocamError(
            f"{name!r} has the emotion {unknown[0]!r} ({len(unknown)} such), which is none of Plutchik's 24; expected "
            f"{', '.join(PLUTCHIK_LABELS)}."
        )
    image_ids = image_ids_of(table[IMAGE], images, name, rooted=True)
    merged = _one_row_each(image_ids, table)
    ids = pd.Series(merged.index, index=merged.index)
    return contents(ids, merged[LABEL], merged.drop(columns=LABEL), present(ids, images, name))


def read_annotations(annotations: Path | None = None) -> pd.DataFrame:
    """The annotations as a table: tags, age and dec_factors as tuples, the rest as it is, ``user`` left out.

    Args:
        annotations: a CSV like the package's; None: the package's own.

    Raises:
        EmocamError: the package is not installed, or the table lacks a column or has no numbers where it should.
    """
    needed = (IMAGE, LABEL)
    if annotations is not None:
        table = read_table(annotations, needed, text=LISTS, hint=" Expected FindingEmo's annotations.")
    else:
        table = parsed_table(StringIO(_from_package()), PACKAGE, needed, text=LISTS)
    name = PACKAGE if annotations is None else str(annotations)
    for column in NUMBERS:
        if column in table:
            try:
                table[column] = pd.to_numeric(table[column])
            except ValueError as error:
                raise EmocamError(
                    f"The column {column!r} of {name!r} has something else than numbers ({error})."
                ) from error
    for column in LISTS:
        if column in table:
            table[column] = as_lists(table[column])
    return table.drop(columns=["index", "user"], errors="ignore")


def _from_package() -> str:
    try:
        from findingemo_light.data.read_annotations import read_annotations as read
    except ImportError as error:
        raise EmocamError(
            "The annotations of FindingEmo come with the package findingemo-light, which is not installed: "
            'pip install "emocam-widgets[findingemo]", or name a CSV of them with annotations=...'
        ) from error
    return str(read())


def _one_row_each(image_ids: pd.Series, table: pd.DataFrame) -> pd.DataFrame:
    """One row per image, in the order of the images' first rows, indexed by image_id."""
    table = table.drop(columns=IMAGE).set_index(pd.Index(image_ids, name="image_id"))
    table["n_annotations"] = 1
    again = table.index.duplicated(keep=False)
    if not again.any():
        return table
    doubles = table[again].groupby(level=0, sort=False)
    merged = doubles.first()
    merged[LABEL] = doubles[LABEL].agg(_most_frequent)
    for column in (column for column in NUMBERS if column in table):
        merged[column] = doubles[column].mean()
    for column in (column for column in LISTS if column in table):
        merged[column] = doubles[column].agg(_joined)
    merged["n_annotations"] = doubles.size()
    return pd.concat([table[~again], merged]).loc[table.index.unique()]


def _joined(lists: pd.Series) -> Any:
    return tuple(dict.fromkeys(part for one in lists for part in one))


def _most_frequent(labels: pd.Series) -> object:
    counts = labels.value_counts(sort=False)  # in the order of their first appearance
    return counts.idxmax() if len(counts) else None
