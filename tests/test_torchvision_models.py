"""torchvision's classifiers by name, from files that the tests write in torchvision's own form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torchvision.models import get_model, get_model_weights

from emocam_widgets.errors import EmocamError
from emocam_widgets.explain import METHODS, check_method, explain
from emocam_widgets.models import CLASSIFIERS, load_classifier
from emocam_widgets.models.split import wrap_classifier
from emocam_widgets.models.torchvision_models import imagenet_preprocess
from emocam_widgets.published_models import TORCHVISION_CLASSIFIERS
from emocam_widgets.weights_files import PUBLISHED, published
from tests.tiny_models import picture

# The layer that DESIGN.md's rule finds.
TARGETS = {
    "alexnet": "features.10",
    "densenet121": "features.norm5",
    "efficientnet-b0": "features.8",
    "mobilenet-v2": "features.18",
    "mobilenet-v3-large": "features.16",
    "resnet18": "layer4.1",
    "resnet50": "layer4.2",
    "vgg16": "features.28",
}
# The large linear layers of these two take a gigabyte to write and read back.
SMALL = [name for name in TARGETS if name not in {"alexnet", "vgg16"}]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    return tmp_path


def _write(name: str, module: torch.nn.Module) -> Path:
    model = published(name)
    model.folder.mkdir(parents=True)
    path = model.path(model.files[0].name)
    torch.save(module.state_dict(), path)
    return path


def _original(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return get_model(name.replace("-", "_"), weights=None).eval()


def test_every_name_is_a_classifier_with_a_target() -> None:
    assert set(TARGETS) == set(TORCHVISION_CLASSIFIERS)
    assert set(TARGETS) <= set(CLASSIFIERS)


@pytest.mark.parametrize("name", TORCHVISION_CLASSIFIERS)
def test_addresses_and_sizes_are_torchvisions(name: str) -> None:
    weights = get_model_weights(name.replace("-", "_")).DEFAULT
    (file,) = PUBLISHED[name].files
    assert file.address == weights.url and file.name == weights.url.rpartition("/")[2]
    assert file.sha256 is not None and file.name.endswith(f"-{file.sha256}.pth") and len(file.sha256) == 8
    assert file.about == pytest.approx(weights.meta["_file_size"] * 2**20, rel=0.005)


@pytest.mark.parametrize("name", TORCHVISION_CLASSIFIERS)
@pytest.mark.parametrize("size", [(640, 480), (333, 517), (100, 90), (224, 224)])
def test_the_preprocessing_is_torchvisions(name: str, size: tuple[int, int]) -> None:
    image = picture(3, size)
    tensor, view = imagenet_preprocess(name)(image)
    torch.testing.assert_close(tensor, get_model_weights(name.replace("-", "_")).DEFAULT.transforms()(image))
    assert abs(view.width - view.height) < 1.5 and view.x0 >= 0 and view.x1 <= size[0] and view.y1 <= size[1]
    assert abs(view.x0 + view.x1 - size[0]) < 6 and abs(view.y0 + view.y1 - size[1]) < 6


def test_the_view_is_what_the_network_sees() -> None:
    """A white square over the view, and nothing else, makes the whole input white."""
    preprocess = imagenet_preprocess("resnet50")
    width, height = 464, 348
    view = preprocess(Image.new("RGB", (width, height)))[1]
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[round(view.y0) : round(view.y1), round(view.x0) : round(view.x1)] = 255
    tensor, _ = preprocess(Image.fromarray(pixels))
    white = (1 - torch.tensor(preprocess.mean)) / torch.tensor(preprocess.std)
    inner = tensor[:, 2:-2, 2:-2]
    torch.testing.assert_close(inner, white.view(3, 1, 1).expand_as(inner))
    assert not torch.allclose(preprocess(Image.new("RGB", (width, height)))[0], tensor)


@pytest.mark.parametrize("name", SMALL)
def test_a_classifier_by_name_is_torchvisions(name: str, home: Path) -> None:
    module = _original(name)
    _write(name, module)
    classifier = load_classifier(name, device="cpu")
    assert classifier.name == name and classifier.target == TARGETS[name] and TARGETS[name] in repr(classifier)
    assert len(set(classifier.labels)) == 1000 and {"tench", "crane", "crane bird"} <= set(classifier.labels)
    image = picture(0, (300, 260))
    x = classifier.preprocess(image)[0].unsqueeze(0)
    with torch.no_grad():
        expected = torch.softmax(module(x), dim=1)[0].numpy()
    np.testing.assert_allclose(classifier.predict([image])[0].probabilities, expected, rtol=1e-3, atol=1e-6)
    activation, _ = classifier.activations([image])
    assert explain(classifier, activation, torch.tensor([5])).shape == (1, *activation.shape[2:])


def test_old_densenet_names(home: Path) -> None:
    """Its published file says norm.1 where the network says norm1, and has no counters of batches."""
    module = _original("densenet121")
    path = _write("densenet121", module)
    tensors = {}
    for name, tensor in module.state_dict().items():
        old = name
        for kind in ("norm", "conv"):
            for number in "12":
                old = old.replace(f".{kind}{number}.", f".{kind}.{number}.") if "denselayer" in name else old
        if not name.endswith("num_batches_tracked"):
            tensors[old] = tensor
    assert "features.denseblock1.denselayer1.norm.1.weight" in tensors
    torch.save(tensors, path)
    classifier, x = load_classifier("densenet121", device="cpu"), torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(classifier.tail(classifier.trunk(x)), module(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_the_target_of_the_large_ones(name: str) -> None:
    """Without their files: only that the network of that name is cut where the table says."""
    module = get_model(name, weights=None, num_classes=3)
    features = 9216 if name == "alexnet" else 25088
    module.classifier = torch.nn.Sequential(torch.nn.Linear(features, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    assert wrap_classifier(module, list("abc")).target == TARGETS[name]


def test_which_methods_they_take(home: Path) -> None:
    _write("mobilenet-v2", _original("mobilenet-v2"))
    classifier = load_classifier("mobilenet-v2", device="cpu")
    for method in METHODS:
        check_method(classifier, method)  # pooling and one linear layer: all of them


def test_a_missing_file_is_named_with_its_address_and_folder(home: Path) -> None:
    with pytest.raises(EmocamError) as error:
        load_classifier("resnet50", device="cpu")
    for part in ("emocam models pull resnet50", "https://download.pytorch.org/models/resnet50-11ad3fa6.pth", str(home)):
        assert part in str(error.value)


def test_a_file_of_another_network_is_refused(home: Path) -> None:
    path = _write("resnet50", _original("resnet18"))
    with pytest.raises(EmocamError, match=r"resnet50-11ad3fa6\.pth .*expected"):
        load_classifier("resnet50", device="cpu")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(EmocamError, match=r"truncated|damaged"):
        load_classifier("resnet50", device="cpu")


def test_code_in_a_file_is_not_run(home: Path) -> None:
    path = _write("resnet18", _original("resnet18"))
    torch.save(torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1]), path)
    with pytest.raises(EmocamError, match="was not run"):
        load_classifier("resnet18", device="cpu")
