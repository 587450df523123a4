"""The second paper's result tables, as printed, beside both averages of their own rows and the baseline."""

from __future__ import annotations

from typing import Any

import pandas as pd

from emocam_widgets.analysis.agreement import MACRO, MEASURES, SUPPORT, WEIGHTED, averages
from emocam_widgets.labels import AFFECT_LABELS
from emocam_widgets.teaching.steps import Question

ALBUM = "Photography (the author's album)"
PUBLISHED: dict[str, dict[str, Any]] = {
    "WikiArt Emotions": {
        "rows": ((0.30, 0.48, 0.37, 164), (0.68, 0.61, 0.64, 244), (0.72, 0.59, 0.65, 412)),
        "average": (0.62, 0.57, 0.59),
        "accuracy": 0.57,
    },
    "Emotion Dataset": {
        "rows": ((0.63, 0.71, 0.67, 2264), (0.0, 0.0, 0.0, 0), (0.85, 0.77, 0.81, 4471)),
        "average": (0.78, 0.75, 0.76),
        "accuracy": 0.75,
    },
    "both together": {
        "rows": ((0.60, 0.70, 0.64, 2428), (0.44, 0.61, 0.51, 244), (0.84, 0.76, 0.80, 4883)),
        "average": (0.63, 0.69, 0.65),
        "accuracy": 0.73,
    },
    ALBUM: {
        "rows": ((0.44, 1.00, 0.62, 4), (0.0, 0.0, 0.0, 4), (0.71, 0.62, 0.67, 8)),
        "average": (0.39, 0.56, 0.49),
        "accuracy": 0.56,
    },
}
"""Fields, "Model Performance": precision, recall, F1 and support of negative, other and positive, the row that the
paper calls "Weighted Average", and the accuracy. All as printed, two digits."""


def published_results() -> pd.DataFrame:
    """The paper's four tables in short, one row each.

    Returns:
        support; accuracy and "F1, as printed" (its "Weighted Average"), both as printed; the macro and the weighted
        average F1 of the table's own rows (labels without any image left out); the majority label, and the accuracy of
        always answering it.
    """
    rows = {name: _summary(table) for name, table in PUBLISHED.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("the paper's table").round(2)


def _summary(table: dict[str, Any]) -> dict[str, Any]:
    per_label = pd.DataFrame(table["rows"], index=list(AFFECT_LABELS), columns=[*MEASURES, SUPPORT])
    both = averages(per_label[per_label[SUPPORT] > 0])["f1-score"]
    support = per_label[SUPPORT]
    return {
        "support": int(support.sum()),
        "accuracy": table["accuracy"],
        "F1, as printed": table["average"][MEASURES.index("f1-score")],
        f"F1, {MACRO}": both[MACRO],
        f"F1, {WEIGHTED}": both[WEIGHTED],
        "majority label": support.idxmax(),
        "always that": support.max() / support.sum(),
    }


def baseline_question(**settings: Any) -> Question:
    """How would a model that always says the same fare on the album? The right answer is read from the supports.

    Args:
        settings: of the `Question`.
    """
    row = published_results().loc[ALBUM]
    right = f"{row['always that']:.2f}"
    choices = dict.fromkeys(
        sorted({right, "0.33", "0.65", "0.75"}),
        "Divide the images of the most frequent label by all of them: the supports are in the paper's table, and the "
        "answer is in a column of the one above.",
    )
    choices[right] = (
        f"So the album's accuracy of {row['accuracy']:.2f} is {row['accuracy'] - row['always that']:+.2f} from a model "
        f"that looks at no photograph. {row['support']} images are few: an accuracy needs its baseline beside it."
    )
    question = "On the photographer's own album: what accuracy has a model that always gives the most frequent label?"
    return Question(question, choices, right, **settings)
