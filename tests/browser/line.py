"""The line between a browser and JupyterLab, which can go dead or be cut as it does where a laptop's lid is closed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Literal, TypeVar

from tests.browser.lab import LabServer

T = TypeVar("T")
State = Literal["up", "dead", "cut"]
CHUNK = 65_536


class Line:
    """Passes bytes on between any number of clients and a server's port.

    "up": it does. "dead": what either side says is lost, and neither is told: a laptop that sleeps, a network without a
    way. "cut": every connection is ended, and none is made.
    """

    def __init__(self, server: LabServer) -> None:
        self._target = int(server.url.rstrip("/").rsplit(":", 1)[1])
        self._state: State = "up"
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._thread.start()
        self._listening = self._wait(asyncio.start_server(self._connected, "127.0.0.1", 0))
        port = self._listening.sockets[0].getsockname()[1]
        self.server = replace(server, url=f"http://127.0.0.1:{port}/")

    def become(self, state: State) -> None:
        """Returns once it is so."""
        self._wait(self._become(state))

    def close(self) -> None:
        """Cuts it for good."""
        self.become("cut")
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _become(self, state: State) -> None:
        self._state = state
        if state == "cut":
            for writer in self._open:
                writer.transport.abort()

    async def _end(self) -> None:
        self._listening.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._state != "up":
            writer.transport.abort()
            return
        beyond, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._open |= {writer, back}
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(beyond, writer))
        self._open -= {writer, back}

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while said := await source.read(CHUNK):
                if self._state == "up":
                    target.write(said)
                    await target.drain()
        except ConnectionError:
            pass  # the other side is told below
        if self._state != "dead":
            target.close()
