"""Reading a run: its tables, its images and the questions that it answers. A Run never writes."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.analysis.agreement import RESAMPLES, Agreement, agreement
from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.analysis.counterparts import Map, label_pairs
from emocam_widgets.analysis.importance import SCORES, default_threshold
from emocam_widgets.analysis.paste import PasteResult
from emocam_widgets.analysis.rollup import Parents, chosen_parents, rolled_up, rolled_up_classes
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError, ImageError, RunError, UnknownNameError, known_name
from emocam_widgets.run.explanations import find_lime
from emocam_widgets.run.grids import Grids, table_importance
from emocam_widgets.run.manifest import MANIFEST, Manifest, read_manifest
from emocam_widgets.run.remote import RemoteRun, is_address
from emocam_widgets.run.store import part_folders
from emocam_widgets.run.tables import whole_table
from emocam_widgets.types import Cam, LimeExplanation

BY = ("prediction", "annotation")
DEFAULT_THRESHOLD = 0.3
DEFAULT_MIN_CONFIDENCE = 0.005
PASS_CORPUS = "Or pass the images of this run: open_run(path, corpus=Corpus.from_folder(...))."

LIME = "lime"

_CACHED = 24


def open_run(path: str | os.PathLike[str], corpus: Corpus | None = None) -> Run:
    """A stored run, to read.

    Args:
        path: the folder that ``analyze`` wrote, or its fsspec address (s3://...), which is mirrored locally first.
        corpus: the corpus, where its images have moved since; else the manifest's is used when an image is needed.

    Raises:
        RunError: there is no run, or it has another schema version, or it is damaged.
    """
    return Run(path, corpus)


class Run:
    """A stored analysis. Tables are read when they are first asked for and kept; safe to use from several threads.

    Attributes:
        path: the run folder.
        manifest: what it was made from and with.
    """

    def __init__(self, path: str | os.PathLike[str], corpus: Corpus | None = None) -> None:
        there = None
        if is_address(path):
            remote = RemoteRun(str(path))
            there = remote.fetch()
            if not there and not (remote.mirror / MANIFEST).is_file():
                raise RunError(f"There is no run at {path}; emocam_widgets.analyze(..., out=...) makes one.")
            path = remote.mirror
        self.path = Path(path).expanduser().absolute()
        self.manifest: Manifest = read_manifest(self.path)
        self._corpus = corpus
        self._lock = threading.RLock()
        self._cache: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._tables: dict[str, pa.Table] = {}
        self._frames: dict[str, pd.DataFrame] = {}
        # fixed here, so that all tables tell of the same parts; of a mirror only what is at the address
        self._parts = [part for part in part_folders(self.path) if there is None or part.name in there]

    def __repr__(self) -> str:
        methods = ", ".join(self.methods) or "no method"
        return f"<Run {str(self.path)!r}: {len(self)} images, {len(self.labels)} labels, {methods}>"

    def __len__(self) -> int:
        return len(self.images)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classifier's labels, in its output order."""
        return self.manifest.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """The object classes that its detectors know."""
        return self.manifest.classes

    @property
    def methods(self) -> tuple[str, ...]:
        """The explanation methods that it holds CAMs of, each once, in the order in which they were added."""
        return tuple(dict.fromkeys(method.name for method in self.manifest.methods))

    @property
    def synthetic(self) -> bool:
        """Whether its images or its classifier are synthetic; what shows the run says so."""
        return self.manifest.corpus.synthetic or self.manifest.classifier.synthetic

    @property
    def images(self) -> pd.DataFrame:
        """One row per image, sorted by image_id (columns: DESIGN.md, "One run")."""
        return self._frame("images")

    @property
    def boxes(self) -> pd.DataFrame:
        """One row per box and detector, sorted by image_id."""
        return self._frame("boxes")

    @property
    def cams(self) -> pd.DataFrame:
        """One row per image, method, target and output, sorted by image_id; ``grid``: float16 arrays, row-major."""
        return self._frame("cams")

    @property
    def lime(self) -> pd.DataFrame:
        """One row per image, target and output, sorted by image_id; ``lime_of`` reads one."""
        return self._frame("lime")

    @property
    def pastes(self) -> pd.DataFrame:
        """One row per image, object, variant and position, sorted by image_id."""
        return self._frame("pastes")

    @property
    def failures(self) -> pd.DataFrame:
        """One row per image that could not be used, with the stage and the reason."""
        return self._frame("failures")

    @property
    def paste_result(self) -> PasteResult:
        """What the paste experiment did, where the run holds one."""
        return PasteResult(self.pastes, self.labels, self.classes, self._frame("focus"))

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """(images, labels), the rows of ``images`` and the columns of ``labels``."""
        flat = self._table("images")["probabilities"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        if flat.size != len(self) * len(self.labels):
            raise RunError(
                f"The run {str(self.path)!r} holds probabilities that do not fit its {len(self.labels)} labels."
            )
        return flat.reshape(len(self), len(self.labels))

    @cached_property
    def annotations(self) -> tuple[str, ...]:
        """The annotation labels that occur, in the classifier's order where it knows them, then by name."""
        found = set(self.images["annotation"].dropna())
        return tuple(label for label in self.labels if label in found) + tuple(sorted(found - set(self.labels)))

    @property
    def corpus(self) -> Corpus:
        """The corpus that was analysed.

        Raises:
            EmocamError: its images are not where they were; the message says what to pass.
        """
        with self._lock:
            if self._corpus is None:
                info = self.manifest.corpus
                if info.kind not in ("demo", "address") and not Path(info.root).is_dir():
                    raise EmocamError(self._moved(f"{info.root!r}"))
                try:
                    self._corpus = Corpus.reopened(info.kind, info.root, info.settings)
                except EmocamError as error:
                    raise EmocamError(f"{error} {PASS_CORPUS}") from error
            return self._corpus

    @property
    def known_corpus(self) -> Corpus | None:
        """The corpus where it was passed or has been opened already, else None."""
        return self._corpus

    def open_image(self, image_id: str) -> Image.Image:
        """The image, RGB and upright.

        Raises:
            EmocamError: the corpus has moved, or the image is gone or damaged.
        """
        try:
            return self.corpus.open(image_id)
        except ImageError as error:
            if image_id in self._row_of_image and not (self.corpus.root / image_id).exists():
                raise ImageError(self._moved(f"{str(self.corpus.root)!r} (no {image_id!r} there)"), image_id) from error
            raise

    def image(self, image_id: str) -> pd.Series:
        """The image's row of ``images``.

        Raises:
            UnknownNameError: the run does not hold it.
        """
        return self.images.iloc[self.position(image_id)]

    def position(self, image_id: str) -> int:
        """The image's row number in ``images`` and ``probabilities``.

        Raises:
            UnknownNameError: the run does not hold it.
        """
        if image_id not in self._row_of_image:
            raise UnknownNameError("image in the run", image_id, self._row_of_image)
        return self._row_of_image[image_id]

    def boxes_of(self, image_id: str) -> pd.DataFrame:
        """The image's rows of ``boxes``; their index is that of ``boxes``, and so of :meth:`importance`."""
        self.position(image_id)
        start, end = self._box_bounds(image_id)
        return self.boxes.iloc[start:end]

    def grid(self, image_id: str, method: str, target: str | None = None, output: str | None = None) -> Cam:
        """The stored CAM of an image: by default that of its predicted label, of the output that the run has (else of
        probabilities).

        Raises:
            UnknownNameError: no such image or method in the run.
            EmocamError: this image has no such CAM in the run.
        """
        known_name("method", method, self.methods)
        row = self.image(image_id)
        wanted = str(row["label"]) if target is None else target
        index = self._grids.find(image_id, method, wanted, self._output(method, output))
        if index is None:
            raise EmocamError(f"The run holds no {method} CAM of {image_id!r} for the label {wanted!r}.")
        return self._grids.cam(index)

    def lime_of(self, image_id: str, target: str | None = None, output: str | None = None) -> LimeExplanation:
        """The stored LIME explanation of an image: by default of its predicted label, of the output that the run has.

        Raises:
            UnknownNameError: no such image in the run, or it was not analysed with the method "lime".
            EmocamError: this image has no such explanation in the run.
        """
        known_name("method", LIME, self.methods)
        wanted = str(self.image(image_id)["label"]) if target is None else target
        return find_lime(self.lime, image_id, wanted, self._output(LIME, output))

    def importance(self, method: str, score: str = "mean", output: str | None = None) -> NDArray[np.float32]:
        """float32 (boxes,): the importance of each row of ``boxes`` under its image's CAM of the predicted label.

        0 for a box of an image without that CAM. Computed once and kept; do not write into it.

        Raises:
            UnknownNameError: no such method in the run, or no such score.
        """
        known_name("method", method, self.methods)
        return self._importance(method, score, self._output(method, output))

    def _importance(
        self, method: str, score: str, output: str, shuffle: int | None = None, uniform: bool = False
    ) -> NDArray[np.float32]:
        def compute() -> NDArray[np.float32]:
            known_name("score", score, SCORES)
            grids = self._grids if shuffle is None else self._grids.shuffled(shuffle)
            grids = grids.uniform() if uniform else grids
            values = table_importance(self.images, self.boxes, grids, method, output, score)
            values.setflags(write=False)
            return values

        if shuffle is not None or uniform:
            return compute()  # a control: its aggregate is what is asked for again, and many draws would fill the cache
        return self._cached(("importance", method, score, output), compute)

    @property
    def min_confidence(self) -> float:
        """The confidence (0..1) from which boxes count unless asked otherwise: as the run's detectors say, else 0.005.

        0.005 is the paper's, for a detector whose class scores share a total of 1; others are surer of what they find.
        """
        named = [float(info.settings.get("confidence", DEFAULT_MIN_CONFIDENCE)) for info in self.manifest.detectors]
        return min(named, default=DEFAULT_MIN_CONFIDENCE)

    def association(
        self,
        method: str | None = None,
        score: str = "mean",
        threshold: float = DEFAULT_THRESHOLD,
        min_confidence: float | None = None,
        by: str = "prediction",
        *,
        output: str | None = None,
        detector: str | None = None,
        shuffle: int | None = None,
        roll_up: bool | Parents = False,
    ) -> Association:
        """The association of object classes and labels.

        Args:
            method: the CAMs to use; by default the run's first.
            score: how a box's importance is computed, a name in analysis.importance.SCORES.
            threshold: a box counts where its importance is above it; 0.3 suits "mean" and "mask-mean", the others'
                are in analysis.importance.DEFAULT_THRESHOLDS.
            min_confidence: a box below it does not count, 0..1; by default :attr:`min_confidence`. The authors'
                scripts set the importance of boxes below a confidence of 0.3 to 0: the same as 0.3 here.
            by: "prediction" counts an image under its predicted label, "annotation" under the corpus's own.
            output: "probabilities" or "logits", where the method was run on both.
            detector: only this one's boxes; by default those of all.
            shuffle: a control: the CAMs are exchanged between the images at random, with this seed.
            roll_up: a box counts under its class and under what that is a kind of: True by Open Images' hierarchy (a
                Rugby ball as Ball and Sports equipment), or a map from classes to their parents.

        Raises:
            UnknownNameError: one of the names is not known; the nearest is named.
            EmocamError: the run has no method, or no annotation to go by.
        """
        choice = self.aggregate(
            method, score, min_confidence, by, output=output, detector=detector, shuffle=shuffle, roll_up=roll_up
        )
        return choice.at(threshold)

    def aggregate(
        self,
        method: str | None = None,
        score: str = "mean",
        min_confidence: float | None = None,
        by: str = "prediction",
        *,
        output: str | None = None,
        detector: str | None = None,
        shuffle: int | None = None,
        uniform: bool = False,
        roll_up: bool | Parents = False,
    ) -> Aggregate:
        """What :meth:`association` is taken from for any threshold, kept for the last few choices. Arguments as there.

        ``uniform`` is another control: maps that are the same everywhere. Only images that have the method's CAM take
        part, so that a run which is not finished is not diluted.
        """
        name = self._method(method)
        known_name("way to count images", by, BY)
        if detector is not None:
            known_name("detector", detector, [info.name for info in self.manifest.detectors])
        which = self._output(name, output)
        least = self.min_confidence if min_confidence is None else float(min_confidence)

        parents = chosen_parents(roll_up, self.classes)
        frozen = tuple(sorted(parents.items()))

        def compute() -> Aggregate:
            labels: Sequence[str] = self.labels if by == "prediction" else self.annotations
            if not len(labels):
                raise EmocamError("The images of this run have no annotations; use by='prediction'.")
            column = "label" if by == "prediction" else "annotation"
            images = self.images[["image_id", column]].set_axis(["image_id", "label"], axis=1)
            images = images[self._grids.of_predictions(self.images, name, which) >= 0]
            boxes, importance = self.boxes, self._importance(name, score, which, shuffle, uniform)
            if detector is not None:
                of_detector = (boxes["detector"] == detector).to_numpy()
                boxes, importance = boxes[of_detector], importance[of_detector]
            classes = rolled_up_classes(self.classes, parents)
            if parents:
                boxes, importance = rolled_up(boxes, importance, parents)
            return Aggregate(images, boxes, importance, labels=labels, classes=classes, min_confidence=least)

        return self._cached(("aggregate", name, score, which, least, by, detector, shuffle, uniform, frozen), compute)

    def agreement(
        self, mapping: Map | None = None, groups: str | Map | None = None, *, resamples: int = RESAMPLES, seed: int = 0
    ) -> Agreement:
        """How well the predicted labels agree with the corpus's own: accuracy, precision, recall, F1, with intervals.

        Args:
            mapping: from each annotation that occurs to one of the classifier's labels, or to None, which leaves the
                image out (``labels.PLUTCHIK_TO_EMONET``). Without it the annotations must be the classifier's labels.
            groups: "affect": negative, other and positive on both sides; or from each of the classifier's labels to a
                coarser one. A group's probability is the sum of its labels'.
            resamples, seed: of the images, for the intervals.

        Raises:
            EmocamError: no image is annotated, or a map does not know a label.
        """
        annotated = [None if pd.isna(label) else str(label) for label in self.images["annotation"]]
        name = repr(self.manifest.corpus.name)
        pairs = label_pairs(annotated, self.probabilities, self.labels, mapping=mapping, groups=groups, source=name)
        return agreement(pairs.annotated, pairs.predicted, pairs.labels, resamples=resamples, seed=seed)

    def significance(
        self,
        method: str | None = None,
        score: str = "mean",
        threshold: float | None = None,
        min_confidence: float | None = None,
        by: str = "prediction",
        *,
        output: str | None = None,
        detector: str | None = None,
        alternative: str = "greater",
        correction: str = "bh",
        level: float = 0.95,
        shuffles: int = 0,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Every cell of the association with its interval and test: `analysis.significance.significance`.

        Args:
            method, score, min_confidence, by, output, detector: as in :meth:`association`.
            threshold: as there, by default the score's own.
            alternative, correction, level: as in `analysis.significance.significance`.
            shuffles: exchanges of the maps between the images to compare with; 0 leaves their columns out.
            seed: of the first exchange.

        Raises:
            UnknownNameError: one of the names is not known; the nearest is named.
            EmocamError: the run has no method, or no annotation to go by, or an argument is out of its range.
        """
        from emocam_widgets.analysis.resampling import known_times
        from emocam_widgets.analysis.significance import significance

        cut = default_threshold(score) if threshold is None else threshold

        def at(shuffle: int | None = None) -> Association:
            chosen = self.aggregate(
                method, score, min_confidence, by, output=output, detector=detector, shuffle=shuffle
            )
            return chosen.at(cut)

        draws = range(seed, seed + known_times("shuffles", shuffles))
        controls = (at(draw) for draw in draws)
        return significance(at(), controls, alternative=alternative, correction=correction, level=level)

    def _method(self, method: str | None) -> str:
        if method is not None:
            return known_name("method", method, self.methods)
        if not self.methods:
            raise EmocamError("This run holds no CAMs; analyse it with a method, such as methods=['grad-cam'].")
        return self.methods[0]

    def _output(self, method: str, output: str | None) -> str:
        held = [info.output for info in self.manifest.methods if info.name == method]
        if output is None:
            return "probabilities" if "probabilities" in held else held[0]
        return known_name(f"output of {method} in the run", output, held)

    def _cached(self, key: tuple[Any, ...], compute: Any) -> Any:
        with self._lock:  # held while computing, so that threads that ask for the same thing wait for it
            if key not in self._cache:
                self._cache[key] = compute()
                if len(self._cache) > _CACHED:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(key)
            return self._cache[key]

    def _frame(self, name: str) -> pd.DataFrame:
        with self._lock:
            if name not in self._frames:
                self._frames[name] = self._table(name).to_pandas()
            return self._frames[name]

    def _table(self, name: str) -> pa.Table:
        with self._lock:
            if name not in self._tables:
                self._tables[name] = whole_table(self._parts, name)
            return self._tables[name]

    @cached_property
    def _row_of_image(self) -> dict[str, int]:
        return {image_id: row for row, image_id in enumerate(self.images["image_id"])}

    @cached_property
    def _box_image_ids(self) -> NDArray[np.object_]:
        return self.boxes["image_id"].to_numpy(dtype=object)

    def _box_bounds(self, image_id: str) -> tuple[int, int]:
        ids = self._box_image_ids
        return int(np.searchsorted(ids, image_id, "left")), int(np.searchsorted(ids, image_id, "right"))

    @property
    def _grids(self) -> Grids:
        return cast(Grids, self._cached(("grids",), lambda: Grids(self._table("cams"))))

    def _moved(self, where: str) -> str:
        return (
            f"The images of this run are not in {where} any more; "
            "pass where they are now: open_run(path, corpus=Corpus.from_folder(...))."
        )
