"""`emocam figures`: the papers' figures of a run as files, with their numbers."""

from __future__ import annotations

from pathlib import Path

import click

from emocam_widgets.commands.options import THRESHOLD, count


@click.command()
@click.argument("run", default="demo")
@click.option("--out", type=click.Path(path_type=Path), default=Path("figures"), show_default=True, help="The folder.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    default=("png", "svg"),
    show_default=True,
    help="png, svg, pdf, html or json; may be repeated.",
)
@click.option("--top", type=click.IntRange(min=1), default=25, show_default=True, help="Object classes in a heatmap.")
@click.option("--image", "images", multiple=True, help="Also this image, by its id; may be repeated.")
@THRESHOLD
def figures(run: str, out: Path, formats: tuple[str, ...], top: int, images: tuple[str, ...], threshold: float) -> None:
    """Write the figures of RUN (a run folder, or "demo"), each with its numbers as CSV.

    The association of each method, the agreement of the methods where there are several, the paste experiment where
    the run holds one, and the images that are named: their boxes and CAMs, and their superpixels where it holds them.
    """
    from emocam_widgets import demo_session
    from emocam_widgets.figures import figures_of_run
    from emocam_widgets.run import open_run

    opened = demo_session.prepare() if run == "demo" else open_run(run)
    files = figures_of_run(opened, out, formats, top=top, threshold=threshold, images=images)
    for file in files:
        click.echo(file)
    click.echo(f"{count(len(files), 'file')} in {out}")
