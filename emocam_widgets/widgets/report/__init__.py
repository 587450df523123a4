"""A run as one HTML file that opens from disk, without kernel or network.

The front end is the widgets' own (js/report/ answers their questions in the browser); here is what it is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emocam_widgets.analysis.importance import SCORES
from emocam_widgets.engine.reporting import reporting
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.run.run import DEFAULT_THRESHOLD
from emocam_widgets.widgets.base import LiveWidget, static
from emocam_widgets.widgets.browser import ImageBrowser
from emocam_widgets.widgets.explorer import PARTS, Explorer
from emocam_widgets.widgets.report.page import Story, page, readable_part
from emocam_widgets.widgets.report.pictures import LEVELS, Picture, PictureMaker, Pictures, wanted_order
from emocam_widgets.widgets.report.tables import Choice, RunTables, packed_numbers, packed_shown
from emocam_widgets.widgets.run_parts import RUN_PARTS

if TYPE_CHECKING:
    from emocam_widgets.analysis.association import Association
    from emocam_widgets.run import Run

MAX_MB = 15.0
MEGABYTE = 1_000_000
CHUNK = 512 * 1024
# What base64 takes for each byte.
CONTAINER = 4 / 3
# Numbers that would take more than this share of the file are reduced to the score that is shown.
NUMBERS_SHARE = 0.3
SAMPLED_IMAGES = 200

FEATURES = ("settings", "view", "search", "marks")
"""Of the heatmap's features those that js/report/ answers."""

WITHOUT_KERNEL = (
    "This report has no kernel; to edit images, open the run in Jupyter: emocam_widgets.explore(run, worker=...)."
)
NO_ROOM = "Left out: {:g} MB limit"


def export_report(
    run: Run,
    path: str | os.PathLike[str],
    *,
    max_mb: float = MAX_MB,
    methods: Sequence[str] | None = None,
    threshold: float = DEFAULT_THRESHOLD,
    min_confidence: float | None = None,
    progress: bool = False,
) -> Path:
    """Write a run as one HTML file that anybody can open from disk, without Python, kernel or network.

    It shows what :func:`emocam_widgets.explore` shows (but nothing can be predicted in it), with the same threshold,
    score and method choices, and says how the run was made. The same run gives the same file.

    Args:
        run: what to show.
        path: the file to write, such as "report.html".
        max_mb: how large the file may be, in millions of bytes. Pictures are stored smaller to keep to it, at least 400
            pixels; what then has no room is left out, the contributors of strong cells last, and the report says so.
            All counts are of the whole run in any case.
        methods: the methods whose CAMs it holds; by default all of the run's.
        threshold: the one it opens with; it can be changed in the report.
        min_confidence: boxes below it are not in the report, 0..1; by default the run's.
        progress: show a progress bar.

    Returns:
        The file.

    Raises:
        UnknownNameError: the run has no such method.
        EmocamError: the images are not where they were, or the numbers alone take more room than there is.
    """
    held = held_methods(run)
    for method in methods or ():
        known_name("method with CAMs in this run", method, held)
    kept: dict[str, Any] = {} if min_confidence is None else {"min_confidence": float(min_confidence)}
    if not held:
        browser = ImageBrowser(run, threshold=threshold, **kept)
        shown: dict[str, LiveWidget] = {"browser": browser}
    else:
        first = next(iter(methods or ()), held[0])
        explorer = Explorer(run, remember=False, threshold=threshold)
        explorer.heatmap.set_trait("method", first)
        for name, value in kept.items():
            explorer.heatmap.set_trait(name, value)
        shown = {"explorer": explorer, "heatmap": explorer.heatmap, "browser": explorer.browser}
    try:
        return write_report(run, path, shown, max_mb=max_mb, methods=methods, progress=progress)
    finally:
        shown.get("explorer", shown["browser"]).close()


def held_methods(run: Run) -> tuple[str, ...]:
    """The methods that the run holds CAMs of, in the order in which they were added."""
    explained = set(run.cams["method"].unique())
    return tuple(method for method in run.methods if method in explained)


def write_report(
    run: Run,
    path: str | os.PathLike[str],
    shown: Mapping[str, LiveWidget],
    *,
    max_mb: float = MAX_MB,
    methods: Sequence[str] | None = None,
    progress: bool = False,
) -> Path:
    """As :func:`export_report`, in the state of the widgets ``shown`` (by name: browser, and explorer with heatmap)."""
    file = Path(path).expanduser()
    text = make_report(run, shown, max_mb=max_mb, methods=methods, progress=progress).html
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".tmp-{file.name}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    return file


@dataclass(frozen=True)
class MadeReport:
    """A report before it is written.

    Attributes:
        html: the whole page.
        notes: what is not in it as it is in the run, a sentence each; empty where everything is.
        left_out: of how many images there is no picture in it.
    """

    html: str
    notes: tuple[str, ...]
    left_out: int


