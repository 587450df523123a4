"""Importing Ultralytics so that it keeps to itself: no network, no installing, and nothing of the process changed.

Left alone it writes settings into the user's home, may call home or install packages (even for a file that Pillow
cannot read: it replaces `PIL.Image.open`), replaces `torch.save`, sets how numpy and torch print and exports
OMP_NUM_THREADS.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ENVIRONMENT = {
    "YOLO_AUTOINSTALL": "0",
    "YOLO_VERBOSE": "0",
    "YOLO_OFFLINE": "1",
    "ULTRALYTICS_SAFE_LOAD": "1",
}
SETTINGS = {"settings_version": "0.0.8", "sync": False}


def prepare_ultralytics() -> None:
    """Imports Ultralytics once with its environment set; what the user has set already stays."""
    if "ultralytics.utils" in sys.modules:  # imported by somebody else, perhaps before the environment was set
        _restore_image_open()
        return
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if "YOLO_CONFIG_DIR" not in os.environ:
        os.environ["YOLO_CONFIG_DIR"] = str(_config_folder())
    with _process_as_it_was():
        import ultralytics.nn.tasks
        import ultralytics.utils.nms  # noqa: F401
    _restore_image_open()


def _restore_image_open() -> None:
    from PIL import Image
    from ultralytics.utils import patches

    if Image.open is patches.image_open:
        Image.open = patches._image_open


def _config_folder() -> Path:
    """An own folder with the settings in it: beside the user's runs, else a temporary one."""
    from emocam_widgets.demo import home

    for base in (home(), Path(tempfile.mkdtemp(prefix="emocam-"))):
        settings = base / "ultralytics" / "Ultralytics" / "settings.json"
        try:
            settings.parent.mkdir(parents=True, exist_ok=True)
            if not settings.is_file():
                settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
        except OSError:
            continue
        return settings.parents[1]
    raise OSError("neither the user's data folder nor a temporary one can be written")


@contextmanager
def _process_as_it_was() -> Iterator[None]:
    import numpy as np
    import torch

    threads = torch.get_num_threads()
    save = torch.save
    omp = os.environ.get("OMP_NUM_THREADS")
    numpy_printing: dict[str, Any] = {**np.get_printoptions()}
    numpy_printing.pop("override_repr", None)  # set_printoptions of older numpy does not take it back
    # torch has no public way to read these; all of them are fields of one object.
    torch_printing = dict(vars(torch._tensor_str.PRINT_OPTS))
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.save = save
        if omp is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        np.set_printoptions(**numpy_printing)
        vars(torch._tensor_str.PRINT_OPTS).update(torch_printing)
