"""`cam`: the five methods of the EmoCAM paper on one image, beside grad-cam and captum used as its authors used them.

EmoNet's architecture with random weights; both sides explain the same label and must give the same maps.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
import torch
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import LRP, DeepLift, Lime
from captum.attr._core.lime import get_exp_kernel_similarity_function
from pytorch_grad_cam import AblationCAM, GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget
from torch import Tensor, nn

from benchmarks.core import Figure, Figures
from emocam_widgets.explain import METHODS, explain, explain_all
from emocam_widgets.explain.lime_cam import draw_samples
from emocam_widgets.models.emonet import SIZE, EmoNet, split_emonet
from emocam_widgets.models.split import SplitClassifier

ROUNDS = 7
OURS_BETWEEN = 2
PAPER = ("grad-cam", "ablation-cam", "lift-cam", "lrp-cam", "lime-cam")
Maps = dict[str, np.ndarray]


class _Tail(nn.Module):
    """EmoNet from conv5's output on, as captum needs it."""

    def __init__(self, network: EmoNet) -> None:
        super().__init__()
        self.spatial = nn.Sequential(network.relu5, network.pool5)
        self.dense = nn.Sequential(network.fc1, network.relu6, network.fc2, network.relu7, network.fc3)

    def forward(self, activation: Tensor) -> Tensor:
        return self.dense(torch.flatten(torch.transpose(self.spatial(activation), 2, 3), 1))


@dataclass(frozen=True)
class _Peer:
    """grad-cam on the network, captum on its tail: each method's unscaled map of one label, rectified, (1, h, w)."""

    network: EmoNet
    tail: _Tail
    target: int

    def maps(self, inputs: Tensor, timed: Callable[[str, Callable[[], Any]], Any]) -> Maps:
        """All five, one after the other, on an activation taken once, by a hook; `timed(what, run)` runs each."""
        activation: Tensor = timed("trunk", lambda: self._activation(inputs))
        ways: Mapping[str, Callable[[], np.ndarray]] = {
            "grad-cam": lambda: self._grad_cam(GradCAM, inputs),
            "ablation-cam": lambda: self._grad_cam(AblationCAM, inputs),
            "lift-cam": lambda: self._by_captum(self._lift(activation), activation),
            "lrp-cam": lambda: self._by_captum(self._lrp(activation), activation),
            "lime-cam": lambda: self._by_captum(self._lime(activation), activation),
        }
        return {method: timed(method, way) for method, way in ways.items()}

    def _activation(self, inputs: Tensor) -> Tensor:
        kept: list[Tensor] = []
        handle = self.network.conv5.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
        with torch.no_grad():
            self.network(inputs)
        handle.remove()
        return kept[0]

    def _grad_cam(self, method: Any, inputs: Tensor) -> np.ndarray:
        unscaled: list[np.ndarray] = []
        with redirect_stderr(StringIO()), method(self.network, [self.network.conv5]) as cam:
            make = cam.get_cam_image

            def keep(*arguments: Any) -> np.ndarray:
                unscaled.append(make(*arguments))
                return unscaled[0]

            cam.get_cam_image = keep
            cam(inputs, [ClassifierOutputSoftmaxTarget(self.target)])
        return np.maximum(unscaled[0], 0)

    def _by_captum(self, weights: Tensor, activation: Tensor) -> np.ndarray:
        return torch.relu(torch.einsum("nc,nchw->nhw", weights, activation)).numpy()

    def _lift(self, activation: Tensor) -> Tensor:
        found = DeepLift(self.tail).attribute(
            activation.clone().requires_grad_(), torch.zeros_like(activation), target=self.target
        )
        return found.detach().sum(dim=(2, 3))

    def _lrp(self, activation: Tensor) -> Tensor:
        found = LRP(self.tail).attribute(activation.clone().requires_grad_(), target=self.target)
        return found.detach().sum(dim=(2, 3))

    def _lime(self, activation: Tensor) -> Tensor:
        """One sample at a time, which is captum's default; the regressor and the samples are ours."""
        samples = draw_samples(activation.shape[1]).long()
        rows = iter(samples.unsqueeze(1))
        lime = Lime(
            self.tail,
            SkLearnRidge(alpha=1.0),
            similarity_func=get_exp_kernel_similarity_function("cosine", 1.0),
            perturb_func=lambda _original, **_: next(rows),
        )
        channel = torch.arange(activation.shape[1]).view(1, -1, 1, 1).expand_as(activation)
        found = lime.attribute(activation, target=self.target, feature_mask=channel, n_samples=len(samples))
        return found[:, :, 0, 0]


