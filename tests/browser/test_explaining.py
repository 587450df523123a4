"""LimeView, MethodComparison, RsaMatrix and PasteBars in JupyterLab: clicked, dragged and walked through by keys."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.listeners import count_from_now_on, held
from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import stand_still
from tests.browser.two_boxes import two_boxes

SETUP = f"""
{two_boxes(12)}
import numpy as np
evil = "<img src=x onerror=alert(1)>.png"
(folder / "00.png").rename(folder / evil)
corpus = emo.Corpus.from_folder(folder)
"""
PASTED = (
    "run = emo.analyze(corpus, classifier, detector, methods=['grad-cam', 'lift-cam', 'eigen-cam'],"
    " out=folder.parent / (folder.name + '-run'), progress=False)\n"
    "result = emo.paste_experiment(corpus, classifier, ['rugby ball'], height=0.6, variants=('object', 'grey'),"
    " progress=False)"
)
# What canvases show, once two pictures of them with two frames in between are the same.
AT_REST = """async all => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const begun = performance.now();
  for (let before = ""; performance.now() - begun < 20_000;) {
    await frame();
    await frame();
    const now = all.map(each => each.querySelector("canvas").toDataURL());
    if (now.join() === before) return now;
    before = now.join();
  }
  throw new Error("the pictures do not come to rest");
}"""
LIME = "view = emo.LimeView(worker=worker, corpus=corpus, image_id={image}, n_samples={samples}, n_regions=20)\nview"


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with a worker and a small corpus in its kernel."""
    module_notebook.execute(SETUP)
    return module_notebook


def centre(element: Locator, x: float = 0.5, y: float = 0.5) -> tuple[float, float]:
    """A point of an element, relative to its size, in the window, once it is in view and stands still."""
    stand_still(element)
    box = element.bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def lime(notebook: NotebookPage, image: str = "evil", samples: int = 120) -> Locator:
    output = notebook.run(LIME.format(image=image, samples=samples)).output
    output.get_by_test_id("lime").scroll_into_view_if_needed()
    return output


def region_at(notebook: NotebookPage, root: Locator, panel: Locator) -> str | None:
    """The region under a point left of a panel's middle."""
    notebook.page.mouse.move(0, 0)
    expect(root).to_have_attribute("data-region", "-1")
    notebook.page.mouse.move(*centre(panel, 0.15, 0.5))
    expect(root).not_to_have_attribute("data-region", "-1")
    return root.get_attribute("data-region")


def pictures(canvases: Locator) -> list[str]:
    """What each of them shows once it does not change any more."""
    found: list[str] = canvases.evaluate_all(AT_REST)
    return found


def finished(output: Locator) -> None:
    expect(output.get_by_test_id("lime")).to_have_attribute("data-status", "done", timeout=40_000)


@pytest.mark.usefixtures("prepared")
def test_lime_streams_while_another_cell_runs_and_stops_when_told(notebook: NotebookPage) -> None:
    output = lime(notebook, samples=20_000)
    root, says = output.get_by_test_id("lime"), output.get_by_test_id("progress")
    with notebook.busy():
        expect(says).to_contain_text("of 20,000 samples", timeout=40_000)
        expect(output.get_by_test_id("region").first).to_be_visible()
        output.get_by_test_id("run").click()
        expect(root).to_have_attribute("data-status", "cancelled")
    expect(says).to_contain_text("cancelled")
    notebook.execute("view.n_samples = 120")
    finished(output)
    expect(says).to_contain_text("120 samples")
    expect(output.get_by_test_id("lime-panel")).to_contain_text("R²")
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_regions_by_pointer_and_keys_and_all_but_the_strongest(notebook: NotebookPage) -> None:
    output = lime(notebook)
    finished(output)
    root, regions = output.get_by_test_id("lime"), output.get_by_test_id("region")
    order = notebook.value("view.table()['region'].tolist()")
    listed = "rows => rows.map(row => Number(row.dataset.id))"
    notebook.wait_for(lambda: regions.evaluate_all(listed) == order, 20, f"the regions in this order: {order}")
    output.get_by_test_id("regions").focus()
    expect(root).to_have_attribute("data-region", str(order[0]))
    notebook.page.keyboard.press("ArrowDown")
    expect(root).to_have_attribute("data-region", str(order[1]))
    expect(output.get_by_test_id("region-caption")).to_contain_text("% of the image")
    canvas = output.get_by_test_id("lime-canvas")
    notebook.page.mouse.move(*centre(canvas))
    height, width = notebook.value("view.explanation.segments.shape")
    under = notebook.value(f"int(view.explanation.segments[{height // 2}, {width // 2}])")
    expect(root).to_have_attribute("data-region", str(under))
    output.get_by_test_id("hide-rest").click()
    slider = output.get_by_test_id("keep")
    slider.focus()
    notebook.page.keyboard.press("Home")
    notebook.page.keyboard.press("ArrowRight")
    expect(output.get_by_test_id("kept")).to_contain_text("2 regions")
    notebook.wait_value("view.keep", 2)
    shown = dict(
        output.get_by_test_id("bar").evaluate_all(
            "bars => bars.map(b => [b.dataset.label, Number(b.dataset.probability)])"
        )
    )
    exact = notebook.value(
        "dict(zip(worker.labels, map(float, worker.predict(view.strongest_image(2)).probabilities)))"
    )
    assert shown == pytest.approx(exact, abs=1e-4)
    with notebook.page.expect_download() as download:
        output.get_by_test_id("export").click()
        output.get_by_test_id("save-json").click()
    told = json.loads(download.value.path().read_text())
    assert len(told["labels"][notebook.value("view.explanation.target")]["regions"]) == len(order)


