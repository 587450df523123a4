"""Published weights by name: where they lie here, what is wrong with them, and fetching them whole or not at all.

What is in the files is not known here; the loaders in `models` and `detectors` read and judge them.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.published_models import PUBLISHED, PublishedModel, WeightsFile, folder

__all__ = ["PUBLISHED", "PublishedModel", "WeightsFile", "folder", "needed_files", "problem", "published", "pull"]

TIMEOUT = 30.0  # seconds without an answer; a slow but living download goes on
_SHA256_DIGITS = 64


def published(name: str) -> PublishedModel:
    """The published model of that name; UnknownNameError names the nearest known one."""
    if name not in PUBLISHED:
        raise UnknownNameError("published model", name, PUBLISHED)
    return PUBLISHED[name]


def needed_files(name: str) -> dict[str, Path]:
    """The paths of the files that a model needs, by name; EmocamError where one is missing, with how to get it."""
    model = published(name)
    missing = [file for file in model.files if file.needed and not model.path(file.name).is_file()]
    if missing:
        sources = " and ".join(f"{file.name} from {file.address}" for file in missing)
        raise EmocamError(
            f"{name} is not here yet: run `emocam models pull {name}`, or put {sources} into {model.folder} by hand."
        )
    return {file.name: model.path(file.name) for file in model.files if file.needed}


def pull(name: str, progress: bool = False) -> list[Path]:
    """Fetches those of a model's files that are not here, each whole or not at all; the paths of all its files.

    Two at once wait for each other. Raises EmocamError where a file cannot be fetched or is not the published one.
    """
    from filelock import FileLock

    model = published(name)
    try:
        model.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder() / f"{name}.lock"):
            for file in model.files:
                if not model.path(file.name).is_file():
                    _fetch(model, file, progress)
    except OSError as error:
        raise EmocamError(f"{model.folder} cannot be written ({error}); set EMOCAM_HOME to another folder.") from error
    return [model.path(file.name) for file in model.files]


def problem(model: PublishedModel, file: WeightsFile) -> str | None:
    """What is wrong with a file as it lies here ("missing", its size, its checksum), or None."""
    return _problem(model.path(file.name), file)


def _problem(path: Path, file: WeightsFile) -> str | None:
    if not path.is_file():
        return "missing"
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        return f"{size:,} bytes; expected {file.size:,}"
    # A page of HTML in place of the file, or a pointer to it, is told by its size even where that is not published.
    if size < (file.about or 4) // 4:
        return f"{size:,} bytes; expected {f'about {file.about:,}' if file.about else 'some'}"
    if file.sha256 is not None and not (found := _sha256(path)).startswith(file.sha256):
        beginning = "" if len(file.sha256) == _SHA256_DIGITS else "one that begins with "
        return f"sha256 {found}; expected {beginning}{file.sha256}"
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _fetch(model: PublishedModel, file: WeightsFile, progress: bool) -> None:
    """Into a folder of its own first, which goes whatever happens: under its name there is only ever the whole file."""
    import pooch
    from requests.exceptions import RequestException

    target = model.path(file.name)
    partial = model.folder / ".partial"
    shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed; nothing else writes under the lock
    try:
        with _quiet_pooch():
            downloader = pooch.HTTPDownloader(progressbar=progress, timeout=TIMEOUT)
            pooch.retrieve(file.address, known_hash=None, fname=file.name, path=partial, downloader=downloader)
        found = _problem(partial / file.name, file)
        if found is not None:
            raise EmocamError(
                f"{file.address} gave another file than {file.name}: {found}; put the right one into {model.folder} "
                "by hand."
            )
        (partial / file.name).replace(target)
    except RequestException as error:
        raise EmocamError(
            f"{file.name} could not be fetched from {file.address} ({_reason(error)}); "
            f"fetch it in another way and put it into {model.folder}."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _reason(error: Exception) -> str:
    from requests.exceptions import ConnectionError as NoConnection
    from requests.exceptions import HTTPError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, Timeout):
        return "the server did not answer in time"
    if isinstance(error, NoConnection):
        return "no connection"
    return "the connection broke off"


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Pooch tells the checksum of every download; we show its progress bar only."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
