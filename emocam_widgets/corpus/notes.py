"""Notes that people write on images: one CSV beside the corpus, a row per image and label, plain text."""

from __future__ import annotations

import csv
import os
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.corpus.base import Corpus

FILE = "emocam-notes.csv"
COLUMNS = ("image_id", "label", "note", "written")
_writing = threading.Lock()


class Notes:
    """The notes in one file, which is made with the first one. Read anew each time, so several kernels may share it.

    Attributes:
        path: the CSV file (UTF-8, a header line, quoted where needed), or None: then notes are kept in memory only.
        why_not: a sentence that says why there is no file, or None.
    """

    def __init__(self, path: Path | None, why_not: str | None = None) -> None:
        self.path = path
        self.why_not = why_not
        self._unsaved: dict[tuple[str, str], tuple[str, str]] = {}

    @classmethod
    def of_corpus(cls, corpus: Corpus) -> Notes:
        """Beside the images of a corpus; of the embedded one, whose folder is the package's, in the user's own folder.

        A corpus at an address has no place to write to: its notes are kept in memory, and ``why_not`` says so.
        """
        if corpus.kind == "address":
            return cls(None, f"The corpus is at {corpus.settings.get('address')}, where nothing can be written.")
        if corpus.kind == "demo":
            from emocam_widgets.demo import home

            return cls(home() / "notes" / f"{corpus.name}-{FILE}")
        return cls(corpus.root / FILE)

    def note(self, image_id: str, label: str) -> str:
        """The note on an image as that label; empty where there is none."""
        return self._read().get((image_id, label), ("", ""))[0]

    def write(self, image_id: str, label: str, note: str) -> None:
        """Keeps a note, or with an empty one removes it. The file is replaced as a whole, so it is never half written.

        Raises:
            EmocamError: the file cannot be read or written; the note is then kept in memory.
        """
        with _writing:
            self._unsaved[image_id, label] = (note, datetime.now(UTC).isoformat(timespec="seconds"))
            if self.path is not None:
                self._replace(self.path, self._read())
                self._unsaved.clear()

    def table(self) -> pd.DataFrame:
        """All notes: image_id, label, note, written (UTC, ISO 8601), sorted by image and label."""
        import pandas as pd

        rows = [(image_id, label, *rest) for (image_id, label), rest in sorted(self._read().items())]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _read(self) -> dict[tuple[str, str], tuple[str, str]]:
        """What the file holds, and over it what could not be saved; a note that was emptied is none."""
        rows = {**self._stored(), **self._unsaved}
        return {key: row for key, row in rows.items() if row[0]}

    def _stored(self) -> dict[tuple[str, str], tuple[str, str]]:
        if self.path is None or not self.path.is_file():
            return {}
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file)
                if not set(COLUMNS) <= set(reader.fieldnames or ()):
                    raise EmocamError(f"{self.path} is no file of notes: it lacks columns of {', '.join(COLUMNS)}.")
                return {(row["image_id"], row["label"]): (row["note"], row["written"]) for row in reader}
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise EmocamError(f"The notes in {self.path} cannot be read ({error}).") from error

    def _replace(self, path: Path, rows: dict[tuple[str, str], tuple[str, str]]) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            partial = Path(name)
            try:
                with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file)
                    writer.writerow(COLUMNS)
                    writer.writerows((*key, *rest) for key, rest in sorted(rows.items()))
                partial.chmod(0o644)
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise EmocamError(f"The note could not be saved in {path} ({error.strerror or error}).") from error
