"""Writing a run: parts that are there whole or not at all, one writer per folder, and what is done already.

A part is a folder of Parquet tables and a part.json, written under a temporary name and renamed into ``parts/``.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from emocam_widgets.errors import RunError, known_name
from emocam_widgets.run.manifest import (
    MANIFEST,
    Manifest,
    MismatchError,
    read_manifest,
    write_atomically,
    write_manifest,
)
from emocam_widgets.run.remote import RemoteRun, is_address
from emocam_widgets.run.schema import TABLES, to_arrow

PARTS = "parts"
DAMAGED = "damaged"
PART_INFO = "part.json"
LOCK = ".lock"
TEMPORARY = ".tmp-"

Rows = pd.DataFrame | Iterable[Mapping[str, Any]]
log = logging.getLogger(__name__)


class RunWriter:
    """The one writer of a run folder, or of a run at an fsspec address; a context manager that holds its lock.

        with RunWriter(path, manifest) as writer:
            todo = [i for i in corpus if i not in writer.done_images()]
            writer.write_part({"images": ..., "boxes": ..., "cams": ...}, detected={"demo": todo})

    Opening an existing run continues it: ``manifest`` is merged into what is there, leftovers of a writer that died are
    removed, and parts that cannot be read are set aside into ``damaged/`` (their images then count as not done).

    Attributes:
        path: the run folder; of a run at an address its local mirror.
        manifest: as it stands in the folder.
        set_aside: names of the damaged parts that were found on opening.

    Raises (on creation):
        RunError: somebody else is writing there, the folder holds something that is no run, or the run was begun with
            another corpus, classifier or other settings.
    """

    def __init__(self, path: str | os.PathLike[str], manifest: Manifest) -> None:
        self._remote = RemoteRun(str(path)) if is_address(path) else None
        self.path = self._remote.mirror if self._remote is not None else Path(path).expanduser().absolute()
        self._lock = self._prepare_folder()
        try:
            if self._remote is not None:
                self._remote.acquire()
                self._remote.fetch()
                self._remote.drop_set_aside()
            self.manifest = self._continue(manifest)
            self._clean()
            self.set_aside = tuple(self._set_damaged_aside())
            self._done = _Done.read(self.path)
            if self._remote is not None:
                for name in self.set_aside:
                    self._remote.set_aside(name)
                self._remote.send_missing()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the folder free for another writer; what was written stays."""
        try:
            if self._remote is not None:
                self._remote.release()
        finally:
            self._lock.release()

    def write_part(self, tables: Mapping[str, Rows], detected: Mapping[str, Iterable[str]] | None = None) -> str:
        """Commits a part and returns its name.

        Args:
            tables: any subset of the run's tables by name; empty ones are left out.
            detected: per detector the images that it looked at, those without any box included.

        Raises:
            RunError: the disk is full or the folder may not be written; the run is as it was before.
            ValueError: the rows do not fit the schema.
        """
        arrow = {name: to_arrow(name, rows) for name, rows in tables.items()}
        arrow = {name: table for name, table in arrow.items() if table.num_rows}
        looked_at = {name: sorted(set(ids)) for name, ids in (detected or {}).items()}
        info: dict[str, Any] = {
            "rows": {name: table.num_rows for name, table in arrow.items()},
            "detected": looked_at,
            "checksums": {},
        }
        name = f"{self._done.next_number:06d}-{uuid4().hex[:8]}"
        temporary = self.path / f"{TEMPORARY}{name}"
        try:
            temporary.mkdir()
            for table_name, table in arrow.items():
                info["checksums"][table_name] = _write_parquet(temporary / f"{table_name}.parquet", table)
            info["checksum"] = _info_checksum(info)
            write_atomically(temporary / PART_INFO, json.dumps(info, ensure_ascii=False))
            _sync_folder(temporary)
            temporary.rename(self.path / PARTS / name)
            _sync_folder(self.path / PARTS)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise RunError(self._unwritable(error)) from error
        self._done.add(arrow, looked_at)
        if self._remote is not None:
            self._remote.send_part(name)
        return name

    def done_images(self, method: str | None = None, output: str | None = None) -> frozenset[str]:
        """Images that were classified; with ``method``, images that have its CAM (of that output, or of any)."""
        if method is None:
            return frozenset(self._done.images)
        outputs = self._done.cams.get(method, {})
        sets = outputs.values() if output is None else [outputs.get(output, set())]
        return frozenset().union(*sets)

    def detected_images(self, detector: str) -> frozenset[str]:
        """Images that the detector looked at, whether or not it found anything."""
        return frozenset(self._done.detected.get(detector, ()))

    def failed_images(self) -> frozenset[str]:
        """Images with a row in failures."""
        return frozenset(self._done.failed)

    def finish(self, **counts: int) -> None:
        """Writes the counts into the manifest (images, boxes, failures and what is given).

        Raises:
            RunError: the disk is full or the folder may not be written; all parts are there nevertheless.
        """
        self.manifest = replace(self.manifest, counts={**self._done.counts(), **counts})
        try:
            write_manifest(self.path, self.manifest)
        except OSError as error:
            raise RunError(self._unwritable(error)) from error
        if self._remote is not None:
            self._remote.send_manifest()

    def _unwritable(self, error: OSError) -> str:
        return (
            f"The run {str(self.path)!r} cannot be written ({error.strerror or error}); "
            "what was finished before is kept, call analyze again to go on."
        )

    def _prepare_folder(self) -> FileLock:
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"{str(self.path)!r} is a file; a run needs a folder of its own.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            others = [p.name for p in self.path.iterdir() if not p.name.startswith(TEMPORARY) and p.name != LOCK]
            if self._remote is None and others and not (self.path / MANIFEST).is_file():
                raise RunError(
                    f"{str(self.path)!r} holds other files and is not a run; choose an empty or a new folder for it."
                )
            lock = FileLock(self.path / LOCK, timeout=0)
            lock.acquire()
        except Timeout as error:
            raise RunError(
                f"The run {str(self.path)!r} is being written by another process or notebook; wait for it or stop it."
            ) from error
        except OSError as error:
            raise RunError(f"The folder {str(self.path)!r} cannot be written ({error.strerror or error}).") from error
        return lock

    def _continue(self, new: Manifest) -> Manifest:
        manifest = new
        if (self.path / MANIFEST).is_file():
            try:
                manifest = read_manifest(self.path).merged(new)
            except MismatchError as error:
                raise RunError(
                    f"The run {str(self.path)!r} cannot be continued, because {error}; choose another folder."
                ) from error
        try:
            write_manifest(self.path, manifest)  # first: a folder of a writer that died here is a run's, too
            (self.path / PARTS).mkdir(exist_ok=True)
        except OSError as error:
            raise RunError(f"The folder {str(self.path)!r} cannot be written ({error.strerror or error}).") from error
        return manifest

    def _clean(self) -> None:
        for leftover in self.path.glob(f"{TEMPORARY}*"):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)

    def _set_damaged_aside(self) -> list[str]:
        damaged = []
        for part in part_folders(self.path):
            try:
                check_part(part)
            except RunError as error:
                log.warning("%s It is set aside into %r and computed again.", error, DAMAGED)
                (self.path / DAMAGED).mkdir(exist_ok=True)
                part.rename(self.path / DAMAGED / f"{part.name}-{uuid4().hex[:8]}")
                damaged.append(part.name)
        return damaged


