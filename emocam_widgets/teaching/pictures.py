"""Pictures for the notebooks: a folder of drawn ones that stands in for the reader's own, and the first of a label."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from emocam_widgets import demo
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import known_name

if TYPE_CHECKING:
    from emocam_widgets.models import SplitClassifier

FOLDER = "synthetic-pictures"
BATCH = 8


def picture_folder(count: int = 24) -> Path:
    """A folder with ``count`` of the embedded, synthetic pictures, as if they were the reader's own.

    It lies in the user's data folder (`demo.home()`), so that labels and notes given there stay; what is there is left
    as it is.
    """
    folder = demo.home() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    corpus = Corpus.demo()
    ids = list(corpus)
    for image_id in ids[:: max(1, len(ids) // count)][:count]:
        if not (folder / image_id).exists():
            handle, part = tempfile.mkstemp(dir=folder, prefix=".")  # hidden, so no image of the folder yet
            os.close(handle)
            shutil.copyfile(corpus.root / image_id, part)
            Path(part).replace(folder / image_id)
    return folder


def first_picture(corpus: Corpus, classifier: SplitClassifier, label: str) -> str:
    """The id of the first picture that the classifier gives this label; where it gives it to none, of the one nearest.

    Raises:
        UnknownNameError: the classifier has no such label.
    """
    column = classifier.labels.index(known_name("label", label, classifier.labels))
    nearest, best = "", -1.0
    ids = list(corpus)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        for image_id, found in zip(batch, classifier.predict([corpus.open(one) for one in batch]), strict=True):
            if found.label == label:
                return image_id
            if found.probabilities[column] > best:
                nearest, best = image_id, float(found.probabilities[column])
    return nearest
