"""What the nursery's children do: analysing with a fault to come, and predicting until something would have leaked."""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import threading
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet  # noqa: F401 - loaded once, before the children are forked
import tqdm.auto  # noqa: F401

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine import Worker, corpus_run, worker
from emocam_widgets.engine.corpus_run import analyze
from emocam_widgets.engine.results import ResultCache
from emocam_widgets.errors import RunError
from emocam_widgets.models.split import SplitClassifier
from tests.stress import world
from tests.tiny_models import picture

Report = Callable[..., None]
PART_SIZE = 4
BATCH_SIZE = 2
CACHE_BYTES = 40_000
_made: dict[str, SplitClassifier] = {}


def warm_up() -> None:
    """What all children share is made before they are forked."""
    _made["classifier"] = world.classifier()


def analyse(
    report: Report,
    images: str,
    out: str,
    kill_at: int | None = None,
    file_limit: int | None = None,
    limited_after: int = 0,
    stopped_at: str | None = None,
) -> dict[str, Any]:
    """A run in small parts.

    `kill_at`: it kills itself before its n-th step in the run's folder or mirror (a file opened, a folder made, ...).
    `file_limit`: after so many images no file may grow beyond so many bytes, as on a disk that is full; after the
    error it tries a second time, and then once more without the limit.
    `stopped_at`: after its first part it makes this file and stops for ever, still writing.
    """
    steps = _count_steps((out.removeprefix("file://"), os.environ["EMOCAM_HOME"]), kill_at)
    if stopped_at is not None:

        def stop(done: int, _total: int, _failures: int) -> None:
            if done > PART_SIZE:
                Path(stopped_at).touch()
                signal.pause()

        _analyse(images, out, stop)
    if file_limit is None:
        _analyse(images, out, lambda done, _total, _failures: report(done=done))
        return {"steps": len(steps)}
    free = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(done: int, _total: int, _failures: int) -> None:
        if done >= limited_after:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, free[1]))

    errors = []
    for _ in range(2):
        try:
            _analyse(images, out, fill)
        except RunError as error:
            errors.append(str(error))
            report(parts=sorted(world.parts(Path(out))), leftovers=[p.name for p in Path(out).glob(".tmp-*")])
    resource.setrlimit(resource.RLIMIT_FSIZE, free)
    _analyse(images, out)
    return {"errors": errors}


def interrupted(report: Report, images: str, out: str, delays: list[float]) -> dict[str, Any]:
    """A run that is interrupted (Ctrl-C) after each of the delays and begun again in the same process, as a notebook's.

    It reports after each how many images it was told were done, and how many the run holds.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    n_interrupted = 0
    for delay in delays:
        told = [0]
        before = _n_images(Path(out))
        timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
        try:
            try:
                timer.start()
                _analyse(images, out, lambda done, _total, _failures, told=told: told.append(done))  # type: ignore[misc]
            finally:
                timer.cancel()
                timer.join()
        except KeyboardInterrupt:
            n_interrupted += 1
        report(told=before + told[-1], held=_n_images(Path(out)))
    _analyse(images, out)
    alive = [thread.name for thread in threading.enumerate() if thread.name.startswith("emocam")]
    return {"interrupted": n_interrupted, "threads": alive}


def interrupted_worker(_report: Report, delays: list[float]) -> dict[str, Any]:
    """Asks a worker until each delay's interrupt comes; then another thread asks it, too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    answers: list[str] = []
    with Worker(_made["classifier"], cache=None) as asked:
        for number, delay in enumerate(delays):
            timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
            try:
                timer.start()
                seed = 0
                while True:
                    seed += 1
                    asked.evaluate(picture(1000 * number + seed, (40, 32)), "grad-cam")
            except KeyboardInterrupt:
                timer.join()
            other = threading.Thread(target=lambda: answers.append(asked.predict(picture(0, (40, 32))).label))
            other.start()
            other.join(60)
    return {"answers": answers}


def predict(_report: Report, n: int) -> dict[str, Any]:
    """Asks a worker `n` times about new images, and tells by how many bytes it grew after the first fifth of them."""
    # With the caches at their limit from early on, what still grows is a leak.
    worker.ACTIVATION_CACHE_BYTES = worker.DETECTION_CACHE_BYTES = CACHE_BYTES
    vars(worker)["ResultCache"] = partial(ResultCache, memory_bytes=CACHE_BYTES)
    with Worker(_made["classifier"], world.detector(), cache=None) as asked:
        _ask(asked, range(n // 5))
        before = _resident()
        _ask(asked, range(n // 5, n))
        grown = _resident() - before
        # Noting every allocation makes it slow: fewer of them.
        traced = 300
        _ask(asked, range(n, n + traced))
        tracemalloc.start()
        _ask(asked, range(n + traced, n + 2 * traced))
        first = _traced()
        _ask(asked, range(n + 2 * traced, n + 3 * traced))
        second = _traced()
    return {"resident": grown, "traced": second - first, "requests": traced}


def _analyse(images: str, out: str, progress: corpus_run.Progress | bool = False) -> None:
    corpus_run.PART_SIZE = PART_SIZE
    corpus = Corpus.from_folder(images)
    analyze(corpus, _made["classifier"], world.detector(), out=out, batch_size=BATCH_SIZE, progress=progress)


def _ask(asked: Worker, seeds: range) -> None:
    for seed in seeds:
        image = picture(seed, (40, 32))
        asked.evaluate(image, "grad-cam")
        asked.detect(image)


def _count_steps(folders: tuple[str, ...], kill_at: int | None) -> list[str]:
    """From now on, the names of this process's steps below the folders; it kills itself before the n-th."""
    steps: list[str] = []

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"}:
            return
        if arguments and isinstance(arguments[0], str | os.PathLike) and str(arguments[0]).startswith(folders):
            steps.append(event)
            if len(steps) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(note)
    return steps


def _n_images(run: Path) -> int:
    return len(world.raw_tables(run).get("images", ()))


def _resident() -> int:
    """Bytes of memory that this process has."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "analyse": analyse,
    "interrupted": interrupted,
    "interrupted_worker": interrupted_worker,
    "predict": predict,
}
