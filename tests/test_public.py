"""The public face: it loads nothing heavy, and its names and errors are what they should be."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import emocam_widgets as emo
from emocam_widgets.errors import EmocamError, ImageError, UnknownNameError, known_name

HEAVY = ("torch", "torchvision", "ultralytics", "pandas", "numpy", "pyarrow", "PIL", "anywidget", "plotly", "cv2")


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, emocam_widgets; print([name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_tables_need_no_torch_and_no_jupyter() -> None:
    code = (
        "import sys, emocam_widgets as emo; emo.Corpus, emo.open_run, emo.Run;"
        "import emocam_widgets.analysis.truth, emocam_widgets.analysis.paste;"
        "print([name for name in ('torch', 'ipywidgets', 'IPython', 'plotly') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", emo.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(emo, name) is not None
    assert name in dir(emo)


def test_unknown_attribute_names_the_nearest() -> None:
    with pytest.raises(AttributeError, match="did you mean 'analyze'"):
        _ = emo.analyse
    with pytest.raises(ImportError):
        exec("from emocam_widgets import nothing_like_it")


def test_unknown_name_lists_few_and_only_the_nearest_of_many() -> None:
    few = UnknownNameError("method", "gradcam", ["grad-cam", "lime"])
    assert str(few) == "There is no method called 'gradcam'; did you mean 'grad-cam'? Known: grad-cam, lime."
    assert str(UnknownNameError("method", "zzz", ["lime"])) == "There is no method called 'zzz'; known: lime."
    assert str(UnknownNameError("method", "x", [])) == "There is no method called 'x'; none is known here."
    many = [f"class {number}" for number in range(600)]
    assert str(UnknownNameError("class", "Class_7", many)).endswith("did you mean 'class 7'?")
    assert str(UnknownNameError("class", "qqq", many)).endswith("class 11 and 588 more.")
    assert known_name("method", "lime", ["lime"]) == "lime"


@pytest.mark.parametrize(
    "error", [UnknownNameError("method", "gradcam", ["grad-cam"]), ImageError("the file is empty", "a.png")]
)
def test_errors_pass_between_processes(error: EmocamError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
