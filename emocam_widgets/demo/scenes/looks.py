"""What a drawn person looks like: skin, hair, figure and clothes, all from one seed and independent of any mood."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

SKINS = ("#ffdcc4", "#f7c8a2", "#ecb88d", "#d99f6e", "#c1855a", "#9c6540", "#84543a", "#6c4430")
DARK_HAIR = ("#23202b", "#2f2224", "#432c22", "#5c3b28")
LIGHT_HAIR = ("#8a5a34", "#b5773f", "#d8a957", "#c8622f", "#97452b", "#a9a7b2", "#d9d6d8")
CLOTH = (
    "#e4572e", "#f2a541", "#f3c969", "#2a9d8f", "#3f8efc", "#26547c", "#8e6bbf", "#c75b8a",
    "#5c946e", "#8fb8de", "#f4ede0", "#d1495b", "#3d405b", "#81b29a", "#b08968", "#ef8a80",
)  # fmt: skip
TROUSERS = ("#2f3e5c", "#4a5a7a", "#5b4a42", "#3b3a47", "#7a6f5d", "#8a7f9b", "#4f6457", "#c2ab86", "#6d7f99")
SHOES = ("#3a2e2b", "#e8e4dc", "#9b4a2f", "#2e3440", "#d9635a", "#4c6b8a")

LONG_HAIR = ("bun", "long", "long", "bob", "ponytail", "wavy", "curly", "afro", "pixie")
SHORT_HAIR = ("short", "short", "side_part", "side_part", "quiff", "crop", "curly", "afro", "bald")


@dataclass(frozen=True)
class Looks:
    """Everything about a person that their seed decides."""

    skin: str
    hair: str
    hair_style: str
    beard: str
    glasses: str
    lashes: bool
    jaw: float
    shoulder: float
    waist: float
    hip: float
    top: str
    top_colour: str
    top_accent: str
    sleeve: float
    bottom: str
    bottom_colour: str
    shoes: str
    shoe_colour: str
    accessory_colour: str
    iris: str


@lru_cache(maxsize=4096)
def looks(seed: int) -> Looks:
    """The looks that belong to ``seed``."""
    draw = random.Random(seed)
    soft = draw.random() < 0.5
    skin = draw.choice(SKINS)
    dark = SKINS.index(skin) >= 4
    hair = draw.choice(DARK_HAIR) if dark or draw.random() < 0.4 else draw.choice(LIGHT_HAIR)
    style = draw.choice(LONG_HAIR if soft else SHORT_HAIR)
    beard = "none" if soft else draw.choice(("none", "none", "none", "full", "stubble", "moustache", "goatee"))
    glasses = draw.choice(("none", "none", "none", "none", "round", "square"))
    top = draw.choice(("tee", "stripes", "shirt", "hoodie", "jacket", "sweater", "dress" if soft else "polo"))
    top_colour, accent = draw.sample(CLOTH, 2)
    bottom = draw.choice(("trousers", "trousers", "trousers", "shorts", "skirt" if soft else "trousers"))
    if top == "dress":
        bottom = "dress"
    sleeve = {"tee": 0.55, "stripes": draw.choice((0.55, 1.0)), "polo": 0.55, "dress": draw.choice((0.5, 1.0))}.get(
        top, 1.0
    )
    return Looks(
        skin=skin,
        hair=hair,
        hair_style=style,
        beard=beard,
        glasses=glasses,
        lashes=soft,
        jaw=draw.uniform(0.0, 0.5) if soft else draw.uniform(0.4, 1.0),
        shoulder=draw.uniform(45, 50) if soft else draw.uniform(50, 57),
        waist=draw.uniform(30, 37) if soft else draw.uniform(36, 43),
        hip=draw.uniform(36, 41) if soft else draw.uniform(36, 40),
        top=top,
        top_colour=top_colour,
        top_accent=accent,
        sleeve=sleeve,
        bottom=bottom,
        bottom_colour=top_colour if top == "dress" else draw.choice(TROUSERS),
        shoes=draw.choice(("trainers", "trainers", "shoes", "boots")),
        shoe_colour=draw.choice(SHOES),
        accessory_colour=draw.choice(("#d1495b", "#2a9d8f", "#f2a541", "#5a4fcf", "#e9e2d0", "#2f3e5c", "#c75b8a")),
        iris=draw.choice(("#5b3a24", "#3e2a1e", "#4a6b4f", "#4a7aa5", "#6b4a2b")) if not dark else "#3a241a",
    )
