"""One widget shown by two cells: what is done in one is seen in the other, and closing one leaves the other alive."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.listeners import count_from_now_on, heard, held
from tests.browser.notebook import NotebookPage
from tests.browser.two_boxes import ANALYSED, two_boxes

WAIT = 20_000
SETUP = two_boxes(8) + ANALYSED


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with a run and a worker in its kernel, and its listeners counted."""
    count_from_now_on(module_notebook.page)
    module_notebook.execute(SETUP)
    return module_notebook


Act = Callable[[NotebookPage, Locator], None]
See = Callable[[NotebookPage, Locator], None]


class Shared(NamedTuple):
    """A widget, what makes a view of it ready, and steps: done in one view, seen in the other."""

    source: str
    ready: Callable[[Locator], None]
    steps: list[tuple[Act, See]]


def with_attribute(testid: str, name: str, value: str) -> Callable[[Locator], None]:
    return lambda output: expect(output.get_by_test_id(testid)).to_have_attribute(name, value, timeout=WAIT)


def sees(testid: str, name: str, value: str) -> See:
    return lambda _notebook, output: with_attribute(testid, name, value)(output)


def clicks(testid: str) -> Act:
    return lambda _notebook, output: output.get_by_test_id(testid).first.click()


def says(testid: str, text: str) -> See:
    return lambda _notebook, output: expect(output.get_by_test_id(testid)).to_contain_text(text, timeout=WAIT)


def chooses(testid: str, value: str) -> Act:
    def act(_notebook: NotebookPage, output: Locator) -> None:
        output.get_by_test_id(testid).select_option(value)

    return act


def fills(testid: str, text: str) -> Act:
    return lambda _notebook, output: output.get_by_test_id(testid).fill(text)


def has_value(testid: str, text: str) -> See:
    return lambda _notebook, output: expect(output.get_by_test_id(testid)).to_have_value(text, timeout=WAIT)


def presses(testid: str, *keys: str) -> Act:
    def act(notebook: NotebookPage, output: Locator) -> None:
        output.get_by_test_id(testid).first.focus()
        for key in keys:
            notebook.page.keyboard.press(key)

    return act


def opens_the_second(_notebook: NotebookPage, output: Locator) -> None:
    output.get_by_test_id("thumb").nth(1).dblclick()


def looks_at_the_second(_notebook: NotebookPage, output: Locator) -> None:
    expect(output.get_by_test_id("look")).to_have_attribute("data-image-id", "01.png", timeout=WAIT)
    expect(output.get_by_test_id("look")).to_have_attribute("data-loaded", "true", timeout=WAIT)


def labels_it(notebook: NotebookPage, output: Locator) -> None:
    output.get_by_test_id("look-canvas").focus()
    notebook.page.keyboard.press("2")


def puts_a_ball(_notebook: NotebookPage, output: Locator) -> None:
    output.locator('[data-sprite="soccer ball"]').click()


def bars_are_as_python_has_them(things: int) -> See:
    def see(notebook: NotebookPage, output: Locator) -> None:
        expect(output.get_by_test_id("layer")).to_have_count(things, timeout=WAIT)
        expect(output.get_by_test_id("editor")).to_have_attribute("data-settled", "true", timeout=WAIT)
        bars = "bars => Object.fromEntries(bars.map(bar => [bar.dataset.label, Number(bar.dataset.probability)]))"
        exact = "dict(zip(worker.labels, map(float, worker.predict(view.export_image()).probabilities)))"
        notebook.wait_for(
            lambda: output.get_by_test_id("bar").evaluate_all(bars) == pytest.approx(notebook.value(exact), abs=1e-3),
            20,
            "the bars to be the prediction of the picture",
        )

    return see


def has_a_box(_notebook: NotebookPage, output: Locator) -> None:
    expect(output.get_by_test_id("methods")).to_have_attribute("data-box", re.compile("[01]"), timeout=WAIT)


def enlarges_the_second(_notebook: NotebookPage, output: Locator) -> None:
    output.get_by_test_id("method-name").nth(1).press("Enter")


def second_is_first(_notebook: NotebookPage, output: Locator) -> None:
    expect(output.get_by_test_id("tile").first).to_have_attribute("data-method", "fem", timeout=WAIT)


def marks_the_first_box(notebook: NotebookPage, output: Locator) -> None:
    output.get_by_test_id("box").first.click()


def first_box_is_marked(_notebook: NotebookPage, output: Locator) -> None:
    expect(output.locator('[data-testid="box"][data-marked="true"]')).to_have_count(1, timeout=WAIT)


def lime_is_open(_notebook: NotebookPage, output: Locator) -> None:
    expect(output.get_by_test_id("tab-lime")).to_have_attribute("aria-selected", "true", timeout=WAIT)
    expect(output.get_by_test_id("page-lime").locator("canvas").first).to_be_visible(timeout=WAIT)


def cell_is_selected(_notebook: NotebookPage, output: Locator) -> None:
    expect(output.locator('[data-testid="cell"][aria-selected="true"]')).to_have_count(1, timeout=WAIT)


