"""Finding the target layer of a CNN and cutting the network there, by torch.fx, or by hooks where it cannot be traced.

The target found by itself is the last spatial tensor that alone crosses the cut and that a layer or a block gave out.
Pooling and dropout only thin it out and never count; an activation function counts only where it ends a block (ResNet's
`layer4[-1]`), not where it stands alone (so AlexNet is cut before its last ReLU, DenseNet at `features.norm5`).
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from emocam_widgets.errors import EmocamError

_THINNING = (
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
    nn.LPPool2d,
    nn.Dropout,
    nn.Dropout2d,
    nn.Identity,
)
_ACTIVATIONS = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.PReLU,
    nn.ELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Sigmoid,
    nn.Tanh,
    nn.LocalResponseNorm,
)
_OUT_OF_PLACE: dict[Callable[..., Any], Callable[..., Any]] = {
    operator.iadd: operator.add,
    operator.imul: operator.mul,
    operator.isub: operator.sub,
    torch.relu_: torch.relu,
}


@dataclass(frozen=True)
class Cut:
    """A network in two halves at its target layer: tail(trunk(x)) is what the whole network gives.

    With several target layers this is the cut at the first of them, and `later` are the others in their order.
    """

    trunk: Callable[[Tensor], Tensor]
    tail: Callable[[Tensor], Tensor]
    target: str
    by: str
    later: tuple[LaterCut, ...] = ()


@dataclass(frozen=True)
class LaterCut:
    """A cut at a further target layer, whose activation `between` makes of the first one's."""

    between: Callable[[Tensor], Tensor]
    cut: Cut


class _NamingTracer(fx.Tracer):
    """A tracer that remembers which modules, leaves and blocks alike, gave out a node."""

    def __init__(self) -> None:
        super().__init__()
        self.given_by: dict[fx.Node, list[tuple[str, nn.Module]]] = {}

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        result = super().call_module(m, forward, args, kwargs)
        if isinstance(result, fx.Proxy):
            self.given_by.setdefault(result.node, []).append((self.path_of_module(m), m))
        return result


def without_in_place(module: nn.Module) -> None:
    """Switches every module's `inplace` off: an in-place ReLU would overwrite the activation that a CAM starts from."""
    for part in module.modules():
        if getattr(part, "inplace", False) is True:
            part.inplace = False  # type: ignore[assignment]


def cut_network(module: nn.Module, example: Tensor, target: str | Sequence[str] | None) -> Cut:
    """Cuts a module in eval mode at its target layer, or layers, and checks the parts against the whole on `example`.

    `example` is (2, 3, H, W). Raises EmocamError where there is no such layer, or where other tensors pass beside it.
    """
    targets = _named(module, target)
    tracer = _NamingTracer()
    try:
        graph = tracer.trace(module)
    except Exception as error:  # noqa: BLE001 - untraceable code raises any type; hooks need no trace, and keep the reason
        cut = _cut_by_hooks(module, example, targets, reason=error)
    else:
        cut = _cut_by_tracing(tracer, graph, example, targets)
    with torch.no_grad():
        whole, activation = module(example), cut.trunk(example)
        _check_same(cut.target, whole, cut.tail(activation))
        for later in cut.later:
            _check_same(later.cut.target, whole, later.cut.tail(later.between(activation)))
    return cut


def _named(module: nn.Module, target: str | Sequence[str] | None) -> list[str]:
    """The names of the target layers, none where they are to be found; EmocamError where one is no layer's."""
    targets = [] if target is None else [target] if isinstance(target, str) else list(target)
    if target is not None and not targets:
        raise EmocamError("The list of target layers is empty; name at least one, or leave target out.")
    known = dict(module.named_modules())
    for name in targets:
        if name not in known:
            names = [other for other, part in known.items() if isinstance(part, nn.Conv2d)]
            raise EmocamError(
                f"The network has no layer {name!r}; expected a module's name, its last convolutions are {names[-3:]}."
            )
    return targets


def _check_same(target: str, whole: Tensor, parts: Tensor) -> None:
    if whole.shape != parts.shape or not torch.allclose(whole, parts, rtol=1e-4, atol=1e-4 * float(whole.abs().max())):
        raise EmocamError(
            f"The network cannot be cut at {target!r}: its halves give another output than the whole; "
            "expected a layer that everything passes through, name it as target=..."
        )


