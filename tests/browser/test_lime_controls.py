"""LimeView's controls in JupyterLab: each changes the map as it is painted, and what is exported is what is shown."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.notebook import NotebookPage
from tests.browser.pixels import apart, colours
from tests.browser.test_explaining import SETUP, finished

SIZE = (320, 240)
# A point inside each region, away from its borders, and what Python says that the maps show there.
PAINT = """
from scipy.ndimage import distance_transform_edt
from emocam_widgets.figures.lime import OPACITY
from emocam_widgets.figures.scales import diverging_table, painted, red_blue_table
def inside():
    segments, found = view.explanation.segments, {}
    for region in range(segments.max() + 1):
        depth = distance_transform_edt(np.pad(segments == region, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(depth.argmax(), depth.shape)
        if depth[y, x] >= 5:
            found[region] = [(float(x) + 0.5) / 320, (float(y) + 0.5) / 240]
    return found
def beneath(points, mode="RGB"):
    shown = np.asarray(corpus.open(view.image_id).convert(mode).convert("RGB"), float)
    return np.array([shown[int(y * 240), int(x * 320)] for x, y in points])
def mapped(points, panel=0, most=None):
    weights = view.explanations[panel].weights
    most = np.abs(weights).max() if most is None else most
    regions = [view.explanation.segments[int(y * 240), int(x * 320)] for x, y in points]
    signed = weights[regions] / most
    table = diverging_table() if view.palette == "blue-orange" else red_blue_table()
    alpha = OPACITY * np.abs(signed)[:, None]
    return (1 - alpha) * beneath(points, "L") + alpha * painted((signed + 1) / 2, table)
"""
VIEW = "view = emo.LimeView(worker=worker, corpus=corpus, image_id='03.png', n_samples=80, n_regions=20)\nview"
Points = list[list[float]]


class Lime:
    """The view in a cell's output, and the colours that its panels show."""

    def __init__(self, notebook: NotebookPage) -> None:
        self.notebook = notebook
        self.output = notebook.run(VIEW).output
        self.root = self.output.get_by_test_id("lime")
        self.root.scroll_into_view_if_needed()
        finished(self.output)

    def get(self, name: str) -> Locator:
        return self.output.get_by_test_id(name)

    def set(self, name: str, value: str) -> None:
        """Chooses something in the fold-out of settings."""
        if not self.get(name).is_visible():
            self.get("settings").click()
        self.get(name).select_option(value)

    def wait(self, expression: str, value: object) -> None:
        self.notebook.wait_for(lambda: self.notebook.value(expression) == value, 20, f"{expression} to be {value!r}")

    def inside(self) -> dict[str, list[float]]:
        found: dict[str, list[float]] = self.notebook.value("inside()")
        return found

    def shown(self, points: Points, panel: int = 0) -> NDArray[np.float64]:
        return colours(self.get("lime-canvas").nth(panel), points, SIZE)

    def becomes(self, expected: str, points: Points, what: str, panel: int = 0) -> NDArray[np.float64]:
        """Waits until a panel shows at these points what Python says; those colours."""
        wanted = np.array(self.notebook.value(f"{expected}.tolist()".replace("POINTS", repr(points))))
        self.notebook.page.mouse.move(0, 0)
        self.notebook.wait_for(lambda: apart(self.shown(points, panel), wanted) < 3, 15, what)
        return wanted

    def save(self, what: str) -> tuple[str, bytes]:
        with self.notebook.page.expect_download() as download:
            if not self.get(f"save-{what}").is_visible():
                self.get("export").click()
            self.get(f"save-{what}").click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()


@pytest.fixture(scope="module")
def prepared(module_notebook: NotebookPage) -> NotebookPage:
    """The notebook with a worker and a small corpus in its kernel."""
    module_notebook.execute(SETUP + PAINT)
    return module_notebook


@pytest.fixture
def lime(notebook: NotebookPage, prepared: NotebookPage) -> Lime:
    """A view that has finished."""
    assert prepared is notebook
    return Lime(notebook)


def test_palette_scale_and_switch_change_what_is_painted(lime: Lime) -> None:
    lime.notebook.execute("view.image_id, view.targets = '08.png', ['Sadness']")  # much here speaks against it
    lime.notebook.wait_for(lambda: lime.notebook.value("view.status") == "done", 40, "the other label")
    regions = lime.inside()
    weights = lime.notebook.value("view.explanation.weights.tolist()")
    strong = sorted(regions, key=lambda region: weights[int(region)])[:3]  # those that speak most against it
    assert weights[int(strong[0])] == min(weights) < 0.5 * -max(map(abs, weights))
    points = [regions[region] for region in strong]
    red = lime.becomes("mapped(POINTS)", points, "the map in blue and red")
    expect(lime.get("legend")).to_contain_text("red speaks against")
    lime.set("palette", "blue-orange")
    orange = lime.becomes("mapped(POINTS)", points, "the map in blue and orange")
    assert lime.notebook.value("view.palette") == "blue-orange"
    expect(lime.get("legend")).to_contain_text("orange speaks against")
    assert apart(orange, red) > 6
    points = list(regions.values())
    lime.get("toggle-map").click()
    lime.becomes("beneath(POINTS)", points, "the picture as it is")
    expect(lime.get("toggle-map")).to_have_attribute("aria-pressed", "false")
    lime.get("regions").focus()
    lime.notebook.page.keyboard.press("m")
    expect(lime.get("toggle-map")).to_have_attribute("aria-pressed", "true")
    lime.notebook.page.keyboard.press("Tab")  # leaves the list, whose region would be outlined
    lime.becomes("mapped(POINTS)", points, "the map again")

    first = lime.notebook.value("view.explanation.target")
    most = "max(float(np.abs(e.weights).max()) for e in view.explanations)"
    other = next(label for label in lime.notebook.value("list(worker.labels)") if label != first)
    lime.get("add-target").select_option(other)
    expect(lime.root).to_have_attribute("data-targets", f"{first}|{other}", timeout=40_000)
    finished(lime.output)
    own = [lime.becomes(f"mapped(POINTS, {i})", points, "each label's own scale", i) for i in (0, 1)]
    lime.set("scale", "shared")
    for i in (0, 1):
        lime.becomes(f"mapped(POINTS, {i}, {most})", points, "one scale for both labels", i)
    shared = [np.array(lime.notebook.value(f"mapped({points!r}, {i}, {most}).tolist()")) for i in (0, 1)]
    assert max(np.abs(shared[i] - own[i]).max() for i in (0, 1)) > 4
    strongest = float(lime.notebook.value(most))
    written = re.findall(r"[0-9]+\.[0-9]+", lime.get("legend").text_content() or "")
    assert float(written[-1]) == pytest.approx(strongest, rel=0.01)
    assert lime.notebook.page_errors == []


def test_regions_are_cut_anew_and_the_one_under_the_pointer_tells_its_weight(lime: Lime) -> None:
    notebook, keyboard = lime.notebook, lime.notebook.page.keyboard
    regions = "int(view.explanation.segments.max()) + 1"
    before = notebook.value(regions)
    slider = lime.get("n-regions")
    slider.focus()
    for _ in range(6):
        keyboard.press("ArrowRight")
    lime.wait("view.n_regions", 50)
    finished(lime.output)
    notebook.wait_for(lambda: notebook.value(regions) > before + 10, 20, "more regions")
    expect(lime.get("region")).to_have_count(notebook.value(regions))
    box = slider.bounding_box()
    assert box is not None
    notebook.page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2)
    notebook.wait_for(lambda: notebook.value("view.n_regions") not in (20, 50), 20, "the click on the slider")
    finished(lime.output)
    assert notebook.value("view.n_regions") == int(slider.input_value()) > 50
    lime.becomes("mapped(POINTS)", list(lime.inside().values()), "the map of the new regions")

    slic = notebook.value("view.explanation.segments.tolist()")
    lime.set("segmentation", "quickshift")
    lime.wait("view.segmentation", "quickshift")
    notebook.wait_for(lambda: notebook.value("view.status") == "done", 40, "LIME over quickshift's regions")
    expect(slider).to_be_hidden()
    assert notebook.value("view.explanation.segments.tolist()") != slic
    expect(lime.get("region")).to_have_count(notebook.value(regions))
    points = lime.inside()
    lime.becomes("mapped(POINTS)", list(points.values()), "the map of quickshift's regions")

    canvas = lime.get("lime-canvas")
    keyboard.press("Escape")
    for region, (x, y) in list(points.items())[:4]:
        canvas.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")
        room = canvas.bounding_box()
        assert room is not None
        scale = min(room["width"] / SIZE[0], room["height"] / SIZE[1], 4)
        at = (room["width"] - SIZE[0] * scale) / 2, (room["height"] - SIZE[1] * scale) / 2
        notebook.page.mouse.move(
            room["x"] + at[0] + x * SIZE[0] * scale, room["y"] + at[1] + y * SIZE[1] * scale, steps=3
        )
        expect(lime.root).to_have_attribute("data-region", region)
        weight = notebook.value(f"float(view.explanation.weights[{region}])")
        area = notebook.value(f"float((view.explanation.segments == {region}).mean())")
        caption = lime.get("region-caption").text_content() or ""
        number = float(caption.split()[0].replace("\N{MINUS SIGN}", "-").rstrip(","))
        assert number == pytest.approx(weight, abs=6e-4)
        assert f"{100 * area:.1f} % of the image" in caption
    notebook.page.mouse.down()
    notebook.page.mouse.up()
    expect(lime.output.locator(f'[data-testid="region"][data-id="{region}"]')).to_have_attribute(
        "aria-selected", "true"
    )
    assert notebook.page_errors == []


def test_settings_reach_the_explanation_and_files_hold_it(lime: Lime) -> None:
    notebook = lime.notebook
    lime.set("output", "logits")
    lime.set("hide", "grey")
    lime.set("n-samples", "250")
    lime.wait("[view.output, view.hide, view.n_samples]", ["logits", "grey", 250])
    notebook.wait_for(lambda: notebook.value("view.status") == "done", 40, "LIME at these settings")
    assert notebook.value("[view.explanation.output, view.explanation.n_samples]") == ["logits", 250]
    expect(lime.get("progress")).to_contain_text("250 samples")
    expect(lime.get("legend")).to_have_attribute("title", re.compile("units of the label's logit"))

    target = notebook.value("view.explanation.target")
    name, picture = lime.save("png")
    assert name == f"03-lime-{target}.png"
    saved = Image.open(io.BytesIO(picture))
    assert saved.size == SIZE
    assert np.asarray(saved.convert("RGB")).tolist() == notebook.value("np.asarray(view.map_image()).tolist()")
    name, table = lime.save("csv")
    assert name == f"03-lime-{target}.csv"
    assert table.decode() == notebook.value("view.table().to_csv(index=False)")
    assert table.decode().splitlines()[0] == "region,weight,standard_error,area,x,y"
    assert len(table.decode().splitlines()) == notebook.value("len(view.explanation.weights)") + 1
    lime.get("note").fill("The ball, not the face")
    expect(lime.get("note-place")).to_contain_text("saved in", timeout=15_000)
    name, notes = lime.save("notes")
    assert name.endswith(".csv")
    assert notes.decode() == notebook.value("view.notes.to_csv(index=False)")
    assert f'03.png,{target},"The ball, not the face"' in notes.decode()
    assert notebook.page_errors == []
