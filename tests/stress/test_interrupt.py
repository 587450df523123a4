"""Ctrl-C at any moment: what was told to be done is kept, no image is half there, and the same process can go on."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emocam_widgets.engine.interrupts import interrupts_wait
from tests.stress import world
from tests.stress.nursery import Nursery

pytestmark = pytest.mark.timeout(1800)


def test_interrupted_at_random_moments(
    tmp_path: Path, nursery: Nursery, images: Path, undisturbed: Path, rounds: int
) -> None:
    start = time.monotonic()
    nursery.run("analyse", images=str(images), out=str(tmp_path / "timed")).result  # noqa: B018 - raises its error
    usual = time.monotonic() - start
    chance = random.Random(4)
    n_interrupted = 0
    while n_interrupted < rounds:
        run = tmp_path / f"{n_interrupted}" / "run"
        delays = [chance.uniform(0, usual) for _ in range(4)]
        ended = nursery.run("interrupted", images=str(images), out=str(run), delays=delays)
        assert ended.result["threads"] == []
        for report in ended.reports[:-1]:
            assert report["held"] >= report["told"], "an image that was done is lost"
        n_interrupted += ended.result["interrupted"]
        world.assert_whole_images(run)
        world.assert_same_tables(run, undisturbed)


def test_a_worker_goes_on_after_interrupts(nursery: Nursery, rounds: int) -> None:
    chance = random.Random(9)
    delays = [chance.uniform(0, 0.05) for _ in range(10 * rounds)]
    answers = nursery.run("interrupted_worker", delays=delays).result["answers"]
    assert len(answers) == len(delays) and len(set(answers)) == 1


@pytest.fixture
def told() -> Iterator[list[int]]:
    """The interrupts that came through."""
    numbers: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGINT, before)


def test_the_first_interrupt_waits_and_the_second_does_not(told: list[int]) -> None:
    handler = signal.getsignal(signal.SIGINT)
    with interrupts_wait():
        with interrupts_wait():
            os.kill(os.getpid(), signal.SIGINT)
            assert told == []
        assert told == [], "it waits for the outer one"
    assert told == [signal.SIGINT]
    with interrupts_wait():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert len(told) == 2
    assert len(told) == 3
    assert signal.getsignal(signal.SIGINT) is handler
    with pytest.raises(ValueError, match="its own"), interrupts_wait():
        raise ValueError("its own")
    assert signal.getsignal(signal.SIGINT) is handler and len(told) == 3
