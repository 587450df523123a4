"""RsaMatrix, PasteBars and MethodComparison in JupyterLab: what a click shows, number by number, by analysis code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.notebook import NotebookPage
from tests.browser.test_explaining import SETUP

# Three methods whose maps stand one or two images further: they differ over many classes and labels.
RUN = """
from dataclasses import replace
from emocam_widgets.run import MethodInfo, RunWriter, open_run
from tests.worlds import make_run
run = make_run(Path(tempfile.mkdtemp()), n=60)
others = []
for method, by in (("lift-cam", 1), ("eigen-cam", 7)):
    cams = run.cams.assign(method=method)
    cams["grid"] = np.roll(cams["grid"].to_numpy(), by)
    others.append(cams)
methods = (*run.manifest.methods, MethodInfo("lift-cam"), MethodInfo("eigen-cam"))
with RunWriter(run.path, replace(run.manifest, methods=methods)) as writer:
    for cams in others:
        writer.write_part({"cams": cams})
    writer.finish()
run = open_run(run.path, corpus=run.corpus)
"""
PASTED = (
    "result = emo.paste_experiment(corpus, classifier, ['rugby ball', 'lotus flower'], height=0.6,"
    " variants=('object', 'grey'), progress=False)"
)


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with a run of three methods, a worker and a small corpus in its kernel."""
    module_notebook.execute(SETUP + RUN)
    return module_notebook


def points(share: float) -> str:
    """A difference of shares as a cell writes it."""
    rounded = int(np.floor(100 * np.float32(share) + 0.5))
    return "" if rounded == 0 else f"+{rounded}" if rounded > 0 else f"\N{MINUS SIGN}{-rounded}"


def becomes(notebook: NotebookPage, expression: str, value: object) -> None:
    notebook.wait_for(lambda: notebook.value(expression) == value, 20, f"{expression} to be {value!r}")


def correlations(notebook: NotebookPage, output: Locator, expected: str) -> None:
    """Waits until the matrix holds these correlations, and nothing is under way."""
    wanted = np.array(notebook.value(f"{expected}.to_numpy().tolist()"))

    def shown() -> bool:
        cells = output.get_by_test_id("rsa-cell").evaluate_all("cells => cells.map(cell => Number(cell.dataset.rho))")
        return len(cells) == wanted.size and bool(np.allclose(np.reshape(cells, wanted.shape), wanted, atol=1e-5))

    notebook.wait_for(shown, 20, f"the matrix to hold {expected}")
    expect(output.get_by_test_id("rsa")).to_have_attribute("data-status", "done", timeout=30_000)


def difference(output: Locator) -> dict[tuple[str, str], str]:
    """What the difference's cells say, by object class and label."""
    rows: list[dict[str, Any]] = output.get_by_test_id("difference").evaluate(
        """part => {
          const texts = (row, what) => [...row.querySelectorAll(what)].map(each => each.textContent);
          return [...part.querySelectorAll('[role=row]')].map(row => ({
            name: row.querySelector('[role=rowheader]')?.title, cells: texts(row, '[role=gridcell]'),
            heads: texts(row, '[role=columnheader] > span')
          }));
        }"""
    )
    labels = rows[0]["heads"]
    return {(row["name"], label): text for row in rows[1:] for label, text in zip(labels, row["cells"], strict=True)}


