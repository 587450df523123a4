"""`emocam models ...`: what published models there are, fetching their files, and holding them to what is known."""

from __future__ import annotations

from collections.abc import Callable

import click

from emocam_widgets.errors import EmocamError
from emocam_widgets.weights_files import PUBLISHED, PublishedModel, WeightsFile, problem, published, pull

MEGABYTE = 1_000_000


@click.group()
def models() -> None:
    """List, fetch and verify the published models."""


@models.command("list")
def list_models() -> None:
    """Every published model: its files, their sizes and addresses, its licence, and what is here already."""
    for model in PUBLISHED.values():
        click.echo(f"{model.name}: {model.what}")
        click.echo(f"  licence: {model.licence}")
        click.echo(f"  folder: {model.folder}")
        for file in model.files:
            click.echo(f"  {file.name} ({_size(file)}): {_state(model, file)}\n    {file.address}")


@models.command("pull")
@click.argument("name")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def pull_model(name: str, quiet: bool) -> None:
    """Fetch those files of the model NAME that are not here; what breaks off leaves nothing behind."""
    model = published(name)
    click.echo(f"Licence: {model.licence}", err=True)
    for path in pull(name, progress=not quiet):
        click.echo(path)


@models.command("verify")
@click.argument("name")
def verify_model(name: str) -> None:
    """Hold the files of the model NAME to the sizes and checksums that are known, then load it and try it."""
    model = published(name)
    wrong = {file.name: found for file in model.files if (found := problem(model, file)) is not None}
    if wrong:
        listed = "; ".join(f"{file}: {found}" for file, found in wrong.items())
        raise EmocamError(
            f"{name} in {model.folder} is not whole ({listed}): remove what is damaged, `emocam models pull {name}`."
        )
    click.echo(f"{name}: {_VERIFIERS[name]()}")


@models.command("where")
@click.argument("name")
def where_model(name: str) -> None:
    """Print the folder in which the files of the model NAME lie or can be put by hand."""
    click.echo(published(name).folder)


def _emonet() -> str:
    from emocam_widgets.models.emonet import verify_emonet

    return verify_emonet()


def _yolov3_openimages() -> str:
    from emocam_widgets.detectors.darknet import load_yolov3_openimages

    detector = load_yolov3_openimages()
    return f"every float of the weights is used, {len(detector.class_names)} classes"


_VERIFIERS: dict[str, Callable[[], str]] = {"emonet": _emonet, "yolov3-openimages": _yolov3_openimages}


def _size(file: WeightsFile) -> str:
    if file.size is not None:
        return f"{file.size / MEGABYTE:.1f} MB"
    if file.about is not None:
        return f"about {file.about / MEGABYTE:.0f} MB"
    return "size not published"


def _state(model: PublishedModel, file: WeightsFile) -> str:
    found = problem(model, file)
    if found is None:
        return "here"
    return "not here" if found == "missing" else f"damaged, {found}"
