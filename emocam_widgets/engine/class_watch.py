"""Follows how the class stands on a shared worker's board, for all widgets of a kernel in one thread.

An answer that the board has lost, with the process that held it, is given again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from emocam_widgets.engine.answers import Ballot, Totals
from emocam_widgets.errors import EmocamError

EVERY_SECONDS = 0.7
MOST_FOLLOWED = 40
log = logging.getLogger("emocam_widgets")

Told = Callable[[Totals], None]
Stop = Callable[[], None]


@dataclass(eq=False)
class _Followed:
    ballot: Ballot
    told: Told
    last: Totals | None = None


class ClassWatch:
    """Asks for the totals of the questions that are followed, and tells who follows when they have changed.

    Args:
        put: gives an answer to the board.
        totals: asks it for (question, n); None where it has no answer of this client.
    """

    def __init__(self, put: Callable[[Ballot], Totals], totals: Callable[[str, int], Totals | None]) -> None:
        self._put, self._totals = put, totals
        self._followed: list[_Followed] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._wake = threading.Event()

    def follow(self, ballot: Ballot, told: Told) -> Stop:
        """Gives an answer and tells how the class stands, soon and whenever that changes, from another thread.

        Of very many that are followed, those that began first are let go. What is returned ends it.
        """
        followed = _Followed(ballot, told)
        with self._lock:
            self._followed = [*self._followed, followed][-MOST_FOLLOWED:]
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._watch, name="emocam-class", daemon=True)
                self._thread.start()
        self._wake.set()
        return lambda: self._let_go(followed)

    def close(self) -> None:
        """Tells nobody any more."""
        self._closed.set()
        self._wake.set()

    def _watch(self) -> None:
        while True:
            with self._lock:
                now = list(self._followed)
                if not now or self._closed.is_set():
                    self._thread = None
                    return
            for each in now:
                try:
                    self._ask(each)
                except EmocamError as error:  # the worker is gone for now; its own listeners say so
                    log.info("The class's answers cannot be had: %s", error)
                except Exception as error:  # told in the log; the other questions are followed on
                    level = logging.DEBUG if self._closed.is_set() else logging.ERROR
                    log.log(level, "The class's answers to one question are followed no more: %s", error, exc_info=True)
                    self._let_go(each)
            self._wake.wait(EVERY_SECONDS)
            self._wake.clear()

    def _let_go(self, followed: _Followed) -> None:
        with self._lock:
            self._followed = [each for each in self._followed if each is not followed]

    def _ask(self, each: _Followed) -> None:
        ballot = each.ballot
        # The first time it is given in any case: it may differ from what the board has of this client.
        totals = None if each.last is None else self._totals(ballot.question, ballot.n)
        if totals is None:
            totals = self._put(ballot)
        if totals != each.last:
            each.last = totals
            each.told(totals)
