"""Runs the code blocks of one documentation page in order, in one process: `python -m tests.page_runner STEPS`.

STEPS is a JSON file: a list of [kind, text, name], where kind is "python", "emocam" (words as JSON), "install" (a
folder with a pyproject.toml) or "file" (text that is written as `name`). The working folder is the reader's.
"""

from __future__ import annotations

import json
import sys
import tomllib
import traceback
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from emocam_widgets.cli import main as emocam


def run(steps: list[tuple[str, str, str]]) -> None:
    """Runs all steps; a failed one ends the process with what went wrong and where."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for kind, text, name in steps:
        try:
            if kind == "python":
                exec(compile(text, name, "exec"), names)
            elif kind == "file":
                _write(Path(name), text)
            elif kind == "install":
                _install(Path(text))
            elif kind == "emocam":
                _emocam(json.loads(text))
            else:
                raise ValueError(f"unknown step {kind!r}")
        except Exception:  # noqa: BLE001 - whatever a page's code raises is shown with its block, and ends the run
            traceback.print_exc()
            sys.exit(f"This failed, in {name}:\n\n{text}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _emocam(words: list[str]) -> None:
    result = CliRunner().invoke(emocam, words)
    if result.exit_code:
        raise RuntimeError(f"exit code {result.exit_code}:\n{result.output}") from result.exception


def _install(folder: Path) -> None:
    """What `pip install -e` leaves of a pure Python package: its folder on the path, and its entry points."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    _write(info / "METADATA", f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project.get("entry-points", {}).items()
    entries = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in named.items()) for group, named in groups
    ]
    _write(info / "entry_points.txt", "\n".join(entries))
    sys.path.insert(0, str(folder.absolute()))


if __name__ == "__main__":
    run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
