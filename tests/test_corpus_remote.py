"""A corpus at an fsspec address opens, filters, fails and is analysed as one in a folder is."""

from __future__ import annotations

import io
from collections.abc import Iterator

import fsspec
import numpy as np
import pytest
from PIL import Image

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine import analyze
from emocam_widgets.errors import EmocamError, ImageError
from emocam_widgets.models import wrap_classifier
from emocam_widgets.run import open_run
from tests.tiny_models import scene_net


@pytest.fixture
def address() -> Iterator[str]:
    files = fsspec.filesystem("memory")
    rng = np.random.default_rng(0)
    for name in ("a.png", "deep/b.JPG", "deep/c.png", "deep/.hidden/d.png", "notes.txt"):
        stream = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)).save(stream, "PNG")
        files.pipe_file(f"/photos/{name}", stream.getvalue())
    files.pipe_file("/photos/deep/c.png", b"broken")
    yield "memory://photos"
    files.rm("/photos", recursive=True)


def test_it_lists_and_opens_what_is_there(address: str) -> None:
    corpus = Corpus.from_folder(address + "/")
    assert list(corpus) == ["a.png", "deep/b.JPG", "deep/c.png"]
    assert corpus.open("deep/b.JPG").size == (40, 30)
    assert corpus.subset(["a.png"]).open("a.png").mode == "RGB"
    assert list(Corpus.reopened(corpus.kind, str(corpus.root), corpus.settings)) == list(corpus)


def test_what_cannot_be_opened_says_why(address: str) -> None:
    corpus = Corpus.from_folder(address)
    for image_id, reason in (("deep/c.png", "not an image"), ("../a.png", "not in the corpus")):
        with pytest.raises(ImageError, match=reason):
            corpus.open(image_id)
    fsspec.filesystem("memory").rm_file("/photos/a.png")
    with pytest.raises(ImageError, match="no such file"):
        corpus.open("a.png")
    with pytest.raises(EmocamError, match="no image below memory://nothing"):
        Corpus.from_folder("memory://nothing")
    with pytest.raises(EmocamError, match="nonsense"):
        Corpus.from_folder("nonsense://photos")


def test_it_is_analysed_to_an_address(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    classifier = wrap_classifier(scene_net(2), ("Joy", "Fear"), name="tiny")
    out = f"{address}-run"
    analyze(Corpus.from_folder(address), classifier, None, out=out, progress=False)
    run = open_run(out)
    assert list(run.images["image_id"]) == ["a.png", "deep/b.JPG"]
    assert list(run.failures["image_id"]) == ["deep/c.png"]
    assert run.open_image("a.png").size == (40, 30)
    fsspec.filesystem("memory").rm("/photos-run", recursive=True)
