"""What one has becomes a run: folders of images, corpora and stored runs, with the models of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import emocam_widgets as emo
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine.opening import run_of
from emocam_widgets.errors import EmocamError
from tests.tiny_models import picture, tiny_classifier


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "home"))
    folder = tmp_path / "my photos"
    folder.mkdir()
    for number in range(3):
        picture(number, (64, 48)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def worker() -> Iterator[emo.Worker]:
    detector = wrap_detector(lambda image: [("Food", 0.9, (4, 4, 40, 40))], ("Food",), name="one")
    with emo.Worker(tiny_classifier(), detector, cache=None) as worker:
        yield worker


def test_a_folder_is_analysed_once_and_what_is_new_is_added(photos: Path, worker: emo.Worker, tmp_path: Path) -> None:
    run = run_of(photos, worker)
    assert run.path.parent == tmp_path / "home" / "runs" and run.path.name.startswith("my-photos-")
    assert list(run.images["image_id"]) == ["0.png", "1.png", "2.png"]
    assert set(run.boxes["object_class"]) == {"Food"} and list(run.methods) == ["grad-cam"]
    picture(3, (64, 48)).save(photos / "3.png")
    again = run_of(str(photos), worker)
    assert again.path == run.path and len(again) == 4
    assert len(list((run.path / "parts").iterdir())) == 2, "the first images were analysed again"


def test_other_models_and_other_images_have_runs_of_their_own(photos: Path, worker: emo.Worker) -> None:
    corpus = emo.Corpus.from_folder(photos)
    paths = [run_of(photos, worker).path, run_of(corpus.subset(["1.png"]), worker).path]
    with emo.Worker(tiny_classifier(), cache=None) as blind:
        paths.append(run_of(photos, blind).path)
    assert len(set(paths)) == 3
    assert [len(emo.open_run(path)) for path in paths] == [3, 1, 3]


def test_a_stored_run_is_opened_and_an_open_one_stays(photos: Path, worker: emo.Worker) -> None:
    run = run_of(photos, worker)
    assert run_of(run) is run
    assert len(run_of(run.path)) == 3


def test_images_without_models_say_what_to_pass(photos: Path) -> None:
    with pytest.raises(EmocamError, match=r"my photos', emo\.Worker\(\"demo\", \"demo\"\)\)"):
        run_of(photos)
    with pytest.raises(EmocamError, match="no"):
        run_of(photos / "missing")
