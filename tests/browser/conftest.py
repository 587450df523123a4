"""Fixtures that open JupyterLab in Chromium: one server and one browser a session, one notebook and kernel a module."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.browser.app import AppServer, start_app
from tests.browser.lab import LabServer, start_lab
from tests.browser.notebook import NotebookPage

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
]
WINDOW = (1366, 900)
SCREENSHOTS = Path(tempfile.gettempdir()) / "emocam-browser-tests"
expect.set_options(
    timeout=15_000
)  # on a machine with two cores that are not the tests' alone, five seconds are soon over


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser, whether or not its file says so."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A JupyterLab of the tests' own."""
    server = start_lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A headless Chromium from the PATH, or from EMOCAM_CHROMIUM."""
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
    yield browser
    browser.close()


def chromium_path() -> str:
    """The browser to start. Raises pytest.UsageError where there is none."""
    for name in (os.environ.get("EMOCAM_CHROMIUM", ""), *CHROMIUM_NAMES):
        if name and (path := shutil.which(name)):
            return path
    raise pytest.UsageError("no Chromium or Chrome on the PATH: run 'make test', or name one in EMOCAM_CHROMIUM")


@pytest.fixture(scope="module")
def module_notebook(request: pytest.FixtureRequest, chromium: Browser, lab_server: LabServer) -> Iterator[NotebookPage]:
    """An empty notebook with its own kernel, kept for the whole module."""
    width, height = WINDOW
    page = chromium.new_page(viewport={"width": width, "height": height})
    notebook = NotebookPage(page, lab_server)
    notebook.create(f"{Path(request.node.name).stem}.ipynb")
    yield notebook
    notebook.shut_down()
    page.close()


@pytest.fixture
def notebook(request: pytest.FixtureRequest, module_notebook: NotebookPage) -> Iterator[NotebookPage]:
    """The module's notebook without any cell; variables of earlier tests of the module are still in the kernel."""
    module_notebook.size(*WINDOW)
    module_notebook.clear()
    yield module_notebook
    report = request.node.stash.get(REPORT, None)
    if report is not None and report.failed:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / (re.sub(r"\W+", "-", request.node.name) + ".png")
        module_notebook.page.screenshot(path=path)
        print(f"screenshot of the failure: {path}")
        print("errors on the page:", *module_notebook.page_errors or ["none"], sep="\n  ")
    try:
        module_notebook.wait_idle(20)
    except TimeoutError:
        module_notebook.interrupt()
        module_notebook.wait_idle()


@pytest.fixture(scope="module")
def notebook7(request: pytest.FixtureRequest, chromium: Browser, lab_server: LabServer) -> Iterator[NotebookPage]:
    """An empty notebook in Notebook 7, with its own kernel, kept for the whole module."""
    page = chromium.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
    notebook = NotebookPage(page, lab_server)
    notebook.create(f"{Path(request.node.name).stem}-7.ipynb", mode="notebook")
    notebook.page_errors.clear()  # Notebook 7 has some of its own while it starts
    yield notebook
    notebook.shut_down()
    page.close()


@pytest.fixture(scope="module")
def app_server() -> Iterator[AppServer]:
    """`emocam demo --app`: Voila with the explorer over the demo run. Each page that is opened has its own kernel."""
    server = start_app()
    yield server
    server.stop()


REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keeps each test's outcome where its fixtures can see it."""
    report = yield
    if report.when == "call":
        item.stash[REPORT] = report
    return report
