"""What the explorer asks of the whole run: the paste experiment and the methods' agreement, without a browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emocam_widgets import open_run
from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine import Worker, analyze, paste_experiment
from emocam_widgets.engine.adding import add_method, addable_methods
from emocam_widgets.engine.live_pasting import pasted_result, plan_pastes, run_pastes
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.models import SplitClassifier
from emocam_widgets.run import Run
from emocam_widgets.widgets import Explorer, RsaMatrix, explore
from emocam_widgets.widgets.memory import Memory
from emocam_widgets.widgets.paste_experiment import PasteExperiment
from tests.reports import OTHER, two_methods
from tests.tiny_models import picture
from tests.worlds import NEVER

BOXES = [("Person", 0.9, (30, 20, 150, 200)), ("Food", 0.6, (180, 120, 280, 220))]


@pytest.fixture
def run(tmp_path: Path, classifier: SplitClassifier) -> Iterator[Run]:
    """A run that the worker's classifier made, with one method."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(12):
        picture(number, (320, 240)).save(folder / f"{number:02d}.png")
    detector = wrap_detector(lambda image: BOXES, ("Person", "Food"), name="two")
    made = analyze(Corpus.from_folder(folder), classifier, detector, out=tmp_path / "run", progress=False)
    yield made
    Memory.of(made.path).forget()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


# -- pasting -----------------------------------------------------------------------------------------------------------


def test_the_worker_pastes_as_the_experiment_does(run: Run, worker: Worker) -> None:
    plan = plan_pastes(run, worker, ["rugby ball", "lotus flower"], n=3)
    assert (len(plan.image_ids), plan.available, plan.n_pastes) == (3, 12, 3 * 2 * 2 * 17)
    rows = [row for _, found in run_pastes(run, plan, worker) for row in found]
    mine = pasted_result(rows, run, worker)
    theirs = paste_experiment(
        run.corpus, worker.classifier, plan.objects, images=plan.image_ids, variants=plan.variants, progress=False
    )
    keys = ["image_id", "object", "variant", "position"]
    both = mine.pastes.merge(theirs.pastes, on=keys)
    assert len(both) == len(mine.pastes) == len(theirs.pastes) == plan.n_pastes
    assert (both["label_after_x"] == both["label_after_y"]).all()
    assert np.allclose(
        np.stack(list(both["probabilities_after_x"])), np.stack(list(both["probabilities_after_y"])), atol=1e-5
    )
    assert np.allclose(both["x_x"], both["x_y"]) and (both["label_before_x"] == both["label_before_y"]).all()


def test_a_plan_is_of_a_label_and_says_what_is_wrong(run: Run, worker: Worker, tmp_path: Path) -> None:
    label = str(run.images["label"].iloc[0])
    plan = plan_pastes(run, worker, ["rugby ball"], label=label, n=500, control=False)
    assert list(plan.image_ids) == run.images["image_id"][run.images["label"] == label].tolist()
    drawn = [plan_pastes(run, worker, ["rugby ball"], n=4, seed=seed).image_ids for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2] and len(drawn[0]) == 4
    other = two_methods(tmp_path / "other")
    assert "is not the one that made the run" in plan_pastes(other, worker, ["rugby ball"]).note and not plan.note
    with pytest.raises(EmocamError, match=f"No image of the run is predicted as {NEVER}"):
        plan_pastes(other, worker, ["rugby ball"], label=NEVER)
    with pytest.raises(EmocamError, match="at least one thing"):
        plan_pastes(run, worker, [])
    with pytest.raises(UnknownNameError, match="rugby ball"):
        plan_pastes(run, worker, ["rugby bal"])


def test_the_experiment_runs_shows_parts_and_stops(run: Run, worker: Worker) -> None:
    paste = PasteExperiment(run, worker, things=["rugby ball"], count=12)
    assert paste.cost["pastes"] == 12 * 2 * 17 and paste.bars is None
    wait_for(lambda: paste.cost["seconds"] is not None)  # found out on one image, before anything is begun
    assert paste.trial is None and paste.result is None
    states: list[dict[str, Any]] = []

    def follow(change: dict[str, Any]) -> None:
        states.append(change["new"])
        if change["new"]["done"] == 3:
            paste.cancel()

    paste.observe(follow, "trial")
    paste.start()
    assert paste.wait(60)
    last = states[-1]
    assert last["state"] == "cancelled" and 3 <= last["done"] < 12
    assert [state["done"] for state in states] == sorted(state["done"] for state in states)
    assert paste.bars is not None and paste.result is paste.bars.result
    assert paste.result.pastes["image_id"].nunique() == last["done"]
    bars = paste.bars
    paste.unobserve(follow, "trial")
    paste.count = 2
    paste.start()
    assert paste.wait(60) and paste.trial["state"] == "done"
    assert paste.bars is bars and bars.result.pastes["image_id"].nunique() == 2
    assert paste.cost["seconds"] is not None
    paste.close()


def test_without_a_worker_or_images_it_says_so(run: Run, worker: Worker, tmp_path: Path) -> None:
    alone = PasteExperiment(run)
    assert "pass a worker" in alone.hint
    with pytest.raises(EmocamError, match="pass a worker"):
        alone.start()
    (tmp_path / "images").rename(tmp_path / "gone")
    paste = PasteExperiment(open_run(run.path), worker, count=2)
    paste.start()
    assert paste.wait(30) and paste.trial["state"] == "failed" and paste.trial["details"] == ""


