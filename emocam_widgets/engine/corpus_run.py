"""Analysing a corpus into a run: in batches, resumable, adding only what is missing; a bad image never stops it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, TypeAlias

from emocam_widgets.engine.batch import Analysis, Rows, Task, failure
from emocam_widgets.engine.loading import in_batches, load_ahead
from emocam_widgets.errors import EmocamError, RunError, known_name
from emocam_widgets.explain import METHODS, check_method
from emocam_widgets.explain.lime_settings import DEFAULT_OUTPUT, LIME, LimeSettings
from emocam_widgets.run import (
    ClassifierInfo,
    CorpusInfo,
    DetectorInfo,
    Manifest,
    MethodInfo,
    Run,
    RunWriter,
    open_run,
)
from emocam_widgets.run.manifest import MANIFEST
from emocam_widgets.run.store import part_folders, read_part_info
from emocam_widgets.types import OUTPUTS, Output

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.detectors import Detector
    from emocam_widgets.models import SplitClassifier

Progress: TypeAlias = Callable[[int, int, int], None]
ENGINES = ("local",)
BATCH_SIZE = 16
PART_SIZE = 64
PART_SECONDS = 60.0
_PACKAGES = ("emocam-widgets", "torch", "torchvision", "ultralytics", "numpy", "pillow")


def analyze(
    corpus: Corpus,
    classifier: SplitClassifier,
    detector: Detector | None,
    methods: Sequence[str] = ("grad-cam",),
    *,
    out: str | os.PathLike[str],
    output: Output | None = None,
    min_confidence: float = 0.005,
    engine: str = "local",
    batch_size: int = BATCH_SIZE,
    lime: LimeSettings | None = None,
    progress: Progress | bool = True,
) -> Run:
    """Analyses a corpus into the run folder `out` and opens it: predictions, boxes, and CAMs of the predicted label.

    What the folder holds already is not computed again; an interrupted run goes on where it was, a new method, detector
    or image is added, and images that failed are tried again. Stopping it (Ctrl-C) keeps what is finished.

    Args:
        corpus, classifier, detector: what to analyse, and with what; without a detector (None) there are no boxes.
        methods: names of explanation methods.
        out: the run folder; it is made where it does not exist.
        output: "probabilities" or "logits" for all methods; by default each method's own.
        min_confidence: boxes below it are not stored, 0..1.
        engine: "local".
        batch_size: images per pass of the models.
        lime: how the method "lime" (superpixels) samples; by default as the package lime does. It goes image by image.
        progress: True shows a progress bar while there is something to do, False does not; or a function that is
            called with the images done, the images to do, and the failures so far.

    Raises:
        UnknownNameError: an unknown method, output or engine.
        EmocamError: a method cannot explain this classifier (lift-cam and lrp-cam have no rule for some layers).
        RunError: the folder cannot be written, is being written, or belongs to another corpus or classifier.
    """
    known_name("engine", engine, ENGINES)
    if not 0 <= min_confidence <= 1 or batch_size < 1:
        raise EmocamError(f"min_confidence is {min_confidence}, batch_size {batch_size}; expected 0..1 and at least 1.")
    pairs = method_outputs(methods, output)
    for method, explained in pairs:
        if method != LIME:
            check_method(classifier, method, explained)
    lime = lime or LimeSettings()
    manifest = _manifest(corpus, classifier, detector, pairs, min_confidence, lime)
    if _is_whole(out, manifest, corpus):
        return open_run(out, corpus)
    analysis = Analysis(corpus, classifier, detector, min_confidence, lime)
    if any(method == LIME for method, _ in pairs):
        batch_size = 1  # an image takes long enough, and what is finished is kept
    with RunWriter(out, manifest) as writer:
        tasks = _tasks(writer, corpus, detector, pairs)
        with _reporting(progress, len(tasks)) as report:
            _analyse(writer, analysis, tasks, batch_size, report)
        writer.finish()
    return open_run(out, corpus)


def method_outputs(methods: Sequence[str], output: Output | None = None) -> tuple[tuple[str, Output], ...]:
    """Each method once, with the output that it is to explain; UnknownNameError for a name that is not known."""
    if isinstance(methods, str):
        methods = [methods]
    if output is not None:
        known_name("output", output, OUTPUTS)
    names = [known_name("method", name, [*METHODS, LIME]) for name in dict.fromkeys(methods)]
    return tuple((name, output or (DEFAULT_OUTPUT if name == LIME else METHODS[name].output)) for name in names)


def _analyse(writer: RunWriter, analysis: Analysis, tasks: dict[str, Task], batch_size: int, report: Progress) -> None:
    known_failures = _failures(writer)
    waiting = Rows()
    n_failures, n_done = 0, 0
    last_write = time.monotonic()
    try:
        for batch in in_batches(load_ahead(analysis.corpus, tasks), batch_size):
            opened = [(tasks[item.image_id], item.image) for item in batch if item.image is not None]
            rows = Rows()
            for item in batch:
                if item.image is None:
                    rows.extend(failure(item.image_id, "open", item.reason or "it cannot be opened"))
            if opened:
                rows.extend(analysis.rows([task for task, _ in opened], [image for _, image in opened]))
            n_failures += len(rows.tables["failures"])
            n_done += len(batch)
            # A failure that the run knows already is not written a second time.
            rows.tables["failures"] = [
                row for row in rows.tables["failures"] if known_failures.get(row["image_id"]) != row["reason"]
            ]
            waiting.extend(rows)
            if waiting.n_images >= PART_SIZE or time.monotonic() - last_write > PART_SECONDS:
                waiting = _written(writer, waiting, analysis)
                last_write = time.monotonic()
            report(n_done, len(tasks), n_failures)
    finally:
        # Stopped or not: whole images that are finished are kept.
        _written(writer, waiting, analysis)


def _written(writer: RunWriter, rows: Rows, analysis: Analysis) -> Rows:
    """Commits rows as one part, if there are any, and gives back an empty collection for the next."""
    if rows.n_images:
        detected = {analysis.detector.name: rows.detected} if analysis.detector is not None else None
        writer.write_part(rows.tables, detected)
    return Rows()


def _tasks(
    writer: RunWriter, corpus: Corpus, detector: Detector | None, pairs: Sequence[tuple[str, Output]]
) -> dict[str, Task]:
    """What is missing, by image id in the corpus's order; images that lack nothing are left out."""
    classified = writer.done_images()
    detected = writer.detected_images(detector.name) if detector is not None else frozenset(corpus)
    explained = {pair: writer.done_images(*pair) for pair in pairs}
    labels = _stored_labels(writer) if classified else {}
    tasks = {}
    for image_id in corpus:
        missing = tuple(pair for pair in pairs if image_id not in explained[pair])
        task = Task(image_id, image_id not in classified, image_id not in detected, missing, label=labels.get(image_id))
        if task.classify or task.detect or task.methods:
            tasks[image_id] = task
    return tasks


