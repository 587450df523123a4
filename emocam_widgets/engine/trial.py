"""Trying an association out: a thing of the class, pasted onto images of other labels, and what it turns them into.

A quick look at some images with one placement each; the experiment over a corpus is :mod:`engine.pasting`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.analysis.rollup import ancestors, chosen_parents
from emocam_widgets.engine.compose import Sprites
from emocam_widgets.errors import EmocamError, ImageError
from emocam_widgets.rle import decode_mask
from emocam_widgets.types import Placement, Prediction

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.engine.worker import Worker
    from emocam_widgets.run import Run

CONTROL = "grey"
SMALLEST = 24  # pixels: what is cut out of a picture is not smaller
CANDIDATES = 40
HEIGHTS = (0.12, 0.6)  # of the image: between these a pasted thing can be seen and leaves something of the picture
PLACES = (0.15, 0.85)


@dataclass(frozen=True, eq=False)
class Thing:
    """What is pasted: an RGBA picture, its name, its object class, and where it comes from, in words."""

    name: str
    object_class: str
    picture: Image.Image
    source: str


@dataclass(frozen=True, eq=False)
class Plan:
    """What is pasted where, and onto which images.

    Attributes:
        cell: the object class and the label that are tried.
        thing: what is pasted.
        placement: where, the same on every image: where the boxes that count lie, at the median.
        image_ids: the images, all of other labels; drawn at random with ``seed``.
        available: of how many they were drawn.
        note: what else should be known, or "".
        choices: the shipped drawings that fit the class; the first is what is pasted unless another is named.
    """

    cell: tuple[str, str]
    thing: Thing
    placement: Placement
    image_ids: tuple[str, ...]
    available: int
    seed: int
    note: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Tried:
    """One image: what the classifier said of it before, with the thing on it, and with its grey silhouette."""

    image_id: str
    before: Prediction
    after: Prediction
    control: Prediction

    @property
    def switched(self) -> bool:
        """Whether the thing changed the label."""
        return self.after.label != self.before.label

    @property
    def control_switched(self) -> bool:
        """Whether its silhouette alone changed the label."""
        return self.control.label != self.before.label


@dataclass
class Tally:
    """Counts over the images so far."""

    label: str
    n: int = 0
    switched: int = 0
    to_label: int = 0
    control_switched: int = 0
    control_to_label: int = 0
    transitions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, one: Tried) -> None:
        """Counts one more image."""
        self.n += 1
        self.switched += one.switched
        self.control_switched += one.control_switched
        self.to_label += one.switched and one.after.label == self.label
        self.control_to_label += one.control_switched and one.control.label == self.label
        self.transitions[one.before.label, one.after.label] += 1


def plan_trial(
    run: Run,
    object_class: str,
    label: str,
    worker: Worker,
    *,
    method: str | None = None,
    score: str = "mean",
    threshold: float = 0.3,
    min_confidence: float | None = None,
    by: str = "prediction",
    roll_up: bool = False,
    n: int = 20,
    seed: int = 0,
    drawing: str | None = None,
) -> Plan:
    """Chooses what to paste, where, and onto which images.

    Args:
        run: where the images and boxes come from.
        object_class, label: the cell.
        worker: predicts; its classifier should be the run's, and the plan's note says where it is not.
        method, score, threshold, min_confidence, by, roll_up: as of ``Run.association``: what makes a box count.
        n: how many images, at most.
        seed: of drawing the images.
        drawing: which shipped drawing is pasted, one of the plan's choices; None, or one that does not fit: the first.

    Raises:
        UnknownNameError: there is no such class or label.
        EmocamError: no thing of the class can be found, no image has another label, or the classifier does not know the
            label.
    """
    association = run.association(method, score, threshold, min_confidence, by, roll_up=roll_up)
    contributors = association.contributors(object_class, label)
    if label not in worker.labels:
        raise EmocamError(f"The worker's classifier has no label {label!r}: it cannot turn anything into it.")
    column = run.images["label" if by == "prediction" else "annotation"]
    others = run.images["image_id"][(column != label) & column.notna()].astype(str).tolist()
    if not others:
        raise EmocamError(f"No image of the run has another label than {label!r}: there is nothing to paste onto.")
    counts = run.importance(method or run.methods[0], score) > threshold
    counts &= (run.boxes["confidence"] >= (run.min_confidence if min_confidence is None else min_confidence)).to_numpy()
    boxes = boxes_of_class(run, counts, contributors, object_class, roll_up)
    thing = shipped_thing(object_class, run.classes, drawing) or cut_out(run, boxes, object_class)
    chosen = np.random.default_rng(seed).permutation(len(others))[: max(1, int(n))]
    note = ""
    if worker.classifier.fingerprint != run.manifest.classifier.fingerprint:
        note = f"The worker's classifier ({worker.classifier.name}) is not the one that made the run."
    image_ids = tuple(others[i] for i in sorted(chosen))
    placement = usual_placement(run, boxes, thing.name)
    return Plan(
        (object_class, label), thing, placement, image_ids, len(others), seed, note, fitting(object_class, run.classes)
    )


def run_trial(run: Run, plan: Plan, worker: Worker, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Tried]:
    """One result after the other, until all are there or ``cancelled`` says so; images that do not open are left out.

    Each is one scene of the worker, so what somebody drags meanwhile is answered in between.
    """
    sprites = Sprites({plan.thing.name: plan.thing.picture})
    for image_id in plan.image_ids:
        if cancelled():
            return
        try:
            picture = run.open_image(image_id)
        except ImageError:
            continue
        scene = worker.scene(picture, sprites)
        asked = [scene.submit([]), scene.submit([plan.placement]), scene.submit([plan.placement], variant=CONTROL)]
        before, after, control = (future.result()[0] for future in asked)
        yield Tried(image_id, before, after, control)


def fitting(object_class: str, classes: Sequence[str]) -> tuple[str, ...]:
    """The names of the shipped sprites of the class, and then of its kinds by Open Images' hierarchy."""
    from emocam_widgets import demo

    parents = chosen_parents(True, classes)
    known = list(demo.sprites().values())
    own = [sprite.name for sprite in known if sprite.object_class == object_class]
    kinds = [sprite.name for sprite in known if object_class in ancestors(sprite.object_class, parents)]
    return tuple(dict.fromkeys((*own, *kinds)))


