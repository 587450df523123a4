"""RSA against scipy on matrices that pandas counts, resample by resample; the Dice variant against plain loops."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.stats import spearmanr

import emocam_widgets as emo
from emocam_widgets.analysis.resampling import resamples
from emocam_widgets.analysis.rsa import Rsa, rsa
from emocam_widgets.cli import main
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.run import MethodInfo, Run, RunWriter, open_run
from tests.worlds import CLASSES, LABELS, make_run

pytestmark = pytest.mark.filterwarnings("error")
METHODS = ("grad-cam", "noisy", "other")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with three methods: one, the same with noise, and one that looks at corners; it lacks one image."""
    folder = tmp_path_factory.mktemp("rsa")
    made = make_run(folder, n=60)
    rng = np.random.default_rng(1)
    cams = made.cams
    noisy, other = cams.assign(method="noisy"), cams.assign(method="other")
    noisy["grid"] = cams["grid"].map(lambda grid: _scaled(grid + 0.3 * rng.random(grid.size)))
    other["grid"] = cams["grid"].map(lambda grid: rng.random(grid.size).astype(np.float16))
    manifest = replace(made.manifest, methods=tuple(MethodInfo(name) for name in METHODS))
    with RunWriter(folder / "three", manifest) as writer:
        tables = {"images": made.images, "boxes": made.boxes, "cams": pd.concat([cams, noisy, other.iloc[1:]])}
        writer.write_part(tables, detected={"drawn": list(made.images["image_id"])})
        writer.finish()
    return open_run(folder / "three", corpus=made.corpus)


def _scaled(grid: np.ndarray) -> np.ndarray:
    return ((grid - grid.min()) / (grid.max() - grid.min())).astype(np.float16)


def plain(run: Run, method: str, images: pd.DataFrame, threshold: float = 0.3) -> pd.DataFrame:
    """Classes x labels by pandas; ``images`` may hold an image several times, each under a name of its own."""
    boxes = run.boxes.assign(importance=run.importance(method))
    boxes = boxes[boxes["importance"] > np.float32(threshold)]
    pairs = boxes[["image_id", "object_class"]].drop_duplicates().merge(images, on="image_id")
    table = pairs.groupby(["object_class", "label"]).size().unstack(fill_value=0)
    return table.reindex(index=list(CLASSES), columns=list(LABELS), fill_value=0)


def shared(run: Run) -> pd.DataFrame:
    return run.images[["image_id", "label"]].iloc[1:]


def test_rho_and_p_are_scipys_on_the_flattened_matrices(run: Run) -> None:
    found = rsa(run, bootstrap=0, shuffles=0)
    assert found.methods == METHODS
    assert (found.n_images, found.n_values) == (59, len(CLASSES) * len(LABELS))
    vectors = {method: plain(run, method, shared(run)).to_numpy().ravel() for method in METHODS}
    for a in METHODS:
        for b in METHODS:
            expected = spearmanr(vectors[a], vectors[b])
            assert found.rho[b][a] == pytest.approx(expected.statistic)
            assert found.p_value[b][a] == pytest.approx(expected.pvalue)
    assert found.rho["noisy"]["grad-cam"] < 1
    assert found.low.isna().all(axis=None) and found.shuffled.isna().all(axis=None)


def test_fractions_and_dropping_empty_rows(run: Run) -> None:
    found = rsa(run, on="fractions", drop_empty=True, bootstrap=0, shuffles=0)
    images = shared(run)
    per_label = images["label"].value_counts().reindex(LABELS, fill_value=0)
    tables = {method: plain(run, method, images) for method in METHODS}
    kept = pd.concat(tables.values(), axis=1).sum(axis=1) > 0
    assert 0 < kept.sum() < len(CLASSES)
    fractions = {m: (t[kept] / per_label)[per_label.index[per_label > 0]].to_numpy().ravel() for m, t in tables.items()}
    for a in METHODS:
        for b in METHODS:
            assert found.rho[b][a] == pytest.approx(spearmanr(fractions[a], fractions[b]).statistic)
    assert found.n_values == len(fractions["noisy"])
    # the facts' warning: rows that are zero in all raise rho
    with_empty = rsa(run, on="fractions", bootstrap=0, shuffles=0)
    assert with_empty.rho["other"]["grad-cam"] > found.rho["other"]["grad-cam"]


@pytest.mark.parametrize("on", ["counts", "fractions"])
def test_the_interval_is_that_of_resampled_images(run: Run, on: str) -> None:
    found = rsa(run, ["grad-cam", "other"], on=on, bootstrap=40, shuffles=0, level=0.8, seed=3)
    images = shared(run).reset_index(drop=True)
    weights = np.hstack(list(resamples(len(images), 40, 3, 1)))
    assert (weights.sum(axis=0) == len(images)).all()
    drawn = []
    for weight in weights.T:
        resample = images.loc[np.repeat(images.index, weight.astype(int))]
        per_label = resample["label"].value_counts().reindex(LABELS, fill_value=0).to_numpy()
        tables = [plain(run, method, resample).to_numpy() for method in ("grad-cam", "other")]
        if on == "fractions":
            tables = [np.divide(t, per_label, out=np.zeros(t.shape), where=per_label > 0) for t in tables]
        drawn.append(spearmanr(tables[0].ravel(), tables[1].ravel()).statistic)
    low, high = np.quantile(drawn, [0.1, 0.9])
    assert found.low["other"]["grad-cam"] == pytest.approx(low)
    assert found.high["grad-cam"]["other"] == pytest.approx(high)
    assert found.low["other"]["other"] == pytest.approx(1)


