"""MethodComparison: every method's map of one image beside the others, with what each says of the boxes in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import traitlets as t

from emocam_widgets.analysis.box_scores import SCORES
from emocam_widgets.analysis.map_agreement import map_correlations
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain import METHODS, check_method
from emocam_widgets.types import Cam
from emocam_widgets.widgets.base import float_buffer, static
from emocam_widgets.widgets.explained_image import ExplainedImage, Key, cam_message, is_slow
from emocam_widgets.widgets.one_image import Message

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.engine.worker import ImageLike
    from emocam_widgets.run import Run


class MethodComparison(ExplainedImage):
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
        score: how a box's importance is computed, a name in analysis.importance.SCORES. "mask-mean" takes the mean over
            the box where the detector gave no mask.
        min_confidence: a box of less is not shown, 0..1; None: from what the run or the detector was made with.
        box: the box that is pointed at, a row of `boxes`, or None.
        enlarged: the method whose map is shown large, or None.
        show_boxes, cam_opacity (0..1): what is drawn over the pictures.

    Raises:
        EmocamError: the image cannot be used.
        UnknownNameError: a setting names something that does not exist.
    """

    _esm, _css = static("methods")

    methods: t.List[str] = t.List(t.Unicode()).tag(sync=True)
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
        image_id = traits.pop("image_id", None)
        super().__init__(worker, corpus, run)
        self.methods = list(traits.pop("methods", None) or self._usual_methods())
        for name, value in traits.items():
            if not self.has_trait(name):
                raise TypeError(f"{type(self).__name__} has no setting {name!r}")
            setattr(self, name, value)
        self.on_message("cam", self._send_cam)
        self.on_message("correlations", self._send_correlations)
        if image is not None:
            self.set_image(image)
        if image_id is not None:
            self.image_id = image_id

    # -- what Python users call ----------------------------------------------------------------------------------------

    def cam(self, method: str) -> Cam:
        """The map of a method, of the present image and target: from the run, or computed.

        Raises:
            UnknownNameError: there is no such method.
            EmocamError: there is no image, nobody has or makes that map, or the method cannot explain the classifier.
        """
        known_name("method", method, self._known_methods)
        return self._computed(Key(self._scene, self.target, method))

    def importances(self) -> pd.DataFrame:
        """The importance of each box (rows, as in `boxes`) under each of the `methods` (columns), 0..1."""
        found = self.boxes
        columns = {method: self._importance(self.cam(method), self.score) for method in self.methods}
        return pd.concat([found[["object_class", "confidence"]], pd.DataFrame(columns, index=found.index)], axis=1)

    def correlations(self) -> pd.DataFrame:
        """Spearman's rank correlation between the maps of every two of the `methods`: `analysis.map_agreement`."""
        return map_correlations({method: self.cam(method) for method in self.methods})

    # -- state ---------------------------------------------------------------------------------------------------------

    def _usual_methods(self) -> list[str]:
        if self.worker is None:
            return self._known_methods if self.run is not None else []
        return [name for name in self._known_methods if self._can(name) and not is_slow(name)]

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

    @t.validate("score")
    def _valid_score(self, proposal: Mapping[str, Any]) -> str:
        return known_name("score", proposal["value"], SCORES)

    def _changed(self) -> None:
        super()._changed()
        self.box = None

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _more_of_scene(self) -> dict[str, Any]:
        known = self._known_methods
        slow = [name for name in known if is_slow(name)]
        return {**super()._more_of_scene(), "known": known, "slow": slow, "scores": list(SCORES)}

    def _send_cam(self, request: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Answers when the map is there, from whichever thread made it; one that cannot be made says why."""
        method = known_name("method", str(request["method"]), self._known_methods)
        if self._base is not None:
            self._detections()
        key = Key(self._scene, self._asked_target(request), method)
        self._ask_for(
            key,
            lambda cam: self._reply_cam(request, key, cam),
            lambda error: self._reply_problem(request, error, method=method),
        )

    def _asked_target(self, request: Mapping[str, Any]) -> str | None:
        """The question comes before the trait that it was asked for."""
        target = request["target"]
        return None if target is None else known_name("label", str(target), self.labels)

    def _reply_cam(self, request: Mapping[str, Any], key: Key, cam: Cam) -> None:
        content = {
            "scene": key.scene,
            "method": key.method,
            "asked": key.target,
            **cam_message(cam),
            "problem": None,
        }
        score = known_name("score", str(request["score"]), SCORES)
        self.reply(request, content, [float_buffer(cam.grid), float_buffer(self._importance(cam, score))])

    def _send_correlations(self, request: dict[str, Any], _buffers: list[memoryview]) -> Message:
        with self._state_lock:
            names: Sequence[str] = [str(name) for name in request["methods"]]
            target = self._asked_target(request)
            keys = {name: Key(self._scene, target, name) for name in names}
            known = {name: self._cams[key] for name, key in keys.items() if key in self._cams}
        table = map_correlations(known)
        return {"methods": list(known)}, [float_buffer(table.to_numpy())]
