"""How well the association finds what the embedded world's classifier uses, beside three controls to beat."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from emocam_widgets.analysis.truth import Criteria, compare
from emocam_widgets.demo import PEOPLE
from emocam_widgets.engine.corpus_run import Progress, analyze
from emocam_widgets.run import Run, RunWriter, open_run

if TYPE_CHECKING:
    from PIL import Image

    from emocam_widgets.corpus import Corpus
    from emocam_widgets.models import SplitClassifier

CALIBRATION_IMAGES = 64
SHUFFLES = 20
"""The shuffled control is the mean over so many draws: a single one can fall on either side of the method."""


def evaluate_run(
    run: Run,
    truth: pd.DataFrame,
    planted: pd.DataFrame,
    *,
    method: str = "grad-cam",
    threshold: float = 0.3,
    min_confidence: float | None = None,
    seed: int = 0,
    criteria: Criteria | None = None,
    progress: Progress | bool = True,
) -> pd.DataFrame:
    """Precision and recall of (object class, label) pairs, one row per method or control (`analysis.truth.compare`).

    The rows come twice, under "all pairs" and under "things" (less people and their parts): a part that every image
    shows sets no label apart from the others, however much the classifier uses it, so no association can find it.

    The controls: presence only (every box counts, wherever the classifier looks), shuffled (the method's maps exchanged
    between the images at random, the mean of 20 draws), random weights (the same architecture untrained, with its own
    predictions and maps).

    Args:
        run: the analysed embedded corpus.
        truth, planted: `emocam_widgets.demo.measured_truth()` and `.planted()`.
        method, threshold, min_confidence: what the association is made with.
        seed: of the shuffling and of the random weights.
    """
    corpus = run.corpus
    with TemporaryDirectory(prefix="emocam-") as folder:
        untrained = random_classifier(run.labels, [corpus.open(i) for i in list(corpus)[:CALIBRATION_IMAGES]], seed)
        random_run = _with_boxes_of(run, corpus, untrained, method, Path(folder) / "run", progress)
        associations = {
            method: run.association(method, "mean", threshold, min_confidence),
            "presence only": run.association(method, "mean", float("-inf"), min_confidence),
            "random weights": random_run.association(method, "mean", threshold, min_confidence),
        }
        shuffled = {
            str(draw): run.association(method, "mean", threshold, min_confidence, shuffle=draw)
            for draw in range(seed, seed + SHUFFLES)
        }
        things = truth[~truth["object_class"].isin(PEOPLE)]
        tables = {"all pairs": truth, "things": things}
        scores = {}
        for group, pairs in tables.items():
            rows = compare(associations, pairs, planted, criteria).astype(float)
            rows.loc["shuffled maps"] = compare(shuffled, pairs, planted, criteria).mean()
            scores[group] = rows.loc[[method, "presence only", "shuffled maps", "random weights"]]
        return pd.concat(scores, names=["pairs"])


def random_classifier(labels: Sequence[str], images: Sequence[Image.Image], seed: int = 0) -> SplitClassifier:
    """The embedded world's architecture with random weights.

    Its batch normalisation takes the statistics of `images`: with those of an untrained network it would give every
    image the same label, and be no control at all.
    """
    import torch

    from emocam_widgets.models.demo import INPUT_SIZE, SceneNet
    from emocam_widgets.models.preprocess import Preprocess
    from emocam_widgets.models.split import wrap_classifier

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = SceneNet(len(labels))
        torch.nn.init.zeros_(module.tail.fc2.bias)
    preprocess = Preprocess(INPUT_SIZE)
    inputs = torch.stack([preprocess(image)[0] for image in images])
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None  # the plain average over what it sees
    with torch.no_grad():
        module.trunk.train()(inputs)
        module.eval()
        # The labels' means apart, nearly all images would get the one that happens to be largest.
        module.tail.fc2.bias.copy_(-module(inputs).mean(dim=0))
    return wrap_classifier(module, labels, INPUT_SIZE, name="random weights", synthetic=True)


def _with_boxes_of(
    run: Run,
    corpus: Corpus,
    classifier: SplitClassifier,
    method: str,
    out: str | os.PathLike[str],
    progress: Progress | bool,
) -> Run:
    """Another classifier's run over the same images, with the boxes that are found already."""
    analyze(corpus, classifier, None, [method], out=out, progress=progress)
    manifest = replace(open_run(out).manifest, detectors=run.manifest.detectors)
    with RunWriter(out, manifest) as writer:
        detected = {detector.name: list(corpus) for detector in run.manifest.detectors}
        writer.write_part({"boxes": run.boxes}, detected)
        writer.finish()
    return open_run(out, corpus)
