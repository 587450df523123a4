"""The association matrix that the EmoCAM paper printed (its Fig. 2), to hold an own one beside.

It is EmoNet's, over the FindingEmo corpus, by Grad-CAM: what the authors found, nothing that this package computed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from emocam_widgets.errors import EmocamError

FILE = Path(__file__).parent / "emocam_figure2.csv"
SOURCE = "EmoCAM, Fig. 2: EmoNet on FindingEmo, Grad-CAM, importance above 0.3"
"""Where the numbers come from, for captions."""


def published_association() -> pd.DataFrame:
    """M'_A as the EmoCAM paper printed it in Fig. 2: the 25 most prominent Open Images classes by EmoNet's 20 labels.

    Returns:
        Shares of the label's images, 0..1, as printed (two digits), rows and columns in the paper's order. nan stands
        for the cells of the figure that could not be read. The figure does not say how many images stand behind a
        cell, so that no interval can be given.

    Raises:
        EmocamError: the file is missing, which means that the installation is damaged.
    """
    return _read().copy()


@cache
def _read() -> pd.DataFrame:
    if not FILE.is_file():
        raise EmocamError(f"The published figure {FILE.name} is missing from {FILE.parent}: reinstall emocam-widgets.")
    table = pd.read_csv(FILE, index_col="object_class")
    table.columns.name = "label"
    return table.astype("float64")
