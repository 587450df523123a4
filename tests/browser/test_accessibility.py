"""The explorer without a mouse, without seeing, with weak eyes, with other colours, without motion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.notebook import NotebookPage

TABS = ("look", "edit", "lime", "methods")
SETUP = "from emocam_widgets.demo_session import explorer"


@pytest.fixture
def explorer(notebook: NotebookPage) -> Iterator[Locator]:
    """The explorer over the demo in the whole window, with an image open."""
    notebook.size(1366, 900)
    notebook.run(SETUP, 120)
    output = notebook.run("ex = explorer(remember=False); ex", 120).output
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=20_000)
    yield output
    notebook.theme("light")


def open_tab(explorer: Locator, mode: str) -> None:
    explorer.get_by_test_id(f"tab-{mode}").click()
    page = explorer.get_by_test_id(f"page-{mode}")
    expect(page).to_be_visible()
    settled = {
        "look": page.locator('[data-testid="look"][data-loaded="true"]'),
        "edit": page.locator('[data-testid="editor"][data-settled="true"]'),
        "lime": page.locator("canvas").first,
        "methods": page.locator("canvas").first,
    }
    expect(settled[mode]).to_be_visible(timeout=30_000)


def test_axe_finds_nothing_serious(notebook: NotebookPage, explorer: Locator) -> None:
    found: dict[str, list[str]] = {}
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for theme in themes:
        notebook.theme(theme)
        found[f"{theme}, nothing open"] = violations(explorer.get_by_test_id("explorer"))
        explorer.get_by_test_id("strongest-hint").click()
        explorer.get_by_test_id("thumb").first.dblclick()
        for mode in TABS:
            open_tab(explorer, mode)
            found[f"{theme}, {mode}"] = violations(explorer.get_by_test_id("explorer"))
        explorer.get_by_role("button", name="Help and keys").click()
        found[f"{theme}, help"] = violations(explorer.get_by_test_id("explorer"))
        explorer.get_by_test_id("close-help").click()
        explorer.get_by_test_id("clear-filter").click()
        explorer.get_by_test_id("fold-detail").click()
    assert not any(found.values()), "\n".join(f"{where}: {each}" for where, all_ in found.items() for each in all_)
