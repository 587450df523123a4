"""`emocam models ...`: what published models there are, fetching their files, and holding them to what is known."""

from __future__ import annotations

import click
from PIL import Image

from emocam_widgets.errors import EmocamError
from emocam_widgets.weights_files import PUBLISHED, PublishedModel, WeightsFile, problem, published, pull

MEGABYTE = 1_000_000


@click.group()
def models() -> None:
    """List, fetch and verify the published models."""


@models.command("list")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("-v", "--verbose", is_flag=True, help="Tell of each model what is told of one that is named.")
def list_models(names: tuple[str, ...], verbose: bool) -> None:
    """Every published model, its size and what is here; of those with NAME the addresses and the licence too."""
    if names or verbose:
        for name in names or PUBLISHED:
            _tell(published(name))
        return
    rows = [("name", "kind", "size", "state", "what")]
    rows += [
        (model.name, model.kind, _whole_size(model), _whole_state(model), model.what) for model in PUBLISHED.values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        name, kind, size, state, what = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(f"{name}  {kind}  {size.strip().rjust(widths[2])}  {state}  {what}".rstrip())
    click.echo("\nAddresses and licence: emocam models list NAME. Fetching one: emocam models pull NAME.")


def _tell(model: PublishedModel) -> None:
    click.echo(f"{model.name}: {model.what} ({model.kind})")
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
    click.echo(f"{name}: {_verified(model)}")


@models.command("where")
@click.argument("name")
def where_model(name: str) -> None:
    """Print the folder in which the files of the model NAME lie or can be put by hand."""
    click.echo(published(name).folder)


def _verified(model: PublishedModel) -> str:
    """What was found when the model was loaded and tried."""
    if model.name == "emonet":
        from emocam_widgets.models.emonet import verify_emonet

        return verify_emonet()
    if model.kind == "trunk":
        from emocam_widgets.models.affect import imagenet_trunk

        imagenet_trunk(model.name.removesuffix("-imagenet"))
        return "its weights fit the trunk"
    nothing = Image.new("RGB", (320, 240), "grey")
    if model.kind == "classifier":
        from emocam_widgets.models import load_classifier

        classifier = load_classifier(model.name)
        classifier.predictions(classifier.activations([nothing])[0])
        return f"it loads and gives probabilities for {len(classifier.labels)} labels"
    from emocam_widgets.detectors import load_detector

    detector = load_detector(model.name)
    detector.detect([nothing])
    return f"it loads and looks for {len(detector.class_names)} classes"


def _whole_size(model: PublishedModel) -> str:
    """In all of the files whose size is known or roughly known."""
    total = sum(file.size or file.about or 0 for file in model.files)
    return f"{total / MEGABYTE:.0f} MB" if total else "?"


def _whole_state(model: PublishedModel) -> str:
    problems = [problem(model, file) for file in model.files if file.needed]
    missing = problems.count("missing")
    if missing == len(problems):
        return "not here"
    if missing:
        return f"{missing} of {len(problems)} files missing"
    return "damaged" if any(problems) else "here"


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
