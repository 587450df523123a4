"""MkDocs hooks: pages that are made of other files of the repository, and links that lead from docs/ to those.

In docs/ a link to a notebook or to CONTRIBUTING.md is written as a code host wants it, relative to the file. In the
site the same link leads to the page that was made of that file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from emocam_widgets import figures, teaching
from scripts.docs_site.commands import command_reference
from scripts.docs_site.formulas import with_inline_formulas
from scripts.docs_site.notebook_pages import notebook_page

ROOT = Path(__file__).parents[2]
PAGES = {"CONTRIBUTING.md": "project/contributing.md", "CHANGELOG.md": "project/changelog.md"}
GENERATED: dict[str, Callable[[], str]] = {
    "<!-- commands -->": command_reference,
    "<!-- teaching -->": lambda: names_of(teaching),
    "<!-- figures -->": lambda: names_of(figures),
}
FORMULAS = "```math"
LINK = re.compile(r"(?P<text>!?\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the notebooks, as pages and as files, and the pages that lie at the repository's root."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    files.append(File.generated(config, "project/LICENSE.txt", abs_src_path=str(ROOT / "LICENSE")))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        made = notebook_page(path)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=made.markdown))
        files.append(File.generated(config, f"notebooks/{path.name}", abs_src_path=str(path)))
        for name, picture in made.pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=picture))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Puts what is generated in its place, and turns links to other files of the repository."""
    for mark, generated in GENERATED.items():
        markdown = markdown.replace(mark, generated()) if mark in markdown else markdown
    here = page.file.src_uri
    if here == "index.md":
        page.meta["hide"] = ["navigation"]  # it would be one line, and the page has a table that says where to go
    origin = origin_of(here)

    def turned(link: re.Match[str]) -> str:
        target, _, anchor = link["target"].partition("#")
        if not target or ":" in target:
            return link[0]
        if files.get_file_from_path(posixpath.normpath(posixpath.join(posixpath.dirname(here), target))):
            return link[0]
        place = in_site(posixpath.normpath(posixpath.join(posixpath.dirname(origin), target)))
        if place is None:
            return link["text"].removeprefix("!")[1:-1]
        relative = posixpath.relpath(place, posixpath.dirname(here) or ".")
        return f"{link['text']}({relative}{'#' + anchor if anchor else ''})"

    markdown = LINK.sub(turned, markdown)
    return with_inline_formulas(markdown) if FORMULAS in markdown else markdown


def names_of(module: ModuleType) -> str:
    """Every public class and function of a module, by where it is defined: modules may share their functions' names."""
    found = [getattr(module, name) for name in module.__all__]
    shown = [f"{each.__module__}.{each.__qualname__}" for each in found if callable(each)]
    return "\n\n".join(f"::: {name}\n    options: {{heading_level: 3}}" for name in shown)


def origin_of(page: str) -> str:
    """The file of the repository that a page of the site was made of; both as paths with `/`."""
    for source, made in PAGES.items():
        if page == made:
            return source
    notebook = page.removesuffix(".md") + ".ipynb"
    return notebook if page.startswith("notebooks/") and (ROOT / notebook).is_file() else f"docs/{page}"


def in_site(source: str) -> str | None:
    """Where a file of the repository is in the site; None where it is not: a link to it becomes text."""
    if source.startswith("docs/"):
        return source.removeprefix("docs/")
    if source in PAGES:
        return PAGES[source]
    if source.startswith("notebooks/") and source.endswith(".ipynb"):
        return source.removesuffix(".ipynb") + ".md"
    return {"README.md": "index.md", "LICENSE": "project/LICENSE.txt"}.get(source)
