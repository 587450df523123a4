"""The explorer's first minute, done by a hand that can be watched: from a cell of the heatmap to a label that flips.

The Binder check measures memory while it happens, the moving picture shows it.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

CELL = ("Sports equipment", "Excitement")
IMAGE = "scene-104.webp"  # labelled Joy, and nearly Excitement
BALL = "rugby ball"
BALL_PLACE = (0.3, 0.62)  # of the picture's width and height
Watch = Callable[[str, float, float], None]


class Hand:
    """A mouse that says to `watch` what it does ("move", "down", "up", "wait"), and where in the window."""

    def __init__(self, page: Page, watch: Watch | None = None, steps: int = 6) -> None:
        """Starts in the window's middle. A way is gone in `steps` steps."""
        self.page = page
        self._watch = watch
        self._steps = steps
        size = page.viewport_size or {"width": 0, "height": 0}
        self.at = (size["width"] / 2, size["height"] / 2)

    def move(self, target: Locator | tuple[float, float], steps: int | None = None) -> None:
        """Goes to the middle of an element, or to a point, slowing down as hands do."""
        x, y = target if isinstance(target, tuple) else middle(target)
        count, (x0, y0) = steps or self._steps, self.at
        for step in range(1, count + 1):
            part = 1 - (1 - step / count) ** 2
            self.at = (x0 + part * (x - x0), y0 + part * (y - y0))
            self.page.mouse.move(*self.at)
            self._say("move")

    def press(self) -> None:
        """The button goes down."""
        self.page.mouse.down()
        self._say("down")

    def release(self) -> None:
        """The button goes up."""
        self.page.mouse.up()
        self._say("up")

    def click(self, target: Locator) -> None:
        """Goes there and clicks."""
        self.move(target)
        self.press()
        self.release()

    def double_click(self, target: Locator) -> None:
        """Goes there and clicks twice."""
        self.move(target)
        self._say("down")
        self.page.mouse.dblclick(*self.at)
        self._say("up")

    def wait(self) -> None:
        """Leaves the eye time to see what has come."""
        self._say("wait")

    def _say(self, what: str) -> None:
        if self._watch is not None:
            self._watch(what, *self.at)


def middle(element: Locator) -> tuple[float, float]:
    """The middle of an element in the window."""
    box = element.bounding_box()
    if box is None:
        raise LookupError(f"{element} is not shown")
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def filled(output: Locator) -> None:
    """Returns once the explorer in a cell's output shows its cells, and pictures that are loaded."""
    expect(output.get_by_test_id("explorer")).to_have_attribute("data-ready", "true", timeout=60_000)
    expect(output.get_by_test_id("cell").first).to_be_visible(timeout=30_000)
    expect(output.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=30_000)
    expect(output.get_by_test_id("thumb").first).to_be_visible(timeout=30_000)


def first_minute(output: Locator, hand: Hand) -> str:
    """From the filled explorer to a flipped label; gives the editor's headline, "Joy 48.3 % → Excitement 66.2 %"."""
    output.get_by_test_id("explorer").evaluate("element => element.scrollIntoView({block: 'start'})")
    hand.wait()
    object_class, label = CELL
    cell = output.locator(f'[data-testid="cell"][data-class="{object_class}"][data-label="{label}"]')
    cell.scroll_into_view_if_needed()
    hand.click(cell)
    expect(output.get_by_test_id("breadcrumb")).to_contain_text(f"{object_class} in {label}")
    hand.wait()

    hand.click(output.locator('[data-testid="column-head"][data-label="Joy"]'))
    thumb = output.locator(f'[data-testid="thumb"][data-image-id="{IMAGE}"]')
    expect(thumb).to_be_visible()
    hand.double_click(thumb)
    hand.wait()
    hand.click(output.get_by_test_id("tab-edit"))
    editor = output.get_by_test_id("editor")
    expect(editor).to_have_attribute("data-settled", "true", timeout=60_000)
    hand.wait()
    if output.get_by_test_id("full-detail").get_attribute("aria-pressed") == "false":
        hand.click(output.get_by_test_id("full-detail"))
    ball = editor.locator(f'[data-sprite="{BALL}"]')
    hand.move(ball)
    hand.press()
    stage = editor.get_by_test_id("stage").bounding_box()
    if stage is None:
        raise LookupError("the editor shows no picture")
    across, down = BALL_PLACE
    hand.move((stage["x"] + across * stage["width"], stage["y"] + down * stage["height"]), steps=14)
    hand.release()
    headline = editor.get_by_test_id("headline")
    expect(headline).to_have_attribute("data-label", label, timeout=20_000)
    expect(editor).to_have_attribute("data-settled", "true", timeout=20_000)
    hand.wait()
    return headline.inner_text().replace("\n", " ")
