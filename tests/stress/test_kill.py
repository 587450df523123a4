"""kill -9 at any moment of a run: no finished part is lost, none is doubled, and it ends as if nothing had happened."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from emocam_widgets.errors import RunError
from emocam_widgets.run import open_run
from emocam_widgets.run.store import RunWriter
from tests.stress import world
from tests.stress.nursery import Nursery

pytestmark = pytest.mark.timeout(1800)


def _assert_kept(before: dict[str, dict[str, bytes]], run: Path) -> None:
    after = world.parts(run)
    assert all(after.get(name) == content for name, content in before.items()), "a finished part is lost or changed"
    assert not (run / "damaged").exists()


@pytest.mark.parametrize("kind", ["folder", "address"])
def test_killed_at_random_moments_until_it_is_finished(
    tmp_path: Path, nursery: Nursery, images: Path, undisturbed: Path, rounds: int, kind: str
) -> None:
    start = time.monotonic()
    nursery.run("analyse", images=str(images), out=str(tmp_path / "timed")).result  # noqa: B018
    usual = time.monotonic() - start
    chance = random.Random(1)
    kills, number = 0, 0
    while kills < rounds:
        number += 1
        run = tmp_path / f"{number}" / "run"
        out = str(run) if kind == "folder" else f"file://{run}"
        while True:
            before = world.parts(run)
            # Often enough before it is through: what a killed one has finished, the next need not do.
            ended = nursery.run("analyse", within=chance.uniform(0, usual), images=str(images), out=out)
            _assert_kept(before, run)
            if kind == "folder":
                world.assert_whole_images(run)
            if not ended.killed:
                ended.result  # noqa: B018 - raises what went wrong
                break
            kills += 1
        world.assert_same_tables(run, undisturbed)


@pytest.mark.parametrize("kind", ["folder", "address"])
def test_killed_before_each_of_its_steps_on_disk(
    tmp_path: Path, nursery: Nursery, images: Path, undisturbed: Path, rounds: int, kind: str
) -> None:
    def out(name: str) -> str:
        return str(tmp_path / name / "run") if kind == "folder" else f"file://{tmp_path / name / 'run'}"

    n_steps = nursery.run("analyse", images=str(images), out=out("counted")).result["steps"]
    assert n_steps > 50
    every = range(1, n_steps + 1)
    chosen = every if rounds >= 50 else sorted(random.Random().sample(every, rounds))
    for step in chosen:
        run = tmp_path / str(step) / "run"
        for kill_at in (step, 7):
            before = world.parts(run)
            ended = nursery.run("analyse", images=str(images), out=out(str(step)), kill_at=kill_at)
            assert ended.killed or ended.result
            _assert_kept(before, run)
        before = world.parts(run)
        nursery.run("analyse", images=str(images), out=out(str(step))).result  # noqa: B018
        _assert_kept(before, run)
        world.assert_same_tables(run, undisturbed)
        assert not list(run.glob(".tmp-*"))


def test_a_second_writer_is_refused_until_the_first_is_killed(
    tmp_path: Path, nursery: Nursery, images: Path, undisturbed: Path, rounds: int
) -> None:
    manifest = open_run(undisturbed).manifest
    for number in range(rounds):
        run, stopped = tmp_path / str(number) / "run", tmp_path / f"{number}-stopped"
        nursery.start("analyse", images=str(images), out=str(run), stopped_at=str(stopped))
        given_up = time.monotonic() + 300
        while not stopped.exists():
            assert time.monotonic() < given_up, "the first writer never came to its second part"
            time.sleep(0.001)
        before = world.parts(run)
        assert before
        for _ in range(3):
            with pytest.raises(RunError, match="is being written by another process"):
                RunWriter(run, manifest)
        ended = nursery.end(within=0)
        assert ended.killed
        _assert_kept(before, run)
        with RunWriter(run, manifest) as writer:
            assert len(writer.done_images()) == 4 * len(before)
        nursery.run("analyse", images=str(images), out=str(run)).result  # noqa: B018 - raises its error
        world.assert_same_tables(run, undisturbed)


def test_writers_that_meet_while_one_is_killed_leave_nothing_half(
    tmp_path: Path, nursery: Nursery, images: Path, undisturbed: Path, rounds: int
) -> None:
    manifest = open_run(undisturbed).manifest
    chance = random.Random(3)
    for number in range(rounds):
        run = tmp_path / str(number) / "run"
        RunWriter(run, manifest).close()
        nursery.start("analyse", images=str(images), out=str(run))
        for _ in range(chance.randint(1, 40)):
            try:
                RunWriter(run, manifest).close()
            except RunError as error:
                assert "is being written by another process" in str(error)
        ended = nursery.end(within=0)
        # The child may have met the lock in the moment in which this process held it.
        assert ended.killed or ended.status == 0 or "is being written by another" in ended.reports[-1]["error"]
        RunWriter(run, manifest).close()
        world.assert_whole_images(run)
        nursery.run("analyse", images=str(images), out=str(run)).result  # noqa: B018 - raises its error
        world.assert_same_tables(run, undisturbed)
