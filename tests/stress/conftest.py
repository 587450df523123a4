"""What the tests of faults share: a nursery of processes to kill, a corpus, and its undisturbed run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stress.nursery import Nursery

IMAGES = 40


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> int:
    """How many times each fault is tried."""
    return int(pytestconfig.getoption("--rounds"))


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    with Nursery(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.stress import world

    folder = tmp_path_factory.mktemp("faults") / "images"
    world.draw(folder, IMAGES)
    return folder


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery, images: Path) -> Path:
    """A run over the images that nothing happened to."""
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    nursery.run("analyse", images=str(images), out=str(out)).result  # noqa: B018 - raises what went wrong
    return out
