"""How far an analysis is, in a notebook: done, rate, time left, failures, and a button that stops it."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets as w
from tqdm.std import tqdm

from emocam_widgets.engine import corpus_run
from emocam_widgets.widgets.base import forget_reply_subshell

UPDATE_SECONDS = 0.1


class RunProgress:
    """Shows an analysis while it runs: ``emo.analyze(..., progress=RunProgress())``; in notebooks that is the default.

    Stop works while the cell runs, and as an interrupt does: what is finished is kept, and the same call goes on.
    """

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._bar = w.IntProgress(min=0, max=1, layout={"width": "320px"})
        self._says = w.Label("starting…")
        self._stop = w.Button(description="Stop", tooltip="What is finished is kept; the same call goes on from there")
        self._stop.on_click(lambda _button: self.stop())
        self._box = w.HBox([self._bar, self._says, self._stop])
        # tqdm counts the rate and formats it; it draws nothing.
        self._meter: Any = None

    def stop(self) -> None:
        """Stops the analysis after the images that are under way."""
        self._stopped.set()
        self._says.value = "stopping…"

    def __call__(self, done: int, total: int, failures: int) -> None:
        """Called by the analysis. Raises KeyboardInterrupt where Stop was clicked."""
        if self._meter is None:
            self._show(total)
        if self._stopped.is_set():
            self._end(f"stopped at {done:,} of {total:,} images; the same call goes on from there")
            raise KeyboardInterrupt("Stop was clicked")
        self._meter.n = done
        if done == total:
            self._end(self._words(done, total, failures))
        elif self._meter._time() - self._meter.last_print_t >= UPDATE_SECONDS:
            self._meter.last_print_t = self._meter._time()
            self._bar.value = done
            self._says.value = self._words(done, total, failures)

    def _show(self, total: int) -> None:
        from IPython.display import display

        self._meter = tqdm(total=total, unit=" images", disable=False, file=_Nowhere(), mininterval=1e9)
        self._bar.max = max(total, 1)
        display(self._box)
        # Else the click would wait for the cell that it is to stop (see LiveWidget).
        forget_reply_subshell(self._stop.comm)

    def _end(self, words: str) -> None:
        self._bar.value = self._meter.n
        self._says.value = words
        self._stop.disabled = True
        self._meter.close()

    def _words(self, done: int, total: int, failures: int) -> str:
        values = self._meter.format_dict
        rate = values["rate"] or (done / values["elapsed"] if values["elapsed"] else 0)
        left = f", {tqdm.format_interval((total - done) / rate)} left" if rate and done < total else ""
        failed = f", {failures:,} could not be used" if failures else ""
        return f"{done:,} of {total:,} images, {rate:.1f} a second{left}{failed}"


class _Nowhere:
    """A file for tqdm that nothing is written to."""

    def write(self, _text: str) -> None: ...

    def flush(self) -> None: ...


def show_by_default() -> None:
    """From now on an analysis with ``progress=True`` shows itself so."""
    corpus_run.default_progress = RunProgress
