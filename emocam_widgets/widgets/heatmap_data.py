"""What the heatmap shows at its settings, asked of the run, and how that travels: names once, numbers as buffers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.analysis.association import Association
from emocam_widgets.analysis.comparison import Compared, aligned, difference, measured
from emocam_widgets.analysis.importance import SCORES, default_threshold
from emocam_widgets.analysis.rollup import open_images_parents, rolled_up_classes
from emocam_widgets.analysis.selection import ORDERS, Selection, selection
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.run.run import BY
from emocam_widgets.widgets.base import float_buffer, int_buffer

if TYPE_CHECKING:
    from emocam_widgets.run import Run

OTHER_RUN = "other"
LIMITS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
NEARLY_ALL = 0.998
Message = tuple[dict[str, Any], list[bytes]]


@dataclass(frozen=True)
class Settings:
    """What decides which numbers are shown, by the names of the heatmap's traits."""

    method: str
    score: str
    threshold: float
    min_confidence: float
    by: str
    roll_up: bool
    top: int | None
    order: str
    compare: str | None


SETTING_NAMES = tuple(field.name for field in fields(Settings))


@dataclass(frozen=True, eq=False)
class Shown:
    """A heatmap's content: part of an association, and of what it is compared with.

    Attributes:
        association: all of it; ``other``: what it is compared with, or None.
        selection: what is shown of it.
    """

    association: Association
    selection: Selection
    other: Association | None = None
    compared: Compared | None = None

    @property
    def classes(self) -> list[str]:
        """The rows, in the order shown."""
        return [self.association.classes[row] for row in self.selection.rows]

    @property
    def labels(self) -> list[str]:
        """The columns, in the order shown."""
        return [self.association.labels[column] for column in self.selection.columns]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(classes, labels) shown."""
        return self.part(self.association.matrix)

    def part(self, values: NDArray[Any]) -> NDArray[Any]:
        """The shown rows and columns of an array (classes, labels) of the association."""
        return values[np.ix_(self.selection.rows, self.selection.columns)]

    def frame(self, measure: str) -> pd.DataFrame:
        """What is written in the cells: classes x labels in the order shown; differences where it is compared."""
        if self.other is None:
            whole = measured(self.association, measure)
        else:
            whole = difference(self.association, self.other, measure)
        return whole.loc[self.classes, self.labels]

    @cached_property
    def strongest(self) -> dict[str, Any] | None:
        """The shown cell that stands out most and a sentence that says how, or None where none does."""
        if self.other is not None:
            return None
        strong = self.association.strong()
        strong = strong[strong["object_class"].isin(self.classes)]
        if strong.empty:
            return None
        row = strong.iloc[0]
        return {"cell": [row["object_class"], row["label"]], "sentence": f"{association_sentence(row)} Click it."}

    def buffers(self) -> list[bytes]:
        """int32: rows, columns, images per column, counts, present; then those of what it is compared with.

        Of that the last three, and as float32 its lift: it may have labels that are not shown.
        """
        association, columns = self.association, self.selection.columns
        found = [
            int_buffer(self.selection.rows),
            int_buffer(columns),
            int_buffer(association.aggregate.n_images[columns]),
            int_buffer(self.counts),
            int_buffer(self.part(association.present_matrix)),
        ]
        if self.compared is not None:
            found.append(int_buffer(self.compared.n_images[columns]))
            found += [int_buffer(self.part(values)) for values in (self.compared.counts, self.compared.present)]
            found.append(float_buffer(self.part(self.compared.lift)))
        return found


class HeatmapData:
    """Asks the run (and the other one, where two are compared) for what the heatmap shows."""

    def __init__(self, run: Run, other: Run | None) -> None:
        self.run = run
        self.other = other
        self._names: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self._limits: dict[tuple[Any, ...], float] = {}

    def grown(self, run: Run) -> HeatmapData:
        """The same of the run as it is by now; what views know by number keeps its number."""
        data = HeatmapData(run, self.other)
        data._names = self._names
        return data

    @property
    def comparisons(self) -> list[dict[str, str]]:
        """What this run's method can be compared with, as {value, label}."""
        found = [{"value": name, "label": name} for name in self.run.methods]
        if self.other is not None:
            found.append({"value": OTHER_RUN, "label": f"other run: {self.other.manifest.corpus.name}"})
        return found

    def parsed(self, values: Mapping[str, Any], now: Settings) -> Settings:
        """The settings with these values changed; another score brings its own threshold unless one is given.

        Raises:
            UnknownNameError, EmocamError: a value is not possible.
        """
        known = {name: values[name] for name in SETTING_NAMES if name in values}
        for name, kind, names in (
            ("method", "method", self.run.methods),
            ("score", "score", SCORES),
            ("by", "way to count images", BY),
            ("order", "order", ORDERS),
        ):
            if name in known:
                known_name(kind, known[name], names)
        if known.get("compare") is not None:
            self.known_comparison(known["compare"])
        for name in ("threshold", "min_confidence"):
            if name in known:
                known[name] = float(known[name])
        if known.get("top") is not None:
            known["top"] = max(1, int(known["top"]))
        if known.get("score", now.score) != now.score and "threshold" not in known:
            known["threshold"] = default_threshold(known["score"])
        return replace(now, **known)

    def classes(self, roll_up: bool) -> tuple[str, ...]:
        """All rows that there can be."""
        known = self.run.classes
        return rolled_up_classes(known, open_images_parents(known)) if roll_up else known

    def known_comparison(self, name: str) -> str:
        """``name`` itself where the run can be compared with it; UnknownNameError else."""
        return known_name("method or run to compare with", name, [each["value"] for each in self.comparisons])

    def association(self, settings: Settings) -> Association:
        """All classes and labels."""
        return self._of(self.run, settings, settings.method, settings.min_confidence)

    def other_association(self, settings: Settings) -> Association | None:
        """What it is compared with: another method of the run, or the other run (by the same method where it can)."""
        if settings.compare is None:
            return None
        if settings.compare != OTHER_RUN:
            return self._of(self.run, settings, settings.compare, settings.min_confidence)
        other = self.other
        if other is None or not other.methods:
            raise EmocamError("There is no other run with CAMs to compare with: AssociationHeatmap(run, other=run2).")
        method = settings.method if settings.method in other.methods else other.methods[0]
        usual = settings.min_confidence == self.run.min_confidence
        return self._of(other, settings, method, other.min_confidence if usual else settings.min_confidence)

    def shown(self, settings: Settings, held: Selection | None = None, search: str = "") -> Shown:
        """The content; ``held``: these rows and columns, whatever is greatest now."""
        association, other = self.association(settings), self.other_association(settings)
        compared = None if other is None else aligned(association, other)
        if held is None:
            parents = open_images_parents(self.run.classes) if settings.order == "hierarchy" else None
            held = selection(
                association, settings.top, settings.order, against=compared, search=search, parents=parents
            )
        return Shown(association, held, other, compared)

    def message(self, shown: Shown, settings: Settings, known_names: int | None, selected_anew: bool) -> Message:
        """The answer to "matrix" (js/heatmap/protocol.ts); names only where the front end does not have them."""
        association = shown.association
        names = (association.classes, association.labels)
        if names not in self._names:
            self._names.append(names)
        number = self._names.index(names)
        content: dict[str, Any] = {
            "settings": {name: getattr(settings, name) for name in SETTING_NAMES},
            "names": number,
            "limit": self.limit(settings, association),
            "default_threshold": default_threshold(settings.score),
            "compared": self._compared_name(settings),
        }
        if selected_anew:
            content["strongest"] = shown.strongest
        if number != known_names:
            content |= {"classes": list(names[0]), "labels": list(names[1])}
        return content, shown.buffers()

    def limit(self, settings: Settings, association: Association) -> float:
        """Where a slider of thresholds ends: a round number above nearly all boxes, so that each step means something.

        Scores have other ranges: a box has a mean importance of up to 1, but seldom holds a fifth of the map's mass.
        """
        key = (settings.method, settings.score, settings.min_confidence, settings.by, settings.roll_up)
        if key not in self._limits:
            most = max(association.aggregate.quantile(NEARLY_ALL), 1.5 * default_threshold(settings.score))
            self._limits[key] = next((limit for limit in LIMITS if limit >= most), LIMITS[-1])
        return self._limits[key]

    def held(self, buffers: Sequence[memoryview], settings: Settings) -> Selection:
        """The rows and columns that the front end asks to keep.

        Raises:
            EmocamError: they are not of this association.
        """
        association = self.association(settings)
        rows, columns = (np.frombuffer(buffer, "<i4").astype(np.int64) for buffer in buffers[:2])
        for positions, names in ((rows, association.classes), (columns, association.labels)):
            if len(positions) and not (positions.min() >= 0 and positions.max() < len(names)):
                raise EmocamError("The heatmap asked for rows or columns that are not there any more.")
        return Selection(rows, columns)

    def _of(self, run: Run, settings: Settings, method: str, min_confidence: float) -> Association:
        return run.association(
            method, settings.score, settings.threshold, min_confidence, settings.by, roll_up=settings.roll_up
        )

    def _compared_name(self, settings: Settings) -> str | None:
        if settings.compare != OTHER_RUN or self.other is None:
            return settings.compare
        return f"{self.other.manifest.corpus.name} (other run)"


def association_sentence(row: pd.Series) -> str:
    """One row of `Association.cells()` in words."""
    lift = float(row["lift"])
    times = f"{lift:.0f} times" if lift >= 2.95 else "twice" if abs(lift - 2) < 0.05 else f"{lift:.1f} times"
    compared = f"{times} as often as elsewhere" if row["elsewhere"] > 0 else "and in no other"
    return (
        f"{row['object_class']} is highlighted in {100 * row['fraction']:.0f} % of the images labelled {row['label']}, "
        f"{compared}."
    )
