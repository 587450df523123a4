"""One thread that owns the models: jobs run one at a time, the interactive ones before the batch ones."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")

INTERACTIVE = 0
BATCH = 1
_CLOSE = 2  # after everything that was asked for before


class ModelThread:
    """Runs jobs in the order of their priority, then of their asking. A daemon: it never keeps Python from ending."""

    def __init__(self, name: str = "emocam-worker") -> None:
        self._jobs: queue.PriorityQueue[tuple[int, int, Callable[[], None] | None]] = queue.PriorityQueue()
        self._number = itertools.count()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], Result], priority: int = INTERACTIVE) -> Future[Result]:
        """The job's future; it may be cancelled until the job begins. RuntimeError where the thread is closed."""
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = job()
            except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it, KeyboardInterrupt too
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._closed:
                raise RuntimeError("The worker is closed; make a new one.")
            self._jobs.put((priority, next(self._number), run))
        return future

    def close(self) -> None:
        """Finishes what was asked for and ends; a second call does nothing more."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put((_CLOSE, next(self._number), None))
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def owns_current_thread(self) -> bool:
        """Whether the caller runs inside a job, where waiting for another job would never end."""
        return threading.current_thread() is self._thread

    def _work(self) -> None:
        while True:
            job: Any = self._jobs.get()[2]
            if job is None:
                return
            job()
