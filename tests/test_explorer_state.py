"""What an explorer keeps: its selection when its cell runs again, and all of it while a run grows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from emocam_widgets.corpus import Corpus
from emocam_widgets.engine import Worker
from emocam_widgets.errors import RunError
from emocam_widgets.run import Run, RunWriter, open_run
from emocam_widgets.run.follow import Growth, RunFollower, growth
from emocam_widgets.widgets import Explorer, explore
from emocam_widgets.widgets.memory import Memory
from tests.worlds import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("world"))


@pytest.fixture(autouse=True)
def forgetful(run: Run) -> Iterator[None]:
    """Each test begins without memories of the module's run."""
    Memory.of(run.path).forget()
    yield
    Memory.of(run.path).forget()


class Growing:
    """A run that holds `n` images of a whole one to begin with; `add` commits the next as one more part."""

    def __init__(self, folder: Path, n: int) -> None:
        self.whole = make_run(folder)
        self.images = self.whole.images["image_id"].tolist()
        self.writer = RunWriter(folder / "growing", replace(self.whole.manifest, counts={}))
        self.corpus = Corpus.from_folder(folder / "images")
        self.path = folder / "growing"
        self.done = 0
        self.add(n)

    def add(self, n: int) -> None:
        ids = self.images[self.done : self.done + n]
        tables = {name: getattr(self.whole, name) for name in ("images", "boxes", "cams")}
        self.writer.write_part(
            {name: table[table["image_id"].isin(ids)] for name, table in tables.items()}, detected={"drawn": ids}
        )
        self.done += len(ids)

    def open(self) -> Run:
        return open_run(self.path, corpus=self.corpus)


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Growing]:
    made = Growing(tmp_path, 15)
    yield made
    made.writer.close()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


# -- running the cell again --------------------------------------------------------------------------------------------


def test_what_is_looked_at_comes_back(run: Run) -> None:
    image_id = run.images["image_id"].iloc[7]
    first = explore(run)
    first.cell = ["Food", "Craving"]
    first.threshold = 0.45
    first.browser.sort = "probability"
    first.heatmap.measure = "lift"
    first.image_id = image_id
    first.browser.show_boxes = False
    again = explore(open_run(run.path, corpus=run.corpus))
    assert again.cell == again.heatmap.cell == again.browser.cell == ["Food", "Craving"]
    assert again.threshold == again.heatmap.threshold == again.browser.threshold == 0.45
    assert (again.browser.sort, again.heatmap.measure, again.browser.show_boxes) == ("probability", "lift", False)
    assert again.image_id == again.browser.open_image == image_id
    assert again.browser.image_ids == first.browser.image_ids


def test_class_filter_comes_back_where_no_cell_was_selected(run: Run) -> None:
    explore(run).browser.object_class = "Food"
    again = explore(run)
    assert again.object_class == again.browser.object_class == "Food" and again.cell is None


def test_lime_and_methods_come_back_as_they_were_left(run: Run, worker: Worker) -> None:
    image_id = str(run.images["image_id"].iloc[7])
    first = explore(run, worker, image_id=image_id, mode="lime")
    assert first.lime is not None
    first.lime.palette, first.lime.n_regions, first.lime.n_samples = "blue-orange", 20, 60
    first.lime.reveal = "commit-first"
    assert first.lime.wait(30)
    first.lime.marks = {"for": [1, 2], "against": [3]}
    first.lime.committed = True
    first.mode = "methods"
    assert first.comparison is not None
    first.comparison.methods = ["lift-cam", "grad-cam"]
    first.comparison.cam_opacity = 0.3
    again = explore(run, worker)
    assert again.comparison is not None and again.comparison.image_id == image_id
    assert (again.comparison.methods, again.comparison.cam_opacity) == (["lift-cam", "grad-cam"], 0.3)
    again.mode = "lime"
    lime = again.lime
    assert lime is not None and lime.wait(30) and lime.image_id == image_id
    assert (lime.palette, lime.n_regions, lime.n_samples, lime.reveal) == ("blue-orange", 20, 60, "commit-first")
    assert lime.marks == {"for": [1, 2], "against": [3]} and lime.committed
    assert lime.seen_before == first.lime.seen_before and set(lime.agreement) == set(first.lime.agreement) != set()
    again.image_id = str(run.images["image_id"].iloc[8])
    assert not lime.committed and lime.marks == {"for": [], "against": []}
    other = explore(run, worker)
    assert other.lime is not None and other.lime.marks == {"for": [], "against": []}
    for explorer in (first, again, other):
        explorer.close()


