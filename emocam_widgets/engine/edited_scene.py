"""The picture that the object editor edits: an image, its region edits and what is pasted, composed and predicted.

An image whose region edits stay as they are is prepared once, so that things are dragged over it as fast as over the
image itself; while the edits change, each is composed whole. Both give the same numbers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.engine.compose import Sprites, paste
from emocam_widgets.engine.region_edits import Edited, RegionEdit, apply_edits
from emocam_widgets.engine.sweep import Sweep, SweepResult, run_sweep
from emocam_widgets.errors import EmocamError
from emocam_widgets.types import Cam, Placement, Prediction, View

if TYPE_CHECKING:
    from emocam_widgets.engine.evaluating import Answer
    from emocam_widgets.engine.scenes import Scene
    from emocam_widgets.engine.worker import Worker

NO_WORKER = "The editor has no worker: pass ObjectEditor(image, worker=Worker(classifier))."
Edits = tuple[RegionEdit, ...]


class EditedScene:
    """One image with a palette, and what a classifier says of it with edits and things on it. Safe between threads.

    Placements and edits are relative to the whole image, a crop or not. Without a worker it only composes.
    """

    def __init__(self, image: Image.Image, sprites: Mapping[str, Image.Image], worker: Worker | None = None) -> None:
        """`image` is RGB; nobody may draw on it any more."""
        self.image = image
        self._worker = worker
        self._sprites = sprites if isinstance(sprites, Sprites) else Sprites(sprites)
        self._lock = threading.RLock()
        self._segmenting = threading.Lock()
        self._segments: NDArray[np.int32] | None = None
        self._edited: tuple[Edits, Edited] = ((), Edited(image, (0, 0, *image.size)))
        self._original = self._edited[1]
        self._scenes: dict[Edits, Scene] = {}
        self._asked: Edits = ()

    def with_sprites(self, sprites: Mapping[str, Image.Image]) -> EditedScene:
        """The same image with another palette."""
        made = EditedScene(self.image, sprites, self._worker)
        made._segments = self._segments
        return made

    @property
    def sprites(self) -> Sprites:
        """The palette."""
        return self._sprites

    def segments(self) -> NDArray[np.int32]:
        """The image's superpixels, int32 (h, w), as LIME cuts it by default; made once."""
        with self._segmenting:  # a lock of its own: it takes a while, and a drag goes on meanwhile
            if self._segments is None:
                from emocam_widgets.explain.superpixels import segment_image

                self._segments = segment_image(self.image)
            return self._segments

    def edited(self, edits: Sequence[RegionEdit]) -> Edited:
        """The image with these edits; the last one is kept."""
        key = tuple(edits)
        if not key:
            return self._original
        known, made = self._edited
        if known != key:
            made = apply_edits(self.image, key, self.segments)
            self._edited = (key, made)
        return made

    def compose(
        self, placements: Sequence[Placement], edits: Sequence[RegionEdit] = (), variant: str = "object"
    ) -> Image.Image:
        """What is predicted, at full resolution, as a new RGB image; see `compose.paste`."""
        made = self.edited(edits)
        return paste(made.cropped(), self._sprites, made.inside(placements), variant)

    def submit(
        self,
        placements: Sequence[Placement],
        edits: Sequence[RegionEdit] = (),
        method: str | None = None,
        *,
        variant: str = "object",
        supersedes: Hashable = None,
        early: Future[Prediction] | None = None,
    ) -> Future[Answer]:
        """Prediction and, with a method, CAM of that; the CAM's view is relative to what a crop leaves (see `whole`).

        `early` as there. Raises EmocamError without a worker; else as of `Worker.submit_evaluate`.
        """
        worker = self._needed_worker()
        made = self.edited(edits)
        with self._lock:
            key = tuple(edits)
            scene = self._scene(key, made) if key == self._asked or key in self._scenes or not key else None
            self._asked = key
        if scene is not None:
            return scene.submit(made.inside(placements), method, supersedes=supersedes, variant=variant, early=early)
        picture = paste(made.cropped(), self._sprites, made.inside(placements), variant)
        return worker.submit_evaluate(picture, method, supersedes=supersedes, early=early)

    def predict(
        self, placements: Sequence[Placement], edits: Sequence[RegionEdit] = (), variant: str = "object"
    ) -> Prediction:
        """`submit`, waited for."""
        return self.submit(placements, edits, variant=variant).result()[0]

    def whole(self, cam: Cam, edits: Sequence[RegionEdit]) -> Cam:
        """A CAM of what `submit` was asked, with its view relative to the whole image."""
        x0, y0 = self.edited(edits).window[:2]
        view = cam.view
        return replace(cam, view=View(view.x0 + x0, view.y0 + y0, view.x1 + x0, view.y1 + y0)) if x0 or y0 else cam

    def submit_cells(self, sweep: Sweep, cells: Sequence[int], edits: Sequence[RegionEdit] = ()) -> Future[NDArray]:
        """Probabilities (n, k) of these cells of a sweep: one pass, after whatever is asked for interactively."""
        self._needed_worker()
        made = self.edited(edits)
        with self._lock:
            scene = self._scene(tuple(edits), made)
        return scene.submit_many([made.inside(variant) for variant in sweep.variants(cells)])

    def sweep(
        self,
        sweep: Sweep,
        edits: Sequence[RegionEdit] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> SweepResult:
        """The whole sweep, waited for, or what there is of it when `cancelled` says so."""
        self._needed_worker()
        made = self.edited(edits)
        with self._lock:
            scene = self._scene(tuple(edits), made)
        for _ in run_sweep(scene, sweep, made.inside, cancelled):
            pass
        return sweep.result()

    def _scene(self, key: Edits, made: Edited) -> Scene:
        """The prepared image of these edits; that of no edits and the last other one are kept."""
        if key not in self._scenes:
            for other in [other for other in self._scenes if other]:
                del self._scenes[other]
            self._scenes[key] = self._needed_worker().scene(made.cropped(), self._sprites)
        return self._scenes[key]

    def _needed_worker(self) -> Worker:
        if self._worker is None:
            raise EmocamError(NO_WORKER)
        return self._worker
