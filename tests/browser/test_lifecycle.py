"""What happens to widgets when things go wrong or away: kernels, connections, views, callbacks. Nothing freezes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, WebSocketRoute, expect

from tests.browser.lab import LabServer
from tests.browser.listeners import count_from_now_on, held
from tests.browser.notebook import NotebookPage
from tests.worlds import make_run

CELL = '[data-testid="cell"][data-class="Food"][data-label="Craving"]'
OTHER = '[data-testid="cell"][data-class="Human face"][data-label="Joy"]'


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Code that gives a kernel the tiny run as `run`."""
    world = tmp_path_factory.mktemp("world")
    make_run(world, n=40)
    return (
        "import emocam_widgets as emo\n"
        f"run = emo.open_run({str(world / 'run')!r}, corpus=emo.Corpus.from_folder({str(world / 'images')!r}))"
    )


def ready(output: Locator) -> Locator:
    """The explorer in the output, filled."""
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=40_000)
    return output


def shows_food(explorer: Locator) -> None:
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Food in Craving")


def test_running_the_cell_again_brings_everything_back(notebook: NotebookPage, setup: str) -> None:
    notebook.run(setup)
    cell = notebook.run("ex = emo.explore(run); ex")
    explorer = ready(cell.output)
    explorer.locator(CELL).click()
    shows_food(explorer)
    explorer.get_by_test_id("thumb").nth(1).dblclick()
    expect(explorer.get_by_test_id("look")).to_have_attribute("data-loaded", "true")
    image = str(explorer.get_by_test_id("look").get_attribute("data-image-id"))
    divider = explorer.get_by_test_id("divider-heatmap")
    divider.focus()
    for _ in range(4):
        notebook.page.keyboard.press("ArrowLeft")
    width = divider.get_attribute("aria-valuenow")
    notebook.wait_value("ex.image_id", image)
    notebook.run(cell)
    explorer = ready(cell.output)
    shows_food(explorer)
    expect(explorer.get_by_test_id("look")).to_have_attribute("data-image-id", image)
    expect(explorer.get_by_test_id("page-look")).to_be_visible()
    explorer.get_by_test_id("divider-heatmap").focus()
    expect(explorer.get_by_test_id("divider-heatmap")).to_have_attribute("aria-valuenow", str(width))
    assert notebook.page_errors == []


def test_two_views_stay_in_step(notebook: NotebookPage, setup: str) -> None:
    notebook.run(setup)
    notebook.run("ex = emo.explore(run, remember=False)")
    first, second = ready(notebook.run("ex").output), ready(notebook.run("ex").output)
    first.locator(CELL).click()
    shows_food(second)
    expect(second.locator(CELL)).to_have_attribute("aria-selected", "true")
    image = str(second.get_by_test_id("thumb").first.get_attribute("data-image-id"))
    second.get_by_test_id("thumb").first.dblclick()
    expect(first.get_by_test_id("look")).to_have_attribute("data-image-id", image)
    second.get_by_test_id("threshold").fill("0.5")
    expect(first.get_by_test_id("threshold")).to_have_value("0.5")
    first.get_by_test_id("clear-filter").click()
    expect(second.get_by_test_id("breadcrumb")).to_have_text("40 images")


def test_closing_views_leaves_no_listener(notebook: NotebookPage, setup: str) -> None:
    notebook.run(setup)
    count_from_now_on(notebook.page)
    widgets = (
        "emo.explore(run, remember=False)",
        "emo.ImageBrowser(run)",
        "emo.AssociationHeatmap(run)",
        "emo.ObjectEditor()",
        "emo.Expectation(run.images.image_id[0], run=run)",
    )
    for widget in widgets:
        before = held(notebook.page)
        cell = notebook.run(f"shown = {widget}; shown")
        expect(cell.output.locator(".ec-root")).to_be_visible()
        notebook.wait_for(lambda before=before: len(held(notebook.page)) > len(before) + 2, 20, "the widget to listen")
        if "explore" in widget:
            ready(cell.output).get_by_test_id("thumb").first.dblclick()
            expect(cell.output.get_by_test_id("look")).to_have_attribute("data-loaded", "true")
        notebook.clear()
        expect(notebook.page.locator(".ec-root")).to_have_count(0)
        notebook.wait_for(
            lambda before=before: held(notebook.page) == before, 20, f"{widget} to let go: {held(notebook.page)}"
        )
    assert notebook.page_errors == []


