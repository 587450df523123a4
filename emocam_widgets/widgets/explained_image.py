"""What the widgets share that show maps of one image with its boxes: both from the run, or made by the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import traitlets as t
from numpy.typing import NDArray

from emocam_widgets.analysis.importance import cam_importance
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain import METHODS
from emocam_widgets.run.grids import stored_masks
from emocam_widgets.types import Cam, Detections, Output
from emocam_widgets.widgets.base import float_buffer
from emocam_widgets.widgets.one_image import Message, OneImageWidget

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.engine.evaluating import Answer
    from emocam_widgets.run import Run

MOST_BOXES = 60
NO_MAP = "The run holds no such map of this image, and there is no worker that could make it."


class Key(NamedTuple):
    """Which map: of the image that is shown as number `scene`; target None is the predicted label, output None the
    method's own."""

    scene: int
    target: str | None
    method: str
    output: Output | None = None


class ExplainedImage(OneImageWidget):
    """An image whose boxes and maps can be had, each computed once.

    A subclass calls `super()._changed()` where it overrides it.
    """

    target = t.Unicode(None, allow_none=True).tag(sync=True)
    min_confidence = t.Float(None, allow_none=True, min=0.0, max=1.0).tag(sync=True)

    def __init__(
        self, worker: Worker | None = None, corpus: Corpus | None = None, run: Run | None = None, **traits: Any
    ) -> None:
        self._cams: dict[Key, Cam] = {}
        self._found: tuple[int, Detections] | None = None
        super().__init__(worker, corpus, run, **traits)
        self.observe(self._begin_anew, "min_confidence")
        self.on_message("boxes", self._send_boxes)

    @property
    def boxes(self) -> pd.DataFrame:
        """The boxes of the image, the surest first: object_class, confidence, x0, y0, x1, y1 (pixels); at most the 60
        surest, and none below ``min_confidence``.

        From the run where it holds the image, else by the worker's detector; none where there is neither.
        """
        found = self._detections()
        table = pd.DataFrame(found.boxes, columns=["x0", "y0", "x1", "y1"])
        table.insert(0, "object_class", found.object_class)
        table.insert(1, "confidence", found.confidence)
        return table

    @property
    def _known_methods(self) -> list[str]:
        stored = self.run.methods if self.run is not None else ()
        return list(dict.fromkeys([*(METHODS if self.worker is not None else ()), *stored])) or list(METHODS)

    @t.validate("target")
    def _valid_target(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        return value if value is None or not self.labels else known_name("label", value, self.labels)

    def _changed(self) -> None:
        self._cams.clear()
        self._found = None

    def _begin_anew(self, _change: Mapping[str, Any]) -> None:
        """Other boxes have other numbers, so that nothing said of the old ones holds."""
        self._show(self._base, self._file, self._problem)

    # -- maps ----------------------------------------------------------------------------------------------------------

    def _computed(self, key: Key) -> Cam:
        """The map, waited for where it is not at hand."""
        stored = self._at_hand(key)
        return stored if stored is not None else self._keep(key, self._asked(key).result())

    def _keep(self, key: Key, answer: Answer) -> Cam:
        cam = answer[1]
        if cam is None:
            raise AssertionError("a map was asked for")
        with self._state_lock:
            if key.scene == self._scene:
                self._cams[key] = cam
        return cam

    def _at_hand(self, key: Key) -> Cam | None:
        """The map where it need not be computed."""
        with self._state_lock:
            if key not in self._cams and self.run is not None and self.image_id is not None:
                try:
                    self._cams[key] = self.run.grid(self.image_id, key.method, key.target, key.output)
                except EmocamError:
                    return None  # the run has not this one: the worker makes it
            return self._cams.get(key)

    def _asked(self, key: Key) -> Future[Answer]:
        if self._base is None:
            raise EmocamError(self._problem or "There is no image yet: use set_image().")
        if self.worker is None or key.method not in METHODS:
            raise EmocamError(NO_MAP)
        from emocam_widgets.engine.executor import BATCH, INTERACTIVE

        # What waits at one priority is computed together: the quick ones must not wait for the slow.
        priority = BATCH if is_slow(key.method) else INTERACTIVE
        return self.worker.submit_evaluate(self._base, key.method, key.target, key.output, priority=priority)

    def _ask_for(self, key: Key, known: Callable[[Cam], None], failed: Callable[[Exception], None]) -> None:
        """Calls `known` with the map, now or later from the thread that made it, or `failed` with why there is none."""
        stored = self._at_hand(key)
        if stored is not None:
            known(stored)
            return
        try:
            future = self._asked(key)
        except EmocamError as error:
            failed(error)
            return

        def done(made: Future[Answer]) -> None:
            try:
                known(self._keep(key, made.result()))
            except Exception as error:  # noqa: BLE001  a boundary: the future would swallow it
                failed(error)

        future.add_done_callback(done)

    def _reply_problem(self, request: Mapping[str, Any], error: Exception, **content: Any) -> None:
        """Answers with the reason where it is one for users, else shows the error under the widget."""
        if isinstance(error, EmocamError | CancelledError):
            self.reply(request, {**content, "problem": str(error)})
        else:
            self.show_error(error, request)

    # -- boxes ---------------------------------------------------------------------------------------------------------

    def _detections(self) -> Detections:
        with self._state_lock:
            scene, base, found = self._scene, self._base, self._found
        if found is not None and found[0] == scene:
            return found[1]
        detections = Detections.none("none") if base is None else self._detect(base)
        order = np.argsort(-detections.confidence, kind="stable")[:MOST_BOXES]
        classes = np.array(detections.object_class, dtype=object)[order]
        masks = detections.encoded_masks
        chosen = Detections(
            detections.boxes[order],
            detections.confidence[order],
            tuple(classes),
            detections.detector,
            None if masks is None else tuple(masks[i] for i in order),
        )
        with self._state_lock:
            if scene == self._scene:
                self._found = (scene, chosen)
        return chosen

    def _detect(self, base: Any) -> Detections:
        run, worker, least = self.run, self.worker, self.min_confidence
        if run is not None and self.image_id is not None:
            rows = run.boxes_of(self.image_id)
            rows = rows[rows["confidence"] >= (run.min_confidence if least is None else least)]
            corners = rows[["x0", "y0", "x1", "y1"]].to_numpy()
            masks = tuple(mask or "" for mask in stored_masks(rows["mask"]))
            found = None if not any(masks) else masks
            return Detections(corners, rows["confidence"].to_numpy(), tuple(rows["object_class"]), "run", found)
        if worker is None or worker.detector is None:
            return Detections.none("none")
        return worker.detect(base, worker.min_confidence if least is None else least)

    def _known_boxes(self) -> NDArray[np.float32]:
        """(n, 4), as far as they were found: in the worker's thread nothing may be asked of it."""
        found = self._known_detections()
        return np.zeros((0, 4), np.float32) if found is None else found.boxes

    def _known_detections(self) -> Detections | None:
        with self._state_lock:
            return self._found[1] if self._found is not None and self._found[0] == self._scene else None

    def _importance(self, cam: Cam, score: str) -> NDArray[np.float32]:
        """(n,), of the boxes as far as they were found."""
        with self._state_lock:
            base, found = self._base, self._known_detections()
        if base is None or found is None or not len(found):
            return np.zeros(0, np.float32)
        masks = None if found.encoded_masks is None else [mask or None for mask in found.encoded_masks]
        return cam_importance(cam, found.boxes, base.width, base.height, score, masks)

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _more_of_scene(self) -> dict[str, Any]:
        return {"detects": self.run is not None or (self.worker is not None and self.worker.detector is not None)}

    def _send_boxes(self, _content: dict[str, Any], _buffers: list[memoryview]) -> Message:
        scene, found = self._scene, self._detections()
        content = {"scene": scene, "classes": list(found.object_class), "masks": found.encoded_masks is not None}
        return content, [float_buffer(found.boxes), float_buffer(found.confidence)]


def cam_message(cam: Cam) -> dict[str, Any]:
    """What the front end must know of a map beside its values."""
    view = cam.view
    return {
        "target": cam.target,
        "output": cam.output,
        "cam": [*cam.grid.shape, view.x0, view.y0, view.x1, view.y1],
    }


def is_slow(method: str) -> bool:
    """Whether it runs the whole network for every channel of the target layer."""
    return method in METHODS and METHODS[method].needs_inputs
