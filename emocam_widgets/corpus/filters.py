"""Which images of a corpus answer to conditions on their metadata."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError, UnknownNameError, known_name

ANNOTATION = "annotation"


def matching(metadata: pd.DataFrame, conditions: Mapping[str, Any]) -> NDArray[np.bool_]:
    """bool (images,): which rows answer to all conditions; see `Corpus.where`.

    Raises:
        UnknownNameError: a column, or a value of a column of text or lists, that does not occur.
        EmocamError: a condition that does not fit its column.
    """
    found = np.ones(len(metadata), bool)
    for column, condition in conditions.items():
        known_name("metadata", column, [str(name) for name in metadata])
        found &= _matching(metadata[column], condition)
    return found


def _matching(values: pd.Series, condition: Any) -> NDArray[np.bool_]:
    if values.map(lambda value: isinstance(value, tuple)).all():
        wanted = _wanted(values.name, condition, values.explode())
        return values.map(lambda parts: not wanted.isdisjoint(parts)).to_numpy(bool)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return _numbers(values, condition)
    return values.isin(list(_wanted(values.name, condition, values))).to_numpy(bool)


def _wanted(column: object, condition: Any, values: pd.Series) -> set[Any]:
    wanted = set(condition) if isinstance(condition, Collection) and not isinstance(condition, str) else {condition}
    known = list(dict.fromkeys(values.dropna()))
    for value in wanted:
        if value not in known:
            raise UnknownNameError(f"value of {column!r} in the corpus", value, [str(one) for one in known])
    return wanted


def _numbers(values: pd.Series, condition: Any) -> NDArray[np.bool_]:
    if isinstance(condition, tuple):
        if len(condition) != 2:
            raise EmocamError(f"{values.name!r} is a number and the condition is {condition!r}; expected (from, to).")
        low, high = (
            _number(values.name, end, default) for end, default in zip(condition, (-np.inf, np.inf), strict=True)
        )
        return values.between(low, high).to_numpy(bool)
    several = condition if isinstance(condition, Collection) and not isinstance(condition, str) else [condition]
    return values.isin([_number(values.name, one, math.nan) for one in several]).to_numpy(bool)


def _number(column: object, value: Any, default: float) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise EmocamError(f"{column!r} is a number and was to be {value!r}; expected a number, a list, or (from, to).")
    return float(value)
