"""The figures of the check, their limits, and where they are written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.core import Figure, Figures, Result
from scripts.binder.plan import Plan
from scripts.binder.session import Session

WIDGET_SECONDS = 30
MEMORY_MB = 1500
BEGIN, END = "<!-- measured: make binder writes what follows -->", "<!-- end of what make binder writes -->"
MB = 1_000_000


def figures(session: Session) -> Figures:
    """The two that have a limit come first; the memory is held to it at its greatest."""
    most, then = session.greatest, session.memory
    return {
        "widget_seconds": Figure(
            session.widget_seconds, WIDGET_SECONDS, "most", "seconds from opening the notebook to the filled explorer"
        ),
        "memory_mb": Figure(
            most.pss / MB,
            MEMORY_MB,
            "most",
            "MB of server, kernel and explorer until a label has flipped, at most (PSS)",
        ),
        "memory_rss_mb": Figure(
            most.rss / MB,
            MEMORY_MB,
            "most",
            "the same as the sum of the processes' RSS, which counts shared pages twice",
        ),
        "widget_memory_mb": Figure(then.pss / MB, MEMORY_MB, "most", "MB when the explorer has just been filled (PSS)"),
        "notebook_seconds": Figure(
            session.notebook_seconds, WIDGET_SECONDS, "most", "of the seconds: until the notebook has its kernel"
        ),
        "server_seconds": Figure(
            session.server_seconds, WIDGET_SECONDS, "most", "before that: seconds until the server answers"
        ),
    }


def lines(result: Result) -> Iterator[str]:
    """The figures, one line each."""
    for name, figure in result.figures.items():
        verdict = "met" if figure.met else "NOT MET"
        yield f"{name}: {figure.value:.4g} (at {figure.at} {figure.target:g}: {verdict}), {figure.meaning}"


def write_into(page: Path, result: Result, plan: Plan) -> None:
    """Replaces what stands between BEGIN and END on a page. Raises ValueError where it has no such place."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no place for the figures: it needs the lines {BEGIN!r} and {END!r}")
    page.write_text(f"{before}{BEGIN}\n\n{table(result, plan)}\n{END}{after}", encoding="utf-8")


def table(result: Result, plan: Plan) -> str:
    """The figures as a Markdown table, with what they were measured on."""
    about = result.machine
    rows = [
        f"repo2docker {plan.version} picks {plan.pack} with Python {plan.python}, on {plan.base_image}.",
        "",
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {about['cores']} cores ({about['processor']}),",
        f"load average {about['load']:.1f}, torch {about['torch']}.",
        "",
        "| figure | value | limit | met |",
        "| --- | ---: | ---: | --- |",
    ]
    for figure in result.figures.values():
        met = "yes" if figure.met else "**no**"
        rows.append(f"| {figure.meaning} | {figure.value:.4g} | {figure.target:g} | {met} |")
    return "\n".join(rows) + "\n"
