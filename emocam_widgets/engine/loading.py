"""Decoding a corpus's images ahead of the models, in a few threads and within a bounded number of pixels."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from PIL import Image

from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import ImageError

AHEAD = 16
PIXELS_AHEAD = 64_000_000
THREADS = 2


@dataclass(frozen=True, eq=False)
class Loaded:
    """One image of a corpus, or why it cannot be used."""

    image_id: str
    image: Image.Image | None
    reason: str | None = None


def load(corpus: Corpus, image_id: str) -> Loaded:
    """Opens one image; what makes it unusable becomes the reason."""
    try:
        return Loaded(image_id, corpus.open(image_id))
    except ImageError as error:
        return Loaded(image_id, None, error.reason)
    except Exception as error:  # noqa: BLE001 - a network folder that went away, a corpus of another package: a failure
        reason = " ".join(f"it cannot be opened ({type(error).__name__}: {error})".split())
        return Loaded(image_id, None, reason[:300])


def load_ahead(corpus: Corpus, image_ids: Iterable[str]) -> Iterator[Loaded]:
    """The images in order, decoded while the caller computes; fewer ahead where they are large."""
    remaining = iter(image_ids)
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="emocam-decode")
    try:
        waiting: deque[Future[Loaded]] = deque()
        ahead = 2
        while True:
            room = max(0, ahead - len(waiting))
            waiting.extend(pool.submit(load, corpus, image_id) for image_id in islice(remaining, room))
            if not waiting:
                return
            loaded = waiting.popleft().result()
            pixels = loaded.image.width * loaded.image.height if loaded.image is not None else 1
            # Towards the limit step by step: one large image is a warning that more may follow.
            ahead = min(ahead + 1, AHEAD, max(THREADS, PIXELS_AHEAD // pixels))
            yield loaded
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def in_batches(images: Iterable[Loaded], size: int) -> Iterator[list[Loaded]]:
    """Groups of `size`, smaller ones where their pixels would not fit (`PIXELS_AHEAD`)."""
    batch: list[Loaded] = []
    pixels = 0
    for loaded in images:
        batch.append(loaded)
        pixels += loaded.image.width * loaded.image.height if loaded.image is not None else 0
        if len(batch) >= size or pixels >= PIXELS_AHEAD:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch
