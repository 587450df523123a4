"""repo2docker's own plan for this repository: which build pack it picks, and the Dockerfile that it would build."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet

PLATFORM = "linux/amd64"
POST_BUILD = "binder/postBuild"
# Of repo2docker's frozen conda environment: what the packages that matter here are called on PyPI.
BASE_PACKAGES = {
    "jupyterlab": "jupyterlab",
    "notebook": "notebook",
    "jupyter_server": "jupyter_server",
    "ipykernel": "ipykernel",
    "ipywidgets": "ipywidgets",
    "jupyterhub-base": "jupyterhub",
    "jupyter-resource-usage": "jupyter-resource-usage",
    "jupyter-offlinenotebook": "jupyter-offlinenotebook",
}

# Runs in repo2docker's environment. It picks the build pack as `repo2docker` does, and renders without Docker.
_ASK = """
import json, os, sys
from pathlib import Path
import repo2docker
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import conda

os.chdir(sys.argv[1])
app = Repo2Docker()
pack = next(pack for kind in app.buildpacks if (pack := kind(base_image=app.base_image)).detect())
pack.platform = sys.argv[2]
answer = {"pack": type(pack).__name__, "version": repo2docker.__version__, "base_image": app.base_image}
answer["dockerfile"] = pack.render({"NB_USER": "jovyan", "NB_UID": "1000"})
answer["python"] = getattr(pack, "python_version", "")
locks = [name for name in pack.get_build_script_files() if name.endswith(".lock")]
answer["lock"] = "".join((Path(conda.__file__).parent.parent / name).read_text() for name in locks)
print(json.dumps(answer))
"""


class PlanError(RuntimeError):
    """repo2docker would not build what is meant; the message names each difference."""


@dataclass(frozen=True)
class Plan:
    """What repo2docker would do. `lock` is the list of conda packages that every image of that Python begins with."""

    pack: str
    version: str
    base_image: str
    python: str
    dockerfile: str
    lock: str

    def base_requirements(self) -> list[str]:
        """The frozen versions of Jupyter's packages, as pip's requirements."""
        return [f"{name}=={version}" for name, version in frozen(self.lock).items()]


def frozen(lock: str) -> dict[str, str]:
    """The versions of BASE_PACKAGES, under their names on PyPI, in a conda lock file."""
    versions = {}
    for address in re.findall(r"^https?://\S+", lock, flags=re.MULTILINE):
        name, version, _build = address.partition("#")[0].rpartition("/")[2].rsplit("-", 2)
        if name in BASE_PACKAGES:
            versions[BASE_PACKAGES[name]] = version
    return versions


def ask(python: Path, repository: Path) -> Plan:
    """The plan, from the repo2docker that `python` has. Raises PlanError where it makes none."""
    command = [str(python), "-c", _ASK, str(repository), PLATFORM]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise PlanError(f"repo2docker makes no plan of this repository:\n{done.stderr.strip()[-2000:]}")
    answer: Mapping[str, str] = json.loads(done.stdout.splitlines()[-1])
    return Plan(**answer)


def problems(plan: Plan, repository: Path) -> list[str]:
    """Where the plan differs from what binder/ means, one sentence each."""
    found = []
    if plan.pack != "PythonBuildPack":
        found.append(f"repo2docker picks {plan.pack}, not PythonBuildPack.")
    wanted = (repository / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    supported = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    if plan.python != wanted:
        found.append(f"The image would have Python {plan.python}, not {wanted} as binder/runtime.txt says.")
    if plan.python not in SpecifierSet(supported):
        found.append(f"The image's Python {plan.python} is outside pyproject.toml's {supported}.")
    missing = [name for name in apt_packages(repository) if name not in installed_by_apt(plan.dockerfile)]
    if missing:
        found.append(f"These packages of binder/apt.txt would not be installed: {', '.join(missing)}.")
    lines = plan.dockerfile.splitlines()
    steps = [index for index, line in enumerate(lines) if line == f"RUN ./{POST_BUILD}"]
    if len(steps) != 1:
        found.append(f"{POST_BUILD} would run {len(steps)} times, not once.")
    elif [line for line in lines[: steps[0]] if line.startswith("USER ")][-1:] != ["USER ${NB_USER}"]:
        found.append(f"{POST_BUILD} would not run as the image's user.")
    if not os.access(repository / POST_BUILD, os.X_OK):
        found.append(f"{POST_BUILD} is not executable.")
    if re.search(r"pip install .*( \.|requirements)", plan.dockerfile):
        found.append(f"repo2docker would install with pip by itself, before {POST_BUILD} has chosen the CPU build.")
    return found


def apt_packages(repository: Path) -> list[str]:
    """What binder/apt.txt lists."""
    lines = (repository / "binder" / "apt.txt").read_text(encoding="utf-8").splitlines()
    return [package for line in lines if (package := line.partition("#")[0].strip())]


def installed_by_apt(dockerfile: str) -> set[str]:
    """All words of the Dockerfile's `apt-get install` commands."""
    commands = re.findall(r"apt-get (?:-qq )?install (.*?)(?:&&|>)", dockerfile.replace("\\\n", " "), flags=re.DOTALL)
    return {word for command in commands for word in command.split()}
