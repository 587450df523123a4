"""The measures of faithfulness on one image: what they ask of the network, for any map at the network's input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from emocam_widgets.analysis.faithfulness import (
    BASELINES,
    RANDOM,
    area_under,
    baseline_map,
    impute,
    rank_correlation,
    relative_spread,
    removal_ranks,
    removed_first,
    road_keeps,
)
from emocam_widgets.errors import EmocamError
from emocam_widgets.explain import explain
from emocam_widgets.explain.lime import LimeSampling
from emocam_widgets.explain.lime_settings import LIME, LimeSettings
from emocam_widgets.explain.superpixels import seen_segments
from emocam_widgets.models.randomised import randomised_cascade
from emocam_widgets.types import LimeExplanation, Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

Floats: TypeAlias = NDArray[np.float64]
Row: TypeAlias = dict[str, Any]

BATCH_SIZE = 32
SEEDS = 3
PERCENTILES = (10.0, 30.0, 50.0, 70.0, 90.0)
# RISE's Gaussian has a sigma of 5 pixels at 224.
_BLUR = 5 / 224
_NOISE = 0.01


@dataclass(frozen=True, eq=False)
class Subject:
    """One image as the network sees it, x (3, H, W), and the label whose probability is the score."""

    classifier: SplitClassifier
    image: Image.Image
    x: Tensor
    label: str

    @classmethod
    def of(cls, classifier: SplitClassifier, image: Image.Image, target: str | None) -> Subject:
        """Of an RGB image and a label, by default the predicted one."""
        x = classifier.preprocess(image)[0]
        return cls(classifier, image, x, target or classifier.predict([image])[0].label)

    @property
    def shape(self) -> tuple[int, int]:
        """Of the network's input, (H, W)."""
        return self.x.shape[1], self.x.shape[2]

    def scores(self, inputs: Tensor) -> Floats:
        """The label's probability for inputs (m, 3, H, W), (m,)."""
        index = self.classifier.labels.index(self.label)
        found = []
        with torch.no_grad():
            for batch in inputs.to(self.x).split(BATCH_SIZE):
                logits = self.classifier.tail(self.classifier.trunk(batch.to(self.classifier.device)))
                found.append(torch.softmax(logits.cpu().double(), dim=1)[:, index])
        return torch.cat(found).numpy()

    def explained(self, classifier: SplitClassifier, method: str, output: Output) -> Floats:
        """A CAM method's map at the network's input, (H, W)."""
        inputs = self.x[None].to(classifier.device)
        with torch.no_grad():
            activation = classifier.trunk(inputs)
        targets = torch.tensor([classifier.labels.index(self.label)])
        grids = explain(classifier, activation, targets, method, output, inputs=inputs)
        grid = grids[0].detach().cpu().double().numpy()
        if not np.isfinite(grid).all():
            raise EmocamError(f"{method} gave a map with values that are no numbers.")
        return self.upsampled(grid)

    def upsampled(self, grid: NDArray[np.floating]) -> Floats:
        """A CAM's grid bilinearly at the network's input, which is what it covers."""
        cells = torch.from_numpy(np.asarray(grid, dtype=np.float64))[None, None]
        return functional.interpolate(cells, self.shape, mode="bilinear", align_corners=False)[0, 0].numpy()

    def map_of_lime(self, explanation: LimeExplanation) -> Floats:
        """LIME's signed weights at the network's input."""
        view = self.classifier.preprocess(self.image)[1]
        return explanation.weights[seen_segments(explanation.segments, view, self.shape)].astype(np.float64)


