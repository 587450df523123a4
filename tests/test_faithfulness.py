"""Faithfulness: its arithmetic against scipy, grad-cam and plain loops, maps that are known to be right, and runs."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import pytorch_grad_cam.metrics.road as road
import torch
from click.testing import CliRunner
from PIL import Image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget
from torch import Tensor, nn

import emocam_widgets as emo
from emocam_widgets.analysis.faithfulness import (
    BASELINES,
    CENTRE,
    LIME_MEASURES,
    MEASURES,
    RANDOM,
    area_under,
    baseline_map,
    impute,
    rank_correlation,
    relative_spread,
    removal_ranks,
    removed_first,
    road_keeps,
    summary,
)
from emocam_widgets.cli import main
from emocam_widgets.engine import analyze, faithfulness_probe
from emocam_widgets.engine.faithfulness import faithfulness, faithfulness_of_run
from emocam_widgets.engine.faithfulness_probe import PERCENTILES, Probe, Subject, lime_explanation
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.explain import METHODS, check_method
from emocam_widgets.explain.lime_settings import LimeSettings
from emocam_widgets.models.randomised import randomised_cascade
from emocam_widgets.models.split import SplitClassifier, wrap_classifier
from emocam_widgets.run import Run, open_run
from tests.small_classifiers import LABELS, SIZE, classifier_of, corpus_of, detailed, resnet

LIME = LimeSettings(n_samples=40)


def probe_of(subject: Subject, **options: int) -> Probe:
    return Probe(subject, **{"steps": 8, "stages": 2, "seed": 0, **options}, lime=LIME)


def values_of(rows: list[dict]) -> dict[str, float]:
    return {row["measure"]: row["value"] for row in rows}


# The arithmetic


def test_removal_goes_by_importance_and_breaks_ties_at_random() -> None:
    values = np.random.default_rng(0).random((7, 9))
    ranks = removal_ranks(values)
    np.testing.assert_array_equal(values.ravel()[np.argsort(ranks, axis=None)], np.sort(values, axis=None)[::-1])
    removed = removed_first(ranks, [0, 0.5, 1])
    assert removed.sum(axis=(1, 2)).tolist() == [0, 32, 63]
    assert values[removed[1]].min() > values[~removed[1]].max()
    flat = removal_ranks(np.zeros((20, 20)))
    assert abs(np.corrcoef(flat.ravel(), np.arange(400))[0, 1]) < 0.2
    np.testing.assert_array_equal(flat, removal_ranks(np.zeros((20, 20))))
    assert not np.array_equal(flat, removal_ranks(np.zeros((20, 20)), seed=1))


def test_areas_and_correlations_are_the_known_ones() -> None:
    assert area_under([0, 0.5, 1], [1, 0, 0]) == pytest.approx(0.25)
    rng = np.random.default_rng(1)
    one, other = rng.random((6, 5)).round(1), rng.random((6, 5))
    expected = pd.Series(one.ravel()).corr(pd.Series(other.ravel()), method="spearman")
    assert rank_correlation(one, other) == pytest.approx(expected)
    assert rank_correlation(one, np.ones((6, 5))) == 0
    assert relative_spread([[1.0, -2.0], [1.0, -2.0]]) == 0
    assert relative_spread([[0.0, 2.0], [2.0, 4.0]]) == pytest.approx(np.sqrt(2) / 2)
    assert relative_spread([[1.0], [-1.0]]) == np.inf


@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
def test_imputation_is_grad_cams(share: float) -> None:
    rng = np.random.default_rng(2)
    pixels, keep = rng.random((3, 17, 23)).astype(np.float32), rng.random((17, 23)) >= share
    theirs = road.NoisyLinearImputer(noise=0)(torch.from_numpy(pixels), torch.from_numpy(keep.astype(np.float32)))
    np.testing.assert_allclose(impute(pixels, keep), theirs.numpy(), atol=1e-5)
    np.testing.assert_array_equal(impute(pixels, np.ones((17, 23), bool)), pixels)
    with pytest.raises(ValueError, match="nothing is kept"):
        impute(pixels, np.zeros((17, 23), bool))


def test_baselines_know_nothing_of_the_image() -> None:
    centred = baseline_map(CENTRE, (21, 31))
    assert divmod(int(centred.argmax()), 31) == (10, 15)
    np.testing.assert_allclose(centred, centred[::-1, ::-1])
    assert abs(rank_correlation(baseline_map(RANDOM, (50, 50)), baseline_map(RANDOM, (50, 50), 1))) < 0.1


def test_the_summary_has_means_intervals_and_the_gain_over_the_random_map() -> None:
    rng = np.random.default_rng(3)
    rows = [
        {"image_id": str(i), "method": method, "measure": measure, "value": value + rng.normal(0, 0.05)}
        for i in range(40)
        for measure, values in {"deletion": (0.2, 0.5, 0.4), "insertion": (0.8, 0.5, 0.6)}.items()
        for method, value in zip(("grad-cam", *BASELINES), values, strict=True)
    ]
    table = pd.DataFrame(rows)
    rows_of = summary(table).set_index(["measure", "method"])
    means = table.groupby(["measure", "method"])["value"].mean()
    np.testing.assert_allclose(rows_of["mean"], means.loc[rows_of.index])
    assert ((rows_of["low"] < rows_of["mean"]) & (rows_of["mean"] < rows_of["high"])).all()
    # Standard errors of a mean of 40 are 0.05 / sqrt(40), an interval twice 1.96 of them.
    np.testing.assert_allclose(rows_of["high"] - rows_of["low"], 2 * 1.96 * 0.05 / np.sqrt(40), rtol=0.4)
    for measure in ("deletion", "insertion"):
        assert rows_of["gain"][measure, "grad-cam"] == pytest.approx(0.3, abs=0.05)
        assert rows_of["gain_low"][measure, "grad-cam"] > 0.2
        assert np.isnan(rows_of["gain"][measure, RANDOM])
    single = summary(table[table["image_id"] == "0"])
    assert single["low"].isna().all() and single["mean"].notna().all()
    pd.testing.assert_frame_equal(summary(table), summary(table))
    with pytest.raises(EmocamError, match="between 0 and 1"):
        summary(table, level=95)


# Against plain loops, grad-cam, and a network whose reason is known


def test_deletion_and_insertion_are_those_of_a_plain_loop() -> None:
    from scipy.ndimage import gaussian_filter

    subject = Subject.of(classifier_of(), detailed((SIZE, SIZE)), "Fear")
    importance = np.random.default_rng(4).random((SIZE, SIZE))
    found = probe_of(subject, steps=4).rows("m", "logits", importance, ["deletion", "insertion"])
    rows = {row["measure"]: row for row in found}
    order = np.argsort(-importance.ravel())
    blurred = gaussian_filter(subject.x.numpy(), (0, 5 * SIZE / 224, 5 * SIZE / 224), mode="nearest")
    for step in range(5):
        deleted, inserted = subject.x.clone().flatten(1), torch.from_numpy(blurred).flatten(1).clone()
        gone = torch.from_numpy(order[: step * SIZE * SIZE // 4].copy())
        deleted[:, gone] = subject.x.mean(dim=(1, 2))[:, None]
        inserted[:, gone] = subject.x.flatten(1)[:, gone]
        for measure, pixels in (("deletion", deleted), ("insertion", inserted)):
            with torch.no_grad():
                logits = subject.classifier.tail(subject.classifier.trunk(pixels.view(1, 3, SIZE, SIZE)))
            expected = torch.softmax(logits, 1)[0, LABELS.index("Fear")].item()
            assert rows[measure]["score"][step] == pytest.approx(expected, abs=1e-5)
    for row in rows.values():
        assert row["value"] == pytest.approx(np.mean((row["score"][1:] + row["score"][:-1]) / 2))


def test_road_is_grad_cams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(road.torch, "randn_like", torch.zeros_like)
    monkeypatch.setattr(faithfulness_probe, "_NOISE", 0.0)
    subject = Subject.of(classifier_of(), detailed((SIZE, SIZE)), "Awe")
    importance = np.random.default_rng(5).permutation(SIZE * SIZE).reshape(SIZE, SIZE) / SIZE**2
    mine = values_of(probe_of(subject).rows("m", "logits", importance, ["road"]))["road"]

    class Whole(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return subject.classifier.tail(subject.classifier.trunk(x))

    target = ClassifierOutputSoftmaxTarget(LABELS.index("Awe"))
    theirs = road.ROADCombined(list(PERCENTILES))(subject.x[None], importance[None], [target], Whole())
    assert abs(mine) > 1e-4
    assert mine == pytest.approx(float(theirs[0]), abs=1e-5)
    keeps = road_keeps(removal_ranks(importance), PERCENTILES)
    np.testing.assert_array_equal(keeps[0][1], importance < np.percentile(importance, 30))
    np.testing.assert_array_equal(keeps[1][1], 1 - importance < np.percentile(1 - importance, 30))


def corner_classifier() -> SplitClassifier:
    """Says "Joy" where the top left quarter of the image is bright, whatever the rest shows.

    Blurring keeps it bright, so insertion, which starts from the blurred image, tells nothing here.
    """
    module = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 32 * 32, 2))
    convolution, linear = module[0], module[3]
    assert isinstance(convolution, nn.Conv2d) and isinstance(linear, nn.Linear)
    reason = torch.zeros(2, 2, 32, 32)
    reason[0, :, :16, :16] = 8 / (2 * 16 * 16)
    with torch.no_grad():
        convolution.weight.fill_(1 / 3)
        convolution.bias.zero_()  # type: ignore[union-attr]
        linear.weight.copy_(reason.view(2, -1))
        linear.bias.copy_(torch.tensor([-4.0, 0.0]))
    return wrap_classifier(module, ["Joy", "Fear"], size=32, target="0")


def corner_image() -> Image.Image:
    pixels = np.random.default_rng(6).integers(0, 120, (32, 32, 3), dtype=np.uint8)
    pixels[:16, :16] += 135
    return Image.fromarray(pixels)


def test_the_right_map_beats_chance_and_chance_beats_the_wrong_map() -> None:
    subject = Subject.of(corner_classifier(), corner_image(), None)
    assert subject.label == "Joy"
    right = np.zeros((32, 32))
    right[:16, :16] = 1
    probe = probe_of(subject, steps=16)
    found = [
        values_of(probe.rows("m", "logits", values, ["deletion", "road"]))
        for values in (right, baseline_map(RANDOM, (32, 32)), -right)
    ]
    assert found[0]["deletion"] + 0.1 < found[1]["deletion"] < found[2]["deletion"] - 0.1
    assert found[0]["road"] - 0.1 > found[1]["road"] > found[2]["road"] + 0.1


@pytest.mark.parametrize("method", ["grad-cam", "lime"])
def test_methods_find_the_known_reason(method: str) -> None:
    found = faithfulness(corner_image(), corner_classifier(), method, lime=LimeSettings(n_samples=100))
    values = found.table.set_index(["measure", "method"])["value"]
    assert found.label == "Joy"
    assert values["deletion", method] < values["deletion", RANDOM]
    assert values["road", method] > values["road", RANDOM] + 0.1


# Weight randomisation


@pytest.mark.parametrize("make", ["cnn", "resnet"])
def test_the_cascade_draws_layer_after_layer_anew_and_leaves_the_classifier_alone(make: str) -> None:
    classifier = classifier_of() if make == "cnn" else classifier_of(resnet)
    example = classifier.preprocess(detailed((SIZE, SIZE)))[0][None]
    before = classifier.tail(classifier.trunk(example))
    stages = list(randomised_cascade(classifier, example, stages=3, seed=1))
    assert len(stages) == 3
    originals = parameters(classifier)
    shares = []
    for _, altered in stages:
        new = parameters(altered)
        shares.append(sum(not torch.equal(originals[name], new[name]) for name in originals))
    assert shares == sorted(set(shares))
    last = [name for name in originals if name.endswith("weight")][-1]
    assert not torch.equal(originals[last], parameters(stages[0][1])[last])
    first = next(iter(originals))
    assert torch.equal(originals[first], parameters(stages[1][1])[first])
    assert not torch.equal(originals[first], parameters(stages[2][1])[first])
    assert torch.equal(before, classifier.tail(classifier.trunk(example)))
    again = list(randomised_cascade(classifier, example, stages=3, seed=1))
    assert torch.equal(parameters(again[2][1])[first], parameters(stages[2][1])[first])


def parameters(classifier: SplitClassifier) -> dict[str, Tensor]:
    halves: tuple[nn.Module, nn.Module] = (classifier._cut.trunk, classifier._cut.tail)  # type: ignore[assignment]
    return {name: value for half in halves for name, value in half.state_dict().items() if value.dim() > 1}


class Untraceable(nn.Module):
    """Has a branch on its values, so that only hooks can cut it, and a layer that does not say how it is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 5, stride=4)
        self.scale = Scale()
        self.head = nn.Linear(4 * 15 * 15, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.scale(self.conv(x))
        return self.head(torch.relu(x).flatten(1) if float(x.detach().sum()) != 1e9 else x.flatten(1))


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.arange(1.0, 5.0).view(4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def test_a_network_that_is_cut_by_hooks_is_randomised_too() -> None:
    classifier = wrap_classifier(Untraceable(), LABELS, size=SIZE, target="conv")
    image = detailed((SIZE, SIZE))
    example = classifier.preprocess(image)[0][None]
    names = [name for name, _ in randomised_cascade(classifier, example, stages=3)]
    assert names == ["head", "scale", "conv"]
    *_, (_, altered) = randomised_cascade(classifier, example, stages=2)
    factor = altered._cut.trunk.module.scale.factor.flatten()  # type: ignore[attr-defined]
    assert sorted(factor.tolist()) == [1, 2, 3, 4] and factor.tolist() != [1, 2, 3, 4]
    values = faithfulness(image, classifier, measures=["randomisation"], stages=2).table
    assert values["value"].between(0, 1).all()


def test_a_network_that_cannot_be_copied_is_named() -> None:
    classifier = classifier_of()

    def refuse(_memo: object) -> None:
        raise TypeError("it holds a socket")

    classifier._cut.tail.__deepcopy__ = refuse  # type: ignore[attr-defined]
    with pytest.raises(EmocamError, match="small cannot be copied"):
        faithfulness(detailed((SIZE, SIZE)), classifier, measures=["randomisation"])


# On one image


def test_one_image_has_every_measure_for_the_method_and_the_baselines() -> None:
    classifier, image = classifier_of(), detailed((80, SIZE))
    found = faithfulness(image, classifier, "lime", steps=4, stages=2, lime=LIME)
    pairs = found.table.groupby("method", sort=False)["measure"].apply(set).to_dict()
    others = set(MEASURES) - set(LIME_MEASURES)
    assert pairs == {"lime": set(MEASURES), **dict.fromkeys(BASELINES, others)}
    values = found.table.set_index(["measure", "method"])["value"]
    assert values["randomisation", CENTRE] == pytest.approx(1)
    assert values["randomisation", RANDOM] < 0.1
    explanations = [
        lime_explanation(classifier, image, found.label, "probabilities", LimeSettings(n_samples=40, seed=seed))
        for seed in range(3)
    ]
    assert values["lime-r2", "lime"] == pytest.approx(explanations[0].r2)
    weights = np.stack([explanation.weights for explanation in explanations])
    assert values["lime-spread", "lime"] == pytest.approx(relative_spread(weights))
    points = found.curves.groupby(["measure", "method"]).size()
    assert points["deletion", "lime"] == 5 and points["randomisation", "lime"] == 2 and points["road", "lime"] == 5
    whole = classifier.predict([image])[0].probability(found.label)
    starts = found.curves[(found.curves["measure"] == "deletion") & (found.curves["at"] == 0)]
    np.testing.assert_allclose(starts["score"], whole, atol=1e-5)


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_is_measured_or_refused_before_anything_is_computed(method: str) -> None:
    classifier, image = classifier_of(), detailed((SIZE, SIZE))
    try:
        check_method(classifier, method)
    except EmocamError as refusal:
        with pytest.raises(EmocamError, match=re.escape(str(refusal))):
            faithfulness(image, classifier, method)
        return
    found = faithfulness(image, classifier, method, measures=["deletion", "randomisation"], steps=2, stages=1)
    assert found.table["value"].between(0, 1).all()
    assert len(found.table) == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "gradcam"}, "did you mean 'grad-cam'"),
        ({"target": "Joyful"}, "did you mean 'Joy'"),
        ({"output": "logit"}, "did you mean 'logits'"),
        ({"measures": ["deletions"]}, "did you mean 'deletion'"),
        ({"measures": []}, "No measure"),
        ({"measures": ["lime-r2"]}, "LIME's own"),
        ({"steps": 0}, "at least 1"),
        ({"stages": 0}, "at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict, message: str) -> None:
    with pytest.raises(EmocamError, match=message):
        faithfulness(detailed((SIZE, SIZE)), classifier_of(), **options)


# Over a run


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("faithful")
    corpus = corpus_of(folder / "images", 4)
    return analyze(corpus, classifier_of(), None, ["grad-cam", "lime"], out=folder / "run", lime=LIME, progress=False)


def test_a_run_is_measured_on_its_stored_maps(small_run: Run) -> None:
    options = {"n_images": 3, "seed": 5, "steps": 4, "stages": 1, "progress": False}
    table = faithfulness_of_run(small_run, classifier_of(), measures=[*MEASURES], **options)  # type: ignore[arg-type]
    assert table.columns.tolist() == ["image_id", "method", "measure", "value"]
    assert table["image_id"].nunique() == 3
    assert set(table["method"]) == {"grad-cam", "lime", *BASELINES}
    assert table.groupby(["image_id", "method"]).size().unstack().iloc[0].to_dict() == {
        "grad-cam": 4, "lime": 6, **dict.fromkeys(BASELINES, 4),
    }  # fmt: skip
    assert np.isfinite(table["value"]).all()
    again = faithfulness_of_run(small_run, classifier_of(), measures=[*MEASURES], **options)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(table, again)
    values = table.set_index(["image_id", "method", "measure"])["value"]
    for image_id in table["image_id"].unique():
        assert values[image_id, "lime", "lime-r2"] == pytest.approx(small_run.lime_of(image_id).r2)
        alone = faithfulness(small_run.open_image(image_id), classifier_of(), steps=4, measures="deletion")
        assert values[image_id, "grad-cam", "deletion"] == pytest.approx(alone.table["value"][0], abs=0.01)
    # Each image has a random map of its own.
    randoms = table[(table["method"] == RANDOM) & (table["measure"] == "randomisation")]["value"]
    assert randoms.nunique() == 3


def test_images_that_are_gone_are_left_out(small_run: Run, tmp_path: Path) -> None:
    kept = corpus_of(tmp_path / "images", 4)
    (tmp_path / "images" / "1.png").unlink()
    run = open_run(small_run.path, corpus=kept)
    seen: list[tuple[int, int]] = []
    table = faithfulness_of_run(
        run, classifier_of(), "grad-cam", 9, measures=["deletion"], steps=2,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert sorted(table["image_id"].unique()) == ["0.png", "2.png", "3.png"]
    assert seen == [(done, 4) for done in (1, 2, 3, 4)]


def test_a_run_refuses_what_it_cannot_measure(small_run: Run) -> None:
    classifier = classifier_of()
    with pytest.raises(UnknownNameError, match="lift-cam"):
        faithfulness_of_run(small_run, classifier, ["lift-cam"], progress=False)
    with pytest.raises(EmocamError, match="at least 1"):
        faithfulness_of_run(small_run, classifier, n_images=0, progress=False)
    with pytest.raises(EmocamError, match="LIME's own"):
        faithfulness_of_run(small_run, classifier, ["grad-cam"], measures=["lime-r2"], progress=False)
    other = copy.copy(classifier)
    other.fingerprint = "0"
    with pytest.raises(EmocamError, match="other weights"):
        faithfulness_of_run(small_run, other, progress=False)


def test_the_command_prints_a_table_per_method_and_writes_csv(tmp_path: Path) -> None:
    classifier = emo.load_classifier("demo")
    analyze(corpus_of(tmp_path / "images", 2), classifier, None, out=tmp_path / "run", progress=False)
    measures = ["--measure", "deletion", "--measure", "randomisation"]
    arguments = ["faithfulness", str(tmp_path / "run"), *measures, "--quiet"]
    done = CliRunner().invoke(main, [*arguments, "--csv", str(tmp_path / "values.csv")])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "2 images of 2"
    assert [line for line in lines if line in ("grad-cam", *BASELINES)] == ["grad-cam", *BASELINES]
    table = pd.read_csv(tmp_path / "values.csv")
    rows = summary(table).set_index(["measure", "method"])
    assert f"{rows['mean']['deletion', 'grad-cam']:.3f} [" in done.output
    assert f"gain {rows['gain']['deletion', 'grad-cam']:+.3f}" in done.output
    refused = CliRunner().invoke(main, [*arguments, "--method", "gradcam"])
    assert refused.exit_code == 2 and "did you mean 'grad-cam'" in refused.output
    assert CliRunner().invoke(main, ["faithfulness", str(tmp_path / "no")]).exit_code == 2


def test_the_public_names_are_these_functions() -> None:
    assert emo.faithfulness is faithfulness
    assert emo.faithfulness_of_run is faithfulness_of_run
    assert emo.LimeSettings is LimeSettings
