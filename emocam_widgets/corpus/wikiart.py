"""WikiArt Emotions (Mohammad and Kiritchenko 2018): its TSV, its images wherever they were saved, its several emotions.

Fields' paper gives no rule for several emotions per image. Here: the group with most votes, other where groups tie.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import pandas as pd

from emocam_widgets.corpus.folder import list_images
from emocam_widgets.corpus.tables import Contents, contents, read_table, refuse_doubles
from emocam_widgets.errors import EmocamError, UnknownNameError, known_name
from emocam_widgets.labels import AFFECT_LABELS, WIKIART_GROUPS

VARIANTS = ("Art (image+title)", "ImageOnly", "TitleOnly")
"""What the annotators saw: the picture with its title, the picture, the title."""
ID, URL = "ID", "Image URL"
TIE = "other"
_VOTE_DIGITS = 6  # sums of fractions of annotators that are equal on paper differ in the last bits


def read_wikiart(tsv: Path, images: Path, column: str, by_group: bool) -> Contents:
    """What the TSV says of the paintings whose images are below ``images``.

    An image is the file called like the painting's ID, else like its URL's artist and file name, else like its URL's
    file name where no other painting's is the same.

    Args:
        column: one of `VARIANTS`.
        by_group: annotate with negative, other or positive; else with the one emotion that has most votes.

    Raises:
        EmocamError: the TSV lacks a column or has no numbers in one, names a painting twice, or no image is found.
    """
    known_name("variant of WikiArt's emotions", column, VARIANTS)
    emotions = {f"{column}: {emotion}": emotion for emotion in WIKIART_GROUPS}
    hint = " Expected the TSV of WikiArt Emotions, with tabs between its columns."
    table = read_table(tsv, [ID, URL], delimiter="\t", hint=hint, text=("Title", "Artist", "Style", "Category", "Year"))
    _check_emotions(table, column, str(tsv))
    refuse_doubles(table[ID], str(tsv))
    votes = _votes(table, emotions, str(tsv))
    sums = votes.T.groupby(pd.Series(dict(WIKIART_GROUPS))).sum().T.reindex(columns=AFFECT_LABELS).round(_VOTE_DIGITS)
    labels = _single_best(sums, TIE) if by_group else _single_best(votes, None)
    found = _find_images(table, images)
    there = found.notna()
    if not there.any():
        raise EmocamError(
            f"None of the {len(table):,} paintings of {str(tsv)!r} has its image in {str(images)!r}; looked for files "
            f"called like the ID ({table[ID].iloc[0]!r}) or like the file name of {table[URL].iloc[0]!r}."
        )
    metadata = table.drop(columns=[name for name in table if _is_vote(str(name))])
    metadata["emotions"] = [tuple(row.index[row > 0]) for _, row in votes.iterrows()]
    metadata[[f"votes {group}" for group in sums]] = sums
    return contents(found.where(there, table[ID]).rename("image_id"), labels, metadata, there)


def _is_vote(column: str) -> bool:
    return column.startswith(tuple(f"{variant}: " for variant in VARIANTS))


def _check_emotions(table: pd.DataFrame, column: str, name: str) -> None:
    """Each of the twenty must be there, and no other: what the grouping does not know would silently not count."""
    there = [str(found).removeprefix(f"{column}: ") for found in table if str(found).startswith(f"{column}: ")]
    absent = [emotion for emotion in WIKIART_GROUPS if emotion not in there]
    if absent:
        raise EmocamError(
            f"{name!r} has no column {f'{column}: {absent[0]}'!r}"
            f"{f' (nor {len(absent) - 1} others of the twenty)' if len(absent) > 1 else ''}; "
            "expected the TSV of WikiArt Emotions, with its 20 emotions."
        )
    unknown = next((emotion for emotion in there if emotion not in WIKIART_GROUPS), None)
    if unknown is not None:
        raise UnknownNameError(f"emotion in the grouping of WikiArt (in {name!r})", unknown, WIKIART_GROUPS)


def _votes(table: pd.DataFrame, emotions: dict[str, str], name: str) -> pd.DataFrame:
    """One row per painting, one column per emotion: 0 or 1, or the share of annotators, as the file has it."""
    votes = table[list(emotions)].rename(columns=emotions)
    for emotion in votes:
        try:
            votes[emotion] = pd.to_numeric(votes[emotion])
        except (ValueError, TypeError) as error:
            raise EmocamError(
                f"The column of {emotion!r} in {name!r} has something else than numbers ({error})."
            ) from error
    return votes.fillna(0).astype(float)


def _single_best(votes: pd.DataFrame, tie: str | None) -> pd.Series:
    """The column with most votes per row; ``tie`` where several have, and None where there is no vote at all."""
    best = votes.max(axis=1)
    labels = votes.idxmax(axis=1).astype(object)
    labels[votes.eq(best, axis=0).sum(axis=1) > 1] = tie
    labels[best <= 0] = None
    return labels.astype("str")


def _find_images(table: pd.DataFrame, images: Path) -> pd.Series:
    """The image id per painting, or a missing value."""
    by_stem: dict[str, str] = {}
    by_name: dict[str, list[str]] = defaultdict(list)
    by_artist: dict[tuple[str, str], str] = {}
    for image_id in list_images(images):
        path = PurePosixPath(image_id)
        by_stem.setdefault(path.stem, image_id)
        by_name[path.name].append(image_id)
        by_artist.setdefault((path.parent.name, path.name), image_id)
    wanted = [_artist_and_file(url) for url in table[URL]]
    uses = pd.Series([file for _, file in wanted], dtype=object).value_counts()

    def find(painting: str, artist: str, file: str) -> str | None:
        if painting in by_stem:
            return by_stem[painting]
        if (artist, file) in by_artist:
            return by_artist[artist, file]
        alone = file and uses[file] == 1 and len(by_name[file]) == 1
        return by_name[file][0] if alone else None

    found = [find(painting, artist, file) for painting, (artist, file) in zip(table[ID], wanted, strict=True)]
    return pd.Series(found, index=table.index, dtype="str")


def _artist_and_file(url: object) -> tuple[str, str]:
    """("leonardo-da-vinci", "mona-lisa.jpg") of an address; WikiArt's "!Large.jpg" at its end is a size, no name."""
    if not isinstance(url, str):
        return "", ""
    path = PurePosixPath(unquote(urlsplit(url).path).split("!")[0])
    return path.parent.name, path.name
