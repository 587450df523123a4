"""A corpus: image ids in a fixed order, the images behind them and their own annotations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from emocam_widgets.corpus.folder import existing_folder, image_path, list_images
from emocam_widgets.corpus.images import read_image
from emocam_widgets.errors import EmocamError, ImageError, UnknownNameError, known_name
from emocam_widgets.labels import (
    AFFECT_LABELS,
    EMOTION_DATASET_GROUPS,
    PLUTCHIK_LABELS,
    WIKIART_GROUPS,
    mapped_labels,
)

if TYPE_CHECKING:
    import pandas as pd

    from emocam_widgets.corpus.tables import Contents

KINDS = ("folder", "address", "demo", "csv", "findingemo", "label-folders", "emotion-dataset", "wikiart")
LABELS = ("affect", "emotions")
RELABELLED = "relabelled"


class Corpus:
    """Images below one folder, under ids that are paths relative to it with ``/``. It never changes after it is made.

    Attributes:
        kind: how it was made, one of `KINDS`; with ``root`` and ``settings`` this is enough to make it again.
        settings: what else it was made from: the table's path, its columns, the maps of `relabelled`.
        name: what to call it in a title.
        root: the folder, absolute.
        labels: the labels that its annotations use, in order of first appearance; empty without annotations.
        synthetic: whether the images are drawn by this project; what shows them says so.
        missing: what its table names and its folder does not hold: image ids, or WikiArt's IDs.
    """

    def __init__(
        self,
        root: Path,
        image_ids: Sequence[str],
        *,
        name: str,
        kind: str = "folder",
        annotations: Mapping[str, str] | None = None,
        labels: Sequence[str] | None = None,
        synthetic: bool = False,
        settings: Mapping[str, Any] | None = None,
        metadata: pd.DataFrame | None = None,
        missing: Sequence[str] = (),
    ) -> None:
        self.root = root
        self.kind = kind
        self.name = name
        self.synthetic = synthetic
        self._ids = tuple(image_ids)
        self._known = frozenset(self._ids)
        self.settings = dict(settings or {})
        self.missing = tuple(missing)
        self._metadata = metadata
        self._annotations = dict(annotations or {})
        self.labels = tuple(labels) if labels is not None else tuple(dict.fromkeys(self._annotations.values()))

    @classmethod
    def from_folder(cls, path: str | os.PathLike[str]) -> Corpus:
        """All images below a folder, in the order of their paths. A file is not opened before it is needed.

        An fsspec address (``s3://bucket/photos``) is a folder too; its images are fetched when they are needed.

        Raises:
            EmocamError: there is no such folder, or no image in it.
        """
        if "://" in str(path):
            from emocam_widgets.corpus.remote import RemoteCorpus

            return RemoteCorpus.from_address(str(path))
        root = existing_folder(path)
        return cls(root, list_images(root), name=root.name or str(root), kind="folder")

    @classmethod
    def demo(cls) -> Corpus:
        """The embedded corpus of drawn, synthetic scenes, annotated with the label that each was drawn for.

        Raises:
            EmocamError: it is missing from the installation.
        """
        from emocam_widgets.corpus.demo import DATA

        return cls._demo(DATA)

    @classmethod
    def _demo(cls, data: Path) -> Corpus:
        from emocam_widgets.corpus.demo import read_annotations

        annotations = read_annotations(data)
        root = (data / "corpus").resolve()
        return cls(root, tuple(annotations), name="demo", kind="demo", annotations=annotations, synthetic=True)

    @classmethod
    def from_csv(
        cls,
        csv: str | os.PathLike[str],
        root: str | os.PathLike[str] | None = None,
        image: str = "image",
        label: str | None = "label",
        *,
        lists: Sequence[str] = (),
        delimiter: str | None = None,
        encoding: str = "utf-8",
    ) -> Corpus:
        """The images that a table names, in its order; images that are not there are in ``missing``.

        Args:
            csv: the table, with a header line.
            root: the folder that the paths in it start from; by default the one that it is in.
            image: the column of the images' paths.
            label: the column of their labels, an empty cell being none; None: there is no such column.
            lists: columns that hold several values, separated by commas. They, and all others, become `metadata`.
            delimiter: between the columns; by default a tab for ``.tsv``, else a comma.
            encoding: of the text.

        Raises:
            EmocamError: the table cannot be read, lacks a column, names an image twice or outside ``root``, or none of
                its images is there.
        """
        from emocam_widgets.corpus.csv_table import read_csv_table

        table = Path(csv)
        folder, found = read_csv_table(
            table, Path(root) if root is not None else None, image, label, tuple(lists), delimiter, encoding
        )
        settings = {
            "csv": _absolute(table),
            "image": image,
            "label": label,
            "lists": list(lists),
            "delimiter": delimiter,
            "encoding": encoding,
        }
        return cls._of(found, folder, table.stem, "csv", settings)

    @classmethod
    def findingemo(cls, images: str | os.PathLike[str], annotations: str | os.PathLike[str] | None = None) -> Corpus:
        """FindingEmo below its download folder, annotated with Plutchik's 24 emotions.

        Images that could not be downloaded are in ``missing``. `metadata` has valence (-3..3), arousal (0..6),
        ambiguity (0..6), and as lists age, tags and dec_factors, the deciding factors. Several annotations of one image
        become one: the most frequent emotion (of equally frequent ones the first), the mean of numbers, all of lists.

        Args:
            images: the folder that holds Run_1 and Run_2.
            annotations: a CSV like the one of the package findingemo-light; by default that one, which must be
                installed (``pip install "emocam-widgets[findingemo]"``; CC BY-NC-SA 4.0).

        Raises:
            EmocamError: there are no annotations, or none of their images is there.
        """
        from emocam_widgets.corpus.findingemo import read_findingemo

        root = existing_folder(images)
        table = Path(annotations) if annotations is not None else None
        settings = {"annotations": _absolute(table) if table is not None else None}
        return cls._of(read_findingemo(root, table), root, "FindingEmo", "findingemo", settings, PLUTCHIK_LABELS)

    @classmethod
    def from_label_folders(cls, path: str | os.PathLike[str]) -> Corpus:
        """An album with a folder per label: each image is annotated with the folder that it is in, directly or deeper.

        Raises:
            EmocamError: there is no such folder, or no folder with images in it.
        """
        from emocam_widgets.corpus.label_folders import read_label_folders

        root = existing_folder(path)
        return cls._of(read_label_folders(root), root, root.name, "label-folders", {})

    @classmethod
    def emotion_dataset(cls, path: str | os.PathLike[str], labels: str = "affect") -> Corpus:
        """The Emotion Dataset (You et al. 2016), kept as a folder per label.

        Args:
            path: the folder that holds amusement, anger, ..., or train/amusement and so on.
            labels: "affect": negative or positive, as the second paper has it; "emotions": its own eight.

        Raises:
            EmocamError: there is no such folder, or an image is in a folder of another name.
        """
        from emocam_widgets.corpus.label_folders import read_known_label_folders

        known_name("kind of labels", labels, LABELS)
        root = existing_folder(path)
        found = read_known_label_folders(root, tuple(EMOTION_DATASET_GROUPS), "the Emotion Dataset's eight labels")
        corpus = cls._of(found, root, "Emotion Dataset", "emotion-dataset", {}, tuple(EMOTION_DATASET_GROUPS))
        if labels == "affect":
            corpus = corpus._mapped(EMOTION_DATASET_GROUPS)
        corpus.settings["labels"] = labels
        return corpus

    @classmethod
    def wikiart(
        cls,
        tsv: str | os.PathLike[str],
        images: str | os.PathLike[str],
        column: str = "Art (image+title)",
        labels: str = "affect",
    ) -> Corpus:
        """WikiArt Emotions (Mohammad and Kiritchenko 2018); paintings without an image file are in ``missing``.

        A painting has several emotions. Its label is the group that they give most votes, other where two have the same
        number, none where no emotion was voted for. Its image is the file below ``images`` that is called like its ID,
        else like the artist and file name in its address, else like the file name where that is unambiguous.

        Args:
            column: which of the three sets of votes: "Art (image+title)", "ImageOnly" or "TitleOnly".
            labels: "affect": negative, other or positive; "emotions": the one emotion with most votes, none on a tie.

        Raises:
            EmocamError: the TSV lacks a column, names a painting twice, or none of its images is there.
        """
        from emocam_widgets.corpus.wikiart import read_wikiart

        known_name("kind of labels", labels, LABELS)
        root, table = existing_folder(images), Path(tsv)
        found = read_wikiart(table, root, column, labels == "affect")
        settings = {"tsv": _absolute(table), "column": column, "labels": labels}
        order = AFFECT_LABELS if labels == "affect" else tuple(WIKIART_GROUPS)
        return cls._of(found, root, "WikiArt Emotions", "wikiart", settings, order)

    @classmethod
    def _of(
        cls,
        found: Contents,
        root: Path,
        name: str,
        kind: str,
        settings: Mapping[str, Any],
        order: Sequence[str] | None = None,
    ) -> Corpus:
        """A corpus of what a data set holds; its labels in the data set's order, as far as they occur."""
        used = dict.fromkeys(found.annotations.values())
        return cls(
            root,
            found.image_ids,
            name=name,
            kind=kind,
            annotations=found.annotations,
            labels=[label for label in order if label in used] if order is not None else None,
            settings=settings,
            metadata=found.metadata,
            missing=found.missing,
        )

    @classmethod
    def reopened(cls, kind: str, root: str | os.PathLike[str], settings: Mapping[str, Any] | None = None) -> Corpus:
        """The corpus that a run's manifest speaks of: all of it, where the run was over a part.

        Raises:
            EmocamError: it is not there any more, or of a kind that this version does not know.
        """
        given = dict(settings or {})
        maps = given.pop(RELABELLED, [])
        makers = {
            "demo": cls.demo,
            "folder": lambda: cls.from_folder(root),
            "address": lambda: cls.from_folder(given["address"]),
            "csv": lambda: cls.from_csv(root=root, **given),
            "findingemo": lambda: cls.findingemo(root, **given),
            "label-folders": lambda: cls.from_label_folders(root),
            "emotion-dataset": lambda: cls.emotion_dataset(root, **given),
            "wikiart": lambda: cls.wikiart(images=root, **given),
        }
        corpus: Corpus = makers[known_name("kind of corpus", kind, KINDS)]()
        for mapping in maps:
            corpus = corpus.relabelled(mapping)
        return corpus

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._known

    def __repr__(self) -> str:
        return f"<Corpus {self.name!r}: {len(self)} images in {self.root}>"

    def open(self, image_id: str) -> Image.Image:
        """The image as an RGB PIL image, upright after its EXIF orientation.

        Raises:
            ImageError: it is not in the corpus or cannot be used; ``reason`` says why.
        """
        path = self.path(image_id)
        try:
            return read_image(path)
        except ImageError as error:
            raise ImageError(error.reason, image_id) from error

    def preview(self, image_id: str, least_side: int) -> Image.Image:
        """As :meth:`open`, perhaps smaller, though not below ``least_side`` pixels on either side: for thumbnails.

        Raises:
            ImageError: as :meth:`open`.
        """
        if type(self).open is not Corpus.open:  # one that gets its images in another way
            return self.open(image_id)
        try:
            return read_image(self.path(image_id), least_side)
        except ImageError as error:
            raise ImageError(error.reason, image_id) from error

    def path(self, image_id: str) -> Path:
        """The image's file.

        Raises:
            ImageError: the id is not in the corpus, leads out of its folder, or has no file.
        """
        path = image_path(self.root, image_id)
        if image_id not in self._known:
            raise ImageError(f"it is not in the corpus {self.name!r}", image_id)
        return path

    def annotation(self, image_id: str) -> str | None:
        """The corpus's own label of the image, or None where it has none."""
        return self._annotations.get(image_id)

    def subset(self, image_ids: Iterable[str]) -> Corpus:
        """A smaller corpus over the same folder, in the order given, each image once.

        Raises:
            EmocamError: one of the ids is not in this corpus, or none was given.
        """
        chosen = tuple(dict.fromkeys(image_ids))
        for image_id in chosen:
            if image_id not in self._known:
                raise UnknownNameError("image in the corpus", image_id, self._ids)
        if not chosen:
            raise EmocamError("A subset of a corpus needs at least one image id.")
        return self._with(chosen, self._annotations, self.labels)

    @property
    def metadata(self) -> pd.DataFrame:
        """What the data set says of each image besides its label, one row per image, indexed by image_id.

        FindingEmo: age, valence, arousal, dec_factors, ambiguity, tags; WikiArt: style, category, artist, rating, votes
        and so on; a CSV: its other columns. What has several values is a tuple of strings. Without a table: no column.
        """
        import pandas as pd

        if self._metadata is None:
            return pd.DataFrame(index=pd.Index(self._ids, name="image_id"))
        return self._metadata.copy()

    def where(self, conditions: Mapping[str, Any] | None = None, /, **columns: Any) -> Corpus:
        """The images that answer to all conditions, each on a column of `metadata` or on "annotation".

        ``corpus.where(valence=(1, 3), age=["Adults", "Seniors"], dec_factors="Context", annotation="Joy")``

        A number is held to a value, a list of values, or (from, to), both included, None for an open end. Text is held
        to a value or any of a list. A column of lists must contain the value, or one of several.

        Args:
            conditions: the same as a mapping, for columns whose name is no Python name ("Ave. art rating").

        Raises:
            UnknownNameError: no such column, or a value that no image has.
            EmocamError: a condition does not fit its column, or no image answers to all of them.
        """
        from emocam_widgets.corpus.filters import ANNOTATION, matching

        asked = {**(conditions or {}), **columns}
        table = self.metadata
        if ANNOTATION in asked:
            table[ANNOTATION] = [self._annotations.get(image_id) for image_id in self._ids]
        chosen = [image_id for image_id, fits in zip(self._ids, matching(table, asked), strict=True) if fits]
        if not chosen:
            said = ", ".join(f"{column}={condition!r}" for column, condition in asked.items())
            raise EmocamError(f"None of the {len(self):,} images of {self.name!r} answers to {said}.")
        return self._with(chosen, self._annotations, self.labels)

    def relabelled(self, mapping: Mapping[str, str | None]) -> Corpus:
        """The same images with other annotations: groups, or another model's labels (`labels.PLUTCHIK_TO_EMONET`).

        Args:
            mapping: from each annotation that occurs to its new label, or to None for no annotation.

        Raises:
            EmocamError: an annotation is not in the mapping; it is named.
        """
        corpus = self._mapped(mapping)
        corpus.settings[RELABELLED] = [*self.settings.get(RELABELLED, []), dict(mapping)]
        return corpus

    def _mapped(self, mapping: Mapping[str, str | None]) -> Corpus:
        new = mapped_labels(self.labels, mapping, f"the corpus {self.name!r}")
        annotations = {
            image_id: label for image_id, old in self._annotations.items() if (label := new[old]) is not None
        }
        labels = [
            label for label in dict.fromkeys(mapping.values()) if label in set(new.values()) and label is not None
        ]
        if set(labels) <= set(AFFECT_LABELS):
            labels.sort(key=AFFECT_LABELS.index)
        return self._with(self._ids, annotations, labels)

    def _with(self, chosen: Sequence[str], annotations: Mapping[str, str], labels: Sequence[str]) -> Corpus:
        """Some of its images, in this order, with these annotations as far as they are theirs."""
        return type(self)(
            self.root,
            chosen,
            name=self.name,
            kind=self.kind,
            annotations={image_id: annotations[image_id] for image_id in chosen if image_id in annotations},
            labels=labels,
            synthetic=self.synthetic,
            settings=self.settings,
            metadata=self._metadata.loc[list(chosen)] if self._metadata is not None else None,
            missing=self.missing,
        )


def _absolute(path: Path) -> str:
    return str(path.expanduser().absolute())
