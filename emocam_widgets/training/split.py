"""The stratified split of annotated images into training, validation and test, and its table in the work folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
UNREADABLE = "unreadable"
COLUMNS = ("corpus", "image_id", "label", "part")


def stratified_parts(
    strata: Sequence[str], validation: float, test: float, seed: int, coarser: Sequence[str] | None = None
) -> list[Part]:
    """The part of each image, by scikit-learn's stratified split: every stratum has the same shares in every part.

    `strata` is one name per image (its data set and label), `coarser` another (its label) that is taken where there
    are more strata than images in a part; `validation` and `test` are shares (0..1) of all images. A stratum of one
    image goes with the largest one. Raises EmocamError where there are too few images for three parts.
    """
    names = [pd.Series(list(each), dtype=str) for each in (strata, coarser) if each is not None]
    rows = np.arange(len(strata))
    try:
        rest, tested = _in_two(rows, test, names, seed)
        trained, validated = _in_two(rest, validation / (1 - test), names, seed)
    except ValueError as error:
        raise EmocamError(
            f"{len(rows)} annotated images cannot be split into training, validation ({validation:g}) and test "
            f"({test:g}); give more images or greater shares."
        ) from error
    parts = np.empty(len(rows), object)
    for part, chosen in zip(PARTS, (trained, validated, tested), strict=True):
        parts[chosen] = part
    return list(parts)


def _in_two(
    rows: NDArray[np.intp], share: float, names: Sequence[pd.Series[str]], seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows without a share of them, and that share, stratified by the finest names for which both are enough."""
    from sklearn.model_selection import train_test_split

    smaller = min(math.ceil(share * len(rows)), math.floor((1 - share) * len(rows)))
    for each in names:
        here = each.iloc[rows]
        if here.nunique() <= smaller:
            joined = here.where(here.map(here.value_counts()) > 1, here.mode()[0])
            return train_test_split(rows, test_size=share, random_state=seed, stratify=joined)
    return train_test_split(rows, test_size=share, random_state=seed)


def write_split(path: Path, split: pd.DataFrame) -> None:
    """The table (columns `COLUMNS`) as CSV, whole or not at all."""
    partial = path.with_suffix(".partial")
    split.loc[:, list(COLUMNS)].to_csv(partial, index=False)
    partial.replace(path)


def read_split(path: str | Path) -> pd.DataFrame:
    """The table that a training wrote: corpus, image_id, label, part ("train", "validation", "test", "unreadable").

    Raises EmocamError where the file is missing or has other columns.
    """
    path = Path(path)
    if not path.is_file():
        raise EmocamError(f"There is no file {path}; expected the split.csv of a training's work folder.")
    try:
        split = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise EmocamError(f"{path} cannot be read as a table ({error}); expected a training's split.csv.") from error
    missing = [column for column in COLUMNS if column not in split.columns]
    if missing:
        raise EmocamError(
            f"{path} has the columns {', '.join(map(str, split.columns))}; expected {', '.join(COLUMNS)} of a "
            "training's split.csv."
        )
    return split