class _Done:
    """What the parts of a run hold already, by image id; read from the id columns alone."""

    def __init__(self) -> None:
        self.images: set[str] = set()
        self.cams: dict[str, dict[str, set[str]]] = {}
        self.detected: dict[str, set[str]] = {}
        self.failed: set[str] = set()
        self.next_number = 0
        self._rows: dict[str, int] = {}

    @classmethod
    def read(cls, path: Path) -> _Done:
        done = cls()
        for part in part_folders(path):
            info = read_part_info(part)
            columns = {"images": ["image_id"], "cams": ["image_id", "method", "output"], "failures": ["image_id"]}
            tables = {name: read_table(part, name, wanted) for name, wanted in columns.items() if name in info["rows"]}
            done.add(tables, info["detected"], info["rows"])
            done.next_number = max(done.next_number, _number(part.name) + 1)
        return done

    def add(
        self,
        tables: Mapping[str, pa.Table],
        detected: Mapping[str, Iterable[str]],
        rows: Mapping[str, int] | None = None,
    ) -> None:
        self.next_number += 1
        for name, count in (rows or {name: table.num_rows for name, table in tables.items()}).items():
            self._rows[name] = self._rows.get(name, 0) + count
        if "images" in tables:
            ids = tables["images"]["image_id"].to_pylist()
            self.images.update(ids)
            self.failed.difference_update(ids)  # it failed before, and now it did not
        if "cams" in tables:
            cams = tables["cams"].select(["image_id", "method", "output"]).to_pydict()
            for image_id, method, output in zip(cams["image_id"], cams["method"], cams["output"], strict=True):
                self.cams.setdefault(method, {}).setdefault(output, set()).add(image_id)
            self.failed.difference_update(cams["image_id"])
        if "failures" in tables:
            self.failed.update(tables["failures"]["image_id"].to_pylist())
        for detector, ids in detected.items():
            self.detected.setdefault(detector, set()).update(ids)

    def counts(self) -> dict[str, int]:
        counts = {name: self._rows.get(name, 0) for name in ("boxes", "cams", "pastes")}
        return {"images": len(self.images), **counts, "failures": len(self.failed)}


