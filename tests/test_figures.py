"""The static figures show the numbers of the tables they are made from, as text and not as markup, and become files."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emocam_widgets import figures
from emocam_widgets.analysis.importance import cam_importance
from emocam_widgets.analysis.paste import PasteResult
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.figures.image import cam_in_pixels
from emocam_widgets.figures.scales import Colours, cam_table, class_colour, diverging_table, heat_table, red_blue_table
from emocam_widgets.run import Run
from emocam_widgets.types import Cam, LimeExplanation, Prediction, View
from tests.worlds import make_run

LABELS = ("Joy", "Excitement", "<img src=x onerror=alert(1)>")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("world"))


@pytest.fixture
def pastes() -> PasteResult:
    rng = np.random.default_rng(3)
    rows = [
        {
            "image_id": f"{image}.png",
            "object": name,
            "variant": variant,
            "position": position,
            "x": 0.25 * position,
            "y": 0.5,
            "sprite_height": 0.2,
            "label_before": LABELS[image % 2],
            "label_after": LABELS[rng.integers(3)],
            "probabilities_before": [0.5, 0.3, 0.2],
            "probabilities_after": [0.5, 0.3, 0.2],
        }
        for image in range(12)
        for name in ("rugby ball", "<b>lotus</b>")
        for variant in ("object", "grey")
        for position in range(3)
    ]
    return PasteResult(pd.DataFrame(rows), LABELS)


def test_the_scales_are_the_widgets() -> None:
    # as js/shared/colour.ts gives them, run in Node
    assert cam_table()[[0, 64, 128, 255]].tolist() == [[12, 1, 57], [111, 0, 98], [206, 59, 67], [247, 249, 203]]
    expected = {"Person": "rgb(225,113,45)", "Human face": "rgb(251,171,130)", "Food": "rgb(126,219,121)"}
    expected |= {"Wheel": "rgb(162,193,252)", "Zebra": "rgb(24,204,224)", "Fashion accessory": "rgb(255,138,187)"}
    assert {name: class_colour(name) for name in expected} == expected


@pytest.mark.parametrize("table", [cam_table, heat_table, diverging_table, red_blue_table])
def test_a_scale_is_even_in_lightness(table: Callable[[], Colours]) -> None:
    grey = table().astype(float) @ [0.2126, 0.7152, 0.0722]
    smooth = np.convolve(grey, np.full(24, 1 / 24), "valid")
    half = len(smooth) // 2
    if table in (diverging_table, red_blue_table):
        assert (np.diff(smooth[: half - 24]) > 0).all() and (np.diff(smooth[half + 24 :]) < 0).all()
        assert np.ptp(table()[len(grey) // 2].astype(int)) < 12, "nothing is nearly white"
    else:
        steps = np.diff(smooth) * np.sign(grey[-1] - grey[0])
        assert abs(grey[-1] - grey[0]) > 120 and (steps > 0).all()


@pytest.mark.parametrize("measure", figures.MEASURES)
def test_the_heatmap_shows_the_association(run: Run, measure: str) -> None:
    association = run.association()
    figure = figures.association_heatmap(association, top=4, measure=measure, synthetic=True)
    frames = {"fraction": 100 * association.fractions, "count": association.counts, "lift": association.lift}
    frame = {**frames, "presence": 100 * association.given_presence}[measure]
    shown = figure.data[0]
    assert list(shown.y) == list(association.top(4).index)
    np.testing.assert_allclose(shown.z, frame.loc[list(shown.y), list(shown.x)].to_numpy())
    assert "synthetic" in figure.layout.title.text


def test_an_unknown_measure_is_refused(run: Run) -> None:
    with pytest.raises(UnknownNameError, match="fraction"):
        figures.association_heatmap(run.association(), measure="fractions")


def test_the_pipeline_draws_the_boxes_that_count(run: Run) -> None:
    image_id = run.boxes["image_id"].iloc[0]
    boxes = run.boxes_of(image_id)
    counting = int((run.importance("grad-cam")[boxes.index] > 0.3).sum())
    figure = figures.pipeline(run, image_id, min_confidence=0)
    titles = [note.text for note in figure.layout.annotations]
    assert f"detected: {len(boxes)} boxes" in titles
    assert f"importance above 0.3: {counting} boxes" in titles
    assert len(figure.layout.shapes) == 2 * (len(boxes) + counting), "each box is a light and a coloured rectangle"
    picture = Image.open(io.BytesIO(base64.b64decode(figure.data[0].source.split(",")[1])))
    assert picture.size == run.open_image(image_id).size


def test_the_importance_of_boxes_is_the_runs(run: Run) -> None:
    image_id = run.boxes["image_id"].iloc[0]
    figure = figures.box_importance(run, image_id, min_confidence=0)
    bars = next(trace for trace in figure.data if trace.type == "bar")
    expected = np.sort(run.importance("grad-cam")[run.boxes_of(image_id).index])[::-1][: len(bars.x)]
    np.testing.assert_allclose(bars.x, expected)


def test_the_painted_map_is_the_one_that_importance_is_taken_from() -> None:
    rng = np.random.default_rng(0)
    cam = Cam(rng.random((5, 7), dtype=np.float32), View(20, 10, 160, 110), "grad-cam", "Joy")
    painted = cam_in_pixels(cam, (200, 120), (200, 120))
    inside = cam_importance(cam, [[20, 10, 160, 110]], 200, 120)[0]
    assert painted[10:110, 20:160].mean() == pytest.approx(inside, abs=1e-3)
    assert (
        not painted[:10].any() and not painted[:, :20].any() and not painted[110:].any() and not painted[:, 160:].any()
    )


def test_a_changed_image_names_both_labels() -> None:
    image = Image.new("RGB", (80, 60))
    shares = np.array([[0.9, 0.06, 0.04], [0.3, 0.66, 0.04]], np.float32)
    before, after = (Prediction(LABELS, row) for row in shares)
    figure = figures.changed_image(image, image, before, after)
    assert [note.text for note in figure.layout.annotations] == ["Joy 90.0%", "Excitement 66.0%"]
    bars = {trace.name: list(trace.x) for trace in figure.data if trace.type == "bar"}
    np.testing.assert_allclose([bars["before"], bars["after"]], shares)


def test_paste_bars_show_the_shares(pastes: PasteResult) -> None:
    shares = pastes.shares().set_index(["object", "variant", "position"])["share"]
    figure = figures.paste_bars(pastes)
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert len(bars) == 4
    order = [(name, variant) for name in pastes.objects for variant in ("object", "grey")]
    for trace, (name, variant) in zip(bars, order, strict=True):
        np.testing.assert_allclose(trace.y, [100 * shares[name, variant, position] for position in range(3)])
    with pytest.raises(EmocamError, match="no pastes"):
        figures.paste_bars(PasteResult(pastes.pastes.iloc[:0], LABELS))


def test_paste_positions_are_where_they_were(pastes: PasteResult) -> None:
    figure = figures.paste_positions(pastes, "rugby ball")
    np.testing.assert_allclose(figure.data[0].x, [0, 0.25, 0.5])
    with pytest.raises(EmocamError, match="'teapot'"):
        figures.paste_positions(pastes, "teapot")


def test_transitions_are_shares_of_their_row(pastes: PasteResult) -> None:
    transitions = pastes.transitions("rugby ball")
    figure = figures.transition_matrix(transitions, "rugby ball")
    np.testing.assert_allclose(np.sum(figure.data[0].z, axis=1), 100)
    np.testing.assert_array_equal(figure.data[0].customdata, transitions.iloc[:2])


def test_names_from_files_are_text(pastes: PasteResult) -> None:
    everything = (
        figures.paste_bars(pastes).to_json()
        + figures.transition_matrix(pastes.transitions("<b>lotus</b>"), "<b>lotus</b>").to_json()
    )
    content = json.dumps(json.loads(everything.replace("}{", "},{").join("[]")), ensure_ascii=False)
    assert "&lt;img src=x" in content and "<img" not in content and "<b>lotus" not in content


def test_an_rsa_matrix_shows_rho() -> None:
    rho = pd.DataFrame([[1, 0.4], [0.4, 1]], ["grad-cam", "lrp-cam"], ["grad-cam", "lrp-cam"])
    figure = figures.rsa_matrix(rho, rho * 0.01)
    np.testing.assert_allclose(figure.data[0].z, rho)


def test_tables_and_confusion() -> None:
    scores = pd.DataFrame({"precision": [0.5, np.nan], "support": [12_000, 3]}, ["Positive", "Other"])
    cells = figures.result_table(scores, "WikiArt").data[0].cells.values
    assert [list(column) for column in cells] == [["Positive", "Other"], ["0.50", ""], ["12,000", "3"]]
    confusion = pd.DataFrame([[3, 1], [0, 0]], ["Positive", "Other"], ["Positive", "Other"])
    np.testing.assert_allclose(figures.confusion_matrix(confusion).data[0].z, [[75, 25], [0, 0]])


def test_html_and_json_are_whole_files(run: Run, tmp_path: Path) -> None:
    figure = figures.association_heatmap(run.association())
    page = figures.save(figure, tmp_path / "deep" / "figure.html").read_text(encoding="utf-8")
    assert "<script src=" not in page.split("<body>")[1], "nothing is fetched"
    assert json.loads(figures.save(figure, tmp_path / "figure.json").read_text())["data"][0]["type"] == "heatmap"
    with pytest.raises(UnknownNameError, match="png"):
        figures.save(figure, tmp_path / "figure.pgn")
    (tmp_path / "file").write_text("")
    with pytest.raises(EmocamError, match="cannot be written"):
        figures.save(figure, tmp_path / "file" / "figure.json")


def test_all_figures_of_a_run_come_with_their_numbers(run: Run, tmp_path: Path) -> None:
    files = figures.figures_of_run(run, tmp_path, ["json"])
    assert sorted(file.name for file in files) == ["association-grad-cam.csv", "association-grad-cam.json"]
    numbers = pd.read_csv(tmp_path / "association-grad-cam.csv", index_col=0)
    np.testing.assert_allclose(numbers, run.association().fractions)


def test_images_that_are_named_are_drawn(run: Run, tmp_path: Path) -> None:
    image_id = run.boxes["image_id"].iloc[0]
    files = {file.name for file in figures.figures_of_run(run, tmp_path, ["json"], images=[image_id])}
    name = image_id.replace("/", "-").replace(".", "-")
    assert {f"{name}-pipeline-grad-cam.json", f"{name}-boxes-grad-cam.csv"} <= files
    numbers = pd.read_csv(tmp_path / f"{name}-boxes-grad-cam.csv")
    np.testing.assert_allclose(
        numbers["importance"], run.importance("grad-cam")[run.boxes_of(image_id).index], atol=1e-6
    )
    with pytest.raises(UnknownNameError, match="nowhere"):
        figures.figures_of_run(run, tmp_path, ["json"], images=["nowhere.png"])


def test_lime_is_blue_for_and_red_against() -> None:
    segments = np.zeros((20, 30), np.int32)
    segments[:, 10:20], segments[:, 20:] = 1, 2
    explanation = LimeExplanation(
        segments, np.array([0.4, -0.4, 0.0], np.float32), "Joy", "probabilities", 0, 0.9, 8, 8
    )
    figure = figures.lime_overlay(Image.new("RGB", (30, 20), (128, 128, 128)), explanation)
    painted = Image.open(io.BytesIO(base64.b64decode(figure.data[1].source.split(",")[1])))
    colours = np.asarray(painted).astype(int)
    speaks_for, against, nothing = colours[10, 5], colours[10, 15], colours[10, 25]
    assert speaks_for[2] > speaks_for[0] + 60 and against[0] > against[2] + 60
    assert np.ptp(nothing) < 10, "what says nothing stays grey"
    assert "R² 0.90" in figure.layout.title.text


@pytest.mark.browser
def test_a_browser_writes_png_svg_and_pdf(run: Run, tmp_path: Path) -> None:
    figures.figures_of_run(run, tmp_path, ["png", "svg", "pdf"])
    with Image.open(tmp_path / "association-grad-cam.png") as image:
        assert image.width == 2200 and len(image.convert("RGB").getcolors(1 << 24) or []) > 50
    assert "<svg" in (tmp_path / "association-grad-cam.svg").read_text(encoding="utf-8")[:300]
    assert (tmp_path / "association-grad-cam.pdf").read_bytes().startswith(b"%PDF")
