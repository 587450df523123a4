"""Notebook 03's exercise: where a thing lies, what ticks a step off, and the guess that stands."""

from __future__ import annotations

import pandas as pd
import pytest
import traitlets as t

from emocam_widgets import demo
from emocam_widgets.engine.compose import Sprites
from emocam_widgets.teaching.guess import Guess, check_guess
from emocam_widgets.teaching.head_table import placement, silhouette_question
from emocam_widgets.teaching.make_it_flip import (
    BALL,
    OTHER,
    Place,
    Shown,
    Tried,
    check_beside,
    check_on_a_head,
    check_other_head,
    check_other_thing,
    name_of,
    places_of,
)

HEADS = [(100.0, 50.0, 200.0, 150.0), (400.0, 80.0, 480.0, 180.0)]
JOY, EXCITEMENT = {"Joy": 0.6, "Excitement": 0.4}, {"Joy": 0.3, "Excitement": 0.7}


def shown(place: Place | None, now: dict[str, float] = EXCITEMENT, thing: str = BALL) -> Shown:
    return Shown((thing,), () if place is None else (place,), JOY, now)


@pytest.mark.parametrize(
    ("thing", "places"),
    [
        ((110, 60, 190, 140), (Place("on", 0),)),
        ((420, 100, 600, 200), ()),  # half over the right head, its middle beside it
        ((380, 60, 520, 200), (Place("on", 1),)),
        ((210, 60, 300, 140), (Place("beside", 0),)),
        ((20, 60, 95, 140), (Place("beside", 0),)),
        ((300, 90, 390, 170), (Place("beside", 1),)),
        ((210, 80, 390, 160), (Place("beside", 0), Place("beside", 1))),
        ((220, 300, 300, 380), ()),
        ((280, 60, 310, 140), ()),  # far from both
    ],
)
def test_a_place_is_on_a_head_beside_one_or_elsewhere(
    thing: tuple[int, int, int, int], places: tuple[Place, ...]
) -> None:
    x0, y0, x1, y1 = map(float, thing)
    assert places_of((x0, y0, x1, y1), HEADS) == places


def test_places_have_names() -> None:
    assert [name_of([Place("on", head)], 2) for head in (0, 1)] == ["on the left head", "on the right head"]
    assert name_of([Place("beside", 0), Place("beside", 1)], 2) == "beside the left head and the right head"
    assert name_of([Place("beside", 1)], 3) == "beside head 2 from the left"
    assert name_of([], 2) == "elsewhere"


def test_the_steps_follow_the_ball_from_place_to_place() -> None:
    tried = Tried(2)
    assert "palette" in check_on_a_head(None, tried).remark
    elsewhere = shown(None)
    tried.take(elsewhere)
    assert not check_on_a_head(elsewhere, tried).done and not check_beside(elsewhere, tried).remark
    two = Shown((BALL, OTHER), (), JOY, EXCITEMENT)
    assert "more than one thing" in check_on_a_head(two, tried).remark
    flower = shown(Place("on", 0), thing=OTHER)
    tried.take(flower)
    assert OTHER in check_on_a_head(flower, tried).remark and not tried.ball

    on = shown(Place("on", 1))
    tried.take(on)
    step = check_on_a_head(on, tried)
    assert step.done and "Joy 60.0 % → Excitement 70.0 %" in step.remark
    wrong = shown(Place("beside", 0), JOY)
    tried.take(wrong)
    assert not check_beside(wrong, tried).done and "beside the left head" in check_beside(wrong, tried).remark
    tried.take(shown(Place("beside", 1), JOY))
    assert check_beside(wrong, tried).done
    assert not check_other_head(on, tried).done
    tried.take(shown(Place("on", 0), JOY))
    assert "another label than on the first" in check_other_head(on, tried).remark

    assert not check_other_thing(on, tried).done
    assert "on the left head" in check_other_thing(shown(Place("on", 0), JOY, OTHER), tried).remark
    assert check_other_thing(shown(Place("on", 1), JOY, OTHER), tried).done


def test_without_a_flip_or_a_second_head_it_says_so() -> None:
    tried = Tried(2)
    tried.take(shown(Place("on", 0), JOY))
    assert "no place changed the label yet" in check_other_thing(None, tried).remark
    assert "finds 1 heads" in check_on_a_head(None, Tried(1)).remark


def test_a_guess_stands_once_it_is_made() -> None:
    guess = Guess("Which <one>?", ["this", "that"])
    assert "&lt;one&gt;" in guess.children[0].value and not check_guess(guess.answer).done
    this, that = guess.children[1].children
    that.click()
    assert (guess.answer, guess.committed, this.disabled) == ("that", True, True)
    assert check_guess(guess.answer).done and "that" in guess.children[2].value
    with pytest.raises(t.TraitError, match="stands"):
        guess.answer = "this"
    with pytest.raises(t.TraitError, match="one of"):
        Guess("?", ["a", "b"]).answer = "c"
    with pytest.raises(ValueError, match="two answers"):
        Guess("?", ["a", "a"])


def test_the_computed_places_are_those_that_the_exercise_asks_for() -> None:
    sprites = Sprites({BALL: demo.open_sprite(BALL)})
    size, sprite = (600, 400), sprites[BALL]
    tall = 0.2 * size[1]
    wide = tall * sprite.width / sprite.height
    for place in (Place("on", 0), Place("beside", 0), Place("on", 1)):
        one = placement(BALL, place, HEADS, size, sprites)
        x, y = one.x * size[0], one.y * size[1]
        assert place in places_of((x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2), HEADS)


@pytest.mark.parametrize(("grey", "right"), [(["Joy", "Joy", "Fear"], "there"), (["Joy"] * 3, "at none of them")])
def test_the_question_about_silhouettes_is_asked_of_the_table(grey: list[str], right: str) -> None:
    rows: list[tuple[str, str, str, str | None]] = [("nothing", "", "Joy", None)]
    rows += [(BALL, *each) for each in zip(["here", "beside", "there"], ["Awe", "Awe", "Joy"], grey, strict=True)]
    table = pd.DataFrame(rows, columns=["thing", "place", "label", "grey_label"])
    question = silhouette_question(table)
    question.answer = "here"
    assert not question.correct and "leaves it at Joy" in question.children[2].value
    question.answer = right
    assert question.correct
