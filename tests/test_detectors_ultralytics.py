"""Ultralytics files: by official name, held to Ultralytics' own predictions, masks, and whatever is refused unrun."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from emocam_widgets.detectors import DETECTORS, load_detector, load_ultralytics
from emocam_widgets.detectors.demo import save_detector
from emocam_widgets.detectors.masks import MaskGeometry, mask_in_box
from emocam_widgets.detectors.yolo import UltralyticsDetector
from emocam_widgets.engine import analyze
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.published_models import PUBLISHED
from emocam_widgets.rle import decode_mask
from emocam_widgets.types import Detections
from tests.tiny_models import CLASSES, picture, tiny_classifier
from tests.ultralytics_checkpoints import HEADS, SIDE, checkpoint, network, structure

FOUND = [head for head in HEADS if head != "pose"]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_loads_or_says_where_its_files_come_from_and_go(name: str, own_home: Path) -> None:
    if name == "demo":
        assert load_detector(name).name == "demo"
        return
    with pytest.raises(EmocamError) as refusal:
        load_detector(name)
    message, model = str(refusal.value), PUBLISHED[name.removesuffix("-softmax")]
    assert "\n" not in message and f"emocam models pull {model.name}" in message
    assert str(own_home / "weights" / model.name) in message
    assert all(file.address in message for file in model.files if file.needed)


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'yolov8n-oiv7'"):
        load_detector("yolov8n-oiv77")


def test_an_official_name_is_found_in_the_weights_folder(own_home: Path) -> None:
    checkpoint(own_home / "weights" / "yolov8n-oiv7" / "yolov8n-oiv7.pt")
    detector = load_detector("yolov8n-oiv7")
    assert detector.name == "yolov8n-oiv7" and detector.class_names == CLASSES
    assert {**detector.settings} == {"image_size": SIDE, "iou": 0.7, "confidence": 0.25}
    found = detector.detect([picture(1)])[0]
    assert len(found) and found.masks is None and found.detector == "yolov8n-oiv7"
    assert load_detector("yolov8n-oiv7").fingerprint == detector.fingerprint


def _theirs(path: Path, image: Image.Image, confidence: float) -> Any:
    """What Ultralytics' own predictor says."""
    from ultralytics.models import YOLO

    threads = torch.get_num_threads()
    try:
        found: Any = YOLO(str(path)).predict(
            image, imgsz=SIDE, rect=False, retina_masks=True, conf=confidence, iou=0.7, max_det=1000, verbose=False,
            device="cpu", save=False,
        )  # fmt: skip
        return found[0]
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("head", FOUND)
@pytest.mark.parametrize("size", [(64, 64), (160, 96), (50, 90)])
def test_the_same_as_ultralytics_own_predictions(tmp_path: Path, head: str, size: tuple[int, int]) -> None:
    path = checkpoint(tmp_path / "tiny.pt", head)
    image = picture(5, size)
    detector = load_ultralytics(path)
    found = detector.detect([image], min_confidence=0.2)[0]
    theirs = _theirs(path, image, 0.15)
    boxes, names = theirs.boxes.xyxy.numpy(), [CLASSES[int(index)] for index in theirs.boxes.cls]
    masks = None if theirs.masks is None else theirs.masks.data.numpy().astype(bool)
    assert len(found) >= 4
    assert (found.masks is not None) == ("segment" in head)
    compared = 0
    for number in range(len(found)):
        near = np.abs(boxes - found.boxes[number]).max(axis=1)
        same = np.array([name == found.object_class[number] for name in names])
        match = int(np.argmin(np.where(same, near, np.inf)))
        if found.masks is not None and not found.masks[number].any():
            continue  # they drop what has no pixel, we keep its box
        assert same[match] and near[match] < 1.5, "a box of ours is none of theirs"
        assert abs(float(theirs.boxes.conf[match]) - float(found.confidence[number])) < 0.05
        if found.masks is not None and masks is not None:
            ours, other = found.masks[number], masks[match]
            assert ours.shape == other.shape == (size[1], size[0])
            # The rim of a box is theirs where it falls on a pixel's centre, ours where it touches the pixel.
            assert (ours & other).sum() / (ours | other).sum() > 0.85
        compared += 1
    assert compared >= 3


