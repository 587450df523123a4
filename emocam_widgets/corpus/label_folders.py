"""A folder per label as a corpus: an own annotated album, or the Emotion Dataset with its eight (You et al. 2016)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from emocam_widgets.corpus.folder import list_images
from emocam_widgets.corpus.tables import Contents
from emocam_widgets.errors import EmocamError, nearest_name


def read_label_folders(root: Path) -> Contents:
    """The images below ``root``, each annotated with the name of the folder in ``root`` that it is in.

    Images that lie in ``root`` itself have no annotation.

    Raises:
        EmocamError: there is no image in any folder below ``root``.
    """
    ids = list_images(root)
    annotations = {image_id: PurePosixPath(image_id).parts[0] for image_id in ids if "/" in image_id}
    if not annotations:
        raise EmocamError(
            f"All images of {str(root)!r} lie in it directly; expected a folder per label, named like it."
        )
    return _contents(ids, annotations)


def read_known_label_folders(root: Path, labels: Sequence[str], what: str) -> Contents:
    """The images below ``root``, each annotated with the folder on its path that is named like one of ``labels``.

    The nearest such folder counts, in capital or small letters, so that a division into train/ and test/ does no harm.

    Args:
        what: what the labels are the labels of, for the message.

    Raises:
        EmocamError: an image is in none of these folders.
    """
    known = {label.casefold(): label for label in labels}
    ids = list_images(root)
    folders = {image_id: _nearest(PurePosixPath(image_id).parts[:-1], known) for image_id in ids}
    without = [image_id for image_id, label in folders.items() if label is None]
    if without:
        folder = PurePosixPath(without[0]).parent.as_posix()
        nearest = nearest_name(PurePosixPath(folder).name, labels) if folder != "." else None
        raise EmocamError(
            f"{len(without):,} images in {str(root)!r} are in no folder of {what}, such as {without[0]!r}"
            f"{f' (did you mean {nearest!r}?)' if nearest else ''}; expected a folder per label: {', '.join(labels)}."
        )
    return _contents(ids, {image_id: label for image_id, label in folders.items() if label is not None})


def _nearest(folders: Iterable[str], known: dict[str, str]) -> str | None:
    return next((known[name.casefold()] for name in reversed(tuple(folders)) if name.casefold() in known), None)


def _contents(ids: Sequence[str], annotations: dict[str, str]) -> Contents:
    return Contents(tuple(ids), annotations, pd.DataFrame(index=pd.Index(ids, name="image_id")))
