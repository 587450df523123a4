"""Methods against a truth: the figures are score_pairs', the intervals those of plainly resampled images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import emocam_widgets as emo
from emocam_widgets.analysis.association import Aggregate
from emocam_widgets.analysis.importance import DEFAULT_THRESHOLDS, SCORES
from emocam_widgets.analysis.method_scores import FIGURES, score_against_truth
from emocam_widgets.analysis.resampling import resamples
from emocam_widgets.analysis.truth import RANKINGS, Criteria, score_pairs
from emocam_widgets.cli import main
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.run import Run
from tests.worlds import CLASSES, LABELS, make_run

pytestmark = pytest.mark.filterwarnings("error")

PLANTED = pd.DataFrame({"object_class": ["Food"], "label": ["Craving"], "kind": ["planted"]})
LOOSE = Criteria(min_lift=1.2, min_fraction=0.05)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("scores"), n=80)


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    used = {("Sports equipment", "Excitement"), ("Food", "Craving"), ("Human face", "Joy"), ("Dog", "Joy")}
    cells = [(c, label) for c in (*CLASSES, "Dog") for label in LABELS]
    table = pd.DataFrame(cells, columns=["object_class", "label"])
    effect = np.array([0.3 if cell in used else 0.0 for cell in cells])
    return table.assign(n=30, effect=effect, low=effect - 0.1, high=effect + 0.1)


def test_every_score_is_at_its_threshold_and_scored_as_score_pairs_does(run: Run, truth: pd.DataFrame) -> None:
    table = score_against_truth(run, truth, PLANTED, bootstrap=0, shuffles=2, seed=1)
    assert table.index.tolist() == [("grad-cam", score) for score in SCORES]
    for score in SCORES:
        cut = DEFAULT_THRESHOLDS[score]
        own = score_pairs(run.association(score=score, threshold=cut), truth, PLANTED)
        exchanged = [
            score_pairs(run.association(score=score, threshold=cut, shuffle=d), truth, PLANTED) for d in (1, 2)
        ]
        row = table.loc[[("grad-cam", score)]].to_dict(orient="records")[0]
        assert (row["threshold"], row["used"], row["found"]) == (cut, own.used, own.found)
        for name in FIGURES:
            assert row[name] == getattr(own, name)
            assert row[f"{name}_shuffled"] == pytest.approx(np.mean([getattr(each, name) for each in exchanged]))
            assert np.isnan(row[f"{name}_low"])


@pytest.mark.parametrize("ranking", RANKINGS)
def test_intervals_are_those_of_resampled_images(run: Run, truth: pd.DataFrame, ranking: str) -> None:
    cuts = replace(LOOSE, ranking=ranking)
    table = score_against_truth(
        run, truth, PLANTED, scores=["mean"], criteria=cuts, bootstrap=30, shuffles=0, seed=5, level=0.8
    )
    images = run.images[["image_id", "label"]]
    boxes = run.boxes[["image_id", "object_class", "confidence"]].assign(importance=run.importance("grad-cam"))
    drawn = []
    for weight in np.hstack(list(resamples(len(images), 30, 5, 1))).T:
        copies = images.loc[np.repeat(images.index, weight.astype(int))].reset_index(drop=True)
        copies["copy"] = copies["image_id"] + "#" + copies.groupby("image_id").cumcount().astype(str)
        of_copies = copies[["image_id", "copy"]].merge(boxes, on="image_id")
        aggregate = Aggregate(
            copies[["copy", "label"]].rename(columns={"copy": "image_id"}),
            of_copies.drop(columns="image_id").rename(columns={"copy": "image_id"}),
            of_copies["importance"],
            labels=LABELS,
            classes=CLASSES,
            min_confidence=run.min_confidence,
        )
        scored = score_pairs(aggregate.at(0.3), truth, PLANTED, cuts)
        drawn.append([getattr(scored, name) for name in FIGURES])
    row = table.iloc[0]
    low, high = np.quantile(drawn, [0.1, 0.9], axis=0)
    for number, name in enumerate(FIGURES):
        assert row[f"{name}_low"] == pytest.approx(low[number])
        assert row[f"{name}_high"] == pytest.approx(high[number])
    assert (low < high).any()


def test_bad_input(run: Run, truth: pd.DataFrame) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'contrast'"):
        score_against_truth(run, truth, PLANTED, scores=["contrasts"])
    with pytest.raises(UnknownNameError, match="no method called 'lrp-cam'"):
        score_against_truth(run, truth, PLANTED, ["lrp-cam"])
    with pytest.raises(EmocamError, match="-3 resamples"):
        score_against_truth(run, truth, PLANTED, bootstrap=-3)
    with pytest.raises(EmocamError, match="truth table lacks the columns low"):
        score_against_truth(run, truth.drop(columns="low"), PLANTED)
    with pytest.raises(EmocamError, match="No truth is known for the run"):
        emo.score_methods(run)


def test_command_with_a_truth_of_its_own(run: Run, truth: pd.DataFrame, tmp_path: Path) -> None:
    truth.to_csv(tmp_path / "truth.csv", index=False)
    few = ["--score", "mean", "--score", "contrast", "--bootstrap", "10", "--shuffles", "1"]
    arguments = [
        "scores",
        str(run.path),
        "--truth",
        str(tmp_path / "truth.csv"),
        "--csv",
        str(tmp_path / "s.csv"),
        *few,
    ]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    for word in ("Synthetic", "grad-cam", "contrast", "average precision"):
        assert word in result.output
    expected = emo.score_methods(run, scores=["mean", "contrast"], truth=truth, bootstrap=10, shuffles=1)
    written = pd.read_csv(tmp_path / "s.csv")
    assert written["f1"].tolist() == pytest.approx(expected["f1"].tolist())
    refused = CliRunner().invoke(main, ["scores", str(run.path)])
    assert refused.exit_code == 2
    assert "No truth is known" in refused.output


def test_says_how_far_it_is(run: Run, truth: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[int, int]] = []
    few: dict[str, Any] = {"scores": ["mean", "contrast", "mean"], "truth": truth, "bootstrap": 0, "shuffles": 0}
    emo.score_methods(run, progress=lambda done, total: told.append((done, total)), **few)
    methods = len(run.methods)
    assert told == [(done, 2 * methods) for done in range(1, 2 * methods + 1)]
    assert "Scoring" not in capsys.readouterr().err
    emo.score_methods(run, **few)
    assert f"{2 * methods}/{2 * methods}" in capsys.readouterr().err
