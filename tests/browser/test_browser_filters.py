"""The image browser's filters and orders, set by hand in the panel and from Python, against the run's tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Locator, expect

from emocam_widgets.run import Run
from tests.browser.driving import driven_run, opened, shown, tiles, with_importance
from tests.browser.notebook import CellError, NotebookPage

WAIT = 15_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return driven_run(folder, 70)


@pytest.fixture(scope="module")
def boxes(run: Run) -> pd.DataFrame:
    return with_importance(run)


@pytest.fixture
def browser(notebook: NotebookPage, folder: Path, run: Run) -> Locator:
    """The browser over the run; the kernel knows it as `browser`."""
    assert len(run)
    notebook.run(opened(folder))
    return shown(notebook.run("browser = emo.ImageBrowser(run)\nbrowser").output)


def answering(
    run: Run,
    boxes: pd.DataFrame,
    *,
    label: str | None = None,
    annotation: str | None = None,
    object_class: str | None = None,
    confidence: float = 0,
    importance: tuple[float, float] = (0, 1),
    disagreement: bool = False,
    text: str = "",
) -> list[str]:
    """Ids of the images that answer to all of this, in the run's order."""
    images = run.images
    keep = pd.Series(True, images.index)
    if label is not None:
        keep &= images["label"] == label
    if annotation is not None:
        keep &= images["annotation"] == annotation
    if object_class is not None or confidence > 0 or importance != (0, 1):
        right = boxes[(boxes["confidence"] >= confidence) & boxes["importance"].between(*importance)]
        if object_class is not None:
            right = right[right["object_class"] == object_class]
        keep &= images["image_id"].isin(right["image_id"])
    if disagreement:
        keep &= images["annotation"].notna() & (images["annotation"] != images["label"])
    for word in text.lower().split():
        named = images[["image_id", "label", "annotation"]].fillna("").agg("\n".join, axis=1)
        keep &= named.str.lower().str.contains(re.escape(word))
    return list(images["image_id"][keep])


def chips(output: Locator) -> list[str]:
    names: list[str] = output.get_by_test_id("chip").evaluate_all("all => all.map(chip => chip.dataset.name)")
    return names


