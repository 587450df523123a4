"""The Fields model and the embedded world's affect classifier: shapes, folding, files, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.explain import METHODS, explain
from emocam_widgets.labels import AFFECT_LABELS
from emocam_widgets.models import CLASSIFIERS, load_classifier, wrap_classifier
from emocam_widgets.models.affect import (
    PREPROCESS,
    AffectResNet,
    imagenet_trunk,
    load_affect,
    save_affect,
    weights_path,
)
from emocam_widgets.models.affect_head import affect_head
from emocam_widgets.models.demo_affect import AffectSceneNet, load_affect_scene, save_affect_scene
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.weights import read_safetensors
from emocam_widgets.weights_files import published
from tests.tiny_models import picture

SMALL = "resnet18"


def _settled(module: nn.Module, size: int) -> nn.Module:
    """Batch normalisation with statistics of its own, so that folding it is not the identity."""
    torch.manual_seed(3)
    module.train()
    with torch.no_grad():
        for _ in range(3):
            module(torch.rand(4, 3, size, size))
        for part in module.modules():
            if isinstance(part, nn.BatchNorm1d):
                part.weight.uniform_(0.5, 1.5)
                part.bias.uniform_(-0.5, 0.5)
    return module.eval()


@pytest.fixture(scope="module")
def small() -> AffectResNet:
    torch.manual_seed(0)
    module = AffectResNet(SMALL)
    _settled(module, 64)
    return module


@pytest.fixture(scope="module")
def scene_net() -> AffectSceneNet:
    torch.manual_seed(1)
    module = AffectSceneNet(width=0.25)
    _settled(module, 64)
    return module


@pytest.mark.parametrize("features", [160, 512, 2048])
def test_head_is_a_normalisation_and_three_linear_layers(features: int) -> None:
    head = affect_head(features)
    kinds = [nn.BatchNorm1d, nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert [type(layer) for layer in head] == kinds
    shapes = [tuple(layer.weight.shape) for layer in head if isinstance(layer, nn.Linear)]
    assert shapes == [(512, features), (128, 512), (3, 128)]
    assert head(torch.rand(5, features)).shape == (5, 3)


def test_the_paper_s_model_is_torchvision_s_resnet50_under_the_head() -> None:
    with torch.device("meta"):
        own, theirs = AffectResNet(), torchvision.models.resnet50()
    mine = {name: tensor.shape for name, tensor in own.state_dict().items() if not name.startswith("fc.")}
    assert mine == {name: tensor.shape for name, tensor in theirs.state_dict().items() if not name.startswith("fc.")}
    trunk = sum(tensor.numel() for name, tensor in own.named_parameters() if not name.startswith("fc."))
    head = sum(parameter.numel() for parameter in own.head.parameters())
    assert trunk == 23_508_032
    assert head == 2 * 2048 + (2048 + 1) * 512 + (512 + 1) * 128 + (128 + 1) * 3


def test_trunk_computes_what_torchvision_s_does(small: AffectResNet) -> None:
    theirs = torchvision.models.resnet18()
    theirs.fc = small.head
    theirs.load_state_dict(small.state_dict())
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(small(x), theirs.eval()(x))
        torch.testing.assert_close(small.head(small.features(x)), small(x))


def _folded(head: nn.Sequential) -> nn.Sequential:
    """The head with its normalisation folded into the first linear layer, computed here: W (g (x - m) / s + b) + c."""
    normalisation, linear = head[0], head[1]
    assert isinstance(normalisation, nn.BatchNorm1d) and isinstance(linear, nn.Linear)
    assert normalisation.running_mean is not None and normalisation.running_var is not None
    scale = normalisation.weight / torch.sqrt(normalisation.running_var + normalisation.eps)
    folded = nn.Linear(linear.in_features, linear.out_features)
    with torch.no_grad():
        folded.weight.copy_(linear.weight * scale)
        folded.bias.copy_(linear.bias + linear.weight @ (normalisation.bias - normalisation.running_mean * scale))
    return nn.Sequential(nn.Identity(), folded, *head[2:])


@pytest.mark.parametrize("method", ["lift-cam", "lrp-cam", "ablation-cam", "grad-cam", "lime-cam"])
@pytest.mark.parametrize("which", ["small", "scene_net"])
def test_methods_see_the_normalisation_as_part_of_the_layer_after_it(
    which: str, method: str, request: pytest.FixtureRequest
) -> None:
    module: AffectResNet | AffectSceneNet = request.getfixturevalue(which)
    folded = copy.deepcopy(module)
    setattr(folded, "fc" if isinstance(folded, AffectResNet) else "head", _folded(module.head))
    size = 96 if which == "small" else 224
    maps = []
    for each in (module, folded):
        classifier = wrap_classifier(each, AFFECT_LABELS, size=size)
        activation, _ = classifier.activations([picture(seed, (size, size)) for seed in (1, 2)])
        found = [
            explain(classifier, activation, torch.tensor([t, t]), method, METHODS[method].output) for t in range(3)
        ]
        maps.append(torch.stack(found).detach().numpy())
    assert maps[0].max() > 0
    np.testing.assert_allclose(maps[0], maps[1], atol=2e-3 * maps[1].max())


def test_target_layers(small: AffectResNet, scene_net: AffectSceneNet) -> None:
    assert wrap_classifier(small, AFFECT_LABELS, size=96).target == "layer4.1"
    scenes = wrap_classifier(scene_net, AFFECT_LABELS)
    activation, _ = scenes.activations([picture(0)])
    assert activation.shape[2:] == (14, 14) and activation.min() < 0, "the target is before a ReLU"


def test_saved_model_is_the_same(small: AffectResNet, tmp_path: Path) -> None:
    path = tmp_path / "affect.safetensors"
    save_affect(path, small, trained_on={"corpora": ["album"]})
    loaded = load_affect(path)
    assert loaded.labels == ("negative", "other", "positive") and not loaded.synthetic
    assert loaded.name == "affect-resnet18"
    here = wrap_classifier(small, AFFECT_LABELS, preprocess=PREPROCESS)
    assert loaded.fingerprint == here.fingerprint
    np.testing.assert_array_equal(_probabilities(loaded), _probabilities(here))
    with safe_open(str(path), framework="pt") as file:
        assert json.loads(file.metadata()["trained_on"]) == {"corpora": ["album"]}


def test_plain_state_dict_of_the_paper_s_model_loads(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = torchvision.models.resnet50()
    module.fc = affect_head(2048)  # as somebody trains it elsewhere
    path = tmp_path / "weights.pt"
    torch.save(module.state_dict(), path)
    loaded = load_affect(path)
    assert loaded.name == "affect-resnet50" and loaded.labels == AFFECT_LABELS and loaded.target == "layer4.2"
    here = wrap_classifier(module.eval(), AFFECT_LABELS, preprocess=PREPROCESS)
    np.testing.assert_allclose(_probabilities(loaded), _probabilities(here), atol=1e-6)


def test_without_weights_it_says_how_to_make_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small: AffectResNet
) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    path = weights_path()
    assert path.is_relative_to(tmp_path)
    with pytest.raises(EmocamError, match=r"emocam train affect-resnet50 --emotion-dataset") as refusal:
        load_classifier("affect-resnet50")
    assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)
    path.parent.mkdir(parents=True)
    save_affect(path, small)
    with pytest.raises(EmocamError, match=r"holds a classifier affect-resnet18; expected affect-resnet50"):
        load_classifier("affect-resnet50")


def test_damaged_files_are_refused_in_a_sentence(small: AffectResNet, tmp_path: Path) -> None:
    path = tmp_path / "affect.safetensors"
    save_affect(path, small)
    metadata, tensors = read_safetensors(path, "it")
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}  # they lie in the file, which is cut short
    whole = path.read_bytes()

    def refused(pattern: str, file: Path = path) -> None:
        with pytest.raises(EmocamError, match=pattern) as refusal:
            load_affect(file)
        assert file.name in str(refusal.value) and "\n" not in str(refusal.value)

    path.write_bytes(whole[: len(whole) // 2])
    refused("truncated")
    save_file({name: tensor for name, tensor in tensors.items() if name != "fc.5.bias"}, path, metadata)
    refused(r"no tensor 'fc\.5\.bias'; expected one of shape \(3,\)")
    save_file({**tensors, "more": torch.zeros(1)}, path, metadata)
    refused("1 unexpected tensors, the first is 'more'")
    save_file(tensors, path, {**metadata, "architecture": "affect-resnet50"})
    refused("expected")
    save_file(tensors, path, {**metadata, "architecture": "vgg"})
    refused(r"architecture vgg; expected one of affect-resnet18, affect-resnet34, affect-resnet50")
    for key, value in (("labels", '"negative"'), ("labels", "[]"), ("preprocessing", "{}"), ("preprocessing", "5")):
        save_file(tensors, path, {**metadata, key: value})
        refused("unusable metadata")
    path.unlink()
    refused("no file")

    plain = tmp_path / "affect.pt"
    torch.save(small.state_dict(), plain)  # a resnet18, where a resnet50 is expected
    refused(r"no tensor|with shape", plain)
    torch.save({"state_dict": small.state_dict()}, plain)
    refused("expected tensors by name", plain)
    torch.save(small, plain)
    refused("more than tensors, or is damaged, and was not run", plain)
    plain.write_bytes(b"PK\x03\x04 cut short")
    refused("cannot be read as a torch state dict|not run", plain)


def test_imagenet_trunk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    with pytest.raises(EmocamError, match="emocam models pull resnet18-imagenet"):
        imagenet_trunk(SMALL)
    with pytest.raises(UnknownNameError, match="no trunk called 'resnet51'; did you mean 'resnet50'"):
        AffectResNet("resnet51")
    model = published("resnet18-imagenet")
    path = model.path(model.files[0].name)
    path.parent.mkdir(parents=True)
    torch.manual_seed(5)
    theirs = torchvision.models.resnet18()
    torch.save(theirs.state_dict(), path)
    module = imagenet_trunk(SMALL)
    theirs.fc = nn.Identity()
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(module.eval().features(x), theirs.eval()(x))
    torch.save(torchvision.models.resnet34().state_dict(), path)
    with pytest.raises(EmocamError, match=r"resnet18.*unexpected tensors"):
        imagenet_trunk(SMALL)


def test_scene_file_is_the_same_to_half_precision(scene_net: AffectSceneNet, tmp_path: Path) -> None:
    path = tmp_path / "affect.safetensors"
    save_affect_scene(path, scene_net)
    loaded = load_affect_scene(path)
    assert loaded.synthetic and loaded.name == "demo-affect" and loaded.labels == AFFECT_LABELS
    here = wrap_classifier(scene_net, AFFECT_LABELS)
    np.testing.assert_allclose(_probabilities(loaded), _probabilities(here), atol=5e-3)
    with pytest.raises(ValueError, match="2 labels given"):
        save_affect_scene(path, scene_net, ("a", "b"))

    metadata, tensors = read_safetensors(path, "it")
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    save_file(tensors, path, {**metadata, "architecture_version": "9"})
    with pytest.raises(EmocamError, match=r"affect-scene-net version 9; expected affect-scene-net version 1"):
        load_affect_scene(path)
    save_file(tensors, path, {**metadata, "width": "wide"})
    with pytest.raises(EmocamError, match="unusable metadata"):
        load_affect_scene(path)


def test_names_are_registered() -> None:
    assert {"affect-resnet50", "demo-affect"} <= set(CLASSIFIERS)


def _probabilities(classifier: SplitClassifier) -> np.ndarray:
    return np.stack([each.probabilities for each in classifier.predict([picture(seed) for seed in range(3)])])


def test_gradients_reach_the_target_through_the_tail(scene_net: AffectSceneNet) -> None:
    classifier = wrap_classifier(scene_net, AFFECT_LABELS)
    activation: Tensor = classifier.activations([picture(0)])[0].requires_grad_()
    (gradient,) = torch.autograd.grad(classifier.tail(activation)[0, 0], activation)
    assert gradient.abs().max() > 0
