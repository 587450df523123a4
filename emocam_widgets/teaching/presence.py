"""Presence is not use: cells of the heatmap that stand out although the classifier does not need what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from emocam_widgets import demo
from emocam_widgets.analysis.association import PRESENCE, Association
from emocam_widgets.analysis.truth import MIN_EFFECT
from emocam_widgets.teaching.steps import Exercise, Step

if TYPE_CHECKING:
    from emocam_widgets.run import Run
    from emocam_widgets.widgets.heatmap import AssociationHeatmap

_PAIR = ["object_class", "label"]


def known_truth(run: Run) -> pd.DataFrame | None:
    """What the run's classifier was measured to use, where that is known: of the embedded world alone."""
    return demo.measured_truth() if run.manifest.corpus.kind == "demo" else None


def presence_and_use(run: Run, truth: pd.DataFrame | None = None) -> pd.DataFrame:
    """The strong cells of a run's association, beside how often the class is merely there and what taking it away does.

    Args:
        run: with the maps of a method.
        truth: object_class, label, effect, low, high; by default what was measured for the embedded world.

    Returns:
        object_class, label, highlighted, present (shares of the label's images, 0..1), lift, effect (change of the
        label's probability, -1..1) with low and high (its 95 % interval; null where it was not measured) and used.
    """
    strong = run.association().strong()
    there = run.association(threshold=PRESENCE).cells()[[*_PAIR, "fraction"]]
    table = strong.merge(there.rename(columns={"fraction": "present"}), on=_PAIR).rename(
        columns={"fraction": "highlighted"}
    )
    known = known_truth(run) if truth is None else truth
    columns = [*_PAIR, "effect", "low", "high"]
    measured = pd.DataFrame(columns=columns) if known is None else known[columns]
    table = table.merge(measured, on=_PAIR, how="left")
    table["used"] = (table["effect"] >= MIN_EFFECT) & (table["low"] > 0)
    return table[[*_PAIR, "highlighted", "present", "lift", "effect", "low", "high", "used"]].round(3)


def check_bystander(association: Association, cell: Sequence[str] | None, truth: pd.DataFrame | None) -> Step:
    """Is the cell one that stands out, though taking the thing away changes nothing?"""
    task = "Find a cell that stands out in its row, although the classifier does not use what is in it. Click it."
    if not cell:
        return Step(task, False, "Click a strong cell; what happens when the thing is taken away is then said here.")
    object_class, label = cell
    strong = association.strong()
    rows = strong[(strong["object_class"] == object_class) & (strong["label"] == label)]
    if rows.empty:
        return Step(
            task, False, f"{object_class} does not stand out for {label}. Look for a pale row with one dark cell."
        )
    said = (
        f"{object_class}: in {rows['fraction'].iloc[0]:.0%} of {label}, in {rows['elsewhere'].iloc[0]:.0%} elsewhere."
    )
    if truth is None:
        return Step(task, True, f"{said} Nobody measured for these images whether it is used: try it.")
    known = truth[(truth["object_class"] == object_class) & (truth["label"] == label)]
    if known.empty:
        return Step(task, False, f"{said} But its effect was not measured; choose another.")
    effect, low, high = (float(known[name].iloc[0]) for name in ("effect", "low", "high"))
    measured = f"Drawn again without it, the scenes lose {100 * effect:.1f} points of {label} ({low:.2f} to {high:.2f})"
    if effect >= MIN_EFFECT and low > 0:
        return Step(task, False, f"{said} {measured}: it is used. Another one stands out as well, and is not.")
    return Step(task, True, f"{said} {measured}: it is often there, and not used.")


def check_tried(result: Mapping[str, Any] | None, cell: Sequence[str] | None) -> Step:
    """Was the thing of that cell pasted onto images of other labels?"""
    task = "Put it to the test: press Try it in the sentence about the cell, and wait for the result."
    if not cell:
        return Step(task, False, "")
    if not result or list(result.get("cell", ())) != list(cell):
        return Step(task, False, f"It pastes such a thing onto images that are not {cell[1]}, and grey beside it.")
    if result["state"] == "failed":
        return Step(task, False, str(result.get("sentence", "")))
    if result["state"] != "done":
        return Step(task, False, f"{result.get('n', 0)} of {result.get('images', 0)} so far.")
    remark = (
        f"Pasted onto {result['n']} images of other labels, it made {result['to_label']} of them {cell[1]}; its grey "
        f"silhouette made {result['control_to_label']}."
    )
    return Step(task, True, remark)


def presence_is_not_use(heatmap: AssociationHeatmap, truth: pd.DataFrame | None = None) -> Exercise:
    """The second exercise of notebook 06: a strong cell that is not used, and the trial that shows it.

    Args:
        heatmap: of a run, with a worker.
        truth: object_class, label, effect, low, high; by default what was measured for the embedded world.

    Returns:
        The list of steps, to be shown under the heatmap.
    """
    known = known_truth(heatmap.run) if truth is None else truth
    found: list[str] = []

    def cell() -> Step:
        step = check_bystander(heatmap.association, heatmap.cell, known)
        if step.done:
            found[:] = list(heatmap.cell)
        return step

    return Exercise([cell, lambda: check_tried(heatmap.try_result, found)], [(heatmap, ["cell", "try_result"])])
