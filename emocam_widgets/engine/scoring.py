"""Methods and scores of importance against the embedded world's measured truth, or one that is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from emocam_widgets.analysis.importance import SCORES
from emocam_widgets.analysis.method_scores import score_against_truth
from emocam_widgets.engine.reporting import reporting
from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.analysis.truth import Criteria
    from emocam_widgets.run import Run


def score_methods(
    run: Run,
    methods: Sequence[str] | None = None,
    scores: Sequence[str] | None = None,
    *,
    truth: pd.DataFrame | None = None,
    planted: pd.DataFrame | None = None,
    things_only: bool = False,
    threshold: float | None = None,
    min_confidence: float | None = None,
    criteria: Criteria | None = None,
    bootstrap: int = 500,
    shuffles: int = 20,
    level: float = 0.95,
    seed: int = 0,
    progress: Callable[[int, int], object] | bool = True,
) -> pd.DataFrame:
    """How well each method and score of a run finds what its classifier uses: `score_against_truth`, whose table it is.

    Args:
        run: an opened run.
        truth: object_class, label, n, effect, low, high; by default what was measured for the embedded world, where
            the run is of that.
        planted: object_class, label, kind; by default as for ``truth``, and no row where a truth is given.
        things_only: leave out people and their parts, which nearly every image shows (`emocam_widgets.demo.PEOPLE`).
        methods, scores, threshold, min_confidence, criteria, bootstrap, shuffles, level, seed: as in
            `analysis.method_scores.score_against_truth`.
        progress: a function of (done, total) called after each method and score, True for a bar, False for silence.

    Raises:
        UnknownNameError: one of the names is not known; the nearest is named.
        EmocamError: no truth is known for the run, or a table lacks a column, or an argument is out of its range.
    """
    from emocam_widgets import demo

    if truth is None:
        if run.manifest.corpus.kind != "demo":
            raise EmocamError(
                f"No truth is known for the run {str(run.path)!r}: it was measured for the embedded world alone; "
                "pass truth=, a table of object_class, label, n, effect, low and high."
            )
        truth = demo.measured_truth()
        planted = demo.planted() if planted is None else planted
    if planted is None:
        planted = demo.planted().iloc[:0]
    if things_only:
        truth = truth[~truth["object_class"].isin(demo.PEOPLE)]
    total = len(set(run.methods if methods is None else methods)) * len(set(SCORES if scores is None else scores))
    with reporting(progress, total, "Scoring", "score") as report:
        return score_against_truth(
            run,
            truth,
            planted,
            methods,
            scores,
            threshold=threshold,
            min_confidence=min_confidence,
            criteria=criteria,
            bootstrap=bootstrap,
            shuffles=shuffles,
            level=level,
            seed=seed,
            progress=report,
        )