def test_every_filter_of_the_panel_composes_and_goes_again(
    notebook: NotebookPage, browser: Locator, run: Run, boxes: pd.DataFrame
) -> None:
    press = notebook.page.keyboard.press
    crumb = browser.get_by_test_id("breadcrumb")
    wanted: dict[str, Any] = {}
    before = tiles(browser)
    counts = []

    def shows(*names: str) -> None:
        """The chips, the sentence, the tiles, in their order, and what Python has."""
        expected = answering(run, boxes, **wanted)
        counts.append(len(expected))
        expect(crumb).to_have_attribute("data-count", str(len(expected)), timeout=WAIT)
        notebook.wait_for(lambda: chips(browser) == list(names), 15, f"the chips {names}")
        notebook.wait_for(lambda: tiles(browser) == expected, 15, f"the grid to show {expected}")
        notebook.wait_for(lambda: notebook.value("browser.image_ids") == expected, 15, "the kernel to have the same")

    shows()
    browser.get_by_test_id("grid").focus()
    press("f")
    panel = browser.get_by_test_id("filters")
    expect(panel).to_be_visible()
    expect(browser.get_by_test_id("filter-label")).to_be_focused()
    browser.get_by_test_id("filter-class").select_option("Human face")
    wanted["object_class"] = "Human face"
    shows("Human face")
    browser.get_by_test_id("filter-confidence").click()
    notebook.page.keyboard.type("0.4")
    wanted["confidence"] = 0.4
    shows("Human face", "from 0.40")
    browser.get_by_test_id("filter-importance-high").click()
    notebook.page.keyboard.type("0.8")
    press("Shift+Tab")
    expect(browser.get_by_test_id("filter-importance-low")).to_be_focused()
    notebook.page.keyboard.type("0.15")
    wanted["importance"] = (0.15, 0.8)
    shows("Human face", "from 0.40", "0.15 to 0.80")
    browser.get_by_test_id("filter-disagreement").click()
    wanted["disagreement"] = True
    shows("Human face", "from 0.40", "0.15 to 0.80", "not as annotated")
    browser.get_by_test_id("filter-annotation").select_option("Sadness")
    wanted["annotation"] = "Sadness"
    shows("Sadness", "Human face", "from 0.40", "0.15 to 0.80", "not as annotated")
    press("Escape")
    expect(panel).to_be_hidden()
    browser.get_by_test_id("grid").focus()
    press("/")
    expect(browser.get_by_test_id("search")).to_be_focused()
    notebook.page.keyboard.type("CRAV 7")
    wanted["text"] = "CRAV 7"
    shows("Sadness", "Human face", "from 0.40", "0.15 to 0.80", "not as annotated", "CRAV 7")
    assert len(before) > counts[1] > counts[2] > counts[3] > counts[4] > counts[5] > counts[6] > 0, counts
    names = ("annotation", "object_class", "confidence", "importance", "disagreement", "text")
    assert notebook.value(f"[getattr(browser, name) for name in {names}]") == [
        "Sadness", "Human face", 0.4, [0.15, 0.8], True, "CRAV 7",
    ]  # fmt: skip

    # Off again: by a click, by the keys on a chip (the next chip then has the focus), and in the panel itself.
    browser.locator('[data-name="Human face"] button').click()
    del wanted["object_class"]
    shows("Sadness", "from 0.40", "0.15 to 0.80", "not as annotated", "CRAV 7")
    browser.locator('[data-name="not as annotated"] button').focus()
    press("Delete")
    del wanted["disagreement"]
    shows("Sadness", "from 0.40", "0.15 to 0.80", "CRAV 7")
    expect(browser.locator('[data-name="CRAV 7"] button')).to_be_focused()
    press("Enter")
    del wanted["text"]
    shows("Sadness", "from 0.40", "0.15 to 0.80")
    expect(browser.get_by_test_id("search")).to_have_value("")
    browser.get_by_test_id("add-filter").click()
    browser.get_by_test_id("filter-annotation").select_option("")
    del wanted["annotation"]
    shows("from 0.40", "0.15 to 0.80")
    browser.get_by_test_id("filter-importance-low").fill("")
    wanted["importance"] = (0, 0.8)
    shows("from 0.40", "up to 0.80")
    browser.get_by_test_id("clear-filter").click()
    wanted.clear()
    shows()
    expect(browser.get_by_test_id("filter-confidence")).to_have_value("")
    assert notebook.page_errors == []


def test_filters_set_in_python_are_shown_and_those_set_by_hand_are_read(
    notebook: NotebookPage, browser: Locator, run: Run, boxes: pd.DataFrame
) -> None:
    crumb = browser.get_by_test_id("breadcrumb")
    notebook.execute(
        "heard = []\n"
        "browser.observe(lambda change: heard.append([change['name'], change['new']]),"
        " ['annotation', 'importance', 'disagreement', 'text'])\n"
        "browser.annotation, browser.importance, browser.disagreement = 'Joy', [0.7, 1.0], False"
    )
    expected = answering(run, boxes, annotation="Joy", importance=(0.7, 1))
    assert 0 < len(expected) < (run.images["annotation"] == "Joy").sum()
    expect(crumb).to_have_text(
        f"Annotated Joy, importance from 0.70: {len(expected)} of {len(run)} images", timeout=WAIT
    )
    notebook.wait_for(lambda: tiles(browser) == expected, 15, "the grid to follow")
    notebook.wait_for(lambda: chips(browser) == ["Joy", "from 0.70"], 15, "the chips to follow")
    browser.get_by_test_id("add-filter").click()
    expect(browser.get_by_test_id("filter-annotation")).to_have_value("Joy")
    expect(browser.get_by_test_id("filter-importance-low")).to_have_value("0.7")
    expect(browser.get_by_test_id("filter-disagreement")).not_to_be_checked()
    browser.get_by_test_id("filter-disagreement").check()
    browser.get_by_test_id("filter-importance-low").fill("0.6")
    expected = answering(run, boxes, annotation="Joy", importance=(0.6, 1), disagreement=True)
    expect(crumb).to_contain_text(f"not predicted as annotated: {len(expected)} of", timeout=WAIT)
    notebook.wait_for(lambda: tiles(browser) == expected, 15, "the grid to show the fewer")
    browser.get_by_test_id("search").fill("e")
    notebook.wait_for(lambda: notebook.value("heard[-1]") == ["text", "e"], 15, "Python to hear of the text")
    assert notebook.value("heard[-3:-1]") == [["disagreement", True], ["importance", [0.6, 1.0]]]
    with pytest.raises(CellError, match=r"TraitError: .*Joyy"):
        notebook.execute("browser.annotation = 'Joyy'")
    notebook.execute("browser.clear_filters()")
    expect(crumb).to_have_text(f"{len(run)} images", timeout=WAIT)
    expect(browser.get_by_test_id("search")).to_have_value("")
    expect(browser.get_by_test_id("filter-annotation")).to_have_value("")
    browser.get_by_test_id("grid").focus()
    notebook.execute("browser.label, browser.text = 'Craving', 'no such word'")
    expect(browser.get_by_test_id("state")).to_contain_text("Craving, “no such word”", timeout=WAIT)
    browser.get_by_test_id("clear-filter").focus()
    notebook.page.keyboard.press("Escape")
    expect(crumb).to_have_text(f"{len(run)} images", timeout=WAIT)
    assert notebook.page_errors == []


