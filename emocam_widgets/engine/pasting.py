"""The paste experiment over a corpus (EmoCAM, section 3.2): what pasting an object onto an image does to its label."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from PIL import Image

from emocam_widgets.analysis.paste import PasteResult
from emocam_widgets.engine.compose import paste
from emocam_widgets.engine.loading import load_ahead
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.run import ClassifierInfo, CorpusInfo, Manifest, RunWriter
from emocam_widgets.run.schema import TABLES
from emocam_widgets.types import Placement, Prediction

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.models import SplitClassifier

Position = tuple[float, float]

# The paper's figure shows 17 positions without coordinates. This grid is our own choice: 4 x 4 cell centres and the
# image's centre, symmetric in both axes.
POSITIONS: tuple[Position, ...] = (
    *((x, y) for y in (0.125, 0.375, 0.625, 0.875) for x in (0.125, 0.375, 0.625, 0.875)),
    (0.5, 0.5),
)
DEFAULT_OBJECTS = ("rugby ball", "soccer ball", "lotus flower")
HEIGHT = 0.2
BATCH_SIZE = 17


def paste_experiment(
    corpus: Corpus,
    classifier: SplitClassifier,
    objects: Sequence[str] | Mapping[str, Image.Image] = DEFAULT_OBJECTS,
    *,
    positions: Sequence[Position] = POSITIONS,
    height: float = HEIGHT,
    labels: Iterable[str] | None = None,
    images: Iterable[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | bool = True,
) -> PasteResult:
    """Pastes each object at each position onto each image and predicts again. Images that fail to open are left out.

    Args:
        corpus, classifier: the images, and what predicts them.
        objects: names of shipped sprites, or own RGBA images by name.
        positions: sprite centres, relative to the image's width and height; by default 4 x 4 and the centre.
        height: of the sprites, relative to the image's height.
        labels: only images that are predicted as one of these.
        images: only these image ids.
        out: a run folder that the rows are also written into, one part per image.
        progress: True shows a progress bar; or a function called with the images done and to do.

    Raises:
        UnknownNameError: an unknown sprite, label or image.
        EmocamError: no position, or no image has one of the labels.
    """
    sprites = _sprites(objects)
    wanted = None if labels is None else {known_name("label", label, classifier.labels) for label in labels}
    chosen = corpus if images is None else corpus.subset(images)
    if not positions:
        raise EmocamError("The paste experiment needs at least one position, such as (0.5, 0.5).")
    frames: list[pd.DataFrame] = []
    writer = RunWriter(out, _manifest(chosen, classifier)) if out is not None else None
    report, finish = _reporting(progress, len(chosen))
    try:
        for done, loaded in enumerate(load_ahead(chosen, chosen), start=1):
            if loaded.image is not None:
                frame = _paste_onto(loaded.image_id, loaded.image, classifier, sprites, positions, height, wanted)
                if frame is not None:
                    frames.append(frame)
                    if writer is not None:
                        writer.write_part({"pastes": frame})
            report(done, len(chosen))
        if writer is not None:
            writer.finish()
    finally:
        finish()
        if writer is not None:
            writer.close()
    if not frames:
        asked = "was asked for" if wanted is None else f"is predicted as {', '.join(sorted(wanted))}"
        raise EmocamError(f"No usable image of the corpus {corpus.name!r} {asked}; nothing was pasted.")
    return PasteResult(pd.concat(frames, ignore_index=True), classifier.labels)


def _paste_onto(
    image_id: str,
    image: Image.Image,
    classifier: SplitClassifier,
    sprites: Mapping[str, Image.Image],
    positions: Sequence[Position],
    height: float,
    wanted: set[str] | None,
) -> pd.DataFrame | None:
    """All rows of one image, or None where its label is not wanted."""
    before = classifier.predict([image])[0]
    if wanted is not None and before.label not in wanted:
        return None
    placements = [(i, Placement(name, x, y, height)) for name in sprites for i, (x, y) in enumerate(positions)]
    after: list[Prediction] = []
    for start in range(0, len(placements), BATCH_SIZE):
        batch = placements[start : start + BATCH_SIZE]
        after += classifier.predict([paste(image, sprites, [placement]) for _, placement in batch])
    rows: list[dict[str, Any]] = [
        {
            "image_id": image_id,
            "object": placement.sprite,
            "variant": "object",
            "position": position,
            "x": placement.x,
            "y": placement.y,
            "sprite_height": placement.height,
            "label_before": before.label,
            "label_after": prediction.label,
            "probabilities_before": before.probabilities,
            "probabilities_after": prediction.probabilities,
        }
        for (position, placement), prediction in zip(placements, after, strict=True)
    ]
    return pd.DataFrame(rows, columns=TABLES["pastes"].names)


def _sprites(objects: Sequence[str] | Mapping[str, Image.Image]) -> dict[str, Image.Image]:
    if isinstance(objects, Mapping):
        sprites = {name: image.convert("RGBA") for name, image in objects.items()}
    else:
        from emocam_widgets.demo import open_sprite

        sprites = {name: open_sprite(name) for name in ([objects] if isinstance(objects, str) else objects)}
    if not sprites:
        raise EmocamError("The paste experiment needs at least one object, such as 'rugby ball'.")
    return sprites


def _manifest(corpus: Corpus, classifier: SplitClassifier) -> Manifest:
    return Manifest(
        corpus=CorpusInfo.of(corpus),
        classifier=ClassifierInfo(
            classifier.name, classifier.fingerprint, classifier.synthetic, {"target": classifier.target}
        ),
        labels=classifier.labels,
    )


def _reporting(
    progress: Callable[[int, int], None] | bool, total: int
) -> tuple[Callable[[int, int], None], Callable[[], None]]:
    """What to call after each image, and at the end."""
    if callable(progress):
        return progress, lambda: None
    if not progress:
        return (lambda _done, _total: None), lambda: None
    from tqdm.auto import tqdm

    bar = tqdm(total=total, unit="image", desc="Pasting")
    return (lambda done, _total: bar.update(done - bar.n) and None), bar.close