@pytest.mark.usefixtures("prepared")
def test_commit_by_brush_then_reveal_and_a_note_stays_text(notebook: NotebookPage) -> None:
    output = lime(notebook, image="evil")
    finished(output)
    output.get_by_test_id("commit-first").click()
    expect(output.get_by_test_id("legend")).to_be_hidden()
    expect(output.get_by_test_id("region").first).to_contain_text("Region 1")
    canvas = output.get_by_test_id("lime-canvas")
    notebook.page.mouse.move(*centre(canvas, 0.3, 0.2))
    notebook.page.mouse.down()
    notebook.page.mouse.move(*centre(canvas, 0.7, 0.6), steps=15)
    notebook.page.mouse.up()
    output.get_by_test_id("mark-against").click()
    notebook.page.mouse.click(*centre(canvas, 0.5, 0.8))
    notebook.wait_value("len(view.marks['for']) >= 2 and len(view.marks['against'])", 1)
    marks = notebook.value("view.marks")
    output.get_by_test_id("lock").click()
    expect(output.get_by_test_id("agreement")).to_contain_text("of what speaks for it lies in what you marked for")
    expect(output.get_by_test_id("commit")).to_contain_text("had been shown before")  # it was open at first
    share = notebook.value("list(view.agreement.values())[0]['for_share']")
    expect(output.get_by_test_id("agreement")).to_contain_text(f"{100 * share:.0f} %")
    notebook.page.mouse.click(*centre(canvas, 0.2, 0.2))
    note = output.get_by_test_id("note")
    note.fill("<img src=x onerror=alert(2)> grey tones")
    expect(output.get_by_test_id("note-place")).to_contain_text("saved in")
    notes = [["<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(2)> grey tones"]]
    notebook.wait_value("view.notes[['image_id', 'note']].values.tolist()", notes)
    assert notebook.value("view.marks") == marks  # the note came after that click, and by the same way
    expect(output.get_by_test_id("error")).to_be_hidden()
    assert output.locator("img[src='x']").count() == 0
    notebook.execute("view.image_id = '03.png'")
    expect(note).to_have_value("")
    notebook.execute("view.image_id = evil")
    expect(note).to_have_value("<img src=x onerror=alert(2)> grey tones")
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_labels_side_by_side_share_region_and_zoom(notebook: NotebookPage) -> None:
    output = lime(notebook)
    finished(output)
    root = output.get_by_test_id("lime")
    first = notebook.value("view.explanation.target")
    other = next(label for label in notebook.value("list(worker.labels)") if label != first)
    output.get_by_test_id("add-target").select_option(other)
    expect(root).to_have_attribute("data-targets", f"{first}|{other}", timeout=40_000)
    finished(output)
    panels = output.get_by_test_id("lime-canvas")
    expect(panels).to_have_count(2)
    panels.first.hover()
    captions = output.get_by_test_id("region-caption")
    expect(root).not_to_have_attribute("data-region", "-1")
    region = notebook.value(f"int({root.get_attribute('data-region')})")
    for i in range(2):
        weight = notebook.value(f"abs(float(view.explanations[{i}].weights[{region}]))")
        expect(captions.nth(i)).to_contain_text("% of the image")
        written = re.search(r"[0-9.]+", captions.nth(i).text_content() or "")
        assert written is not None and float(written.group()) == pytest.approx(weight, abs=6e-3)
    beside = region_at(notebook, root, panels.nth(1))
    panels.first.focus()
    for _ in range(4):
        notebook.page.keyboard.press("+")
    assert region_at(notebook, root, panels.nth(1)) == region_at(notebook, root, panels.first) != beside

    # What is marked on one is marked on both: under the cover they look the same, with it and without.
    output.get_by_test_id("commit-first").click()
    notebook.page.mouse.move(0, 0)
    unmarked = pictures(panels)
    notebook.page.mouse.click(*centre(panels.nth(1), 0.4, 0.5))
    notebook.page.mouse.move(0, 0)
    expect(output.get_by_test_id("commit-says")).to_contain_text("1 region marked")
    marked = pictures(panels)
    assert unmarked[0] == unmarked[1] != marked[0] == marked[1]
    output.get_by_test_id("lock").click()
    expect(output.get_by_test_id("lime-panel").first).to_contain_text("R²")  # the map, and on it what was marked
    revealed = pictures(panels)
    notebook.execute("view.committed = False\nview.marks = {}\nview.committed = True")
    notebook.wait_for(lambda: all(a != b for a, b in zip(pictures(panels), revealed, strict=True)), 20, "maps alone")
    output.get_by_test_id("drop-target").nth(1).click()
    expect(panels).to_have_count(1, timeout=40_000)
    notebook.execute("view.close()")


