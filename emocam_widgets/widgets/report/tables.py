"""A run's numbers as a report carries them: small whole numbers in one compressed block, read by js/report/data.ts.

Importance is stored so that a comparison with any threshold that a slider offers says exactly what it says here.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from emocam_widgets.analysis.importance import default_threshold
from emocam_widgets.analysis.rollup import open_images_parents
from emocam_widgets.analysis.selection import lineage
from emocam_widgets.widgets.failures import failures_message

if TYPE_CHECKING:
    from emocam_widgets.run import Run

THRESHOLD_STEPS = 64_000
"""Thresholds are multiples of 1 / THRESHOLD_STEPS: every multiple of 0.0005 is one, and so all that a slider offers."""
UNIT_STEPS = 65_535
NONE = 65_535

_THRESHOLDS = (np.arange(THRESHOLD_STEPS + 1) / THRESHOLD_STEPS).astype(np.float32)
_TYPES = {"u1": 1, "u2": 2, "u4": 4, "f4": 4}


def threshold_codes(importance: ArrayLike) -> NDArray[np.uint16]:
    """How many of the thresholds 0, 1/64000, ... 1 each importance is above.

    So ``importance > k / 2000`` is ``code > 32 * k``, in float32 as ``Aggregate.counts`` compares.
    """
    return np.searchsorted(_THRESHOLDS, np.asarray(importance, np.float32), side="left").astype(np.uint16)


def unit_codes(values: ArrayLike) -> NDArray[np.uint16]:
    """Values of 0..1 as the nearest multiples of 1/65535."""
    return np.rint(np.clip(np.asarray(values, np.float64), 0, 1) * UNIT_STEPS).astype(np.uint16)


class Block:
    """Arrays by name and a header, packed into one gzip stream that is the same for the same content."""

    def __init__(self) -> None:
        self._arrays: dict[str, dict[str, Any]] = {}
        self._data: list[bytes] = []
        self._size = 0

    def add(self, name: str, kind: str, values: ArrayLike) -> None:
        """An array of the kind u1, u2, u4 (unsigned) or f4, little-endian."""
        array = np.ascontiguousarray(values, dtype=f"<{kind}")
        # Bytes of one significance together: slowly changing numbers then compress to little.
        planes = array.reshape(-1).view(np.uint8).reshape(-1, _TYPES[kind]).T
        data = np.ascontiguousarray(planes).tobytes()
        self._arrays[name] = {"kind": kind, "at": self._size, "length": array.size}
        self._data.append(data)
        self._size += len(data)

    def packed(self, header: Mapping[str, Any]) -> bytes:
        """The length of the header's JSON (4 bytes, little-endian), that JSON with the arrays' places, the arrays."""
        text = json.dumps({**header, "arrays": self._arrays}, ensure_ascii=False, separators=(",", ":")).encode()
        return gzip.compress(b"".join([len(text).to_bytes(4, "little"), text, *self._data]), 9, mtime=0)


@dataclass(frozen=True)
class Choice:
    """What of the run's numbers a report carries."""

    methods: tuple[str, ...]
    scores: tuple[str, ...]
    min_confidence: float


