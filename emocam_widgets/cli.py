"""The command line: `emocam analyze`, `demo`, `models`, `paste`, `train`. A user's error: one sentence, exit code 2."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.analysis.association import Association
    from emocam_widgets.run import Run

NO_IMAGE_USED = 1
USER_ERROR = 2
STOPPED = 130
STRONGEST = 10
LISTED_FAILURES = 20


class _OneSentence(click.ClickException):
    """An error of the user's as it is shown: one sentence on stderr, no traceback."""

    exit_code = USER_ERROR


class _Commands(click.Group):
    """The commands; those of `models` and `train` are loaded only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "models", "train"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "train":
            from emocam_widgets.demo.training.commands import train

            return train
        if cmd_name == "models":
            from emocam_widgets.models_commands import models

            return models
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                # Our own limit is what counts, and an image over it is named among the failures.
                warnings.filterwarnings("ignore", message=".*decompression bomb", module="PIL")
                return super().invoke(ctx)
        except EmocamError as error:
            raise _OneSentence(str(error)) from error
        except KeyboardInterrupt:
            click.echo("Stopped. What was finished is kept; the same command goes on from there.", err=True)
            ctx.exit(STOPPED)


_DEVICE = click.option("--device", default="cpu", show_default=True, help="Torch's name of the device: cpu, cuda, mps.")
_THRESHOLD = click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    help="A box counts where its importance is above it.",
)
_MIN_CONFIDENCE = click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    help="Boxes below it do not count (default: what the detector names; the run keeps those from 0.005).",
)
_QUIET = click.option("--quiet", is_flag=True, help="No progress bar.")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="emocam-widgets", message="%(prog)s %(version)s")
def main() -> None:
    """See what an emotion classifier looks at, over a whole corpus, and test it by experiment."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The run folder; an existing one goes on.")
@click.option("--classifier", default="demo", show_default=True, help="Name of the classifier.")
@click.option("--detector", default="demo", show_default=True, help="Name of the detector.")
@click.option("--method", "methods", multiple=True, default=("grad-cam",), show_default=True, help="May be repeated.")
@_THRESHOLD
@_MIN_CONFIDENCE
@_DEVICE
@_QUIET
@click.pass_context
def analyze(
    ctx: click.Context,
    folder: Path,
    out: Path,
    classifier: str,
    detector: str,
    methods: tuple[str, ...],
    threshold: float,
    min_confidence: float | None,
    device: str,
    quiet: bool,
) -> None:
    """Analyse the images in FOLDER into a run: predictions, boxes and CAMs.

    An interrupted run goes on with the same command; a new method or image is added. Exit code 0: done (images that
    cannot be used are listed with the reason); 1: no image could be used; 2: what was asked for cannot be done.
    """
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.detectors import load_detector
    from emocam_widgets.engine.corpus_run import analyze as analyze_corpus
    from emocam_widgets.engine.corpus_run import method_outputs
    from emocam_widgets.models import load_classifier

    method_outputs(methods)
    corpus = Corpus.from_folder(folder)
    run = analyze_corpus(
        corpus,
        load_classifier(classifier, device=device),
        load_detector(detector, device=device),
        methods,
        out=out,
        progress=not quiet,
    )
    click.echo(f"Run {run.path}: {_count(len(run.images), 'image')}, {_count(len(run.boxes), 'box', 'boxes')}")
    _show_failures(run)
    if not len(run.images):
        click.echo("No image could be used.", err=True)
        ctx.exit(NO_IMAGE_USED)
    for method in methods:
        association = run.association(method, threshold=threshold, min_confidence=min_confidence)
        click.echo(f"\nStrongest associations ({method}, importance above {threshold:g}):")
        _show_strongest(association)
    if run.manifest.classifier.synthetic and not corpus.synthetic:
        click.echo("\nThe demo classifier knows drawn, synthetic scenes only: on photographs this is no finding.")


@main.group(invoke_without_command=True)
@click.option("--prepare", is_flag=True, help="Only analyse the embedded corpus.")
@click.option("--no-browser", is_flag=True, help="Print the address in place of opening a browser.")
@click.pass_context
def demo(ctx: click.Context, prepare: bool, no_browser: bool) -> None:
    """Analyse the embedded world and open it in JupyterLab."""
    if ctx.invoked_subcommand is not None:
        return
    from emocam_widgets import demo_session

    run = demo_session.prepare()
    if prepare:
        click.echo(f"The demo run is ready: {_count(len(run.images), 'image')} in {run.path}")
        return
    ctx.exit(demo_session.open_notebook(no_browser))


