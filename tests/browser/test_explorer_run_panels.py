"""The explorer's tabs that speak of the whole run: the paste experiment and the methods' agreement, clicked through."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.notebook import NotebookPage
from tests.browser.two_boxes import ANALYSED, two_boxes

SETUP = two_boxes(24) + ANALYSED
EXPLORE = "ex = emo.explore(run, worker); ex"


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    module_notebook.execute(SETUP)
    return module_notebook


@pytest.fixture
def explorer(notebook: NotebookPage, prepared: NotebookPage) -> Iterator[Locator]:
    assert prepared.page is notebook.page
    output = notebook.run(EXPLORE).output
    expect(output.get_by_test_id("explorer")).to_have_attribute("data-ready", "true", timeout=20_000)
    yield output
    assert notebook.page_errors == []
    notebook.execute("from emocam_widgets.widgets.memory import Memory; Memory.of(run.path).forget()")


def becomes(notebook: NotebookPage, expression: str, value: object) -> None:
    notebook.wait_for(lambda: notebook.value(expression) == value, 10, f"{expression} to be {value!r}")


def saved(output: Locator, button: Locator) -> pd.DataFrame:
    """The table that a button saves."""
    with output.page.expect_download() as download:
        button.click()
    return pd.read_csv(download.value.path())


def ended(output: Locator, state: str = "done") -> Locator:
    panel = output.get_by_test_id("paste")
    expect(panel).to_have_attribute("data-state", state, timeout=60_000)
    return panel


def test_an_experiment_from_the_choice_to_the_images_that_switched(explorer: Locator, notebook: NotebookPage) -> None:
    crumb = explorer.get_by_test_id("breadcrumb")
    explorer.get_by_test_id("tab-paste").click()
    panel = explorer.get_by_test_id("paste")
    cost = panel.get_by_test_id("cost")
    expect(cost).to_have_text(re.compile(r"^all 24 images: 816 predictions, about \d+ (s|min)\.$"), timeout=10_000)
    expect(panel.get_by_test_id("thing").and_(panel.locator('[aria-pressed="true"]'))).to_have_text("rugby ball")
    panel.locator('[data-thing="lotus flower"]').click()
    expect(cost).to_contain_text("1,632 predictions")
    panel.locator('[data-thing="rugby ball"]').click()
    panel.get_by_test_id("paste-count").select_option("20")
    expect(cost).to_contain_text("20 of 24 images, chosen at random: 680 predictions")
    assert violations(panel) == []
    with notebook.busy(4) as other:
        panel.get_by_test_id("run").click()
        expect(panel.get_by_test_id("paste-bar").first).to_be_visible(timeout=20_000)
        assert not other.done
    ended(explorer)
    expect(panel.get_by_test_id("paste-bar")).to_have_count(34)
    counted = notebook.value(
        "[[v, int((g.label_after != g.label_before).sum()), len(g)]"
        " for v, g in ex.paste.result.pastes.groupby('variant', sort=False)]"
    )
    says = panel.get_by_test_id("trial-says")
    expect(says).to_contain_text(f"The thing switched {counted[0][1]} of {counted[0][2]} pastes")
    expect(says).to_contain_text(f"its silhouette {counted[1][1]} of {counted[1][2]}")
    bars = "ex.paste.result.shares().sort_values('share', kind='stable')[['object', 'variant', 'position']]"
    best = notebook.value(f"__import__('json').loads({bars}.to_json(orient='values'))[-1]")
    bar = panel.locator(f'[data-testid="paste-bar"][data-variant="{best[1]}"][data-position="{best[2]}"]')
    bar.click()
    expect(panel.get_by_test_id("switched").first).to_be_visible()
    switched = notebook.value(f"ex.paste.result.switched({best[0]!r}, {best[2]}, {best[1]!r})['image_id'].tolist()")
    expect(crumb).to_have_attribute("data-count", str(len(set(switched))))
    expect(crumb).to_contain_text(f"(place {best[2] + 1}) switched: ")
    assert set(notebook.value("ex.browser.image_ids")) == set(switched)
    assert violations(panel) == []
    table = saved(explorer, panel.get_by_test_id("table-csv"))
    assert pd.to_numeric(table["share"]).tolist() == pytest.approx(
        notebook.value("ex.paste.result.shares()['share'].tolist()")
    )
    assert set(table["variant"]) == {"object", "grey"}
    notebook.theme("dark")
    assert violations(panel, "color-contrast") == []
    notebook.theme("light")
    explorer.get_by_test_id("clear-filter").click()
    expect(crumb).to_have_text("24 images")
    expect(bar).to_have_attribute("aria-pressed", "false")
    becomes(notebook, "ex.paste.bars.selected", None)


def test_it_stops_and_is_there_again_when_the_cell_runs_again(explorer: Locator, notebook: NotebookPage) -> None:
    explorer.get_by_test_id("tab-paste").click()
    panel = explorer.get_by_test_id("paste")
    panel.locator('[data-thing="pizza slice"]').click()
    notebook.execute(
        "import time\n_open = run.open_image\ndef _slowly(image_id):\n    time.sleep(0.2)\n    return _open(image_id)\n"
        "run.open_image = _slowly"
    )
    panel.get_by_test_id("run").click()
    expect(panel.get_by_test_id("trial-says")).to_contain_text("of 24 images", timeout=20_000)
    again = notebook.run(EXPLORE).output  # while it runs
    expect(again.get_by_test_id("page-paste")).to_be_visible()
    panel = again.get_by_test_id("paste")
    expect(panel).to_have_attribute("data-state", "running", timeout=20_000)
    expect(panel.locator('[data-thing="pizza slice"]')).to_have_attribute("aria-pressed", "true")
    expect(panel.get_by_test_id("paste-bar").first).to_be_visible(timeout=20_000)
    panel.get_by_test_id("run").click()
    ended(again, "cancelled")
    expect(panel.get_by_test_id("trial-says")).to_contain_text("Stopped after ")
    done = notebook.value("ex.paste.trial['done']")
    assert 0 < done < 24 and notebook.value("ex.paste.result.pastes['image_id'].nunique()") == done
    notebook.execute("run.open_image = _open")
    again.get_by_test_id("thumb").first.dblclick()  # an image goes before what is of the run
    expect(again.get_by_test_id("page-look")).to_be_visible()


def test_another_method_is_added_and_a_pair_shown_in_the_heatmap(explorer: Locator, notebook: NotebookPage) -> None:
    explorer.get_by_test_id("tab-agreement").click()
    matrix = explorer.get_by_test_id("rsa")
    expect(matrix).to_contain_text("This run holds the maps of one method (grad-cam).")
    expect(matrix.get_by_test_id("rsa-grid")).to_be_hidden()
    assert violations(matrix) == []
    expect(matrix.get_by_test_id("method-to-add")).to_have_value("lift-cam")
    matrix.get_by_test_id("add").click()
    expect(matrix.get_by_test_id("adding")).to_have_text("lift-cam is in the run now.", timeout=30_000)
    expect(matrix).to_have_attribute("data-status", "done", timeout=60_000)
    expect(explorer.get_by_test_id("run-title")).to_contain_text("grad-cam, lift-cam")
    cell = matrix.get_by_test_id("rsa-cell").nth(1)
    rho = notebook.value("float(ex.agreement.result.rho.iloc[0, 1])")
    expect(cell).to_have_text(f"{abs(rho):.2f}" if rho >= 0 else f"\N{MINUS SIGN}{abs(rho):.2f}")
    cell.click()
    expect(matrix.get_by_test_id("difference")).to_have_attribute("data-pair", "grad-cam|lift-cam")
    assert violations(matrix) == []
    table = saved(explorer, matrix.get_by_test_id("table-csv"))
    assert table["rho"].tolist() == pytest.approx([rho])
    matrix.get_by_test_id("compare-above").click()
    becomes(notebook, "[ex.heatmap.method, ex.heatmap.compare]", ["grad-cam", "lift-cam"])
    expect(explorer.get_by_test_id("page-agreement")).to_be_hidden()
    expect(explorer.get_by_test_id("heatmap-info")).to_contain_text("less lift-cam")
    explorer.get_by_test_id("tab-agreement").click()
    matrix.get_by_test_id("difference").get_by_role("button", name="Close the difference").click()
    becomes(notebook, "ex.heatmap.compare", None)


def test_without_a_worker_both_say_what_is_missing(notebook: NotebookPage, prepared: NotebookPage) -> None:
    assert prepared.page is notebook.page
    output = notebook.run("ex = emo.explore(run, remember=False); ex").output
    output.get_by_test_id("tab-paste").focus()
    notebook.page.keyboard.press("Enter")
    panel = output.get_by_test_id("paste")
    expect(panel.get_by_test_id("cost")).to_contain_text("To run the paste experiment, pass a worker")
    expect(panel.get_by_test_id("run")).to_be_hidden()
    expect(panel.get_by_test_id("things")).to_be_hidden()
    assert violations(panel) == []
    notebook.page.keyboard.press("ArrowLeft")
    expect(output.get_by_test_id("tab-agreement")).to_be_focused()
    expect(output.get_by_test_id("page-agreement")).to_be_visible()
    expect(output.get_by_test_id("rsa").get_by_test_id("add")).to_be_hidden()


def test_try_it_takes_as_many_images_as_are_chosen(explorer: Locator, notebook: NotebookPage) -> None:
    notebook.execute("ex.cell = list(ex.heatmap.association.counts.stack().idxmax())")
    explorer.get_by_test_id("try").click()
    expect(explorer.get_by_test_id("try-headline")).to_be_visible(timeout=20_000)
    count = explorer.get_by_test_id("try-count")
    expect(count).to_have_value("20")
    count.select_option("10")
    becomes(notebook, "ex.heatmap.try_count", 10)
    trial = "ex.heatmap.try_result"
    becomes(notebook, f"{trial}['state'] == 'done' and {trial}['images'] == min(10, {trial}['available'])", True)
    done = notebook.value(f"{trial}['n']")
    expect(explorer.get_by_test_id("try-about")).to_contain_text(f"pasted onto {done} of")
