"""Superpixel LIME against the package lime, its streaming, and what it refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from lime.lime_image import LimeImageExplainer
from numpy.typing import NDArray
from PIL import Image
from skimage.segmentation import quickshift
from torch import Tensor, nn

from emocam_widgets.cli import main
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine import Worker, analyze
from emocam_widgets.errors import EmocamError, RunError, UnknownNameError
from emocam_widgets.explain.hiding import make_hider
from emocam_widgets.explain.lime import LimeSampling, LimeSettings, draw_samples, fit, lime, lime_of_targets
from emocam_widgets.explain.lime_settings import HIDES, SEGMENTATIONS
from emocam_widgets.explain.superpixels import WORKING_SIDE, seen_segments, segment_image, superpixel_cam
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.run import open_run
from emocam_widgets.types import OUTPUTS, LimeExplanation, Output, View
from tests.small_classifiers import (
    LABELS,
    SIZE,
    classifier_of,
    corpus_of,
    detailed,
    plain_cnn,
    pooled_cnn,
    resnet,
)
from tests.tiny_models import picture

Found = TypeVar("Found")


def scored(classifier: SplitClassifier, output: str = "probabilities") -> Callable[[NDArray], NDArray]:
    """The classifier as the package lime takes it."""

    def score(images: NDArray) -> NDArray:
        inputs = torch.stack([classifier.preprocess(Image.fromarray(pixels))[0] for pixels in images])
        with torch.no_grad():
            logits = classifier.tail(classifier.trunk(inputs)).double()
        return (torch.softmax(logits, 1) if output == "probabilities" else logits).numpy()

    return score


def reference(
    classifier: SplitClassifier, image: Image.Image, n_samples: int, seed: int, output: str, **options: object
) -> tuple[LimeImageExplainer, int]:
    explainer = LimeImageExplainer(random_state=seed, feature_selection="none")
    explanation = explainer.explain_instance(
        np.asarray(image), scored(classifier, output), top_labels=1, num_samples=n_samples, **options
    )
    return explanation, explanation.top_labels[0]


def assert_same(mine: LimeExplanation, explanation: LimeImageExplainer, label: int) -> None:
    theirs = np.zeros(len(mine.weights))
    for segment, weight in explanation.local_exp[label]:
        theirs[segment] = weight
    assert mine.target == LABELS[label]
    assert np.count_nonzero(np.abs(theirs) > 1e-3) >= 20
    np.testing.assert_allclose(mine.weights, theirs, atol=1e-4)
    assert mine.intercept == pytest.approx(explanation.intercept[label], abs=1e-4)
    assert mine.r2 == pytest.approx(explanation.score, abs=1e-4)


def last(explanations: Iterator[Found]) -> Found:
    return list(explanations)[-1]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("make", [plain_cnn, pooled_cnn, resnet])
def test_it_gives_the_coefficients_of_the_package_lime(make: Callable[[], nn.Module], output: Output) -> None:
    classifier, image = classifier_of(make), detailed((SIZE, SIZE))
    segments = segment_image(image, "slic", 60)
    found = last(
        lime(classifier, image, output=output, settings=LimeSettings(n_samples=120, seed=5), segments=segments)
    )
    assert_same(found, *reference(classifier, image, 120, 5, output, segmentation_fn=lambda _: segments))


def test_its_defaults_are_those_of_the_package_lime_from_the_segmentation_on() -> None:
    classifier, image = classifier_of(), detailed((260, 200))
    found = last(lime(classifier, image, settings=LimeSettings(n_samples=150, seed=2), hide_in="image"))
    assert_same(found, *reference(classifier, image, 150, 2, "probabilities"))


@pytest.mark.parametrize("preprocess", ["squeeze", "mean image"])
def test_hiding_in_the_input_is_lime_on_the_picture_that_the_network_sees(preprocess: str) -> None:
    classifier, image = classifier_of(preprocess=preprocess), detailed((150, 110))
    segments = segment_image(image, "slic", 60)
    found = last(lime(classifier, image, settings=LimeSettings(n_samples=120), segments=segments, hide_in="input"))
    seen = image.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    at_input = seen_segments(segments, View.whole(*image.size), (SIZE, SIZE))
    assert_same(found, *reference(classifier, seen, 120, 0, "probabilities", segmentation_fn=lambda _: at_input))


@pytest.mark.parametrize("hide_in", ["input", "image"])
def test_a_grey_hide_colour_is_the_package_s(hide_in: str) -> None:
    classifier, image = classifier_of(), detailed((SIZE, SIZE))
    segments = segment_image(image, "slic", 60)
    settings = LimeSettings(n_samples=120, hide="grey")
    found = last(lime(classifier, image, settings=settings, segments=segments, hide_in=hide_in))  # type: ignore[arg-type]
    options = {"segmentation_fn": lambda _: segments, "hide_color": 128}
    assert_same(found, *reference(classifier, image, 120, 0, "probabilities", **options))


@pytest.mark.parametrize("hide", HIDES)
def test_at_the_networks_size_hiding_in_the_input_and_in_the_image_are_the_same(hide: str) -> None:
    classifier, image = classifier_of(), detailed((SIZE, SIZE))
    segments = segment_image(image, "slic", 30)
    keep = draw_samples(6, int(segments.max()) + 1, 1)
    inputs = [make_hider(classifier, image, segments, hide, where)(keep) for where in ("input", "image")]
    # Blurring gives fractions of a level, which an image rounds.
    torch.testing.assert_close(*inputs, atol=1e-4 if hide != "blurred" else 0.5 / 255 / 0.2 + 1e-4, rtol=0)


def test_a_preprocessing_that_looks_at_the_whole_image_is_hidden_from_in_the_image() -> None:
    classifier, image = classifier_of(preprocess="standardised"), detailed((SIZE, SIZE))
    segments = segment_image(image, "slic", 60)
    found = last(lime(classifier, image, settings=LimeSettings(n_samples=120), segments=segments))
    assert_same(found, *reference(classifier, image, 120, 0, "probabilities", segmentation_fn=lambda _: segments))
    with pytest.raises(EmocamError, match="does not treat each pixel alone"):
        next(lime(classifier, image, settings=LimeSettings(n_samples=120), hide_in="input"))


@pytest.mark.parametrize("hide_in", ["input", "image"])
def test_what_the_classifier_does_not_see_has_no_weight(hide_in: str) -> None:
    classifier, image = classifier_of(preprocess="crop"), detailed((200, 80))
    columns = np.arange(200) // 10
    segments = np.broadcast_to(columns, (80, 200)).astype(np.int32)
    found = last(lime(classifier, image, settings=LimeSettings(n_samples=60), segments=segments, hide_in=hide_in))  # type: ignore[arg-type]
    view = classifier.preprocess(image)[1]
    outside = (np.arange(20) * 10 + 10 <= view.x0) | (np.arange(20) * 10 >= view.x1)
    assert outside.sum() == 12
    assert not found.weights[outside].any()
    assert found.weights[~outside].all()


def test_maps_come_after_each_tenth_and_are_those_of_that_many_samples() -> None:
    classifier, image = classifier_of(), detailed((SIZE, SIZE))
    found = list(lime(classifier, image, settings=LimeSettings(n_samples=95, seed=4)))
    assert [explanation.n_samples for explanation in found] == [*range(10, 96, 10), 95]
    assert [explanation.finished for explanation in found] == [False] * 9 + [True]
    sampling = LimeSampling(classifier, image, settings=LimeSettings(n_samples=95, seed=4))
    keep = draw_samples(95, sampling.n_segments, 4)
    scores = np.concatenate(
        [scored(classifier)(composed(image, sampling.segments, keep[i : i + 1])) for i in range(50)]
    )
    column = LABELS.index(found[4].target)
    np.testing.assert_allclose(found[4].weights, fit(keep[:50], scores[:, [column]])[0][0], atol=1e-4)
    np.testing.assert_array_equal(draw_samples(50, sampling.n_segments, 4), keep[:50])


def test_a_seed_repeats_and_another_differs_whatever_the_batches() -> None:
    classifier, image = classifier_of(), detailed((96, 72))
    settings = LimeSettings(n_samples=80, seed=9)
    first = last(lime(classifier, image, settings=settings))
    np.testing.assert_array_equal(first.weights, last(lime(classifier, image, settings=settings)).weights)
    np.testing.assert_allclose(
        first.weights, last(lime(classifier, image, settings=settings, batch_size=3)).weights, atol=1e-6
    )
    other = last(lime(classifier, image, settings=LimeSettings(n_samples=80, seed=10)))
    assert not np.allclose(first.weights, other.weights, atol=1e-3)


def test_several_targets_share_their_samples() -> None:
    classifier, image = classifier_of(), detailed((SIZE, SIZE))
    settings = LimeSettings(n_samples=60)
    found = last(lime_of_targets(classifier, image, ["Awe", "Joy"], settings=settings))
    assert [explanation.target for explanation in found] == ["Awe", "Joy"]
    for explanation in found:
        alone = last(lime(classifier, image, explanation.target, settings=settings))
        np.testing.assert_allclose(explanation.weights, alone.weights, atol=1e-6)


def test_it_stops_when_it_is_told_to() -> None:
    classifier, image = classifier_of(), detailed((SIZE, SIZE))
    passes = count_passes(classifier)
    asked = iter([False, False, True])
    stopped = lime(classifier, image, settings=LimeSettings(n_samples=100), cancelled=lambda: next(asked))
    assert [explanation.n_samples for explanation in stopped] == [10, 20]
    assert len(passes) == 2
    closed = lime(classifier, image, settings=LimeSettings(n_samples=100))
    assert next(closed).n_samples == 10
    closed.close()  # type: ignore[attr-defined]
    assert len(passes) == 3


@pytest.mark.parametrize("size", [(WORKING_SIDE, 200), (97, 61), (1, 1), (3, 40)])
@pytest.mark.parametrize("segmentation", SEGMENTATIONS)
def test_segments_are_numbered_from_0_and_have_the_images_size(segmentation: str, size: tuple[int, int]) -> None:
    image = detailed(size)
    segments = segment_image(image, segmentation, 12)
    assert segments.shape == (size[1], size[0])
    assert segments.dtype == np.int32
    assert np.array_equal(np.unique(segments), np.arange(segments.max() + 1))
    np.testing.assert_array_equal(segments, segment_image(image, segmentation, 12))
    if segmentation == "quickshift" and min(size) > 1:
        theirs = quickshift(np.asarray(image), kernel_size=4, max_dist=200, ratio=0.2)
        np.testing.assert_array_equal(segments, np.unique(theirs, return_inverse=True)[1].reshape(theirs.shape))


def test_a_large_photograph_is_segmented_at_the_working_size() -> None:
    small = detailed((WORKING_SIDE, 160))
    large = small.resize((WORKING_SIDE * 3, 480), Image.Resampling.NEAREST)
    segments = segment_image(large)
    assert segments.shape == (480, WORKING_SIDE * 3)
    # Whole blocks of 3 x 3, so none was cut finer than the working size.
    blocks = segments.reshape(160, 3, WORKING_SIDE, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    assert segment_image(large, "slic", 20).max() < 40


def test_one_colour_is_explained_without_any_weight() -> None:
    found = last(lime(classifier_of(), Image.new("RGB", (40, 30), "teal"), settings=LimeSettings(n_samples=20)))
    assert np.abs(found.weights).max() < 1e-6
    assert not superpixel_cam(found).grid.any()


def test_a_cam_is_the_area_averaged_positive_weights_over_the_whole_image() -> None:
    segments = np.zeros((40, 60), np.int32)
    segments[:, 30:] = 1
    segments[20:, 30:] = 2
    explanation = LimeExplanation(segments, np.array([-3.0, 2.0, 1.0]), "Joy", "logits", 0.0, 1.0, 10, 10)
    cam = superpixel_cam(explanation, cells=4)
    expected = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5]])
    np.testing.assert_allclose(cam.grid, expected, atol=1e-6)
    assert (cam.method, cam.target, cam.output, cam.view) == ("lime", "Joy", "logits", View.whole(60, 40))
    uneven = superpixel_cam(explanation, cells=7).grid
    assert uneven[0, 3] == pytest.approx(0.5, abs=1e-5)
    assert explanation.weight_map()[[0, 0, 39], [0, 59, 59]].tolist() == [-3, 2, 1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_samples": 9}, "at least 10"),
        ({"n_regions": 1}, "at least 2"),
        ({"seed": -1}, "seed is -1"),
        ({"segmentation": "quikshift"}, "did you mean 'quickshift'"),
        ({"hide": "gray"}, "did you mean 'grey'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(EmocamError, match=message):
        LimeSettings(**settings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "Joyful"}, "did you mean 'Joy'"),
        ({"output": "logit"}, "did you mean 'logits'"),
        ({"batch_size": 0}, "batch size is 0"),
        ({"segments": np.zeros((4, 4), np.int32)}, "shape"),
        ({"segments": np.full((30, 40), 3, np.int32)}, "each id"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_pass(options: dict, message: str) -> None:
    classifier = classifier_of()
    passes = count_passes(classifier)
    with pytest.raises(EmocamError, match=message):
        next(lime(classifier, detailed((40, 30)), **options))
    with pytest.raises(EmocamError, match="no label"):
        next(lime_of_targets(classifier, detailed((40, 30)), []))
    with pytest.raises(UnknownNameError, match="label"):
        next(lime_of_targets(classifier, detailed((40, 30)), ["Joy", "Bliss"]))
    assert not passes


def test_outputs_that_are_no_numbers_are_an_error() -> None:
    classifier = classifier_of()
    tail = classifier.tail
    classifier.tail = lambda activation: tail(activation) / 0.0  # type: ignore[method-assign]
    with pytest.raises(EmocamError, match="no numbers"):
        next(lime(classifier, detailed((40, 30))))


def test_weights_that_do_not_fit_their_segments_are_refused() -> None:
    with pytest.raises(ValueError, match="2 weights for segments"):
        LimeExplanation(np.array([[0, 1, 2]], np.int32), np.zeros(2, np.float32), "Joy", "logits", 0.0, 0.0, 1, 1)


def composed(image: Image.Image, segments: NDArray, keep: NDArray) -> NDArray:
    """The package lime's samples: uint8 (m, h, w, 3), hidden segments in their mean colour."""
    pixels = np.asarray(image)
    hidden = pixels.copy()
    for segment in range(int(segments.max()) + 1):
        hidden[segments == segment] = pixels[segments == segment].mean(axis=0)
    return np.stack([np.where(row[segments][..., None], pixels, hidden) for row in keep])


