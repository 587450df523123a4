"""The photographer's exercises, the published tables, and the experiment with edits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine.edit_experiment import changed_part, covered_share, edit_experiment, mirrored
from emocam_widgets.engine.region_edits import RegionEdit
from emocam_widgets.errors import EmocamError
from emocam_widgets.teaching.fields_results import ALBUM, baseline_question, published_results
from emocam_widgets.teaching.photographer import (
    Reading,
    Trial,
    check_control,
    check_grey,
    check_marks,
    check_note,
    grey_question,
)
from emocam_widgets.teaching.pictures import first_picture, picture_folder
from emocam_widgets.teaching.your_own import SIZE, miswrapped, warm_or_cool

EMPTY = Reading(0, 0, False, False, {}, "")


def test_marks_count_only_when_they_were_locked_before_the_map_was_seen() -> None:
    marked = replace(EMPTY, marked_for=2)
    hints = [check_marks(one) for one in (EMPTY, marked, replace(marked, marked_against=1))]
    assert not any(step.done for step in hints)
    assert len({step.remark for step in hints}) == 3
    late = replace(marked, committed=True, seen_before=True)
    assert not check_marks(late).done and "before" in check_marks(late).remark
    told = check_marks(replace(marked, committed=True, agreement={"for_share": 0.5, "for_area": 0.2}))
    assert told.done and "50%" in told.remark and "20%" in told.remark and "more than" in told.remark


def test_a_note_is_a_few_words() -> None:
    assert not check_note(EMPTY).done
    assert not check_note(replace(EMPTY, note="the jeans")).done
    assert check_note(replace(EMPTY, note="the jeans are blue")).done


def edit(kind: str, box: tuple[float, float, float, float] = (0.1, 0.1, 0.5, 0.5)) -> dict[str, object]:
    return RegionEdit(kind, region="box", box=box).as_dict()


def test_the_test_is_colour_alone_and_its_control_the_same_part() -> None:
    grey = Trial([edit("grey")], 0, 0.2, 0.5)
    assert check_grey(grey, "negative").done and "20.0% → 50.0%" in check_grey(grey, "negative").remark
    for wrong in (None, Trial([], 0, 0.2, 0.2), Trial([edit("blur")], 0, 0.2, 0.5)):
        assert not check_grey(wrong, "negative").done
    both = Trial([edit("grey"), edit("blur")], 0, 0.2, 0.5)
    assert "More than one" in check_grey(both, "negative").remark
    assert "More than one" in check_grey(replace(grey, pasted=1), "negative").remark
    for wrong in (grey, Trial([edit("blur", (0.6, 0.6, 0.9, 0.9))], 0, 0.2, 0.3), Trial([edit("recolour")], 0, 0, 1)):
        assert not check_control(wrong, grey, "negative").done
    assert not check_control(Trial([edit("blur")], 0, 0.2, 0.3), None, "negative").done
    less = check_control(Trial([edit("blur")], 0, 0.2, 0.3), grey, "negative")
    more = check_control(Trial([edit("blur")], 0, 0.2, 0.9), grey, "negative")
    assert less.done and "more negative than this did" in less.remark
    assert more.done and "no more than this" in more.remark


@pytest.mark.parametrize(("low", "others", "right"), [(0.1, 0.1, 0), (0.1, 0.4, 1), (-0.1, 0.1, 2)])
def test_the_answer_is_read_from_the_table(low: float, others: float, right: int) -> None:
    rows = {"no colour": {"change": 0.3, "low": low, "high": 0.4}, "blurred": {"change": others, "low": 0, "high": 1}}
    question = grey_question(pd.DataFrame.from_dict(rows, orient="index"))
    buttons = question.children[1].children
    for number, button in enumerate(buttons):
        button.click()
        assert question.correct == (number == right)
        assert ("+30.0%" in question.children[2].value) == question.correct
    with pytest.raises(ValueError, match="no colour"):
        grey_question(pd.DataFrame.from_dict({"blurred": rows["blurred"]}, orient="index"))


def test_the_papers_tables_have_both_averages_and_the_baseline() -> None:
    table = published_results()
    together = table.loc["both together"]
    assert together["F1, as printed"] == together["F1, macro average"] == 0.65
    assert together["F1, weighted average"] == 0.74
    assert together["always that"] == 0.65
    assert (
        table.drop(index="both together")["F1, as printed"] == table["F1, weighted average"].drop("both together")
    ).all()
    question = baseline_question()
    wrong, right = (
        next(b for b in question.children[1].children if b.description == name) for name in ("0.75", "0.50")
    )
    wrong.click()
    assert not question.correct and "0.50" not in question.children[2].value
    right.click()
    assert question.correct and f"{table.loc[ALBUM, 'accuracy']:.2f}" in question.children[2].value


@pytest.fixture
def corpus(tmp_path: object) -> Corpus:
    """Four plain pictures, from blue to orange."""
    for number, colour in enumerate([(60, 120, 230), (90, 110, 200), (200, 120, 90), (240, 140, 60)]):
        Image.new("RGB", (SIZE, SIZE), colour).save(f"{tmp_path}/{number}.png")
    return Corpus.from_folder(str(tmp_path))


def test_an_edit_is_measured_over_images(corpus: Corpus) -> None:
    classifier = miswrapped(warm_or_cool())["right"]
    edits = {"nothing": [], "no colour": {"kind": "grey"}, "warmer": RegionEdit("warm", 1.0)}
    found = edit_experiment(corpus, classifier, edits, "warm")
    assert list(found["images"]) == [4, 4, 4]
    assert found.loc["nothing", "change"] == 0
    change = found["change"].to_dict()
    assert change["warmer"] > 0 > change["no colour"]
    assert (found["low"] <= found["change"]).all() and (found["change"] <= found["high"]).all()
    assert found.loc["no colour", "switched"] == 0
    assert np.allclose(found["after"] - found["before"], found["change"], atol=1e-6)
    with pytest.raises(EmocamError, match="label"):
        edit_experiment(corpus, classifier, edits, "joy")
    assert first_picture(corpus, classifier, "warm") == "2.png"


def test_where_an_edit_reaches_and_its_mirror_image() -> None:
    box = RegionEdit("blur", region="box", box=(0.0, 0.0, 0.25, 1.0))
    changed = changed_part([box], (40, 20))
    assert changed.shape == (20, 40) and changed[:, :10].all() and not changed[:, 10:].any()
    assert covered_share(changed, (0, 0, 20, 20)) == 0.5
    assert covered_share(changed, (50, 0, 60, 20)) == 0
    assert changed_part(mirrored([box]), (40, 20))[:, 30:].all()
    assert changed_part([RegionEdit("crop", region="box", box=(0.1, 0.1, 0.9, 0.9))], (40, 20)).all()
    with pytest.raises(EmocamError, match="mirrored"):
        mirrored([RegionEdit("blur", region="segments", segments=(1,))])


def test_the_folder_of_pictures_is_made_once(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    folder = picture_folder(5)
    assert len(Corpus.from_folder(folder)) == 5
    (folder / "emocam-notes.csv").write_text("mine")
    assert picture_folder(5) == folder and (folder / "emocam-notes.csv").read_text() == "mine"
