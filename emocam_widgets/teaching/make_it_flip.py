"""The exercise on one picture (EmoCAM, Fig. 3A): a ball on a head, beside it, on the other head, and what grey does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from emocam_widgets import demo
from emocam_widgets.engine.compose import Sprites, silhouette_box
from emocam_widgets.teaching.guess import Guess, check_guess
from emocam_widgets.teaching.steps import Exercise, Step
from emocam_widgets.types import Placement

if TYPE_CHECKING:
    from emocam_widgets.widgets.editor import ObjectEditor

BALL, OTHER = "rugby ball", "lotus flower"
HEAD = "Human head"
SURE = 0.25  # the confidence from which a head counts
TOUCHED = 0.15  # the share of a head that may be covered by what is called beside it
NEAR = 0.75  # of the thing's width: what is farther off is not beside

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Place:
    """Where a thing lies: "on" a head or "beside" one, and the number of that head from the left."""

    kind: str
    head: int


@dataclass(frozen=True)
class Shown:
    """What the editor shows: the things on the picture, where the only one of them lies, and what the labels are.

    places: between two heads it lies beside both.
    before, now: {label: probability} of the picture without and with the things.
    """

    things: tuple[str, ...]
    places: tuple[Place, ...]
    before: Mapping[str, float]
    now: Mapping[str, float]

    @property
    def flipped(self) -> bool:
        """Whether the label is another than before."""
        return first(self.before) != first(self.now)

    def says(self) -> str:
        """The label before and now, with the probabilities."""
        return f"{_label(self.before)} → {_label(self.now)}"


@dataclass
class Tried:
    """What the reader found so far: the last state of the ball at each place."""

    n_heads: int
    ball: dict[Place, Shown] = field(default_factory=dict)

    def take(self, shown: Shown) -> None:
        """Keeps it where it is the ball alone, at one of the places that are asked about."""
        if shown.things == (BALL,):
            self.ball |= dict.fromkeys(shown.places, shown)

    def on(self) -> list[Place]:
        """The heads that the ball was put on, in the order of the trials."""
        return [place for place in self.ball if place.kind == "on"]


def places_of(thing: Box, heads: Sequence[Box]) -> tuple[Place, ...]:
    """Where a box lies, x0, y0, x1, y1 in pixels as the heads, which go from left to right; () is elsewhere."""
    x, y = (thing[0] + thing[2]) / 2, (thing[1] + thing[3]) / 2
    inside = [i for i, head in enumerate(heads) if head[0] <= x < head[2] and head[1] <= y < head[3]]
    if inside:
        return (Place("on", min(inside, key=lambda i: abs(x - (heads[i][0] + heads[i][2]) / 2))),)
    if any(_covered(head, thing) > TOUCHED for head in heads):
        return ()
    near = NEAR * (thing[2] - thing[0])
    return tuple(
        Place("beside", i)
        for i, head in enumerate(heads)
        if head[1] <= y < head[3] and max(head[0] - thing[2], thing[0] - head[2]) <= near
    )


def name_of(places: Sequence[Place], n_heads: int) -> str:
    """The places in words."""
    if not places:
        return "elsewhere"
    sides = ("left", "right")
    each = [f"{sides[p.head]} head" if n_heads == 2 else f"head {p.head + 1} from the left" for p in places]
    return f"{places[0].kind} {' and '.join(f'the {one}' if n_heads == 2 else one for one in each)}"


def check_heads(tried: Tried) -> str | None:
    """What to say where the picture does not suit the exercise, else None."""
    if tried.n_heads >= 2:
        return None
    return f"The detector finds {tried.n_heads} heads in this picture; choose one with two, in the first cell."


def check_on_a_head(shown: Shown | None, tried: Tried) -> Step:
    """Was the ball put on a head?"""
    task = f"Drag the {BALL} onto one of the heads."
    problem = check_heads(tried)
    if problem:
        return Step(task, False, problem)
    on = tried.on()
    if on:
        return Step(task, True, f"{_capital(name_of([on[0]], tried.n_heads))}: {tried.ball[on[0]].says()}.")
    return Step(task, False, _hint(shown, tried, "Its middle must lie on a head."))


def check_beside(shown: Shown | None, tried: Tried) -> Step:
    """Was the ball put beside the head that it was on first?"""
    task = "Move it beside the same head, close to it, so that it covers nearly nothing of any head."
    on = tried.on()
    if not on:
        return Step(task, False, "")
    place = Place("beside", on[0].head)
    if place in tried.ball:
        return Step(task, True, f"{_capital(name_of([place], tried.n_heads))}: {tried.ball[place].says()}.")
    return Step(task, False, _hint(shown, tried, "At the height of the head, less than a ball's width away from it."))


def check_other_head(shown: Shown | None, tried: Tried) -> Step:
    """Was the ball put on another head than first?"""
    task = "Move it onto the other head."
    on = tried.on()
    if not on:
        return Step(task, False, "")
    if len(on) < 2:
        return Step(task, False, _hint(shown, tried, "The same size, and the middle on the head, as before."))
    here, there = tried.ball[on[0]], tried.ball[on[1]]
    same = "the same label" if first(here.now) == first(there.now) else "another label than on the first"
    return Step(task, True, f"{_capital(name_of([on[1]], tried.n_heads))}: {there.says()}: {same}.")


def check_other_thing(shown: Shown | None, tried: Tried) -> Step:
    """Does another thing lie where the ball changed the label?"""
    task = f"A control: remove the ball, and put the {OTHER} where the ball changed the label."
    flips = [place for place, each in tried.ball.items() if each.flipped]
    if not flips:
        return Step(task, False, "With the ball, no place changed the label yet: try others, or a larger ball.")
    if shown is None or shown.things != (OTHER,):
        return Step(task, False, f"Take everything else off the picture: the {OTHER} must be the only thing on it.")
    here = [place for place in shown.places if place in flips]
    if not here:
        where = name_of(shown.places, tried.n_heads)
        return Step(task, False, f"It lies {where}. Where did the ball change the label?")
    where = _capital(name_of(here[:1], tried.n_heads))
    return Step(task, True, f"{where}, the ball: {tried.ball[here[0]].says()}; the {OTHER}: {shown.says()}.")


def flip_guess() -> Guess:
    """The question that comes before the first try: where a ball will change the label."""
    choices = ["on a head only", "beside a head only", "on and beside", "nowhere"]
    return Guess(f"A {BALL} on a head, or beside it. Where will it change the label of this picture?", choices)


def make_it_flip(editor: ObjectEditor, guess: Guess) -> Exercise:
    """The exercise of notebook 03: the ball at the three places of EmoCAM's Fig. 3A, and another thing as a control.

    Args:
        editor: with a worker that has a classifier and a detector of heads, and an image of two people.
        guess: what the reader expects, from `flip_guess`.

    Returns:
        The list of steps, to be shown under the editor.
    """
    found: dict[str | None, tuple[tuple[int, int], list[Box]]] = {}
    tried: dict[str | None, Tried] = {}

    def look() -> tuple[Shown | None, Tried]:
        key = editor.image_id
        if key not in found:
            found[key] = editor.export_image().size, heads_of(editor)
            tried[key] = Tried(len(found[key][1]))
        shown = _shown(editor, *found[key])
        if shown is not None:
            tried[key].take(shown)
        return shown, tried[key]

    checks = (check_on_a_head, check_beside, check_other_head, check_other_thing)
    steps = [lambda check=check: check(*look()) for check in checks]
    return Exercise(
        [lambda: check_guess(guess.answer), *steps], [(guess, ["answer"]), (editor, ["placements", "image_id"])]
    )


def heads_of(editor: ObjectEditor) -> list[Box]:
    """The heads that are found in the editor's image, from left to right: x0, y0, x1, y1 in pixels."""
    boxes = editor.detections
    heads = [
        tuple(map(float, edges))
        for edges, name, confidence in zip(boxes.boxes, boxes.object_class, boxes.confidence, strict=True)
        if name == HEAD and confidence >= SURE
    ]
    return sorted((x0, y0, x1, y1) for x0, y0, x1, y1 in heads)


