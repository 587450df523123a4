"""Networks with their target layers, and grad-cam's, captum's or an independent map for each method of the registry."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import Any

import numpy as np
import pytorch_grad_cam
import torch
import torchvision
from captum._utils.models.linear_model import SkLearnLasso, SkLearnRidge
from captum.attr import LRP, DeepLift, Lime
from captum.attr._core.lime import get_exp_kernel_similarity_function
from pytorch_grad_cam.fem import FEM
from pytorch_grad_cam.seg_eigen_cam import SegEigenCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget
from torch import Tensor, nn

from emocam_widgets.explain.lime_cam import Regressor, draw_samples
from emocam_widgets.models.emonet import EmoNet
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from emocam_widgets.models.target import without_in_place
from emocam_widgets.types import Output
from tests.tiny_models import LABELS, scene_net

TARGETS = torch.tensor([1, 3])
GRAD_CAMS = {
    "grad-cam": pytorch_grad_cam.GradCAM,
    "ablation-cam": pytorch_grad_cam.AblationCAM,
    "grad-cam-plus-plus": pytorch_grad_cam.GradCAMPlusPlus,
    "grad-cam-elementwise": pytorch_grad_cam.GradCAMElementWise,
    "layer-cam": pytorch_grad_cam.LayerCAM,
    "hires-cam": pytorch_grad_cam.HiResCAM,
    "xgrad-cam": pytorch_grad_cam.XGradCAM,
    "score-cam": pytorch_grad_cam.ScoreCAM,
    "eigen-cam": pytorch_grad_cam.EigenCAM,
    "eigen-grad-cam": pytorch_grad_cam.EigenGradCAM,
    "seg-eigen-cam": SegEigenCAM,
    "kpca-cam": pytorch_grad_cam.KPCA_CAM,
    "shapley-cam": pytorch_grad_cam.ShapleyCAM,
    "fem": FEM,
}
CAPTUM = ("lift-cam", "lrp-cam", "lime-cam")
# What has another reference: Zhou's definition is Grad-CAM there, and Finer-CAM is no BaseCAM of grad-cam's.
OTHERS = ("cam", "finer-cam")
REFERENCED = {*GRAD_CAMS, *CAPTUM, *OTHERS}
Parts = tuple[nn.Module, nn.Module, nn.Module, int]


class Tail(nn.Module):
    """A tail as captum wants it: every ReLU and pooling a module of its own, reshaping functional."""

    def __init__(self, spatial: nn.Sequential, dense: nn.Sequential) -> None:
        super().__init__()
        self.spatial, self.dense = spatial, dense

    def forward(self, activation: Tensor) -> Tensor:
        return self.dense(torch.flatten(self.spatial(activation), 1))


class Network(nn.Module):
    """A trunk of one convolution before a given tail; its target layer is `trunk`."""

    def __init__(self, tail: nn.Module, channels: int = 6) -> None:
        super().__init__()
        self.trunk = nn.Conv2d(3, channels, 3, padding=1)
        self.tail = tail

    def forward(self, x: Tensor) -> Tensor:
        return self.tail(self.trunk(x))


class ColumnsFirst(nn.Module):
    """Flattens as MATLAB does: the two spatial axes swapped, the channels where they are."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.linear = nn.ReLU(), nn.Linear(6 * 16, 4)

    def forward(self, activation: Tensor) -> Tensor:
        return self.linear(torch.flatten(self.relu(activation).transpose(2, 3), 1))


@dataclass(frozen=True)
class Case:
    """A network with its target layer, its tail for captum, the split classifier, and two images' activation."""

    name: str
    module: nn.Module
    layer: nn.Module
    tail: nn.Module
    classifier: SplitClassifier
    x: Tensor
    activation: Tensor


def _scene() -> Parts:
    module = scene_net()
    return module, module.trunk.layers[-1], module.tail, 224


def _alexnet() -> Parts:
    """torchvision's, with narrow linear layers in place of its 55 million weights."""
    module = torchvision.models.alexnet(weights=None)
    dense = nn.Sequential(nn.Dropout(), nn.Linear(9216, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 5))
    module.classifier = dense
    return module, module.features[10], Tail(nn.Sequential(*module.features[11:], module.avgpool), dense), 96


def _vgg() -> Parts:
    """VGG in small, cut before its last convolution: a tail that no sum over channels shortens."""
    features = torchvision.models.vgg.make_layers([8, "M", 12, "M", 32, 12, "M"])
    dense = nn.Sequential(nn.Linear(12 * 9, 24), nn.ReLU(), nn.Linear(24, 5))
    module = Tail(nn.Sequential(*features, nn.AdaptiveAvgPool2d((3, 3))), dense)
    return module, module.spatial[6], Tail(module.spatial[7:], dense), 48


def _emonet() -> Parts:
    """EmoNet with narrow linear layers and, since their number makes the references slow, a narrow target layer."""
    module = EmoNet(5)
    module.conv5 = nn.Conv2d(384, 32, 3, padding=1, groups=2)
    module.fc1, module.fc2, module.fc3 = nn.Linear(32 * 36, 48), nn.Linear(48, 24), nn.Linear(24, 5)
    return module, module.conv5, EmoNetTail(module), 227


