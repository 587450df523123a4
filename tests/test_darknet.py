"""Darknet in torch: against a computation of its own, on real trained weights, the paper's detector, and bad files."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import ultralytics
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from emocam_widgets.detectors import load_detector
from emocam_widgets.detectors.darknet import (
    ClassScores,
    DarknetDetector,
    letterbox,
    letterbox_geometry,
    load_darknet,
    read_class_names,
)
from emocam_widgets.detectors.darknet_cfg import parse_structure, read_structure
from emocam_widgets.detectors.darknet_network import DarknetNetwork, load_network
from emocam_widgets.errors import EmocamError, UnknownNameError
from tests.tiny_models import picture

REAL = Path(__file__).parents[2] / "shared" / "real"
ASSETS = Path(ultralytics.__file__).parent / "assets"
N_FLOATS_YOLOV3 = 64_807_342
BYTES_YOLOV3 = 259_229_388

# Every kind of layer, 2 classes, on images of 32 x 24 px. The numbers of the layers are in front.
CFG = """
[net]
width=32
height=24
channels=3
batch=64          # training's, of no interest here

# 0
[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
pad=1
activation=leaky
# 1
[conv]
batch_normalize=1
groups=4
filters=8
size=3
pad=1
activation=mish
# 2
[shortcut]
from=-2
activation=relu
# 3
[maxpool]
size=2
stride=2
# 4
[maxpool]
size=5
stride=1
# 5
[dropout]
probability=.5
# 6: size 1, so no padding whatever pad says
[convolutional]
filters=14
pad=1
activation=linear
# 7
[yolo]
mask = 2,1
anchors = 3,5,  8,6,  20,11
classes=2
# 8
[route]
layers=-4
# 9
[upsample]
stride=2
scale=0.5
# 10
[route]
layers=-1, 2
# 11
[route]
layers=-1
groups=2
group_id=1
# 12
[convolutional]
filters=7
size=3
padding=0
activation=linear
; 13
[yolo]
mask = 0
anchors = 3,5,  8,6,  20,11
classes=2
scale_x_y=1.2
"""
SHAPES = [(8, 3, 3, 3), (8, 2, 3, 3), (14, 8, 1, 1), (7, 8, 3, 3)]
NORMALISED = [True, True, False, False]


def _random_weights() -> tuple[list[dict[str, Tensor]], np.ndarray]:
    """For each convolution of CFG its tensors by Darknet's names; and all as they follow each other in a file."""
    generator = torch.Generator().manual_seed(4)
    layers, numbers = [], []
    for shape, normalised in zip(SHAPES, NORMALISED, strict=True):
        layer = {"biases": torch.randn(shape[0], generator=generator)}
        if normalised:
            layer["scales"] = torch.rand(shape[0], generator=generator) + 0.5
            layer["means"] = torch.randn(shape[0], generator=generator) * 0.3
            layer["variances"] = torch.rand(shape[0], generator=generator) + 0.2
        layer["kernel"] = torch.randn(shape, generator=generator) / 4
        layers.append(layer)
        numbers += [tensor.flatten() for tensor in layer.values()]
    return layers, torch.cat(numbers).numpy()


def _write_weights(path: Path, numbers: np.ndarray, version: tuple[int, int, int] = (0, 2, 5)) -> Path:
    seen = np.array([32_013_312], dtype="<i8" if version[0] * 10 + version[1] >= 2 else "<i4")
    path.write_bytes(np.array(version, dtype="<i4").tobytes() + seen.tobytes() + numbers.astype("<f4").tobytes())
    return path


def _convolved(x: Tensor, layer: dict[str, Tensor], groups: int = 1, stride: int = 1, padding: int = 0) -> Tensor:
    kernels, channels = layer["kernel"].chunk(groups), x.chunk(groups, dim=1)
    parts = zip(channels, kernels, strict=True)
    x = torch.cat([functional.conv2d(part, kernel, None, stride, padding) for part, kernel in parts], dim=1)
    if "scales" in layer:
        deviation = (layer["variances"] + 1e-5).sqrt()
        x = layer["scales"][:, None, None] * (x - layer["means"][:, None, None]) / deviation[:, None, None]
    return x + layer["biases"][:, None, None]


def _pooled(x: Tensor, size: int, stride: int) -> Tensor:
    """Darknet's max pooling: windows begin (size - 1) // 2 before the map, pixels outside do not count."""
    before = (size - 1) // 2
    height, width = ((side + size - 1 - size) // stride + 1 for side in x.shape[2:])
    windows = [
        x[:, :, max(0, top) : top + size, max(0, left) : left + size].amax(dim=(2, 3))
        for top in range(-before, -before + height * stride, stride)
        for left in range(-before, -before + width * stride, stride)
    ]
    return torch.stack(windows, dim=-1).view(*x.shape[:2], height, width)


def _decoded(x: Tensor, anchors: list[tuple[int, int]], scale: float) -> list[list[float]]:
    """The rows of one image's map (anchors * 7, h, w), box by box."""
    _, height, width = x.shape
    rows = []
    for number, (anchor_width, anchor_height) in enumerate(anchors):
        for i in range(height):
            for j in range(width):
                tx, ty, tw, th, objectness, *classes = x[number * 7 : number * 7 + 7, i, j].tolist()
                inside = [1 / (1 + np.exp(-value)) * scale - (scale - 1) / 2 for value in (tx, ty)]
                centre = [(j + inside[0]) / width * 32, (i + inside[1]) / height * 24]
                size = [anchor_width * np.exp(tw), anchor_height * np.exp(th)]
                rows.append([*centre, *size, 1 / (1 + np.exp(-objectness)), *classes])
    return rows


def test_same_as_an_independent_computation(tmp_path: Path) -> None:
    structure = parse_structure(CFG)
    layers, numbers = _random_weights()
    assert structure.n_floats == len(numbers)
    network = load_network(structure, _write_weights(tmp_path / "a.weights", numbers))
    x = torch.rand(2, 3, 24, 32, generator=torch.Generator().manual_seed(1))
    first = functional.leaky_relu(_convolved(x, layers[0], stride=2, padding=1), 0.1)
    second = _convolved(first, layers[1], groups=4, padding=1)
    added = (second * torch.tanh(functional.softplus(second)) + first).clamp(min=0)
    pooled = _pooled(_pooled(added, 2, 2), 5, 1)
    one = _convolved(pooled, layers[2])
    joined = torch.cat([0.5 * pooled.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3), added], dim=1)
    two = _convolved(joined[:, 8:], layers[3])
    expected = [_decoded(one[i], [(20, 11), (8, 6)], 1.0) + _decoded(two[i], [(3, 5)], 1.2) for i in range(len(x))]
    found = network(x)
    assert found.shape == (2, 2 * 6 * 8 + 10 * 14, 7)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float32), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("version", [(0, 1, 0), (0, 2, 0), (1, 0, 0)])
