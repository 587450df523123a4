"""The front end's end of a widget's line, without a browser: asks questions, and keeps what the widget sends."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from emocam_widgets.widgets.base import LiveWidget

Reply = tuple[dict[str, Any], list[Any]]


class Line:
    """Listens to all widgets from now on; `ask` waits for the answer of one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[LiveWidget, dict[str, Any], list[Any]]] = []
        self._changed = threading.Condition()
        self._id = 0
        line = self

        def send(widget: LiveWidget, content: Any, buffers: Any = None) -> None:
            with line._changed:
                line.sent.append((widget, content, list(buffers or [])))
                line._changed.notify_all()

        monkeypatch.setattr(LiveWidget, "send", send)

    def ask(self, widget: LiveWidget, kind: str, **content: Any) -> Reply:
        """The reply to a question; also where it is an error."""
        self._id += 1
        mine = self._id
        widget._answer(widget, {"kind": kind, "id": mine, **content}, [])
        return self.wait(widget, lambda reply: reply.get("id") == mine)

    def wait(self, widget: LiveWidget, wanted: Any) -> Reply:
        """The first message of the widget for which `wanted(content)` holds."""

        def found() -> Reply | None:
            hits = ((content, buffers) for who, content, buffers in self.sent if who is widget and wanted(content))
            return next(hits, None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, 60), "the widget did not send it"
            reply = found()
        assert reply is not None
        return reply


def floats(buffer: Any) -> np.ndarray:
    return np.frombuffer(bytes(buffer), dtype="<f4")


def integers(buffer: Any) -> np.ndarray:
    return np.frombuffer(bytes(buffer), dtype="<i4")
