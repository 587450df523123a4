"""The labels that people give to images: kept in the session, saved beside the corpus, undone.

It knows the file, nothing of how labels are given or shown.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from emocam_widgets.corpus.annotation_file import FILE_NAME, AnnotationFile, Given, as_csv
from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus

Changes = dict[str, str | None]
_Step = dict[str, tuple[Given | None, Given | None]]
KEPT = "Labels are kept in this session only: download them before you close it."
UNDO_STEPS = 1000


def default_file(corpus: Corpus | None) -> tuple[Path | None, str]:
    """Where labels of this corpus's images go unless told otherwise, and, where that is nowhere, why."""
    if corpus is None:
        return None, f"The images' folder is not known. {KEPT}"
    if corpus.kind == "address":
        return None, f"The images are at a remote address, which is not written to. {KEPT}"
    if corpus.kind == "demo":
        return None, f"The embedded demo is part of the installation, which is not written to. {KEPT}"
    if not os.access(corpus.root, os.W_OK):
        return corpus.root / FILE_NAME, f"The images' folder, {corpus.root}, may not be written to. {KEPT}"
    return corpus.root / FILE_NAME, ""


class Annotations:
    """Image ids and the labels given to them, with undo; what cannot be saved stays here and is tried again.

    Attributes:
        path: the file that they are saved in, or None.
        note: why they are not saved, one sentence; empty where they are.
    """

    def __init__(self, path: Path | None, note: str = "") -> None:
        self.path = path
        self.note = note
        self._labels: dict[str, Given] = {}
        self._unsaved: dict[str, Given | None] = {}
        self._steps: list[_Step] = []
        self._lock = threading.RLock()
        self._read()

    @property
    def labels(self) -> dict[str, str]:
        """Image id to label."""
        with self._lock:
            return {image_id: given.label for image_id, given in self._labels.items()}

    @property
    def steps(self) -> int:
        """How many steps can be undone."""
        return len(self._steps)

    def give(self, image_ids: Iterable[str], label: str | None) -> Changes:
        """Gives all these images the label (None: takes it away), as one step; returns what is different now."""
        with self._lock:
            given = None if label is None else Given.now(label)
            step = {image_id: (self._labels.get(image_id), given) for image_id in image_ids}
            self._steps = [*self._steps[1 - UNDO_STEPS :], step]
            return self._apply({image_id: after for image_id, (_, after) in step.items()})

    def undo(self) -> Changes:
        """Takes the last step back, but for images that somebody else has labelled since; returns what is different."""
        with self._lock:
            if not self._steps:
                return {}
            step = self._steps.pop()
            mine = {image_id: pair for image_id, pair in step.items() if self._labels.get(image_id) == pair[1]}
            return self._apply({image_id: before for image_id, (before, _) in mine.items()}, mine)

    def save_in(self, path: Path | None, note: str = "") -> Changes:
        """From now on in this file; what is known already goes there too. Returns what the file adds."""
        with self._lock:
            self.path, self.note = path, note
            before, self._labels = self._labels, {}
            self._read()
            self._unsaved = {
                image_id: given for image_id, given in before.items() if given != self._labels.get(image_id)
            }
            self._labels = {**self._labels, **before}
            if path is not None and self._unsaved:
                self._save()
            return _differences(before, self._labels)

    def as_csv(self) -> bytes:
        """All of them as the table that the file would hold."""
        with self._lock:
            return as_csv(self._labels)

    def _read(self) -> None:
        if self.path is None:
            return
        try:
            self._labels.update(AnnotationFile(self.path).read())
        except EmocamError as error:
            self.note = f"{error} {KEPT}"

    def _apply(self, changes: Mapping[str, Given | None], undone: _Step | None = None) -> Changes:
        before = dict(self._labels)
        for image_id, given in changes.items():
            _put(self._labels, image_id, given)
        self._unsaved.update(changes)
        if self.path is not None:
            self._save(undone)
        return _differences(before, self._labels)

    def _save(self, undone: _Step | None = None) -> None:
        assert self.path is not None
        # A row that another writer has changed since is not undone; everything else that waits is written.
        expected = None
        file = AnnotationFile(self.path)
        try:
            if undone is not None:
                there = file.read()
                expected = {
                    **{i: there.get(i) for i in self._unsaved},
                    **{i: after for i, (_, after) in undone.items()},
                }
            self._labels = file.put(self._unsaved, expected)
        except EmocamError as error:
            self.note = f"{error} {KEPT}"
            return
        self._unsaved = {}
        self.note = ""


def _put(labels: dict[str, Given], image_id: str, given: Given | None) -> None:
    if given is None:
        labels.pop(image_id, None)
    else:
        labels[image_id] = given


def _differences(before: Mapping[str, Given], after: Mapping[str, Given]) -> Changes:
    ids = dict.fromkeys([*before, *after])
    label = {image_id: after[image_id].label if image_id in after else None for image_id in ids}
    return {i: label[i] for i in ids if (before[i].label if i in before else None) != label[i]}
