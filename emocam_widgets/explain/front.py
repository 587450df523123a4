"""The front of a tail: from the target layer to the first linear layer, whose output is a sum over the channels.

Where the tail treats each channel alone up to that layer (ReLU, pooling, flatten), the channels' summands are computed
once, and a set of channels, a gradient or a rule of propagation has to do only with what follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from emocam_widgets.explain.rules import reference_values, run_from
from emocam_widgets.explain.sharing import once

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

# Weights that are copied into channel-major order, where the product is four times faster: 256 MB of float32.
_COPIED = 2**26
# Summands that are kept for the other methods of the same images: 64 MB of float32.
_KEPT = 2**24
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


@dataclass(frozen=True, eq=False)
class Nothing:
    """A tail without any channel: the front's features, the linear layer's output, and each later node's value."""

    features: Tensor
    sums: Tensor
    later: Mapping[fx.Node, Any]


@dataclass(frozen=True, eq=False)
class LinearFront:
    """The beginning of a tail up to and with its first linear layer, whose output is a sum over the channels.

    `start` is the node of the activation, `features` the one that goes into the layer, `sums` the layer's own;
    `weights` are the layer's, channel by channel: (c, features per channel, m). `normalised` tells that a batch
    normalisation stands before the layer.
    """

    tail: fx.GraphModule
    start: fx.Node
    features: fx.Node
    sums: fx.Node
    layer: nn.Linear
    weights: Tensor
    normalised: bool
    _nothing: dict[tuple[object, ...], Nothing] = field(default_factory=dict, repr=False)

    def summands(self, activation: Tensor) -> tuple[Tensor, Tensor]:
        """The layer's output without any channel (1, m), and what each channel of A adds to it: (n, c, m).

        Within `sharing()`, those of the same activation are computed once.
        """
        if activation.shape[0] * activation.shape[1] * self.layer.out_features > _KEPT:
            return self.fresh_summands(activation)
        return once((self, "summands"), activation, lambda: self.fresh_summands(activation))

    def fresh_summands(self, activation: Tensor) -> tuple[Tensor, Tensor]:
        """`summands`, computed again: for parts of a batch, which nothing else asks for."""
        n, c = activation.shape[:2]
        with torch.no_grad():
            nothing = self.nothing(activation)
            features = self._features(activation.detach()) - nothing.features
            added = torch.bmm(features.view(n, c, -1).transpose(0, 1), self.weights)
        return nothing.sums, added.transpose(0, 1)

    def nothing(self, activation: Tensor) -> Nothing:
        """What the tail gives without any channel, computed once for activations of one shape."""
        key = (*activation.shape[1:], activation.dtype, activation.device)
        if key not in self._nothing:
            with torch.no_grad():
                features = self._features(torch.zeros_like(activation[:1]))
                sums = self.layer(features)
            self._nothing[key] = Nothing(features, sums, reference_values(self.tail, self.sums, sums))
        return self._nothing[key]

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


def _find(classifier: SplitClassifier, channels: int) -> LinearFront | None:
    tail = classifier.tail_graph
    if tail is None:
        return None
    (start,) = (node for node in tail.graph.nodes if node.op == "placeholder")
    node, normalised = start, False
    while len(node.users) == 1:
        before, (node,) = node, node.users
        layer = tail.get_submodule(str(node.target)) if node.op == "call_module" else None
        if isinstance(layer, nn.Linear):
            if layer.in_features % channels:
                return None
            weights = layer.weight.detach().view(layer.out_features, channels, -1).permute(1, 2, 0)
            weights = weights.contiguous() if weights.numel() <= _COPIED else weights
            return LinearFront(tail, start, before, node, layer, weights, normalised)
        if not (
            type(layer) in _CHANNELWISE_MODULES
            or node.target in _CHANNELWISE_FUNCTIONS
            or (node.op == "call_method" and node.target in _CHANNELWISE_METHODS)
        ):
            return None
        normalised = normalised or isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
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
