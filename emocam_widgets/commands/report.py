"""`emocam report`: a run as one HTML file that opens from disk."""

from __future__ import annotations

from pathlib import Path

import click

from emocam_widgets.commands.options import MIN_CONFIDENCE, QUIET, THRESHOLD, count
from emocam_widgets.commands.runs import RUN


@click.command()
@RUN
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The file.",
)
@click.option(
    "--max-mb",
    type=click.FloatRange(0, min_open=True),
    default=15.0,
    show_default=True,
    help="How large the file may be, in millions of bytes.",
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    help="A method whose CAMs it holds; repeat it for more (default: all of the run's).",
)
@click.option(
    "--images",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the run's images, where they have moved.",
)
@THRESHOLD
@MIN_CONFIDENCE
@QUIET
def report(
    run: str,
    out: Path,
    max_mb: float,
    methods: tuple[str, ...],
    images: Path | None,
    threshold: float,
    min_confidence: float | None,
    quiet: bool,
) -> None:
    """Write RUN as one HTML file: a clickable heatmap, the images with boxes and CAMs, the method and settings.

    RUN is a run's folder or address, or "demo". The file opens from disk, without kernel or network. Where not all
    pictures fit, they are stored smaller and then left out, those behind strong associations last; the counts are of
    the whole run all the same, and the report says what is missing.
    """
    from emocam_widgets import demo_session
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.run import open_run
    from emocam_widgets.widgets.report import export_report

    if run == "demo":
        opened = demo_session.prepare(methods or ("grad-cam",))
    else:
        opened = open_run(run, corpus=None if images is None else Corpus.from_folder(images))
    file = export_report(
        opened,
        out,
        max_mb=max_mb,
        methods=methods or None,
        threshold=threshold,
        min_confidence=min_confidence,
        progress=not quiet,
    )
    size = file.stat().st_size / 1_000_000
    click.echo(f"Report {file}: {count(len(opened.images), 'image')}, {size:.1f} MB")