@pytest.mark.usefixtures("prepared")
def test_methods_are_linked(notebook: NotebookPage) -> None:
    output = notebook.run(
        "view = emo.MethodComparison(worker=worker, corpus=corpus, image_id=evil,"
        " methods=['grad-cam', 'lift-cam', 'fem', 'cam'])\nview"
    ).output
    root, tiles = output.get_by_test_id("methods"), output.get_by_test_id("tile")
    expect(root).to_have_attribute("data-settled", "true", timeout=30_000)
    expect(tiles).to_have_count(4)
    expect(tiles.nth(3)).to_have_attribute("data-state", "failed")
    expect(tiles.nth(3)).to_contain_text("global average pooling")
    notebook.execute("view.methods = ['grad-cam', 'lift-cam', 'fem']")
    expect(tiles).to_have_count(3)
    canvas = output.get_by_test_id("method-canvas").first
    notebook.page.mouse.move(*centre(canvas, 230 / 320, 170 / 240))  # inside Food alone
    expect(root).to_have_attribute("data-box", "1")
    shown = [float(each) for each in tiles.evaluate_all("tiles => tiles.map(tile => tile.dataset.importance)")]
    table = notebook.value("view.importances().iloc[1, 2:].astype(float).tolist()")
    assert shown == pytest.approx(table, abs=1e-3)
    notebook.page.mouse.move(0, 0)
    expect(root).to_have_attribute("data-box", "-1")
    listed = output.get_by_test_id("box").evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert sorted(listed) == ["0", "1"]
    output.get_by_test_id("boxes").focus()
    for key, on in (("End", listed[-1]), ("Home", listed[0])):
        notebook.page.keyboard.press(key)
        expect(root).to_have_attribute("data-box", on)
    output.get_by_test_id("target").select_option("Sadness")
    expect(root).to_have_attribute("data-settled", "true", timeout=30_000)
    notebook.wait_value("view.target", "Sadness")
    rho = notebook.value("view.correlations().iloc[0, 1]")
    names = output.get_by_test_id("method-name")
    names.first.focus()
    expect(output.get_by_test_id("rho").nth(1)).to_contain_text(f"{abs(rho):.2f}")
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("Enter")
    expect(tiles.first).to_have_attribute("data-method", "lift-cam")
    notebook.wait_value("view.enlarged", "lift-cam")
    notebook.page.keyboard.press("Escape")
    expect(tiles.first).to_have_attribute("data-method", "grad-cam")
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_a_pair_of_methods_and_a_bar_of_pastes_show_what_is_behind(notebook: NotebookPage) -> None:
    notebook.execute(PASTED)
    output = notebook.run("rsa = emo.RsaMatrix(run, bootstrap=100, shuffles=2)\nrsa").output
    expect(output.get_by_test_id("rsa")).to_have_attribute("data-status", "done", timeout=30_000)
    cell = output.locator('[data-testid="rsa-cell"][data-pair="0,2"]')
    assert float(cell.get_attribute("data-rho") or "nan") == pytest.approx(
        notebook.value("rsa.result.rho.iloc[0, 2]"), abs=1e-5
    )
    expect(output.get_by_test_id("caveat")).to_contain_text("independent, which they are not")
    cell.click()
    expect(output.get_by_test_id("difference")).to_have_attribute("data-pair", "grad-cam|eigen-cam")
    notebook.wait_value("rsa.pair", ["grad-cam", "eigen-cam"])
    notebook.page.keyboard.press("ArrowUp")
    notebook.page.keyboard.press("Escape")
    expect(output.get_by_test_id("difference")).to_be_hidden()
    notebook.wait_value("rsa.pair", None)
    output = notebook.run("bars = emo.PasteBars(result, corpus)\nbars").output
    position = notebook.value(
        "int(result.shares().query('variant == \"object\"').sort_values('switched').position.iloc[-1])"
    )
    output.locator(f'[data-testid="paste-bar"][data-variant="object"][data-position="{position}"]').click()
    expect(output.get_by_test_id("strip")).to_have_attribute("data-loaded", "true", timeout=30_000)
    notebook.wait_value("len(bars.images) > 0", True)
    first = output.get_by_test_id("switched").first
    expect(first).to_have_attribute("data-image", notebook.value("bars.switched.image_id.iloc[0]"))
    loaded = "pictures => pictures.length === 2 && pictures.every(picture => picture.naturalWidth > 0)"
    notebook.wait_for(lambda: first.locator("img").evaluate_all(loaded), 20, "the pictures before and after")
    notebook.page.keyboard.press("Escape")
    expect(output.get_by_test_id("strip")).to_be_hidden()
    notebook.wait_value("bars.images", [])
    assert notebook.page_errors == []