def _cut_by_tracing(tracer: _NamingTracer, graph: fx.Graph, example: Tensor, targets: Sequence[str]) -> Cut:
    traced = fx.GraphModule(tracer.root, graph)
    _make_out_of_place(graph)
    traced.recompile()
    with torch.no_grad():
        ShapeProp(traced).propagate(example)
    alone = _nodes_that_cross_alone(graph)
    if not targets:
        candidates = [node for node in alone if _is_spatial(node) and _counts(node, traced, tracer.given_by)]
        if not candidates:
            raise EmocamError("The network has no spatial layer that everything passes through; expected a CNN.")
        named = {candidates[-1]: _name(candidates[-1], tracer.given_by)}
    else:
        named = {}
        for target in targets:
            node = _node_of(target, alone, tracer.given_by)
            if node in named:
                raise EmocamError(f"The target layers {named[node]!r} and {target!r} give out the same; name one.")
            named[node] = target
    # What alone crosses its cut comes before or after any other such value: the layers are in a row.
    first, *others = sorted(named, key=alone.index)
    later = tuple(
        LaterCut(_part(traced, first, node), Cut(*_halves(traced, node), named[node], by="tracing")) for node in others
    )
    return Cut(*_halves(traced, first), named[first], by="tracing", later=later)


def _node_of(target: str, alone: Sequence[fx.Node], given_by: dict[fx.Node, list[tuple[str, nn.Module]]]) -> fx.Node:
    given = [node for node, parts in given_by.items() if target in {name for name, _ in parts}]
    usable = [node for node in given if node in alone and _is_spatial(node)]
    if not usable:
        raise EmocamError(
            f"The network cannot be cut at {target!r}: other tensors pass beside it, or its output is not spatial; "
            "leave target out to have the last usable layer found."
        )
    return usable[-1]


def _name(node: fx.Node, given_by: dict[fx.Node, list[tuple[str, nn.Module]]]) -> str:
    """The layer that gave out a value, or the innermost block where the layer is but the activation that ends it."""
    layers = [name for name, part in given_by[node] if not isinstance(part, _ACTIVATIONS)]
    return layers[0]


def _make_out_of_place(graph: fx.Graph) -> None:
    for node in graph.nodes:
        if node.kwargs.get("inplace"):
            node.update_kwarg("inplace", False)
        if node.op == "call_function" and node.target in _OUT_OF_PLACE:
            node.target = _OUT_OF_PLACE[node.target]
        if node.op == "call_method" and str(node.target) in {"relu_", "add_", "mul_"}:
            node.target = str(node.target).rstrip("_")


def _nodes_that_cross_alone(graph: fx.Graph) -> list[fx.Node]:
    """The nodes after which nothing but their own value is still needed (parameters apart: both halves have them)."""
    nodes = list(graph.nodes)
    position = {node: index for index, node in enumerate(nodes)}
    last_use = {node: max((position[user] for user in node.users), default=-1) for node in nodes}
    values = [node for node in nodes if node.op not in {"get_attr", "output"}]
    alone = []
    for node in values:
        here = position[node]
        crossing = [other for other in values if position[other] <= here < last_use[other]]
        if crossing == [node]:
            alone.append(node)
    return alone


def _is_spatial(node: fx.Node) -> bool:
    shape: tuple[int, ...] = tuple(getattr(node.meta.get("tensor_meta"), "shape", ()))
    return node.op != "placeholder" and len(shape) == 4 and shape[2] > 1 and shape[3] > 1


def _counts(node: fx.Node, traced: fx.GraphModule, given_by: dict[fx.Node, list[tuple[str, nn.Module]]]) -> bool:
    givers = [part for _, part in given_by.get(node, [])]
    if not givers or isinstance(givers[0], _THINNING):
        return False
    blocks = [part for part in givers if type(part) is not nn.Sequential and next(part.children(), None) is not None]
    if isinstance(givers[0], _ACTIVATIONS):
        return bool(blocks)
    if node.op == "call_module" or blocks:
        return not isinstance(traced.get_submodule(str(node.target)), _THINNING) if node.op == "call_module" else True
    return False


