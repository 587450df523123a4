"""AssociationHeatmap: which object classes go with which labels. It asks the run; it computes no association itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pandas as pd
from PIL import Image
from traitlets import Any as AnyTrait
from traitlets import Bool, Dict, Float, Int, List, Unicode, observe, validate

from emocam_widgets.analysis.association import Association
from emocam_widgets.analysis.comparison import MEASURES
from emocam_widgets.analysis.importance import SCORES, default_threshold
from emocam_widgets.analysis.selection import ORDERS
from emocam_widgets.analysis.significance import marks
from emocam_widgets.engine.trial import Plan, plan_trial
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.figures.association import association_heatmap
from emocam_widgets.run.run import BY, DEFAULT_THRESHOLD
from emocam_widgets.widgets.base import LiveWidget, float_buffer, static
from emocam_widgets.widgets.heatmap_data import OTHER_RUN, SETTING_NAMES, HeatmapData, Settings, Shown
from emocam_widgets.widgets.heatmap_trial import TrialSession

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run

SETTINGS = ("method", "score", "threshold", "min_confidence", "by")
"""What makes a box count: shared with everything that shows the images behind a cell."""

FEATURES = ("settings", "view", "search", "marks", "try", "roll-up")
"""What the front end offers beside looking and selecting; a page without a kernel has fewer."""

FALSE_DISCOVERY_RATE = 0.05
NO_WORKER = "To try it, pass a worker with the classifier that made the run: worker=emo.Worker(classifier)."


class AssociationHeatmap(LiveWidget):
    """The association matrix of a run as a heatmap: the most highlighted object classes by all labels.

    Args:
        run: the run to ask.
        worker: predicts for "try it"; without one everything else works.
        other: another run to compare with.
        **kwargs: any of the traits below.

    Traits, shared with the front end, what makes a box count (as in `Run.association`):
        method, score, by, min_confidence.
        threshold: 0..1; another score brings its own default (`analysis.importance.DEFAULT_THRESHOLDS`) or what it had
            last, because thresholds of two scores mean different things.
        roll_up: whether a box also counts under what its class is a kind of, by Open Images' hierarchy.

    What is shown:
        top: how many object classes, those with the greatest mean fraction; None is all that count.
        measure: "fraction" (M'_A), "count" (M_A), "lift", or "presence" (the share of the images with the class).
        compare: None, or what the measure is compared with: a method of the run, or "other" for the other run. The
            numbers are then differences (this less the other), and `top` means where the two differ most.
        order: "mean", "clusters", "alphabet" or "hierarchy" (see `analysis.selection`).
        marks: whether cells that differ from chance are marked: Fisher's exact test against all other labels,
            two-sided, at a false discovery rate of 5 % over all cells.

    What is selected, as in `ImageBrowser`:
        cell: [object_class, label], or None; setting it clears `label`, and the other way round.
        object_class, label: or None; a row's or a column's head. A click on a head or a cell leaves only that selected.
        hovered: the cell under the pointer or the keyboard focus, or None.

    Trying an association out ("try it"):
        try_count: onto how many images of other labels a thing of the class is pasted.
        try_thing: the shipped drawing that is pasted where it fits the class (`try_result`'s choices); None: the first.
        try_result: how the last trial stands: state ("planning", "running", "done", "cancelled" or "failed"), cell,
            thing, choices, source, placement, images (how many), available (of how many), seed, note, n (done
            so far), switched,
            to_label, control_switched, control_to_label (the grey silhouette's), transitions ([before, after, count]),
            and rows (image_id, before, after, control, p_before, p_after, p_control); or None.
        edit_request: {"image_id", "placements"} of a result that was clicked, for an object editor; who takes it sets
            it back to None. The pictures behind the placements' names are in `things`.

        run_revision: counts how often the run has grown since (`update_run`); not to be set.

    Raises:
        UnknownNameError: a setting names something the run does not have.
        EmocamError: the run holds no CAMs.
    """

    _esm, _css = static("heatmap")

    method = Unicode().tag(sync=True)
    score = Unicode("mean").tag(sync=True)
    threshold = Float(DEFAULT_THRESHOLD, min=0.0, max=1.0).tag(sync=True)
    min_confidence = Float(min=0.0, max=1.0).tag(sync=True)
    by = Unicode("prediction").tag(sync=True)
    roll_up = Bool(False).tag(sync=True)
    top = Int(25, min=1, allow_none=True).tag(sync=True)
    measure = Unicode("fraction").tag(sync=True)
    compare = Unicode(None, allow_none=True).tag(sync=True)
    order = Unicode("mean").tag(sync=True)
    marks = Bool(True).tag(sync=True)
    cell = AnyTrait(None, allow_none=True).tag(sync=True)
    object_class = Unicode(None, allow_none=True).tag(sync=True)
    label = Unicode(None, allow_none=True).tag(sync=True)
    hovered = AnyTrait(None, allow_none=True).tag(sync=True)
    try_count = Int(20, min=1, max=500).tag(sync=True)
    try_thing = Unicode(None, allow_none=True).tag(sync=True)
    try_result = Dict(default_value=None, allow_none=True).tag(sync=True)
    edit_request = Dict(default_value=None, allow_none=True).tag(sync=True)
    run_revision = Int(0).tag(sync=True)

    methods = List(Unicode()).tag(sync=True)
    scores = List(Unicode()).tag(sync=True)
    ways = List(Unicode()).tag(sync=True)
    comparisons = List(Dict()).tag(sync=True)
    features = List(Unicode(), list(FEATURES)).tag(sync=True)
    run_name = Unicode().tag(sync=True)
    synthetic = Bool(False).tag(sync=True)
    try_hint = Unicode().tag(sync=True)

    def __init__(self, run: Run, worker: Worker | None = None, other: Run | None = None, **kwargs: Any) -> None:
        self.run = run
        self.worker = worker
        self.things: dict[str, Image.Image] = {}
        self._data = HeatmapData(run, other)
        self._thresholds: dict[str, float] = {}
        self._started = False
        self._trial = TrialSession(self._tell_trial, self._send_picture, self.show_error)
        self._background = ThreadPoolExecutor(1, thread_name_prefix="emocam-heatmap")
        if not run.methods:
            raise EmocamError("This run holds no CAMs; analyse it with a method, such as methods=['grad-cam'].")
        kwargs.setdefault("method", run.methods[0])
        kwargs.setdefault("min_confidence", run.min_confidence)
        kwargs.setdefault("compare", None if other is None else OTHER_RUN)
        if "score" in kwargs and "threshold" not in kwargs:
            kwargs["threshold"] = default_threshold(kwargs["score"])
        known = {
            "methods": list(run.methods),
            "scores": list(SCORES),
            "ways": list(BY if run.annotations else BY[:1]),
            "comparisons": self._data.comparisons,
            "run_name": run.manifest.corpus.name,
            "try_hint": "" if worker else NO_WORKER,
        }
        self._marks_lock = threading.Lock()
        self._marks_of: tuple[Any, Any] = (None, None)
        super().__init__(synthetic=run.synthetic, **known, **kwargs)
        self.on_message("matrix", self._send_matrix)
        self.on_message("marks", self._send_marks)
        self.on_message("try", self._start_trial)
        self.on_message("try_cancel", self._cancel_trial)
        self._started = True
        self._data.association(self._settings)  # what cannot be shown is refused here; the first paint need not wait

    # -- what Python users call ----------------------------------------------------------------------------------------

    @property
    def association(self) -> Association:
        """The association at the present settings: counts, fractions, lift and contributors of all classes."""
        return self._data.association(self._settings)

    @property
    def shown(self) -> Shown:
        """What the heatmap shows now: its classes and labels in order, their numbers, and the strongest cell."""
        return self._data.shown(self._settings)

    @property
    def frame(self) -> pd.DataFrame:
        """The numbers in the cells (of `measure`; differences where `compare` is set), rows and columns as shown."""
        return self.shown.frame(self.measure)

    @property
    def contributors(self) -> list[str]:
        """The ids of the images that the selected cell counts, in the run's order; none without a cell."""
        return [] if self.cell is None else self.association.contributors(*self.cell)

    def figure(self) -> go.Figure:
        """The heatmap as a plotly figure, to be shown without a kernel or written to a file."""
        shown = self.shown
        names = (self.method, self.compare or "")
        return association_heatmap(
            shown.association, self.top, self.measure, self.synthetic,
            other=shown.other, names=names, classes=shown.classes, labels=shown.labels,
        )  # fmt: skip

    def try_it(self, object_class: str | None = None, label: str | None = None) -> None:
        """Paste a thing of a class onto images of other labels; `try_result` follows, from another thread.

        Args:
            object_class, label: by default those of the selected cell.

        Raises:
            EmocamError: there is no worker, or no cell is selected or named.
            UnknownNameError: the run has no such class or label.
        """
        worker = self.worker
        if worker is None:
            raise EmocamError(NO_WORKER)
        cell = [object_class, label] if object_class is not None or label is not None else self.cell
        if cell is None or None in cell:
            raise EmocamError("Select a cell first, or name one: try_it('Sports equipment', 'Excitement').")
        names = checked_cell(self.run, cell, self.classes)
        if names is None:
            raise AssertionError("a cell that is not None has names")
        settings, count, drawing = self._settings, self.try_count, self.try_thing
        which = {name: getattr(settings, name) for name in (*SETTINGS, "roll_up")}

        def plan() -> Plan:
            made = plan_trial(self.run, names[0], names[1], worker, n=count, drawing=drawing, **which)
            self.things[made.thing.name] = made.thing.picture
            return made

        self._trial.start(names, plan, self.run, worker)

    def cancel_try(self) -> None:
        """Stop the trial that is running; what it has found stays."""
        self._trial.cancel()

    def update_run(self, run: Run) -> None:
        """Show the same run as it is by now, holding more than before; traits, observers and links stay as they are."""
        data = self._data.grown(run)
        data.association(self._settings)
        self.run, self._data = run, data
        with self._marks_lock:
            self._marks_of = (None, None)
        self.methods, self.ways = list(run.methods), list(BY if run.annotations else BY[:1])
        self.comparisons = data.comparisons
        self.run_revision += 1

    def close(self) -> None:
        """Close the widget and stop what it is doing."""
        self._trial.cancel()
        self._background.shutdown(wait=False, cancel_futures=True)
        super().close()

    # -- state ---------------------------------------------------------------------------------------------------------

    @property
    def _settings(self) -> Settings:
        return Settings(**{name: getattr(self, name) for name in SETTING_NAMES})

    @property
    def classes(self) -> tuple[str, ...]:
        """The object classes that a cell may name: the run's, and with `roll_up` what those are kinds of."""
        return self._data.classes(self.roll_up)

    @validate("method")
    def _known_method(self, proposal: Mapping[str, Any]) -> str:
        return known_name("method", proposal["value"], self.run.methods)

    @validate("score")
    def _known_score(self, proposal: Mapping[str, Any]) -> str:
        return known_name("score", proposal["value"], SCORES)

    @validate("by")
    def _known_by(self, proposal: Mapping[str, Any]) -> str:
        return known_name("way to count images", proposal["value"], BY)

    @validate("measure")
    def _known_measure(self, proposal: Mapping[str, Any]) -> str:
        return known_name("measure", proposal["value"], MEASURES)

    @validate("order")
    def _known_order(self, proposal: Mapping[str, Any]) -> str:
        return known_name("order", proposal["value"], ORDERS)

    @validate("compare")
    def _known_comparison(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        return None if value is None else self._data.known_comparison(value)

    @validate("cell", "hovered")
    def _known_cell(self, proposal: Mapping[str, Any]) -> list[str] | None:
        return checked_cell(self.run, proposal["value"], self.classes)

    @validate("object_class")
    def _known_class(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        return None if value is None else known_name("object class", value, self.classes)

    @validate("label")
    def _known_label(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        return None if value is None else known_name("label", value, known_labels(self.run))

    @observe("score")
    def _score_changed(self, change: Mapping[str, Any]) -> None:
        if self._started:
            self._thresholds[change["old"]] = self.threshold
            self.threshold = self._threshold_of(change["new"])

    def _threshold_of(self, score: str) -> float:
        """What was last used with that score, else its default."""
        return self._thresholds.get(score, default_threshold(score))

    @observe("cell", "label")
    def _one_label(self, change: Mapping[str, Any]) -> None:
        if change["new"] is not None:
            self.set_trait("label" if change["name"] == "cell" else "cell", None)

    @observe("roll_up")
    def _classes_changed(self, _change: Any) -> None:
        """Without a roll-up its own classes are gone."""
        if self._started and not self.roll_up:
            for name in ("cell", "hovered"):
                if getattr(self, name) is not None and getattr(self, name)[0] not in self.run.classes:
                    self.set_trait(name, None)
            if self.object_class not in (None, *self.run.classes):
                self.object_class = None

    # -- answers to the front end (js/heatmap/protocol.ts) -------------------------------------------------------------

    def _send_matrix(self, request: dict[str, Any], buffers: list[memoryview]) -> None:
        """Answers first, and then lets everybody else know of what was changed."""
        changed, now = dict(request.get("settings") or {}), self._settings
        if "score" in changed and "threshold" not in changed and changed["score"] != now.score:
            changed["threshold"] = self._threshold_of(known_name("score", changed["score"], SCORES))
        settings = self._data.parsed(changed, now)
        held = self._data.held(buffers, settings) if len(buffers) >= 2 else None
        shown = self._data.shown(settings, held, str(request.get("search") or ""))
        self.reply(request, *self._data.message(shown, settings, request.get("names"), held is None))
        if not request.get("tell", True):
            return
        for name in sorted(changed, key=["score"].__contains__, reverse=True):  # a score brings a threshold
            if name in SETTING_NAMES:
                setattr(self, name, getattr(settings, name))

    def _send_marks(self, request: dict[str, Any], buffers: list[memoryview]) -> None:
        """Answers from a thread of its own: a test of every cell takes longer than a paint."""
        settings = self._data.parsed(request.get("settings") or {}, self._settings)
        association, held = self._data.association(settings), self._data.held(buffers, settings)

        def job() -> None:
            try:
                found = self._marks(association, settings)
                shown = Shown(association, held)
                sign, p_adjusted = shown.part(found.sign), shown.part(found.p_adjusted)
                self.reply(request, {"rate": FALSE_DISCOVERY_RATE}, [sign.tobytes(), float_buffer(p_adjusted)])
            except Exception as error:  # noqa: BLE001  a boundary: the pool would swallow it
                self.show_error(error, request)

        self._background.submit(job)

    def _marks(self, association: Association, settings: Settings) -> Any:
        key = (settings.method, settings.score, settings.threshold, settings.min_confidence, settings.by,
               settings.roll_up)  # fmt: skip
        with self._marks_lock:
            if self._marks_of[0] != key:
                self._marks_of = (key, marks(association, FALSE_DISCOVERY_RATE))
            return self._marks_of[1]

    def _start_trial(self, request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        cell = request.get("cell")
        self.try_it(*(cell if cell is not None else (None, None)))
        return {}

    def _cancel_trial(self, _request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self.cancel_try()
        return {}

    def _tell_trial(self, state: dict[str, Any]) -> None:
        self.try_result = state

    def _send_picture(self, image_id: str, picture: bytes) -> None:
        self.send({"kind": "try_picture", "image_id": image_id}, [picture])


def known_labels(run: Run) -> tuple[str, ...]:
    """The labels that a column can have: the classifier's, and the corpus's own."""
    return tuple(dict.fromkeys((*run.labels, *run.annotations)))


def checked_cell(run: Run, cell: Any, classes: tuple[str, ...] | None = None) -> list[str] | None:
    """A cell as [object_class, label], or None; ``classes`` are by default the run's.

    Raises:
        UnknownNameError: the run has no such object class or label.
        EmocamError: it is not a pair of names.
    """
    if cell is None:
        return None
    if isinstance(cell, str) or not hasattr(cell, "__len__") or len(cell) != 2:
        raise EmocamError(f"A cell is a pair of an object class and a label, or None; got {cell!r}.")
    object_class, label = cell
    known = run.classes if classes is None else classes
    return [known_name("object class", object_class, known), known_name("label", label, known_labels(run))]