def shipped_thing(object_class: str, classes: Sequence[str], name: str | None = None) -> Thing | None:
    """The shipped sprite of this name, where it fits the class, else the first that does; None where none does."""
    from emocam_widgets import demo

    names = fitting(object_class, classes)
    if not names:
        return None
    sprite = demo.sprites()[name if name in names else names[0]]
    kind = "" if sprite.object_class == object_class else f" of a {sprite.object_class}, a kind of it"
    return Thing(sprite.name, sprite.object_class, demo.open_sprite(sprite.name), f"a shipped drawing{kind}")


def boxes_of_class(
    run: Run, counts: NDArray[np.bool_], image_ids: Sequence[str], object_class: str, kinds: bool
) -> pd.DataFrame:
    """The boxes of the class (with ``kinds`` of kinds of it too) in these images that count, the most confident first.

    ``counts``: (boxes,), which rows of ``run.boxes`` count at all.
    """
    wanted = {object_class}
    if kinds:
        parents = chosen_parents(True, run.classes)
        wanted |= {name for name in run.classes if object_class in ancestors(name, parents)}
    boxes = run.boxes[counts]
    mine = boxes[boxes["image_id"].isin(image_ids) & boxes["object_class"].isin(wanted)]
    return mine.sort_values("confidence", ascending=False, kind="stable")


def cut_out(run: Run, boxes: pd.DataFrame, object_class: str) -> Thing:
    """The surest box that does not touch its image's border, by its mask where it has one, else as a rectangle.

    Raises:
        EmocamError: there is no box, or each touches a border or is under ``SMALLEST`` pixels, or no image opens.
    """
    some = boxes.head(CANDIDATES)
    corners = some[["x0", "y0", "x1", "y1"]].to_numpy(float)
    whole = np.hstack([np.floor(corners[:, :2]), np.ceil(corners[:, 2:])]).astype(int).tolist()
    for image_id, encoded, (x0, y0, x1, y1) in zip(some["image_id"].astype(str), some["mask"], whole, strict=True):
        width, height = (int(run.image(image_id)[name]) for name in ("width", "height"))
        if x0 < 1 or y0 < 1 or x1 > width - 1 or y1 > height - 1 or min(x1 - x0, y1 - y0) < SMALLEST:
            continue
        try:
            picture = run.open_image(image_id).crop((x0, y0, x1, y1)).convert("RGBA")
        except ImageError:
            continue
        masked = isinstance(encoded, str)
        if masked:
            mask = decode_mask(encoded)[y0:y1, x0:x1]
            if not mask.any():
                continue
            picture.putalpha(Image.fromarray(mask.astype(np.uint8) * 255))
        shape = "by its mask" if masked else "with its rectangle of background: the detector gives no mask"
        return Thing(f"{object_class} cut-out", object_class, picture, f"cut out of {image_id} {shape}")
    if boxes.empty:
        raise EmocamError(f"No image counts in this cell: nothing shows how {object_class} looks there.")
    raise EmocamError(
        f"No {object_class} in these images can be cut out: each touches a border, is under {SMALLEST} pixels, or its "
        "image does not open. Try it in the object editor with a picture of your own."
    )


def usual_placement(run: Run, boxes: pd.DataFrame, name: str) -> Placement:
    """Where these boxes lie at the median, and how high they are; the middle where there are none."""
    if boxes.empty:
        return Placement(name, 0.5, 0.5)
    sizes = run.images.set_index("image_id").loc[boxes["image_id"], ["width", "height"]].to_numpy(float)
    corners = boxes[["x0", "y0", "x1", "y1"]].to_numpy(float)
    x, y = np.median((corners[:, :2] + corners[:, 2:]) / 2 / sizes, axis=0)
    height = float(np.median((corners[:, 3] - corners[:, 1]) / sizes[:, 1]))
    x, y = np.clip([x, y], *PLACES)
    return Placement(name, round(float(x), 3), round(float(y), 3), round(float(np.clip(height, *HEIGHTS)), 3))
