"""The YOLO detector around a scripted and a real network, wrapped functions, and Ultralytics kept to itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from emocam_widgets.detectors import load_detector, wrap_detector
from emocam_widgets.detectors.demo import load_demo_detector
from emocam_widgets.detectors.yolo import PADDING, UltralyticsDetector, letterbox, letterbox_geometry
from emocam_widgets.errors import EmocamError, UnknownNameError
from tests.tiny_models import CLASSES, picture, tiny_detector


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> UltralyticsDetector:
    return tiny_detector(tmp_path_factory.mktemp("detector"))


class _Scripted(nn.Module):
    """Gives the same rows (centre x, y, width, height, class scores) for every image, as a YOLO head does."""

    def __init__(self, rows: list[list[float]]) -> None:
        super().__init__()
        self.rows = torch.tensor(rows).T.unsqueeze(0)

    def forward(self, x: Tensor) -> Tensor:
        return self.rows.expand(len(x), -1, -1).clone()


def _scripted(rows: list[list[float]], side: int = 100, iou: float = 0.45) -> UltralyticsDetector:
    return UltralyticsDetector(_Scripted(rows), ("a", "b"), name="scripted", image_size=side, iou=iou)


def test_boxes_come_back_to_the_image() -> None:
    # A 200 x 100 image stands in the square at scale 0.5 with 25 px above and below.
    found = _scripted([[50, 50, 20, 10, 0.9, 0.1]]).detect([Image.new("RGB", (200, 100))])[0]
    np.testing.assert_allclose(found.boxes, [[80, 40, 120, 60]], atol=1e-4)
    assert found.object_class == ("a",) and found.confidence[0] == pytest.approx(0.9)
    assert found.detector == "scripted"


def test_boxes_are_clipped_and_boxes_on_the_padding_dropped() -> None:
    found = _scripted([[5, 50, 30, 80, 0.9, 0.0], [50, 10, 20, 10, 0.8, 0.0]]).detect([Image.new("RGB", (200, 100))])[0]
    np.testing.assert_allclose(found.boxes, [[0, 0, 40, 100]], atol=1e-4)


def test_suppression_is_per_class_and_by_confidence() -> None:
    rows = [[50, 50, 20, 20, 0.5, 0.1], [51, 50, 20, 20, 0.9, 0.1], [50, 51, 20, 20, 0.1, 0.8], [20, 50, 8, 8, 0.3, 0]]
    found = _scripted(rows).detect([Image.new("RGB", (100, 100))])[0]
    assert found.object_class == ("a", "b", "a")
    np.testing.assert_allclose(found.confidence, [0.9, 0.8, 0.3], atol=1e-6)
    loose = _scripted(rows, iou=0.95).detect([Image.new("RGB", (100, 100))])[0]
    assert len(loose) == 4
    sure = _scripted(rows).detect([Image.new("RGB", (100, 100))], min_confidence=0.85)[0]
    assert sure.object_class == ("a",)


def test_letterbox_is_ultralytics_own() -> None:
    from ultralytics.data.augment import LetterBox

    for size in [(400, 300), (300, 400), (64, 64), (41, 300), (500, 17)]:
        image = picture(1, size)
        theirs = np.asarray(LetterBox(320, auto=False)(image=np.asarray(image)), dtype=float)
        ours = (letterbox(image, 320) * 255).numpy().transpose(1, 2, 0)
        assert np.abs(theirs - ours).max() <= 2, size
        scale, left, top = letterbox_geometry(size, 320)
        assert max(size[0] * scale[0] + 2 * left, size[1] * scale[1] + 2 * top) == pytest.approx(320, abs=1)


def test_letterbox_of_a_photograph_does_not_alias() -> None:
    stripes = np.zeros((3000, 4000, 3), np.uint8)
    stripes[:, ::2] = 255
    square = letterbox(Image.fromarray(stripes), 320) * 255
    assert float(square[:, 60:260].std()) < 3
    assert int(square[0, 0, 0]) == PADDING


def test_a_real_network_in_batches(detector: UltralyticsDetector) -> None:
    images = [picture(seed, size) for seed, size in enumerate([(96, 72), (60, 90), (300, 20)])]
    together = detector.detect(images)
    assert sum(map(len, together)) > 0
    for image, found in zip(images, together, strict=True):
        alone = detector.detect([image])[0]
        assert alone.object_class == found.object_class
        np.testing.assert_allclose(alone.boxes, found.boxes, atol=1e-2)
        assert set(found.object_class) <= set(CLASSES)
        assert (np.diff(found.confidence) <= 0).all()
        assert (found.boxes >= 0).all() and (found.boxes <= [*image.size, *image.size]).all()
    assert detector.detect([]) == []


def test_an_image_without_detections(detector: UltralyticsDetector) -> None:
    found = detector.detect([picture(0)], min_confidence=0.999)[0]
    assert len(found) == 0 and found.boxes.shape == (0, 4)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    tiny_detector(tmp_path)
    weights, structure = tmp_path / "detector.safetensors", tmp_path / "detector.yaml"
    wide = structure.read_text().replace("0.0625", "0.125")
    (tmp_path / "wide.yaml").write_text(wide)
    with pytest.raises(EmocamError, match=r"detector\.safetensors holds 'model\.1\.conv\.weight' with shape"):
        load_demo_detector(weights, tmp_path / "wide.yaml")
    with pytest.raises(EmocamError, match=r"no file .*nowhere\.yaml"):
        load_demo_detector(weights, tmp_path / "nowhere.yaml")
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(EmocamError, match="may be truncated"):
        load_demo_detector(weights, structure)


def test_fingerprint_tells_settings() -> None:
    rows = [[50.0, 50.0, 20.0, 20.0, 0.5, 0.1]]
    assert _scripted(rows).fingerprint == _scripted(rows).fingerprint
    assert _scripted(rows).fingerprint != _scripted(rows, iou=0.3).fingerprint


def test_wrapped_function() -> None:
    def halves(image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
        width, height = image.size
        return [("left", 0.4, (-5, 0, width / 2, height)), ("right", 0.7, (width / 2, 0, width + 9, height)),
                ("left", 0.001, (0, 0, 5, 5)), ("left", 0.9, (width + 1, 0, width + 5, 5))]  # fmt: skip

    found = wrap_detector(halves, ["left", "right"], name="halves").detect([Image.new("RGB", (40, 20))])[0]
    assert found.object_class == ("right", "left")
    np.testing.assert_array_equal(found.boxes, [[20, 0, 40, 20], [0, 0, 20, 20]])
    with pytest.raises(UnknownNameError, match="did you mean 'right'"):
        wrap_detector(lambda _: [("rigth", 1.0, (0, 0, 1, 1))], ["left", "right"]).detect([Image.new("RGB", (4, 4))])
    with pytest.raises(EmocamError, match="four finite numbers"):
        wrap_detector(lambda _: [("a", 1.0, (0, 0, 1, float("nan")))], ["a"]).detect([Image.new("RGB", (4, 4))])


def test_ultralytics_keeps_to_itself(tmp_path: Path) -> None:
    """In a process of its own, since here Ultralytics is imported already."""
    program = """
