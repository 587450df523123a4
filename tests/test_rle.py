"""Masks and segment maps through text and back, random ones and the corner cases, and text that is damaged."""

from __future__ import annotations

import numpy as np
import pytest

from emocam_widgets.errors import EmocamError
from emocam_widgets.rle import decode_mask, decode_segments, encode_mask, encode_mask_at, encode_segments


@pytest.mark.parametrize("seed", range(60))
def test_random_masks_and_segments_come_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 40, 2))
    mask = random.random(shape) < random.choice([0.02, 0.5, 0.98])
    np.testing.assert_array_equal(decode_mask(encode_mask(mask)), mask)
    coarse = random.integers(0, random.integers(1, 50), (shape[0] // 4 + 1, shape[1] // 4 + 1))
    segments = np.kron(coarse, np.ones((4, 4), int))[: shape[0], : shape[1]]
    decoded = decode_segments(encode_segments(segments))
    np.testing.assert_array_equal(decoded, segments)
    assert decoded.dtype == np.int32 and decode_mask(encode_mask(mask)).dtype == np.bool_


def test_the_text_is_row_major_with_the_size_in_front() -> None:
    assert encode_mask(np.array([[False, True, True], [True, False, False]])) == "2 3 1 3 2"
    assert encode_mask(np.ones((2, 2), bool)) == "2 2 0 4"
    assert encode_mask(np.zeros((1, 5), bool)) == "1 5 5"
    assert encode_segments(np.array([[0, 0, 2], [2, 1, 1]], np.int16)) == "2 3 2 0 2 2 2 1"


def test_views_and_other_memory_orders_are_taken() -> None:
    mask = np.random.default_rng(0).random((12, 8)) < 0.5
    np.testing.assert_array_equal(decode_mask(encode_mask(mask.T[::-1])), mask.T[::-1])
    np.testing.assert_array_equal(decode_mask(encode_mask(np.asfortranarray(mask))), mask)


def test_a_big_mask_is_short_and_what_is_decoded_can_be_written() -> None:
    mask = np.zeros((2000, 3000), bool)
    mask[400:900, 1000:2000] = True
    text = encode_mask(mask)
    assert len(text) < 6000
    decoded = decode_mask(text)
    decoded[0, 0] = True
    assert decoded.sum() == mask.sum() + 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2 3",
        "2",
        "2 3 7",
        "2 3 5",
        "2 3 1 -3 8",
        "2 3 1 3 2 ",
        "2 3 1  3 2",
        "2 3 1 3.0 2",
        "2 3 1 3 2\n",
        "2 3 1 0 5",
        "0 3 0",
        "2 3 x",
        "99999 99999 9999800001",
        "1 5 99999999999999999999999",
        "2 3 \u0661 3 2",
        None,
        float("nan"),
    ],
)
def test_damaged_masks_are_refused(text: str) -> None:
    with pytest.raises(EmocamError, match="mask is damaged"):
        decode_mask(text)


@pytest.mark.parametrize(
    "text", ["", "2 3", "2 3 6", "2 3 5 0", "2 3 6 0 0 1", "2 3 6 -1", "2 3 6 4294967296", "2 3 6 0 0"]
)
def test_damaged_segments_are_refused(text: str) -> None:
    with pytest.raises(EmocamError, match="segment map is damaged"):
        decode_segments(text)


def test_what_is_no_mask_or_segment_map_is_a_fault_of_the_caller() -> None:
    for wrong in [np.zeros((2, 2)), np.zeros(4, bool), np.zeros((0, 3), bool)]:
        with pytest.raises(ValueError, match="mask"):
            encode_mask(wrong)
    for wrong in [np.zeros((2, 2)), np.zeros(4, int), np.full((2, 2), -1), np.full((1, 1), 2**31)]:
        with pytest.raises(ValueError, match="segment"):
            encode_segments(wrong)


@pytest.mark.parametrize("seed", range(60))
def test_a_part_is_written_as_the_whole_would_be(seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width = (int(side) for side in random.integers(1, 12, 2))
    top, left = int(random.integers(0, height + 1)), int(random.integers(0, width + 1))
    if seed % 3 == 0:
        left, top = 0, 0
    rows = height - top if seed % 2 else int(random.integers(0, height - top + 1))
    columns = width - left if seed % 3 == 0 else int(random.integers(0, width - left + 1))
    part = random.random((rows, columns)) < random.choice([0.2, 0.8, 1.1])
    whole = np.zeros((height, width), bool)
    whole[top : top + rows, left : left + columns] = part
    assert encode_mask_at(part, left, top, width, height) == encode_mask(whole)


def test_a_part_that_is_not_inside_is_a_fault_of_the_caller() -> None:
    for left, top in [(-1, 0), (0, -1), (3, 0), (0, 2)]:
        with pytest.raises(ValueError, match="not inside"):
            encode_mask_at(np.ones((2, 2), bool), left, top, 4, 3)
    with pytest.raises(ValueError, match="boolean"):
        encode_mask_at(np.ones((2, 2)), 0, 0, 4, 3)