def first(probabilities: Mapping[str, float]) -> str:
    """The most probable label."""
    return max(probabilities, key=lambda label: probabilities[label])


def _shown(editor: ObjectEditor, size: tuple[int, int], heads: Sequence[Box]) -> Shown | None:
    placed = [one for one in editor.placements if not one.get("hidden")]
    if not editor.prediction or not placed:
        return None
    things = tuple(str(one["sprite"]) for one in placed)
    places: tuple[Place, ...] = ()
    if len(things) == 1 and things[0] in demo.sprites():
        one = Placement(**{name: placed[0][name] for name in Placement.__dataclass_fields__})
        box = silhouette_box(Sprites({one.sprite: demo.open_sprite(one.sprite)}), one, size)
        places = () if box is None else places_of(box, heads)
    return Shown(things, places, editor.original_prediction, editor.prediction)


def _hint(shown: Shown | None, tried: Tried, otherwise: str) -> str:
    if shown is None:
        return f"The {BALL} is in the palette. Hold it, and let go over the picture."
    if len(shown.things) > 1:
        return "There is more than one thing on the picture; then nobody knows which of them did it. Take one off."
    if shown.things != (BALL,):
        return f"That is a {shown.things[0]}. Take it off, and try the {BALL} first."
    return f"It lies {name_of(shown.places, tried.n_heads)}. {otherwise}"


def _covered(box: Box, by: Box) -> float:
    wide = max(0.0, min(box[2], by[2]) - max(box[0], by[0]))
    tall = max(0.0, min(box[3], by[3]) - max(box[1], by[1]))
    return wide * tall / max((box[2] - box[0]) * (box[3] - box[1]), np.finfo(float).tiny)


def _label(probabilities: Mapping[str, float]) -> str:
    label = first(probabilities)
    return f"{label} {100 * probabilities[label]:.1f} %"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
