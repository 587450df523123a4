"""CAM (Zhou et al. 2016, equation 2), the first: channels weighted as the only linear layer weights their means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from emocam_widgets.errors import EmocamError
from emocam_widgets.explain.scores import weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

_NO_OPERATION = (nn.Dropout, nn.Dropout2d, nn.Identity, nn.Flatten)
_RESHAPING = (torch.flatten, torch.squeeze, functional.dropout)
_RESHAPING_METHODS = frozenset({"flatten", "squeeze"})


def cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w); EmocamError where the tail has more layers than that."""
    weights = _only_layer(classifier, output).weight.detach()
    return weighted_map(weights[targets.to(weights.device)], activation)


def check(classifier: SplitClassifier, output: Output) -> None:
    """Raises EmocamError where cam cannot explain this classifier's output."""
    _only_layer(classifier, output)


def _only_layer(classifier: SplitClassifier, output: Output) -> nn.Linear:
    """The linear layer of a tail that is nothing but it after a global average pooling."""
    if output == "probabilities":
        raise EmocamError("cam is a part of the logit and knows no softmax; explain the logits (output='logits').")
    tail = classifier.tail_graph
    if tail is None:
        raise EmocamError(
            f"cam needs {classifier.name}'s layers one by one, but torch.fx cannot trace this network; use grad-cam, "
            "which is the same where the tail is pooling and one linear layer."
        )
    layers = [node for node in tail.graph.nodes if node.op.startswith("call_") and not _is_nothing(node, tail)]
    for node, is_kind in zip(layers, (_is_mean, _is_linear), strict=False):
        if not is_kind(node, tail):
            raise _refusal(classifier, node, tail)
    if len(layers) != 2:
        raise _refusal(classifier, layers[-1] if layers else None, tail)
    layer = tail.get_submodule(str(layers[1].target))
    if not isinstance(layer, nn.Linear):
        raise AssertionError("checked above")
    return layer


def _refusal(classifier: SplitClassifier, node: fx.Node | None, tail: fx.GraphModule) -> EmocamError:
    if node is None:
        found = "nothing"
    elif node.op == "call_module":
        found = f"{type(tail.get_submodule(str(node.target))).__name__} ({node.target})"
    else:
        found = f"the function {getattr(node.target, '__name__', str(node.target))}"
    return EmocamError(
        f"cam is for tails of global average pooling and one linear layer; that of {classifier.name} after "
        f"{classifier.targets[0]} has {found}: use grad-cam, which is made for any tail."
    )


def _is_nothing(node: fx.Node, tail: fx.GraphModule) -> bool:
    if node.op == "call_module":
        return isinstance(tail.get_submodule(str(node.target)), _NO_OPERATION)
    return node.target in _RESHAPING or (node.op == "call_method" and node.target in _RESHAPING_METHODS)


def _is_linear(node: fx.Node, tail: fx.GraphModule) -> bool:
    return node.op == "call_module" and isinstance(tail.get_submodule(str(node.target)), nn.Linear)


def _is_mean(node: fx.Node, tail: fx.GraphModule) -> bool:
    """Whether a layer averages over the whole map: pooling to 1 x 1, or the mean over both spatial axes."""
    if node.op == "call_module":
        layer = tail.get_submodule(str(node.target))
        return isinstance(layer, nn.AdaptiveAvgPool2d) and _is_one(layer.output_size)
    if node.target is functional.adaptive_avg_pool2d:
        return _is_one(node.args[1] if len(node.args) > 1 else node.kwargs.get("output_size"))
    if node.target is torch.mean or (node.op == "call_method" and node.target == "mean"):
        axes = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim")
        return isinstance(axes, tuple | list) and sorted(int(str(axis)) % 4 for axis in axes) == [2, 3]
    return False


def _is_one(size: object) -> bool:
    return size == 1 or (isinstance(size, tuple | list) and tuple(size) == (1, 1))
