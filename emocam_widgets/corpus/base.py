"""A corpus: image ids in a fixed order, the images behind them and their own annotations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image

from emocam_widgets.corpus.folder import existing_folder, image_path, list_images
from emocam_widgets.corpus.images import read_image
from emocam_widgets.errors import EmocamError, ImageError, UnknownNameError

KINDS = ("folder", "demo")


class Corpus:
    """Images below one folder, under ids that are paths relative to it with ``/``. It never changes after it is made.

    Attributes:
        kind: how it was made ("folder", "demo"); with ``root`` this is enough to make it again.
        name: what to call it in a title.
        root: the folder, absolute.
        labels: the labels that its annotations use, in order of first appearance; empty without annotations.
        synthetic: whether the images are drawn by this project; what shows them says so.
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
    ) -> None:
        self.root = root
        self.kind = kind
        self.name = name
        self.synthetic = synthetic
        self._ids = tuple(image_ids)
        self._known = frozenset(self._ids)
        self._annotations = dict(annotations or {})
        self.labels = tuple(labels) if labels is not None else tuple(dict.fromkeys(self._annotations.values()))

    @classmethod
    def from_folder(cls, path: str | os.PathLike[str]) -> Corpus:
        """All images below a folder, in the order of their paths. A file is not opened before it is needed.

        Raises:
            EmocamError: there is no such folder, or no image in it.
        """
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
    def reopened(cls, kind: str, root: str | os.PathLike[str]) -> Corpus:
        """The corpus that a run's manifest speaks of.

        Raises:
            EmocamError: it is not there any more, or of a kind that this version does not know.
        """
        if kind == "demo":
            return cls.demo()
        if kind == "folder":
            return cls.from_folder(root)
        raise UnknownNameError("kind of corpus", kind, KINDS)

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
        annotations = {image_id: self._annotations[image_id] for image_id in chosen if image_id in self._annotations}
        return Corpus(
            self.root,
            chosen,
            name=self.name,
            kind=self.kind,
            annotations=annotations,
            labels=self.labels,
            synthetic=self.synthetic,
        )
