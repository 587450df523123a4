"""The maps between label sets: whole, as the papers have them, and unknown labels refused by name."""

from __future__ import annotations

import pytest

from emocam_widgets.errors import EmocamError
from emocam_widgets.labels import (
    AFFECT_GROUPINGS,
    AFFECT_LABELS,
    EMONET_LABELS,
    EMOTION_DATASET_GROUPS,
    PLUTCHIK_GROUPS,
    PLUTCHIK_LABELS,
    PLUTCHIK_TO_EMONET,
    WIKIART_GROUPS,
    affect_groups,
    mapped_labels,
)


@pytest.mark.parametrize("name", AFFECT_GROUPINGS)
def test_every_grouping_leads_to_the_three(name: str) -> None:
    assert set(AFFECT_GROUPINGS[name].values()) <= set(AFFECT_LABELS)
    assert affect_groups(AFFECT_GROUPINGS[name]) is AFFECT_GROUPINGS[name]


def test_groups_as_the_papers_have_them() -> None:
    def members(groups: dict[str, str], group: str) -> str:
        return " ".join(sorted(label for label in groups if groups[label] == group))

    emotion, wikiart = dict(EMOTION_DATASET_GROUPS), dict(WIKIART_GROUPS)
    assert members(emotion, "positive") == "amusement awe contentment excitement"
    assert members(emotion, "negative") == "anger disgust fear sadness"
    assert members(wikiart, "positive") == "gratitude happiness humility love optimism trust"
    assert members(wikiart, "negative") == "anger arrogance disgust fear pessimism regret sadness shame"
    assert members(wikiart, "other") == "agreeableness anticipation disagreeableness neutral shyness surprise"


def test_plutchiks_wheel_is_mapped_whole() -> None:
    assert list(PLUTCHIK_TO_EMONET) == list(PLUTCHIK_LABELS) == list(PLUTCHIK_GROUPS)
    assert {label for label in PLUTCHIK_TO_EMONET.values() if label is not None} <= set(EMONET_LABELS)
    for label in set(PLUTCHIK_LABELS) & set(EMONET_LABELS):
        assert PLUTCHIK_TO_EMONET[label] == label


def test_labels_that_a_map_does_not_know_are_named() -> None:
    assert mapped_labels(["Trust", "Joy"], PLUTCHIK_TO_EMONET) == {"Trust": None, "Joy": "Joy"}
    with pytest.raises(EmocamError, match=r"does not know 'joy' of the album \(did you mean 'Joy'\?\)"):
        mapped_labels(["joy"], PLUTCHIK_TO_EMONET, "the album")
    with pytest.raises(EmocamError, match="the one for Emotion Dataset labels does not know 'meh'"):
        affect_groups(["awe", "contentment", "meh"])
    assert affect_groups(["Negative", "positive"])["Negative"] == "negative"