def test_error_of_a_callback_stands_under_the_widget(notebook: NotebookPage, setup: str) -> None:
    notebook.run(setup)
    source = "def refuse(change):\n    raise ValueError('no such luck')\nex = emo.explore(run, remember=False)"
    notebook.run(source)
    explorer = ready(notebook.run("ex.observe(refuse, 'mode'); ex").output)
    explorer.get_by_test_id("thumb").first.dblclick()
    explorer.get_by_test_id("tab-edit").click()
    error = explorer.locator('[data-testid="explorer"] > [data-testid="error"]')
    expect(error.locator(".ec-error-sentence")).to_have_text(
        "Something went wrong inside the widget: ValueError: no such luck"
    )
    expect(error.locator("pre")).to_be_hidden()
    error.get_by_text("Details").click()
    expect(error.locator("pre")).to_contain_text("in refuse")
    error.get_by_role("button", name="Close this message").click()
    expect(error).to_be_hidden()


def test_kernel_that_cannot_answer_is_called_busy_and_goes_on(notebook: NotebookPage, setup: str) -> None:
    notebook.run(setup)
    explorer = ready(notebook.run("ex = emo.explore(run, remember=False); ex").output)
    with notebook.blocked():
        notebook.page.wait_for_timeout(1500)  # an answer of the last second would be sign enough of life
        explorer.locator(CELL).click()
        expect(explorer.locator(".ec-root > [data-testid=disconnected]")).to_contain_text("busy", timeout=30_000)
        expect(explorer.locator(".ec-root")).not_to_have_class("ec-disconnected")
    shows_food(explorer)
    expect(explorer.locator(".ec-root > [data-testid=disconnected]")).to_be_hidden(timeout=30_000)


def test_restarted_kernel_greys_the_explorer_until_its_cell_runs_again(notebook: NotebookPage, setup: str) -> None:
    cell = notebook.run(setup + "\nex = emo.explore(run, remember=False); ex")
    ready(cell.output)
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    note = cell.output.get_by_test_id("disconnected")
    expect(note).to_have_text("Not connected: the kernel was restarted or stopped. Run the cell again.", timeout=40_000)
    notebook.wait_idle(120)
    notebook.run(cell)
    explorer = ready(cell.output)
    expect(explorer.get_by_test_id("disconnected")).to_be_hidden()
    explorer.locator(CELL).click()
    shows_food(explorer)


class Cable:
    """The page's web sockets, which can be pulled and plugged in again; while pulled, none opens."""

    def __init__(self) -> None:
        self.pulled = False
        self._open: list[WebSocketRoute] = []

    def connect(self, socket: WebSocketRoute) -> None:
        if self.pulled:
            socket.close()
            return
        socket.connect_to_server()
        self._open.append(socket)

    def pull(self) -> None:
        self.pulled = True
        for socket in self._open:
            socket.close()
        self._open.clear()


@pytest.fixture
def cabled(chromium: Browser, lab_server: LabServer) -> Iterator[tuple[NotebookPage, Cable]]:
    """A notebook of its own whose connection can be cut."""
    page, cable = chromium.new_page(viewport={"width": 1366, "height": 900}), Cable()
    page.route_web_socket("**/api/kernels/**", cable.connect)
    notebook = NotebookPage(page, lab_server)
    notebook.create(f"{Path(__file__).stem}-cabled.ipynb")
    yield notebook, cable
    notebook.shut_down()
    page.close()


def test_lost_connection_is_said_and_comes_back(cabled: tuple[NotebookPage, Cable], setup: str) -> None:
    notebook, cable = cabled
    notebook.run(setup)
    explorer = ready(notebook.run("ex = emo.explore(run, remember=False); ex").output)
    note = explorer.get_by_test_id("disconnected")
    cable.pull()
    expect(note).to_contain_text("Not connected to the server", timeout=30_000)
    expect(explorer.locator(".ec-root.ec-disconnected")).to_be_visible()
    cable.pulled = False
    expect(note).to_be_hidden(timeout=80_000)
    explorer.locator(OTHER).click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Human face in Joy")
