"""A least-recently-used cache bounded by the bytes that it holds, and the key that an image is cached under."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from PIL import Image

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """Keeps what was used last, up to `limit` bytes in all; not thread-safe, its owner locks or owns a thread."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._kept: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> Value | None:
        """The value, now the one used last; None where it is not there (any more)."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: Value, n_bytes: int) -> None:
        """Keeps a value of that many bytes; one that is larger than the whole cache is not kept."""
        if key in self._kept:
            self.size -= self._kept.pop(key)[1]
        if n_bytes > self.limit:
            return
        self._kept[key] = (value, n_bytes)
        self.size += n_bytes
        while self.size > self.limit:
            _, (_, dropped) = self._kept.popitem(last=False)
            self.size -= dropped

    def clear(self) -> None:
        """Lets go of everything."""
        self._kept.clear()
        self.size = 0


def image_key(image: Image.Image) -> str:
    """A hash of an image's mode, size and pixels."""
    digest = hashlib.blake2b(f"{image.mode} {image.size}".encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.hexdigest()
