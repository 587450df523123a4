"""The explorer: heatmap, image browser and object editor of one run in one view, linked by traits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ipywidgets import widget_serialization
from traitlets import Any as AnyTrait
from traitlets import Dict, Float, Instance, Unicode, observe, validate

from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.run.run import DEFAULT_THRESHOLD
from emocam_widgets.widgets.base import LiveWidget, link_traits, static
from emocam_widgets.widgets.browser import ImageBrowser
from emocam_widgets.widgets.editor import ObjectEditor
from emocam_widgets.widgets.heatmap import SETTINGS, AssociationHeatmap, checked_cell

if TYPE_CHECKING:
    from emocam_widgets.engine import Worker
    from emocam_widgets.run import Run

MODES = ("look", "edit")
NO_WORKER = (
    "To edit images, pass a worker: explore(run, worker=emo.Worker(classifier)), with the classifier that made the run."
)


def explore(run: Run, worker: Worker | None = None, **traits: Any) -> Explorer:
    """The linked explorer over a run.

    Args:
        run: what `analyze` or `open_run` returned.
        worker: predicts while an image is edited; without one everything but the editor works.
        **traits: initial values of the explorer's traits.
    """
    return Explorer(run, worker, **traits)


class Explorer(LiveWidget):
    """Association heatmap, image browser and object editor of one run, linked.

    Traits, all shared with the front end and to be set or observed from Python:
        cell: the selected cell as [object_class, label], or None. The browser shows its contributors.
        image_id: the image that is shown large, or None.
        threshold: a box counts where its importance is above it.
        mode: what is done with the image: "look" or "edit".
        heatmap, browser, editor: the parts, each a widget of its own; `editor` is None until an image is edited.

    Raises:
        EmocamError: the run holds no CAMs.
        UnknownNameError: a trait names something that the run does not have.
    """

    _esm, _css = static("explorer")

    cell = AnyTrait(None, allow_none=True).tag(sync=True)
    image_id = Unicode(None, allow_none=True).tag(sync=True)
    threshold = Float(DEFAULT_THRESHOLD, min=0.0, max=1.0).tag(sync=True)
    mode = Unicode("look").tag(sync=True)
    heatmap = Instance(AssociationHeatmap).tag(sync=True, **widget_serialization)
    browser = Instance(ImageBrowser).tag(sync=True, **widget_serialization)
    editor = Instance(ObjectEditor, allow_none=True).tag(sync=True, **widget_serialization)
    summary = Dict().tag(sync=True)
    edit_hint = Unicode().tag(sync=True)

    def __init__(self, run: Run, worker: Worker | None = None, **kwargs: Any) -> None:
        self.run = run
        self.worker = worker
        threshold = kwargs.get("threshold", DEFAULT_THRESHOLD)
        heatmap = AssociationHeatmap(run, threshold=threshold)
        browser = ImageBrowser(run, show_boxes=False, **{name: getattr(heatmap, name) for name in SETTINGS})
        cell = kwargs.pop("cell", None)
        super().__init__(
            heatmap=heatmap, browser=browser, summary=run_summary(run), edit_hint="" if worker else NO_WORKER, **kwargs
        )
        for name in SETTINGS:
            link_traits(heatmap, name, browser, name)
        for part in (heatmap, browser):
            link_traits(self, "cell", part, "cell")
        link_traits(self, "threshold", heatmap, "threshold")
        link_traits(self, "image_id", browser, "open_image")
        self.cell = cell
        self._edit_if_asked()

    def edit(self, image_id: str) -> None:
        """Put an image of the run into the editor and show it.

        Raises:
            EmocamError: there is no worker, or the image cannot be opened.
        """
        if self.worker is None:
            raise EmocamError(NO_WORKER)
        self.image_id = image_id
        self.mode = "edit"

    def close(self) -> None:
        """Close the explorer and its parts."""
        for part in (self.heatmap, self.browser, self.editor):
            if part is not None:
                part.close()
        super().close()

    @validate("mode")
    def _known_mode(self, proposal: Mapping[str, Any]) -> str:
        return known_name("mode", proposal["value"], MODES)

    @validate("cell")
    def _known_cell(self, proposal: Mapping[str, Any]) -> list[str] | None:
        return checked_cell(self.run, proposal["value"])

    @validate("image_id")
    def _known_image(self, proposal: Mapping[str, Any]) -> str | None:
        if proposal["value"] is not None:
            self.run.position(proposal["value"])
        return proposal["value"]

    @observe("cell")
    def _show_why(self, change: Mapping[str, Any]) -> None:
        """Without a cell the pictures are shown as they are; with one, the boxes that count and the maps under them."""
        if (change["old"] is None) != (change["new"] is None):
            self.browser.show_boxes = self.browser.show_cam = change["new"] is not None

    @observe("mode", "image_id")
    def _edit_if_asked(self, _change: Any = None) -> None:
        if self.mode != "edit" or self.worker is None or self.image_id is None:
            return
        if self.editor is None:
            self.editor = ObjectEditor(worker=self.worker, corpus=self.run.corpus)
        self.editor.image_id = self.image_id


def run_summary(run: Run) -> dict[str, Any]:
    """What the top bar says of a run."""
    return {
        "name": run.manifest.corpus.name,
        "images": len(run),
        "expected": run.manifest.corpus.n_images,
        "labels": len(run.labels),
        "methods": list(run.methods),
        "failures": len(run.failures),
        "synthetic": run.synthetic,
        "path": str(run.path),
    }
