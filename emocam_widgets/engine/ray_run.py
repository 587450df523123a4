"""A corpus run on Ray: its images go through Ray Data to a pool of actors, on this machine or on a cluster.

The actors do what the local engine does, batch by batch; the parts are still committed by the one writer. Ray restarts
an actor that is lost and gives it its images again; an image that kills actors is found out and becomes a failure.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emocam_widgets.engine.batch import Analysis, Rows, Task, failure
from emocam_widgets.engine.pipeline import Pipeline
from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    import numpy as np

CHUNK = 64
STARTS = 3
"""Ray waits for half a minute for its own processes; on a busy machine that is too short now and then."""


def analyse_on_ray(
    analysis: Analysis,
    tasks: Sequence[Task],
    take: Callable[[Rows, int], None],
    batch_size: int | None = None,
    chunk: int = CHUNK,
) -> None:
    """Analyses images on the Ray cluster that this process is connected to, or `RAY_ADDRESS` names, else a local one.

    Args:
        analysis: models and settings; sent to every node once.
        tasks: what each image needs.
        take: called in this process with the rows of one chunk after the other, in the order in which they are ready,
            and with how many images they are of.
        batch_size: images per pass of each model; by default found by trying.
        chunk: images that are given out, and taken back, together.

    Raises EmocamError where Ray is not installed, no cluster can be reached, or the actors cannot be started.
    """
    ray = connected()
    deaths = ray.remote(num_cpus=0)(Deaths).remote()
    setup = _Setup(ray.put(analysis), deaths, batch_size)
    try:
        for rows, n_images in _results(setup, list(_chunks(tasks, chunk))):
            take(rows, n_images)
    except ray.exceptions.RayError as error:
        reason = " ".join(str(getattr(error, "cause", None) or error).split())[-300:]
        raise EmocamError(f"The analysis on Ray cannot go on: {reason}") from error
    finally:
        ray.kill(deaths)


def connected() -> Any:
    """The module ray, connected to a cluster; EmocamError where there is none to be had."""
    ray = import_ray()
    if ray.is_initialized():
        return ray
    address = os.environ.get("RAY_ADDRESS")
    if not address:
        start_local()
        return ray
    try:
        ray.init(log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise EmocamError(f"No Ray cluster could be reached at {address}: {error}") from error
    return ray


def start_local(n_cpus: int | None = None) -> None:
    """Starts a Ray of this process's own; EmocamError where it does not come up."""
    ray = import_ray()
    for attempts_left in reversed(range(STARTS)):
        try:
            ray.init(
                address="local", num_cpus=n_cpus, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
            )
            return
        except Exception as error:
            ray.shutdown()
            if not attempts_left:
                raise EmocamError(f"Ray could not be started on this machine: {error}") from error


def import_ray() -> Any:
    """The module ray, which tells nobody about its use; EmocamError where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a user's corpus is nobody else's business
    if "ray" not in sys.modules and "RAY_AUTH_MODE" not in os.environ and _has_token():
        # A cluster that Ray starts on its own asks for the user's token, which who joins it does not show by default;
        # Ray reads this when it is imported.
        os.environ["RAY_AUTH_MODE"] = "token"
    try:
        import ray
    except ImportError as error:
        raise EmocamError("This needs Ray: pip install 'emocam-widgets[ray]'.") from error
    return ray


def _has_token() -> bool:
    """Whether this user has a token for Ray's clusters, where Ray looks for it."""
    path = os.environ.get("RAY_AUTH_TOKEN_PATH") or "~/.ray/auth_token"
    return bool(os.environ.get("RAY_AUTH_TOKEN")) or Path(path).expanduser().is_file()


class Deaths:
    """Remembers what was begun and not finished, for an actor cannot tell itself what killed it before."""

    def __init__(self) -> None:
        self._begun: dict[str, int] = {}

    def begin(self, name: str) -> int:
        """How often this was begun before without being finished."""
        before = self._begun.get(name, 0)
        self._begun[name] = before + 1
        return before

    def finish(self, name: str) -> None:
        """It went well."""
        self._begun.pop(name, None)


