"""The benchmarks' form: what `python -m benchmarks` prints and writes, with the cheap one really measured."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.core import Figure, Result, markdown


def test_import_benchmark_writes_the_form_of_the_design(tmp_path: Path) -> None:
    file = tmp_path / "import.json"
    result = CliRunner().invoke(main, ["import", "--json", str(file)])
    assert result.exit_code == 0, result.output
    written = json.loads(file.read_text())
    assert set(written) == {"name", "machine", "figures"}
    assert written["name"] == "import"
    assert written["figures"]["seconds"].keys() == {"value", "target", "at"}
    assert written["figures"]["torch_loaded"] == {"value": 0, "target": 0, "at": "most"}


def test_unknown_name_is_refused() -> None:
    result = CliRunner().invoke(main, ["imports"])
    assert result.exit_code == 2
    assert "import" in result.output


def test_page_says_which_target_is_missed() -> None:
    machine = {"cores": 2, "processor": "p", "system": "s", "python": "3", "torch": "2"}
    figures = {"fast": Figure(1, 2, "most", "seconds"), "few": Figure(1, 2, "least", "pairs")}
    page = markdown([Result("name", machine, figures)])
    assert "| name | seconds (`fast`) | 1 | at most 2 | yes |" in page
    assert "| name | pairs (`few`) | 1 | at least 2 | **no** |" in page
