"""What all benchmarks share: a figure with its target, the machine it was measured on, and how to write them down."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """One measured value. `at` says on which side of the target it should be."""

    value: float
    target: float
    at: Literal["most", "least"]
    meaning: str

    @property
    def met(self) -> bool:
        """Whether the value is on the right side of its target."""
        return self.value <= self.target if self.at == "most" else self.value >= self.target


Figures = Mapping[str, Figure]
Measure = Callable[[], Figures]


@dataclass(frozen=True)
class Result:
    """What one benchmark measured."""

    name: str
    machine: Mapping[str, Any]
    figures: Figures

    def as_json(self) -> dict[str, Any]:
        """The form that DESIGN.md gives: name, machine, and value, target and at for each figure."""
        figures = {name: {"value": f.value, "target": f.target, "at": f.at} for name, f in self.figures.items()}
        return {"name": self.name, "machine": dict(self.machine), "figures": figures}


def machine() -> dict[str, Any]:
    """What a figure depends on: processor, cores, system and the versions of the libraries that do the work."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "numpy", "pandas", "ultralytics", "jupyterlab")},
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def median(measure: Callable[[], float], times: int) -> float:
    """The median of several measurements, which one disturbed run does not move."""
    return statistics.median(measure() for _ in range(times))


HEAD = """# Performance

Written by `make bench`; `python -m benchmarks NAME --write docs/performance.md` measures one and keeps the others.
Figures vary by machine. Each benchmark holds what it is compared with, and measures both in one run.
"""


def markdown(results: Sequence[Result], page: str = "") -> str:
    """The page docs/performance.md: a section for each benchmark, in the order of their names.

    Args:
        results: what was measured now.
        page: the page as it was; its sections of other benchmarks are kept.
    """
    sections = {part.split("\n", 1)[0].strip(): part.rstrip() for part in page.split("\n## ")[1:]}
    sections |= {result.name: _section(result) for result in results}
    return "\n".join([HEAD, *(f"## {sections[name]}\n" for name in sorted(sections))])


def _section(result: Result) -> str:
    about = result.machine
    hardware = f"{about['cores']} cores ({about['processor']}), {about['system']}"
    lines = [
        result.name,
        "",
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {hardware}, Python {about['python']}, torch {about['torch']}.",
        "",
        "| figure | value | target | met |",
        "| --- | ---: | ---: | --- |",
    ]
    for name, figure in result.figures.items():
        target = f"at {figure.at} {figure.target:g}"
        met = "yes" if figure.met else "**no**"
        lines.append(f"| {figure.meaning} (`{name}`) | {figure.value:.3g} | {target} | {met} |")
    return "\n".join(lines)
