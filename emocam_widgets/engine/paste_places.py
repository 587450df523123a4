"""Where the paste experiment pastes: a grid of positions, and the centres of boxes of chosen object classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from emocam_widgets.engine.compose import MAX_HEIGHT
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.run import DetectorInfo, Run
from emocam_widgets.types import Detections

if TYPE_CHECKING:
    from PIL import Image

    from emocam_widgets.detectors import Detector

Position = tuple[float, float]

# The paper's figure shows 17 positions without coordinates. This grid is our own choice: 4 x 4 cell centres and the
# image's centre, symmetric in both axes.
POSITIONS: tuple[Position, ...] = (
    *((x, y) for y in (0.125, 0.375, 0.625, 0.875) for x in (0.125, 0.375, 0.625, 0.875)),
    (0.5, 0.5),
)
HEIGHT = 0.2
"""Of the sprites by default, relative to the image's height."""
DEFAULT_MIN_CONFIDENCE = 0.005


@dataclass(frozen=True)
class Spot:
    """A sprite's centre and height, relative to the image's size; `position` as in the table "pastes"."""

    position: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, eq=False)
class Places:
    """The grid, and the object classes `at` whose boxes (of a run, or by a detector) are pasted on.

    Attributes: `height` of the sprites, relative to the image's, or "box"; `classes`, all that the boxes can have.
    """

    grid: tuple[Position, ...]
    height: float | Literal["box"]
    at: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    min_confidence: float = DEFAULT_MIN_CONFIDENCE
    detector: Detector | None = None
    run_detectors: tuple[DetectorInfo, ...] = ()
    _boxes: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    _sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        positions: Sequence[Position] | None,
        height: float | Literal["box"],
        at: Sequence[str],
        boxes: Run | Detector | None,
        min_confidence: float | None,
    ) -> Places:
        """Checked. Raises EmocamError or UnknownNameError where something does not fit together."""
        at = (at,) if isinstance(at, str) else tuple(dict.fromkeys(at))
        grid = tuple(positions) if positions is not None else () if at else POSITIONS
        if not grid and not at:
            raise EmocamError("The paste experiment needs at least one position, such as (0.5, 0.5).")
        if height == "box":
            if grid:
                raise EmocamError("height='box' is for pasting on boxes: leave positions out and name classes in at=.")
        elif isinstance(height, str) or not 0 < height <= MAX_HEIGHT:
            raise EmocamError(f"height is {height!r}; expected 0 to {MAX_HEIGHT:g} of the image's height, or 'box'.")
        if not at:
            return cls(grid, height)
        if boxes is None:
            raise EmocamError(
                f"To paste on {' and '.join(at)}, boxes are needed: pass boxes=, a run of these images or a detector."
            )
        classes = boxes.classes if isinstance(boxes, Run) else tuple(boxes.class_names)
        for name in at:
            known_name("object class", name, classes)
        if isinstance(boxes, Run):
            least = boxes.min_confidence if min_confidence is None else min_confidence
            rows = boxes.boxes
            rows = rows[rows["object_class"].isin(at) & (rows["confidence"] >= least)]
            sizes = boxes.images[["image_id", "width", "height"]].itertuples(index=False, name=None)
            return cls(
                grid,
                height,
                at,
                classes,
                least,
                run_detectors=boxes.manifest.detectors,
                _boxes={str(image_id): mine for image_id, mine in rows.groupby("image_id")},
                _sizes={image_id: (wide, tall) for image_id, wide, tall in sizes},
            )
        named = float(boxes.settings.get("confidence", DEFAULT_MIN_CONFIDENCE))
        return cls(grid, height, at, classes, named if min_confidence is None else min_confidence, boxes)

    def known(self, image_id: str) -> list[Spot] | None:
        """The spots on an image that need not be opened for them, else None."""
        if not self.at:
            return self._grid_spots()
        if self.detector is not None or image_id not in self._sizes:
            return None
        return self._grid_spots() + self._box_spots(image_id, *self._sizes[image_id])

    def on(self, image_id: str, image: Image.Image) -> list[Spot]:
        """The spots on an image; those of boxes by class as in `at`, the surest first."""
        if self.detector is None:
            known = self.known(image_id)
            return known if known is not None else self._grid_spots()
        found: Detections = self.detector.detect([image], self.min_confidence)[0]
        rows = pd.DataFrame(found.boxes, columns=["x0", "y0", "x1", "y1"])
        rows = rows.assign(object_class=found.object_class, confidence=found.confidence)
        rows = rows[rows["object_class"].isin(self.at) & (rows["confidence"] >= self.min_confidence)]
        return self._grid_spots() + self._spots(rows, image.width, image.height)

    def _grid_spots(self) -> list[Spot]:
        if self.height == "box":
            return []
        return [Spot(number, x, y, float(self.height)) for number, (x, y) in enumerate(self.grid)]

    def _box_spots(self, image_id: str, width: int, height: int) -> list[Spot]:
        rows = self._boxes.get(image_id)
        return [] if rows is None else self._spots(rows, width, height)

    def _spots(self, rows: pd.DataFrame, width: int, height: int) -> list[Spot]:
        order = {name: number for number, name in enumerate(self.at)}
        rows = rows.assign(order=rows["object_class"].map(order)).sort_values(
            ["order", "confidence"], ascending=[True, False], kind="stable"
        )
        centre_x = (rows["x0"] + rows["x1"]).to_numpy(np.float64) / 2 / width
        centre_y = (rows["y0"] + rows["y1"]).to_numpy(np.float64) / 2 / height
        tall = (rows["y1"] - rows["y0"]).to_numpy(np.float64) / height
        tall = np.clip(tall, 1 / height, MAX_HEIGHT) if self.height == "box" else np.full(len(rows), self.height, float)
        position = [-1 - self.classes.index(name) for name in rows["object_class"]]
        columns = (position, centre_x.tolist(), centre_y.tolist(), tall.tolist())
        return [Spot(*values) for values in zip(*columns, strict=True)]
