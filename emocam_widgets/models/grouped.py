"""Coarser labels from finer ones: a classifier whose label probabilities are added up group by group."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx

from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.models.target import Cut
from emocam_widgets.types import Prediction


class GroupedClassifier(SplitClassifier):
    """A classifier under coarser labels; `ungrouped` is the one below it and `groups` says what was added up.

    Its logits are the logarithms of its members' summed exponentials, so that their softmax is the sum of the members'
    probabilities, up to a constant that a group of one keeps. Valence and arousal stay those of the finer labels.
    """

    def __init__(self, ungrouped: SplitClassifier, groups: Mapping[str, tuple[str, ...]], name: str) -> None:
        rows = [[ungrouped.labels.index(label) for label in members] for members in groups.values()]
        described = json.dumps([ungrouped.fingerprint, list(groups.items())])
        super().__init__(
            _grouped_cut(ungrouped._cut, rows),
            tuple(groups),
            ungrouped.preprocess,
            name=name,
            fingerprint=hashlib.sha256(described.encode()).hexdigest(),
            synthetic=ungrouped.synthetic,
            device=ungrouped.device,
        )
        self.ungrouped = ungrouped
        self.groups = dict(groups)
        self._rows = rows

    def predictions(self, activation: Tensor, logits: Tensor | None = None) -> list[Prediction]:
        """The sums of what the finer classifier says of A (n, c, h, w), with its read-outs."""
        fine = self.ungrouped.predictions(activation)
        return [
            dataclasses.replace(
                one, labels=self.labels, probabilities=np.array([one.probabilities[row].sum() for row in self._rows])
            )
            for one in fine
        ]


def grouped(
    classifier: SplitClassifier,
    groups: Mapping[str, Sequence[str]] | Mapping[str, str],
    *,
    rest: str | None = None,
    name: str | None = None,
) -> GroupedClassifier:
    """The classifier under coarser labels, in the order of `groups`: each one's probability is the sum of its members'.

    `groups` maps a coarse label to the classifier's labels in it (`{"positive": ["Joy", "Awe"], ...}`), or each of the
    classifier's labels to its coarse one (as `labels.EMONET_AFFECT` does). Labels that are in none are refused, or go
    into `rest` where it is named ("other"). Every method that needs the output alone explains the sums; LIFT-CAM and
    LRP-CAM have no rule for a sum of exponentials and say so.

    Raises UnknownNameError for a label that the classifier does not have, and EmocamError where one is in two groups,
    in none, or a group is empty.
    """
    members = _members(groups)
    for label in (label for labels in members.values() for label in labels):
        if label not in classifier.labels:
            raise UnknownNameError(f"label of {classifier.name}", label, classifier.labels)
    _refuse_doubles(members)
    placed = {label for labels in members.values() for label in labels}
    left = tuple(label for label in classifier.labels if label not in placed)
    if left and rest is None:
        raise EmocamError(
            f"The labels {', '.join(left)} of {classifier.name} are in none of the groups {', '.join(members)}; "
            "expected each in one: name a group for them, or give rest='other'."
        )
    if left and rest is not None:
        members[rest] = (*members.get(rest, ()), *left)
    for group, labels in members.items():
        if not labels:
            raise EmocamError(f"The group {group!r} has no labels; expected at least one of {classifier.name}'s.")
    return GroupedClassifier(classifier, members, name or f"{classifier.name}-grouped")


def _members(groups: Mapping[str, Sequence[str]] | Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Coarse label -> members, from either direction."""
    by_label = [isinstance(value, str) for value in groups.values()]
    if not by_label:
        raise EmocamError("No groups were given; expected at least one coarse label and its members.")
    if not all(by_label):
        if any(by_label):
            raise EmocamError(
                "The groups mix both directions; expected coarse label -> labels throughout, or label -> coarse label."
            )
        return {str(group): tuple(labels) for group, labels in groups.items()}
    members: dict[str, tuple[str, ...]] = {}
    for label, group in groups.items():
        members[str(group)] = (*members.get(str(group), ()), label)
    return members


def _refuse_doubles(members: Mapping[str, Sequence[str]]) -> None:
    seen: dict[str, str] = {}
    for group, labels in members.items():
        for label in labels:
            if label in seen:
                raise EmocamError(
                    f"The label {label!r} is in {seen[label]!r} and again in {group!r}; expected it in one group, once."
                )
            seen[label] = group


def _grouped_cut(cut: Cut, rows: list[list[int]]) -> Cut:
    """The cut, and those at later target layers, with the sums after the tail."""
    later = tuple(dataclasses.replace(each, cut=_grouped_cut(each.cut, rows)) for each in cut.later)
    return dataclasses.replace(cut, tail=_grouped_tail(cut.tail, rows), later=later)


def _grouped_tail(tail: Callable[[Tensor], Tensor], rows: list[list[int]]) -> Callable[[Tensor], Tensor]:
    """A traced tail stays one graph, for the methods that look into it."""
    if not isinstance(tail, fx.GraphModule):
        return _SummedTail(tail, rows)
    graph = fx.Graph()
    logits = graph.graph_copy(tail.graph, {})
    sums = [
        graph.call_function(torch.logsumexp, (graph.call_function(operator.getitem, (logits, (slice(None), row))), 1))
        for row in rows
    ]
    graph.output(graph.call_function(torch.stack, (sums, 1)))
    whole = fx.GraphModule(tail, graph).eval()
    whole.recompile()
    return whole


class _SummedTail:
    """The sums after a tail that is not a graph; `module` and `lock` are that tail's, as of any that hooks cut."""

    def __init__(self, tail: Any, rows: list[list[int]]) -> None:
        self.tail, self.rows = tail, rows
        self.module, self.lock = tail.module, tail.lock

    def __call__(self, activation: Tensor) -> Tensor:
        logits = self.tail(activation)
        return torch.stack([torch.logsumexp(logits[:, row], 1) for row in self.rows], 1)
