"""The explorer's panes: their dividers dragged with the mouse, and every width from 900 to 2560 pixels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.notebook import Cell, NotebookPage
from tests.worlds import make_run

# What sticks out of the explorer or of one of its panes to the right, but for what can be scrolled to.
STICKING_OUT = """root => {
  const found = [], explorer = root.querySelector('[data-testid=explorer]');
  const bars = explorer.querySelectorAll('.ex-pane, .ex-bar, .ec-browser-bar, .ec-look-bar, .ec-look-side');
  for (const frame of [explorer, ...bars]) {
    if (frame.clientWidth > 0 && frame.scrollWidth > frame.clientWidth) {
      found.push(`${frame.className}: ${frame.scrollWidth} in ${frame.clientWidth}`);
    }
  }
  for (const el of explorer.querySelectorAll('button, select, input, [data-testid]')) {
    if (!el.checkVisibility({visibilityProperty: true})) continue;
    let frame = el.parentElement;
    while (frame !== explorer && getComputedStyle(frame).overflowX === 'visible') frame = frame.parentElement;
    if (['auto', 'scroll'].includes(getComputedStyle(frame).overflowX)) continue;
    const right = frame.getBoundingClientRect().right, own = el.getBoundingClientRect();
    if (own.width > 0 && own.right > right + 1) found.push(`${el.outerHTML.slice(0, 80)} by ${own.right - right}`);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Code that gives a kernel the tiny run as `run`."""
    world = tmp_path_factory.mktemp("world")
    make_run(world, n=40)
    return (
        "import emocam_widgets as emo\n"
        f"run = emo.open_run({str(world / 'run')!r}, corpus=emo.Corpus.from_folder({str(world / 'images')!r}))"
    )


@pytest.fixture
def cell(notebook: NotebookPage, setup: str) -> Iterator[Cell]:
    """The cell that shows the explorer, with an image open."""
    notebook.run(setup)
    cell = notebook.run("ex = emo.explore(run, remember=False, image_id=run.images.image_id[1])\nex")
    ready(cell)
    yield cell
    notebook.page.evaluate("sessionStorage.clear()")
    assert notebook.page_errors == []


def ready(cell: Cell) -> Locator:
    """The explorer in the cell's output, with its images and the open one."""
    output = cell.output
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=20_000)
    expect(output.get_by_test_id("look")).to_have_attribute("data-loaded", "true", timeout=20_000)
    return output


def place(output: Locator, testid: str) -> FloatRect:
    box = output.get_by_test_id(testid).bounding_box()
    assert box is not None
    return box


def beside(output: Locator) -> bool:
    """Whether heatmap and images stand beside each other."""
    return place(output, "pane-browser")["y"] == place(output, "pane-heatmap")["y"]


def drag(output: Locator, testid: str, x: float, y: float) -> None:
    """Drags a divider by its middle, after scrolling to it."""
    output.get_by_test_id(testid).evaluate("el => el.scrollIntoView({block: 'nearest'})")
    box = place(output, testid)
    mouse = output.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 + y, steps=6)
    mouse.up()


