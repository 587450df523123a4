"""`emocam scores`: which method and score of importance find what the classifier is known to use."""

from __future__ import annotations

from pathlib import Path

import click

from emocam_widgets.commands.options import MIN_CONFIDENCE, count
from emocam_widgets.commands.runs import DEMO, DEMO_METHODS, METHODS, RUN, opened

NAMES = {"precision": "precision", "recall": "recall", "f1": "F1", "average_precision": "average precision"}


@click.command()
@RUN
@METHODS
@click.option("--score", "scores", multiple=True, help="A score of importance; repeat it for more (default: all).")
@click.option("--threshold", type=click.FloatRange(0, 1), help="A box counts above it (default: each score's own).")
@MIN_CONFIDENCE
@click.option("--things", is_flag=True, help="Leave out people and their parts, which nearly every scene shows.")
@click.option(
    "--truth", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A CSV in place of the demo's."
)
@click.option("--bootstrap", default=500, show_default=True, help="Resamples of the images for the intervals.")
@click.option("--shuffles", default=20, show_default=True, help="Exchanges of the maps between images, as a control.")
@click.option("--seed", default=0, show_default=True)
@click.option("--csv", type=click.Path(dir_okay=False, path_type=Path), help="Write the table there too.")
def scores(
    run: str,
    methods: tuple[str, ...],
    scores: tuple[str, ...],
    threshold: float | None,
    min_confidence: float | None,
    things: bool,
    truth: Path | None,
    bootstrap: int,
    shuffles: int,
    seed: int,
    csv: Path | None,
) -> None:
    """Methods and scores of RUN against what its classifier was measured to use.

    RUN is "demo", whose missing methods are analysed first, or a run's folder with a truth of its own.
    """
    import pandas as pd

    from emocam_widgets.engine.scoring import score_methods

    analysed = opened(run, methods or DEMO_METHODS)
    table = score_methods(
        analysed,
        methods or (DEMO_METHODS if run == DEMO else None),
        scores or None,
        truth=None if truth is None else pd.read_csv(truth),
        things_only=things,
        threshold=threshold,
        min_confidence=min_confidence,
        bootstrap=bootstrap,
        shuffles=shuffles,
        seed=seed,
    )
    world = "Synthetic world, " if analysed.synthetic else ""
    click.echo(f"{world}{count(len(analysed), 'image')}; {count(int(table['used'].iloc[0]), 'pair')} used in truth.")
    click.echo("Each value with its 95 % interval over images, and / the mean with the maps exchanged between images.")
    shown = pd.DataFrame({"above": table["threshold"].map("{:g}".format), "found": table["found"]})
    for name, words in NAMES.items():
        columns = table[[name, f"{name}_low", f"{name}_high", f"{name}_shuffled"]].itertuples(index=False, name=None)
        shown[words] = [f"{value:.2f} ({low:.2f}-{high:.2f}) / {control:.2f}" for value, low, high, control in columns]
    click.echo(shown.to_string())
    click.echo("Resamples are noisier than the images: the intervals of precision lie low and may leave out the value.")
    if csv is not None:
        table.to_csv(csv)
