"""A classifier held to the annotations of data sets, or a run to its corpus's own: precision, recall, F1, intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.analysis.agreement import COMBINED, RESAMPLES, Evaluation, agreement
from emocam_widgets.analysis.counterparts import Map, Pairs, label_pairs
from emocam_widgets.engine.loading import in_batches, load_ahead
from emocam_widgets.errors import EmocamError
from emocam_widgets.run import Run

if TYPE_CHECKING:
    from emocam_widgets.corpus import Corpus
    from emocam_widgets.models import SplitClassifier

BATCH_SIZE = 16


def evaluate(
    what: Run | SplitClassifier,
    corpora: Corpus | Sequence[Corpus] | None = None,
    *,
    mapping: Map | None = None,
    groups: str | Map | None = None,
    annotations: Mapping[str, str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
    progress: bool = True,
) -> Evaluation:
    """How well predicted labels agree with annotated ones, per data set and over all: `Evaluation`.

    Images without an annotation, or that cannot be used, are counted and left out.

    Args:
        what: a run, whose predictions and annotations are taken as they are stored; or a classifier.
        corpora: what to try a classifier on, one data set or several.
        mapping: from each annotation to one of the classifier's labels, None where there is no counterpart
            (``labels.PLUTCHIK_TO_EMONET``).
        groups: "affect" compares negative, other and positive on both sides; or a map from each of the classifier's
            labels to a coarser one. A group's probability is the sum of its labels'.
        annotations: labels by image id to hold a run to instead of its stored ones: those given in a browser
            (``ImageBrowser.annotations``). Images that they leave out count as not annotated.
        resamples, seed: of the images, for the intervals.
        batch_size: images per pass of the classifier.
        progress: show a progress bar.

    Raises:
        EmocamError: an annotation is none of the labels and in no map, none is annotated, a run was given corpora, or a
            classifier annotations.
    """
    if isinstance(what, Run):
        if corpora is not None:
            raise EmocamError("A run has its predictions and annotations already; pass corpora with a classifier only.")
        name = what.manifest.corpus.name
        given = _stored(what) if annotations is None else [annotations.get(i) for i in what.images["image_id"]]
        pairs = label_pairs(given, what.probabilities, what.labels, mapping=mapping, groups=groups, source=name)
        counts = {"unusable": len(what.failures), "missing": 0}
        return _evaluation(
            what.manifest.classifier.name, {name: pairs}, {name: counts}, what.synthetic, resamples, seed
        )
    if annotations is not None:
        raise EmocamError("annotations are for a run; a classifier is held to those of its corpora.")
    datasets = _named(corpora)
    all_pairs, all_counts = {}, {}
    for name, corpus in datasets.items():
        annotated = [image_id for image_id in corpus if corpus.annotation(image_id) is not None]
        if not annotated:
            raise EmocamError(
                f"No image of {name!r} has an annotation; a classifier can only be held to annotated images."
            )
        # What does not fit together is said before hours of predictions, not after them.
        fits = [corpus.annotation(image_id) for image_id in annotated]
        uniform = np.zeros((len(fits), len(what.labels)))
        label_pairs(fits, uniform, what.labels, mapping=mapping, groups=groups, source=repr(name))
        ids, probabilities = _predicted(what, corpus, annotated, batch_size, progress)
        labels = [corpus.annotation(image_id) for image_id in ids]
        all_pairs[name] = label_pairs(
            labels, probabilities, what.labels, mapping=mapping, groups=groups, source=repr(name)
        )
        all_counts[name] = {
            "unannotated": len(corpus) - len(annotated),
            "unusable": len(annotated) - len(ids),
            "missing": len(corpus.missing),
        }
    return _evaluation(what.name, all_pairs, all_counts, what.synthetic, resamples, seed)


def _named(corpora: Corpus | Sequence[Corpus] | None) -> dict[str, Corpus]:
    """The data sets by name; of several with the same name, the later ones are numbered."""
    from emocam_widgets.corpus import Corpus

    given = [corpora] if isinstance(corpora, Corpus) else list(corpora or ())
    if not given:
        raise EmocamError("A classifier is evaluated on annotated images; pass one corpus or several.")
    named: dict[str, Corpus] = {}
    for corpus in given:
        number = sum(other.name == corpus.name for other in named.values())
        named[f"{corpus.name} ({number + 1})" if number else corpus.name] = corpus
    return named


def _stored(run: Run) -> list[str | None]:
    return [None if pd.isna(label) else str(label) for label in run.images["annotation"]]


def _predicted(
    classifier: SplitClassifier, corpus: Corpus, image_ids: Sequence[str], batch_size: int, progress: bool
) -> tuple[list[str], NDArray[np.float32]]:
    """The images that could be used, and their probabilities (images, labels)."""
    from tqdm.auto import tqdm

    ids: list[str] = []
    rows: list[NDArray[np.float32]] = []
    with tqdm(total=len(image_ids), unit="image", desc=f"Predicting {corpus.name}", disable=not progress) as bar:
        for batch in in_batches(load_ahead(corpus, image_ids), batch_size):
            opened = {item.image_id: item.image for item in batch if item.image is not None}
            for image_id, prediction in zip(opened, classifier.predict(list(opened.values())), strict=True):
                if np.isfinite(prediction.probabilities).all():
                    ids.append(image_id)
                    rows.append(prediction.probabilities)
            bar.update(len(batch))
    return ids, np.array(rows, dtype=np.float32).reshape(len(ids), len(classifier.labels))


def _evaluation(
    name: str,
    pairs: Mapping[str, Pairs],
    counts: Mapping[str, Mapping[str, int]],
    synthetic: bool,
    resamples: int,
    seed: int,
) -> Evaluation:
    images = {
        dataset: {
            "used": len(found.annotated),
            "unannotated": found.unannotated,
            "no counterpart": found.no_counterpart,
            **counts[dataset],
        }
        for dataset, found in pairs.items()
    }
    agreements = {}
    for dataset, found in pairs.items():
        if not found.annotated:
            left_out = ", ".join(f"{number:,} {why}" for why, number in images[dataset].items() if why != "used")
            raise EmocamError(f"No image of {dataset!r} can be compared ({left_out}).")
        agreements[dataset] = agreement(found.annotated, found.predicted, found.labels, resamples=resamples, seed=seed)
    if len(pairs) > 1:
        annotated = [label for found in pairs.values() for label in found.annotated]
        predicted = [label for found in pairs.values() for label in found.predicted]
        labels = tuple(dict.fromkeys(label for found in pairs.values() for label in found.labels))
        agreements[COMBINED] = agreement(annotated, predicted, labels, resamples=resamples, seed=seed)
    table = pd.DataFrame.from_dict(images, orient="index").rename_axis("data set")
    return Evaluation(name, agreements, table, synthetic)