def test_what_is_told_wins_over_what_is_remembered(run: Run) -> None:
    explore(run, cell=["Food", "Craving"], threshold=0.5)
    told = explore(run, cell=None, threshold=0.2)
    assert told.cell is None and told.threshold == 0.2
    assert explore(run, remember=False).threshold == 0.3


def test_what_no_longer_fits_is_forgotten(run: Run) -> None:
    memory = Memory.of(run.path)
    memory.remember("explorer", {"cell": ["Food", "Schadenfreude"], "image_id": "gone.webp"})
    memory.remember("heatmap", {"method": "no-cam", "threshold": 0.4})
    explorer = explore(run)
    assert explorer.cell is None and explorer.image_id is None
    assert explorer.threshold == 0.4 and explorer.heatmap.method == "grad-cam"


def test_another_run_is_compared_with_until_it_is_not_asked_for(run: Run, tmp_path: Path) -> None:
    other = make_run(tmp_path, seed=8)
    compared = explore(run, other=other.path)
    heatmap = compared.heatmap
    assert heatmap.compare == "other" and heatmap.shown.other is not None
    expected = (run.association().fractions - other.association().fractions).loc[heatmap.shown.classes]
    pd.testing.assert_frame_equal(heatmap.frame, expected[heatmap.shown.labels], check_names=False)
    assert compared.cell is None and len(compared.browser.image_ids) == len(run)
    heatmap.compare = None
    assert explore(run, other=other).heatmap.compare is None  # the same line again: as it was left
    assert explore(run).heatmap.compare is None
    assert explore(run, other=other).heatmap.compare == "other"
    with pytest.raises(RunError, match="no run"):
        explore(run, other=tmp_path / "nothing")


def test_other_runs_are_not_touched(run: Run, tmp_path: Path) -> None:
    other = make_run(tmp_path)
    explore(run, cell=["Food", "Craving"])
    assert explore(other).cell is None


def test_one_selection_for_all_parts(run: Run) -> None:
    explorer = Explorer(run)
    explorer.object_class = "Food"
    assert explorer.browser.object_class == "Food"
    explorer.browser.label = "Joy"
    assert explorer.label == "Joy"
    explorer.cell = ["Plant", "Sadness"]
    assert explorer.browser.cell == explorer.heatmap.cell == ["Plant", "Sadness"]
    assert explorer.label is None


def test_heads_of_the_heatmap_filter_and_a_filter_stands_beside_a_cell(run: Run) -> None:
    explorer = Explorer(run)
    explorer.heatmap.object_class = "Food"
    assert explorer.object_class == explorer.browser.object_class == "Food"
    explorer.heatmap.label = "Joy"
    assert explorer.label == explorer.browser.label == "Joy"
    explorer.heatmap.cell = ["Plant", "Sadness"]
    assert explorer.browser.cell == ["Plant", "Sadness"] and explorer.browser.label is None
    assert explorer.browser.object_class == explorer.heatmap.object_class == "Food"
    explorer.browser.object_class = None
    assert explorer.heatmap.object_class is None and explorer.cell == ["Plant", "Sadness"]


def test_cell_of_a_class_of_classes_shows_the_images_that_it_counts(run: Run) -> None:
    explorer = Explorer(run)
    explorer.heatmap.roll_up = True
    explorer.heatmap.object_class = "Food"
    explorer.heatmap.object_class = "Auto part"
    assert explorer.browser.object_class is None and explorer.heatmap.object_class == "Auto part"
    explorer.cell = ["Auto part", "Joy"]  # no detector knows it: it is what wheels are
    assert explorer.browser.image_ids == [] and explorer.heatmap.cell == ["Auto part", "Joy"]
    explorer.cell = ["Human face", "Joy"]
    assert sorted(explorer.browser.image_ids) == sorted(explorer.heatmap.contributors) != []
    shown = len(explorer.browser.image_ids)
    explorer.threshold = 0.6
    assert sorted(explorer.browser.image_ids) == sorted(explorer.heatmap.contributors)
    assert len(explorer.browser.image_ids) < shown
    explorer.browser.show_images(None)
    assert explorer.cell is None and len(explorer.browser.image_ids) == len(run)
    explorer.cell = ["Human face", "Joy"]
    explorer.heatmap.roll_up = False
    assert explorer.browser.cell == ["Human face", "Joy"] and explorer.browser.only_images is None
    explorer.heatmap.cell = None
    assert len(explorer.browser.image_ids) == len(run)


