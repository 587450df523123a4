"""The image browser: the pictures of a run as a filtered grid of thumbnails with boxes and maps, and one of them large.

Python answers which images, in which order, with what over them; what is drawn and when is up to the front end.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from emocam_widgets.analysis.importance import SCORES
from emocam_widgets.errors import ImageError, UnknownNameError
from emocam_widgets.types import Cam
from emocam_widgets.widgets.base import LiveWidget, float_buffer, int_buffer, static
from emocam_widgets.widgets.run_index import SORTS, Filter, ImageBoxes, RunIndex, Settings
from emocam_widgets.widgets.thumbnails import LARGE_QUALITY, LARGE_SIDE, Thumbnails, encode_jpeg, shrink

if TYPE_CHECKING:
    from emocam_widgets.run import Run

MAX_BATCH = 64
THUMBNAIL_HEIGHTS = (96, 512)
# A thumbnail with a hundred uncertain boxes says nothing: of those that do not count, only these are drawn on it.
WEAK_CONFIDENCE = 0.25
WEAK_BOXES = 12
STRONG_BOXES = 40
LARGE_BOXES = 400
FILTER_TRAITS = ("cell", "label", "object_class", "by", "method", "score", "threshold", "min_confidence", "sort")


class ImageBrowser(LiveWidget):
    """Thumbnails of the images of ``run``, filtered by label, object class or heatmap cell; one of them shown large.

    Args:
        run: what :func:`emocam_widgets.analyze` or :func:`emocam_widgets.open_run` returned.
        **traits: any of the traits below.

    Traits (all shared with the front end):
        cell: [object class, label] or None; the contributors of that cell of the association matrix.
        label, object_class: or None; images of that label, images in which the class was detected. They and ``cell``
            exclude each other: setting one clears the other.
        by, method, score, threshold, min_confidence: what makes a box count, as in ``Run.association``.
        sort: "corpus", "probability" or "importance".
        selected: image id under the cursor.
        open_image: image id that is shown large.
        edit_image: image id that "Edit" was pressed for (the button is there where ``editable``).
        show_boxes, show_cam, cam_opacity (0..1); choosing a cell shows the maps, clearing it takes them back.
    """

    _esm, _css = static("browser")

    cell = t.List(t.Unicode(), minlen=2, maxlen=2, allow_none=True, default_value=None).tag(sync=True)
    label = t.Unicode(None, allow_none=True).tag(sync=True)
    object_class = t.Unicode(None, allow_none=True).tag(sync=True)
    by = t.Enum(("prediction", "annotation"), "prediction").tag(sync=True)
    method = t.Unicode("grad-cam").tag(sync=True)
    score = t.Unicode("mean").tag(sync=True)
    threshold = t.Float(0.3, min=0.0, max=1.0).tag(sync=True)
    min_confidence = t.Float(min=0.0, max=1.0).tag(sync=True)
    sort = t.Enum(SORTS, "corpus").tag(sync=True)
    selected = t.Unicode(None, allow_none=True).tag(sync=True)
    open_image = t.Unicode(None, allow_none=True).tag(sync=True)
    edit_image = t.Unicode(None, allow_none=True).tag(sync=True)
    editable = t.Bool(False).tag(sync=True)
    show_boxes = t.Bool(True).tag(sync=True)
    show_cam = t.Bool(False).tag(sync=True)
    cam_opacity = t.Float(0.6, min=0.0, max=1.0).tag(sync=True)

    def __init__(self, run: Run, **traits: Any) -> None:
        self._thumbnails = Thumbnails(run.open_image)
        self.run = run
        self._index = RunIndex(run)
        self._order = np.arange(len(self._index), dtype=np.uint32)
        self._revision = 0
        self._cam_without_cell = False
        self._filter_lock = threading.RLock()
        if "method" not in traits:
            traits["method"] = default_method(run)
        traits.setdefault("min_confidence", run.min_confidence)
        super().__init__(**traits)
        self._refilter()
        self.observe(self._filter_changed, FILTER_TRAITS)
        self.on_message("index", self._send_index)
        self.on_message("thumbnails", self._send_thumbnails)
        self.on_message("image", self._send_image)

    @property
    def image_ids(self) -> list[str]:
        """The ids of the images that are shown, in the order shown."""
        return [self._index.ids[position] for position in self._order]

    def close(self) -> None:
        """Close the widget and stop making thumbnails."""
        self._thumbnails.close()
        super().close()

    # -- filter --------------------------------------------------------------------------------------------------------

    @t.validate("cell", "label", "object_class", "method", "score", "selected", "open_image")
    def _known(self, proposal: dict[str, Any]) -> Any:
        value, name = proposal["value"], proposal["trait"].name
        if value is None:
            return value
        labels = [*self._index.labels, *self.run.annotations]
        known: dict[str, tuple[str, Collection[str]]] = {
            "label": ("label", labels),
            "object_class": ("object class", self._index.classes),
            "method": ("method in this run", self.run.methods or (value,)),
            "score": ("score", SCORES),
            "selected": ("image in this run", self._index.positions),
            "open_image": ("image in this run", self._index.positions),
        }
        pairs = zip(("object_class", "label"), value, strict=True) if name == "cell" else [(name, value)]
        for trait, wanted in pairs:
            kind, names = known[trait]
            if wanted not in names:
                raise t.TraitError(str(UnknownNameError(kind, wanted, names)))
        return value

    def _filter_changed(self, change: dict[str, Any]) -> None:
        if change["name"] == "cell":
            self._show_why(change["old"] is not None, change["new"] is not None)
        if change["name"] == "cell" and change["new"] is not None:
            self.set_trait("label", None)
            self.set_trait("object_class", None)
        elif change["name"] in ("label", "object_class") and change["new"] is not None:
            self.set_trait("cell", None)
        self._refilter()

    def _show_why(self, was_cell: bool, is_cell: bool) -> None:
        """A cell is about maps: they are shown with it, and as before without it."""
        if is_cell and not was_cell:
            self._cam_without_cell = self.show_cam
            self.show_cam = True
        elif was_cell and not is_cell:
            self.show_cam = self._cam_without_cell

    def _refilter(self) -> None:
        # The newest state wins whichever thread gets here last: it is read inside the lock.
        with self._filter_lock:
            self._order = self._index.order(self._filter, self._settings, self.sort)
            self._revision += 1
            content, buffers = self._order_message()
        self.send({"kind": "order", **content}, buffers)

    @property
    def _filter(self) -> Filter:
        cell = (self.cell[0], self.cell[1]) if self.cell else None
        return Filter(cell, self.label, self.object_class)

    @property
    def _settings(self) -> Settings:
        return Settings(self.method, self.score, self.threshold, self.min_confidence, self.by)

    def _order_message(self) -> tuple[dict[str, Any], list[bytes]]:
        wanted = self._filter
        content = {
            "revision": self._revision,
            "count": len(self._order),
            "total": self._index.total(wanted, self._settings),
            "cell": list(wanted.cell) if wanted.cell else None,
            "label": wanted.label,
            "object_class": wanted.object_class,
            "by": self.by,
        }
        return content, [int_buffer(self._order)]

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _send_index(self, _content: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """Everything about all images that the grid needs before it has seen any: ids, sizes, labels."""
        index = self._index
        with self._filter_lock:
            order, order_buffers = self._order_message()
        top = index.probabilities[np.arange(len(index)), index.predicted] if len(index) else np.zeros(0)
        content = {
            "order": order,
            "labels": index.labels,
            "classes": index.classes,
            "synthetic": bool(self.run.synthetic),
            "failures": len(self.run.failures),
        }
        sizes = np.stack([index.width, index.height], axis=1)
        return content, [
            *order_buffers,
            "\0".join(index.ids).encode(),
            int_buffer(sizes),
            int_buffer(index.predicted),
            float_buffer(top),
        ]

    def _send_thumbnails(self, request: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Answers, from a pool thread, with boxes and maps of the images, and with their pictures if wanted."""
        positions = [int(p) for p in request["positions"][:MAX_BATCH] if 0 <= int(p) < len(self._index)]
        with self._filter_lock:
            revision, wanted, settings = self._revision, self._filter, self._settings
        if not request.get("pictures", True):
            self._reply_thumbnails(request, positions, {}, revision, wanted, settings)
            return
        height = int(np.clip(int(request.get("height", 160)), *THUMBNAIL_HEIGHTS))
        ids = [self._index.ids[position] for position in positions]

        def done(pictures: dict[str, bytes | Exception]) -> None:
            try:
                self._reply_thumbnails(request, positions, pictures, revision, wanted, settings)
            except Exception as error:  # noqa: BLE001  a boundary: the pool would swallow it
                self.show_error(error, request)

        self._thumbnails.batch(ids, height, done)

    def _reply_thumbnails(
        self,
        request: dict[str, Any],
        positions: Sequence[int],
        pictures: dict[str, bytes | Exception],
        revision: int,
        wanted: Filter,
        settings: Settings,
    ) -> None:
        items: list[dict[str, Any]] = []
        boxes: list[ImageBoxes] = []
        cams: list[Cam] = []
        data: list[bytes] = []
        for position in positions:
            picture = pictures.get(self._index.ids[position], b"")
            found = _few(self._index.boxes(position, wanted, settings))
            cam = self._index.cam(position, settings.method)
            item: dict[str, Any] = {"position": position, "boxes": len(found), "cam": _cam_shape(cam)}
            if isinstance(picture, Exception):
                item["reason"] = picture.reason if isinstance(picture, ImageError) else str(picture)
                picture = b""
            items.append(item)
            boxes.append(found)
            data.append(picture)
            if cam is not None:
                cams.append(cam)
        grids = b"".join(float_buffer(cam.grid) for cam in cams)
        content = {"revision": revision, "items": items}
        self.reply(request, content, [_box_buffer(boxes), grids, *data])

    def _send_image(self, request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """One image large, with all its boxes, its map and all its probabilities."""
        position = self._index.position(str(request["image_id"]))
        picture: bytes = b""
        if request.get("picture", True):
            picture = encode_jpeg(shrink(self.run.open_image(self._index.ids[position]), LARGE_SIDE), LARGE_QUALITY)
        found = self._index.boxes(position, self._filter, self._settings)
        if len(found) > LARGE_BOXES:
            found = found.take(np.arange(len(found)) < LARGE_BOXES)
        cam = self._index.cam(position, self.method)
        annotation = self.run.images["annotation"].iat[position]
        content = {
            "revision": self._revision,
            "boxes": len(found),
            "cam": _cam_shape(cam),
            "cam_method": cam.method if cam else None,
            "cam_target": cam.target if cam else None,
            "cam_output": cam.output if cam else None,
            "annotation": annotation if isinstance(annotation, str) else None,
        }
        grid = b"" if cam is None else float_buffer(cam.grid)
        return content, [_box_buffer([found]), grid, float_buffer(self._index.probabilities[position]), picture]


def default_method(run: Run) -> str:
    """The method that a run is looked at with first: Grad-CAM where it has it, else its first one."""
    return "grad-cam" if "grad-cam" in run.methods or not run.methods else run.methods[0]


def _few(found: ImageBoxes) -> ImageBoxes:
    """What a thumbnail shows: the boxes that count, and a few of the certain others."""
    weak = ~found.strong & (found.confidence >= WEAK_CONFIDENCE)
    weak &= np.cumsum(weak) <= WEAK_BOXES
    strong = found.strong & (np.cumsum(found.strong) <= STRONG_BOXES)
    return found.take(weak | strong)


def _box_buffer(found: Sequence[ImageBoxes]) -> bytes:
    """float32 rows of eight: x0, y0, x1, y1, confidence, importance (NaN: none), class index, strong (0 or 1)."""
    rows = [
        np.column_stack([each.boxes, each.confidence, each.importance, each.class_index, each.strong])
        for each in found
        if len(each)
    ]
    return float_buffer(np.concatenate(rows)) if rows else b""


def _cam_shape(cam: Cam | None) -> list[float] | None:
    if cam is None:
        return None
    return [*cam.grid.shape, cam.view.x0, cam.view.y0, cam.view.x1, cam.view.y1]
