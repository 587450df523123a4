"""LimeView: which superpixels of an image speak for a label and which against it, streaming in while LIME samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import traitlets as t
from PIL import Image

from emocam_widgets.analysis.marks import mark_agreement, mark_signs
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain.lime_settings import HIDES, SEGMENTATIONS, LimeSettings
from emocam_widgets.types import OUTPUTS, LimeExplanation
from emocam_widgets.widgets.base import float_buffer, static
from emocam_widgets.widgets.lime_export import as_dict, exported
from emocam_widgets.widgets.lime_hiding import only_strongest
from emocam_widgets.widgets.lime_job import Explanations, LimeJob
from emocam_widgets.widgets.lime_messages import map_message, table_of
from emocam_widgets.widgets.note_keeper import NoteKeeper
from emocam_widgets.widgets.one_image import Message, OneImageWidget, marked_numbers
from emocam_widgets.widgets.thumbnails import encode_jpeg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emocam_widgets.engine import Worker
    from emocam_widgets.engine.worker import ImageLike
    from emocam_widgets.run import Run

PALETTES = ("blue-red", "blue-orange")
REVEALS = ("open", "commit-first")
SCALES = ("own", "shared")
STRONGEST = ("for", "both")
MOST_TARGETS = 3
_SETTINGS = ("targets", "output", "n_samples", "n_regions", "segmentation", "hide")
_CUTTING = ("segmentation", "n_regions")
_NOTHING: dict[str, list[int]] = {"for": [], "against": []}
NOT_YET = "Not before your marks are locked: mark what you expect, then press “Lock and reveal”."
NO_WORKER = "Nothing explains here yet: pass a worker, as in LimeView(image, worker=emo.Worker(classifier))."


class LimeView(OneImageWidget):
    """An image cut into superpixels, coloured by what each does to a label: LIME, sampled while one watches.

    Args:
        image: what to explain: a PIL image, a uint8 array (h, w, 3), a file, or an id of the corpus; may come later
            (``set_image``, or the trait ``image_id``).
        worker: takes LIME's samples, and says what the classifier thinks of an image with regions hidden.
        corpus: where ``image_id`` is looked up, and beside which notes are kept.
        run: a run whose stored explanations are shown at once; its corpus is the corpus by default.

    Traits, all shared with the front end and to be set or observed from Python:
        image_id: an id of the corpus, or None.
        targets: up to three labels that are explained side by side, from the same samples; empty: the predicted one.
        output: "probabilities" or "logits", what is explained.
        n_samples, n_regions, segmentation, hide: as of `LimeSettings`; another value starts LIME again.
        keep: so many regions, the strongest, stay visible and the others are hidden; None hides nothing.
        strongest: "for": those that speak most for the first label; "both": for or against it.
        hidden_as: what a hidden region shows: "grey", "blurred" or its "mean" colour.
        palette: "blue-red" (the paper's: blue for, red against) or "blue-orange", safe for colour blindness.
        scale: "own": the deepest colour is each label's strongest region; "shared": the strongest of all labels shown.
        reveal: "open", or "commit-first": the map is shown only after the viewer has marked regions and locked that.
            LIME samples meanwhile (no mark changes a sample), so that the map is there when they are locked; until then
            no weight is sent to the browser. ``explanations`` and what Python users call have them all the time.
        marks: {"for": [regions], "against": [regions]}, what the viewer marked; locked while ``committed``.
        committed: the marks are locked and the map is shown.
        seen_before: the map was shown before the marks were locked, so they are no blind judgement.
        agreement: {label: what `analysis.marks.MarkAgreement` holds}, once committed and explained.
        note: the text on this image as the first label; kept in `notes` a moment after it is set.
        status: "empty", "running", "done", "stored" (of the run), "cancelled" or "failed".

    Attributes:
        explanations: the `LimeExplanation` of each target as far as it is sampled; empty before the first map.
        prediction: {label: probability} of the image with regions hidden, where ``keep`` hides some.

    Raises:
        EmocamError: the image cannot be used.
        UnknownNameError: a setting names something that does not exist.
    """

    _esm, _css = static("lime")

    targets: t.List[str] = t.List(t.Unicode()).tag(sync=True)
    output = t.Unicode("probabilities").tag(sync=True)
    n_samples = t.Int(1000, min=10, max=100_000).tag(sync=True)
    n_regions = t.Int(60, min=2, max=1000).tag(sync=True)
    segmentation = t.Unicode("slic").tag(sync=True)
    hide = t.Unicode("mean").tag(sync=True)
    keep = t.Int(None, allow_none=True, min=0).tag(sync=True)
    strongest = t.Unicode("for").tag(sync=True)
    hidden_as = t.Unicode("grey").tag(sync=True)
    palette = t.Unicode("blue-red").tag(sync=True)
    scale = t.Unicode("own").tag(sync=True)
    reveal = t.Unicode("open").tag(sync=True)
    marks = t.Dict(_NOTHING).tag(sync=True)
    committed = t.Bool(False).tag(sync=True)
    seen_before = t.Bool(False).tag(sync=True)
    agreement = t.Dict().tag(sync=True)
    note = t.Unicode("").tag(sync=True)
    status = t.Unicode("empty").tag(sync=True)
    prediction = t.Dict()
    _note_place = t.Dict().tag(sync=True)

    def __init__(
        self,
        image: ImageLike | None = None,
        worker: Worker | None = None,
        corpus: Corpus | None = None,
        run: Run | None = None,
        **traits: Any,
    ) -> None:
        self.explanations: Explanations = ()
        self._job: LimeJob | None = None
        self._segments: NDArray[np.int32] | None = None
        self._segmented_as: tuple[str, int] | None = None
        self._keeper = NoteKeeper(None, lambda: None, None)
        self._loading = False
        later = {name: traits.pop(name) for name in ("image_id", "marks", "committed", "note") if name in traits}
        super().__init__(worker, corpus, run, **traits)
        self.observe(self._set_anew, list(_SETTINGS))
        self.observe(lambda _change: self._load_note(), "targets")
        self.observe(self._judge, ["marks", "committed"])
        self.observe(self._note_seen, ["reveal", "committed"])
        self.observe(lambda _change: self._tell_again(), ["reveal", "committed"])
        self.observe(self._keep_note, "note")
        for kind, handler in (
            ("map", self._send_map),
            ("start", self._start_again),
            ("cancel", self._cancel_from_view),
            ("strongest", self._send_strongest),
            ("export", self._send_export),
            ("note", self._take_note),
        ):
            self.on_message(kind, handler)
        if image is not None:
            self.set_image(image)
        for name, value in later.items():
            setattr(self, name, value)

    # -- what Python users call ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Sample (again) with the present settings; what was under way is dropped. It needs an image and a worker."""
        with self._state_lock:
            self._stop()
            if self._base is None or self.worker is None:
                self._take_stored()
                return
            self.explanations = ()
            self._set_agreement()
            self._job = LimeJob(self._stream, self._found, self._ended)
            self.status = "running"
            self._job.start()

    def cancel(self) -> None:
        """Stop sampling; the map stays as far as it has come."""
        with self._state_lock:
            if self._stop():
                self.status = "cancelled"

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until sampling has ended; False where it still runs after so many seconds."""
        job = self._job
        return job is None or job.wait(seconds)

    @property
    def explanation(self) -> LimeExplanation:
        """The first label's explanation as far as it is sampled.

        Raises:
            EmocamError: there is none yet.
        """
        return self._explanation(None)

    def table(self, target: str | None = None) -> pd.DataFrame:
        """One row per region, strongest first: region, weight, standard_error, area (share of the image), x, y (centre,
        relative to the image's size).

        Raises:
            EmocamError: there is no explanation of that label yet.
        """
        return table_of(self._explanation(target))

    def map_image(self, target: str | None = None) -> Image.Image:
        """The image in grey with its regions coloured, at its own size.

        Raises:
            EmocamError: there is no explanation of that label yet.
        """
        from emocam_widgets.figures.lime import lime_picture

        found = self._explanation(target)
        if self._base is None:
            raise AssertionError("an explanation goes with its image")
        return lime_picture(self._base, found, colour_blind_safe=self.palette == "blue-orange")

    def strongest_image(self, keep: int) -> Image.Image:
        """The image with all but the ``keep`` strongest regions hidden, as the traits say: what is predicted.

        At its own size, or reduced to 1280 pixels along its longer side.

        Raises:
            EmocamError: there is no explanation yet.
        """
        with self._state_lock:
            return self._strongest(self._explanation(None), keep, self.strongest, self.hidden_as)[1]

    @property
    def notes(self) -> pd.DataFrame:
        """All notes of this corpus (or of the image's folder): image_id, label, note, written."""
        return self._keeper.table()

    # -- state ---------------------------------------------------------------------------------------------------------

    @t.validate("output", "segmentation", "hide", "hidden_as", "palette", "reveal", "scale", "strongest")
    def _known(self, proposal: Mapping[str, Any]) -> str:
        known = {
            "output": ("output", OUTPUTS),
            "segmentation": ("segmentation", SEGMENTATIONS),
            "hide": ("way to hide superpixels", HIDES),
            "hidden_as": ("way to hide superpixels", HIDES),
            "palette": ("palette", PALETTES),
            "reveal": ("way to reveal", REVEALS),
            "scale": ("scale of the colours", SCALES),
            "strongest": ("kind of strongest regions", STRONGEST),
        }
        kind, names = known[proposal["trait"].name]
        return known_name(kind, proposal["value"], names)

    @t.validate("targets")
    def _known_targets(self, proposal: Mapping[str, Any]) -> list[str]:
        wanted = list(dict.fromkeys(proposal["value"]))
        if len(wanted) > MOST_TARGETS:
            raise t.TraitError(f"{len(wanted)} labels side by side; at most {MOST_TARGETS} fit.")
        for name in wanted if self.labels else ():
            known_name("label", name, self.labels)
        return wanted

    @t.validate("marks")
    def _known_marks(self, proposal: Mapping[str, Any]) -> dict[str, list[int]]:
        marks = marked_numbers("marks", proposal["value"], ("for", "against"), "lists of region numbers")
        if self.committed and marks != self.marks:
            raise t.TraitError("The marks are locked: they were made before the map was seen.")
        if self._segments is not None:
            try:
                mark_signs(int(self._segments.max()) + 1, marks["for"], marks["against"])
            except EmocamError as error:
                raise t.TraitError(str(error)) from error
        return marks

    def _changed(self) -> None:
        self._stop()
        self._segments = self._segmented_as = None
        self._keeper = NoteKeeper(self.image_id, lambda: self.corpus, self._file)
        self.explanations, self.prediction = (), {}
        self.committed = self.seen_before = False
        self.marks = _NOTHING
        self.keep = None
        self._note_place = {}
        self.status = "empty" if self._problem is None else "failed"
        self._push()
        if not self._take_stored():
            self.start()
        self._load_note()

    def _take_stored(self) -> bool:
        """Shows what the run holds of these labels; False where it does not hold it."""
        if self.run is None or self.image_id is None or "lime" not in self.run.methods:
            return False
        try:
            found = tuple(self.run.lime_of(self.image_id, target) for target in self.targets or (None,))
        except EmocamError:
            return False  # not in the run: computed, where there is a worker
        if any(not np.array_equal(each.segments, found[0].segments) for each in found):
            return False
        self._segments, self.explanations, self.status = found[0].segments, found, "stored"
        self.seen_before = self.seen_before or self.reveal == "open"
        self._push()
        return True

    def _set_anew(self, change: Mapping[str, Any]) -> None:
        """Another label or number of samples is of the same regions, also where those are the run's: marks hold."""
        with self._state_lock:
            if change["name"] not in _CUTTING and self._segments is not None:
                self._segmented_as = self._cutting
            self.start()

    @property
    def _cutting(self) -> tuple[str, int]:
        return self.segmentation, self.n_regions if self.segmentation == "slic" else 0

    def _stop(self) -> bool:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
        return job is not None and self.status == "running"

    def _stream(self, cancelled: Any) -> Iterator[Explanations]:
        """In the job's thread: the superpixels first, so that they can be seen and marked, then the samples."""
        from emocam_widgets.explain.superpixels import segment_image

        base, worker = self._base, self.worker
        if base is None or worker is None:
            return
        wanted = self._cutting
        settings = LimeSettings(self.n_samples, self.segmentation, self.n_regions, self.hide)
        if self._segments is None or self._segmented_as != wanted:
            segments = segment_image(base, self.segmentation, self.n_regions)
            with self._state_lock:
                if cancelled():
                    return
                if self._segments is not None and not np.array_equal(segments, self._segments):
                    self.committed = False
                    self.marks = _NOTHING
                self._segments, self._segmented_as = segments, wanted
                self.marks = self.marks  # those set before there were regions are checked now
                self._push()
        targets = list(self.targets) or None
        yield from worker.lime_of_targets(
            base,
            targets,
            self.output,  # type: ignore[arg-type]
            settings=settings,
            segments=self._segments,
            cancelled=cancelled,
        )

    def _found(self, job: LimeJob, explanations: Explanations) -> None:
        with self._state_lock:
            if job is not self._job:
                return
            self.explanations = explanations
            self.seen_before = self.seen_before or self.reveal == "open"
            self._set_agreement()
            self._push()

    def _ended(self, job: LimeJob, problem: Exception | None) -> None:
        with self._state_lock:
            if job is not self._job:
                return
            self._job = None
            self.status = "done" if problem is None else "failed"
        if problem is not None:
            self.show_error(problem)

    def _judge(self, _change: Mapping[str, Any]) -> None:
        with self._state_lock:
            self._set_agreement()

    def _note_seen(self, change: Mapping[str, Any]) -> None:
        """The map was shown: openly, or by a commitment that is now taken back."""
        with self._state_lock:
            taken_back = change["name"] == "committed" and change["old"] and not change["new"]
            if self.explanations and (taken_back or (self.reveal == "open" and not self.committed)):
                self.seen_before = True

    def _set_agreement(self) -> None:
        if not self.committed or not self.explanations:
            self.agreement = {}
            return
        areas = np.bincount(self.explanations[0].segments.ravel())
        self.agreement = {
            each.target: mark_agreement(each.weights, areas, self.marks["for"], self.marks["against"]).as_dict()
            for each in self.explanations
        }

    # -- notes ---------------------------------------------------------------------------------------------------------

    @property
    def _label(self) -> str:
        """The label that the note is about: the first one that is explained, which is the predicted one by default."""
        if self.targets:
            return self.targets[0]
        if self.explanations:
            return self.explanations[0].target
        if self._base is not None and self.worker is not None:
            return self.worker.predict(self._base).label
        return ""

    def _load_note(self) -> None:
        with self._state_lock:
            text, place = self._keeper.load(self._label)
            self._loading = True
            try:
                self.note = text
            finally:
                self._loading = False
            self._note_place = place

    def _take_note(self, request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        """What was typed, on the image and label that it was typed for: another may be shown by now."""
        name, label, text = (str(request[key]) for key in ("name", "label", "note"))
        with self._state_lock:
            if (name, label) == (self.name, self._label):
                self.note = text
            else:
                self._keeper.save(label, text, name)
        return {}

    def _keep_note(self, change: Mapping[str, Any]) -> None:
        if not self._loading and self._base is not None:
            self._note_place = self._keeper.save(self._label, change["new"])

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _send_map(self, _content: dict[str, Any], _buffers: list[memoryview]) -> Message:
        with self._state_lock:
            return self._map()

    @property
    def _covered(self) -> bool:
        return self.reveal == "commit-first" and not self.committed

    def _map(self) -> Message:
        content, buffers = map_message(self._segments, self.explanations, self._covered)
        return {"scene": self._scene, **content}, buffers

    def _push(self) -> None:
        content, buffers = self._map()
        self.send({"kind": "map", **content}, buffers)

    def _tell_again(self) -> None:
        with self._state_lock:
            self._push()

    def _start_again(self, _content: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        if self.worker is None:
            raise EmocamError(NO_WORKER)
        self.start()
        return {}

    def _cancel_from_view(self, _content: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self.cancel()
        return {}

    def _send_strongest(self, request: dict[str, Any], _buffers: list[memoryview]) -> Message:
        """The image with all but the strongest regions hidden, and what the classifier says of exactly that."""
        self._check_revealed()
        with self._state_lock:
            found, scene = self._explanation(None), self._scene
            # The question comes before the traits that it was asked for.
            which, how = str(request["strongest"]), str(request["hidden_as"])
            kept, picture = self._strongest(found, int(request["keep"]), which, how)
        probabilities: Any = np.zeros(0)
        if self.worker is not None:
            answer = self.worker.predict(picture)
            probabilities = answer.probabilities
            self.prediction = dict(zip(answer.labels, map(float, answer.probabilities), strict=True))
        shown = np.bincount(found.segments.ravel())
        content = {
            "scene": scene,
            "kept": np.flatnonzero(kept).tolist(),
            "area": float(shown[kept].sum() / shown.sum()),
        }
        return content, [encode_jpeg(picture), float_buffer(probabilities)]

    def _strongest(
        self, found: LimeExplanation, keep: int, which: str, how: str
    ) -> tuple[NDArray[np.bool_], Image.Image]:
        if self._base is None:
            raise EmocamError("There is no image whose regions could be hidden.")
        return only_strongest(self._base, found, keep, only_for=which == "for", how=how)

    def _send_export(self, request: dict[str, Any], _buffers: list[memoryview]) -> Message:
        if request["what"] != "notes":
            self._check_revealed()
        name, content = exported(self, str(request["what"]), request.get("target"))
        return {"name": name}, [content]

    def _check_revealed(self) -> None:
        if self._covered:
            raise EmocamError(NOT_YET)

    def as_dict(self) -> dict[str, Any]:
        """Everything that was found and said of this image, as JSON can hold it.

        Raises:
            EmocamError: there is no explanation yet.
        """
        return as_dict(self)

    def _explanation(self, target: str | None) -> LimeExplanation:
        found = self.explanations
        if not found:
            raise EmocamError("There is no explanation yet: wait() for it, or pass a worker.")
        if target is None:
            return found[0]
        by_label = {each.target: each for each in found}
        return by_label[known_name("explained label", target, by_label)]

    def close(self) -> None:
        """Close the view and stop what is under way."""
        with self._state_lock:
            self._stop()
        super().close()