def settled(module: nn.Module, size: int) -> nn.Module:
    """In eval mode, with the statistics of noise: those that a network begins with let nothing through."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None
    with torch.no_grad():
        module.train()(torch.rand(8, 3, size, size))
    return module.eval()


def _resnet() -> Parts:
    """torchvision's ResNet, its first two stages: the tail is pooling and one linear layer, and no ReLU begins it."""
    module = torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1])
    module.layer3, module.layer4, module.fc = nn.Identity(), nn.Identity(), nn.Linear(128, 5)
    pooling = nn.Sequential(nn.AdaptiveAvgPool2d(1))
    return settled(module, 48), module.layer2[-1], Tail(pooling, nn.Sequential(module.fc)), 48


def _densenet() -> Parts:
    """torchvision's DenseNet in small, its last ReLU not in place: that would overwrite what grad-cam keeps."""
    original: Any = settled(torchvision.models.DenseNet(8, (2, 2, 2, 2), 16, num_classes=5), 96)
    dense, pooling = nn.Sequential(original.classifier), [nn.ReLU(), nn.AdaptiveAvgPool2d(1)]
    module = Tail(nn.Sequential(original.features, *pooling), dense)
    return module, original.features.norm5, Tail(nn.Sequential(*pooling), dense), 96


class EmoNetTail(nn.Module):
    """EmoNet from conv5's output on, as captum wants it."""

    def __init__(self, network: EmoNet) -> None:
        super().__init__()
        self.spatial = nn.Sequential(network.relu5, network.pool5)
        self.dense = nn.Sequential(network.fc1, network.relu6, network.fc2, network.relu7, network.fc3)

    def forward(self, activation: Tensor) -> Tensor:
        return self.dense(torch.flatten(torch.transpose(self.spatial(activation), 2, 3), 1))


NETWORKS: dict[str, Callable[[], Parts]] = {
    "SceneNet": _scene,
    "alexnet": _alexnet,
    "vgg": _vgg,
    "emonet": _emonet,
    "resnet": _resnet,
    "densenet": _densenet,
}


def _standardise(layer: nn.Module, module: nn.Module, x: Tensor, mean_wanted: float) -> None:
    """Sets a layer's scale and shift so that each channel of its output has this mean and deviation 1."""
    kept: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    with torch.no_grad():
        module(x)
        handle.remove()
        deviation, mean = torch.std_mean(kept[0], dim=(0, 2, 3))
        layer.weight.div_(deviation.view(-1, *[1] * (layer.weight.dim() - 1)))
        layer.bias.sub_(mean).div_(deviation).add_(mean_wanted)


@cache
def case_of(name: str) -> Case:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module, layer, tail, size = NETWORKS[name]()
        x = torch.rand(2, 3, size, size)
        module.eval(), tail.eval()
        without_in_place(module)
        # An untrained network's scores hardly move: all layers from the target on are made to pass on what they get.
        for part in tail.modules():
            if isinstance(part, nn.Linear | nn.Conv2d):
                nn.init.normal_(part.weight, std=2 / part.weight[0].numel() ** 0.5)
        if hasattr(layer, "weight"):
            # XGrad-CAM divides by a channel's sum, which must not be near 0 on a map of 3 x 3.
            _standardise(layer, module, x, 1.0 if name == "densenet" else 0.5)
        with torch.no_grad():  # but not so far that the softmax is saturated: grad-cam's scores are float32
            last = [part for part in tail.modules() if isinstance(part, nn.Linear)][-1]
            last.weight.mul_(min(1.0, 4 / float(module(x).std())))
    target = next(part for part, found in module.named_modules() if found is layer)
    n_labels = module(x).shape[1]
    classifier = wrap_classifier(module, [str(i) for i in range(n_labels)], size=size, target=target)
    with torch.no_grad():
        activation = classifier.trunk(x)
    return Case(name, module, layer, tail, classifier, x, activation)


