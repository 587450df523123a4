"""AssociationHeatmap: which object classes go with which labels. It asks the run; it computes no association itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from traitlets import Any as AnyTrait
from traitlets import Bool, Dict, Float, Int, List, Unicode, observe, validate

from emocam_widgets.analysis.association import Association
from emocam_widgets.analysis.importance import SCORES
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.figures.association import MEASURES, association_heatmap
from emocam_widgets.run.run import BY, DEFAULT_THRESHOLD
from emocam_widgets.widgets.base import LiveWidget, float_buffer, int_buffer, static

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from emocam_widgets.run import Run

SETTINGS = ("method", "score", "threshold", "min_confidence", "by")


class AssociationHeatmap(LiveWidget):
    """The association matrix of a run as a heatmap: the most highlighted object classes by all labels.

    Args:
        run: the run to ask.
        **kwargs: any of the traits below.

    Traits:
        method, score, threshold, min_confidence, by: as in `Run.association`.
        top: how many object classes are shown, those with the greatest mean fraction.
        measure: what the colours and numbers are: "fraction" (M'_A), "count" (M_A) or "lift".
        cell: the selected cell as [object_class, label], or None; set by a click or from Python.
        hovered: the cell under the pointer or the keyboard focus, or None.

    Raises:
        UnknownNameError: a setting names something the run does not have.
    """

    _esm, _css = static("heatmap")

    method = Unicode().tag(sync=True)
    score = Unicode("mean").tag(sync=True)
    threshold = Float(DEFAULT_THRESHOLD, min=0.0, max=1.0).tag(sync=True)
    min_confidence = Float(min=0.0, max=1.0).tag(sync=True)
    by = Unicode("prediction").tag(sync=True)
    top = Int(25, min=1).tag(sync=True)
    measure = Unicode("fraction").tag(sync=True)
    cell = AnyTrait(None, allow_none=True).tag(sync=True)
    hovered = AnyTrait(None, allow_none=True).tag(sync=True)

    methods = List(Unicode()).tag(sync=True)
    scores = List(Unicode()).tag(sync=True)
    ways = List(Unicode()).tag(sync=True)
    synthetic = Bool(False).tag(sync=True)
    matrix = Dict().tag(sync=True)

    def __init__(self, run: Run, **kwargs: Any) -> None:
        self.run = run
        self._started = False
        if not run.methods:
            raise EmocamError("This run holds no CAMs; analyse it with a method, such as methods=['grad-cam'].")
        kwargs.setdefault("method", run.methods[0])
        kwargs.setdefault("min_confidence", run.min_confidence)
        ways = BY if run.annotations else BY[:1]
        known = {"methods": list(run.methods), "scores": list(SCORES), "ways": list(ways)}
        super().__init__(synthetic=run.synthetic, **known, **kwargs)
        self.on_message("set", self._set)
        self._started = True
        self._refresh()

    @property
    def association(self) -> Association:
        """The association at the present settings: counts, fractions, lift and contributors of all classes."""
        return self.run.association(**{name: getattr(self, name) for name in SETTINGS})

    def figure(self) -> go.Figure:
        """The heatmap as a plotly figure, to be shown without a kernel or written to a file."""
        return association_heatmap(self.association, self.top, self.measure, synthetic=self.synthetic)

    @validate("method")
    def _known_method(self, proposal: Mapping[str, Any]) -> str:
        return known_name("method", proposal["value"], self.run.methods)

    @validate("score")
    def _known_score(self, proposal: Mapping[str, Any]) -> str:
        return known_name("score", proposal["value"], SCORES)

    @validate("by")
    def _known_by(self, proposal: Mapping[str, Any]) -> str:
        return known_name("way to count images", proposal["value"], BY)

    @validate("measure")
    def _known_measure(self, proposal: Mapping[str, Any]) -> str:
        return known_name("measure", proposal["value"], MEASURES)

    @validate("cell", "hovered")
    def _known_cell(self, proposal: Mapping[str, Any]) -> list[str] | None:
        return checked_cell(self.run, proposal["value"])

    @observe(*SETTINGS, "top")
    def _settings_changed(self, _change: Any) -> None:
        if self._started:
            self._refresh()

    def _refresh(self) -> None:
        self.matrix = shown_matrix(self.association, self.top)

    def _set(self, content: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        for name in SETTINGS:
            if name in content:
                setattr(self, name, content[name])
        return {}


def checked_cell(run: Run, cell: Any) -> list[str] | None:
    """A cell as [object_class, label], or None.

    Raises:
        UnknownNameError: the run has no such object class or label.
        EmocamError: it is not a pair of names.
    """
    if cell is None:
        return None
    if isinstance(cell, str) or not hasattr(cell, "__len__") or len(cell) != 2:
        raise EmocamError(f"A cell is a pair of an object class and a label, or None; got {cell!r}.")
    object_class, label = cell
    labels = tuple(dict.fromkeys((*run.labels, *run.annotations)))
    return [known_name("object class", object_class, run.classes), known_name("label", label, labels)]


def shown_matrix(association: Association, top: int) -> dict[str, Any]:
    """What the front end draws: the rows of the top classes, numbers as binary buffers (k x labels, row-major)."""
    classes = list(association.top(top).index)
    rows = [association.classes.index(name) for name in classes]
    return {
        "classes": classes,
        "labels": list(association.labels),
        "images": int_buffer(association.n_images),
        "counts": int_buffer(association.matrix[rows]),
        "fractions": float_buffer(association.fractions.to_numpy()[rows]),
        "lift": float_buffer(association.lift.to_numpy()[rows]),
        "strongest": strongest(association, classes),
    }


def strongest(association: Association, classes: list[str]) -> dict[str, Any] | None:
    """The cell of these classes that stands out most and a sentence that says how, or None where none does."""
    strong = association.strong()
    strong = strong[strong["object_class"].isin(classes)]
    if strong.empty:
        return None
    row = strong.iloc[0]
    return {"cell": [row["object_class"], row["label"]], "sentence": f"{association_sentence(row)} Click it."}


def association_sentence(row: pd.Series) -> str:
    """One row of `Association.cells()` in words."""
    lift = float(row["lift"])
    times = f"{lift:.0f} times" if lift >= 2.95 else "twice" if abs(lift - 2) < 0.05 else f"{lift:.1f} times"
    compared = f"{times} as often as elsewhere" if row["elsewhere"] > 0 else "and in no other"
    return (
        f"{row['object_class']} is highlighted in {100 * row['fraction']:.0f} % of the images labelled {row['label']}, "
        f"{compared}."
    )
