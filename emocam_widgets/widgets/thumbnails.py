"""Small pictures as encoded bytes: made in a few threads when they are asked for, and kept while there is room.

It knows Pillow, nothing of widgets.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from PIL import Image

THREADS = 2
CACHE_BYTES = 48 * 2**20
THUMBNAIL_QUALITY = 82
LARGE_QUALITY = 92
LARGE_SIDE = 2048


def encode_jpeg(image: Image.Image, quality: int = THUMBNAIL_QUALITY) -> bytes:
    """``image`` as JPEG; fine chroma at high quality, so that coloured outlines of drawings stay sharp."""
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2)
    return out.getvalue()


def encode_png(image: Image.Image) -> bytes:
    """``image`` as PNG, without any loss."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=4)
    return out.getvalue()


def shrink(image: Image.Image, side: int) -> Image.Image:
    """``image`` with its longer side at most ``side`` pixels (the same object where it is already)."""
    if max(image.size) <= side:
        return image
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return small


class Thumbnails:
    """JPEG thumbnails of a corpus, cached by (image id, height); one job per thumbnail however often it is asked for.

    Raises nothing itself: a job that fails carries its exception in its future.
    """

    def __init__(self, open_image: Callable[[str, int], Image.Image], cache_bytes: int = CACHE_BYTES) -> None:
        """``open_image`` gives the RGB picture of an image id, its sides perhaps as small as asked, from any thread."""
        self._open_image = open_image
        self._room = cache_bytes
        self._used = 0
        self._cache: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._jobs: dict[tuple[str, int], Future[bytes]] = {}
        self._waiting: dict[tuple[str, int], int] = {}
        self._closed = False
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="emocam-thumbnails")

    def submit(self, image_id: str, height: int) -> Future[bytes]:
        """The thumbnail, at most ``height`` pixels high and three times as wide, as a future of its JPEG bytes."""
        key = (image_id, height)
        with self._lock:
            cached = self._cache.get(key)
            if cached is not None:
                self._cache.move_to_end(key)
                ready: Future[bytes] = Future()
                ready.set_result(cached)
                return ready
            self._waiting[key] = self._waiting.get(key, 0) + 1
            if key not in self._jobs:
                self._jobs[key] = self._pool.submit(self._make, key)
            return self._jobs[key]

    def batch(
        self, image_ids: Sequence[str], height: int, done: Callable[[dict[str, bytes | Exception | None]], None]
    ) -> Callable[[], None]:
        """Calls ``done`` once, from a pool thread (or at once), with the bytes or the exception of every image.

        Returns:
            a function that gives up what has not been begun and is nobody else's: ``done`` gets None for that.
        """
        results: dict[str, bytes | Exception | None] = {}
        wanted = dict.fromkeys(image_ids)
        lock = threading.Lock()

        def collect(image_id: str, job: Future[bytes]) -> None:
            with lock:
                results[image_id] = _outcome(job)
                whole = len(results) == len(wanted)
            if whole and not self._closed:
                done(results)

        jobs = {image_id: self.submit(image_id, height) for image_id in wanted}
        for image_id, job in jobs.items():
            job.add_done_callback(partial(collect, image_id))
        if not wanted:
            done({})
        return partial(self._give_up, [(image_id, height) for image_id in wanted])

    def _give_up(self, keys: Sequence[tuple[str, int]]) -> None:
        """Cancels jobs that are waited for once only. Outside the lock: cancelling runs the callbacks."""
        given_up = []
        with self._lock:
            for key in keys:
                job = self._jobs.get(key)
                if job is None:
                    continue
                self._waiting[key] -= 1
                if self._waiting[key] <= 0 and not job.running():
                    given_up.append(self._jobs.pop(key))
                    del self._waiting[key]
        for job in given_up:
            job.cancel()

    def close(self) -> None:
        """Drops waiting jobs and the cache; running jobs end by themselves."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._cache.clear()
            self._used = 0

    def _make(self, key: tuple[str, int]) -> bytes:
        image_id, height = key
        try:
            image = self._open_image(image_id, height)
            image.thumbnail((3 * height, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
            data = encode_jpeg(image)
            self._keep(key, data)
            return data
        finally:
            with self._lock:
                self._jobs.pop(key, None)
                self._waiting.pop(key, None)

    def _keep(self, key: tuple[str, int], data: bytes) -> None:
        with self._lock:
            self._cache[key] = data
            self._used += len(data)
            while self._used > self._room and len(self._cache) > 1:
                _, dropped = self._cache.popitem(last=False)
                self._used -= len(dropped)


def _outcome(job: Future[bytes]) -> bytes | Exception | None:
    if job.cancelled():
        return None
    error = job.exception()
    if error is None:
        return job.result()
    return error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__}: {error}")
