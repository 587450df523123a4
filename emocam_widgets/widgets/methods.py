"""MethodComparison: every method's map of one image beside the others, with what each says of the boxes in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import traitlets as t

from emocam_widgets.analysis.importance import SCORES, cam_importance
from emocam_widgets.analysis.map_agreement import map_correlations
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain import METHODS, check_method
from emocam_widgets.run.run import DEFAULT_MIN_CONFIDENCE
from emocam_widgets.types import Cam, Detections
from emocam_widgets.widgets.base import float_buffer, static
from emocam_widgets.widgets.one_image import Message, OneImageWidget

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.engine.evaluating import Answer
    from emocam_widgets.engine.worker import ImageLike
    from emocam_widgets.run import Run

MOST_BOXES = 60
Key = tuple[int, str | None, str]  # scene, target, method
NO_MAP = "The run holds no such map of this image, and there is no worker that could make it."


class MethodComparison(OneImageWidget):
    """One image under many explanation methods, as linked small pictures that come in as they are computed.

    Args:
        image: what to explain: a PIL image, a uint8 array (h, w, 3), a file, or an id of the corpus; may come later
            (``set_image``, or the trait ``image_id``).
        worker: makes the maps, and finds boxes where it has a detector.
        corpus: where ``image_id`` is looked up.
        run: what it holds of the image, maps and boxes, is taken from it; its corpus is the corpus by default.

    Traits, all shared with the front end and to be set or observed from Python:
        image_id: an id of the corpus, or None.
        methods: which maps are shown, in this order; by default all that can explain the worker's classifier and do not
            run the whole network many times for it (score-cam does), or without a worker those of the run.
        target: the label that is explained, or None: the predicted one.
        score: how a box's importance is computed, a name in analysis.importance.SCORES.
        box: the box that is pointed at, a row of `boxes`, or None.
        enlarged: the method whose map is shown large, or None.
        show_boxes, cam_opacity (0..1): what is drawn over the pictures.

    Raises:
        EmocamError: the image cannot be used.
        UnknownNameError: a setting names something that does not exist.
    """

    _esm, _css = static("methods")

    methods: t.List[str] = t.List(t.Unicode()).tag(sync=True)
    target = t.Unicode(None, allow_none=True).tag(sync=True)
    score = t.Unicode("mean").tag(sync=True)
    box = t.Int(None, allow_none=True, min=0).tag(sync=True)
    enlarged = t.Unicode(None, allow_none=True).tag(sync=True)
    show_boxes = t.Bool(True).tag(sync=True)
    cam_opacity = t.Float(0.6, min=0.0, max=1.0).tag(sync=True)

    def __init__(
        self,
        image: ImageLike | None = None,
        worker: Worker | None = None,
        corpus: Corpus | None = None,
        run: Run | None = None,
        **traits: Any,
    ) -> None:
        self._cams: dict[Key, Cam] = {}
        self._found: tuple[int, Detections] | None = None
        image_id = traits.pop("image_id", None)
        super().__init__(worker, corpus, run)
        self.methods = list(traits.pop("methods", None) or self._usual_methods())
        for name, value in traits.items():
            if not self.has_trait(name):
                raise TypeError(f"{type(self).__name__} has no setting {name!r}")
            setattr(self, name, value)
        self.on_message("boxes", self._send_boxes)
        self.on_message("cam", self._send_cam)
        self.on_message("correlations", self._send_correlations)
        if image is not None:
            self.set_image(image)
        if image_id is not None:
            self.image_id = image_id

    # -- what Python users call ----------------------------------------------------------------------------------------

    @property
    def boxes(self) -> pd.DataFrame:
        """The boxes of the image, the surest first: object_class, confidence, x0, y0, x1, y1 (pixels); at most 60.

        From the run where it holds the image, else by the worker's detector; none where there is neither.
        """
        found = self._detections()
        table = pd.DataFrame(found.boxes, columns=["x0", "y0", "x1", "y1"])
        table.insert(0, "object_class", found.object_class)
        table.insert(1, "confidence", found.confidence)
        return table

    def cam(self, method: str) -> Cam:
        """The map of a method, of the present image and target: from the run, or computed.

        Raises:
            UnknownNameError: there is no such method.
            EmocamError: there is no image, nobody has or makes that map, or the method cannot explain the classifier.
        """
        known_name("method", method, self._known_methods)
        key = self._key(method)
        stored = self._at_hand(key)
        if stored is not None:
            return stored
        return self._keep(key, self._asked(key).result())

    def importances(self) -> pd.DataFrame:
        """The importance of each box (rows, as in `boxes`) under each of the `methods` (columns), 0..1."""
        found = self.boxes
        columns = {method: self._importance(self.cam(method), self.score) for method in self.methods}
        return pd.concat([found[["object_class", "confidence"]], pd.DataFrame(columns, index=found.index)], axis=1)

    def correlations(self) -> pd.DataFrame:
        """Spearman's rank correlation between the maps of every two of the `methods`: `analysis.map_agreement`."""
        return map_correlations({method: self.cam(method) for method in self.methods})

    # -- state ---------------------------------------------------------------------------------------------------------

    @property
    def _known_methods(self) -> list[str]:
        stored = self.run.methods if self.run is not None else ()
        return list(dict.fromkeys([*(METHODS if self.worker is not None else ()), *stored])) or list(METHODS)

    def _usual_methods(self) -> list[str]:
        if self.worker is None:
            return self._known_methods if self.run is not None else []
        return [name for name in self._known_methods if self._can(name) and not _is_slow(name)]

    def _can(self, method: str) -> bool:
        """Whether it can explain the classifier, as far as that is known here: not of a shared worker's."""
        if method not in METHODS or self.worker is None or not hasattr(self.worker.classifier, "layers"):
            return True
        try:
            check_method(self.worker.classifier, method)
        except EmocamError:
            return False
        return True

    @t.validate("methods")
    def _valid_methods(self, proposal: Mapping[str, Any]) -> list[str]:
        return [known_name("method", name, self._known_methods) for name in dict.fromkeys(proposal["value"])]

    @t.validate("enlarged")
    def _valid_enlarged(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        return None if value is None else known_name("method", value, self._known_methods)

    @t.validate("target")
    def _valid_target(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        return value if value is None or not self.labels else known_name("label", value, self.labels)

    @t.validate("score")
    def _valid_score(self, proposal: Mapping[str, Any]) -> str:
        return known_name("score", proposal["value"], SCORES)

    def _changed(self) -> None:
        self._cams.clear()
        self._found = None
        self.box = None

    # -- maps and boxes ------------------------------------------------------------------------------------------------

    def _key(self, method: str) -> Key:
        return self._scene, self.target, method

    def _keep(self, key: Key, answer: Answer) -> Cam:
        cam = answer[1]
        if cam is None:
            raise AssertionError("a map was asked for")
        with self._state_lock:
            if key[0] == self._scene:
                self._cams[key] = cam
        return cam

    def _at_hand(self, key: Key) -> Cam | None:
        """The map where it need not be computed."""
        with self._state_lock:
            if key not in self._cams and self.run is not None and self.image_id is not None:
                try:
                    self._cams[key] = self.run.grid(self.image_id, key[2], key[1])
                except EmocamError:
                    return None  # the run has not this one: the worker makes it
            return self._cams.get(key)

    def _asked(self, key: Key) -> Future[Answer]:
        _, target, method = key
        if self._base is None:
            raise EmocamError(self._problem or "There is no image yet: use set_image().")
        if self.worker is None or method not in METHODS:
            raise EmocamError(NO_MAP)
        from emocam_widgets.engine.executor import BATCH, INTERACTIVE

        # What waits at one priority is computed together: the quick ones must not wait for the slow.
        priority = BATCH if _is_slow(method) else INTERACTIVE
        return self.worker.submit_evaluate(self._base, method, target, priority=priority)

    def _detections(self) -> Detections:
        with self._state_lock:
            scene, base, found = self._scene, self._base, self._found
        if found is not None and found[0] == scene:
            return found[1]
        detections = Detections.none("none") if base is None else self._detect(base)
        order = np.argsort(-detections.confidence, kind="stable")[:MOST_BOXES]
        classes = np.array(detections.object_class, dtype=object)[order]
        chosen = Detections(detections.boxes[order], detections.confidence[order], tuple(classes), detections.detector)
        with self._state_lock:
            if scene == self._scene:
                self._found = (scene, chosen)
        return chosen

    def _detect(self, base: Any) -> Detections:
        run, worker = self.run, self.worker
        if run is not None and self.image_id is not None:
            rows = run.boxes_of(self.image_id)
            rows = rows[rows["confidence"] >= run.min_confidence]
            corners = rows[["x0", "y0", "x1", "y1"]].to_numpy()
            return Detections(corners, rows["confidence"].to_numpy(), tuple(rows["object_class"]), "run")
        if worker is None or worker.detector is None:
            return Detections.none("none")
        settings = getattr(worker.detector, "settings", {})
        return worker.detect(base, float(settings.get("confidence", DEFAULT_MIN_CONFIDENCE)))

    def _importance(self, cam: Cam, score: str) -> Any:
        """Of the boxes as far as they were found: in the worker's thread nothing may be asked of it."""
        with self._state_lock:
            scene, base, found = self._scene, self._base, self._found
        if base is None or found is None or found[0] != scene:
            return np.zeros(0, np.float32)
        return cam_importance(cam, found[1].boxes, base.width, base.height, score)

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _more_of_scene(self) -> dict[str, Any]:
        known = self._known_methods
        return {
            "known": known,
            "slow": [name for name in known if _is_slow(name)],
            "detects": self.run is not None or (self.worker is not None and self.worker.detector is not None),
            "scores": list(SCORES),
        }

    def _send_boxes(self, _content: dict[str, Any], _buffers: list[memoryview]) -> Message:
        scene, found = self._scene, self._detections()
        content = {"scene": scene, "classes": list(found.object_class)}
        return content, [float_buffer(found.boxes), float_buffer(found.confidence)]

    def _send_cam(self, request: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Answers when the map is there, from whichever thread made it; one that cannot be made says why."""
        method = known_name("method", str(request["method"]), self._known_methods)
        if self._base is not None:
            self._detections()
        key = (self._scene, self._asked_target(request), method)
        stored = self._at_hand(key)
        if stored is not None:
            self._reply_cam(request, key, stored)
            return
        try:
            future = self._asked(key)
        except EmocamError as error:
            self.reply(request, {"method": method, "problem": str(error)})
            return
        future.add_done_callback(lambda done: self._cam_done(request, key, done))

    def _asked_target(self, request: Mapping[str, Any]) -> str | None:
        """The question comes before the trait that it was asked for."""
        target = request["target"]
        return None if target is None else known_name("label", str(target), self.labels)

    def _cam_done(self, request: Mapping[str, Any], key: Key, done: Future[Answer]) -> None:
        try:
            self._reply_cam(request, key, self._keep(key, done.result()))
        except (EmocamError, CancelledError) as error:
            self.reply(request, {"method": key[2], "problem": str(error)})
        except Exception as error:  # noqa: BLE001  a boundary: the future would swallow it
            self.show_error(error, request)

    def _reply_cam(self, request: Mapping[str, Any], key: Key, cam: Cam) -> None:
        view = cam.view
        content = {
            "scene": key[0],
            "method": key[2],
            "asked": key[1],
            "target": cam.target,
            "output": cam.output,
            "cam": [*cam.grid.shape, view.x0, view.y0, view.x1, view.y1],
            "problem": None,
        }
        score = known_name("score", str(request["score"]), SCORES)
        self.reply(request, content, [float_buffer(cam.grid), float_buffer(self._importance(cam, score))])

    def _send_correlations(self, request: dict[str, Any], _buffers: list[memoryview]) -> Message:
        with self._state_lock:
            names: Sequence[str] = [str(name) for name in request["methods"]]
            target = self._asked_target(request)
            keys = {name: (self._scene, target, name) for name in names}
            known = {name: self._cams[key] for name, key in keys.items() if key in self._cams}
        table = map_correlations(known)
        return {"methods": list(known)}, [float_buffer(table.to_numpy())]


def _is_slow(method: str) -> bool:
    """Whether it runs the whole network for every channel of the target layer."""
    return method in METHODS and METHODS[method].needs_inputs