class RunTables:
    """The tables of a run, read once for one report."""

    def __init__(self, run: Run, min_confidence: float) -> None:
        self.run = run
        self.ids = pd.Index(run.images["image_id"].astype(str))
        self._kept = np.flatnonzero(run.boxes["confidence"].to_numpy() >= np.float32(min_confidence))
        boxes = run.boxes.iloc[self._kept]
        self._box_image = self.ids.get_indexer(pd.Index(boxes["image_id"]))
        self._box_class = pd.Index(run.classes).get_indexer(pd.Index(boxes["object_class"]))
        self._boxes = boxes
        self._pairs = np.unique(self._box_class.astype(np.int64) * max(len(self.ids), 1) + self._box_image)

    def add_images(self, block: Block) -> None:
        """Sizes, labels, annotations and probabilities of every image of the run."""
        images = self.run.images
        block.add("size", "u4", images[["width", "height"]].to_numpy())
        block.add("predicted", "u2", pd.Index(self.run.labels).get_indexer(pd.Index(images["label"])))
        annotated = pd.Index(self.run.annotations).get_indexer(pd.Index(images["annotation"]))
        block.add("annotated", "u2", np.where(annotated < 0, NONE, annotated))
        block.add("probability", "u2", unit_codes(self.run.probabilities))
        for name in ("valence", "arousal"):
            if images[name].notna().any():
                block.add(name, "f4", images[name].to_numpy(np.float32, na_value=np.nan))

    def add_pairs(self, block: Block, choice: Choice) -> None:
        """Every pair of object class and image that has a box, with its greatest importance per method and score."""
        n_images = max(len(self.ids), 1)
        object_class, image = np.divmod(self._pairs, n_images)
        block.add("pair.class", "u2", object_class)
        block.add("pair.image", "u4", image)
        surest = np.zeros(len(self._pairs), np.float32)
        pair = self._box_class.astype(np.int64) * n_images + self._box_image
        np.maximum.at(surest, np.searchsorted(self._pairs, pair), self._boxes["confidence"].to_numpy(np.float32))
        block.add("pair.confidence", "u2", unit_codes(surest))
        for method in choice.methods:
            for score in choice.scores:
                aggregate = self.run.aggregate(method, score, choice.min_confidence)
                at = self.ids.get_indexer(aggregate.image_ids)
                greatest = aggregate.greatest()
                key = greatest.object_class * n_images + at[greatest.image]
                codes = np.zeros(len(self._pairs), np.uint16)
                codes[np.searchsorted(self._pairs, key)] = threshold_codes(greatest.importance)
                block.add(f"pair.importance/{method}/{score}", "u2", codes)
            taking_part = np.zeros(len(self.ids), np.uint8)
            taking_part[at] = 1
            block.add(f"explained/{method}", "u1", taking_part)

    def add_boxes(self, block: Block, choice: Choice, shown: NDArray[np.intp]) -> None:
        """The boxes of the images at the positions ``shown``, by image, within an image the most confident first."""
        wanted = np.zeros(len(self.ids), bool)
        wanted[shown] = True
        confidence = self._boxes["confidence"].to_numpy(np.float32)
        rows = np.lexsort((-confidence, self._box_image))
        rows = rows[wanted[self._box_image[rows]]]
        image = self._box_image[rows]
        size = self.run.images[["width", "height"]].to_numpy(np.float64)[image]
        corners = self._boxes[["x0", "y0", "x1", "y1"]].to_numpy(np.float64)[rows] / np.hstack([size, size])
        block.add("box.start", "u4", np.searchsorted(image, np.arange(len(self.ids) + 1)))
        block.add("box.class", "u2", self._box_class[rows])
        block.add("box.confidence", "u2", unit_codes(confidence[rows]))
        block.add("box.corners", "u2", unit_codes(corners))
        for method in choice.methods:
            for score in choice.scores:
                importance = self.run.importance(method, score)[self._kept[rows]]
                block.add(f"box.importance/{method}/{score}", "u2", threshold_codes(importance))

    def add_cams(self, block: Block, choice: Choice, shown: NDArray[np.intp]) -> None:
        """The maps of the predicted labels of the images ``shown``: their grids in 256 steps, shapes and views."""
        cams = self.run.cams
        labels = self.run.images["label"].to_numpy(object)[shown]
        wanted = pd.MultiIndex.from_arrays([self.ids[shown], labels])
        for method in choice.methods:
            output = self.output(method)
            mine = cams[(cams["method"] == method) & (cams["output"] == output)]
            keys = pd.MultiIndex.from_arrays([mine["image_id"], mine["target"]])
            last = ~keys.duplicated(keep="last")
            at = keys[last].get_indexer(wanted)
            found = mine[last].iloc[at[at >= 0]]
            block.add(f"cam.image/{method}", "u4", shown[at >= 0])
            block.add(f"cam.shape/{method}", "u2", found[["grid_height", "grid_width"]].to_numpy())
            views = found[["view_x0", "view_y0", "view_x1", "view_y1"]].to_numpy()
            block.add(f"cam.view/{method}", "f4", views)
            grids = np.concatenate([np.zeros(0, np.float32), *found["grid"]]) if len(found) else np.zeros(0)
            block.add(f"cam.grid/{method}", "u1", np.rint(255 * np.clip(grids.astype(np.float32), 0, 1)))

    def output(self, method: str) -> str:
        """Which output of the classifier the method's maps explain, as ``Run.association`` chooses it."""
        held = [info.output for info in self.run.manifest.methods if info.name == method]
        return "probabilities" if "probabilities" in held else held[0]


def packed_numbers(tables: RunTables, choice: Choice) -> bytes:
    """What is of the whole run, whatever pictures there are: names, images, and pairs of object class and image."""
    block = Block()
    tables.add_images(block)
    tables.add_pairs(block, choice)
    run = tables.run
    return block.packed(
        {
            "ids": tables.ids.tolist(),
            "labels": list(run.labels),
            "annotations": list(run.annotations),
            "classes": list(run.classes),
            "methods": list(choice.methods),
            "scores": list(choice.scores),
            "default_thresholds": {score: default_threshold(score) for score in choice.scores},
            "lineage": _lineage(run.classes),
            "outputs": {method: tables.output(method) for method in choice.methods},
            "failures": len(run.failures),
            "failed": failures_message(run)["listed"],
            "synthetic": bool(run.synthetic),
        }
    )


def _lineage(classes: Sequence[str]) -> dict[str, list[str]]:
    """From each class that is a kind of something, by Open Images' hierarchy, to the path from the root to itself."""
    parents = open_images_parents(classes)
    paths = {name: [*reversed(lineage(name, parents)), name] for name in classes}
    return {name: path for name, path in paths.items() if len(path) > 1}


def packed_shown(tables: RunTables, choice: Choice, shown: Sequence[int], header: Mapping[str, Any]) -> bytes:
    """``header``, and the boxes and maps of the images at the positions ``shown``."""
    positions = np.sort(np.asarray(shown, dtype=np.intp))
    block = Block()
    tables.add_boxes(block, choice, positions)
    tables.add_cams(block, choice, positions)
    return block.packed(header)