def test_both_kinds_of_header(tmp_path: Path, version: tuple[int, int, int]) -> None:
    structure, numbers = parse_structure(CFG), _random_weights()[1]
    path = _write_weights(tmp_path / "a.weights", numbers, version)
    assert path.stat().st_size == 4 * len(numbers) + (16 if version == (0, 1, 0) else 20)
    found = torch.cat([tensor.flatten() for tensor in load_network(structure, path).tensors()])
    np.testing.assert_array_equal(found.numpy(), numbers)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    structure, numbers = parse_structure(CFG, tmp_path / "a.cfg"), _random_weights()[1]
    path = _write_weights(tmp_path / "a.weights", numbers)
    whole = path.read_bytes()

    def refused(content: bytes, pattern: str) -> None:
        path.write_bytes(content)
        with pytest.raises(EmocamError, match=pattern) as refusal:
            load_network(structure, path)
        assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)

    expected = f"expected {len(whole):,} for the {len(numbers):,} floats of a.cfg"
    refused(whole[:-4], f"has {len(whole) - 4:,} bytes, 4 missing; {expected}")
    refused(whole[:-1], "1 missing")
    refused(whole + b"1234", f"4 left over; {expected}")
    refused(whole[:20], "missing")
    refused(whole[:5], r"\(5 bytes\) does not begin with a Darknet version")
    refused(b"<!DOCTYPE html>" + whole, "does not begin with a Darknet version")
    refused(whole[:-4] + np.array([np.nan], dtype="<f4").tobytes(), "not finite")
    path.unlink()
    with pytest.raises(EmocamError, match="There is no file"):
        load_network(structure, path)


