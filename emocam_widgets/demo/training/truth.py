"""The measured truth: what each drawn object does to the shipped classifier, found by drawing scenes without it."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from emocam_widgets.demo.scenes.compose import render, render_without, sample_scene
from emocam_widgets.demo.scenes.moods import CLASSES, LABELS
from emocam_widgets.demo.training.corpus import write_table
from emocam_widgets.demo.training.seeds import over_cores
from emocam_widgets.models.demo import load_scene_classifier
from emocam_widgets.models.split import SplitClassifier

RESAMPLES = 1000


def measure_truth(data: Path, limit: int | None = None) -> pd.DataFrame:
    """Draw every shipped scene without each of its objects in turn and write ``data``/measured_truth.csv.

    The effect of an object on a label is the label's probability as drawn minus its probability without the object
    (-1..1). For a pair of class and label it is averaged over the scenes predicted as the label; the interval is the
    95 % percentile bootstrap over images. Pairs without any object are left out.
    """
    annotations = pd.read_csv(data / "annotations.csv")[:limit]
    jobs = [
        (str(data / "classifier.safetensors"), label, seed)
        for label, seed in zip(annotations.label, annotations.seed, strict=True)
    ]
    effects: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    for predicted, removed in over_cores(_effects, jobs, "drawing scenes without their objects"):
        by_class = defaultdict(list)
        for object_class, change in removed:
            by_class[object_class].append(change)
        for object_class, changes in by_class.items():
            effects[object_class, predicted].append(np.array(changes))
    rng = np.random.default_rng(0)
    rows = [
        (object_class, label, *_interval(effects[object_class, label], rng))
        for object_class in CLASSES
        for label in LABELS
        if (object_class, label) in effects
    ]
    write_table(data / "measured_truth.csv", ("object_class", "label", "n", "effect", "low", "high"), rows)
    return pd.read_csv(data / "measured_truth.csv")


def _interval(images: list[np.ndarray], rng: np.random.Generator) -> tuple[int, float, float, float]:
    """Number of objects, their mean effect, and its interval by resampling images (a list of effects per image)."""
    sums, counts = np.array([i.sum() for i in images]), np.array([len(i) for i in images])
    drawn = rng.integers(0, len(images), (RESAMPLES, len(images)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return int(counts.sum()), round(float(sums.sum() / counts.sum()), 5), round(float(low), 5), round(float(high), 5)


@cache
def _classifier(path: str) -> SplitClassifier:
    import torch

    torch.set_num_threads(1)
    return load_scene_classifier(path)


def _effects(job: tuple[str, str, int]) -> tuple[str, list[tuple[str, float]]]:
    """The predicted label of one scene, and for each object in it its class and its effect on that label."""
    path, label, seed = job
    classifier = _classifier(path)
    scene = sample_scene(label, seed, "corpus")
    whole = classifier.predict([Image.fromarray(render(scene).image)])[0]
    removed = list(render_without(scene))
    without = classifier.predict([Image.fromarray(picture) for _, picture in removed])
    base = whole.probabilities[whole.index]
    return whole.label, [
        (true.object_class, float(base - other.probabilities[whole.index]))
        for (true, _), other in zip(removed, without, strict=True)
    ]
