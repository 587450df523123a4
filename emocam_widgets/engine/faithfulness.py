"""Measuring how faithful explanations are to a classifier, on one image and over a run, beside maps that know nothing.

What is removed is removed from the network's input, and the score is always the probability of the explained label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import pandas as pd
from PIL import Image

from emocam_widgets.analysis.faithfulness import BASELINES, LIME_MEASURES, MEASURES, baseline_map
from emocam_widgets.engine.faithfulness_probe import Floats, Probe, Row, Subject, lime_explanation
from emocam_widgets.engine.reporting import reporting
from emocam_widgets.engine.worker import as_image
from emocam_widgets.errors import EmocamError, ImageError, known_name
from emocam_widgets.explain import METHODS, check_method
from emocam_widgets.explain.lime_settings import DEFAULT_OUTPUT, LIME, LimeSettings
from emocam_widgets.types import OUTPUTS, Output

if TYPE_CHECKING:
    from emocam_widgets.engine.worker import ImageLike
    from emocam_widgets.models.split import SplitClassifier
    from emocam_widgets.run import Run

STEPS = 32
STAGES = 4
RUN_MEASURES = ("deletion", "insertion", "road", "randomisation")


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """How faithful one explanation of one image is.

    Attributes:
        label: the explained label.
        table: one row per map and measure: method (with the baselines), measure, value.
        curves: what the values come from: method, measure, at, score. For deletion and insertion `at` is the share of
            the pixels, for road the percentile (score: least relevant first minus most relevant first, halved), for
            randomisation the number of the stage (score: the rank correlation with the original map).
    """

    label: str
    table: pd.DataFrame
    curves: pd.DataFrame


def faithfulness(
    image: ImageLike,
    classifier: SplitClassifier,
    method: str = "grad-cam",
    target: str | None = None,
    output: Output | None = None,
    *,
    measures: Sequence[str] | None = None,
    steps: int = STEPS,
    stages: int = STAGES,
    seed: int = 0,
    lime: LimeSettings | None = None,
) -> Faithfulness:
    """How faithful a method's map of one image is, beside a random map and a hill in the middle.

    Args:
        image: PIL image, uint8 array (h, w, 3), or a file's path.
        classifier: the one to explain.
        method: a CAM method, or "lime".
        target: a label; by default the predicted one.
        output: "probabilities" or "logits", what the method explains; by default the method's own.
        measures: names in `analysis.faithfulness.MEASURES`; by default all, LIME's own only for "lime".
            "deletion" and "insertion": the area under the label's probability while the most important pixels are
            replaced by the mean colour, or put into the blurred image. "road": by how much more the probability falls
            without the most important pixels than without the least important ones, halved, imputed linearly.
            "randomisation": the mean absolute rank correlation with the maps of copies whose layers are drawn anew from
            the last one down. "lime-r2": how well LIME's linear model fits; "lime-spread": how much its weights change
            with the seed, relative to their size.
        steps: of the curves.
        stages: of the randomisation.
        seed: of ties, noise, the random map and the drawn weights.
        lime: how LIME samples.

    Raises:
        UnknownNameError: an unknown method, label, output or measure.
        EmocamError: fewer than one step or stage, a measure of LIME for another method, or a method that cannot
            explain this classifier.
    """
    explained = _checked_output(method, output)
    chosen = _checked_measures(measures, [method], steps, stages)
    if target is not None:
        known_name("label", target, classifier.labels)
    if method != LIME:
        check_method(classifier, method, explained)
    picture = as_image(image)
    subject = Subject.of(classifier, picture, target)
    settings = lime or LimeSettings()
    original: Floats | None = None
    rows: list[Row] = []
    probe = Probe(subject, steps, stages, seed, settings)
    if method == LIME:
        explanation = lime_explanation(classifier, picture, subject.label, explained, settings)
        original = subject.map_of_lime(explanation)
        rows += probe.of_lime(explanation, chosen)
    else:
        original = subject.explained(classifier, method, explained)
    rows += probe.rows(method, explained, original, chosen)
    for name in BASELINES:
        rows += probe.rows(name, explained, baseline_map(name, subject.shape, seed), chosen)
    return Faithfulness(subject.label, *_tables(rows))


def faithfulness_of_run(
    run: Run,
    classifier: SplitClassifier,
    methods: Sequence[str] | None = None,
    n_images: int = 20,
    seed: int = 0,
    *,
    measures: Sequence[str] = RUN_MEASURES,
    steps: int = STEPS,
    stages: int = STAGES,
    progress: Callable[[int, int], None] | bool = True,
) -> pd.DataFrame:
    """How faithful the stored maps of a run are, on some of its images drawn at random.

    Args:
        run: its stored maps of the predicted labels are measured; images that cannot be opened are left out.
        classifier: the one that the run was made with.
        methods: by default all of the run.
        n_images: how many images, of those that have the maps of all these methods.
        seed: of the choice of images, and as in `faithfulness`.
        measures, steps, stages: as in `faithfulness`; "lime-spread" runs LIME again, three times.
        progress: True shows a progress bar; or a function called with the images done and to do.

    Returns:
        image_id, method (with the two baselines), measure, value; see `analysis.faithfulness.summary`.

    Raises:
        UnknownNameError: an unknown method or measure.
        EmocamError: another classifier than the run's, no image, or as `faithfulness`.
    """
    if isinstance(methods, str):
        methods = [methods]
    names = [known_name("method", name, run.methods) for name in dict.fromkeys(methods or run.methods)]
    if not names:
        raise EmocamError("This run holds no maps; analyse it with a method, such as methods=['grad-cam'].")
    if n_images < 1:
        raise EmocamError(f"Faithfulness was asked for on {n_images} images; expected at least 1.")
    chosen = _checked_measures(measures, names, steps, stages)
    if run.manifest.classifier.fingerprint != classifier.fingerprint:
        raise EmocamError(
            f"The run was made with the classifier {run.manifest.classifier.name!r}, and {classifier.name!r} has other "
            "weights or settings; pass the one that made it."
        )
    frames = []
    ids = _drawn_images(run, names, n_images, seed)
    with reporting(progress, len(ids), "Measuring") as report:
        for done, image_id in enumerate(ids, start=1):
            try:
                picture = run.open_image(image_id)
            except ImageError:
                picture = None
            if picture is not None:
                table = _measured(run, classifier, image_id, picture, names, chosen, steps, stages, seed)
                frames.append(table.assign(image_id=image_id))
            report(done, len(ids))
    if not frames:
        raise EmocamError(f"None of the {len(ids)} images could be opened, so that no map could be measured.")
    return pd.concat(frames, ignore_index=True)[["image_id", "method", "measure", "value"]]


def _measured(
    run: Run,
    classifier: SplitClassifier,
    image_id: str,
    picture: Image.Image,
    methods: Sequence[str],
    measures: Sequence[str],
    steps: int,
    stages: int,
    seed: int,
) -> pd.DataFrame:
    """method, measure and value of one image's stored maps and of the baselines."""
    subject = Subject.of(classifier, picture, str(run.image(image_id)["label"]))
    # Each image has its own random map, whatever other images are measured with it.
    seed = int(np.random.default_rng([seed, crc32(image_id.encode())]).integers(2**31))
    probe = Probe(subject, steps, stages, seed, _stored_settings(run))
    rows: list[Row] = []
    for method in methods:
        if method == LIME:
            explanation = run.lime_of(image_id)
            rows += probe.of_lime(explanation, measures)
            rows += probe.rows(method, explanation.output, subject.map_of_lime(explanation), measures)
        else:
            cam = run.grid(image_id, method)
            rows += probe.rows(method, cam.output, subject.upsampled(cam.grid), measures)
    for name in BASELINES:
        rows += probe.rows(name, "probabilities", baseline_map(name, subject.shape, seed), measures)
    return _tables(rows)[0]


