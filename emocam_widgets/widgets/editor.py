"""The object editor: paste things onto a picture, change regions of it, and watch the classifier's labels follow.

The front end paints while the hand moves; each probability it shows is of the picture composited here, at full
resolution.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t
from PIL import Image

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine.edited_scene import NO_WORKER, EditedScene
from emocam_widgets.engine.region_edits import RegionEdit, parse_edits
from emocam_widgets.engine.sweep import COLUMNS, ROWS, Sweep, SweepResult
from emocam_widgets.errors import EmocamError
from emocam_widgets.types import Detections, Prediction
from emocam_widgets.widgets.base import LiveWidget, float_buffer, static
from emocam_widgets.widgets.editor_boxes import NamedBoxes, boxes_of_image
from emocam_widgets.widgets.editor_extras import EditorExtras
from emocam_widgets.widgets.editor_files import Document, Result, read_document, write_document
from emocam_widgets.widgets.editor_palette import OWN, Palette
from emocam_widgets.widgets.editor_placements import Layer, parse_layers, shown
from emocam_widgets.widgets.thumbnails import LARGE_QUALITY, LARGE_SIDE, encode_jpeg, encode_png, shrink

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.engine.worker import ImageLike
    from emocam_widgets.run import Run


class ObjectEditor(LiveWidget):
    """An image, things to put onto it, regions to change, and the label probabilities of what comes of it.

    Args:
        image: what to edit: a PIL image, a uint8 array (h, w, 3), a file, or an id of ``corpus``; may come later
            (``set_image``, or the trait ``image_id``).
        worker: answers what the picture is; without one the picture is shown and cannot be edited.
        corpus: where ``image_id`` is looked up; by default the run's.
        sprites: own things for the palette, RGBA images by name, beside those that are shipped.
        run: a run of the corpus: its boxes are what things snap to and can be cut out of. Without one (or for an image
            that it does not hold) the worker's detector finds the boxes.
        boxes: the boxes of ``image``, where they are known.

    Traits:
        image_id: shared; an id of ``corpus``, or None.
        placements: shared; what is pasted, in painting order: Placements, or dicts of their fields. A dict with
            ``hidden`` true is kept and not pasted.
        edits: shared; what is done to regions of the image before anything is pasted: RegionEdits, or dicts of their
            fields.
        method: shared; the method of the CAM overlay; show_cam, cam_opacity (0..1): shared.
        prediction: {label: probability} of the picture as it is, while dragging too.
        sweep_result: a SweepResult, what the last sweep found; None before the first.

    Raises:
        EmocamError: the image cannot be used, or a placement's sprite is not in the palette.
    """

    _esm, _css = static("editor")

    image_id = t.Unicode(None, allow_none=True).tag(sync=True)
    placements: t.List[Any] = t.List().tag(sync=True)
    edits: t.List[Any] = t.List().tag(sync=True)
    method = t.Unicode("grad-cam").tag(sync=True)
    show_cam = t.Bool(False).tag(sync=True)
    cam_opacity = t.Float(0.55, min=0.0, max=1.0).tag(sync=True)
    prediction = t.Dict()
    sweep_result: t.Instance[SweepResult | None] = t.Instance(SweepResult, allow_none=True)
    _scene = t.Int(0).tag(sync=True)
    _palette_version = t.Int(0).tag(sync=True)

    def __init__(
        self,
        image: ImageLike | None = None,
        worker: Worker | None = None,
        corpus: Corpus | None = None,
        sprites: Mapping[str, Image.Image] | None = None,
        run: Run | None = None,
        boxes: Detections | None = None,
        **traits: Any,
    ) -> None:
        self.worker = worker
        self.run = run
        self.corpus = run.corpus if corpus is None and run is not None else corpus
        self._palette = Palette(sprites)
        self._picture: EditedScene | None = None
        self._given_boxes: Detections | None = None
        self._boxes: NamedBoxes | None = None
        self._problem: str | None = None
        self._scene_lock = threading.RLock()
        late = {name: traits.pop(name) for name in ("image_id", "placements", "edits") if name in traits}
        super().__init__(**traits)
        self.observe(self._open_image_id, "image_id")
        self.observe(self._follow_edits, ["placements", "edits"])
        self.on_message("palette", self._send_palette)
        self.on_message("scene", self._send_scene)
        self.on_message("evaluate", self._send_evaluation)
        self.on_message("export", self._send_export)
        self._extras = EditorExtras(self)
        if worker is not None:
            worker.on_state(self._follow_worker)
        if image is not None:
            self.set_image(image, boxes)
        for name, value in late.items():
            setattr(self, name, value)

    # -- what Python users call ----------------------------------------------------------------------------------------

    def set_image(self, image: ImageLike, boxes: Detections | None = None) -> None:
        """Edit another image, without anything on it: a PIL image, a uint8 array, a file, or an id of the corpus.

        ``boxes`` are the image's, where they are known; else they are found when they are needed.

        Raises:
            EmocamError: it cannot be read.
        """
        if isinstance(image, str) and self.corpus is not None and image in self.corpus:
            if image == self.image_id:
                self._clear()
            self.image_id = image
        else:
            from emocam_widgets.engine.worker import as_image

            picture = as_image(image)
            self.image_id = None
            self._show(picture, None)
        with self._scene_lock:
            self._given_boxes = boxes

    def export_image(self) -> Image.Image:
        """The picture with everything on it at full resolution: exactly what was predicted.

        Raises:
            EmocamError: there is no image yet.
        """
        return self._needed_picture().compose(shown(self._layers(self.placements)), parse_edits(self.edits))

    @property
    def original_prediction(self) -> dict[str, float]:
        """{label: probability} of the image without anything on it.

        Raises:
            EmocamError: there is no image or no worker.
        """
        return _as_dict(self._needed_picture().predict([]))

    @property
    def detections(self) -> Detections:
        """The boxes that things snap to: the surest of the image, found when they are first asked for.

        Raises:
            EmocamError: there is no image.
        """
        return self._named_boxes().found

    def add_sprite(self, name: str, picture: Image.Image, object_class: str = OWN) -> str:
        """Put an own picture (its transparency is its outline) into the palette; the name that it got there.

        Raises:
            EmocamError: the palette is full.
        """
        added = self._palette.add(name, picture.convert("RGBA"), object_class)
        with self._scene_lock:
            if self._picture is not None:
                self._picture = self._picture.with_sprites(self._palette.sprites)
        self._palette_version += 1
        return added

    def object_class_of(self, sprite: str) -> str:
        """What a thing of the palette shows: its object class; "own" for one that was added without."""
        return self._palette.object_class(sprite)

    def sweep(self, index: int = -1, columns: int = COLUMNS, rows: int = ROWS) -> SweepResult:
        """Move one thing (its index in ``placements``) over a grid of positions and ask for each what the image is.

        The result is also in the trait ``sweep_result``, and its map on the picture wherever the editor is shown; what
        is on the image stays as it is.

        Raises:
            EmocamError: there is no such thing, image or worker, or the grid is too large.
        """
        placements = shown(self._layers(self.placements))
        picture, worker = self._needed_picture(), self._needed_worker()
        sweep = Sweep(worker.labels, placements, index + len(placements) if index < 0 else index, columns, rows)
        edits = parse_edits(self.edits)
        self.sweep_result = picture.sweep(sweep, edits)
        self._extras.sweep.show(sweep, edits)
        return self.sweep_result

    def to_json(self) -> str:
        """Placements, edits and own sprites as JSON, which ``load_json`` reads again.

        Raises:
            EmocamError: there is no image yet.
        """
        return self._document(self._layers(self.placements), parse_edits(self.edits))

    def load_json(self, text: str) -> None:
        """Put what ``to_json`` wrote onto the present image, in place of what is there.

        Raises:
            EmocamError: it is something else, or damaged.
        """
        layers, edits = self._read(text)
        with self.hold_sync():  # one step to undo
            self.placements = [layer.as_dict() for layer in layers]
            self.edits = [edit.as_dict() for edit in edits]

    def result(self) -> Result:
        """What the classifier says before and after, and with the same silhouettes in grey.

        Raises:
            EmocamError: there is no image or no worker.
        """
        return self._result(self._layers(self.placements), parse_edits(self.edits))

    # -- state ---------------------------------------------------------------------------------------------------------

    @t.validate("placements")
    def _valid_placements(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return [layer.as_dict() for layer in self._layers(proposal["value"])]
        except EmocamError as error:
            raise t.TraitError(str(error)) from error

    @t.validate("edits")
    def _valid_edits(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            edits = parse_edits(proposal["value"])
            if edits and self._picture is not None:
                self._picture.edited(edits)  # superpixels that the image does not have are refused here
            return [edit.as_dict() for edit in edits]
        except EmocamError as error:
            raise t.TraitError(str(error)) from error

    def _open_image_id(self, change: dict[str, Any]) -> None:
        image_id = change["new"]
        if image_id is None:
            self._show(None, None)
            return
        if self.corpus is None:
            raise EmocamError("The editor has no corpus to find an image id in: pass ObjectEditor(corpus=...).")
        try:
            picture = self.corpus.open(image_id)
        except EmocamError as error:
            self._show(None, str(error))
            raise
        self._show(picture, None)

    def _show(self, image: Image.Image | None, problem: str | None) -> None:
        with self._scene_lock:  # an evaluation sees the old image with its scene number or the new one with its own
            self._problem, self._boxes, self._given_boxes = problem, None, None
            self._picture = None if image is None else EditedScene(image, self._palette.sprites, self.worker)
            self._clear()
            self._update_prediction()
            self._scene += 1

    def _clear(self) -> None:
        self.sweep_result = None
        self.edits = []
        self.placements = []

    def _follow_edits(self, _change: dict[str, Any]) -> None:
        self._update_prediction()

    def _update_prediction(self) -> None:
        picture = self._picture
        if picture is None or self.worker is None:
            self.prediction = {}
        else:
            self.prediction = _as_dict(picture.predict(shown(self._layers(self.placements)), parse_edits(self.edits)))

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _send_palette(self, request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """The sprites that the front end does not know yet."""
        names, pictures = self._palette.pictures(set(map(str, request.get("known", ()))))
        content = {
            "names": names,
            "classes": [self._palette.object_class(name) for name in names],
            "labels": list(self.worker.labels) if self.worker else [],
            "synthetic": bool(self.worker and self.worker.classifier.synthetic),
            "corpus": self.run is not None,
        }
        return content, pictures

    def _send_scene(self, _content: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """The image to paint on, and what the classifier says of it without anything on it."""
        with self._scene_lock:
            shown_picture, problem, scene = self._picture, self._problem, self._scene
        content: dict[str, Any] = {"scene": scene, "problem": problem, "editable": self.worker is not None}
        if shown_picture is None:
            return {**content, "width": 0, "height": 0}, []
        base = shown_picture.image
        content |= {"width": base.width, "height": base.height, "name": self._name}
        picture = encode_jpeg(shrink(base, LARGE_SIDE), LARGE_QUALITY)
        original = self.worker.predict(base).probabilities if self.worker else np.zeros(0)
        return content, [picture, float_buffer(original)]

    def _send_evaluation(
        self, request: dict[str, Any], _buffers: list[memoryview]
    ) -> tuple[dict[str, Any], list[bytes]]:
        self._needed_worker()
        placements, edits = shown(self._layers(request["placements"])), parse_edits(request.get("edits", ()))
        method = self.method if request.get("cam") else None
        with self._scene_lock:
            picture, scene = self._needed_picture(), self._scene
        content: dict[str, Any] = {"seq": request.get("seq"), "scene": scene, "cam": None}
        early: Future[Prediction] = Future()
        answer = picture.submit(placements, edits, method, early=early)
        awaited: list[Future[Any]] = [early, answer]
        wait(awaited, return_when=FIRST_COMPLETED)
        if early.done() and not answer.done():  # the label need not wait for the map
            self.reply(request, content | {"early": True}, [float_buffer(early.result().probabilities)])
        prediction, cam = answer.result()
        self.prediction = _as_dict(prediction)
        buffers = [float_buffer(prediction.probabilities)]
        if cam is not None:
            cam = picture.whole(cam, edits)
            view = cam.view
            content["cam"] = [*cam.grid.shape, view.x0, view.y0, view.x1, view.y1]
            content |= {"method": cam.method, "target": cam.target, "output": cam.output}
            buffers.append(float_buffer(cam.grid))
        return content, buffers

    def _send_export(self, request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """One file: the picture ("png"), what was done ("json"), or the result ("csv", "result")."""
        layers, edits = self._layers(request["placements"]), parse_edits(request.get("edits", ()))
        name, kind = Path(self._name).stem, request.get("format", "png")
        if kind == "png":
            picture = self._needed_picture().compose(shown(layers), edits)
            return {"name": f"{name}-edited.png", "type": "image/png"}, [encode_png(picture)]
        if kind == "csv":
            return {"name": f"{name}-result.csv", "type": "text/csv"}, [self._result(layers, edits).as_csv().encode()]
        return {"name": f"{name}-edit.json", "type": "application/json"}, [self._document(layers, edits).encode()]

    # -- composing and asking ------------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return self.image_id or "image"

    def _needed_picture(self) -> EditedScene:
        picture = self._picture
        if picture is None:
            raise EmocamError(self._problem or "The editor has no image yet: use set_image().")
        return picture

    def _needed_worker(self) -> Worker:
        if self.worker is None:
            raise EmocamError(NO_WORKER)
        return self.worker

    def _named_boxes(self) -> NamedBoxes:
        """Those of the image, found when they are first asked for."""
        with self._scene_lock:
            picture, scene, known, given = self._needed_picture(), self._scene, self._boxes, self._given_boxes
        if known is not None:
            return known
        found = (
            NamedBoxes.of(given)
            if given is not None
            else boxes_of_image(picture.image, self.image_id, self.run, self.worker)
        )
        with self._scene_lock:
            if self._scene == scene:
                self._boxes = found
        return found

    def _result(self, layers: list[Layer], edits: list[RegionEdit]) -> Result:
        picture, worker = self._needed_picture(), self._needed_worker()
        placements = shown(layers)
        return Result(
            self._name,
            worker.classifier.name,
            worker.classifier.fingerprint,
            picture.predict([]),
            picture.predict(placements, edits),
            picture.predict(placements, edits, "grey") if placements else None,
            [layer.as_dict() for layer in layers],
            [edit.as_dict() for edit in edits],
        )

    def _document(self, layers: list[Layer], edits: list[RegionEdit]) -> str:
        own = self._palette.own({layer.placement.sprite for layer in layers})
        document = Document([one.as_dict() for one in layers], [one.as_dict() for one in edits], own)
        size = self._needed_picture().image.size
        return write_document({"name": self._name, "width": size[0], "height": size[1]}, document)

    def _read(self, text: str) -> tuple[list[Layer], list[RegionEdit]]:
        """What a file of `to_json` holds, its sprites put into the palette."""
        document = read_document(text)
        renamed = {name: self.add_sprite(name, picture) for name, picture in document.sprites.items()}
        placements = [
            {**one, "sprite": renamed.get(one["sprite"], one["sprite"])}
            if isinstance(one, dict) and "sprite" in one
            else one
            for one in document.placements
        ]
        edits = parse_edits(document.edits)
        self._needed_picture().edited(edits)
        return self._layers(placements), edits

    def _follow_worker(self, state: str | None) -> None:
        """Says under the widget that a shared worker was lost, until it answers again."""
        self.send({"kind": "notice", "sentence": state})

    def _layers(self, values: Iterable[Any]) -> list[Layer]:
        return parse_layers(values, self._palette.sprites)


def _as_dict(prediction: Any) -> dict[str, float]:
    return {label: float(value) for label, value in zip(prediction.labels, prediction.probabilities, strict=True)}
