"""Following a run that is still being computed: how far it is, and the run again whenever more of it is there.

It looks into the run's folder now and then; it writes nothing and holds nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from emocam_widgets.errors import RunError
from emocam_widgets.run.run import Run
from emocam_widgets.run.store import part_folders, read_part_info

EVERY = 1.0
SLOWEST = 15.0
"""Seconds between two looks: while parts land, and after a long time without any."""
RATE_SECONDS = 30.0
PATIENCE = 20.0
"""So long after the last part a run still counts as being computed."""
REST = 8.0
"""After reading the run again, so many times the seconds that this took pass before it is read once more."""

log = logging.getLogger("emocam_widgets")


@dataclass(frozen=True)
class Growth:
    """How far a run is.

    Attributes:
        done: images that it holds, those that could not be used included.
        total: images of its corpus.
        failures: those that could not be used.
        running: whether something was added a moment ago.
        seconds_left: at the rate of the last half minute; None where that is not known.
    """

    done: int
    total: int
    failures: int
    running: bool
    seconds_left: float | None

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return self.done >= self.total


def growth(run: Run) -> Growth:
    """How far the run is, as it was opened."""
    failures = len(run.failures)
    return Growth(len(run) + failures, run.manifest.corpus.n_images, failures, running=False, seconds_left=None)


class RunFollower:
    """Looks into the folder of a run until it is whole.

    Args:
        run: as it was opened.
        told: is called with every change of how far it is.
        grown: is called with the run as it is by then, after parts were added; not faster than it can be read.

    Both are called in the follower's own thread. It ends by itself when the run is whole, or with `stop`.
    """

    def __init__(
        self, run: Run, told: Callable[[Growth], None], grown: Callable[[Run], None], *, every: float = EVERY
    ) -> None:
        self._run = run
        self._told, self._grown = told, grown
        self._every = every
        self._counts: dict[str, tuple[int, int]] = {}
        self._arrivals: deque[tuple[float, int]] = deque([(time.monotonic(), growth(run).done)])
        self._last: Growth | None = None
        self._read = len(part_folders(run.path))
        self._rest_until = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="emocam-run-follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more. Returns at once; a call that is under way still ends."""
        self._end.set()

    def _follow(self) -> None:
        wait = self._every
        while not self._end.wait(wait):
            try:
                whole = self._look()
            except (RunError, OSError) as error:  # being moved, or made again: it may come back
                log.debug("The run %s cannot be followed just now: %s", self._run.path, error)
                whole = False
            except Exception:  # the boundary: nobody above could say so
                log.exception("Following the run %s has ended.", self._run.path)
                return
            if whole:
                return
            running = self._last is not None and self._last.running
            wait = self._every if running else min(wait * 1.2, max(SLOWEST, self._every))

    def _look(self) -> bool:
        """Looks once; says whether the run is whole and has been handed on so."""
        now = time.monotonic()
        parts = part_folders(self._run.path)
        for part in parts:
            if part.name not in self._counts:
                rows = read_part_info(part)["rows"]
                self._counts[part.name] = (int(rows.get("images", 0)), int(rows.get("failures", 0)))
        state = self._state(now)
        if state != self._last:
            self._last = state
            self._told(state)
        if len(parts) == self._read or (now < self._rest_until and not state.whole):
            return state.whole and len(parts) == self._read
        begun = time.monotonic()
        self._run = Run(self._run.path, self._run.known_corpus)
        self._read = len(parts)
        self._grown(self._run)
        self._rest_until = time.monotonic() + REST * (time.monotonic() - begun)
        return state.whole

    def _state(self, now: float) -> Growth:
        total = self._run.manifest.corpus.n_images
        images, failures = (
            (sum(column) for column in zip(*self._counts.values(), strict=True)) if self._counts else (0, 0)
        )
        done = min(images + failures, total)
        if done > self._arrivals[-1][1]:
            self._arrivals.append((now, done))
        while len(self._arrivals) > 2 and now - self._arrivals[0][0] > RATE_SECONDS:
            self._arrivals.popleft()
        (first, before), (last, _) = self._arrivals[0], self._arrivals[-1]
        running = len(self._arrivals) > 1 and now - last < PATIENCE and done < total
        rate = (done - before) / (last - first) if last > first else 0.0
        left = round((total - done) / rate, 1) if running and rate > 0 else None
        return Growth(done, total, failures, running, left)
