"""What an explorer remembers of a run while the kernel lives, so that running its cell again loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from traitlets import HasTraits, TraitError

from emocam_widgets.errors import EmocamError


class Memory:
    """The last values of traits, by part and name, of one run. Safe to use from several threads."""

    _all: ClassVar[dict[str, Memory]] = {}
    _lock = threading.Lock()

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], Any] = {}

    @classmethod
    def of(cls, run_path: object) -> Memory:
        """The memory of the run at this path; a new one where there is none yet."""
        with cls._lock:
            return cls._all.setdefault(str(run_path), cls())

    def keep(self, part: str, widget: HasTraits, names: Iterable[str]) -> None:
        """From now on remembers these traits of the widget; names that it does not have are passed over."""

        def note(change: Mapping[str, Any]) -> None:
            self._values[part, change["name"]] = change["new"]

        known = [name for name in names if widget.has_trait(name)]
        for name in known:
            self._values[part, name] = getattr(widget, name)
        if known:
            widget.observe(note, known)

    def remember(self, part: str, values: Mapping[str, Any]) -> None:
        """Remembers these values of traits, by name."""
        self._values.update({(part, name): value for name, value in values.items()})

    def known(self, part: str, names: Iterable[str]) -> dict[str, Any]:
        """The remembered ones of these traits."""
        return {name: self._values[part, name] for name in names if (part, name) in self._values}

    def bring_back(self, part: str, widget: HasTraits, names: Iterable[str]) -> None:
        """Sets the remembered ones of these traits, in this order; what no longer fits the run is left as it is."""
        for name, value in self.known(part, names).items():
            if not widget.has_trait(name) or getattr(widget, name) == value:
                continue
            try:
                widget.set_trait(name, value)
            except (EmocamError, TraitError):
                # The run was made again since, without this label, class or image.
                self._values.pop((part, name), None)

    def forget(self) -> None:
        """Forgets everything."""
        self._values.clear()