@pytest.mark.usefixtures("prepared")
def test_a_pair_of_methods_shows_their_difference_in_numbers(notebook: NotebookPage) -> None:
    output = notebook.run("rsa = emo.RsaMatrix(run, bootstrap=50, shuffles=2)\nrsa").output
    correlations(notebook, output, "emo.rsa(run).rho")
    output.locator('[data-testid="rsa-cell"][data-pair="2,0"]').click()
    shown = output.get_by_test_id("difference")
    expect(shown).to_have_attribute("data-pair", "eigen-cam|grad-cam", timeout=15_000)
    says = output.get_by_test_id("pair-says")
    expect(says).to_contain_text("eigen-cam and grad-cam: ")

    def expect_difference(settings: str) -> None:
        frame = " - ".join(f"run.association({method!r}{settings}).fractions" for method in ("eigen-cam", "grad-cam"))
        frame = f"({frame})"
        wanted = notebook.value(f"{frame}.pipe(lambda d: d[d.abs().mean(axis=1) > 0]).to_dict('index')")
        texts = {(name, label): points(value) for name, row in wanted.items() for label, value in row.items()}
        assert len({text for text in texts.values() if text}) > 5
        notebook.wait_for(lambda: difference(output) == texts, 20, f"the difference{settings}")
        order = notebook.value(f"{frame}.abs().mean(axis=1).sort_values(ascending=False, kind='stable').index.tolist()")
        names = list(dict.fromkeys(name for name, _ in difference(output)))
        assert names == [name for name in order if name in names]

    expect_difference("")
    assert violations(output.get_by_test_id("rsa"), "color-contrast") == []
    first = shown.locator('[data-index="0"]')
    first.hover()
    expect(output.get_by_test_id("difference-says")).to_contain_text(" images under eigen-cam, ")
    output.get_by_test_id("score").select_option("maximum")  # what is open follows the settings
    becomes(notebook, "rsa.score", "maximum")
    correlations(notebook, output, "emo.rsa(run, score='maximum').rho")
    own = notebook.value(
        "__import__('emocam_widgets.analysis.importance').analysis.importance.DEFAULT_THRESHOLDS['maximum']"
    )
    expect_difference(f", 'maximum', {own}")
    slider = output.get_by_test_id("threshold")
    slider.focus()
    for _ in range(10):
        notebook.page.keyboard.press("ArrowRight")
    notebook.wait_for(lambda: notebook.value("rsa.threshold") is not None, 20, "the threshold")
    cut = notebook.value("rsa.threshold")
    assert cut == pytest.approx(float(slider.input_value()))
    correlations(notebook, output, f"emo.rsa(run, score='maximum', threshold={cut}).rho")
    expect_difference(f", 'maximum', {cut}")
    notebook.page.keyboard.press("Escape")
    expect(shown).to_be_hidden()

    output.get_by_test_id("on").select_option("fractions")
    settings = f"score='maximum', threshold={cut}"
    correlations(notebook, output, f"emo.rsa(run, on='fractions', {settings}).rho")
    output.get_by_test_id("variant").select_option("dice")
    correlations(notebook, output, f"emo.rsa(run, variant='dice', on='fractions', {settings}).rho")
    expect(output.get_by_test_id("on")).to_be_hidden()
    assert notebook.value("[rsa.on, rsa.variant]") == ["fractions", "dice"]
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_bars_of_one_label_and_the_images_behind_one(notebook: NotebookPage) -> None:
    notebook.execute(PASTED)
    output = notebook.run("bars = emo.PasteBars(result, corpus)\nbars").output
    of_bar = """bars => Object.fromEntries(bars.map(({dataset}) =>
      [[dataset.object, dataset.variant, dataset.position].join(), Number(dataset.share)]))"""

    def expect_bars(before: str | None) -> None:
        table = notebook.value(f"result.shares({before!r})[['object', 'variant', 'position', 'share']].values.tolist()")
        wanted = {f"{name},{variant},{int(position)}": share for name, variant, position, share in table}
        shown = lambda: output.get_by_test_id("paste-bar").evaluate_all(of_bar)  # noqa: E731
        notebook.wait_for(lambda: shown() == pytest.approx(wanted, abs=1e-6), 15, f"the bars of {before}")

    expect_bars(None)
    counts = (
        "result.pastes.query('variant == \"object\" and label_before != label_after').groupby('label_before').size()"
    )
    before = notebook.value(f"{counts}.idxmax()")
    output.get_by_test_id("before").select_option(before)
    becomes(notebook, "bars.before", before)
    expect_bars(before)
    shares = f"result.shares({before!r}).sort_values('switched', kind='stable')[['object', 'variant', 'position']]"
    name, variant, position = notebook.value(f"(lambda row: [*row[:2], int(row[2])])({shares}.iloc[-1].tolist())")
    bar = f'[data-testid="paste-bar"][data-object="{name}"][data-variant="{variant}"][data-position="{position}"]'
    output.locator(bar).click()
    strip = output.get_by_test_id("strip")
    expect(strip).to_have_attribute("data-loaded", "true", timeout=15_000)
    becomes(notebook, "bars.selected", [name, variant, position])
    columns = "['image_id', 'label_before', 'label_after']"
    rows = notebook.value(f"result.switched({name!r}, {position}, {variant!r}, {before!r})[{columns}].values.tolist()")
    assert rows and all(row[1] == before != row[2] for row in rows)
    while output.get_by_test_id("more").is_visible():
        listed = output.get_by_test_id("switched").count()
        output.get_by_test_id("more").click()
        expect(output.get_by_test_id("switched")).not_to_have_count(listed, timeout=15_000)
    items = output.get_by_test_id("switched").evaluate_all(
        """items => items.map(item => {
          const labels = [...item.querySelectorAll('figcaption .pb-label')];
          return [item.dataset.image, ...labels.map(label => label.textContent)];
        })"""
    )
    assert items == rows
    assert notebook.value("bars.images") == list(dict.fromkeys(row[0] for row in rows))
    pair = output.get_by_test_id("switched").first.locator("img")
    differ = """async pictures => {
      const pixels = await Promise.all(pictures.map(async (picture) => {
        await picture.decode();
        const canvas = new OffscreenCanvas(64, 48), context = canvas.getContext('2d');
        context.drawImage(picture, 0, 0, 64, 48);
        return context.getImageData(0, 0, 64, 48).data;
      }));
      return pixels[0].filter((value, i) => Math.abs(value - pixels[1][i]) > 30).length;
    }"""
    assert pair.evaluate_all(differ) > 100  # the thing is on the second one

    output.locator(bar).focus()
    notebook.page.keyboard.press("Home")
    notebook.page.keyboard.press("Enter")
    notebook.wait_for(lambda: notebook.value("bars.selected[2]") != position or position == 0, 15, "the first bar")
    expect(output.locator('[data-testid="paste-bar"][aria-pressed="true"]')).to_have_count(1)
    notebook.page.keyboard.press("Escape")
    expect(strip).to_be_hidden()
    output.get_by_test_id("before").select_option("")
    becomes(notebook, "[bars.before, bars.selected, bars.images]", [None, None, []])
    expect_bars(None)
    assert notebook.page_errors == []


