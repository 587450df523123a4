"""The caches: in memory, on disk between processes, and that damage costs no more than computing again."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emocam_widgets.engine import Worker
from emocam_widgets.engine.cache import ByteCache
from emocam_widgets.engine.disk_cache import DiskCache
from emocam_widgets.models.split import SplitClassifier
from tests.tiny_models import LABELS, picture, tiny_classifier


def test_cache_keeps_what_was_used_last() -> None:
    cache: ByteCache[str] = ByteCache(limit=10)
    cache.put("a", "A", 4)
    cache.put("b", "B", 4)
    assert cache.get("a") == "A"
    cache.put("c", "C", 4)
    assert cache.get("b") is None and cache.get("a") == "A" and cache.size == 8
    cache.put("huge", "H", 11)
    assert cache.get("huge") is None and len(cache) == 2
    cache.put("a", "A2", 1)
    assert cache.size == 5


class _Silent(SplitClassifier):
    """A classifier that must not be asked."""

    def trunk(self, x: object) -> None:  # type: ignore[override]
        raise AssertionError("this was computed before")

    tail = trunk  # type: ignore[assignment]


def test_another_worker_finds_predictions_and_maps_on_disk(tmp_path: Path, classifier: SplitClassifier) -> None:
    with Worker(classifier, cache=tmp_path) as worker:
        first, cam = worker.evaluate(picture(1), "grad-cam")
        hires = worker.explain(picture(1), "hires-cam", LABELS[0])
    silent = _Silent.__new__(_Silent)
    vars(silent).update(vars(classifier))
    with Worker(silent, cache=tmp_path) as worker:
        again, again_cam = worker.evaluate(picture(1), "grad-cam")
        np.testing.assert_array_equal(again.probabilities, first.probabilities)
        assert (again.labels, again.valence) == (first.labels, None) and cam is not None and again_cam is not None
        np.testing.assert_array_equal(again_cam.grid, cam.grid)
        assert (again_cam.view, again_cam.method, again_cam.target) == (cam.view, "grad-cam", cam.target)
        np.testing.assert_array_equal(worker.explain(picture(1), "hires-cam", LABELS[0]).grid, hires.grid)
        for other in (picture(2), picture(1).rotate(180)):
            with pytest.raises(AssertionError, match="computed before"):
                worker.predict(other)
        with pytest.raises(AssertionError, match="computed before"):
            worker.explain(picture(1), "grad-cam", output="logits")
    with Worker(tiny_classifier(3), cache=tmp_path) as worker:
        assert not np.array_equal(worker.predict(picture(1)).probabilities, first.probabilities)


def test_the_own_cache_is_in_the_home_folder(
    tmp_path: Path, classifier: SplitClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    with Worker(classifier, cache=None) as worker:
        worker.predict(picture(0))
    assert not list(tmp_path.iterdir())
    with Worker(classifier) as worker:
        worker.predict(picture(0))
    assert (tmp_path / "cache" / "results.sqlite").is_file()


def test_disk_cache_drops_what_was_not_used_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(10_000))
    monkeypatch.setattr("emocam_widgets.engine.disk_cache.time.time", lambda: float(next(now)))
    cache = DiskCache(tmp_path, limit=10_000)
    for number in range(8):
        cache.put(f"key {number}", bytes(1000))
    assert len(cache) == 8
    assert cache.get("key 0") == bytes(1000)
    cache.put("large", bytes(3000))
    assert cache.size() <= 10_000 and cache.get("large") == bytes(3000)
    assert cache.get("key 0") is not None and cache.get("key 1") is None and cache.get("key 7") is not None
    cache.put("too large", bytes(20_000))
    assert cache.get("too large") is None
    cache.put("key 7", b"new")
    assert cache.get("key 7") == b"new"
    cache.close()
    assert DiskCache(tmp_path).get("key 7") == b"new"
    cache.clear()
    assert len(cache) == 0 and cache.size() == 0


def test_a_damaged_entry_is_dropped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = DiskCache(tmp_path)
    cache.put("a", b"right")
    cache.put("b", b"right")
    with sqlite3.connect(cache.path) as database:
        database.execute("UPDATE entries SET value = ? WHERE key = 'a'", (b"wrong",))
        database.execute("UPDATE entries SET value = 'text' WHERE key = 'b'")
    database.close()
    with caplog.at_level(logging.WARNING):
        assert cache.get("a") is None and cache.get("b") is None
    assert [record.getMessage().split()[2] for record in caplog.records] == ["a", "b"] and len(cache) == 0
    cache.put("a", b"right")
    assert cache.get("a") == b"right"


def test_a_worker_computes_again_what_is_damaged(tmp_path: Path, classifier: SplitClassifier) -> None:
    with Worker(classifier, cache=tmp_path) as worker:
        expected = worker.evaluate(picture(1), "grad-cam")
    with sqlite3.connect(tmp_path / "results.sqlite") as database:
        database.execute("UPDATE entries SET value = zeroblob(100)")
    database.close()
    with Worker(classifier, cache=tmp_path) as worker:
        found = worker.evaluate(picture(1), "grad-cam")
    np.testing.assert_array_equal(found[0].probabilities, expected[0].probabilities)


@pytest.mark.parametrize("damage", [b"this is no database" * 100, b"SQLite format 3\0" + bytes(3000)])
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "results.sqlite").write_bytes(damage)
    cache = DiskCache(tmp_path)
    with caplog.at_level(logging.WARNING):
        cache.put("a", b"lost")
    cache.put("a", b"kept")
    assert cache.get("a") == b"kept"
    aside = [file.name for file in tmp_path.iterdir() if "damaged" in file.name]
    assert len(aside) == 1 and aside[0] in caplog.text and (tmp_path / aside[0]).read_bytes() == damage


def test_a_cache_that_cannot_be_used_is_said_once(
    tmp_path: Path, classifier: SplitClassifier, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with caplog.at_level(logging.WARNING), Worker(classifier, cache=tmp_path / "file") as worker:
        assert worker.predict(picture(0)).label in LABELS
        assert worker.predict(picture(1)).label in LABELS
    assert caplog.text.count("cannot be used") == 1


_WRITER = """
import sys
from emocam_widgets.engine.disk_cache import DiskCache
cache, name = DiskCache(sys.argv[1], limit=60_000), sys.argv[2]
for number in range(300):
    cache.put(f"{name} {number}", f"{name} {number} ".encode() * 20)
    for whose in "ab":
        for back in range(0, 8, 3):
            found = cache.get(f"{whose} {number - back}")
            assert found in (None, f"{whose} {number - back} ".encode() * 20), found
assert cache.get(f"{name} 299") is not None, "the last one is gone"
cache.close()
"""


def test_two_processes_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITER, str(tmp_path)]
    both = [subprocess.Popen([*command, name], stderr=subprocess.PIPE, text=True) for name in "ab"]
    errors = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert not any("cannot be used" in error or "damaged" in error for error in errors), errors
    cache = DiskCache(tmp_path, limit=60_000)
    kept = cache.size()
    with sqlite3.connect(cache.path) as database:
        (summed,) = database.execute("SELECT sum(size) FROM entries").fetchone()
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert kept == summed and 30_000 < kept <= 60_000