def test_a_bar_shows_its_images_until_something_else_is_chosen(run: Run, worker: Worker) -> None:
    explorer = explore(run, worker, remember=False, mode="paste")
    paste = explorer.paste
    assert paste is not None
    paste.count, paste.control = 12, False
    paste.start()
    assert paste.wait(60) and paste.bars is not None and paste.result is not None
    shares = paste.result.shares()
    switching = shares[shares["switched"] > 0].iloc[0]
    still = shares[shares["switched"] == 0]
    explorer.cell = ["Food", str(run.images["label"].iloc[0])]
    paste.bars.selected = [switching["object"], switching["variant"], int(switching["position"])]
    assert explorer.cell is None
    assert explorer.browser.image_ids == sorted(paste.bars.images) and paste.bars.images
    assert "rugby ball (place " in explorer.browser.only_images_caption
    explorer.browser.clear_filters()
    assert paste.bars.selected is None and len(explorer.browser.image_ids) == 12
    paste.bars.selected = [switching["object"], switching["variant"], int(switching["position"])]
    explorer.cell = ["Food", str(run.images["label"].iloc[0])]
    assert paste.bars.selected is None and explorer.browser.only_images is None
    if len(still):
        paste.bars.selected = [still.iloc[0]["object"], still.iloc[0]["variant"], int(still.iloc[0]["position"])]
        assert explorer.browser.only_images is None
    explorer.close()


def test_an_experiment_outlives_the_cell_that_began_it(run: Run, worker: Worker) -> None:
    first = explore(run, worker, mode="paste")
    assert first.paste is not None
    first.paste.things, first.paste.count = ["lotus flower"], 12
    first.paste.start()
    again = explore(run, worker)
    assert again.mode == "paste" and again.paste is not None
    assert (again.paste.things, again.paste.count) == (["lotus flower"], 12)
    first.close()
    assert again.paste.wait(60)
    wait_for(lambda: again.paste is not None and again.paste.trial["state"] == "done")
    assert again.paste.result is not None and set(again.paste.result.pastes["object"]) == {"lotus flower"}
    third = explore(run, worker)
    assert third.paste is not None and third.paste.result is again.paste.result
    again.close()
    third.close()


# -- agreement ---------------------------------------------------------------------------------------------------------


def test_a_method_is_added_whole_or_not_at_all(run: Run, worker: Worker, classifier: SplitClassifier) -> None:
    assert "lift-cam" in addable_methods(run) and "grad-cam" not in addable_methods(run)
    assert add_method(run, worker, "lift-cam", cancelled=lambda: True) is None
    assert open_run(run.path).methods == run.methods
    seen: list[tuple[int, int]] = []
    grown = add_method(run, worker, "lift-cam", progress=lambda *at: seen.append(at))
    assert grown is not None and grown.methods == ("grad-cam", "lift-cam") and "lift-cam" not in addable_methods(grown)
    assert seen[0] == (0, 12) and seen[-1] == (12, 12) and seen == sorted(seen)
    alone = analyze(run.corpus, classifier, None, methods=["lift-cam"], out=run.path.parent / "alone", progress=False)
    grids = {row["image_id"]: row for row in grown.cams.to_dict("records") if row["method"] == "lift-cam"}
    for row in alone.cams.to_dict("records"):
        mine = grids[row["image_id"]]
        assert (mine["target"], mine["output"]) == (row["target"], row["output"])
        assert np.allclose(mine["grid"], row["grid"], atol=2e-3)


def test_a_method_of_another_classifier_is_not_added(worker: Worker, tmp_path: Path) -> None:
    with pytest.raises(EmocamError, match="made with another classifier"):
        add_method(two_methods(tmp_path), worker, "score-cam")


def test_all_parts_show_a_method_that_is_added(run: Run, worker: Worker) -> None:
    explorer = explore(run, worker, remember=False, mode="agreement")
    matrix = explorer.agreement
    assert matrix is not None and matrix.wait(30) and matrix.status == "failed"
    matrix.add_method("eigen-cam")
    wait_for(lambda: matrix.adding["state"] != "running")
    assert matrix.adding["state"] == "done"
    assert list(explorer.heatmap.methods) == ["grad-cam", "eigen-cam"] == explorer.summary["methods"]
    assert matrix.wait(60) and matrix.status == "done" and matrix.result is not None
    with pytest.raises(UnknownNameError):
        matrix.add_method("eigen-cam")
    explorer.close()


def test_a_pair_is_shown_in_the_heatmap_as_the_matrix_counts(tmp_path: Path) -> None:
    explorer: Explorer = explore(two_methods(tmp_path), remember=False, threshold=0.42)
    explorer.mode = "agreement"
    matrix = explorer.agreement
    assert matrix is not None and (matrix.score, matrix.threshold) == ("mean", 0.42)
    matrix.score, matrix.threshold = "maximum", 0.6
    explorer._answer(explorer, {"kind": "compare", "id": 1, "pair": [OTHER, "grad-cam"]}, [])
    heatmap = explorer.heatmap
    assert (heatmap.method, heatmap.compare, heatmap.score, heatmap.threshold) == (OTHER, "grad-cam", "maximum", 0.6)
    explorer.close()


def test_a_matrix_alone_needs_a_worker_to_add(tmp_path: Path) -> None:
    matrix = RsaMatrix(two_methods(tmp_path))
    with pytest.raises(EmocamError, match="pass a worker"):
        matrix.add_method("score-cam")
    matrix.close()