@pytest.mark.parametrize(
    ("old", "new", "pattern"),
    [
        ("[upsample]", "[reorg]", r"\[reorg\]: this layer is not supported; expected one of convolutional, shortcut"),
        ("activation=mish", "activation=tanh", r"'tanh' is not known; expected one of linear, leaky"),
        ("groups=4", "groups=3", "cannot be divided into 3 groups"),
        ("filters=14", "filters=15", "takes 15 channels; expected 14 for 2 anchors and 2 classes"),
        ("filters=14", "filters=many", "filters is 'many'; expected a whole number"),
        ("from=-2", "from=-9", "names layer -7; expected one of the 2 before"),
        ("from=-2", "", "from is missing"),
        ("layers=-4", "layers=-1", "names layer 7, which is yolo"),
        ("layers=-1, 2", "layers=-1, 0, 3", "maps of different sizes"),
        ("group_id=1", "group_id=2", "group 2 of 2 cannot be taken"),
        ("mask = 2,1", "mask = 3,1", r"mask \[3, 1\] does not fit"),
        ("scale_x_y=1.2", "scale_x_y=1.2\nnew_coords=1", "new_coords=1 is not supported"),
        ("groups=4", "dilation=2", r"\[convolutional\]: dilation=2 is not supported; expected dilation=1"),
        ("groups=4", "stride_x=2", "stride_x=2 is not supported; expected it left out"),
        ("width=32", "width=0", "width is 0; expected at least 1"),
        ("channels=3", "channels=1", "channels is 1; expected 3"),
        ("[net]", "", "no option"),
        ("[net]", "[convolutional]", r"does not begin with \[net\]"),
        ("[yolo]", "[maxpool]", "yolo layers of"),
    ],
)
def test_bad_cfgs_are_refused_by_name(tmp_path: Path, old: str, new: str, pattern: str) -> None:
    path = tmp_path / "own.cfg"
    assert old in CFG
    path.write_text(CFG.replace(old, new))
    with pytest.raises(EmocamError, match=pattern) as refusal:
        read_structure(path)
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own"
    path.write_bytes(b"\xff\xfe\x00[net]")
    for read, what in ((read_structure, "not text"), (read_class_names, "not UTF-8")):
        with pytest.raises(EmocamError, match=what):
            read(path)
        with pytest.raises(EmocamError, match="no file"):
            read(tmp_path / "nowhere")
    for text, number in (("Person\n\nBus\n", 2), ("Person\nBus\x1b[2J\n", 2), ("A\u202eB\n", 1)):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(EmocamError, match=f"line {number}: .* is no class name"):
            read_class_names(path)
    path.write_text("Person\r\nHuman face\n\n", encoding="utf-8")
    assert read_class_names(path) == ("Person", "Human face")


def _section(kind: str, **options: object) -> str:
    return "\n".join([f"[{kind}]", *(f"{name.rstrip('_')}={value}" for name, value in options.items())]) + "\n"


