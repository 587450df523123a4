"""What a Jupyter server does differently where this package is installed: answers to widgets are sent at once.

Tornado leaves Nagle's algorithm on, so the second of two small messages (the kernel's "busy", then an answer) waits
until the browser has acknowledged the first, which it delays by up to 40 ms: longer than most answers take to compute.
Jupyter enables the extension by a file that the package installs, and everything works without it:
`jupyter server extension disable emocam_widgets.server_extension`.
"""

from __future__ import annotations

from typing import Any

_SETTING = "kernel_websocket_connection_class"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Lets the server's connections to kernels, whichever class it uses for them, send small messages at once."""
    settings = server.web_app.settings
    if _SETTING in settings:
        settings[_SETTING] = without_delay(settings[_SETTING])


def without_delay(connection: type) -> type:
    """A Jupyter server's class of kernel websocket connections, with TCP_NODELAY set when one is connected."""

    class WithoutDelay(connection):
        """Sends small messages at once."""

        def connect(self) -> Any:
            """As the class that it is made of, which may answer with an awaitable."""
            self.websocket_handler.set_nodelay(True)
            return super().connect()

    return WithoutDelay
