"""The explorer: heatmap, image browser and what is done with one image, of one run in one view, linked by traits."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ipywidgets import widget_serialization
from traitlets import Any as AnyTrait
from traitlets import Dict, Float, Instance, List, Unicode, observe, validate

from emocam_widgets import demo
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.run.follow import Growth, RunFollower, growth
from emocam_widgets.run.run import DEFAULT_THRESHOLD, Run, open_run
from emocam_widgets.widgets.base import LiveWidget, link_traits, static
from emocam_widgets.widgets.browser import ImageBrowser
from emocam_widgets.widgets.editor import ObjectEditor
from emocam_widgets.widgets.heatmap import SETTINGS, AssociationHeatmap, checked_cell
from emocam_widgets.widgets.lime import LimeView
from emocam_widgets.widgets.memory import Memory
from emocam_widgets.widgets.methods import MethodComparison
from emocam_widgets.widgets.paste_experiment import PasteExperiment
from emocam_widgets.widgets.report_session import SIZES, ReportSession
from emocam_widgets.widgets.rsa import RsaMatrix
from emocam_widgets.widgets.run_parts import RUN_PARTS, RunParts

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.engine import Worker

# What can be done with an image beside looking at it, and the trait that holds the widget for it.
PARTS = {"edit": "editor", "lime": "lime", "methods": "comparison"}
MODES = ("look", *PARTS, *RUN_PARTS)
# What is looked at in each part; a part is not asked for what it does not have.
OF_HEATMAP = (*SETTINGS, "top", "measure", "compare", "order", "marks", "roll_up")
FILTERS = ("cell", "label", "annotation", "object_class", "confidence", "importance", "disagreement", "text")
ONLY = ("only_images", "only_images_caption")
SHOWN = ("selected", "selection", "compare_image", "cam_method", "cam_target", "show_boxes", "show_cam", "cam_opacity")
OF_BROWSER = (*FILTERS, *ONLY, "sort", "sort_reverse", *SHOWN)
OF_EDITOR = ("image_id", "placements", "edits", "show_cam", "cam_opacity", "method")
OF_LIME = (
    "targets", "output", "n_samples", "n_regions", "segmentation", "hide", "strongest", "hidden_as", "palette", "scale",
    "reveal",
)  # fmt: skip
# What is said of one image; the marks are locked last.
OF_LIME_IMAGE = ("keep", "seen_before", "marks", "committed")
OF_COMPARISON = ("methods", "target", "score", "show_boxes", "cam_opacity", "enlarged")
OF_EXPLORER = ("object_class", "label", "cell", "selection", "image_id", "mode")
NO_WORKER = (
    "To edit images, pass a worker: explore(run, worker=emo.Worker(classifier)), with the classifier that made the run."
)


def explore(
    run: Run | Corpus | str | os.PathLike[str],
    worker: Worker | None = None,
    *,
    other: Run | str | os.PathLike[str] | None = None,
    remember: bool = True,
    **traits: Any,
) -> Explorer:
    """The linked explorer over a run.

    Args:
        run: what `analyze` or `open_run` returned, or its folder. One that is still being computed is followed while it
            grows. A folder of images, or a corpus, is analysed with the worker's models first (see
            `engine.opening.run_of`).
        worker: predicts while an image is edited; without one everything but the editor works.
        other: another run, or its folder, such as that of another classifier or corpus: the heatmap shows this run less
            the other (*More*, *compare* shows this run alone again).
        remember: begin where the last explorer over the same run was in this kernel (cell, filters, threshold, image,
            edits), so that running the cell again loses nothing. False begins anew.
        **traits: initial values of the explorer's traits; they win over what is remembered.

    Raises:
        EmocamError: images to analyse, and no worker with models in this kernel.
    """
    from emocam_widgets.engine.opening import run_of  # which loads what analyses

    if other is not None and not isinstance(other, Run):
        other = open_run(other)
    return Explorer(run_of(run, worker), worker, other=other, remember=remember, **traits)


class Explorer(LiveWidget):
    """Association heatmap, image browser, and what is done with an image or with all of them, over one run, linked.

    One selection for all parts; traits, all shared with the front end and to be set or observed from Python:
        cell: the selected cell as [object_class, label], or None. The browser shows its contributors.
        object_class, label: the class and the label that the browser filters by without a cell, or None.
        selection: ids of the images that are selected together.
        image_id: the image that is shown large, or None.
        threshold: a box counts where its importance is above it.
        mode: what is done with the image: "look", "edit", "lime" or "methods"; or with the whole run: "agreement" (of
            the methods) or "paste" (the experiment).
        heatmap, browser, editor, lime, comparison, agreement, paste: the parts, each a widget of its own; editor, lime
            and comparison are None until an image is opened in them, agreement and paste until their tab is. While the
            run grows they stay, and show what is there by then.
        progress: how far a run is that is still being computed (fields: `run.follow.Growth`); None once it is whole.
        report: how the report stands that *Report* (or `make_report`) began: state ("running", "done", "cancelled" or
            "failed"), done and total (pictures), number (of the report), max_mb; when done its name, size (bytes),
            images, left_out (without a picture in it), notes (what is not in it, sentences) and larger (the next size
            that is offered, or None); when failed sentence and details; or None.

    What the view remembers: cell, filters, settings, image and edits in the kernel, by the run's path (`remember`); the
    sizes of its panes in the browser tab (sessionStorage), by the same path.

    Raises:
        EmocamError: the run holds no CAMs.
        UnknownNameError: a trait names something that the run does not have.
    """

    _esm, _css = static("explorer")

    cell = AnyTrait(None, allow_none=True).tag(sync=True)
    object_class = Unicode(None, allow_none=True).tag(sync=True)
    label = Unicode(None, allow_none=True).tag(sync=True)
    selection = List(Unicode()).tag(sync=True)
    image_id = Unicode(None, allow_none=True).tag(sync=True)
    threshold = Float(DEFAULT_THRESHOLD, min=0.0, max=1.0).tag(sync=True)
    mode = Unicode("look").tag(sync=True)
    heatmap = Instance(AssociationHeatmap).tag(sync=True, **widget_serialization)
    browser = Instance(ImageBrowser).tag(sync=True, **widget_serialization)
    editor = Instance(ObjectEditor, allow_none=True).tag(sync=True, **widget_serialization)
    lime = Instance(LimeView, allow_none=True).tag(sync=True, **widget_serialization)
    comparison = Instance(MethodComparison, allow_none=True).tag(sync=True, **widget_serialization)
    agreement = Instance(RsaMatrix, allow_none=True).tag(sync=True, **widget_serialization)
    paste = Instance(PasteExperiment, allow_none=True).tag(sync=True, **widget_serialization)
    summary = Dict().tag(sync=True)
    progress = Dict(default_value=None, allow_none=True).tag(sync=True)
    report = Dict(default_value=None, allow_none=True).tag(sync=True)
    edit_hint = Unicode().tag(sync=True)

    def __init__(
        self,
        run: Run,
        worker: Worker | None = None,
        *,
        other: Run | None = None,
        remember: bool = True,
        **kwargs: Any,
    ) -> None:
        self.run = run
        self.worker = worker
        self.other = other
        self._run_parts = RunParts(self)
        self._report = ReportSession(lambda state: self.set_trait("report", state))
        self._unlink: list[Callable[[], None]] = []
        self._rolled_up = False
        self._follower: RunFollower | None = None
        self._memory = Memory.of(run.path) if remember else Memory()
        settings = self._memory.known("heatmap", SETTINGS)
        if "threshold" in kwargs:
            settings["threshold"] = kwargs["threshold"]
        given = {name: kwargs.pop(name) for name in ("cell", "object_class", "label", "selection") if name in kwargs}
        heatmap, browser = _parts(run, worker, other, settings)
        super().__init__(
            heatmap=heatmap,
            browser=browser,
            summary=run_summary(run),
            edit_hint="" if worker else NO_WORKER,
            **{**kwargs, "threshold": heatmap.threshold},
        )
        self.on_message("compare", self._compare_methods)
        self.on_message("report", self._start_report)
        self.on_message("report_cancel", self._cancel_report)
        self.on_message("report_piece", self._send_report)
        self._link()
        started = {*given, *(name for name in ("image_id", "mode") if name in kwargs)}
        self._bring_back([name for name in OF_EXPLORER if name not in started])
        for name, value in given.items():
            setattr(self, name, value)
        self._remember()
        self._open_part()
        self.on_message("open_part", self._open_anew)
        state = growth(run)
        if not state.whole:
            self._tell(state)
            self._follower = RunFollower(run, self._tell, self._grow)

    def edit(self, image_id: str) -> None:
        """Put an image of the run into the editor and show it.

        Raises:
            EmocamError: there is no worker, or the image cannot be opened.
        """
        if self.worker is None:
            raise EmocamError(NO_WORKER)
        self.image_id = image_id
        self.mode = "edit"

    def export_html(
        self,
        path: str | os.PathLike[str],
        *,
        max_mb: float = 15.0,
        methods: Sequence[str] | None = None,
        progress: bool = True,
    ) -> Path:
        """Write what is explored here as one HTML file that opens from disk, without kernel or network.

        It opens as the explorer stands now: the same threshold, method, cell and image. Arguments, result and errors
        are those of `emocam_widgets.export_report`.
        """
        from emocam_widgets.widgets.report import write_report

        shown = {"explorer": self, "heatmap": self.heatmap, "browser": self.browser}
        return write_report(self.run, path, shown, max_mb=max_mb, methods=methods, progress=progress)

    def make_report(self, max_mb: float = SIZES[0]) -> None:
        """Make the report of `export_html` in a thread, as *Report* does; returns at once, `report` follows.

        Args:
            max_mb: as of `emocam_widgets.export_report`.
        """
        shown = {"explorer": self, "heatmap": self.heatmap, "browser": self.browser}
        self._report.start(self.run, shown, max_mb)

    def cancel_report(self) -> None:
        """Stop making the report."""
        self._report.cancel()

    def close(self) -> None:
        """Close the explorer and its parts."""
        self._report.cancel()
        if self._follower is not None:
            self._follower.stop()
        self._unlink_parts()
        for name in ("heatmap", "browser", *PARTS.values(), *RUN_PARTS.values()):
            part = getattr(self, name)
            if part is not None:
                part.close()
        super().close()

    # -- answers to the front end --------------------------------------------------------------------------------------

    def _compare_methods(self, request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self._run_parts.compare(*request["pair"])
        return {}

    def _start_report(self, request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self.make_report(float(request.get("max_mb") or SIZES[0]))
        return {}

    def _cancel_report(self, _request: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        self.cancel_report()
        return {}

    def _send_report(self, request: dict[str, Any], _buffers: list[memoryview]) -> tuple[dict[str, Any], list[bytes]]:
        """A piece of the report that was made, from a byte on."""
        return {}, [self._report.piece(int(request["number"]), int(request["start"]))]

    # -- one selection for all parts -----------------------------------------------------------------------------------

    def _link(self) -> None:
        heatmap, browser = self.heatmap, self.browser
        link = self._link_traits
        for name in SETTINGS:
            link(heatmap, name, browser, name)
        link(self, "cell", heatmap, "cell")
        link(self, "threshold", heatmap, "threshold")
        link(self, "image_id", browser, "open_image")
        for name in ("object_class", "label", "selection"):
            link(self, name, browser, name)
        self._watch(heatmap, self._show_cell, "cell", "roll_up", *SETTINGS)
        self._watch(browser, self._follow_browser, "cell", "only_images")
        link(self, "label", heatmap, "label")
        self._watch(self, self._show_row, "object_class")
        self._watch(heatmap, self._follow_row, "object_class")
        heatmap.object_class = self.object_class
        self._watch(heatmap, self._edit_tried, "edit_request")
        self._show_cell()

    def _link_traits(self, source: LiveWidget, name: str, target: LiveWidget, other: str) -> None:
        self._unlink.append(link_traits(source, name, target, other))

    def _watch(self, widget: LiveWidget, handler: Callable[[Any], None], *names: str) -> None:
        widget.observe(handler, names)
        self._unlink.append(lambda: widget.unobserve(handler, names))

    def _show_cell(self, _change: Any = None) -> None:
        """The browser finds a cell's images itself; those of a class that others are a kind of are told to it."""
        heatmap, browser = self.heatmap, self.browser
        if heatmap.cell is not None:
            self._run_parts.let_go()
        if heatmap.roll_up and heatmap.cell is not None:
            self._rolled_up = True
            browser.set_trait("cell", None)
            browser.show_images(heatmap.contributors, f"{heatmap.cell[0]} (and its kinds) in {heatmap.cell[1]}")
            return
        if self._rolled_up:
            self._rolled_up = False
            browser.show_images(None)
        browser.cell = heatmap.cell

    def _follow_browser(self, change: Mapping[str, Any]) -> None:
        """A cell that was cleared there is cleared here."""
        if change["name"] == "only_images" and change["new"] is None:
            self._run_parts.let_go()
        if change["name"] == "cell" and not self._rolled_up:
            self.cell = change["new"]
        elif change["name"] == "only_images" and self._rolled_up and change["new"] is None:
            self._rolled_up = False
            self.cell = None

    def _show_row(self, change: Mapping[str, Any]) -> None:
        if self.heatmap.object_class in (None, *self.run.classes):  # else it is a row that only the heatmap knows
            self.heatmap.object_class = change["new"]

    def _follow_row(self, change: Mapping[str, Any]) -> None:
        """A row's head filters; but the run's boxes know nothing of a class that is only what others are a kind of."""
        self.object_class = change["new"] if change["new"] in self.run.classes else None

    def _edit_tried(self, change: Mapping[str, Any]) -> None:
        """Puts a result of the heatmap's "try it" into the editor, with what was pasted."""
        request, heatmap = change["new"], self.heatmap
        if request is None or self.worker is None:
            return
        heatmap.set_trait("edit_request", None)
        self.edit(request["image_id"])
        if self.editor is None:
            raise AssertionError("with a worker and an image there is an editor")
        known = demo.sprites()
        self.editor.placements = [
            one if one["sprite"] in known
            else {**one, "sprite": self.editor.add_sprite(one["sprite"], heatmap.things[one["sprite"]])}
            for one in request["placements"]
        ]  # fmt: skip

    def _unlink_parts(self) -> None:
        for undo in self._unlink:
            undo()
        self._unlink.clear()

    def _remember(self) -> None:
        self._memory.keep("explorer", self, OF_EXPLORER)
        self._memory.keep("heatmap", self.heatmap, OF_HEATMAP)
        self._memory.keep("browser", self.browser, OF_BROWSER)

    def _bring_back(self, names: list[str]) -> None:
        shown = [name for name in OF_HEATMAP if name not in SETTINGS]
        of = None if self.other is None else str(self.other.path)
        if self._memory.known("explorer", ["other"]).get("other") != of:
            shown.remove("compare")  # what it was compared with before; now it is asked for something else
        self._memory.remember("explorer", {"other": of})
        self._memory.bring_back("heatmap", self.heatmap, shown)
        self._memory.bring_back("browser", self.browser, OF_BROWSER)
        self._memory.bring_back("explorer", self, names)

    # -- a run that grows ----------------------------------------------------------------------------------------------

    def _tell(self, state: Growth) -> None:
        self.set_trait("progress", None if state.whole else asdict(state))

    def _grow(self, run: Run) -> None:
        """Puts the run as it is by now in the place of the one that is shown; widgets and what is looked at stay."""
        self.run, self.summary = run, run_summary(run)
        for part in (self.editor, self.lime, self.comparison):
            if part is not None:
                part.run = run
        for whole in (self.heatmap, self.browser, self.agreement, self.paste):
            if whole is not None and whole.run is not run:
                whole.update_run(run)
        if self.heatmap.roll_up:  # whose images the browser was told
            self._show_cell()

    # -- what is done with the image -----------------------------------------------------------------------------------

    @validate("mode")
    def _known_mode(self, proposal: Mapping[str, Any]) -> str:
        return known_name("mode", proposal["value"], MODES)

    @validate("cell")
    def _known_cell(self, proposal: Mapping[str, Any]) -> list[str] | None:
        return checked_cell(self.run, proposal["value"], self.heatmap.classes)

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
    def _open_part(self, _change: Any = None) -> None:
        """Gives the part that is shown the image; it is made when it is first needed.

        What goes wrong is also told to the views, which wait for the part: the error itself goes to whoever set the
        trait, which may be the browser's front end.
        """
        try:
            if self.mode in RUN_PARTS:
                self._run_parts.open(self.mode)
            elif self.mode in PARTS:
                self._open_image_part(PARTS[self.mode])
        except Exception as error:
            self.send({"kind": "part_failed", "sentence": f"{error}"})
            raise

    def _open_image_part(self, trait: str) -> None:
        if self.image_id is None or (self.mode == "edit" and self.worker is None):
            return
        if getattr(self, trait) is None:
            setattr(self, trait, self._made(self.mode))
        getattr(self, trait).image_id = self.image_id

    def _open_anew(self, _content: dict[str, Any], _buffers: list[memoryview]) -> dict[str, Any]:
        """A view could not show the part of the present tab: it is made again, as it was left."""
        trait = (PARTS | RUN_PARTS).get(self.mode)
        broken = getattr(self, trait) if trait is not None else None
        if trait is not None and broken is not None:
            self.set_trait(trait, None)
            broken.close()
        self._open_part()
        return {}

    def _made(self, mode: str) -> ObjectEditor | LimeView | MethodComparison:
        """The widget for a tab, as it was left: its settings, and what was done with the image where it is the same."""
        known = self._memory
        if mode == "methods":
            comparison = MethodComparison(worker=self.worker, run=self.run)
            known.bring_back("methods", comparison, OF_COMPARISON)
            known.keep("methods", comparison, OF_COMPARISON)
            return comparison
        same = known.known(PARTS[mode], ["image_id"]).get("image_id") == self.image_id
        if mode == "lime":
            lime = LimeView(worker=self.worker, run=self.run)
            known.bring_back("lime", lime, OF_LIME)
            if same:
                known.bring_back("lime", lime, ("image_id", *OF_LIME_IMAGE))
            known.keep("lime", lime, ("image_id", *OF_LIME, *OF_LIME_IMAGE))
            return lime
        editor = ObjectEditor(worker=self.worker, corpus=self.run.corpus, run=self.run)
        if same:
            known.bring_back("editor", editor, OF_EDITOR)
        known.keep("editor", editor, OF_EDITOR)
        return editor


def _parts(
    run: Run, worker: Worker | None, other: Run | None, settings: Mapping[str, Any]
) -> tuple[AssociationHeatmap, ImageBrowser]:
    """Heatmap and browser with the same settings; those that no longer fit the run are left at their defaults."""
    heatmap = AssociationHeatmap(run, worker, other)
    present = Memory()
    present.remember("", settings)
    present.bring_back("", heatmap, SETTINGS)
    browser = ImageBrowser(run, show_boxes=False, **{name: getattr(heatmap, name) for name in SETTINGS})
    return heatmap, browser


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
