"""Every tab of the explorer where the system chooses all colours, and in JupyterLab's own theme of high contrast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.notebook import NotebookPage
from tests.browser.test_accessibility import SETUP

TABS = ("look", "edit", "lime", "methods", "agreement", "paste")
THEME = "JupyterLab Dark High Contrast"
# What is pressed, chosen or current and looks like what is not: beside a sibling that is not, else a copy that is not.
# Cells of the heatmap have a ring that lies over them.
ALIKE = """root => {
  const look = (el) => [el, ...el.querySelectorAll('*')].slice(0, 6).map((each) => {
    const s = getComputedStyle(each), ring = s.outlineStyle === 'none' ? '' : s.outlineColor + s.outlineWidth;
    const edge = (side) => s[`border${side}Style`] === 'none' ? '' : s[`border${side}Color`] + s[`border${side}Width`];
    return [s.backgroundColor, s.color, ring, s.fontWeight, ...['Top', 'Bottom', 'Left'].map(edge)].join();
  }).join('|');
  const found = [];
  for (const name of ['aria-pressed', 'aria-selected', 'aria-current']) {
    for (const el of root.querySelectorAll(`[${name}=true]:not([role=gridcell])`)) {
      if (!el.checkVisibility()) continue;
      const others = [...(el.parentElement?.children ?? [])].filter((each) =>
        each.getAttribute(name) === 'false' && each.tagName === el.tagName && !each.disabled);
      let other = others[0];
      if (other === undefined) {
        other = el.cloneNode(true);
        other.setAttribute(name, 'false');
        el.after(other);
      }
      if (look(el) === look(other)) found.push(`${name} ${el.dataset.testid ?? el.className}: ${el.textContent}`);
      if (!others.length) other.remove();
    }
  }
  return found;
}"""
# What takes the focus and shows no ring, or one in the colour of the ground.
RINGLESS = """root => {
  const ground = getComputedStyle(root).backgroundColor, found = [];
  const ring = (el) => {
    const s = getComputedStyle(el);
    return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1 && s.outlineColor !== ground;
  };
  const all = root.querySelectorAll('button, select, input, textarea, a[href], summary, [tabindex="0"]');
  for (const el of [...all].slice(0, 120)) {
    if (!el.checkVisibility() || el.disabled) continue;
    el.focus({focusVisible: true, preventScroll: true});
    if (document.activeElement !== el) continue;
    if (![el, ...el.querySelectorAll('*')].slice(0, 6).some(ring)) found.push(el.outerHTML.slice(0, 140));
  }
  document.activeElement.blur();
  return found;
}"""


@pytest.fixture
def explorer(notebook: NotebookPage) -> Iterator[Locator]:
    """The explorer over the demo in the whole window, with a cell selected and an image open."""
    notebook.run(SETUP, 120)
    output = notebook.run("ex = explorer(remember=False); ex", 120).output
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=20_000)
    output.get_by_test_id("strongest-hint").click()
    output.get_by_test_id("thumb").first.dblclick()
    yield output
    notebook.page.emulate_media(forced_colors="none")
    notebook.theme("light")
    assert notebook.page_errors == []


def open_tab(explorer: Locator, mode: str) -> Locator:
    """Shows a tab and puts it to use, so that something in it is pressed or chosen."""
    explorer.get_by_test_id(f"tab-{mode}").click()
    page = explorer.get_by_test_id(f"page-{mode}")
    expect(page).to_be_visible()
    if mode == "look":
        expect(page.get_by_test_id("look")).to_have_attribute("data-loaded", "true", timeout=30_000)
    elif mode == "edit":
        editor = page.get_by_test_id("editor")
        expect(editor).to_have_attribute("data-settled", "true", timeout=30_000)
        editor.get_by_test_id("panel-regions").click()
        editor.get_by_test_id("region-all").click()
        expect(editor.get_by_test_id("region-edit")).to_have_attribute("aria-pressed", "true")
        editor.get_by_test_id("region-box").click()
        editor.get_by_test_id("toggle-cam").click()
        expect(editor).to_have_attribute("data-settled", "true", timeout=30_000)
    elif mode == "lime":
        expect(page.get_by_test_id("region").first).to_be_visible(timeout=60_000)
        page.get_by_test_id("commit-first").click()
    elif mode == "methods":
        expect(page.get_by_test_id("methods")).to_have_attribute("data-settled", "true", timeout=60_000)
        page.get_by_test_id("method-name").first.press("Enter")
    else:
        expect(page).not_to_contain_text("Opening", timeout=30_000)
    return page


def test_forced_colours_show_what_is_chosen_and_focused_on_every_tab(notebook: NotebookPage, explorer: Locator) -> None:
    notebook.page.emulate_media(forced_colors="active")
    whole = explorer.get_by_test_id("explorer")
    found = {"bar, heatmap and images": (whole.evaluate(ALIKE), whole.evaluate(RINGLESS))}
    ring = explorer.locator(".hm-ring-selected")
    assert ring.evaluate("el => getComputedStyle(el).outlineStyle") == "solid"
    for mode in TABS:
        page = open_tab(explorer, mode)
        detail = explorer.get_by_test_id("pane-detail")
        found[mode] = (detail.evaluate(ALIKE), page.evaluate(RINGLESS))
    assert {where: each for where, each in found.items() if each != ([], [])} == {}


def test_text_is_readable_in_jupyterlabs_theme_of_high_contrast(notebook: NotebookPage, explorer: Locator) -> None:
    notebook.command("apputils:change-theme", {"theme": THEME})
    expect(notebook.page.locator(f'body[data-jp-theme-name="{THEME}"]')).to_be_attached(timeout=20_000)
    found = {"explorer": violations(explorer.get_by_test_id("explorer"), "color-contrast")}
    for mode in TABS:
        open_tab(explorer, mode)
        found[mode] = violations(explorer.get_by_test_id("pane-detail"), "color-contrast")
    assert not any(found.values()), "\n".join(f"{where}: {each}" for where, all_ in found.items() for each in all_)
