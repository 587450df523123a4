"""The pictures of a training: squared once into one file on disk, and from there augmented, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm.auto import tqdm

Transform = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Pictures:
    """Some of the pictures of a file mapped into memory, uint8 (n, side, side, 3), with the label index of each, (n,).

    ``rows`` says which of them, int64; None takes all.
    """

    pixels: NDArray[np.uint8]
    all_labels: NDArray[np.int64]
    rows: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if len(self.pixels) != len(self.all_labels) or self.pixels.ndim != 4:
            raise ValueError(f"{self.pixels.shape} pictures and {len(self.all_labels)} labels do not go together")

    def __len__(self) -> int:
        return len(self.all_labels) if self.rows is None else len(self.rows)

    @property
    def labels(self) -> NDArray[np.int64]:
        """The label index of each of the pictures, (n,)."""
        return self.all_labels if self.rows is None else self.all_labels[self.rows]

    def picture(self, number: int) -> NDArray[np.uint8]:
        """One of the pictures, a copy (side, side, 3)."""
        return np.array(self.pixels[number if self.rows is None else self.rows[number]])


class _Transformed(Dataset[tuple[Tensor, int]]):
    def __init__(self, pictures: Pictures, transform: Transform) -> None:
        self.pictures, self.transform, self.labels = pictures, transform, pictures.labels

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        pixels = torch.from_numpy(self.pictures.picture(row)).permute(2, 0, 1)
        return self.transform(pixels), int(self.labels[row])


def write_squares(path: Path, squares: Iterable[NDArray[np.uint8] | None], count: int, side: int, words: str) -> None:
    """`count` pictures (side, side, 3) into a .npy file, whole or not at all; None leaves one black."""
    partial = path.with_suffix(".partial.npy")
    pixels = np.lib.format.open_memmap(partial, "w+", np.uint8, (count, side, side, 3))
    for row, square in enumerate(tqdm(squares, total=count, desc=words, mininterval=1)):
        if square is not None:
            pixels[row] = square
    pixels.flush()
    partial.replace(path)


def batches(
    pictures: Pictures, transform: Transform, batch: int, workers: int, generator: torch.Generator | None = None
) -> DataLoader[tuple[Tensor, Tensor]]:
    """Batches of inputs (n, 3, h, w) and labels (n,); with a generator shuffled by it, else in order.

    A last batch of one picture is left out of a shuffled pass: batch normalisation cannot learn from it.
    """
    # The labels are collated into tensors, which its type does not say.
    loader: DataLoader[Any] = DataLoader(
        _Transformed(pictures, transform),
        batch_size=batch,
        shuffle=generator is not None,
        generator=generator,
        num_workers=workers,
        drop_last=generator is not None and len(pictures) % batch == 1 and len(pictures) > 1,
    )
    return loader
