"""Stores in every notebook what its cells show, as pictures and tables, so that it reads well where no kernel runs.

Each notebook is run from top to bottom in a JupyterLab of the script's own. What a widget or a figure shows becomes a
picture that says so in its first line; tables and text stay what they are. Nothing else of the notebook changes.
`python -m scripts.notebook_pictures [NAME ...]`, or `make notebooks`.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from pathlib import Path
from typing import Any

import click
import nbformat
from playwright.sync_api import Locator, sync_playwright

from scripts.screenshots import small_png
from tests.browser.conftest import CHROMIUM_OPTIONS, chromium_path
from tests.browser.lab import start_lab
from tests.browser.notebook import NotebookPage

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
WINDOW = {"width": 1366, "height": 1100}
CAPTION = "A picture of what stands here. Click into the cell above and press Shift+Enter to have it live."
SETTLE_MS = 2500
PROGRESS_HEIGHT = 80
AFTERWARDS = "afterwards"
"""The tag of a cell that is to be run after the exercise: what it shows would tell the answer, so nothing is stored."""
# What only a page with scripts can show.
LIVE = {"application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json"}
KEPT = {"text/plain", "text/html", "image/png"}


@click.command()
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    """Run the notebooks (all of them, or those whose file begins with a NAME) and store what they show."""
    paths = [path for path in sorted(NOTEBOOKS.glob("*.ipynb")) if not names or path.name.startswith(names)]
    if not paths:
        raise click.BadParameter(f"no notebook begins with {', '.join(names)}", param_hint="NAME")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server = start_lab(Path(home))
        try:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
            for path in paths:
                shutil.copy(path, server.root)
                page = browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]
                notebook = NotebookPage(page, server)
                notebook.open(path.name, mode="doc")
                notebook.theme("light")
                store(notebook, path)
                notebook.shut_down()
                page.close()
                click.echo(f"{path.name} ({path.stat().st_size // 1000} kB)")
            browser.close()
        finally:
            server.stop()


def store(notebook: NotebookPage, path: Path) -> None:
    """Runs the notebook that is open and writes its outputs into the file at `path`."""
    book = nbformat.read(path, as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    for stored, cell in zip(code, notebook.cells, strict=True):
        notebook.run(cell, seconds=280)
        settle(notebook, cell.output)
        if AFTERWARDS in stored.metadata.get("tags", ()):
            stored.outputs = []
            continue
        shown = cell.output.locator(".jp-OutputArea-output")
        stored.outputs = [
            still(output, shown.nth(number))
            for number, output in enumerate(cell.outputs)
            if output["output_type"] != "stream" and not is_progress(shown.nth(number))
        ]
    nbformat.write(book, path)


def settle(notebook: NotebookPage, area: Locator) -> None:
    """Returns once the output has come to rest: what is computed beside the cell says that it is under way."""
    notebook.page.wait_for_timeout(SETTLE_MS)
    notebook.wait_for(lambda: "under way" not in area.inner_text(), 120, "the widget to have finished")


def is_progress(area: Locator) -> bool:
    """Whether the output is only a bar that said how far the cell was."""
    size = area.bounding_box()
    bars = area.locator(".widget-hprogress, .widget-progress, progress, [role=progressbar]")
    return size is not None and size["height"] < PROGRESS_HEIGHT and bars.count() > 0


def still(output: dict[str, Any], area: Locator) -> nbformat.NotebookNode:
    """One output of a cell, which stands in `area`, without what needs a kernel or a script."""
    data = output["data"]
    if LIVE & data.keys():
        kept = {"image/png": picture_of(area), "text/plain": CAPTION}
    else:
        kept = {kind: content for kind, content in data.items() if kind in KEPT}
    # Not an "execute_result": those carry the number of a run.
    return nbformat.v4.new_output("display_data", data=kept)


def picture_of(area: Locator) -> str:
    """One output with a line above it that says what it is: a small PNG in base64."""
    area.evaluate(
        """(area, caption) => {
          const line = document.createElement('div');
          line.textContent = caption;
          line.dataset.caption = '';
          line.style.cssText = 'font:13px system-ui,sans-serif;color:#616161;padding:4px 8px;background:#fff;';
          area.prepend(line);
        }""",
        CAPTION,
    )
    png = area.screenshot()
    area.evaluate("area => area.querySelector('[data-caption]').remove()")
    return base64.b64encode(small_png(png)).decode()


if __name__ == "__main__":
    main()
