"""The note on the image that a widget shows: in which file it is kept, and what stands there already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from emocam_widgets.corpus import Corpus
from emocam_widgets.corpus.notes import FILE, Notes
from emocam_widgets.errors import EmocamError

NO_FOLDER = "The image is not from a file, so there is no folder to keep the note in."


class NoteKeeper:
    """Notes beside the corpus of an image, or beside its file.

    Args:
        image_id: of the image in the corpus, or None.
        corpus: gives the corpus, or None; it may raise EmocamError.
        file: the file that the image was given as, or None.
    """

    def __init__(self, image_id: str | None, corpus: Callable[[], Corpus | None], file: Path | None) -> None:
        self.name = image_id or (file.name if file else "image")
        self._book = _book(image_id, corpus, file)

    def load(self, label: str) -> tuple[str, dict[str, Any]]:
        """The note on the image as that label, and where it stands."""
        try:
            return self._book.note(self.name, label), self._place(label, None)
        except EmocamError as error:
            return "", self._place(label, str(error))

    def save(self, label: str, note: str, name: str | None = None) -> dict[str, Any]:
        """Keeps a note, by default on the present image; says where, or why it could not be saved."""
        try:
            self._book.write(name or self.name, label, note.strip())
        except EmocamError as error:
            return self._place(label, str(error))
        return self._place(label, None)

    def table(self) -> pd.DataFrame:
        """All notes of the file: image_id, label, note, written."""
        return self._book.table()

    def _place(self, label: str, problem: str | None) -> dict[str, Any]:
        path = self._book.path
        return {
            "name": self.name,
            "label": label,
            "path": None if path is None else str(path),
            "problem": problem or self._book.why_not,
        }


def _book(image_id: str | None, corpus: Callable[[], Corpus | None], file: Path | None) -> Notes:
    if image_id is not None:
        try:
            found = corpus()
        except EmocamError as error:
            return Notes(None, str(error))
        if found is not None:
            return Notes.of_corpus(found)
    return Notes(None, NO_FOLDER) if file is None else Notes(file.parent / FILE)
