"""Expectation without a browser: what is held back before it is locked, the agreement, and the class's answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets

from emocam_widgets.analysis.expectation import Expected, box_areas, expectation_agreement, marked_cells_of
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine import Worker
from emocam_widgets.engine import answers as board_module
from emocam_widgets.engine.answers import AnswersBoard, Ballot, Totals, own_name, question_key
from emocam_widgets.engine.class_watch import ClassWatch
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.types import Cam, View
from emocam_widgets.widgets import Expectation
from tests.tiny_models import picture, tiny_classifier
from tests.widget_line import Line, floats

BOXES = [("Person", 0.9, (10, 5, 60, 80)), ("Food", 0.4, (70, 40, 110, 85))]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    detector = wrap_detector(lambda _image: BOXES, ("Person", "Food"), name="two")
    with Worker(tiny_classifier(), detector, cache=None) as made:
        yield made


# -- the agreement -----------------------------------------------------------------------------------------------------


def by_pixels(cam: Cam, rectangles: list[tuple[int, int, int, int]], width: int, height: int) -> tuple[float, float]:
    """Area and mass of a union of rectangles, from the upsampled map."""
    from emocam_widgets.analysis.box_scores import cumulative_weights

    down = np.diff(cumulative_weights(height, cam.view.y0, cam.view.y1, cam.grid.shape[0]), axis=0)
    across = np.diff(cumulative_weights(width, cam.view.x0, cam.view.x1, cam.grid.shape[1]), axis=0)
    whole = down @ cam.grid @ across.T
    mask = np.zeros((height, width), bool)
    for x0, y0, x1, y1 in rectangles:
        mask[y0:y1, x0:x1] = True
    return float(mask.mean()), float(whole[mask].sum() / whole.sum())


@pytest.mark.parametrize("view", [View(0, 0, 120, 90), View(15, 0, 105, 90)])
def test_area_and_mass_are_those_of_the_pixels(view: View) -> None:
    grid = np.random.default_rng(0).random((6, 9), np.float32)
    cam = Cam(grid, view, "grad-cam", "Joy")
    boxes = [(10.3, 5, 60, 80), (40, 40, 130, 85.5), (2, 2, 4, 4)]
    found = expectation_agreement(cam, boxes, 120, 90, [0, 1], [])
    area, mass = by_pixels(cam, [(10, 5, 60, 80), (40, 40, 120, 86)], 120, 90)
    assert (found.area, found.mass) == pytest.approx((area, mass), abs=1e-6)
    assert found.lift == pytest.approx(mass / area)
    everything = expectation_agreement(cam, boxes, 120, 90, [], list(range(grid.size)))
    assert everything.mass == pytest.approx(1) and everything.cell_iou == 1 and everything.hit is True
    assert everything.area == pytest.approx(view.width * view.height / (120 * 90))
    np.testing.assert_allclose(box_areas(boxes, 120, 90), [50 * 75 / 10800, 80 * 46 / 10800, 4 / 10800])


def test_a_peak_that_was_marked_and_one_that_was_not() -> None:
    grid = np.zeros((4, 4), np.float32)
    grid[1, 2] = 1
    cam = Cam(grid, View(0, 0, 80, 80), "grad-cam", "Joy")
    boxes = [(40, 20, 60, 40), (0, 0, 20, 20), (60, 60, 80, 80)]
    right = expectation_agreement(cam, boxes, 80, 80, [0], [])
    assert (right.hit, right.box_iou, right.cell_iou) == (True, 1.0, 1.0) and right.lift > 4
    wrong = expectation_agreement(cam, boxes, 80, 80, [1], [])
    assert (wrong.hit, wrong.box_iou, wrong.cell_iou) == (False, 0.0, 0.0)
    by_hand = expectation_agreement(cam, boxes, 80, 80, [], [6, 7])
    assert by_hand.hit and np.isnan(by_hand.box_iou) and by_hand.cell_iou == pytest.approx(1 / 3)
    flat = expectation_agreement(Cam(grid * 0, cam.view, "grad-cam", "Joy"), boxes, 80, 80, [0], [])
    assert flat.as_dict() == {
        "area": 0.0625,
        "mass": None,
        "lift": None,
        "hit": None,
        "cell_iou": None,
        "box_iou": None,
    }
    wrong_marks: list[tuple[list[int], list[int]]] = [([3], []), ([], [16]), ([-1], [])]
    for marks in wrong_marks:
        with pytest.raises(EmocamError, match="to mark"):
            expectation_agreement(cam, boxes, 80, 80, *marks)


def test_the_cells_of_a_box_also_where_it_holds_no_centre() -> None:
    view = View(0, 0, 80, 80)
    cells = marked_cells_of((4, 4), view, [(0, 0, 40, 20), (41, 41, 44, 44)], [0, 1], [15])
    assert cells.tolist() == [0, 1, 10, 15]


@pytest.mark.parametrize(
    ("area", "mass", "said"),
    [
        (0.21, 0.54, "You marked 21 % of the picture; 54 % of the map lies there, 2.6 times as much as by chance."),
        (0.5, 0.51, "You marked 50 % of the picture; 51 % of the map lies there, as much as by chance."),
        (0.5, 0.01, "You marked 50 % of the picture; 1 % of the map lies there, next to nothing beside what chance"),
        (0.002, 0.004, "You marked under 1 % of the picture; under 1 % of the map lies there, 2.0 times"),
        (0.3, float("nan"), "You marked 30 % of the picture. The map is the same everywhere"),
    ],
)
def test_the_agreement_in_words(area: float, mass: float, said: str) -> None:
    assert Expected(area, mass, mass / area, True, 0.5, 0.5).sentence.startswith(said)


# -- the board ---------------------------------------------------------------------------------------------------------


def test_each_client_counts_once_and_sees_the_class_only_after_answering() -> None:
    board = AnswersBoard()
    assert board.put("a", Ballot("q", 5, (0, 2))) == Totals(1, (1, 0, 1, 0, 0))
    assert board.totals("b", "q", 5) is None and board.totals("a", "other", 5) is None
    assert board.put("b", Ballot("q", 5, (2, 2, 4))) == Totals(2, (1, 0, 2, 0, 1))
    assert board.put("a", Ballot("q", 5, (1,))) == Totals(2, (0, 1, 1, 0, 1))
    assert board.totals("b", "q", 5) == board.totals("a", "q", 5) == Totals(2, (0, 1, 1, 0, 1))
    assert board.put("a", Ballot("q", 4, ())) == Totals(1, (0, 0, 0, 0)), (
        "another number of choices is another question"
    )


def test_what_strangers_send_is_checked_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for bad in (("", 3, ()), ("q" * 65, 3, ()), ("q", 0, ()), ("q", 10**9, ()), ("q", 3, (3,)), ("q", 3, (-1,))):
        with pytest.raises(EmocamError):
            Ballot.of(*bad)
    never: tuple[Any, ...] = ([0.5], ["1"], [0] * 10_000)
    for chosen in never:
        with pytest.raises(EmocamError):
            Ballot.of("q", 3, chosen)
    assert Ballot.of("q", 3, np.array([2, 0])).chosen == (0, 2)
    board = AnswersBoard()
    with pytest.raises(EmocamError, match="name"):
        board.put("x" * 65, Ballot("q", 3, ()))
    monkeypatch.setattr(board_module, "MOST_CLIENTS", 3)
    monkeypatch.setattr(board_module, "MOST_QUESTIONS", 2)
    for client in "abcde":
        totals = board.put(client, Ballot("q", 2, (0,)))
    assert totals == Totals(3, (3, 0)) and board.totals("a", "q", 2) is None
    for question in ("r", "s"):
        board.put("e", Ballot(question, 2, (1,)))
    assert board.totals("e", "q", 2) is None and board.totals("e", "s", 2) == Totals(1, (0, 1))


def test_a_notebook_keeps_its_name_and_tells_nothing_by_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert own_name() != own_name()
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/lesson.ipynb")
    name = own_name()
    assert name == own_name() and "ada" not in name and name != question_key("", "/home/ada/lesson.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/other.ipynb")
    assert own_name() != name


def test_followers_hear_of_changes_and_a_lost_board_gets_the_answer_again() -> None:
    boards = [AnswersBoard()]
    watch = ClassWatch(
        lambda ballot: boards[-1].put("me", ballot), lambda question, n: boards[-1].totals("me", question, n)
    )
    heard: list[Totals] = []
    changed = threading.Condition()

    def told(totals: Totals) -> None:
        with changed:
            heard.append(totals)
            changed.notify_all()

    def hears(expected: Totals) -> None:
        with changed:
            assert changed.wait_for(lambda: heard and heard[-1] == expected, 30), heard

    stop = watch.follow(Ballot("q", 2, (1,)), told)
    hears(Totals(1, (0, 1)))
    boards[-1].put("other", Ballot("q", 2, (0,)))
    hears(Totals(2, (1, 1)))
    boards.append(AnswersBoard())
    hears(Totals(1, (0, 1)))
    stop()
    boards[-1].put("other", Ballot("q", 2, (0,)))

    def fail(_totals: Totals) -> None:
        raise RuntimeError("a listener's own error ends nobody else's following")

    failing = watch.follow(Ballot("r", 1, ()), fail)
    watch.follow(Ballot("s", 1, (0,)), told)
    hears(Totals(1, (1,)))
    failing()
    watch.close()
    assert heard[:3] == [Totals(1, (0, 1)), Totals(2, (1, 1)), Totals(1, (0, 1))]


# -- the widget --------------------------------------------------------------------------------------------------------


def test_the_map_is_held_back_until_what_is_expected_is_locked(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    view = Expectation(picture(1, (120, 90)), worker)
    scene, _ = line.ask(view, "scene")
    assert (scene["label"], scene["shared"]) == (worker.predict(picture(1, (120, 90))).label, False)
    line.ask(view, "boxes")
    cam = worker.explain(picture(1, (120, 90)))
    grid, buffers = line.ask(view, "grid")
    assert grid["grid"] == [*cam.grid.shape, 0, 0, 120, 90] and buffers == []
    refused, buffers = line.ask(view, "map")
    assert "lock" in refused["problem"] and buffers == []
    with pytest.raises(traitlets.TraitError, match="nothing to lock"):
        view.committed = True
    with pytest.raises(EmocamError, match="locked"):
        view.table()
    assert (view.agreement, view.participants) == ({}, 0)
    line.ask(view, "lock", chosen={"boxes": [1], "cells": [0]})
    assert view.committed and view.chosen_classes == ["Food"] and not view.seen_before
    found = expectation_agreement(cam, [box for _, _, box in BOXES], 120, 90, [1], [0])
    assert view.agreement == pytest.approx(found.as_dict()) and view.sentence == found.sentence
    told, (values, importance) = line.ask(view, "map")
    np.testing.assert_allclose(floats(values).reshape(cam.grid.shape), cam.grid, atol=1e-6)
    assert told["target"] == scene["label"]
    table = view.table()
    assert dict(zip(table.index, table["importance"], strict=True)) == pytest.approx(
        dict(enumerate(floats(importance)))
    )
    assert table.loc[1, "marked"] and not table.loc[0, "marked"]
    assert table["expected_by"].to_dict() == {0: 0, 1: 1}
    assert (view.participants, view.class_boxes) == (1, [0, 1])
    cells = marked_cells_of(cam.grid.shape, cam.view, [box for _, _, box in BOXES], [1], [0])
    assert np.flatnonzero(view.class_cells).tolist() == cells.tolist()
    with pytest.raises(traitlets.TraitError, match="locked"):
        view.chosen = {"boxes": [0]}


def test_marking_anew_says_that_the_map_was_seen_and_keeps_the_blind_answer(worker: Worker) -> None:
    view = Expectation(picture(2, (120, 90)), worker, target="Craving", chosen={"boxes": [0]})
    assert view.reveal()["area"] == pytest.approx(50 * 75 / 10800)
    assert view.class_boxes == [1, 0]
    view.mark_anew()
    assert (view.committed, view.seen_before, view.agreement, view.sentence) == (False, True, {}, "")
    assert view.chosen == {"boxes": [], "cells": []} and view.participants == 0
    view.chosen = {"boxes": [1]}
    view.reveal()
    assert view.seen_before and view.class_boxes == [1, 0], "the class counts what was expected, not what was seen"
    view.target = "Joy"
    assert (view.committed, view.seen_before, view.chosen["boxes"]) == (False, False, [])
    view.set_image(picture(3, (120, 90)))
    with pytest.raises(traitlets.TraitError, match="no box 7"):
        view.chosen = {"boxes": [7]}
        view.committed = True
    settings: list[dict[str, Any]] = [{"method": "grad-camm"}, {"output": "odds"}, {"target": "Joyy"}]
    for setting in settings:
        with pytest.raises(UnknownNameError):
            Expectation(worker=worker, **setting)
    with pytest.raises(traitlets.TraitError, match="expected"):
        view.chosen = {"regions": [1]}


def test_other_boxes_are_another_question_but_no_other_map(worker: Worker) -> None:
    view = Expectation(picture(1, (120, 90)), worker, min_confidence=0.5, chosen={"boxes": [0]})
    assert view.boxes["object_class"].tolist() == view.chosen_classes == ["Person"]
    view.min_confidence = 0.3
    assert view.boxes["object_class"].tolist() == ["Person", "Food"]
    assert (view.chosen["boxes"], view.seen_before) == ([], False)
    view.chosen = {"boxes": [1]}
    view.reveal()
    view.min_confidence = None
    assert (view.committed, view.chosen["boxes"], view.seen_before) == (False, [], True)


def test_a_slow_method_waits_for_the_lock(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    asked: list[Any] = []
    submit = worker.submit_evaluate

    def listening(image: Any, method: Any = None, *rest: Any, **settings: Any) -> Any:
        asked.append(method)
        return submit(image, method, *rest, **settings)

    monkeypatch.setattr(worker, "submit_evaluate", listening)
    view = Expectation(picture(4, (120, 90)), worker, method="score-cam")
    line.ask(view, "scene")
    line.ask(view, "boxes")
    grid, _ = line.ask(view, "grid")
    assert "score-cam" not in asked and grid["problem"] is None
    line.ask(view, "lock", chosen={"boxes": [0], "cells": []})
    told, _ = line.ask(view, "map")
    assert told["method"] == "score-cam" and asked.count("score-cam") >= 1
    assert told["cam"] == grid["grid"]


def test_without_a_worker_the_run_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from tests.worlds import make_run

    run = make_run(tmp_path, n=6)
    line = Line(monkeypatch)
    image_id = str(run.images["image_id"].iloc[0])
    view = Expectation(image_id, run=run)
    scene, _ = line.ask(view, "scene")
    assert scene["label"] == run.image(image_id)["label"]
    view.chosen = {"cells": [0]}
    assert set(view.reveal()) == {"area", "mass", "lift", "hit", "cell_iou", "box_iou"}
    assert view.participants == 0
