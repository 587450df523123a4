"""Adding a method to a run from a widget: one at a time in a thread, told of after every image."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emocam_widgets.engine.adding import add_method
from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run

TELL_EVERY = 0.2
log = logging.getLogger("emocam_widgets")


class MethodSession:
    """One method at a time.

    Args:
        tell: called with the state so far (the trait ``adding`` of `RsaMatrix`), from the session's thread.
        grown: called with the run that holds the method.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None], grown: Callable[[Run], None]) -> None:
        self._tell, self._grown = tell, grown
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, run: Run, worker: Worker, method: str) -> None:
        """Begins; returns at once.

        Raises:
            EmocamError: another method is being added.
        """
        if not self.wait(0):
            raise EmocamError("A method is being added already: wait for it, or stop it.")
        self._stop = threading.Event()
        state = {"state": "running", "method": method, "done": 0, "total": len(run), "seconds_left": None}
        self._tell(state)
        self._thread = threading.Thread(
            target=self._add, args=(run, worker, state, self._stop), name="emocam-add-method", daemon=True
        )
        self._thread.start()

    def cancel(self) -> None:
        """Stops after the images that are under way; nothing is added."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Returns once nothing is being added, or after so many seconds; whether that is so."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _add(self, run: Run, worker: Worker, state: dict[str, Any], stop: threading.Event) -> None:
        begun = told = time.monotonic()

        def progress(done: int, total: int) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told < TELL_EVERY and 0 < done < total:
                return
            told = now
            left = round((now - begun) / done * (total - done), 1) if done else None
            self._tell({**state, "done": done, "total": total, "seconds_left": left})

        try:
            grown = add_method(run, worker, state["method"], progress=progress, cancelled=stop.is_set)
            if grown is not None:
                self._grown(grown)
            end: dict[str, Any] = {"state": "cancelled" if grown is None else "done"}
        except EmocamError as error:
            end = {"state": "failed", "sentence": str(error), "details": ""}
        except Exception as error:
            log.error("%s could not be added to %s: %s", state["method"], run.path, error, exc_info=error)
            details = "".join(traceback.format_exception(error))
            end = {"state": "failed", "sentence": f"{state['method']} could not be added.", "details": details}
        self._tell({**state, **end})
