"""This project's docstrings as Markdown: a griffe extension that mkdocstrings loads.

They are written to be read in a terminal: sections with a heading of any words ("Args:", "Traits, shared with the front
end:"), entries for several names at once ("low, high: ..."). No docstring style that griffe knows has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import griffe

HEADING = re.compile(r"^(?P<title>[A-Z][^:]*):$")
ENTRY = re.compile(r"^(?P<names>[\w*][\w*, .\"-]*?): (?P<text>.*)$")
LEAD = re.compile(r"^[A-Z]\w*( \w+)?: \S")
ROLE = re.compile(r":(?:func|class|meth|mod|attr|data):`~?([^`]+)`")
SPOKEN = {"Args": "Arguments"}


class ProjectDocstrings(griffe.Extension):
    """Rewrites every docstring of the package when griffe has read it."""

    def on_object(self, *, obj: griffe.Object, **_kwargs: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    """A docstring with its sections as bold headings over lists, one item for each entry."""
    lines = ROLE.sub(r"`\1`", text).splitlines()
    return "\n".join(_parts(lines)).strip() + "\n"


def _parts(lines: list[str]) -> Iterator[str]:
    number = 0
    while number < len(lines):
        heading = HEADING.match(lines[number])
        end = number + 1
        while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
            end += 1
        body = lines[number + 1 : end]
        if heading and any(line.strip() for line in body):
            title = heading["title"]
            yield from ("", f"**{SPOKEN.get(title, title)}**", "", *_entries(body), "")
            number = end
        elif LEAD.match(lines[number]) and any(line.strip() for line in body):
            yield from ("", lines[number], *(line.strip() for line in body), "")
            number = end
        else:
            yield lines[number]
            number += 1


def _entries(body: list[str]) -> Iterator[str]:
    """The lines of a section: each entry an item, what goes on below it a part of that item, anything else as it is."""
    in_entry = False
    for line in dedent("\n".join(body)).splitlines():
        entry = ENTRY.match(line)
        if entry:
            names = ", ".join(f"`{name.strip()}`" for name in entry["names"].split(","))
            if not in_entry:
                yield ""
            in_entry = True
            yield f"- {names}: {entry['text']}"
        elif in_entry and line.startswith("    "):
            yield line if not line.strip().startswith("- ") else f"    {line.strip()}"
        else:
            in_entry = in_entry and not line.strip()
            yield line
