"""The tail of a network under a rule of propagation: DeepLIFT's rescale rule or LRP's epsilon rule, layer by layer.

Both rules keep the linear layers and replace a non-linear one by a multiplier. The tail is therefore run with these
multipliers as constants, and its gradient holds them for all layers at once. Layers without a rule are refused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from emocam_widgets.errors import EmocamError
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

Rule = Literal["rescale", "epsilon"]
Environment = Mapping[fx.Node, Any]

# Batch normalisation in eval mode is affine: propagating through it is what folding it into the next layer gives.
_LINEAR_MODULES = (
    nn.Linear,
    nn.Conv2d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.Dropout,
    nn.Dropout2d,
    nn.Identity,
    nn.Flatten,
)
_LINEAR_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    operator.add,
    operator.sub,
    operator.getitem,
    getattr,
    torch.add,
    torch.cat,
    torch.flatten,
    torch.mean,
    torch.permute,
    torch.reshape,
    torch.transpose,
    functional.adaptive_avg_pool2d,
    functional.avg_pool2d,
    functional.dropout,
)
_LINEAR_METHODS = frozenset(
    {"add", "contiguous", "flatten", "mean", "permute", "reshape", "size", "squeeze", "transpose", "unsqueeze", "view"}
)
_SCALINGS: tuple[Callable[..., Any], ...] = (operator.mul, operator.truediv, torch.mul, torch.div)
# Shrikumar et al. give the rescale rule for functions of one input. Those that are not monotone (SiLU, GELU) have
# multipliers of the wrong sign and no reference implementation, so they are not among them.
_NON_LINEAR: dict[Rule, tuple[tuple[type[nn.Module], ...], tuple[Callable[..., Any], ...], frozenset[str]]] = {
    "rescale": (
        (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.Sigmoid, nn.Tanh, nn.Softplus),
        (torch.relu, functional.relu, torch.sigmoid, torch.tanh),
        frozenset({"relu", "sigmoid", "tanh"}),
    ),
    "epsilon": ((nn.ReLU, nn.Tanh), (torch.relu, functional.relu, torch.tanh), frozenset({"relu", "tanh"})),
}
_NEAR = 1e-6
_EPSILON = 1e-9


def ruled_tail(classifier: SplitClassifier, method: str, rule: Rule, output: Output) -> fx.GraphModule:
    """The classifier's tail, checked to have a rule for each of its layers; EmocamError naming what has none."""
    if output == "probabilities":
        raise EmocamError(
            f"{method} has no rule for the softmax, which mixes all labels; explain the logits (output='logits')."
        )
    tail = classifier.tail_graph
    if tail is None:
        raise EmocamError(
            f"{method} needs {classifier.name}'s layers one by one, but torch.fx cannot trace this network; "
            "use a method that needs only its output, such as grad-cam or ablation-cam."
        )
    for node in tail.graph.nodes:
        if node.op.startswith("call_") and _kind(node, tail, rule) is None:
            raise EmocamError(
                f"{method} has no rule for {_described(node, tail)} in the tail of {classifier.name}; use another "
                "method, or cut the network after that layer with target=..."
            )
    return tail


def reference_values(tail: fx.GraphModule, start: fx.Node, value: Tensor) -> dict[fx.Node, Any]:
    """What every node from `start` on gives for a baseline, one row (1, ...) at `start`."""
    run = fx.Interpreter(tail, garbage_collect_values=False)
    with torch.no_grad():
        run.run(initial_env=_beginning(tail, start, value))
    return run.env


def run_from(tail: fx.GraphModule, start: fx.Node, value: Tensor) -> Tensor:
    """The logits of the tail from the value of one of its nodes on, as long as nothing earlier passes beside it."""
    return fx.Interpreter(tail).run(initial_env=_beginning(tail, start, value))


def multipliers(
    tail: fx.GraphModule, start: fx.Node, value: Tensor, targets: Tensor, rule: Rule, reference: Environment
) -> Tensor:
    """How much each target's logit takes up of each element of `value`, the value of the node `start`: same shape.

    With "rescale", multipliers x (value - baseline) add up to the logit's difference from the baseline, whose values
    are `reference` (from `reference_values`); with "epsilon", multipliers x value are the relevances (`reference` {}).
    """
    with torch.enable_grad():
        leaf = value.detach().requires_grad_(True)
        logits = _RuledRun(tail, rule, reference).run(initial_env=_beginning(tail, start, leaf))
        (gradient,) = torch.autograd.grad(logits.gather(1, targets.to(logits.device).view(-1, 1)).sum(), leaf)
    return gradient


