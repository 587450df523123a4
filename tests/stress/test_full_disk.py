"""A disk that is full in the middle: one clear error, what was before is intact, and it goes on when there is room."""

from __future__ import annotations

import os
import random
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from emocam_widgets.engine import Worker, analyze
from emocam_widgets.engine.disk_cache import DiskCache
from emocam_widgets.errors import RunError
from emocam_widgets.run import open_run
from tests.stress import world
from tests.stress.nursery import Nursery
from tests.tiny_models import picture

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own for the test, of 1 MB; root alone may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("there is no mount here; the file-size limit is tested nevertheless")
    if mounted.returncode:
        pytest.skip("may not mount a small disk here; the file-size limit is tested nevertheless")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _resize(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


@contextmanager
def _no_file_beyond(n_bytes: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _fill(disk: Path, free: int) -> Path:
    """Leaves so many bytes of a disk."""
    filler = disk / "filler"
    left = os.statvfs(disk)
    filler.write_bytes(b"x" * max(0, left.f_bavail * left.f_bsize - free))
    return filler


def test_files_that_may_not_grow(
    tmp_path: Path, nursery: Nursery, images: Path, undisturbed: Path, rounds: int
) -> None:
    chance = random.Random(5)
    for number in range(rounds):
        run = tmp_path / str(number) / "run"
        limit, after = chance.choice([0, 100, 600, 1500]), chance.randrange(30)
        ended = nursery.run("analyse", images=str(images), out=str(run), file_limit=limit, limited_after=after)
        errors = ended.result["errors"]
        assert len(errors) == 2
        for error in errors:
            assert str(run) in error and "cannot be written (File too large)" in error and error.endswith(".")
            assert error.count(". ") == 0 and "\n" not in error
        first, second = ended.reports[0], ended.reports[1]
        assert len(first["parts"]) >= (after - 4) // 4 and set(first["parts"]) <= set(second["parts"])
        assert set(second["parts"]) <= set(world.parts(run)), "a finished part is lost"
        assert not first["leftovers"] and not second["leftovers"]
        world.assert_whole_images(run)
        world.assert_same_tables(run, undisturbed)


def test_a_disk_without_room(small_disk: Path, images: Path, undisturbed: Path, rounds: int) -> None:
    from emocam_widgets.corpus import Corpus

    chance = random.Random(6)
    corpus, classifier, detector = Corpus.from_folder(images), world.classifier(), world.detector()
    for number in range(rounds):
        run = small_disk / str(number)
        analyze(corpus.subset(list(corpus)[:7]), classifier, detector, out=run, progress=False)
        before = world.parts(run)
        filler = _fill(small_disk, free=4096 * chance.randrange(6))
        with pytest.raises(RunError, match=r"cannot be written \(No space left on device\)"):
            analyze(corpus, classifier, detector, out=run, progress=False)
        assert world.parts(run) == before
        assert len(open_run(run).images) == 7
        filler.unlink()
        analyze(corpus, classifier, detector, out=run, progress=False)
        world.assert_same_tables(run, undisturbed)
        assert before.items() <= world.parts(run).items()
        assert not list(run.glob(".tmp-*"))
        subprocess.run(["rm", "-r", str(run)], check=True)


def test_the_cache_of_predictions_on_a_full_disk(
    small_disk: Path, rounds: int, caplog: pytest.LogCaptureFixture
) -> None:
    classifier = world.classifier()
    chance = random.Random(7)
    for number in range(rounds):
        cache = DiskCache(small_disk / str(number))
        caplog.clear()
        with Worker(classifier, cache=cache) as worker:
            images = [picture(100 * number + i) for i in range(9)]
            expected = [classifier.predict([image])[0].probabilities for image in images]
            worker.evaluate(images[0], "grad-cam")
            filler = _fill(small_disk, free=chance.randrange(40_000))
            for image, probabilities in zip(images[:6] * 8, expected[:6] * 8, strict=True):
                changed = image.copy()
                changed.putpixel((0, 0), (chance.randrange(256),) * 3)  # one that no cache knows
                assert worker.evaluate(changed, "grad-cam")[1] is not None
                np.testing.assert_allclose(worker.predict(image).probabilities, probabilities, atol=1e-6)
            assert len([record for record in caplog.records if "cannot be used" in record.message]) <= 1
            filler.unlink()
            for image, probabilities in zip(images, expected, strict=True):
                np.testing.assert_allclose(worker.predict(image).probabilities, probabilities, atol=1e-6)
            assert len(cache) > 0
        # What it holds is right, in the next kernel too.
        with Worker(classifier, cache=DiskCache(small_disk / str(number))) as worker:
            for image, probabilities in zip(images, expected, strict=True):
                np.testing.assert_allclose(worker.predict(image).probabilities, probabilities, atol=1e-6)
        subprocess.run(["rm", "-r", str(small_disk / str(number))], check=True)


def test_the_cache_of_predictions_where_files_may_not_grow(tmp_path: Path, rounds: int) -> None:
    classifier = world.classifier()
    chance = random.Random(8)
    for number in range(rounds):
        cache = DiskCache(tmp_path / str(number))
        images = [picture(100 * number + i) for i in range(12)]
        with Worker(classifier, cache=cache) as worker:
            worker.predict(images[0])
            with _no_file_beyond(chance.choice([0, 4096, 30_000])):
                for image in images:
                    found = worker.evaluate(image, "grad-cam")[0].probabilities
                    np.testing.assert_allclose(found, classifier.predict([image])[0].probabilities, atol=1e-6)
            worker.predict(picture(100 * number + 50))
            assert len(cache) > 0
