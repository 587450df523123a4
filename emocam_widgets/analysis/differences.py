"""The difference of two associations: where one method highlights a class more often with a label than another does."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emocam_widgets.analysis.association import Association
from emocam_widgets.errors import EmocamError


def fraction_difference(first: Association, second: Association, top: int = 12) -> pd.DataFrame:
    """M'_A of the first less that of the second, -1..1: object classes (rows) by labels.

    Args:
        first, second: of the same images, classes and labels.
        top: how many classes, those with the greatest mean absolute difference over the labels, greatest first;
            classes without any are left out.

    Raises:
        EmocamError: they have not the same classes and labels.
    """
    if (first.classes, first.labels) != (second.classes, second.labels):
        raise EmocamError("Two associations with different object classes or labels have no difference.")
    values = first.fractions.to_numpy() - second.fractions.to_numpy()
    mean = np.abs(values).mean(axis=1) if values.shape[1] else np.zeros(len(values))
    order = np.argsort(-mean, kind="stable")[: max(int(top), 0)]
    order = order[mean[order] > 0]
    return pd.DataFrame(values[order], index=[first.classes[row] for row in order], columns=list(first.labels))