def _halves(traced: fx.GraphModule, cut: fx.Node) -> tuple[fx.GraphModule, fx.GraphModule]:
    return _part(traced, None, cut), _part(traced, cut, None)


def _part(traced: fx.GraphModule, start: fx.Node | None, end: fx.Node | None) -> fx.GraphModule:
    """What a network does from the value of `start` (None: its input) to that of `end` (None: its output)."""
    graph = fx.Graph()
    new: dict[fx.Node, fx.Node] = {} if start is None else {start: graph.placeholder("activation")}
    inside = start is None
    for node in traced.graph.nodes:
        if node.op == "get_attr" or (inside and node is not start):
            new[node] = graph.node_copy(node, new.__getitem__)
        if node is start:
            inside = True
        if end is not None and node is end:
            graph.output(new[node])
            break
    part = fx.GraphModule(traced, graph).eval()
    part.graph.eliminate_dead_code()
    part.recompile()
    return part


class _Reached(Exception):
    """Ends a forward pass at the target layer."""


class _HookedTrunk:
    """Runs the network up to the target layer's output; one thread at a time, since the hook is the layer's."""

    def __init__(self, module: nn.Module, layer: nn.Module, lock: threading.Lock) -> None:
        self.module, self.layer, self.lock = module, layer, lock

    def __call__(self, x: Tensor) -> Tensor:
        kept: list[Tensor] = []

        def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            kept.append(output)
            raise _Reached

        with self.lock:
            handle = self.layer.register_forward_hook(keep)
            try:
                self.module(x)
            except _Reached:
                return kept[0]
            finally:
                handle.remove()
        raise EmocamError("A forward pass did not reach the target layer; expected a layer that every image passes.")


class _HookedTail:
    """Runs the whole network on zeros and puts the activation in at the target layer: slower, but it needs no trace."""

    def __init__(self, module: nn.Module, layer: nn.Module, lock: threading.Lock, shape: torch.Size) -> None:
        self.module, self.layer, self.lock, self.shape = module, layer, lock, shape

    def __call__(self, activation: Tensor) -> Tensor:
        zeros = torch.zeros(len(activation), *self.shape, dtype=activation.dtype, device=activation.device)
        with self.lock:
            # A copy: a later in-place operation must not write into what the CAM is made from.
            handle = self.layer.register_forward_hook(lambda _module, _inputs, _output: activation.clone())
            try:
                return self.module(zeros)
            finally:
                handle.remove()


def _cut_by_hooks(module: nn.Module, example: Tensor, targets: Sequence[str], reason: Exception) -> Cut:
    if len(targets) > 1:
        raise EmocamError(
            f"torch.fx cannot trace this network ({type(reason).__name__}: {reason}), and hooks cut it at one "
            "layer only; name one target."
        )
    target = targets[0] if targets else _last_spatial_layer(module, example, reason)
    layer = module.get_submodule(target)
    lock = threading.Lock()
    trunk, tail = _HookedTrunk(module, layer, lock), _HookedTail(module, layer, lock, example.shape[1:])
    return Cut(trunk, tail, target, by="hooks")


def _last_spatial_layer(module: nn.Module, example: Tensor, reason: Exception) -> str:
    """The last leaf layer with a spatial output, in the order of the forward pass."""
    names = {part: name for name, part in module.named_modules()}
    seen: list[str] = []

    def note(part: nn.Module, _inputs: object, output: object) -> None:
        spatial = isinstance(output, Tensor) and output.dim() == 4 and output.shape[2] > 1 and output.shape[3] > 1
        if spatial and not isinstance(part, (*_THINNING, *_ACTIVATIONS)):
            seen.append(names[part])

    leaves = [part for part in module.modules() if next(part.children(), None) is None]
    handles = [part.register_forward_hook(note) for part in leaves]
    try:
        with torch.no_grad():
            module(example)
    finally:
        for handle in handles:
            handle.remove()
    if not seen:
        raise EmocamError(f"No target layer was found ({type(reason).__name__}: {reason}); name it as target=...")
    return seen[-1]
