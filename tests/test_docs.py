"""The documentation: every link leads somewhere, every public name is in the reference, and the site is built offline.

The site is built once, as `make docs` does it, with warnings as errors. Code blocks: test_docs_blocks.
"""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import griffe
import pytest
from bs4 import BeautifulSoup
from filelock import FileLock

import emocam_widgets as emo
from emocam_widgets import demo, errors, figures, labels, teaching
from emocam_widgets.cli import main as emocam
from scripts.docs_site.commands import walk
from scripts.docs_site.docstrings import as_markdown
from scripts.docs_site.formulas import with_inline_formulas
from tests.documents import ROOT, anchors, links, pages

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [*pages(), ROOT / "CHANGELOG.md", *NOTEBOOKS]
MODULES = (demo, figures, teaching, labels)
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site: built by the first process that asks for it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "docs-site"
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            command = ["make", "--no-print-directory", "site", f"VENV={sys.prefix}", f"SITE={folder}"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0 and "WARNING" not in done.stderr, f"{done.stdout}\n{done.stderr}"
    return folder


@pytest.fixture(scope="session")
def soups(site: Path) -> dict[Path, BeautifulSoup]:
    """Every page of the site."""
    return {path: BeautifulSoup(path.read_bytes(), "html.parser") for path in sorted(site.rglob("*.html"))}


@pytest.fixture(scope="session")
def documented(soups: dict[Path, BeautifulSoup]) -> set[str]:
    """The names that the reference has: the anchors of its headings."""
    found = {str(tag["id"]) for path, soup in soups.items() if "reference" in path.parts for tag in soup.select("[id]")}
    assert len(found) > 100
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme in {"https", "mailto"}, f"{link}: not over https"
            assert parts.scheme == "mailto" or re.fullmatch(r"[\w.-]+\.\w+", parts.netloc), f"{link}: no address"
            continue
        if link.startswith("attachment:"):
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        assert target.is_relative_to(ROOT) and target.exists(), f"{page.name} links to {link}, which is not there"
        if parts.fragment and target.suffix in {".md", ".ipynb"}:
            assert unquote(parts.fragment) in anchors(target), f"{page.name}: {link} has no such heading"


def test_every_page_is_reached_from_the_navigation() -> None:
    configured = (ROOT / "mkdocs.yml").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        assert str(page.relative_to(ROOT / "docs")) in configured, f"{page} is not in the site's navigation"


def test_every_notebook_is_listed_with_a_sentence() -> None:
    listed = {Path(link).name for link in links(ROOT / "docs" / "notebooks.md") if link.endswith(".ipynb")}
    assert listed == {path.name for path in NOTEBOOKS}


def test_the_site_fetches_nothing(site: Path, soups: dict[Path, BeautifulSoup]) -> None:
    for path, soup in soups.items():
        for name, attribute in FETCHED.items():
            for tag in soup.find_all(name):
                address = str(tag.get(attribute, ""))
                assert not address.startswith(("http:", "https:", "//")), f"{path.name} fetches {address}"
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", sheet.read_text(encoding="utf-8")), f"{sheet.name} fetches"


def test_links_of_the_site_lead_somewhere(site: Path, soups: dict[Path, BeautifulSoup]) -> None:
    ids = {path: {str(tag["id"]) for tag in soup.select("[id]")} for path, soup in soups.items()}
    for path, soup in soups.items():
        for tag in soup.select("a[href]"):
            parts = urlsplit(str(tag["href"]))
            if parts.scheme or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            assert target.exists(), f"{path.relative_to(site)} links to {tag['href']}"
            if parts.fragment and target in ids and not parts.fragment.startswith("__"):
                assert unquote(parts.fragment) in ids[target], f"{path.relative_to(site)} links to {tag['href']}"


def test_every_public_name_has_a_docstring_in_the_reference(documented: set[str]) -> None:
    missing = [name for name, value in _public() if not value.__doc__ or not _places(name, value) & documented]
    assert not missing, f"without a docstring, or on no page of docs/reference: {missing}"


def test_every_member_of_a_public_class_has_a_docstring_in_the_reference(documented: set[str]) -> None:
    missing = []
    for name, value in _public():
        for member in _members(value) if inspect.isclass(value) else []:
            if not {f"{place}.{member}" for place in _places(name, value)} & documented:
                missing.append(f"{name}.{member}")
    assert not missing, f"without a docstring, or on no page of docs/reference: {missing}"


def test_what_public_functions_return_is_in_the_reference(documented: set[str]) -> None:
    package = griffe.load("emocam_widgets", search_paths=[str(ROOT)], resolve_aliases=True)
    missing, public = {}, {package[name].canonical_path for name in emo.__all__ if name != "__version__"}
    for name in emo.__all__:
        for function in _functions(package[name]):
            for path in _own_classes(package, function.annotation):
                if path not in documented | public:
                    missing[path] = function.path
    assert not missing, f"returned, and on no page of docs/reference: {missing}"


def test_every_command_is_in_the_reference(soups: dict[Path, BeautifulSoup]) -> None:
    page = next(soup for path, soup in soups.items() if path.name == "commands.html")
    headings = {tag.get_text().strip(" #") for tag in page.find_all(re.compile("h[2-6]"))}
    names = {name for name, _, _ in walk(emocam, click.Context(emocam, info_name="emocam"))}
    assert len(names) > 15 and names <= headings


def test_every_notebook_can_be_read_in_the_site(site: Path, soups: dict[Path, BeautifulSoup]) -> None:
    for path in NOTEBOOKS:
        page = soups[site / "notebooks" / f"{path.stem}.html"]
        assert page.find("h1") and "import emocam_widgets as emo" in page.get_text()
        assert (site / "notebooks" / path.name).read_bytes() == path.read_bytes()


def test_formulas_are_drawn_without_a_script(soups: dict[Path, BeautifulSoup]) -> None:
    measure = next(soup for path, soup in soups.items() if path.name == "measure.html")
    article = measure.select_one("article")
    assert article is not None and len(article.find_all("math")) > 10 and "$" not in article.get_text()
    assert with_inline_formulas("`$a$` and $x$").startswith("`$a$` and <math")


def test_docstrings_as_markdown() -> None:
    text = (
        "Does a thing.\n\nArgs:\n    low, high: bounds,\n        in pixels.\n    **rest: more.\n\n"
        "Traits, shared:\n    a: b.\nSee :func:`emocam_widgets.rsa`.\n\nRaises:\n    EmocamError: always.\n"
    )
    expected = [
        *("Does a thing.", "**Arguments**", "- `low`, `high`: bounds,", "    in pixels.", "- `**rest`: more."),
        *("**Traits, shared**", "- `a`: b.", "See `emocam_widgets.rsa`.", "**Raises**", "- `EmocamError`: always."),
    ]
    assert [line for line in as_markdown(text).splitlines() if line.strip()] == expected


def _public() -> Iterator[tuple[str, object]]:
    """Every public name with what it is: of the package, of the modules that belong to its face, and the errors."""
    for name in emo.__all__:
        value = getattr(emo, name)
        if name != "__version__" and not inspect.ismodule(value):
            yield f"emocam_widgets.{name}", value
    for module in MODULES:
        for name in _names(module):
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isroutine(value) or callable(value):
                yield f"{module.__name__}.{name}", value
    for name, value in vars(errors).items():
        if inspect.isclass(value) and issubclass(value, emo.EmocamError) and name not in emo.__all__:
            yield f"{errors.__name__}.{name}", value


def _names(module: ModuleType) -> list[str]:
    """A module's public names: `__all__`, else what is defined in it."""
    declared = getattr(module, "__all__", None)
    if declared is not None:
        return list(declared)
    defined = vars(module).items()
    return [name for name, value in defined if name[0] != "_" and getattr(value, "__module__", "") == module.__name__]


def _places(name: str, value: object) -> set[str]:
    """The anchors under which the reference may have it: its public name, and that of its definition."""
    return {name, f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', name)}"}


def _members(value: type) -> list[str]:
    """The public methods and properties that a class defines, other than those that every widget has by its base."""
    kinds = (property, classmethod, staticmethod)
    found = vars(value).items()
    return [
        name for name, member in found if name[0] != "_" and (inspect.isfunction(member) or isinstance(member, kinds))
    ]


def _functions(found: griffe.Object | griffe.Alias) -> Iterator[Any]:
    """A function, or the public methods and properties of a class."""
    if found.is_class:
        for name, member in found.members.items():
            if not name.startswith("_") and (member.is_function or "property" in member.labels):
                yield member
    elif found.is_function:
        yield found


def _own_classes(package: griffe.Object | griffe.Alias, annotation: object) -> Iterator[str]:
    """The classes of this package that an annotation names."""
    if not isinstance(annotation, griffe.Expr):
        return
    for part in annotation.iterate(flat=True):
        path = part.canonical_path if isinstance(part, griffe.ExprName) else ""
        if path.startswith("emocam_widgets."):
            found = package[path.removeprefix("emocam_widgets.")]
            if found.is_class and not found.name.startswith("_"):
                yield found.canonical_path
