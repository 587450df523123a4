"""AssociationHeatmap without a browser: what it answers, what it takes, what it remembers, and its trials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emocam_widgets.analysis.importance import DEFAULT_THRESHOLDS
from emocam_widgets.analysis.significance import marks, significance
from emocam_widgets.engine import Worker
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.run import MethodInfo, Run, RunWriter, open_run
from emocam_widgets.widgets import AssociationHeatmap, explore
from tests.test_trial import worker  # noqa: F401  a fixture
from tests.worlds import CLASSES, LABELS, NEVER, make_run

CELL = ["Sports equipment", "Excitement"]


class Heard(AssociationHeatmap):
    """A heatmap whose messages are kept instead of sent."""

    def __init__(self, *arguments: Any, **traits: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        super().__init__(*arguments, **traits)

    def _send(self, msg: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append({**msg, "buffers": list(buffers or ())})

    def ask(self, kind: str, content: dict[str, Any] | None = None, buffers: list[bytes] | None = None) -> Any:
        """The answer to a message of the front end: content and buffers."""
        number = len(self.sent)
        data = {"method": "custom", "content": {"kind": kind, "id": number, **(content or {})}}
        self._handle_msg({"content": {"data": data}, "buffers": buffers or []})
        self._background.submit(lambda: None).result(10)  # what answers later has answered then
        answers = [each for each in self.sent[number:] if each["method"] == "custom"]
        return next((each["content"], each["buffers"]) for each in answers if each["content"].get("id") == number)


def numbers(buffers: list[bytes], columns: int) -> dict[str, np.ndarray]:
    rows, order, images, counts, present = (np.frombuffer(buffer, "<i4") for buffer in buffers[:5])
    return {"rows": rows, "columns": order, "images": images, "counts": counts.reshape(-1, columns),
            "present": present.reshape(-1, columns)}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("world")
    run = make_run(folder, n=60)
    # A second method: the maps of the first, exchanged between the images.
    cams = run.cams.assign(method="lift-cam")
    cams["grid"] = np.roll(cams["grid"].to_numpy(), 1)
    with RunWriter(run.path, _with_method(run, "lift-cam")) as writer:
        writer.write_part({"cams": cams})
        writer.finish()
    return open_run(run.path, corpus=run.corpus)


def _with_method(run: Run, name: str) -> Any:
    from dataclasses import replace

    return replace(run.manifest, methods=(*run.manifest.methods, MethodInfo(name)))


@pytest.fixture
def heatmap(run: Run) -> Iterator[Heard]:
    made = Heard(run)
    yield made
    made.close()


def test_matrix_is_that_of_the_run(heatmap: Heard, run: Run) -> None:
    content, buffers = heatmap.ask("matrix", {"settings": {"threshold": 0.4, "top": 5}, "names": None})
    association = run.association(threshold=0.4)
    top = association.top(5)
    found = numbers(buffers, len(LABELS))
    assert [content["classes"][row] for row in found["rows"]] == list(top.index)
    assert content["labels"] == list(LABELS)
    np.testing.assert_array_equal(found["counts"], association.counts.loc[top.index].to_numpy())
    np.testing.assert_array_equal(found["present"], association.present.loc[top.index].to_numpy())
    assert found["images"][LABELS.index(NEVER)] == 0
    assert (heatmap.threshold, heatmap.top) == (0.4, 5)
    assert content["settings"]["threshold"] == 0.4 and content["compared"] is None


def test_names_are_sent_once_and_again_when_they_are_others(heatmap: Heard) -> None:
    content, _ = heatmap.ask("matrix", {"names": None})
    again, _ = heatmap.ask("matrix", {"settings": {"threshold": 0.5}, "names": content["names"]})
    assert "classes" not in again and again["names"] == content["names"]
    rolled, buffers = heatmap.ask("matrix", {"settings": {"roll_up": True, "top": None}, "names": content["names"]})
    assert rolled["names"] != content["names"] and set(CLASSES) <= set(rolled["classes"])
    assert numbers(buffers, len(LABELS))["rows"].max() < len(rolled["classes"])


def test_the_answer_goes_out_before_others_hear_of_the_change(heatmap: Heard) -> None:
    heatmap.sent.clear()
    heatmap.ask("matrix", {"settings": {"threshold": 0.55}})
    assert [each["method"] for each in heatmap.sent] == ["custom", "update"]
    assert heatmap.sent[1]["state"] == {"threshold": 0.55}
    assert set(heatmap.sent[0]["content"]) == {"kind", "id", "settings", "names", "limit", "default_threshold",
                                               "compared", "strongest", "classes", "labels"}  # fmt: skip


def test_a_slider_that_moves_does_not_tell_everybody_of_every_step(heatmap: Heard) -> None:
    heatmap.sent.clear()
    content, _ = heatmap.ask("matrix", {"settings": {"threshold": 0.6}, "tell": False})
    assert content["settings"]["threshold"] == 0.6 and heatmap.threshold == 0.3
    assert [each["method"] for each in heatmap.sent] == ["custom"]


def test_held_rows_stay_while_a_slider_moves(heatmap: Heard, run: Run) -> None:
    _, first = heatmap.ask("matrix", {"settings": {"top": 3}})
    content, held = heatmap.ask("matrix", {"settings": {"threshold": 0.75}}, first[:2])
    assert held[:2] == first[:2] and "strongest" not in content
    counts = run.association(threshold=0.75).matrix[np.frombuffer(first[0], "<i4")]
    np.testing.assert_array_equal(numbers(held, len(LABELS))["counts"], counts)
    answer, _ = heatmap.ask("matrix", {}, [np.array([99], "<i4").tobytes(), first[1]])
    assert answer["kind"] == "error" and "not there any more" in answer["sentence"]


def test_search_finds_classes_that_are_not_among_the_top(heatmap: Heard) -> None:
    content, buffers = heatmap.ask("matrix", {"settings": {"top": 1}, "search": "wheel"})
    assert [content["classes"][row] for row in numbers(buffers, len(LABELS))["rows"]] == ["Wheel"]
    assert "Wheel" not in heatmap.shown.classes  # it never counts


def test_a_score_brings_its_own_threshold_and_finds_the_last_one_again(heatmap: Heard) -> None:
    heatmap.threshold = 0.45
    content, _ = heatmap.ask("matrix", {"settings": {"score": "mass"}})
    assert heatmap.threshold == content["settings"]["threshold"] == DEFAULT_THRESHOLDS["mass"]
    assert content["limit"] < 1 and content["default_threshold"] == DEFAULT_THRESHOLDS["mass"]
    heatmap.score = "mean"
    assert heatmap.threshold == 0.45
    heatmap.score = "maximum"
    assert heatmap.threshold == DEFAULT_THRESHOLDS["maximum"]
    assert Heard(heatmap.run, score="contrast").threshold == DEFAULT_THRESHOLDS["contrast"]
    assert Heard(heatmap.run, score="contrast", threshold=0.2).threshold == 0.2


def test_the_slider_ends_above_nearly_all_boxes(heatmap: Heard, run: Run) -> None:
    for score in heatmap.scores:
        content, _ = heatmap.ask("matrix", {"settings": {"score": score}})
        above = run.importance("grad-cam", score) > content["limit"]
        assert above.mean() < 0.01 and DEFAULT_THRESHOLDS[score] < content["limit"] <= 1


def test_two_methods_are_compared(heatmap: Heard, run: Run) -> None:
    content, buffers = heatmap.ask("matrix", {"settings": {"compare": "lift-cam"}})
    rows = np.frombuffer(buffers[0], "<i4")
    assert content["compared"] == "lift-cam" and len(buffers) == 9 and content["strongest"] is None
    counts = np.frombuffer(buffers[6], "<i4").reshape(len(rows), -1)
    lift = np.frombuffer(buffers[8], "<f4").reshape(len(rows), -1)
    np.testing.assert_allclose(lift, run.association("lift-cam").lift.to_numpy()[rows], rtol=1e-5)
    np.testing.assert_array_equal(counts, run.association("lift-cam").matrix[rows])
    mine, other = run.association(), run.association("lift-cam")
    expected = (mine.fractions - other.fractions).loc[heatmap.shown.classes]
    pd.testing.assert_frame_equal(heatmap.frame, expected)
    assert (expected.abs().mean(axis=1).diff().dropna() <= 1e-12).all()
    heatmap.measure = "count"
    assert heatmap.figure().data[0].z[0][0] == heatmap.frame.iloc[0, 0]
    assert "grad-cam minus lift-cam" in heatmap.figure().layout.title.text


def test_another_run_is_compared(run: Run, tmp_path: Path) -> None:
    other = make_run(tmp_path, n=30, seed=3)
    made = Heard(run, other=other)
    assert made.compare == "other" and made.comparisons[-1]["value"] == "other"
    difference = run.association().fractions - other.association().fractions
    pd.testing.assert_frame_equal(made.frame, difference.loc[made.shown.classes])
    assert made.ask("matrix")[0]["compared"] == "tiny (other run)"
    made.compare = None
    pd.testing.assert_frame_equal(made.frame, run.association().top(25))
    with pytest.raises(UnknownNameError, match="lift-cam"):
        Heard(run, compare="other")


def test_marks_are_those_of_the_significance_table(heatmap: Heard, run: Run) -> None:
    _, buffers = heatmap.ask("matrix")
    content, (sign, rates) = heatmap.ask("marks", {"settings": {}}, buffers[:2])
    table = significance(run.association(), alternative="two-sided").set_index(["object_class", "label"])
    expected = table["p_adjusted"].unstack().loc[heatmap.shown.classes, list(LABELS)].to_numpy()
    np.testing.assert_allclose(np.frombuffer(rates, "<f4").reshape(expected.shape), expected, rtol=1e-5)
    signs = np.frombuffer(sign, np.int8).reshape(expected.shape)
    assert content["rate"] == 0.05
    np.testing.assert_array_equal(signs != 0, np.nan_to_num(expected, nan=1) <= 0.05)
    row = heatmap.shown.classes.index("Sports equipment")
    assert signs[row, LABELS.index("Excitement")] == 1
    assert (marks(run.association(), 1e-30).sign == 0).all()


def test_a_cell_and_a_label_exclude_each_other(heatmap: Heard, run: Run) -> None:
    heatmap.cell = CELL
    assert heatmap.contributors == run.association().contributors(*CELL)
    heatmap.label = "Joy"
    assert heatmap.cell is None and heatmap.contributors == []
    heatmap.object_class = "Food"
    assert heatmap.label == "Joy"
    heatmap.cell = CELL
    assert (heatmap.object_class, heatmap.label) == ("Food", None)


def test_the_explorer_links_heads_and_hands_results_to_the_editor(run: Run, worker: Worker) -> None:  # noqa: F811
    explorer = explore(run, worker, remember=False)
    heatmap, browser = explorer.heatmap, explorer.browser
    heatmap.label = "Craving"
    assert explorer.label == browser.label == "Craving"
    browser.object_class = "Food"
    assert heatmap.object_class == explorer.object_class == "Food"
    heatmap.cell = CELL
    assert browser.cell == CELL and browser.label is explorer.label is heatmap.label is None
    heatmap.try_it("Human face", "Joy")
    heatmap._trial.wait(60)
    result = heatmap.try_result
    assert result is not None and result["state"] == "done" and result["thing"] == "Human face cut-out"
    image_id = result["rows"][0]["image_id"]
    heatmap.edit_request = {"image_id": image_id, "placements": [result["placement"]]}
    assert heatmap.edit_request is None and explorer.mode == "edit" and explorer.image_id == image_id
    assert explorer.editor is not None and explorer.editor.placements[0]["sprite"] == "Human face cut-out"
    found = max(explorer.editor.prediction, key=lambda label: explorer.editor.prediction[label])
    assert found == result["rows"][0]["after"]
    explorer.close()


def test_a_class_of_the_roll_up_can_be_selected_while_it_is_there(heatmap: Heard) -> None:
    with pytest.raises(UnknownNameError):
        heatmap.cell = ["Vehicle part", "Joy"]
    rolled = Heard(heatmap.run, roll_up=True, top=None)
    new = set(rolled.shown.association.classes) - set(CLASSES)
    assert new, "nothing is a kind of anything in this world"
    rolled.cell = [new.pop(), "Joy"]
    rolled.roll_up = False
    assert rolled.cell is None


@pytest.mark.parametrize(
    ("setting", "nearest"),
    [
        ({"method": "gradcam"}, "grad-cam"), ({"cell": ("Fod", "Joy")}, "Food"), ({"measure": "counts"}, "count"),
        ({"order": "cluster"}, "clusters"), ({"compare": "liftcam"}, "lift-cam"), ({"label": "Jy"}, "Joy"),
        ({"object_class": "Plnt"}, "Plant"), ({"score": "means"}, "mean"),
    ],
)  # fmt: skip
def test_unknown_names_are_refused(run: Run, setting: dict[str, Any], nearest: str) -> None:
    with pytest.raises(UnknownNameError, match=nearest):
        AssociationHeatmap(run, **setting)


def test_a_refused_setting_of_the_front_end_is_an_error_and_changes_nothing(heatmap: Heard) -> None:
    content, _ = heatmap.ask("matrix", {"settings": {"method": "gradcam", "threshold": 0.9}})
    assert content["kind"] == "error" and "grad-cam" in content["sentence"]
    assert (heatmap.method, heatmap.threshold) == ("grad-cam", 0.3)


def test_strongest_cell_is_named(heatmap: Heard, run: Run) -> None:
    strongest = heatmap.shown.strongest
    assert strongest is not None
    assert tuple(strongest["cell"]) in {("Sports equipment", "Excitement"), ("Food", "Craving")}
    object_class, label = strongest["cell"]
    share = run.association().fractions.loc[object_class, label]
    assert strongest["sentence"].startswith(f"{object_class} is highlighted in {100 * share:.0f} % of the images")
    assert AssociationHeatmap(run, threshold=1.0).shown.strongest is None


def test_heatmap_as_a_static_figure(run: Run) -> None:
    heatmap = AssociationHeatmap(run, top=4)
    trace = heatmap.figure().data[0]
    np.testing.assert_allclose(trace.z, 100 * run.association().top(4).to_numpy())
    assert list(trace.x) == list(LABELS)
    assert "synthetic" in heatmap.figure().layout.title.text


# -- trials ------------------------------------------------------------------------------------------------------------


def test_a_trial_tells_what_it_does_and_found(run: Run, worker: Worker) -> None:  # noqa: F811
    heatmap = Heard(run, worker, try_count=5, cell=CELL)
    assert heatmap.try_hint == ""
    states: list[str] = []
    heatmap.observe(lambda change: states.append(change["new"]["state"]), "try_result")
    assert heatmap.ask("try", {"cell": CELL})[0]["kind"] == "try"
    heatmap._trial.wait(60)
    result = heatmap.try_result
    assert result is not None and result["state"] == "done" and states[0] == "planning" and "running" in states
    assert result["n"] == len(result["rows"]) == 5 and result["thing"] == "rugby ball"
    assert result["switched"] == sum(row["before"] != row["after"] for row in result["rows"])
    assert result["control_switched"] == sum(row["before"] != row["control"] for row in result["rows"])
    assert sum(count for *_, count in result["transitions"]) == 5
    assert all(run.image(row["image_id"])["label"] != "Excitement" for row in result["rows"])
    pictures = [each for each in heatmap.sent if each.get("content", {}).get("kind") == "try_picture"]
    assert [each["content"]["image_id"] for each in pictures] == [row["image_id"] for row in result["rows"]]
    assert all(each["buffers"][0][:2] == b"\xff\xd8" for each in pictures)
    assert heatmap.things["rugby ball"].mode == "RGBA"


def test_a_trial_is_cancelled_and_keeps_what_it_found(run: Run, worker: Worker) -> None:  # noqa: F811
    heatmap = Heard(run, worker, try_count=40)

    def stop(change: dict[str, Any]) -> None:
        if change["new"].get("n", 0) >= 2:
            heatmap.cancel_try()

    heatmap.observe(stop, "try_result")
    heatmap.try_it(*CELL)
    heatmap._trial.wait(60)
    assert heatmap.try_result is not None
    assert heatmap.try_result["state"] == "cancelled" and 2 <= heatmap.try_result["n"] < 40


def test_a_trial_that_cannot_be_says_why(run: Run, worker: Worker) -> None:  # noqa: F811
    with pytest.raises(EmocamError, match="worker="):
        Heard(run).try_it(*CELL)
    heatmap = Heard(run, worker)
    with pytest.raises(EmocamError, match="Select a cell"):
        heatmap.try_it()
    heatmap.try_it("Human face", NEVER)
    heatmap._trial.wait(60)
    assert heatmap.try_result is not None and heatmap.try_result["state"] == "failed"
    assert "No image counts" in heatmap.try_result["sentence"]


def test_nothing_was_tried_at_first(heatmap: Heard) -> None:
    assert heatmap.try_result is None and heatmap.edit_request is None
