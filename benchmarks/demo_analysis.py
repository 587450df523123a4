"""`demo`: how long the analysis of the embedded corpus takes, beside the bare forward passes of its two models."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.core import Figure, Figures

IMAGES = 96
WARM_UP = 8


def measure() -> Figures:
    """Seconds an image over a part of the demo corpus, in a run of its own, models loaded and warm."""
    import torch

    import emocam_widgets as emo

    corpus = emo.Corpus.demo()
    ids = list(corpus)[: IMAGES + WARM_UP]
    classifier, detector = emo.load_classifier("demo"), emo.load_detector("demo")
    with tempfile.TemporaryDirectory() as folder:
        emo.analyze(corpus.subset(ids[:WARM_UP]), classifier, detector, out=Path(folder) / "warm-up", progress=False)
        start = time.perf_counter()
        run = emo.analyze(corpus.subset(ids[WARM_UP:]), classifier, detector, out=Path(folder) / "run", progress=False)
        analysis = (time.perf_counter() - start) / len(run.images)

    images = [corpus.open(image_id) for image_id in ids[WARM_UP:]]
    tensors = [classifier.preprocess(image)[0] for image in images]
    with torch.inference_mode():
        start = time.perf_counter()
        for tensor in tensors:
            classifier.tail(classifier.trunk(tensor[None]))
        for image in images:
            detector.detect([image])
        bare = (time.perf_counter() - start) / len(images)
    return {
        "seconds_per_image": Figure(analysis, 0.2, "most", "seconds an image for the whole demo analysis"),
        "times_the_models": Figure(
            analysis / bare, 2.0, "most", "the same, over classifying and detecting one by one and storing nothing"
        ),
    }
