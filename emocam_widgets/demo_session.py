"""The demo as one step: the embedded corpus analysed, and JupyterLab opened on the notebook that starts with it."""

from __future__ import annotations

import json
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
NEWS = "@jupyterlab/apputils-extension:announcements"
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
    """Runs JupyterLab on the first notebook until it is stopped, and gives its exit code. It keeps its token.

    The notebook is opened alone, without the list of files beside it, which the folder icon brings: so the explorer has
    the width that it needs to show the images behind a cell next to the heatmap.
    """
    path = notebook()
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--LabApp.default_url=/doc/tree/{path.name}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if no_browser or not has_screen():
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # JupyterLab refuses the root user of a container without it
    print(f"Opening {path} in JupyterLab; Ctrl-C twice ends it.", file=sys.stderr)
    process = subprocess.Popen(command, cwd=path.parent, env=os.environ | _without_news())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # JupyterLab gets it too and asks whether to stop
            continue


def _without_news() -> dict[str, str]:
    """Environment variables for a JupyterLab that does not ask, over the explorer, whether it may bring news."""
    config = demo.home() / "jupyter"
    page = config / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(json.dumps({"disabledExtensions": {NEWS: True}}), encoding="utf-8")
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join([str(config), others] if others else [str(config)])}


def has_screen() -> bool:
    """Whether a browser could be shown: on Linux, whether there is a display."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
