"""RsaMatrix: how alike the methods' association matrices are, and what maps that know nothing would reach."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import traitlets as t

from emocam_widgets.analysis.association import Association
from emocam_widgets.analysis.differences import fraction_difference
from emocam_widgets.analysis.importance import SCORES, default_threshold
from emocam_widgets.analysis.rsa import MATRICES, VARIANTS, Rsa, rsa
from emocam_widgets.engine.adding import addable_methods
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.widgets.base import LiveWidget, float_buffer, int_buffer, static
from emocam_widgets.widgets.method_session import MethodSession

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run

_SETTINGS = ("methods", "score", "threshold", "on", "variant", "bootstrap", "shuffles")
NO_WORKER = (
    "To add a method, pass a worker with the classifier that made the run: RsaMatrix(run, emo.Worker(classifier))."
)
_TABLES = ("rho", "p_value", "low", "high", "shuffled")


class RsaMatrix(LiveWidget):
    """The rank correlations between the association matrices of a run's methods; a pair shows where the two differ.

    The correlations come at once; their intervals and the controls, which take many resamples, when they are there.

    Args:
        run: an opened run. With one method it says how another is added.
        worker: with the classifier that made the run: then another method can be added here, to the run's folder.

    Traits, all shared with the front end and to be set or observed from Python:
        methods: which of the run's methods; empty: all.
        score, threshold: when a box counts, as in `emo.rsa`; a threshold of None is the score's own.
        on, variant: what is correlated, as in `emo.rsa`.
        bootstrap, shuffles: how many resamples the intervals, and how many exchanges the controls, are taken from.
        pair: [method, other] whose difference is shown, or None.
        top: how many object classes the difference shows.
        status: "running", "done" or "failed".
        problem: why it failed, a sentence, or "".
        adding: how the method stands that is being added: state ("running", "done", "cancelled" or "failed"), method,
            done and total (images), seconds_left; when failed sentence and details; or None.
        run_revision: counts how often the run has grown since (`update_run`); not to be set.

    Attributes:
        result: the `analysis.rsa.Rsa`, or None before it is there.

    Raises:
        UnknownNameError: a setting names something that the run does not have.
    """

    _esm, _css = static("rsa")

    methods: t.List[str] = t.List(t.Unicode()).tag(sync=True)
    score = t.Unicode("mean").tag(sync=True)
    threshold = t.Float(None, allow_none=True).tag(sync=True)
    on = t.Unicode("counts").tag(sync=True)
    variant = t.Unicode("spearman").tag(sync=True)
    bootstrap = t.Int(1000, min=0).tag(sync=True)
    shuffles = t.Int(10, min=0).tag(sync=True)
    pair = t.Any(None, allow_none=True).tag(sync=True)
    top = t.Int(12, min=1).tag(sync=True)
    status = t.Unicode("running").tag(sync=True)
    problem = t.Unicode("").tag(sync=True)
    adding: t.Dict[str, Any] = t.Dict(default_value=None, allow_none=True).tag(sync=True)
    run_revision = t.Int(0).tag(sync=True)
    _held: t.List[str] = t.List(t.Unicode()).tag(sync=True)
    _addable: t.List[str] = t.List(t.Unicode()).tag(sync=True)
    _scores = t.List(t.Unicode()).tag(sync=True)
    _synthetic = t.Bool(False).tag(sync=True)
    _cut = t.Float(0.3).tag(sync=True)
    _matrix = t.Dict().tag(sync=True)

    def __init__(self, run: Run, worker: Worker | None = None, **traits: Any) -> None:
        self.run = run
        self.worker = worker
        self._adder = MethodSession(lambda state: self.set_trait("adding", state), self.update_run)
        self.result: Rsa | None = None
        self._round = 0
        self._behind = False
        self._round_lock = threading.RLock()
        self._thread: threading.Thread | None = None
        super().__init__(_scores=list(SCORES), _synthetic=run.synthetic, **traits)
        self.observe(lambda _change: self.start(), list(_SETTINGS))
        self.on_message("difference", self._send_difference)
        self.on_message("table", self._send_table)
        self.on_message("add", self._add)
        self.on_message("add_cancel", self._cancel_adding)
        self._tell_methods()
        self.start()

    def start(self) -> None:
        """Compute (again) with the present settings, in a thread of its own."""
        with self._round_lock:
            self._round += 1
            self.status, self.problem = "running", ""
            self._cut = default_threshold(self.score) if self.threshold is None else self.threshold
            self._thread = threading.Thread(target=self._work, args=(self._round,), name="emocam-rsa", daemon=True)
            self._thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is computed; False where it is not after so many seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def add_method(self, method: str) -> None:
        """Add a method's maps to the run's folder, in a thread; `adding` follows, and then the matrix.

        Raises:
            EmocamError: there is no worker, or a method is being added already.
            UnknownNameError: it cannot be added: there is none of that name, or the run holds it.
        """
        if self.worker is None:
            raise EmocamError(NO_WORKER)
        self._adder.start(self.run, self.worker, known_name("method to add", method, addable_methods(self.run)))

    def cancel_adding(self) -> None:
        """Stop adding a method; nothing of it is kept in the run."""
        self._adder.cancel()

    def update_run(self, run: Run) -> None:
        """Show the same run as it is by now, holding more than before; the settings stay as they are."""
        others = run.methods != self.run.methods
        self.run = run
        self._tell_methods()
        self.run_revision += 1
        with self._round_lock:
            # A run that grows quickly must not begin one computation over the other.
            self._behind = self.status == "running" and not others
            if not self._behind:
                self.start()

    def close(self) -> None:
        """Close the widget; a method that is being added is not."""
        self._adder.cancel()
        super().close()

    @property
    def cut(self) -> float:
        """The threshold that holds: the trait's, or where that is None the score's own."""
        return self._cut

    def association(self, method: str) -> Association:
        """The association of a method at the present settings.

        Raises:
            UnknownNameError: the run has no such method.
        """
        return self.run.association(method, self.score, self._cut)

    def difference(self, pair: tuple[str, str] | None = None) -> pd.DataFrame:
        """Fractions under the first method less those under the second: the `top` classes by all labels.

        Args:
            pair: of methods; by default the trait's.

        Raises:
            EmocamError: no pair is chosen.
        """
        first, second = self._pair(pair)
        return fraction_difference(self.association(first), self.association(second), self.top)

    def figure(self) -> go.Figure:
        """The matrix as a plotly figure.

        Raises:
            EmocamError: it is not computed yet, or cannot be.
        """
        from emocam_widgets.figures.rsa import rsa_matrix

        if self.result is None:
            raise EmocamError(self.problem or "The correlations are not computed yet: wait() for them.")
        return rsa_matrix(self.result.rho, self.result.p_value, synthetic=self.run.synthetic)

    # -- state ---------------------------------------------------------------------------------------------------------

    @t.validate("methods")
    def _known_methods(self, proposal: Mapping[str, Any]) -> list[str]:
        return [known_name("method", name, self.run.methods) for name in dict.fromkeys(proposal["value"])]

    @t.validate("score", "on", "variant")
    def _known(self, proposal: Mapping[str, Any]) -> str:
        known = {"score": ("score", SCORES), "on": ("matrix", MATRICES), "variant": ("variant of RSA", VARIANTS)}
        kind, names = known[proposal["trait"].name]
        return known_name(kind, proposal["value"], names)

    @t.validate("pair")
    def _known_pair(self, proposal: Mapping[str, Any]) -> list[str] | None:
        value = proposal["value"]
        return None if value is None else list(self._pair(value))

    def _pair(self, pair: Any) -> tuple[str, str]:
        chosen = self.pair if pair is None else pair
        if chosen is None:
            raise EmocamError("No pair of methods is chosen: set pair, or pass one.")
        if isinstance(chosen, str) or not hasattr(chosen, "__len__") or len(chosen) != 2 or chosen[0] == chosen[1]:
            raise EmocamError(f"A pair is two different methods; got {chosen!r}.")
        first, second = (known_name("method", str(name), self.run.methods) for name in chosen)
        return first, second

    def _tell_methods(self) -> None:
        self._held = list(self.run.methods)
        self._addable = [] if self.worker is None else list(addable_methods(self.run))

    # -- computing -----------------------------------------------------------------------------------------------------

    def _work(self, number: int) -> None:
        stages = ((0, 0), (self.bootstrap, self.shuffles))
        try:
            for bootstrap, shuffles in stages:
                result = rsa(
                    self.run,
                    self.methods or None,
                    self.score,
                    self.threshold,
                    self.on,
                    variant=self.variant,
                    bootstrap=bootstrap,
                    shuffles=shuffles,
                )
                if not self._take(number, result, whole=(bootstrap, shuffles) == stages[-1]):
                    return
        except EmocamError as error:
            self._fail(number, str(error))
        except Exception as error:  # noqa: BLE001  a boundary: the thread would swallow it
            self._fail(number, "The correlations could not be computed.")
            self.show_error(error)

    def _take(self, number: int, result: Rsa, whole: bool) -> bool:
        """Shows a result; False where nobody waits for it any more."""
        with self._round_lock:
            if number != self._round:
                return False
            self.result = result
            self._matrix = {
                "methods": list(result.methods),
                **{name: float_buffer(getattr(result, name).to_numpy()) for name in _TABLES},
                "uniform": float_buffer(result.uniform.to_numpy()),
                "images": result.n_images,
                "values": result.n_values,
                "whole": whole,
            }
            if self.pair is not None and not set(self.pair) <= set(result.methods):
                self.pair = None
            if whole:
                self.status = "done"
                if self._behind:
                    self._behind = False
                    self.start()
        return True

    def _fail(self, number: int, sentence: str) -> None:
        with self._round_lock:
            if number == self._round:
                self.result = None
                self._matrix = {}
                self.status, self.problem = "failed", sentence

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _send_table(self, _request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """Every pair as a CSV."""
        if self.result is None:
            raise EmocamError(self.problem or "The correlations are not computed yet.")
        name = f"{self.run.manifest.corpus.name}-agreement-{self.result.score}.csv".replace("/", "-")
        return {"name": name}, [self.result.pairs().to_csv(index=False).encode()]

    def _add(self, request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self.add_method(str(request["method"]))
        return {}

    def _cancel_adding(self, _request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self.cancel_adding()
        return {}

    def _send_difference(
        self, request: dict[str, Any], _buffers: list[memoryview]
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Both methods' fractions of the classes that differ most, and the images per label."""
        first, second = self._pair(request["pair"])
        one, other = self.association(first), self.association(second)
        table = fraction_difference(one, other, self.top)
        rows = list(table.index)
        content = {"pair": [first, second], "classes": rows, "labels": list(table.columns)}
        fractions = (each.fractions.loc[rows].to_numpy() for each in (one, other))
        return content, [*map(float_buffer, fractions), int_buffer(one.n_images)]
