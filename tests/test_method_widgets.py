"""MethodComparison, RsaMatrix and PasteBars without a browser, and the analyses that they ask."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import traitlets
from PIL import Image

from emocam_widgets.analysis.box_scores import cumulative_weights
from emocam_widgets.analysis.differences import fraction_difference
from emocam_widgets.analysis.importance import box_importance
from emocam_widgets.analysis.map_agreement import map_correlations
from emocam_widgets.analysis.rsa import rsa
from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine import Worker, paste_experiment
from emocam_widgets.engine.compose import paste
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.explain import METHODS
from emocam_widgets.rle import encode_mask
from emocam_widgets.run import MethodInfo, Run, RunWriter, open_run
from emocam_widgets.types import Cam, Placement, View
from emocam_widgets.widgets import MethodComparison, PasteBars, RsaMatrix
from emocam_widgets.widgets.image_filter import Filter, Settings
from emocam_widgets.widgets.run_index import RunIndex
from tests.tiny_models import LABELS, picture, tiny_classifier
from tests.widget_line import Line, floats, integers
from tests.worlds import make_run

BOXES = [("Person", 0.9, (10, 5, 60, 80)), ("Food", 0.4, (70, 40, 110, 85))]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    detector = wrap_detector(lambda _image: BOXES, ("Person", "Food"), name="two")
    with Worker(tiny_classifier(), detector, cache=None) as made:
        yield made


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Forty images under two methods: the second one's maps are the first's in another order."""
    folder = tmp_path_factory.mktemp("world")
    made = make_run(folder)
    cams = made.cams
    other = cams.assign(method="other", grid=np.roll(cams["grid"].to_numpy(), 7))
    manifest = replace(made.manifest, methods=(MethodInfo("grad-cam"), MethodInfo("other")))
    with RunWriter(folder / "two", manifest) as writer:
        writer.write_part(
            {"images": made.images, "boxes": made.boxes, "cams": pd.concat([cams, other])},
            detected={"drawn": list(made.images["image_id"])},
        )
        writer.finish()
    return open_run(folder / "two", corpus=made.corpus)


# -- comparing maps ----------------------------------------------------------------------------------------------------


def test_maps_of_one_grid_are_compared_cell_by_cell() -> None:
    rng = np.random.default_rng(0)
    view = View(0, 0, 100, 80)
    cams = {name: Cam(rng.random((7, 6), np.float32), view, name, "Joy") for name in "ab"} | {
        "flat": Cam(np.zeros((7, 6), np.float32), view, "flat", "Joy")
    }
    rho = map_correlations(cams).to_numpy()
    expected = scipy.stats.spearmanr(cams["a"].grid.ravel(), cams["b"].grid.ravel()).statistic
    assert rho[0, 1] == rho[1, 0] == pytest.approx(expected)
    assert rho[0, 0] == pytest.approx(1)
    assert np.isnan(rho[0, 2])
    assert map_correlations({}).shape == (0, 0)


def test_maps_of_other_grids_are_sampled_where_they_lie() -> None:
    y, x = (np.mgrid[0:64, 0:64] + 0.5) / 64
    hill = np.exp(-((x - 0.3) ** 2 + (y - 0.6) ** 2) / 0.05).astype(np.float32)
    whole = Cam(hill, View(0, 0, 64, 64), "fine", "Joy")
    coarse = Cam(hill.reshape(16, 4, 16, 4).mean(axis=(1, 3)), View(0, 0, 64, 64), "coarse", "Joy")
    elsewhere = Cam(hill, View(64, 0, 128, 64), "beside", "Joy")
    assert map_correlations({"fine": whole, "coarse": coarse}).to_numpy()[0, 1] > 0.99
    assert map_correlations({"fine": whole, "beside": elsewhere}).to_numpy()[0, 1] < 0
    assert cumulative_weights(4, 0, 4, 4)[-1].sum() == pytest.approx(4)  # the same half-pixel centres


