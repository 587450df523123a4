"""What the editor answers beside the live prediction: edits, boxes, the control, sweeps, sprites and files."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets
from PIL import Image

from emocam_widgets.engine import Worker
from emocam_widgets.engine.region_edits import RegionEdit, apply_edits
from emocam_widgets.errors import EmocamError
from emocam_widgets.explain.superpixels import segment_image
from emocam_widgets.models import wrap_classifier
from emocam_widgets.run import Run
from emocam_widgets.types import Detections, Placement
from emocam_widgets.widgets.editor import ObjectEditor
from tests.test_browser_editor import BALL, Line
from tests.tiny_models import LABELS, scene_net
from tests.worlds import make_run

GREY: dict[str, Any] = {"kind": "grey", "strength": 0.8, "region": "box", "box": [0.1, 0.1, 0.6, 0.9]}
CROP: dict[str, Any] = {"kind": "crop", "region": "box", "box": [0.25, 0.0, 1.0, 0.8]}
BOXES = Detections(
    np.array([[100, 60, 220, 130], [0, 0, 40, 40], [10, 10, 30, 30]], np.float32),
    np.array([0.9, 0.8, 0.1], np.float32),
    ("Human face", "Human face", "Food"),
    "given",
)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A small classifier."""
    with Worker(wrap_classifier(scene_net(), LABELS, name="tiny", synthetic=True), cache=None) as made:
        yield made


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Twelve drawn images."""
    return make_run(tmp_path_factory.mktemp("world"), n=12)


@pytest.fixture
def picture() -> Image.Image:
    """A gradient, so that no two places look the same."""
    ramp = np.add.outer(np.arange(240), np.arange(320)) % 256
    return Image.fromarray(np.stack([ramp, 255 - ramp, ramp // 2], axis=-1).astype(np.uint8))


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def floats(buffer: Any) -> np.ndarray:
    return np.frombuffer(buffer, "<f4")


class Asking(Line):
    """A line that also sends buffers."""

    def give(self, kind: str, data: bytes, **content: Any) -> tuple[dict[str, Any], list[Any]]:
        self.sent.clear()
        self.arrived.clear()
        self.widget._answer(self.widget, {"kind": kind, "id": 7, **content}, [memoryview(data)])
        assert self.arrived.wait(20), "no reply"
        return next((content, buffers) for content, buffers in reversed(self.sent) if content.get("id") == 7)


# -- edits and layers --------------------------------------------------------------------------------------------------


def test_edits_are_part_of_what_is_predicted_and_exported(picture: Image.Image, worker: Worker) -> None:
    editor = ObjectEditor(picture, worker, edits=[GREY, CROP], placements=[BALL])
    exported = editor.export_image()
    assert exported.size == (240, 192)
    expected = worker.predict(exported)
    assert list(editor.prediction.values()) == pytest.approx(expected.probabilities.tolist(), abs=1e-6)
    assert editor.edits[0] == RegionEdit("grey", 0.8, "box", (0.1, 0.1, 0.6, 0.9)).as_dict()
    editor.placements = []
    plain = apply_edits(picture, [RegionEdit("grey", 0.8, "box", (0.1, 0.1, 0.6, 0.9))]).image.crop((80, 0, 320, 192))
    assert editor.export_image().tobytes() == plain.tobytes()
    editor.set_image(picture)
    assert (editor.edits, editor.placements) == ([], [])


def test_bad_edits_are_refused_and_the_kept_ones_stay(picture: Image.Image, worker: Worker) -> None:
    editor = ObjectEditor(picture, worker, edits=[GREY])
    for bad, reason in (
        ({"kind": "gray"}, "'grey'"),
        ({**GREY, "region": "segments", "segments": [99999]}, "superpixel"),
    ):
        with pytest.raises(traitlets.TraitError, match=reason):
            editor.edits = [bad]
    assert len(editor.edits) == 1


def test_a_hidden_thing_is_kept_and_not_pasted(picture: Image.Image, worker: Worker) -> None:
    editor = ObjectEditor(picture, worker, placements=[{**BALL, "hidden": True}])
    assert editor.placements[0]["hidden"] is True
    assert editor.export_image().tobytes() == picture.tobytes()
    assert editor.prediction == pytest.approx(editor.original_prediction)
    editor.placements = [{**BALL, "hidden": False}]
    assert "hidden" not in editor.placements[0]
    assert editor.export_image().tobytes() != picture.tobytes()


def test_evaluation_with_edits_and_a_cam_on_a_crop(
    picture: Image.Image, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = ObjectEditor(picture, worker)
    line = Line(editor, monkeypatch)
    content, buffers = line.ask("evaluate", placements=[BALL], edits=[GREY, CROP], seq=1, cam=True)
    editor.edits, editor.placements = [GREY, CROP], [BALL]
    assert floats(buffers[0]) == pytest.approx(worker.predict(editor.export_image()).probabilities, abs=1e-6)
    assert content["cam"][2:] == [80, 0, 320, 192]
    content, buffers = line.ask("edited", edits=[GREY, CROP])
    assert content["window"] == [80, 0, 320, 192]
    shown = np.asarray(Image.open(io.BytesIO(buffers[0]))).astype(int)
    whole = np.asarray(apply_edits(picture, [RegionEdit("grey", 0.8, "box", (0.1, 0.1, 0.6, 0.9))]).image)
    assert np.abs(shown - whole).mean() < 4  # but for JPEG's losses


def test_segments_are_those_that_lime_cuts(
    picture: Image.Image, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, buffers = Line(ObjectEditor(picture, worker), monkeypatch).ask("segments")
    assert (content["height"], content["width"]) == (240, 320)
    assert np.array_equal(np.frombuffer(buffers[0], "<i4").reshape(240, 320), segment_image(picture))


# -- boxes and the control ---------------------------------------------------------------------------------------------


def test_at_rest_the_control_and_the_covered_boxes_are_told(
    picture: Image.Image, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = ObjectEditor(picture, worker, boxes=BOXES)
    line = Line(editor, monkeypatch)
    content, buffers = line.ask("boxes")
    assert content["names"] == ["Human face 1", "Human face 2"]
    assert floats(buffers[0]).reshape(-1, 4).tolist() == BOXES.boxes[:2].tolist()
    content, buffers = line.ask("rest", placements=[BALL], edits=[])
    grey = editor._needed_picture().compose([Placement(**BALL)], variant="grey")
    assert content["control"]
    assert floats(buffers[0]) == pytest.approx(worker.predict(grey).probabilities, abs=1e-6)
    assert floats(buffers[1])[0] > 0.6
    assert floats(buffers[1])[1] == 0
    content, buffers = line.ask("rest", placements=[{**BALL, "hidden": True}], edits=[GREY])
    assert not content["control"]


def test_boxes_come_from_the_run_where_it_holds_the_image(
    run: Run, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = str(run.images.image_id[3])
    editor = ObjectEditor(image_id, worker, run=run)
    content, buffers = Line(editor, monkeypatch).ask("boxes")
    rows = run.boxes_of(image_id)
    sure = rows[rows.confidence >= 0.2].sort_values("confidence", ascending=False)
    assert content["classes"] == sure.object_class.tolist()
    assert floats(buffers[0]) == pytest.approx(sure[["x0", "y0", "x1", "y1"]].to_numpy().ravel())
    assert set(content["corpus"]) == set(run.boxes.object_class)
    assert editor.corpus is run.corpus


# -- sprites -----------------------------------------------------------------------------------------------------------


def test_an_own_picture_is_pasted_as_python_read_it(
    picture: Image.Image, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = ObjectEditor(picture, worker)
    line = Asking(editor, monkeypatch)
    red = Image.new("RGBA", (30, 20), (255, 0, 0, 255))
    content, buffers = line.give("add-sprite", png(red), name="<img src=x onerror=alert(1)>")
    name = content["name"]
    assert name == "<img src=x onerror=alert(1)>"
    assert Image.open(io.BytesIO(buffers[0])).tobytes() == red.tobytes()
    editor.placements = [{"sprite": name, "x": 0.5, "y": 0.5, "height": 0.5}]
    assert editor.export_image().getpixel((160, 120)) == (255, 0, 0)
    again, _ = line.give("add-sprite", png(red), name=name)
    assert again["name"] == name
    other, _ = line.give("add-sprite", png(Image.new("RGB", (9, 9), "blue")), name=name)
    assert other["name"] == f"{name} 2"
    palette, pictures = line.ask("palette", known=[one for one in editor._palette.sprites if one != name])
    assert (palette["names"], len(pictures)) == ([name], 1)
    reply, _ = line.give("add-sprite", b"GIF89a no", name="bad")
    assert reply["kind"] == "error"
    assert not reply["details"]


def test_things_are_cut_out_of_the_image_and_of_the_corpus(
    run: Run, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = ObjectEditor(str(run.images.image_id[3]), worker, run=run)
    line = Asking(editor, monkeypatch)
    boxes, buffers = line.ask("boxes")
    x0, y0, x1, y1 = floats(buffers[0])[:4]
    content, _ = line.give("cut-out", b"", box=0)
    assert content["name"] == boxes["names"][0]
    sprite = editor._palette.sprites[content["name"]]
    assert sprite.size == (int(np.ceil(x1) - np.floor(x0)), int(np.ceil(y1) - np.floor(y0)))
    choices, pictures = line.ask("cut-out-choices", **{"class": boxes["classes"][0], "start": 0})
    assert len(choices["rows"]) == len(pictures) == min(12, choices["total"])
    assert choices["confidence"] == sorted(choices["confidence"], reverse=True)
    content, _ = line.give("cut-out", b"", row=choices["rows"][-1])
    assert content["class"] == boxes["classes"][0]
    editor.placements = [{"sprite": content["name"], "x": 0.5, "y": 0.5}]
    for bad in ({"row": 10**9}, {"box": 400}):
        reply, _ = line.give("cut-out", b"", **bad)
        assert reply["kind"] == "error"
        assert not reply["details"]


# -- sweeping ----------------------------------------------------------------------------------------------------------


def test_a_sweep_pass_by_pass_ends_in_the_trait(
    picture: Image.Image, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = ObjectEditor(picture, worker, placements=[BALL])
    found = editor.sweep(columns=3, rows=2)
    assert editor.sweep_result is found
    assert found.finished
    line = Line(editor, monkeypatch)
    content, _ = line.ask("sweep", run=1, start=True, placements=[BALL], edits=[], index=0, columns=3, rows=2)
    order = content["order"]
    assert sorted(order) == list(range(6))
    content, buffers = line.ask("sweep", run=1, cells=order[:4], edits=[])
    assert floats(buffers[0]).reshape(4, -1) == pytest.approx(found.probabilities[order[:4]], abs=1e-5)
    line.ask("sweep", run=1, stop=True)
    assert editor.sweep_result is not None
    assert not editor.sweep_result.finished
    line.ask("sweep", run=1, cells=order[4:], edits=[])
    assert editor.sweep_result.probabilities == pytest.approx(found.probabilities, abs=1e-5)
    reply, _ = line.ask("sweep", run=0, cells=[0], edits=[])
    assert "start it again" in reply["sentence"]
    editor.placements = []
    with pytest.raises(EmocamError, match="no thing"):
        editor.sweep()


def test_every_view_is_told_of_a_sweep_and_a_later_one_finds_it(
    picture: Image.Image, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = ObjectEditor(picture, worker, placements=[{**BALL, "x": 0.1, "hidden": True}, BALL])
    line = Line(editor, monkeypatch)
    start = {"placements": [BALL], "edits": [], "index": 0, "columns": 3, "rows": 2}
    assert line.ask("sweep", show=True)[0].keys() == {"kind", "id"}
    content, _ = line.ask("sweep", run=7, start=True, **start)
    assert (content["run"], content["columns"], content["rows"], content["index"]) == (7, 3, 2, 0)
    _, passed = line.ask("sweep", run=7, cells=content["order"][:2], edits=[])
    found, buffers = line.ask("sweep", show=True)
    assert (found["run"], found["cells"], found["running"]) == (7, sorted(content["order"][:2]), True)
    order = np.argsort(content["order"][:2])
    np.testing.assert_array_equal(floats(buffers[0]).reshape(2, -1), floats(passed[0]).reshape(2, -1)[order])
    assert line.ask("sweep", run=7, stop=True)[0]["stopped"]
    editor.placements = [editor.placements[0], {**BALL, "x": 0.9}]
    assert line.ask("sweep", show=True)[0]["running"] is False, "the swept thing was only moved"
    editor.edits = [GREY]
    assert "run" not in line.ask("sweep", show=True)[0], "the picture is another one"
    editor.edits = []
    assert line.ask("sweep", run=7, clear=True)[0]["cleared"]
    assert "run" not in line.ask("sweep", show=True)[0]
    made = editor.sweep(columns=2, rows=1)
    found, buffers = line.ask("sweep", show=True)
    assert found["run"] < 0 and found["cells"] == [0, 1]
    np.testing.assert_array_equal(floats(buffers[0]).reshape(2, -1), made.probabilities)


# -- files -------------------------------------------------------------------------------------------------------------


def test_what_is_saved_can_be_loaded_again(
    picture: Image.Image, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = ObjectEditor(picture, worker)
    name = editor.add_sprite("card", Image.new("RGBA", (1500, 20), (255, 0, 0, 200)))
    editor.placements = [{**BALL, "hidden": True}, {"sprite": name, "x": 0.4, "y": 0.5, "height": 0.1, "rotation": 20}]
    editor.edits = [GREY]
    text = editor.to_json()
    other = ObjectEditor(picture, worker, sprites={"card": Image.new("RGBA", (9, 9), "blue")})
    other.load_json(text)
    assert other.export_image().tobytes() == editor.export_image().tobytes()
    assert other.placements[1]["sprite"] == "card 2"
    assert other.edits == editor.edits
    content, _ = Line(other, monkeypatch).ask("import", text=text)
    assert content["placements"] == other.placements
    for bad, reason in (
        ("nothing", "not JSON"),
        ("[]", "not one of the editor's"),
        (json.dumps({"format": "emocam-edit", "version": 9}), "version 9"),
        (text.replace('"edits": [', '"edits": [7, '), "expected kind"),
        (text.replace('"sprites": {', '"sprites": {"x": "????",'), "damaged"),
    ):
        with pytest.raises(EmocamError, match=reason):
            other.load_json(bad)


def test_the_result_as_a_table(picture: Image.Image, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    editor = ObjectEditor(picture, worker, placements=[BALL])
    result = editor.result().as_dict()
    assert (result["classifier"], result["fingerprint"]) == ("tiny", worker.classifier.fingerprint)
    assert result["after"] == pytest.approx(editor.prediction)
    assert result["before"] == pytest.approx(editor.original_prediction)
    content, buffers = Line(editor, monkeypatch).ask("export", format="csv", placements=[BALL], edits=[])
    table = pd.read_csv(io.BytesIO(buffers[0]))
    assert content["name"] == "image-result.csv"
    assert table.label.tolist() == list(LABELS)
    assert (table.after - table.before).tolist() == pytest.approx(table.change.tolist(), abs=1e-6)
    assert table.grey_silhouette.tolist() == pytest.approx(list(result["grey_silhouette"].values()), abs=1e-6)
    assert set(table.fingerprint) == {worker.classifier.fingerprint}
