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


def test_page_says_which_target_is_missed_and_keeps_the_other_benchmarks() -> None:
    machine = {"cores": 2, "processor": "p", "system": "s", "python": "3", "torch": "2"}
    figures = {"fast": Figure(1, 2, "most", "seconds"), "few": Figure(1, 2, "least", "pairs")}
    page = markdown([Result("name", machine, figures), Result("another", machine, figures)])
    assert page.index("## another") < page.index("## name")
    assert page.count("| seconds (`fast`) | 1 | at most 2 | yes |") == 2
    assert page.count("| pairs (`few`) | 1 | at least 2 | **no** |") == 2
    page = markdown([Result("name", machine, {"fast": Figure(1.5, 2, "most", "seconds")})], page)
    assert page.count("(`fast`) | 1 |") == 1 and page.count("(`fast`) | 1.5 |") == 1 and page.count("(`few`)") == 1
    assert markdown([], page) == page


def test_page_is_written_with_each_benchmark(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "performance.md"
    page.parent.mkdir()
    page.write_text("# Performance\n\n## live\n\nas it was\n")
    assert CliRunner().invoke(main, ["import", "--write", str(page)]).exit_code == 0
    assert "## import\n\nMeasured" in page.read_text() and "## live\n\nas it was\n" in page.read_text()
