"""`emocam faithfulness`: how faithful a run's maps are to its classifier, beside maps that know nothing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emocam_widgets.analysis.faithfulness import BASELINES, MEASURES
from emocam_widgets.commands.options import DEVICE, QUIET, count

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--classifier", default="demo", show_default=True, help="Name of the classifier that made the run.")
@click.option("--method", "methods", multiple=True, help="May be repeated (default: all of the run).")
@click.option("--images", default=20, show_default=True, type=click.IntRange(min=1), help="So many, drawn at random.")
@click.option("--measure", "measures", multiple=True, help=f"May be repeated; of: {', '.join(MEASURES)}.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of all that is random.")
@click.option("--csv", type=click.Path(path_type=Path, dir_okay=False), help="Write every image's values there.")
@DEVICE
@QUIET
def faithfulness(
    run: Path,
    classifier: str,
    methods: tuple[str, ...],
    images: int,
    measures: tuple[str, ...],
    seed: int,
    csv: Path | None,
    device: str | None,
    quiet: bool,
) -> None:
    """How faithful the maps of RUN are: deletion, insertion, ROAD, weight randomisation.

    Means over images with 95 % bootstrap intervals; the gain is over a random map on the same images (above 0: better).
    """
    from emocam_widgets.analysis.faithfulness import summary
    from emocam_widgets.engine.faithfulness import RUN_MEASURES, faithfulness_of_run
    from emocam_widgets.models import load_classifier
    from emocam_widgets.run import open_run

    opened = open_run(run)
    table = faithfulness_of_run(
        opened,
        load_classifier(classifier, device=device),
        methods or None,
        images,
        seed,
        measures=measures or RUN_MEASURES,
        progress=not quiet,
    )
    click.echo(f"{count(table['image_id'].nunique(), 'image')} of {len(opened)}")
    click.echo(_as_text(summary(table, seed=seed)))
    if csv is not None:
        table.to_csv(csv, index=False)
        click.echo(f"Written: {csv}")
    if opened.synthetic:
        click.echo("Synthetic world: drawn scenes or a classifier trained on such scenes.")


def _as_text(rows: pd.DataFrame) -> str:
    """One table per method, the baselines last."""
    methods = sorted(rows["method"].unique(), key=lambda name: name in BASELINES)
    return "\n".join(_table_of(method, rows[rows["method"] == method]) for method in methods)


def _table_of(method: str, rows: pd.DataFrame) -> str:
    lines = [f"\n{method}"]
    for row in rows.to_dict("records"):
        interval = _interval(row["low"], row["high"])
        line = f"  {row['measure']:<14}{row['mean']:>7.3f} {interval:<18}({row['better']} is better)"
        if not math.isnan(row["gain"]):
            line = f"{line:<62}gain {row['gain']:>+.3f} {_interval(row['gain_low'], row['gain_high'], sign='+')}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def _interval(low: float, high: float, sign: str = "") -> str:
    return "" if math.isnan(low) else f"[{low:{sign}.3f}, {high:{sign}.3f}]"