WIDGETS = {
    "lime": "emo.LimeView(worker=worker, corpus=corpus, image_id='03.png', n_samples=60, n_regions=20)",
    "methods": "emo.MethodComparison(worker=worker, corpus=corpus, image_id='03.png', methods=['grad-cam', 'fem'])",
    "rsa": "emo.RsaMatrix(run, bootstrap=100, shuffles=2)",
    "pastebars": "emo.PasteBars(result, corpus)",
}


def used(name: str, output: Locator) -> None:
    """The widget after what a person does with it: nothing of it is still folded away."""
    if name == "lime":
        finished(output)
        output.get_by_test_id("hide-rest").click()
        expect(output.get_by_test_id("kept")).to_contain_text("regions")
        output.get_by_test_id("commit-first").click()
        expect(output.get_by_test_id("commit")).to_be_visible()
    elif name == "methods":
        expect(output.get_by_test_id("methods")).to_have_attribute("data-settled", "true", timeout=30_000)
        output.get_by_test_id("method-name").first.press("Enter")
        expect(output.get_by_test_id("boxes")).to_contain_text("Person")
    elif name == "rsa":
        expect(output.get_by_test_id("rsa")).to_have_attribute("data-status", "done", timeout=30_000)
        output.locator('[data-testid="rsa-cell"][data-pair="0,2"]').click()
        expect(output.get_by_test_id("difference")).to_have_attribute("data-pair", "grad-cam|eigen-cam")
    else:
        output.get_by_test_id("paste-bar").first.click()
        expect(output.get_by_test_id("strip")).to_have_attribute("data-loaded", "true", timeout=30_000)


@pytest.mark.usefixtures("prepared")
def test_axe_finds_nothing_serious_and_closing_leaves_no_listener(notebook: NotebookPage) -> None:
    """Each widget in use, in both themes; what colours do not change is looked for once."""
    notebook.execute(PASTED)
    count_from_now_on(notebook.page)
    found: dict[str, list[str]] = {}
    for name, widget in WIDGETS.items():
        before = held(notebook.page)
        output = notebook.run(f"shown = {widget}; shown").output
        used(name, output)
        assert len(held(notebook.page)) > len(before) + 2
        root = output.locator(".ec-root")
        found[f"light, {name}"] = violations(root)
        notebook.theme("dark")
        found[f"dark, {name}"] = violations(root, "color-contrast")
        notebook.theme("light")
        notebook.clear()
        expect(notebook.page.locator(".ec-root")).to_have_count(0)
        notebook.wait_for(
            lambda before=before: held(notebook.page) == before, 20, f"{name} to let go: {held(notebook.page)}"
        )
    assert not any(found.values()), "\n".join(f"{where}: {each}" for where, all_ in found.items() for each in all_)
