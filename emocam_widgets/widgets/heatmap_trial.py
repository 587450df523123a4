"""The heatmap's "Try it": runs one trial at a time in a thread and tells the widget how it stands after every image."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from emocam_widgets.engine.compose import paste
from emocam_widgets.engine.trial import Plan, Tally, Tried, run_trial
from emocam_widgets.errors import EmocamError
from emocam_widgets.widgets.background import Background
from emocam_widgets.widgets.thumbnails import encode_jpeg, shrink

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run

PICTURE_SIDE = 240


class TrialSession(Background):
    """One trial at a time; starting another, or closing, cancels it.

    Args:
        tell: called with the state so far (the trait ``try_result``), from the trial's thread.
        picture: called with an image id and the JPEG of what was pasted onto it.
        failed: called with an error that is nobody's fault but ours.
    """

    def __init__(
        self,
        tell: Callable[[dict[str, Any]], None],
        picture: Callable[[str, bytes], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        super().__init__()
        self._tell, self._picture, self._failed = tell, picture, failed

    def start(self, cell: list[str], plan: Callable[[], Plan], run: Run, worker: Worker) -> None:
        """Plans and runs a trial; returns at once."""
        self.cancel()
        self._stop = stop = threading.Event()
        self._tell({"state": "planning", "cell": cell})
        self._begin("trial", lambda: self._run(cell, plan, run, worker, stop))

    def _run(self, cell: list[str], plan: Callable[[], Plan], run: Run, worker: Worker, stop: threading.Event) -> None:
        state: dict[str, Any] = {"cell": cell}
        try:
            made = plan()
            tally = Tally(made.cell[1])
            rows: list[dict[str, Any]] = []
            state = planned_state(made)
            self._say(stop, state | counted(tally, rows))
            for one in run_trial(run, made, worker, stop.is_set):
                tally.add(one)
                rows.append(tried_row(one, made.cell[1]))
                state |= counted(tally, rows)
                self._say(stop, state)
                self._show(run, made, one, stop)
            if stop.is_set():
                self._tell_last(stop, {**state, **counted(tally, rows), "state": "cancelled"})
            else:
                self._say(stop, {**state, **counted(tally, rows), "state": "done"})
        except EmocamError as error:
            self._say(stop, {**state, "state": "failed", "sentence": str(error)})
        except Exception as error:  # noqa: BLE001  a thread's boundary: nobody above could show it
            self._say(stop, {**state, "state": "failed", "sentence": "The trial broke off."})
            self._failed(error)

    def _show(self, run: Run, made: Plan, one: Tried, stop: threading.Event) -> None:
        if stop.is_set():
            return
        picture = shrink(run.open_image(one.image_id), 2 * PICTURE_SIDE)
        pasted = paste(picture, {made.thing.name: made.thing.picture}, [made.placement])
        self._picture(one.image_id, encode_jpeg(shrink(pasted, PICTURE_SIDE)))

    def _say(self, stop: threading.Event, state: dict[str, Any]) -> None:
        if not stop.is_set():
            self._tell(dict(state))

    def _tell_last(self, stop: threading.Event, state: dict[str, Any]) -> None:
        """What a cancelled trial found, unless another has begun since."""
        if stop is self._stop:
            self._tell(state)


def planned_state(plan: Plan) -> dict[str, Any]:
    """What is going to be done."""
    return {
        "state": "running",
        "cell": list(plan.cell),
        "thing": plan.thing.name,
        "thing_class": plan.thing.object_class,
        "source": plan.thing.source,
        "placement": asdict(plan.placement),
        "images": len(plan.image_ids),
        "available": plan.available,
        "seed": plan.seed,
        "note": plan.note,
        "choices": list(plan.choices),
    }


def counted(tally: Tally, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What was found so far."""
    transitions = [[before, after, count] for (before, after), count in tally.transitions.most_common()]
    return {
        "rows": list(rows),
        "n": tally.n,
        "switched": tally.switched,
        "to_label": tally.to_label,
        "control_switched": tally.control_switched,
        "control_to_label": tally.control_to_label,
        "transitions": transitions,
    }


def tried_row(one: Tried, label: str) -> dict[str, Any]:
    """One image: its labels, and the tried label's probabilities (0..1)."""
    return {
        "image_id": one.image_id,
        "before": one.before.label,
        "after": one.after.label,
        "control": one.control.label,
        "p_before": round(one.before.probability(label), 4),
        "p_after": round(one.after.probability(label), 4),
        "p_control": round(one.control.probability(label), 4),
    }
