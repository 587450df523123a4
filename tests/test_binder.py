"""The check of Binder's build: it sees a plan that differs, counts a process tree, and knows over from under."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks.core import Result
from scripts.binder.memory import Memory, Peak, of_tree, tree
from scripts.binder.plan import Plan, apt_packages, frozen, installed_by_apt, problems
from scripts.binder.report import BEGIN, END, MB, figures, lines, write_into
from scripts.binder.session import Session

ROOT = Path(__file__).parents[1]
LOCK = """# platform: linux-64
https://conda.anaconda.org/conda-forge/noarch/jupyterlab-4.4.9-pyhd8ed1ab_0.conda#6fcc0ffe
https://conda.anaconda.org/conda-forge/noarch/jupyterlab_pygments-0.3.0-pyhd8ed1ab_2.conda#fd312693
https://conda.anaconda.org/conda-forge/noarch/jupyterhub-base-5.4.0-pyh31011fe_0.conda#aa
"""
DOCKERFILE = """FROM base
RUN apt-get -qq install --yes --no-install-recommends less unzip > /dev/null
RUN apt-get install --yes --no-install-recommends libgl1 \\
libglib2.0-0 && \\
rm -rf /var/lib/apt/lists/*
USER root
USER ${NB_USER}
RUN ./binder/postBuild
"""
GOOD = Plan("PythonBuildPack", "2026.4.0", "buildpack-deps:24.04", "3.12", DOCKERFILE, LOCK)
SPENDER = "import time; held = bytearray(60_000_000); held[::4096] = b'x' * len(held[::4096]); print(flush=True)"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPENDER + '; time.sleep(60)'!r}])"


def changed(**fields: str) -> Plan:
    return Plan(**{**vars(GOOD), **fields})


def test_the_plan_that_is_meant_has_no_problem() -> None:
    assert problems(GOOD, ROOT) == []
    assert {"libgl1", "libglib2.0-0"} == set(apt_packages(ROOT)) <= installed_by_apt(DOCKERFILE)
    assert GOOD.base_requirements() == ["jupyterlab==4.4.9", "jupyterhub==5.4.0"]
    assert frozen("") == {}


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (changed(pack="CondaBuildPack"), "picks CondaBuildPack"),
        (changed(python="3.10"), "Python 3.10"),
        (changed(dockerfile=DOCKERFILE.replace("libgl1", "libegl1")), "libgl1"),
        (changed(dockerfile=DOCKERFILE.replace("RUN ./binder/postBuild", "")), "0 times"),
        (changed(dockerfile=DOCKERFILE.replace("USER ${NB_USER}\n", "")), "not run as the image's user"),
        (changed(dockerfile=DOCKERFILE.replace("USER root", "RUN pip install --no-cache-dir .")), "with pip by itself"),
    ],
)
def test_a_plan_that_differs_is_said_to(plan: Plan, says: str) -> None:
    assert any(says in problem for problem in problems(plan, ROOT))


def test_the_launch_addresses_lead_to_notebooks() -> None:
    pages = [ROOT / "README.md", ROOT / "docs" / "binder.md"]
    found = [re.findall(r"https://mybinder\.org/v2/[^\s)`\"]+", page.read_text(encoding="utf-8")) for page in pages]
    assert all(found)
    for address in (address for addresses in found for address in addresses):
        (notebook,) = parse_qs(urlsplit(address).query)["labpath"]
        assert (ROOT / notebook).is_file(), address


@pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")
def test_memory_is_counted_over_the_whole_tree() -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()  # of the child, once it holds its 60 MB
        with Peak(parent.pid) as peak:
            now = of_tree(parent.pid)
        child = tree(parent.pid)[1:]
        assert len(child) == 1
        assert of_tree(child[0]).pss > 60_000_000
        assert now.processes == 2
        assert 60_000_000 < now.pss <= now.rss
        assert peak.greatest.pss > 60_000_000
        subprocess.run(["kill", str(child[0])], check=True)
    assert of_tree(parent.pid) == Memory(0, 0, 0)


def session(seconds: float, most: float) -> Session:
    memory = Memory(int(900 * MB), int(950 * MB), 2)
    return Session(
        2.0, 4.0, seconds, memory, Memory(int(most * MB), int(most * MB), 2), "Joy 48.3 % → Excitement 66.2 %"
    )


@pytest.mark.parametrize(
    ("measured", "over"),
    [
        (session(12, 1000), []),
        (session(31, 1000), ["widget_seconds"]),
        (session(12, 1501), ["memory_mb", "memory_rss_mb"]),
    ],
)
def test_figures_are_held_to_the_limits(measured: Session, over: list[str], tmp_path: Path) -> None:
    result = Result("binder", {"cores": 2, "processor": "x", "torch": "2", "load": 1.0}, figures(measured))
    assert [name for name, figure in result.figures.items() if not figure.met] == over
    assert [line for line in lines(result) if "NOT MET" in line] == [
        line for line in lines(result) if line.partition(":")[0] in over
    ]
    page = tmp_path / "binder.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_into(page, result, GOOD)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert text.count("**no**") == len(over)
    page.write_text("no place", encoding="utf-8")
    with pytest.raises(ValueError, match="no place for the figures"):
        write_into(page, result, GOOD)
