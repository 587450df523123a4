"""Which scenes are whose: one range of seeds for each use, and the rendering of many scenes over all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from tqdm.auto import tqdm

from emocam_widgets.demo.scenes.moods import LABELS

Job = TypeVar("Job")
Made = TypeVar("Made")

SEEDS = {
    "corpus": 0,
    "classifier-train": 1_000_000,
    "classifier-test": 2_000_000,
    "detector-train": 3_000_000,
    "detector-crowded": 5_000_000,
    "detector-test": 4_000_000,
    "affect-train": 6_000_000,
    "affect-validation": 7_000_000,
    "affect-test": 8_000_000,
}


def scene_keys(use: str, count: int) -> list[tuple[str, int]]:
    """``count`` (label, seed) pairs for ``use`` (a key of ``SEEDS``), the labels in turn: all are equally frequent."""
    return [(LABELS[i % len(LABELS)], SEEDS[use] + i) for i in range(count)]


def over_cores(
    make: Callable[[Job], Made], jobs: Iterable[Job], words: str, processes: int | None = None
) -> Iterator[Made]:
    """``make(job)`` for every job in order, over ``processes`` (all cores by default), with a progress bar."""
    jobs = list(jobs)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from tqdm(pool.map(make, jobs, chunksize=8), total=len(jobs), desc=words)
