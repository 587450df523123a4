"""What the widgets let run in threads: one at a time of each kind, which stops when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Background:
    """One thing at a time in a thread of its own.

    A subclass's ``start`` sets a new ``_stop``, says how things stand and calls ``_begin``; what it begins looks at the
    event that it was given, for ``_stop`` is another one once something else was begun.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def cancel(self) -> None:
        """Tells it to stop after the part that is under way; returns at once."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Returns once nothing runs, or after so many seconds; whether nothing runs."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        """Lets `work` run; returns at once. ``name`` is the thread's."""
        self._thread = threading.Thread(target=work, name=f"emocam-{name}", daemon=True)
        self._thread.start()
