"""The paste experiment over a corpus (EmoCAM, section 3.2): what pasting an object onto an image does to its label."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from PIL import Image

from emocam_widgets.analysis.paste import PasteResult
from emocam_widgets.engine.cache import image_key
from emocam_widgets.engine.compose import VARIANTS, Sprites
from emocam_widgets.engine.loading import Loaded, load_ahead
from emocam_widgets.engine.paste_passes import FocusMeter, passes
from emocam_widgets.engine.paste_places import DEFAULT_MIN_CONFIDENCE, HEIGHT, POSITIONS, Places, Position, Spot
from emocam_widgets.engine.prepared import Paste, PreparedImage
from emocam_widgets.engine.reporting import reporting
from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain import METHODS
from emocam_widgets.run import ClassifierInfo, CorpusInfo, DetectorInfo, Manifest, Run, RunWriter, open_run
from emocam_widgets.run.schema import TABLES
from emocam_widgets.types import Output, Placement, Prediction

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.detectors import Detector
    from emocam_widgets.models import SplitClassifier

__all__ = ["DEFAULT_OBJECTS", "HEIGHT", "POSITIONS", "paste_experiment"]

DEFAULT_OBJECTS = ("rugby ball", "soccer ball", "lotus flower")
FOCUS_METHOD = "grad-cam"
SECONDS_A_PART = 10.0
Key = tuple[str, str, int, float, float, float]
Row = dict[str, Any]


def paste_experiment(
    corpus: Corpus,
    classifier: SplitClassifier,
    objects: Sequence[str] | Mapping[str, Image.Image] = DEFAULT_OBJECTS,
    *,
    positions: Sequence[Position] | None = None,
    height: float | Literal["box"] = HEIGHT,
    labels: Iterable[str] | None = None,
    images: Iterable[str] | None = None,
    variants: Sequence[str] = ("object",),
    at: Sequence[str] = (),
    boxes: Run | Detector | None = None,
    min_confidence: float | None = None,
    focus: bool | str = False,
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | bool = True,
) -> PasteResult:
    """Pastes each object at each place onto each image and predicts again. Images that fail to open are left out.

    The paper pastes objects only. Each control puts something else into the object's silhouette: "grey" is a plain
    mid-grey, "blurred" the image itself under a Gaussian filter of a quarter of the object's height; what they switch,
    the object switches by covering and not by what it is.

    Args:
        corpus, classifier: the images, and what predicts them.
        objects: names of shipped sprites, or own images with transparency by name.
        positions: sprite centres, relative to the image's width and height; by default 4 x 4 and the centre, and none
            where `at` is given.
        height: of the sprites, relative to the image's height; with `at` also "box": that of the box.
        labels: only images that are predicted as one of these.
        images: only these image ids.
        variants: "object" and the controls "grey" and "blurred"; `compose.VARIANTS` is all of them.
        at: object classes; the sprites are centred on each of their boxes.
        boxes: where the boxes come from: a run of these images, or a detector.
        min_confidence: boxes below it do not count; by default what the run or the detector names.
        focus: whether CAMs are computed of the changed images too (`result.focus`); or the name of the method.
        out: a run folder that keeps the rows. What it holds already is not computed again, and an interrupted
            experiment goes on.
        progress: True shows a progress bar; or a function called with the images done and to do.

    Raises:
        UnknownNameError: an unknown sprite, label, image, variant, object class or method.
        EmocamError: no position, no box of the classes, a sprite without transparency, or no image has one of the
            labels.
        RunError: `out` cannot be written, or holds something that does not belong together with this.
    """
    wanted = None if labels is None else {known_name("label", label, classifier.labels) for label in labels}
    chosen = corpus if images is None else corpus.subset(images)
    method = (FOCUS_METHOD if focus is True else known_name("method", focus, METHODS)) if focus else None
    places = Places.of(positions, height, at, boxes, min_confidence)
    experiment = _Experiment(
        classifier, _sprites(objects), _variants(variants), places, wanted, method,
        METHODS[method].output if method else None,
    )  # fmt: skip
    with reporting(progress, len(chosen), "Pasting") as report:
        if out is None:
            tables = experiment.run(chosen, _Memory(), report)
        else:
            with RunWriter(out, experiment.manifest(corpus, len(chosen))) as writer:
                # A position on a box counts in the run's classes, which another detector may have begun.
                experiment = replace(experiment, places=replace(places, classes=writer.manifest.classes))
                memory = _Memory.of(open_run(writer.path), writer)
                try:
                    tables = experiment.run(chosen, memory, report)
                finally:
                    memory.commit()
                writer.finish()
    if tables["pastes"].empty:
        raise EmocamError(experiment.why_nothing(corpus.name))
    return PasteResult(tables["pastes"], classifier.labels, experiment.places.classes, tables["focus"])


@dataclass
class _Memory:
    """What a run folder holds of the experiment, and what is to be committed to it; without a writer it holds nothing.

    `labels` are those of the images that were predicted, `rows` the pastes and focus rows by image and then key.
    """

    writer: RunWriter | None = None
    labels: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[Key, Row]]] = field(default_factory=lambda: {"pastes": {}, "focus": {}})
    failed: frozenset[str] = frozenset()
    _new: dict[str, list[Row]] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, run: Run, writer: RunWriter) -> _Memory:
        memory = cls(writer, dict(zip(run.images["image_id"], run.images["label"], strict=True)))
        memory.failed = writer.failed_images()
        for name, frame in (("pastes", run.pastes), ("focus", run.paste_result.focus)):
            for found in frame.to_dict("records"):
                row = {str(column): value for column, value in found.items()}
                memory.rows[name].setdefault(row["image_id"], {})[_key(row)] = row
        return memory

    def held(self, table: str, image_id: str) -> dict[Key, Row]:
        return self.rows[table].get(image_id, {})

    def keep(self, tables: Mapping[str, Sequence[Row]]) -> None:
        """Takes an image's rows, and commits what has come together after a while."""
        if self.writer is None:
            return
        for name, rows in tables.items():
            self._new.setdefault(name, []).extend(rows)
        if time.monotonic() - self._since > SECONDS_A_PART:
            self.commit()

    def commit(self) -> None:
        if self.writer is not None and any(self._new.values()):
            self.writer.write_part(self._new)
        self._new = {}
        self._since = time.monotonic()


