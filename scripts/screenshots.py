"""Takes the pictures in docs/screenshots: every widget, light and dark, in two window sizes, on the real demo.

It opens the first notebook in a JupyterLab of its own and does what a reader does: runs the first cell, clicks the cell
of the heatmap that is outlined and opens an image. The other widgets follow alone, each in a cell of its own; last the
report, opened from disk. `python -m scripts.screenshots FOLDER [NAME ...]`.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import Literal

import click
from PIL import Image
from playwright.sync_api import Locator, expect, sync_playwright

from tests.browser.conftest import CHROMIUM_OPTIONS, chromium_path
from tests.browser.lab import start_lab
from tests.browser.notebook import NotebookPage

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "00_start_here.ipynb"
SIZES = ((1366, 768), (1920, 1080))
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
COLOURS = 255
REFINED = 3  # times: colours that fill the picture come nearer to what they are
SETTLE_MS = 1500

# A wide image labelled Joy, and where a rugby ball makes the classifier surest of Excitement.
FIND_FLIP = """
_joy = run.images[(run.images.label == "Joy") & (run.images.width > run.images.height)].image_id.head(12)
_rows = emo.paste_experiment(run.corpus, classifier, ["rugby ball"], images=_joy, progress=False).pastes
_rows["gain"] = [after[classifier.labels.index("Excitement")] for after in _rows["probabilities_after"]]
_best = _rows.sort_values("gain").iloc[-1]
_ball = dict(sprite="rugby ball", x=float(_best.x), y=float(_best.y), height=float(_best.sprite_height))
"""
# What stands alone: its cell, its test id, and an element that is there when it has settled.
ALONE = {
    "editor": (
        "emo.ObjectEditor(run.open_image(_best.image_id), explorer.worker, run=run, placements=[_ball], show_cam=True)",
        "editor",
        '[data-testid="editor"][data-settled="true"]',
    ),
    "heatmap": ("emo.AssociationHeatmap(run, worker=explorer.worker)", "heatmap-widget", '[data-testid="cell"]'),
    "browser": ("emo.ImageBrowser(run, label='Joy', sort='probability')", "browser", '[data-testid="thumb"]'),
    "lime": (
        "emo.LimeView(worker=explorer.worker, run=run, image_id=_best.image_id)",
        "lime",
        '[data-testid="lime"][data-status="done"]',
    ),
    "methods": (
        "emo.MethodComparison(worker=explorer.worker, run=run, image_id=_best.image_id)",
        "methods",
        '[data-testid="methods"][data-settled="true"]',
    ),
    "expectation": (
        """emo.Expectation(worker=explorer.worker, run=run, image_id=_best.image_id,
    chosen={'boxes': [0, 1], 'cells': []}, committed=True)""",
        "expectation",
        '[data-testid="expectation"][data-state="revealed"]',
    ),
    "rsa": (
        """emo.RsaMatrix(emo.analyze(run.corpus.subset(list(run.corpus)[:120]), classifier, detector,
    methods=['grad-cam', 'ablation-cam', 'lift-cam', 'lime-cam'], out=_folder, progress=False))""",
        "rsa",
        '[data-testid="rsa"]',
    ),
    "pastebars": (
        """emo.PasteBars(emo.paste_experiment(run.corpus, classifier, ['rugby ball', 'soccer ball', 'lotus flower'],
    images=_joy, variants=['object', 'grey'], progress=False), run)""",
        "pastebars",
        '[data-testid="pastebars"]',
    ),
    "paste": (
        """_paste = emo.PasteExperiment(run, explorer.worker, things=['rugby ball', 'lotus flower'], label='Joy')
