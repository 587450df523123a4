"""What all widgets share: answers while a cell runs, thread-safe state, messages with buffers, errors that are shown.

Nothing here knows what a widget shows.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
from ipywidgets import Widget
from traitlets import HasTraits, TraitError

from emocam_widgets.errors import EmocamError
from emocam_widgets.widgets import quiet

STATIC = Path(__file__).parent / "static"
CODE = ("_esm", "_css")  # which never changes
log = logging.getLogger("emocam_widgets")

Buffer = bytes | memoryview
Reply = Mapping[str, Any] | tuple[Mapping[str, Any], Sequence[Buffer]] | None
Handler = Callable[[dict[str, Any], list[memoryview]], Reply]


def static(name: str) -> tuple[str, str]:
    """The built front end of a widget: the text of its ES module and of its style sheet."""
    return (STATIC / f"{name}.js").read_text(encoding="utf-8"), (STATIC / f"{name}.css").read_text(encoding="utf-8")


def float_buffer(values: Any) -> bytes:
    """Numbers of any shape as little-endian float32, row-major; the front end's `floats()` reads them."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def int_buffer(values: Any) -> bytes:
    """Whole numbers of any shape as little-endian int32, row-major; the front end's `integers()` reads them."""
    return np.ascontiguousarray(values, dtype="<i4").tobytes()


class _PerThread(threading.local):
    """What ipywidgets keeps on the widget while an update is under way, kept per thread instead."""

    def __init__(self) -> None:
        self.received: dict[str, Any] = {}
        self.holding = False
        self.held: set[str] = set()


def _thread_attribute(name: str) -> Any:
    def read(widget: LiveWidget) -> Any:
        return getattr(widget._per_thread, name)

    def write(widget: LiveWidget, value: Any) -> None:
        setattr(widget._per_thread, name, value)

    return property(read, write)


def failed_state(error: Exception, sentence: str) -> dict[str, Any]:
    """How the state of something that runs in a thread ends with an error, which nobody above could show.

    An error meant for users says itself what went wrong; of any other ``sentence`` does, and the log and the folded
    details have the traceback.
    """
    if isinstance(error, EmocamError):
        return {"state": "failed", "sentence": str(error), "details": ""}
    log.error("%s %s: %s", sentence, type(error).__name__, error, exc_info=error)
    details = "".join(traceback.format_exception(error))
    return {"state": "failed", "sentence": sentence, "details": details}


