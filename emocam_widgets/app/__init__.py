"""The explorer as an app without code: a notebook of one cell served by Voila behind a random token, to this machine.

Voila is the extra `app`; this module starts it and knows nothing of what the notebook shows.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from emocam_widgets.errors import EmocamError

HERE = Path(__file__).parent
NOTEBOOK = HERE / "explorer.ipynb"
TEMPLATE = "emocam"
# Of JupyterLab's extensions those that show widgets; the others of an installation are no use here, and some fail.
EXTENSIONS = ("@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget")
FIRST_PORT = 8866
START_SECONDS = 60
MISSING = "The app needs Voila, which is not installed. Install it with: pip install 'emocam-widgets[app]'"


def installed() -> bool:
    """Whether Voila is there."""
    return importlib.util.find_spec("voila") is not None


def serve(
    ip: str = "127.0.0.1",
    port: int | None = None,
    say: Callable[[str], None] = print,
    open_browser: bool = False,
) -> int:
    """Serves the explorer over the demo run until it is stopped, and gives Voila's exit code.

    Whoever has the address that is printed has access, and nobody else: it holds a random token. Each visitor gets a
    kernel of their own.

    Args:
        ip: where to listen; the default is reached from this machine only.
        port: by default the first free one from 8866.
        say: is given the address, once it answers.
        open_browser: open it there too.

    Raises:
        EmocamError: Voila is not installed, or the port is taken.
    """
    if not installed():
        raise EmocamError(MISSING)
    token, port = secrets.token_urlsafe(24), free_port(ip, port)
    signal.signal(signal.SIGTERM, _exit)
    process = subprocess.Popen(command(ip, port), env=environment(token), stdin=subprocess.DEVNULL)
    try:
        address = f"http://{_reached(ip)}:{port}/"
        if _answers(process, address):
            say(f"{address}?token={token}")
            if open_browser:
                webbrowser.open(f"{address}?token={token}")
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # Voila gets it too, and ends its kernels
                continue
    finally:
        _end(process)


def command(ip: str, port: int) -> list[str]:
    """What starts Voila. The token is not in it: command lines can be read by others."""
    return [
        *(sys.executable, "-m", "voila", str(NOTEBOOK)),
        *("--no-browser", "--token", f"--Voila.ip={ip}", f"--port={port}", "--Voila.port_retries=0"),
        *(f"--template={TEMPLATE}", "--VoilaConfiguration.allow_template_override=NO"),
        *(f"--VoilaConfiguration.extension_allowlist={name}" for name in EXTENSIONS),
        "--Voila.log_level=ERROR",
    ]


def environment(token: str) -> dict[str, str]:
    """The environment that tells Voila its token and where the app's template lies."""
    paths = [str(HERE), os.environ.get("JUPYTER_PATH", "")]
    return {**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_PATH": os.pathsep.join(filter(None, paths))}


def free_port(ip: str, wanted: int | None = None) -> int:
    """The port wanted, or the first free one from 8866.

    Raises:
        EmocamError: it is taken, or all are.
    """
    ports = range(FIRST_PORT, FIRST_PORT + 50) if wanted is None else [wanted]
    for port in ports:
        with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ip, port))
            except OSError:
                continue
            return port
    which = f"Port {wanted} is" if wanted is not None else f"The ports {ports[0]} to {ports[-1]} are"
    raise EmocamError(f"{which} taken on {ip}; choose another with --port.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends Voila, which ends its kernels first."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def _exit(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(143)  # so that Voila does not outlive who started it


def _reached(ip: str) -> str:
    """The name by which a server that listens there is reached."""
    everywhere = {"": socket.gethostname(), "0.0.0.0": socket.gethostname(), "::": socket.gethostname()}
    return everywhere.get(ip, f"[{ip}]" if ":" in ip else ip)


def _answers(process: subprocess.Popen[bytes], address: str) -> bool:
    """Waits until the server answers (without the token it refuses: that is an answer), or has ended."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urlopen(f"{address}static/", timeout=2).close()
        except HTTPError:
            return True
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
        else:
            return True
    return False
