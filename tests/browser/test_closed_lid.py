"""A closed laptop lid: the page stands still, the line is dead, the kernel goes on; then the lid is opened again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.lab import LabServer
from tests.browser.line import Line
from tests.browser.notebook import NotebookPage
from tests.worlds import make_run

CELL = '[data-testid="cell"][data-class="Food"][data-label="Craving"]'
OTHER = '[data-testid="cell"][data-class="Human face"][data-label="Joy"]'


class Laptop:
    """A browser page with a notebook, whose lid can be closed."""

    def __init__(self, notebook: NotebookPage, line: Line) -> None:
        self.notebook, self.line = notebook, line
        self._asleep: list[int] = []

    def close_lid(self) -> None:
        """From now on the page's process stands still, and what the server says is lost."""
        self.line.become("dead")
        browser = self.notebook.page.context.browser
        assert browser is not None
        processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        self._asleep = [process["id"] for process in processes if process["type"] == "renderer"]
        for process in self._asleep:
            os.kill(process, signal.SIGSTOP)

    def open_lid(self) -> None:
        """The page goes on, and its machine ends the connections that it had; there is no network yet."""
        self.line.become("cut")
        self.wake()

    def wake(self) -> None:
        """The page's process goes on."""
        for process in self._asleep:
            os.kill(process, signal.SIGCONT)
        self._asleep = []

    @property
    def ticks(self) -> int:
        """How many tenths of a second the page has lived through since it was loaded."""
        return int(self.notebook.page.evaluate("() => window.ticks"))


@pytest.fixture
def laptop(chromium: Browser, lab_server: LabServer, tmp_path: Path) -> Iterator[Laptop]:
    """A laptop with a notebook of its own, whose kernel has the tiny run as `run`."""
    make_run(tmp_path, n=40)
    line = Line(lab_server)
    page = chromium.new_page(viewport={"width": 1366, "height": 900})
    notebook = NotebookPage(page, line.server)
    notebook.create(f"{tmp_path.name}.ipynb")
    notebook.run(
        "import threading\nimport emocam_widgets as emo\n"
        f"run = emo.open_run({str(tmp_path / 'run')!r}, corpus=emo.Corpus.from_folder({str(tmp_path / 'images')!r}))"
    )
    page.evaluate("() => { window.ticks = 0; setInterval(() => window.ticks++, 100); }")
    laptop = Laptop(notebook, line)
    yield laptop
    laptop.wake()
    line.become("up")
    page.close()
    line.close()


def explorer_of(notebook: NotebookPage) -> Locator:
    output = notebook.run("ex = emo.explore(run, remember=False); ex").output
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=20_000)
    return output


def test_the_explorer_goes_on_where_the_kernel_is(laptop: Laptop) -> None:
    notebook = laptop.notebook
    explorer = explorer_of(notebook)
    note = explorer.locator(".ec-root > [data-testid=disconnected]")
    explorer.locator(CELL).click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Food in Craving")
    notebook.execute(
        "def go_on():\n    ex.threshold = 0.5\n    ex.cell = ('Human face', 'Joy')\nthreading.Timer(1.5, go_on).start()"
    )
    ticks = laptop.ticks
    laptop.close_lid()
    notebook.page.wait_for_timeout(4000)
    laptop.open_lid()
    assert laptop.ticks - ticks < 20  # it did stand still
    expect(note).to_contain_text("Not connected to the server", timeout=15_000)
    laptop.line.become("up")
    explorer.get_by_test_id("reconnect").click()  # else JupyterLab would, some seconds later
    expect(note).to_be_hidden(timeout=40_000)
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Human face in Joy")
    expect(explorer.get_by_test_id("threshold")).to_have_value("0.5")
    explorer.locator(CELL).click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Food in Craving")
    assert notebook.value("list(ex.cell)") == ["Food", "Craving"]
    assert laptop.ticks > ticks  # the page was never loaded anew
    assert notebook.page_errors == []


def test_what_was_clicked_into_a_dead_line_holds_up_nothing(laptop: Laptop) -> None:
    notebook = laptop.notebook
    explorer = explorer_of(notebook)
    note = explorer.locator(".ec-root > [data-testid=disconnected]")
    laptop.line.become("dead")
    explorer.locator(CELL).click()  # a trait that is never heard of
    threshold = explorer.get_by_test_id("threshold")
    threshold.focus()
    for _ in range(3):
        notebook.page.keyboard.press("ArrowRight")  # questions that are never answered
    explorer.get_by_test_id("thumb").nth(1).dblclick()
    notebook.page.wait_for_timeout(500)
    laptop.close_lid()
    notebook.page.wait_for_timeout(1000)
    laptop.open_lid()
    expect(note).to_contain_text("Not connected to the server", timeout=15_000)
    laptop.line.become("up")
    expect(note).to_be_hidden(timeout=40_000)
    explorer.locator(OTHER).click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Human face in Joy")
    assert notebook.value("list(ex.cell)") == ["Human face", "Joy"]
    threshold.fill("0.6")
    notebook.wait_for(lambda: notebook.value("ex.threshold") == 0.6, 10, "the slider to be heard")
    explorer.get_by_test_id("thumb").first.dblclick()
    expect(explorer.get_by_test_id("look")).to_have_attribute("data-loaded", "true")
    assert laptop.ticks > 0  # the page was never loaded anew
    assert notebook.page_errors == []
