"""Annotations and predictions that speak of different labels, brought to the same ones by explicit maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.labels import AFFECT_LABELS, affect_groups, mapped_labels

Map: TypeAlias = Mapping[str, str | None]
AFFECT = "affect"


@dataclass(frozen=True, eq=False)
class Pairs:
    """Annotated and predicted label per image that has both, among ``labels``; and how many images have not."""

    annotated: list[str]
    predicted: list[str]
    labels: tuple[str, ...]
    unannotated: int
    no_counterpart: int


def label_pairs(
    annotations: Sequence[str | None],
    probabilities: NDArray[np.floating],
    labels: Sequence[str],
    *,
    mapping: Map | None = None,
    groups: str | Map | None = None,
    source: str = "the corpus",
) -> Pairs:
    """Each image's annotated and predicted label, after the annotations are mapped and both are grouped.

    Args:
        annotations: one per image, or None.
        probabilities: (images, labels); a group's probability is the sum of its labels'.
        labels: the classifier's.
        mapping: from each annotation to one of ``labels`` (or of the groups), or to None: no counterpart, left out.
        groups: from each of ``labels`` to a coarser one, for annotations and predictions alike (a label of None counts
            for no group); or "affect": negative, other, positive, by the grouping that knows the labels of each side.
        source: what is annotated, for messages.

    Raises:
        EmocamError: a map does not know a label, or an annotation is none of the classifier's labels after all.
    """
    given: pd.Series = pd.Series(list(annotations), dtype=object)
    annotated = given[given.notna()]
    known = list(dict.fromkeys(annotated))
    new: Map = mapped_labels(known, mapping, source) if mapping is not None else dict(zip(known, known, strict=True))
    coarse, onto = _groups(groups, labels, [label for label in new.values() if label is not None], source)
    final = {old: None if label is None else onto.get(label, label) for old, label in new.items()}
    targets = tuple(labels) if coarse is None else _targets(coarse)
    unknown = [old for old, label in final.items() if label is not None and label not in targets]
    if unknown:
        raise EmocamError(
            f"{source} is annotated with {_listed(unknown)}, and the predictions are {_listed(targets)}: pass a map "
            "from the one to the other (None where there is no counterpart), or groups='affect' to compare negative, "
            "other and positive."
        )
    mapped = annotated.map(final)
    mapped = mapped[mapped.notna()]
    values = np.asarray(probabilities) if coarse is None else _added(probabilities, labels, coarse, targets)
    best = values[mapped.index.to_numpy(int)].argmax(axis=1) if len(mapped) else []
    return Pairs(
        [str(label) for label in mapped],
        [targets[index] for index in best],
        targets,
        int(given.isna().sum()),
        len(annotated) - len(mapped),
    )


def _groups(
    groups: str | Map | None, labels: Sequence[str], annotated: Sequence[str], source: str
) -> tuple[Map | None, Map]:
    """What the predicted labels are added up to, and what the annotated ones become."""
    if groups is None:
        return None, {}
    if isinstance(groups, str):
        known_name("way to group labels", groups, [AFFECT])
        return affect_groups(labels, "the classifier"), affect_groups(annotated, source)
    return mapped_labels(labels, groups, "the classifier"), groups


def _targets(groups: Map) -> tuple[str, ...]:
    """The coarser labels; those of affect all three, in their order, for a table that shows what never occurs."""
    found = tuple(dict.fromkeys(label for label in groups.values() if label is not None))
    return AFFECT_LABELS if set(found) <= set(AFFECT_LABELS) else found


def _added(
    probabilities: NDArray[np.floating], labels: Sequence[str], groups: Map, targets: Sequence[str]
) -> NDArray[np.float64]:
    member = np.array([[groups[label] == target for target in targets] for label in labels], dtype=np.float64)
    sums: NDArray[np.float64] = np.asarray(probabilities, dtype=np.float64) @ member
    return sums


def _listed(labels: Sequence[str], most: int = 6) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(repr(label) for label in labels[:most]) + more