class _RuledRun(fx.Interpreter):
    """Runs a tail with each non-linear layer as a product of its input and a constant multiplier."""

    def __init__(self, tail: fx.GraphModule, rule: Rule, reference: Environment) -> None:
        super().__init__(tail)
        self.tail, self.rule, self.reference = tail, rule, reference

    def run_node(self, n: fx.Node) -> Any:
        """As fx.Interpreter has it, but for the layers that the rule replaces."""
        kind = _kind(n, self.tail, self.rule) if n.op.startswith("call_") else "linear"
        if kind == "linear" or (kind == "pool" and self.rule == "epsilon"):
            return super().run_node(n)
        (source, *_), _ = self.fetch_args_kwargs_from_env(n)
        if kind == "pool":
            return _rescaled_pool(self.tail.get_submodule(str(n.target)), source, self._referred(n.args[0]))
        return self._scaled(n, source)

    def _scaled(self, n: fx.Node, source: Tensor) -> Tensor:
        at = source.detach().requires_grad_(True)
        self.env[n.args[0]] = at  # type: ignore[index]
        given = super().run_node(n)
        self.env[n.args[0]] = source  # type: ignore[index]
        (slope,) = torch.autograd.grad(given.sum(), at)
        at, given = at.detach(), given.detach()
        if self.rule == "epsilon":
            factor = given / (at + torch.where(at < 0, -_EPSILON, _EPSILON))
        else:
            step = at - self._referred(n.args[0])
            near = step.abs() < _NEAR
            factor = torch.where(near, slope, (given - self._referred(n)) / torch.where(near, 1.0, step))
        return _with_value(source * factor, given)

    def _referred(self, node: Any) -> Tensor:
        return self.reference[node]


def _rescaled_pool(layer: nn.Module, source: Tensor, source_reference: Tensor) -> Tensor:
    """Max pooling: where the maximum moved, both the old and the new place take up their part (as captum does)."""
    if not isinstance(layer, nn.MaxPool2d):
        raise AssertionError("only MaxPool2d is of the kind 'pool'")
    reference = source_reference.expand_as(source)
    shape = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode)
    given, here = functional.max_pool2d(source.detach(), *shape, return_indices=True)
    given_reference, there = functional.max_pool2d(reference, *shape, return_indices=True)
    # Over a constant baseline the maximum is everywhere: it has not moved where the new place had it as well.
    there = torch.where(_at(reference, here) == given_reference, here, there)
    highest = torch.maximum(given, given_reference)
    total = torch.zeros_like(given)
    for places, difference, near_factor in (
        (here, highest - given_reference, (given >= given_reference).to(given)),
        (there, given - highest, torch.zeros_like(given)),
    ):
        value, base = _at(source, places), _at(reference, places)
        step = (value - base).detach()
        near = step.abs() < _NEAR
        total = total + value * torch.where(near, near_factor, difference / torch.where(near, 1.0, step))
    return _with_value(total, given)


def _at(values: Tensor, places: Tensor) -> Tensor:
    return values.flatten(2).gather(2, places.flatten(2)).view(places.shape)


def _with_value(scaled: Tensor, value: Tensor) -> Tensor:
    """The gradient of one tensor with the value of another."""
    return scaled + (value - scaled).detach()


def _beginning(tail: fx.GraphModule, start: fx.Node, value: Tensor) -> dict[fx.Node, Any]:
    """An environment for a run from `start` on: what comes before is taken as done, whatever it was."""
    beginning: dict[fx.Node, Any] = {}
    for node in tail.graph.nodes:
        if node is start:
            break
        if node.op != "get_attr":
            beginning[node] = None
    return beginning | {start: value}


def _kind(node: fx.Node, tail: fx.GraphModule, rule: Rule) -> Literal["linear", "pool", "scaled"] | None:
    modules, functions, methods = _NON_LINEAR[rule]
    if node.op == "call_module":
        layer = type(tail.get_submodule(str(node.target)))
        if layer in _LINEAR_MODULES:
            return "linear"
        if layer is nn.MaxPool2d:
            return "pool"
        return "scaled" if layer in modules else None
    if node.target in _LINEAR_FUNCTIONS or (node.op == "call_method" and node.target in _LINEAR_METHODS):
        return "linear"
    if node.target in functions or (node.op == "call_method" and node.target in methods):
        return "scaled"
    values = [argument for argument in node.all_input_nodes if argument.op != "get_attr"]
    # A product of two values is no longer linear in either; neither is a quotient by one.
    return "linear" if node.target in _SCALINGS and values == [node.args[0]] else None


def _described(node: fx.Node, tail: fx.GraphModule) -> str:
    if node.op == "call_module":
        return f"{type(tail.get_submodule(str(node.target))).__name__} ({node.target})"
    return f"the function {getattr(node.target, '__name__', str(node.target))}"
