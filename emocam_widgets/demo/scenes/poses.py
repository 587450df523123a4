"""Postures of the drawn people: where hands and feet go, how torso and head lean, and how limbs reach there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

Point = tuple[float, float]


@dataclass(frozen=True)
class Arm:
    """Where one hand goes, in units of a 500 unit tall body.

    ``anchor`` is "shoulder" (of this arm), "head", "chest" or "hip" (of this side); ``out`` counts away from the body's
    middle and ``down`` downwards from there. ``bend`` 1 puts the elbow outwards, -1 inwards; ``reach`` shortens the arm
    (foreshortening) and ``upper`` the upper arm alone; ``layer`` is "behind" the torso, "front" of it, or "over" the
    head; ``hand`` is its shape.
    """

    anchor: str
    out: float
    down: float
    hand: str = "relaxed"
    bend: float = 1.0
    reach: float = 1.0
    upper: float = 1.0
    layer: str = "front"


@dataclass(frozen=True)
class Pose:
    """One posture. Angles in degrees, positive to the image's right; ``left`` and ``right`` are the image's sides."""

    left: Arm
    right: Arm
    lean: float = 0.0
    tilt: float = 0.0
    head_x: float = 0.0
    head_y: float = 0.0
    shoulders: float = 0.0
    foot_left: Point = (21.0, 0.0)
    foot_right: Point = (21.0, 0.0)
    lift: float = 0.0
    squat: float = 0.0
    nod: float = 0.0
    knees: tuple[float, float] = field(default=(1.0, 1.0))

    def mirrored(self) -> Pose:
        return replace(
            self,
            left=self.right,
            right=self.left,
            lean=-self.lean,
            tilt=-self.tilt,
            head_x=-self.head_x,
            foot_left=self.foot_right,
            foot_right=self.foot_left,
            knees=(self.knees[1], self.knees[0]),
        )


DOWN = Arm("shoulder", 13, 145)
EASY = Arm("shoulder", 22, 139)

_POSES: dict[str, Pose] = {
    "arms_down": Pose(DOWN, DOWN),
    "arms_up": Pose(
        Arm("shoulder", 44, -134, "open", layer="front"),
        Arm("shoulder", 44, -134, "open"),
        foot_left=(32, 0),
        foot_right=(32, 0),
    ),
    "arms_wide": Pose(
        Arm("shoulder", 128, -58, "open", bend=-1),
        Arm("shoulder", 128, -58, "open", bend=-1),
        foot_left=(36, 0),
        foot_right=(36, 0),
    ),
    "jump": Pose(
        Arm("shoulder", 66, -126, "fist"),
        Arm("shoulder", 74, -122, "open"),
        lean=-3,
        tilt=4,
        foot_left=(34, -2),
        foot_right=(56, -54),
        lift=44,
        knees=(1, 1),
    ),
    "hands_on_cheeks": Pose(
        Arm("head", 43, 46, "flat_up", layer="over", reach=1.22, upper=0.45),
        Arm("head", 43, 46, "flat_up", layer="over", reach=1.22, upper=0.45),
    ),
    "hand_on_chin": Pose(
        Arm("chest", -26, 34, "relaxed", reach=0.9), Arm("head", 4, 64, "fist_up", layer="over", reach=0.8), tilt=5
    ),
    "hand_on_hip": Pose(Arm("hip", 13, -14, "fist"), EASY, lean=2, tilt=-4, foot_right=(38, 0)),
    "hands_clasped": Pose(
        Arm("chest", 7, -14, "flat_up", reach=0.9), Arm("chest", 7, -14, "flat_up", reach=0.9), tilt=3
    ),
    "reaching": Pose(
        Arm("shoulder", 24, 132, layer="behind"),
        Arm("shoulder", 140, -14, "open"),
        lean=9,
        tilt=4,
        head_x=6,
        foot_left=(40, 0),
        foot_right=(34, 0),
    ),
    "push_away": Pose(
        Arm("shoulder", -146, 22, "palm", reach=1.14),
        Arm("shoulder", 112, -34, "palm"),
        lean=-9,
        tilt=-9,
        head_x=-8,
        foot_left=(46, 0),
        foot_right=(24, 0),
    ),
    "shrug": Pose(
        Arm("shoulder", 70, 40, "open_up", reach=0.9),
        Arm("shoulder", 70, 40, "open_up", reach=0.9),
        shoulders=13,
        tilt=8,
        head_y=3,
    ),
    "scratch_head": Pose(EASY, Arm("head", 46, -36, "relaxed_up", layer="over"), tilt=-7),
    "slumped": Pose(
        Arm("shoulder", 2, 146), Arm("shoulder", 2, 146), shoulders=-16, head_y=22, tilt=8, head_x=4, squat=3, nod=7
    ),
    "self_hug": Pose(
        Arm("chest", -40, -18, "flat_side", reach=0.95),
        Arm("chest", -38, 6, "flat_side", reach=0.95),
        shoulders=8,
        head_y=5,
        tilt=-5,
        foot_left=(15, 0),
        foot_right=(15, 0),
    ),
    "cover_mouth": Pose(
        Arm("head", 12, 38, "flat_side", layer="over", reach=0.9),
        Arm("chest", -18, 26, "relaxed", reach=0.9),
        shoulders=5,
        tilt=-3,
    ),
    "hold_hand": Pose(DOWN, Arm("shoulder", 62, 122)),
    "arm_around": Pose(DOWN, Arm("shoulder", 124, 26, "relaxed", bend=-1), lean=5, tilt=12, head_x=8),
    "belly_laugh": Pose(
        Arm("chest", 12, 50, "relaxed", reach=0.88),
        Arm("chest", 6, 40, "relaxed", reach=0.88),
        lean=-7,
        tilt=-13,
        head_x=-6,
        nod=-4,
        foot_left=(34, 0),
        foot_right=(30, 0),
        squat=2,
    ),
    "pointing": Pose(EASY, Arm("shoulder", 132, -44, "point"), lean=2, tilt=2),
    "sway": Pose(
        Arm("shoulder", 88, -66, "relaxed_up"),
        Arm("shoulder", 66, -104, "relaxed_up"),
        lean=8,
        tilt=12,
        foot_left=(34, 0),
        foot_right=(20, -6),
        knees=(1, 1),
    ),
    "recoil": Pose(
        Arm("shoulder", -58, -26, "palm", reach=0.9, layer="over"),
        Arm("shoulder", 74, -34, "palm", reach=0.9),
        lean=-13,
        tilt=-8,
        head_x=-7,
        shoulders=8,
        foot_left=(44, 0),
        foot_right=(16, -10),
    ),
    "look_up": Pose(Arm("shoulder", 30, 132), Arm("shoulder", 30, 132), lean=-2, tilt=-7, head_y=-2, head_x=-3, nod=-9),
    "wave": Pose(EASY, Arm("shoulder", 58, -108, "open"), tilt=5),
    "hold": Pose(EASY, Arm("shoulder", 46, 8, "fist_up", reach=0.95), tilt=3),
    "lean": Pose(
        Arm("hip", 10, -12, "fist"),
        Arm("shoulder", 30, 128),
        lean=10,
        tilt=5,
        foot_left=(10, 0),
        foot_right=(22, 0),
        knees=(-1, 1),
    ),
}

POSTURES: tuple[str, ...] = tuple(_POSES)


def pose_of(name: str, mirror: bool) -> Pose:
    """The posture ``name``; one-sided postures act to the image's right, or to its left with ``mirror``."""
    pose = _POSES[name]
    return pose.mirrored() if mirror else pose


def two_bones(root: Point, target: Point, upper: float, lower: float, side: float) -> tuple[Point, Point]:
    """Middle joint and end of a two-bone limb from ``root`` towards ``target``; ``side`` is +-1."""
    dx, dy = target[0] - root[0], target[1] - root[1]
    distance = math.hypot(dx, dy) or 1e-6
    reach = min(max(distance, abs(upper - lower) + 4), (upper + lower) * 0.998)
    end = (root[0] + dx / distance * reach, root[1] + dy / distance * reach)
    along = (upper * upper - lower * lower + reach * reach) / (2 * reach)
    off = math.sqrt(max(upper * upper - along * along, 0.0)) * side
    ux, uy = dx / distance, dy / distance
    return (root[0] + ux * along - uy * off, root[1] + uy * along + ux * off), end


def turned(point: Point, about: Point, degrees: float) -> Point:
    """``point`` turned clockwise (as seen in an image) around ``about``."""
    a = math.radians(degrees)
    x, y = point[0] - about[0], point[1] - about[1]
    return about[0] + x * math.cos(a) - y * math.sin(a), about[1] + x * math.sin(a) + y * math.cos(a)
