"""A real JupyterLab on the loopback interface with configuration, runtime and working folders of its own."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from ipykernel.kernelspec import write_kernel_spec

START_SECONDS = 180


class LabDidNotStart(RuntimeError):
    """JupyterLab ended or stayed silent; the message quotes its log."""


@dataclass(frozen=True)
class LabServer:
    """A running JupyterLab: `url` ends in a slash, `root` is where its notebooks lie."""

    url: str
    token: str
    root: Path
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Ends the server and with it its kernels."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


def start_lab(home: Path) -> LabServer:
    """Starts JupyterLab under `home` (an empty folder) and returns once it answers.

    Nothing of the user's own Jupyter set-up is read or written, and nothing is fetched: no news, no update check, no
    extension list. Raises LabDidNotStart.
    """
    folders = {name: home / name for name in ("root", "config", "data", "runtime", "ipython")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    (folders["data"] / "kernels").mkdir()
    write_kernel_spec(folders["data"] / "kernels" / "python3")  # names the Python that runs the tests
    _write_settings(folders["config"] / "lab" / "user-settings" / "@jupyterlab")
    token, port = secrets.token_hex(16), free_port()
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folders["config"]),
        "JUPYTER_DATA_DIR": str(folders["data"]),
        "JUPYTER_PATH": str(folders["data"]),
        "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
        "IPYTHONDIR": str(folders["ipython"]),
        "JUPYTER_TOKEN": token,
    }
    log = home / "jupyterlab.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *_options(folders["root"], port)],
            env=environment,
            cwd=folders["root"],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    server = LabServer(f"http://127.0.0.1:{port}/", token, folders["root"], log, process)
    wait_until_it_answers(server)
    return server


def _options(root: Path, port: int) -> list[str]:
    return [
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.terminals_enabled=False",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LanguageServerManager.autodetect=False",
        "--Application.log_level=WARN",
    ]


def _write_settings(folder: Path) -> None:
    settings = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "docmanager-extension/plugin": {"autosave": False},
    }
    for name, values in settings.items():
        path = folder / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(server: LabServer) -> None:
    """Returns once the server answers. Raises LabDidNotStart."""
    last: object = "no answer yet"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urlopen(f"{server.url}api/status?token={server.token}", timeout=5):
                return
        except (URLError, TimeoutError, ConnectionError) as error:
            last = error
            time.sleep(0.2)
    server.stop()
    tail = server.log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise LabDidNotStart(f"JupyterLab did not answer at {server.url} ({last}). The end of its log:\n{tail}")