def test_every_order_and_its_reverse(notebook: NotebookPage, browser: Locator, run: Run, boxes: pd.DataFrame) -> None:
    images = run.images
    ids = images["image_id"].to_numpy(dtype=object)
    column = {label: i for i, label in enumerate(run.labels)}
    sure = run.probabilities[np.arange(len(run)), images["label"].map(column)]
    given = np.array(
        [run.probabilities[i, column[a]] if isinstance(a, str) else np.nan for i, a in enumerate(images["annotation"])]
    )
    keys: dict[str, pd.Series] = {
        "name": pd.Series([-int(re.sub(r"\D", "", each)) for each in ids]),
        "probability": pd.Series(sure),
        "importance": pd.Series(ids).map(boxes.groupby("image_id")["importance"].max()),
        "disagreement": pd.Series(sure - given),
        "corpus": pd.Series(-np.arange(len(ids))),
    }

    def by(key: pd.Series, ascending: bool) -> list[str]:
        return list(ids[key.dropna().sort_values(ascending=ascending, kind="stable").index]) + list(ids[key.isna()])

    def shows(sort: str, expected: list[str]) -> None:
        notebook.wait_for(lambda: tiles(browser) == expected, 15, f"the order by {sort} to be {expected}")

    button = browser.get_by_test_id("sort-direction")
    orders = set()
    for sort, key in keys.items():
        browser.get_by_test_id("sort").select_option(sort)
        shows(sort, by(key, ascending=False))
        words = button.get_attribute("aria-label")
        button.focus()
        notebook.page.keyboard.press("Enter")
        shows(f"{sort}, reversed", by(key, ascending=True))
        assert button.get_attribute("aria-label") != words
        assert notebook.value("[browser.sort, browser.sort_reverse]") == [sort, True]
        orders |= {tuple(by(key, ascending=False)), tuple(by(key, ascending=True))}
    assert len(orders) == 2 * len(keys), "two orders are the same and cannot be told apart"

    # Of a class, importance is that of its boxes; of a label, probability is that label's.
    notebook.execute("browser.sort, browser.sort_reverse, browser.object_class = 'importance', False, 'Human face'")
    faces = boxes[boxes["object_class"] == "Human face"].groupby("image_id")["importance"].max()
    shows("importance of faces", [each for each in by(pd.Series(ids).map(faces), ascending=False) if each in faces])
    notebook.execute("browser.object_class, browser.label, browser.sort = None, 'Joy', 'probability'")
    joyful = images["label"] == "Joy"
    order = by(pd.Series(run.probabilities[:, column["Joy"]]).where(joyful), ascending=False)[: joyful.sum()]
    shows("probability of Joy", order)
    expect(browser.get_by_test_id("sort")).to_have_value("probability")
    assert notebook.page_errors == []