@dataclass(frozen=True)
class _Experiment:
    """What is pasted, where, and what is asked of it."""

    classifier: SplitClassifier
    sprites: Sprites
    variants: tuple[str, ...]
    places: Places
    wanted: set[str] | None
    method: str | None
    output: Output | None

    def run(self, corpus: Corpus, memory: _Memory, report: Callable[[int, int], object]) -> dict[str, pd.DataFrame]:
        """The pastes and focus rows that were asked for, those that the memory holds already among them."""
        found: dict[str, list[Row]] = {"pastes": [], "focus": []}
        held: dict[str, list[Row]] = {}
        todo = []
        for image_id in corpus:
            known = self._held(image_id, memory)
            if known is None:
                todo.append(image_id)
            else:
                held[image_id] = []
                for name in found:
                    found[name] += known[name]
        done = len(held)
        report(done, len(corpus))
        for loaded in load_ahead(corpus, todo):
            rows = self._image(loaded, corpus.annotation(loaded.image_id), memory)
            for name in found:
                found[name] += rows[name]
            done += 1
            report(done, len(corpus))
        order = {image_id: number for number, image_id in enumerate(corpus)}
        return {name: _frame(name, rows, order) for name, rows in found.items()}

    def manifest(self, corpus: Corpus, n_images: int) -> Manifest:
        """Of a run that keeps the rows."""
        classifier = self.classifier
        detector = self.places.detector
        detectors: tuple[DetectorInfo, ...] = self.places.run_detectors
        if detector is not None:
            settings = {**detector.settings, "min_confidence": DEFAULT_MIN_CONFIDENCE}
            detectors = (DetectorInfo(detector.name, detector.fingerprint, tuple(detector.class_names), settings),)
        return Manifest(
            corpus=replace(CorpusInfo.of(corpus), n_images=n_images),
            classifier=ClassifierInfo(
                classifier.name, classifier.fingerprint, classifier.synthetic, {"target": classifier.target}
            ),
            labels=classifier.labels,
            detectors=detectors,
            sprites={name: image_key(image) for name, image in self.sprites.items()},
        )

    def why_nothing(self, corpus_name: str) -> str:
        """Why there is not a single row."""
        labelled = "" if self.wanted is None else f" that is predicted as {', '.join(sorted(self.wanted))}"
        if self.places.at:
            found = f"has a box of {' or '.join(self.places.at)} with a confidence of {self.places.min_confidence:g}"
            return f"No usable image of the corpus {corpus_name!r}{labelled} {found}; nothing was pasted."
        asked = labelled.removeprefix(" that ") or "was asked for"
        return f"No usable image of the corpus {corpus_name!r} {asked}; nothing was pasted."

    def _held(self, image_id: str, memory: _Memory) -> dict[str, list[Row]] | None:
        """The image's rows where the memory holds all of them, else None: then it has to be opened."""
        label = memory.labels.get(image_id)
        if label is None:
            return None
        if self.wanted is not None and label not in self.wanted:
            return {"pastes": [], "focus": []}
        spots = self.places.known(image_id)
        if spots is None:
            return None
        keys = self._keys(spots)
        pastes, focus = memory.held("pastes", image_id), self._focus_held(image_id, memory)
        if not keys.keys() <= pastes.keys() or (self.method and not keys.keys() <= focus.keys()):
            return None
        return {"pastes": [pastes[key] for key in keys], "focus": [focus[key] for key in keys] if self.method else []}

    def _focus_held(self, image_id: str, memory: _Memory) -> dict[Key, Row]:
        mine = memory.held("focus", image_id)
        return {key: row for key, row in mine.items() if (row["method"], row["output"]) == (self.method, self.output)}

    def _keys(self, spots: Sequence[Spot]) -> dict[Key, tuple[Spot, Paste]]:
        """What is to be pasted at these spots of an image, each once."""
        keys: dict[Key, tuple[Spot, Paste]] = {}
        for name in self.sprites:
            for variant in self.variants:
                for spot in spots:
                    placement = Placement(name, spot.x, spot.y, spot.height)
                    key = (name, variant, spot.position, *_rounded(spot.x, spot.y, spot.height))
                    keys.setdefault(key, (spot, Paste((placement,), variant)))
        return keys

    def _image(self, loaded: Loaded, annotation: str | None, memory: _Memory) -> dict[str, list[Row]]:
        """All rows of one image; none where it cannot be used or its label is not wanted."""
        nothing: dict[str, list[Row]] = {"pastes": [], "focus": []}
        image, image_id = loaded.image, loaded.image_id
        if image is None:
            if image_id not in memory.failed:
                memory.keep({"failures": [{"image_id": image_id, "stage": "open", "reason": loaded.reason}]})
            return nothing
        prepared = PreparedImage(self.classifier, image)
        before = self._before(prepared)
        new: dict[str, list[Row]] = {"pastes": [], "focus": [], "images": []}
        if image_id not in memory.labels:
            new["images"].append(_image_row(image_id, image, before, annotation))
        if self.wanted is None or before.label in self.wanted:
            keys = self._keys(self.places.on(image_id, image))
            held = {"pastes": memory.held("pastes", image_id), "focus": self._focus_held(image_id, memory)}
            self._paste(image_id, prepared, before, keys, held, new)
            by_key = {name: {**held[name], **{_key(row): row for row in new[name]}} for name in nothing}
            nothing = {
                "pastes": [by_key["pastes"][key] for key in keys],
                "focus": [by_key["focus"][key] for key in keys] if self.method else [],
            }
        memory.keep(new)
        return nothing

    def _before(self, prepared: PreparedImage) -> Prediction:
        import torch

        with torch.no_grad():
            activation = self.classifier.trunk(prepared.tensor[None].to(self.classifier.device))
        return self.classifier.predictions(activation)[0]

    def _paste(
        self,
        image_id: str,
        prepared: PreparedImage,
        before: Prediction,
        keys: Mapping[Key, tuple[Spot, Paste]],
        held: Mapping[str, Mapping[Key, Row]],
        new: dict[str, list[Row]],
    ) -> None:
        """Adds the rows that are not held yet."""
        missing = {
            key: what
            for key, what in keys.items()
            if key not in held["pastes"] or (self.method is not None and key not in held["focus"])
        }
        if not missing:
            return
        meter = None
        if self.method is not None and self.output is not None:
            meter = FocusMeter(self.classifier, prepared, self.sprites, self.method, self.output)
        waiting = iter(missing.items())
        for one in passes(self.classifier, prepared, self.sprites, [paste for _, paste in missing.values()]):
            looked = meter(one) if meter is not None else [None] * len(one.predictions)
            for prediction, focus in zip(one.predictions, looked, strict=True):
                key, (spot, paste) = next(waiting)
                row = {
                    "image_id": image_id,
                    "object": paste.placements[0].sprite,
                    "variant": paste.variant,
                    "position": spot.position,
                    "x": spot.x,
                    "y": spot.y,
                    "sprite_height": spot.height,
                    "label_before": before.label,
                    "label_after": prediction.label,
                }
                if key not in held["pastes"]:
                    both = {
                        "probabilities_before": before.probabilities,
                        "probabilities_after": prediction.probabilities,
                    }
                    new["pastes"].append({**row, **both})
                if focus is not None and key not in held["focus"]:
                    new["focus"].append({**row, "method": self.method, "output": self.output, **vars(focus)})


