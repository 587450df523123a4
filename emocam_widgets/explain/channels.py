"""The tail of a classifier as a function of which channels its target layer keeps, for many sets of channels at once.

Where the tail treats each channel alone up to its first linear layer (ReLU, pooling, flatten, Linear), that layer's
output is a sum over the channels: their summands are computed once, and only what follows is run for every set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from emocam_widgets.explain.rules import run_from

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

# Elements of one batch of tail inputs: 64 MB of float32.
_BATCH = 2**24
# Weights that are copied into channel-major order, where the product is four times faster: 256 MB of float32.
_COPIED = 2**26
_CHANNELWISE_MODULES = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.SiLU,
    nn.GELU,
    nn.Hardswish,
    nn.Sigmoid,
    nn.Tanh,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.Dropout,
    nn.Dropout2d,
    nn.Identity,
    nn.Flatten,
)
_CHANNELWISE_FUNCTIONS = (
    torch.relu,
    torch.flatten,
    torch.mean,
    torch.transpose,
    torch.permute,
    functional.relu,
    functional.adaptive_avg_pool2d,
    functional.avg_pool2d,
    functional.dropout,
)
_CHANNELWISE_METHODS = frozenset({"relu", "flatten", "mean", "transpose", "permute", "contiguous"})


@dataclass(frozen=True)
class LinearFront:
    """The beginning of a tail up to and with its first linear layer, whose output is a sum over the channels.

    `start` is the node of the activation, `features` the one that goes into the layer, `sums` the layer's own;
    `weights` are the layer's, channel by channel: (c, features per channel, m).
    """

    tail: fx.GraphModule
    start: fx.Node
    features: fx.Node
    sums: fx.Node
    layer: nn.Linear
    weights: Tensor

    def summands(self, activation: Tensor) -> tuple[Tensor, Tensor]:
        """The layer's output without any channel (1, m), and what each channel of A adds to it: (n, c, m)."""
        n, c = activation.shape[:2]
        nothing = self._features(torch.zeros_like(activation[:1]))
        features = self._features(activation) - nothing
        added = torch.bmm(features.view(n, c, -1).transpose(0, 1), self.weights)
        return self.layer(nothing), added.transpose(0, 1)

    def rest(self, sums: Tensor) -> Tensor:
        """The layer's output (n, m) -> logits (n, k)."""
        return run_from(self.tail, self.sums, sums)

    def _features(self, activation: Tensor) -> Tensor:
        run = fx.Interpreter(self.tail, garbage_collect_values=False)
        after = dict.fromkeys(self._later_nodes())
        run.run(initial_env={**after, self.start: activation})
        return run.env[self.features]

    def _later_nodes(self) -> list[fx.Node]:
        nodes = list(self.tail.graph.nodes)
        return nodes[nodes.index(self.sums) :]


_FRONTS: WeakKeyDictionary[SplitClassifier, LinearFront | None] = WeakKeyDictionary()


def linear_front(classifier: SplitClassifier, activation: Tensor) -> LinearFront | None:
    """The front of a classifier's tail where it has one; found once, and checked by its numbers too."""
    if classifier not in _FRONTS:
        front = _find(classifier, activation.shape[1])
        _FRONTS[classifier] = front if front is not None and _holds(front, classifier, activation) else None
    return _FRONTS[classifier]


def logits_without_each(
    classifier: SplitClassifier, activation: Tensor, *, by_front: bool = True
) -> tuple[Tensor, Tensor]:
    """Logits of A (n, c, h, w) as it is, (n, k), and with one channel after the other set to 0, (n, c, k).

    Both come from the same passes: an error that they do not share would be the same for all channels, and add up.
    """
    front = linear_front(classifier, activation) if by_front else None
    if front is None:
        channels = torch.eye(activation.shape[1], device=activation.device)
        keep = 1 - torch.cat([torch.zeros_like(channels[:1]), channels])
        logits = _logits_masked(classifier, activation, keep)
    else:
        logits = _in_parts(front, activation, _whole_and_without_each)
    return logits[:, 0], logits[:, 1:]


def logits_with(classifier: SplitClassifier, activation: Tensor, keep: Tensor, *, by_front: bool = True) -> Tensor:
    """Logits (n, m, k) with only the channels kept that are 1 in a row of `keep` (m, c), the others 0."""
    keep = keep.to(activation)
    front = linear_front(classifier, activation) if by_front else None
    if front is None:
        return _logits_masked(classifier, activation, keep)
    return _in_parts(front, activation, lambda nothing, added: nothing + keep @ added)


def _whole_and_without_each(nothing: Tensor, added: Tensor) -> Tensor:
    whole = nothing + added.sum(dim=1, keepdim=True)
    return torch.cat([whole, whole - added], dim=1)


def _in_parts(front: LinearFront, activation: Tensor, sums: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Runs what follows the front on `sums(nothing, added)`, so many images at a time as fit in a batch."""
    at_once = max(1, _BATCH // (activation.shape[1] * front.layer.out_features))
    logits = []
    with torch.no_grad():
        for part in activation.split(at_once):
            rows = sums(*front.summands(part))
            logits.append(front.rest(rows.flatten(0, 1)).unflatten(0, rows.shape[:2]))
    return torch.cat(logits)


def _logits_masked(classifier: SplitClassifier, activation: Tensor, keep: Tensor) -> Tensor:
    """The same for any tail: masked copies of the activation, so many at a time as fit in a batch."""
    n, m = len(activation), len(keep)
    pairs = torch.cartesian_prod(torch.arange(n), torch.arange(m)).to(activation.device)
    logits = []
    with torch.no_grad():
        for image, row in (part.T for part in pairs.split(max(1, _BATCH // activation[0].numel()))):
            logits.append(classifier.tail(activation[image] * keep[row][:, :, None, None]))
    return torch.cat(logits).unflatten(0, (n, m))


def _find(classifier: SplitClassifier, channels: int) -> LinearFront | None:
    tail = classifier.tail_graph
    if tail is None:
        return None
    (start,) = (node for node in tail.graph.nodes if node.op == "placeholder")
    node = start
    while len(node.users) == 1:
        before, (node,) = node, node.users
        layer = tail.get_submodule(str(node.target)) if node.op == "call_module" else None
        if isinstance(layer, nn.Linear):
            if layer.in_features % channels:
                return None
            weights = layer.weight.detach().view(layer.out_features, channels, -1).permute(1, 2, 0)
            weights = weights.contiguous() if weights.numel() <= _COPIED else weights
            return LinearFront(tail, start, before, node, layer, weights)
        if not (
            type(layer) in _CHANNELWISE_MODULES
            or node.target in _CHANNELWISE_FUNCTIONS
            or (node.op == "call_method" and node.target in _CHANNELWISE_METHODS)
        ):
            return None
    return None


def _holds(front: LinearFront, classifier: SplitClassifier, activation: Tensor) -> bool:
    """Whether the sum over half of the channels is what the layer gives for them: an odd reshape would break it."""
    shape = activation.shape[1:]
    generator = torch.Generator().manual_seed(0)
    example = torch.randn(1, *shape, generator=generator).to(activation)
    keep = torch.zeros(1, shape[0]).index_fill_(1, torch.arange(0, shape[0], 2), 1.0).to(activation)
    with torch.no_grad():
        nothing, added = front.summands(example)
        found = front.rest(nothing + (keep @ added).flatten(0, 1))
        expected = classifier.tail(example * keep[:, :, None, None])
    scale = float(expected.abs().max())
    return found.shape == expected.shape and torch.allclose(found, expected, rtol=1e-3, atol=1e-4 * scale)
