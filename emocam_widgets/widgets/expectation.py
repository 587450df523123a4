"""Expectation: the viewer marks what should speak for a label, locks that, and only then sees where the model looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import traitlets as t

from emocam_widgets.analysis.expectation import box_areas, check_marks, expectation_agreement, marked_cells_of
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.types import OUTPUTS, Cam
from emocam_widgets.widgets.base import float_buffer, static
from emocam_widgets.widgets.explained_image import ExplainedImage, Key, cam_message, is_slow
from emocam_widgets.widgets.one_image import marked_numbers

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.engine.answers import Ballot, Totals
    from emocam_widgets.engine.worker import ImageLike
    from emocam_widgets.run import Run

QUESTION = "What should speak for {label}? Click the things that the model should look at."
SCORE = "mean"
GRID_METHOD = "grad-cam"
"""Tells the grid where the method itself is slow: all methods look at the same layer."""
_NOTHING: dict[str, list[int]] = {"boxes": [], "cells": []}
NOT_YET = "Not before what you expect is locked: mark it, then press “Lock and reveal”."


class Expectation(ExplainedImage):
    """One image without its map: the viewer marks boxes and cells, locks that, and then sees how far the map agrees.

    Before that the map is not sent to the browser. Where the worker is shared, the answers of all its kernels to the
    same question (image, method, label, grid) add up beside the model's, for those who have locked theirs.

    Args:
        image: a PIL image, a uint8 array (h, w, 3), a file, or an id of the corpus; may come later (``set_image``, or
            the trait ``image_id``).
        worker: makes the map, finds the boxes where it has a detector, and knows the class.
        corpus: where ``image_id`` is looked up.
        run: what it holds of the image, map and boxes, is taken from it; its corpus is the corpus by default.

    Traits, all shared with the front end and to be set or observed from Python:
        image_id: an id of the corpus, or None.
        method, target, output: of the map; target None is the predicted label, output None the method's own.
        min_confidence: a box of less is not there, 0..1; None: from what the run or the detector was made with. The
            surest 60 are offered at most. A detector that was made to find all it can is worth a higher one here.
            Another image, method, target, output or min_confidence is another question: it begins without marks.
        question: what is asked, above the picture; "{label}" in it stands for the label.
        chosen: {"boxes": [...], "cells": [...]}: rows of ``boxes`` and cells of the map's grid (row by row from 0) that
            the viewer marked; locked while ``committed``.
        committed: what was chosen is locked and the map is shown; needs something chosen.
        seen_before: the map was shown before this was locked, so it is no blind judgement.
        agreement: once committed and explained, what `analysis.expectation.Expected` holds: "area", "mass", "lift",
            "hit", "cell_iou" and "box_iou", None where undefined; {} before.
        sentence: the same in plain words, or "".
        participants: how many of the class have answered this question blindly, the viewer among them, once committed;
            1 where the worker is not shared, 0 where there is none.
        class_boxes, class_cells: how many of them marked each box, and each cell (also by a box over its centre).
        cam_opacity: of the map, 0..1.

    Raises:
        EmocamError: the image cannot be used.
        UnknownNameError: a setting names something that does not exist.
    """

    _esm, _css = static("expectation")

    method = t.Unicode("grad-cam").tag(sync=True)
    output = t.Unicode(None, allow_none=True).tag(sync=True)
    question = t.Unicode(QUESTION).tag(sync=True)
    chosen = t.Dict(_NOTHING).tag(sync=True)
    committed = t.Bool(False).tag(sync=True)
    seen_before = t.Bool(False).tag(sync=True)
    agreement = t.Dict().tag(sync=True)
    sentence = t.Unicode("").tag(sync=True)
    participants = t.Int(0).tag(sync=True)
    class_boxes: t.List[int] = t.List(t.Int()).tag(sync=True)
    class_cells: t.List[int] = t.List(t.Int()).tag(sync=True)
    cam_opacity = t.Float(0.6, min=0.0, max=1.0).tag(sync=True)

    def __init__(
        self,
        image: ImageLike | None = None,
        worker: Worker | None = None,
        corpus: Corpus | None = None,
        run: Run | None = None,
        **traits: Any,
    ) -> None:
        self._ballot: Ballot | None = None
        self._leave_class: Callable[[], None] = lambda: None
        later = {
            name: traits.pop(name) for name in ("image_id", "seen_before", "chosen", "committed") if name in traits
        }
        super().__init__(worker, corpus, run, **traits)
        self.observe(self._ask_anew, ["method", "target", "output"])
        self.observe(self._lock_or_open, "committed")
        self.on_message("grid", self._send_grid)
        self.on_message("map", self._send_map)
        self.on_message("lock", self._lock_from_view)
        self.on_message("again", self._again_from_view)
        if worker is not None:
            worker.on_state(self._follow_worker)
        if image is not None:
            self.set_image(image)
        for name, value in later.items():
            setattr(self, name, value)

    # -- what Python users call ----------------------------------------------------------------------------------------

    @property
    def label(self) -> str | None:
        """The label that is asked about: ``target``, or the predicted one; None where nobody knows it."""
        if self.target is not None:
            return self.target
        if self.run is not None and self.image_id is not None:
            return str(self.run.image(self.image_id)["label"])
        return self.worker.predict(self._base).label if self.worker is not None and self._base is not None else None

    @property
    def chosen_classes(self) -> list[str]:
        """The object classes of the boxes that are marked, each once."""
        classes = self._detections().object_class
        return list(dict.fromkeys(classes[box] for box in self.chosen["boxes"] if box < len(classes)))

    def reveal(self) -> dict[str, Any]:
        """Lock what is chosen, wait for the map, and say how far both agree: ``agreement``.

        Raises:
            traitlets.TraitError: nothing is chosen.
            EmocamError: nobody has or makes that map.
        """
        self.committed = True
        cam = self._computed(self._key)
        self._judge(cam, self._key)
        return dict(self.agreement)

    def mark_anew(self) -> None:
        """Cover the map and take all marks away; ``seen_before`` says from now on that it was shown."""
        with self._state_lock:
            self.committed = False
            self.chosen = _NOTHING

    def table(self) -> pd.DataFrame:
        """The boxes, most important first: object_class, importance (0..1), area (share of the image), marked, and
        expected_by: how many of the class marked it.

        Raises:
            EmocamError: what is chosen is not locked yet.
        """
        if not self.committed or self._base is None:
            raise EmocamError(NOT_YET)
        cam, boxes = self._computed(self._key), self.boxes
        table = boxes[["object_class"]].assign(
            importance=self._importance(cam, SCORE),
            area=box_areas(self._known_boxes(), *self._base.size),
            marked=boxes.index.isin(self.chosen["boxes"]),
        )
        counts = self.class_boxes if len(self.class_boxes) == len(boxes) else table["marked"].astype(int)
        return table.assign(expected_by=counts).sort_values("importance", ascending=False)

    def close(self) -> None:
        """Close the view; what the viewer answered stays with the class."""
        self._leave_class()
        super().close()

    # -- state ---------------------------------------------------------------------------------------------------------

    @property
    def _key(self) -> Key:
        return Key(self._scene, self.target, self.method, self.output)  # type: ignore[arg-type]

    @t.validate("method")
    def _valid_method(self, proposal: Mapping[str, Any]) -> str:
        return known_name("method", proposal["value"], self._known_methods)

    @t.validate("output")
    def _valid_output(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        return None if value is None else known_name("output", value, OUTPUTS)

    @t.validate("chosen")
    def _valid_chosen(self, proposal: Mapping[str, Any]) -> dict[str, list[int]]:
        chosen = marked_numbers("chosen", proposal["value"], ("boxes", "cells"), "lists of numbers of boxes and cells")
        if self.committed and chosen != self.chosen:
            raise t.TraitError("What was chosen is locked: it was marked before the map was seen. Mark anew first.")
        return chosen

    @t.validate("committed")
    def _valid_committed(self, proposal: Mapping[str, Any]) -> bool:
        committed = bool(proposal["value"])
        if committed and (self._base is None or not any(self.chosen.values())):
            raise t.TraitError("There is nothing to lock yet: mark what you expect in a picture first.")
        if committed:
            try:
                check_marks(self.chosen["boxes"], len(self._detections()), "box")
            except EmocamError as error:
                raise t.TraitError(str(error)) from error
        return committed

    def _changed(self) -> None:
        super()._changed()
        self.mark_anew()
        self.seen_before = False
        self._ballot = None

    def _ask_anew(self, _change: Mapping[str, Any]) -> None:
        self._show(self._base, self._file, self._problem)

    def _begin_anew(self, change: Mapping[str, Any]) -> None:
        """Other boxes, but the same map: who has seen it has seen it."""
        with self._state_lock:
            seen = self.seen_before or bool(self.agreement)
            super()._begin_anew(change)
            self.seen_before = seen

    def _lock_or_open(self, change: Mapping[str, Any]) -> None:
        key = self._key
        if change["new"]:
            self._ask_for(key, lambda cam: self._judge(cam, key), self._no_map)
            return
        with self._state_lock:
            self.seen_before = self.seen_before or bool(self.agreement)
            self.agreement, self.sentence = {}, ""
            self._leave_class()
            self._leave_class = lambda: None
            self.participants, self.class_boxes, self.class_cells = 0, [], []

    def _judge(self, cam: Cam, key: Key) -> None:
        """The map is here (perhaps in the worker's thread) of what was locked."""
        with self._state_lock:
            base, boxes = self._base, self._known_boxes()
            if not self.committed or key != self._key or base is None or self.agreement:
                return
            chosen = self.chosen["boxes"], self.chosen["cells"]
            found = expectation_agreement(cam, boxes, base.width, base.height, *chosen)
            self.agreement, self.sentence = found.as_dict(), found.sentence
            self._join_class(cam)

    def _no_map(self, error: Exception) -> None:
        self.committed = False
        self.show_error(error)

    # -- the class -----------------------------------------------------------------------------------------------------

    def _join_class(self, cam: Cam) -> None:
        """Gives the first blind answer to this question: what is marked after the map was seen is no expectation."""
        if self.worker is None:
            return
        if self._ballot is None and not self.seen_before:
            self._ballot = self._blind_answer(cam)
        if self._ballot is not None:
            ballot, n_boxes = self._ballot, len(self._known_boxes())
            self._leave_class = self.worker.join_class(ballot, lambda totals: self._take_class(ballot, n_boxes, totals))

    def _blind_answer(self, cam: Cam) -> Ballot:
        from emocam_widgets.engine.answers import Ballot, question_key
        from emocam_widgets.engine.cache import image_key

        if self._base is None:
            raise AssertionError("a map goes with its image")
        boxes, shape = self._known_boxes(), cam.grid.shape
        same = (image_key(self._base), cam.method, cam.target, cam.output, shape, boxes.round().tolist())
        cells = marked_cells_of(shape, cam.view, boxes, self.chosen["boxes"], self.chosen["cells"])
        chosen = [*self.chosen["boxes"], *(len(boxes) + cells)]
        return Ballot.of(question_key("expectation", *same), len(boxes) + cam.grid.size, chosen)

    def _take_class(self, ballot: Ballot, n_boxes: int, totals: Totals) -> None:
        with self._state_lock:
            if ballot is not self._ballot or not self.committed:
                return
            self.class_boxes, self.class_cells = list(totals.counts[:n_boxes]), list(totals.counts[n_boxes:])
            self.participants = totals.participants

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _more_of_scene(self) -> dict[str, Any]:
        shared = self.worker is not None and self.worker.shared
        return {**super()._more_of_scene(), "label": self.label or "", "shared": shared}

    def _send_grid(self, request: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Where the map's cells lie, and nothing of the map; a quick map is made meanwhile, and kept here."""
        key = self._key
        if is_slow(key.method) and self._at_hand(key) is None:
            key = key._replace(method=GRID_METHOD, output=None)

        def known(cam: Cam) -> None:
            self.reply(request, {"scene": key.scene, "grid": cam_message(cam)["cam"], "problem": None})

        self._ask_for(key, known, lambda error: self._reply_problem(request, error))

    def _send_map(self, request: dict[str, Any], _buffers: list[memoryview]) -> None:
        """The map, once what is expected is locked."""
        key = self._key
        if not self.committed:
            self.reply(request, {"problem": NOT_YET})
            return

        def known(cam: Cam) -> None:
            content = {"scene": key.scene, **cam_message(cam), "method": key.method, "problem": None}
            self.reply(request, content, [float_buffer(cam.grid), float_buffer(self._importance(cam, SCORE))])

        self._ask_for(key, known, lambda error: self._reply_problem(request, error))

    def _lock_from_view(self, request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        # By message and not by trait: what is asked next comes after it.
        self.chosen = request["chosen"]
        self.committed = True
        return {}

    def _again_from_view(self, _request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self.mark_anew()
        return {}

    def _follow_worker(self, state: str | None) -> None:
        """Says under the widget that a shared worker was lost, until it answers again."""
        self.send({"kind": "notice", "sentence": state})
