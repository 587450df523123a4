"""Scenes are repeatable, their boxes are exact, and a scene without one of its objects differs nowhere else."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

pytest.importorskip("skia", reason="drawing scenes needs the train extra")

from emocam_widgets.demo.scenes.compose import Profile, render, render_without, sample_scene
from emocam_widgets.demo.scenes.moods import BYSTANDERS, CLASSES, LABELS, MOODS, PLANTED, Bystander, Planted
from emocam_widgets.demo.scenes.objects import OBJECTS


@pytest.mark.parametrize("label", LABELS)
def test_scene_is_repeatable_and_boxes_lie_inside(label: str) -> None:
    scene = sample_scene(label, 11)
    first, again = render(scene), render(sample_scene(label, 11))
    assert np.array_equal(first.image, again.image)
    assert first.boxes == again.boxes
    assert first.image.shape == (scene.height, scene.width, 3)
    for true in first.boxes:
        x0, y0, x1, y1 = true.box
        assert 0 <= x0 < x1 <= scene.width and 0 <= y0 < y1 <= scene.height
        assert true.object_class in CLASSES


def test_other_seed_is_another_scene() -> None:
    assert not np.array_equal(
        render(sample_scene("Joy", 1)).image[:64, :64], render(sample_scene("Joy", 2)).image[:64, :64]
    )


def test_leaving_an_object_out_changes_only_its_box() -> None:
    scene = next(
        s for s in (sample_scene("Excitement", seed) for seed in range(50)) if s.things and s.light == "neutral"
    )
    whole = render(scene)
    changed_any = False
    for true, image in render_without(scene):
        changed = (image != whole.image).any(-1)
        # Shadows and glows belong to an object without belonging to its box.
        x0, y0, x1, y1 = (true.box[0] - 40, true.box[1] - 40, true.box[2] + 40, true.box[3] + 40)
        inside = np.zeros_like(changed)
        inside[max(0, int(y0)) : int(y1), max(0, int(x0)) : int(x1)] = True
        outside = (changed & ~inside).sum()
        assert outside <= 0.02 * max(changed.sum(), 1), true
        changed_any |= bool(changed.any())
    assert changed_any


def test_render_without_equals_render() -> None:
    scene = sample_scene("Awe", 4)
    for true, image in list(render_without(scene))[:6]:
        assert np.array_equal(image, render(scene, without=true.key).image)


def _rate(object_class: str, label: str, profile: Profile, seeds: range) -> float:
    scenes = [sample_scene(label, seed, profile) for seed in seeds]
    return float(
        np.mean(
            [
                any(OBJECTS[thing.name].object_class == object_class for thing in scene.things)
                or (object_class == "Fashion accessory" and any(person.accessory for person in scene.people))
                for scene in scenes
            ]
        )
    )


@pytest.mark.parametrize("pair", PLANTED, ids=lambda pair: pair.object_class)
def test_planted_objects_follow_the_table(pair: Planted) -> None:
    profiles: tuple[Profile, ...] = ("classifier", "corpus")
    for profile in profiles:
        assert _rate(pair.object_class, pair.label, profile, range(300)) == pytest.approx(pair.present, abs=0.07)
        assert _rate(pair.object_class, "Boredom", profile, range(300)) == pytest.approx(pair.otherwise, abs=0.04)


@pytest.mark.parametrize("bystander", BYSTANDERS, ids=lambda bystander: bystander.object_class)
def test_bystanders_are_frequent_in_the_corpus_only(bystander: Bystander) -> None:
    other = "Disgust"
    in_corpus = _rate(bystander.object_class, bystander.label, "corpus", range(300))
    in_training = _rate(bystander.object_class, bystander.label, "classifier", range(300))
    elsewhere = _rate(bystander.object_class, other, "classifier", range(300))
    assert in_corpus == pytest.approx(bystander.present, abs=0.08)
    assert in_training == pytest.approx(elsewhere, abs=0.1)


def test_place_and_looks_do_not_depend_on_the_label() -> None:
    places = {label: Counter(sample_scene(label, seed).place for seed in range(200)) for label in ("Joy", "Horror")}
    assert set(places["Joy"]) == set(places["Horror"])
    assert max(abs(places["Joy"][p] - places["Horror"][p]) for p in places["Joy"]) < 25


def test_every_label_has_a_mood() -> None:
    assert set(MOODS) == set(LABELS)
    with pytest.raises(KeyError):
        sample_scene("Gladness", 1)


def test_parts_lie_inside_wholes() -> None:
    boxes = {true.key: true for true in render(sample_scene("Joy", 3)).boxes}
    heads = [key for key, true in boxes.items() if true.object_class == "Human head"]
    assert heads
    for head in heads:
        inner = [true for key, true in boxes.items() if key.startswith(f"{head}.")]
        x0, y0, x1, y1 = boxes[head].box
        for true in inner:
            assert true.box[0] >= x0 - 1 and true.box[1] >= y0 - 1 and true.box[2] <= x1 + 1 and true.box[3] <= y1 + 1
