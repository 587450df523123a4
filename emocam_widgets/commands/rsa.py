"""`emocam rsa`: how alike the explanation methods' association matrices are, beside what knows nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emocam_widgets.commands.options import MIN_CONFIDENCE, count
from emocam_widgets.commands.runs import DEMO_METHODS, METHODS, RUN, opened

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.analysis.rsa import Rsa


@click.command()
@RUN
@METHODS
@click.option("--score", default="mean", show_default=True, help="How a box's importance is computed.")
@click.option("--threshold", type=click.FloatRange(0, 1), help="A box counts above it (default: the score's own).")
@MIN_CONFIDENCE
@click.option(
    "--on", type=click.Choice(["counts", "fractions"]), default="counts", show_default=True, help="The matrix."
)
@click.option("--variant", type=click.Choice(["spearman", "dice"]), default="spearman", show_default=True)
@click.option("--by", type=click.Choice(["prediction", "annotation"]), default="prediction", show_default=True)
@click.option("--drop-empty", is_flag=True, help="Leave out classes and labels that are zero under every method.")
@click.option("--bootstrap", default=1000, show_default=True, help="Resamples of the images for the intervals.")
@click.option("--shuffles", default=10, show_default=True, help="Exchanges of the maps between images, as a control.")
@click.option("--seed", default=0, show_default=True)
@click.option("--csv", type=click.Path(dir_okay=False, path_type=Path), help="Write the pairs of methods there too.")
def rsa(
    run: str,
    methods: tuple[str, ...],
    score: str,
    threshold: float | None,
    min_confidence: float | None,
    on: str,
    variant: str,
    by: str,
    drop_empty: bool,
    bootstrap: int,
    shuffles: int,
    seed: int,
    csv: Path | None,
) -> None:
    """Rank correlation between the association matrices of every two methods of RUN (EmoCAM, A.2).

    RUN is a run's folder or "demo", whose missing methods are analysed first.
    """
    from emocam_widgets.analysis.rsa import rsa as compare

    analysed = opened(run, methods or DEMO_METHODS)
    found = compare(
        analysed,
        methods or (DEMO_METHODS if run == "demo" else None),
        score,
        threshold,
        on,
        variant=variant,
        drop_empty=drop_empty,
        min_confidence=min_confidence,
        by=by,
        bootstrap=bootstrap,
        shuffles=shuffles,
        seed=seed,
    )
    if analysed.synthetic:
        click.echo("Synthetic world: no finding about a published model.")
    click.echo(_report(found))
    if csv is not None:
        found.pairs().to_csv(csv, index=False)


def _report(found: Rsa) -> str:
    what = "Dice similarities of the classes" if found.variant == "dice" else f"association {found.on}"
    size = f"{count(found.n_values, 'value')} each, over {count(found.n_images, 'image')}"
    return "\n".join(
        [
            f"Spearman's rho of the {what}, {size}; {found.score} above {found.threshold:g}.",
            "",
            _text(found.rho.rename_axis(None)),
            "",
            "Each pair with its interval over images, and with the maps of one exchanged between the images:",
            _text(found.pairs().set_index("method").rename_axis(None)),
            "",
            "What boxes and labels alone give (rho of each method with maps that know nothing about the image):",
            _text(found.controls().rename_axis(None)),
            "",
            "The p-values take the cells for independent, which they are not: images, labels and boxes are shared.",
        ]
    )


def _text(table: pd.DataFrame) -> str:
    return table.to_string(float_format=lambda value: f"{value:.3f}" if abs(value) >= 0.001 else f"{value:.1e}")