def test_resamples_in_parts_are_the_same() -> None:
    whole = np.hstack(list(resamples(30, 25, 5, 1)))
    parts = list(resamples(30, 25, 5, 1_000_000))
    assert len(parts) > 2
    assert (np.hstack(parts) == whole).all()


def test_controls(run: Run) -> None:
    found = rsa(run, bootstrap=0, shuffles=3, seed=4)
    images = shared(run)
    own = {method: plain(run, method, images).to_numpy().ravel() for method in METHODS}
    everywhere = run.boxes[["image_id", "object_class"]].drop_duplicates().merge(images, on="image_id")
    present = everywhere.groupby(["object_class", "label"]).size().unstack(fill_value=0)
    present = present.reindex(index=list(CLASSES), columns=list(LABELS), fill_value=0)
    for method in METHODS:
        assert found.uniform[method] == pytest.approx(spearmanr(own[method], present.to_numpy().ravel()).statistic)
    exchanged = []
    for draw in (4, 5, 6):
        aggregate = run.aggregate("noisy", shuffle=draw)
        table = aggregate.at(0.3).counts.to_numpy()  # noisy has every image: less the first, which "other" lacks
        first = aggregate.counting(0.3)
        cells = first.cell[first.image == 0]
        flat = table.ravel().copy()
        flat[cells] -= 1
        exchanged.append(spearmanr(own["grad-cam"], flat).statistic)
    assert found.shuffled["noisy"]["grad-cam"] == pytest.approx(np.mean(exchanged))
    assert found.controls()["shuffled maps"]["noisy"] == found.shuffled["noisy"]["noisy"]
    pairs = found.pairs()
    assert len(pairs) == 3
    row = pairs[(pairs["method"] == "grad-cam") & (pairs["other"] == "noisy")].iloc[0]
    both_ways = found.shuffled["noisy"]["grad-cam"], found.shuffled["grad-cam"]["noisy"]
    assert row["shuffled"] == pytest.approx(np.mean(both_ways))


@pytest.mark.parametrize("drop_empty", [False, True])
def test_the_dice_variant(run: Run, drop_empty: bool) -> None:
    found = rsa(run, variant="dice", drop_empty=drop_empty, bootstrap=20, shuffles=1)
    images = shared(run)["image_id"]
    shows = {}
    for method in METHODS:
        boxes = run.boxes[run.importance(method) > np.float32(0.3)]
        shows[method] = {c: set(boxes.loc[boxes["object_class"] == c, "image_id"]) & set(images) for c in CLASSES}
    classes = [c for c in CLASSES if not drop_empty or any(shows[m][c] for m in METHODS)]
    triangles = {}
    for method, sets in shows.items():
        triangle = []
        for i, a in enumerate(classes):
            for b in classes[:i]:
                size = len(sets[a]) + len(sets[b])
                triangle.append(2 * len(sets[a] & sets[b]) / size if size else 0.0)
        triangles[method] = triangle
    assert found.n_values == len(classes) * (len(classes) - 1) // 2
    for a in METHODS:
        for b in METHODS:
            assert found.rho[b][a] == pytest.approx(spearmanr(triangles[a], triangles[b]).statistic)
    assert (found.low <= found.high).all(axis=None)


def test_a_method_under_which_nothing_counts_has_no_rho(run: Run) -> None:
    found = rsa(run, threshold=1.5, bootstrap=5, shuffles=1)
    assert found.rho.isna().all(axis=None) and found.low.isna().all(axis=None)


def test_bad_input(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'noisy'"):
        rsa(run, ["grad-cam", "noisi"])
    with pytest.raises(EmocamError, match="two or more methods, and here there is only noisy"):
        rsa(run, ["noisy", "noisy"])
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        rsa(run, score="means")
    with pytest.raises(UnknownNameError, match="did you mean 'counts'"):
        rsa(run, on="count")
    with pytest.raises(UnknownNameError, match="variant of RSA"):
        rsa(run, variant="pearson")
    with pytest.raises(EmocamError, match="level of an interval is 95"):
        rsa(run, bootstrap=2, shuffles=0, level=95)
    with pytest.raises(EmocamError, match="-1 resamples"):
        rsa(run, bootstrap=-1)
    with pytest.raises(EmocamError, match="not a number"):
        rsa(run, threshold=float("nan"))
    with pytest.raises(EmocamError, match="here there is only grad-cam"):
        rsa(make_run(tmp_path, n=4))


def test_public_name_and_command(run: Run, tmp_path: Path) -> None:
    assert emo.rsa is rsa
    table = tmp_path / "rsa.csv"
    arguments = ["rsa", str(run.path), "--bootstrap", "20", "--shuffles", "2", "--csv", str(table)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    for word in (*METHODS, "uniform map", "shuffled", "synthetic"):
        assert word in result.output.lower()
    found: Rsa = rsa(run, bootstrap=20, shuffles=2)
    written = pd.read_csv(table)
    assert written["rho"].tolist() == pytest.approx(found.pairs()["rho"].tolist())
    refused = CliRunner().invoke(main, ["rsa", str(run.path), "--method", "noisy"])
    assert refused.exit_code == 2
    assert "two or more methods" in refused.output
