"""All images of a grid that makes only the tiles in sight: it is scrolled through, and waited for at every stop."""

from __future__ import annotations

from playwright.sync_api import Locator

# A row may begin a little below the upper edge where that lies between two rows; no row is as low as that.
_SHOWN = """async grid => {
  const BETWEEN = 48, PATIENCE = 20_000;
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const tiles = () => [...grid.querySelectorAll("[data-testid=thumb]")]
    .sort((a, b) => Number(a.dataset.place) - Number(b.dataset.place));
  const filled = () => {
    const all = tiles(), first = all[0], last = all.at(-1), window = grid.getBoundingClientRect();
    if (first === undefined) return false;
    const above = first.dataset.place === "0" || first.getBoundingClientRect().top <= window.top + BETWEEN;
    const end = last.dataset.place === String(Number(last.getAttribute("aria-setsize")) - 1);
    return above && (end || last.getBoundingClientRect().bottom >= window.bottom - BETWEEN);
  };
  const found = new Map();
  for (let top = 0; ; top += grid.clientHeight / 2) {
    grid.scrollTop = top;
    const begun = performance.now();
    do {
      await frame();
      await frame();
      if (performance.now() - begun > PATIENCE) throw new Error(`the grid stays empty at ${top} pixels`);
    } while (!filled());
    for (const tile of tiles()) found.set(Number(tile.dataset.place), tile.dataset.imageId);
    if (top + grid.clientHeight >= grid.scrollHeight) break;
  }
  return [...found].sort((a, b) => a[0] - b[0]).map(entry => entry[1]);
}"""


def images_of(grid: Locator) -> list[str]:
    """The ids of every image in the grid, in order."""
    ids: list[str] = grid.evaluate(_SHOWN)
    return ids


_STILL = """async element => {
  const FRAMES = 3, PATIENCE = 20_000;
  const begun = performance.now();
  for (let still = 0, before = ""; still < FRAMES;) {
    await new Promise(done => requestAnimationFrame(done));
    const now = JSON.stringify(element.getBoundingClientRect());
    still = now === before ? still + 1 : 0;
    before = now;
    if (performance.now() - begun > PATIENCE) throw new Error("the element does not stand still");
  }
}"""


def stand_still(element: Locator) -> None:
    """Returns once an element is in view and stays where it is. (A trial of `hover` would move the pointer.)"""
    element.scroll_into_view_if_needed()
    element.evaluate(_STILL)


def bring_to_middle(element: Locator) -> None:
    """Scrolls an element to the middle of what is seen; returns once it stands still there."""
    element.evaluate("element => element.scrollIntoView({block: 'center'})")
    stand_still(element)
