"""Which pictures a report holds, and how large: as good as there is room for. It knows Pillow, nothing of pages."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.errors import EmocamError, ImageError
from emocam_widgets.widgets.thumbnails import shrink

if TYPE_CHECKING:
    from emocam_widgets.analysis.association import Association
    from emocam_widgets.run import Run


@dataclass(frozen=True)
class Level:
    """How a picture is stored: the pixels of its longer side at most, and WebP's quality (0..100)."""

    side: int
    quality: int


LEVELS = tuple(
    Level(*pair) for pair in ((1600, 86), (1280, 84), (1024, 82), (800, 80), (640, 78), (512, 75), (400, 72))
)
"""The best first. Images are left out before any is stored below the last."""
SAMPLED = 24
# A sample's mean is off by some per cent; what is then too much is stored smaller at the end of the list.
CAUTION = 0.97
AHEAD = 32


@dataclass(frozen=True)
class Picture:
    """One stored picture: WebP bytes, or why there are none."""

    position: int
    data: bytes = b""
    reason: str | None = None


@dataclass(frozen=True)
class Pictures:
    """The pictures of a report, the most wanted first.

    Attributes:
        stored: those that are in it, and those that could not be read.
        level: how most of them are stored.
        left_out: for how many images there was no room.
    """

    stored: tuple[Picture, ...]
    level: Level
    left_out: int

    def without_last(self, size: float) -> Pictures:
        """Without the least wanted ones that together take at least ``size`` bytes."""
        kept = len(self.stored)
        while kept and size > 0:
            kept -= 1
            size -= len(self.stored[kept].data)
        return replace(self, stored=self.stored[:kept], left_out=self.left_out + len(self.stored) - kept)


def wanted_order(run: Run, association: Association | None, first: Sequence[int] = ()) -> NDArray[np.intp]:
    """Positions of all images of a run, those whose pictures matter most first.

    First ``first``; then the images behind the strong cells, one of each cell in turn, the surest first; then one of
    each label in turn, the surest first.
    """
    surest = run.probabilities.max(axis=1) if len(run.labels) else np.zeros(len(run))
    ranked = [np.asarray(first, dtype=np.intp)]
    if association is not None:
        positions = {image_id: position for position, image_id in enumerate(run.images["image_id"])}
        cells = association.strong()[["object_class", "label"]].itertuples(index=False)
        groups = [
            np.array([positions[image_id] for image_id in association.contributors(*cell)], np.intp) for cell in cells
        ]
        ranked.append(_in_turn(groups, surest))
    label = run.images["label"].to_numpy(object)
    ranked.append(_in_turn([np.flatnonzero(label == name) for name in run.labels], surest))
    ranked.append(np.arange(len(run)))
    everything = np.concatenate(ranked)
    _, once = np.unique(everything, return_index=True)
    return everything[np.sort(once)]


def _in_turn(groups: Sequence[NDArray[np.intp]], key: NDArray[np.floating]) -> NDArray[np.intp]:
    """One of each group in turn, within a group by falling key."""
    if not groups:
        return np.zeros(0, np.intp)
    ordered = [group[np.argsort(-key[group], kind="stable")] for group in groups]
    rank = np.concatenate([np.arange(len(group)) for group in ordered])
    number = np.concatenate([np.full(len(group), i) for i, group in enumerate(ordered)])
    return np.concatenate(ordered)[np.lexsort((number, rank))]


class PictureMaker:
    """Encodes pictures of a run in some threads, in a given order.

    Args:
        open_image: gives the RGB picture of a position, from any thread.
        seen: called with the number of pictures that were made since the last call.
    """

    def __init__(self, open_image: Callable[[int], Image.Image], seen: Callable[[int], None] = lambda _n: None) -> None:
        self._open = open_image
        self._seen = seen

    def fit(self, order: Sequence[int], room: float, extra: float = 0.0) -> Pictures:
        """The pictures at the positions ``order`` as large as ``room`` bytes allow, the first of them surely.

        ``extra`` bytes are needed for each image beside its picture.
        """
        with ThreadPoolExecutor(max(1, min(8, os.cpu_count() or 1)), thread_name_prefix="emocam-report") as pool:
            level = self._level(pool, order, room, extra)
            made: list[Picture] = []
            used = 0.0
            for picture in self._made(pool, order, level):
                used += len(picture.data) + extra
                made.append(picture)
                self._seen(1)
                if used > room and level is LEVELS[-1]:
                    break
        made = self._shrunk(made, level, room - extra * len(made))
        return Pictures(tuple(made), level, len(order) - len(made))

    def _level(self, pool: ThreadPoolExecutor, order: Sequence[int], room: float, extra: float) -> Level:
        """The best level at which all images should fit, else the last."""
        places = np.unique(np.linspace(0, max(len(order) - 1, 0), min(SAMPLED, len(order))).astype(np.intp))
        sample = [order[place] for place in places]
        for level in LEVELS[:-1]:
            self._seen(0)  # who waits may have had enough
            sizes = [len(picture.data) for picture in pool.map(partial(self._picture, level=level), sample)]
            mean = float(np.mean(sizes)) if sizes else 0.0
            if (mean + extra) * len(order) <= CAUTION * room:
                return level
        return LEVELS[-1]

    def _made(self, pool: ThreadPoolExecutor, order: Sequence[int], level: Level) -> Iterator[Picture]:
        """In order; only some are made ahead, so that a stop wastes little and memory stays small."""
        for start in range(0, len(order), AHEAD):
            yield from pool.map(partial(self._picture, level=level), order[start : start + AHEAD])

    def _shrunk(self, made: list[Picture], level: Level, room: float) -> list[Picture]:
        """Stores the least wanted ones smaller, then drops them, until all have room."""
        used = sum(len(picture.data) for picture in made)
        for smaller in LEVELS[LEVELS.index(level) + 1 :]:
            for place in range(len(made) - 1, -1, -1):
                if used <= room:
                    return made
                if made[place].data:
                    again = self._picture(made[place].position, smaller)
                    used += len(again.data) - len(made[place].data)
                    made[place] = again
        while made and used > room:
            used -= len(made.pop().data)
        return made

    def _picture(self, position: int, level: Level) -> Picture:
        try:
            image = self._open(position)
        except ImageError as error:
            return Picture(position, reason=error.reason)
        except EmocamError as error:
            return Picture(position, reason=str(error))
        out = io.BytesIO()
        shrink(image, level.side).convert("RGB").save(out, "WEBP", quality=level.quality, method=4)
        return Picture(position, out.getvalue())
