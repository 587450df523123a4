"""`import`: what `import emocam_widgets` costs in a fresh Python."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.core import Figure, Figures, median

RUNS = 7


def measure() -> Figures:
    """Seconds by Python's own -X importtime (median of several starts), and whether torch came along."""
    loaded = _python("-c", "import sys, emocam_widgets; print(int('torch' in sys.modules))").stdout
    return {
        "seconds": Figure(median(_import_seconds, RUNS), 0.3, "most", "seconds to import emocam_widgets"),
        "torch_loaded": Figure(float(loaded), 0, "most", "torch is loaded by the import (1) or not (0)"),
    }


def _import_seconds() -> float:
    """The sum over everything that importing the package makes Python import."""
    lines = _python("-X", "importtime", "-c", "import emocam_widgets").stderr.splitlines()
    for line in lines:
        # "import time:   self [us] |  cumulative | imported package", the package itself without indentation
        _, cumulative, name = (part for part in line.removeprefix("import time:").split("|"))
        if name == " emocam_widgets":
            return int(cumulative) / 1e6
    raise RuntimeError("python -X importtime did not name emocam_widgets")


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
