"""The data sets of both papers, and any table, as corpora: labels, metadata, what is missing, and bad input by name."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from emocam_widgets.corpus import Corpus
from emocam_widgets.corpus.base import KINDS
from emocam_widgets.corpus.findingemo import read_annotations
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.labels import EMONET_LABELS, PLUTCHIK_LABELS, PLUTCHIK_TO_EMONET
from tests.datasets import (
    FINDINGEMO_ROWS,
    draw,
    make_album,
    make_emotion_dataset,
    make_findingemo,
    make_wikiart,
    wikiart_row,
)


def labelled(corpus: Corpus) -> dict[str, str | None]:
    return {image_id: corpus.annotation(image_id) for image_id in corpus}


def test_csv_labels_metadata_and_images(tmp_path: Path) -> None:
    album = make_album(tmp_path)
    corpus = Corpus.from_csv(album, lists=["lenses"])
    assert labelled(corpus) == {
        "photos/0.jpg": "positive", "photos/1.jpg": "negative", "photos/2.jpg": "other", "photos/3.jpg": "positive",
    }  # fmt: skip
    assert corpus.labels == ("positive", "negative", "other") and corpus.root == tmp_path
    assert corpus.open("photos/1.jpg").size == (48, 36)
    metadata = corpus.metadata
    assert list(metadata.index) == list(corpus) and list(metadata) == ["year", "lenses"]
    assert metadata.loc["photos/1.jpg", "lenses"] == ("wide", "tele") and metadata.loc["photos/3.jpg", "lenses"] == ()
    assert metadata["year"].tolist() == [2019, 2020, 2021, 2022]


def test_csv_paths_of_every_kind_and_missing_images(tmp_path: Path) -> None:
    for number, name in enumerate(("a.jpg", "b.jpg", "sub/c.jpg", "NA")):
        draw(tmp_path / "photos" / (name if "." in name else f"{name}.jpg"), number)
    rows = [("./a.jpg", "NA"), (tmp_path / "photos" / "b.jpg", " Joy "), ("sub\\c.jpg", ""), ("gone.jpg", "Joy")]
    pd.DataFrame(rows, columns=["file", "mood"]).to_csv(tmp_path / "t.tsv", sep="\t", index=False, encoding="utf-8-sig")
    corpus = Corpus.from_csv(tmp_path / "t.tsv", tmp_path / "photos", "file", "mood")
    assert labelled(corpus) == {"a.jpg": "NA", "b.jpg": "Joy", "sub/c.jpg": None}
    assert corpus.missing == ("gone.jpg",)
    assert list(Corpus.from_csv(tmp_path / "t.tsv", tmp_path / "photos", "file", None).labels) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "is empty; expected a table with the columns 'image', 'label'"),
        (b"image,label\n", "has a header but no row"),
        (b"path,label\na.jpg,Joy\n", "has no column 'image'; found 'path', 'label'. Name them with image="),
        (b"image,label\na.jpg,caf\xe9\n", "is not utf-8 text .* encoding='cp1252'"),
        (
            b"image,label\na.jpg,Joy\nb.jpg,Joy\na.jpg,Fear\n",
            "has 1 in more than one row, such as 'a.jpg' in lines 2, 4",
        ),
        (b"image,label\na.jpg,Joy\n../b.jpg,Joy\n", "line 3 of .* names '../b.jpg', which is not inside"),
        (b"image,label\n/etc/b.jpg,Joy\n", "line 2 of .* names '/etc/b.jpg', which is not inside"),
        (b"image,label\n,Joy\n", "line 2 of .* has nothing in the column 'image'"),
        (b"image,label\nx.jpg,Joy\n", "None of the 1 images that .* names is in .* looked for 'x.jpg'"),
        (b'image,label\na.jpg,Joy\n"b.jpg,Joy', "cannot be read as a table"),
    ],
)
def test_a_bad_csv_is_refused_in_one_sentence(tmp_path: Path, text: bytes, sentence: str) -> None:
    draw(tmp_path / "a.jpg", 0)
    (tmp_path / "t.csv").write_bytes(text)
    with pytest.raises(EmocamError, match=sentence) as error:
        Corpus.from_csv(tmp_path / "t.csv")
    assert "t.csv" in str(error.value) and "\n" not in str(error.value)


def test_a_csv_that_is_not_there_or_in_an_unknown_encoding(tmp_path: Path) -> None:
    with pytest.raises(EmocamError, match="There is no file"):
        Corpus.from_csv(tmp_path / "none.csv")
    with pytest.raises(EmocamError, match="There is no text encoding 'klingon'"):
        Corpus.from_csv(make_album(tmp_path), encoding="klingon")
    (tmp_path / "l.csv").write_bytes("image,label\nphotos/0.jpg,Müde\n".encode("cp1252"))
    assert Corpus.from_csv(tmp_path / "l.csv", encoding="cp1252").labels == ("Müde",)


def test_findingemo_counts_missing_images_and_keeps_its_columns(tmp_path: Path) -> None:
    corpus = Corpus.findingemo(tmp_path / "images", make_findingemo(tmp_path))
    first = "Run_1/Happy adults park/a.jpg"
    assert len(corpus) == 3 and corpus.missing == ("Run_2/Sad seniors home/gone.jpg",)
    assert corpus.annotation(first) == "Joy" and corpus.labels == ("Joy", "Grief", "Rage")  # the wheel's order
    assert corpus.open(first).size == (48, 36)
    row = corpus.metadata.loc[first]
    assert (row["valence"], row["arousal"], row["ambiguity"]) == (2, 3, 0)
    assert row["age"] == ("Children", "Adults") and row["dec_factors"] == ("BodyLanguage", "FacialExpression")
    assert "user" not in corpus.metadata


def test_findingemo_several_annotations_of_one_image(tmp_path: Path) -> None:
    path = "/Run_1/Happy adults park/a.jpg"
    rows = [
        (path, "Undefined", "Adults", 2, 3, "Joy", "Context", 0),
        FINDINGEMO_ROWS[1],
        (path, "Text", "Adults", -1, 3, "Trust", "Context,Staging", 3),
        (path, "Undefined", "Youth", 2, 3, "Trust", "Staging", 0),
        (FINDINGEMO_ROWS[1][0], "Undefined", "Youth", 0, 5, "Anger", "Context", 4),
    ]
    corpus = Corpus.findingemo(tmp_path / "images", make_findingemo(tmp_path, rows))
    assert labelled(corpus) == {path[1:]: "Trust", FINDINGEMO_ROWS[1][0][1:]: "Rage"}  # most frequent, else first
    row = corpus.metadata.loc[path[1:]]
    assert row["valence"] == 1 and row["age"] == ("Adults", "Youth") and row["n_annotations"] == 3
    assert row["dec_factors"] == ("Context", "Staging")


def test_findingemo_bad_input(tmp_path: Path) -> None:
    odd = [(*FINDINGEMO_ROWS[0][:5], "Meh", *FINDINGEMO_ROWS[0][6:])]
    table = make_findingemo(tmp_path, odd)
    with pytest.raises(EmocamError, match=r"the emotion 'Meh' .* none of Plutchik's 24"):
        Corpus.findingemo(tmp_path / "images", table)
    out = [("/../etc/a.jpg", *FINDINGEMO_ROWS[0][1:])]
    (tmp_path / "out").mkdir()
    with pytest.raises(EmocamError, match="is not inside"):
        Corpus.findingemo(tmp_path / "images", make_findingemo(tmp_path / "out", out))
    pd.read_csv(table).assign(valence="much").to_csv(table, index=False)
    with pytest.raises(EmocamError, match=r"'valence' .* something else than numbers"):
        Corpus.findingemo(tmp_path / "images", table)


def test_findingemos_own_annotations_are_read_whole(tmp_path: Path) -> None:
    pytest.importorskip("findingemo_light", reason="findingemo-light is not installed")
    table = read_annotations()
    assert len(table) == 25_869 and table["image_path"].is_unique
    assert set(table["emotion"]) == set(PLUTCHIK_LABELS) and len(PLUTCHIK_LABELS) == 24
    assert table["valence"].between(-3, 3).all() and table[["arousal", "ambiguity"]].stack().between(0, 6).all()
    assert table["dec_factors"].explode().nunique() < 10 and "Context" in set(table["dec_factors"].explode())
    draw(tmp_path / "Run_2" / "Loving toddlers sports" / "haiti-kids.jpg", 0)
    corpus = Corpus.findingemo(tmp_path)
    assert labelled(corpus) == {"Run_2/Loving toddlers sports/haiti-kids.jpg": "Trust"}
    assert len(corpus.missing) == 25_868
    with pytest.raises(EmocamError, match="None of the 25,869 images"):
        (tmp_path / "empty").mkdir()
        Corpus.findingemo(tmp_path / "empty")


def test_emotion_dataset_in_groups_and_in_its_own_labels(tmp_path: Path) -> None:
    make_emotion_dataset(tmp_path / "plain")
    corpus = Corpus.emotion_dataset(tmp_path / "plain")
    assert corpus.labels == ("negative", "positive") and len(corpus) == 8
    assert corpus.annotation("awe/awe_0.jpg") == "positive" and corpus.annotation("anger/anger_0.jpg") == "negative"
    assert Corpus.emotion_dataset(tmp_path / "plain", "emotions").annotation("awe/awe_0.jpg") == "awe"
    draw(tmp_path / "split" / "train" / "Fear" / "x.jpg", 0)
    assert labelled(Corpus.emotion_dataset(tmp_path / "split")) == {"train/Fear/x.jpg": "negative"}
    draw(tmp_path / "plain" / "angre" / "x.jpg", 0)
    with pytest.raises(EmocamError, match=r"such as 'angre/x.jpg' \(did you mean 'anger'\?\); expected a folder per"):
        Corpus.emotion_dataset(tmp_path / "plain")


def test_an_album_with_a_folder_per_label(tmp_path: Path) -> None:
    for number, name in enumerate(("positive/2020/a.jpg", "negative/b.jpg", "c.jpg")):
        draw(tmp_path / "album" / name, number)
    corpus = Corpus.from_label_folders(tmp_path / "album")
    assert labelled(corpus) == {"c.jpg": None, "negative/b.jpg": "negative", "positive/2020/a.jpg": "positive"}
    draw(tmp_path / "flat" / "a.jpg", 0)
    with pytest.raises(EmocamError, match="expected a folder per label"):
        Corpus.from_label_folders(tmp_path / "flat")


def test_wikiart_finds_images_and_counts_votes(tmp_path: Path) -> None:
    tsv = make_wikiart(tmp_path)
    corpus = Corpus.wikiart(tsv, tmp_path / "paintings")
    assert labelled(corpus) == {
        "577a.png": "positive",  # two votes to one
        "ann-example/two suns.jpg": "other",  # a tie
        "saved/three.jpg": "negative",
    }
    assert corpus.missing == ("577d",) and corpus.labels == ("negative", "other", "positive")
    row = corpus.metadata.loc["577a.png"]
    assert (row["Style"], row["Ave. art rating"], row["Title"]) == ("Modern Art", 1.5, "NA")
    assert row["emotions"] == ("fear", "happiness", "love") and row["votes positive"] == 2
    titled = Corpus.wikiart(tsv, tmp_path / "paintings", "ImageOnly")
    assert labelled(titled) == {"577a.png": None, "ann-example/two suns.jpg": None, "saved/three.jpg": "positive"}
    own = Corpus.wikiart(tsv, tmp_path / "paintings", labels="emotions")
    assert labelled(own) == {"577a.png": None, "ann-example/two suns.jpg": None, "saved/three.jpg": "sadness"}


def test_wikiart_votes_as_shares_tie_exactly(tmp_path: Path) -> None:
    draw(tmp_path / "p" / "1.jpg", 0)
    tsv = make_wikiart(tmp_path, [wikiart_row("1", "", {"fear": 0.1, "anger": 0.2, "love": 0.3})])
    assert labelled(Corpus.wikiart(tsv, tmp_path / "p")) == {"1.jpg": "other"}


def test_wikiart_does_not_guess_between_files_of_one_name(tmp_path: Path) -> None:
    rows = [wikiart_row(str(n), f"https://w.example/images/artist-{n}/sea.jpg", {}) for n in range(2)]
    draw(tmp_path / "p" / "sea.jpg", 0)
    draw(tmp_path / "p" / "artist-1" / "sea.jpg", 1)
    corpus = Corpus.wikiart(make_wikiart(tmp_path, rows), tmp_path / "p")
    assert list(corpus) == ["artist-1/sea.jpg"] and corpus.missing == ("0",)


def test_wikiart_bad_input(tmp_path: Path) -> None:
    tsv = make_wikiart(tmp_path)
    whole = pd.read_csv(tsv, sep="\t", dtype=str)
    images = tmp_path / "paintings"

    def refused(table: pd.DataFrame, sentence: str, sep: str = "\t") -> None:
        table.to_csv(tmp_path / "bad.tsv", sep=sep, index=False)
        with pytest.raises(EmocamError, match=sentence) as error:
            Corpus.wikiart(tmp_path / "bad.tsv", images)
        assert "bad.tsv" in str(error.value) and "\n" not in str(error.value)

    refused(whole, "no column 'ID', 'Image URL'; found .* tabs between", sep=",")
    refused(whole.drop(columns="Art (image+title): fear"), r"no column 'Art \(image\+title\): fear'; expected the TSV")
    refused(whole.assign(**{"Art (image+title): awe": "0"}), "no emotion in the grouping of WikiArt .* called 'awe'")
    refused(whole.assign(**{"Art (image+title): fear": "yes"}), "'fear' .* something else than numbers")
    refused(pd.concat([whole, whole]), "has 4 in more than one row, such as '577a' in lines 2, 6")
    refused(whole.iloc[[3]], "None of the 1 paintings")
    with pytest.raises(UnknownNameError, match="did you mean 'ImageOnly'"):
        Corpus.wikiart(tsv, images, "image only")


def test_where_filters_by_numbers_text_and_lists(tmp_path: Path) -> None:
    corpus = Corpus.findingemo(tmp_path / "images", make_findingemo(tmp_path))
    a, b, c = corpus
    assert list(corpus.where(valence=(-1, None))) == [a, c]
    assert list(corpus.where(valence=[-2, 2])) == [a, b] and list(corpus.where(ambiguity=4)) == [b]
    assert list(corpus.where(dec_factors="FacialExpression")) == [a, c]
    assert list(corpus.where(age=["Youth", "Adults"])) == [a, b]
    assert list(corpus.where(annotation=["Rage", "Grief"], arousal=(2, 2))) == [c]
    smaller = corpus.where({"tags": "Text"})
    assert list(smaller.metadata.index) == [b] and smaller.labels == corpus.labels and smaller.annotation(b) == "Rage"
    assert list(corpus.subset([c, a]).metadata.index) == [c, a]
    assert list(corpus.metadata) == list(Corpus.reopened(corpus.kind, corpus.root, corpus.settings).metadata)
    for wrong, sentence in (
        ({"valense": 1}, "did you mean 'valence'"),
        ({"age": "Adult"}, "no value of 'age' in the corpus called 'Adult'; did you mean 'Adults'"),
        ({"valence": "high"}, "'valence' is a number and was to be 'high'"),
        ({"valence": (1, 2, 3)}, r"expected \(from, to\)"),
        ({"valence": (3, None)}, "None of the 3 images of 'FindingEmo' answers to valence="),
    ):
        with pytest.raises(EmocamError, match=sentence):
            corpus.where(wrong)


def test_metadata_is_a_copy_and_empty_without_a_table(tmp_path: Path) -> None:
    corpus = Corpus.from_csv(make_album(tmp_path))
    changed = corpus.metadata
    changed["year"] = 0
    assert corpus.metadata["year"].tolist() == [2019, 2020, 2021, 2022]
    plain = Corpus.from_folder(tmp_path / "photos")
    assert plain.metadata.shape == (4, 0) and list(plain.metadata.index) == list(plain)


def test_relabelled_by_an_explicit_map(tmp_path: Path) -> None:
    corpus = Corpus.findingemo(tmp_path / "images", make_findingemo(tmp_path))
    emonet = corpus.relabelled(PLUTCHIK_TO_EMONET)
    assert [emonet.annotation(image_id) for image_id in emonet] == ["Joy", None, "Sadness"]
    assert emonet.labels == ("Joy", "Sadness") and set(emonet.labels) <= set(EMONET_LABELS)
    assert [corpus.annotation(image_id) for image_id in corpus] == ["Joy", "Rage", "Grief"]
    with pytest.raises(EmocamError, match=r"does not know 'Grief', 'Rage' of the corpus 'FindingEmo'"):
        corpus.relabelled({"Joy": "Joy"})


def make_all(folder: Path) -> dict[str, Corpus]:
    for name in ("findingemo", "wikiart", "album"):
        (folder / name).mkdir()
    draw(folder / "labelled" / "Joy" / "a.jpg", 0)
    return {
        "folder": Corpus.from_folder(make_emotion_dataset(folder / "emotion")),
        "csv": Corpus.from_csv(make_album(folder / "album"), lists=["lenses"]),
        "findingemo": Corpus.findingemo(folder / "findingemo" / "images", make_findingemo(folder / "findingemo")),
        "label-folders": Corpus.from_label_folders(folder / "labelled"),
        "emotion-dataset": Corpus.emotion_dataset(folder / "emotion", "emotions"),
        "wikiart": Corpus.wikiart(make_wikiart(folder / "wikiart"), folder / "wikiart" / "paintings", "ImageOnly"),
        "demo": Corpus.demo(),
        "address": Corpus.from_folder(f"file://{folder}/emotion"),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_made_again_from_its_settings(tmp_path: Path, kind: str) -> None:
    corpus = make_all(tmp_path)[kind]
    if corpus.labels:
        corpus = corpus.relabelled({label: label.upper() for label in corpus.labels})
    again = Corpus.reopened(kind, str(corpus.root), json.loads(json.dumps(corpus.settings)))
    assert labelled(again) == labelled(corpus) and again.labels == corpus.labels
    assert (again.kind, again.name, again.root, again.settings) == (kind, corpus.name, corpus.root, corpus.settings)
    pd.testing.assert_frame_equal(again.metadata, corpus.metadata)
