"""A crash inside a model, or an answer that is no number: it costs that image alone."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import wrap_detector
from emocam_widgets.engine import Worker, analyze
from emocam_widgets.errors import EmocamError
from emocam_widgets.models.split import SplitClassifier
from tests.stress import world
from tests.tiny_models import picture

pytestmark = pytest.mark.timeout(1800)
KINDS = ("raises", "not a number", "infinite", "out of memory")


class Crashing(SplitClassifier):
    """The tiny classifier, which does something bad wherever a picture's mean is among the given."""

    kind: str
    bad: Tensor

    def trunk(self, x: Tensor) -> Tensor:
        """As the tiny classifier's; raises, or gives no numbers, for bad pictures."""
        means = x.mean((1, 2, 3))
        bad = (means[:, None] - self.bad[None]).abs().min(1).values < 1e-6
        if bad.any() and self.kind == "raises":
            raise ValueError("the network broke down")
        if bad.any() and self.kind == "out of memory":
            raise torch.OutOfMemoryError("simulated")
        activation = super().trunk(x)
        if bad.any():
            activation[bad] = float("nan" if self.kind == "not a number" else "inf")
        return activation


def _crashing(kind: str, images: list[Image.Image]) -> Crashing:
    made = world.classifier()
    made.__class__ = Crashing
    assert isinstance(made, Crashing)
    made.kind = kind
    made.bad = torch.stack([made.preprocess(image)[0].mean() for image in images])
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_crashing_classifier_costs_its_images_alone(
    tmp_path: Path, images: Path, undisturbed: Path, rounds: int, kind: str
) -> None:
    corpus = Corpus.from_folder(images)
    chance = random.Random(12)
    for number in range(rounds):
        bad = sorted(chance.sample(list(corpus), chance.randint(1, 5)))
        classifier = _crashing(kind, [corpus.open(image_id) for image_id in bad])
        run = tmp_path / str(number)
        result = analyze(
            corpus, classifier, world.detector(), out=run, progress=False, batch_size=chance.choice([3, 8])
        )
        assert sorted(result.failures["image_id"]) == bad
        assert all("broke down" in reason or "no numbers" in reason or "simulated" in reason
                   for reason in result.failures["reason"])  # fmt: skip
        assert sorted(result.images["image_id"]) == sorted(set(corpus) - set(bad))
        world.assert_whole_images(run)
        # With a model that works they are computed, and only they.
        told: list[int] = []

        def note(_done: int, total: int, _failures: int, told: list[int] = told) -> None:
            told.append(total)

        analyze(corpus, world.classifier(), world.detector(), out=run, progress=note)
        assert set(told) == {len(bad)}
        found, expected = world.raw_tables(run), world.raw_tables(undisturbed)
        assert found["images"]["image_id"].tolist() == expected["images"]["image_id"].tolist()
        world.assert_whole_images(run)


def test_a_crashing_detector_costs_its_images_alone(tmp_path: Path, images: Path, rounds: int) -> None:
    corpus = Corpus.from_folder(images)
    chance = random.Random(13)
    for number in range(rounds):
        bad = sorted(chance.sample(list(corpus), 3))
        keys = {corpus.open(image_id).tobytes() for image_id in bad}

        def detect(image: Image.Image, keys: set[bytes] = keys) -> list[tuple[str, float, tuple[float, ...]]]:
            if image.tobytes() in keys:
                raise RuntimeError("the detector broke down")
            return list(world.boxes_of(image))

        broken = wrap_detector(detect, world.CLASSES, name="boxer")
        result = analyze(corpus, world.classifier(), broken, out=tmp_path / str(number), progress=False)
        assert sorted(result.failures["image_id"]) == bad
        assert set(result.failures["stage"]) == {"detect"}
        assert len(result.images) == len(corpus) - 3
        world.assert_whole_images(tmp_path / str(number))


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_lives_and_the_other_requests_are_answered(rounds: int, kind: str) -> None:
    pictures = [picture(seed) for seed in range(24)]
    expected = [prediction.probabilities for prediction in world.classifier().predict(pictures)]
    chance = random.Random(14)
    for _ in range(rounds):
        bad = set(chance.sample(range(len(pictures)), 5))
        with Worker(_crashing(kind, [pictures[i] for i in bad]), cache=None) as worker:
            for _ in range(2):  # an error is not kept as an answer
                held = threading.Event()
                worker.submit(held.wait)  # so that what is asked now waits, and goes through the model together
                futures: list[Future] = [worker.submit_evaluate(one, "grad-cam") for one in pictures]
                held.set()
                for i, future in enumerate(futures):
                    if i in bad:
                        error = future.exception(60)
                        assert error is not None
                        assert isinstance(error, EmocamError) or kind in {"raises", "out of memory"}
                    else:
                        prediction, cam = future.result(60)
                        np.testing.assert_allclose(prediction.probabilities, expected[i], atol=1e-6)
                        assert np.isfinite(cam.grid).all()
