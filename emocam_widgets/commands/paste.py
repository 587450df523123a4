"""`emocam paste`: the paste experiment over a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from emocam_widgets.commands.options import DEVICE, MIN_CONFIDENCE, QUIET, count

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.analysis.paste import PasteResult

VARIANTS = ("object", "grey", "blurred")  # engine.compose's, which would load Pillow for --help


class _Height(click.ParamType):
    name = "height"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | Literal["box"]:
        if value == "box":
            return "box"
        return click.FloatRange(0, 4, min_open=True).convert(value, param, ctx)


@click.command()
@click.argument("corpus", default="demo")
@click.option(
    "--object", "objects", multiple=True, help="A shipped sprite; may be repeated (default: the paper's three)."
)
@click.option("--label", "labels", multiple=True, help="Only images predicted as this label; may be repeated.")
@click.option("--images", "limit", type=click.IntRange(min=1), help="Only the first so many images.")
@click.option(
    "--height",
    type=_Height(),
    default="0.2",
    show_default=True,
    help="Of the object, relative to the image's height; with --at also `box`: as high as the box.",
)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    type=click.Choice(VARIANTS),
    help="The object, or a control in its silhouette; may be repeated (default: the object).",
)
@click.option("--controls", is_flag=True, help="All variants: what does the object do, and what its silhouette?")
@click.option("--at", multiple=True, help="Paste on the boxes of this object class, not on the grid; may be repeated.")
@click.option("--detector", default="demo", show_default=True, help="Finds the boxes of --at.")
@MIN_CONFIDENCE
@click.option("--focus", is_flag=True, help="Grad-CAM on the changed images too: does it look at what was pasted?")
@click.option("--classifier", default="demo", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="A run folder that keeps the rows; call again to go on.")
@click.option("--csv", type=click.Path(path_type=Path, dir_okay=False), help="Shares by object, variant and position.")
@DEVICE
@QUIET
def paste(
    corpus: str,
    objects: tuple[str, ...],
    labels: tuple[str, ...],
    limit: int | None,
    height: float | Literal["box"],
    variants: tuple[str, ...],
    controls: bool,
    at: tuple[str, ...],
    detector: str,
    min_confidence: float | None,
    focus: bool,
    classifier: str,
    out: Path | None,
    csv: Path | None,
    device: str,
    quiet: bool,
) -> None:
    """Paste objects onto the images of CORPUS (a folder, or "demo") and count the labels that switch."""
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.detectors import load_detector
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
        variants=VARIANTS if controls else variants or ("object",),
        at=at,
        boxes=load_detector(detector, device=device) if at else None,
        min_confidence=min_confidence,
        focus=focus,
        out=out,
        progress=not quiet,
    )
    pastes = result.pastes
    where = f"boxes of {', '.join(at)}" if at else count(pastes["position"].nunique(), "position")
    click.echo(f"{count(pastes['image_id'].nunique(), 'image')}, {where}:")
    click.echo(_pastes_table(pastes))
    if "object" in result.variants and len(result.variants) > 1:
        click.echo(f"\n{result.summary()}")
    if focus:
        click.echo(f"\n{_focus_table(result)}")
    if csv is not None:
        result.shares().to_csv(csv, index=False)
        click.echo(f"Written: {csv}")
    if images.synthetic:
        click.echo("Synthetic world: drawn scenes and a classifier trained on such scenes.")


def _pastes_table(pastes: pd.DataFrame) -> str:
    """Per object, and beside it each variant: the share of pastes that switched the label, its range, and where to."""
    import pandas as pd

    switched = pastes["label_after"] != pastes["label_before"]
    several = pastes["variant"].nunique() > 1
    rows = {}
    for (name, variant), mine in pastes.groupby(["object", "variant"], sort=False):
        changed = mine[switched[mine.index]]
        shares = switched[mine.index].groupby(mine["position"]).mean()
        to = changed["label_after"].value_counts()
        rows[f"{name}, {variant}" if several else name] = {
            "switched": f"{switched[mine.index].mean():.1%}",
            "by position": f"{shares.min():.0%} to {shares.max():.0%}",
            "mostly to": f"{to.index[0]} ({to.iloc[0] / len(mine):.1%} of all)" if len(to) else "-",
        }
    return pd.DataFrame.from_dict(rows, orient="index").to_string()


def _focus_table(result: PasteResult) -> str:
    """The share of the map in the silhouette's box before and after, for pastes that switched the label and others."""
    table = result.focus_moved().drop(columns=["method", "output"])
    table["switched"] = table["switched"].map({True: "switched", False: "kept"})
    return table.to_string(index=False, float_format=lambda value: f"{value:.3f}")
