"""Expectation in JupyterLab: marked by pointer and keys, locked, revealed; and a class of processes on one worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

import emocam_widgets as emo
from emocam_widgets.engine.ray_run import start_local
from emocam_widgets.engine.shared_worker import SharedWorker
from emocam_widgets.widgets import Expectation
from tests.browser.axe import violations
from tests.browser.notebook import NotebookPage
from tests.browser.scrolling import stand_still

ray = pytest.importorskip("ray")
NAME = "emocam-class"
IMAGE = "scene-104.webp"
SETUP = f"""
import os
os.environ["RAY_ADDRESS"] = {{address!r}}
import emocam_widgets as emo
from emocam_widgets.teaching import Question
worker, corpus = emo.Worker("demo", "demo", shared=True, name={NAME!r}, cache=None), emo.Corpus.demo()
"""


@pytest.fixture(scope="module")
def worker() -> Iterator[SharedWorker]:
    """The shared worker, as another student's kernel has it: this process is that kernel."""
    start_local(n_cpus=2)
    made = emo.Worker("demo", "demo", shared=True, name=NAME, cache=None)
    assert isinstance(made, SharedWorker)
    yield made
    made.stop()
    ray.shutdown()


@pytest.fixture
def lesson(notebook: NotebookPage, worker: SharedWorker) -> NotebookPage:
    """A notebook whose kernel is a student's."""
    assert worker.shared
    notebook.run(SETUP.format(address=ray.get_runtime_context().gcs_address), 120)
    return notebook


def at(notebook: NotebookPage, canvas: Locator, x: float, y: float) -> tuple[float, float]:
    """A point of the picture, relative to its size, in the window, once it is in view and stands still."""
    stand_still(canvas)
    box = canvas.bounding_box()
    assert box is not None
    width, height = notebook.value("list(view.corpus.open(view.image_id).size)")
    scale = min(box["width"] / width, box["height"] / height)
    return box["x"] + box["width"] / 2 + (x - 0.5) * width * scale, box["y"] + box["height"] / 2 + (
        y - 0.5
    ) * height * scale


def middle_of(notebook: NotebookPage, canvas: Locator, number: int) -> tuple[float, float]:
    """The centre of a box, in the window."""
    x, y = notebook.value(
        f"[float(v) for v in (view.boxes.loc[{number}, ['x0', 'y0']].to_numpy(float)"
        f" + view.boxes.loc[{number}, ['x1', 'y1']].to_numpy(float)) / 2 / corpus.open(view.image_id).size]"
    )
    return at(notebook, canvas, x, y)


def answer(worker: SharedWorker, boxes: list[int]) -> Expectation:
    """Another student's answer to the same question."""
    other = Expectation(IMAGE, worker, emo.Corpus.demo())
    other.chosen = {"boxes": boxes}
    other.reveal()
    return other


