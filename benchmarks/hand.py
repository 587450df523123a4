"""A hand with a mouse: tells the browser where it is at its own pace, whether or not the page keeps up.

Playwright's mouse waits for the page to have handled each movement, so a busy page would slow the hand down.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from urllib.request import urlopen

import websocket


def free_port() -> int:
    """A port for the browser's debugging protocol, which it listens to on the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def move(port: int, url: str, points: Sequence[tuple[float, float]], seconds: float) -> None:
    """Moves the mouse, its left button down, over `points` (CSS pixels of the page at `url`), one every `seconds`."""
    with urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
        pages = [target for target in json.load(answer) if target["type"] == "page" and target["url"] == url]
    # Without an Origin: the browser refuses pages, and takes programs of this machine.
    connection = websocket.create_connection(pages[0]["webSocketDebuggerUrl"], suppress_origin=True, timeout=30)
    try:
        start = time.perf_counter()
        for number, (x, y) in enumerate(points):
            event = {"type": "mouseMoved", "x": x, "y": y, "button": "left", "buttons": 1}
            connection.send(json.dumps({"id": number, "method": "Input.dispatchMouseEvent", "params": event}))
            time.sleep(max(0.0, start + (number + 1) * seconds - time.perf_counter()))
        while json.loads(connection.recv()).get("id") != len(points) - 1:
            continue
    finally:
        connection.close()
