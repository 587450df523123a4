"""torchvision's detectors: published ones held to torchvision's own way of loading, wrapped ones, masks, bad files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model_builder, get_model_weights

from emocam_widgets.detectors import load_detector, wrap_torchvision
from emocam_widgets.detectors.torchvision_detectors import MASK_SIDE, TorchvisionDetector, build_torchvision_detector
from emocam_widgets.errors import EmocamError
from emocam_widgets.published_models import PUBLISHED, TORCHVISION_DETECTORS
from tests.tiny_models import picture

NAMES = ("__background__", "cup", "N/A", "bowl")
SMALL = ("ssdlite320-mobilenet-v3-large", "fasterrcnn-mobilenet-v3-large-320-fpn")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("name", TORCHVISION_DETECTORS)
def test_addresses_are_torchvisions_own(name: str) -> None:
    weights: Any = get_model_weights(name.replace("-", "_"))
    file = PUBLISHED[name].files[0]
    assert file.address == weights.COCO_V1.url and file.name == Path(weights.COCO_V1.url).name
    assert file.about == pytest.approx(weights.COCO_V1.meta["_file_size"] * 2**20, rel=0.06)
    assert file.sha256 is not None and file.name.endswith(f"-{file.sha256}.pth") and len(file.sha256) == 8


def _unlike_at_first(module: nn.Module) -> nn.Module:
    """Random weights and statistics that tell one epsilon from another, and find something."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in module.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 1e-4 + 1e-5 if "body.bn1" in name else 1.0)
    return module


