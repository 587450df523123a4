"""The demo as one step: the embedded corpus analysed, and JupyterLab opened on the notebook that starts with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emocam_widgets import demo
from emocam_widgets.errors import EmocamError, RunError

if TYPE_CHECKING:
    from emocam_widgets.run import Run
    from emocam_widgets.widgets import Explorer

NOTEBOOK = "00_start_here.ipynb"
PACKAGE = Path(__file__).parent


def prepare(methods: Sequence[str] = ("grad-cam",)) -> Run:
    """The demo run, analysed as far as it is not yet; one that another version left behind is made again."""
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.detectors import load_detector
    from emocam_widgets.engine.corpus_run import analyze
    from emocam_widgets.models import load_classifier
    from emocam_widgets.run import open_run

    models = load_classifier("demo"), load_detector("demo")
    out = demo.run_path()
    if (out / "manifest.json").is_file():
        try:
            manifest = open_run(out).manifest
            stale = manifest.classifier.fingerprint != models[0].fingerprint or any(
                detector.fingerprint != models[1].fingerprint for detector in manifest.detectors
            )
        except RunError:
            stale = True
        if stale:
            print("The stored demo run is of another version; it is made again.", file=sys.stderr)
            shutil.rmtree(out)
    return analyze(Corpus.demo(), *models, methods, out=out)


def explorer(**traits: Any) -> Explorer:
    """The explorer over the demo run, with a worker, so that images can be edited; **traits as of `emo.explore`."""
    from emocam_widgets.detectors import load_detector
    from emocam_widgets.engine import Worker
    from emocam_widgets.models import load_classifier
    from emocam_widgets.widgets import explore

    return explore(prepare(), Worker(load_classifier("demo"), load_detector("demo")), **traits)


def notebook() -> Path:
    """The first notebook, beside the others: of the checkout where there is one, else copies that the user may edit."""
    in_checkout = PACKAGE.parent / "notebooks" / NOTEBOOK
    if in_checkout.is_file() and (PACKAGE.parent / "pyproject.toml").is_file():
        return in_checkout
    shipped = PACKAGE / "notebooks"
    if not (shipped / NOTEBOOK).is_file():
        raise EmocamError(f"The notebook {NOTEBOOK} is not part of this installation; install emocam-widgets again.")
    own = demo.home() / "notebooks"
    own.mkdir(parents=True, exist_ok=True)
    for path in shipped.glob("*.ipynb"):
        if not (own / path.name).is_file():
            shutil.copyfile(path, own / path.name)
    return own / NOTEBOOK


def open_notebook(no_browser: bool = False) -> int:
    """Runs JupyterLab on the first notebook until it is stopped, and gives its exit code. It keeps its token."""
    path = notebook()
    command = [
        *(sys.executable, "-m", "jupyterlab", path.name),
        f"--LabApp.default_url=/lab/tree/{path.name}",  # so that the printed address, too, is the notebook's
        "--LabApp.news_url=None",  # no question about news before the first cell has run
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if no_browser or not has_screen():
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # JupyterLab refuses the root user of a container without it
    print(f"Opening {path} in JupyterLab; Ctrl-C twice ends it.", file=sys.stderr)
    process = subprocess.Popen(command, cwd=path.parent)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # JupyterLab gets it too and asks whether to stop
            continue


def has_screen() -> bool:
    """Whether a browser could be shown: on Linux, whether there is a display."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
