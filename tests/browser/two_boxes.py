"""Code that gives a kernel a folder of pictures, a tiny classifier and a detector that always finds two things."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def two_boxes(n: int) -> str:
    """Code for `emo`, classifier, detector and `worker`, and a `folder` of `n` pictures (00.png, ...) as `corpus`."""
    return f"""
import sys, tempfile
from pathlib import Path
sys.path.insert(0, {str(REPOSITORY)!r})
import emocam_widgets as emo
from emocam_widgets.detectors import wrap_detector
from tests.tiny_models import picture, tiny_classifier
boxes = [("Person", 0.9, (30, 20, 150, 200)), ("Food", 0.6, (180, 120, 280, 220))]
detector = wrap_detector(lambda image: boxes, ("Person", "Food"), name="two")
classifier = tiny_classifier()
worker = emo.Worker(classifier, detector, cache=None)
folder = Path(tempfile.mkdtemp())
for number in range({n}):
    picture(number, (320, 240)).save(folder / f"{{number:02d}}.png")
corpus = emo.Corpus.from_folder(folder)
"""


ANALYSED = (
    'run = emo.analyze(corpus, classifier, detector, out=folder.parent / (folder.name + "-run"), progress=False)\n'
)
"""Code for a `run` over it."""