SHARED = {
    "browser": Shared(
        "emo.ImageBrowser(run)",
        with_attribute("browser", "data-ready", "true"),
        [
            (fills("search", "0"), says("breadcrumb", "“0”")),
            (opens_the_second, looks_at_the_second),
            (labels_it, says("given-label", "Excitement")),
            (clicks("look-toggle-cam"), sees("look-toggle-cam", "aria-pressed", "true")),
        ],
    ),
    "heatmap": Shared(
        "emo.AssociationHeatmap(run)",
        with_attribute("heatmap-widget", "data-settled", "true"),
        [
            (clicks("cell"), cell_is_selected),
            (chooses("order", "alphabet"), has_value("order", "alphabet")),
            (fills("threshold", "0.5"), sees("heatmap-widget", "data-threshold", "0.5")),
        ],
    ),
    "explorer": Shared(
        "emo.explore(run, remember=False, image_id='00.png', mode='lime')",  # a tab's widget is made when it opens
        with_attribute("browser", "data-ready", "true"),
        [
            (opens_the_second, looks_at_the_second),
            (fills("threshold", "0.5"), has_value("threshold", "0.5")),
            (presses("tab-lime", "Enter"), lime_is_open),
            (clicks("tab-look"), looks_at_the_second),
        ],
    ),
    "editor": Shared(
        "emo.ObjectEditor(corpus.open('03.png'), worker)",
        with_attribute("editor", "data-settled", "true"),
        [
            (puts_a_ball, bars_are_as_python_has_them(1)),
            (presses("stage", "ArrowLeft", "+", "r"), bars_are_as_python_has_them(1)),
            (puts_a_ball, bars_are_as_python_has_them(2)),
        ],
    ),
    "lime": Shared(
        "emo.LimeView(worker=worker, corpus=corpus, image_id='03.png', n_samples=60, n_regions=12)",
        with_attribute("lime", "data-status", "done"),
        [
            (fills("note", "grey tones"), has_value("note", "grey tones")),
            (clicks("hide-rest"), sees("hide-rest", "aria-pressed", "true")),
            (presses("keep", "Home", "ArrowRight"), says("kept", "2 regions")),
        ],
    ),
    "methods": Shared(
        "emo.MethodComparison(worker=worker, corpus=corpus, image_id='03.png', methods=['grad-cam', 'fem'])",
        with_attribute("methods", "data-settled", "true"),
        [
            (presses("boxes", "ArrowDown"), has_a_box),
            (enlarges_the_second, second_is_first),
            (chooses("target", "Sadness"), has_value("target", "Sadness")),
        ],
    ),
    "expectation": Shared(
        "emo.Expectation('03.png', run=run)",
        with_attribute("expectation", "data-ready", "true"),
        [
            (marks_the_first_box, first_box_is_marked),
            (clicks("lock"), sees("expectation", "data-state", "revealed")),
            (clicks("mark-again"), sees("expectation", "data-state", "marking")),
        ],
    ),
}


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("name", SHARED)
def test_two_views_stay_in_step_and_one_outlives_the_other(notebook: NotebookPage, name: str) -> None:
    shared = SHARED[name]
    notebook.execute(f"view = {shared.source}")

    def listening() -> Counter[str]:
        return Counter(held(notebook.page)) + Counter({f"model.on {k}": n for k, n in heard(notebook.page).items()})

    def show() -> tuple[Locator, str]:
        cell = notebook.run("view")
        shared.ready(cell.output)
        return cell.output, cell.id

    def let_go(left: Callable[[], Counter[str]], what: str) -> None:
        try:
            notebook.wait_for(lambda: not left(), 15, what)
        except TimeoutError:
            raise AssertionError(f"{what} is not let go of: {left()}") from None

    none = listening()
    first, first_id = show()
    second, _ = show()
    *between, (act, see) = shared.steps
    for turn, (do, look) in enumerate(between):
        views = (first, second) if turn % 2 == 0 else (second, first)
        do(notebook, views[0])
        for view in views:
            look(notebook, view)

    both = listening() - none
    assert sum(n for what, n in both.items() if "model.on" in what) > 6 and both.total() > 20
    notebook.clear_output(first_id)
    expect(first.locator(".ec-root")).to_have_count(0)
    # What a model has once for all its views stays; a view's own cards and handles may be the fewer.
    half = Counter({what: n - n // 2 for what, n in both.items()})
    let_go(lambda: (listening() - none) - half, f"half of {name}")
    act(notebook, second)
    see(notebook, second)
    # Exactly, where the view that stays has not changed meanwhile.
    alone = listening()
    third, third_id = show()
    see(notebook, third)
    notebook.clear_output(third_id)
    let_go(lambda: listening() - alone, f"the third view of {name}")
    notebook.clear()
    expect(notebook.page.locator(".ec-root")).to_have_count(0)
    let_go(lambda: listening() - none, f"all of {name}")
    assert notebook.page_errors == []
