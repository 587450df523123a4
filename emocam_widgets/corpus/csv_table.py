"""Any CSV (or TSV) as a corpus: one row per image, a column with its path, perhaps one with its label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from emocam_widgets.corpus.folder import existing_folder
from emocam_widgets.corpus.tables import Contents, as_lists, contents, image_ids_of, present, read_table, refuse_doubles
from emocam_widgets.errors import EmocamError

TABS = (".tsv", ".tab")


def read_csv_table(
    csv: Path,
    root: Path | None,
    image: str,
    label: str | None,
    lists: Sequence[str],
    delimiter: str | None,
    encoding: str,
) -> tuple[Path, Contents]:
    """The folder of the images and what the table says of them; the arguments are `Corpus.from_csv`'s.

    Raises:
        EmocamError: see there.
    """
    separator = delimiter or ("\t" if csv.suffix.lower() in TABS else ",")
    needed = [column for column in (image, label) if column is not None]
    hint = " Name them with image=... and label=... (label=None where there are no labels)."
    table = read_table(csv, [*needed, *lists], delimiter=separator, encoding=encoding, hint=hint)
    folder = existing_folder(csv.expanduser().parent if root is None else root)
    image_ids = image_ids_of(table[image], folder, str(csv))
    refuse_doubles(image_ids, str(csv))
    metadata = table.drop(columns=needed)
    for column in lists:
        if column in needed:
            raise EmocamError(f"The column {column!r} is the image's or the label's; expected other columns in lists.")
        metadata[column] = as_lists(metadata[column])
    labels = table[label] if label is not None else None
    return folder, contents(image_ids, labels, metadata, present(image_ids, folder, str(csv)))
