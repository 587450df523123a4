"""The explorer without a mouse, without seeing, with weak eyes, with other colours, without motion."""

from __future__ import annotations

from collections.abc import Iterator

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
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=40_000)
    yield output
    notebook.page.emulate_media(forced_colors="none", reduced_motion="no-preference")
    notebook.theme("light")
    assert notebook.page_errors == []


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
    """Each page of the image in both themes; what colours do not change is looked for once."""
    whole = explorer.get_by_test_id("explorer")
    found = {"nothing open": violations(whole)}
    explorer.get_by_test_id("strongest-hint").click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(" in ")
    explorer.get_by_test_id("thumb").first.dblclick()
    for mode in TABS:
        open_tab(explorer, mode)
        found[f"light, {mode}"] = violations(whole if mode == "look" else explorer.get_by_test_id("pane-detail"))
    explorer.get_by_role("button", name="Help and keys").click()
    notebook.theme("dark")
    found["dark, help"] = violations(whole, "color-contrast")
    explorer.get_by_test_id("close-help").click()
    for mode in TABS:
        open_tab(explorer, mode)
        found[f"dark, {mode}"] = violations(explorer.get_by_test_id("pane-detail"), "color-contrast")
    assert not any(found.values()), "\n".join(f"{where}: {each}" for where, all_ in found.items() for each in all_)


FOCUSED = """() => {
  const el = document.activeElement;
  const outline = (each) => getComputedStyle(each);
  const ring = (each) => outline(each).outlineStyle !== 'none' && parseFloat(outline(each).outlineWidth) >= 1;
  const attribute = el.getAttribute('aria-label') || el.getAttribute('aria-labelledby') || el.title;
  const named = attribute || el.textContent.trim();
  return {
    inside: Boolean(el.closest('[data-testid=explorer]')), id: el.dataset.testid ?? '', name: named || el.tagName,
    pane: el.closest('[data-testid^=pane-]')?.dataset.testid ?? 'bar', text: el.outerHTML.slice(0, 120),
    named: Boolean(named || el.labels?.length),
    visible: [el, ...el.children].some(ring)
  };
}"""


def tab_to(notebook: NotebookPage, test_id: str) -> list[dict[str, object]]:
    """Presses Tab until the element has the focus; what had it on the way."""
    stops = []
    for _ in range(60):
        notebook.page.keyboard.press("Tab")
        stops.append(notebook.page.evaluate(FOCUSED))
        if stops[-1]["id"] == test_id:
            return stops
    raise AssertionError(f"60 times Tab did not lead to {test_id}: {[stop['name'] for stop in stops]}")


def test_whole_task_by_keyboard(notebook: NotebookPage, explorer: Locator) -> None:
    """From the run's settings to a thing on the picture and back: Tab, arrows, Enter, Escape."""
    keyboard = notebook.page.keyboard
    explorer.get_by_test_id("threshold").focus()
    stops = tab_to(notebook, "cell")
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        keyboard.press(key)
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(" in ")
    stops += tab_to(notebook, "grid")
    keyboard.press("ArrowRight")
    keyboard.press("Enter")
    expect(explorer.get_by_test_id("look")).to_have_attribute("data-loaded", "true")
    stops += tab_to(notebook, "tab-look")
    keyboard.press("ArrowRight")
    editor = explorer.get_by_test_id("editor")
    expect(editor).to_have_attribute("data-settled", "true", timeout=30_000)
    before = editor.get_by_test_id("headline").inner_text()
    for _ in range(30):
        keyboard.press("Tab")
        stops.append(notebook.page.evaluate(FOCUSED))
        if notebook.page.evaluate("() => 'sprite' in document.activeElement.dataset"):
            break
    keyboard.press("Enter")
    expect(editor.get_by_test_id("stage")).to_be_focused()
    for _ in range(3):
        keyboard.press("ArrowUp")
    expect(editor.get_by_test_id("history-card")).not_to_have_count(1)
    expect(editor).to_have_attribute("data-settled", "true")
    assert editor.get_by_test_id("headline").inner_text() != before
    keyboard.press("Escape")  # lets go of the thing
    keyboard.press("Escape")  # leaves the image
    expect(explorer.get_by_test_id("page-edit")).to_be_hidden()
    notebook.wait_for(
        lambda: notebook.page.evaluate(FOCUSED)["pane"] == "pane-browser", 20, "the focus to go back to the images"
    )
    assert [stop["text"] for stop in stops if not (stop["inside"] and stop["named"])] == []
    assert [stop["text"] for stop in stops if not stop["visible"]] == []
    panes = [stop["pane"] for stop in stops]
    assert panes.index("pane-heatmap") < panes.index("pane-browser") < panes.index("pane-detail")


def test_forced_colours_and_no_motion(notebook: NotebookPage, explorer: Locator) -> None:
    page = notebook.page
    explorer.get_by_test_id("thumb").first.dblclick()
    open_tab(explorer, "look")
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    fill = explorer.locator(".ec-bar-fill").first
    track = explorer.locator(".ec-bar-track").first
    assert "gradient" in fill.evaluate("el => getComputedStyle(el).backgroundImage")
    assert fill.evaluate("el => getComputedStyle(el).forcedColorAdjust") == "none"
    assert track.evaluate("el => getComputedStyle(el).borderTopStyle") == "solid"
    lines = explorer.get_by_role("tab").evaluate_all("tabs => tabs.map(tab => getComputedStyle(tab).borderBottomColor)")
    assert lines[0] not in lines[1:] and len(set(lines[1:])) == 1
    moving = """root => [...root.querySelectorAll('*')].filter(el => {
      const style = getComputedStyle(el);
      const lasting = style.transitionDuration.split(', ').some(each => parseFloat(each) > 0);
      return lasting && style.transitionProperty !== 'none' || style.animationName !== 'none';
    }).map(el => el.className)"""
    assert explorer.get_by_test_id("explorer").evaluate(moving) == []
    page.emulate_media(forced_colors="none", reduced_motion="no-preference")
    assert explorer.get_by_test_id("explorer").evaluate(moving) != []
