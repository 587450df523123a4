"""The split classifier: where it cuts, that its halves are the whole, and its file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.models import load_classifier, wrap_classifier
from emocam_widgets.models.demo import ARCHITECTURE_VERSION, SceneNet, load_scene_classifier, save_classifier
from emocam_widgets.models.preprocess import Preprocess
from tests.tiny_models import LABELS, picture, scene_net, tiny_classifier

# What DESIGN.md promises of the layer that is found by itself, over torchvision's families.
TARGETS = {
    "alexnet": "features.10",
    "vgg11_bn": "features.26",
    "resnet18": "layer4.1",
    "densenet121": "features.norm5",
    "mobilenet_v2": "features.18",
    "efficientnet_b0": "features.8",
}
THOUSAND = [str(i) for i in range(1000)]


@pytest.mark.parametrize("name", TARGETS)
def test_split_is_the_whole_network(name: str) -> None:
    module = getattr(torchvision.models, name)(weights=None).eval()
    size = 224 if name in {"alexnet", "vgg11_bn"} else 96
    classifier = wrap_classifier(module, THOUSAND, size=size)
    assert classifier.target == TARGETS[name]
    x = torch.rand(2, 3, size, size)
    with torch.no_grad():
        activation = classifier.trunk(x)
        kept = activation.clone()
        torch.testing.assert_close(classifier.tail(activation), module(x), rtol=1e-4, atol=1e-5)
    assert torch.equal(activation, kept), "the tail wrote into the activation"
    assert activation.dim() == 4 and activation.shape[2] > 1


def test_scene_net_is_cut_before_its_relu() -> None:
    classifier = wrap_classifier(SceneNet(20), THOUSAND[:20])
    activation = classifier.trunk(torch.rand(1, 3, 224, 224))
    assert classifier.target.startswith("trunk.layers")
    assert activation.shape == (1, 160, 14, 14)
    assert activation.min() < 0


def test_named_target() -> None:
    module = torchvision.models.resnet18(weights=None)
    assert wrap_classifier(module, THOUSAND, size=64, target="layer3.1").trunk(torch.rand(1, 3, 64, 64)).shape[1] == 256
    with pytest.raises(EmocamError, match=r"layer4\.1\.bn2.*other tensors pass beside it"):
        wrap_classifier(module, THOUSAND, size=64, target="layer4.1.bn2")
    with pytest.raises(EmocamError, match=r"no layer 'layer9'.*layer4"):
        wrap_classifier(module, THOUSAND, size=64, target="layer9")


class _Untraceable(nn.Module):
    """Decides by a value, which torch.fx cannot trace."""

    def __init__(self, skip: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(4, 4)
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(x) if float(x.sum()) > -1e9 else x
        second = self.second(first)
        last = self.relu(second + first if self.skip else second)
        return self.fc(last.mean(dim=(2, 3)))


def test_hooks_where_tracing_fails() -> None:
    module = _Untraceable(skip=False).eval()
    classifier = wrap_classifier(module, LABELS, size=16)
    x = torch.rand(3, 3, 16, 16)
    assert classifier.target == "second"
    torch.testing.assert_close(classifier.tail(classifier.trunk(x)), module(x))


def test_hooks_refuse_what_passes_beside() -> None:
    with pytest.raises(EmocamError, match="cannot be cut at 'second'"):
        wrap_classifier(_Untraceable(skip=True), LABELS, size=16)


def test_wrong_number_of_labels() -> None:
    with pytest.raises(EmocamError, match=r"\(2, 4\) for 2 images; expected \(2, 3 labels\)"):
        wrap_classifier(scene_net(), LABELS[:3])


def test_wrapping_leaves_the_module_as_it_is() -> None:
    module = torchvision.models.resnet18(weights=None).train()
    wrap_classifier(module, THOUSAND, size=64)
    assert module.training and module.relu.inplace and module.fc.weight.requires_grad


def test_fingerprint_tells_weights_and_settings() -> None:
    one = wrap_classifier(scene_net(), LABELS)
    assert one.fingerprint == wrap_classifier(scene_net(), LABELS).fingerprint
    assert one.fingerprint != wrap_classifier(scene_net(seed=1), LABELS).fingerprint
    assert one.fingerprint != wrap_classifier(scene_net(), LABELS[::-1]).fingerprint
    assert one.fingerprint != wrap_classifier(scene_net(), LABELS, crop=256).fingerprint


def test_prediction_is_a_softmax_and_does_not_depend_on_the_batch() -> None:
    classifier = tiny_classifier()
    images = [picture(seed) for seed in range(5)]
    predictions = classifier.predict(images)
    assert len({prediction.label for prediction in predictions}) > 1
    for image, prediction in zip(images, predictions, strict=True):
        assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)
        np.testing.assert_allclose(classifier.predict([image])[0].probabilities, prediction.probabilities, atol=1e-5)
    assert classifier.predict([]) == []


def test_preprocess_views() -> None:
    whole, view = Preprocess(32)(picture(0, (100, 50)))
    assert whole.shape == (3, 32, 32) and (view.x0, view.y0, view.x1, view.y1) == (0, 0, 100, 50)
    assert float(whole.min()) >= 0 and float(whole.max()) <= 1
    # The centre 32 of an image whose shorter side becomes 40 px: 0.8 of that side.
    _, view = Preprocess(32, crop=40)(picture(0, (100, 50)))
    assert (view.x0, view.y0, view.x1, view.y1) == (30, 5, 70, 45)
    left = Image.new("RGB", (100, 50), "black")
    left.paste("white", (0, 0, 29, 50))  # outside the crop
    assert float(Preprocess(32, crop=40)(left)[0].max()) == 0
    normalised, _ = Preprocess(8, (0.5,) * 3, (0.25,) * 3)(Image.new("RGB", (9, 9), "white"))
    assert torch.allclose(normalised, torch.full((3, 8, 8), 2.0))


def test_saved_classifier_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "classifier.safetensors"
    module = scene_net()
    save_classifier(path, module, LABELS)
    loaded = load_scene_classifier(path)
    assert loaded.labels == LABELS and loaded.synthetic and loaded.name == "demo"
    wrapped = wrap_classifier(module, LABELS, name="demo")
    assert loaded.fingerprint == wrapped.fingerprint
    image = picture(3)
    np.testing.assert_array_equal(loaded.predict([image])[0].probabilities, wrapped.predict([image])[0].probabilities)


def _metadata(path: Path) -> dict[str, str]:
    with safe_open(str(path), framework="pt") as file:
        return dict(file.metadata())


def test_damaged_classifier_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "classifier.safetensors"
    save_classifier(path, scene_net(), LABELS)
    # Copies: load_file's tensors lie in the mapped file, which is about to be cut short.
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    metadata, whole = _metadata(path), path.read_bytes()

    def refused(pattern: str) -> None:
        with pytest.raises(EmocamError, match=pattern) as refusal:
            load_scene_classifier(path)
        assert path.name in str(refusal.value) and "\n" not in str(refusal.value)

    path.write_bytes(whole[: len(whole) // 2])
    refused("truncated")
    path.write_bytes(b"")
    refused("0 bytes")
    save_file({name: t for name, t in tensors.items() if name != "tail.fc2.bias"}, path, metadata)
    refused(r"no tensor 'tail\.fc2\.bias'; expected one of shape \(4,\)")
    save_file({**tensors, "tail.fc2.bias": torch.zeros(5)}, path, metadata)
    refused(r"shape \(5,\); expected \(4,\)")
    save_file({**tensors, "more": torch.zeros(1)}, path, metadata)
    refused("'more'")
    save_file(tensors, path, {**metadata, "architecture_version": "9"})
    refused(f"version 9; expected scene-net version {ARCHITECTURE_VERSION}")
    save_file(tensors, path, {**metadata, "labels": json.dumps(5)})
    refused("unusable metadata")
    save_file(tensors, path)
    refused(f"expected scene-net version {ARCHITECTURE_VERSION}")
    path.unlink()
    refused("no file")


def test_unknown_classifier_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'demo'"):
        load_classifier("Demo1")


def test_shipped_classifier() -> None:
    classifier = load_classifier("demo")
    assert len(classifier.labels) == 20 and "Sexual Desire" in classifier.labels
    assert classifier.synthetic and classifier.name == "demo"
    activation, views = classifier.activations([picture(0, (640, 480))])
    assert min(activation.shape[2:]) >= 13
    assert (views[0].x1, views[0].y1) == (640, 480)
