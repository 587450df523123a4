"""Class roll-up: the published hierarchy, own maps and their refusal, and the association of a run under it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from PIL import Image

from emocam_widgets.analysis.rollup import (
    ancestors,
    chosen_parents,
    open_images_parents,
    rolled_up,
    rolled_up_classes,
)
from emocam_widgets.cli import main
from emocam_widgets.detectors import DETECTORS, wrap_detector
from emocam_widgets.errors import EmocamError
from emocam_widgets.models import CLASSIFIERS
from tests.tiny_models import picture, tiny_classifier
from tests.worlds import make_run


def _oiv7() -> list[str]:
    import ultralytics

    path = Path(ultralytics.__file__).parent / "cfg" / "datasets" / "open-images-v7.yaml"
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["names"].values())


def test_the_published_hierarchy() -> None:
    parents = open_images_parents()
    assert set(ancestors("Rugby ball", parents)) == {"Ball", "Sports equipment"}
    assert ancestors("Rugby ball", parents)[0] == "Ball"
    assert set(ancestors("Golf ball", parents)) == {"Sports equipment"}, "as published"
    assert set(ancestors("Girl", parents)) == {"Person"}
    assert set(ancestors("Bicycle", parents)) == {"Land vehicle", "Vehicle", "Sports equipment"}
    assert set(ancestors("Hippopotamus", parents)) == {"Mammal", "Animal"}
    assert set(ancestors("Crocodile", parents)) == {"Reptile", "Animal"}
    assert set(ancestors("Pumpkin", parents)) == {"Squash", "Vegetable", "Food"}
    assert ancestors("Human face", parents) == (), "a face is a part of a person, not a kind of one"
    named = set(parents) | {name for row in parents.values() for name in row}
    assert not any(name in ancestors(name, parents) for name in named)


def test_it_speaks_the_names_of_open_images_v7_where_those_are_used() -> None:
    classes = _oiv7()
    assert len(classes) == 601
    parents = open_images_parents(classes)
    named = set(parents) | {name for row in parents.values() for name in row}
    assert named <= set(classes), "a name that the detectors of the oiv7 family do not have"
    assert set(ancestors("Pumpkin", parents)) == {"Squash (Plant)", "Vegetable", "Food"}
    assert set(ancestors("Donut", parents)) == {"Pastry", "Baked goods", "Food"}
    assert rolled_up_classes(classes, parents) == tuple(classes)
    assert len(parents) == len(open_images_parents()) == 511


def test_boxes_count_under_their_ancestors_too() -> None:
    boxes = pd.DataFrame({"object_class": ["b", "z", "a", "b"], "confidence": [0.1, 0.2, 0.3, 0.4]}, index=[7, 8, 9, 3])
    importance = np.array([1, 2, 3, 4], np.float32)
    parents = {"a": ("b", "c"), "b": ("c", "d")}
    longer, values = rolled_up(boxes, importance, parents)
    expected = [
        (box.object_class if up is None else up, box.confidence, value)
        for box, value in zip(boxes.itertuples(), importance, strict=True)
        for up in (None, *{"a": ("b", "c", "d"), "b": ("c", "d"), "z": ()}[str(box.object_class)])
    ]
    assert list(zip(longer["object_class"], longer["confidence"], values, strict=True)) == expected
    empty, none = rolled_up(boxes.iloc[:0], importance[:0], parents)
    assert len(empty) == len(none) == 0 and list(empty.columns) == list(boxes.columns)
    assert rolled_up_classes(["z", "a", "c"], parents) == ("z", "a", "c", "b", "d")
    same, unchanged = rolled_up(boxes, importance, {})
    assert same["object_class"].tolist() == boxes["object_class"].tolist() and (unchanged == importance).all()


@pytest.mark.parametrize(
    ("roll_up", "pattern"),
    [
        ("Vehicle", "roll_up is 'Vehicle'; expected True, or a map"),
        ({"Bus": 3}, "maps 'Bus' to 3"),
        ({"Bus": ["Vehicle", ""]}, "maps 'Bus'"),
        ({"Bus": "Vehicle\x1b[2J"}, "expected printable names"),
        ({1: "Vehicle"}, "maps 1 to 'Vehicle'"),
        ({"Bus": "Car", "Car": ["Van"], "Van": "Bus"}, "'Bus' its own ancestor"),
        ({"Bus": "Bus"}, "'Bus' its own ancestor"),
    ],
)
def test_what_is_no_map_of_parents_is_refused(roll_up: object, pattern: str) -> None:
    with pytest.raises(EmocamError, match=pattern) as refusal:
        chosen_parents(roll_up, ["Bus"])  # type: ignore[arg-type]
    assert "\n" not in str(refusal.value)


def test_the_association_of_a_run(tmp_path: Path) -> None:
    """An image counts once per class, an ancestor has the images of all of its kinds, checked box by box."""
    run = make_run(tmp_path, seed=3)
    first, second, *_ = run.classes
    parents = {first: "Thing", second: ["Thing", "Other thing"], "Thing": "Everything"}
    plain, rolled = run.association(threshold=0.2), run.association(threshold=0.2, roll_up=parents)
    assert rolled.classes == (*run.classes, "Thing", "Everything", "Other thing")
    pd.testing.assert_frame_equal(rolled.counts.loc[list(run.classes)], plain.counts)
    pd.testing.assert_series_equal(rolled.n_images, plain.n_images)
    total = 0
    for label in run.labels:
        images = {name: set(plain.contributors(name, label)) for name in (first, second)}
        assert set(rolled.contributors("Thing", label)) == images[first] | images[second]
        assert set(rolled.contributors("Everything", label)) == images[first] | images[second]
        assert set(rolled.contributors("Other thing", label)) == images[second]
        total += len(images[first] & images[second])
        assert rolled.counts.loc["Thing", label] == len(images[first] | images[second])
    assert total, "no image has both: the test cannot tell one count from two"
    assert run.association(threshold=0.2).classes == run.classes, "the plain one is still there"
    assert run.association(threshold=0.2, roll_up={}).classes == run.classes


def test_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ball in all images of one label, and in those alone, is strong under its own name and under its ancestors'."""
    classifier = tiny_classifier()

    def label(image: Image.Image) -> str:
        return classifier.predictions(classifier.activations([image])[0])[0].label

    images = [picture(seed, (64, 64)) for seed in range(30)]
    labels = [label(image) for image in images]
    wanted = max(set(labels), key=labels.count)
    assert 5 <= labels.count(wanted) < len(labels)
    (tmp_path / "photos").mkdir()
    for number, image in enumerate(images):
        image.save(tmp_path / "photos" / f"{number}.png")

    def ball(image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
        return [("Rugby ball", 0.9, (0, 0, *image.size))] if label(image) == wanted else []

    monkeypatch.setitem(CLASSIFIERS._parts, "tiny", lambda _device: classifier)
    monkeypatch.setitem(DETECTORS._parts, "tiny", lambda _device: wrap_detector(ball, ["Rugby ball"], name="tiny"))
    models = ["--classifier", "tiny", "--detector", "tiny", "--quiet", "--threshold", "0"]
    command = ["analyze", str(tmp_path / "photos"), "--out", str(tmp_path / "run"), *models]
    plain, rolled = (CliRunner().invoke(main, [*command, *more]) for more in ([], ["--roll-up"]))
    assert plain.exit_code == rolled.exit_code == 0, plain.output + rolled.output
    for name, places in (("Rugby ball", 2), ("Ball ", 1), ("Sports equipment", 1)):
        assert (plain.output + rolled.output).count(f"\n  {name}") == places, rolled.output
