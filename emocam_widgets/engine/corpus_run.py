"""Analysing a corpus into a run: resumable, adding only what is missing; a bad image never stops it.

How the images go through the models is in `pipeline`.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, TypeAlias

from emocam_widgets.engine.batch import Analysis, Rows, Task
from emocam_widgets.engine.interrupts import interrupts_wait
from emocam_widgets.engine.pipeline import Pipeline
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
from emocam_widgets.run.store import check_part, part_folders, read_part_info
from emocam_widgets.types import OUTPUTS, Output

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.detectors import Detector
    from emocam_widgets.models import SplitClassifier

Progress: TypeAlias = Callable[[int, int, int], None]
ENGINES = ("local", "ray")
PART_SIZE = 64
# What shows an analysis where `progress` is True; by default a bar of tqdm. A notebook has one with a button.
default_progress: Callable[[], Progress] | None = None
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
    batch_size: int | None = None,
    lime: LimeSettings | None = None,
    progress: Progress | bool = True,
) -> Run:
    """Analyses a corpus into the run folder `out` and opens it: predictions, boxes, and CAMs of the predicted label.

    What the folder holds already is not computed again; an interrupted run goes on where it was, a new method, detector
    or image is added, and images that failed are tried again. Stopping it (Ctrl-C) keeps what is finished.

    Args:
        corpus, classifier, detector: what to analyse, and with what; without a detector (None) there are no boxes.
        methods: names of explanation methods.
        out: the run folder, or an fsspec address (s3://...); it is made where it does not exist.
        output: "probabilities" or "logits" for all methods; by default each method's own.
        min_confidence: boxes below it are not stored, 0..1.
        engine: "local", or "ray": on the Ray cluster that runs (`RAY_ADDRESS`, or one that this process is connected
            to), else on a local one. Its nodes need the package and the corpus at the same path or address.
        batch_size: images per pass of each model; by default found by trying: more while that makes it faster.
        lime: how the method "lime" (superpixels) samples; by default as the package lime does. It goes image by image.
        progress: True shows a progress bar while there is something to do, False does not; or a function that is
            called with the images done, the images to do, and the failures so far.

    Raises:
        UnknownNameError: an unknown method, output or engine.
        EmocamError: a method cannot explain this classifier (lift-cam and lrp-cam have no rule for some layers).
        RunError: the folder cannot be written, is being written, or belongs to another corpus or classifier.
    """
    known_name("engine", engine, ENGINES)
    if not 0 <= min_confidence <= 1 or (batch_size is not None and batch_size < 1):
        raise EmocamError(f"min_confidence is {min_confidence}, batch_size {batch_size}; expected 0..1 and at least 1.")
    pairs = method_outputs(methods, output)
    for method, explained in pairs:
        if method != LIME:
            check_method(classifier, method, explained)
    lime = lime or LimeSettings()
    manifest = _manifest(corpus, classifier, detector, pairs, min_confidence, lime)
    if _is_whole(out, manifest, corpus):
        return open_run(out, corpus)
    classifier.use_channels_last()
    analysis = Analysis(corpus, classifier, detector, min_confidence, lime)
    if any(method == LIME for method, _ in pairs):
        batch_size = 1  # an image takes long enough, and what is finished is kept
    with RunWriter(out, manifest) as writer:
        tasks = _tasks(writer, corpus, detector, pairs)
        with _reporting(progress, len(tasks)) as report:
            collector = _Collector(writer, analysis, len(tasks), report)
            if engine == "ray":
                _analyse_on_ray(analysis, tasks, batch_size, collector)
            else:
                _analyse_here(analysis, tasks, batch_size, collector)
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


class _Collector:
    """Takes rows as they come and commits them in parts; tells how far it is."""

    def __init__(self, writer: RunWriter, analysis: Analysis, n_tasks: int, report: Progress) -> None:
        self._writer = writer
        self._analysis = analysis
        self._n_tasks = n_tasks
        self._report = report
        self._known_failures = _failures(writer)
        self._rows = Rows()
        self._n_waiting, self._n_done, self._n_failures = 0, 0, 0
        self._last_write = time.monotonic()

    def take(self, rows: Rows, n_images: int = 1) -> None:
        """The rows of so many images; written as soon as there are enough, or enough time has passed."""
        with interrupts_wait():  # an image is taken whole
            self._n_failures += len(rows.tables["failures"])
            self._n_done += n_images
            # A failure that the run knows already is not written a second time.
            rows.tables["failures"] = [
                row for row in rows.tables["failures"] if self._known_failures.get(row["image_id"]) != row["reason"]
            ]
            self._rows.extend(rows)
            self._n_waiting += n_images
            if self._n_waiting >= PART_SIZE or time.monotonic() - self._last_write > PART_SECONDS:
                self.write()
        self._report(self._n_done, self._n_tasks, self._n_failures)

    def write(self) -> None:
        """Commits what was taken since the last time as one part, if that is anything."""
        with interrupts_wait():  # a part is neither lost nor written twice
            rows, self._rows, self._n_waiting = self._rows, Rows(), 0
            self._last_write = time.monotonic()
            if rows.n_images:
                detector = self._analysis.detector
                self._writer.write_part(rows.tables, {detector.name: rows.detected} if detector is not None else None)


def _analyse_here(analysis: Analysis, tasks: dict[str, Task], batch_size: int | None, collector: _Collector) -> None:
    """On this machine, in threads. Stopped or not: whole images that are finished are kept."""
    with Pipeline(analysis, tasks, batch_size) as pipeline:
        try:
            for _, rows in pipeline:
                collector.take(rows)
        finally:
            with interrupts_wait():
                pipeline.close()
                try:
                    for _, rows in pipeline.finished():
                        collector.take(rows)
                finally:  # a progress function that stops it may do so again
                    collector.write()


def _analyse_on_ray(analysis: Analysis, tasks: dict[str, Task], batch_size: int | None, collector: _Collector) -> None:
    """On a cluster: what a chunk of images gave is kept as soon as it is here."""
    from emocam_widgets.engine.ray_run import analyse_on_ray

    try:
        if tasks:
            analyse_on_ray(analysis, list(tasks.values()), collector.take, batch_size)
    finally:
        collector.write()


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
        for part in part_folders(run.path):
            check_part(part)
        infos = [read_part_info(part) for part in part_folders(run.path)]
        cams = run.cams
    except RunError:  # the writer sets damaged parts aside, and refuses what does not belong together in its own words
        return False
    rows = {name: sum(info["rows"].get(name, 0) for info in infos) for name in ("boxes", "cams")}
    counts = run.manifest.counts
    if counts.get("images") != len(run) or any(counts.get(name) != count for name, count in rows.items()):
        return False  # its writer was stopped after the last part, before it wrote down how much there is
    for detector in manifest.detectors:
        held.append({image_id for info in infos for image_id in info["detected"].get(detector.name, ())})
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
        corpus=CorpusInfo.of(corpus),
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
    elif progress and total and default_progress is not None:
        yield default_progress()
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
