"""The explorer as an app: who may reach it, and what is said where it cannot start."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from emocam_widgets import app
from emocam_widgets.cli import main
from emocam_widgets.errors import EmocamError


def test_token_is_in_no_command_line() -> None:
    token = "not-to-be-seen"
    assert all(token not in word for word in app.command("127.0.0.1", 8866))
    assert app.environment(token)["JUPYTER_TOKEN"] == token
    assert "--token" in app.command("127.0.0.1", 8866)  # without it Voila lets everybody in


def test_own_jupyter_path_is_kept_behind_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", "/own")
    assert app.environment("t")["JUPYTER_PATH"].split(os.pathsep) == [str(app.HERE), "/own"]
    conf = app.HERE / "voila" / "templates" / app.TEMPLATE / "conf.json"
    assert json.loads(conf.read_text()) == {"base_template": "lab"}


def test_taken_port_is_passed_over_or_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert app.free_port("127.0.0.1") in range(app.FIRST_PORT, app.FIRST_PORT + 50)
        with pytest.raises(EmocamError, match=f"Port {taken} is taken"):
            app.free_port("127.0.0.1", taken)


def test_without_voila_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "voila" else real(name, *rest))
    result = CliRunner().invoke(main, ["demo", "--app", "--no-browser"])
    assert result.exit_code != 0
    assert "pip install 'emocam-widgets[app]'" in result.output


def test_notebook_of_the_app_is_valid_and_calls_what_there_is() -> None:
    book = nbformat.read(app.NOTEBOOK, as_version=4)
    nbformat.validate(book)
    from emocam_widgets import demo_session

    assert "explorer()" in book.cells[0].source and callable(demo_session.explorer)
