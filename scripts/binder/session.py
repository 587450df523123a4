"""A session as Binder serves it: JupyterLab started with BinderHub's options, the first notebook opened and used."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from scripts.binder.image import Image
from scripts.binder.memory import Memory, Peak, of_tree
from scripts.first_minute import Hand, filled, first_minute
from tests.browser.conftest import CHROMIUM_OPTIONS, chromium_path
from tests.browser.lab import LabServer, free_port, wait_until_it_answers
from tests.browser.notebook import NotebookPage

NOTEBOOK = "notebooks/00_start_here.ipynb"
WINDOW = (1366, 768)


@dataclass(frozen=True)
class Session:
    """Seconds until the server answered, from opening the notebook's address until its kernel was there, and until its
    explorer was filled; the memory of the server and all its processes then, and the most until a label had flipped."""

    server_seconds: float
    notebook_seconds: float
    widget_seconds: float
    memory: Memory
    greatest: Memory
    headline: str


def measure(image: Image) -> Session:
    """Opens the notebook, runs its first cell and flips a label. Whatever fails on the way raises."""
    started = time.monotonic()
    with _server(image) as server:
        server_seconds = time.monotonic() - started
        with Peak(server.process.pid) as peak, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
            page = browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
            notebook = NotebookPage(page, server)
            opened = time.monotonic()
            notebook.open(NOTEBOOK, mode="doc")  # where a launch address with `labpath=` leads
            notebook_seconds = time.monotonic() - opened
            output = notebook.run(notebook.cells[0], seconds=120).output
            filled(output)
            widget_seconds = time.monotonic() - opened
            memory = of_tree(server.process.pid)
            headline = first_minute(output, Hand(page))
            if notebook.page_errors:
                raise RuntimeError(f"errors on the page: {notebook.page_errors}")
            browser.close()
    return Session(server_seconds, notebook_seconds, widget_seconds, memory, peak.greatest, headline)


@contextmanager
def _server(image: Image) -> Iterator[LabServer]:
    token, port = secrets.token_hex(16), free_port()
    path = f"/user/{secrets.token_hex(4)}/"
    command = [
        "jupyter-lab",
        "--ip=127.0.0.1",  # not 0.0.0.0: nobody but this machine is to reach it
        f"--port={port}",
        f"--ServerApp.base_url={path}",
        f"--ServerApp.token={token}",
        "--ServerApp.trust_xheaders=True",
        "--ServerApp.default_url=/lab",
        "--no-browser",
        "--LabApp.expose_app_in_browser=True",  # so that this script can ask the page how far it is
    ]
    if os.geteuid() == 0:
        command.append("--allow-root")
    log = image.folder / "jupyterlab.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=image.repository,
            env=image.environment() | {"JUPYTER_RUNTIME_DIR": tempfile.mkdtemp(dir=image.folder)},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    server = LabServer(f"http://127.0.0.1:{port}{path}", token, Path(image.repository), log, process)
    try:
        wait_until_it_answers(server)
        yield server
    finally:
        server.stop()