def count_passes(classifier: SplitClassifier) -> list[int]:
    """A list that grows by the batch's size with every pass of the trunk."""
    passes: list[int] = []
    trunk = classifier.trunk

    def counted(x: Tensor) -> Tensor:
        passes.append(len(x))
        return trunk(x)

    classifier.trunk = counted  # type: ignore[method-assign]
    return passes


def test_a_worker_answers_in_between_and_gives_the_same_weights() -> None:
    classifier, image = classifier_of(), detailed((SIZE, SIZE))
    settings = LimeSettings(n_samples=60)
    order: list[str] = []
    with Worker(classifier) as worker:
        stream = worker.lime(image, "Joy", settings=settings)
        first = next(stream)
        assert first.n_samples == 6
        step = classifier.trunk
        entered, free = threading.Event(), threading.Event()

        def held(x: Tensor) -> Tensor:
            entered.set()
            assert free.wait(60)
            order.append("lime")
            return step(x)

        classifier.trunk = held  # type: ignore[method-assign]
        with ThreadPoolExecutor(1) as pool:
            rest = pool.submit(list, stream)
            assert entered.wait(60)
            answer = worker.submit(lambda: order.append("asked"))
            free.set()
            answer.result(60)
            final = rest.result(60)[-1]
        assert order[:3] == ["lime", "asked", "lime"]
        assert order.count("lime") == 9
    classifier.trunk = step  # type: ignore[method-assign]
    alone = last(lime(classifier, image, "Joy", settings=settings))
    np.testing.assert_allclose(final.weights, alone.weights, atol=1e-6)


