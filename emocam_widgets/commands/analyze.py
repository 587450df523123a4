"""`emocam analyze`: a folder of images into a run, and its strongest associations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from emocam_widgets.commands.corpora import CorpusChoice, corpus_from_options, corpus_options, missing_note
from emocam_widgets.commands.options import DEVICE, MIN_CONFIDENCE, QUIET, THRESHOLD, count

if TYPE_CHECKING:
    from emocam_widgets.analysis.association import Association
    from emocam_widgets.run import Run

NO_IMAGE_USED = 1
STRONGEST = 10
LISTED_FAILURES = 20


@click.command()
@click.argument("folder", required=False)
@corpus_options
@click.option("--out", required=True, help="The run folder, or an fsspec address; an existing run goes on.")
@click.option("--classifier", default="demo", show_default=True, help="Name of the classifier.")
@click.option("--detector", default="demo", show_default=True, help="Name of the detector.")
@click.option("--method", "methods", multiple=True, default=("grad-cam",), show_default=True, help="May be repeated.")
@click.option("--lime-samples", type=int, default=1000, show_default=True, help="Of the method lime, an image.")
@THRESHOLD
@MIN_CONFIDENCE
@click.option(
    "--roll-up", is_flag=True, help="A Rugby ball counts as a Ball and as Sports equipment too: Open Images' hierarchy."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="ray: on the cluster in RAY_ADDRESS, else on a Ray of its own on this machine.",
)
@DEVICE
@QUIET
@click.pass_context
def analyze(
    ctx: click.Context,
    folder: str | None,
    corpora: CorpusChoice,
    out: str,
    classifier: str,
    detector: str,
    methods: tuple[str, ...],
    lime_samples: int,
    threshold: float,
    min_confidence: float | None,
    roll_up: bool,
    engine: str,
    device: str | None,
    quiet: bool,
) -> None:
    """Analyse images into a run: predictions, boxes and CAMs.

    The images are those in FOLDER (or "demo"), or of the table or data set that an option names, with its annotations.

    An interrupted run goes on with the same command; a new method or image is added. Exit code 0: done (images that
    cannot be used are listed with the reason); 1: no image could be used; 2: what was asked for cannot be done.
    """
    from emocam_widgets.detectors import load_detector
    from emocam_widgets.engine.corpus_run import analyze as analyze_corpus
    from emocam_widgets.engine.corpus_run import method_outputs
    from emocam_widgets.explain.lime_settings import LimeSettings
    from emocam_widgets.models import load_classifier

    method_outputs(methods)
    corpus = corpus_from_options(corpora, folder)
    note = missing_note(corpus)
    if note is not None:
        click.echo(note)
    run = analyze_corpus(
        corpus,
        load_classifier(classifier, device=device),
        load_detector(detector, device=device),
        methods,
        out=out,
        engine=engine,
        lime=LimeSettings(n_samples=lime_samples),
        progress=not quiet,
    )
    click.echo(f"Run {out}: {count(len(run.images), 'image')}, {count(len(run.boxes), 'box', 'boxes')}")
    _show_failures(run)
    if not len(run.images):
        click.echo("No image could be used.", err=True)
        ctx.exit(NO_IMAGE_USED)
    for method in methods:
        association = run.association(method, threshold=threshold, min_confidence=min_confidence, roll_up=roll_up)
        click.echo(f"\nStrongest associations ({method}, importance above {threshold:g}):")
        _show_strongest(association)
    if run.manifest.classifier.synthetic and not corpus.synthetic:
        click.echo("\nThe demo classifier knows drawn, synthetic scenes only: on photographs this is no finding.")


def _show_failures(run: Run) -> None:
    failures = run.failures
    if failures.empty:
        return
    click.echo(f"{count(len(failures), 'image')} could not be used:")
    for row in failures.head(LISTED_FAILURES).itertuples(index=False):
        click.echo(f"  {row.image_id}: {row.reason}")
    if len(failures) > LISTED_FAILURES:
        click.echo(f"  and {len(failures) - LISTED_FAILURES} more; all are in the run's table of failures")


def _show_strongest(association: Association) -> None:
    strong = association.strong().head(STRONGEST)
    if strong.empty:
        click.echo("  none is strong (at least 5 images, a tenth of the label's, and twice the share of all others)")
        return
    columns = max(len(name) for name in strong["object_class"]), max(len(label) for label in strong["label"])
    for row in strong.itertuples(index=False):
        click.echo(
            f"  {row.object_class:<{columns[0]}}  {row.label:<{columns[1]}}  {row.count:>4} of {row.n_images:<4} images"
            f"  {row.fraction:>4.0%}, elsewhere {row.elsewhere:>4.0%}, lift {row.lift:.1f}"
        )
