"""Keeps a kernel from calling itself busy with every small question of a widget.

A kernel says "busy" and "idle" around each message, and JupyterLab shows that in five places, its icon in the browser's
tab among them. With fifteen answers a second while something is dragged, that is half of what the browser computes, and
the indicators flicker. Questions to our widgets are answered in milliseconds, also while a cell runs, so their "busy"
is left out; their "idle", by which front ends know that a message was handled, stays.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

_QUIET: set[str] = set()  # the comms whose messages do not make the kernel busy


def make_quiet(comm: Any) -> None:
    """From now on this comm's messages do not make its kernel call itself busy; outside a kernel nothing changes."""
    comm_id = getattr(comm, "comm_id", None)
    if comm_id and _watched():
        _QUIET.add(comm_id)


def forget(comm: Any) -> None:
    """The comm is closed."""
    _QUIET.discard(getattr(comm, "comm_id", ""))


def _watched() -> bool:
    """Whether this process is a kernel that publishes its status where ipykernel 7 does; from now on it is watched."""
    module = sys.modules.get("ipykernel.kernelbase")
    if module is None or not module.Kernel.initialized():
        return False
    kernel = module.Kernel.instance()
    publish = getattr(kernel, "_publish_status", None)
    if publish is None or not hasattr(kernel, "get_parent"):
        return False
    if getattr(publish, "leaves_out_quiet", False):
        return True

    def publish_status(status: str, channel: str, parent: Mapping[str, Any] | None = None) -> None:
        if status == "busy" and is_quiet(parent or kernel.get_parent(channel)):
            return
        publish(status, channel, parent)

    publish_status.leaves_out_quiet = True  # type: ignore[attr-defined]
    kernel._publish_status = publish_status
    return True


def is_quiet(message: Mapping[str, Any]) -> bool:
    """Whether a message to the kernel is a question to one of the quiet comms."""
    if message.get("header", {}).get("msg_type") != "comm_msg":
        return False
    content = message.get("content")
    return isinstance(content, Mapping) and content.get("comm_id") in _QUIET
