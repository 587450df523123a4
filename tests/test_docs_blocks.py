"""Every code block of the README and the documentation: Python runs, commands exist, and the cheap ones run.

The blocks of a page run in order in one process, in a folder with the folders that the pages speak of (photos/, album/,
...), small ones of demo images.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pandas as pd
import pytest

import emocam_widgets as emo
from emocam_widgets import demo, labels
from emocam_widgets.cli import main as emocam
from tests.documents import ROOT, Block, blocks, commands, inline_code, pages

# Commands that are held to the command line's own parser and are not run, with the reason.
NOT_RUN = {
    r"demo( |$)": "opens JupyterLab or serves an app until it is stopped",
    r"models (pull|verify)": "fetches from the network, or needs the fetched files",
    r"train": "trains for minutes to hours",
    r"(rsa|scores|faithfulness) demo": "adds four methods to 600 images: minutes; test_rsa and others use less",
    r"paste demo": "600 images at 17 places: minutes; test_cli runs the same on less",
    r"analyze s3://": "needs a cluster and a bucket; test_remote_runs has the same in memory",
    r".*--engine ray": "starts a Ray of its own; test_ray does the same",
    r".*yolov3-openimages|.*emonet": "needs published weights",
}
# Other commands, of which only the form can be held to anything here.
OUTSIDE = {
    "export": "sets a variable of the reader's shell",
    "ray": "starts a cluster",
    "jupyter": "opens JupyterLab until it is stopped",
    "git": "fetches from the network",
    "cd": "changes the reader's folder",
    "python": "the reader's own environment",
}
LANGUAGES = {"python", "bash", "toml", "text", "math", "json", "yaml", "html"}
PAGES = pages()
page_of = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@page_of
def test_every_block_says_what_it_is(page: Path) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{block.language!r} is no known language:\n{block.text}"
        assert block.not_run is None or len(block.not_run) > 10, f"why is this not run?\n{block.text}"


@page_of
def test_commands_exist(page: Path) -> None:
    for block in blocks(page):
        if block.language == "bash":
            for words in commands(block):
                _check_command(_without_variables(words))


@page_of
def test_names_in_the_text_exist(page: Path) -> None:
    for code in inline_code(page):
        for path in re.findall(r"\bemo\.([A-Za-z_][\w.]*)", code):
            _resolve(path.rstrip("."))
        for name in re.findall(r"(?<![\w./])figures\.(\w+)", code):
            assert hasattr(emo.figures, name), f"there is no figures.{name}"
        if re.fullmatch(r"emocam [a-z].*", code) and "..." not in code:
            _check_names(code.split())


@pytest.mark.timeout(300)
@page_of
def test_blocks_run(page: Path, tmp_path: Path) -> None:
    steps = list(_steps(page))
    if not any(kind in {"python", "emocam"} for kind, _, _ in steps):
        return  # nothing on this page runs; its blocks are held to the parsers above
    text = page.read_text(encoding="utf-8")
    (tmp_path / "here").mkdir()
    _reader_folders(tmp_path / "here", text)
    (tmp_path / "steps.json").write_text(json.dumps(steps))
    home = {"EMOCAM_HOME": str(_home(tmp_path)), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.page_runner", str(tmp_path / "steps.json")],
        cwd=tmp_path / "here",
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def _home(tmp_path: Path) -> Path:
    """The reader's own runs, and beside them the demo's, which is analysed already."""
    (tmp_path / "home" / "runs").mkdir(parents=True)
    if demo.run_path().is_dir():
        # A copy: what a page adds to it would keep other tests from writing theirs.
        shutil.copytree(demo.run_path(), tmp_path / "home" / "runs" / "demo")
    return tmp_path / "home"


def _steps(page: Path) -> Iterator[tuple[str, str, str]]:
    for number, block in enumerate(blocks(page), 1):
        name = f"{page.relative_to(ROOT)}, block {number}"
        if block.title is not None:
            yield "file", block.text, block.title
        elif block.not_run is not None:
            continue
        elif block.language == "python":
            yield "python", block.text, name
        elif block.language == "bash":
            yield from ((kind, text, name) for kind, text in _runnable(block))


def _runnable(block: Block) -> Iterator[tuple[str, str]]:
    for words in map(_without_variables, commands(block)):
        if words[0] == "emocam" and not any(re.match(pattern, " ".join(words[1:])) for pattern in NOT_RUN):
            yield "emocam", json.dumps(words[1:])
        elif words[:3] == ["pip", "install", "-e"]:
            yield "install", words[3]


def _check_command(words: list[str]) -> None:
    program = words[0]
    if program == "emocam":
        _check_names(words)
    elif program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        unknown = [word for word in words[1:] if "=" not in word and word not in targets]
        assert not unknown, f"the Makefile has no target {unknown}"
    elif program == "pip":
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        for found in re.findall(r"emocam-widgets\[([\w,]+)\]", " ".join(words)):
            assert set(found.split(",")) <= set(extras), f"there is no extra {found!r}"
    else:
        assert program in OUTSIDE, f"{program!r} is no command that the documentation may use without a word why"


def _without_variables(words: list[str]) -> list[str]:
    """The command without the variables that are set before it."""
    return words[next(at for at, word in enumerate(words) if not re.match(r"[A-Z_]+=", word)) :]


def _check_names(words: list[str]) -> None:
    """The commands and options of a call of emocam exist; its values are the reader's."""
    command: click.Command = emocam
    context = click.Context(command)
    rest = words[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None and command.params and rest[0].isupper():
            break
        assert found is not None, f"there is no command {rest[0]!r} in {' '.join(words)!r}"
        command, rest = found, rest[1:]
    known = {
        option for parameter in command.get_params(context) for option in (*parameter.opts, *parameter.secondary_opts)
    }
    for word in rest:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{' '.join(words)!r}: {command.name} has no option {word!r}"


def _resolve(path: str) -> None:
    found: object = emo
    for name in path.split("."):
        assert hasattr(found, name), f"there is no emo.{path}"
        found = getattr(found, name)


def _reader_folders(here: Path, text: str) -> None:
    """The folders that the page speaks of, each with a few demo images."""
    corpus = emo.Corpus.demo()
    ids = list(corpus)
    if "photos" in text:
        _copy(corpus, ids[:: len(ids) // 12], here / "photos")
    if "album" in text:
        _copy(corpus, ids[5 :: len(ids) // 6], here / "album")
    if "labelled" in text:
        for name in ids[:: len(ids) // 8]:
            _copy(corpus, [name], here / "labelled" / str(corpus.annotation(name)))
    if "findingemo" in text:
        _copy_findingemo(corpus, ids, here / "findingemo")


def _copy(corpus: emo.Corpus, ids: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for image_id in ids:
        shutil.copy(corpus.path(image_id), folder)


def _copy_findingemo(corpus: emo.Corpus, ids: list[str], folder: Path) -> None:
    """A download folder that holds a few of FindingEmo's images: their names, and drawn scenes in their place."""
    from io import StringIO

    from findingemo_light.data.read_annotations import read_annotations
    from PIL import Image

    table = pd.read_csv(StringIO(read_annotations()))
    wanted = table.groupby("emotion").head(1)["image_path"].head(len(labels.PLUTCHIK_LABELS))
    for image_id, path in zip(ids[:: len(ids) // 24], wanted, strict=False):
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(corpus.path(image_id)) as image:
            image.convert("RGB").save(place.with_suffix(".jpg") if not place.suffix else place)