@pytest.mark.usefixtures("prepared")
def test_correlations_of_maps_are_those_of_the_analysis(notebook: NotebookPage) -> None:
    methods = ["grad-cam", "lift-cam", "fem", "eigen-cam"]
    output = notebook.run(
        f"view = emo.MethodComparison(worker=worker, corpus=corpus, image_id='04.png', methods={methods})\nview"
    ).output
    expect(output.get_by_test_id("methods")).to_have_attribute("data-settled", "true", timeout=30_000)
    matrix = output.get_by_test_id("correlations")

    def expect_matrix(target: str) -> None:
        cams = f"{{m: worker.explain(corpus.open('04.png'), m, {target!r}) for m in {methods}}}"
        table = f"__import__('pandas').DataFrame({{name: cam.grid.ravel() for name, cam in {cams}.items()}})"
        wanted = np.array(notebook.value(f"{table}.corr('spearman').to_numpy().tolist()"))
        found = np.array(notebook.value("view.correlations().to_numpy().tolist()"))
        assert found == pytest.approx(wanted, abs=1e-5, nan_ok=True)
        assert np.isfinite(wanted).sum() >= 9
        write = lambda rho: "\N{EN DASH}" if np.isnan(rho) else f"{rho:.2f}".replace("-", "\N{MINUS SIGN}")  # noqa: E731
        texts = [write(rho) for rho in wanted.ravel()]
        texts = ["" if i % 5 == 0 else text.replace("\N{MINUS SIGN}0.00", "0.00") for i, text in enumerate(texts)]
        cells = matrix.locator("[data-pair]")
        notebook.wait_for(lambda: cells.all_text_contents() == texts, 20, f"the correlations for {target}")

    predicted = notebook.value("worker.predict(corpus.open('04.png')).label")
    expect_matrix(predicted)
    other = next(label for label in notebook.value("list(worker.labels)") if label != predicted)
    output.get_by_test_id("target").select_option(other)
    becomes(notebook, "view.target", other)
    expect_matrix(other)
    for pair, names in (("1,2", "lift-cam and fem"), ("2,3", "fem and eigen-cam")):
        matrix.locator(f'[data-pair="{pair}"]').hover()
        rho = matrix.locator(f'[data-pair="{pair}"]').text_content() or ""
        says = "a constant map ranks nothing" if rho == "\N{EN DASH}" else rho
        expect(output.get_by_test_id("pair-says")).to_have_text(f"{names}: {says}")
    expect(output.locator(".me-marked")).to_have_count(2)
    assert notebook.page_errors == []