def test_masks_are_where_the_prototypes_say(tmp_path: Path) -> None:
    """A synthetic prediction: one prototype, on in the left half of the letterboxed square."""

    class Scripted(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple:
            rows = torch.tensor([[50.0, 50, 60, 40, 0.9, 1.0], [50, 50, 60, 40, 0.5, -1.0]]).T[None]
            prototypes = torch.full((1, 1, 25, 25), -1.0)
            prototypes[..., :13] = 1.0
            prototypes[..., 12] = 0.0
            return (rows, prototypes), {}

    detector = UltralyticsDetector(Scripted(), ("a",), name="scripted", image_size=100, iou=1.0)
    # A 200 x 100 image stands in the square at scale 0.5 with 25 px above and below: the boxes are (40, 10, 160, 90).
    found = detector.detect([Image.new("RGB", (200, 100))])[0]
    np.testing.assert_allclose(found.boxes, [[40, 10, 160, 90]] * 2, atol=1e-4)
    assert found.masks is not None
    left, right = found.masks
    expected = np.zeros((100, 200), bool)
    expected[10:90, 40:100] = True
    np.testing.assert_array_equal(left, expected)
    np.testing.assert_array_equal(right[10:90, 40:160], ~expected[10:90, 40:160])
    assert not right[:, :40].any() and not right[:10].any()


@pytest.mark.parametrize("seed", range(5))
def test_sampling_a_mask_is_bilinear_interpolation(seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(7, 9)).astype(np.float32)
    whole = torch.nn.functional.interpolate(torch.from_numpy(logits)[None, None], (35, 54), mode="bilinear")[0, 0]
    geometry = MaskGeometry((9 / 54, 7 / 35), (0.0, 0.0))
    mask = decode_mask(mask_in_box(logits, geometry, np.array([3.2, 4.0, 50.5, 34.9], np.float32), (54, 35)))
    expected = (whole > 0).numpy()
    expected[:4] = expected[:, :3] = expected[:, 51:] = False
    assert (mask != expected).mean() < 1e-3
    assert not decode_mask(mask_in_box(logits, geometry, np.array([60, 0, 70, 5], np.float32), (54, 35))).any()


def test_masks_reach_a_run_and_come_back(tmp_path: Path) -> None:
    from emocam_widgets.corpus import Corpus

    (tmp_path / "photos").mkdir()
    for seed in range(3):
        picture(seed, (80, 60)).save(tmp_path / "photos" / f"{seed}.png")
    detector = load_ultralytics(checkpoint(tmp_path / "tiny-seg.pt", "segment"))
    corpus = Corpus.from_folder(tmp_path / "photos")
    run = analyze(corpus, tiny_classifier(), detector, methods=["grad-cam"], out=tmp_path / "run", min_confidence=0.2)
    assert len(run.boxes) and run.boxes["mask"].notna().all()
    expected = detector.detect([corpus.open("1.png")], min_confidence=0.2)[0].masks
    stored = [decode_mask(text) for text in run.boxes.loc[run.boxes["image_id"] == "1.png", "mask"]]
    assert expected is not None and stored
    for mine, other in zip(expected, stored, strict=True):
        np.testing.assert_array_equal(mine, other)
    by_mask, by_box = run.importance("grad-cam", "mask-mean"), run.importance("grad-cam")
    assert np.isfinite(by_mask).all() and by_mask.max() > 0 and not np.allclose(by_mask, by_box)
    plain = load_ultralytics(checkpoint(tmp_path / "tiny.pt"))
    boxes = analyze(corpus, tiny_classifier(), plain, methods=[], out=tmp_path / "run2", min_confidence=0.2).boxes
    assert len(boxes) and boxes["mask"].isna().all()


@pytest.mark.parametrize("head", ["detect", "segment"])
def test_yaml_and_safetensors(tmp_path: Path, head: str) -> None:
    (tmp_path / "own.yaml").write_text(structure(head))
    save_detector(tmp_path / "own.safetensors", network(head), CLASSES, SIDE)
    one, other = (load_ultralytics(tmp_path / f"own{suffix}") for suffix in (".yaml", ".safetensors"))
    assert one.fingerprint == other.fingerprint and one.name == "own" and one.class_names == CLASSES
    found = one.detect([picture(2)])[0]
    assert len(found) and (found.masks is not None) == (head == "segment")
    (tmp_path / "own.safetensors").unlink()
    with pytest.raises(EmocamError, match=r"no file .*own\.safetensors"):
        load_ultralytics(tmp_path / "own.yaml")


def test_the_image_size_is_a_multiple_of_the_stride(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "tiny.pt")
    assert load_ultralytics(path, image_size=90).settings["image_size"] == 96
    assert (
        load_ultralytics(checkpoint(tmp_path / "list.pt", train_args={"imgsz": [48, 64]})).settings["image_size"] == 64
    )
    assert load_ultralytics(checkpoint(tmp_path / "none.pt", train_args={})).settings["image_size"] == 640
    with pytest.raises(EmocamError, match=r"image size for tiny\.pt is -1"):
        load_ultralytics(path, image_size=-1)


class _Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.witness),)


