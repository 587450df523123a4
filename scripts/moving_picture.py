"""Makes the README's moving picture: the explorer's first minute in a real JupyterLab, as an animated WebP that loops.

Each frame is a screenshot, so the text is as sharp as on the screen, and each has the time that a reader needs for it.
`python -m scripts.moving_picture FILE`.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

import click
from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright

from scripts.first_minute import Hand, filled, first_minute
from tests.browser.conftest import CHROMIUM_OPTIONS, chromium_path
from tests.browser.lab import start_lab
from tests.browser.notebook import NotebookPage

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "00_start_here.ipynb"
WINDOW = (1280, 720)
MILLISECONDS = {"move": 60, "down": 160, "up": 160, "wait": 1100}
SETTLE_MS = {"move": 40, "down": 40, "up": 300, "wait": 900}
LAST_MS = 2200
LARGEST = 3_000_000
ARROW = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12))


class Film:
    """Watches a hand and keeps a frame of everything it does."""

    def __init__(self, page: Page) -> None:
        """Begins with no frame."""
        self.page = page
        self.frames: list[Image.Image] = []
        self.milliseconds: list[int] = []

    def take(self, what: str, x: float, y: float) -> None:
        """Adds what the window shows now, with the pointer at (x, y). A frame like the one before lengthens that."""
        self.page.wait_for_timeout(SETTLE_MS[what])
        frame = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        draw_pointer(frame, x, y, pressed=what == "down")
        if self.frames and frame.tobytes() == self.frames[-1].tobytes():
            self.milliseconds[-1] += MILLISECONDS[what]
            return
        self.frames.append(frame)
        self.milliseconds.append(MILLISECONDS[what])

    def write(self, path: Path) -> None:
        """Writes the frames as a WebP that loops. Raises ValueError where it is too large for a README."""
        first, *others = self.frames
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=[*self.milliseconds[:-1], LAST_MS],
            loop=0,
            quality=90,
            method=6,
            minimize_size=True,
            allow_mixed=True,
        )
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path} has {path.stat().st_size} bytes, more than {LARGEST}")


def draw_pointer(frame: Image.Image, x: float, y: float, pressed: bool) -> None:
    """Screenshots do not show the mouse."""
    draw = ImageDraw.Draw(frame, "RGBA")
    if pressed:
        draw.ellipse((x - 13, y - 13, x + 13, y + 13), fill=(255, 196, 0, 120), outline=(120, 80, 0, 255))
    draw.polygon([(x + dx, y + dy) for dx, dy in ARROW], fill=(0, 0, 0, 255), outline=(255, 255, 255, 255))


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def main(file: Path) -> None:
    """Make the moving picture and write it to FILE (a .webp)."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server = start_lab(Path(home))
        try:
            shutil.copy(NOTEBOOK, server.root)
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
            page = browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
            notebook = NotebookPage(page, server)
            notebook.open(NOTEBOOK.name, mode="doc")
            output = notebook.run(notebook.cells[0], seconds=120).output
            filled(output)
            film = Film(page)
            headline = first_minute(output, Hand(page, film.take))
            notebook.shut_down()
            browser.close()
        finally:
            server.stop()
    film.write(file)
    seconds = (sum(film.milliseconds[:-1]) + LAST_MS) / 1000
    click.echo(f"{file}: {headline}; {len(film.frames)} frames, {seconds:.1f} s, {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
