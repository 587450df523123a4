"""A corpus through the models with everything at once: decoding and resizing, detecting, classifying and explaining.

A few threads decode; as many as there are cores (two on a GPU) run the models, each with its share of torch's threads,
and take whichever batch is next. What is under way is bounded in bytes and images, whatever the size of the corpus.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from emocam_widgets.engine.batch import Analysis, Prepared, Rows, Task, failure, together
from emocam_widgets.engine.batch_size import LARGEST, LARGEST_ON_GPU, BatchSize
from emocam_widgets.engine.interrupts import interrupts_wait
from emocam_widgets.engine.loading import load

BYTES_AHEAD = 256 * 1024 * 1024
BATCHES_AHEAD = 4
MODEL_THREADS = 4
DECODING_THREADS = 8
STOP_SECONDS = 5.0
INTERRUPT_SECONDS = 0.1


@dataclass(eq=False)
class _Image:
    """One image on its way; `number` is its place in the corpus's order."""

    number: int
    task: Task
    prepared: Prepared | None = None
    rows: dict[str, Rows] = field(default_factory=dict)
    n_bytes: int = 0
    done: bool = False


@dataclass(eq=False)
class _Stage:
    """One model's part: what waits for it, and how many it takes at once."""

    name: str
    compute: Callable[[Sequence[Prepared], Callable[[int], None]], list[Rows]]
    at_once: int  # threads that may run it at the same time
    batch: BatchSize
    waiting: deque[_Image] = field(default_factory=deque)
    running: int = 0


