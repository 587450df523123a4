"""`emocam train ...`: the Fields model on data of one's own, and the embedded world again from its seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from emocam_widgets.commands.train_affect import affect_resnet50
from emocam_widgets.errors import EmocamError

WORK = click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where drawn scenes and checkpoints are kept; an interrupted training goes on from here.",
)
OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The data folder to write (default: the package's own).",
)
CARD = click.option(
    "--card",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("docs/model-card.md"),
    show_default=True,
    help="The model card to update.",
)
DEVICE = click.option("--device", help='Torch\'s name of the device ("cpu", "cuda"); a GPU is used where there is one.')


class _Drawing(click.Command):
    """A command that draws scenes, which needs the train extra."""

    def invoke(self, ctx: click.Context) -> Any:
        _refuse_without_skia()
        return super().invoke(ctx)


@click.group()
def train() -> None:
    """Train the second paper's model, or make the embedded world again (demo-...; these need the train extra)."""


train.add_command(affect_resnet50)


def _refuse_without_skia() -> None:
    try:
        import skia  # noqa: F401
    except ImportError as error:
        raise EmocamError(
            'Drawing scenes needs skia-python: pip install "emocam-widgets[train]" '
            f"(and Debian's libgl1 and libegl1). {error}"
        ) from error


@train.command("demo-corpus", cls=_Drawing)
@OUT
@click.option("--count", default=600, show_default=True, help="Number of scenes.")
def demo_corpus(out: Path | None, count: int) -> None:
    """Draw the shipped corpus and the sprites."""
    from emocam_widgets.demo.scenes.sprites import write_sprites
    from emocam_widgets.demo.training.corpus import make_corpus

    size = make_corpus(_data(out), count)
    write_sprites(_data(out))
    click.echo(f"{count} scenes, {size / 1e6:.1f} MB, in {_data(out)}")


@train.command("demo-classifier", cls=_Drawing)
@WORK
@OUT
@CARD
@DEVICE
def demo_classifier(work: Path | None, out: Path | None, card: Path, device: str | None) -> None:
    """Train the classifier on drawn scenes (about an hour and a half on one core)."""
    from emocam_widgets.demo.training.classifier import train_classifier
    from emocam_widgets.demo.training.model_card import update_model_card

    score = train_classifier(_work(work), _data(out) / "classifier.safetensors", device=device)
    update_model_card(card, "classifier", score)
    click.echo(f"top-1 accuracy {score.accuracy:.3f} over {score.n} scenes")


@train.command("demo-detector", cls=_Drawing)
@WORK
@OUT
@CARD
@DEVICE
def demo_detector(work: Path | None, out: Path | None, card: Path, device: str | None) -> None:
    """Train the detector on drawn scenes (about an hour and a half on one core)."""
    from emocam_widgets.demo.training.detector import train_detector
    from emocam_widgets.demo.training.model_card import update_model_card

    score = train_detector(_work(work), _data(out), device=device)
    update_model_card(card, "detector", score)
    click.echo(f"mAP@0.5 {score.map50:.3f} over {score.n_boxes} boxes in {score.n} scenes")


@train.command("demo-affect", cls=_Drawing)
@WORK
@OUT
@CARD
@DEVICE
def demo_affect(work: Path | None, out: Path | None, card: Path, device: str | None) -> None:
    """Train the small affect classifier on drawn scenes, from the classifier's trunk (about half an hour)."""
    from emocam_widgets.demo.training.affect import train_affect_scenes
    from emocam_widgets.demo.training.model_card import update_model_card

    data = _data(out)
    score = train_affect_scenes(_work(work), data / "affect.safetensors", None, device, data / "classifier.safetensors")
    update_model_card(card, "affect", score)
    click.echo(f"accuracy {score.accuracy:.3f}, macro F1 {score.macro_f1:.3f} over {score.n} scenes")


@train.command("demo-truth", cls=_Drawing)
@OUT
@click.option("--limit", type=int, help="Only the first scenes (to try it out).")
def demo_truth(out: Path | None, limit: int | None) -> None:
    """Draw every shipped scene without each of its objects in turn, and table what the classifier makes of it."""
    from emocam_widgets.demo.training.truth import measure_truth

    truth = measure_truth(_data(out), limit)
    strongest = truth[truth.n >= 5].nlargest(15, "effect")
    click.echo(strongest.to_string(index=False))


def _data(out: Path | None) -> Path:
    from emocam_widgets.demo import DATA

    return out or DATA


def _work(work: Path | None) -> Path:
    from emocam_widgets.demo import home

    return work or home() / "training"
