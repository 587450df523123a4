"""Notebooks as pages to read: their text, their code and the pictures that are stored in them; nothing is run."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from bs4 import BeautifulSoup

KINDS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/svg+xml": "svg"}


@dataclass(frozen=True)
class NotebookPage:
    """One notebook: its Markdown, and the pictures that the Markdown names, by file name."""

    markdown: str
    pictures: Mapping[str, bytes]


def notebook_page(path: Path) -> NotebookPage:
    """The page of the notebook at `path`."""
    pictures: dict[str, bytes] = {}
    book = nbformat.read(path, as_version=4)
    parts = [part for cell in book.cells for part in _cell(cell, path.stem, pictures)]
    opened = f"*A notebook to run: [{path.name}]({path.name}). Here it can only be read.*"
    first, *rest = parts
    return NotebookPage("\n\n".join([first, opened, *rest]) + "\n", pictures)


def _cell(cell: Any, stem: str, pictures: dict[str, bytes]) -> Iterator[str]:
    if cell.cell_type == "markdown":
        source = cell.source
        for name, bundle in cell.get("attachments", {}).items():
            source = source.replace(f"attachment:{name}", _store(bundle, stem, pictures))
        yield source
    elif cell.cell_type == "code":
        yield f"```python\n{cell.source}\n```"
        for output in cell.outputs:
            bundle = {kind: data for kind, data in output.get("data", {}).items() if kind in KINDS}
            if bundle:
                yield f"![What the cell shows]({_store(bundle, stem, pictures)})"
            elif "text/html" in output.get("data", {}):
                yield from _tables("".join(output.data["text/html"]))


def _tables(html: str) -> Iterator[str]:
    """The tables of an output without their own looks; the site has one for all."""
    for table in BeautifulSoup(html, "html.parser").find_all("table"):
        table.attrs.clear()
        yield str(table)


def _store(bundle: Mapping[str, Any], stem: str, pictures: dict[str, bytes]) -> str:
    kind = next(kind for kind in KINDS if kind in bundle)
    name = f"{stem}-{len(pictures) + 1}.{KINDS[kind]}"
    data = "".join(bundle[kind])
    pictures[name] = data.encode() if kind == "image/svg+xml" else base64.b64decode(data)
    return name
