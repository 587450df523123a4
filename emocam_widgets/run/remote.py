"""Runs at an fsspec address (s3://, gs://, ...), mirrored in a local folder; a part never changes and travels once.

What is committed there is what is committed here: a part's tables are sent first and its part.json last, and readers
pass over a part without it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from emocam_widgets.errors import RunError
from emocam_widgets.run.manifest import MANIFEST

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PARTS = "parts"
PART_INFO = "part.json"
DAMAGED = "damaged"
LOCK = "writer.json"
LEASE_SECONDS = 600.0
"""A writer that has committed nothing for so long is taken for dead; living ones commit about once a minute."""


def is_address(path: str | os.PathLike[str]) -> bool:
    """Whether it names a place that fsspec opens, and not a local path."""
    return isinstance(path, str) and "://" in path


class RemoteRun:
    """A run at an address and its mirror.

    Attributes:
        address: as it was given.
        mirror: the local folder with the same content, below the user's data folder.

    Raises (on creation):
        RunError: fsspec does not know the address's protocol, or lacks the package for it.
    """

    def __init__(self, address: str) -> None:
        from fsspec.core import url_to_fs

        self.address = address.rstrip("/")
        try:
            self._files: AbstractFileSystem
            self._files, self._root = url_to_fs(self.address)
        except (ImportError, ValueError) as error:
            raise RunError(f"The address {address!r} cannot be opened ({error}).") from error
        self.mirror = _mirrors() / hashlib.sha256(self.address.encode()).hexdigest()[:24]
        self._lease: str | None = None

    def fetch(self) -> frozenset[str]:
        """Brings into the mirror what is new there, and gives the names of the parts that are there.

        What is only in the mirror is not touched: a writer of this machine may be about to send it.

        Raises:
            RunError: the address cannot be read.
        """
        with self._reaching("read"):
            self._files.invalidate_cache()
            there = self._parts() if self._files.exists(f"{self._root}/{MANIFEST}") else set()
            (self.mirror / PARTS).mkdir(parents=True, exist_ok=True)
            for name in sorted(there):
                if not (self.mirror / PARTS / name).is_dir():
                    self._fetch_part(name)
            if self._files.exists(f"{self._root}/{MANIFEST}"):
                self._fetch_file(f"{self._root}/{MANIFEST}", self.mirror / MANIFEST)
            elif self._lease is not None:  # it was deleted there: what is here belongs to a run that is no more
                shutil.rmtree(self.mirror / PARTS)
                (self.mirror / MANIFEST).unlink(missing_ok=True)
            return frozenset(there)

    def send_part(self, name: str) -> None:
        """Sends a part of the mirror, its part.json last, and renews the lease.

        Raises:
            RunError: the address cannot be written; the part stays in the mirror and is sent the next time.
        """
        with self._reaching("written"):
            part = self.mirror / PARTS / name
            files = sorted(part.iterdir(), key=lambda file: file.name == PART_INFO)
            for file in files:
                self._files.makedirs(f"{self._root}/{PARTS}/{name}", exist_ok=True)
                self._files.pipe_file(f"{self._root}/{PARTS}/{name}/{file.name}", file.read_bytes())
            if self._lease is not None:
                self._write_lease(self._lease)

    def send_missing(self) -> None:
        """Sends what a writer that died had committed here but not there, and the manifest.

        Raises:
            RunError: the address cannot be written.
        """
        with self._reaching("written"):
            there = self._parts()
        for part in sorted((self.mirror / PARTS).iterdir()):
            if part.name not in there:
                self.send_part(part.name)
        self.send_manifest()

    def drop_set_aside(self) -> None:
        """Removes from the mirror what another machine's writer has set aside as damaged and computed again.

        Raises:
            RunError: the address cannot be read.
        """
        with self._reaching("read"):
            names = [str(path).rsplit("/", 1)[1] for path in self._files.glob(f"{self._root}/{DAMAGED}/*")]
        for name in names:
            shutil.rmtree(self.mirror / PARTS / name, ignore_errors=True)

    def send_manifest(self) -> None:
        """Sends the mirror's manifest.

        Raises:
            RunError: the address cannot be written.
        """
        with self._reaching("written"):
            self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(f"{self._root}/{MANIFEST}", (self.mirror / MANIFEST).read_bytes())

    def set_aside(self, name: str) -> None:
        """Removes a damaged part there and leaves a note of its name; the mirror's writer keeps its own copy aside.

        Raises:
            RunError: the address cannot be written.
        """
        with self._reaching("written"):
            if self._files.exists(f"{self._root}/{PARTS}/{name}"):
                self._files.rm(f"{self._root}/{PARTS}/{name}", recursive=True)
            self._files.makedirs(f"{self._root}/{DAMAGED}", exist_ok=True)
            self._files.pipe_file(f"{self._root}/{DAMAGED}/{name}", b"damaged")

    def acquire(self) -> None:
        """Takes the place of the one writer.

        Where the file system creates files exclusively this is safe; elsewhere two that start in the same moment may
        both get it.

        Raises:
            RunError: somebody else is writing there, the place holds other files, or it cannot be written.
        """
        holder = uuid4().hex
        with self._reaching("written"):
            self._files.makedirs(self._root, exist_ok=True)
            names = {str(path).rstrip("/").rsplit("/", 1)[1] for path in self._files.ls(self._root, detail=False)}
            if names - {LOCK, DAMAGED} and MANIFEST not in names:
                raise RunError(f"{self.address!r} holds other files and is not a run; choose an empty or a new place.")
            found = self._read_lease()
            if found is not None and not _is_over(found):
                raise RunError(
                    f"The run {self.address!r} is being written by process {found['pid']} on {found['host']}; wait for "
                    f"it, or delete {self.address}/{LOCK} where you know that it is gone."
                )
            if found is not None:
                self._files.rm_file(f"{self._root}/{LOCK}")
            self._write_lease(holder, exclusive=True)
        self._lease = holder

    def release(self) -> None:
        """Gives the place free; a lease that another writer took over meanwhile stays."""
        if self._lease is None:
            return
        with self._reaching("written"):
            found = self._read_lease()
            if found is not None and found["holder"] == self._lease:
                self._files.rm_file(f"{self._root}/{LOCK}")
        self._lease = None

    def _parts(self) -> set[str]:
        """The parts that are whole there."""
        pattern = f"{self._root}/{PARTS}/*/{PART_INFO}"
        return {str(path).rsplit("/", 2)[1] for path in self._files.glob(pattern)}

    def _fetch_part(self, name: str) -> None:
        temporary = self.mirror / f".tmp-{uuid4().hex[:8]}"
        temporary.mkdir()
        try:
            for path in self._files.ls(f"{self._root}/{PARTS}/{name}", detail=False):
                self._fetch_file(path, temporary / Path(str(path)).name)
            temporary.rename(self.mirror / PARTS / name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _fetch_file(self, path: str, file: Path) -> None:
        temporary = file.with_name(f".tmp-{uuid4().hex[:8]}")
        try:
            temporary.write_bytes(self._files.cat_file(path))
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)

    def _read_lease(self) -> dict[str, Any] | None:
        self._files.invalidate_cache()
        try:
            lease = json.loads(self._files.cat_file(f"{self._root}/{LOCK}"))
            return {"holder": str(lease["holder"]), "host": str(lease["host"]), "pid": int(lease["pid"])} | {
                "renewed": float(lease["renewed"])
            }
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):  # half written by one that died: nobody's
            return {"holder": "", "host": "?", "pid": 0, "renewed": 0.0}

    def _write_lease(self, holder: str, exclusive: bool = False) -> None:
        lease = {"holder": holder, "host": socket.gethostname(), "pid": os.getpid(), "renewed": time.time()}
        content = json.dumps(lease).encode()
        path = f"{self._root}/{LOCK}"
        if not exclusive:
            self._files.pipe_file(path, content)
            return
        try:
            try:
                with self._files.open(path, "xb") as stream:
                    stream.write(content)
            except (ValueError, NotImplementedError):  # this file system knows no exclusive creation
                self._files.pipe_file(path, content, mode="create")
        except FileExistsError as error:
            raise RunError(f"The run {self.address!r} is being written by another process; wait for it.") from error

    @contextmanager
    def _reaching(self, what: str) -> Iterator[None]:
        try:
            yield
        except RunError:
            raise
        except Exception as error:  # every file system raises its own kinds: permissions, timeouts, missing buckets
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise RunError(f"The run {self.address!r} cannot be {what} ({reason}).") from error


def _is_over(lease: dict[str, Any]) -> bool:
    """Whether a lease's holder is gone: not renewed for long, or a process of this machine that has ended."""
    if time.time() - lease["renewed"] > LEASE_SECONDS:
        return True
    if lease["host"] != socket.gethostname():
        return False
    try:
        os.kill(lease["pid"], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _mirrors() -> Path:
    from emocam_widgets.demo import home

    return home() / "mirrors"
