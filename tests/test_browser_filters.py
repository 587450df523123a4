"""The browser's filters and orders, each against pandas on the run's tables, and how they compose."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import traitlets
from PIL import Image

from emocam_widgets.run import Run
from emocam_widgets.widgets.browser import ImageBrowser
from emocam_widgets.widgets.image_filter import natural_rank
from emocam_widgets.widgets.thumbnails import Thumbnails
from tests.worlds import LABELS, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Forty drawn images; every fourth is annotated otherwise than predicted, every fifth not at all."""
    run = make_run(tmp_path_factory.mktemp("world"))
    images = run.images
    other = {label: LABELS[(i + 1) % len(LABELS)] for i, label in enumerate(LABELS)}
    images.loc[images.index % 4 == 0, "annotation"] = images["label"].map(other)
    images.loc[images.index % 5 == 0, "annotation"] = None
    return run


@pytest.fixture(scope="module")
def boxes(run: Run) -> pd.DataFrame:
    """The boxes with what counts of them."""
    return run.boxes.assign(importance=run.importance("grad-cam")).merge(run.images[["image_id", "label"]])


def test_conditions_on_boxes_are_about_one_box(run: Run, boxes: pd.DataFrame) -> None:
    browser = ImageBrowser(run, object_class="Human face", confidence=0.6)
    sure = (boxes.object_class == "Human face") & (boxes.confidence >= np.float32(0.6))
    assert browser.image_ids == sorted(set(boxes.image_id[sure]))
    browser.importance = [0.3, 0.6]
    between = boxes.importance.between(np.float32(0.3), np.float32(0.6))
    assert browser.image_ids == sorted(set(boxes.image_id[sure & between]))
    assert set(browser.image_ids) < set(boxes.image_id[sure]) & set(boxes.image_id[between])
    browser.object_class = browser.confidence = None
    assert browser.image_ids == sorted(set(boxes.image_id[between]))


def test_condition_on_boxes_of_a_cell_is_about_its_class(run: Run, boxes: pd.DataFrame) -> None:
    browser = ImageBrowser(run, cell=["Human face", "Excitement"], importance=[0.5, 1.0])
    right = (boxes.object_class == "Human face") & (boxes.label == "Excitement") & (boxes.importance >= 0.5)
    assert browser.image_ids == sorted(set(boxes.image_id[right]))
    assert len(browser.image_ids) > 0


def test_annotation_and_disagreement(run: Run) -> None:
    images = run.images
    browser = ImageBrowser(run, annotation="Excitement")
    assert browser.image_ids == images.image_id[images.annotation == "Excitement"].tolist()
    browser.annotation, browser.disagreement = None, True
    wrong = images.annotation.notna() & (images.annotation != images.label)
    assert browser.image_ids == images.image_id[wrong].tolist()
    browser.label = "Joy"
    assert browser.image_ids == images.image_id[wrong & (images.label == "Joy")].tolist()


def test_text_finds_every_word_in_name_label_or_annotation(run: Run) -> None:
    images = run.images
    browser = ImageBrowser(run, text="JOY/")
    assert browser.image_ids == images.image_id[images.image_id.str.startswith("joy/")].tolist()
    browser.text = "crav 2"
    annotation = images.annotation.fillna("")
    craving = images.image_id.str.contains("crav") | (images.label == "Craving") | (annotation == "Craving")
    assert browser.image_ids == images.image_id[craving & images.image_id.str.contains("2")].tolist()
    browser.text = ".*"
    assert browser.image_ids == []


def test_chosen_images_with_a_caption(run: Run) -> None:
    ids = run.images.image_id.tolist()
    browser = ImageBrowser(run)
    browser.show_images([ids[7], ids[2]], "images that switched")
    assert browser.image_ids == [ids[2], ids[7]]
    assert browser.only_images_caption == "images that switched"
    browser.text = ids[7]
    assert browser.image_ids == [ids[7]]
    with pytest.raises(traitlets.TraitError, match="image in this run"):
        browser.show_images(["none"])
    browser.clear_filters()
    assert browser.image_ids == ids