@dataclass(frozen=True)
class _Setup:
    """What every actor gets: the reference to the Analysis, the one that counts deaths, images per pass."""

    analysis: Any
    deaths: Any
    batch_size: int | None


class Analyst:
    """One actor: models of its own, and the rows of the chunks that it is given."""

    def __init__(self, setup: _Setup, threads: int) -> None:
        import ray
        import torch

        torch.set_num_threads(threads)
        self._analysis: Analysis = ray.get(setup.analysis)
        self._deaths = setup.deaths
        self._batch_size = setup.batch_size
        self._threads = threads

    def __call__(self, chunks: dict[str, np.ndarray]) -> dict[str, list[Any]]:
        """Chunks of tasks as JSON -> their rows, and how many images they are of."""
        each = [json.loads(tasks) for tasks in chunks["tasks"]]
        return {
            "rows": [pickle.dumps(self._chunk(tasks)) for tasks in each],
            "n_images": [len(tasks) for tasks in each],
        }

    def _chunk(self, values: list[dict[str, Any]]) -> Rows:
        import ray

        tasks = [_task(each) for each in values]
        name = f"{len(tasks)} from {tasks[0].image_id}"
        died = ray.get(self._deaths.begin.remote(name))
        rows = self._one_by_one(tasks) if died else self._rows(tasks)
        self._deaths.finish.remote(name)
        return rows

    def _one_by_one(self, tasks: Sequence[Task]) -> Rows:
        """After an actor died over this chunk: the image over which one dies again is left out."""
        import ray

        rows = Rows()
        for task in tasks:
            if ray.get(self._deaths.begin.remote(task.image_id)):
                rows.extend(failure(task.image_id, "open", "the process that analysed it died, twice"))
                continue
            rows.extend(self._rows([task]))
            ray.get(self._deaths.finish.remote(task.image_id))
        return rows

    def _rows(self, tasks: Sequence[Task]) -> Rows:
        rows = Rows()
        by_id = {task.image_id: task for task in tasks}
        with Pipeline(self._analysis, by_id, self._batch_size, self._threads) as pipeline:
            for _, of_image in pipeline:
                rows.extend(of_image)
        return rows


def _results(setup: _Setup, chunks: Sequence[str]) -> Iterator[tuple[Rows, int]]:
    import ray.data

    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # it tells of every step; what matters comes as results
    actors, cpus, gpus = _pool(len(chunks))
    inputs = ray.data.from_items([{"tasks": each} for each in chunks], override_num_blocks=len(chunks))
    dataset = inputs.map_batches(
        Analyst,
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=actors),
        num_cpus=cpus,
        num_gpus=gpus,
        fn_constructor_args=(setup, max(1, int(cpus))),
    )
    for row in dataset.iter_rows():
        # What an actor of our own sent, over Ray's own connection.
        yield pickle.loads(row["rows"]), int(row["n_images"])


def _pool(n_chunks: int) -> tuple[int, float, float]:
    """How many actors, and the cores and GPUs of each: one a GPU where there are any, else two cores each."""
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    if gpus:
        cores = min(node.get("CPU", 1) / node["GPU"] for node in nodes if node.get("GPU"))
        return min(gpus, n_chunks), max(1.0, cores // 1), 1.0
    # An actor lives on one node: on small ones it has the one core that there is.
    sizes = [node["CPU"] for node in nodes if node.get("CPU", 0) >= 1]
    cores = min(2.0, *sizes) if sizes else 1.0
    return max(1, min(int(sum(size // cores for size in sizes)), n_chunks)), cores, 0.0


def _chunks(tasks: Iterable[Task], size: int) -> Iterator[str]:
    """Tasks as JSON, so many at a time."""
    waiting = iter(tasks)
    while chunk := list(islice(waiting, size)):
        yield json.dumps([asdict(task) for task in chunk])


def _task(values: dict[str, Any]) -> Task:
    return Task(**{**values, "methods": tuple((method, output) for method, output in values["methods"])})
