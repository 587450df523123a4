"""Training of the second paper's (Fields) model on annotated photographs and paintings, from corpora to a file.

It knows no data set: a corpus brings its annotations, as negative, other and positive.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from emocam_widgets.errors import EmocamError, ImageError
from emocam_widgets.labels import AFFECT_LABELS
from emocam_widgets.models.affect import PREPROCESS, TRUNK, AffectResNet, imagenet_trunk, load_affect, save_affect
from emocam_widgets.models.preprocess import Preprocess
from emocam_widgets.training.checkpoint import Checkpoint
from emocam_widgets.training.pictures import Pictures, write_squares
from emocam_widgets.training.scores import AffectScore, affect_score
from emocam_widgets.training.settings import TwoStages
from emocam_widgets.training.split import UNREADABLE, Part, read_split, stratified_parts, write_split
from emocam_widgets.training.stages import Told, Trainer, TrainingData
from emocam_widgets.training.transforms import photograph_as_is, photograph_augmentation
from emocam_widgets.weights import fingerprint

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.models.split import SplitClassifier

SIDE = 256
"""Pictures are kept as squares of this side: enough for random parts of them at the network's 224."""
SPLIT = "split.csv"


@dataclass(frozen=True)
class AffectTraining:
    """Settings: the trunk, whether it starts from ImageNet's weights, the shares of the parts, and the two stages."""

    trunk: str = TRUNK
    pretrained: bool = True
    validation: float = 0.1
    test: float = 0.2
    stages: TwoStages = field(default_factory=TwoStages)


@dataclass(frozen=True)
class AffectResult:
    """What a training came to: the score on its test part, how many images could not be read, and the split's file."""

    score: AffectScore
    unreadable: int
    split: Path
    epochs: int
    seconds: float


def train_affect(
    corpora: Sequence[Corpus],
    work: Path,
    out: Path,
    settings: AffectTraining | None = None,
    device: str | None = None,
    told: Told = lambda epoch: None,
) -> AffectResult:
    """Train in two stages on the annotated images of the corpora, write ``out`` (safetensors) and score its test part.

    Every annotation is "negative", "other" or "positive". ``work`` keeps the split (``split.csv``, which
    `emocam evaluate` takes), the squared pictures (200 kB each) and a checkpoint after every epoch, from which an
    interrupted training goes on. Images that cannot be read are counted and left out.

    Raises EmocamError where there are too few images, a label is another, ImageNet's weights are wanted and missing,
    or ``work`` holds another training.
    """
    settings = settings or AffectTraining()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    images = _annotated(corpora)
    torch.manual_seed(settings.stages.seed)
    module = imagenet_trunk(settings.trunk) if settings.pretrained else AffectResNet(settings.trunk)
    rows = images[["corpus", "image_id", "label"]].to_numpy().tolist()
    identity = {
        "settings": asdict(settings),
        "images": hashlib.sha256(json.dumps(rows).encode()).hexdigest(),
        "first weights": fingerprint(module),
    }
    checkpoint = Checkpoint(work, identity)
    images = images.assign(part=_parts(images, settings))
    data, images = _training_data(corpora, images, work)
    progress = Trainer(module, data, settings.stages, checkpoint, device).run(told)
    counts = images.part.value_counts().to_dict()
    said = {"corpora": [corpus.name for corpus in corpora], "images": counts, "settings": asdict(settings)}
    out.parent.mkdir(parents=True, exist_ok=True)
    save_affect(out, module.cpu(), AFFECT_LABELS, PREPROCESS, said)
    score, failed = _scored(load_affect(out, device), corpora, images[images.part == "test"])
    unreadable = int((images.part == UNREADABLE).sum()) + failed
    return AffectResult(score, unreadable, work / SPLIT, len(progress.history), progress.seconds)


def _parts(images: pd.DataFrame, settings: AffectTraining) -> list[Part]:
    strata = list(images.corpus + " " + images.label)
    return stratified_parts(strata, settings.validation, settings.test, settings.stages.seed, list(images.label))


