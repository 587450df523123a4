"""A registry of replaceable parts by name: the built-in ones, and what other packages bring through entry points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import TypeVar

from emocam_widgets.errors import UnknownNameError

Part = TypeVar("Part")


class Registry(Mapping[str, Part]):
    """Parts of one kind by name; an unknown name raises UnknownNameError with the nearest known one.

    `group` is the entry point group whose entries add to `builtin`; a built-in name cannot be taken over.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, Part]) -> None:
        self.kind = kind
        self._parts = dict(builtin)
        self._entries = {entry.name: entry for entry in entry_points(group=group) if entry.name not in self._parts}

    def __getitem__(self, name: str) -> Part:
        if name not in self._parts:
            if name not in self._entries:
                raise UnknownNameError(self.kind, name, list(self))
            self._parts[name] = self._entries[name].load()
        return self._parts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._parts or name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._parts, *self._entries]))

    def __len__(self) -> int:
        return len(list(iter(self)))
