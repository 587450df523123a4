"""What all tests share: where runs and caches go, and the switch for tests that fetch from the network."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# The same folder that make uses: tests neither read nor write what the user's own notebooks keep.
os.environ.setdefault("EMOCAM_HOME", str(Path(sys.prefix) / "emocam"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --network."""
    parser.addoption("--network", action="store_true", help="run the tests that fetch from the network")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skips what needs the network unless it was asked for."""
    if config.getoption("--network"):
        return
    skip = pytest.mark.skip(reason="fetches from the network: run with --network")
    for item in items:
        if "network" in item.keywords:
            item.add_marker(skip)