def test_a_worker_refuses_names_at_once_and_stops_when_it_is_told_to() -> None:
    classifier, image = classifier_of(), detailed((SIZE, SIZE))
    with Worker(classifier) as worker:
        with pytest.raises(UnknownNameError, match="Joy"):
            worker.lime(image, "Joyful")
        stop = threading.Event()
        maps = worker.lime(image, settings=LimeSettings(n_samples=60), cancelled=stop.is_set)
        assert next(maps).target == worker.predict(image).label
        stop.set()
        assert list(maps) == []


def test_a_run_holds_segments_weights_and_the_cam_that_is_made_of_them(tmp_path: Path) -> None:
    classifier, corpus = classifier_of(), corpus_of(tmp_path / "images", 3)
    detector = wrap_detector(lambda image: [("thing", 0.9, (0, 0, image.width / 2, 30))], ["thing"], name="half")
    settings = LimeSettings(n_samples=30, seed=6)
    run = analyze(
        corpus, classifier, detector, ["grad-cam", "lime"], out=tmp_path / "run", lime=settings, progress=False
    )
    assert run.methods == ("grad-cam", "lime")
    assert run.manifest.methods[1].settings == {
        "n_samples": 30, "segmentation": "quickshift", "hide": "mean", "seed": 6,
    }  # fmt: skip
    assert run.lime["image_id"].tolist() == list(corpus)
    for image_id in corpus:
        alone = last(lime(classifier, corpus.open(image_id), settings=settings))
        stored = run.lime_of(image_id)
        np.testing.assert_array_equal(stored.segments, alone.segments)
        np.testing.assert_allclose(stored.weights, alone.weights, atol=1e-6)
        assert (stored.target, stored.output, stored.n_samples) == (alone.target, "probabilities", 30)
        assert stored.finished
        assert (stored.r2, stored.intercept) == pytest.approx((alone.r2, alone.intercept), abs=1e-6)
        np.testing.assert_allclose(run.grid(image_id, "lime").grid, superpixel_cam(alone).grid, atol=1e-3)
    importance = run.importance("lime")
    for i, image_id in enumerate(run.boxes["image_id"]):
        positive = np.maximum(run.lime_of(image_id).weight_map(), 0)
        share = positive[:30, : -(-positive.shape[1] // 2)].mean() / positive.max()
        # Of 32 cells an axis, the map's edges are blurred by about one.
        assert importance[i] == pytest.approx(share, abs=0.1)
    assert run.association("lime", threshold=0.0).counts.to_numpy().sum() > 0


def test_a_run_with_lime_goes_on_and_takes_it_up_later(tmp_path: Path) -> None:
    classifier = classifier_of()
    corpus = corpus_of(tmp_path / "images", 6)
    settings = LimeSettings(n_samples=20)
    out = tmp_path / "run"
    analyze(corpus, classifier, None, ["grad-cam"], out=out, progress=False)

    def stop(done: int, _total: int, _failures: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyze(corpus, classifier, None, ["lime"], out=out, lime=settings, progress=stop)
    held = len(open_run(out).lime)
    assert 1 <= held < len(corpus)
    passes = count_passes(classifier)
    run = analyze(corpus, classifier, None, ["grad-cam", "lime"], out=out, lime=settings, progress=False)
    assert len(run.lime) == len(corpus)
    assert sum(passes) == (len(corpus) - held) * (1 + 20)
    analyze(corpus, classifier, None, ["lime"], out=out, lime=settings, progress=False)
    assert sum(passes) == (len(corpus) - held) * (1 + 20)
    with pytest.raises(RunError, match="'lime' was used with other settings"):
        analyze(corpus, classifier, None, ["lime"], out=out, lime=LimeSettings(n_samples=25), progress=False)
    with pytest.raises(EmocamError, match="no LIME explanation of '0"):
        run.lime_of("0.png", next(label for label in LABELS if label != run.lime["target"][0]))
    with pytest.raises(UnknownNameError, match="image"):
        run.lime_of("9.png")


def test_a_run_without_lime_says_so(tmp_path: Path) -> None:
    run = analyze(corpus_of(tmp_path / "images", 1), classifier_of(), None, out=tmp_path / "run", progress=False)
    with pytest.raises(UnknownNameError, match="no method called 'lime'"):
        run.lime_of("0.png")


def test_an_image_that_lime_cannot_explain_is_a_failure_of_its_own(tmp_path: Path) -> None:
    classifier = classifier_of()
    tail = classifier.tail
    classifier.tail = lambda activation: tail(activation) / float(len(activation) == 1)  # type: ignore[method-assign]
    corpus = corpus_of(tmp_path / "images", 2)
    settings = LimeSettings(n_samples=20)
    run = analyze(corpus, classifier, None, ["grad-cam", "lime"], out=tmp_path / "run", lime=settings, progress=False)
    assert run.failures["stage"].tolist() == ["lime", "lime"]
    assert "no numbers" in run.failures["reason"][0]


def test_the_command_line_analyses_with_lime(tmp_path: Path) -> None:
    picture(0, (64, 48)).save(tmp_path / "one.png")
    arguments = ["analyze", str(tmp_path), "--out", str(tmp_path / "run"), "--method", "lime", "--quiet"]
    refused = CliRunner().invoke(main, [*arguments, "--lime-samples", "3"])
    assert refused.exit_code == 2 and "at least 10" in refused.output
    done = CliRunner().invoke(main, [*arguments, "--lime-samples", "10"])
    assert done.exit_code == 0, done.output
    assert "(lime, importance above 0.3)" in done.output
    assert len(open_run(tmp_path / "run").lime) == 1
