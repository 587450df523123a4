"""Trying an association out: what is pasted, where, onto which images, and that what it does is what was predicted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from emocam_widgets.demo import open_sprite
from emocam_widgets.engine import Worker, trial
from emocam_widgets.engine.compose import paste
from emocam_widgets.engine.trial import Tally, cut_out, fitting, plan_trial, run_trial, shipped_thing
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.models.split import wrap_classifier
from emocam_widgets.rle import encode_mask
from emocam_widgets.run import Run
from tests.worlds import LABELS, NEVER, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def worker(run: Run) -> Iterator[Worker]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        layers = [nn.Conv2d(3, 8, 5, stride=3), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(128, 6)]
        module = nn.Sequential(*layers).eval()
    classifier = wrap_classifier(module, LABELS, size=64, name="small")
    shown = torch.stack([classifier.preprocess(run.open_image(name))[0] for name in run.images["image_id"].head(12)])
    with torch.no_grad():
        # An untrained network says the same of everything; with outputs spread like this it cares for what it sees.
        logits = classifier.tail(classifier.trunk(shown))
        module[-1].weight.mul_(1 / logits.std(0, keepdim=True).T)
        module[-1].bias.mul_(1 / logits.std(0)).sub_((logits / logits.std(0)).mean(0))
    with Worker(wrap_classifier(module, LABELS, size=64, name="small"), cache=None) as made:
        yield made


def test_a_shipped_drawing_of_the_class_or_of_a_kind_of_it_is_taken(run: Run) -> None:
    ball = shipped_thing("Sports equipment", run.classes)
    assert ball is not None and ball.name == "rugby ball" and ball.object_class == "Sports equipment"
    plant = shipped_thing("Plant", ("Plant", "Flower"))
    assert plant is not None and plant.name == "potted monstera"
    # by the hierarchy alone: a lotus flower is a Flower, and so is what a class above it is tried with
    assert shipped_thing("Fashion accessory", run.classes) is not None
    assert shipped_thing("Person", run.classes) is None
    balls = fitting("Sports equipment", run.classes)
    assert balls[0] == ball.name and len(balls) > 1
    other = shipped_thing("Sports equipment", run.classes, balls[1])
    assert other is not None and other.name == balls[1]
    unfitting = shipped_thing("Sports equipment", run.classes, "pizza slice")
    assert unfitting is not None and unfitting.name == ball.name


def test_a_kind_of_the_class_is_taken_by_the_hierarchy(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from emocam_widgets import demo

    flowers = {name: sprite for name, sprite in demo.sprites().items() if sprite.object_class == "Flower"}
    monkeypatch.setattr(demo, "sprites", lambda: flowers)
    thing = shipped_thing("Plant", run.classes)
    assert thing is not None and thing.object_class == "Flower" and "kind of it" in thing.source


def test_the_plan_is_of_images_of_other_labels_and_says_where(run: Run, worker: Worker) -> None:
    plan = plan_trial(run, "Sports equipment", "Excitement", worker, n=7)
    labels = run.images.set_index("image_id")["label"]
    others = labels[labels != "Excitement"]
    assert len(plan.image_ids) == len(set(plan.image_ids)) == 7 and set(plan.image_ids) <= set(others.index)
    assert plan.available == len(others)
    assert plan.image_ids == plan_trial(run, "Sports equipment", "Excitement", worker, n=7).image_ids
    assert plan.image_ids != plan_trial(run, "Sports equipment", "Excitement", worker, n=7, seed=1).image_ids
    assert len(plan_trial(run, "Sports equipment", "Excitement", worker, n=500).image_ids) == len(others)
    assert "not the one that made the run" in plan.note
    contributors = run.association().contributors("Sports equipment", "Excitement")
    boxes = run.boxes[run.boxes["image_id"].isin(contributors) & (run.boxes["object_class"] == "Sports equipment")]
    boxes = boxes[run.importance("grad-cam")[boxes.index] > 0.3]
    heights = run.images.set_index("image_id").loc[boxes["image_id"], "height"].to_numpy()
    usual = float(np.median((boxes["y1"] - boxes["y0"]) / heights))
    assert plan.placement.height == pytest.approx(np.clip(usual, 0.12, 0.6), abs=1e-3)


def test_each_result_is_what_the_classifier_says_of_the_pasted_image(run: Run, worker: Worker) -> None:
    plan = plan_trial(run, "Food", "Craving", worker, n=6)
    found = list(run_trial(run, plan, worker))
    assert [one.image_id for one in found] == list(plan.image_ids)
    tally = Tally("Craving")
    for one in found:
        tally.add(one)
        image = run.open_image(one.image_id)
        sprites = {plan.thing.name: open_sprite(plan.thing.name)}
        for prediction, variant in ((one.after, "object"), (one.control, "grey")):
            expected = worker.predict(paste(image, sprites, [plan.placement], variant))
            assert prediction.label == expected.label
            np.testing.assert_allclose(prediction.probabilities, expected.probabilities, atol=1e-4)
        assert one.before.label == worker.predict(image).label
    assert any(one.switched for one in found), "the classifier of this test does not care for anything"
    assert tally.n == 6 and tally.switched == sum(one.after.label != one.before.label for one in found)
    assert sum(tally.transitions.values()) == 6
    assert tally.to_label == sum(one.switched and one.after.label == "Craving" for one in found)


def test_a_trial_stops_when_it_is_told_to(run: Run, worker: Worker) -> None:
    plan = plan_trial(run, "Food", "Craving", worker, n=6)
    seen: list[str] = []
    for one in run_trial(run, plan, worker, lambda: len(seen) == 2):
        seen.append(one.image_id)
    assert seen == list(plan.image_ids[:2])


def test_a_class_without_a_drawing_is_cut_out_of_an_image_where_it_counts(run: Run, worker: Worker) -> None:
    plan = plan_trial(run, "Human face", "Joy", worker, n=3)
    assert plan.thing.name == "Human face cut-out" and "rectangle" in plan.thing.source
    image_id = plan.thing.source.split()[3]
    assert image_id in run.association().contributors("Human face", "Joy")
    picture = run.open_image(image_id)
    mine = run.boxes_of(image_id)
    mine = mine[mine["object_class"] == "Human face"]
    corners = mine[["x0", "y0", "x1", "y1"]].to_numpy(float)
    whole = np.hstack([np.floor(corners[:, :2]), np.ceil(corners[:, 2:])]).astype(int).tolist()
    cut = np.asarray(plan.thing.picture.convert("RGB"))
    crops = [np.asarray(picture.crop(tuple(box))) for box in whole]
    assert any(np.array_equal(crop, cut) for crop in crops)
    assert np.asarray(plan.thing.picture)[..., 3].min() == 255


def test_a_mask_cuts_out_its_shape_and_the_border_is_avoided(run: Run) -> None:
    image_id = str(run.images["image_id"].iloc[0])
    width, height = (int(run.image(image_id)[name]) for name in ("width", "height"))
    mask = np.zeros((height, width), bool)
    mask[50:90, 40:70] = True
    rows = [(image_id, 0.9, 0.0, 0.0, 60.0, 60.0, None), (image_id, 0.8, 30.0, 40.0, 90.0, 100.0, encode_mask(mask))]
    boxes = pd.DataFrame(rows, columns=["image_id", "confidence", "x0", "y0", "x1", "y1", "mask"])
    thing = cut_out(run, boxes, "Food")
    assert thing.picture.size == (60, 60) and "mask" in thing.source
    alpha = np.asarray(thing.picture)[..., 3] == 255
    assert alpha.sum() == 40 * 30 and alpha[10:50, 10:40].all()
    with pytest.raises(EmocamError, match="border"):
        cut_out(run, boxes.head(1), "Food")
    with pytest.raises(EmocamError, match="No image counts"):
        cut_out(run, boxes.head(0), "Food")


def test_what_cannot_be_tried_says_why(run: Run, worker: Worker) -> None:
    with pytest.raises(UnknownNameError, match="Food"):
        plan_trial(run, "Fod", "Joy", worker)
    assert plan_trial(run, "Food", NEVER, worker, n=2).placement.x == 0.5  # nothing counts there: the middle
    with pytest.raises(EmocamError, match="No image counts"):
        plan_trial(run, "Human face", NEVER, worker)


def test_an_image_that_does_not_open_is_left_out(tmp_path: Path, worker: Worker) -> None:
    run = make_run(tmp_path, 12)
    plan = plan_trial(run, "Food", "Craving", worker, n=4)
    (tmp_path / "images" / plan.image_ids[1]).write_bytes(b"no image")
    found = [one.image_id for one in run_trial(run, plan, worker)]
    assert found == [plan.image_ids[0], *plan.image_ids[2:]]


def test_a_picture_of_nothing_changes_nothing(run: Run, worker: Worker) -> None:
    plan = plan_trial(run, "Food", "Craving", worker, n=3)
    clear = trial.Thing(plan.thing.name, "Food", Image.new("RGBA", (40, 40)), "clear")
    nothing = trial.Plan(plan.cell, clear, plan.placement, plan.image_ids, plan.available, 0)
    assert not any(one.switched or one.control_switched for one in run_trial(run, nothing, worker))
