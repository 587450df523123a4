"""Markdown pages as the tests of the documentation read them: code blocks, inline code, links and anchors.

Read with mistune (CommonMark, as code hosts do), so that lists, tables and indented code are what they are there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mistune
import nbformat

ROOT = Path(__file__).parents[1]
SHELL_WORDS = ("emocam ", "make ", "pip ", "export ", "ray ", "RAY_ADDRESS=", "jupyter ", "git ", "cd ", "python ")
_PARSE = mistune.create_markdown(renderer=None, plugins=["table"])
_INFO = re.compile(r'([\w-]+)="([^"]*)"')
_HTML_TARGET = re.compile(r'(?:src|href)="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """One code block: its language ("python", "bash", "toml", "text", ...), its text, and what its info string says.

    Attributes:
        title: the file that the block is, where it has a name.
        not_run: why it cannot run in a test, where the page says so (`data-not-run="..."`).
    """

    language: str
    text: str
    title: str | None = None
    not_run: str | None = None


def pages() -> list[Path]:
    """README.md, CONTRIBUTING.md and every page in docs/."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """The code blocks of a page, in order."""
    return [
        _block(token) for token in _tokens(_parsed(page.read_text(encoding="utf-8"))) if token["type"] == "block_code"
    ]


def inline_code(page: Path) -> list[str]:
    """What stands between backticks in the text of a page."""
    return [
        str(token["raw"]) for token in _tokens(_parsed(page.read_text(encoding="utf-8"))) if token["type"] == "codespan"
    ]


def links(page: Path) -> list[str]:
    """The targets of a page's, or of a notebook's, links and pictures; those written as HTML too."""
    found = []
    for text in _texts(page):
        for token in _tokens(_parsed(text)):
            if token["type"] in {"link", "image"}:
                found.append(str(token["attrs"]["url"]))
            elif token["type"] in {"block_html", "inline_html"}:
                found.extend(_HTML_TARGET.findall(token["raw"]))
    return found


def anchors(page: Path) -> set[str]:
    """The anchors that a code host gives the headings of a page."""
    names: set[str] = set()
    for text in _texts(page):
        for token in _tokens(_parsed(text)):
            if token["type"] == "heading":
                slug = re.sub(r"[^\w\- ]", "", _text(token).strip().lower()).replace(" ", "-")
                number = 0
                while (numbered := f"{slug}-{number}" if number else slug) in names:
                    number += 1
                names.add(numbered)
    return names


def commands(block: Block) -> list[list[str]]:
    """The commands of a shell block as words: without comments, with lines that go on joined."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def _texts(page: Path) -> list[str]:
    if page.suffix == ".ipynb":
        return [cell.source for cell in nbformat.read(page, as_version=4).cells if cell.cell_type == "markdown"]
    return [page.read_text(encoding="utf-8")]


def _parsed(text: str) -> Any:
    return _PARSE(text)


def _tokens(tokens: Any) -> Iterator[dict[str, Any]]:
    for token in tokens:
        yield token
        yield from _tokens(token.get("children", []))


def _text(token: dict[str, Any]) -> str:
    return str(token.get("raw", "")) + "".join(_text(child) for child in token.get("children", []))


def _block(token: dict[str, Any]) -> Block:
    language, _, rest = token.get("attrs", {}).get("info", "").partition(" ")
    options = dict(_INFO.findall(rest))
    text = str(token["raw"])
    return Block(language or _language(text), text, options.get("title"), options.get("data-not-run"))


def _language(text: str) -> str:
    """Of an indented block, which cannot say it."""
    if text.startswith(SHELL_WORDS):
        return "bash"
    return "toml" if text.startswith("[") else "python"