def test_order_by_disagreement_with_unknown_ones_last(run: Run) -> None:
    browser = ImageBrowser(run, sort="disagreement")
    images = run.images.set_index("image_id")
    column = images.annotation.map(lambda label: LABELS.index(label) if isinstance(label, str) else -1)
    sure = pd.Series(run.probabilities.max(axis=1), images.index)
    given = pd.Series(run.probabilities[np.arange(len(run)), column], images.index)
    wanted = (sure - given)[column >= 0]
    known = browser.image_ids[: len(wanted)]
    assert set(known) == set(wanted.index)
    assert (np.diff(wanted[known]) <= 0).all() and wanted[known[0]] > 0
    browser.sort_reverse = True
    again = browser.image_ids
    assert (np.diff(wanted[again[: len(wanted)]]) >= 0).all()
    assert set(again[len(wanted) :]) == set(images.index) - set(wanted.index)


def test_every_order_can_be_reversed(run: Run) -> None:
    browser = ImageBrowser(run)
    ids = browser.image_ids
    browser.sort_reverse = True
    assert browser.image_ids == ids[::-1]
    browser.sort = "probability"
    sure = run.probabilities.max(axis=1)[[run.position(i) for i in browser.image_ids]]
    assert (np.diff(sure) >= 0).all()


def test_names_are_ordered_as_a_person_counts() -> None:
    ids = ["b/photo10.jpg", "a/Photo2.jpg", "c/photo1.jpg", "a/beach.jpg", "é.jpg"]
    ranked = [ids[i] for i in np.argsort(natural_rank(ids))]
    assert ranked == ["a/beach.jpg", "c/photo1.jpg", "a/Photo2.jpg", "b/photo10.jpg", "é.jpg"]
    assert natural_rank([]).tolist() == []


@pytest.mark.parametrize(
    ("trait", "value"),
    [("importance", [0.6, 0.3]), ("importance", [0.1]), ("confidence", 1.5), ("annotation", "Joyy"), ("sort", "size"),
     ("selection", ["none"]), ("compare_image", "none"), ("cam_target", "Joyy"), ("cam_method", "gradcam")],
)  # fmt: skip
def test_values_that_make_no_sense_are_refused(run: Run, trait: str, value: object) -> None:
    browser = ImageBrowser(run)
    with pytest.raises(traitlets.TraitError):
        setattr(browser, trait, value)


def test_what_is_scrolled_past_is_not_made() -> None:
    begun, go_on = threading.Event(), threading.Event()
    made: list[str] = []

    def open_image(image_id: str, _least_side: int) -> Image.Image:
        made.append(image_id)
        begun.set()
        go_on.wait(10)
        return Image.new("RGB", (8, 8))

    thumbnails = Thumbnails(open_image)
    results: list[dict[str, bytes | Exception | None]] = []
    done = threading.Event()

    def take(found: dict[str, bytes | Exception | None]) -> None:
        results.append(found)
        done.set()

    ids = [f"{i}" for i in range(20)]
    give_up = thumbnails.batch(ids, 96, take)
    kept = threading.Event()
    thumbnails.batch(["19"], 96, lambda _found: kept.set())
    assert begun.wait(10)
    give_up()
    go_on.set()
    assert done.wait(10) and kept.wait(10)
    assert set(results[0]) == set(ids)
    assert {image_id for image_id, found in results[0].items() if found is not None} == set(made)
    assert "19" in made, "another batch waits for it"
    assert len(made) < 5
    thumbnails.close()


def test_photographs_are_decoded_no_larger_than_needed(tmp_path: Path) -> None:
    from emocam_widgets.corpus import Corpus

    Image.linear_gradient("L").resize((1600, 800)).convert("RGB").save(tmp_path / "large.jpg")
    corpus = Corpus.from_folder(tmp_path)
    small = corpus.preview("large.jpg", 160)
    assert small.size == (400, 200)
    assert corpus.open("large.jpg").size == (1600, 800)
