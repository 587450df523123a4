"""`emocam demo --app` as a user starts it: a process of its own, whose address is read from what it prints."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.browser.lab import free_port

START_SECONDS = 240


@dataclass(frozen=True)
class AppServer:
    """A running app. `address` is what it printed, with the token in it."""

    address: str
    process: subprocess.Popen[str]

    @property
    def bare(self) -> str:
        """The address without the token."""
        return urlsplit(self.address)._replace(query="").geturl()

    def stop(self) -> None:
        """Ends the command, and with it Voila and its kernels."""
        self.process.terminate()
        self.process.wait(30)


def start_app() -> AppServer:
    """Starts the app on a free port and returns once it says that it answers. Raises RuntimeError where it does not."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emocam_widgets.cli", "demo", "--app", "--no-browser", f"--port={free_port()}"],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if selector.select(0.5):
                said += process.stdout.readline()
            if found := re.search(r"http://\S+", said):
                return AppServer(found.group(), process)
    process.kill()
    raise RuntimeError(f"the app did not start; it said: {said!r}")
