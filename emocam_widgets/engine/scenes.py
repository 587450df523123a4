"""The live path: one image, prepared once, and what the classifier says of it with this or that pasted onto it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

from PIL import Image

from emocam_widgets.engine.cache import image_key
from emocam_widgets.engine.compose import Sprites
from emocam_widgets.engine.executor import BATCH
from emocam_widgets.types import FloatArray, Output, Placement, Prediction

if TYPE_CHECKING:
    from emocam_widgets.engine.evaluating import Answer
    from emocam_widgets.engine.worker import Worker


class Scene(Protocol):
    """What a widget asks while something is dragged; see `Worker.scene`."""

    def submit(
        self,
        placements: Sequence[Placement],
        method: str | None = None,
        target: str | None = None,
        output: Output | None = None,
        *,
        supersedes: Hashable = None,
        variant: str = "object",
        early: Future[Prediction] | None = None,
    ) -> Future[Answer]:
        """Prediction, and with a method CAM, of the image with that on it; arguments as of `Worker.submit_evaluate`.

        A shared worker leaves `early` unset: its prediction and CAM come together.
        """
        ...

    def submit_many(self, pastes: Sequence[Sequence[Placement]], *, variant: str = "object") -> Future[FloatArray]:
        """Probabilities (n, k) of the image with each of these on it: one pass, after what is asked interactively."""
        ...


class LocalScene:
    """A scene whose image is composited in the caller's thread, and predicted in the worker's."""

    def __init__(
        self, worker: Worker, image: Image.Image, sprites: Mapping[str, Image.Image], sprites_name: str | None = None
    ) -> None:
        """`sprites_name` tells these sprites from others, where the caller knows it (see `sprites_key`)."""
        from emocam_widgets.engine.prepared import PreparedImage

        self._worker = worker
        self._sprites = sprites if isinstance(sprites, Sprites) else Sprites(sprites)
        self._sprites_key = sprites_name or sprites_key(sprites)
        self._prepared = PreparedImage(worker.classifier, image)
        self._lock = threading.Lock()

    @property
    def n_bytes(self) -> int:
        """About what it holds in memory."""
        image = self._prepared.image
        return 3 * image.width * image.height + self._prepared.tensor.nbytes

    def submit(
        self,
        placements: Sequence[Placement],
        method: str | None = None,
        target: str | None = None,
        output: Output | None = None,
        *,
        supersedes: Hashable = None,
        variant: str = "object",
        early: Future[Prediction] | None = None,
    ) -> Future[Answer]:
        """See `Scene.submit`."""
        from emocam_widgets.engine.evaluating import ModelInput
        from emocam_widgets.engine.prepared import Paste

        pasted = Paste(tuple(placements), variant)
        with self._lock:
            tensor = self._prepared.batch(self._sprites, [pasted])[0]
            key = self._prepared.paste_key(pasted, self._sprites_key)
        asked = ModelInput(key, tensor, self._prepared.view)
        return self._worker.submit_evaluate(asked, method, target, output, supersedes=supersedes, early=early)

    def submit_many(self, pastes: Sequence[Sequence[Placement]], *, variant: str = "object") -> Future[FloatArray]:
        """See `Scene.submit_many`."""
        from emocam_widgets.engine.prepared import Paste

        def predict() -> FloatArray:
            with self._lock:
                what = [Paste(tuple(placements), variant) for placements in pastes]
                inputs = self._prepared.batch(self._sprites, what)
            return self._worker.predict_inputs(inputs)

        return self._worker.submit(predict, BATCH)


def sprites_key(sprites: Mapping[str, Image.Image]) -> str:
    """Tells the pictures behind these names from any others."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(sprites):
        digest.update(f"{name}\0{image_key(sprites[name])}\0".encode())
    return digest.hexdigest()