@dataclass(frozen=True, eq=False)
class Probe:
    """Measures maps of one subject: a row for each, with its value and the curve (`at`, `score`) that it comes from."""

    subject: Subject
    steps: int
    stages: int
    seed: int
    lime: LimeSettings

    def rows(self, method: str, output: Output, values: Floats, measures: Sequence[str]) -> list[Row]:
        """What the measures say of a map (H, W) of a method or baseline."""
        ranks = removal_ranks(values, self.seed)
        rows = []
        for measure in measures:
            if measure in ("deletion", "insertion"):
                at, scores = self._removing(ranks, measure)
                value = area_under(at, scores)
            elif measure == "road":
                at, scores = np.asarray(PERCENTILES), self._road(ranks)
                value = float(scores.mean())
            elif measure == "randomisation":
                scores = self._randomising(method, output, values)
                at = np.arange(1.0, len(scores) + 1)
                value = float(np.abs(scores).mean())
            else:
                continue
            rows.append({"method": method, "measure": measure, "value": value, "at": at, "score": scores})
        return rows

    def of_lime(self, explanation: LimeExplanation, measures: Sequence[str]) -> list[Row]:
        """The measures that only LIME has."""
        values = {}
        if "lime-r2" in measures:
            values["lime-r2"] = explanation.r2
        if "lime-spread" in measures:
            weights = [
                lime_explanation(
                    self.subject.classifier,
                    self.subject.image,
                    self.subject.label,
                    explanation.output,
                    replace(self.lime, seed=(self.lime.seed + step) % 2**32),
                    explanation.segments,
                ).weights
                for step in range(SEEDS)
            ]
            values["lime-spread"] = relative_spread(np.stack(weights))
        empty = np.zeros(0)
        return [
            {"method": LIME, "measure": name, "value": value, "at": empty, "score": empty}
            for name, value in values.items()
        ]

    def _removing(self, ranks: NDArray[np.int64], measure: str) -> tuple[Floats, Floats]:
        """The probability while pixels are deleted or inserted, the most important ones first."""
        from scipy.ndimage import gaussian_filter

        x = self.subject.x
        if measure == "deletion":
            kept, put = x, x.mean(dim=(1, 2), keepdim=True).expand_as(x)
        else:
            sigma = _BLUR * min(self.subject.shape)
            kept, put = torch.from_numpy(gaussian_filter(x.numpy(), (0, sigma, sigma), mode="nearest")), x
        at = np.linspace(0, 1, self.steps + 1)
        masks = torch.from_numpy(removed_first(ranks, at))
        scores = [self.subject.scores(torch.where(part[:, None], put, kept)) for part in masks.split(BATCH_SIZE)]
        return at, np.concatenate(scores)

    def _road(self, ranks: NDArray[np.int64]) -> Floats:
        """Per percentile half of how much more of the probability is left without the least relevant pixels."""
        x = self.subject.x.numpy()
        noise = np.random.default_rng(self.seed).normal(0, _NOISE * float(x.std()), x.shape)
        keeps = road_keeps(ranks, PERCENTILES).reshape(-1, *ranks.shape)
        inputs = np.stack([np.where(keep, x, impute(x, keep) + noise) for keep in keeps])
        most, least = self.subject.scores(torch.from_numpy(inputs)).reshape(2, -1)
        return (least - most) / 2

    def _randomising(self, method: str, output: Output, values: Floats) -> Floats:
        """The rank correlation with the map of each stage; a baseline's map does not know of the weights.

        The random map is drawn again each time, as the noise that it stands for would be.
        """
        if method in BASELINES:
            again = [self.seed + stage + 1 if method == RANDOM else self.seed for stage in range(self.stages)]
            maps: Iterator[Floats] = (baseline_map(method, self.subject.shape, seed) for seed in again)
        else:
            maps = self._randomised_maps(method, output)
        return np.array([rank_correlation(values, other) for other in maps])

    def _randomised_maps(self, method: str, output: Output) -> Iterator[Floats]:
        subject = self.subject
        for _, altered in randomised_cascade(subject.classifier, subject.x[None], self.stages, self.seed):
            if method == LIME:
                yield subject.map_of_lime(lime_explanation(altered, subject.image, subject.label, output, self.lime))
            else:
                yield subject.explained(altered, method, output)


def lime_explanation(
    classifier: SplitClassifier,
    image: Image.Image,
    target: str,
    output: Output,
    settings: LimeSettings,
    segments: NDArray[np.int32] | None = None,
) -> LimeExplanation:
    """Superpixel LIME of one label, after all samples."""
    sampling = LimeSampling(classifier, image, [target], output=output, settings=settings, segments=segments)
    while sampling.done < sampling.total:
        sampling.step()
    return sampling.explanations()[0]