import json, os, numpy as np, torch
from PIL import Image
def state():
    printing = np.get_printoptions()["linewidth"], torch._tensor_str.PRINT_OPTS.linewidth
    return Image.open, torch.save, torch.get_num_threads(), printing
before = state()
from emocam_widgets.detectors.ultralytics_import import prepare_ultralytics
prepare_ultralytics()
import ultralytics
omp, offline = os.environ.get("OMP_NUM_THREADS"), os.environ["YOLO_OFFLINE"]
print(json.dumps({"same": before == state(), "omp": omp, "offline": offline}))
"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("YOLO", "OMP", "ULTRALYTICS"))}
    environment |= {"HOME": str(tmp_path / "home"), "EMOCAM_HOME": str(tmp_path / "emocam")}
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert json.loads(done.stdout) == {"same": True, "omp": None, "offline": "1"}
    assert done.stderr == ""
    assert not list((tmp_path / "home").rglob("*ltralytics*"))
    assert (tmp_path / "emocam" / "ultralytics" / "Ultralytics" / "settings.json").is_file()


def test_unknown_detector_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'demo'"):
        load_detector("deno")


def test_shipped_detector() -> None:
    detector = load_detector("demo")
    assert {"Person", "Human face", "Human ear", "Sports equipment", "Food", "Plant", "Furniture"} <= set(
        detector.class_names
    )
    assert detector.detect([Image.new("RGB", (320, 240), "white")])[0].detector == "demo"
