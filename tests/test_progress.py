"""An analysis in a notebook says how far it is, and a click on Stop keeps what is finished."""

from __future__ import annotations

from pathlib import Path

import pytest

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine import analyze, corpus_run
from emocam_widgets.run import open_run
from emocam_widgets.widgets.progress import RunProgress, show_by_default
from tests.tiny_models import picture, tiny_classifier


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    (tmp_path / "photos").mkdir()
    for number in range(30):
        picture(number).save(tmp_path / "photos" / f"{number:02d}.png")
    (tmp_path / "photos" / "bad.png").write_bytes(b"no image")
    return Corpus.from_folder(tmp_path / "photos")


def test_it_says_how_far_it_is(corpus: Corpus, tmp_path: Path) -> None:
    progress = RunProgress()
    analyze(corpus, tiny_classifier(), None, out=tmp_path / "run", progress=progress)
    assert progress._bar.value == progress._bar.max == 31
    assert progress._says.value.startswith("31 of 31 images, ") and "1 could not be used" in progress._says.value
    assert progress._stop.disabled


def test_stop_keeps_what_is_finished(corpus: Corpus, tmp_path: Path) -> None:
    progress = RunProgress()

    def clicked_in_the_middle(done: int, total: int, failures: int) -> None:
        if done == 10:
            progress._stop.click()
        progress(done, total, failures)

    with pytest.raises(KeyboardInterrupt):
        analyze(corpus, tiny_classifier(), None, out=tmp_path / "run", progress=clicked_in_the_middle)
    assert "goes on from there" in progress._says.value
    kept = len(open_run(tmp_path / "run").images)
    assert 9 <= kept < 30
    analyze(corpus, tiny_classifier(), None, out=tmp_path / "run", progress=False)
    assert len(open_run(tmp_path / "run").images) == 30


def test_it_is_the_default_in_a_notebook(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(corpus_run, "default_progress", None)
    analyze(corpus.subset(["00.png"]), tiny_classifier(), None, out=tmp_path / "bar")
    assert "Analysing" in capsys.readouterr().err
    show_by_default()
    analyze(corpus.subset(["00.png"]), tiny_classifier(), None, out=tmp_path / "widget")
    assert "Analysing" not in capsys.readouterr().err
