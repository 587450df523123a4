"""Bytes by key on disk, shared by several processes, bounded, and checked on reading: never a pickle.

SQLite holds them: the package diskcache would do, but for its reading pickles that somebody else may have put there.
A cache is no store: whatever goes wrong with it is logged, and costs no more than computing again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

Result = TypeVar("Result")

FILE = "results.sqlite"
LIMIT = 256 * 1024 * 1024
BUSY_SECONDS = 2.0
_EVICTED_AT_ONCE = 64
_ROW = 96  # bytes that a row takes besides its value

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, checksum BLOB NOT NULL, size INTEGER NOT NULL, used REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_used ON entries (used);
CREATE TABLE IF NOT EXISTS total (size INTEGER NOT NULL);
INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT * FROM total);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON entries BEGIN UPDATE total SET size = size + NEW.size; END;
CREATE TRIGGER IF NOT EXISTS removed AFTER DELETE ON entries BEGIN UPDATE total SET size = size - OLD.size; END;
"""

log = logging.getLogger(__name__)


class DiskCache:
    """Keeps what was used last, up to `limit` bytes in all, in a folder; safe for several threads and processes.

    A damaged entry is dropped, a damaged file is set aside under another name beside it; both are logged as warnings.
    """

    def __init__(self, folder: str | os.PathLike[str], limit: int = LIMIT) -> None:
        self.path = Path(folder) / FILE
        self.limit = limit
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._used: dict[str, float] = {}
        self._complained = False

    def __repr__(self) -> str:
        return f"DiskCache({str(self.path.parent)!r}, limit={self.limit})"

    def get(self, key: str) -> bytes | None:
        """The bytes, now those used last; None where they are not there (any more) or damaged."""

        def read(database: sqlite3.Connection) -> bytes | None:
            row = database.execute("SELECT value, checksum FROM entries WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            value, checksum = row
            if not isinstance(value, bytes) or checksum != _checksum(key, value):
                log.warning(
                    "The entry %s of the cache %s is damaged; it is dropped and computed again.", key, self.path
                )
                with database:
                    database.execute("DELETE FROM entries WHERE key = ?", (key,))
                return None
            self._used[key] = time.time()  # written down with the next entry: reading stays reading
            return value

        return self._with_database(read)

    def put(self, key: str, value: bytes) -> None:
        """Keeps the bytes, and drops those that were not used longest where there are too many."""
        size = len(value) + len(key) + _ROW
        if size > self.limit:
            return

        def write(database: sqlite3.Connection) -> None:
            with database:
                database.execute("BEGIN IMMEDIATE")
                self._write_down_used(database)
                database.execute("DELETE FROM entries WHERE key = ?", (key,))
                row = (key, value, _checksum(key, value), size, time.time())
                database.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
                while database.execute("SELECT size FROM total").fetchone()[0] > self.limit:
                    database.execute(
                        "DELETE FROM entries WHERE key IN (SELECT key FROM entries ORDER BY used LIMIT ?)",
                        (_EVICTED_AT_ONCE if self.limit > _EVICTED_AT_ONCE * size else 1,),
                    )

        self._with_database(write)

    def size(self) -> int:
        """Bytes of all entries, keys included."""
        return self._with_database(lambda database: int(database.execute("SELECT size FROM total").fetchone()[0])) or 0

    def __len__(self) -> int:
        counted = self._with_database(lambda database: database.execute("SELECT count(*) FROM entries").fetchone()[0])
        return counted or 0

    def clear(self) -> None:
        """Drops all entries."""

        def delete(database: sqlite3.Connection) -> None:
            with database:
                database.execute("DELETE FROM entries")

        self._with_database(delete)

    def close(self) -> None:
        """Closes the file; a later use opens it again."""
        if self._used:

            def write(database: sqlite3.Connection) -> None:
                with database:
                    self._write_down_used(database)

            self._with_database(write)
        with self._lock:
            self._disconnect()

    def _write_down_used(self, database: sqlite3.Connection) -> None:
        database.executemany("UPDATE entries SET used = ? WHERE key = ?", [(at, key) for key, at in self._used.items()])
        self._used.clear()

    def _with_database(self, action: Callable[[sqlite3.Connection], Result]) -> Result | None:
        """What the action gives; None where the cache cannot be used now."""
        with self._lock:
            try:
                return action(self._connected())
            except (sqlite3.OperationalError, OSError) as error:  # locked for long, a full disk, no right to write
                self._complain(error)
            except sqlite3.DatabaseError as error:
                self._set_aside(error)
            self._disconnect()
            return None

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None and self._process == os.getpid():
            return self._connection
        # A connection must not be used, nor closed, on the other side of a fork.
        self._process = os.getpid()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=32
        )
        self._connection = connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'removed'").fetchone()[0]:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and self._process == os.getpid():
            with suppress(sqlite3.Error):  # it is given up either way
                connection.close()

    def _complain(self, error: Exception) -> None:
        level = logging.DEBUG if self._complained else logging.WARNING
        log.log(level, "The cache %s cannot be used (%s); results are computed again.", self.path, error)
        self._complained = True

    def _set_aside(self, error: Exception) -> None:
        aside = self.path.with_name(f"{self.path.name}.damaged-{uuid4().hex[:8]}")
        self._disconnect()
        for end in ("-wal", "-shm"):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        with suppress(FileNotFoundError):  # another process was faster
            self.path.rename(aside)
            log.warning("The cache %s is damaged (%s); it is set aside as %s.", self.path, error, aside.name)


def _checksum(key: str, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=16, key=key.encode()[:64]).digest()