def _stored_labels(writer: RunWriter) -> dict[str, str]:
    images = open_run(writer.path).images
    return dict(zip(images["image_id"], images["label"], strict=True))


def _failures(writer: RunWriter) -> dict[str, str]:
    if not writer.failed_images():
        return {}
    failures = open_run(writer.path).failures
    return dict(zip(failures["image_id"], failures["reason"], strict=True))


def _is_whole(out: str | os.PathLike[str], manifest: Manifest, corpus: Corpus) -> bool:
    """Whether a run lacks nothing that is asked for, told by reading alone: it may be read-only and shared by many."""
    run_folder = os.path.join(out, MANIFEST)  # noqa: PTH118 - only asked whether it is there
    if not os.path.isfile(run_folder):  # noqa: PTH113
        return False
    try:
        run = open_run(out, corpus)
        run.manifest.merged(manifest)
        held = [set(run.images["image_id"])]
        looked_at = [read_part_info(part)["detected"] for part in part_folders(run.path)]
        cams = run.cams
    except RunError:  # the writer sets damaged parts aside, and refuses what does not belong together in its own words
        return False
    for detector in manifest.detectors:
        held.append({image_id for part in looked_at for image_id in part.get(detector.name, ())})
    for method in manifest.methods:
        of_method = (cams["method"] == method.name) & (cams["output"] == method.output)
        held.append(set(cams["image_id"][of_method]))
    return all(set(corpus) <= images for images in held)


def _manifest(
    corpus: Corpus,
    classifier: SplitClassifier,
    detector: Detector | None,
    pairs: Sequence[tuple[str, Output]],
    min_confidence: float,
    lime: LimeSettings,
) -> Manifest:
    detectors: tuple[DetectorInfo, ...] = ()
    if detector is not None:
        settings = {**detector.settings, "min_confidence": min_confidence}
        detectors = (DetectorInfo(detector.name, detector.fingerprint, tuple(detector.class_names), settings),)
    return Manifest(
        corpus=CorpusInfo(corpus.kind, str(corpus.root), corpus.name, corpus.synthetic, len(corpus)),
        classifier=ClassifierInfo(
            classifier.name, classifier.fingerprint, classifier.synthetic, {"target": classifier.target}
        ),
        labels=classifier.labels,
        detectors=detectors,
        methods=tuple(MethodInfo(name, output, lime.as_dict() if name == LIME else {}) for name, output in pairs),
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # not used by this analysis, or a source tree that is not installed
            continue
    return versions


@contextmanager
def _reporting(progress: Progress | bool, total: int) -> Iterator[Progress]:
    """The function to report progress to: the caller's, a progress bar, or one that does nothing."""
    if callable(progress):
        yield progress
    elif progress and total:
        from tqdm.auto import tqdm

        with tqdm(total=total, unit="image", desc="Analysing") as bar:

            def report(done: int, _total: int, failures: int) -> None:
                if failures:
                    bar.set_postfix(failures=failures, refresh=False)
                bar.update(done - bar.n)

            yield report
    else:
        yield lambda _done, _total, _failures: None
