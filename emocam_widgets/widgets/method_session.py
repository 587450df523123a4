"""Adding a method to a run from a widget: one at a time in a thread, told of after every image."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emocam_widgets.engine.adding import add_method
from emocam_widgets.errors import EmocamError
from emocam_widgets.widgets.background import Background
from emocam_widgets.widgets.base import failed_state

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run

TELL_EVERY = 0.2


class MethodSession(Background):
    """One method at a time; one that is stopped adds nothing.

    Args:
        tell: called with the state so far (the trait ``adding`` of `RsaMatrix`), from the session's thread.
        grown: called with the run that holds the method.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None], grown: Callable[[Run], None]) -> None:
        super().__init__()
        self._tell, self._grown = tell, grown

    def start(self, run: Run, worker: Worker, method: str) -> None:
        """Begins; returns at once.

        Raises:
            EmocamError: another method is being added.
        """
        if not self.wait(0):
            raise EmocamError("A method is being added already: wait for it, or stop it.")
        self._stop = stop = threading.Event()
        state = {"state": "running", "method": method, "done": 0, "total": len(run), "seconds_left": None}
        self._tell(state)
        self._begin("add-method", lambda: self._add(run, worker, state, stop))

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
        except Exception as error:  # noqa: BLE001  a thread's boundary: nobody above could show it
            end = failed_state(error, f"{state['method']} could not be added.")
        self._tell({**state, **end})
