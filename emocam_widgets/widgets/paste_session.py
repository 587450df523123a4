"""The explorer's paste experiment: one at a time in a thread, which outlives the view that began it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emocam_widgets.analysis.paste import PasteResult
from emocam_widgets.engine.live_pasting import PastePlan, Row, pasted_result, plan_pastes, run_pastes
from emocam_widgets.errors import EmocamError
from emocam_widgets.widgets.background import Background
from emocam_widgets.widgets.base import failed_state

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run

BARS_EVERY = 0.4
"""Seconds between two looks at partial results: the bars of a few thousand pastes take some milliseconds."""

PROBE = ("rugby ball",)
"""What is pasted to find out what a paste takes."""

log = logging.getLogger("emocam_widgets")
State = dict[str, Any]


class PasteSession(Background):
    """One experiment at a time; starting another cancels it. What was found stays until then.

    Attributes:
        state: as of `PasteExperiment.trial`, or None.
        result: what was found so far, or None.
        seconds: what a paste took in the last experiment, or when it was tried (`probe`), or None.
    """

    def __init__(self) -> None:
        super().__init__()
        self.state: State | None = None
        self.result: PasteResult | None = None
        self.seconds: float | None = None
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` whenever something has changed, from the session's thread; what it returns ends that."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._forget(listener)

    def probe(self, run: Run, worker: Worker) -> None:
        """Finds out what a paste takes, on one image and where it is not known; returns at once."""
        if self.seconds is None and self.wait(0):
            threading.Thread(target=self._probe, args=(run, worker), name="emocam-paste-probe", daemon=True).start()

    def start(self, run: Run, worker: Worker, plan: PastePlan) -> None:
        """Begins an experiment; returns at once."""
        self.cancel()
        state = {
            "state": "running",
            "objects": list(plan.objects),
            "control": len(plan.variants) > 1,
            "label": plan.label,
            "places": len(plan.positions),
            "images": len(plan.image_ids),
            "available": plan.available,
            "pastes": plan.n_pastes,
            "done": 0,
            "unreadable": 0,
            "found": [],
            "seconds_left": None,
            "seed": plan.seed,
            "note": plan.note,
        }
        self._stop = stop = threading.Event()
        self._tell(state, None, stop)
        self._begin("paste", lambda: self._run(run, worker, plan, state, stop))

    def _probe(self, run: Run, worker: Worker) -> None:
        try:
            plan = plan_pastes(run, worker, PROBE, n=1, control=False)
            begun = time.monotonic()
            rows = [row for _, found in run_pastes(run, plan, worker) for row in found]
        except (EmocamError, RuntimeError) as error:
            # A worker that was closed: what it costs is then nobody's question.
            log.debug("It is not known what a paste takes: %s", error)
            return
        with self._lock:
            if not rows or self.seconds is not None:
                return
            self.seconds = (time.monotonic() - begun) / len(rows)
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def _run(self, run: Run, worker: Worker, plan: PastePlan, state: State, stop: threading.Event) -> None:
        rows: list[Row] = []
        found_by = {variant: [0, 0] for variant in plan.variants}
        result: PasteResult | None = None
        begun = shown = time.monotonic()
        try:
            for number, (_, found) in enumerate(run_pastes(run, plan, worker, stop.is_set), 1):
                rows += found
                for row in found:
                    counts = found_by[row["variant"]]
                    counts[0] += row["label_after"] != row["label_before"]
                    counts[1] += 1
                now = time.monotonic()
                if rows:
                    self.seconds = (now - begun) / len(rows)
                left = round((now - begun) / number * (len(plan.image_ids) - number), 1)
                unreadable = state["unreadable"] + (not found)
                state = {
                    **state,
                    "done": number,
                    "unreadable": unreadable,
                    "seconds_left": left,
                    "found": [[variant, *counts] for variant, counts in found_by.items()],
                }
                if now - shown > BARS_EVERY or number == 1:
                    result, shown = pasted_result(rows, run, worker) if rows else None, now
                self._tell(state, result, stop)
            if not rows and not stop.is_set():
                raise EmocamError("None of these images opens: nothing was pasted.")
            end = {"state": "cancelled" if stop.is_set() else "done", "seconds_left": None}
        except Exception as error:  # noqa: BLE001  a thread's boundary: nobody above could show it
            end = failed_state(error, "The experiment broke off.")
        self._tell({**state, **end}, pasted_result(rows, run, worker) if rows else None, stop, last=True)

    def _tell(self, state: State, result: PasteResult | None, stop: threading.Event, last: bool = False) -> None:
        """Takes the state over, unless another experiment has begun; after a stop only the last one."""
        with self._lock:
            if stop is not self._stop or (stop.is_set() and not last):
                return
            self.state, self.result = state, result
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def _forget(self, listener: Callable[[], None]) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
