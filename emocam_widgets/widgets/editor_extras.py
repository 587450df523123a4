"""What the editor's front end asks beside the live prediction: boxes, the control, sweeps, sprites, segments, files.

Each is answered from a thread of its own, so that nothing that takes longer ever holds up a drag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from emocam_widgets.engine.covering import covered_shares
from emocam_widgets.engine.cutouts import read_sprite
from emocam_widgets.engine.region_edits import parse_edits
from emocam_widgets.errors import EmocamError
from emocam_widgets.types import View
from emocam_widgets.widgets.base import Buffer, float_buffer, int_buffer
from emocam_widgets.widgets.editor_boxes import CorpusBoxes
from emocam_widgets.widgets.editor_placements import shown
from emocam_widgets.widgets.editor_sweep import SharedSweep
from emocam_widgets.widgets.thumbnails import LARGE_QUALITY, LARGE_SIDE, encode_jpeg, shrink

if TYPE_CHECKING:
    from emocam_widgets.widgets.editor import ObjectEditor

THREADS = 4
SEGMENTS_SIDE = 480  # of the map of superpixels that the front end picks from
Request = dict[str, Any]
Answer = tuple[Mapping[str, Any], list[Buffer]]

_later = ThreadPoolExecutor(THREADS, thread_name_prefix="emocam-editor")


class EditorExtras:
    """Answers one editor's questions; see `ObjectEditor`."""

    def __init__(self, editor: ObjectEditor) -> None:
        self._editor = editor
        self._corpus_boxes = CorpusBoxes(editor.run) if editor.run is not None else None
        self.sweep = SharedSweep(editor)
        handlers: dict[str, Callable[[Request, list[memoryview]], Answer]] = {
            "boxes": self._boxes,
            "rest": self._rest,
            "edited": self._edited,
            "segments": self._segments,
            "sweep": self.sweep.answer,
            "add-sprite": self._add_sprite,
            "cut-out": self._cut_out,
            "cut-out-choices": self._choices,
            "import": self._import,
        }
        for kind, handler in handlers.items():
            editor.on_message(kind, self._in_thread(handler))

    def _in_thread(
        self, handler: Callable[[Request, list[memoryview]], Answer]
    ) -> Callable[[Request, list[memoryview]], None]:
        def answer(request: Request, buffers: list[memoryview]) -> None:
            try:
                content, made = handler(request, buffers)
            except Exception as error:  # noqa: BLE001  the boundary: shown under the widget
                self._editor.show_error(error, request)
            else:
                self._editor.reply(request, content, made)

        return lambda request, buffers: _ignore(_later.submit(answer, request, buffers))

    # -- boxes, the control and what is covered ------------------------------------------------------------------------

    def _boxes(self, _request: Request, _buffers: list[memoryview]) -> Answer:
        boxes = self._editor._named_boxes()
        content = {
            "names": list(boxes.names),
            "classes": list(boxes.found.object_class),
            "scene": self._editor._scene,
            "masks": boxes.found.encoded_masks is not None,
            "corpus": self._corpus_boxes.classes if self._corpus_boxes else [],
        }
        return content, [float_buffer(boxes.found.boxes), float_buffer(boxes.found.confidence)]

    def _rest(self, request: Request, _buffers: list[memoryview]) -> Answer:
        """When the hand rests: the same silhouettes in grey, and which boxes are covered."""
        editor = self._editor
        placements = shown(editor._layers(request["placements"]))
        edits = parse_edits(request.get("edits", ()))
        picture = editor._needed_picture()
        content: dict[str, Any] = {"scene": editor._scene, "control": bool(placements)}
        if not placements:
            return content, [float_buffer([]), float_buffer([])]
        control = picture.submit(placements, edits, variant="grey", supersedes=(id(self), "control"))
        boxes = editor._boxes.found.boxes if editor._boxes is not None else np.zeros((0, 4))
        covered = covered_shares(picture.image.size, picture.sprites, placements, boxes)
        try:
            prediction = control.result()[0]
        except CancelledError:  # another view asked meanwhile and shows the answer
            return {**content, "control": False}, [float_buffer([]), float_buffer(covered)]
        return content, [float_buffer(prediction.probabilities), float_buffer(covered)]

    # -- regions -------------------------------------------------------------------------------------------------------

    def _edited(self, request: Request, _buffers: list[memoryview]) -> Answer:
        """The image with its region edits, to paint on, and what a crop leaves of it (pixels)."""
        picture = self._editor._needed_picture()
        made = picture.edited(parse_edits(request.get("edits", ())))
        content = {"scene": self._editor._scene, "window": list(made.window)}
        return content, [encode_jpeg(shrink(made.image, LARGE_SIDE), LARGE_QUALITY)]

    def _segments(self, _request: Request, _buffers: list[memoryview]) -> Answer:
        """The superpixels at a smaller size: ids are those of the whole image's."""
        from emocam_widgets.explain.superpixels import seen_segments

        picture = self._editor._needed_picture()
        segments = picture.segments()
        height, width = segments.shape
        scale = min(1.0, SEGMENTS_SIDE / max(segments.shape))
        shape = (max(1, round(height * scale)), max(1, round(width * scale)))
        small = seen_segments(segments, View.whole(width, height), shape)
        return {"scene": self._editor._scene, "height": shape[0], "width": shape[1]}, [int_buffer(small)]

    # -- sprites -------------------------------------------------------------------------------------------------------

    def _add_sprite(self, request: Request, buffers: list[memoryview]) -> Answer:
        if len(buffers) != 1:
            raise EmocamError("A sprite is one picture.")
        return self._added(str(request.get("name", "")), read_sprite(buffers[0]), str(request.get("class", "own")))

    def _cut_out(self, request: Request, _buffers: list[memoryview]) -> Answer:
        """A thing of this image (`box`) or of the corpus (`row`)."""
        editor = self._editor
        if "row" in request:
            if self._corpus_boxes is None:
                raise EmocamError("There is no run to cut out of: pass ObjectEditor(..., run=run).")
            name, object_class, sprite = self._corpus_boxes.cut(int(request["row"]))
            return self._added(name, sprite, object_class)
        boxes, number = editor._named_boxes(), int(request["box"])
        sprite = boxes.cut(editor._needed_picture().image, number)
        return self._added(boxes.names[number], sprite, boxes.found.object_class[number])

    def _added(self, name: str, sprite: Image.Image, object_class: str) -> Answer:
        added = self._editor.add_sprite(name, sprite, object_class)
        return {"name": added, "class": object_class}, [self._editor._palette.picture(added)]

    def _choices(self, request: Request, _buffers: list[memoryview]) -> Answer:
        if self._corpus_boxes is None:
            raise EmocamError("There is no run to cut out of: pass ObjectEditor(..., run=run).")
        content, pictures = self._corpus_boxes.choices(str(request["class"]), int(request.get("start", 0)))
        return content, list(pictures)

    # -- files ---------------------------------------------------------------------------------------------------------

    def _import(self, request: Request, _buffers: list[memoryview]) -> Answer:
        layers, edits = self._editor._read(str(request["text"]))
        content = {"placements": [one.as_dict() for one in layers], "edits": [one.as_dict() for one in edits]}
        return content, []


def _ignore(_future: object) -> None:
    """The answer is sent when it is there."""