@demo.command()
@_THRESHOLD
@_MIN_CONFIDENCE
@click.option("--method", default="grad-cam", show_default=True)
@click.option("--seed", default=0, show_default=True, help="Of the shuffling and of the random weights.")
@click.option("--json", "as_json", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures there too.")
def evaluate(threshold: float, min_confidence: float | None, method: str, seed: int, as_json: Path | None) -> None:
    """How well the association finds what the demo classifier uses, beside three controls.

    The truth is measured: each shipped scene was drawn again without each of its objects, and a pair of object class
    and label counts as used where the label's probability then falls by 0.05 or more, with its interval above 0.
    """
    from emocam_widgets import demo as world
    from emocam_widgets import demo_session
    from emocam_widgets.engine.evaluation import evaluate_run

    run = demo_session.prepare([method])
    scores = evaluate_run(
        run,
        world.measured_truth(),
        world.planted(),
        method=method,
        threshold=threshold,
        min_confidence=min_confidence,
        seed=seed,
    )
    click.echo(f"Synthetic world, {len(run.images)} drawn scenes; importance above {threshold:g}, seed {seed}.")
    of_group = scores.index.get_level_values("pairs")
    groups = {group: scores[of_group == group].droplevel("pairs") for group in ("all pairs", "things")}
    for group, words in zip(
        groups, ("All pairs of class and label", "Things only (no people and parts of them)"), strict=True
    ):
        click.echo(f"\n{words}:\n{_scores_table(groups[group])}")
    if as_json is not None:
        figures = {group: json.loads(table.to_json(orient="index")) for group, table in groups.items()}
        as_json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


@main.command("paste")
@click.argument("corpus", default="demo")
@click.option(
    "--object", "objects", multiple=True, help="A shipped sprite; may be repeated (default: the paper's three)."
)
@click.option("--label", "labels", multiple=True, help="Only images predicted as this label; may be repeated.")
@click.option("--images", "limit", type=click.IntRange(min=1), help="Only the first so many images.")
@click.option("--height", type=click.FloatRange(0, 4, min_open=True), default=0.2, show_default=True)
@click.option("--classifier", default="demo", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="A run folder that keeps the rows.")
@_DEVICE
@_QUIET
def paste(
    corpus: str,
    objects: tuple[str, ...],
    labels: tuple[str, ...],
    limit: int | None,
    height: float,
    classifier: str,
    out: Path | None,
    device: str,
    quiet: bool,
) -> None:
    """Paste objects onto the images of CORPUS (a folder, or "demo") and count the labels that switch."""
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.engine.pasting import DEFAULT_OBJECTS, paste_experiment
    from emocam_widgets.models import load_classifier

    images = Corpus.demo() if corpus == "demo" else Corpus.from_folder(corpus)
    result = paste_experiment(
        images,
        load_classifier(classifier, device=device),
        objects or DEFAULT_OBJECTS,
        height=height,
        labels=labels or None,
        images=list(images)[:limit] if limit else None,
        out=out,
        progress=not quiet,
    )
    pastes = result.pastes
    click.echo(f"{_count(pastes['image_id'].nunique(), 'image')}, {_count(pastes['position'].nunique(), 'position')}:")
    click.echo(_pastes_table(pastes))
    if images.synthetic:
        click.echo("Synthetic world: drawn scenes and a classifier trained on such scenes.")


def _show_failures(run: Run) -> None:
    failures = run.failures
    if failures.empty:
        return
    click.echo(f"{_count(len(failures), 'image')} could not be used:")
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


def _scores_table(scores: pd.DataFrame) -> str:
    table = scores[["precision", "recall", "f1", "average_precision", "used", "found"]].copy()
    for name in ("precision", "recall", "f1", "average_precision"):
        table[name] = table[name].map("{:.2f}".format)
    table["used"], table["found"] = table["used"].map("{:.0f}".format), table["found"].map("{:.0f}".format)
    planted, bystanders = scores[["planted_found", "planted"]], scores[["bystander_found", "bystander"]]
    table["planted found"] = [f"{found:.3g} of {of:.0f}" for found, of in planted.itertuples(index=False)]
    table["bystanders wrongly found"] = [f"{found:.3g} of {of:.0f}" for found, of in bystanders.itertuples(index=False)]
    return table.rename(columns={"average_precision": "average precision"}).to_string()


def _pastes_table(pastes: pd.DataFrame) -> str:
    """Per object: the share of pastes that switched the label, its range over the positions, and where to."""
    switched = pastes["label_after"] != pastes["label_before"]
    rows = {}
    for name, mine in pastes.groupby("object", sort=False):
        changed = mine[switched[mine.index]]
        shares = switched[mine.index].groupby(mine["position"]).mean()
        to = changed["label_after"].value_counts()
        rows[name] = {
            "switched": f"{switched[mine.index].mean():.1%}",
            "by position": f"{shares.min():.0%} to {shares.max():.0%}",
            "mostly to": f"{to.index[0]} ({to.iloc[0] / len(mine):.1%} of all)" if len(to) else "-",
        }
    import pandas as pd

    return pd.DataFrame.from_dict(rows, orient="index").to_string()


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


if __name__ == "__main__":
    sys.exit(main())
