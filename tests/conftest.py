"""What all tests share: where runs and caches go, and the switch for tests that fetch from the network."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emocam_widgets.detectors.yolo import UltralyticsDetector
    from emocam_widgets.engine import Worker
    from emocam_widgets.models.split import SplitClassifier

# The same folder that make uses: tests neither read nor write what the user's own notebooks keep.
os.environ.setdefault("EMOCAM_HOME", str(Path(sys.prefix) / "emocam"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --network and --rounds."""
    parser.addoption("--network", action="store_true", help="run the tests that fetch from the network")
    rounds = int(os.environ.get("EMOCAM_STRESS_ROUNDS", "2"))
    parser.addoption("--rounds", type=int, default=rounds, help="how many times each fault is tried (tests/stress)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skips what needs the network unless it was asked for."""
    if config.getoption("--network"):
        return
    skip = pytest.mark.skip(reason="fetches from the network: run with --network")
    for item in items:
        if "network" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def classifier() -> SplitClassifier:
    """A real but tiny classifier."""
    from tests.tiny_models import tiny_classifier

    return tiny_classifier()


@pytest.fixture(scope="session")
def detector(tmp_path_factory: pytest.TempPathFactory) -> UltralyticsDetector:
    """A real but tiny detector."""
    from tests.tiny_models import tiny_detector

    return tiny_detector(tmp_path_factory.mktemp("detector"))


@pytest.fixture
def worker(classifier: SplitClassifier, detector: UltralyticsDetector) -> Iterator[Worker]:
    """A worker of both, which keeps nothing on disk."""
    from emocam_widgets.engine import Worker

    with Worker(classifier, detector, cache=None) as made:
        yield made
