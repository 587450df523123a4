"""Region edits as an experiment: the same change made to many images, and what it does to one label on average.

The counterpart of the paste experiment for what is not a thing: colour, light, sharpness.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from emocam_widgets.analysis.agreement import CONFIDENCE
from emocam_widgets.analysis.resampling import resamples
from emocam_widgets.engine.loading import in_batches, load_ahead
from emocam_widgets.engine.region_edits import RegionEdit, apply_edits, parse_edits, region_mask
from emocam_widgets.errors import EmocamError, known_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emocam_widgets.corpus import Corpus
    from emocam_widgets.models import SplitClassifier

BATCH_SIZE = 16
RESAMPLES = 2000


def edit_experiment(
    corpus: Corpus,
    classifier: SplitClassifier,
    edits: Mapping[str, Any],
    label: str,
    images: Iterable[str] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """What edits of whole images or of regions do to the probability of a label, over images.

    Args:
        corpus, classifier: what is edited, and what is asked.
        edits: by a name of your choice, one edit or several in order, as `region_edits.parse_edits` takes them:
            ``{"no colour": {"kind": "grey"}}``.
        label: whose probability is measured.
        images: ids; by default all of the corpus. Those that cannot be read are left out.
        seed: of the bootstrap.

    Returns:
        One row per edit: images (how many), before and after (the label's mean probability), change (-1..1) with its
        95 % bootstrap interval over images (low, high), and switched (images that are predicted as the label after the
        edit and were not before).

    Raises:
        UnknownNameError: the classifier has no such label. EmocamError: an edit is not one, or no image can be read.
    """
    known_name("label", label, classifier.labels)
    parsed = {name: parse_edits([one] if isinstance(one, Mapping | RegionEdit) else one) for name, one in edits.items()}
    column = classifier.labels.index(label)
    before: list[NDArray[np.float32]] = []
    after: dict[str, list[NDArray[np.float32]]] = {name: [] for name in parsed}
    for batch in in_batches(load_ahead(corpus, list(corpus if images is None else images)), BATCH_SIZE):
        opened = [item.image for item in batch if item.image is not None]
        before += [one.probabilities for one in classifier.predict(opened)]
        for name, chain in parsed.items():
            edited = [apply_edits(image, chain).cropped() for image in opened]
            after[name] += [one.probabilities for one in classifier.predict(edited)]
    if not before:
        raise EmocamError("None of these images can be read; expected at least one.")
    rows = {name: _row(np.array(before), np.array(found), column, seed) for name, found in after.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("edit")


def _row(before: NDArray[np.float32], after: NDArray[np.float32], column: int, seed: int) -> dict[str, float]:
    change = (after[:, column] - before[:, column]).astype(np.float64)
    drawn = np.concatenate([change @ weights for weights in resamples(len(change), RESAMPLES, seed, 1)]) / len(change)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    switched = (after.argmax(axis=1) == column) & (before.argmax(axis=1) != column)
    return {
        "images": len(change),
        "before": float(before[:, column].mean()),
        "after": float(after[:, column].mean()),
        "change": float(change.mean()),
        "low": float(low),
        "high": float(high),
        "switched": int(switched.sum()),
    }


def mirrored(edits: Sequence[RegionEdit]) -> list[RegionEdit]:
    """The same edits at the places that lie mirrored, left for right: the control of an edit of boxes or lassos.

    Raises EmocamError for an edit of superpixels, which have no mirror image.
    """
    return [_mirrored(edit) for edit in edits]


def _mirrored(edit: RegionEdit) -> RegionEdit:
    if edit.region == "segments":
        raise EmocamError("Superpixels have no mirrored place; expected boxes or lassos.")
    box = None if edit.box is None else (1 - edit.box[2], edit.box[1], 1 - edit.box[0], edit.box[3])
    return replace(edit, box=box, points=tuple((1 - x, y) for x, y in edit.points))


def changed_part(edits: Sequence[RegionEdit], size: tuple[int, int]) -> NDArray[np.bool_]:
    """(height, width): which pixels of an image of that size (width, height) the edits reach; all, where one crops.

    Raises EmocamError for an edit of superpixels, which only the image knows.
    """
    changed = np.zeros(size[::-1], bool)
    for edit in edits:
        if edit.kind == "crop":
            return np.ones_like(changed)
        found = region_mask(edit, size)
        if found is not None:
            (x0, y0, x1, y1), mask = found
            changed[y0:y1, x0:x1] |= True if mask is None else np.asarray(mask) > 0
    return changed


def covered_share(changed: NDArray[np.bool_], box: Sequence[float]) -> float:
    """Which share of a box (x0, y0, x1, y1 in pixels) is changed, 0..1; 0 for one outside the image."""
    height, width = changed.shape
    x0, y0 = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    part = changed[y0 : min(height, math.ceil(box[3])), x0 : min(width, math.ceil(box[2]))]
    return float(part.mean()) if part.size else 0.0
