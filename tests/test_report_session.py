"""The explorer's "Report" without a browser: made in a thread, stopped, and handed over in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emocam_widgets.errors import EmocamError
from emocam_widgets.run import Run, open_run
from emocam_widgets.widgets import Explorer, explore, report_session
from tests.reports import ReportFile, two_methods


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return two_methods(tmp_path_factory.mktemp("world"))


@pytest.fixture
def explorer(run: Run) -> Iterator[Explorer]:
    made = explore(run, remember=False)
    yield made
    made.close()


def made(explorer: Explorer, max_mb: float = 15.0) -> list[dict[str, Any]]:
    """Every state that a report had, from the click to its end."""
    states: list[dict[str, Any]] = []
    explorer.observe(lambda change: states.append(change["new"]), "report")
    explorer.make_report(max_mb)
    explorer._report.wait(60)
    return states


def pieces(explorer: Explorer) -> bytes:
    """The report as a browser fetches it."""
    number, size = explorer.report["number"], explorer.report["size"]
    found = b""
    while len(found) < size:
        found += explorer._report.piece(number, len(found))
    return found


def test_it_is_the_report_of_export_html_as_the_explorer_stands(
    explorer: Explorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_session, "PIECE", 10_000)
    explorer.cell, explorer.threshold = ["Food", "Craving"], 0.2
    states = made(explorer)
    assert [state["state"] for state in states] == ["running"] * (len(states) - 1) + ["done"]
    counted = [state["done"] for state in states[:-1]]
    assert counted == sorted(counted) and counted[-1] == states[-2]["total"] == len(explorer.run)
    assert states[-1]["name"] == "tiny-report.html" and states[-1]["left_out"] == 0 and states[-1]["larger"] is None
    (tmp_path / "fetched.html").write_bytes(pieces(explorer))
    explorer.export_html(tmp_path / "written.html", progress=False)
    fetched, written = (ReportFile.read(tmp_path / f"{name}.html") for name in ("fetched", "written"))
    assert fetched.header("shown") == written.header("shown")
    states_of = fetched.header("shown")["states"]
    assert (states_of["explorer"]["cell"], states_of["browser"]["threshold"]) == (["Food", "Craving"], 0.2)
    assert "report" not in states_of["explorer"]


def test_what_had_no_room_is_said_and_a_larger_one_is_offered(explorer: Explorer) -> None:
    whole = made(explorer)[-1]["size"]
    last = made(explorer, whole / 1e6 * 0.9)[-1]
    assert 0 < last["left_out"] < last["images"] == len(explorer.run)
    assert last["size"] <= whole * 0.9 and last["larger"] == 15.0
    assert any(f"of {len(explorer.run)} images; all counts are of the whole run" in note for note in last["notes"])


def test_it_is_stopped_and_another_takes_its_place(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    open_image = explorer.run.open_image

    def stop_at_once(image_id: str) -> Any:
        explorer.cancel_report()
        return open_image(image_id)

    monkeypatch.setattr(explorer.run, "open_image", stop_at_once)
    assert made(explorer)[-1]["state"] == "cancelled"
    with pytest.raises(EmocamError, match="make it again"):
        explorer._report.piece(explorer.report["number"], 0)
    monkeypatch.undo()
    assert made(explorer)[-1]["state"] == "done" and explorer.report["number"] == 2
    with pytest.raises(EmocamError, match="make it again"):
        explorer._report.piece(1, 0)


def test_what_goes_wrong_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = two_methods(tmp_path, 20)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    explorer = explore(open_run(gone.path), remember=False)
    last = made(explorer)[-1]
    assert last["state"] == "failed" and "images" in last["sentence"] and last["details"] == ""
    monkeypatch.setattr("emocam_widgets.widgets.report._Report.made", lambda _self: 1 / 0)
    last = made(explorer)[-1]
    assert last["sentence"] == "The report could not be made." and "ZeroDivisionError" in last["details"]
    explorer.close()
