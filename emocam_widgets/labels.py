"""The label sets of the models and data sets, and the maps between them: explicit, and there to be edited.

A map is a plain mapping from a label to a coarser or other one, or to None where there is no counterpart. What a paper
gives is named with its source; the rest is this project's choice and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emocam_widgets.errors import EmocamError, nearest_name

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

EMOTION_DATASET_GROUPS: Mapping[str, str] = {
    "amusement": "positive",
    "anger": "negative",
    "awe": "positive",
    "contentment": "positive",
    "disgust": "negative",
    "excitement": "positive",
    "fear": "negative",
    "sadness": "negative",
}
"""The Emotion Dataset's eight labels, grouped as its paper does (You et al. 2016, after Mikels)."""

WIKIART_GROUPS: Mapping[str, str] = {
    "agreeableness": "other",
    "anger": "negative",
    "anticipation": "other",
    "arrogance": "negative",
    "disagreeableness": "other",
    "disgust": "negative",
    "fear": "negative",
    "gratitude": "positive",
    "happiness": "positive",
    "humility": "positive",
    "love": "positive",
    "optimism": "positive",
    "pessimism": "negative",
    "regret": "negative",
    "sadness": "negative",
    "shame": "negative",
    "shyness": "other",
    "surprise": "other",
    "trust": "positive",
    "neutral": "other",
}
"""WikiArt Emotions' twenty, grouped as its paper does (Mohammad and Kiritchenko 2018; other: "other or mixed")."""

PLUTCHIK_LABELS = (
    *("Serenity", "Joy", "Ecstasy"),
    *("Acceptance", "Trust", "Admiration"),
    *("Apprehension", "Fear", "Terror"),
    *("Distraction", "Surprise", "Amazement"),
    *("Pensiveness", "Sadness", "Grief"),
    *("Boredom", "Disgust", "Loathing"),
    *("Annoyance", "Anger", "Rage"),
    *("Interest", "Anticipation", "Vigilance"),
)
"""The 24 emotions of Plutchik's wheel, FindingEmo's labels: eight families, each from its mild to its strong form."""

PLUTCHIK_TO_EMONET: Mapping[str, str | None] = {
    "Serenity": "Joy",
    "Joy": "Joy",
    "Ecstasy": "Joy",
    "Acceptance": None,
    "Trust": None,
    "Admiration": "Adoration",
    "Apprehension": "Anxiety",
    "Fear": "Fear",
    "Terror": "Horror",
    "Distraction": None,
    "Surprise": "Surprise",
    "Amazement": "Awe",
    "Pensiveness": "Sadness",
    "Sadness": "Sadness",
    "Grief": "Sadness",
    "Boredom": "Boredom",
    "Disgust": "Disgust",
    "Loathing": "Disgust",
    "Annoyance": None,
    "Anger": None,
    "Rage": None,
    "Interest": "Interest",
    "Anticipation": "Interest",
    "Vigilance": "Interest",
}
"""FindingEmo's labels as EmoNet's. Neither paper gives such a map: it is this project's choice.

The same word where EmoNet has it, else the nearest word (Apprehension: Anxiety), else the family's word (Grief:
Sadness). EmoNet knows no anger and no trust, and nothing like Distraction: those labels have no counterpart.
"""

PLUTCHIK_GROUPS: Mapping[str, str] = {
    **dict.fromkeys(PLUTCHIK_LABELS[0:6], "positive"),
    **dict.fromkeys(PLUTCHIK_LABELS[6:9], "negative"),
    **dict.fromkeys(PLUTCHIK_LABELS[9:12], "other"),
    **dict.fromkeys(PLUTCHIK_LABELS[12:21], "negative"),
    **dict.fromkeys(PLUTCHIK_LABELS[21:24], "other"),
}
"""FindingEmo's labels by family: joy and trust positive; fear, sadness, disgust and anger negative; surprise and
anticipation other. No paper gives such a map: it is this project's choice."""

_AFFECT_WRITTEN: Mapping[str, str] = {form(label): label for label in AFFECT_LABELS for form in (str, str.capitalize)}

AFFECT_GROUPINGS: Mapping[str, Mapping[str, str]] = {
    "negative, other, positive": _AFFECT_WRITTEN,
    "EmoNet": EMONET_AFFECT,
    "Plutchik": PLUTCHIK_GROUPS,
    "Emotion Dataset": EMOTION_DATASET_GROUPS,
    "WikiArt Emotions": WIKIART_GROUPS,
}
"""The groupings to negative, other and positive by the label set that they group."""


def affect_groups(labels: Iterable[str], source: str = "the annotations") -> Mapping[str, str]:
    """The grouping to negative, other and positive that knows all of ``labels``.

    Args:
        labels: the labels of one data set or classifier.
        source: what they are the labels of, for the message.

    Raises:
        EmocamError: none knows them all; the nearest, and what it does not know, is named.
    """
    wanted = list(dict.fromkeys(labels))
    for grouping in AFFECT_GROUPINGS.values():
        if all(label in grouping for label in wanted):
            return grouping
    unknown = {name: [label for label in wanted if label not in known] for name, known in AFFECT_GROUPINGS.items()}
    nearest = min(unknown, key=lambda name: len(unknown[name]))
    raise EmocamError(
        f"No grouping to {', '.join(AFFECT_LABELS)} knows all labels of {source}: the one for {nearest} labels does "
        f"not know {_listed(unknown[nearest])}; pass a map of your own from each label to its group."
    )


def mapped_labels(
    labels: Iterable[str], mapping: Mapping[str, str | None], source: str = "the annotations"
) -> dict[str, str | None]:
    """Each of ``labels`` with what ``mapping`` makes of it (None: no counterpart).

    Raises:
        EmocamError: a label is not in the mapping; it is named, with the nearest one that is.
    """
    wanted = list(dict.fromkeys(labels))
    unknown = [label for label in wanted if label not in mapping]
    if unknown:
        nearest = nearest_name(unknown[0], mapping)
        hint = f" (did you mean {nearest!r}?)" if nearest is not None else ""
        raise EmocamError(
            f"The map does not know {_listed(unknown)} of {source}{hint}; it knows {_listed(list(mapping))}: "
            "add what is missing, with None where there is no counterpart."
        )
    return {label: mapping[label] for label in wanted}


def _listed(labels: list[str], most: int = 8) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(repr(label) for label in labels[:most]) + more
