"""The drawn people: every mood and posture draws, parts lie inside the person, a hidden part stays in its box."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("skia")

from emocam_widgets.demo.scenes import people
from emocam_widgets.demo.scenes.canvas import Canvas

SIZE = 300
EYES_NOSE_MOUTH = {"Human eye", "Human nose", "Human mouth"}


def draw(person: people.Person, hidden: frozenset[str] = frozenset()) -> tuple[Canvas, people.Hands]:
    canvas = Canvas(SIZE, SIZE, hidden)
    with canvas.part("Person", "p"):
        hands = people.draw_person(canvas, person)
    return canvas, hands


def person(seed: int = 5, **fields: object) -> people.Person:
    return people.Person(seed=seed, x=SIZE / 2, ground=SIZE * 0.93, height=SIZE * 0.75, **fields)  # type: ignore[arg-type]


CASES = [
    *(
        pytest.param(people.EXPRESSIONS[i], "arms_down", i, id=people.EXPRESSIONS[i])
        for i in range(len(people.EXPRESSIONS))
    ),
    *(pytest.param("smile", posture, i + 40, id=posture) for i, posture in enumerate(people.POSTURES)),
]


@pytest.mark.parametrize(("expression", "posture", "seed"), CASES)
def test_parts_lie_inside_the_person_and_the_pixels_inside_its_box(expression: str, posture: str, seed: int) -> None:
    facing = seed % 3 - 1
    canvas, hands = draw(person(seed, expression=expression, posture=posture, facing=facing, mirror=bool(seed % 2)))
    boxes = {part.key: part.box for part in canvas.parts}
    assert len(boxes) == len(canvas.parts), "a key names one part"
    whole = boxes["p"]
    assert whole is not None
    for box in boxes.values():
        assert box is not None
        assert box[0] >= whole[0] - 0.01 and box[1] >= whole[1] - 0.01
        assert box[2] <= whole[2] + 0.01 and box[3] <= whole[3] + 0.01
    rows, columns = np.nonzero(canvas.pixels()[..., 3])
    assert columns.min() >= whole[0] - 2 and columns.max() <= whole[2] + 2
    assert rows.min() >= whole[1] - 2 and rows.max() <= whole[3] + 2
    assert {part.object_class for part in canvas.parts} >= EYES_NOSE_MOUTH | {"Human face", "Human arm", "Human hand"}
    face, head = boxes["p.head.face"], boxes["p.head"]
    assert face is not None and head is not None
    assert face[0] < hands.head[0] < face[2] and face[1] < hands.head[1] < face[3]
    for hand, key in ((hands.left, "p.arm_l.hand"), (hands.right, "p.arm_r.hand")):
        box = boxes[key]
        assert box is not None and box[0] < hand[0] < box[2] and box[1] < hand[1] < box[3]


@pytest.mark.parametrize("seed", range(12))
def test_hiding_a_part_changes_pixels_only_inside_its_box(seed: int) -> None:
    who = person(
        seed,
        expression=people.EXPRESSIONS[seed],
        posture=people.POSTURES[seed * 2 % len(people.POSTURES)],
        facing=seed % 3 - 1,
        accessory=people.ACCESSORIES[seed % 4],
    )
    canvas, _ = draw(who)
    before = canvas.pixels().astype(int)
    for part in canvas.parts:
        assert part.box is not None
        without, _ = draw(who, frozenset({part.key}))
        changed = np.abs(without.pixels().astype(int) - before).max(axis=2) > 0
        assert changed.any(), part.key
        rows, columns = np.nonzero(changed)
        x0, y0, x1, y1 = part.box
        assert columns.min() >= x0 - 2 and columns.max() <= x1 + 2, part.key
        assert rows.min() >= y0 - 2 and rows.max() <= y1 + 2, part.key
        assert part.key not in {other.key for other in without.parts}


def test_the_same_seed_draws_the_same_pixels_and_another_seed_does_not() -> None:
    first, second, other = (draw(person(seed))[0].pixels() for seed in (9, 9, 10))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_expressions_differ_only_in_the_head() -> None:
    smile, sad = (draw(person(3, expression=name)) for name in ("smile", "sad"))
    changed = np.abs(smile[0].pixels().astype(int) - sad[0].pixels().astype(int)).max(axis=2) > 0
    head = next(part.box for part in smile[0].parts if part.key == "p.head")
    assert head is not None and changed.any()
    assert np.nonzero(changed)[0].max() <= head[3] + 3


def test_a_mirrored_posture_uses_the_other_arm() -> None:
    plain, mirrored = (draw(person(4, posture="wave", mirror=mirror))[1] for mirror in (False, True))
    assert plain.right[1] < plain.left[1]
    assert mirrored.left[1] < mirrored.right[1]


def test_looks_are_varied_and_belong_to_the_seed() -> None:
    seen = [people.looks(seed) for seed in range(300)]
    assert seen[7] == people.looks(7)
    assert len({look.hair_style for look in seen}) >= 10
    assert len({look.skin for look in seen}) == 8
    assert {look.bottom for look in seen} == {"trousers", "shorts", "skirt", "dress"}
