"""Predicted against annotated labels: the second paper's tables, scikit-learn's scores, intervals, and the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from click.testing import CliRunner, Result

import emocam_widgets as emo
from emocam_widgets.analysis.agreement import COMBINED, MACRO, MEASURES, WEIGHTED, agreement, averages
from emocam_widgets.analysis.counterparts import label_pairs
from emocam_widgets.cli import main
from emocam_widgets.detectors import DETECTORS
from emocam_widgets.labels import AFFECT_LABELS, EMONET_LABELS, PLUTCHIK_TO_EMONET
from emocam_widgets.models import CLASSIFIERS
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from emocam_widgets.run import CorpusInfo, Manifest, open_run
from tests.datasets import make_album, make_emotion_dataset, make_findingemo, make_wikiart
from tests.tiny_models import scene_net, tiny_classifier, tiny_detector
from tests.worlds import LABELS, make_run

# The second paper's tables: per label precision, recall, F1 and support, then the row that it calls weighted average.
PAPER = {
    "WikiArt Emotions": (
        [(0.30, 0.48, 0.37, 164), (0.68, 0.61, 0.64, 244), (0.72, 0.59, 0.65, 412)], (0.62, 0.57, 0.59), "www", 0.57,
    ),
    "Emotion Dataset": (
        [(0.63, 0.71, 0.67, 2264), (0.00, 0.00, 0.00, 0), (0.85, 0.77, 0.81, 4471)], (0.78, 0.75, 0.76), "www", 0.75,
    ),
    "combined": (
        [(0.60, 0.70, 0.64, 2428), (0.44, 0.61, 0.51, 244), (0.84, 0.76, 0.80, 4883)], (0.63, 0.69, 0.65), "mmm", 0.73,
    ),
    "album": ([(0.44, 1.00, 0.62, 4), (0.0, 0.0, 0.0, 4), (0.71, 0.62, 0.67, 8)], (0.39, 0.56, 0.49), "mww", 0.56),
}  # fmt: skip


@pytest.mark.parametrize("dataset", PAPER)
def test_the_papers_rows_are_which_average(dataset: str) -> None:
    rows, published, kinds, accuracy = PAPER[dataset]
    found = averages(pd.DataFrame(rows, columns=[*MEASURES, "support"], index=list(AFFECT_LABELS)))
    for measure, value, kind in zip(MEASURES, published, kinds, strict=True):
        mine = found.loc[MACRO if kind == "m" else WEIGHTED, measure]
        assert mine == pytest.approx(value, abs=0.011), f"{measure} of {dataset}"  # both are of rounded figures
    # Recall weighted by support is the accuracy, whatever the row is called.
    assert found.loc[WEIGHTED, "recall"] == pytest.approx(accuracy, abs=0.012)


def test_the_papers_combined_row_weighted_and_its_baseline() -> None:
    found = averages(pd.DataFrame(PAPER["combined"][0], columns=[*MEASURES, "support"]))
    assert found.loc[WEIGHTED, list(MEASURES)].tolist() == pytest.approx([0.75, 0.74, 0.74], abs=0.006)
    for dataset, share in (("combined", 0.65), ("album", 0.50)):
        support = [row[3] for row in PAPER[dataset][0]]
        annotated = np.repeat(AFFECT_LABELS, support).tolist()
        always = agreement(annotated, annotated, AFFECT_LABELS, resamples=1)
        assert (always.baseline_label, round(always.baseline, 2)) == ("positive", share)


def drawn(n: int, labels: tuple[str, ...], seed: int) -> tuple[list[str], list[str]]:
    """Labels that agree in somewhat more than half of the images."""
    rng = np.random.default_rng(seed)
    annotated = rng.choice(labels, n)
    return annotated.tolist(), np.where(rng.random(n) < 0.5, annotated, rng.choice(labels, n)).tolist()


@pytest.mark.parametrize(("labels", "unused"), [(AFFECT_LABELS, ()), (("a", "b", "c", "d", "e"), ("c",))])
def test_scores_are_scikit_learns(labels: tuple[str, ...], unused: tuple[str, ...]) -> None:
    annotated, predicted = drawn(200, tuple(label for label in labels if label not in unused), 3)
    found = agreement(annotated, predicted, labels, resamples=10)
    report = sklearn.metrics.classification_report(annotated, predicted, output_dict=True, zero_division=0)
    for row, name in [(label, label) for label in labels if label not in unused] + [
        (MACRO, "macro avg"), (WEIGHTED, "weighted avg"),
    ]:  # fmt: skip
        for measure in (*MEASURES, "support"):
            assert found.scores.loc[row, measure] == pytest.approx(report[name][measure])
    for label in unused:
        assert found.scores.loc[label].eq(0).all()
    assert found.accuracy == pytest.approx(report["accuracy"])
    assert found.confusion.loc["b" if unused else "other"].sum() == report["b" if unused else "other"]["support"]


def test_intervals_are_those_of_resampled_images() -> None:
    annotated, predicted = drawn(120, AFFECT_LABELS, 5)
    found = agreement(annotated, predicted, AFFECT_LABELS, resamples=4000)
    rng, pairs = np.random.default_rng(0), np.array([annotated, predicted])
    values = []
    for _ in range(600):
        one, other = pairs[:, rng.integers(0, 120, 120)]
        scores = sklearn.metrics.precision_recall_fscore_support(one, other, labels=list(AFFECT_LABELS), average=None)
        macro = sklearn.metrics.f1_score(one, other, average="macro")
        values.append([np.mean(one == other), macro, scores[0][0], scores[1][1], scores[2][2]])
    rows = [("accuracy", "accuracy"), (MACRO, "f1-score"), ("negative", "precision"), ("other", "recall"),
            ("positive", "f1-score")]  # fmt: skip
    ends = np.quantile(values, [0.025, 0.975], axis=0)
    table = found.intervals.set_index(["row", "measure"])
    for (row, measure), low, high in zip(rows, *ends, strict=True):
        interval = table.loc[(row, measure)]
        assert interval[["low", "high"]].tolist() == pytest.approx([low, high], abs=0.025)
        assert interval["low"] < interval["value"] < interval["high"]
    again = agreement(annotated, predicted, AFFECT_LABELS, resamples=4000)
    pd.testing.assert_frame_equal(again.intervals, found.intervals)


def test_a_label_that_never_occurs_has_no_interval_and_few_images_are_called_few() -> None:
    annotated, predicted = drawn(16, ("negative", "positive"), 1)
    found = agreement(annotated, predicted, AFFECT_LABELS)
    other = found.intervals[found.intervals["row"] == "other"]
    assert other["value"].eq(0).all() and other[["low", "high"]].isna().all(axis=None)
    assert found.note is not None and "16 images are few" in found.note
    low, high = found.accuracy_interval
    assert high - low > 0.3
    assert agreement(*drawn(3000, AFFECT_LABELS, 2), AFFECT_LABELS).note is None
    flawless = agreement(["other", "positive"] * 2, ["other", "positive"] * 2, AFFECT_LABELS)
    assert flawless.accuracy_interval[0] < 0.6 and flawless.note is not None, "four of four was called certain"
    with pytest.raises(emo.EmocamError, match="No image has both"):
        agreement([], [], AFFECT_LABELS)
    with pytest.raises(emo.EmocamError, match="'meh' is none of negative, other, positive"):
        agreement(["meh"], ["other"], AFFECT_LABELS)


def test_pairs_through_an_explicit_map_and_through_groups() -> None:
    probabilities = np.full((5, 20), 0.01)
    for row, label in enumerate(("Joy", "Sadness", "Fear", "Joy", "Joy")):
        probabilities[row, EMONET_LABELS.index(label)] = 0.3
    annotated = ["Ecstasy", "Grief", "Trust", None, "Terror"]
    found = label_pairs(annotated, probabilities, EMONET_LABELS, mapping=PLUTCHIK_TO_EMONET)
    assert (found.annotated, found.predicted) == (["Joy", "Sadness", "Horror"], ["Joy", "Sadness", "Joy"])
    assert (found.unannotated, found.no_counterpart) == (1, 1)
    affect = label_pairs(annotated, probabilities, EMONET_LABELS, groups="affect")
    assert affect.labels == AFFECT_LABELS
    assert affect.annotated == ["positive", "negative", "positive", "negative"]
    assert affect.predicted == ["positive", "negative", "negative", "positive"]
    with pytest.raises(emo.EmocamError, match=r"the album is annotated with 'Ecstasy', 'Grief', .* pass a map"):
        label_pairs(annotated, probabilities, EMONET_LABELS, source="the album")
    with pytest.raises(emo.EmocamError, match="does not know 'Grief', 'Trust', 'Terror'"):
        label_pairs(annotated, probabilities, EMONET_LABELS, mapping={"Ecstasy": "Joy"})


def test_a_groups_probability_is_the_sum_of_its_labels() -> None:
    probabilities = np.array([[0.4, 0.3, 0.3]])
    groups = {"x": "one", "y": "two", "z": "two"}
    found = label_pairs(["one"], probabilities, ("x", "y", "z"), groups=groups)
    assert (found.annotated, found.predicted, found.labels) == (["one"], ["two"], ("one", "two"))
    fine = label_pairs(["z"], probabilities, ("x", "y", "z"), groups=groups)
    assert fine.annotated == ["two"]
    with pytest.raises(emo.EmocamError, match="does not know 'z' of the classifier"):
        label_pairs(["one"], probabilities, ("x", "y", "z"), groups={"x": "one", "y": "two"})


def affect_net() -> SplitClassifier:
    return wrap_classifier(scene_net(3), AFFECT_LABELS, name="tiny-affect")


@pytest.fixture(autouse=True)
def tiny_models(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    detector = tiny_detector(tmp_path_factory.mktemp("detector"))
    monkeypatch.setitem(CLASSIFIERS._parts, "tiny", lambda _device: tiny_classifier())
    monkeypatch.setitem(CLASSIFIERS._parts, "tiny-affect", lambda _device: affect_net())
    monkeypatch.setitem(DETECTORS._parts, "tiny", lambda _device: detector)
    yield


def emocam(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_classifier_on_several_data_sets(tmp_path: Path) -> None:
    make_emotion_dataset(tmp_path / "emotion")
    corpora = [
        emo.Corpus.emotion_dataset(tmp_path / "emotion"),
        emo.Corpus.wikiart(make_wikiart(tmp_path), tmp_path / "paintings"),
        emo.Corpus.from_csv(make_album(tmp_path)),
    ]
    (tmp_path / "photos" / "0.jpg").write_bytes(b"no picture")
    classifier = affect_net()
    found = emo.evaluate(classifier, corpora, progress=False)
    assert list(found.agreements) == ["Emotion Dataset", "WikiArt Emotions", "album", COMBINED]
    assert found.images.loc["album"].to_dict() == {
        "used": 3, "unannotated": 0, "no counterpart": 0, "unusable": 1, "missing": 0,
    }  # fmt: skip
    assert found.images.loc["WikiArt Emotions", "missing"] == 1
    confusions = [found[name].confusion for name in list(found.agreements)]
    assert np.array_equal(sum(one.to_numpy() for one in confusions[:3]), confusions[3].to_numpy())
    assert found[COMBINED].n_images == 8 + 3 + 3
    expected = [classifier.predict([corpora[0].open(image_id)])[0].label for image_id in corpora[0]]
    annotated = [corpora[0].annotation(image_id) for image_id in corpora[0]]
    assert found["Emotion Dataset"].accuracy == np.mean([a == b for a, b in zip(annotated, expected, strict=True)])
    assert found.summary.loc["Emotion Dataset", "majority accuracy"] == 0.5
    table = found.table()
    assert list(table) == ["data set", "row", "measure", "value", "low", "high", "support"]
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_run_is_evaluated_by_its_annotations(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    found = emo.evaluate(run)
    assert found["tiny"].accuracy == 1.0 and found.synthetic
    pd.testing.assert_frame_equal(found["tiny"].scores, run.agreement().scores)
    upset = run.agreement(dict.fromkeys(LABELS, "Joy"))
    assert upset.accuracy == pytest.approx(float((run.images["label"] == "Joy").mean()))
    affect = run.agreement(groups="affect")
    assert affect.scores.index[0] == "negative" and affect.scores["support"].to_dict()["positive"] > 0
    with pytest.raises(emo.EmocamError, match="pass corpora with a classifier only"):
        emo.evaluate(run, run.corpus)


def test_the_command_evaluates_data_sets(tmp_path: Path) -> None:
    make_emotion_dataset(tmp_path / "emotion")
    make_wikiart(tmp_path)
    make_album(tmp_path)
    result = emocam(
        "evaluate", "--classifier", "tiny-affect", "--emotion-dataset", tmp_path / "emotion", "--wikiart",
        tmp_path / "wikiart.tsv", "--images", tmp_path / "paintings", "--csv", tmp_path / "album.csv", "--quiet",
        "--csv-out", tmp_path / "out.csv", "--json", tmp_path / "out.json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    for piece in ("on Emotion Dataset, 8 images", "on all together, 15 images", "macro average", "always answering",
                  "4 images are few", "annotated (rows)"):  # fmt: skip
        assert piece in result.stdout
    assert "WikiArt Emotions: 1 image of its table not there, such as 577d" in result.stderr
    table = pd.read_csv(tmp_path / "out.csv")
    content = json.loads((tmp_path / "out.json").read_text())
    row = table[(table["data set"] == "album") & (table["row"] == "accuracy")]
    assert row["value"].item() == pytest.approx(content["data sets"]["album"]["accuracy"])


def test_the_command_takes_only_a_trainings_test_part(tmp_path: Path) -> None:
    album = make_album(tmp_path)
    split = pd.DataFrame(
        [("album", f"photos/{n}.jpg", "other", "test" if n < 2 else "train") for n in range(4)],
        columns=["corpus", "image_id", "label", "part"],
    )
    split.to_csv(tmp_path / "split.csv", index=False)
    arguments = (
        "evaluate",
        "--classifier",
        "tiny-affect",
        "--csv",
        album,
        "--quiet",
        "--split",
        tmp_path / "split.csv",
    )
    result = emocam(*arguments)
    assert result.exit_code == 0 and "on album, 2 images" in result.stdout, result.output
    split.assign(corpus="else").to_csv(tmp_path / "split.csv", index=False)
    result = emocam(*arguments)
    assert (
        result.exit_code == 2 and "has no test image of 'album'; the data sets in its test part: else" in result.stderr
    )


def test_analyze_takes_every_data_set_and_evaluate_its_run(tmp_path: Path) -> None:
    annotations = make_findingemo(tmp_path)
    make_emotion_dataset(tmp_path / "emotion")
    make_wikiart(tmp_path)
    make_album(tmp_path)
    choices = {
        "findingemo": ("--findingemo", tmp_path / "images", "--annotations", annotations),
        "emotion-dataset": ("--emotion-dataset", tmp_path / "emotion", "--labels", "emotions"),
        "wikiart": ("--wikiart", tmp_path / "wikiart.tsv", "--images", tmp_path / "paintings"),
        "csv": ("--csv", tmp_path / "album.csv", "--where", "year=2020.."),
        "label-folders": ("--album", tmp_path / "emotion"),
    }
    n_images = {"findingemo": 3, "emotion-dataset": 8, "wikiart": 3, "csv": 3, "label-folders": 8}
    for kind, choice in choices.items():
        out = tmp_path / "runs" / kind
        models = ("--classifier", "tiny", "--detector", "tiny", "--quiet")
        result = emocam("analyze", *choice, "--out", out, *models)
        assert result.exit_code == 0, result.output
        run = open_run(out)
        assert run.corpus.kind == kind and len(run) == n_images[kind]
        assert run.images["annotation"].tolist() == [run.corpus.annotation(one) for one in run.images["image_id"]]
        assert run.open_image(run.images["image_id"][0]).size == (48, 36)
        assert run.association(by="annotation").n_images.sum() == len(run)
        result = emocam("evaluate", out, "--groups", "affect")
        assert result.exit_code == 0 and f"{n_images[kind]} images" in result.stdout, result.output
    assert "gone.jpg" in emocam("analyze", *choices["findingemo"], "--out", tmp_path / "runs" / "findingemo").stdout
    (tmp_path / "map.json").write_text(json.dumps({"Joy": "Joy", "Rage": None, "Grief": "Sadness"}))
    result = emocam("evaluate", tmp_path / "runs" / "findingemo", "--map", tmp_path / "map.json")
    assert result.exit_code == 0 and "1 no counterpart" in result.stdout, result.output


def test_a_run_of_a_moved_table_says_what_to_pass(tmp_path: Path) -> None:
    album = make_album(tmp_path)
    models = ("--classifier", "tiny", "--detector", "tiny", "--quiet")
    assert emocam("analyze", "--csv", album, "--out", tmp_path / "run", *models).exit_code == 0
    album.unlink()
    run = open_run(tmp_path / "run")
    assert run.images["annotation"].notna().all()
    with pytest.raises(emo.EmocamError, match=r"There is no file .*album.csv.*open_run\(path, corpus="):
        _ = run.corpus


def test_a_run_is_not_continued_under_other_annotations(tmp_path: Path) -> None:
    make_emotion_dataset(tmp_path / "emotion")
    models = ("--classifier", "tiny", "--detector", "tiny", "--quiet", "--out", tmp_path / "run")
    assert emocam("analyze", "--emotion-dataset", tmp_path / "emotion", *models).exit_code == 0
    result = emocam("analyze", "--emotion-dataset", tmp_path / "emotion", "--labels", "emotions", *models)
    assert result.exit_code == 2 and "the way in which images are annotated differs" in result.stderr


def test_manifests_without_settings_open(tmp_path: Path) -> None:
    manifest = make_run(tmp_path).manifest
    content = json.loads(replace(manifest, corpus=CorpusInfo("folder", "", "old")).to_json())
    del content["corpus"]["settings"]
    assert Manifest.from_dict(content).corpus.settings == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["evaluate"], "There is nothing to evaluate"),
        (["evaluate", "--csv", "none.csv"], "There is no file 'none.csv'"),
        (["evaluate", "demo", "--classifier", "tiny"], "give either a run, or"),
        (["evaluate", "--demo", "--map", "none.json"], "There is no file 'none.json'"),
        (["evaluate", "--demo", "--classifier", "tiny-affect", "--quiet"], "or groups='affect' to compare"),
        (["analyze", "--out", "run"], "There are no images to work on"),
        (["analyze", "demo", "--csv", "a.csv", "--out", "run"], "A run is over one corpus; found demo, --csv a.csv"),
        (["analyze", "--wikiart", "a.tsv", "--out", "run"], "--wikiart and --images go together"),
        (["analyze", "--annotations", "a.csv", "--out", "run"], "--annotations goes with --findingemo"),
        (["analyze", "demo", "--where", "age", "--out", "run"], "is no condition"),
        (["analyze", "demo", "--where", "age=1", "--out", "run"], "There is no metadata called 'age'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = emocam(*arguments)
    assert result.exit_code == 2 and sentence in result.stderr and "Traceback" not in result.stderr, result.output


def test_a_map_that_is_no_map(tmp_path: Path) -> None:
    for text, sentence in (("[1]", "holds something else than labels"), ("{", "is no JSON")):
        (tmp_path / "map.json").write_text(text)
        result = emocam("evaluate", "--demo", "--map", tmp_path / "map.json")
        assert result.exit_code == 2 and sentence in result.stderr
