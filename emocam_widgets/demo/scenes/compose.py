"""Scenes: what is in a picture (:func:`sample_scene`), and the picture with its exact boxes (:func:`render`).

A scene is a plain description that holds every random decision, so it can be drawn again without one of its objects,
all else equal. The three ``Profile``s say how objects are dealt to labels.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import skia

from emocam_widgets.demo.scenes import moods
from emocam_widgets.demo.scenes.canvas import Canvas, oval
from emocam_widgets.demo.scenes.light import LIGHTS, apply_light
from emocam_widgets.demo.scenes.objects import BY_CLASS, OBJECTS, draw_object
from emocam_widgets.demo.scenes.people import Hands, Person, draw_person
from emocam_widgets.demo.scenes.places import PLACES, draw_place

Profile = Literal["corpus", "classifier", "detector", "crowded"]
"""``corpus``: planted pairs and bystanders. ``classifier``: planted pairs, bystanders independent of the label.
``detector``: every class equally often, whatever the label. ``crowded``: the same, with more objects and close-ups."""

SIZES = ((640, 480), (640, 480), (640, 427), (600, 600), (480, 640), (720, 480))
EVEN_CHANCE = {"detector": 0.22, "crowded": 0.45}
"""In these profiles each class is drawn with this chance, whatever the label."""
FRAMINGS = {"full": 0.4, "half": 0.42, "close": 0.18}
SMALLEST_BOX = 4.0
LEAST_VISIBLE = 0.35
NEUTRAL_LIGHT = 0.22
"""The share of scenes in plain daylight, where only faces, postures and objects tell the label."""


@dataclass(frozen=True)
class Thing:
    """An object in a scene; ``layer`` is back, front (standing), air, hand (of person ``owner``) or float."""

    name: str
    seed: int
    layer: Literal["back", "front", "air", "hand", "float"]
    cx: float
    bottom: float
    height: float
    flip: bool = False
    angle: float = 0.0
    owner: int = -1


@dataclass(frozen=True)
class Scene:
    """Everything that decides a picture of ``width`` x ``height`` pixels."""

    label: str
    seed: int
    width: int
    height: int
    place: str
    ground: float
    light: str
    light_strength: float
    people: tuple[Person, ...]
    things: tuple[Thing, ...] = field(default=())


@dataclass(frozen=True)
class TrueBox:
    """The exact box (x0, y0, x1, y1 in pixels) of an object or part, and the key by which it can be left out."""

    object_class: str
    key: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Rendered:
    """A picture (uint8, height x width x 3, RGB) and the boxes of what is visible in it."""

    image: np.ndarray
    boxes: tuple[TrueBox, ...]


def sample_scene(label: str, seed: int, profile: Profile = "corpus") -> Scene:
    """The scene of ``label`` (one of EmoNet's 20) that ``seed`` decides.

    Raises:
        KeyError: the label has no mood.
    """
    rng = random.Random(f"{label}/{seed}")
    present = _dealt_classes(label, rng, profile)
    look = _look(label, present, rng)
    width, height = rng.choice(SIZES)
    framings = {"full": 0.3, "half": 0.35, "close": 0.35} if profile == "crowded" else FRAMINGS
    framing = rng.choices(list(framings), list(framings.values()))[0]
    people = _people(look, framing, width, height, rng, accessory="Fashion accessory" in present)
    if any(person.accessory for person in people):
        present.discard("Fashion accessory")
    ground = max(person.ground for person in people)
    things = _things(sorted(present), people, width, height, rng, may_float=profile != "corpus")
    light = moods.MOODS[look].light if rng.random() > NEUTRAL_LIGHT else "neutral"
    strength = rng.uniform(0.45, 0.85)
    place = rng.choice(PLACES)
    return Scene(label, seed, width, height, place, min(ground, height * 1.3), light, strength, people, things)


def render(scene: Scene, without: str | None = None) -> Rendered:
    """Draw ``scene``, without the object ("o0", "p1") or part ("p0.head.face.mouth") whose key ``without`` names."""
    background, items = _items(scene)
    return _flatten(scene, background, [item.draw(frozenset([without] if without else [])) for item in items])


def render_without(scene: Scene) -> Iterator[tuple[TrueBox, np.ndarray]]:
    """The scene without each of its visible objects and parts in turn: what is left out, and the RGB picture.

    As :func:`render` with ``without``, but what does not change is drawn once.
    """
    background, items = _items(scene)
    layers = [item.draw(frozenset()) for item in items]
    for true in _visible_boxes(layers, scene.width, scene.height):
        changed = [
            item.draw(frozenset([true.key])) if true.key.split(".")[0] == item.key else layer
            for item, layer in zip(items, layers, strict=True)
        ]
        yield true, _picture(scene, background, changed)


def _flatten(scene: Scene, background: Canvas, layers: list[Canvas]) -> Rendered:
    return Rendered(_picture(scene, background, layers), tuple(_visible_boxes(layers, scene.width, scene.height)))


def _picture(scene: Scene, background: Canvas, layers: list[Canvas]) -> np.ndarray:
    surface = skia.Surface(scene.width, scene.height)
    for canvas in (background, *layers):
        surface.getCanvas().drawImage(canvas.surface.makeImageSnapshot(), 0, 0)
    rgb = np.ascontiguousarray(surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3])
    return apply_light(rgb, LIGHTS[scene.light], scene.seed, scene.light_strength)


def _dealt_classes(label: str, rng: random.Random, profile: Profile) -> set[str]:
    """The object classes that the tables deal to one scene of ``label``."""
    present = set()
    even = EVEN_CHANCE.get(profile)
    for pair in moods.PLANTED:
        chance = pair.present if label == pair.label else pair.otherwise
        if rng.random() < (even or chance):
            present.add(pair.object_class)
    for bystander in moods.BYSTANDERS:
        chance = bystander.present if label == bystander.label else bystander.otherwise
        if rng.random() < (even or (bystander.training if profile == "classifier" else chance)):
            present.add(bystander.object_class)
    return present


def _look(label: str, present: set[str], rng: random.Random) -> str:
    """The label whose mood the scene wears: its own, or its partner's where the planted object tells them apart."""
    for pair in moods.PLANTED:
        if pair.label == label and pair.object_class in present and rng.random() < pair.borrowed:
            return pair.partner
    return label


def _people(
    look: str, framing: str, width: int, height: int, rng: random.Random, accessory: bool
) -> tuple[Person, ...]:
    mood = moods.MOODS[look]
    count = rng.choices((1, 2, 3, 4), (0.34, 0.36, 0.2, 0.1))[0]
    together = count == 1 and rng.random() < mood.couple
    count = min(2 if together else count, 2 if framing == "close" else 4)
    if framing == "full":
        tall = height * rng.uniform(0.74, 0.88)
    else:
        tall = height * (rng.uniform(1.25, 1.6) if framing == "half" else rng.uniform(1.9, 2.3))
    tall = min(tall, width / (0.36 * count + 0.1) if framing != "close" else width / (0.28 * count))
    tall = max(tall, height * 0.55)
    crown = height * rng.uniform(0.1, 0.18) if tall > height * 0.9 else height * rng.uniform(0.9, 0.97) - tall

    gap = min(width / (count + 0.2), tall * (0.3 if count == 2 and rng.random() < mood.couple else 0.5))
    start = width / 2 - gap * (count - 1) / 2 + rng.uniform(-0.5, 0.5) * max(0.0, width - gap * count) * 0.5
    wears = rng.randrange(count) if accessory and rng.random() < 0.7 else -1
    people = []
    for i in range(count):
        own = tall * rng.uniform(0.93, 1.03)
        inward = 0 if count == 1 else (1 if i < count / 2 else -1)
        people.append(
            Person(
                seed=rng.getrandbits(32),
                x=start + gap * i + rng.uniform(-0.03, 0.03) * tall,
                ground=crown + tall + (rng.uniform(-0.01, 0.03) * height if tall < height * 0.9 else 0.0),
                height=own,
                facing=inward if rng.random() < max(0.25, mood.couple) else 0,
                expression=rng.choice(mood.expressions),
                posture=rng.choice(mood.postures),
                accessory=rng.choice(("hat", "scarf", "necklace", "bow tie")) if i == wears else None,
                mirror=rng.random() < 0.5,
            )
        )
    people = [replace(p, mirror=p.facing < 0) if p.facing else p for p in people]
    return tuple(sorted(people, key=lambda person: person.ground))


def _things(
    classes: list[str], people: tuple[Person, ...], width: int, height: int, rng: random.Random, may_float: bool
) -> tuple[Thing, ...]:
    tall = float(np.mean([person.height for person in people]))
    things = []
    for object_class in classes:
        for _ in range(1 + (rng.random() < 0.2)):
            art = rng.choice(BY_CLASS[object_class])
            seed, flip = rng.getrandbits(32), rng.random() < 0.5
            anchors = art.anchors if object_class == "Sports equipment" else art.anchors - {"air"}
            anchor = rng.choice(sorted(anchors))
            tallest = (0.75 if anchor == "back" else 0.34) * height
            size = min(max(rng.uniform(*art.size) * tall, 0.12 * height), tallest, 0.7 * width / art.aspect)
            half = size * art.aspect / 2
            if may_float and "back" not in art.anchors and rng.random() < 0.35:
                size = height * rng.uniform(0.14, 0.3)
                at = rng.uniform(0.06, 0.94) * width, rng.uniform(0.25, 0.98) * height
                things.append(Thing(art.name, seed, "float", *at, size, flip, rng.uniform(-25, 25)))
                continue
            if anchor == "hand":
                things.append(
                    Thing(art.name, seed, "hand", 0, 0, size, flip, rng.uniform(-15, 15), rng.randrange(len(people)))
                )
            elif anchor == "air":
                cx, bottom = rng.uniform(0.1, 0.9) * width, rng.uniform(0.2, 0.42) * height + size / 2
                things.append(Thing(art.name, seed, "air", cx, bottom, size, flip, rng.uniform(-30, 30)))
            elif anchor == "back":
                cx, bottom = rng.uniform(0.08, 0.92) * width, rng.uniform(0.8, 0.88) * height
                things.append(Thing(art.name, seed, "back", cx, bottom, size, flip))
            else:
                cx = rng.uniform(min(half, width / 2), max(width - half, width / 2))
                things.append(Thing(art.name, seed, "front", cx, rng.uniform(0.93, 0.99) * height, size, flip))
    return tuple(things)


@dataclass(frozen=True)
class _Item:
    """One object with its key and how to draw it on a canvas of its own, less the hidden parts."""

    key: str
    draw: Callable[[frozenset[str]], Canvas]


def _items(scene: Scene) -> tuple[Canvas, list[_Item]]:
    """The background, and the objects back to front: things behind, people with what they hold, things in front."""
    background = Canvas(scene.width, scene.height)
    draw_place(background, scene.place, scene.seed, scene.ground)
    standing = scene.ground <= scene.height

    def thing_item(index: int, thing: Thing, cx: float, bottom: float) -> _Item:
        def draw(hidden: frozenset[str]) -> Canvas:
            canvas = Canvas(scene.width, scene.height, hidden)
            if standing and thing.layer in ("back", "front") and f"o{index}" not in hidden:
                _contact_shadow(canvas, cx, bottom, 0.42 * thing.height * OBJECTS[thing.name].aspect)
            with canvas.part(OBJECTS[thing.name].object_class, f"o{index}"):
                draw_object(canvas, thing.name, cx, bottom, thing.height, thing.seed, thing.flip, thing.angle)
            return canvas

        return _Item(f"o{index}", draw)

    def person_item(number: int, person: Person) -> _Item:
        def draw(hidden: frozenset[str]) -> Canvas:
            canvas = Canvas(scene.width, scene.height, hidden)
            if f"p{number}" not in hidden:
                _contact_shadow(canvas, person.x, person.ground, 0.15 * person.height)
            with canvas.part("Person", f"p{number}"):
                draw_person(canvas, person)
            return canvas

        return _Item(f"p{number}", draw)

    numbered = list(enumerate(scene.things))
    items = [thing_item(i, thing, thing.cx, thing.bottom) for i, thing in numbered if thing.layer == "back"]
    for number, person in enumerate(scene.people):
        items.append(person_item(number, person))
        held = [(i, thing) for i, thing in numbered if thing.layer == "hand" and thing.owner == number]
        if held:
            x, y = _holding_hand(draw_person(Canvas(scene.width, scene.height), person), scene)
            items += [thing_item(i, thing, x, y + thing.height * 0.5) for i, thing in held]
    items += [
        thing_item(i, thing, thing.cx, thing.bottom)
        for i, thing in numbered
        if thing.layer in ("front", "air", "float")
    ]
    return background, items


def _contact_shadow(canvas: Canvas, cx: float, ground: float, half: float) -> None:
    """A soft shadow where something stands; it belongs to no box."""
    canvas.fill(oval(cx, ground, half, 0.14 * half), "#1a1430", alpha=0.3, blur=max(1.0, 0.06 * half), box=False)


def _holding_hand(hands: Hands, scene: Scene) -> tuple[float, float]:
    """The hand that is better in sight: inside the frame, and higher."""
    margin_x, margin_y = scene.width * 0.05, scene.height * 0.06
    left, right = sorted((hands.left, hands.right), key=lambda hand: hand[1])
    x, y = next((h for h in (left, right) if 0 < h[0] < scene.width and 0 < h[1] < scene.height), left)
    return min(max(x, margin_x), scene.width - margin_x), min(max(y, margin_y), scene.height - margin_y)


def _visible_boxes(layers: list[Canvas], width: int, height: int) -> list[TrueBox]:
    """The parts' boxes clipped to the frame, less those that are hidden; objects end where something covers them."""
    found = []
    covered = np.zeros((height, width), bool)
    for canvas in reversed(layers):
        own = canvas.pixels()[..., 3] > 96
        free = own & ~covered
        for part in canvas.parts:
            if part.box is None or part.object_class is None:
                continue
            x0, y0, x1, y1 = part.box
            clipped = max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))
            if min(clipped[2] - clipped[0], clipped[3] - clipped[1]) < SMALLEST_BOX:
                continue
            area = (clipped[2] - clipped[0]) * (clipped[3] - clipped[1])
            window = np.s_[int(clipped[1]) : int(np.ceil(clipped[3])), int(clipped[0]) : int(np.ceil(clipped[2]))]
            drawn, seen = int(own[window].sum()), int(free[window].sum())
            whole = "." not in part.key
            if drawn == 0 or seen < LEAST_VISIBLE * drawn or area < (0.1 if whole else 0.4) * (x1 - x0) * (y1 - y0):
                continue
            if seen < 0.98 * drawn and whole:
                rows, columns = np.flatnonzero(free[window].any(1)), np.flatnonzero(free[window].any(0))
                top, left = window[0].start, window[1].start
                clipped = (
                    float(left + columns[0]),
                    float(top + rows[0]),
                    float(left + columns[-1] + 1),
                    float(top + rows[-1] + 1),
                )
            found.append(TrueBox(part.object_class, part.key, clipped))
        covered |= own
    return found[::-1]
