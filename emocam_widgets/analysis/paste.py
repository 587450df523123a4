"""What pasting objects did to the predicted labels: how often they switched, and what to (EmoCAM, Sec. 3.2 and Fig. 7).

Works on the rows of a run's ``pastes`` table: one per image, object, variant (the object or a control) and place. The
comparison with a control is in :mod:`emocam_widgets.analysis.paste_contrast`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from emocam_widgets.analysis.paste_contrast import contrast, contrast_by_position
from emocam_widgets.analysis.significance import wilson
from emocam_widgets.errors import EmocamError, known_name

OBJECT = "object"
_PLACE = ["object", "variant", "position"]


@dataclass(frozen=True, eq=False)
class PasteResult:
    """The questions that a ``pastes`` table answers.

    Attributes:
        pastes: the rows.
        labels: all labels, in the classifier's order.
        classes: the object classes that a negative position counts in (see the table in ``run.schema``).
        focus: rows of the ``focus`` table, where the CAMs were computed again.
    """

    pastes: pd.DataFrame
    labels: tuple[str, ...]
    classes: tuple[str, ...] = ()
    focus: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects that were pasted, in the order of the rows."""
        return tuple(dict.fromkeys(self.pastes["object"]))

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants that were pasted, "object" and controls, in the order of the rows."""
        return tuple(dict.fromkeys(self.pastes["variant"]))

    def shares(self, before: str | None = None, level: float = 0.95) -> pd.DataFrame:
        """Per object, variant and position: how many pastes switched the label, and what most of them switched to.

        At a position of the grid a paste is an image; centred on a class there is one for each of its boxes.

        Args:
            before: only images that had this label before.
            level: of the interval.

        Returns:
            object, variant, position, at (the object class that was pasted on, null at the grid), x, y (null for a
            class), n (pastes), switched, share (switched / n), low, high (Wilson's interval of the share), to_label
            (the label most often switched to; of several the first in the classifier's order; null where none
            switched), to_count, to_share (to_count / n).

        Raises:
            UnknownNameError: there is no label ``before``.
        """
        rows = self._with_label_before(before)
        changed = rows[rows["label_after"] != rows["label_before"]]
        places = rows.groupby(_PLACE, sort=False, observed=True)
        table = places.agg(x=("x", "first"), y=("y", "first"), n=("image_id", "size"))
        centred = table.index.get_level_values("position") < 0
        table.insert(0, "at", [self._class_at(number) for number in table.index.get_level_values("position")])
        table.loc[centred, ["x", "y"]] = float("nan")
        table["switched"] = changed.groupby(_PLACE, observed=True).size().reindex(table.index, fill_value=0)
        table["share"] = table["switched"] / table["n"]
        table["low"], table["high"] = wilson(table["switched"].to_numpy(), table["n"].to_numpy(), level)
        order = {label: number for number, label in enumerate(self.labels)}
        to = changed.groupby([*_PLACE, "label_after"], observed=True).size().rename("to_count").reset_index()
        to["order"] = to["label_after"].map(order)
        to = to.sort_values(["to_count", "order"], ascending=[False, True]).drop_duplicates(_PLACE).set_index(_PLACE)
        table["to_label"] = to["label_after"].reindex(table.index)
        table["to_count"] = to["to_count"].reindex(table.index, fill_value=0)
        table["to_share"] = table["to_count"] / table["n"]
        return table.reset_index()

    def switched(
        self, object_name: str, position: int, variant: str = OBJECT, before: str | None = None
    ) -> pd.DataFrame:
        """The rows of ``pastes`` at one place whose label switched; those that went where most went come first.

        Args:
            object_name, variant, position: as in the table; a position below 0 is an object class that was pasted on.
            before: only images that had this label before.

        Raises:
            UnknownNameError: there is no such object, variant or label.
        """
        rows = self._with_label_before(before)
        rows = rows[rows["object"] == known_name("pasted object", object_name, self.objects)]
        rows = rows[rows["variant"] == known_name("variant", variant, self.variants)]
        rows = rows[(rows["position"] == position) & (rows["label_after"] != rows["label_before"])]
        order = {label: number for number, label in enumerate(rows["label_after"].value_counts().index)}
        return (
            rows.assign(_order=rows["label_after"].map(order))
            .sort_values("_order", kind="stable")
            .drop(columns="_order")
        )

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
        self, object_name: str, variant: str = OBJECT, positions: Sequence[int] | None = None
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

    def contrast(
        self, control: str = "grey", to: str | None = None, before: str | None = None, *, level: float = 0.95,
        times: int = 2000, seed: int = 0,
    ) -> pd.DataFrame:  # fmt: skip
        """Per object: how much more often it switched the label than a control in its silhouette at the same place.

        Columns as of :func:`~emocam_widgets.analysis.paste_contrast.contrast`.

        Args:
            control: the variant to compare with.
            to: only switches to this label; by default to any.
            before: only images that had this label before.
            level, times, seed: of the bootstrap over images.

        Raises:
            UnknownNameError: there is no such label, or the control was not pasted.
        """
        pairs = self._pairs(control, to, before)
        return contrast(pairs, level=level, times=times, seed=seed)

    def contrast_by_position(
        self, control: str = "grey", to: str | None = None, before: str | None = None
    ) -> pd.DataFrame:
        """The same per object and position, with McNemar's exact test. Arguments as of :meth:`contrast`.

        Raises:
            UnknownNameError: there is no such label, or the control was not pasted.
        """
        table = contrast_by_position(self._pairs(control, to, before))
        table.insert(2, "at", [self._class_at(number) for number in table["position"]])
        return table

    def focus_moved(self) -> pd.DataFrame:
        """Per object, variant and method, over the pastes that kept the label and those that switched it.

        Returns:
            object, variant, method, output, switched, n (pastes), and means over them: area (share of the picture in
            the silhouette's box), mass_before, mass_after (share of the CAM in it) and correlation (of the two grids).
        """
        if self.focus.empty:
            raise EmocamError("The CAMs were not computed again: run paste_experiment(..., focus=True).")
        rows = self.focus.assign(switched=self.focus["label_before"] != self.focus["label_after"])
        kinds = rows.groupby(["object", "variant", "method", "output", "switched"], sort=False, observed=True)
        means = kinds[["area", "mass_before", "mass_after", "correlation"]].mean()
        means.insert(0, "n", kinds.size())
        return means.reset_index()

    def summary(self) -> str:
        """A few sentences: what the objects switched, and how much of that their controls switch too."""
        if self.pastes.empty:
            return "Nothing was pasted."
        lines = []
        images = self.pastes["image_id"].nunique()
        for name in self.objects:
            mine = self.pastes[(self.pastes["object"] == name) & (self.pastes["variant"] == OBJECT)]
            changed = mine[mine["label_after"] != mine["label_before"]]
            if mine.empty:
                continue
            text = f"{name}: {len(changed) / len(mine):.1%} of {len(mine):,} pastes on {images:,} images switched"
            if len(changed):
                counts = changed["label_after"].value_counts()
                text += f", most often to {counts.index[0]} ({counts.iloc[0] / len(mine):.1%} of all)"
            lines.append(f"{text}.")
            lines += [self._against(name, control) for control in self.variants if control != OBJECT]
        return "\n".join(lines)

    def _against(self, name: str, control: str) -> str:
        table = self.contrast(control).set_index("object")
        if name not in table.index:
            return f"  {control}: not pasted at the same places."
        row = table.loc[name]
        text = (
            f"  {control} in its place: {row['control_share']:.1%}; difference {100 * row['difference']:+.1f} points "
            f"(95 % {100 * row['low']:+.1f} to {100 * row['high']:+.1f}, {row['images']:.0f} images)"
        )
        if row["n_switched"]:
            text += (
                f"; of the object's switches, {row['also']:.0%} the control makes too, "
                f"{row['also_same']:.0%} to the same label"
            )
        return f"{text}."

    def _pairs(self, control: str, to: str | None, before: str | None) -> pd.DataFrame:
        """One row per place where object and control were both pasted: switched and control_switched, and same."""
        known_name("variant", control, [variant for variant in self.variants if variant != OBJECT])
        if to is not None:
            known_name("label", to, self.labels)
        rows = self._with_label_before(before)
        if to is not None:
            rows = rows[rows["label_before"] != to]
        keys = ["image_id", "object", "position", "x", "y", "sprite_height"]
        columns = [*keys, "label_before", "label_after"]
        mine = rows.loc[rows["variant"] == OBJECT, columns]
        other = rows.loc[rows["variant"] == control, [*keys, "label_after"]]
        pairs = mine.merge(other, on=keys, suffixes=("", "_control"))
        for column, label in (("switched", "label_after"), ("control_switched", "label_after_control")):
            pairs[column] = pairs[label] != pairs["label_before"] if to is None else pairs[label] == to
        pairs["same"] = pairs["label_after"] == pairs["label_after_control"]
        return pairs[["image_id", "object", "position", "switched", "control_switched", "same"]]

    def _class_at(self, position: int) -> str | None:
        number = -1 - int(position)
        if number < 0:
            return None
        return self.classes[number] if number < len(self.classes) else f"class {number}"

    def _with_label_before(self, before: str | None) -> pd.DataFrame:
        if before is None:
            return self.pastes
        return self.pastes[self.pastes["label_before"] == known_name("label", before, self.labels)]
