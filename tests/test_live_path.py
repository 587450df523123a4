"""What keeps answers quick while something is dragged: the label before its map, one tail pass, no "busy", no delay."""

from __future__ import annotations

import ast
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import torch
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from torch import nn

from emocam_widgets import server_extension
from emocam_widgets.engine import Worker
from emocam_widgets.explain import explain as explanation
from emocam_widgets.models.response_norm import ResponseNorm
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.types import Placement, Prediction
from tests.tiny_models import picture, tiny_classifier

ROOT = Path(__file__).parents[1]
WIDGET = """
from emocam_widgets.widgets.base import LiveWidget
class Plain(LiveWidget):
    _esm = "export default {}"
widget, closed = Plain(), Plain()
closed_id = closed.comm.comm_id
closed.close()
"""


def test_the_label_is_known_before_its_map(monkeypatch: pytest.MonkeyPatch) -> None:
    early: Future[Prediction] = Future()
    known: list[str] = []

    def explain_later(*arguments: Any, **named: Any) -> torch.Tensor:
        known.append(early.result(10).label)  # without an early answer nothing would come here
        return explanation(*arguments, **named)

    monkeypatch.setattr("emocam_widgets.engine.evaluating.explain", explain_later)
    with Worker(tiny_classifier(), cache=None) as worker:
        scene = worker.scene(picture(1), {"ball": picture(2).convert("RGBA")})
        prediction, cam = scene.submit([Placement("ball", 0.4, 0.5)], "grad-cam", early=early).result(30)
    assert known == [prediction.label] and cam is not None and cam.target == prediction.label


def test_prediction_and_gradient_share_one_pass_of_the_tail() -> None:
    class Counting(SplitClassifier):
        """A classifier that counts the passes of its tail."""

        passes = 0

        def tail(self, activation: torch.Tensor) -> torch.Tensor:
            self.passes += 1
            return super().tail(activation)

    classifier = Counting.__new__(Counting)
    vars(classifier).update(vars(tiny_classifier()))
    with Worker(classifier, cache=None) as worker:
        worker.evaluate(picture(1), "grad-cam")
        assert classifier.passes == 1
        worker.explain(picture(1), "layer-cam")  # the prediction is known, the gradient is not
        assert classifier.passes == 2


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_response_norm_is_torchs(layout: torch.memory_format) -> None:
    x = (60 * torch.rand(2, 7, 5, 6)).to(memory_format=layout).requires_grad_(True)
    ours, theirs = ResponseNorm(5, alpha=2e-3, k=1.5)(x), nn.LocalResponseNorm(5, 2e-3, 0.75, 1.5)(x)
    torch.testing.assert_close(ours, theirs, rtol=2e-6, atol=1e-6)
    weights = torch.rand_like(ours)
    torch.testing.assert_close(*(torch.autograd.grad((y * weights).sum(), x)[0] for y in (ours, theirs)))


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(kernel_name="python3", extra_arguments=[])
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def _states(client: BlockingKernelClient, message_id: str) -> list[str]:
    """What the kernel said of its state around one message, until it was idle again."""
    states: list[str] = []
    give_up = time.monotonic() + 60
    while "idle" not in states and time.monotonic() < give_up:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") == message_id and message["msg_type"] == "status":
            states.append(message["content"]["execution_state"])
    return states


def test_questions_of_widgets_do_not_make_the_kernel_busy(kernel: BlockingKernelClient) -> None:
    assert _states(kernel, kernel.execute(WIDGET)) == ["busy", "idle"]
    reply = kernel.execute("", user_expressions={"ids": "(widget.comm.comm_id, closed_id)"}, reply=True, timeout=60)
    comm_id, closed_id = ast.literal_eval(reply["content"]["user_expressions"]["ids"]["data"]["text/plain"])
    for comm, states in ((comm_id, ["idle"]), (closed_id, ["busy", "idle"])):
        question = {"comm_id": comm, "data": {"method": "custom", "content": {"kind": "ping", "id": 1}}}
        message = kernel.session.send(kernel.shell_channel.socket, "comm_msg", question)
        assert _states(kernel, message["header"]["msg_id"]) == states
    assert _states(kernel, kernel.execute("1 + 1")) == ["busy", "idle"]


def test_the_jupyter_server_sends_small_messages_at_once() -> None:
    class Handler:
        """A websocket handler that notes what it is told."""

        nodelay: bool | None = None

        def set_nodelay(self, value: bool) -> None:
            self.nodelay = value

    class Connection:
        """A connection as Jupyter's: it has a handler, and `connect` gives an awaitable."""

        def __init__(self) -> None:
            self.websocket_handler = Handler()

        def connect(self) -> str:
            return "awaitable"

    class Server:
        """What the extension touches of a Jupyter server."""

        def __init__(self) -> None:
            self.web_app = self
            self.settings: dict[str, Any] = {"kernel_websocket_connection_class": Connection}

    server = Server()
    server_extension._load_jupyter_server_extension(server)
    connection = server.settings["kernel_websocket_connection_class"]()
    assert isinstance(connection, Connection)
    assert connection.connect() == "awaitable" and connection.websocket_handler.nodelay is True


def test_jupyter_finds_the_extension() -> None:
    configured = json.loads((ROOT / "jupyter-config/emocam_widgets.json").read_text(encoding="utf-8"))
    (module,) = configured["ServerApp"]["jpserver_extensions"]
    assert server_extension._jupyter_server_extension_points() == [{"module": module}]
    installed = Path(sys.prefix, "etc/jupyter/jupyter_server_config.d/emocam_widgets.json")
    assert json.loads(installed.read_text(encoding="utf-8")) == configured