def _annotated(corpora: Sequence[Corpus]) -> pd.DataFrame:
    """One row per annotated image: corpus (its name), number (of the corpus), image_id, label."""
    names = [corpus.name for corpus in corpora]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise EmocamError(f"Two corpora are called {twice!r}, which the split could not tell apart; rename one's file.")
    rows = [
        (corpus.name, number, image_id, corpus.annotation(image_id))
        for number, corpus in enumerate(corpora)
        for image_id in corpus
    ]
    images = pd.DataFrame(rows, columns=["corpus", "number", "image_id", "label"])
    images = images[images.label.notna()].reset_index(drop=True)
    unknown = sorted(set(images.label) - set(AFFECT_LABELS))
    if unknown:
        raise EmocamError(
            f"{len(unknown)} labels of the corpora are none of {', '.join(AFFECT_LABELS)}, the first is "
            f"{unknown[0]!r}; group them first."
        )
    if images.label.nunique() < 2:
        found = f"only {images.label[0]!r}" if len(images) else "no annotated image"
        raise EmocamError(f"A training needs images of at least two labels; found {found}.")
    return images


def _training_data(corpora: Sequence[Corpus], images: pd.DataFrame, work: Path) -> tuple[TrainingData, pd.DataFrame]:
    """Squares of the images to learn from, made once, and the table with the unreadable ones marked.

    The split is written last: where it is, the squares are whole.
    """
    used = images[images.part != "test"]
    path = work / "pictures.npy"
    if (work / SPLIT).is_file():
        images = images.assign(part=read_split(work / SPLIT).part)
    else:
        failed: list[int] = []
        write_squares(path, _squares(corpora, used, failed), len(used), SIDE, "squaring pictures")
        images.loc[failed, "part"] = UNREADABLE
        write_split(work / SPLIT, images)
    pixels = np.load(path, mmap_mode="r")
    parts = images.part[used.index].to_numpy()
    numbers = images.label[used.index].map(AFFECT_LABELS.index).to_numpy(np.int64)
    training, validation = (np.flatnonzero(parts == part) for part in ("train", "validation"))
    if len(training) < 2 or not len(validation):
        raise EmocamError(
            f"{len(training)} images to train on and {len(validation)} to validate on could be read, "
            f"{int((parts == UNREADABLE).sum())} could not; expected at least 2 and 1."
        )
    data = TrainingData(
        Pictures(pixels, numbers, training),
        Pictures(pixels, numbers, validation),
        photograph_augmentation(PREPROCESS),
        photograph_as_is(PREPROCESS),
        len(AFFECT_LABELS),
    )
    return data, images


def _squares(corpora: Sequence[Corpus], used: pd.DataFrame, failed: list[int]) -> Iterator[NDArray[np.uint8] | None]:
    """Each image as a square of uint8, or None, and its row's index in `failed`, where it cannot be read."""
    square = Preprocess(SIDE)

    def read(number: int, image_id: str) -> NDArray[np.uint8] | None:
        try:
            return square.pixels(corpora[number].open(image_id))
        except ImageError:
            return None

    with ThreadPoolExecutor() as pool:
        for start in range(0, len(used), SIDE):  # in portions, so that few squares wait in memory
            some = used.iloc[start : start + SIDE]
            for index, pixels in zip(some.index, pool.map(read, some.number, some.image_id), strict=True):
                if pixels is None:
                    failed.append(index)
                yield pixels


def _scored(classifier: SplitClassifier, corpora: Sequence[Corpus], tested: pd.DataFrame) -> tuple[AffectScore, int]:
    """The score of the written classifier on the images as they are, and how many could not be read."""
    found, right, failed = [], [], 0
    for row in tqdm(list(tested.itertuples()), desc="test part", mininterval=2, leave=False):
        try:
            image = corpora[row.number].open(row.image_id)
        except ImageError:
            failed += 1
            continue
        found.append(classifier.predict([image])[0].index)
        right.append(AFFECT_LABELS.index(row.label))
    if not found:
        raise EmocamError(f"None of the {len(tested)} images of the test part could be read; nothing can be scored.")
    return affect_score(np.array(found), np.array(right), AFFECT_LABELS), failed
