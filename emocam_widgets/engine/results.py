"""Predictions and CAMs that were computed before: in memory, and behind it on disk as safetensors."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Hashable
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from emocam_widgets.engine.cache import ByteCache
from emocam_widgets.engine.disk_cache import DiskCache
from emocam_widgets.types import Cam, Output, Prediction, View

MEMORY_BYTES = 32 * 1024 * 1024
# Goes into every key: raised when what is computed from the same models and settings changes.
VERSION = 1

log = logging.getLogger(__name__)


def default_disk_cache() -> DiskCache:
    """The one of this user, in `$EMOCAM_HOME/cache`."""
    from emocam_widgets.demo import home

    return DiskCache(home() / "cache")


def disk_cache_of(cache: DiskCache | Path | str | bool | None) -> DiskCache | None:
    """What a worker's setting `cache` means: a cache, its folder, the user's own (True), or none."""
    if cache is True:
        return default_disk_cache()
    if cache is None or cache is False:
        return None
    return cache if isinstance(cache, DiskCache) else DiskCache(cache)


class ResultCache:
    """Predictions by (image, model and settings), CAMs by these and (method, target, output).

    A key is a tuple of text: the hash of the image's content first, then what else the result depends on. Not
    thread-safe: it belongs to the thread that computes.
    """

    def __init__(self, disk: DiskCache | None, memory_bytes: int = MEMORY_BYTES) -> None:
        self.disk = disk
        self._predictions: ByteCache[Prediction] = ByteCache(memory_bytes // 2)
        self._cams: ByteCache[Cam] = ByteCache(memory_bytes // 2)

    def prediction(self, key: tuple[str, ...], labels: tuple[str, ...]) -> Prediction | None:
        """The prediction, or None where it is not known."""
        found = self._predictions.get(key)
        if found is None and (arrays := self._from_disk(("prediction", *key))) is not None:
            probabilities, read_outs = arrays.get("probabilities"), arrays.get("read_outs")
            if probabilities is not None and read_outs is not None and len(probabilities) == len(labels):
                valence, arousal = (None if np.isnan(value) else float(value) for value in read_outs)
                found = Prediction(labels, probabilities, valence, arousal)
                self._predictions.put(key, found, _prediction_bytes(found))
        return found

    def put_prediction(self, key: tuple[str, ...], prediction: Prediction) -> None:
        """Keeps a prediction."""
        self._predictions.put(key, prediction, _prediction_bytes(prediction))
        read_outs = [np.nan if value is None else value for value in (prediction.valence, prediction.arousal)]
        self._to_disk(
            ("prediction", *key),
            {"probabilities": prediction.probabilities, "read_outs": np.array(read_outs, dtype=np.float64)},
        )

    def cam(self, key: tuple[str, ...], method: str, target: str, output: Output) -> Cam | None:
        """The CAM of a method, label and output, or None where it is not known."""
        whole = (*key, method, target, output)
        found = self._cams.get(whole)
        if found is None and (arrays := self._from_disk(("cam", *whole))) is not None:
            grid, view = arrays.get("grid"), arrays.get("view")
            if grid is not None and grid.ndim == 2 and view is not None and len(view) == 4:
                found = Cam(grid, View(*(float(edge) for edge in view)), method, target, output)
                self._cams.put(whole, found, _cam_bytes(found))
        return found

    def put_cam(self, key: tuple[str, ...], cam: Cam) -> None:
        """Keeps a CAM."""
        whole = (*key, cam.method, cam.target, cam.output)
        self._cams.put(whole, cam, _cam_bytes(cam))
        view = np.array([cam.view.x0, cam.view.y0, cam.view.x1, cam.view.y1])
        self._to_disk(("cam", *whole), {"grid": cam.grid, "view": view})

    def clear(self) -> None:
        """Frees the memory; what is on disk stays."""
        self._predictions.clear()
        self._cams.clear()
        if self.disk is not None:
            self.disk.close()

    def _from_disk(self, key: tuple[str, ...]) -> dict[str, np.ndarray] | None:
        found = self.disk.get(_disk_key(key)) if self.disk is not None else None
        if found is None:
            return None
        try:
            return load(found)
        except SafetensorError as error:
            log.warning("An entry of the cache %s cannot be read (%s); it is computed again.", self.disk, error)
            return None

    def _to_disk(self, key: tuple[str, ...], arrays: dict[str, np.ndarray]) -> None:
        if self.disk is not None:
            self.disk.put(_disk_key(key), save(arrays))


def _disk_key(key: tuple[Hashable, ...]) -> str:
    return hashlib.blake2b(repr((VERSION, *key)).encode(), digest_size=20).hexdigest()


def _prediction_bytes(prediction: Prediction) -> int:
    return prediction.probabilities.nbytes + 512


def _cam_bytes(cam: Cam) -> int:
    return cam.grid.nbytes + 512
