"""What pasting objects did to the predicted labels: how often they switched, and what to (EmoCAM, Sec. 3.2 and Fig. 7).

Works on the rows of a run's ``pastes`` table: one per image, object, variant (the object or a control) and position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from emocam_widgets.errors import known_name

_PLACE = ["object", "variant", "position"]


@dataclass(frozen=True, eq=False)
class PasteResult:
    """The questions that a ``pastes`` table answers.

    Attributes:
        pastes: the rows.
        labels: all labels, in the classifier's order.
    """

    pastes: pd.DataFrame
    labels: tuple[str, ...]

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects that were pasted, in the order of the rows."""
        return tuple(dict.fromkeys(self.pastes["object"]))

    def shares(self, before: str | None = None) -> pd.DataFrame:
        """Per object, variant and position: how many images switched their label, and what most of them switched to.

        Args:
            before: only images that had this label before.

        Returns:
            object, variant, position, x, y, n (images), switched, share (switched / n), to_label (the label most often
            switched to; of several the first in the classifier's order; null where none switched), to_count, to_share
            (to_count / n).

        Raises:
            UnknownNameError: there is no label ``before``.
        """
        rows = self._with_label_before(before)
        changed = rows[rows["label_after"] != rows["label_before"]]
        places = rows.groupby(_PLACE, sort=False, observed=True)
        table = places.agg(x=("x", "first"), y=("y", "first"), n=("image_id", "size"))
        table["switched"] = changed.groupby(_PLACE, observed=True).size().reindex(table.index, fill_value=0)
        table["share"] = table["switched"] / table["n"]
        order = {label: number for number, label in enumerate(self.labels)}
        to = changed.groupby([*_PLACE, "label_after"], observed=True).size().rename("to_count").reset_index()
        to["order"] = to["label_after"].map(order)
        to = to.sort_values(["to_count", "order"], ascending=[False, True]).drop_duplicates(_PLACE).set_index(_PLACE)
        table["to_label"] = to["label_after"].reindex(table.index)
        table["to_count"] = to["to_count"].reindex(table.index, fill_value=0)
        table["to_share"] = table["to_count"] / table["n"]
        return table.reset_index()

    def switched_to(self, after: str, before: str | None = None) -> pd.DataFrame:
        """Per object and variant, over all positions: the share of pastes that switched to one label.

        Args:
            after: the label switched to.
            before: only images that had this label before; by default all that had another than ``after``.

        Returns:
            object, variant, n (pastes), to_count, to_share, images (how many of them), images_share (the share of
            images that at least one position switched).

        Raises:
            UnknownNameError: there is no such label.
        """
        known_name("label", after, self.labels)
        rows = self._with_label_before(before)
        rows = rows[rows["label_before"] != after]
        hits = rows.assign(hit=rows["label_after"] == after)
        kinds = hits.groupby(["object", "variant"], sort=False, observed=True)
        table = kinds.agg(n=("hit", "size"), to_count=("hit", "sum"), images=("image_id", "nunique"))
        table["to_share"] = table["to_count"] / table["n"]
        switched = hits[hits["hit"]].groupby(["object", "variant"], observed=True)["image_id"].nunique()
        table["images_share"] = switched.reindex(table.index, fill_value=0) / table["images"]
        return table[["n", "to_count", "to_share", "images", "images_share"]].reset_index()

    def transitions(
        self, object_name: str, variant: str = "object", positions: Sequence[int] | None = None
    ) -> pd.DataFrame:
        """How many pastes took each label (rows: before) to each label (columns: after), all labels in order.

        Raises:
            UnknownNameError: the object was not pasted, or not in that variant.
        """
        rows = self.pastes[self.pastes["object"] == known_name("pasted object", object_name, self.objects)]
        rows = rows[rows["variant"] == known_name("variant", variant, dict.fromkeys(rows["variant"]))]
        if positions is not None:
            rows = rows[rows["position"].isin(list(positions))]
        table = rows.groupby(["label_before", "label_after"], observed=True).size().unstack(fill_value=0)
        return table.reindex(index=list(self.labels), columns=list(self.labels), fill_value=0)

    def _with_label_before(self, before: str | None) -> pd.DataFrame:
        if before is None:
            return self.pastes
        return self.pastes[self.pastes["label_before"] == known_name("label", before, self.labels)]
