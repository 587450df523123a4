"""A corpus below an fsspec address (s3://bucket/photos, ...): each image is fetched when it is needed."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from PIL import Image

from emocam_widgets.corpus.base import Corpus
from emocam_widgets.corpus.images import SUFFIXES, read_image
from emocam_widgets.errors import EmocamError, ImageError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

MAX_FILE_BYTES = 512 * 1024 * 1024
_SETTING = "address"


class RemoteCorpus(Corpus):
    """Like any other corpus, but that `path` has no local file to give. Made by `Corpus.from_folder(address)`."""

    @classmethod
    def from_address(cls, address: str) -> RemoteCorpus:
        """All images below an address; its protocol's package (s3fs, gcsfs, ...) must be installed.

        Raises:
            EmocamError: the address cannot be listed, or there is no image below it.
        """
        address = address.rstrip("/")
        files, root = _file_system(address)
        try:
            found = files.find(root)
        except Exception as error:  # every file system has errors of its own
            raise EmocamError(f"{address} cannot be listed ({_reason(error)}).") from error
        relative = [str(path)[len(root) :].lstrip("/") for path in found]
        ids = sorted(name for name in relative if _is_image(name))
        if not ids:
            raise EmocamError(f"There is no image below {address}; looked for files ending in {', '.join(SUFFIXES)}.")
        name = address.rsplit("/", 1)[-1]
        return cls(Path(address), ids, name=name, kind="address", settings={_SETTING: address})

    def open(self, image_id: str) -> Image.Image:
        """See Corpus."""
        if image_id not in self:
            raise ImageError(f"it is not in the corpus {self.name!r}", image_id)
        address = self.settings[_SETTING]
        files, root = _file_system(address)
        try:
            place = f"{root}/{image_id}"
            size = files.size(place)
            if size is not None and size > MAX_FILE_BYTES:
                raise ImageError(f"the file has {size:,} bytes, more than {MAX_FILE_BYTES:,}", image_id)
            content = files.cat_file(place)
        except FileNotFoundError as error:
            raise ImageError("there is no such file", image_id) from error
        except ImageError:
            raise
        except Exception as error:
            raise ImageError(f"it cannot be fetched ({_reason(error)})", image_id) from error
        try:
            return read_image(content)
        except ImageError as error:
            raise ImageError(error.reason, image_id) from error

    def path(self, image_id: str) -> Path:
        """There is no local file.

        Raises:
            ImageError: always.
        """
        raise ImageError(f"it is at {self.settings[_SETTING]}, not in a local file; open() fetches it", image_id)


def _file_system(address: str) -> tuple[AbstractFileSystem, str]:
    from fsspec.core import url_to_fs

    try:
        files, root = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise EmocamError(f"The address {address!r} cannot be opened ({error}).") from error
    return files, root


def _is_image(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name.lower().endswith(SUFFIXES) and not any(part.startswith(".") for part in parts)


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