def test_every_method_on_one_image(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    image = picture(1, (120, 90))
    view = MethodComparison(image, worker)
    assert "score-cam" not in view.methods and "cam" not in view.methods  # slow; cannot explain this classifier
    assert {"grad-cam", "lift-cam", "lime-cam"} <= set(view.methods)
    scene, _ = line.ask(view, "scene")
    assert scene["slow"] == ["score-cam"] and set(scene["known"]) == set(METHODS)
    boxes, (corners, confidence) = line.ask(view, "boxes")
    assert boxes["classes"] == ["Person", "Food"]
    np.testing.assert_allclose(floats(corners).reshape(-1, 4), [box for _, _, box in BOXES])
    np.testing.assert_allclose(floats(confidence), [0.9, 0.4])
    content, (grid, importance) = line.ask(view, "cam", method="lift-cam", target="Craving", score="mean")
    alone = worker.explain(image, "lift-cam", "Craving")
    np.testing.assert_allclose(floats(grid).reshape(alone.grid.shape), alone.grid, atol=1e-6)
    expected = box_importance(alone.grid, alone.view, [box for _, _, box in BOXES], 120, 90)
    np.testing.assert_allclose(floats(importance), expected, atol=1e-6)
    assert content["target"] == "Craving" and content["problem"] is None
    refused, _ = line.ask(view, "cam", method="cam", target=None, score="mean")
    assert "average pooling" in refused["problem"]
    line.ask(view, "cam", method="grad-cam", target="Craving", score="mean")
    named, (rho,) = line.ask(view, "correlations", methods=["grad-cam", "lift-cam", "fem"], target="Craving")
    assert named["methods"] == ["grad-cam", "lift-cam"]
    both = map_correlations({name: worker.explain(image, name, "Craving") for name in named["methods"]})
    np.testing.assert_allclose(floats(rho).reshape(2, 2), both, atol=1e-6)


def test_tables_of_the_comparison(worker: Worker) -> None:
    view = MethodComparison(picture(2, (120, 90)), worker, methods=["grad-cam", "fem"], target="Joy", score="maximum")
    table = view.importances()
    assert list(table.columns) == ["object_class", "confidence", "grad-cam", "fem"]
    assert table["object_class"].tolist() == ["Person", "Food"]
    assert view.correlations().shape == (2, 2)
    with pytest.raises(UnknownNameError, match="grad-cam"):
        view.methods = ["gradcam"]
    with pytest.raises(UnknownNameError):
        view.target = "Nothing"
    with pytest.raises(TypeError, match="no setting 'metods'"):
        MethodComparison(worker=worker, metods=[])


def test_without_a_worker_the_run_answers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    image_id = str(run.images["image_id"].iloc[5])
    view = MethodComparison(run=run, image_id=image_id)
    assert view.methods == ["grad-cam", "other"]
    _, (grid, importance) = line.ask(view, "cam", method="other", target=None, score="mean")
    stored = run.grid(image_id, "other")
    np.testing.assert_allclose(floats(grid).reshape(stored.grid.shape), stored.grid)
    assert len(floats(importance)) == len(view.boxes) == len(run.boxes_of(image_id))
    of_run = pd.Series(run.importance("other"), index=run.boxes.index)[run.boxes_of(image_id).index]
    assert sorted(floats(importance)) == pytest.approx(sorted(of_run))
    missing, _ = line.ask(
        view, "cam", method="other", target="Craving" if stored.target != "Craving" else "Joy", score="mean"
    )
    assert "no such map" in missing["problem"]
    assert MethodComparison().methods == []


def masked(run: Run, folder: Path) -> tuple[Run, str]:
    """The run with a mask for every second box, and an image with several boxes."""
    texts: list[str | None] = []
    for number, (image_id, x0, y0) in enumerate(run.boxes[["image_id", "x0", "y0"]].to_numpy(object)):
        height, width = run.image(str(image_id))[["height", "width"]].astype(int)
        mask = np.zeros((height, width), np.bool_)
        mask[int(y0) : int(y0) + 9, int(x0) : int(x0) + 7] = True
        texts.append(encode_mask(mask) if number % 2 == 0 else None)
    boxes = run.boxes.assign(mask=pd.Series(texts, index=run.boxes.index, dtype=object))
    with RunWriter(folder / "masked", run.manifest) as writer:
        found = {"images": run.images, "boxes": boxes, "cams": run.cams}
        writer.write_part(found, detected={"drawn": list(run.images["image_id"])})
        writer.finish()
    return open_run(folder / "masked", corpus=run.corpus), str(boxes["image_id"].value_counts().index[0])


def test_masks_are_what_mask_mean_is_over(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    of_masks, image_id = masked(run, tmp_path)
    view = MethodComparison(run=of_masks, image_id=image_id, score="mask-mean", methods=["other"])
    content, _ = line.ask(view, "boxes")
    assert content["masks"] is True
    rows = of_masks.boxes_of(image_id)
    stored = pd.Series(of_masks.importance("other", "mask-mean"), index=of_masks.boxes.index)[rows.index]
    by_confidence = stored[rows["confidence"].sort_values(ascending=False, kind="stable").index]
    assert view.importances()["other"].tolist() == pytest.approx(by_confidence.tolist(), abs=1e-6)
    assert by_confidence.tolist() != pytest.approx(of_boxes(view, "other").tolist(), abs=1e-3)
    bare, _ = line.ask(MethodComparison(run=run, image_id=image_id), "boxes")
    assert bare["masks"] is False

    # The browser, of another map than the one that is counted.
    index, settings = RunIndex(of_masks), Settings("grad-cam", "mask-mean", 0.3, 0.0, "prediction")
    position = of_masks.position(image_id)
    shown = index.boxes(position, Filter(), settings, of_masks.grid(image_id, "other"))
    assert shown.importance.tolist() == pytest.approx(by_confidence.tolist(), abs=1e-6)


def of_boxes(view: MethodComparison, method: str) -> np.ndarray:
    """The mean over the boxes as such."""
    cam, image = view.cam(method), view._base
    assert image is not None
    return box_importance(cam.grid, cam.view, view.boxes[["x0", "y0", "x1", "y1"]], *image.size)


def test_boxes_below_the_confidence_asked_for_are_not_there(
    run: Run, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(monkeypatch)
    view = MethodComparison(picture(1, (120, 90)), worker, methods=["grad-cam"], min_confidence=0.5)
    assert view.boxes["object_class"].tolist() == ["Person"]
    scene = view._scene
    view.box = 0
    view.min_confidence = None
    assert view._scene == scene + 1 and view.box is None  # the front end asks for the boxes again
    assert line.ask(view, "boxes")[0]["classes"] == ["Person", "Food"]
    assert len(view.importances()) == 2
    for value in (1.5, -0.1, "much"):
        with pytest.raises(traitlets.TraitError):
            view.min_confidence = value
    rows = run.boxes_of(image_id := str(run.images["image_id"].iloc[5]))
    sure = float(rows["confidence"].median())
    of_run = MethodComparison(run=run, image_id=image_id, min_confidence=sure).boxes
    assert 0 < len(of_run) < len(rows) and of_run["confidence"].min() >= sure
    assert of_run["confidence"].is_monotonic_decreasing


# -- RSA ---------------------------------------------------------------------------------------------------------------


def test_rsa_and_the_difference_of_a_pair(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    view = RsaMatrix(run, bootstrap=50, shuffles=2)
    assert view.wait(60) and view.status == "done"
    expected = rsa(run, bootstrap=50, shuffles=2)
    assert view.result is not None
    pd.testing.assert_frame_equal(view.result.rho, expected.rho)
    pd.testing.assert_frame_equal(view.result.shuffled, expected.shuffled)
    assert view._matrix["whole"] and floats(view._matrix["uniform"]) == pytest.approx(expected.uniform)
    content, (first, second, images) = line.ask(view, "difference", pair=["other", "grad-cam"])
    table = view.difference(("other", "grad-cam"))
    assert list(table.index) == content["classes"] and list(table.columns) == content["labels"]
    gap = (floats(first) - floats(second)).reshape(table.shape)
    np.testing.assert_allclose(gap, table, atol=1e-6)
    a, b = run.association("other").fractions, run.association("grad-cam").fractions
    np.testing.assert_allclose(table, (a - b).loc[table.index], atol=1e-9)
    assert integers(images).tolist() == run.association("other").n_images.tolist()
    kept = table.abs().mean(axis=1)
    assert kept.is_monotonic_decreasing and kept.iloc[0] == pytest.approx((a - b).abs().mean(axis=1).max())
    assert len(view.figure().data) == 1


def test_pairs_and_settings_of_rsa_are_checked(run: Run) -> None:
    view = RsaMatrix(run, bootstrap=0, shuffles=0, pair=["grad-cam", "other"])
    assert view.pair == ["grad-cam", "other"]
    for pair in (["grad-cam"], ["grad-cam", "grad-cam"], "grad-cam"):
        with pytest.raises(EmocamError, match="two different methods"):
            view.pair = pair
    with pytest.raises(UnknownNameError):
        view.pair = ["grad-cam", "gradcam"]
    with pytest.raises(EmocamError, match="different object classes"):
        fraction_difference(run.association("other"), run.association("other", by="annotation"))
    view.threshold = 0.6
    assert view.wait(60)
    assert view.result is not None and view.result.threshold == 0.6


def test_a_run_with_one_method_says_what_is_missing(tmp_path: Path) -> None:
    view = RsaMatrix(make_run(tmp_path, n=12))
    assert view.wait(60)
    assert view.status == "failed" and "two or more methods" in view.problem
    with pytest.raises(EmocamError, match="two or more"):
        view.figure()


# -- paste bars --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("album")
    for number in range(8):
        picture(number, (120, 90)).save(folder / f"{number}.png")
    return Corpus.from_folder(folder)


def test_a_bar_knows_the_images_behind_it(worker: Worker, album: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    square = Image.new("RGBA", (20, 20), (255, 0, 0, 255))
    result = paste_experiment(
        album, worker.classifier, {"square": square}, height=0.6, variants=("object", "grey"), progress=False
    )
    view = PasteBars(result, album, sprites={"square": square})
    shares = result.shares()
    assert [bar["share"] for bar in view._bars] == pytest.approx(shares["share"].tolist())
    most = shares[shares["variant"] == "object"].sort_values("switched").iloc[-1]
    assert most["switched"] > 0
    view.selected = ("square", "object", int(most["position"]))
    rows = result.pastes
    rows = rows[(rows["variant"] == "object") & (rows["position"] == most["position"])]
    switched = rows[rows["label_before"] != rows["label_after"]]
    assert sorted(view.images) == sorted(switched["image_id"])
    assert view.switched["label_after"].iloc[0] == switched["label_after"].value_counts().index[0]
    content, pictures = line.ask(view, "switched", bar=view.selected, start=0)
    assert content["total"] == len(switched) and len(pictures) == 2 * len(content["items"])
    item, row = content["items"][0], view.switched.iloc[0]
    assert item["probability_after"] == pytest.approx(max(row["probabilities_after"]))
    placement = Placement("square", row["x"], row["y"], row["sprite_height"])
    expected = np.asarray(paste(album.open(row["image_id"]), {"square": square}, [placement])).astype(int)
    shown = np.asarray(Image.open(io.BytesIO(bytes(pictures[1]))).convert("RGB")).astype(int)
    assert np.abs(shown - expected).mean() < 6  # JPEG
    label = str(result.pastes["label_before"].iloc[0])
    view.before = label
    assert view.images == list(result.switched("square", view.selected[2], before=label)["image_id"])
    with pytest.raises(EmocamError, match="not pasted at position 99"):
        view.selected = ["square", "object", 99]
    with pytest.raises(UnknownNameError):
        view.selected = ["sqare", "object", 0]
    assert len(view.figure().data) == 2


def test_what_a_bar_cannot_show_is_said(worker: Worker, album: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    square = Image.new("RGBA", (20, 20), (255, 0, 0, 255))
    result = paste_experiment(album, worker.classifier, {"square": square}, height=0.6, progress=False)
    position = int(result.shares().sort_values("switched")["position"].iloc[-1])

    def reason(view: PasteBars) -> Any:
        content, pictures = line.ask(view, "switched", bar=["square", "object", position], start=0)
        assert pictures[0] == b""
        return content["items"][0]["reason"]

    assert "where they are" in reason(PasteBars(result))
    assert "sprites=" in reason(PasteBars(result, album))
    with pytest.raises(EmocamError, match="no pastes"):
        PasteBars(replace(result, pastes=result.pastes.iloc[:0]))
    with pytest.raises(traitlets.TraitError):
        PasteBars(result, before=3)
    assert LABELS[0] in result.labels
