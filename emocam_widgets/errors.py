"""Errors that a user can do something about: one clear sentence, which the command line prints, exiting with 2."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

NAMES_LISTED = 12


class EmocamError(Exception):
    """Something that the user asked for cannot be done; the message says what, why and what to do next."""


class UnknownNameError(EmocamError):
    """A name (of a model, method, label, ...) that is not known; the message names the nearest known one.

    Args:
        kind: what the name should have been, in the field's words and in the singular: "object class".
        name: what was given.
        known: the names that exist; all are listed when they are few.
    """

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = str(name)
        self.known = tuple(known)
        self.nearest = nearest_name(self.name, self.known)
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        sentence = f"There is no {self.kind} called {self.name!r}"
        if not self.known:
            return f"{sentence}; none is known here."
        if self.nearest is not None:
            sentence += f"; did you mean {self.nearest!r}?"
            if len(self.known) > NAMES_LISTED:
                return sentence
            return f"{sentence} Known: {', '.join(self.known)}."
        listed = ", ".join(self.known[:NAMES_LISTED])
        more = len(self.known) - NAMES_LISTED
        return f"{sentence}; known: {listed}{f' and {more} more' if more > 0 else ''}."

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, tuple[str, ...]]]:
        return (UnknownNameError, (self.kind, self.name, self.known))


class ImageError(EmocamError):
    """One image cannot be used; ``reason`` is why, without the image's name, as it stands in a run's failures.

    Args:
        reason: a short plain clause: "the file is empty".
        image: the name of the image, where one is known.
    """

    def __init__(self, reason: str, image: str | None = None) -> None:
        self.reason = reason
        self.image = image
        super().__init__(f"{image}: {reason}" if image else reason)

    def __reduce__(self) -> tuple[type[ImageError], tuple[str, str | None]]:
        return (ImageError, (self.reason, self.image))


class RunError(EmocamError):
    """A run folder cannot be opened, continued or written."""


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that is most like ``name`` (regardless of case, hyphens, underscores), or None."""
    plain = {_plain(candidate): candidate for candidate in known}
    matches = get_close_matches(_plain(name), list(plain), n=1, cutoff=0.5)
    return plain[matches[0]] if matches else None


def known_name(kind: str, name: str, known: Iterable[str]) -> str:
    """``name`` itself where it is one of ``known``.

    Raises:
        UnknownNameError: it is not; the nearest known name is in the message.
    """
    names = tuple(known)
    if name not in names:
        raise UnknownNameError(kind, name, names)
    return name


def _plain(name: str) -> str:
    return name.casefold().replace("-", " ").replace("_", " ").strip()
