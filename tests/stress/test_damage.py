"""A damaged part or cache: it is named in the log, set aside, and what was in it is computed again."""

from __future__ import annotations

import logging
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine import Worker, analyze
from emocam_widgets.engine.disk_cache import FILE, DiskCache
from tests.stress import world
from tests.tiny_models import picture

pytestmark = pytest.mark.timeout(1800)


def _damage(file: Path, chance: random.Random) -> str:
    """Something that happens to files, and its name."""
    content = bytearray(file.read_bytes())
    kind = chance.choice(["flipped", "cut", "emptied", "zeros", "gone"])
    start = chance.randrange(len(content))
    if kind == "flipped":
        content[start] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del content[start:]
    elif kind == "emptied":
        content.clear()
    elif kind == "zeros":  # as after a power cut
        content[start:] = bytes(len(content) - start)
    if kind == "gone":
        file.unlink()
    else:
        file.write_bytes(content)
    return kind


def test_any_damage_to_a_part_is_found_and_mended(
    tmp_path: Path, images: Path, undisturbed: Path, rounds: int, caplog: pytest.LogCaptureFixture
) -> None:
    corpus, classifier, detector = Corpus.from_folder(images), world.classifier(), world.detector()
    chance = random.Random(10)
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    for number in range(4 * rounds):
        part = chance.choice(sorted((run / "parts").iterdir()))
        file = chance.choice(sorted(part.iterdir()))
        before = file.read_bytes()
        kind = _damage(file, chance)
        if file.is_file() and file.read_bytes() == before:
            continue  # its end was zeros already
        caplog.clear()
        analyze(corpus, classifier, detector, out=run, progress=False)
        told = f"round {number}: {file.name} {kind}"
        assert any(part.name in r.message and file.name in r.message for r in caplog.records), told
        aside = list((run / "damaged").iterdir())
        assert [one.name.startswith(part.name) for one in aside] == [True], told
        world.assert_same_tables(run, undisturbed)
        shutil.rmtree(run / "damaged")


def test_any_damage_to_the_cache_of_predictions_is_survived(
    tmp_path: Path, rounds: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    classifier = world.classifier()
    images = [picture(seed) for seed in range(12)]
    expected = [classifier.predict([image])[0].probabilities for image in images]
    chance = random.Random(11)
    whole = tmp_path / "whole"
    with Worker(classifier, cache=DiskCache(whole)) as worker:
        for image in images:
            worker.evaluate(image, "grad-cam")
    assert len(DiskCache(whole)) == 2 * len(images)
    for number in range(4 * rounds):
        folder = tmp_path / str(number)
        shutil.copytree(whole, folder)
        kind = _damage(folder / FILE, chance)
        for _ in range(2):  # the second time with what the first has mended
            with Worker(classifier, cache=DiskCache(folder)) as worker:
                for image, probabilities in zip(images, expected, strict=True):
                    prediction, cam = worker.evaluate(image, "grad-cam")
                    np.testing.assert_allclose(prediction.probabilities, probabilities, atol=1e-6, err_msg=kind)
                    assert cam is not None and cam.grid.max() <= 1
        assert len(DiskCache(folder)) > 0, f"round {number} ({kind}): nothing can be kept any more"
        shutil.rmtree(folder)


def test_a_cache_that_is_no_database_is_named_and_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(b"no database " * 999)
    with Worker(world.classifier(), cache=DiskCache(tmp_path)) as worker:
        worker.predict(picture(0))
        worker.predict(picture(1))
    assert any(str(tmp_path / FILE) in record.message and "set aside" in record.message for record in caplog.records)
    assert [file.read_bytes()[:11] for file in tmp_path.glob(f"{FILE}.damaged-*")] == [b"no database"]
    assert len(DiskCache(tmp_path)) > 0
