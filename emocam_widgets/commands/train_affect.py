"""`emocam train affect-resnet50`: the second paper's (Fields) model, on data sets of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("affect-resnet50")
@click.option("--emotion-dataset", type=FOLDER, help="The Emotion Dataset: a folder per label.")
@click.option("--wikiart", type=FILE, help="The TSV of WikiArt Emotions; its images are in --images.")
@click.option("--images", type=FOLDER, help="The folder of WikiArt's images.")
@click.option("--csv", "albums", type=FILE, multiple=True, help="An own annotated album; may be given several times.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help='The file to write (default: where load_classifier("affect-resnet50") looks for it).',
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keeps the split, the squared pictures (200 kB each) and checkpoints; an interrupted training goes on.",
)
@click.option(
    "--trunk", default="resnet50", show_default=True, help="resnet50 is the paper's; resnet18 and resnet34 are smaller."
)
@click.option("--pretrained/--no-pretrained", default=True, show_default=True, help="Start from ImageNet's weights.")
@click.option(
    "--validation", type=click.FloatRange(0.01, 0.5), default=0.1, show_default=True, help="Share to stop by."
)
@click.option(
    "--test", type=click.FloatRange(0.01, 0.5), default=0.2, show_default=True, help="Share never trained on."
)
@click.option("--epochs", type=click.IntRange(1), help="At most so many in stage two (default: 20).")
@click.option("--batch", type=click.IntRange(2), help="Pictures in a step of stage two (default: 32).")
@click.option("--class-weights", is_flag=True, help="Rare labels count more in the loss.")
@click.option("--workers", type=click.IntRange(0), default=0, show_default=True, help="Processes preparing pictures.")
@click.option("--seed", default=7, show_default=True, help="Of the split, the order and the augmentation.")
@click.option("--device", help='Torch\'s name of the device ("cpu", "cuda"); a GPU is used where there is one.')
def affect_resnet50(
    emotion_dataset: Path | None,
    wikiart: Path | None,
    images: Path | None,
    albums: tuple[Path, ...],
    out: Path | None,
    work: Path | None,
    trunk: str,
    pretrained: bool,
    validation: float,
    test: float,
    epochs: int | None,
    batch: int | None,
    class_weights: bool,
    workers: int,
    seed: int,
    device: str | None,
) -> None:
    """Train the Fields model (negative, other, positive): the new layers first, then everything.

    Labels are grouped as the paper has it. A fixed share of the images, stratified by data set and label, is kept for
    the test; `emocam evaluate` takes the same ones by the split.csv in --work.
    """
    if (wikiart is None) != (images is None):
        raise EmocamError("--wikiart and --images go together: give the TSV and the folder of its images.")
    if trunk != "resnet50" and out is None:
        raise EmocamError(f"--trunk {trunk} is not the paper's: name the file to write with --out.")
    corpora = _corpora(emotion_dataset, wikiart, images, albums)

    from dataclasses import replace

    from emocam_widgets.demo import home
    from emocam_widgets.models.affect import weights_path
    from emocam_widgets.training.affect import AffectTraining, train_affect
    from emocam_widgets.training.settings import TwoStages

    stages = TwoStages(class_weights=class_weights, workers=workers, seed=seed)
    whole = replace(stages.whole, epochs=epochs or stages.whole.epochs, batch=batch or stages.whole.batch)
    settings = AffectTraining(trunk, pretrained, validation, test, replace(stages, whole=whole))
    work = work or home() / "training" / "affect-resnet50"
    out = out or weights_path()
    result = train_affect(corpora, work, out, settings, device)
    score = result.score
    if result.unreadable:
        click.echo(f"{result.unreadable} images could not be read and were left out.")
    click.echo(
        f"test accuracy {score.accuracy:.3f} (always the same label: {score.majority:.3f}), macro F1 "
        f"{score.macro_f1:.3f} over {score.n} images after {result.epochs} epochs; the split is in {result.split}"
    )
    click.echo(out)


def _corpora(
    emotion_dataset: Path | None, wikiart: Path | None, images: Path | None, albums: tuple[Path, ...]
) -> list[Corpus]:
    """The data sets that were named, with their annotations as negative, other and positive."""
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.labels import affect_groups

    corpora = []
    if emotion_dataset is not None:
        corpora.append(Corpus.emotion_dataset(emotion_dataset))
    if wikiart is not None and images is not None:
        corpora.append(Corpus.wikiart(wikiart, images))
    corpora.extend(Corpus.from_csv(album) for album in albums)
    corpora = [corpus.relabelled(affect_groups(corpus.labels, f"the corpus {corpus.name!r}")) for corpus in corpora]
    if not corpora:
        raise EmocamError("A training needs data: give --emotion-dataset, --wikiart with --images, or --csv.")
    return corpora
