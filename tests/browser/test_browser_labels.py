"""Giving labels where there are more than keys, with what stands on disk; and several images selected together."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.driving import driven_run, looking, opened, shown
from tests.browser.notebook import NotebookPage

WAIT = 15_000
OWN = [
    "calm",
    "chaos",
    "chance",
    "cheer",
    "Chalk",
    "dusk",
    "dawn",
    "fog",
    "glow",
    "haze",
    "ice",
    "mist",
    "rime",
    "<b>storm</b>",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("world")
    driven_run(place, 12)
    return place


@pytest.fixture
def browser(notebook: NotebookPage, folder: Path) -> Locator:
    """The browser over the run, with fourteen labels to give; the kernel knows it as `browser`."""
    notebook.run(opened(folder))
    source = f"browser = emo.ImageBrowser(run, annotation_labels={OWN}, annotations_file={str(folder / 'own.csv')!r})"
    return shown(notebook.run(f"{source}\nbrowser").output)


def on_disk(folder: Path) -> dict[str, str]:
    with (folder / "own.csv").open(encoding="utf-8", newline="") as stream:
        return {row["image_id"]: row["label"] for row in csv.DictReader(stream)}


def test_any_of_fourteen_labels_is_found_given_and_taken_back(
    notebook: NotebookPage, browser: Locator, folder: Path
) -> None:
    page = notebook.page
    first, second = notebook.value("browser.image_ids[:2]")
    looking(notebook, browser, first)
    given, undo, find = (browser.get_by_test_id(each) for each in ("given-label", "undo-label", "find-label"))
    buttons = browser.get_by_test_id("give-label")
    browser.get_by_test_id("annotate").locator("summary").click()
    expect(buttons).to_have_count(len(OWN))
    assert [each.strip() for each in buttons.locator("kbd").all_text_contents()] == [*"1234567890", "", "", "", ""]
    expect(undo).to_be_disabled()

    def is_given(labels: dict[str, str]) -> None:
        """On the screen, in Python and on the disk."""
        shown_id = str(browser.get_by_test_id("look").get_attribute("data-image-id"))
        expect(given).to_contain_text(labels.get(shown_id, "none yet"), timeout=WAIT)
        pressed = browser.locator('[data-testid="give-label"][aria-pressed="true"]')
        expect(pressed).to_have_count(int(shown_id in labels))
        if shown_id in labels:
            expect(pressed).to_have_attribute("data-label", labels[shown_id])
        notebook.wait_for(lambda: notebook.value("browser.annotations") == labels, 15, f"Python to have {labels}")
        notebook.wait_for(lambda: on_disk(folder) == labels, 15, f"the file to hold {labels}")

    # Typed: those that begin so come first, Enter gives the first one; digits typed there are not the keys.
    find.click()
    page.keyboard.type("CHA")
    expect(buttons).to_have_count(3)
    names = [button.get_attribute("data-label") for button in buttons.all()]
    assert names == ["chaos", "chance", "Chalk"]
    page.keyboard.press("Backspace")
    page.keyboard.type("alk")
    expect(buttons).to_have_count(1)
    page.keyboard.press("Enter")
    is_given({first: "Chalk"})
    expect(find).to_have_value("")
    expect(find).to_be_focused()
    page.keyboard.type("1")
    expect(buttons).to_have_count(0)
    page.keyboard.press("Escape")
    expect(buttons).to_have_count(len(OWN))
    is_given({first: "Chalk"})

    # Pressed, also what has no key; once more takes it away; Undo goes back step by step.
    storm = browser.locator('[data-testid="give-label"][data-label="<b>storm</b>"]')
    storm.click()
    is_given({first: "<b>storm</b>"})
    storm.focus()
    page.keyboard.press("Enter")
    is_given({})
    expect(storm).to_be_focused()
    undo.click()
    is_given({first: "<b>storm</b>"})
    undo.click()
    is_given({first: "Chalk"})
    browser.get_by_test_id("look-canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(browser.get_by_test_id("look")).to_have_attribute("data-image-id", second)
    page.keyboard.press("0")
    is_given({first: "Chalk", second: "haze"})
    page.keyboard.press("Delete")
    is_given({first: "Chalk"})
    page.keyboard.press("Control+z")
    is_given({first: "Chalk", second: "haze"})
    undo.focus()
    for labels in ({first: "Chalk"}, {}):
        page.keyboard.press("Enter")
        is_given(labels)
    expect(undo).to_be_disabled()
    # The keys still act. Of several at once, in the grid.
    page.keyboard.press("Escape")
    browser.locator('[data-place="0"]').click()
    browser.locator('[data-place="2"]').click(modifiers=["Shift"])
    page.keyboard.press("6")
    ids = notebook.value("browser.image_ids[:3]")
    notebook.wait_for(lambda: on_disk(folder) == dict.fromkeys(ids, "dusk"), 15, "three labels in the file")
    expect(browser.locator('[data-testid="tile-annotation"]:not([hidden])')).to_have_text(["✎ dusk"] * 3)
    page.keyboard.press("Delete")
    notebook.wait_for(lambda: on_disk(folder) == {}, 15, "none in the file")
    expect(browser.locator('[data-testid="tile-annotation"]:not([hidden])')).to_have_count(0)
    assert notebook.page_errors == []


def test_several_images_are_selected_by_pointer_by_keys_and_from_python(
    notebook: NotebookPage, browser: Locator
) -> None:
    ids = notebook.value("browser.image_ids")
    notebook.execute("heard = []\nbrowser.observe(lambda change: heard.append(change['new']), 'selection')")
    press = notebook.page.keyboard.press
    count = browser.get_by_test_id("selected-count")

    def selected(*places: int) -> None:
        expected = [ids[place] for place in places]
        notebook.wait_for(lambda: notebook.value("browser.selection") == expected, 15, f"{expected} to be selected")
        chosen = browser.locator('[data-testid="thumb"].ec-tile-picked')
        expect(chosen).to_have_count(len(places))
        assert sorted(chosen.evaluate_all("all => all.map(tile => Number(tile.dataset.place))")) == list(places)
        expect(count).to_have_text(f"{len(places)} selected" if places else "")

    def tile(place: int) -> Locator:
        return browser.locator(f'[data-place="{place}"]')

    tile(1).click()
    selected()
    tile(4).click(modifiers=["Shift"])
    selected(1, 2, 3, 4)
    tile(2).click(modifiers=["Control"])
    selected(1, 3, 4)
    tile(6).click(modifiers=["Control"])
    selected(1, 3, 4, 6)
    tile(8).click(modifiers=["Shift"])  # a stretch from where Ctrl was last
    selected(6, 7, 8)
    expect(tile(7)).to_have_attribute("aria-selected", "true")
    tile(0).click()
    selected()
    expect(tile(0)).to_have_attribute("aria-selected", "true")  # the cursor alone
    press("Space")
    press("ArrowRight")
    selected()
    press("Space")
    press("Shift+End")
    selected(*range(1, len(ids)))
    press("Shift+Home")
    selected(0, 1)
    press("Control+a")
    selected(*range(len(ids)))
    press("Escape")
    selected()
    notebook.execute(f"browser.selection = [{ids[5]!r}, {ids[2]!r}]")
    expect(tile(5)).to_have_class("ec-tile ec-tile-picked")
    expect(tile(2)).to_have_attribute("aria-selected", "true")
    expect(count).to_have_text("2 selected")
    tile(3).click(modifiers=["Control"])
    selected(2, 3, 5)
    assert notebook.value("heard[-1]") == [ids[2], ids[3], ids[5]]
    press("Escape")
    selected()
    assert notebook.page_errors == []