def test_dividers_are_dragged_and_their_places_survive_a_run_of_the_cell(notebook: NotebookPage, cell: Cell) -> None:
    explorer = cell.output
    heatmap, browser, detail = "pane-heatmap", "pane-browser", "pane-detail"
    wide, left, low = (place(explorer, each) for each in (browser, heatmap, detail))
    drag(explorer, "divider-heatmap", -150, 30)
    assert place(explorer, heatmap)["width"] == pytest.approx(left["width"] - 150, abs=2)
    assert place(explorer, browser)["width"] == pytest.approx(wide["width"] + 150, abs=2)
    drag(explorer, "divider-detail", 40, -90)
    assert place(explorer, detail)["height"] == pytest.approx(low["height"] + 90, abs=2)
    assert place(explorer, heatmap)["height"] == pytest.approx(left["height"] - 90, abs=2)
    assert place(explorer, heatmap)["width"] == pytest.approx(left["width"] - 150, abs=2)
    canvas = explorer.get_by_test_id("look-canvas").locator("canvas")
    fits = "canvas => canvas.clientHeight > 0 && canvas.height === Math.round(canvas.clientHeight * devicePixelRatio)"
    notebook.wait_for(lambda: canvas.evaluate(fits), 15, "the picture to be painted at its new size")
    for testid, by in (("divider-heatmap", (-3000, 0)), ("divider-heatmap", (3000, 0))):  # no pane is lost
        drag(explorer, testid, *by)
        assert place(explorer, heatmap)["width"] >= 240
        assert place(explorer, browser)["width"] >= 300
    drag(explorer, "divider-heatmap", -200, 0)
    sizes = {each: place(explorer, each) for each in (heatmap, browser, detail)}
    value = explorer.get_by_test_id("divider-heatmap").get_attribute("aria-valuenow")
    assert value == str(round(sizes[heatmap]["width"]))

    notebook.run(cell)
    explorer = ready(cell)

    def same(sizes: dict[str, FloatRect]) -> bool:
        now = {each: place(explorer, each) for each in sizes}
        return all(abs(now[each][side] - sizes[each][side]) <= 2 for each in sizes for side in ("width", "height"))

    notebook.wait_for(lambda: same(sizes), 15, f"the panes to be {sizes}")

    # Below each other they have other sizes, which survive too, and those beside each other come back.
    notebook.size(1000, 900)
    notebook.wait_for(
        lambda: place(explorer, browser)["y"] > place(explorer, heatmap)["y"] + 100, 15, "the panes to stack"
    )
    high = place(explorer, heatmap)["height"]
    drag(explorer, "divider-heatmap", 0, -120)
    assert place(explorer, heatmap)["height"] == pytest.approx(high - 120, abs=2)
    high = place(explorer, browser)["height"]
    drag(explorer, "divider-detail", 0, 60)
    assert place(explorer, browser)["height"] == pytest.approx(high + 60, abs=2)
    stacked = {each: place(explorer, each) for each in (heatmap, browser, detail)}
    notebook.run(cell)
    explorer = ready(cell)
    notebook.wait_for(lambda: same(stacked), 15, f"the panes to be {stacked}")
    notebook.size(1366, 900)
    notebook.wait_for(lambda: same(sizes), 15, f"the panes to be {sizes} again")


def test_nothing_sticks_out_at_any_width(notebook: NotebookPage, cell: Cell) -> None:
    explorer = cell.output
    for width, height in ((2560, 1440), (1920, 1080), (1300, 800), (1100, 800), (1000, 800), (900, 800)):
        notebook.size(width, height)
        whole = explorer.get_by_test_id("explorer")
        notebook.wait_for(
            lambda width=width: width - 220 < place(explorer, "explorer")["width"] <= width, 15, f"a width of {width}"
        )
        stacked = place(explorer, "explorer")["width"] < 1100
        notebook.wait_for(lambda stacked=stacked: beside(explorer) != stacked, 15, f"the panes to stack: {stacked}")
        assert stacked == (width <= 1100)
        panes = [place(explorer, f"pane-{each}") for each in ("heatmap", "browser", "detail")]
        room = place(explorer, "explorer")
        for pane in panes:
            assert pane["x"] >= room["x"] and pane["x"] + pane["width"] <= room["x"] + room["width"] + 1
            assert pane["width"] >= 240 and pane["height"] >= 100
        for edge in (0, 1) if not stacked else ():
            assert panes[edge]["y"] + panes[edge]["height"] <= panes[2]["y"]
        whole.evaluate("el => el.scrollIntoView({block: 'start'})")
        notebook.wait_for(
            lambda: explorer.evaluate(STICKING_OUT) == [], 5, f"{width}: {explorer.evaluate(STICKING_OUT)}"
        )
        assert explorer.evaluate("el => el.scrollWidth <= el.clientWidth")
        assert notebook.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        # And it still is what it was made for.
        explorer.locator('[data-testid="cell"][data-class="Food"][data-label="Craving"]').click()
        expect(explorer.get_by_test_id("breadcrumb")).to_contain_text("Food in Craving", timeout=15_000)
        explorer.get_by_test_id("clear-filter").click()
        expect(explorer.get_by_test_id("breadcrumb")).to_have_text("40 images", timeout=15_000)
