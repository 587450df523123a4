"""The paste experiment (EmoCAM, section 3.2) asked of a worker, image by image, while people go on using it.

The same pastes and rows as :func:`engine.pasting.paste_experiment`, which has the models for itself; here they wait for
whatever is asked interactively, and a shared worker answers them too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from emocam_widgets.analysis.paste import OBJECT, PasteResult
from emocam_widgets.engine.compose import Sprites
from emocam_widgets.engine.paste_places import HEIGHT, POSITIONS, Position
from emocam_widgets.errors import EmocamError, ImageError, known_name
from emocam_widgets.run.schema import TABLES
from emocam_widgets.types import Placement, Prediction

if TYPE_CHECKING:
    from emocam_widgets.engine.worker import Worker
    from emocam_widgets.run import Run

CONTROL = "grey"
TOGETHER = 17
"""Pastes in one pass: what is asked interactively waits for no more than that."""
Row = dict[str, Any]
Place = tuple[str, str, int, Placement]
"""Object, variant, number of the position, and what that makes."""


@dataclass(frozen=True, eq=False)
class PastePlan:
    """What is pasted where, and onto which images.

    Attributes:
        objects: names of shipped sprites.
        variants: "object", and where it is controlled "grey", its silhouette in grey.
        positions: sprite centres, relative to the image's width and height.
        height: of the sprites, relative to the image's.
        label: only images that the run's classifier predicts as this, or None.
        image_ids: the images, in the run's order; drawn at random with ``seed`` where there are more.
        available: of how many they were drawn.
        note: what else should be known, or "".
    """

    objects: tuple[str, ...]
    variants: tuple[str, ...]
    positions: tuple[Position, ...]
    height: float
    label: str | None
    image_ids: tuple[str, ...]
    available: int
    seed: int
    note: str = ""

    @property
    def n_pastes(self) -> int:
        """Predictions that it takes, beside one of each image as it is."""
        return len(self.image_ids) * len(self.objects) * len(self.variants) * len(self.positions)


def plan_pastes(
    run: Run,
    worker: Worker,
    objects: Sequence[str],
    *,
    label: str | None = None,
    n: int = 50,
    control: bool = True,
    positions: Sequence[Position] = POSITIONS,
    height: float = HEIGHT,
    seed: int = 0,
) -> PastePlan:
    """Chooses the images.

    Args:
        run: where the images come from, and their labels.
        worker: predicts; its classifier should be the run's, and the plan's note says where it is not.
        objects: names of shipped sprites.
        label: only images of this predicted label.
        n: how many images, at most.
        control: whether the grey silhouette of each object is pasted too.
        positions, height: as of `paste_experiment`.
        seed: of drawing the images.

    Raises:
        UnknownNameError: there is no such sprite or label.
        EmocamError: nothing is pasted, or no image has the label.
    """
    from emocam_widgets import demo

    names = tuple(known_name("sprite", name, demo.sprites()) for name in dict.fromkeys(objects))
    if not names:
        raise EmocamError("Choose at least one thing to paste.")
    images = run.images
    if label is not None:
        images = images[images["label"] == known_name("label", label, run.labels)]
    ids = images["image_id"].astype(str).tolist()
    if not ids:
        raise EmocamError(f"No image of the run is predicted as {label}: there is nothing to paste onto.")
    chosen = np.random.default_rng(seed).permutation(len(ids))[: max(1, int(n))]
    note = ""
    if worker.classifier.fingerprint != run.manifest.classifier.fingerprint:
        note = f"The worker's classifier ({worker.classifier.name}) is not the one that made the run."
    return PastePlan(
        names,
        (OBJECT, CONTROL) if control else (OBJECT,),
        tuple(positions),
        height,
        label,
        tuple(ids[i] for i in sorted(chosen)),
        len(ids),
        seed,
        note,
    )


def run_pastes(
    run: Run, plan: PastePlan, worker: Worker, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[tuple[str, list[Row]]]:
    """Of one image after the other its rows of the table ``pastes``; none of an image that does not open.

    Ends after the pass that is under way once ``cancelled`` says so; an image that is not whole by then gives no rows.
    """
    from emocam_widgets import demo

    sprites = Sprites({name: demo.open_sprite(name) for name in plan.objects})
    places = [
        (name, variant, number, Placement(name, x, y, plan.height))
        for name in plan.objects
        for variant in plan.variants
        for number, (x, y) in enumerate(plan.positions)
    ]
    for image_id in plan.image_ids:
        if cancelled():
            return
        try:
            picture = run.open_image(image_id)
        except ImageError:
            yield image_id, []
            continue
        scene = worker.scene(picture, sprites)
        before = scene.submit([]).result()[0]
        rows: list[Row] = []
        for batch in _batches(places):
            if cancelled():
                return
            after = scene.submit_many([[placement] for *_, placement in batch], variant=batch[0][1]).result()
            rows += [_row(image_id, place, before, one) for place, one in zip(batch, after, strict=True)]
        yield image_id, rows


def pasted_result(rows: Sequence[Row], run: Run, worker: Worker) -> PasteResult:
    """The questions that the rows answer."""
    frame = pd.DataFrame(list(rows), columns=TABLES["pastes"].names)
    return PasteResult(frame, tuple(worker.labels), run.classes)


def _batches(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    """At most `TOGETHER` places of one variant at a time."""
    for _, alike in groupby(places, key=lambda place: place[1]):
        mine = list(alike)
        yield from (mine[start : start + TOGETHER] for start in range(0, len(mine), TOGETHER))


def _row(image_id: str, place: Place, before: Prediction, after: Any) -> Row:
    name, variant, position, placement = place
    return {
        "image_id": image_id,
        "object": name,
        "variant": variant,
        "position": position,
        "x": placement.x,
        "y": placement.y,
        "sprite_height": placement.height,
        "label_before": before.label,
        "label_after": before.labels[int(np.argmax(after))],
        "probabilities_before": before.probabilities,
        "probabilities_after": after,
    }
