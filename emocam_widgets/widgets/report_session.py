"""The explorer's "Report": makes one report at a time in a thread, and hands it to the browser piece by piece."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from emocam_widgets.errors import EmocamError
from emocam_widgets.widgets.background import Background
from emocam_widgets.widgets.base import LiveWidget, failed_state

if TYPE_CHECKING:
    from emocam_widgets.run import Run

PIECE = 1 << 20
"""Bytes of a report that travel in one message: none of them keeps the others of the kernel waiting."""

SIZES = (15.0, 60.0)
"""How large a report may be, in millions of bytes; the next is offered where something had no room."""


class _Stopped(Exception):
    """Nobody wants the report any more."""


class ReportSession(Background):
    """One report at a time; starting another, or cancelling, ends the one that is being made.

    Args:
        tell: called with the state so far (the trait ``report`` of the explorer), from the session's thread.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._tell = tell
        self._number = 0
        self._content = b""

    def start(self, run: Run, shown: Mapping[str, LiveWidget], max_mb: float) -> None:
        """Makes a report of the run as the widgets show it now; returns at once."""
        self.cancel()
        self._stop = stop = threading.Event()
        self._number += 1
        state = {"state": "running", "done": 0, "total": 0, "number": self._number, "max_mb": max_mb}
        self._tell(state)
        self._begin("report", lambda: self._make(run, shown, state, stop))

    def piece(self, number: int, start: int) -> bytes:
        """The bytes from ``start`` on, `PIECE` of them at most.

        Raises:
            EmocamError: another report has been made since.
        """
        if number != self._number or not self._content:
            raise EmocamError("This report is not there any more: make it again.")
        return self._content[start : start + PIECE]

    def _make(self, run: Run, shown: Mapping[str, LiveWidget], state: dict[str, Any], stop: threading.Event) -> None:
        from emocam_widgets.widgets.report import make_report

        last = -1

        def seen(done: int, total: int) -> None:
            nonlocal last
            if stop.is_set():
                raise _Stopped
            percent = 100 * done // max(total, 1)
            if percent != last:
                last = percent
                self._tell({**state, "done": done, "total": total})

        try:
            made = make_report(run, shown, max_mb=state["max_mb"], progress=seen)
            if stop.is_set():
                raise _Stopped
            self._content = made.html.encode()
            found = {
                "state": "done",
                "name": file_name(run),
                "size": len(self._content),
                "images": len(run),
                "left_out": made.left_out,
                "notes": list(made.notes),
                "larger": next_size(state["max_mb"]) if made.left_out else None,
            }
        except _Stopped:
            found = {"state": "cancelled"}
        except Exception as error:  # noqa: BLE001  a thread's boundary: nobody above could show it
            found = failed_state(error, "The report could not be made.")
        if stop is self._stop:  # else another has begun since
            self._tell({**state, **found})


def file_name(run: Run) -> str:
    """What a browser saves the report of a run as."""
    name = re.sub(r"[^\w.-]+", "-", run.manifest.corpus.name).strip(".-")
    return f"{name or 'images'}-report.html"


def next_size(max_mb: float) -> float | None:
    """The next larger size that is offered, or None."""
    return next((size for size in SIZES if size > max_mb), None)
