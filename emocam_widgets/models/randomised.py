"""Copies of a classifier with the weights of its last layers drawn anew: the sanity check of Adebayo et al. 2018."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emocam_widgets.errors import EmocamError
from emocam_widgets.models.split import SplitClassifier


def randomised_cascade(
    classifier: SplitClassifier, example: Tensor, stages: int = 5, seed: int = 0
) -> Iterator[tuple[str, SplitClassifier]]:
    """The classifier with more and more of its layers drawn anew, from the last one down to all of them.

    Each stage adds an equal share of the layers, at least one, and gives the name of the lowest one so far and a copy
    of its own; the classifier itself is never touched. A layer is drawn as torch does when it is made; where it does
    not say how, its values are shuffled. `example` is one input (1, 3, H, W), which shows the order of the layers.
    Raises EmocamError for fewer than one stage, or where the network cannot be copied.
    """
    if stages < 1:
        raise EmocamError(f"{stages} stages of weight randomisation were asked for; expected at least 1.")
    names = [name for name, _ in _weighted_layers(_copy(classifier), example)][::-1]
    bounds = np.unique(np.linspace(0, len(names), stages + 1).round().astype(int))[1:]
    for bound in bounds:
        altered = _copy(classifier)
        layers = dict(_weighted_layers(altered, example))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for name in names[:bound]:
                _draw_anew(layers[name])
        yield names[bound - 1], altered


def _copy(classifier: SplitClassifier) -> SplitClassifier:
    halves = _halves(classifier)
    # A lock of a network that is cut by hooks belongs to its owner; the copy gets one of its own.
    locks: dict[int, Any] = {id(half.lock): threading.Lock() for half in halves if hasattr(half, "lock")}
    try:
        return copy.deepcopy(classifier, locks)
    except (TypeError, RuntimeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        raise EmocamError(
            f"{classifier.name} cannot be copied ({reason}), which weight randomisation needs; leave that measure out."
        ) from error


def _weighted_layers(classifier: SplitClassifier, example: Tensor) -> list[tuple[str, nn.Module]]:
    """The layers with weights of their own, by name, in the order in which an image passes them."""
    names: dict[nn.Module, str] = {}
    for half in _halves(classifier):
        root = half if isinstance(half, nn.Module) else half.module
        for name, module in root.named_modules():
            if next(module.parameters(recurse=False), None) is not None:
                names.setdefault(module, name)
    passed: dict[str, nn.Module] = {}

    def note(module: nn.Module, _inputs: object) -> None:
        passed.setdefault(names[module], module)

    handles = [module.register_forward_pre_hook(note) for module in names]
    try:
        with torch.no_grad():
            classifier.tail(classifier.trunk(example.to(classifier.device)))
    finally:
        for handle in handles:
            handle.remove()
    return list(passed.items())


def _draw_anew(module: nn.Module) -> None:
    reset: Callable[[], None] | None = getattr(module, "reset_parameters", None)
    if reset is not None:
        reset()
        return
    with torch.no_grad():
        for values in module.parameters(recurse=False):
            order = torch.randperm(values.numel()).to(values.device)
            values.copy_(values.flatten()[order].view_as(values))


def _halves(classifier: SplitClassifier) -> tuple[Any, Any]:
    return classifier._cut.trunk, classifier._cut.tail