def measure() -> Figures:
    """Medians of the ratios of paired rounds, and how far the maps are from each other."""
    classifier, network, inputs = _emonet()
    with torch.no_grad():
        target = int(network(inputs).argmax())
    peer = _Peer(network, _Tail(network).eval(), target)
    sides = {
        "all": lambda: _ours(classifier, inputs, target),
        "ablation-cam": lambda: _alone(classifier, inputs, target),
    }
    expected = peer.maps(inputs, lambda _what, run: run())
    for run in sides.values():
        run()  # warm
    ours: dict[str, list[float]] = {what: [] for what in sides}
    theirs: dict[str, list[float]] = {what: [] for what in sides}
    for _ in range(ROUNDS):
        seconds: dict[str, float] = {}
        mine: dict[str, list[float]] = {what: [] for what in sides}

        def timed(
            what: str,
            run: Callable[[], Any],
            seconds: dict[str, float] = seconds,
            mine: dict[str, list[float]] = mine,
        ) -> Any:
            """Ours between all that the peer does, so that both sides have the machine in the same moods."""
            start = time.perf_counter()
            result = run()
            seconds[what] = time.perf_counter() - start
            for side, answer in sides.items():
                mine[side] += [_seconds(answer) for _ in range(OURS_BETWEEN)]
            return result

        peer.maps(inputs, timed)
        for what, took in (("all", sum(seconds.values())), ("ablation-cam", seconds["ablation-cam"])):
            theirs[what].append(took)
            ours[what].append(statistics.median(mine[what]))
    found = _ours(classifier, inputs, target)
    ratios = {what: statistics.median(t / o for t, o in zip(theirs[what], ours[what], strict=True)) for what in ours}
    return {
        "times_faster": Figure(ratios["all"], 30, "least", "the paper's five methods on one image, times faster"),
        "times_faster_ablation": Figure(ratios["ablation-cam"], 50, "least", "Ablation-CAM alone, times faster"),
        "difference": Figure(
            max(_difference(found[method], expected[method]) for method in PAPER),
            1e-4,
            "most",
            "the largest difference between the two sides' unscaled maps, of a map's range",
        ),
    }


def _emonet() -> tuple[SplitClassifier, EmoNet, Tensor]:
    """Random weights that pass on what they get: PyTorch's own make the scores nearly the same for every input."""
    torch.manual_seed(0)
    network = EmoNet().eval()
    for part in network.modules():
        if isinstance(part, nn.Linear | nn.Conv2d):
            nn.init.normal_(part.weight, std=(2 / part.weight[0].numel()) ** 0.5)
    mean = torch.full((3, SIZE, SIZE), 127.5)
    inputs = torch.rand(1, 3, SIZE, SIZE) * 255 - mean
    with torch.no_grad():
        logits = network(inputs)
        network.fc3.weight.div_(logits.std())
        network.fc3.bias.div_(logits.std())
    # The peer's users leave the gradients of the weights on; ours is a copy without them.
    return split_emonet(copy.deepcopy(network), mean), network, inputs


def _ours(classifier: SplitClassifier, inputs: Tensor, target: int) -> Maps:
    """One trunk pass, then all five methods of it, each on the output that the authors explained."""
    with torch.no_grad():
        activation = classifier.trunk(inputs)
    found = explain_all(classifier, activation, torch.tensor([target]), {m: METHODS[m].output for m in PAPER})
    return {method: grids.numpy() for method, grids in found.items()}


def _alone(classifier: SplitClassifier, inputs: Tensor, target: int) -> np.ndarray:
    with torch.no_grad():
        activation = classifier.trunk(inputs)
    return explain(classifier, activation, torch.tensor([target]), "ablation-cam").numpy()


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _difference(found: np.ndarray, expected: np.ndarray) -> float:
    span = float(expected.max() - expected.min())
    if span <= 0:
        raise AssertionError("a constant map tells nothing about agreement")
    return float(np.abs(found - expected).max()) / span
