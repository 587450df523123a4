"""The sweep: one thing on an image moved over a grid of positions, with the classifier's answer at each.

It runs in small passes behind whatever is asked for interactively, coarse positions first, and can end at any pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError
from emocam_widgets.types import FloatArray, Placement

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.engine.scenes import Scene

COLUMNS, ROWS = 12, 9
MAX_CELLS = 4096
PASS = 4  # positions at a time: what an interactive request may have to wait for


@dataclass(frozen=True, eq=False)
class SweepResult:
    """What a classifier says with one thing at each position of a grid.

    Attributes:
        labels: k names, in the classifier's order.
        positions: float64 (rows * columns, 2): x, y of the thing's centre relative to the image, row by row.
        probabilities: float32 (rows * columns, k); NaN where nothing was computed (a sweep that was stopped).
        columns, rows: of the grid.
        placement: the thing; its own x and y play no part.
        others: what else is on the image, in painting order; `index` is the thing's place among them.
    """

    labels: tuple[str, ...]
    positions: NDArray[np.float64]
    probabilities: FloatArray
    columns: int
    rows: int
    placement: Placement
    others: tuple[Placement, ...] = ()
    index: int = 0

    @property
    def finished(self) -> bool:
        """Whether every position was computed."""
        return not bool(np.isnan(self.probabilities).any())

    def map_of(self, label: str) -> FloatArray:
        """float32 (rows, columns): the label's probability. ValueError for a label that there is not."""
        return self.probabilities[:, self.labels.index(label)].reshape(self.rows, self.columns)

    def best(self, label: str) -> tuple[float, float, float]:
        """x, y and probability of the position where the label is most probable.

        Raises EmocamError where nothing was computed yet.
        """
        column = self.probabilities[:, self.labels.index(label)]
        if np.isnan(column).all():
            raise EmocamError("Nothing of this sweep was computed yet.")
        at = int(np.nanargmax(column))
        return float(self.positions[at, 0]), float(self.positions[at, 1]), float(column[at])

    def frame(self) -> pd.DataFrame:
        """One row per position: x, y, then a column per label."""
        import pandas as pd

        table = pd.DataFrame(self.probabilities, columns=list(self.labels))
        table.insert(0, "x", self.positions[:, 0])
        table.insert(1, "y", self.positions[:, 1])
        return table


def grid_positions(columns: int, rows: int) -> NDArray[np.float64]:
    """(rows * columns, 2): the centres of the cells, row by row, relative to the image. EmocamError for a bad grid."""
    if min(columns, rows) < 1 or columns * rows > MAX_CELLS:
        raise EmocamError(f"A sweep over {columns} x {rows} positions; expected at least 1 x 1, {MAX_CELLS} in all.")
    x, y = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def coarse_first(columns: int, rows: int) -> list[int]:
    """The cells of a grid in an order that shows the whole of it early: every fourth, every second, all."""
    cells = np.arange(columns * rows).reshape(rows, columns)
    ordered = [int(cell) for step in (4, 2, 1) for cell in cells[step // 2 :: step, step // 2 :: step].ravel()]
    return list(dict.fromkeys([*ordered, *cells.ravel().tolist()]))


def placed(placements: Sequence[Placement], index: int, position: Sequence[float]) -> list[Placement]:
    """The placements with one of them moved there."""
    moved = replace(placements[index], x=float(position[0]), y=float(position[1]))
    return [moved if i == index else one for i, one in enumerate(placements)]


class Sweep:
    """A sweep under way. `positions` and `order` say what is to be computed; `take` keeps what was."""

    def __init__(
        self,
        labels: Sequence[str],
        placements: Sequence[Placement],
        index: int,
        columns: int = COLUMNS,
        rows: int = ROWS,
    ) -> None:
        """EmocamError where there is no such thing on the image, or for a bad grid."""
        if not 0 <= index < len(placements):
            raise EmocamError(f"There is no thing number {index} on the image to sweep: it has {len(placements)}.")
        self.positions = grid_positions(columns, rows)
        self.order = coarse_first(columns, rows)
        self.placements, self.index = tuple(placements), index
        self._labels, self._columns, self._rows = tuple(labels), columns, rows
        self._probabilities = np.full((columns * rows, len(labels)), np.nan, np.float32)

    def variants(self, cells: Sequence[int]) -> list[list[Placement]]:
        """What is on the image with the thing in each of these cells."""
        return [placed(self.placements, self.index, self.positions[cell]) for cell in cells]

    def take(self, cells: Sequence[int], probabilities: FloatArray) -> None:
        """Keeps the answers (n, k) of n cells."""
        self._probabilities[list(cells)] = probabilities

    @property
    def done(self) -> bool:
        """Whether every position was computed."""
        return not bool(np.isnan(self._probabilities).any())

    def result(self) -> SweepResult:
        """What there is so far."""
        return SweepResult(
            self._labels,
            self.positions,
            self._probabilities.copy(),
            self._columns,
            self._rows,
            self.placements[self.index],
            tuple(one for i, one in enumerate(self.placements) if i != self.index),
            self.index,
        )


def run_sweep(
    scene: Scene,
    sweep: Sweep,
    inside: Callable[[list[Placement]], list[Placement]] = list,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[SweepResult]:
    """Computes a sweep pass by pass and gives what there is after each; `inside` as of `Edited.inside`."""
    for start in range(0, len(sweep.order), PASS):
        if cancelled():
            return
        cells = sweep.order[start : start + PASS]
        answers = scene.submit_many([inside(variant) for variant in sweep.variants(cells)]).result()
        sweep.take(cells, answers)
        yield sweep.result()