def _checked_output(method: str, output: Output | None) -> Output:
    known_name("method", method, [*METHODS, LIME])
    if output is not None:
        known_name("output", output, OUTPUTS)
        return output
    return DEFAULT_OUTPUT if method == LIME else METHODS[method].output


def _checked_measures(measures: Sequence[str] | None, methods: Sequence[str], steps: int, stages: int) -> list[str]:
    if steps < 1 or stages < 1:
        raise EmocamError(f"Faithfulness was asked for with {steps} steps and {stages} stages; expected at least 1.")
    if measures is None:
        return [name for name in MEASURES if LIME in methods or name not in LIME_MEASURES]
    names = [measures] if isinstance(measures, str) else list(dict.fromkeys(measures))
    for name in names:
        known_name("measure of faithfulness", name, MEASURES)
        if name in LIME_MEASURES and LIME not in methods:
            raise EmocamError(f"The measure {name!r} is LIME's own; expected the method 'lime' among {methods}.")
    if not names:
        raise EmocamError(f"No measure of faithfulness was named; expected some of {', '.join(MEASURES)}.")
    return names


def _drawn_images(run: Run, methods: Sequence[str], n_images: int, seed: int) -> list[str]:
    """Image ids in the run's order, drawn among those that have every method's map of their predicted label."""
    images = run.images[["image_id", "label"]]
    cams = run.cams
    usable = np.ones(len(images), dtype=bool)
    for method in methods:
        mine = pd.MultiIndex.from_frame(cams.loc[cams["method"] == method, ["image_id", "target"]])
        usable &= np.asarray(pd.MultiIndex.from_frame(images).isin(mine))
    ids = images["image_id"].to_numpy()[usable]
    if not len(ids):
        raise EmocamError(f"No image of the run has the maps of {', '.join(methods)}; analyse it again to add them.")
    drawn = np.random.default_rng(seed).choice(len(ids), min(n_images, len(ids)), replace=False)
    return [str(image_id) for image_id in ids[np.sort(drawn)]]


def _stored_settings(run: Run) -> LimeSettings:
    stored: Mapping[str, Any] = next((info.settings for info in run.manifest.methods if info.name == LIME), {})
    return LimeSettings(**stored)


def _tables(rows: Sequence[Row]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per value, and one per point of a curve."""
    frame = pd.DataFrame(list(rows))
    curves = frame.drop(columns="value").explode(["at", "score"]).dropna(subset=["at"])
    return frame[["method", "measure", "value"]], curves.astype({"at": float, "score": float}).reset_index(drop=True)
