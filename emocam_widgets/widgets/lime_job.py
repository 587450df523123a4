"""One LIME explanation under way for a widget: in a thread of its own, told of step by step, stopped when asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from emocam_widgets.types import LimeExplanation

Explanations = tuple[LimeExplanation, ...]


class LimeJob:
    """Runs a stream of explanations to its end or until `cancel()`; what it finds goes to the functions given.

    Args:
        stream: made, and so checked and segmented, in the job's thread.
        found: gets each round of explanations.
        ended: gets None at the end, or the exception that ended it; not called after `cancel()`.
    """

    def __init__(
        self,
        stream: Callable[[Callable[[], bool]], Iterator[Explanations]],
        found: Callable[[LimeJob, Explanations], None],
        ended: Callable[[LimeJob, Exception | None], None],
    ) -> None:
        self._stream, self._found, self._ended = stream, found, ended
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._work, name="emocam-lime", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def cancel(self) -> None:
        """Lets it end after the pass of the network that is under way, without another word."""
        self._cancelled.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until the thread has ended; False where it still runs after so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        problem: Exception | None = None
        try:
            for explanations in self._stream(self._cancelled.is_set):
                if self._cancelled.is_set():
                    return
                self._found(self, explanations)
        except Exception as error:  # noqa: BLE001  a boundary: the widget shows it
            problem = error
        if not self._cancelled.is_set():
            self._ended(self, problem)
