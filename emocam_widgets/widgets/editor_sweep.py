"""The sweep whose map lies on the editor's picture: computed pass by pass for one view, told to all of them.

Every answer goes to every view, so that each can paint the same map; one that comes later asks for what there is.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from emocam_widgets.engine.region_edits import RegionEdit, parse_edits
from emocam_widgets.engine.sweep import Sweep
from emocam_widgets.errors import EmocamError
from emocam_widgets.widgets.base import Buffer, float_buffer
from emocam_widgets.widgets.editor_placements import shown

if TYPE_CHECKING:
    from emocam_widgets.widgets.editor import ObjectEditor

Answer = tuple[dict[str, Any], list[Buffer]]


@dataclass
class _Shown:
    """A sweep, the number by which the views know it, and what it is of."""

    number: int
    image: Image.Image
    sweep: Sweep
    edits: list[RegionEdit]
    running: bool = True


class SharedSweep:
    """Answers one editor's questions about its sweep; see `ObjectEditor`."""

    def __init__(self, editor: ObjectEditor) -> None:
        self._editor = editor
        self._shown: _Shown | None = None
        self._made_here = 0
        self._lock = threading.Lock()

    def answer(self, request: dict[str, Any], _buffers: Sequence[memoryview]) -> Answer:
        """One message of a view.

        `start` says what is swept and gives the order of the cells; then the view asks for some `cells` (n) at a time,
        several times at once, and gets their answers, float32 (n, k). `stop`, or the end, sets the trait
        `sweep_result`. `clear` takes the map off the picture. `show` asks what map there is.
        """
        if request.get("show"):
            return self._whole()
        if request.get("start"):
            return self._start(request)
        number = request["run"]
        current = self._current
        if current is None or current.number != number:
            if request.get("stop") or request.get("clear"):
                return {"run": number}, []
            raise EmocamError("This sweep has ended; start it again.")
        if request.get("stop"):
            current.running = False
            self._editor.sweep_result = current.sweep.result()
            return {"run": number, "stopped": True}, []
        if request.get("clear"):
            self._shown = None
            return {"run": number, "cleared": True}, []
        return self._pass(current, [int(cell) for cell in request["cells"]])

    def show(self, sweep: Sweep, edits: list[RegionEdit]) -> None:
        """A sweep that was made in Python, for all views."""
        with self._lock:
            self._made_here -= 1  # never a view's own number
            number = self._made_here
        self._shown = _Shown(number, self._editor._needed_picture().image, sweep, edits, running=False)
        content, buffers = self._whole()
        self._editor.send({"kind": "sweep", **content}, buffers)

    @property
    def _current(self) -> _Shown | None:
        """None where the image is another one by now."""
        known, picture = self._shown, self._editor._picture
        return known if known is not None and picture is not None and picture.image is known.image else None

    def _start(self, request: dict[str, Any]) -> Answer:
        editor = self._editor
        placements = shown(editor._layers(request["placements"]))
        labels = editor._needed_worker().labels
        sweep = Sweep(labels, placements, int(request["index"]), int(request["columns"]), int(request["rows"]))
        edits = parse_edits(request.get("edits", ()))
        self._shown = _Shown(request["run"], editor._needed_picture().image, sweep, edits)
        content, buffers = self._whole()
        return {"run": request["run"], "order": sweep.order, **content}, buffers

    def _pass(self, current: _Shown, cells: list[int]) -> Answer:
        picture, sweep = self._editor._needed_picture(), current.sweep
        found = picture.submit_cells(sweep, cells, current.edits).result()
        sweep.take(cells, found)
        if sweep.done:
            current.running = False
        # What was under way when it was stopped is painted too, so it is in the trait as well.
        if not current.running and self._current is current:
            self._editor.sweep_result = sweep.result()
        return {"run": current.number, "cells": cells}, [float_buffer(found)]

    def _whole(self) -> Answer:
        """What there is of the map; nothing where what is on the picture is not what was swept."""
        current = self._current
        if current is None or not self._fits(current):
            return {}, []
        result = current.sweep.result()
        known = np.flatnonzero(~np.isnan(result.probabilities).any(axis=1))
        content = {
            "run": current.number,
            "columns": result.columns,
            "rows": result.rows,
            "index": current.sweep.index,
            "cells": known.tolist(),
            "running": current.running,
        }
        return content, [float_buffer(result.probabilities[known])]

    def _fits(self, current: _Shown) -> bool:
        """Where the swept thing is now makes no difference."""
        editor, sweep = self._editor, current.sweep
        now = shown(editor._layers(editor.placements))
        if len(now) != len(sweep.placements) or parse_edits(editor.edits) != current.edits:
            return False
        here = now[sweep.index]
        swept = replace(sweep.placements[sweep.index], x=here.x, y=here.y)
        return now == [*sweep.placements[: sweep.index], swept, *sweep.placements[sweep.index + 1 :]]
