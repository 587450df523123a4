"""Notebook 04's exercise: the highest bar, its control, a bar that tells nothing, and the question about places."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from emocam_widgets.analysis.paste import PasteResult
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.teaching.guess import Guess
from emocam_widgets.teaching.reading_bars import place_question, predicted_as, read_the_bars
from emocam_widgets.widgets import PasteBars
from tests.tiny_models import picture, tiny_classifier

N = 12
SWITCHED = {("ball", "object"): (11, 3), ("ball", "grey"): (1, 2), ("leaf", "object"): (6, 0), ("leaf", "grey"): (0, 0)}


def result(switched: dict[tuple[str, str], tuple[int, int]]) -> PasteResult:
    """Twelve images of Joy; at each of two places the first so many became Awe."""
    rows = [
        (f"{image:02d}", name, variant, place, 0.3 + 0.2 * place, 0.5, 0.2, "Joy", "Awe" if image < count else "Joy")
        for (name, variant), counts in switched.items()
        for place, count in enumerate(counts)
        for image in range(N)
    ]
    columns = ["image_id", "object", "variant", "position", "x", "y", "sprite_height", "label_before", "label_after"]
    return PasteResult(pd.DataFrame(rows, columns=columns), ("Joy", "Awe"))


@pytest.fixture
def bars() -> PasteBars:
    return PasteBars(result(SWITCHED))


def test_the_exercise_leads_from_a_bar_to_its_control_to_what_cannot_be_told(bars: PasteBars) -> None:
    guess = Guess("Which?", ["ball", "leaf"])
    exercise = read_the_bars(bars, guess)
    assert [step.done for step in exercise.steps] == [False] * 4
    guess.answer = "leaf"
    bars.selected = ["leaf", "object", 0]
    assert "There is a higher one" in exercise.steps[1].remark and "6 of 12" in exercise.steps[1].remark
    bars.selected = ["ball", "grey", 0]
    assert "That is a control" in exercise.steps[1].remark
    assert "ball" not in exercise.steps[1].task and not exercise.steps[2].remark
    bars.selected = ["ball", "object", 0]
    assert exercise.steps[1].done and "11 of 12" in exercise.steps[1].remark
    bars.selected = ["leaf", "grey", 0]
    assert "control of the leaf at place 1" in exercise.steps[2].remark
    bars.selected = ["ball", "grey", 0]
    assert exercise.steps[2].done and "1 of 12" in exercise.steps[2].remark
    bars.selected = ["leaf", "object", 0]  # 6 to 0: p = 0.031
    assert not exercise.steps[3].done and "more than chance" in exercise.steps[3].remark
    bars.selected = ["leaf", "object", 1]
    assert "switched nothing" in exercise.steps[3].remark
    bars.selected = ["ball", "object", 1]
    assert exercise.done


@pytest.mark.parametrize(("worst", "best", "right"), [(1, 11, "Yes"), (5, 7, "These images cannot tell")])
def test_two_places_differ_where_their_intervals_do(worst: int, best: int, right: str) -> None:
    question = place_question(result({("ball", "object"): (worst, best)}), "ball")
    for choice in question._remarks:
        question.answer = choice
        assert question.correct is choice.startswith(right)


def test_the_images_are_those_that_the_classifier_calls_so(tmp_path: Path) -> None:
    classifier = tiny_classifier()
    for number in range(6):
        picture(number).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    corpus = Corpus.from_folder(tmp_path)
    labels = {f"{number}.png": classifier.predict([picture(number)])[0].label for number in range(6)}
    label = labels["0.png"]
    expected = [image_id for image_id in corpus if labels.get(image_id) == label]
    assert predicted_as(corpus, classifier, label) == expected
    assert predicted_as(corpus, classifier, label, at_most=1) == expected[:1]
    with pytest.raises(UnknownNameError):
        predicted_as(corpus, classifier, "No such label")
    other = next((name for name in classifier.labels if name not in labels.values()), None)
    if other is not None:
        with pytest.raises(EmocamError, match="choose another label"):
            predicted_as(corpus, classifier, other)
