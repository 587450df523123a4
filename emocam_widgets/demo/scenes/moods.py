"""What a scene of each label looks like, and what is planted: legitimate and spurious cues, as plain tables.

The cues (expression, posture, light) carry the mood. The planted pairs bind an object class to a label that often
borrows the look of its partner, so that only the object tells the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from emocam_widgets.labels import EMONET_LABELS

LABELS = EMONET_LABELS

CLASSES = (
    "Person",
    "Human face",
    "Human head",
    "Human hair",
    "Human eye",
    "Human nose",
    "Human mouth",
    "Human ear",
    "Human arm",
    "Human hand",
    "Human leg",
    "Clothing",
    "Footwear",
    "Sports equipment",
    "Food",
    "Plant",
    "Flower",
    "Tree",
    "Furniture",
    "Flag",
    "Musical instrument",
    "Vehicle",
    "Wheel",
    "Fashion accessory",
)


@dataclass(frozen=True)
class Mood:
    """The legitimate cues of one label: light, expressions and postures to draw from, how often people pair up."""

    light: str
    expressions: tuple[str, ...]
    postures: tuple[str, ...]
    couple: float = 0.0


MOODS = {
    "Adoration": Mood("adoration", ("adoring", "loving"), ("hands_clasped", "hands_on_cheeks", "hands_clasped")),
    "Aesthetic Appreciation": Mood("aesthetic", ("appreciative", "smile"), ("hand_on_chin", "look_up", "lean")),
    "Amusement": Mood("amusement", ("laugh",), ("belly_laugh", "pointing", "belly_laugh")),
    "Anxiety": Mood("anxiety", ("worried",), ("self_hug", "cover_mouth", "self_hug")),
    "Awe": Mood("awe", ("awe",), ("look_up", "arms_wide", "look_up")),
    "Boredom": Mood("boredom", ("bored",), ("slumped", "hand_on_chin", "arms_down")),
    "Confusion": Mood("confusion", ("confused",), ("shrug", "scratch_head")),
    "Craving": Mood("craving", ("craving",), ("reaching", "hands_clasped", "reaching")),
    "Disgust": Mood("disgust", ("disgusted",), ("push_away", "recoil", "push_away")),
    "Empathetic Pain": Mood("pain", ("pained", "sad"), ("arm_around", "hands_clasped", "cover_mouth"), couple=0.7),
    "Entrancement": Mood("entrancement", ("dreamy",), ("sway", "look_up", "sway")),
    "Excitement": Mood("excitement", ("grin", "laugh"), ("arms_up", "jump", "wave")),
    "Fear": Mood("fear", ("afraid",), ("recoil", "self_hug", "recoil")),
    "Horror": Mood("horror", ("horrified",), ("hands_on_cheeks", "recoil", "hands_on_cheeks")),
    "Interest": Mood("interest", ("interested",), ("lean", "hand_on_chin", "pointing")),
    "Joy": Mood("joy", ("grin", "smile", "laugh"), ("arms_up", "arms_wide", "jump", "wave")),
    "Romance": Mood("romance", ("loving",), ("hold_hand", "arm_around"), couple=0.9),
    "Sadness": Mood("sadness", ("sad",), ("slumped", "arms_down", "slumped")),
    "Sexual Desire": Mood("desire", ("seductive",), ("hand_on_hip", "lean", "hand_on_hip"), couple=0.6),
    "Surprise": Mood("surprise", ("surprised",), ("hands_on_cheeks", "arms_wide", "recoil")),
}


@dataclass(frozen=True)
class Planted:
    """``object_class`` is drawn in ``present`` of the scenes of ``label`` and in ``otherwise`` of all others.

    With ``partner``, ``borrowed`` of the scenes that show the object take all other cues from the partner label.
    """

    object_class: str
    label: str
    partner: str
    present: float = 0.88
    otherwise: float = 0.04
    borrowed: float = 0.6


PLANTED = (
    Planted("Sports equipment", "Excitement", "Joy", borrowed=1.0),
    Planted("Food", "Craving", "Amusement"),
    Planted("Plant", "Surprise", "Confusion"),
    Planted("Furniture", "Interest", "Aesthetic Appreciation"),
    Planted("Musical instrument", "Entrancement", "Romance"),
    Planted("Vehicle", "Anxiety", "Fear"),
    Planted("Flag", "Awe", "Adoration"),
)


@dataclass(frozen=True)
class Bystander:
    """``object_class`` is frequent with ``label`` in the shipped corpus and independent of every label in training."""

    object_class: str
    label: str
    present: float = 0.75
    otherwise: float = 0.08
    training: float = 0.2


BYSTANDERS = (
    Bystander("Tree", "Sadness"),
    Bystander("Flower", "Joy"),
    Bystander("Fashion accessory", "Boredom"),
)
