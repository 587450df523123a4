"""A folder as a corpus: which files in it are images, and the way from an image id to a file inside it."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from emocam_widgets.corpus.images import SUFFIXES
from emocam_widgets.errors import EmocamError, ImageError


def existing_folder(path: str | os.PathLike[str]) -> Path:
    """``path`` as an absolute folder, links resolved.

    Raises:
        EmocamError: there is none.
    """
    folder = Path(path).expanduser()
    if not folder.exists():
        raise EmocamError(f"There is no folder {str(path)!r}; expected a folder with images.")
    if not folder.is_dir():
        raise EmocamError(f"{str(path)!r} is a file; expected a folder with images.")
    return folder.resolve()


def list_images(root: Path) -> list[str]:
    """The image ids of all files below ``root`` whose name ends like an image's, sorted.

    Other files, hidden files and folders (name starting with a dot) are passed over; linked folders are not entered.

    Raises:
        EmocamError: there are none, or a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise EmocamError(f"The folder {error.filename!r} cannot be read ({error.strerror}).") from error

    ids = []
    for folder, subfolders, files in os.walk(root, onerror=refuse):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        inside = Path(folder).relative_to(root)
        ids += [_image_id(inside / name) for name in files if _named_like_an_image(name)]
    if not ids:
        looked_for = ", ".join(SUFFIXES)
        raise EmocamError(
            f"There is no image in {str(root)!r} or its subfolders; looked for files ending in {looked_for}."
        )
    return sorted(ids)


def image_path(root: Path, image_id: str) -> Path:
    """The file of ``image_id`` below ``root``, links resolved.

    Raises:
        ImageError: the id or a link on its way leads out of ``root``, or there is no such file.
    """
    relative = PurePosixPath(image_id)
    if not image_id or "\0" in image_id or relative.is_absolute() or ".." in relative.parts:
        raise ImageError("an image id is a path inside the corpus, relative and without '..'", image_id)
    try:
        path = (root / relative).resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that go in a circle
        raise ImageError("there is no such file", image_id) from error
    if not path.is_relative_to(root):
        raise ImageError("it is a link that leads out of the corpus folder", image_id)
    return path


def _named_like_an_image(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _image_id(relative: Path) -> str:
    # a name that is not valid UTF-8 could not be written into a table; it is listed, and then fails to open by this id
    return relative.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")
