"""How many images go through a model at once: found by trying, as many as make it faster and fit into its memory."""

from __future__ import annotations

START = 4
LARGEST = 32
LARGEST_ON_GPU = 256
TRIES = 2
WORTH = 0.97  # a larger batch must take at most this much of the time per image


class BatchSize:
    """Doubles from a small size while that makes an image cheaper; a size that was given stays.

    Not thread-safe: its owner locks.
    """

    def __init__(self, fixed: int | None = None, largest: int = LARGEST) -> None:
        self.size = fixed if fixed is not None else min(START, largest)
        self._largest = largest
        self._settled = fixed is not None
        self._tries: list[float] = []
        self._before = float("inf")

    def measured(self, n_images: int, seconds: float) -> None:
        """A batch of so many images took so long; only whole batches tell something."""
        if self._settled or n_images != self.size:
            return
        self._tries.append(seconds / n_images)
        if len(self._tries) < TRIES:
            return
        now = min(self._tries)
        self._tries = []
        if now > WORTH * self._before:
            self._settle(self.size // 2)
        elif 2 * self.size > self._largest:
            self._settle(self.size)
        else:
            self._before = now
            self.size *= 2

    def too_many(self, n_images: int) -> None:
        """So many did not fit into the device's memory: from now on half of them, and no more."""
        self._settle(max(1, min(self.size, n_images // 2)))

    def _settle(self, size: int) -> None:
        self.size = max(1, size)
        self._settled = True
