"""The editor's palette: the shipped sprites, those given in Python, and those that a user adds while editing."""

from __future__ import annotations

import threading
from collections.abc import Container, Mapping, Sequence
from functools import cache

from PIL import Image

from emocam_widgets import demo
from emocam_widgets.engine.compose import Sprites
from emocam_widgets.errors import EmocamError
from emocam_widgets.widgets.thumbnails import encode_png, shrink

PALETTE_SIDE = 320
MAX_SPRITES = 300
MAX_NAME = 60
OWN = "own"


class Palette:
    """Sprites by name, with the object class that each shows. Safe between threads; `sprites` is a snapshot."""

    def __init__(self, own: Mapping[str, Image.Image] | None = None) -> None:
        """`own`: pictures by name; converted to RGBA. One of a shipped name takes its place."""
        given = {name: picture.convert("RGBA") for name, picture in (own or {}).items()}
        self._lock = threading.Lock()
        known = demo.sprites()
        self._classes = {name: known[name].object_class for name in known} | dict.fromkeys(given, OWN)
        self._own = dict(given)
        self.sprites = Sprites({**shipped_sprites(), **given})

    def add(self, name: str, picture: Image.Image, object_class: str = OWN) -> str:
        """Adds a sprite (RGBA) under that name, or under one like it where the name is taken; the name that it got.

        The same picture under the same name is not added twice. Raises EmocamError where the palette is full.
        """
        with self._lock:
            wanted = " ".join(name.split())[:MAX_NAME] or OWN
            free = wanted
            number = 1
            while free in self._classes:
                if free in self._own and _same(self._own[free], picture):
                    return free
                number += 1
                free = f"{wanted} {number}"
            if len(self._classes) >= MAX_SPRITES:
                raise EmocamError(f"The palette is full: it holds {MAX_SPRITES} sprites.")
            self._own[free] = picture
            self._classes[free] = object_class
            self.sprites = Sprites({**self.sprites, free: picture})
            return free

    def object_class(self, name: str) -> str:
        """What a sprite shows."""
        return self._classes[name]

    def own(self, names: Container[str]) -> dict[str, Image.Image]:
        """Those of these sprites that are not shipped."""
        return {name: picture for name, picture in self._own.items() if name in names}

    def pictures(self, without: Container[str] = ()) -> tuple[list[str], list[bytes]]:
        """Names and small PNGs of all sprites but those."""
        names = [name for name in self.sprites if name not in without]
        return names, [self.picture(name) for name in names]

    def picture(self, name: str) -> bytes:
        """A small PNG of a sprite."""
        if name in self._own:
            return encode_png(shrink(self._own[name], PALETTE_SIDE))
        return _shipped_png(name)


def _same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


@cache
def shipped_sprites() -> dict[str, Image.Image]:
    """The shipped sprites, RGBA by name, in palette order. Read once; do not draw on them."""
    return {name: demo.open_sprite(name) for name in demo.sprites()}


@cache
def _shipped_png(name: str) -> bytes:
    return encode_png(shrink(shipped_sprites()[name], PALETTE_SIDE))


def numbered(names: Sequence[str]) -> list[str]:
    """Names told apart: "Human face 1", "Human face 2"; one that is there once stays as it is."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(f"{name} {seen[name]}" if names.count(name) > 1 else name)
    return made
