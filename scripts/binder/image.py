"""What stands in for the image: a clean virtual environment, built by the steps that repo2docker would run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.binder.plan import POST_BUILD, Plan

# Settings of the machine, not of the project, that reaching its package registry may need.
PASSED_ON = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_", "REQUESTS_CA_BUNDLE")


class BuildError(RuntimeError):
    """A step of the build failed; the message quotes the end of its output and names the log."""


@dataclass(frozen=True)
class Image:
    """Where everything lies: `repository` is a copy of the tracked files, `home` an empty home folder, at first."""

    folder: Path

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.folder / "home"

    @property
    def repository(self) -> Path:
        """The copy of the repository; Jupyter's root, too."""
        return self.home / "repository"

    @property
    def bin(self) -> Path:
        """The environment's commands."""
        return self.folder / "environment" / "bin"

    def environment(self) -> dict[str, str]:
        """The environment variables of the image: nothing of the environment that this runs in."""
        own = Path(sys.prefix) / "bin"
        path = [part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part) != own]
        passed = {name: value for name, value in os.environ.items() if name.upper().startswith(PASSED_ON)}
        return passed | {
            "PATH": os.pathsep.join([str(self.bin), *path]),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
        }

    def run(self, name: str, *command: str, **variables: str) -> None:
        """Runs one step in the repository's copy, its output in a log. Raises BuildError."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as stream:
            done = subprocess.run(
                command,
                check=False,
                cwd=self.repository,
                env=self.environment() | variables,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        if done.returncode:
            tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise BuildError(f"this step failed: {' '.join(command)}\n{tail}\nThe whole output is in {log}")


def prepare(folder: Path, source: Path, python: Path) -> Image:
    """An environment with nothing in it, and the tracked files of `source` as they are."""
    image = Image(folder)
    image.repository.mkdir(parents=True, exist_ok=True)
    copy_tracked(source, image.repository)
    settings = Path.home() / ".config" / "pip"
    if settings.is_dir():  # the registry that the user has chosen
        shutil.copytree(settings, image.home / ".config" / "pip", dirs_exist_ok=True)
    if not image.bin.is_dir():
        image.run("venv", str(python), "-m", "venv", str(image.bin.parent))
    return image


def build(image: Image, plan: Plan) -> None:
    """The image's steps: Jupyter as repo2docker has it, then binder/postBuild. torch comes from pip's own registry."""
    image.run("base", "python", "-m", "pip", "install", *plan.base_requirements())
    image.run("postBuild", f"./{POST_BUILD}", EMOCAM_TORCH_INDEX="")
    image.run("pip-check", "python", "-m", "pip", "check")


def copy_tracked(source: Path, target: Path) -> None:
    """Copies what git tracks or would track, as the files are now. Raises BuildError outside a git checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if listed.returncode:
        raise BuildError(f"{source} is no git checkout: {listed.stderr.strip()}")
    for name in filter(None, listed.stdout.split("\0")):
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def find_python(version: str) -> Path | None:
    """A Python of this version ("3.12") that can make virtual environments, or None."""
    installed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [f"python{version}", "python3", *map(str, sorted(installed.glob(f"{version}.*/bin/python")))]
    check = f"import sys, venv, ensurepip; sys.exit('{version}' != '%d.%d' % sys.version_info[:2])"
    for name in candidates:
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", check], capture_output=True, check=False).returncode == 0:
            return Path(path)
    return None