@pytest.mark.parametrize("name", TORCHVISION_DETECTORS)
def test_built_as_torchvision_builds_it_with_weights(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through torchvision's own builder, its download replaced by a state dict: the same maps in the trunk."""
    torch.manual_seed(0)
    ours, categories = build_torchvision_detector(name)
    tensors = _unlike_at_first(ours).state_dict()
    architecture = name.replace("-", "_")
    weights: Any = get_model_weights(architecture)
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: dict(tensors))
    builder: Any = get_model_builder(architecture)
    try:
        theirs = builder(weights=weights.COCO_V1).eval()
    except RuntimeError as error:
        # Frozen batch normalisation does not know how many batches there were.
        pytest.fail(str(error)[:300])
    assert categories == tuple(weights.COCO_V1.meta["categories"]) and len(categories) == 91
    x = torch.rand(1, 3, 320, 320)
    with torch.no_grad():
        one, other = ours.backbone(x), theirs.backbone(x)
    for key in one:
        torch.testing.assert_close(one[key], other[key], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", SMALL)
def test_by_name_from_the_weights_folder(name: str, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    module, categories = build_torchvision_detector(name)
    path = PUBLISHED[name].path(PUBLISHED[name].files[0].name)
    path.parent.mkdir(parents=True)
    torch.save(module.state_dict(), path)
    detector = load_detector(name)
    assert detector.name == name and len(detector.class_names) == 80 and detector.settings["confidence"] == 0.5
    assert "person" in detector.class_names and not {"N/A", "__background__"} & set(detector.class_names)
    image = picture(4, (200, 150))
    found = detector.detect([image], min_confidence=0.0)[0]
    with torch.no_grad():
        tensor = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 255
        theirs = module.eval()([tensor])[0]
    named = [number for number, label in enumerate(theirs["labels"]) if categories[int(label)] != "N/A"]
    assert found.object_class == tuple(categories[int(theirs["labels"][number])] for number in named)
    np.testing.assert_allclose(found.boxes, theirs["boxes"].numpy()[named].reshape(-1, 4), atol=1e-3)
    np.testing.assert_allclose(found.confidence, theirs["scores"].numpy()[named], atol=1e-5)
    # What is not this model's file is refused by name.
    state = module.state_dict()
    first = next(iter(state))
    for change, pattern in (
        (
            {key: value for key, value in state.items() if key != first},
            f"has no tensor '{first}'; expected the weights",
        ),
        (state | {"more": torch.ones(1)}, "holds the unknown tensor 'more'; expected"),
        (state | {first: torch.ones(2, 2)}, f"does not fit {name}: size mismatch for {first}"),
        ({"a": [1, 2]}, "holds a dict of other things"),
    ):
        torch.save(change, path)
        with pytest.raises(EmocamError, match=pattern) as refusal:
            load_detector(name)
        assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(EmocamError, match=r"may be truncated|is damaged"):
        load_detector(name)


def test_older_files_are_renamed_as_torchvision_renames_them(own_home: Path) -> None:
    name = SMALL[1]
    torch.manual_seed(0)
    module, _ = build_torchvision_detector(name)
    old = {
        key.replace("inner_blocks.0.0.", "inner_blocks.0.").replace("layer_blocks.1.0.", "layer_blocks.1."): value
        for key, value in module.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    assert set(old) != set(module.state_dict())
    path = PUBLISHED[name].path(PUBLISHED[name].files[0].name)
    path.parent.mkdir(parents=True)
    torch.save(old, path)
    assert len(load_detector(name).class_names) == 80


class _Scripted(nn.Module):
    """Gives the same rows for every image, and a mask that is on in the upper left quarter of it."""

    def __init__(self, labels: list[int], masks: bool = False) -> None:
        super().__init__()
        self.labels, self.masks = labels, masks
        self.sizes: list[tuple[int, ...]] = []
        self.roi_heads = type("Heads", (), {"has_mask": lambda _self: masks})()

    def forward(self, images: list[Tensor]) -> list[dict[str, Tensor]]:
        self.sizes = [tuple(image.shape) for image in images]
        assert all(0 <= float(image.min()) <= float(image.max()) <= 1 for image in images)
        return [self._found(image) for image in images]

    def _found(self, image: Tensor) -> dict[str, Tensor]:
        height, width = image.shape[1:]
        n = len(self.labels)
        found = {
            "boxes": torch.tensor([[-5.0, 0, width * 0.75, height + 9.0]]).repeat(n, 1),
            "labels": torch.tensor(self.labels),
            "scores": torch.linspace(0.3, 0.9, n),
        }
        if self.masks:
            mask = torch.zeros(n, 1, height, width)
            mask[..., : height // 2, : width // 2] = 0.8
            found["masks"] = mask
        return found


def test_a_wrapped_module() -> None:
    detector = wrap_torchvision(_Scripted([1, 0, 2, 3]), NAMES, name="kitchen")
    assert detector.class_names == ("cup", "bowl") and detector.name == "kitchen"
    found = detector.detect([Image.new("RGB", (40, 20)), Image.new("L", (80, 20))])
    assert [one.object_class for one in found] == [("bowl", "cup")] * 2, "background and N/A are no classes"
    np.testing.assert_allclose(found[0].boxes, [[0, 0, 30, 20]] * 2)
    np.testing.assert_allclose(found[1].boxes, [[0, 0, 60, 20]] * 2)
    np.testing.assert_allclose(found[0].confidence, [0.9, 0.3], atol=1e-6)
    assert found[0].masks is None and found[0].detector == "kitchen"
    assert detector.detect([]) == []
    assert len(detector.detect([Image.new("RGB", (40, 20))], min_confidence=0.5)[0]) == 1
    assert detector.fingerprint != wrap_torchvision(_Scripted([1]), NAMES[:2]).fingerprint


@pytest.mark.parametrize("size", [(40, 20), (3000, 1000)])
def test_masks_in_pixels_of_the_image(size: tuple[int, int]) -> None:
    module = _Scripted([1], masks=True)
    found = wrap_torchvision(module, NAMES).detect([Image.new("RGB", size)])[0]
    assert max(module.sizes[0]) <= MASK_SIDE, "a photograph's masks would take gigabytes"
    assert found.masks is not None
    width, height = size
    expected = np.zeros((height, width), bool)
    expected[: height // 2, : width // 2] = True
    assert found.masks[0].shape == expected.shape
    assert (found.masks[0] != expected).mean() < (0.002 if max(size) > MASK_SIDE else 1e-9)
    np.testing.assert_allclose(found.boxes, [[0, 0, width * 0.75, height]], atol=0.01)


def test_what_a_module_gives_is_checked() -> None:
    with pytest.raises(EmocamError, match=r"'own detector' gave label 7; expected 0 to 3"):
        wrap_torchvision(_Scripted([7]), NAMES).detect([Image.new("RGB", (4, 4))])
    with pytest.raises(EmocamError, match="gave a Tensor without boxes"):
        wrap_torchvision(nn.Identity(), NAMES).detect([Image.new("RGB", (4, 4))])
    with pytest.raises(EmocamError, match="has no class names"):
        wrap_torchvision(_Scripted([1]), ["__background__"])


def test_mask_rcnn_itself() -> None:
    torch.manual_seed(0)
    builder: Any = get_model_builder("maskrcnn_resnet50_fpn")
    module = builder(weights=None, weights_backbone=None, num_classes=4, min_size=64, max_size=96, box_score_thresh=0.0,
                     box_detections_per_img=5).eval()  # fmt: skip
    detector = wrap_torchvision(module, ("__background__", "cup", "plate", "bowl"))
    assert isinstance(detector, TorchvisionDetector) and "masks" in repr(detector)
    image = picture(3, (90, 60))
    found = detector.detect([image], min_confidence=0.0)[0]
    with torch.no_grad():
        theirs = module([torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 255])[0]
    masks = theirs["masks"][:, 0].numpy() > 0.5
    assert found.masks is not None and len(found) and len(theirs["labels"]) >= len(found)
    for mask, box in zip(found.masks, found.boxes, strict=True):
        number = int(np.argmin(np.abs(theirs["boxes"].numpy() - box).max(axis=1)))
        (x0, y0), (x1, y1) = np.floor(box[:2]).astype(int).tolist(), np.ceil(box[2:]).astype(int).tolist()
        np.testing.assert_array_equal(mask[y0:y1, x0:x1], masks[number][y0:y1, x0:x1])
        assert mask.sum() == mask[y0:y1, x0:x1].sum()