def part_folders(path: Path) -> list[Path]:
    """The committed parts of the run folder ``path`` in the order in which they were written."""
    folder = path / PARTS
    return sorted(part for part in folder.iterdir() if part.is_dir()) if folder.is_dir() else []


def read_part_info(part: Path) -> dict[str, Any]:
    """The part's rows and checksum per table, and the images per detector.

    Raises:
        RunError: part.json is missing or damaged.
    """
    try:
        info = json.loads((part / PART_INFO).read_text(encoding="utf-8"))
        # Parts of earlier versions have no checksums, and nothing but these two.
        if set(info) != {"rows", "detected"} and info.pop("checksum", None) != _info_checksum(info):
            raise ValueError("its checksum differs")
        return {
            "rows": dict(info["rows"]),
            "detected": dict(info["detected"]),
            "checksums": dict(info.get("checksums", {})),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(_damage(part, PART_INFO)) from error


def read_table(part: Path, table: str, columns: Sequence[str] | None = None) -> pa.Table:
    """One table of a part, or only some of its columns; empty where the part does not have it.

    Raises:
        RunError: the file is missing, damaged or of other columns.
    """
    schema = TABLES[known_name("table", table, TABLES)]
    if columns is not None:
        schema = pa.schema([schema.field(name) for name in columns])
    rows = read_part_info(part)["rows"].get(table, 0)
    if not rows:
        return schema.empty_table()
    file = f"{table}.parquet"
    try:
        content = pq.read_table(part / file, columns=schema.names, page_checksum_verification=True).cast(schema)
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise RunError(_damage(part, file)) from error
    if content.num_rows != rows:
        raise RunError(_damage(part, file))
    return content


def check_part(part: Path) -> None:
    """Reads the part whole, checksums included.

    Raises:
        RunError: something is missing or damaged.
    """
    info = read_part_info(part)
    for table in info["rows"]:
        file = f"{table}.parquet"
        try:
            content = (part / file).read_bytes()
        except OSError as error:
            raise RunError(_damage(part, file)) from error
        if info["checksums"].get(table, _checksum(content)) != _checksum(content):
            raise RunError(_damage(part, file))
        read_table(part, table)


def _damage(part: Path, file: str) -> str:
    return (
        f"The part {part.name!r} of the run {str(part.parents[1])!r} is damaged ({file} cannot be read); "
        "call analyze again with the same folder, which sets it aside and computes it again."
    )


def _write_parquet(file: Path, table: pa.Table) -> str:
    """Writes a table through to the disk and gives the file's checksum."""
    encoded = io.BytesIO()
    pq.write_table(table, encoded, compression="zstd", write_page_checksum=True)
    content = encoded.getvalue()
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return _checksum(content)


def _checksum(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _info_checksum(info: Mapping[str, Any]) -> str:
    return _checksum(json.dumps(info, sort_keys=True).encode())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened to be forced to the disk
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _number(part_name: str) -> int:
    digits = part_name.split("-", 1)[0]
    return int(digits) if digits.isdigit() else -1