_paste.count = 20
_paste.start()
_paste.wait(120)
_paste""",
        "paste",
        '[data-testid="paste"][data-state="done"] [data-testid="paste-bar"]',
    ),
}
REPORT = "str(explorer.export_html(_folder + '.html', progress=False))"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.argument("names", nargs=-1)
def main(folder: Path, names: tuple[str, ...]) -> None:
    """Write the pictures into FOLDER: all of them, or those NAMEd (explorer, report, or a widget)."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server = start_lab(Path(home))
        try:
            shutil.copy(NOTEBOOK, server.root)
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
            for width, height in SIZES:
                page = browser.new_page(viewport={"width": width, "height": height})
                notebook = NotebookPage(page, server)
                take(notebook, folder, f"{width}x{height}", names or ("explorer", *ALONE, "report"))
                notebook.shut_down()
                page.close()
            browser.close()
        finally:
            server.stop()


def take(notebook: NotebookPage, folder: Path, size: str, names: tuple[str, ...]) -> None:
    """The pictures of one window size."""
    notebook.open(NOTEBOOK.name, mode="doc")
    first = notebook.run(notebook.cells[0], seconds=120)
    explorer = first.output.get_by_test_id("explorer")
    explorer.wait_for(timeout=20_000)
    object_class, label = strongest_cell(notebook)
    first.output.locator(f'[data-testid="cell"][data-class="{object_class}"][data-label="{label}"]').click()
    expect(explorer.get_by_test_id("breadcrumb")).to_contain_text(f"{object_class} in {label}")
    first.output.get_by_test_id("thumb").first.dblclick()
    if "explorer" in names:
        shoot(notebook, explorer, folder, f"explorer-{{theme}}-{size}.png")
    notebook.execute(f"import tempfile; _folder = tempfile.mkdtemp() + '/run'\n{FIND_FLIP}")
    for name in names:
        if name in ALONE:
            source, testid, settled = ALONE[name]
            output = notebook.run(source, seconds=200).output
            output.locator(settled).first.wait_for(timeout=90_000)
            shoot(notebook, output.get_by_test_id(testid).first, folder, f"{name}-{{theme}}-{size}.png")
    if "report" in names:
        report(notebook, folder, size)


def report(notebook: NotebookPage, folder: Path, size: str) -> None:
    """The report of the run, from disk, with a cell of its heatmap chosen."""
    address = Path(str(notebook.value(REPORT))).as_uri()
    for theme in THEMES:
        browser = notebook.page.context.browser
        if browser is None:
            raise AssertionError("the notebook's page belongs to a browser")
        page = browser.new_page(viewport=notebook.page.viewport_size, color_scheme=theme)
        page.goto(address)
        page.get_by_test_id("thumb").first.wait_for(timeout=30_000)
        page.wait_for_timeout(SETTLE_MS)
        path = folder / f"report-{theme}-{size}.png"
        path.write_bytes(small_png(page.screenshot()))
        click.echo(f"{path} ({path.stat().st_size // 1000} kB)")
        page.close()


def strongest_cell(notebook: NotebookPage) -> tuple[str, str]:
    """The cell that the heatmap itself points at."""
    strong = "explorer.heatmap.association.strong()[['object_class', 'label']].iloc[0].tolist()"
    object_class, label = notebook.value(strong)
    return object_class, label


def shoot(notebook: NotebookPage, widget: Locator, folder: Path, name: str) -> None:
    """The window as it is, scrolled to the widget, in both themes."""
    for theme in THEMES:
        notebook.theme(theme)
        widget.evaluate("element => element.scrollIntoView({block: 'start'})")
        notebook.page.mouse.move(0, 0)
        notebook.page.wait_for_timeout(SETTLE_MS)
        path = folder / name.format(theme=theme)
        path.write_bytes(small_png(notebook.page.screenshot()))
        click.echo(f"{path} ({path.stat().st_size // 1000} kB)")


def small_png(png: bytes) -> bytes:
    """The picture with a palette: a third of the size and no difference to see, also in colours that are rare."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    small = io.BytesIO()
    palette = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=REFINED, dither=Image.Dither.NONE)
    palette.save(small, "PNG", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    main()
