"""`emocam paste`: the paste experiment over a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emocam_widgets.commands.options import DEVICE, QUIET, count

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("corpus", default="demo")
@click.option(
    "--object", "objects", multiple=True, help="A shipped sprite; may be repeated (default: the paper's three)."
)
@click.option("--label", "labels", multiple=True, help="Only images predicted as this label; may be repeated.")
@click.option("--images", "limit", type=click.IntRange(min=1), help="Only the first so many images.")
@click.option("--height", type=click.FloatRange(0, 4, min_open=True), default=0.2, show_default=True)
@click.option("--classifier", default="demo", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="A run folder that keeps the rows.")
@DEVICE
@QUIET
def paste(
    corpus: str,
    objects: tuple[str, ...],
    labels: tuple[str, ...],
    limit: int | None,
    height: float,
    classifier: str,
    out: Path | None,
    device: str | None,
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
    click.echo(f"{count(pastes['image_id'].nunique(), 'image')}, {count(pastes['position'].nunique(), 'position')}:")
    click.echo(_pastes_table(pastes))
    if images.synthetic:
        click.echo("Synthetic world: drawn scenes and a classifier trained on such scenes.")


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
