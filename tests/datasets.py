"""Tiny copies of the data sets' layouts with drawn pictures: what a user has after downloading, a few images each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from emocam_widgets.corpus.wikiart import VARIANTS
from emocam_widgets.labels import EMOTION_DATASET_GROUPS, WIKIART_GROUPS
from tests.tiny_models import picture

FINDINGEMO_ROWS = [
    ("/Run_1/Happy adults park/a.jpg", "Undefined", "Children,Adults", 2, 3, "Joy", "BodyLanguage,FacialExpression", 0),
    ("/Run_2/Angry youth street/b.jpg", "Text,NA", "Youth", -2, 5, "Rage", "Context", 4),
    ("/Run_2/Sad seniors home/c.jpg", "Undefined", "Seniors", -1, 2, "Grief", "FacialExpression,Staging", 1),
    ("/Run_2/Sad seniors home/gone.jpg", "Undefined", "Seniors", -1, 2, "Sadness", "Neutral", 6),
]
FINDINGEMO_COLUMNS = ["image_path", "tags", "age", "valence", "arousal", "emotion", "dec_factors", "ambiguity"]


def draw(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed, (48, 36)).save(path)


def make_findingemo(folder: Path, rows: Sequence[tuple] = FINDINGEMO_ROWS) -> Path:
    """`folder`/images with the images less those called gone.jpg, and the annotations as the package writes them."""
    table = pd.DataFrame(rows, columns=FINDINGEMO_COLUMNS)
    table.insert(0, "user", "5fd9")
    table.insert(0, "index", range(len(table)))
    table["datetime"] = "2023-09-01 00:00:00.000000"
    for number, path in enumerate(dict.fromkeys(table["image_path"])):
        if not path.endswith("gone.jpg"):
            draw(folder / "images" / path.lstrip("/"), number)
    table.to_csv(folder / "annotations.csv", index=False)
    return folder / "annotations.csv"


def make_emotion_dataset(folder: Path, per_label: int = 1) -> Path:
    """A folder per label with so many images each."""
    for number, label in enumerate(EMOTION_DATASET_GROUPS):
        for image in range(per_label):
            draw(folder / label / f"{label}_{image}.jpg", 10 * number + image)
    return folder


def wikiart_row(painting: str, url: str, votes: Mapping[str, float], **more: object) -> dict[str, object]:
    """A row of the TSV; `votes` of the variant "Art (image+title)", or of another as "ImageOnly: fear"."""
    row: dict[str, object] = {
        "ID": painting, "Style": "Modern Art", "Category": "Cubism", "Artist": "Ann Example", "Title": "NA",
        "Year": "1911", "Image URL": url, "Painting Info URL": "", "Artist Info URL": "", "Is painting": "yes",
        "Face/body": "face", "Ave. art rating": 1.5,
    }  # fmt: skip
    row |= {f"{variant}: {emotion}": 0 for variant in VARIANTS for emotion in WIKIART_GROUPS}
    row |= {name if ": " in name else f"{VARIANTS[0]}: {name}": share for name, share in votes.items()}
    return row | more


def make_wikiart(folder: Path, rows: Sequence[Mapping[str, object]] | None = None) -> Path:
    """The TSV of four paintings, and three of their images: by ID, by artist and file name, by file name."""
    site = "https://uploads.wikiart.example/images"
    if rows is None:
        rows = [
            wikiart_row("577a", f"{site}/ann-example/one.jpg", {"love": 1, "happiness": 1, "fear": 1}),
            wikiart_row(
                "577b", f"{site}/ann-example/two%20suns.jpg!Large.jpg", {"fear": 1, "love": 1}, Style="Pop Art"
            ),
            wikiart_row("577c", f"{site}/bob/three.jpg", {"ImageOnly: trust": 1, "sadness": 1}),
            wikiart_row("577d", f"{site}/bob/gone.jpg", {"sadness": 1}),
        ]
        draw(folder / "paintings" / "577a.png", 1)
        draw(folder / "paintings" / "ann-example" / "two suns.jpg", 2)
        draw(folder / "paintings" / "saved" / "three.jpg", 3)
    pd.DataFrame(rows).to_csv(folder / "wikiart.tsv", sep="\t", index=False)
    return folder / "wikiart.tsv"


def make_album(folder: Path, labels: Sequence[str] = ("positive", "negative", "other", "positive")) -> Path:
    """album.csv beside its images, with a year and the lenses of each."""
    for number in range(len(labels)):
        draw(folder / "photos" / f"{number}.jpg", number + 40)
    pd.DataFrame(
        {
            "image": [f"photos/{number}.jpg" for number in range(len(labels))],
            "label": list(labels),
            "year": [2019 + number for number in range(len(labels))],
            "lenses": ["wide", "wide, tele", "tele", ""][: len(labels)] + [""] * (len(labels) - 4),
        }
    ).to_csv(folder / "album.csv", index=False)
    return folder / "album.csv"
