"""Draws stylised adults: an articulated body, clothes, shoes and hands, with nested parts under Open Images names.

Lengths are in units of a body 500 units tall (soles to crown) until the canvas transform makes them pixels.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from emocam_widgets.demo.scenes.canvas import Canvas, Point, darker, lighter, limb
from emocam_widgets.demo.scenes.faces import (
    EXPRESSIONS,
    Expression,
    draw_ear,
    draw_face,
    draw_features,
    draw_skull,
    expression_of,
)
from emocam_widgets.demo.scenes.garments import draw_accessory, draw_bottom, draw_hat, draw_leg, draw_shoe, draw_top
from emocam_widgets.demo.scenes.hair import COVERS_EARS, draw_back_hair, draw_front_hair
from emocam_widgets.demo.scenes.looks import Looks, looks
from emocam_widgets.demo.scenes.poses import POSTURES, Arm, Pose, pose_of, turned, two_bones

__all__ = ["ACCESSORIES", "EXPRESSIONS", "POSTURES", "Hands", "Looks", "Person", "draw_person", "looks"]

ACCESSORIES = ("hat", "scarf", "necklace", "bow tie")
BODY = 508.0
HEAD_SCALE = 1.1
HIP_Y = -226.0
SHOULDER_RISE = 136.0
HEAD_RISE = 216.0
UPPER_ARM, FOREARM = 76.0, 70.0
THIGH, SHIN, ANKLE = 104.0, 101.0, 17.0
UNDERSHIRT = "#c9c6cf"


@dataclass(frozen=True)
class Person:
    """One person to draw: where (pixels), how tall (pixels, sole to crown), and what they feel and do.

    ``facing`` -1, 0 or 1 turns the head to the left, front or right. One-sided postures act to the image's right, or to
    its left with ``mirror``. Everything else about the looks follows from ``seed``.
    """

    seed: int
    x: float
    ground: float
    height: float
    facing: int = 0
    expression: str = "neutral"
    posture: str = "arms_down"
    accessory: str | None = None
    mirror: bool = False


@dataclass(frozen=True)
class Hands:
    """Where the hands (at the image's left and right) and the head ended up, in canvas pixels."""

    left: Point
    right: Point
    head: Point
    head_radius: float


@dataclass(frozen=True)
class _Rig:
    """All joints of one person in body units, feet centre at the origin."""

    hip: Point
    lean: float
    neck: Point
    head: Point
    tilt: float
    nod: float
    shoulder_raise: float
    shoulders: tuple[Point, Point]
    elbows: tuple[Point, Point]
    hands: tuple[Point, Point]
    hips: tuple[Point, Point]
    knees: tuple[Point, Point]
    ankles: tuple[Point, Point]


def _jitter(draw: random.Random, size: float) -> float:
    return draw.uniform(-size, size)


def _rig(person: Person, look: Looks, pose: Pose) -> _Rig:
    draw = random.Random(person.seed * 7919 + 13)
    lean = pose.lean + _jitter(draw, 1.2)
    tilt = pose.tilt + lean * 0.5 + _jitter(draw, 3.5)
    hip = (-pose.lean * 0.9 + _jitter(draw, 4.5), HIP_Y + pose.squat - pose.lift)
    neck = turned((hip[0], hip[1] - SHOULDER_RISE - 8), hip, lean)
    head = turned((hip[0] + pose.head_x, hip[1] - HEAD_RISE + pose.head_y), hip, lean)
    shoulders, elbows, hands, hips, knees, ankles = [], [], [], [], [], []
    for side, arm, foot, knee in (
        (-1, pose.left, pose.foot_left, pose.knees[0]),
        (1, pose.right, pose.foot_right, pose.knees[1]),
    ):
        spot = (hip[0] + side * (look.shoulder - 7), hip[1] - SHOULDER_RISE + 12 - pose.shoulders)
        shoulder = turned(spot, hip, lean)
        shoulders.append(shoulder)
        target = _target(arm, side, shoulder, head, hip, lean, look)
        loose = 7 if arm.anchor == "shoulder" else 2.5
        target = (target[0] + _jitter(draw, loose), target[1] + _jitter(draw, loose * 0.6))
        elbow, hand = two_bones(
            shoulder, target, UPPER_ARM * arm.reach * arm.upper, FOREARM * arm.reach, _bend(arm, side, shoulder, target)
        )
        elbows.append(elbow)
        hands.append(hand)
        joint = (hip[0] + side * (look.hip - 20), hip[1] + 4)
        ankle = (side * (foot[0] + _jitter(draw, 4)), foot[1] - ANKLE - pose.lift)
        # Legs stretch a little rather than leave the ground; standing knees are almost straight.
        stretch = max(1.0, math.dist(joint, ankle) * 1.0012 / (THIGH + SHIN))
        middle, end = two_bones(joint, ankle, THIGH * stretch, SHIN * stretch, -side * knee)
        hips.append(joint)
        knees.append(middle)
        ankles.append(end)
    joints = (tuple(pair) for pair in (shoulders, elbows, hands, hips, knees, ankles))
    return _Rig(hip, lean, neck, head, tilt, pose.nod, pose.shoulders, *joints)  # type: ignore[arg-type]


def _target(arm: Arm, side: int, shoulder: Point, head: Point, hip: Point, lean: float, look: Looks) -> Point:
    if arm.anchor == "head":
        base = head
    elif arm.anchor == "chest":
        base = turned((hip[0], hip[1] - 82), hip, lean)
    elif arm.anchor == "hip":
        base = turned((hip[0] + side * look.hip, hip[1]), hip, lean)
    else:
        base = shoulder
    return base[0] + side * arm.out, base[1] + arm.down


def _bend(arm: Arm, side: int, shoulder: Point, target: Point) -> float:
    """The bend that puts the elbow away from the body (or towards it where the posture says so)."""
    dx, dy = target[0] - shoulder[0], target[1] - shoulder[1]
    # The elbow moves by (-dy, dx) * bend: outwards and, rather more, down is what an arm does.
    comfort = -dy * side + dx * 1.3
    return (1.0 if comfort >= 0 else -1.0) * arm.bend


def draw_person(canvas: Canvas, person: Person) -> Hands:
    """Draw ``person`` inside the part that the caller opened and say where hands and head are."""
    look = looks(person.seed)
    face = expression_of(person.expression)
    pose = pose_of(person.posture, person.mirror)
    rig = _rig(person, look, pose)
    scale = person.height / BODY
    with canvas.at(person.x, person.ground, scale=scale):
        _back_hair(canvas, look, rig, person)
        arms = ((0, pose.left, "arm_l"), (1, pose.right, "arm_r"))
        for i, arm, key in arms:
            if arm.layer == "behind":
                _arm(canvas, look, rig, i, arm, key)
        _legs(canvas, look, rig, person)
        _torso(canvas, look, rig)
        if person.accessory in ("scarf", "necklace", "bow tie"):
            with canvas.part("Fashion accessory", "accessory"), canvas.at(*rig.neck, angle=rig.lean):
                draw_accessory(canvas, look, person.accessory, rig.shoulder_raise)
        for i, arm, key in arms:
            if arm.layer == "front":
                _arm(canvas, look, rig, i, arm, key)
        _head(canvas, look, face, rig, person)
        for i, arm, key in arms:
            if arm.layer == "over":
                _arm(canvas, look, rig, i, arm, key)

    def pixel(point: Point) -> Point:
        return person.x + point[0] * scale, person.ground + point[1] * scale

    return Hands(pixel(rig.hands[0]), pixel(rig.hands[1]), pixel(rig.head), 50 * HEAD_SCALE * scale)


def _flip(person: Person) -> float:
    return -1.0 if person.facing < 0 else 1.0


def _back_hair(canvas: Canvas, look: Looks, rig: _Rig, person: Person) -> None:
    if look.hair_style == "bald":
        return
    frame = canvas.at(*rig.head, angle=rig.tilt, scale=(_flip(person) * HEAD_SCALE, HEAD_SCALE))
    with canvas.part("Human head", "head"), canvas.part("Human hair", "hair"), frame:
        draw_back_hair(canvas, look, abs(person.facing))


def _head(canvas: Canvas, look: Looks, face: Expression, rig: _Rig, person: Person) -> None:
    turn, flip = float(abs(person.facing)), _flip(person)
    eyes = ("eye_l", "eye_r") if flip > 0 else ("eye_r", "eye_l")
    ears = ("ear_l", "ear_r") if flip > 0 else ("ear_r", "ear_l")
    with canvas.at(*rig.head, angle=rig.tilt, scale=(flip * HEAD_SCALE, HEAD_SCALE)):
        with canvas.part("Human head", "head"):
            draw_skull(canvas, look, face, turn)
            if look.hair_style not in COVERS_EARS:
                for x, ear in zip((-43.0, 43.0), ears, strict=True) if not turn else ():
                    with canvas.part("Human ear", ear):
                        draw_ear(canvas, look, x, outlined=False)
            with canvas.part("Human face", "face"):
                draw_face(canvas, look, face, turn, rig.nod)
            if turn and look.hair_style not in COVERS_EARS:
                with canvas.part("Human ear", ears[0]):
                    draw_ear(canvas, look, -38.0, outlined=True)
            if look.hair_style != "bald":
                with canvas.part("Human hair", "hair"):
                    draw_front_hair(canvas, look, turn)
            # Brows and glasses lie over the hair, so that a fringe never hides a mood.
            with canvas.part("Human face", "face"), canvas.at(0, rig.nod):
                draw_features(canvas, look, face, turn, eyes)
        if person.accessory == "hat":
            with canvas.part("Fashion accessory", "accessory"):
                draw_hat(canvas, look, turn)


def _legs(canvas: Canvas, look: Looks, rig: _Rig, person: Person) -> None:
    turn = person.facing
    for i, (leg, shoe) in enumerate((("leg_l", "shoe_l"), ("leg_r", "shoe_r"))):
        points = (rig.hips[i], rig.knees[i], rig.ankles[i])
        with canvas.part("Human leg", leg):
            draw_leg(canvas, look, points)
        with canvas.part("Footwear", shoe), canvas.at(*rig.ankles[i]):
            draw_shoe(canvas, look, (-1.0, 1.0)[i] if not turn else float(turn), bool(turn))
    with canvas.part("Clothing", "bottom"):
        draw_bottom(canvas, look, rig.hip, rig.hips, rig.knees)


def _torso(canvas: Canvas, look: Looks, rig: _Rig) -> None:
    hx, hy = rig.head
    nx, ny = rig.neck
    canvas.fill(limb([(nx, ny + 12), (nx * 0.4 + hx * 0.6, hy + 30)], [33, 30]), look.skin)
    # The chin's shadow on the neck.
    canvas.fill(
        limb([(nx * 0.55 + hx * 0.45, hy + 54), (nx * 0.4 + hx * 0.6, hy + 40)], [30, 30]), darker(look.skin, 0.22)
    )
    with canvas.at(*rig.hip, angle=rig.lean):
        if canvas.is_hidden("top"):
            draw_top(canvas, look, rig.shoulder_raise, plain=UNDERSHIRT)
        with canvas.part("Clothing", "top"):
            draw_top(canvas, look, rig.shoulder_raise)


def _arm(canvas: Canvas, look: Looks, rig: _Rig, i: int, arm: Arm, key: str) -> None:
    shoulder, elbow, hand = rig.shoulders[i], rig.elbows[i], rig.hands[i]
    with canvas.part("Human arm", key):
        length = max(((hand[0] - elbow[0]) ** 2 + (hand[1] - elbow[1]) ** 2) ** 0.5, 1.0)
        ux, uy = (hand[0] - elbow[0]) / length, (hand[1] - elbow[1]) / length
        wrist = (hand[0] - ux * 9, hand[1] - uy * 9)
        skin_dark = darker(look.skin, 0.2)
        skin_arm = limb([shoulder, elbow, wrist], [27, 22, 17])
        if look.sleeve < 1 or canvas.is_hidden("top", beside=True):
            canvas.stroke(skin_arm, skin_dark, 2.0)
            canvas.fill(skin_arm, look.skin)
        with canvas.part("Human hand", "hand"):
            _hand(canvas, look, hand, (ux, uy), arm.hand, (-1.0, 1.0)[i])
        with canvas.part("Clothing", "top", beside=True):
            if look.sleeve < 1:
                cut = look.sleeve
                end = (
                    shoulder[0] + (elbow[0] - shoulder[0]) * cut * 1.5,
                    shoulder[1] + (elbow[1] - shoulder[1]) * cut * 1.5,
                )
                sleeve = limb([shoulder, end], [32, 32])
            else:
                cuff = (hand[0] - ux * 15, hand[1] - uy * 15)
                sleeve = limb([shoulder, elbow, cuff], [32, 28, 23])
            # The seam starts below the shoulder, where the sleeve leaves the body.
            seam_from = (shoulder[0] + (elbow[0] - shoulder[0]) * 0.42, shoulder[1] + (elbow[1] - shoulder[1]) * 0.42)
            seam = (
                limb([seam_from, elbow, cuff], [30, 28, 23]) if look.sleeve >= 1 else limb([seam_from, end], [32, 32])
            )
            canvas.stroke(seam, darker(look.top_colour, 0.3), 2.6)
            canvas.fill(sleeve, look.top_colour)
            if look.top == "stripes":
                _sleeve_stripes(canvas, look, shoulder, elbow, end if look.sleeve < 1 else cuff)
            if look.sleeve >= 1:
                band = (cuff[0] - ux * 5, cuff[1] - uy * 5)
                canvas.fill(
                    limb([band, cuff], [25, 24]),
                    lighter(look.top_colour, 0.2) if look.top != "hoodie" else darker(look.top_colour, 0.15),
                )
                fold = (elbow[0] - ux * 3, elbow[1] - uy * 3)
                canvas.line(
                    fold, (fold[0] + uy * 9 + ux * 4, fold[1] - ux * 9 + uy * 4), darker(look.top_colour, 0.25), 2.0
                )


def _sleeve_stripes(canvas: Canvas, look: Looks, shoulder: Point, elbow: Point, end: Point) -> None:
    spans = [(shoulder, elbow if look.sleeve >= 1 else end, (0.3, 0.62))]
    if look.sleeve >= 1:
        spans.append((elbow, end, (0.15, 0.6)))
    for a, b, places in spans:
        length = max(math.dist(a, b), 1.0)
        nx, ny = (a[1] - b[1]) / length, (b[0] - a[0]) / length
        for place in places:
            x, y = a[0] + (b[0] - a[0]) * place, a[1] + (b[1] - a[1]) * place
            canvas.line((x - nx * 9.5, y - ny * 9.5), (x + nx * 9.5, y + ny * 9.5), look.top_accent, 8.5)


def _hand(canvas: Canvas, look: Looks, at: Point, along: Point, shape: str, side: float) -> None:
    """A hand of five fingers in one of a few shapes; ``along`` is the unit direction of the forearm."""
    if shape in ("flat_up", "relaxed_up", "open_up", "fist_up", "palm"):
        along = (along[0] * 0.35, -1.0)
    elif shape == "flat_side":
        along = (-side, -0.25)
    length = (along[0] ** 2 + along[1] ** 2) ** 0.5
    ux, uy = along[0] / length, along[1] / length
    px, py = -uy * side, ux * side  # towards the thumb
    if uy < 0:
        px, py = -px, -py

    def spot(forward: float, aside: float) -> Point:
        return at[0] + ux * forward + px * aside, at[1] + uy * forward + py * aside

    dark = darker(look.skin, 0.24)
    pieces: list[tuple[list[Point], list[float]]] = [([spot(-6, 0), spot(6, 0)], [18, 20])]
    if shape in ("open", "palm", "open_up"):
        spread = 1.0 if shape != "palm" else 0.6
        for base, tip in ((-7.5, -13), (-2.5, -4.5), (2.5, 4.5), (7, 12)):
            reach = 24 if abs(base) < 5 else 21
            pieces.append(([spot(6, base), spot(reach, base + (tip - base) * spread)], [7.4, 6.4]))
        pieces.append(([spot(-3, 7), spot(6, 18)], [8, 6.8]))
    elif shape.startswith("flat"):
        pieces.append(([spot(4, 0), spot(20, -1)], [20, 14]))
        pieces.append(([spot(-3, 7), spot(9, 15)], [8, 6.6]))
    elif shape == "point":
        pieces.append(([spot(4, 5), spot(27, 5)], [8.4, 6.8]))
        pieces.append(([spot(-2, 7), spot(5, 14)], [8, 7]))
    elif shape.startswith("fist"):
        pieces.append(([spot(4, -4), spot(4, 5)], [20, 19]))
        pieces.append(([spot(-2, 6), spot(8, 9)], [8, 7.5]))
    else:
        pieces.append(([spot(4, 0), spot(15, 1)], [19, 13]))
        pieces.append(([spot(-3, 6), spot(8, 12)], [8, 6.8]))
    outline = limb(*pieces[0])
    for points, widths in pieces[1:]:
        outline.addPath(limb(points, widths))
    canvas.stroke(outline, dark, 2.0)
    canvas.fill(outline, look.skin)
    if shape.startswith("flat"):
        canvas.line(spot(9, -1), spot(19, -2), dark, 1.6)
        canvas.line(spot(9, 4), spot(18, 3), dark, 1.6)
    elif shape.startswith("fist"):
        for aside in (-5, 0, 5):
            canvas.line(spot(7, aside), spot(12, aside), dark, 1.6)
