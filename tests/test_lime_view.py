"""LimeView without a browser: sampling, hiding, marks, notes and files; and the small analyses behind it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import traitlets
from PIL import Image

from emocam_widgets.analysis.marks import mark_agreement
from emocam_widgets.analysis.regions import region_table, strongest_regions
from emocam_widgets.corpus import Corpus
from emocam_widgets.corpus.notes import COLUMNS, FILE, Notes
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine import Worker, analyze
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.explain.hiding import show_only
from emocam_widgets.explain.lime import RIDGE_ALPHA, LimeSampling, LimeSettings, draw_samples, fit, kernel
from emocam_widgets.explain.lime_errors import standard_errors
from emocam_widgets.explain.superpixels import segment_image
from emocam_widgets.widgets import LimeView
from tests.tiny_models import LABELS, picture, tiny_classifier
from tests.widget_line import Line, floats, integers

HTML = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(tiny_classifier(), cache=None) as made:
        yield made


@pytest.fixture
def album(tmp_path: Path) -> Corpus:
    for number in range(3):
        picture(number, (120, 90)).save(tmp_path / f"{number}.png")
    return Corpus.from_folder(tmp_path)


def explained(view: LimeView) -> LimeView:
    assert view.wait(60)
    assert view.status == "done", view.status
    return view


def no_boxes() -> Any:
    return wrap_detector(lambda _image: [], ("Person",), name="blind")


def small(**settings: Any) -> dict[str, Any]:
    return {"n_samples": 60, "n_regions": 12, **settings}


# -- analyses ----------------------------------------------------------------------------------------------------------


def test_standard_errors_are_about_the_jackknifes() -> None:
    rng = np.random.default_rng(2)
    samples = draw_samples(80, 6, seed=3)
    scores = samples @ rng.normal(size=(6, 2)) + rng.normal(scale=0.3, size=(80, 2)) * (1 + samples[:, :1])
    coefficients, intercepts, _ = fit(samples, scores)
    found = standard_errors(samples.astype(float), scores, kernel(samples), coefficients, intercepts, RIDGE_ALPHA)
    left_out = np.stack([fit(np.delete(samples, i, 0), np.delete(scores, i, 0))[0] for i in range(len(samples))])
    jackknife = np.sqrt((len(samples) - 1) * left_out.var(axis=0))
    np.testing.assert_allclose(found, jackknife, rtol=0.1)


def test_too_few_samples_do_not_look_sure(worker: Worker) -> None:
    image = picture(1, (120, 90))
    sampling = LimeSampling(worker.classifier, image, ["Joy"], settings=LimeSettings(300, "slic", 30), batch_size=10)
    errors = []
    for due in sampling.updates:
        while sampling.done < due:
            sampling.step()
        (found,) = sampling.explanations()
        assert found.standard_errors is not None and np.isfinite(found.standard_errors).all()
        errors.append(float(np.median(found.standard_errors)))
    # with as many samples as regions the fit is perfect, and a naive error would be near 0
    assert errors[0] > 2 * errors[-1] > 0


def test_agreement_of_marks_by_hand() -> None:
    weights, areas = [0.6, 0.2, 0.0, -0.1, -0.3], [1, 1, 2, 3, 3]
    found = mark_agreement(weights, areas, marked_for=[0, 3], marked_against=[4])
    assert found.for_share == pytest.approx(0.6 / 0.8)
    assert found.for_area == pytest.approx(0.4)
    assert found.for_iou == pytest.approx(1 / 3)  # {0, 3} and the strongest two, {0, 1}
    assert (found.against_share, found.against_area, found.against_iou) == pytest.approx((0.75, 0.3, 1.0))
    assert found.reversed_share == pytest.approx(1 / 3)
    assert 0 < found.rank_correlation < 1
    everything = mark_agreement(weights, areas, [0, 1], [3, 4])
    assert (everything.for_share, everything.against_iou, everything.reversed_share) == (1, 1, 0)
    assert everything.rank_correlation == pytest.approx(
        pd.Series([1.0, 1.0, 0.0, -1.0, -1.0]).corr(pd.Series(weights), "spearman")
    )


def test_agreement_says_what_is_not_defined() -> None:
    assert mark_agreement([0.1, -0.1], [1, 1], [], []).as_dict() == {
        "for_share": None, "for_area": 0, "for_iou": None, "against_share": None, "against_area": 0,
        "against_iou": None, "rank_correlation": None, "reversed_share": None,
    }  # fmt: skip
    assert mark_agreement([-0.2, -0.1], [1, 1], [0], []).as_dict()["for_share"] is None
    with pytest.raises(EmocamError, match="both for and against"):
        mark_agreement([1, 2], [1, 1], [0], [0])
    with pytest.raises(EmocamError, match="no region 2 "):
        mark_agreement([1, 2], [1, 1], [2], [])


def test_regions_as_a_table_and_the_strongest_of_them() -> None:
    segments = np.array([[0, 0, 1, 1], [0, 0, 2, 2]])
    table = region_table(segments, [0.1, -0.5, 0.0], [0.01, 0.02, 0.03])
    assert table["region"].tolist() == [1, 0, 2]
    first = table.iloc[0]
    assert (first.weight, first.standard_error, first.area, first.x, first.y) == (-0.5, 0.02, 0.25, 0.75, 0.25)
    assert strongest_regions([0.1, -0.5, 0.0], 2).tolist() == [True, False, False]
    assert strongest_regions([0.1, -0.5, 0.0], 1, only_for=False).tolist() == [False, True, False]


@pytest.mark.parametrize("hide", ["grey", "blurred", "mean"])
def test_what_is_kept_is_unchanged_and_the_rest_is_not(hide: str) -> None:
    image = picture(2, (120, 90))
    segments = segment_image(image, "slic", 12)
    kept = np.arange(segments.max() + 1) % 3 == 0
    before, after = np.asarray(image), np.asarray(show_only(image, segments, kept, hide))
    assert (before[kept[segments]] == after[kept[segments]]).all()
    assert (before[~kept[segments]] != after[~kept[segments]]).mean() > 0.5
    if hide == "grey":
        assert (after[~kept[segments]] == 128).all()


# -- notes -------------------------------------------------------------------------------------------------------------


def test_notes_are_kept_per_image_and_label(album: Corpus) -> None:
    notes = Notes.of_corpus(album)
    notes.write("0.png", "Joy", f'a, "b"\n{HTML}')
    notes.write("0.png", "Fear", "=1+1")
    notes.write("1.png", "Joy", "gone soon")
    notes.write("1.png", "Joy", "")
    assert notes.path == album.root / FILE
    other = Notes.of_corpus(album)  # as another kernel reads it
    assert other.note("0.png", "Joy") == f'a, "b"\n{HTML}'
    assert other.table()[["image_id", "label"]].to_numpy().tolist() == [["0.png", "Fear"], ["0.png", "Joy"]]
    assert tuple(pd.read_csv(notes.path).columns) == COLUMNS
    assert [path.name for path in album.root.iterdir() if "notes" in path.name] == [FILE]
    assert FILE not in Corpus.from_folder(album.root)


def test_a_note_that_cannot_be_saved_is_said_and_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    notes = Notes(tmp_path / "file" / FILE)
    with pytest.raises(EmocamError, match="could not be saved"):
        notes.write("a.png", "Joy", "kept")
    assert notes.note("a.png", "Joy") == "kept"


def test_a_file_of_something_else_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("name,age\nx,1\n")
    with pytest.raises(EmocamError, match="no file of notes"):
        Notes(tmp_path / FILE).write("a.png", "Joy", "text")
    assert (tmp_path / FILE).read_text() == "name,age\nx,1\n"


def test_the_view_loads_and_saves_the_note_of_its_image_and_label(
    worker: Worker, album: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(monkeypatch)
    view = LimeView(worker=worker, corpus=album, image_id="0.png", targets=["Joy"], **small())
    line.ask(view, "note", name="0.png", label="Joy", note=HTML)
    place = {"name": view.name, "label": "Joy", "path": str(album.root / FILE), "problem": None}
    assert view.note == HTML and view._note_place == place
    view.targets = ["Sadness"]
    assert view.note == ""
    line.ask(view, "note", name="0.png", label="Joy", note="typed before the label changed")
    assert view.note == ""
    view.image_id = "1.png"
    view.targets = ["Joy"]
    view.note = "from Python"
    view.image_id = "0.png"
    assert view.note == "typed before the label changed"
    assert view.notes[["image_id", "note"]].to_numpy().tolist() == [
        ["0.png", "typed before the label changed"], ["1.png", "from Python"],
    ]  # fmt: skip
    name, content = line.ask(view, "export", what="notes")
    assert name["name"] == FILE and b"from Python" in bytes(content[0])


def test_where_no_note_can_be_kept_the_view_says_so(worker: Worker) -> None:
    from_memory = LimeView(picture(0, (80, 60)), worker, **small())
    from_memory.note = "only here"
    assert "no folder" in from_memory._note_place["problem"]
    assert from_memory.notes["note"].tolist() == ["only here"]


# -- the view ----------------------------------------------------------------------------------------------------------


def test_it_explains_what_lime_does_and_tells_of_each_step(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    image = picture(3, (120, 90))
    view = explained(LimeView(image, worker, **small()))
    settings = LimeSettings(60, "slic", 12)
    *_, expected = worker.lime(image, settings=settings)
    assert view.explanation.target == worker.predict(image).label
    np.testing.assert_allclose(view.explanation.weights, expected.weights, atol=1e-6)
    pushed = [content for who, content, _ in line.sent if who is view and content.get("kind") == "map"]
    assert [content["samples"] for content in pushed if content["targets"]] == list(range(6, 61, 6))
    content, (runs, weights, errors) = line.ask(view, "map")
    lengths, ids = integers(runs).reshape(-1, 2).T
    np.testing.assert_array_equal(np.repeat(ids, lengths).reshape(90, 120), view.explanation.segments)
    np.testing.assert_allclose(floats(weights), expected.weights, atol=1e-6)
    assert content["regions"] == len(expected.weights) and (floats(errors) > 0).all()


def test_several_labels_and_other_settings_start_it_again(worker: Worker) -> None:
    view = explained(LimeView(picture(3, (120, 90)), worker, targets=["Joy", "Craving"], **small()))
    assert [each.target for each in view.explanations] == ["Joy", "Craving"]
    first = view.explanation
    view.n_regions = 25
    explained(view)
    assert len(view.explanation.weights) > len(first.weights)
    with pytest.raises(traitlets.TraitError, match="at most 3"):
        view.targets = list(LABELS)
    with pytest.raises(UnknownNameError, match="did you mean 'Joy'"):
        view.targets = ["Joyy"]
    assert view.targets == ["Joy", "Craving"]


def test_cancelling_keeps_the_map_and_a_new_image_drops_it(worker: Worker) -> None:
    view = LimeView(picture(3, (120, 90)), worker, n_samples=50_000, n_regions=12)
    job = view._job
    view.cancel()
    assert job is not None and job.wait(60)
    assert view.status == "cancelled"
    view.n_samples = 60
    explained(view)
    view.set_image(picture(4, (100, 100)))
    explained(view)
    assert view.explanation.segments.shape == (100, 100)


def test_hiding_all_but_the_strongest_is_predicted_exactly(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    view = explained(LimeView(picture(5, (120, 90)), worker, targets=["Joy"], **small()))
    content, (jpeg, probabilities) = line.ask(view, "strongest", keep=2, strongest="both", hidden_as="grey")
    strongest = np.sort(np.argsort(-np.abs(view.explanation.weights))[:2])
    assert content["kept"] == strongest.tolist()
    assert content["area"] == pytest.approx(np.isin(view.explanation.segments, strongest).mean())
    view.strongest = "both"
    alone = worker.predict(view.strongest_image(2)).probabilities
    np.testing.assert_allclose(floats(probabilities), alone, atol=1e-6)
    assert view.prediction == pytest.approx(dict(zip(LABELS, map(float, alone), strict=True)))
    assert Image.open(io.BytesIO(bytes(jpeg))).size == (120, 90)


def test_commit_then_reveal(worker: Worker) -> None:
    view = explained(
        LimeView(picture(5, (120, 90)), worker, targets=["Joy", "Sadness"], reveal="commit-first", **small())
    )
    assert not view.seen_before
    view.marks = {"for": [1, 2], "against": [3]}
    assert view.agreement == {}
    view.committed = True
    areas = np.bincount(view.explanation.segments.ravel())
    for each in view.explanations:
        assert view.agreement[each.target] == mark_agreement(each.weights, areas, [1, 2], [3]).as_dict()
    with pytest.raises(traitlets.TraitError, match="locked"):
        view.marks = {"for": [4], "against": []}
    assert view.as_dict()["map_seen_before"] is False
    view.committed = False  # the map was seen: what is marked now is no blind judgement
    view.marks = {"for": [4]}
    assert view.seen_before and view.marks == {"for": [4], "against": []}
    with pytest.raises(traitlets.TraitError, match="no region 99"):
        view.marks = {"for": [99]}
    with pytest.raises(traitlets.TraitError, match="both for and against"):
        view.marks = {"for": [1], "against": [1]}
    view.n_regions = 30
    explained(view)
    assert view.marks == {"for": [], "against": []}


def test_no_weight_leaves_before_the_lock_and_no_sample_is_taken_twice(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(monkeypatch)
    view = LimeView(picture(5, (120, 90)), worker, targets=["Joy", "Sadness"], **small(n_samples=2000))
    line.wait(view, lambda content: content.get("kind") == "map" and content.get("samples", 0) > 0)
    view.reveal = "commit-first"
    assert view.seen_before and view.status in {"running", "done"}  # it goes on under the cover
    content, (_, weights, errors) = line.ask(view, "map")
    assert content["covered"] and content["targets"] == ["Joy", "Sadness"] and content["total"] == 2000
    assert (len(weights), len(errors), content["r2"]) == (0, 0, [])
    for kind, what in (
        ("export", {"what": "json"}),
        ("strongest", {"keep": 2, "strongest": "for", "hidden_as": "grey"}),
    ):
        assert "locked" in line.ask(view, kind, **what)[0]["sentence"]
    assert line.ask(view, "export", what="notes")[0]["name"]
    explained(view)
    sent = len(line.sent)
    view.marks = {"for": [1]}
    view.committed = True
    assert view.status == "done"  # what was sampled meanwhile is the map
    revealed = [(content, buffers) for _, content, buffers in line.sent[sent:] if content.get("kind") == "map"]
    content, (_, weights, _) = revealed[-1]
    assert not content["covered"] and content["samples"] == 2000
    np.testing.assert_allclose(floats(weights), np.concatenate([each.weights for each in view.explanations]), atol=1e-6)
    view.committed = False
    assert line.ask(view, "map")[0]["covered"]


def test_open_maps_count_as_seen(worker: Worker) -> None:
    view = explained(LimeView(picture(5, (120, 90)), worker, **small()))
    view.reveal = "commit-first"
    assert view.seen_before


def test_files_of_it(worker: Worker, album: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    view = explained(LimeView(worker=worker, corpus=album, image_id="2.png", targets=["Joy"], **small()))
    view.note = "the sky"
    name, (png,) = line.ask(view, "export", what="png")
    assert name["name"] == "2-lime-Joy.png"
    assert Image.open(io.BytesIO(bytes(png))).size == (120, 90)
    _, (csv,) = line.ask(view, "export", what="csv")
    table = pd.read_csv(io.BytesIO(bytes(csv)))
    np.testing.assert_allclose(table["weight"], view.table()["weight"])
    assert table["area"].sum() == pytest.approx(1)
    _, (text,) = line.ask(view, "export", what="json")
    told = json.loads(bytes(text))
    assert told["image"] == "2.png" and told["note"] == "the sky" and told["settings"]["n_regions"] == 12
    assert len(told["labels"]["Joy"]["regions"]) == len(view.explanation.weights)


def test_without_a_worker_the_run_is_shown_and_else_it_is_said(tmp_path: Path, worker: Worker, album: Corpus) -> None:
    lime = LimeSettings(30, "slic", 12)
    arguments: dict[str, Any] = {"methods": ["lime"], "lime": lime, "out": tmp_path / "run", "progress": False}
    run = analyze(album, worker.classifier, no_boxes(), **arguments)
    view = LimeView(run=run, image_id="1.png")
    assert view.status == "stored"
    stored = run.lime_of("1.png")
    np.testing.assert_array_equal(view.explanation.weights, stored.weights)
    beside = LimeView(worker=worker, run=run, image_id="1.png", n_samples=60, n_regions=30, reveal="commit-first")
    beside.marks, beside.committed = {"for": [1]}, True
    beside.targets = [stored.target, next(label for label in LABELS if label != stored.target)]
    explained(beside)  # the other label is of the run's regions too: what was marked on them holds
    np.testing.assert_array_equal(beside.explanation.segments, stored.segments)
    assert beside.committed and beside.marks["for"] == [1] and len(beside.agreement) == 2
    beside.n_regions = 20
    explained(beside)
    assert not beside.committed and beside.marks["for"] == []
    alone = LimeView(picture(0, (80, 60)))
    assert alone.status == "empty"
    with pytest.raises(EmocamError, match="no explanation yet"):
        alone.table()


def test_what_fails_is_said(worker: Worker, album: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    (album.root / "0.png").write_bytes(b"no image")
    view = LimeView(worker=worker, corpus=album, **small())
    with pytest.raises(EmocamError):
        view.image_id = "0.png"
    assert view.status == "failed"
    assert line.ask(view, "scene")[0]["problem"]
    assert line.ask(view, "strongest", keep=1, strongest="for", hidden_as="grey")[0]["kind"] == "error"
    view.image_id = "1.png"
    explained(view)
