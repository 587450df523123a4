"""manifest.json: what a run was made from and with. Read and written whole, always by one atomic rename."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from emocam_widgets.errors import RunError
from emocam_widgets.run.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus

MANIFEST = "manifest.json"
_ANNOTATING = ("label", "labels", "column", "relabelled")


class MismatchError(RunError):
    """Two manifests do not belong together; the message is a clause that says in what they differ."""


@dataclass(frozen=True)
class CorpusInfo:
    """Where the images were (for ``Corpus.reopened``); n_images is how many were to be analysed.

    ``settings`` is what a data set was read with beside its folder; runs of older versions have none.
    """

    kind: str
    root: str
    name: str
    synthetic: bool = False
    n_images: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, corpus: Corpus) -> CorpusInfo:
        """What a manifest says of a corpus."""
        return cls(corpus.kind, str(corpus.root), corpus.name, corpus.synthetic, len(corpus), dict(corpus.settings))


@dataclass(frozen=True)
class ClassifierInfo:
    """The classifier; its labels, in its output order, are the manifest's."""

    name: str
    fingerprint: str
    synthetic: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DetectorInfo:
    """One detector, its class names and what it was asked (settings: min_confidence, ...)."""

    name: str
    fingerprint: str
    classes: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MethodInfo:
    """One explanation method, the output that it explained and its settings."""

    name: str
    output: str = "probabilities"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """Everything in manifest.json. ``classes`` are those of all detectors, in their order, each once.

    ``sprites`` are what was pasted: a hash of each picture by its name.
    """

    corpus: CorpusInfo
    classifier: ClassifierInfo
    labels: tuple[str, ...]
    detectors: tuple[DetectorInfo, ...] = ()
    methods: tuple[MethodInfo, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    sprites: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA_VERSION

    @property
    def classes(self) -> tuple[str, ...]:
        """The object classes that a box of this run can have."""
        return tuple(dict.fromkeys(name for detector in self.detectors for name in detector.classes))

    def detector(self, name: str) -> DetectorInfo | None:
        """The detector of that name, where the run has one."""
        return next((detector for detector in self.detectors if detector.name == name), None)

    def to_json(self) -> str:
        """The text of manifest.json."""
        return json.dumps({**asdict(self), "classes": self.classes}, indent=1, ensure_ascii=False)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Manifest:
        """From the parsed text of manifest.json.

        Raises:
            KeyError, TypeError: something is missing or of another type.
        """
        return cls(
            corpus=CorpusInfo(**content["corpus"]),
            classifier=ClassifierInfo(**content["classifier"]),
            labels=tuple(content["labels"]),
            detectors=tuple(DetectorInfo(**{**d, "classes": tuple(d["classes"])}) for d in content["detectors"]),
            methods=tuple(MethodInfo(**method) for method in content["methods"]),
            versions=dict(content["versions"]),
            counts=dict(content["counts"]),
            sprites=dict(content.get("sprites", {})),
            schema=content["schema"],
        )

    def merged(self, new: Manifest) -> Manifest:
        """This run's manifest after it is continued with what ``new`` asks for: its detectors and methods are added.

        Raises:
            MismatchError: they do not belong together (another corpus or classifier, or a detector or method of the
                same name but other settings), so that their rows must not stand in one table.
        """
        if self.corpus.root != new.corpus.root and Path(self.corpus.root).exists() and self.corpus.kind != "demo":
            raise MismatchError(f"its images are in {self.corpus.root!r}, not in {new.corpus.root!r}")
        for what, mine, other in (
            ("the corpus", (self.corpus.kind, self.corpus.name), (new.corpus.kind, new.corpus.name)),
            ("the list of labels", self.labels, new.labels),
            ("the way in which images are annotated", _annotating(self.corpus), _annotating(new.corpus)),
            ("the classifier", _identity(self.classifier), _identity(new.classifier)),
        ):
            if mine != other:
                raise MismatchError(f"{what} differs ({_short(mine)} when it was begun, now {_short(other)})")
        for name in self.sprites.keys() & new.sprites.keys():
            if self.sprites[name] != new.sprites[name]:
                raise MismatchError(f"the object {name!r} that was pasted was another picture")
        return replace(
            self,
            sprites={**self.sprites, **new.sprites},
            corpus=replace(new.corpus, n_images=max(self.corpus.n_images, new.corpus.n_images)),
            detectors=_joined("detector", self.detectors, new.detectors),
            methods=_joined("method", self.methods, new.methods),
            versions=new.versions or self.versions,
        )


def read_manifest(path: Path) -> Manifest:
    """The manifest of the run folder ``path``.

    Raises:
        RunError: it is no run folder, or of another schema version, or the manifest is damaged.
    """
    file = path / MANIFEST
    if not path.is_dir():
        raise RunError(f"There is no run folder {str(path)!r}; emocam_widgets.analyze(..., out=...) makes one.")
    if not file.is_file():
        raise RunError(f"{str(path)!r} is not a run: it holds no {MANIFEST}; expected a folder written by analyze.")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        schema = content["schema"]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise RunError(f"{str(file)!r} is damaged or not a run's manifest ({_reason(error)}).") from error
    if schema != SCHEMA_VERSION:
        raise RunError(
            f"The run {str(path)!r} has schema version {schema!r}, this emocam-widgets reads version {SCHEMA_VERSION}; "
            "analyse again into another folder or use the version that wrote it."
        )
    try:
        return Manifest.from_dict(content)
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{str(file)!r} is damaged or not a run's manifest ({_reason(error)}).") from error


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Puts the manifest into the run folder ``path``; a reader sees the old one or the new one, never a half.

    Raises:
        OSError: the disk is full or the folder may not be written.
    """
    write_atomically(path / MANIFEST, manifest.to_json())


def write_atomically(file: Path, text: str) -> None:
    """Writes a small text file under a temporary name beside it, forces it to the disk and renames it into place."""
    temporary = file.with_name(f".tmp-{file.name}-{uuid4().hex[:8]}")
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _identity(part: ClassifierInfo | DetectorInfo | MethodInfo) -> Any:
    # through JSON, because that is how the stored one came here: tuples are lists there
    return json.loads(json.dumps(asdict(part)))


def _annotating(corpus: CorpusInfo) -> str:
    """Which column or map its annotations come from; the paths may change, since a corpus may move."""
    chosen = {name: corpus.settings[name] for name in _ANNOTATING if corpus.settings.get(name) is not None}
    return ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in chosen.items()) or "as it is"


def _joined(what: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    known = {(part.name, getattr(part, "output", None)): part for part in old}
    for part in new:
        same = known.setdefault((part.name, getattr(part, "output", None)), part)
        if _identity(same) != _identity(part):
            raise MismatchError(f"the {what} {part.name!r} was used with other settings or another version of it")
    return tuple(known.values())


def _short(value: Any) -> str:
    text = f"{value['name']} {value['fingerprint']}" if isinstance(value, dict) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:120]
