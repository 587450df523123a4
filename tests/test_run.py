"""A run on disk: what is written is read back, commits are whole, and every way of being no run is one sentence."""

from __future__ import annotations

import json
import resource
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emocam_widgets.analysis.association import PRESENCE
from emocam_widgets.analysis.importance import box_importance
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError, ImageError, RunError, UnknownNameError
from emocam_widgets.run import (
    SCHEMA_VERSION,
    TABLES,
    ClassifierInfo,
    CorpusInfo,
    DetectorInfo,
    Manifest,
    MethodInfo,
    RunWriter,
    open_run,
)
from emocam_widgets.types import View

LABELS = ("Joy", "Fear", "Awe")
CLASSES = ("Person", "Tree", "Flag")
SIZES = {"wide": (60, 40), "tall": (30, 50)}


def manifest(root: Path | str = "/photos", **changes: Any) -> Manifest:
    made = Manifest(
        corpus=CorpusInfo("folder", str(root), "photos", n_images=6),
        classifier=ClassifierInfo("tiny", "abc"),
        labels=LABELS,
        detectors=(DetectorInfo("boxer", "def", CLASSES, {"min_confidence": 0.005}),),
        methods=(MethodInfo("grad-cam"),),
        versions={"emocam-widgets": "0"},
    )
    return replace(made, **changes)


def tables(image_ids: list[str], seed: int = 0) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    images, boxes, cams = [], [], []
    for number, image_id in enumerate(image_ids):
        width, height = SIZES["wide" if number % 2 else "tall"]
        probabilities = rng.dirichlet(np.ones(3)).astype(np.float32)
        label = LABELS[int(probabilities.argmax())]
        annotation = LABELS[number % 2] if number else None
        images.append(
            {
                "image_id": image_id, "width": width, "height": height, "label": label, "annotation": annotation,
                "probabilities": probabilities, "valence": None, "arousal": None,
            }
        )  # fmt: skip
        for _ in range(0 if image_id == "e.png" else int(rng.integers(1, 6))):
            x0, x1 = np.sort(rng.uniform(-5, width + 5, 2))
            y0, y1 = np.sort(rng.uniform(-5, height + 5, 2))
            boxes.append(
                {
                    "image_id": image_id, "detector": "boxer", "object_class": str(rng.choice(CLASSES)),
                    "confidence": rng.random(), "x0": x0, "y0": y0, "x1": x1, "y1": y1,
                }
            )  # fmt: skip
        side = min(width, height)
        for target in (label, "Joy") if label != "Joy" else ("Joy",):
            cams.append(
                {
                    "image_id": image_id, "method": "grad-cam", "target": target, "output": "probabilities",
                    "grid": rng.random(35).astype(np.float16), "grid_height": 5, "grid_width": 7,
                    "view_x0": (width - side) / 2, "view_y0": 0, "view_x1": (width + side) / 2, "view_y1": side,
                }
            )  # fmt: skip
    return {"images": pd.DataFrame(images), "boxes": pd.DataFrame(boxes), "cams": pd.DataFrame(cams)}