def test_what_was_tried_opens_in_the_editor(run: Run, worker: Worker) -> None:
    explorer = Explorer(run, worker)
    image_id = run.images["image_id"].iloc[5]
    explorer.heatmap.things["cut-out"] = Image.new("RGBA", (30, 40), "red")
    placement = {"sprite": "cut-out", "x": 0.5, "y": 0.5, "height": 0.2}
    explorer.heatmap.edit_request = {"image_id": image_id, "placements": [placement]}
    assert explorer.heatmap.edit_request is None
    assert explorer.mode == "edit" and explorer.editor is not None
    assert explorer.editor.image_id == image_id
    assert [each["sprite"] for each in explorer.editor.placements] == ["cut-out"]


# -- a run that grows --------------------------------------------------------------------------------------------------


def test_growth_of_a_whole_run_is_whole(run: Run) -> None:
    assert growth(run) == Growth(40, 40, 0, False, None)
    assert growth(run).whole and Explorer(run).progress is None


def test_follower_hands_on_the_run_as_parts_land(growing: Growing) -> None:
    told: list[Growth] = []
    grown: list[Run] = []
    follower = RunFollower(growing.open(), told.append, grown.append, every=0.02)
    wait_for(lambda: told)
    assert told[0] == Growth(15, 40, 0, False, None)
    growing.add(10)
    wait_for(lambda: grown)
    assert len(grown[0]) == 25
    assert told[-1].running and told[-1].seconds_left is not None
    growing.add(15)
    wait_for(lambda: not follower._thread.is_alive())
    assert told[-1].whole and len(grown[-1]) == 40


def test_stopped_follower_calls_no_more(growing: Growing) -> None:
    calls = threading.Event()
    follower = RunFollower(growing.open(), lambda _: None, lambda _: calls.set(), every=0.02)
    follower.stop()
    follower._thread.join(5)
    growing.add(5)
    assert not calls.wait(0.2)


def test_explorer_grows_and_keeps_what_is_looked_at(growing: Growing) -> None:
    run = growing.open()
    image_id = growing.images[3]
    explorer = Explorer(run, cell=["Human face", "Joy"], image_id=image_id, threshold=0.2)
    explorer.heatmap.measure = "count"
    explorer.browser.sort = "importance"
    assert explorer.progress is not None and explorer.progress["done"] == 15
    parts = explorer.heatmap, explorer.browser
    seen: list[float] = []
    explorer.heatmap.observe(lambda change: seen.append(change["new"]), "threshold")
    growing.add(25)
    explorer._grow(growing.open())
    assert explorer.summary["images"] == len(explorer.browser.run) == 40
    assert (explorer.heatmap, explorer.browser) == parts
    assert [part.run_revision for part in parts] == [1, 1]
    assert sum(explorer.heatmap.association.n_images) == 40
    assert (explorer.heatmap.measure, explorer.browser.sort) == ("count", "importance")
    assert explorer.cell == explorer.browser.cell == ["Human face", "Joy"]
    assert explorer.image_id == explorer.browser.open_image == image_id
    explorer.heatmap.threshold = 0.35
    assert explorer.threshold == explorer.browser.threshold == 0.35 and seen == [0.35]
    contributors = growing.open().association(threshold=0.35).contributors("Human face", "Joy")
    assert sorted(explorer.browser.image_ids) == sorted(contributors)
    explorer.close()


def test_explorer_is_told_of_the_end(growing: Growing) -> None:
    explorer = Explorer(growing.open(), remember=False)
    growing.add(25)
    wait_for(lambda: explorer.progress is None and explorer.summary["images"] == 40)
    explorer.close()
