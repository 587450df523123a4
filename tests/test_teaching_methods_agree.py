"""Notebook 05's checks: the least alike, a threshold at which shuffled maps fall behind, agreement beyond them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import traitlets as t

from emocam_widgets.analysis.rsa import Rsa
from emocam_widgets.teaching.methods_agree import (
    check_beyond,
    check_controls,
    check_least,
    methods_agree,
    what_agreement_shows,
)

METHODS = ["a-cam", "b-cam", "c-cam"]


def table(ab: float, ac: float, bc: float, diagonal: float = 1.0) -> pd.DataFrame:
    values = np.array([[diagonal, ab, ac], [ab, diagonal, bc], [ac, bc, diagonal]])
    return pd.DataFrame(values, METHODS, METHODS)


@pytest.fixture
def result() -> Rsa:
    """a and b are the least alike; b and c agree most beyond the control, although a and c have the greatest rho."""
    rho, empty = table(0.6, 0.95, 0.9), table(0.0, 0.0, 0.0, 0.0)
    return Rsa(
        rho, empty, empty, empty, table(0.55, 0.9, 0.4, 0.8), pd.Series(0.8, METHODS), 100, 60,
        "counts", "spearman", "mean", 0.3,
    )  # fmt: skip


class Matrix(t.HasTraits):
    """What the checks look at in an `RsaMatrix`."""

    pair = t.Any(None, allow_none=True)
    status = t.Unicode("running")
    result = t.Any(None, allow_none=True)


def test_the_least_alike_are_the_answer_in_either_order(result: Rsa) -> None:
    for pair in (["a-cam", "b-cam"], ["b-cam", "a-cam"]):
        step = check_least(result, pair)
        assert step.done
        assert "0.60" in step.remark and "0.55" in step.remark


@pytest.mark.parametrize("pair", [None, ["a-cam", "c-cam"], ["c-cam", "b-cam"]])
def test_other_pairs_get_a_hint_that_does_not_tell(result: Rsa, pair: list[str] | None) -> None:
    step = check_least(result, pair)
    assert not step.done and step.remark
    assert "a-cam and b-cam" not in step.remark
    assert not check_least(None, ["a-cam", "b-cam"]).done


def test_shuffled_maps_must_fall_behind(result: Rsa) -> None:
    assert "0.80" in check_controls(result).remark and not check_controls(result).done
    assert check_controls(replace(result, shuffled=table(0.5, 0.5, 0.5, 0.6))).done
    nothing = replace(result, shuffled=table(np.nan, np.nan, np.nan, np.nan))
    assert "nothing counts" in check_controls(nothing).remark
    assert not check_controls(None).done


def test_the_most_beyond_its_control_is_the_answer(result: Rsa) -> None:
    assert not check_beyond(result, ["b-cam", "c-cam"], low=False).done
    assert not check_beyond(result, None, low=True).done
    other = check_beyond(result, ["a-cam", "c-cam"], low=True)
    assert not other.done and "Another pair" in other.remark
    assert check_beyond(result, ["c-cam", "b-cam"], low=True).done


def test_a_method_under_which_nothing_counts_is_no_answer(result: Rsa) -> None:
    constant = replace(result, rho=table(np.nan, 0.95, 0.9), shuffled=table(np.nan, 0.9, 0.4, 0.8))
    assert not check_least(constant, ["a-cam", "b-cam"]).done
    assert not check_beyond(constant, ["a-cam", "b-cam"], low=True).done


def test_the_exercise_waits_for_the_controls(result: Rsa) -> None:
    matrix = Matrix(result=result)
    exercise = methods_agree(matrix)  # type: ignore[arg-type]
    matrix.pair = ["a-cam", "b-cam"]
    assert not exercise.steps[0].done
    matrix.status = "done"
    assert [step.done for step in exercise.steps] == [True, False, False]
    matrix.pair = ["b-cam", "c-cam"]
    assert not exercise.steps[2].done
    matrix.status, matrix.result = "running", replace(result, shuffled=table(0.5, 0.6, 0.3, 0.6))
    matrix.status = "done"
    assert exercise.done


def test_the_question_takes_agreement_for_no_more_than_it_is() -> None:
    question = what_agreement_shows()
    outcome = []
    for button in question.children[1].children:
        button.click()
        outcome.append(question.correct)
    assert outcome == [False, True, False]
