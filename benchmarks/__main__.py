"""`python -m benchmarks NAME... [--json FILE]`: measures some benchmarks, or all, and prints a line for each figure."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import click

from benchmarks.core import Measure, Result, machine, markdown

# Each is `measure` in benchmarks/<module>.py.
BENCHMARKS = {
    "association": "association",
    "corpus": "corpus",
    "import": "importing",
    "cam": "cam",
    "demo": "demo_analysis",
    "paste": "paste",
    "live": "live",
    "heatmap": "heatmap",
    "browser": "browser",
    "memory": "memory",
    "classroom": "classroom",
}


@click.command()
@click.argument("names", nargs=-1, required=True, type=click.Choice([*BENCHMARKS, "all"]))
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write the figures here (of several: a list)."
)
@click.option("--write", "page", type=click.Path(path_type=Path), help="Write the figures into this Markdown page.")
def main(names: tuple[str, ...], json_file: Path | None, page: Path | None) -> None:
    """Measure the benchmarks NAMES; `all` measures every one."""
    results = []
    for each in BENCHMARKS if "all" in names else dict.fromkeys(names):
        measure: Measure = import_module(f"benchmarks.{BENCHMARKS[each]}").measure
        result = Result(each, machine(), measure())
        results.append(result)
        for figure_name, figure in result.figures.items():
            verdict = "met" if figure.met else "NOT MET"
            click.echo(f"{each}.{figure_name}: {figure.value:.4g} (at {figure.at} {figure.target:g}: {verdict})")
        if page is not None:  # after each, so that none is lost where a later one fails
            page.parent.mkdir(parents=True, exist_ok=True)
            before = page.read_text(encoding="utf-8") if page.is_file() else ""
            page.write_text(markdown([result], before), encoding="utf-8")
    if json_file is not None:
        content = [result.as_json() for result in results] if len(results) > 1 else results[0].as_json()
        json_file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
