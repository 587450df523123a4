"""The object editor: paste things onto a picture and watch the classifier's labels follow.

The front end paints while the hand moves; each probability it shows is of the picture composited here, at full
resolution.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, fields
from functools import cache
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t
from PIL import Image

from emocam_widgets import demo
from emocam_widgets.corpus import Corpus
from emocam_widgets.engine.compose import MAX_HEIGHT, Sprites, paste
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.types import Placement, Prediction
from emocam_widgets.widgets.base import LiveWidget, float_buffer, static
from emocam_widgets.widgets.thumbnails import LARGE_QUALITY, LARGE_SIDE, encode_jpeg, encode_png, shrink

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.engine.scenes import Scene
    from emocam_widgets.engine.worker import ImageLike

PALETTE_SIDE = 320
MAX_PLACEMENTS = 100
FARTHEST = 4.0  # from the image, in image widths or heights: nothing that far out can be seen
_FIELDS = {field.name: field for field in fields(Placement)}


class ObjectEditor(LiveWidget):
    """An image, a palette of sprites to drag onto it, and the label probabilities of what comes of it.

    Args:
        image: what to edit: a PIL image, a uint8 array (h, w, 3), a file, or an id of ``corpus``; may come later
            (``set_image``, or the trait ``image_id``).
        worker: answers what the picture is; without one the picture is shown and cannot be edited.
        corpus: where ``image_id`` is looked up.
        sprites: own things for the palette, RGBA images by name, beside those that are shipped.

    Traits:
        image_id: shared; an id of ``corpus``, or None.
        placements: shared; what is pasted, in painting order: Placements, or dicts of their fields.
        method: shared; the method of the CAM overlay; show_cam, cam_opacity (0..1): shared.
        prediction: {label: probability} of the picture as it is, while dragging too.

    Raises:
        EmocamError: the image cannot be used, or a placement's sprite is not in the palette.
    """

    _esm, _css = static("editor")

    image_id = t.Unicode(None, allow_none=True).tag(sync=True)
    placements: t.List[Any] = t.List().tag(sync=True)
    method = t.Unicode("grad-cam").tag(sync=True)
    show_cam = t.Bool(False).tag(sync=True)
    cam_opacity = t.Float(0.55, min=0.0, max=1.0).tag(sync=True)
    prediction = t.Dict()
    _scene = t.Int(0).tag(sync=True)

    def __init__(
        self,
        image: ImageLike | None = None,
        worker: Worker | None = None,
        corpus: Corpus | None = None,
        sprites: Mapping[str, Image.Image] | None = None,
        **traits: Any,
    ) -> None:
        self.worker = worker
        self.corpus = corpus
        own = {name: picture.convert("RGBA") for name, picture in (sprites or {}).items()}
        self._sprites = Sprites({**shipped_sprites(), **own})
        self._own = frozenset(own)
        self._base: Image.Image | None = None
        self._live: Scene | None = None
        self._problem: str | None = None
        self._scene_lock = threading.RLock()
        super().__init__(**{name: value for name, value in traits.items() if name not in ("image_id", "placements")})
        self.observe(self._open_image_id, "image_id")
        self.observe(self._follow_placements, "placements")
        self.on_message("palette", self._send_palette)
        self.on_message("scene", self._send_scene)
        self.on_message("evaluate", self._send_evaluation)
        self.on_message("export", self._send_export)
        if worker is not None:
            worker.on_state(self._follow_worker)
        if image is not None:
            self.set_image(image)
        if "image_id" in traits:
            self.image_id = traits["image_id"]
        if "placements" in traits:
            self.placements = traits["placements"]

    # -- what Python users call ----------------------------------------------------------------------------------------

    def set_image(self, image: ImageLike) -> None:
        """Edit another image, without anything on it: a PIL image, a uint8 array, a file, or an id of the corpus.

        Raises:
            EmocamError: it cannot be read.
        """
        if isinstance(image, str) and self.corpus is not None and image in self.corpus:
            if image == self.image_id:
                self.placements = []
            self.image_id = image
            return
        from emocam_widgets.engine.worker import as_image

        picture = as_image(image)
        self.image_id = None
        self._show(picture, None)

    def export_image(self) -> Image.Image:
        """The picture with everything on it at full resolution: exactly what was predicted.

        Raises:
            EmocamError: there is no image yet.
        """
        return self._compose(self._parsed(self.placements))

    @property
    def original_prediction(self) -> dict[str, float]:
        """{label: probability} of the image without anything on it.

        Raises:
            EmocamError: there is no image or no worker.
        """
        return self._predict([])

    # -- state ---------------------------------------------------------------------------------------------------------

    @t.validate("placements")
    def _valid_placements(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return [asdict(placement) for placement in self._parsed(proposal["value"])]
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

    def _show(self, picture: Image.Image | None, problem: str | None) -> None:
        with self._scene_lock:  # an evaluation sees the old image with its scene number or the new one with its own
            self._base, self._problem, self._live = picture, problem, None
            if self.placements:
                self.placements = []
            else:
                self._update_prediction()
            self._scene += 1

    def _follow_placements(self, _change: dict[str, Any]) -> None:
        self._update_prediction()

    def _update_prediction(self) -> None:
        ready = self._base is not None and self.worker is not None
        self.prediction = self._predict(self._parsed(self.placements)) if ready else {}

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _send_palette(self, _content: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        known = demo.sprites()
        names = list(self._sprites)
        content = {
            "names": names,
            "classes": [known[name].object_class if name in known else "own" for name in names],
            "labels": list(self.worker.labels) if self.worker else [],
            "synthetic": bool(self.worker and self.worker.classifier.synthetic),
        }
        return content, [
            encode_png(shrink(self._sprites[name], PALETTE_SIDE)) if name in self._own else _shipped_png(name)
            for name in names
        ]

    def _send_scene(self, _content: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """The image to paint on, and what the classifier says of it without anything on it."""
        with self._scene_lock:
            base, problem, scene = self._base, self._problem, self._scene
        content: dict[str, Any] = {"scene": scene, "problem": problem, "editable": self.worker is not None}
        if base is None:
            return {**content, "width": 0, "height": 0}, []
        content |= {"width": base.width, "height": base.height, "name": self._name}
        picture = encode_jpeg(shrink(base, LARGE_SIDE), LARGE_QUALITY)
        original = self.worker.predict(base).probabilities if self.worker else np.zeros(0)
        return content, [picture, float_buffer(original)]

    def _send_evaluation(
        self, request: dict[str, Any], _buffers: list[memoryview]
    ) -> tuple[dict[str, Any], list[bytes]]:
        if self.worker is None:
            raise EmocamError("The editor has no worker: pass ObjectEditor(image, worker=Worker(classifier)).")
        placements = self._parsed(request["placements"])
        method = self.method if request.get("cam") else None
        with self._scene_lock:
            live, scene = self._live_scene(), self._scene
        content: dict[str, Any] = {"seq": request.get("seq"), "scene": scene, "cam": None}
        early: Future[Prediction] = Future()
        answer = live.submit(placements, method, early=early)
        awaited: list[Future[Any]] = [early, answer]
        wait(awaited, return_when=FIRST_COMPLETED)
        if early.done() and not answer.done():  # the label need not wait for the map
            self.reply(request, content | {"early": True}, [float_buffer(early.result().probabilities)])
        prediction, cam = answer.result()
        self.prediction = _as_dict(prediction.labels, prediction.probabilities)
        buffers = [float_buffer(prediction.probabilities)]
        if cam is not None:
            view = cam.view
            content["cam"] = [*cam.grid.shape, view.x0, view.y0, view.x1, view.y1]
            content |= {"method": cam.method, "target": cam.target, "output": cam.output}
            buffers.append(float_buffer(cam.grid))
        return content, buffers

    def _send_export(self, request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        picture = self._compose(self._parsed(request["placements"]))
        return {"name": f"{Path(self._name).stem}-edited.png"}, [encode_png(picture)]

    # -- composing and asking ------------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return self.image_id or "image"

    def _compose(self, placements: Iterable[Placement]) -> Image.Image:
        base = self._base
        if base is None:
            raise EmocamError(self._problem or "The editor has no image yet: use set_image().")
        return paste(base, self._sprites, placements)

    def _live_scene(self) -> Scene:
        """The image as the worker has it prepared; what is predicted of it is what the exported image gives."""
        if self._base is None or self.worker is None:
            raise EmocamError(self._problem or "The editor has no image yet: use set_image().")
        if self._live is None:
            self._live = self.worker.scene(self._base, self._sprites)
        return self._live

    def _follow_worker(self, state: str | None) -> None:
        """Says under the widget that a shared worker was lost, until it answers again."""
        self.send({"kind": "notice", "sentence": state})

    def _predict(self, placements: Iterable[Placement]) -> dict[str, float]:
        if self.worker is None:
            raise EmocamError("The editor has no worker: pass ObjectEditor(image, worker=Worker(classifier)).")
        prediction = self.worker.predict(self._compose(placements))
        return _as_dict(prediction.labels, prediction.probabilities)

    def _parsed(self, values: Iterable[Any]) -> list[Placement]:
        """Placements from dicts or Placements; raises EmocamError that says what is wrong with which."""
        placements = [value if isinstance(value, Placement) else _placement(value) for value in values]
        if len(placements) > MAX_PLACEMENTS:
            raise EmocamError(f"{len(placements)} things on one image; at most {MAX_PLACEMENTS} are possible.")
        for placement in placements:
            if placement.sprite not in self._sprites:
                raise UnknownNameError("sprite", placement.sprite, self._sprites)
            _check(placement)
        return placements


@cache
def shipped_sprites() -> dict[str, Image.Image]:
    """The shipped sprites, RGBA by name, in palette order. Read once; do not draw on them."""
    return {name: demo.open_sprite(name) for name in demo.sprites()}


@cache
def _shipped_png(name: str) -> bytes:
    return encode_png(shrink(shipped_sprites()[name], PALETTE_SIDE))


def _placement(value: Any) -> Placement:
    """A placement from a dict, with the numbers made what they should be."""
    if not isinstance(value, Mapping) or not {"sprite", "x", "y"} <= set(value) <= set(_FIELDS):
        raise EmocamError(
            f"A placement is {value!r}; expected sprite, x, y and optionally {', '.join(list(_FIELDS)[3:])}."
        )
    numbers = {name: value[name] for name in ("x", "y", "height", "rotation", "opacity") if name in value}
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, Real):
            raise EmocamError(f"A placement's {name} is {number!r}; expected a number.")
    made = {name: float(number) for name, number in numbers.items()}
    return Placement(str(value["sprite"]), flip=bool(value.get("flip", False)), **made)


def _check(placement: Placement) -> None:
    limits = {
        "x": (-FARTHEST, FARTHEST),
        "y": (-FARTHEST, FARTHEST),
        "height": (1e-4, MAX_HEIGHT),
        "opacity": (0.0, 1.0),
    }
    for name, (low, high) in limits.items():
        number = getattr(placement, name)
        if not low <= number <= high:  # false for NaN too
            raise EmocamError(f"A placement's {name} is {number}; expected {low:g} to {high:g}.")
    if not abs(placement.rotation) <= 1e6:
        raise EmocamError(f"A placement's rotation is {placement.rotation}; expected degrees.")


def _as_dict(labels: Iterable[str], probabilities: Iterable[float]) -> dict[str, float]:
    return {label: float(probability) for label, probability in zip(labels, probabilities, strict=True)}
