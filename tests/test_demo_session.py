"""What `emocam demo` starts: JupyterLab on the notebook alone, and nothing that asks before the explorer is seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emocam_widgets import demo_session

PAGE_CONFIG = (
    "import json, jupyterlab_server.config as c; print(json.dumps(c.get_page_config([])['disabledExtensions']))"
)


def test_the_notebook_is_opened_alone_and_no_news_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "own"))
    started: dict[str, Any] = {}

    class Process:
        def __init__(self, command: list[str], cwd: Path, env: dict[str, str]) -> None:
            started.update(command=command, cwd=cwd, env=env)

        def wait(self) -> int:
            return 3

    monkeypatch.setattr(subprocess, "Popen", Process)
    assert demo_session.open_notebook(no_browser=True) == 3
    monkeypatch.undo()
    assert f"--LabApp.default_url=/doc/tree/{demo_session.NOTEBOOK}" in started["command"]
    assert (started["cwd"] / demo_session.NOTEBOOK).is_file()
    assert started["env"]["JUPYTER_CONFIG_PATH"].split(os.pathsep)[-1] == str(tmp_path / "own")
    done = subprocess.run(
        [sys.executable, "-c", PAGE_CONFIG], env=started["env"], capture_output=True, text=True, check=True
    )
    assert demo_session.NEWS in json.loads(done.stdout)