def make_report(
    run: Run,
    shown: Mapping[str, LiveWidget],
    *,
    max_mb: float = MAX_MB,
    methods: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | bool = False,
) -> MadeReport:
    """As :func:`write_report`, but handed back and not written.

    Args:
        run, shown, max_mb, methods: as there.
        progress: True shows a progress bar; or a function that is called with the pictures done and to do. What it
            raises ends the making.
    """
    if not max_mb > 0:
        raise EmocamError(f"max_mb is {max_mb!r}; expected millions of bytes, such as {MAX_MB:g}.")
    return _Report(run, shown, max_mb, methods, progress).made()


@dataclass(frozen=True)
class _Numbers:
    """The numbers of the whole run, packed, and what had to be left out of them."""

    choice: Choice
    packed: bytes
    notes: tuple[str, ...] = ()


class _Report:
    """One report while it is made."""

    def __init__(
        self,
        run: Run,
        shown: Mapping[str, LiveWidget],
        max_mb: float,
        methods: Sequence[str] | None,
        progress: Callable[[int, int], None] | bool,
    ) -> None:
        self.run = run
        self.max_bytes = int(max_mb * MEGABYTE)
        self.progress = progress
        self.states = {name: _state(widget) for name, widget in shown.items()}
        browser = self.states["browser"]
        # What needs a kernel, and whose computer this was, is left out.
        browser.update(annotatable=False, annotations_file=None, annotations_note="", editable=False)
        self.given = dict(shown["browser"].annotations)
        held = held_methods(run)
        chosen = tuple(known_name("method with CAMs in this run", method, held) for method in methods or held)
        has_masks = bool(run.boxes["mask"].notna().any())
        scores = tuple(score for score in SCORES if has_masks or score != "mask-mean" or browser["score"] == score)
        self.choice = Choice(chosen, scores if chosen else (), float(browser["min_confidence"]))
        self.script, self.style = static("report")
        self.tables = RunTables(run, self.choice.min_confidence)

    def made(self) -> MadeReport:
        """The page, at most as long as it may be, and what is not in it."""
        run = self.run
        numbers = self._numbers()
        self._settle(numbers.choice)
        association = self._association(numbers.choice)
        order = wanted_order(run, association, self._first(association))
        pictures = self._pictures(numbers, association, order)
        while True:
            text = self._page(numbers, association, pictures)
            too_much = len(text.encode()) - self.max_bytes
            if too_much <= 0:
                return MadeReport(text, tuple(self._notes(numbers, pictures)), pictures.left_out)
            if not pictures.stored:
                raise EmocamError(self._no_room(len(text.encode())))
            pictures = pictures.without_last(too_much / CONTAINER)

    def _numbers(self) -> _Numbers:
        """As many scores as fit; the one that is shown in any case."""
        shown = self.states["browser"]["score"]
        packed = packed_numbers(self.tables, self.choice)
        if len(packed) * CONTAINER <= NUMBERS_SHARE * self.max_bytes or len(self.choice.scores) <= 1:
            return _Numbers(self.choice, packed)
        few = Choice(self.choice.methods, (shown,), self.choice.min_confidence)
        note = f"Other scores of importance than {shown} are left out, to keep the file small."
        return _Numbers(few, packed_numbers(self.tables, few), (note,))

    def _settle(self, choice: Choice) -> None:
        """The states, with only what the report holds to choose from."""
        for name in ("heatmap", "browser"):
            state = self.states.get(name)
            if state is None or not choice.methods:
                continue
            state["method"] = state["method"] if state["method"] in choice.methods else choice.methods[0]
        if "heatmap" in self.states:
            heatmap = self.states["heatmap"]
            kept = [each for each in heatmap["comparisons"] if each["value"] in choice.methods]
            compare = heatmap["compare"] if heatmap["compare"] in choice.methods else None
            heatmap.update(methods=list(choice.methods), scores=list(choice.scores), comparisons=kept, compare=compare)
            heatmap.update(features=list(FEATURES), roll_up=False, try_result=None, try_hint=WITHOUT_KERNEL)
        if "explorer" in self.states:
            explorer = self.states["explorer"]
            # What is done with an image or the run needs a kernel.
            for part in (*PARTS.values(), *RUN_PARTS.values(), "report"):
                explorer.pop(part, None)
            name = explorer["summary"]["name"]
            summary = {**explorer["summary"], "methods": list(choice.methods), "path": name}
            explorer.update(summary=summary, edit_hint=WITHOUT_KERNEL, mode="look")
            explorer.update(heatmap="IPY_MODEL_heatmap", browser="IPY_MODEL_browser", progress=None)

    def _association(self, choice: Choice) -> Association | None:
        if not choice.methods:
            return None
        state = self.states["browser"]
        return self.run.association(
            state["method"], state["score"], state["threshold"], choice.min_confidence, state["by"]
        )

    def _first(self, association: Association | None) -> list[int]:
        """The images that are in sight when the report opens."""
        state = self.states["browser"]
        ids = [state["open_image"], state["selected"]]
        if association is not None and state["cell"] is not None:
            ids += association.contributors(*state["cell"])
        return [self.run.position(image_id) for image_id in dict.fromkeys(ids) if image_id is not None]

    def _pictures(self, numbers: _Numbers, association: Association | None, order: Any) -> Pictures:
        run = self.run
        run.corpus  # noqa: B018  its images may have moved: that is said at once, not of each of them
        sample = [int(position) for position in order[:SAMPLED_IMAGES]]
        header = self._header(Pictures((), LEVELS[-1], len(order)), [])
        without = len(packed_shown(self.tables, numbers.choice, [], header))
        with_sample = len(packed_shown(self.tables, numbers.choice, sample, header))
        extra = (with_sample - without) / max(len(sample), 1)
        empty = Pictures((), LEVELS[-1], len(order))
        room = (self.max_bytes - len(self._page(numbers, association, empty).encode())) / CONTAINER
        if room <= 0 and len(order):
            raise EmocamError(self._no_room(self.max_bytes - room * CONTAINER))
        ids = run.images["image_id"].tolist()
        done = 0

        def seen(more: int) -> None:
            nonlocal done
            done += more
            report(done, len(order))

        with reporting(self.progress, len(order), "Pictures") as report:
            seen(0)
            maker = PictureMaker(lambda position: run.open_image(ids[position]), seen)
            return maker.fit([int(position) for position in order], room, extra)

    def _page(self, numbers: _Numbers, association: Association | None, pictures: Pictures) -> str:
        notes = self._notes(numbers, pictures)
        chunks, places = _chunks(pictures.stored)
        shown = [picture.position for picture in pictures.stored]
        tables = packed_shown(self.tables, numbers.choice, shown, self._header(pictures, places, notes))
        data = {"numbers": numbers.packed, "shown": tables}
        data.update((f"pictures-{number}", chunk) for number, chunk in enumerate(chunks))
        strong = None if association is None else association.strong()
        readable = readable_part(self.run, Story(self._settings(numbers.choice), strong, notes))
        title = f"{self.run.manifest.corpus.name}: emocam-widgets report"
        return page(title, readable, self.script, self.style, data)

    def _header(self, pictures: Pictures, places: Sequence[Sequence[int]], notes: Sequence[str] = ()) -> dict[str, Any]:
        """``places``: of each picture its image's position, its chunk, where in the chunk it begins, and its length."""
        unreadable = {picture.position: picture.reason for picture in pictures.stored if picture.reason is not None}
        return {
            "states": self.states,
            "pictures": places,
            "unreadable": unreadable,
            "given": self.given,
            "no_room": NO_ROOM.format(self.max_bytes / MEGABYTE),
            "notes": list(notes),
            "name": self.run.manifest.corpus.name,
        }

    def _notes(self, numbers: _Numbers, pictures: Pictures) -> list[str]:
        return [*self._left_out(pictures), *numbers.notes]

    def _left_out(self, pictures: Pictures) -> list[str]:
        total = len(self.run)
        notes = []
        held = sum(1 for picture in pictures.stored if picture.data)
        if pictures.left_out:
            notes.append(f"Shows {held:,} of {total:,} images; all counts are of the whole run.")
        if held:
            notes.append(f"Pictures are at most {pictures.level.side} pixels wide or high.")
        return notes

    def _settings(self, choice: Choice) -> dict[str, str]:
        state = self.states["browser"]
        settings = {"boxes from a confidence of": f"{choice.min_confidence:g}"}
        if choice.methods:
            settings["method"] = state["method"]
            settings["score of a box"] = state["score"]
            settings["where the importance is above"] = f"{state['threshold']:g}"
            way = "predicted label" if state["by"] == "prediction" else "annotated label"
            settings["an image counts under its"] = way
        return settings

    def _no_room(self, needed: float) -> str:
        return (
            f"Without a single picture this report takes {needed / MEGABYTE:.2f} MB, and max_mb is "
            f"{self.max_bytes / MEGABYTE:g}; allow more or choose fewer methods."
        )


def _state(widget: LiveWidget) -> dict[str, Any]:
    """What the front end shows a widget with: its traits, but not those that are bytes, which the report computes."""
    names = [name for name in widget.keys if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")]
    state = widget.get_state(names)
    return {name: value for name, value in state.items() if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(entry) for key, entry in value.items())
    if isinstance(value, list | tuple):
        return all(_is_plain(entry) for entry in value)
    return value is None or isinstance(value, str | int | float | bool)


def _chunks(pictures: Sequence[Picture]) -> tuple[list[bytes], list[list[int]]]:
    """The pictures in chunks of about half a megabyte, so that a page decodes only those it shows; and their places."""
    chunks: list[bytes] = []
    places: list[list[int]] = []
    current = bytearray()
    for picture in pictures:
        if not picture.data:
            continue
        if len(current) >= CHUNK:
            chunks.append(bytes(current))
            current = bytearray()
        places.append([picture.position, len(chunks), len(current), len(picture.data)])
        current += picture.data
    if current:
        chunks.append(bytes(current))
    return chunks, places
