"""The options that name images to work on, for every command that takes a corpus: a folder, a table, a data set."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from emocam_widgets.commands.options import count
from emocam_widgets.errors import EmocamError

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus

DEMO = "demo"
F = TypeVar("F", bound=Callable[..., Any])

_PATH = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--csv", "csvs", type=_PATH, multiple=True, help="A table with a row per image; may be repeated."),
    click.option(
        "--root", type=_PATH, help="The folder that the paths in --csv start from (default: the table's own)."
    ),
    click.option("--image-column", default="image", show_default=True, help="The column of --csv with the path."),
    click.option("--label-column", default="label", show_default=True, help='With the label; "" where there is none.'),
    click.option("--list-column", "list_columns", multiple=True, help="One with several values, separated by commas."),
    click.option("--encoding", default="utf-8", show_default=True, help="Of the text of --csv."),
    click.option("--album", "albums", type=_PATH, multiple=True, help="A folder with a folder per label."),
    click.option("--findingemo", type=_PATH, help="FindingEmo's download folder (needs findingemo-light)."),
    click.option("--annotations", type=_PATH, help="FindingEmo's annotations as a CSV, in place of the package's."),
    click.option("--emotion-dataset", type=_PATH, help="The Emotion Dataset: a folder per label."),
    click.option("--wikiart", type=_PATH, help="The TSV of WikiArt Emotions; its images are in --images."),
    click.option("--images", "wikiart_images", type=_PATH, help="The folder of WikiArt's images."),
    click.option("--wikiart-column", default="Art (image+title)", show_default=True, help="Or ImageOnly, TitleOnly."),
    click.option(
        "--labels",
        type=click.Choice(["affect", "emotions"]),
        default="affect",
        show_default=True,
        help="Of the Emotion Dataset and WikiArt: negative, other, positive, or their own emotions.",
    ),
    click.option(
        "--where",
        multiple=True,
        metavar="COLUMN=VALUE",
        help='Only images with it: "age=Adults", "valence=1..3" (either end may be open), "age=Adults,Seniors".',
    ),
)


@dataclass(frozen=True)
class CorpusChoice:
    """What the options name; see their help."""

    csvs: tuple[Path, ...]
    root: Path | None
    image_column: str
    label_column: str
    list_columns: tuple[str, ...]
    encoding: str
    albums: tuple[Path, ...]
    findingemo: Path | None
    annotations: Path | None
    emotion_dataset: Path | None
    wikiart: Path | None
    wikiart_images: Path | None
    wikiart_column: str
    labels: str
    where: tuple[str, ...]


def corpus_options(command: F) -> F:
    """Adds the options to a command, which gets what they name as ``corpora``, a `CorpusChoice`."""
    names = [field.name for field in fields(CorpusChoice)]

    @functools.wraps(command)
    def with_choice(*args: Any, **options: Any) -> Any:
        choice = CorpusChoice(**{name: options.pop(name) for name in names})
        return command(*args, corpora=choice, **options)

    for option in reversed(_OPTIONS):
        option(with_choice)
    return with_choice  # type: ignore[return-value]


def corpora_from_options(choice: CorpusChoice, folder: str | Path | None = None) -> list[Corpus]:
    """All corpora that a folder (or "demo") and the options name, filtered by --where.

    Raises:
        EmocamError: one cannot be opened, or options that belong together are not given together.
    """
    from emocam_widgets.corpus import Corpus

    _refuse_halves(choice)
    found = []
    if folder is not None:
        found.append(Corpus.demo() if str(folder) == DEMO else Corpus.from_folder(folder))
    found += [
        Corpus.from_csv(
            csv,
            choice.root,
            choice.image_column,
            choice.label_column or None,
            lists=choice.list_columns,
            encoding=choice.encoding,
        )
        for csv in choice.csvs
    ]
    found += [Corpus.from_label_folders(album) for album in choice.albums]
    if choice.findingemo is not None:
        found.append(Corpus.findingemo(choice.findingemo, choice.annotations))
    if choice.emotion_dataset is not None:
        found.append(Corpus.emotion_dataset(choice.emotion_dataset, choice.labels))
    if choice.wikiart is not None and choice.wikiart_images is not None:
        found.append(Corpus.wikiart(choice.wikiart, choice.wikiart_images, choice.wikiart_column, choice.labels))
    return [_filtered(corpus, choice.where) for corpus in found]


def corpus_from_options(choice: CorpusChoice, folder: str | Path | None = None) -> Corpus:
    """The one corpus that a folder (or "demo") and the options name.

    Raises:
        EmocamError: they name none, or several, or it cannot be opened.
    """
    _refuse_halves(choice)
    named = [
        *([str(folder)] if folder is not None else []),
        *(f"--csv {csv}" for csv in choice.csvs),
        *(f"--album {album}" for album in choice.albums),
        *(["--findingemo"] if choice.findingemo else []),
        *(["--emotion-dataset"] if choice.emotion_dataset else []),
        *(["--wikiart"] if choice.wikiart else []),
    ]
    if len(named) > 1:
        raise EmocamError(f"A run is over one corpus; found {', '.join(named)}. Analyse each into a run of its own.")
    if not named:
        raise EmocamError(
            'There are no images to work on: give a folder, "demo", or one of --csv, --album, --findingemo, '
            "--emotion-dataset, --wikiart."
        )
    return corpora_from_options(choice, folder)[0]


def missing_note(corpus: Corpus) -> str | None:
    """A line on the images that a table names and the folder does not hold, or None."""
    if not corpus.missing:
        return None
    first, n_missing = corpus.missing[0], count(len(corpus.missing), "image")
    return f"{corpus.name}: {n_missing} of its table not there, such as {first}; going on with {len(corpus):,}."


def _refuse_halves(choice: CorpusChoice) -> None:
    if (choice.wikiart is None) != (choice.wikiart_images is None):
        raise EmocamError("--wikiart and --images go together: give the TSV and the folder of its images.")
    if choice.annotations is not None and choice.findingemo is None:
        raise EmocamError("--annotations goes with --findingemo, the folder that its images were downloaded into.")
    if choice.root is not None and not choice.csvs:
        raise EmocamError("--root goes with --csv, the table whose paths start there.")


def _filtered(corpus: Corpus, conditions: tuple[str, ...]) -> Corpus:
    if not conditions:
        return corpus
    import pandas as pd

    metadata = corpus.metadata
    asked: dict[str, Any] = {}
    for condition in conditions:
        column, equals, value = condition.partition("=")
        if not equals or not value:
            raise EmocamError(
                f'--where {condition!r} is no condition; expected such as "age=Adults" or "valence=1..3".'
            )
        numeric = column in metadata and pd.api.types.is_numeric_dtype(metadata[column])
        asked[column] = _number_condition(condition, value) if numeric else _any_of(value)
    return corpus.where(asked)


def _any_of(value: str) -> str | list[str]:
    parts = [part.strip() for part in value.split(",")]
    return parts if len(parts) > 1 else value


def _number_condition(condition: str, value: str) -> Any:
    try:
        if ".." in value:
            low, _, high = value.partition("..")
            return (float(low) if low else None, float(high) if high else None)
        return [float(part) for part in value.split(",")]
    except ValueError as error:
        raise EmocamError(f"--where {condition!r} is on numbers; expected such as 2, 1..3, 1.. or 1,2,3.") from error
