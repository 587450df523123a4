"""Notebook 03 as a student does it: a guess, the ball at three places, first wrongly, and the control."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lessons import Hand, Lesson, answer, expect_done
from tests.browser.notebook import NotebookPage

LEFT, BESIDE, RIGHT, ELSEWHERE = (0.32, 0.28), (0.55, 0.28), (0.79, 0.31), (0.55, 0.85)


def test_the_ball_goes_to_the_three_places_and_the_flower_after_it(notebook: NotebookPage) -> None:
    lesson = Lesson(notebook, "03_make_it_flip")
    editor = lesson.run("editor")
    expect(editor.get_by_test_id("editor")).to_be_visible()
    guess, exercise = lesson.run("guess"), lesson.run("exercise")
    size = notebook.value("editor.export_image().size")
    hand, steps = Hand(notebook, editor, tuple(size)), exercise.get_by_test_id("step")
    expect_done(exercise, False, False, False, False, False)
    expect(steps.first).to_contain_text("Guess before you try")
    answer(guess, "on a head only")
    expect_done(exercise, True, False, False, False, False)
    expect(steps.nth(1)).to_contain_text("palette")

    hand.drag_new("lotus flower", *LEFT)
    expect(steps.nth(1)).to_contain_text("That is a lotus flower")
    hand.remove()
    hand.drag_new("rugby ball", *ELSEWHERE)
    expect(steps.nth(1)).to_contain_text("It lies elsewhere")
    hand.move(ELSEWHERE, LEFT)
    expect_done(exercise, True, True, False, False, False)
    expect(steps.nth(1)).to_contain_text("Joy")
    expect(steps.nth(2)).to_contain_text("It lies on the left head")
    hand.move(LEFT, BESIDE)
    expect_done(exercise, True, True, True, False, False)
    hand.move(BESIDE, RIGHT)
    expect_done(exercise, True, True, True, True, False)
    expect(steps.nth(4)).to_contain_text("must be the only thing")

    hand.remove()
    hand.drag_new("lotus flower", *ELSEWHERE)
    expect(steps.nth(4)).to_contain_text("Where did the ball change the label?")
    hand.move(ELSEWHERE, RIGHT)
    expect_done(exercise, True, True, True, True, True)

    lesson.run("table")
    grey = notebook.value("list(table.query(\"thing == 'rugby ball'\").grey_label != table.label[0])")
    places = notebook.value("list(table.query(\"thing == 'rugby ball'\").place)")
    question = lesson.run("question")
    answer(question, places[grey.index(False)])
    expect(question).to_contain_text("Look at the last column again")
    answer(question, places[grey.index(True)] if any(grey) else "at none of them")
    expect(question).to_contain_text("Yes")
    assert notebook.page_errors == []