class LiveWidget(anywidget.AnyWidget):
    """Base of all widgets.

    A subclass sets `_esm` and `_css` (from `static()`), declares traits for state that both sides share, and registers
    handlers for questions of the front end with `on_message`. Traits may be set and messages sent from any thread.

    Raises TypeError for keywords that are no trait of the widget.
    """

    def __init__(self, **kwargs: Any) -> None:
        unknown = [name for name in kwargs if not self.has_trait(name)]
        if unknown:
            raise TypeError(f"{type(self).__name__} has no setting {unknown[0]!r}")
        # An update is: note what the front end sent, set, send what differs. Between threads (a running cell and the
        # front end's messages) these notes must not mix; the lock keeps a value's reading and sending together, so that
        # the last message about a trait always carries its last value. It is never held while an observer runs.
        self._per_thread = _PerThread()
        self._lock = threading.RLock()
        self._handlers: dict[str, Handler] = {"ping": lambda _content, _buffers: {}, "present": self._say_present}
        super().__init__(**kwargs)
        self.on_msg(self._answer)

    # ipywidgets' own code uses these three; as properties they become per thread without copying any of it.
    _property_lock = _thread_attribute("received")
    _holding_sync = _thread_attribute("holding")
    _states_to_send = _thread_attribute("held")

    # -- messages --------------------------------------------------------------------------------------------------

    def on_message(self, kind: str, handler: Handler) -> None:
        """Answer the front end's messages of this kind.

        `handler(content, buffers)` returns the content of the reply, or (content, buffers), or None where it replies
        itself (later, from any thread) with `reply`. What it raises is shown under the widget.
        """
        self._handlers[kind] = handler

    def reply(self, request: Mapping[str, Any], content: Mapping[str, Any], buffers: Sequence[Buffer] = ()) -> None:
        """Answer one message of the front end."""
        self.send({**content, "kind": request.get("kind"), "id": request.get("id")}, list(buffers))

    def show_error(self, error: BaseException, request: Mapping[str, Any] | None = None) -> None:
        """Show an error under the widget: one sentence, the traceback folded (none for errors meant for users)."""
        expected = isinstance(error, EmocamError)
        sentence = (
            str(error) if expected else f"Something went wrong inside the widget: {type(error).__name__}: {error}"
        )
        details = "" if expected else "".join(traceback.format_exception(error))
        if not expected:
            log.error("%s: %s", type(self).__name__, sentence, exc_info=error)
        message_id = request.get("id") if request else None
        self.send({"kind": "error", "id": message_id, "sentence": sentence, "details": details})

    def _say_present(self, _content: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        """A front end that was out of reach is back: what was said meanwhile may not have come through."""
        self.send_state([name for name in self.keys if name not in CODE])
        self._tell_again()
        return {"model": self.model_id}

    def _tell_again(self) -> None:
        """Send again what was last told the front end by messages of this widget's own; a subclass overrides it."""

    def _answer(self, _widget: Widget, content: Any, buffers: list[memoryview]) -> None:
        if not isinstance(content, dict):
            return
        handler = self._handlers.get(str(content.get("kind")))
        if handler is None:  # anywidget's own messages pass here too
            return
        try:
            answer = handler(content, list(buffers or ()))
        except Exception as error:  # noqa: BLE001  the boundary: nobody above could show it
            self.show_error(error, content)
            return
        if isinstance(answer, tuple):
            self.reply(content, answer[0], answer[1])
        elif answer is not None:
            self.reply(content, answer)

    # -- state -----------------------------------------------------------------------------------------------------

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the front end sent.

        As ipywidgets', but without holding back notifications: that swaps a method of the shared object, which a cell
        that sets a trait at the same time would trip over. What a trait refuses is shown, and the front end gets the
        value that was kept.
        """
        with self._lock_property(**sync_data):
            for name, value in sync_data.items():
                if name not in self.keys:
                    continue
                from_json = self.trait_metadata(name, "from_json", self._trait_from_json)
                try:
                    self.set_trait(name, from_json(value, self))
                except TraitError as error:
                    self.show_error(EmocamError(str(error)))
                    self.send_state(name)
                except Exception as error:  # noqa: BLE001  an observer's error: shown, like a handler's
                    self.show_error(error)

    def send_state(self, key: Any = None) -> None:
        """Send traits to the front end: all, one, or several."""
        with self._lock:
            super().send_state(key)

    def _send(self, msg: dict[str, Any], buffers: Any = None) -> None:
        with self._lock:
            super()._send(msg, buffers=buffers)
            forget_reply_subshell(self.comm)

    def open(self) -> None:
        """Open the connection to the front end."""
        super().open()
        forget_reply_subshell(self.comm)
        quiet.make_quiet(self.comm)

    def close(self) -> None:
        """Close the widget and its connection to the front end."""
        quiet.forget(self.comm)
        super().close()


def forget_reply_subshell(comm: Any) -> None:
    """Let the front end say where a comm's messages are answered.

    ipykernel 7.4 sends a comm's messages to the shell that last published on that comm. After a cell made or changed
    the widget that is the main shell, and every answer waits until the cell ends. Without this attribute ipykernel
    takes the subshell that the message names, which answers at once. Where the comm chooses by a method, that is told
    to choose so: a message that comes between a publication and this call would wait. Kernels without either are not
    touched.
    """
    state = getattr(comm, "__dict__", {})
    state.pop("_reply_subshell_id", None)
    if hasattr(comm, "_reply_subshell_for") and "_reply_subshell_for" not in state:
        comm._reply_subshell_for = lambda _data, named: named


def link_traits(source: HasTraits, source_trait: str, target: HasTraits, target_trait: str) -> Callable[[], None]:
    """Keep two traits equal, from now on and in both directions; the source's value wins at first.

    What it returns ends that.
    """

    def to_target(change: Mapping[str, Any]) -> None:
        setattr(target, target_trait, change["new"])

    def to_source(change: Mapping[str, Any]) -> None:
        setattr(source, source_trait, change["new"])

    def undo() -> None:
        source.unobserve(to_target, source_trait)
        target.unobserve(to_source, target_trait)

    setattr(target, target_trait, getattr(source, source_trait))
    source.observe(to_target, source_trait)
    target.observe(to_source, target_trait)
    return undo
