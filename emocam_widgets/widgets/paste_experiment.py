"""PasteExperiment: what is pasted onto which images, what that costs, and the bars of what it does (EmoCAM, Fig. 7)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets as t
from ipywidgets import widget_serialization

from emocam_widgets import demo
from emocam_widgets.analysis.paste import PasteResult
from emocam_widgets.engine.live_pasting import PastePlan, plan_pastes
from emocam_widgets.engine.paste_places import POSITIONS
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.widgets.base import LiveWidget, static
from emocam_widgets.widgets.editor_palette import Palette
from emocam_widgets.widgets.paste_bars import PasteBars
from emocam_widgets.widgets.paste_session import PasteSession

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run

PLACES = {"grid": POSITIONS, "middle": ((0.5, 0.5),)}
"""Where it is pasted, by the name of the choice."""

NO_WORKER = "To run the paste experiment, pass a worker with the classifier that made the run: emo.Worker(classifier)."


class PasteExperiment(LiveWidget):
    """The paste experiment over images of a run: what is pasted, onto how many images of which label, and the bars.

    It is computed by the worker, after whatever is asked interactively, and shown while it grows. With
    `emo.paste_experiment` it can be had in other sizes, at other places and with own pictures.

    Args:
        run: where the images come from. Pastes that it holds already are shown.
        worker: with the classifier that made the run; without one nothing can be started here.
        session: of another such widget, whose experiment is gone on with.

    Traits, all shared with the front end and to be set or observed from Python:
        things: names of shipped sprites that are pasted (`emo.demo.sprites()`).
        label: only images that the run's classifier predicts as this, or None.
        count: onto how many images, drawn at random where there are more.
        control: whether the grey silhouette of each thing is pasted too, at the same places.
        places: "grid" (4 x 4 and the centre, the 17 of `paste_experiment`) or "middle".
        cost: what that takes: images, available (of how many), pastes (predictions), seconds (or None where it is not
            known how long one takes); or problem, a sentence, where it cannot be done.
        trial: how the experiment stands: state ("running", "done", "cancelled" or "failed"), objects, control, label,
            places, images, available, pastes, done (images), unreadable (of those), found ([variant, switched,
            pastes] so far), seconds_left, seed, note; when failed sentence and details; or None.
        bars: the `PasteBars` of what was found so far, or None before that.
        hint: what is missing before anything can be started, a sentence, or "".

    Attributes:
        result: the `PasteResult` of what was found so far, or None.

    Raises:
        UnknownNameError: a trait names something that there is not.
    """

    _esm, _css = static("paste")

    things: t.List[str] = t.List(t.Unicode(), ["rugby ball"]).tag(sync=True)
    label = t.Unicode(None, allow_none=True).tag(sync=True)
    count = t.Int(50, min=1).tag(sync=True)
    control = t.Bool(True).tag(sync=True)
    places = t.Unicode("grid").tag(sync=True)
    cost: t.Dict[str, Any] = t.Dict().tag(sync=True)
    trial: t.Dict[str, Any] = t.Dict(default_value=None, allow_none=True).tag(sync=True)
    bars = t.Instance(PasteBars, allow_none=True).tag(sync=True, **widget_serialization)
    hint = t.Unicode("").tag(sync=True)
    _sprites: t.List[dict[str, str]] = t.List().tag(sync=True)
    _labels: t.List[list[Any]] = t.List().tag(sync=True)
    _synthetic = t.Bool(False).tag(sync=True)

    def __init__(
        self, run: Run, worker: Worker | None = None, session: PasteSession | None = None, **traits: Any
    ) -> None:
        self.run, self.worker = run, worker
        self.session = session or PasteSession()
        self.result: PasteResult | None = None
        self._showing = threading.RLock()
        self._palette = Palette()
        sprites = [{"name": one.name, "object_class": one.object_class} for one in demo.sprites().values()]
        hint = "" if worker else NO_WORKER
        super().__init__(_sprites=sprites, _synthetic=run.synthetic, hint=hint, **traits)
        self.on_message("sprites", self._send_sprites)
        self.on_message("run", self._start)
        self.on_message("cancel", self._cancel)
        self.observe(lambda _change: self._say_cost(), ["things", "label", "count", "control", "places"])
        self.update_run(run)
        self._ignore = self.session.listen(self._follow)
        self._follow()
        if worker is not None:
            self.session.probe(run, worker)

    # -- what Python users call ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run the experiment as it is chosen; returns at once, `trial` and `bars` follow.

        Raises:
            EmocamError: there is no worker, or nothing to paste or to paste onto.
        """
        if self.worker is None:
            raise EmocamError(NO_WORKER)
        self.session.start(self.run, self.worker, self._plan(self.worker))

    def cancel(self) -> None:
        """Stop the experiment; what it has found stays."""
        self.session.cancel()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the experiment has ended; False where it has not after so many seconds."""
        return self.session.wait(seconds)

    def update_run(self, run: Run) -> None:
        """Take the same run as it is by now, holding more than before."""
        self.run = run
        counts = run.images["label"].value_counts()
        self._labels = [[label, int(counts[label])] for label in run.labels if counts.get(label, 0)]
        self._say_cost()

    def close(self) -> None:
        """Close the widget and its bars; an experiment that runs goes on, for whoever takes its session over."""
        self._ignore()
        if self.bars is not None:
            self.bars.close()
        super().close()

    # -- state ---------------------------------------------------------------------------------------------------------

    @t.validate("things")
    def _known_things(self, proposal: Mapping[str, Any]) -> list[str]:
        return [known_name("sprite", name, demo.sprites()) for name in dict.fromkeys(proposal["value"])]

    @t.validate("label")
    def _known_label(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        return None if value is None else known_name("label", value, self.run.labels)

    @t.validate("places")
    def _known_places(self, proposal: Mapping[str, Any]) -> str:
        return known_name("choice of places", proposal["value"], PLACES)

    def _plan(self, worker: Worker) -> PastePlan:
        return plan_pastes(
            self.run, worker, self.things,
            label=self.label, n=self.count, control=self.control, positions=PLACES[self.places],
        )  # fmt: skip

    def _say_cost(self) -> None:
        if self.worker is None:
            return
        try:
            plan = self._plan(self.worker)
        except EmocamError as error:
            self.cost = {"problem": str(error)}
            return
        seconds = None if self.session.seconds is None else round(self.session.seconds * plan.n_pastes, 1)
        self.cost = {
            "images": len(plan.image_ids), "available": plan.available, "pastes": plan.n_pastes, "seconds": seconds,
        }  # fmt: skip

    def _follow(self) -> None:
        """What the session says; before it has begun, the pastes that the run holds."""
        with self._showing:
            found = self.session.result
            if self.session.state is None and not self.run.pastes.empty:
                found = self.run.paste_result
            if found is not None and found is not self.result:
                self.result = found
                if self.bars is None:
                    self.bars = PasteBars(found, self.run)
                else:
                    self.bars.update(found)
            self.set_trait("trial", self.session.state)
            if self.session.state is None or self.session.state["state"] != "running":
                self._say_cost()

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _start(self, _request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self.start()
        return {}

    def _cancel(self, _request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self.cancel()
        return {}

    def _send_sprites(self, _request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """The things that can be pasted, with a small PNG of each."""
        names, pictures = self._palette.pictures()
        return {"names": names}, pictures
