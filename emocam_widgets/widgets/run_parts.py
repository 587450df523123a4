"""What the explorer asks of the whole run, whatever image is open: its methods' agreement, the paste experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emocam_widgets.analysis.paste import OBJECT
from emocam_widgets.engine.trial import fitting
from emocam_widgets.widgets.paste_bars import PasteBars
from emocam_widgets.widgets.paste_experiment import PasteExperiment
from emocam_widgets.widgets.paste_session import PasteSession
from emocam_widgets.widgets.rsa import RsaMatrix

if TYPE_CHECKING:
    from emocam_widgets.widgets.explorer import Explorer

RUN_PARTS = {"agreement": "agreement", "paste": "paste"}
"""The traits of the explorer that hold them, by mode."""

OF_AGREEMENT = ("score", "threshold", "on", "variant", "pair", "top")
OF_PASTE = ("things", "label", "count", "control", "places")
OF_BARS = ("before", "selected")


class RunParts:
    """Makes them when their tab is first opened, as they were left, and links them with the browser."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self._caption: str | None = None
        self._compared: str | None = None

    def open(self, mode: str) -> None:
        """Makes the part for a mode of `RUN_PARTS`, where it is not there yet."""
        explorer = self._explorer
        if getattr(explorer, RUN_PARTS[mode]) is not None:
            return
        if mode == "agreement":
            explorer.agreement = self._agreement()
        else:
            explorer.paste = paste = self._paste()
            explorer._watch(paste, lambda change: self._follow_bars(change["new"]), "bars")
            self._follow_bars(paste.bars)

    def compare(self, method: str, other: str) -> None:
        """The heatmap shows where two methods differ, counted as in the matrix.

        Raises:
            UnknownNameError: the run has no such method.
        """
        heatmap, matrix = self._explorer.heatmap, self._explorer.agreement
        heatmap.set_trait("compare", None)
        heatmap.method = method
        if matrix is not None:
            heatmap.score = matrix.score
            heatmap.threshold = matrix.cut
        heatmap.compare = self._compared = other

    def let_go(self) -> None:
        """The browser shows something else: no bar is chosen any more."""
        paste = self._explorer.paste
        if self._caption is not None and paste is not None and paste.bars is not None:
            paste.bars.selected = None

    def _agreement(self) -> RsaMatrix:
        explorer, known = self._explorer, self._explorer._memory
        heatmap = explorer.heatmap
        matrix = RsaMatrix(explorer.run, explorer.worker, score=heatmap.score, threshold=heatmap.threshold)
        known.bring_back("agreement", matrix, OF_AGREEMENT)
        known.keep("agreement", matrix, OF_AGREEMENT)
        explorer._watch(matrix, lambda _change: self._take_grown(matrix), "run_revision")
        explorer._watch(matrix, self._compare_no_more, "pair")
        return matrix

    def _compare_no_more(self, change: Mapping[str, Any]) -> None:
        """The pair that the heatmap shows is let go: so does the heatmap."""
        heatmap = self._explorer.heatmap
        if change["new"] is None and self._compared is not None:
            if heatmap.compare == self._compared:
                heatmap.compare = None
            self._compared = None

    def _take_grown(self, matrix: RsaMatrix) -> None:
        """A method was added there: all show it."""
        if matrix.run is not self._explorer.run:
            self._explorer._grow(matrix.run)

    def _paste(self) -> PasteExperiment:
        explorer, known = self._explorer, self._explorer._memory
        session = known.known("paste", ["session"]).get("session") or PasteSession()
        known.remember("paste", {"session": session})
        paste = PasteExperiment(explorer.run, explorer.worker, session)
        fit = () if explorer.cell is None else fitting(explorer.cell[0], explorer.run.classes)
        if fit:
            paste.things = [fit[0]]
        known.bring_back("paste", paste, OF_PASTE)
        known.keep("paste", paste, OF_PASTE)
        return paste

    def _follow_bars(self, bars: PasteBars | None) -> None:
        if bars is None:
            return
        known = self._explorer._memory
        self._explorer._watch(bars, self._show_switched, "images", "selected")
        known.bring_back("bars", bars, OF_BARS)
        known.keep("bars", bars, OF_BARS)

    def _show_switched(self, change: Mapping[str, Any]) -> None:
        """The images behind the chosen bar; where none is, or it has none, all again."""
        bars: PasteBars = change["owner"]
        explorer, browser = self._explorer, self._explorer.browser
        if bars.selected is None or not bars.images:
            shown, self._caption = self._caption, None
            if browser.only_images is not None and browser.only_images_caption == shown:
                browser.show_images(None)
            return
        name, variant, position = bars.selected
        thing = name if variant == OBJECT else f"{variant} {name}"
        place = f"on {bars.result.classes[-1 - position]}" if position < 0 else f"place {position + 1}"
        caption = f"{thing} ({place}) switched"
        if self._caption is None:  # what else is selected would leave few of them
            for trait in ("cell", "object_class", "label"):
                explorer.set_trait(trait, None)
        self._caption = caption
        browser.show_images(bars.images, caption)
