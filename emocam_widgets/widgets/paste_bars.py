"""PasteBars: how often a pasted object switched the label, place by place (EmoCAM, Fig. 7), and which images."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import traitlets as t
from PIL import Image

from emocam_widgets import demo
from emocam_widgets.analysis.paste import PasteResult
from emocam_widgets.corpus import Corpus
from emocam_widgets.engine.compose import Sprites, paste
from emocam_widgets.errors import EmocamError, ImageError, UnknownNameError, known_name
from emocam_widgets.run import Run
from emocam_widgets.types import Placement
from emocam_widgets.widgets.base import LiveWidget, static
from emocam_widgets.widgets.thumbnails import encode_jpeg, shrink

if TYPE_CHECKING:
    import plotly.graph_objects as go

PAGE = 6
THUMBNAIL_SIDE = 320
NO_CORPUS = "To see these images, say where they are: PasteBars(result, corpus)."
NOTHING = "There are no pastes to show: make some with emo.paste_experiment(...)."


class PasteBars(LiveWidget):
    """The share of pastes that switched the label, per object and place, with the label most often switched to.

    Controls that were pasted too (the grey silhouette, the blurred image) stand beside the object's bar.

    Args:
        result: what `emo.paste_experiment` returned, or a run that holds one.
        corpus: where the images are: a corpus, or a run of them; by default that of a run given as ``result``.
        sprites: the objects that were own images, RGBA by name; the shipped ones are known.

    Traits, all shared with the front end and to be set or observed from Python:
        before: only images that had this label before, or None.
        selected: the bar that is chosen, [object, variant, position], or None.
        images: ids of the images that switched there, each once; those that went where most went come first.

    Raises:
        UnknownNameError: a trait names something that was not pasted.
        EmocamError: there are no pastes.
    """

    _esm, _css = static("pastebars")

    before = t.Unicode(None, allow_none=True).tag(sync=True)
    selected = t.Any(None, allow_none=True).tag(sync=True)
    images: t.List[str] = t.List(t.Unicode()).tag(sync=True)
    _bars: t.List[dict[str, Any]] = t.List().tag(sync=True)
    _befores: t.List[str] = t.List(t.Unicode()).tag(sync=True)
    _synthetic = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        result: PasteResult | Run,
        corpus: Corpus | Run | None = None,
        sprites: Mapping[str, Image.Image] | None = None,
        **traits: Any,
    ) -> None:
        self.result = result.paste_result if isinstance(result, Run) else result
        self._source = corpus if corpus is not None else result if isinstance(result, Run) else None
        if self.result.pastes.empty:
            raise EmocamError(NOTHING)
        self._own = Sprites(sprites or {})
        self._rows = self.result.pastes.iloc[:0]
        counts = self.result.pastes["label_before"].value_counts()
        super().__init__(_befores=[label for label in self.result.labels if counts.get(label, 0)], **traits)
        self._synthetic = bool(getattr(self._source, "synthetic", False))
        self.observe(self._rebar, "before")
        self.observe(self._reselect, ["before", "selected"])
        self.on_message("switched", self._send_switched)
        self.on_message("table", self._send_table)
        self._rebar(None)
        self._reselect(None)

    def update(self, result: PasteResult) -> None:
        """Show another result, such as the same experiment further on. A bar that is not in it is no longer chosen.

        Raises:
            EmocamError: there are no pastes.
        """
        if result.pastes.empty:
            raise EmocamError(NOTHING)
        counts = result.pastes["label_before"].value_counts()
        befores = [label for label in result.labels if counts.get(label, 0)]
        places = result.pastes[["object", "variant", "position"]].drop_duplicates()
        there = {(row.object, row.variant, row.position) for row in places.itertuples()}
        if self.selected is not None and tuple(self.selected) not in there:
            self.selected = None
        if self.before not in (None, *befores):
            self.before = None
        self.result, self._befores = result, befores
        self._rebar(None)
        self._reselect(None)

    @property
    def switched(self) -> pd.DataFrame:
        """The rows of ``pastes`` behind the chosen bar whose label switched; none where no bar is chosen."""
        return self._rows

    def figure(self) -> go.Figure:
        """The bars as a plotly figure."""
        from emocam_widgets.figures.paste import paste_bars

        return paste_bars(self.result, self.before, synthetic=self._synthetic)

    # -- state ---------------------------------------------------------------------------------------------------------

    @t.validate("before")
    def _known_before(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        return None if value is None else known_name("label", value, self.result.labels)

    @t.validate("selected")
    def _known_bar(self, proposal: Mapping[str, Any]) -> list[Any] | None:
        value = proposal["value"]
        return None if value is None else self._bar(value)

    def _bar(self, value: Any) -> list[Any]:
        if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != 3:
            raise EmocamError(f"A bar is [object, variant, position], or None; got {value!r}.")
        name = known_name("pasted object", str(value[0]), self.result.objects)
        variant = known_name("variant", str(value[1]), self.result.variants)
        pastes = self.result.pastes
        mine = pastes[(pastes["object"] == name) & (pastes["variant"] == variant)]
        if int(value[2]) not in set(mine["position"]):
            raise EmocamError(f"{name} ({variant}) was not pasted at position {value[2]}.")
        return [name, variant, int(value[2])]

    def _rebar(self, _change: Mapping[str, Any] | None) -> None:
        shares = self.result.shares(self.before)
        self._bars = json.loads(shares.to_json(orient="records"))

    def _reselect(self, _change: Mapping[str, Any] | None) -> None:
        if self.selected is None:
            self._rows = self.result.pastes.iloc[:0]
        else:
            name, variant, position = self.selected
            self._rows = self.result.switched(name, position, variant, self.before)
        self.images = list(dict.fromkeys(self._rows["image_id"]))

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _send_switched(self, request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """A few of the images that a bar says switched, from ``start`` on, before and after."""
        bar = self._bar(request["bar"])
        rows = self.result.switched(bar[0], bar[2], bar[1], self.before)
        start = max(0, int(request.get("start", 0)))
        items, pictures = [], []
        for row in rows.iloc[start : start + PAGE].to_dict("records"):
            item: dict[str, Any] = {
                "image_id": row["image_id"],
                "before": row["label_before"],
                "after": row["label_after"],
                "probability_before": self._probability(row, "before"),
                "probability_after": self._probability(row, "after"),
            }
            try:
                pictures += self._pictures(row)
            except EmocamError as error:
                item["reason"] = error.reason if isinstance(error, ImageError) else str(error)
                pictures += [b"", b""]
            items.append(item)
        counts = rows["label_after"].value_counts()
        to = [[str(label), int(number)] for label, number in counts.items()]
        return {"bar": bar, "start": start, "total": len(rows), "to": to, "items": items}, pictures

    def _send_table(self, _request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """The bars as a CSV: what `PasteResult.shares` says."""
        of = "" if self.before is None else f"-{self.before}"
        name = f"paste-{'-'.join(self.result.objects)}{of}.csv".replace("/", "-").replace(" ", "-")
        return {"name": name}, [self.result.shares(self.before).to_csv(index=False).encode()]

    def _probability(self, row: Mapping[Any, Any], when: str) -> float:
        return float(row[f"probabilities_{when}"][self.result.labels.index(row[f"label_{when}"])])

    def _pictures(self, row: Mapping[Any, Any]) -> list[bytes]:
        source = self._source
        if source is None:
            raise EmocamError(NO_CORPUS)
        image_id = str(row["image_id"])
        before = source.open_image(image_id) if isinstance(source, Run) else source.open(image_id)
        name = str(row["object"])
        placement = Placement(name, float(row["x"]), float(row["y"]), float(row["sprite_height"]))
        after = paste(before, {name: self._sprite(name)}, [placement], str(row["variant"]))
        return [encode_jpeg(shrink(picture, THUMBNAIL_SIDE)) for picture in (before, after)]

    def _sprite(self, name: str) -> Image.Image:
        if name in self._own:
            return self._own[name]
        try:
            return demo.open_sprite(name)
        except UnknownNameError as error:
            raise EmocamError(
                f"The object {name!r} is an own image: pass it as sprites={{{name!r}: image}}."
            ) from error
