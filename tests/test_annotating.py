"""Labels that people give: the file that they are in, several writers, undo, and the way into an evaluation."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

import emocam_widgets as emo
from emocam_widgets.corpus import Corpus
from emocam_widgets.corpus.annotation_file import FILE_NAME, AnnotationFile, Given
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.run import Run, open_run
from emocam_widgets.widgets.browser import ImageBrowser
from tests.worlds import LABELS, NEVER, make_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Ten drawn images."""
    return make_run(tmp_path, n=10)


def rows(path: Path) -> dict[str, str]:
    """The file as another program reads it."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["image_id"]: row["label"] for row in csv.DictReader(stream)}


def test_labels_are_saved_beside_the_corpus_and_evaluated(run: Run, tmp_path: Path) -> None:
    browser = ImageBrowser(run)
    ids = run.images.image_id.tolist()
    labels = [run.image(ids[0]).label, run.image(ids[1]).label, "Sexual Desire"]
    for image_id, label in zip(ids, labels, strict=False):
        browser.annotate(image_id, label)
    file = tmp_path / "images" / FILE_NAME
    assert rows(file) == dict(zip(ids, labels, strict=False)) == browser.annotations
    assert browser.annotations_file == str(file) and browser.annotations_note == ""
    corpus = Corpus.from_csv(file, image="image_id")
    assert [corpus.annotation(image_id) for image_id in corpus] == labels
    evaluation = emo.evaluate(run, annotations=browser.annotations)
    assert evaluation.images.loc["tiny", ["used", "unannotated"]].tolist() == [3, 7]
    assert evaluation["tiny"].accuracy == pytest.approx(2 / 3)
    assert ImageBrowser(run).annotations == browser.annotations


def test_undo_takes_back_a_whole_step(run: Run) -> None:
    browser = ImageBrowser(run)
    ids = run.images.image_id.tolist()
    browser.annotate(ids[:3], "Joy")
    browser.annotate(ids[1], "Sadness")
    assert browser.undo_annotation()
    assert browser.annotations == dict.fromkeys(ids[:3], "Joy")
    assert browser.undo_annotation()
    assert browser.annotations == {} == rows(Path(str(browser.annotations_file)))
    assert not browser.undo_annotation()


def test_undo_leaves_what_somebody_else_has_said_since(run: Run) -> None:
    mine, theirs = ImageBrowser(run), ImageBrowser(run)
    image_id = run.images.image_id[0]
    mine.annotate(image_id, "Joy")
    theirs.annotate(image_id, "Sadness")
    mine.undo_annotation()
    assert mine.annotations == {image_id: "Sadness"} == rows(Path(str(mine.annotations_file)))


def test_filter_follows_labels_when_it_is_set_again(run: Run) -> None:
    browser = ImageBrowser(run)
    image_id = run.images.image_id[0]
    browser.annotate(image_id, NEVER)
    browser.annotation = NEVER
    assert browser.image_ids == [image_id]
    browser.undo_annotation()
    assert browser.image_ids == [image_id], "it goes away only when the filter is set again"
    browser.sort = "name"
    assert browser.image_ids == []


def test_many_writers_lose_no_row(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"

    def write(number: int) -> None:
        AnnotationFile(path).put({f"image {number}": Given.now("Joy")})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(60)))
    assert rows(path) == {f"image {i}": "Joy" for i in range(60)}
    assert [found.name for found in tmp_path.iterdir() if found.suffix == ".tmp"] == []


def test_other_columns_rows_and_odd_text_stay(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    odd = 'a, "quoted"\nname.jpg'
    path.write_text("who,image_id,label\nanna,x.jpg,Joy\nben,y.jpg,Awe\n", encoding="utf-8-sig")
    AnnotationFile(path).put({"x.jpg": Given("Sadness", "now"), odd: Given("Joy", "then"), "y.jpg": None})
    table = pd.read_csv(path)
    assert table.to_dict("list") == {
        "who": ["anna", table.who[1]],
        "image_id": ["x.jpg", odd],
        "label": ["Sadness", "Joy"],
        "time": ["now", "then"],
    }
    assert AnnotationFile(path).read() == {"x.jpg": Given("Sadness", "now"), odd: Given("Joy", "then")}


def test_file_that_is_something_else_is_left_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("article,price\napple,3\n")
    with pytest.raises(EmocamError, match="image_id and label"):
        AnnotationFile(path).put({"x": Given.now("Joy")})
    browser = ImageBrowser(run, annotations_file=path)
    browser.annotate(run.images.image_id[0], "Joy")
    assert path.read_text() == "article,price\napple,3\n"
    assert "this session only" in browser.annotations_note
    assert browser.annotations == {run.images.image_id[0]: "Joy"}


def test_what_could_not_be_saved_is_saved_with_the_next(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    folder.touch()
    browser = ImageBrowser(run, annotations_file=folder / "labels.csv")
    ids = run.images.image_id.tolist()
    browser.annotate(ids[0], "Joy")
    assert "cannot be written" in browser.annotations_note
    folder.unlink()
    folder.mkdir()
    browser.annotate(ids[1], "Sadness")
    assert browser.annotations_note == ""
    assert rows(folder / "labels.csv") == {ids[0]: "Joy", ids[1]: "Sadness"}


def test_remote_corpus_and_the_demo_are_not_written_to(run: Run, tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.put(str(tmp_path / "images"), "/annotating", recursive=True)
    remote = open_run(run.path, corpus=Corpus.from_folder("memory://annotating"))
    browser = ImageBrowser(remote)
    browser.annotate(run.images.image_id[0], "Joy")
    assert browser.annotations_file is None
    assert "remote" in browser.annotations_note and "download" in browser.annotations_note
    browser.annotations_file = str(tmp_path / "here.csv")
    assert rows(tmp_path / "here.csv") == {run.images.image_id[0]: "Joy"}
    assert browser.annotations_note == ""


def test_labels_and_images_must_be_known(run: Run) -> None:
    browser = ImageBrowser(run, annotation_labels=["calm", "wild"])
    with pytest.raises(UnknownNameError, match="label to annotate with"):
        browser.annotate(run.images.image_id[0], "Joy")
    with pytest.raises(UnknownNameError, match="image in this run"):
        browser.annotate("none", "calm")
    assert LABELS[0] == "Joy" and browser.annotations == {}
    browser.annotate(run.images.image_id[0], "calm")
    browser.annotation = "calm"
    assert browser.image_ids == [run.images.image_id[0]]
