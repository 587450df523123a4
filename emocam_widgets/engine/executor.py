"""One thread that owns the models: the interactive before the batch, what waits for the same together, the newest only.

Nothing here knows what is computed.
"""

from __future__ import annotations

import atexit
import heapq
import itertools
import threading
import weakref
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from emocam_widgets.engine.interrupts import interrupts_wait

Result = TypeVar("Result")
Request = TypeVar("Request")
Handler = Callable[[Sequence[Request]], Sequence[Result]]

INTERACTIVE = 0
BATCH = 1
MAX_TOGETHER = 16
EXIT_SECONDS = 10.0
"""How long Python's end waits for the job that is running then."""


@dataclass(order=True)
class _Waiting:
    """Something to do: a request, and the handler that answers several of them at once."""

    priority: int
    number: int
    handler: Handler[Any, Any] = field(compare=False)
    request: Any = field(compare=False)
    future: Future[Any] = field(compare=False)
    key: Hashable = field(compare=False, default=None)


class ModelThread:
    """Does what is asked for in the order of priority, then of asking. What waits when Python ends is not done."""

    def __init__(self, name: str = "emocam-worker") -> None:
        self._heap: list[_Waiting] = []
        self._newest: dict[Hashable, _Waiting] = {}
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()
        _alive.add(self)

    def submit(self, job: Callable[[], Result], priority: int = INTERACTIVE) -> Future[Result]:
        """The job's future; it may be cancelled until the job begins. RuntimeError where the thread is closed."""
        return self._put(_Waiting(priority, next(self._number), _run_job, job, Future()))

    def submit_request(
        self,
        handler: Handler[Request, Result],
        request: Request,
        priority: int = INTERACTIVE,
        supersedes: Hashable = None,
    ) -> Future[Result]:
        """The request's future. What waits for the same handler at the same priority is handed to it together.

        Where a request with the same `supersedes` (not None) still waits, its future is cancelled and this one takes
        its place in the queue, so that who asks anew faster than is answered does not wait for ever. Where the handler
        fails with several requests, each is tried alone, so that an error reaches only who asked for it. RuntimeError
        where the thread is closed.
        """
        return self._put(_Waiting(priority, next(self._number), handler, request, Future(), supersedes))

    def close(self, wait: bool = True) -> None:
        """Finishes what was asked for and ends; a second call does nothing more."""
        with interrupts_wait(), self._changed:
            self._closed = True
            self._changed.notify()
        if wait and not self.owns_current_thread():
            self._thread.join()

    def abandon(self) -> None:
        """Cancels what waits, and ends after the job that is running."""
        with interrupts_wait(), self._changed:
            self._closed = True
            left, self._heap = self._heap, []
            self._changed.notify()
        for waiting in left:
            waiting.future.cancel()

    def join(self, seconds: float) -> None:
        """Waits for the end of a thread that was closed or abandoned, at most so long."""
        self._thread.join(seconds)

    def owns_current_thread(self) -> bool:
        """Whether the caller runs inside a job, where waiting for another job would never end."""
        return threading.current_thread() is self._thread

    def _put(self, waiting: _Waiting) -> Future[Any]:
        with interrupts_wait(), self._changed:  # an interrupt just as the lock is taken would leave it locked
            if self._closed:
                raise RuntimeError("The worker is closed; make a new one.")
            if waiting.key is not None:
                older = self._newest.get(waiting.key)
                if older is not None and older.future.cancel():
                    waiting.number = older.number
                    older.request = None  # its image need not wait in memory
                self._newest[waiting.key] = waiting
            heapq.heappush(self._heap, waiting)
            self._changed.notify()
        return waiting.future

    def _work(self) -> None:
        while True:
            together = self._take()
            if together is None:
                return
            _answer(together)
            del together  # else the last request would keep its image until the next one comes

    def _take(self) -> list[_Waiting] | None:
        """The next requests that go together, marked as running; None where the thread is closed and has done all."""
        with self._changed:
            while True:
                while self._heap:
                    first = heapq.heappop(self._heap)
                    if not self._started(first):
                        continue
                    return [first, *self._companions(first)]
                if self._closed:
                    return None
                self._changed.wait()

    def _companions(self, first: _Waiting) -> list[_Waiting]:
        if first.handler is _run_job:
            return []
        alike = [other for other in self._heap if (other.priority, other.handler) == (first.priority, first.handler)]
        chosen = sorted(alike)[: MAX_TOGETHER - 1]
        if chosen:
            taken = {id(other) for other in chosen}
            self._heap = [other for other in self._heap if id(other) not in taken]
            heapq.heapify(self._heap)
        return [other for other in chosen if self._started(other)]

    def _started(self, waiting: _Waiting) -> bool:
        if self._newest.get(waiting.key) is waiting:
            del self._newest[waiting.key]
        return waiting.future.set_running_or_notify_cancel()


_alive: weakref.WeakSet[ModelThread] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """A thread inside PyTorch when Python ends would take the process down ("terminate called without ...")."""
    threads = list(_alive)
    for thread in threads:
        thread.abandon()
    for thread in threads:
        thread.join(EXIT_SECONDS)


def _run_job(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    return [job() for job in jobs]


def _answer(together: Sequence[_Waiting]) -> None:
    """Sets the futures of requests with one handler, each to its result or error."""
    try:
        results = together[0].handler([waiting.request for waiting in together])
    except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it, KeyboardInterrupt too
        if len(together) == 1:
            together[0].future.set_exception(error)
            return
    else:
        for waiting, result in zip(together, results, strict=True):
            waiting.future.set_result(result)
        return
    for waiting in together:
        _answer([waiting])