def test_mark_lock_reveal_and_the_class_beside_it(lesson: NotebookPage, worker: SharedWorker) -> None:
    page = lesson.page
    output = lesson.run(f"view = emo.Expectation({IMAGE!r}, worker, corpus)\nview", 120).output
    root = output.get_by_test_id("expectation")
    expect(root).to_have_attribute("data-ready", "true", timeout=60_000)
    expect(output.get_by_test_id("question")).to_contain_text("What should speak for Joy?")
    expect(output.get_by_test_id("lock")).to_be_disabled()
    found = {"marking, light": violations(root)}
    classes = lesson.value("view.boxes['object_class'].tolist()")
    flower, person = classes.index("Flower"), classes.index("Person")

    # The flower by a click on the picture, the person from the list by keys, taken back and marked again.
    canvas = output.get_by_test_id("expectation-canvas")
    page.mouse.click(*middle_of(lesson, canvas, flower))
    expect(output.locator(f'[data-testid="box"][data-id="{flower}"]')).to_have_attribute("data-marked", "true")
    row = output.locator(f'[data-testid="box"][data-id="{person}"]')
    output.get_by_test_id("boxes").focus()
    for _ in classes:
        if row.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    expect(row).to_have_attribute("aria-selected", "true")
    for key, marked in (("Enter", "true"), ("Space", "false"), ("Space", "true"), ("Enter", "false")):
        page.keyboard.press(key)
        expect(row).to_have_attribute("data-marked", marked)
    lesson.wait_value("view.chosen", {"boxes": [flower], "cells": []})

    # Cells by the brush, erased again by the eraser, one more by the keyboard.
    output.get_by_test_id("mark-cells").click()
    page.mouse.move(*at(lesson, canvas, 0.1, 0.1))
    page.mouse.down()
    page.mouse.move(*at(lesson, canvas, 0.4, 0.1), steps=2)
    page.mouse.up()
    rows, columns = lesson.value("list(worker.explain(view.corpus.open(view.image_id)).grid.shape)")
    brushed = [columns * (rows // 10) + n for n in range(columns // 10, int(0.4 * columns) + 1)]
    lesson.wait_value("view.chosen['cells']", brushed)
    output.get_by_test_id("mark-erase").click()
    page.mouse.move(*at(lesson, canvas, 0.1, 0.1))
    page.mouse.down()
    page.mouse.move(*at(lesson, canvas, 0.4, 0.1), steps=2)
    page.mouse.up()
    lesson.wait_value("view.chosen['cells']", [])
    output.get_by_test_id("mark-cells").click()
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    lesson.wait_value("len(view.chosen['cells'])", 1)
    expect(output.get_by_test_id("commit-says")).to_contain_text("1 thing and 1 cell marked")

    # Another student has answered; nobody sees that who has not.
    others = [answer(worker, [flower, person])]
    lesson.wait_for(lambda: others[0].participants == 1, 30, "the board to take the first answer")
    expect(root).to_have_attribute("data-participants", "0")
    assert output.get_by_test_id("expected-by").count() == 0
    assert lesson.value("[view.participants, view.class_boxes, view.agreement]") == [0, [], {}]

    output.get_by_test_id("lock").click()
    expect(root).to_have_attribute("data-state", "revealed", timeout=30_000)
    lesson.wait_value("view.sentence != ''", True)
    expect(output.get_by_test_id("sentence")).to_have_text(lesson.value("view.sentence"))
    expect(root).to_have_attribute("data-participants", "2", timeout=30_000)
    expected = output.get_by_test_id("expected-by")
    flower_row = output.locator(f'[data-testid="box"][data-id="{flower}"]')
    expect(flower_row.get_by_test_id("expected-by")).to_have_text("2 of 2")
    expect(row.get_by_test_id("expected-by")).to_have_text("1 of 2")
    shown = output.get_by_test_id("box").evaluate_all(
        "rows => rows.map(r => [Number(r.dataset.id), Number(r.dataset.importance)])"
    )
    table = lesson.value("view.table()['importance'].astype(float).to_dict()")
    assert dict(shown) == pytest.approx({int(number): value for number, value in table.items()}, abs=1e-3)
    assert [value for _, value in shown] == sorted((value for _, value in shown), reverse=True)
    found["revealed, light"] = violations(root)

    # A third answer arrives without anything being touched; the first changes.
    third = emo.Worker("demo", "demo", shared=True, name=NAME, cache=None)
    assert isinstance(third, SharedWorker)
    others.append(answer(third, [person]))
    expect(root).to_have_attribute("data-participants", "3", timeout=30_000)
    expect(row.get_by_test_id("expected-by")).to_have_text("2 of 3")
    expect(expected).to_have_count(len(classes))
    lesson.theme("dark")
    found["revealed, dark"] = violations(root, "color-contrast")

    # Locked is locked; anew is said to be anew, and the class is out of sight.
    page.mouse.click(*middle_of(lesson, canvas, person))
    root.get_by_label("opacity of the map").fill("0.5")
    lesson.wait_value("view.cam_opacity", 0.5)  # and with it Python has heard of all that went before
    assert lesson.value("view.chosen['boxes']") == [flower]
    expect(row).to_have_attribute("data-marked", "false")
    output.get_by_test_id("mark-again").click()
    expect(root).to_have_attribute("data-state", "marking")
    expect(output.get_by_test_id("commit-says")).to_contain_text("You have seen the map")
    expect(output.get_by_test_id("class-panel")).to_be_hidden()
    found["marking, dark"] = violations(root, "color-contrast")
    lesson.theme("light")
    lesson.wait_value("[view.committed, view.seen_before, view.participants]", [False, True, 0])
    assert not any(found.values()), "\n".join(f"{where}: {each}" for where, all_ in found.items() for each in all_)
    assert lesson.page_errors == []
    for other in others:
        other.close()
    third.close()


def test_a_question_of_the_class(lesson: NotebookPage, worker: SharedWorker) -> None:
    output = lesson.run(
        'question = Question("Which?", {"this": "No.", "that": "Yes."}, "that", worker=worker); question'
    ).output
    expect(output.get_by_text("of 1")).to_have_count(0)
    output.get_by_role("button", name="this").click()
    expect(output.get_by_text("1 of 1")).to_be_visible(timeout=30_000)
    from emocam_widgets.engine.answers import Ballot, question_key

    stop = worker.join_class(
        Ballot.of(question_key("question", "Which?", "this", "that"), 2, [1]), lambda _totals: None
    )
    expect(output.get_by_text("1 of 2")).to_have_count(2, timeout=30_000)
    output.get_by_role("button", name="that").click()
    expect(output.get_by_text("2 of 2")).to_be_visible(timeout=30_000)
    stop()
    assert lesson.page_errors == []