IDS = [f"{name}.png" for name in "fbdace"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A run of two parts over six images, one of which failed in a third."""
    with RunWriter(tmp_path / "run", manifest()) as writer:
        writer.write_part(tables(IDS[:4]), detected={"boxer": IDS[:4]})
        writer.write_part(tables(IDS[4:], seed=1), detected={"boxer": IDS[4:]})
        writer.write_part({"failures": pd.DataFrame([{"image_id": "x.png", "stage": "open", "reason": "empty"}])})
        writer.finish()
    return tmp_path / "run"


def test_tables_have_exactly_the_columns_of_the_design(path: Path) -> None:
    run = open_run(path)
    for name in ("images", "boxes", "cams", "failures", "pastes", "lime"):
        assert list(getattr(run, name).columns) == TABLES[name].names
    assert run.images["image_id"].tolist() == sorted(IDS)
    assert run.labels == LABELS
    assert run.classes == CLASSES
    assert run.methods == ("grad-cam",)
    assert run.annotations == ("Joy", "Fear")
    assert not run.synthetic
    assert run.failures.to_dict("records") == [{"image_id": "x.png", "stage": "open", "reason": "empty"}]
    assert run.manifest.counts["images"] == len(run) == 6
    assert run.manifest.counts["failures"] == 1
    stored = json.loads((path / "manifest.json").read_text())
    assert stored["schema"] == SCHEMA_VERSION
    assert stored["classes"] == list(CLASSES)


def test_values_survive_the_disk(path: Path) -> None:
    run = open_run(path)
    written = tables(IDS[:4])
    row = written["images"].iloc[0]
    assert run.image("f.png")["label"] == row["label"]
    assert pd.isna(run.image("f.png")["annotation"])
    assert run.probabilities[run.position("f.png")].tolist() == row["probabilities"].tolist()
    expected = written["boxes"][written["boxes"]["image_id"] == "d.png"]
    assert len(expected)
    assert run.boxes_of("e.png").empty
    assert run.boxes_of("d.png")["x0"].to_numpy() == pytest.approx(expected["x0"].to_numpy(np.float32))
    cam = written["cams"].iloc[0]
    found = run.grid("f.png", "grad-cam", cam["target"])
    assert (found.grid == cam["grid"].astype(np.float32).reshape(5, 7)).all()
    assert (found.view, found.target, found.output) == (View(0, 0, 30, 30), cam["target"], "probabilities")
    assert run.grid("f.png", "grad-cam").target == row["label"]
    assert run.cams["grid"].iloc[0].dtype == np.float16


def test_importance_of_the_table_equals_box_by_box(path: Path) -> None:
    run = open_run(path)
    found = run.importance("grad-cam")
    assert found.shape == (len(run.boxes),)
    expected = []
    for image_id, corners in zip(run.boxes["image_id"], run.boxes[["x0", "y0", "x1", "y1"]].to_numpy(), strict=True):
        image, cam = run.image(image_id), run.grid(image_id, "grad-cam")
        expected.append(box_importance(cam.grid, cam.view, corners, image["width"], image["height"])[0])
    assert found == pytest.approx(expected, abs=1e-7)
    assert found.max() > 0.3
    assert run.importance("grad-cam") is found


@pytest.mark.parametrize("by", ["prediction", "annotation"])
def test_association_equals_pandas_over_the_tables(path: Path, by: str) -> None:
    run = open_run(path)
    found = run.association(method="grad-cam", threshold=0.4, min_confidence=0.3, by=by)
    column = "label" if by == "prediction" else "annotation"
    boxes = run.boxes.assign(importance=run.importance("grad-cam"))
    boxes = boxes[(boxes["importance"] > 0.4) & (boxes["confidence"] >= 0.3)]
    pairs = (
        boxes[["image_id", "object_class"]].drop_duplicates().merge(run.images, on="image_id").dropna(subset=[column])
    )
    assert len(pairs)
    assert found.counts.to_numpy().sum() == len(pairs)
    for object_class, label in pairs[["object_class", column]].drop_duplicates().to_numpy():
        group = pairs[(pairs["object_class"] == object_class) & (pairs[column] == label)]
        assert found.counts.loc[object_class, label] == len(group)
        assert found.contributors(object_class, label) == sorted(group["image_id"])
    assert found.n_images.sum() == run.images[column].notna().sum()


def test_presence_and_shuffled_controls(path: Path) -> None:
    run = open_run(path)
    present = run.association(threshold=PRESENCE, min_confidence=0)
    assert present.counts.to_numpy().sum() == len(run.boxes[["image_id", "object_class"]].drop_duplicates())
    shuffled = [run.association(threshold=0.45, min_confidence=0, shuffle=seed).counts.to_numpy() for seed in range(5)]
    assert any((each != run.association(threshold=0.45, min_confidence=0).counts.to_numpy()).any() for each in shuffled)
    again = run.association(threshold=PRESENCE, min_confidence=0, shuffle=1)
    assert (again.counts == present.counts).all(axis=None)
    fresh = open_run(path).association(threshold=0.45, min_confidence=0, shuffle=2)
    assert (fresh.counts.to_numpy() == shuffled[2]).all()


def test_images_without_the_methods_cam_do_not_dilute(path: Path) -> None:
    more = replace(manifest(), methods=(MethodInfo("lift-cam", "logits"),))
    cams = tables(IDS[:4])["cams"].assign(method="lift-cam", output="logits")
    with RunWriter(path, more) as writer:
        assert writer.done_images("lift-cam") == frozenset()
        writer.write_part({"cams": cams[cams["image_id"].isin(IDS[:2])]})
        assert writer.done_images("lift-cam") == writer.done_images("lift-cam", "logits") == {"f.png", "b.png"}
        assert writer.done_images("lift-cam", "probabilities") == frozenset()
    run = open_run(path)
    assert run.methods == ("grad-cam", "lift-cam")
    assert run.association("lift-cam").n_images.sum() == 2
    assert run.association("grad-cam").n_images.sum() == 6
    assert run.grid("f.png", "lift-cam").output == "logits"


def test_names_that_are_not_in_the_run(path: Path) -> None:
    run = open_run(path)
    calls: list[tuple[str, Any]] = [
        ("did you mean 'grad-cam'", lambda: run.association(method="gradcam")),
        ("did you mean 'mean'", lambda: run.association(score="men")),
        ("did you mean 'annotation'", lambda: run.association(by="annotated")),
        ("did you mean 'boxer'", lambda: run.association(detector="box")),
        ("no output of grad-cam in the run called 'logits'", lambda: run.association(output="logits")),
        (r"did you mean 'a\.png'", lambda: run.image("a.pgn")),
        ("no method called", lambda: run.grid("a.png", "lime-cam")),
    ]
    for message, call in calls:
        with pytest.raises(UnknownNameError, match=message):
            call()
    with pytest.raises(EmocamError, match=r"no grad-cam CAM of 'a\.png' for the label 'Horror'"):
        run.grid("a.png", "grad-cam", "Horror")


def test_writer_knows_what_is_done(path: Path) -> None:
    with RunWriter(path, manifest()) as writer:
        assert writer.done_images() == writer.done_images("grad-cam") == writer.detected_images("boxer") == set(IDS)
        assert writer.detected_images("other") == writer.done_images("other") == frozenset()
        assert writer.failed_images() == {"x.png"}


def test_a_failure_that_was_overcome_is_gone(path: Path) -> None:
    with RunWriter(path, manifest()) as writer:
        writer.write_part(tables(["x.png"]))
        writer.write_part({"failures": [{"image_id": "y.png", "stage": "open", "reason": reason} for reason in "ab"]})
        writer.write_part({"failures": [{"image_id": "y.png", "stage": "detect", "reason": "c"}]})
        assert writer.failed_images() == {"y.png"}
    assert open_run(path).failures.to_dict("records") == [{"image_id": "y.png", "stage": "detect", "reason": "c"}]


def test_order_of_parts_does_not_show(tmp_path: Path) -> None:
    every = tables(IDS)
    for name, order in (("one", [IDS]), ("two", [IDS[3:], IDS[:3]])):
        with RunWriter(tmp_path / name, manifest()) as writer:
            for ids in order:
                writer.write_part({table: rows[rows["image_id"].isin(ids)] for table, rows in every.items()})
    one, two = open_run(tmp_path / "one"), open_run(tmp_path / "two")
    for table in ("images", "boxes", "cams"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(two, table))


def test_two_writers_are_refused_and_the_lock_is_given_back(path: Path) -> None:
    with RunWriter(path, manifest()), pytest.raises(RunError, match="being written by another"):
        RunWriter(path, manifest())
    with pytest.raises(RunError, match="cannot be continued"):
        RunWriter(path, manifest(labels=("A", "B")))
    RunWriter(path, manifest()).close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classifier": ClassifierInfo("tiny", "other")}, "the classifier differs"),
        ({"labels": ("Joy",)}, "the list of labels differs"),
        ({"corpus": CorpusInfo("demo", "", "demo")}, "the corpus differs"),
        ({"detectors": (DetectorInfo("boxer", "def", CLASSES, {"min_confidence": 0.5}),)}, "the detector 'boxer'"),
    ],
)
def test_a_run_is_not_continued_with_something_else(path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RunError, match=message) as caught:
        RunWriter(path, manifest(**changes))
    assert "choose another folder" in str(caught.value)


def test_a_run_is_not_continued_over_another_folder(tmp_path: Path, path: Path) -> None:
    (tmp_path / "a").mkdir()
    RunWriter(tmp_path / "new", manifest(tmp_path / "a")).close()
    with pytest.raises(RunError, match="its images are in"):
        RunWriter(tmp_path / "new", manifest(tmp_path / "b"))
    RunWriter(path, manifest(tmp_path / "a")).close()  # /photos is gone, so these may be the same images, moved


def test_leftovers_of_a_killed_writer_are_no_part(path: Path) -> None:
    leftover = path / ".tmp-000009-dead"
    leftover.mkdir()
    (leftover / "images.parquet").write_bytes(b"half")
    assert len(open_run(path)) == 6
    RunWriter(path, manifest()).close()
    assert not leftover.exists()


@pytest.mark.parametrize("damage", ["cut", "gone", "flipped", "info"])
def test_a_damaged_part_is_named_and_set_aside(path: Path, damage: str) -> None:
    part = sorted((path / "parts").iterdir())[1]
    file = part / ("part.json" if damage == "info" else "cams.parquet")
    content = bytearray(file.read_bytes())
    if damage == "gone":
        file.unlink()
    else:
        content[30] ^= 0xFF
        file.write_bytes(bytes(content) if damage == "flipped" else bytes(content[: len(content) // 2]))
    run = open_run(path)
    with pytest.raises(RunError, match=f"The part '{part.name}' .* is damaged .* call analyze again"):
        _ = run.cams
    with RunWriter(path, manifest()) as writer:
        assert writer.set_aside == (part.name,)
        assert writer.done_images() == set(IDS[:4])
        writer.write_part(tables(IDS[4:], seed=1))
    assert open_run(path).images["image_id"].tolist() == sorted(IDS)


def test_folders_that_are_no_run(tmp_path: Path, path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        open_run(tmp_path / "missing")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.txt").write_text("mine")
    with pytest.raises(RunError, match=r"is not a run: it holds no manifest\.json"):
        open_run(tmp_path / "photos")
    with pytest.raises(RunError, match="holds other files"):
        RunWriter(tmp_path / "photos", manifest())
    assert [file.name for file in (tmp_path / "photos").iterdir()] == ["a.txt"]
    with pytest.raises(RunError, match="is a file"):
        RunWriter(tmp_path / "photos" / "a.txt", manifest())
    content = json.loads((path / "manifest.json").read_text())
    for text, message in (
        (json.dumps({**content, "schema": 99}), "schema version 99, this emocam-widgets reads version 1"),
        ("{ half", "damaged or not a run's manifest"),
        (json.dumps({"schema": SCHEMA_VERSION}), "damaged or not a run's manifest"),
        ("[]", "damaged or not a run's manifest"),
    ):
        (path / "manifest.json").write_text(text)
        with pytest.raises(RunError, match=message):
            open_run(path)
        with pytest.raises(RunError):
            RunWriter(path, manifest())


def test_rows_that_do_not_fit_are_the_callers_fault(path: Path) -> None:
    with RunWriter(path, manifest()) as writer:
        with pytest.raises(ValueError, match="unknown columns \\['extra'\\]"):
            writer.write_part({"failures": [{"image_id": "a", "stage": "open", "reason": "b", "extra": 1}]})
        with pytest.raises(ValueError, match="missing columns \\['reason'\\]"):
            writer.write_part({"failures": [{"image_id": "a", "stage": "open"}]})
        with pytest.raises(ValueError, match="column 'width'"):
            writer.write_part({"images": tables(["q"])["images"].assign(width="broad")})
        with pytest.raises(UnknownNameError, match="did you mean 'images'"):
            writer.write_part({"image": []})
    assert len(open_run(path)) == 6


def test_a_run_without_images_or_boxes_leaves_no_nan(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run", manifest()) as writer:
        writer.finish()
    empty = open_run(tmp_path / "run")
    assert empty.association().counts.to_numpy().sum() == 0
    assert empty.probabilities.shape == (0, 3)
    assert np.isfinite(empty.association().lift.to_numpy()).all()
    only_images = {name: rows for name, rows in tables(IDS).items() if name != "boxes"}
    with RunWriter(tmp_path / "run", manifest()) as writer:
        writer.write_part(only_images, detected={"boxer": IDS})
    run = open_run(tmp_path / "run")
    assert run.association().n_images.sum() == 6
    assert run.association().fractions.to_numpy().sum() == 0
    assert run.boxes_of("a.png").empty
    assert run.paste_result.shares().empty


def test_corpus_of_a_run(tmp_path: Path, path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (30, 50), "red").save(photos / "f.png")
    run = open_run(path)
    assert len(run.images) == 6  # tables need no images
    with pytest.raises(EmocamError, match=r"not in '/photos' any more; pass where they are now"):
        run.open_image("f.png")
    moved = open_run(path, corpus=Corpus.from_folder(photos))
    assert moved.open_image("f.png").size == (30, 50)
    with pytest.raises(ImageError, match=r"not in .*no 'a\.png' there"):
        moved.open_image("a.png")
    RunWriter(tmp_path / "run2", manifest(photos)).close()
    assert open_run(tmp_path / "run2").open_image("f.png").size == (30, 50)


def test_many_threads_get_the_same_answer(path: Path) -> None:
    run = open_run(path)
    answers: list[Any] = []

    def ask() -> None:
        answers.append((id(run.images), id(run.importance("grad-cam")), id(run.aggregate())))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1


def test_continuing_with_fewer_images_keeps_how_many_were_to_be_analysed(path: Path) -> None:
    fewer = replace(manifest(), corpus=replace(manifest().corpus, n_images=2))
    RunWriter(path, fewer).close()
    assert open_run(path).manifest.corpus.n_images == 6


def test_a_full_disk_is_one_sentence_and_loses_nothing(path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with RunWriter(path, manifest()) as writer:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            with pytest.raises(RunError, match=r"cannot be written .* what was finished before is kept"):
                writer.write_part(tables(["g.png"]))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert open_run(path).images["image_id"].tolist() == sorted(IDS)
        assert not list(path.glob(".tmp-*"))
        assert writer.done_images() == set(IDS)
        writer.write_part(tables(["g.png"]))
    assert len(open_run(path)) == 7