@pytest.mark.parametrize("kind", ["pickle", "checkpoint", "beside a network", "old torch"])
def test_a_malicious_pickle_is_refused_and_not_run(tmp_path: Path, kind: str) -> None:
    witness, path = tmp_path / "it was run", tmp_path / "evil.pt"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(_Evil(witness)))
    elif kind == "beside a network":
        checkpoint(path, train_args=_Evil(witness))
    else:
        content = {"model": _Evil(witness), "ema": None}
        torch.save(content, path, _use_new_zipfile_serialization=kind != "old torch")
    with pytest.raises(EmocamError, match=r"evil\.pt.*refused by Ultralytics' safe loader.*trust=True") as refusal:
        load_ultralytics(path)
    assert "\n" not in str(refusal.value)
    assert not witness.exists()
    if kind != "pickle":
        # The test's own proof that the file is what it says: trusted, its code is run.
        trusted = load_ultralytics(path, trust=True) if kind == "beside a network" else None
        if trusted is None:
            with pytest.raises(EmocamError, match="holds no Ultralytics network"):
                load_ultralytics(path, trust=True)
        assert witness.is_dir()


def test_what_is_no_detector_is_refused(tmp_path: Path) -> None:
    def refused(path: Path, pattern: str, **settings: Any) -> None:
        with pytest.raises(EmocamError, match=pattern) as refusal:
            load_ultralytics(path, **settings)
        assert path.name in str(refusal.value) and "\n" not in str(refusal.value)

    refused(tmp_path / "nowhere.pt", "There is no file")
    refused(checkpoint(tmp_path / "pose.pt", "pose"), "ends in Pose; expected one that detects or segments")
    whole = checkpoint(tmp_path / "whole.pt").read_bytes()
    (tmp_path / "short.pt").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "short.pt", "it is damaged")
    refused(tmp_path / "short.pt", "it may be truncated", trust=True)
    (tmp_path / "empty.pt").touch()
    refused(tmp_path / "empty.pt", "it is damaged")
    torch.save({"weight": torch.ones(3)}, tmp_path / "dict.pt")
    refused(tmp_path / "dict.pt", "holds no Ultralytics network")
    torch.save([1, 2], tmp_path / "list.pt")
    refused(tmp_path / "list.pt", "refused by Ultralytics' safe loader")
    refused(checkpoint(tmp_path / "odd.pt", class_names=("Person", "Bus\x1b[2J")), "class 1: .* is no class name")
    refused(checkpoint(tmp_path / "empty-name.pt", class_names=("Person", " ")), "class 1: .* is no class name")
    module = network("detect")
    module.names = {0: "Person"}
    refused(checkpoint(tmp_path / "few.pt", model=module), "names 1 classes; expected 3")
    module.names = {1: "Person", 2: "Bus", 3: "Car"}
    refused(checkpoint(tmp_path / "shifted.pt", model=module), "no class names in order")
    (tmp_path / "model.onnx").write_bytes(b"onnx")
    refused(tmp_path / "model.onnx", r"ends in '\.onnx'; expected \.pt")
    refused(checkpoint(tmp_path / "it's.pt"), "apostrophe")


@pytest.mark.parametrize(
    ("old", "new", "pattern"),
    [
        ("Detect, [nc]", "Classify, [nc]", "ends in the layer 'Classify'; expected one that finds objects: Detect"),
        ("backbone:", "spine:", "is not the yaml of an Ultralytics model"),
        ("backbone:", "backbone: [", "is not the yaml of an Ultralytics model"),
        ("C2f", "C9x", "cannot be built: .*C9x"),
    ],
)
def test_bad_yamls_are_refused(tmp_path: Path, old: str, new: str, pattern: str) -> None:
    save_detector(tmp_path / "own.safetensors", network("detect"), CLASSES, SIDE)
    (tmp_path / "own.yaml").write_text(structure("detect").replace(old, new))
    with pytest.raises(EmocamError, match=pattern) as refusal:
        load_ultralytics(tmp_path / "own.yaml")
    assert "own.yaml" in str(refusal.value) and "\n" not in str(refusal.value)


def test_detections_want_a_mask_for_each_box() -> None:
    with pytest.raises(ValueError, match="1 masks for 2 boxes"):
        Detections(np.zeros((2, 4), np.float32), np.zeros(2, np.float32), ("a", "b"), "d", ("1 1 1",))


@pytest.mark.network
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ["yolov8n-oiv7", "yolo11n-seg", "yolo26n-seg", "ssdlite320-mobilenet-v3-large"])
def test_published_detectors_find_the_bus(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ultralytics.utils import ASSETS

    from emocam_widgets.weights_files import pull

    monkeypatch.undo()
    pull(name)
    with Image.open(ASSETS / "bus.jpg") as image:
        found = load_detector(name).detect([image.convert("RGB")], min_confidence=0.3)[0]
    assert "bus" in {one.lower() for one in found.object_class}
    assert (found.masks is not None) == name.endswith("-seg")
