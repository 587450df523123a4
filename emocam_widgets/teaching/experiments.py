"""What a reader did in the editor as an experiment about a thing and a label: added or taken away, with its control."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emocam_widgets.engine.edit_experiment import changed_part, covered_share, mirrored
from emocam_widgets.engine.region_edits import apply_edits, parse_edits

if TYPE_CHECKING:
    from emocam_widgets.widgets.explorer import Explorer

ENOUGH = 0.05
"""A change of a probability that counts: as much as an effect that counts in the measured truth (`MIN_EFFECT`)."""
MOST_AREA = 0.4
LEAST_COVERED = 0.5
LEAST_CONFIDENCE = 0.3
Probabilities = Mapping[str, float]


@dataclass(frozen=True)
class Experiment:
    """One state of the object editor.

    Attributes:
        before, after: {label: probability} of the picture as it was and as it is.
        added: the object classes of the things on it.
        edited: whether regions were changed.
        removed: the classes of the detector's boxes that are changed for the greater part.
        area: which share of the picture is changed by the edits, 0..1.
        control: asks for the probabilities of the control: the things as grey silhouettes, or the same edits at the
            mirrored place.
    """

    before: Probabilities
    after: Probabilities
    added: tuple[str, ...]
    edited: bool
    removed: tuple[str, ...]
    area: float
    control: Callable[[], Probabilities]


def verdict(experiment: Experiment, object_class: str, label: str) -> tuple[bool, str]:
    """Whether the experiment proves that things of the class speak for the label, and what to say about it."""
    if experiment.added and experiment.edited:
        return False, "A thing was added and a region was changed. One at a time, or nobody knows which of them did it."
    if experiment.added:
        return _adding(experiment, object_class, label)
    if experiment.edited:
        return _removing(experiment, object_class, label)
    return False, (
        f"Open a picture and press Edit. Add a {object_class} to one that is not labelled {label}; or take one away "
        f"from one that is: Regions, a box around it, and blur or darken that."
    )


def _adding(experiment: Experiment, object_class: str, label: str) -> tuple[bool, str]:
    others = sorted(set(experiment.added) - {object_class})
    if others:
        return False, f"{others[0]} is on the picture; what you found is {object_class}. Leave nothing else on it."
    raised = experiment.after[label] - experiment.before[label]
    moved = f"{label} {_change(experiment.before, experiment.after, label)}"
    if raised < ENOUGH:
        return False, (
            f"{moved}. That proves nothing; {ENOUGH:.0%} are asked for. Try another picture, place or size, or take "
            "such a thing away where there is one."
        )
    grey = experiment.control()
    if grey[label] - experiment.before[label] > raised / 2:
        return False, f"{moved}. But its grey silhouette does it too: it is what it covers. Try another place."
    return True, f"{object_class} added: {moved}. As a grey silhouette: {grey[label]:.1%}. It is the thing itself."


def _removing(experiment: Experiment, object_class: str, label: str) -> tuple[bool, str]:
    if experiment.area > MOST_AREA:
        return False, f"{experiment.area:.0%} of the picture is changed. Change the thing only."
    if object_class not in experiment.removed:
        return False, f"That part holds no {object_class} that the detector sees, or not all of it. Show the boxes."
    lowered = experiment.before[label] - experiment.after[label]
    moved = f"{label} {_change(experiment.before, experiment.after, label)}"
    if lowered < ENOUGH:
        return False, (
            f"{moved}. That proves nothing; {ENOUGH:.0%} are asked for. Is it still to be seen? Try another kind of "
            f"edit, or another picture labelled {label}."
        )
    elsewhere = experiment.control()
    if experiment.before[label] - elsewhere[label] > lowered / 2:
        return False, f"{moved}. But the same edit at the mirrored place does it too. Try another picture."
    return True, f"{object_class} taken away: {moved}. The same edit at the mirrored place: {elsewhere[label]:.1%}."


def experiment_of(explorer: Explorer) -> Experiment | None:
    """What is in the explorer's editor, or None before an image of the run is in it.

    Raises:
        EmocamError: the edit is of superpixels, which cannot be told from a thing here.
    """
    editor, run = explorer.editor, explorer.run
    if editor is None or not editor.prediction or editor.image_id is None or editor.corpus is None:
        return None
    edits = parse_edits(editor.edits)
    added = tuple(editor.object_class_of(one["sprite"]) for one in editor.placements if not one.get("hidden"))
    image = editor.corpus.open(editor.image_id)
    changed = changed_part(edits, image.size)
    boxes = run.boxes[(run.boxes["image_id"] == editor.image_id) & (run.boxes["confidence"] >= LEAST_CONFIDENCE)]
    corners = boxes[["x0", "y0", "x1", "y1"]].to_numpy(dtype=float).tolist()
    removed = [
        object_class
        for object_class, (x0, y0, x1, y1) in zip(boxes["object_class"].astype(str), corners, strict=True)
        if covered_share(changed, (x0, y0, x1, y1)) >= LEAST_COVERED
    ]

    worker = explorer.worker
    if worker is None:
        return None

    def control() -> Probabilities:
        found = editor.result().control if added else worker.predict(apply_edits(image, mirrored(edits)).image)
        if found is None:
            raise AssertionError("things on the picture have a silhouette")
        return {label: float(value) for label, value in zip(found.labels, found.probabilities, strict=True)}

    area = float(changed.mean())
    before, after = editor.original_prediction, dict(editor.prediction)
    return Experiment(before, after, added, bool(edits), tuple(dict.fromkeys(removed)), area, control)


def _change(before: Probabilities, after: Probabilities, label: str) -> str:
    return f"{before[label]:.1%} → {after[label]:.1%}"
