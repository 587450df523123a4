"""`emocam demo`: the embedded world, analysed and opened in JupyterLab; and `emocam demo evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emocam_widgets.commands.options import MIN_CONFIDENCE, THRESHOLD, count
from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    import pandas as pd


@click.group(invoke_without_command=True)
@click.option("--prepare", is_flag=True, help="Only analyse the embedded corpus.")
@click.option("--no-browser", is_flag=True, help="Print the address in place of opening a browser.")
@click.option("--app", is_flag=True, help="Serve the explorer alone, without code, through Voila (the extra 'app').")
@click.option("--ip", default="127.0.0.1", show_default=True, help="With --app: where to listen.")
@click.option("--port", type=click.IntRange(1, 65535), help="With --app: by default the first free one from 8866.")
@click.pass_context
def demo(ctx: click.Context, prepare: bool, no_browser: bool, app: bool, ip: str, port: int | None) -> None:
    """Analyse the embedded world and open it in JupyterLab, or as an app."""
    if ctx.invoked_subcommand is not None:
        return
    from emocam_widgets import demo_session

    if app:
        from emocam_widgets.app import MISSING, installed

        if not installed():
            raise EmocamError(MISSING)
    run = demo_session.prepare()
    if prepare:
        click.echo(f"The demo run is ready: {count(len(run.images), 'image')} in {run.path}")
        return
    if app:
        from emocam_widgets.app import serve

        ctx.exit(serve(ip, port, say=_say_address, open_browser=not no_browser and demo_session.has_screen()))
    ctx.exit(demo_session.open_notebook(no_browser))


def _say_address(address: str) -> None:
    click.echo(f"The explorer is at {address}\nWhoever has this address has access. Ctrl-C ends it.")


@demo.command()
@THRESHOLD
@MIN_CONFIDENCE
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


def _scores_table(scores: pd.DataFrame) -> str:
    table = scores[["precision", "recall", "f1", "average_precision", "used", "found"]].copy()
    for name in ("precision", "recall", "f1", "average_precision"):
        table[name] = table[name].map("{:.2f}".format)
    table["used"], table["found"] = table["used"].map("{:.0f}".format), table["found"].map("{:.0f}".format)
    planted, bystanders = scores[["planted_found", "planted"]], scores[["bystander_found", "bystander"]]
    table["planted found"] = [f"{found:.3g} of {of:.0f}" for found, of in planted.itertuples(index=False)]
    table["bystanders wrongly found"] = [f"{found:.3g} of {of:.0f}" for found, of in bystanders.itertuples(index=False)]
    return table.rename(columns={"average_precision": "average precision"}).to_string()