def _sprites(objects: Sequence[str] | Mapping[str, Image.Image]) -> Sprites:
    if isinstance(objects, Mapping):
        sprites = Sprites(objects)
    else:
        from emocam_widgets.demo import open_sprite

        sprites = Sprites({name: open_sprite(name) for name in ([objects] if isinstance(objects, str) else objects)})
    if not sprites:
        raise EmocamError("The paste experiment needs at least one object, such as 'rugby ball'.")
    return sprites


def _variants(variants: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys([variants] if isinstance(variants, str) else variants))
    if not names:
        raise EmocamError(f"The paste experiment needs at least one variant of {', '.join(VARIANTS)}.")
    return tuple(known_name("variant", name, VARIANTS) for name in names)


def _image_row(image_id: str, image: Image.Image, prediction: Prediction, annotation: str | None) -> Row:
    return {
        "image_id": image_id,
        "width": image.width,
        "height": image.height,
        "label": prediction.label,
        "annotation": annotation,
        "probabilities": prediction.probabilities,
        "valence": prediction.valence,
        "arousal": prediction.arousal,
    }


def _key(row: Mapping[str, Any]) -> Key:
    place = _rounded(row["x"], row["y"], row["sprite_height"])
    return (str(row["object"]), str(row["variant"]), int(row["position"]), *place)


def _rounded(x: float, y: float, height: float) -> tuple[float, float, float]:
    """As it is found again in single precision."""
    return round(float(x), 4), round(float(y), 4), round(float(height), 4)


def _frame(table: str, rows: Sequence[Row], order: Mapping[str, int]) -> pd.DataFrame:
    ordered = sorted(rows, key=lambda row: order[row["image_id"]])
    return pd.DataFrame(ordered, columns=TABLES[table].names)