def _yolov3(classes: int = 601) -> str:
    """The cfg of YOLOv3, from the published list of its layers."""
    anchors = "10,13, 16,30, 33,23, 30,61, 62,45, 59,119, 116,90, 156,198, 373,326"

    def convolution(filters: int, size: int, stride: int = 1) -> str:
        options = {"batch_normalize": 1, "filters": filters, "size": size, "stride": stride}
        return _section("convolutional", **options, pad=1, activation="leaky")

    parts = [_section("net", width=608, height=608, channels=3), convolution(32, 3)]
    for filters, blocks in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        parts.append(convolution(filters, 3, stride=2))
        for _ in range(blocks):
            shortcut = _section("shortcut", from_=-3, activation="linear")
            parts += [convolution(filters // 2, 1), convolution(filters, 3), shortcut]
    for width, mask, joined in ((512, "6,7,8", None), (256, "3,4,5", 61), (128, "0,1,2", 36)):
        if joined is not None:
            parts += [_section("route", layers=-4), convolution(width, 1), _section("upsample", stride=2)]
            parts.append(_section("route", layers=f"-1,{joined}"))
        parts += [convolution(width, 1), convolution(2 * width, 3)] * 3
        linear = {"size": 1, "stride": 1, "pad": 1, "filters": 3 * (5 + classes), "activation": "linear"}
        parts += [_section("convolutional", **linear)]
        parts += [_section("yolo", mask=mask, anchors=anchors, classes=classes, num=9)]
    return "\n".join(parts)


def test_the_papers_detector_takes_the_published_number_of_floats(tmp_path: Path) -> None:
    structure = parse_structure(_yolov3(), tmp_path / "yolov3-openimages.cfg")
    assert len(structure.layers) == 107 and structure.n_classes == 601
    assert structure.n_floats == N_FLOATS_YOLOV3
    with torch.device("meta"):
        network = DarknetNetwork(structure)
        assert sum(tensor.numel() for tensor in network.tensors()) == N_FLOATS_YOLOV3
        # 19, 38 and 76 squared, three anchors each.
        assert network(torch.empty(1, 3, 608, 608)).shape == (1, 22_743, 606)
    path = tmp_path / "yolov3-openimages.weights"
    _write_weights(path, np.zeros(0))
    os.truncate(path, BYTES_YOLOV3 - 4)  # nothing but a size: it is refused before it is read
    with pytest.raises(EmocamError, match=f"4 missing; expected {BYTES_YOLOV3:,} for the {N_FLOATS_YOLOV3:,} floats"):
        load_network(structure, path)


@pytest.mark.parametrize("name", ["yolov3-openimages", "yolov3-openimages-softmax"])
def test_by_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    with pytest.raises(EmocamError, match="emocam models pull yolov3-openimages`") as refusal:
        load_detector(name)
    for piece in ("https://pjreddie.com/media/files/yolov3-openimages.weights", "openimages.names", str(tmp_path)):
        assert piece in str(refusal.value)
    folder = tmp_path / "weights" / "yolov3-openimages"
    folder.mkdir(parents=True)
    (folder / "yolov3-openimages.cfg").write_text(CFG)
    (folder / "openimages.names").write_text("Person\nBus\n")
    _write_weights(folder / "yolov3-openimages.weights", _random_weights()[1])
    detector = load_detector(name)
    assert detector.name == name and detector.class_names == ("Person", "Bus")
    scores = "softmax" if name.endswith("softmax") else "sigmoid"
    assert {**detector.settings} == {"image_size": [32, 24], "iou": 0.005, "confidence": 0.005, "class_scores": scores}
    (folder / "openimages.names").write_text("Person\n")
    with pytest.raises(EmocamError, match=r"openimages\.names has 1 class names; expected 2, as .*cfg says"):
        load_detector(name)


ONE_CELL = """
[net]
width=100
height=100
[convolutional]
filters=7
[yolo]
mask=0
anchors=1,1
classes=2
"""


class _Scripted(DarknetNetwork):
    """Gives the same rows (centre x, y, width, height, objectness, class logits) for every image."""

    def __init__(self, rows: list[list[float]]) -> None:
        super().__init__(parse_structure(ONE_CELL))
        for tensor in self.tensors():
            nn.init.zeros_(tensor)
        self.rows = nn.Parameter(torch.tensor(rows), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.rows.expand(len(x), -1, -1)


def _scripted(rows: list[list[float]], iou: float = 0.45, scores: ClassScores = "sigmoid") -> DarknetDetector:
    return DarknetDetector(_Scripted(rows), ("a", "b"), name="scripted", iou=iou, class_scores=scores)


def test_confidence_is_objectness_times_the_best_class_score() -> None:
    rows = [[50.0, 50.0, 20.0, 10.0, 0.8, 1.0, 2.0]]
    image = Image.new("RGB", (200, 100))
    found = _scripted(rows).detect([image])[0]
    # A 200 x 100 image stands in the square at scale 0.5 with 25 px above and below.
    np.testing.assert_allclose(found.boxes, [[80, 40, 120, 60]], atol=1e-4)
    assert found.object_class == ("b",) and found.detector == "scripted"
    assert found.confidence[0] == pytest.approx(0.8 / (1 + np.exp(-2)), abs=1e-6)
    softmax = _scripted(rows, scores="softmax")
    assert softmax.detect([image])[0].confidence[0] == pytest.approx(0.8 / (1 + np.exp(-1)), abs=1e-6)
    assert softmax.fingerprint != _scripted(rows).fingerprint == _scripted(rows).fingerprint
    assert len(softmax.detect([image], min_confidence=0.6)[0]) == 0
    with pytest.raises(UnknownNameError, match="'softmax'"):
        _scripted(rows, scores="softmx")  # type: ignore[arg-type]
    with pytest.raises(EmocamError, match="1 class names are given"):
        DarknetDetector(_Scripted(rows), ("a",), name="scripted")


def test_suppression_is_per_class() -> None:
    rows = [
        [50.0, 50.0, 20.0, 20.0, 0.5, 9.0, -9.0],
        [55.0, 50.0, 20.0, 20.0, 0.9, 9.0, -9.0],  # IoU 0.6 with the one above
        [50.0, 50.0, 20.0, 20.0, 0.8, -9.0, 9.0],
        [64.9, 50.0, 1.0, 20.0, 0.4, 9.0, -9.0],  # IoU with the second: about 0.03
        [20.0, 50.0, 8.0, 8.0, 0.3, 9.0, -9.0],
        [-500.0, 50.0, 20.0, 20.0, 0.7, 9.0, -9.0],  # outside the image
        [50.0, 50.0, float("inf"), 20.0, 0.99, 9.0, -9.0],
    ]
    image = Image.new("RGB", (100, 100))
    found = _scripted(rows).detect([image])[0]
    assert found.object_class == ("a", "b", "a", "a")
    np.testing.assert_allclose(found.confidence, [0.9, 0.8, 0.4, 0.3], atol=1e-3)
    paper = _scripted(rows, iou=0.005).detect([image])[0]
    np.testing.assert_allclose(paper.confidence, [0.9, 0.8, 0.3], atol=1e-3)
    assert len(_scripted(rows, iou=0.7).detect([image])[0]) == 5
    assert _scripted(rows).detect([]) == []
    batch = _scripted(rows).detect([image] * 9)
    assert len(batch) == 9 and all(one.object_class == found.object_class for one in batch)


def test_letterbox_has_black_bars_and_is_bicubic() -> None:
    image = picture(3, (300, 150))
    square = letterbox(image, (608, 608))
    assert square.shape == (3, 608, 608) and letterbox_geometry((300, 150), (608, 608)) == (608, 304, 0, 152)
    assert float(square[:, :152].max()) == float(square[:, 456:].max()) == 0
    pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).unsqueeze(0).float()
    expected = functional.interpolate(pixels, (304, 608), mode="bicubic", align_corners=False, antialias=True)[0]
    assert float((square[:, 152:456] * 255 - expected.clamp(0, 255)).abs().max()) < 1.5
    assert letterbox(Image.new("L", (10, 1000), 255), (32, 24)).sum() == 3 * 24
    assert letterbox_geometry((10, 1000), (32, 24)) == (1, 24, 15, 0)


@pytest.fixture(scope="module", params=["sigmoid", "softmax"])
def fastest(request: pytest.FixtureRequest) -> DarknetDetector:
    if not REAL.is_dir():
        pytest.skip("../shared/real is not here: no trained Darknet weights to test with")
    files = (REAL / name for name in ("yolo-fastest-1.1.cfg", "yolo-fastest-1.1.weights", "coco.names"))
    return load_darknet(*files, class_scores=request.param)


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    width, height = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    both = max(0.0, float(width)) * max(0.0, float(height))
    return both / float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - both)


# Where a person sees them, in px.
PEOPLE_AND_BUS = [("person", (50, 400, 245, 902)), ("person", (221, 405, 345, 860)), ("bus", (20, 230, 805, 740))]
TWO_MEN = [("person", (745, 40, 1145, 720)), ("person", (125, 195, 710, 720))]


@pytest.mark.parametrize(("photograph", "seen"), [("bus.jpg", PEOPLE_AND_BUS), ("zidane.jpg", TWO_MEN)])
def test_trained_weights_find_what_is_there(fastest: DarknetDetector, photograph: str, seen: list) -> None:
    with Image.open(ASSETS / photograph) as image:
        found = fastest.detect([image.convert("RGB")], min_confidence=0.5)[0]
    assert fastest.name == "yolo-fastest-1.1"
    for object_class, box in seen:
        overlaps = [
            _iou(mine, np.array(box))
            for name, mine in zip(found.object_class, found.boxes, strict=True)
            if name == object_class
        ]
        assert max(overlaps, default=0) > 0.5, f"{object_class} at {box} was not found"
    assert len(found) == len(seen), "something was found that is not there"


def test_real_weights_are_used_to_the_last_byte(tmp_path: Path) -> None:
    if not REAL.is_dir():
        pytest.skip("../shared/real is not here: no trained Darknet weights to test with")
    structure = read_structure(REAL / "yolo-fastest-1.1.cfg")
    content = (REAL / "yolo-fastest-1.1.weights").read_bytes()
    assert 20 + 4 * structure.n_floats == len(content)
    numbers = np.frombuffer(content[20:], dtype="<f4")
    tensors = load_network(structure, REAL / "yolo-fastest-1.1.weights").tensors()
    np.testing.assert_array_equal(torch.cat([tensor.flatten() for tensor in tensors]).numpy(), numbers)
    # One layer less is not taken silently.
    text = (REAL / "yolo-fastest-1.1.cfg").read_text()
    (tmp_path / "other.cfg").write_text(re.sub(r"classes=80", "classes=79", text.replace("filters=255", "filters=252")))
    with pytest.raises(EmocamError, match=r"left over.*other\.cfg"):
        load_network(read_structure(tmp_path / "other.cfg"), REAL / "yolo-fastest-1.1.weights")


@pytest.mark.network
@pytest.mark.timeout(3600)
def test_the_published_detector() -> None:
    from emocam_widgets.weights_files import pull

    pull("yolov3-openimages")
    detector = load_detector("yolov3-openimages")
    assert len(detector.class_names) == 601
    with Image.open(ASSETS / "bus.jpg") as image:
        found = detector.detect([image.convert("RGB")], min_confidence=0.3)[0]
    assert "Bus" in found.object_class and {"Person", "Man", "Woman", "Clothing"} & set(found.object_class)
