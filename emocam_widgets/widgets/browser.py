"""The image browser: the pictures of a run as a filtered grid of thumbnails with boxes and maps, and one of them large.

Python answers which images, in which order, with what over them; what is drawn and when is up to the front end.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t
from PIL import Image

from emocam_widgets.analysis.importance import SCORES
from emocam_widgets.errors import EmocamError, ImageError, UnknownNameError
from emocam_widgets.widgets.annotating import KEPT, Annotations, Changes, default_file
from emocam_widgets.widgets.base import LiveWidget, int_buffer, static
from emocam_widgets.widgets.failures import failures_message
from emocam_widgets.widgets.image_filter import SORTS, Filter, Settings
from emocam_widgets.widgets.image_messages import NOT_READY, image_message, index_message, thumbnails_message
from emocam_widgets.widgets.run_index import RunIndex
from emocam_widgets.widgets.thumbnails import LARGE_QUALITY, LARGE_SIDE, Thumbnails, encode_jpeg, shrink

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.run import Run

MAX_BATCH = 64
WARM = 16  # pictures: about a pane of the explorer
THUMBNAIL_HEIGHTS = (96, 512)
CONDITIONS = (
    "cell",
    "label",
    "annotation",
    "object_class",
    "confidence",
    "importance",
    "disagreement",
    "text",
    "only_images",
)
SETTINGS = ("by", "method", "score", "threshold", "min_confidence")
OVERLAYS = ("cam_method", "cam_target")
ORDER = ("sort", "sort_reverse", "only_images_caption")


class ImageBrowser(LiveWidget):
    """Thumbnails of the images of ``run``, filtered and sorted; one of them shown large, or two beside each other.

    Args:
        run: what :func:`emocam_widgets.analyze` or :func:`emocam_widgets.open_run` returned.
        annotations_file: where labels given here are saved: a CSV (image_id, label, time), by default
            ``emocam-annotations.csv`` in the corpus's folder.
        **traits: any of the traits below.

    Traits, all but ``annotations`` shared with the front end. Filters, which all must hold:
        cell: [object class, label] or None; the contributors of that cell of the association matrix.
        label: or None; images filed under that label (``by``). An image has one label: setting ``label`` clears
            ``cell``, and the other way round.
        annotation: or None; images annotated so, here or by the corpus.
        object_class, confidence, importance: or None; images with a box of that class (else, of the cell's), at least
            that confident (0..1), of an importance in [low, high] (0..1, both included): one box must be all three.
        disagreement: only annotated images that are not predicted as annotated.
        text: or ""; each of its words is in the image's id, predicted label or annotation.
        only_images, only_images_caption: or None; only these ids, and what they are ("images that switched").
    Order: sort: "corpus", "probability" (of the label filtered by, else of the predicted one), "importance" (the
        greatest of a box of the class filtered by), "disagreement" (probability of the predicted label less that of
        the annotated one) or "name"; sort_reverse: the other way round.
    What counts: by, method, score, threshold, min_confidence, as in ``Run.association``.
    Shown: selected: image id under the cursor. selection: the ids that are selected together.
        open_image: image id that is shown large. compare_image: the one beside it, or None.
        edit_image: image id that "Edit" was pressed for (the button is there where ``editable``).
        show_boxes, show_cam, cam_opacity (0..1); choosing a cell shows the maps, clearing it takes them back.
        cam_method, cam_target: whose map is shown, and of which label; None: ``method``, the predicted label.
    Annotating: annotatable: whether labels can be given. annotation_labels: those on the keys 1 to 9 and 0 and in the
        list, by default the classifier's. annotations: labels by image id, those in the file included (to be observed;
        change it with :meth:`annotate`). An image that is labelled stays in its place until the filter or the order is
        set again. annotations_file: the path, or None: this session only. annotations_note: why they are not saved.
    run_revision: counts how often the run has grown since (:meth:`update_run`); not to be set.
    """

    _esm, _css = static("browser")

    cell = t.List(t.Unicode(), minlen=2, maxlen=2, allow_none=True, default_value=None).tag(sync=True)
    label = t.Unicode(None, allow_none=True).tag(sync=True)
    annotation = t.Unicode(None, allow_none=True).tag(sync=True)
    object_class = t.Unicode(None, allow_none=True).tag(sync=True)
    confidence = t.Float(None, allow_none=True, min=0.0, max=1.0).tag(sync=True)
    importance = t.List(t.Float(min=0.0, max=1.0), minlen=2, maxlen=2, allow_none=True, default_value=None).tag(
        sync=True
    )
    disagreement = t.Bool(False).tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    only_images = t.List(t.Unicode(), allow_none=True, default_value=None).tag(sync=True)
    only_images_caption = t.Unicode("").tag(sync=True)
    sort = t.Enum(SORTS, "corpus").tag(sync=True)
    sort_reverse = t.Bool(False).tag(sync=True)
    by = t.Enum(("prediction", "annotation"), "prediction").tag(sync=True)
    method = t.Unicode("grad-cam").tag(sync=True)
    score = t.Unicode("mean").tag(sync=True)
    threshold = t.Float(0.3, min=0.0, max=1.0).tag(sync=True)
    min_confidence = t.Float(min=0.0, max=1.0).tag(sync=True)
    selected = t.Unicode(None, allow_none=True).tag(sync=True)
    selection = t.List(t.Unicode()).tag(sync=True)
    open_image = t.Unicode(None, allow_none=True).tag(sync=True)
    compare_image = t.Unicode(None, allow_none=True).tag(sync=True)
    edit_image = t.Unicode(None, allow_none=True).tag(sync=True)
    editable = t.Bool(False).tag(sync=True)
    show_boxes = t.Bool(True).tag(sync=True)
    show_cam = t.Bool(False).tag(sync=True)
    cam_opacity = t.Float(0.6, min=0.0, max=1.0).tag(sync=True)
    cam_method = t.Unicode(None, allow_none=True).tag(sync=True)
    cam_target = t.Unicode(None, allow_none=True).tag(sync=True)
    annotatable = t.Bool(True).tag(sync=True)
    annotation_labels = t.List(t.Unicode()).tag(sync=True)
    annotations_file = t.Unicode(None, allow_none=True).tag(sync=True)
    annotations_note = t.Unicode("").tag(sync=True)
    annotations = t.Dict()
    run_revision = t.Int(0).tag(sync=True)

    def __init__(self, run: Run, *, annotations_file: str | os.PathLike[str] | None = None, **traits: Any) -> None:
        self.run = run
        self._thumbnails = Thumbnails(self._open_small)
        self._overlays = ThreadPoolExecutor(1, thread_name_prefix="emocam-overlays")
        self._ready = threading.Event()
        self._give_up: dict[int, Callable[[], None]] = {}
        # What the views' pictures are like; before one was asked for there is no view.
        self._height: int | None = None
        self._give_up_warm: Callable[[], None] | None = None
        self._index = RunIndex(run)
        self._corpus = known_corpus(run)
        path, note = default_file(self._corpus) if annotations_file is None else (Path(annotations_file), "")
        self._annotations = Annotations(path, note)
        self._index.annotate(self._annotations.labels)
        self._order = np.arange(len(self._index), dtype=np.uint32)
        self._revision = 0
        self._cam_without_cell = False
        self._filter_lock = threading.RLock()
        self._ever_labelled: set[str] = set()
        if "method" not in traits:
            traits["method"] = default_method(run)
        traits.setdefault("min_confidence", run.min_confidence)
        traits.setdefault("annotation_labels", list(run.labels))
        super().__init__(**traits)
        self._show_annotations({})
        self._refilter()
        self.observe(self._filter_changed, (*CONDITIONS, *SETTINGS, *OVERLAYS, *ORDER))
        self.observe(self._file_changed, "annotations_file")
        self.on_message("index", self._send_index)
        self.on_message("thumbnails", self._send_thumbnails)
        self.on_message("give_up", self._give_up_thumbnails)
        self.on_message("image", self._send_image)
        self.on_message("annotate", self._annotate_asked)
        self.on_message("undo_annotation", lambda _content, _buffers: {"undone": self.undo_annotation()})
        self.on_message("annotations_csv", self._send_annotations)
        self.on_message("failures", lambda _content, _buffers: failures_message(self.run))

    @property
    def image_ids(self) -> list[str]:
        """The ids of the images that are shown, in the order shown."""
        return [self._index.ids[position] for position in self._order]

    def show_images(self, image_ids: Iterable[str] | None, caption: str = "") -> None:
        """Show only these images, under a caption such as "images that switched"; None: all again.

        Raises:
            TraitError: one of them is not in the run.
        """
        self.only_images_caption = caption
        self.set_trait("only_images", None if image_ids is None else list(image_ids))

    def clear_filters(self) -> None:
        """Show all images."""
        for name in CONDITIONS:
            self.set_trait(name, {"disagreement": False, "text": ""}.get(name))

    def annotate(self, image_ids: str | Iterable[str], label: str | None) -> None:
        """Give an image, or several in one step, a label; None takes away the one that was given here.

        Raises:
            UnknownNameError: an image is not in the run, or the label is none of ``annotation_labels``.
        """
        ids = [image_ids] if isinstance(image_ids, str) else list(image_ids)
        for image_id in ids:
            self._index.position(image_id)
        if label is not None and label not in self.annotation_labels:
            raise UnknownNameError("label to annotate with", label, self.annotation_labels)
        self._show_annotations(self._annotations.give(ids, label))

    def undo_annotation(self) -> bool:
        """Take the last step of annotating back. Returns whether there was one."""
        some = self._annotations.steps > 0
        self._show_annotations(self._annotations.undo())
        return some

    def update_run(self, run: Run) -> None:
        """Show the same run as it is by now, holding more than before; traits, observers and links stay as they are."""
        index, corpus = RunIndex(run), known_corpus(run)
        index.annotate(self._annotations.labels)
        if self._ready.is_set():
            index.warm(self._settings)
        with self._filter_lock:
            self.run, self._index, self._corpus = run, index, corpus
        # The views ask for the images anew before they hear of an order of these.
        self.run_revision += 1
        self._refilter()

    def close(self) -> None:
        """Close the widget and stop making thumbnails."""
        self._height = None
        self._thumbnails.close()
        self._overlays.shutdown(wait=False, cancel_futures=True)
        super().close()

    # -- filter --------------------------------------------------------------------------------------------------------

    @t.validate(
        "cell", "label", "annotation", "object_class", "method", "score", "selected", "open_image", "compare_image",
        "cam_method", "cam_target", "selection", "only_images",
    )  # fmt: skip
    def _known(self, proposal: dict[str, Any]) -> Any:
        value, name = proposal["value"], proposal["trait"].name
        if value is None:
            return value
        labels = dict.fromkeys([*self._index.labels, *self.run.annotations])
        image = ("image in this run", self._index.positions)
        known: dict[str, tuple[str, Collection[str]]] = {
            "label": ("label", labels),
            "annotation": ("label", dict.fromkeys([*self._index.annotation_names, *self.annotation_labels])),
            "object_class": ("object class", self._index.classes),
            "method": ("method in this run", self.run.methods or (value,)),
            "cam_method": ("method in this run", self.run.methods),
            "cam_target": ("label", self._index.labels),
            "score": ("score", SCORES),
        }
        pairs = zip(("object_class", "label"), value, strict=True) if name == "cell" else [(name, value)]
        if name in ("selection", "only_images"):
            pairs = [(name, each) for each in value]
        for trait, wanted in pairs:
            kind, names = known.get(trait, image)
            if wanted not in names:
                raise t.TraitError(str(UnknownNameError(kind, wanted, names)))
        return value

    @t.validate("importance")
    def _a_range(self, proposal: dict[str, Any]) -> Any:
        value = proposal["value"]
        if value is not None and value[0] > value[1]:
            raise t.TraitError(f"importance is [low, high], and {value[0]:g} is not below {value[1]:g}.")
        return value

    def _filter_changed(self, change: dict[str, Any]) -> None:
        if change["name"] == "cell":
            self._show_why(change["old"] is not None, change["new"] is not None)
        other = {"cell": "label", "label": "cell"}.get(change["name"])
        if other is not None and change["new"] is not None:
            self.set_trait(other, None)
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
            self._order = self._index.order(self._filter, self._settings, self.sort, self.sort_reverse)
            self._revision += 1
        self._tell_order()

    def _tell_order(self) -> None:
        with self._filter_lock:
            content, buffers = self._order_message()
        self.send({"kind": "order", **content}, buffers)
        self._warm()

    def _tell_again(self) -> None:
        self._tell_order()
        labels = self._annotations.labels
        self._tell_annotated({image_id: labels.get(image_id) for image_id in self._ever_labelled})

    @property
    def _filter(self) -> Filter:
        return Filter(
            cell=(self.cell[0], self.cell[1]) if self.cell else None,
            label=self.label,
            annotation=self.annotation,
            object_class=self.object_class,
            confidence=self.confidence,
            importance=(self.importance[0], self.importance[1]) if self.importance else None,
            disagreement=self.disagreement,
            text=self.text,
            images=frozenset(self.only_images) if self.only_images is not None else None,
        )

    @property
    def _settings(self) -> Settings:
        return Settings(self.method, self.score, self.threshold, self.min_confidence, self.by)

    @property
    def _cam(self) -> tuple[str, str | None]:
        return self.cam_method or self.method, self.cam_target

    def _order_message(self) -> tuple[dict[str, Any], list[bytes]]:
        wanted = self._filter
        content = {
            "revision": self._revision,
            "count": len(self._order),
            "total": self._index.total(wanted, self._settings),
            "images": len(self._index),
            "only_images": None if wanted.images is None else len(wanted.images),
            **{name: getattr(self, name) for name in (*CONDITIONS[:-1], "only_images_caption", "by")},
        }
        return content, [int_buffer(self._order)]

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _send_index(self, request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        if "height" in request:  # the first pictures are made while the view reads what it is told here
            self._height = _thumbnail_height(request)
            self._warm()
        with self._filter_lock:
            order, order_buffers = self._order_message()
            content, buffers = index_message(self._index)
        extra = {"order": order, "given": self._annotations.labels, "undo": self._annotations.steps}
        return {**content, **extra}, [*order_buffers, *buffers]

    def _send_thumbnails(self, request: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Answers from another thread with boxes and maps of the images, and with their pictures if wanted."""
        index = self._index  # its positions are meant, also where the run has grown before the pictures are made
        positions = [int(p) for p in request["positions"][:MAX_BATCH] if 0 <= int(p) < len(index)]
        number = int(request.get("id", 0))

        finished = threading.Event()

        def done(pictures: dict[str, bytes | Exception | None]) -> None:
            finished.set()
            self._give_up.pop(number, None)
            try:
                self._reply_thumbnails(request, index, positions, pictures)
            except Exception as error:  # noqa: BLE001  a boundary: the pool would swallow it
                self.show_error(error, request)

        if not request.get("pictures", True):
            self._overlays.submit(self._prepare_overlays)
            self._overlays.submit(done, {})
            return
        self._height = height = _thumbnail_height(request)
        give_up = self._thumbnails.batch([index.ids[position] for position in positions], height, done)
        self._give_up[number] = give_up
        if finished.is_set():  # before it was noted
            self._give_up.pop(number, None)

    def _warm(self) -> None:
        """Begins with the pictures that a new order shows first, while the front end still hears of it."""
        with self._filter_lock:
            if self._give_up_warm is not None:
                self._give_up_warm()
                self._give_up_warm = None
            if self._height is not None:
                first = [self._index.ids[position] for position in self._order[:WARM]]
                self._give_up_warm = self._thumbnails.batch(first, self._height, lambda _pictures: None)

    def _reply_thumbnails(
        self,
        request: dict[str, Any],
        index: RunIndex,
        positions: list[int],
        pictures: dict[str, bytes | Exception | None],
    ) -> None:
        with self._filter_lock:
            revision, wanted, settings, cam = self._revision, self._filter, self._settings, self._cam
        # The first pictures do not wait for the tables: the front end asks for what lies over them when it has them.
        if pictures and not self._ready.is_set():
            revision = NOT_READY
        content, buffers = thumbnails_message(index, positions, pictures, wanted, settings, cam, revision)
        self.reply(request, content, buffers)

    def _prepare_overlays(self) -> None:
        """Reads and computes, once, what the first boxes and maps need: for a large run it takes a second."""
        if not self._ready.is_set():
            self._index.warm(self._settings)
            self._ready.set()

    def _give_up_thumbnails(self, request: dict[str, Any], _buffers: list[memoryview]) -> None:
        """What was scrolled past: what is not begun of these requests need not be made."""
        for number in request["requests"]:
            give_up = self._give_up.pop(int(number), None)
            if give_up is not None:
                give_up()

    def _send_image(self, request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """One image large."""
        position = self._index.position(str(request["image_id"]))
        picture: bytes = b""
        if request.get("picture", True):
            picture = encode_jpeg(shrink(self.run.open_image(self._index.ids[position]), LARGE_SIDE), LARGE_QUALITY)
        content, buffers = image_message(self._index, position, picture, self._filter, self._settings, self._cam)
        return {"revision": self._revision, **content}, buffers

    def _open_small(self, image_id: str, least_side: int) -> Image.Image:
        if self._corpus is not None:  # a run is locked while it computes, and pictures do not wait for that
            try:
                return self._corpus.preview(image_id, least_side)
            except ImageError:
                pass
        return self.run.open_image(image_id)  # which says why it cannot be used, and what to do

    # -- annotating ----------------------------------------------------------------------------------------------------

    def _annotate_asked(self, request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        if not self.annotatable:
            raise EmocamError("This browser does not take labels: annotatable is False.")
        self.annotate([str(image_id) for image_id in request["image_ids"]], request["label"])
        return {}

    def _send_annotations(self, _content: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict, list[bytes]]:
        name = Path(self.annotations_file).name if self.annotations_file else "annotations.csv"
        return {"name": name}, [self._annotations.as_csv()]

    def _file_changed(self, change: dict[str, Any]) -> None:
        path = Path(change["new"]) if change["new"] is not None else None
        self._show_annotations(self._annotations.save_in(path, "" if path is not None else KEPT))

    def _show_annotations(self, changes: Changes) -> None:
        """Takes over what is known of annotations now, and tells every view."""
        with self._filter_lock:
            self._index.annotate(changes)
            self._ever_labelled |= changes.keys()
        path = self._annotations.path
        self.annotations_note = self._annotations.note
        self.annotations_file = str(path) if path is not None else None
        self.annotations = self._annotations.labels
        self._tell_annotated(changes)

    def _tell_annotated(self, changes: Changes) -> None:
        with self._filter_lock:
            positions = self._index.annotate(changes)
        content = {
            "kind": "annotated",
            "given": {image_id: label for image_id, label in changes.items() if image_id in self._index.positions},
            "annotations": [self._index.annotation(position) for position in positions],
            "undo": self._annotations.steps,
        }
        self.send(content, [int_buffer(positions)])


def _thumbnail_height(request: dict[str, Any]) -> int:
    return int(np.clip(int(request.get("height", 160)), *THUMBNAIL_HEIGHTS))


def known_corpus(run: Run) -> Corpus | None:
    """The corpus of the run, or None where its images are not where they were: each then says so where it would be."""
    try:
        return run.corpus
    except EmocamError:
        return None


def default_method(run: Run) -> str:
    """The method that a run is looked at with first: Grad-CAM where it has it, else its first one."""
    return "grad-cam" if "grad-cam" in run.methods or not run.methods else run.methods[0]
