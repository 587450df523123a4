"""What tests of reports share: a tiny run with two methods and names that would be markup, and a reader of the file."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from emocam_widgets.corpus import Corpus
from emocam_widgets.run import MethodInfo, Run, RunWriter, open_run
from tests.worlds import make_run

OTHER = "lift-cam"


def two_methods(folder: Path, n: int = 40) -> Run:
    """The tiny run with maps of a second method, which one image lacks."""
    first = make_run(folder, n)
    rng = np.random.default_rng(3)
    cams = first.cams.iloc[1:].copy()
    cams["method"] = OTHER
    cams["grid"] = [np.roll(grid, int(rng.integers(0, 60))) for grid in cams["grid"]]
    manifest = replace(first.manifest, methods=(*first.manifest.methods, MethodInfo(OTHER)))
    with RunWriter(first.path, manifest) as writer:
        writer.write_part({"cams": cams})
        writer.finish()
    return open_run(first.path, corpus=Corpus.from_folder(folder / "images"))


@dataclass
class ReportFile(HTMLParser):
    """The elements of a report's file.

    Attributes:
        tags: name and attributes of every element that the parser sees.
        scripts: attributes and text of every script.
        text: what is to be read without scripts.
    """

    html: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[tuple[dict[str, str | None], str]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._inside = ""
        self.feed(self.html)
        self.close()

    @classmethod
    def read(cls, path: Path) -> ReportFile:
        return cls(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self._inside != "style":
            self.text += data

    def data(self, name: str) -> bytes:
        """One of the embedded blocks."""
        found = [text for attributes, text in self.scripts if attributes.get("id") == f"emocam-{name}"]
        return base64.b64decode(found[0])

    def header(self, name: str) -> dict[str, Any]:
        """The header of a packed block."""
        block = gzip.decompress(self.data(name))
        length = int.from_bytes(block[:4], "little")
        header: dict[str, Any] = json.loads(block[4 : 4 + length])
        return header


def size_with_half_the_pictures(report: Path) -> int:
    """In bytes; what is in the file beside them stays."""
    pictures = sum(length for *_, length in ReportFile.read(report).header("shown")["pictures"])
    return int(report.stat().st_size - pictures * 4 / 3 / 2)