class Pipeline:
    """Iterating gives each image's id and rows, in the order of the tasks; closing it stops what is under way.

    Args:
        analysis: the models and settings.
        tasks: what each image needs, by its id.
        batch_size: images per pass of a model; by default found by trying.
        cores: processor cores to use, by default all.
    """

    def __init__(
        self, analysis: Analysis, tasks: Mapping[str, Task], batch_size: int | None = None, cores: int | None = None
    ) -> None:
        self.threads = _threads(analysis, cores or os.cpu_count() or 1)
        # A thread's own time tells what a batch costs, whatever else runs here, as long as the thread does it alone.
        alone = self.threads.torch == 1 and analysis.classifier.device.type == "cpu"
        self._clock = time.thread_time if alone else time.perf_counter
        self._analysis = analysis
        self._tasks = list(tasks.values())
        self._n_claimed = 0
        self._stages = self._used_stages(tasks, batch_size)
        self._changed = threading.Condition()
        self._under_way: deque[_Image] = deque()
        self._loading = 0
        self._bytes = 0
        self._largest = 0
        self._error: BaseException | None = None
        self._stopped = False
        self._ready = threading.Semaphore(0)
        self._running: list[threading.Thread] = []

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[tuple[str, Rows]]:
        with interrupts_wait():  # each thread is started or is not there
            self._start()
        while (image := self._next()) is not None:
            yield image.task.image_id, _whole(image)

    def finished(self) -> Iterator[tuple[str, Rows]]:
        """After it was stopped in the middle: the images that were whole by then and not yet given out."""
        with self._changed:
            whole = [image for image in self._under_way if image.done]
            self._under_way.clear()
        for image in whole:
            yield image.task.image_id, _whole(image)

    def close(self) -> None:
        """Stops after the batches that are being computed; a second call does nothing more.

        A model that takes longer than a few seconds for its batch is not waited for; its result is dropped.
        """
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        until = time.monotonic() + STOP_SECONDS
        for thread in self._running:
            thread.join(max(0.0, until - time.monotonic()))

    # -- setting up ----------------------------------------------------------------------------------------------------

    def _used_stages(self, tasks: Mapping[str, Task], batch_size: int | None) -> list[_Stage]:
        largest = LARGEST if self._analysis.classifier.device.type == "cpu" else LARGEST_ON_GPU
        stages = []
        if any(task.detect for task in tasks.values()):
            at_once = self.threads.models if _detects_in_threads(self._analysis) else 1
            stages.append(_Stage("detect", self._analysis.detect, at_once, BatchSize(batch_size, largest)))
        if any(task.classify or task.methods for task in tasks.values()):
            stages.append(
                _Stage("explain", self._analysis.explain, self.threads.models, BatchSize(batch_size, largest))
            )
        return stages

    def _start(self) -> None:
        import torch

        if self._running:
            raise RuntimeError("A pipeline is iterated once; make a new one.")
        shared = torch.get_num_threads()
        for work, count in ((self._decode, self.threads.decoding), (self._compute, self.threads.models)):
            for i in range(count):
                name = f"emocam-{'decode' if work == self._decode else 'models'}-{i}"
                self._running.append(threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True))
        for thread in self._running:
            thread.start()
        for _ in self._running:
            self._ready.acquire()
        # Each thread has set its own number of threads. Torch hands the last one that was set to every new thread.
        torch.set_num_threads(shared)

    def _guarded(self, work: Callable[[], None]) -> None:
        import torch

        # Asked for first: torch gives a thread the shared number when it is first used there.
        torch.get_num_threads()
        torch.set_num_threads(1 if work == self._decode else self.threads.torch)
        self._ready.release()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to who iterates, KeyboardInterrupt too
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()

    # -- what the threads do -------------------------------------------------------------------------------------------

    def _next(self) -> _Image | None:
        """The next image in order, when it is whole; None where there are no more."""
        while True:
            # An interrupt just as the lock is taken would leave it locked: it waits until the lock is free.
            with interrupts_wait(), self._changed:
                if self._error is not None:
                    raise self._error
                if self._under_way and self._under_way[0].done:
                    self._changed.notify_all()  # there is room again
                    return self._under_way.popleft()
                if self._exhausted and not self._under_way:
                    return None
                self._changed.wait(INTERRUPT_SECONDS)

    def _decode(self) -> None:
        while (image := self._claimed()) is not None:
            loaded = load(self._analysis.corpus, image.task.image_id)
            if loaded.image is None:
                outcome: Prepared | Rows = failure(loaded.image_id, "open", loaded.reason or "it cannot be opened")
            else:
                outcome = self._analysis.prepare(image.task, loaded.image)
            del loaded
            with self._changed:
                self._loading -= 1
                if isinstance(outcome, Rows):
                    image.rows["open"] = outcome
                    image.done = True
                else:
                    self._hand_on(image, outcome)
                self._changed.notify_all()
            del image, outcome  # else the last one would stay in memory while this thread waits

    def _claimed(self) -> _Image | None:
        """The next image to open, when there is room for it; None where there are no more."""
        with self._changed:
            while not (self._stopped or self._exhausted):
                if self._has_room():
                    image = _Image(self._n_claimed, self._tasks[self._n_claimed])
                    self._n_claimed += 1
                    self._under_way.append(image)
                    self._loading += 1
                    return image
                self._changed.wait()
            return None

    @property
    def _exhausted(self) -> bool:
        return self._n_claimed == len(self._tasks)

    def _has_room(self) -> bool:
        if not self._under_way:
            return True
        ahead = BATCHES_AHEAD * max((stage.batch.size for stage in self._stages), default=1)
        # Those that are being opened are taken to be as large as the largest so far.
        expected = self._bytes + (self._loading + 1) * self._largest
        return len(self._under_way) < ahead and expected <= BYTES_AHEAD

    def _hand_on(self, image: _Image, prepared: Prepared) -> None:
        image.prepared, image.n_bytes = prepared, prepared.n_bytes
        self._bytes += image.n_bytes
        self._largest = max(self._largest, image.n_bytes)
        for stage in self._stages:
            stage.waiting.append(image)

    def _compute(self) -> None:
        while (job := self._taken()) is not None:
            stage, images = job
            start = self._clock()
            prepared = [image.prepared for image in images if image.prepared is not None]
            rows = stage.compute(prepared, lambda n, stage=stage: self._too_many(stage, n))  # type: ignore[misc]
            with self._changed:
                stage.running -= 1
                stage.batch.measured(len(images), self._clock() - start)
                for image, of_image in zip(images, rows, strict=True):
                    image.rows[stage.name] = of_image
                    if len(image.rows) == len(self._stages):
                        image.done, image.prepared = True, None
                        self._bytes -= image.n_bytes
                self._changed.notify_all()
            del job, images, prepared, rows

    def _too_many(self, stage: _Stage, n_images: int) -> None:
        with self._changed:
            stage.batch.too_many(n_images)

    def _taken(self) -> tuple[_Stage, list[_Image]] | None:
        """The batch whose first image comes first in the corpus; None where there is nothing more to do."""
        with self._changed:
            while not self._stopped:
                free = [stage for stage in self._stages if stage.waiting and stage.running < stage.at_once]
                # A batch waits to be whole, unless nothing can come before it is computed.
                more = self._loading or (not self._exhausted and self._has_room())
                whole = [stage for stage in free if not more or len(stage.waiting) >= stage.batch.size]
                if whole:
                    stage = min(whole, key=lambda stage: stage.waiting[0].number)
                    return stage, self._batch_of(stage)
                if self._exhausted and not self._loading and not any(stage.waiting for stage in self._stages):
                    return None
                self._changed.wait()
            return None

    def _batch_of(self, stage: _Stage) -> list[_Image]:
        size = stage.batch.size
        if self._exhausted and not self._loading:
            size = min(size, -(-len(stage.waiting) // stage.at_once))  # the last ones are shared out
        stage.running += 1
        return [stage.waiting.popleft() for _ in range(min(size, len(stage.waiting)))]


@dataclass(frozen=True)
class Threads:
    """How many threads decode, how many run models, and torch's threads in each of these."""

    decoding: int
    models: int
    torch: int


def _threads(analysis: Analysis, cores: int) -> Threads:
    decoding = max(2, min(DECODING_THREADS, cores))
    kind = analysis.classifier.device.type
    if kind != "cpu":
        return Threads(decoding, 1 if kind == "mps" else 2, max(1, cores // 2))
    # With a detector that runs in one thread only, each of the two models gets half of the cores.
    both = analysis.detector is None or _detects_in_threads(analysis)
    models = min(cores, MODEL_THREADS if both else 2)
    return Threads(decoding, models, max(1, cores // models))


def _detects_in_threads(analysis: Analysis) -> bool:
    return hasattr(analysis.detector, "detect_prepared")


def _whole(image: _Image) -> Rows:
    return together([image.rows[name] for name in ("open", "detect", "explain") if name in image.rows])
