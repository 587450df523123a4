"""The Python side of the image browser and the object editor: filters, order, messages, compositing."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from PIL import Image

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine import Worker, paste
from emocam_widgets.errors import EmocamError, ImageError, UnknownNameError
from emocam_widgets.models import wrap_classifier
from emocam_widgets.models.demo import SceneNet
from emocam_widgets.run import Run
from emocam_widgets.types import Placement
from emocam_widgets.widgets.browser import ImageBrowser
from emocam_widgets.widgets.editor import ObjectEditor
from emocam_widgets.widgets.image_filter import Filter, Settings
from emocam_widgets.widgets.run_index import RunIndex
from emocam_widgets.widgets.thumbnails import Thumbnails
from tests.worlds import LABELS, NEVER, make_run

SETTINGS = Settings("grad-cam", "mean", 0.3, 0.005, "prediction")
CELL = ("Human face", "Excitement")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Forty drawn images."""
    return make_run(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A small random classifier whose answers differ from image to image."""
    torch.manual_seed(5)
    net = SceneNet(len(LABELS), width=0.2, hidden=16).eval()
    with torch.no_grad():
        net.tail.fc2.weight.mul_(30)
    with Worker(wrap_classifier(net, LABELS, size=224, name="random", synthetic=True)) as made:
        yield made


class Line:
    """The front end's end of the line: what a widget sends, and the reply to a question."""

    def __init__(self, widget: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.widget = widget
        self.sent: list[tuple[dict[str, Any], list[Any]]] = []
        self.arrived = threading.Event()
        monkeypatch.setattr(type(widget), "send", lambda _widget, content, buffers=None: self._take(content, buffers))

    def _take(self, content: dict[str, Any], buffers: Any) -> None:
        self.sent.append((content, list(buffers or [])))
        self.arrived.set()

    def ask(self, kind: str, **content: Any) -> tuple[dict[str, Any], list[Any]]:
        self.sent.clear()
        self.arrived.clear()
        self.widget._answer(self.widget, {"kind": kind, "id": 7, **content}, [])
        assert self.arrived.wait(20), "no reply"
        reply, buffers = self.sent[-1]
        assert reply["id"] == 7
        return reply, buffers


# -- which images -----------------------------------------------------------------------------------------------------


def contributors(run: Run, object_class: str, label: str, threshold: float = 0.3) -> list[str]:
    """By pandas, from the tables alone."""
    boxes = run.boxes.assign(importance=run.importance("grad-cam"))
    boxes = boxes[(boxes.object_class == object_class) & (boxes.importance > threshold)]
    of_label = run.images[run.images.label == label].image_id
    return sorted(set(boxes.image_id) & set(of_label))


def test_cell_shows_its_contributors(run: Run) -> None:
    browser = ImageBrowser(run)
    assert browser.image_ids == list(run.images.image_id)
    browser.cell = list(CELL)
    assert browser.image_ids == contributors(run, *CELL)
    assert 0 < len(browser.image_ids) < (run.images.label == CELL[1]).sum()
    browser.threshold = 0.6
    assert browser.image_ids == contributors(run, *CELL, threshold=0.6)
    assert browser.show_cam
    browser.set_trait("cell", None)
    assert not browser.show_cam


def test_cell_and_label_exclude_each_other_and_compose_with_a_class(run: Run) -> None:
    browser = ImageBrowser(run, label="Joy")
    assert browser.image_ids == run.images.image_id[run.images.label == "Joy"].tolist()
    browser.cell = list(CELL)
    assert browser.label is None
    with_food = set(run.boxes.image_id[run.boxes.object_class == "Food"])
    browser.object_class = "Food"
    assert browser.cell == list(CELL)
    assert browser.image_ids == [i for i in contributors(run, *CELL) if i in with_food]
    browser.label = "Craving"
    assert browser.cell is None
    both = run.boxes.merge(run.images[["image_id", "label"]])
    assert browser.image_ids == sorted(set(both.image_id[(both.object_class == "Food") & (both.label == "Craving")]))
    browser.label = NEVER
    assert browser.image_ids == []
    browser.clear_filters()
    assert browser.image_ids == list(run.images.image_id)


def test_sorting_by_probability_and_importance(run: Run) -> None:
    browser = ImageBrowser(run, label="Joy", sort="probability")
    joy = run.probabilities[[run.position(i) for i in browser.image_ids], LABELS.index("Joy")]
    assert (np.diff(joy) <= 0).all()
    browser.cell, browser.sort = list(CELL), "importance"
    boxes = run.boxes.assign(importance=run.importance("grad-cam"))
    greatest = boxes[boxes.object_class == CELL[0]].groupby("image_id").importance.max()
    assert (np.diff(greatest[browser.image_ids]) <= 0).all()


@pytest.mark.parametrize(
    ("trait", "value", "nearest"),
    [
        ("label", "Joyy", "'Joy'"),
        ("object_class", "Plants", "'Plant'"),
        ("cell", ["Food", "Cravings"], "'Craving'"),
        ("method", "gradcam", "'grad-cam'"),
        ("selected", "joy/000.web", "'joy/000.webp'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(run: Run, trait: str, value: Any, nearest: str) -> None:
    browser = ImageBrowser(run)
    with pytest.raises(traitlets.TraitError, match=nearest):
        setattr(browser, trait, value)
    assert browser.image_ids == list(run.images.image_id)


# -- what is drawn over them ------------------------------------------------------------------------------------------


def test_strong_boxes_are_those_that_made_the_image_count(run: Run) -> None:
    index = RunIndex(run)
    position = index.position(contributors(run, *CELL)[0])
    found = index.boxes(position, Filter(cell=CELL), SETTINGS)
    table = run.boxes_of(index.ids[position])
    counts = (table.object_class == CELL[0]) & (run.importance("grad-cam")[table.index] > 0.3)
    assert found.strong.sum() == counts.sum() > 0
    assert len(found) == len(table)
    assert (np.diff(found.confidence) <= 0).all()
    everything = index.boxes(position, Filter(), SETTINGS)
    assert everything.strong.sum() == (everything.importance > 0.3).sum() > 0
    by_class = index.boxes(position, Filter(object_class="Person"), SETTINGS)
    assert by_class.strong.sum() == (table.object_class == "Person").sum()


def test_index_message(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    content, buffers = Line(ImageBrowser(run, cell=list(CELL)), monkeypatch).ask("index")
    order = np.frombuffer(buffers[0], "<i4")
    ids = buffers[1].decode().split("\0")
    assert [ids[i] for i in order] == contributors(run, *CELL)
    assert content["order"]["count"] == len(order)
    assert content["order"]["total"] == (run.images.label == CELL[1]).sum()
    sizes = np.frombuffer(buffers[2], "<i4").reshape(-1, 2)
    assert sizes[1].tolist() == run.images[["width", "height"]].iloc[1].tolist()
    assert [LABELS[i] for i in np.frombuffer(buffers[3], "<i4")] == run.images.label.tolist()


def test_thumbnails_arrive_with_boxes_and_maps(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(ImageBrowser(run), monkeypatch)
    early, early_buffers = line.ask("thumbnails", positions=[0], height=160)
    assert (early["revision"], early["items"][0]["boxes"], early["items"][0]["cam"]) == (-1, 0, None)
    assert len(early_buffers[2]) > 0, "the first pictures do not wait for what lies over them"
    later, _ = line.ask("thumbnails", positions=[0], pictures=False)
    assert later["revision"] > 0 and later["items"][0]["cam"] is not None
    content, buffers = line.ask("thumbnails", positions=[0, 5, 999_999], height=160)
    assert [item["position"] for item in content["items"]] == [0, 5]
    boxes = np.frombuffer(buffers[0], "<f4").reshape(-1, 8)
    assert len(boxes) == sum(item["boxes"] for item in content["items"])
    grids = np.frombuffer(buffers[1], "<f4")
    assert grids.size == sum(item["cam"][0] * item["cam"][1] for item in content["items"])
    assert grids[:169] == pytest.approx(run.grid(run.images.image_id[0], "grad-cam").grid.ravel())
    picture = Image.open(io.BytesIO(buffers[2]))
    assert picture.height <= 160
    assert picture.width / picture.height == pytest.approx(
        run.images.width.iloc[0] / run.images.height.iloc[0], rel=0.02
    )
    again, more = line.ask("thumbnails", positions=[5], pictures=False)
    assert (len(again["items"]), len(more[2])) == (1, 0)


def test_the_first_pictures_of_a_new_order_are_begun_before_they_are_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = ImageBrowser(run)
    opened: list[str] = []

    def open_image(image_id: str, _side: int) -> Image.Image:
        opened.append(image_id)
        return run.open_image(image_id)

    monkeypatch.setattr(browser._thumbnails, "_open_image", open_image)
    browser.sort_reverse = True
    assert opened == [], "nobody looks at it"
    line = Line(browser, monkeypatch)
    line.ask("thumbnails", positions=[0], height=160)
    browser.sort_reverse = False
    browser._thumbnails._pool.shutdown(wait=True)
    assert set(browser.image_ids[1:16]) <= set(opened)
    assert opened.count(browser.image_ids[0]) == 1, "it was there already"


def test_an_image_that_is_gone_says_so_and_the_others_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path, n=6)
    gone = run.images.image_id[2]
    (tmp_path / "images" / gone).unlink()
    line = Line(ImageBrowser(run), monkeypatch)
    content, buffers = line.ask("thumbnails", positions=[1, 2])
    assert "reason" not in content["items"][0]
    assert content["items"][1]["reason"]
    assert (len(buffers[2]) > 0, len(buffers[3])) == (True, 0)
    reply, _ = line.ask("image", image_id=gone)
    assert reply["kind"] == "error"
    assert reply["sentence"]


def test_large_view_has_all_probabilities(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    image_id = str(run.images.image_id[7])
    content, buffers = Line(ImageBrowser(run), monkeypatch).ask("image", image_id=image_id)
    assert content["boxes"] == len(run.boxes_of(image_id))
    assert content["cam_target"] == content["annotation"] == run.images.label[7]
    assert np.frombuffer(buffers[2], "<f4") == pytest.approx(run.probabilities[7])
    assert Image.open(io.BytesIO(buffers[3])).size == (run.images.width[7], run.images.height[7])


def test_thumbnails_are_made_once_and_dropped_when_room_is_short() -> None:
    made: list[str] = []

    def open_image(image_id: str, _least_side: int) -> Image.Image:
        if image_id == "bad":
            raise ImageError("it is bad", image_id)
        made.append(image_id)
        return Image.new("RGB", (400, 300), "red")

    thumbnails = Thumbnails(open_image, cache_bytes=1500)
    first = thumbnails.submit("a", 96).result()
    assert thumbnails.submit("a", 96).result() == first
    assert made == ["a"]
    for name in "bcdefgh":
        thumbnails.submit(name, 96).result()
    assert thumbnails.submit("a", 96).result() == first
    assert made.count("a") == 2
    results: list[dict[str, Any]] = []
    finished = threading.Event()

    def collect(result: dict[str, Any]) -> None:
        results.append(result)
        finished.set()

    thumbnails.batch(["a", "bad", "a"], 96, collect)
    assert finished.wait(20)
    assert results[0]["a"] == first
    assert isinstance(results[0]["bad"], ImageError)
    thumbnails.close()


# -- the editor -------------------------------------------------------------------------------------------------------

BALL: dict[str, Any] = {"sprite": "rugby ball", "x": 0.5, "y": 0.4, "height": 0.4}


@pytest.fixture
def picture() -> Image.Image:
    """A gradient, so that no two places look the same."""
    ramp = np.add.outer(np.arange(240), np.arange(320)) % 256
    return Image.fromarray(np.stack([ramp, 255 - ramp, ramp // 2], axis=-1).astype(np.uint8))


def test_export_is_what_was_predicted(picture: Image.Image, worker: Worker) -> None:
    editor = ObjectEditor(picture, worker)
    before = editor.prediction
    editor.placements = [BALL, Placement("soccer ball", 0.2, 0.8, 0.3, rotation=30, flip=True)]
    exported = editor.export_image()
    assert exported.size == picture.size
    assert exported.tobytes() != picture.tobytes()
    expected = worker.predict(exported)
    assert editor.prediction == {
        label: float(p) for label, p in zip(expected.labels, expected.probabilities, strict=True)
    }
    assert editor.original_prediction == before != editor.prediction
    assert editor.placements[0] == {**BALL, "rotation": 0.0, "flip": False, "opacity": 1.0}


def test_evaluation_while_dragging(picture: Image.Image, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = ObjectEditor(picture, worker)
    line = Line(editor, monkeypatch)
    scene, buffers = line.ask("scene")
    assert (scene["width"], scene["height"], scene["editable"]) == (320, 240, True)
    assert np.frombuffer(buffers[1], "<f4") == pytest.approx(list(editor.original_prediction.values()))
    content, buffers = line.ask("evaluate", placements=[BALL], seq=3, scene=scene["scene"], cam=True)
    assert (content["seq"], content["scene"]) == (3, scene["scene"])
    dragged = paste(picture, editor._palette.sprites, [Placement(**BALL)])
    assert np.frombuffer(buffers[0], "<f4") == pytest.approx(worker.predict(dragged).probabilities, abs=1e-6)
    cam = worker.explain(dragged)
    assert np.frombuffer(buffers[1], "<f4") == pytest.approx(cam.grid.ravel(), abs=1e-5)
    assert content["cam"][:2] == list(cam.grid.shape)
    assert editor.placements == []
    assert editor.prediction[worker.predict(dragged).label] == pytest.approx(
        worker.predict(dragged).probabilities.max()
    )
    content, buffers = line.ask("export", placements=[BALL])
    assert Image.open(io.BytesIO(buffers[0])).tobytes() == dragged.tobytes()
    assert content["name"].endswith(".png")


def test_palette_holds_shipped_and_own_sprites(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Image.new("RGBA", (600, 300), (255, 0, 0, 128))
    content, buffers = Line(ObjectEditor(worker=worker, sprites={"red card": own}), monkeypatch).ask("palette")
    assert {"rugby ball", "soccer ball", "lotus flower", "red card"} <= set(content["names"])
    assert len(content["names"]) == len(content["classes"]) == len(buffers) >= 13
    assert Image.open(io.BytesIO(buffers[content["names"].index("red card")])).size == (320, 160)
    assert content["labels"] == list(LABELS)


@pytest.mark.parametrize(
    ("placement", "reason"),
    [
        ({"sprite": "rugby bal", "x": 0, "y": 0}, "'rugby ball'"),
        ({"sprite": "rugby ball", "x": 0}, "expected sprite, x, y"),
        ({**BALL, "height": 0}, "height is 0"),
        ({**BALL, "x": float("nan")}, "x is nan"),
        ({**BALL, "rotation": "left"}, "rotation is 'left'"),
        ({**BALL, "opacity": 3}, "expected 0 to 1"),
        ({**BALL, "colour": "red"}, "expected sprite, x, y"),
        ("rugby ball", "expected sprite, x, y"),
    ],
)
def test_bad_placements_are_refused_in_words(
    picture: Image.Image, worker: Worker, placement: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = ObjectEditor(picture, worker)
    with pytest.raises(traitlets.TraitError, match=reason):
        editor.placements = [placement]
    assert editor.placements == []
    reply, _ = Line(editor, monkeypatch).ask("evaluate", placements=[placement], seq=1)
    assert reply["kind"] == "error"
    assert not reply["details"]


def test_images_come_from_everywhere(run: Run, worker: Worker, picture: Image.Image, tmp_path: Path) -> None:
    editor = ObjectEditor(worker=worker, corpus=run.corpus)
    with pytest.raises(EmocamError, match="no image yet"):
        editor.export_image()
    image_id = str(run.images.image_id[0])
    editor.image_id = image_id
    editor.placements = [BALL]
    scene = editor._scene
    editor.image_id = str(run.images.image_id[1])
    assert editor.placements == []
    assert editor._scene > scene
    editor.set_image(image_id)
    assert editor.export_image().tobytes() == run.open_image(image_id).tobytes()
    editor.set_image(np.asarray(picture))
    assert editor.image_id is None
    assert editor.export_image().tobytes() == picture.tobytes()
    picture.save(tmp_path / "picture.png")
    editor.set_image(tmp_path / "picture.png")
    assert editor.prediction == ObjectEditor(picture, worker).prediction


def test_an_image_that_cannot_be_read_leaves_the_editor_empty_with_the_reason(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good.png", "bad.png"):
        Image.new("RGB", (20, 20), "green").save(tmp_path / name)
    (tmp_path / "bad.png").write_bytes(b"no image")
    editor = ObjectEditor(worker=worker, corpus=Corpus.from_folder(tmp_path), image_id="good.png")
    with pytest.raises(ImageError):
        editor.image_id = "bad.png"
    scene, _ = Line(editor, monkeypatch).ask("scene")
    assert (scene["width"], "bad.png" in scene["problem"]) == (0, True)
    assert editor.prediction == {}


def test_editor_without_a_worker_shows_the_image_and_says_what_to_pass(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = ObjectEditor(picture)
    editor.placements = [BALL]
    assert editor.export_image().size == picture.size
    with pytest.raises(EmocamError, match="worker"):
        _ = editor.original_prediction
    line = Line(editor, monkeypatch)
    scene, _ = line.ask("scene")
    assert (scene["editable"], scene["width"]) == (False, 320)
    reply, _ = line.ask("evaluate", placements=[])
    assert "Worker(classifier)" in reply["sentence"]


def test_unknown_image_of_the_run(run: Run) -> None:
    with pytest.raises(UnknownNameError, match="image in this run"):
        RunIndex(run).position("joy/none.webp")
