"""What the widgets share that explain one image: where it comes from, what it is called, and what knows its labels."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t
from PIL import Image

from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError
from emocam_widgets.widgets.base import LiveWidget, float_buffer
from emocam_widgets.widgets.thumbnails import LARGE_QUALITY, LARGE_SIDE, encode_jpeg, shrink

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.engine.worker import ImageLike
    from emocam_widgets.run import Run

NO_CORPUS = "There is no corpus to find an image id in: pass corpus= or run=."
Message = tuple[dict[str, Any], list[bytes]]


def marked_numbers(
    trait: str, value: Mapping[str, Iterable[Any]], kinds: tuple[str, str], of: str
) -> dict[str, list[int]]:
    """What a viewer marked, as a trait takes it: for both kinds the numbers, ascending, each once.

    Args:
        trait: what it is called, for the message.
        value: {kind: whole numbers}; a kind may be missing.
        kinds: the two that there are.
        of: what the numbers are expected to be, for the message.

    Raises:
        traitlets.TraitError: another kind, or something that is no number.
    """
    if not set(value) <= set(kinds):
        raise t.TraitError(f'{trait} has {", ".join(map(repr, value))}; expected "{kinds[0]}" and "{kinds[1]}".')
    try:
        return {kind: sorted({int(number) for number in value.get(kind, ())}) for kind in kinds}
    except (TypeError, ValueError) as error:
        raise t.TraitError(f"{trait} is {value!r}; expected {of}.") from error


class OneImageWidget(LiveWidget):
    """An image, given or looked up in a corpus or run, and a worker that may be asked about it.

    A subclass overrides `_changed`, which is called, with the lock held, whenever there is another image.
    """

    image_id = t.Unicode(None, allow_none=True).tag(sync=True)
    _scene = t.Int(0).tag(sync=True)

    def __init__(
        self, worker: Worker | None = None, corpus: Corpus | None = None, run: Run | None = None, **traits: Any
    ) -> None:
        self.worker, self.run = worker, run
        self._own_corpus = corpus
        self._base: Image.Image | None = None
        self._file: Path | None = None
        self._problem: str | None = None
        self._state_lock = threading.RLock()
        super().__init__(**traits)
        self.observe(self._open_image_id, "image_id")
        self.on_message("scene", self._send_scene)

    def set_image(self, image: ImageLike) -> None:
        """Explain another image: a PIL image, a uint8 array, a file, or an id of the corpus.

        Raises:
            EmocamError: it cannot be read.
        """
        if self._is_id(image):
            self.image_id = str(image)
            return
        from emocam_widgets.engine.worker import as_image

        picture = as_image(image)
        self.image_id = None
        self._show(picture, Path(image).expanduser().absolute() if isinstance(image, str | Path) else None, None)

    @property
    def corpus(self) -> Corpus | None:
        """The corpus that was passed, or the run's.

        Raises:
            EmocamError: the run's corpus has moved.
        """
        if self._own_corpus is None and self.run is not None:
            return self.run.corpus
        return self._own_corpus

    @property
    def name(self) -> str:
        """What the image is called: its id, or the name of its file."""
        return self.image_id or (self._file.name if self._file else "image")

    @property
    def labels(self) -> tuple[str, ...]:
        """The classifier's labels; none where neither a worker nor a run knows them."""
        if self.worker is not None:
            return tuple(self.worker.labels)
        return self.run.labels if self.run is not None else ()

    def _changed(self) -> None:
        raise NotImplementedError

    def _more_of_scene(self) -> dict[str, Any]:
        """What else the front end must know of a new image."""
        return {}

    def _is_id(self, image: ImageLike) -> bool:
        if not isinstance(image, str):
            return False
        if self._own_corpus is not None:
            return image in self._own_corpus
        return self.run is not None and bool((self.run.images["image_id"] == image).any())

    def _open_image_id(self, change: Mapping[str, Any]) -> None:
        image_id = change["new"]
        if image_id is None:
            self._show(None, None, None)
            return
        try:
            if self._own_corpus is not None:
                picture = self._own_corpus.open(image_id)
            elif self.run is not None:
                picture = self.run.open_image(image_id)
            else:
                raise EmocamError(NO_CORPUS)
        except EmocamError as error:
            self._show(None, None, str(error))
            raise
        self._show(picture, None, None)

    def _show(self, picture: Image.Image | None, file: Path | None, problem: str | None) -> None:
        with self._state_lock:
            self._base, self._file, self._problem = picture, file, problem
            self._scene += 1
            self._changed()

    def _send_scene(self, _content: dict[str, Any], _buffers: list[memoryview]) -> Message:
        """The image, and the probabilities of its labels where somebody knows them."""
        with self._state_lock:
            base, problem, scene = self._base, self._problem, self._scene
        worker, run = self.worker, self.run
        content: dict[str, Any] = {
            "scene": scene,
            "problem": problem,
            "labels": list(self.labels),
            "worker": worker is not None,
            "synthetic": bool(worker.classifier.synthetic if worker else run is not None and run.synthetic),
            "name": self.name,
            "width": base.width if base else 0,
            "height": base.height if base else 0,
            **self._more_of_scene(),
        }
        if base is None:
            return content, []
        original: Any = np.zeros(0)
        if worker is not None:
            original = worker.predict(base).probabilities
        elif run is not None and self.image_id is not None:
            original = run.probabilities[run.position(self.image_id)]
        return content, [encode_jpeg(shrink(base, LARGE_SIDE), LARGE_QUALITY), float_buffer(original)]
