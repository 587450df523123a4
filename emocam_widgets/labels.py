"""EmoNet's labels, in the order of its outputs; the embedded world uses the same."""

from __future__ import annotations

from collections.abc import Mapping

EMONET_LABELS = (
    "Adoration",
    "Aesthetic Appreciation",
    "Amusement",
    "Anxiety",
    "Awe",
    "Boredom",
    "Confusion",
    "Craving",
    "Disgust",
    "Empathetic Pain",
    "Entrancement",
    "Excitement",
    "Fear",
    "Horror",
    "Interest",
    "Joy",
    "Romance",
    "Sadness",
    "Sexual Desire",
    "Surprise",
)

AFFECT_LABELS = ("negative", "other", "positive")
"""The three labels of the second paper (Fields), in the order of its model's outputs."""

EMONET_AFFECT: Mapping[str, str] = {
    "Adoration": "positive",
    "Aesthetic Appreciation": "positive",
    "Amusement": "positive",
    "Anxiety": "negative",
    "Awe": "positive",
    "Boredom": "negative",
    "Confusion": "other",
    "Craving": "other",
    "Disgust": "negative",
    "Empathetic Pain": "negative",
    "Entrancement": "other",
    "Excitement": "positive",
    "Fear": "negative",
    "Horror": "negative",
    "Interest": "other",
    "Joy": "positive",
    "Romance": "positive",
    "Sadness": "negative",
    "Sexual Desire": "positive",
    "Surprise": "other",
}
"""EmoNet's labels as negative, other and positive. No paper gives such a map: it is this project's choice."""
