"""The exercise on own pictures, and what shows a network that was wrapped wrongly."""

from __future__ import annotations

import pytest

from emocam_widgets.teaching.your_own import (
    MISTAKES,
    Mistakes,
    check_labelled,
    check_turned,
    known_pictures,
    miswrapped,
    warm_or_cool,
    wrapping_table,
)

LABELS = ("cool", "warm")


def test_three_labels_are_enough_and_are_compared_with_the_network() -> None:
    predicted = {"a": "warm", "b": "cool", "c": "cool"}
    assert not check_labelled({}, predicted).done
    assert "2 to go" in check_labelled({"a": "warm"}, predicted).remark
    step = check_labelled({"a": "warm", "b": "warm", "c": "cool"}, predicted)
    assert step.done and "same of 2" in step.remark


@pytest.mark.parametrize(
    ("before", "now", "kinds", "done"),
    [
        (None, None, (), False),
        ("warm", "warm", (), False),
        ("cool", "cool", (), False),
        ("cool", "cool", ("warm",), False),
        ("cool", "warm", ("recolour",), False),
        ("cool", "warm", ("warm", "paste"), False),
        ("cool", "warm", ("warm",), True),
    ],
)
def test_the_label_must_turn_by_the_temperature_alone(
    before: str | None, now: str | None, kinds: tuple[str, ...], done: bool
) -> None:
    step = check_turned(before, now, LABELS, kinds)
    assert step.done is done and step.remark


def test_each_mistake_shows_in_its_own_columns_of_the_table() -> None:
    table = wrapping_table(miswrapped(warm_or_cool()), known_pictures())
    rows = table.to_dict("index")
    right = rows["right"]
    changed = {name: {column for column in right if rows[name][column] != right[column]} for name in MISTAKES}
    assert changed["A"] == {"right"}
    assert changed["B"] == {"target layer", "map"}
    assert {"lowest", "highest", "sure"} <= changed["C"] and "right" not in changed["C"]
    assert right["right"] == "2 of 2"


def test_a_wrong_answer_gets_a_hint_that_does_not_tell() -> None:
    mistakes = Mistakes()
    for letter, question in mistakes.questions.items():
        for button in question.children[1].children:
            button.click()
            assert question.correct == (button.description == MISTAKES[letter])
            if not question.correct:
                assert MISTAKES[letter] not in question.children[2].value
        next(b for b in question.children[1].children if b.description == MISTAKES[letter]).click()
    assert mistakes.done
