"""Other hosts than JupyterLab: Notebook 7, and Voila with nothing of Jupyter's look. The same clicks do the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.app import AppServer
from tests.browser.notebook import NotebookPage

READY_MS = 120_000
CELL = '[data-testid="cell"][data-class="Sports equipment"][data-label="Excitement"]'
BARS = "bars => bars.map(bar => [bar.dataset.label, Number(bar.dataset.probability)])"


@pytest.fixture(scope="module")
def app_page(chromium: Browser, app_server: AppServer) -> Iterator[Page]:
    """The app as somebody with a dark system opens it."""
    page = chromium.new_page(viewport={"width": 1366, "height": 768}, color_scheme="dark")
    page.goto(app_server.address, timeout=READY_MS)
    yield page
    page.close()


def click_filter_drag(page: Page, explorer: Locator) -> None:
    """What makes the explorer: a click on a cell filters, and what is dragged onto an image changes its label."""
    expect(explorer.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=READY_MS)
    explorer.locator(CELL).click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Sports equipment in Excitement")
    explorer.get_by_test_id("clear-filter").click()
    expect(explorer.get_by_test_id("breadcrumb")).to_have_text("600 images")
    explorer.locator('[data-testid="thumb"][data-label="Horror"]').first.dblclick()
    explorer.get_by_test_id("edit").click()
    editor = explorer.get_by_test_id("editor")
    expect(editor).to_have_attribute("data-settled", "true", timeout=READY_MS)
    before = dict(editor.get_by_test_id("bar").evaluate_all(BARS))
    drag(page, editor.locator('[data-sprite="rugby ball"]'), editor.get_by_test_id("stage"))
    expect(editor).to_have_attribute("data-settled", "true", timeout=READY_MS)
    after = dict(editor.get_by_test_id("bar").evaluate_all(BARS))
    assert abs(after["Excitement"] - before["Excitement"]) > 0.001
    expect(editor.get_by_test_id("headline")).to_have_attribute("data-label", max(after, key=lambda name: after[name]))


def drag(page: Page, thing: Locator, onto: Locator) -> None:
    """With the mouse, to the middle."""
    thing.scroll_into_view_if_needed()
    start, end = thing.bounding_box(), onto.bounding_box()
    assert start is not None and end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=10)
    page.mouse.up()


def test_notebook_7(notebook7: NotebookPage) -> None:
    assert notebook7.page.evaluate("() => window.jupyterapp.name") == "Jupyter Notebook"
    output = notebook7.run("from emocam_widgets.demo_session import explorer; ex = explorer(); ex", 120).output
    click_filter_drag(notebook7.page, output)
    notebook7.wait_value("ex.mode", "edit")
    assert notebook7.page_errors == []


def test_app_in_voila(app_page: Page) -> None:
    problems: list[str] = []
    app_page.on("pageerror", lambda error: problems.append(str(error)))
    explorer = app_page.get_by_test_id("explorer")
    click_filter_drag(app_page, explorer)
    assert app_page.locator(".jp-CodeMirrorEditor, .jp-InputArea").count() == 0
    assert problems == []


def test_app_lets_nobody_in_without_its_token(app_server: AppServer) -> None:
    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    for path in ("", "api/kernels", "voila/files/explorer.ipynb"):
        with pytest.raises(HTTPError) as refused:
            build_opener(Stay).open(app_server.bare + path)
        assert refused.value.code in (302, 403)
        assert "login" in refused.value.headers.get("Location", "login")


def test_look_does_not_hang_on_the_host(app_page: Page) -> None:
    """Where no --jp-* variable is defined, the widgets have colours of their own, light or dark as the system is."""
    app_page.get_by_test_id("explorer").wait_for(timeout=READY_MS)
    root = app_page.locator(".ec-explorer-root")
    assert root.evaluate("el => getComputedStyle(el).getPropertyValue('--jp-layout-color1')") == ""
    looks: dict[Literal["light", "dark"], tuple[str, str]] = {
        "light": ("rgb(255, 255, 255)", "rgb(28, 32, 36)"),
        "dark": ("rgb(20, 22, 26)", "rgb(230, 232, 236)"),
    }
    for scheme, (surface, text) in looks.items():
        app_page.emulate_media(color_scheme=scheme)
        expect(root).to_have_css("background-color", surface)
        expect(root).to_have_css("color", text)
