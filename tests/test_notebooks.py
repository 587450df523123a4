"""The notebooks: every cell is short, pictures stand in where no kernel runs, and they run from top to bottom."""

from __future__ import annotations

import base64
import io
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

from emocam_widgets import demo

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 5
LARGEST = 1_500_000
"""Characters: code hosts show nothing of much larger ones."""
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def book(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def code_cells(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def test_there_are_notebooks() -> None:
    assert "00_start_here" in [path.stem for path in NOTEBOOKS]


def test_no_cell_is_longer_than_five_lines(book: nbformat.NotebookNode) -> None:
    for cell in code_cells(book):
        assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source


def test_what_is_stored_needs_no_kernel(book: nbformat.NotebookNode) -> None:
    outputs = [output for cell in code_cells(book) for output in cell.outputs]
    assert all(cell.execution_count is None for cell in code_cells(book))
    assert {output.output_type for output in outputs} <= {"display_data"}
    assert {kind for output in outputs for kind in output.data} <= {"text/plain", "text/html", "image/png"}
    pictures = [base64.b64decode(output.data["image/png"]) for output in outputs if "image/png" in output.data]
    assert pictures, "no picture stands in for its widgets: run 'make notebooks'"
    for picture in pictures:
        assert Image.open(io.BytesIO(picture)).width > 300


def test_is_small_enough_to_be_shown(book: nbformat.NotebookNode) -> None:
    assert len(nbformat.writes(book)) < LARGEST


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's own folder with the demo analysed in it: notebooks add to it, and several run at once."""
    own = tmp_path / "home"
    if demo.run_path().is_dir():
        shutil.copytree(demo.run_path(), own / "runs" / "demo")
    monkeypatch.setenv("EMOCAM_HOME", str(own))
    return own


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("home")
def test_runs_from_top_to_bottom_and_ends_its_first_cell_in_a_widget(book: nbformat.NotebookNode) -> None:
    NotebookClient(book, timeout=500, kernel_name="python3").execute()
    shown = [output.get("data", {}) for output in code_cells(book)[0].outputs]
    assert any(VIEW in data for data in shown)
    assert not any(output.output_type == "stream" for cell in code_cells(book) for output in cell.outputs)