def pooled_classifier() -> SplitClassifier:
    """A tiny ResNet, which every method of the registry can explain."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module = torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=len(LABELS))
        nn.init.normal_(module.fc.weight, std=0.1)
    return wrap_classifier(settled(module, 96), LABELS, size=96, name="pooled")


def logits_of(case: Case) -> Tensor:
    with torch.no_grad():
        return case.module(case.x).gather(1, TARGETS.view(-1, 1)).squeeze(1)


def wrapped(tail: nn.Module) -> tuple[SplitClassifier, Tensor]:
    classifier = wrap_classifier(Network(tail).eval(), LABELS, size=4, target="trunk")
    return classifier, torch.randn(2, 6, 4, 4)


def reference(method: str, case: Case, output: Output) -> np.ndarray:
    """The unscaled maps of another implementation, rectified, (2, h, w)."""
    if method in CAPTUM:
        weights = captum_weights(method, case, output)
        return torch.relu(torch.einsum("nc,nchw->nhw", weights.double(), case.activation.double())).numpy()
    if method == "cam":
        return by_grad_cam(pytorch_grad_cam.GradCAM, case, output) * case.activation[0, 0].numel()
    if method == "finer-cam":
        return _finer(case)
    # grad-cam ablates by a very low value, which is 0 only behind a ReLU.
    if method == "ablation-cam" and case.name == "resnet":
        return _ablated(case, output)
    image = by_grad_cam(GRAD_CAMS[method], case, output, rectified=False)
    if method == "ablation-cam" and output == "logits":  # it divides by the score, we by its size
        image = image * torch.sign(logits_of(case)).numpy()[:, None, None]
    return np.maximum(image, 0)


def by_grad_cam(kind: Any, case: Case, output: Output, rectified: bool = True) -> np.ndarray:
    """grad-cam's own map before its two rounds of min-max scaling, in double precision."""
    target = ClassifierOutputTarget if output == "logits" else ClassifierOutputSoftmaxTarget
    module = copy.deepcopy(case.module).double()
    with redirect_stderr(StringIO()), kind(module, [dict(module.named_modules())[case.classifier.target]]) as cam:
        unscaled = _recorded(cam)
        cam(case.x.double(), [target(int(index)) for index in TARGETS])
    return np.maximum(unscaled[0], 0) if rectified else unscaled[0]


def _recorded(cam: Any) -> list[np.ndarray]:
    """Keeps what a CAM of grad-cam makes before it is scaled."""
    unscaled: list[np.ndarray] = []
    make = cam.get_cam_image

    def keep(*arguments: Any) -> np.ndarray:
        found = make(*arguments)
        unscaled.append(found.detach().numpy() if isinstance(found, Tensor) else found)
        return unscaled[-1]

    cam.get_cam_image = keep
    return unscaled


def _finer(case: Case) -> np.ndarray:
    """Image by image: grad-cam takes one label for the whole batch."""
    module = copy.deepcopy(case.module).double()
    maps = []
    for image, target in zip(case.x.double(), TARGETS, strict=True):
        with pytorch_grad_cam.FinerCAM(module, [dict(module.named_modules())[case.classifier.target]]) as cam:
            unscaled = _recorded(cam.base_cam)
            cam(image[None], None, target_idx=int(target))
        maps.append(np.maximum(unscaled[0][0], 0))
    return np.stack(maps)


def _ablated(case: Case, output: Output) -> np.ndarray:
    """The paper's definition: one pass of the whole network without each channel, put in by a hook."""
    whole = {}
    missing: list[int] = []

    def without(_module: nn.Module, _inputs: object, activation: Tensor) -> Tensor:
        whole["activation"] = activation
        return activation * (torch.arange(activation.shape[1]) != missing[0]).view(1, -1, 1, 1)

    module = copy.deepcopy(case.module).double()
    handle = dict(module.named_modules())[case.classifier.target].register_forward_hook(without)
    scores = []
    with torch.no_grad():
        for channel in range(-1, case.activation.shape[1]):
            missing[:] = [channel]
            logits = module(case.x.double())
            score = logits if output == "logits" else torch.softmax(logits, dim=1)
            scores.append(score.gather(1, TARGETS.view(-1, 1)).squeeze(1))
    handle.remove()
    score, ablated = scores[0], torch.stack(scores[1:], dim=1)
    weights = (score[:, None] - ablated) / score[:, None].abs()
    return torch.relu(torch.einsum("nc,nchw->nhw", weights, whole["activation"])).numpy()


def captum_weights(method: str, case: Case, output: Output, regressor: Regressor = "ridge") -> Tensor:
    """Channel weights (n, c) by captum on the tail alone."""
    tail = copy.deepcopy(case.tail).double()
    tail = tail if output == "logits" else nn.Sequential(tail, nn.Softmax(dim=1))
    start = case.activation.double().requires_grad_(True)
    if method == "lift-cam":  # image by image: in a batch, captum's pooling takes the first image's gradient for all
        attribute = DeepLift(tail).attribute
        pairs = zip(start.split(1), TARGETS, strict=True)
        found = torch.cat([attribute(image, torch.zeros_like(image), target=int(target)) for image, target in pairs])
        return found.detach().sum(dim=(2, 3))
    if method == "lrp-cam":
        return LRP(tail).attribute(start, target=TARGETS).detach().sum(dim=(2, 3))
    samples = draw_samples(start.shape[1])
    weights = []
    for image, target in zip(start, TARGETS, strict=True):
        rows = iter(samples.long().unsqueeze(1))
        lime = Lime(
            tail,
            SkLearnRidge(alpha=1.0) if regressor == "ridge" else SkLearnLasso(alpha=0.01),
            similarity_func=get_exp_kernel_similarity_function("cosine", 1.0),
            perturb_func=lambda _original, rows=rows, **_: next(rows),
        )
        channel = torch.arange(len(image)).view(1, -1, 1, 1).expand(1, *image.shape)
        found = lime.attribute(image[None], target=int(target), feature_mask=channel, n_samples=len(samples))
        weights.append(found[0, :, 0, 0])
    return torch.stack(weights)
