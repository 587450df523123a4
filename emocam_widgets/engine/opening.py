"""A run from whatever one has: a run, its folder, a corpus or a folder of images, analysed where it is not yet."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from emocam_widgets import demo
from emocam_widgets.corpus import Corpus
from emocam_widgets.engine.corpus_run import analyze
from emocam_widgets.engine.shared_worker import SharedWorker
from emocam_widgets.errors import EmocamError
from emocam_widgets.run import Run, open_run, read_manifest
from emocam_widgets.run.manifest import MANIFEST
from emocam_widgets.run.remote import is_address

if TYPE_CHECKING:
    from emocam_widgets.engine.worker import Worker

NO_MODELS = (
    "These images are not analysed yet. Pass a worker with the models to analyse them with: "
    'explore({}, emo.Worker("demo", "demo")), or emo.Worker(classifier, detector) with your own.'
)


def run_of(source: Run | Corpus | str | os.PathLike[str], worker: Worker | None = None) -> Run:
    """The run of `source`: itself, the one that lies in a run folder, or one made of a corpus or a folder of images.

    An analysis is made with the worker's models and Grad-CAM, and kept under `demo.home()` by the images' place and the
    models: the next call opens it again and adds what is new. An fsspec address is taken for that of a run.

    Raises:
        EmocamError: images, and no worker that holds models to analyse them with. Further as of `open_run`,
            `Corpus.from_folder` and `analyze`.
    """
    if isinstance(source, Run):
        return source
    if isinstance(source, Corpus):
        corpus, named, ids = source, "corpus", list(source)
    else:
        if is_address(source) or (Path(source) / MANIFEST).is_file():
            return open_run(source)
        corpus, named, ids = Corpus.from_folder(source), repr(os.fspath(source)), []
    if worker is None or isinstance(worker, SharedWorker):
        raise EmocamError(NO_MODELS.format(named))
    return analyze(corpus, worker.classifier, worker.detector, out=_kept_at(corpus, ids, worker))


def _kept_at(corpus: Corpus, ids: Sequence[str], worker: Worker) -> Path:
    """Where the run is kept; `ids` are those of a corpus that was given, for a folder keeps its run when it grows."""
    models = [worker.classifier.fingerprint, worker.detector.fingerprint if worker.detector else ""]
    shared = demo.run_path()
    if corpus.kind == "demo" and ids == list(Corpus.demo()) and (shared / MANIFEST).is_file():
        manifest = read_manifest(shared)
        if [manifest.classifier.fingerprint, *(each.fingerprint for each in manifest.detectors)] == models:
            return shared
    key = hashlib.sha256(json.dumps([corpus.kind, str(corpus.root), corpus.settings, ids, models]).encode())
    name = re.sub(r"[^\w.-]+", "-", corpus.name).strip(".-") or "images"
    return demo.home() / "runs" / f"{name}-{key.hexdigest()[:8]}"
