"""LIME (Ribeiro et al. 2016) on the superpixels of one image: refined map after map, cancellable, repeatable by seed.

Samples, kernel and regressor are those of the package lime, so with the same seed it gives the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.explain.lime_errors import standard_errors
from emocam_widgets.explain.lime_settings import DEFAULT_OUTPUT, LimeSettings
from emocam_widgets.explain.superpixels import segment_image
from emocam_widgets.types import OUTPUTS, LimeExplanation, Output

if TYPE_CHECKING:
    from emocam_widgets.explain.hiding import HideIn
    from emocam_widgets.models.split import SplitClassifier

__all__ = ["LimeSampling", "LimeSettings", "draw_samples", "lime", "lime_of_targets", "refine"]

BATCH_SIZE = 32
KERNEL_WIDTH = 0.25
RIDGE_ALPHA = 1.0
UPDATES = 10

Floats = NDArray[np.float64]


def lime(
    classifier: SplitClassifier,
    image: Image.Image,
    target: str | None = None,
    *,
    output: Output = DEFAULT_OUTPUT,
    settings: LimeSettings | None = None,
    batch_size: int = BATCH_SIZE,
    segments: NDArray[np.int32] | None = None,
    hide_in: HideIn | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[LimeExplanation]:
    """Explains one label of an image: a first map after a tenth of the samples, the last one after all of them.

    Args:
        classifier: any.
        image: RGB.
        target: a label; by default the predicted one.
        output: what is fitted, "probabilities" or "logits".
        settings: samples, segmentation, hiding, seed.
        batch_size: samples per pass of the network, at most a tenth of all.
        segments: own superpixels, int32 (h, w), ids 0..n-1, in place of those of the settings.
        hide_in: "input", "image", or by default the input where the preprocessing allows it (see `hiding`).
        cancelled: asked before every pass; once it says True, the generator ends. Closing the generator does the same.

    Raises:
        UnknownNameError: an unknown label or output.
        EmocamError: segments that do not fit the image, or a network whose outputs are no numbers.
    """
    targets = None if target is None else [target]
    sampling = LimeSampling(
        classifier,
        image,
        targets,
        output=output,
        settings=settings,
        batch_size=batch_size,
        segments=segments,
        hide_in=hide_in,
    )
    for explanations in refine(sampling, cancelled=cancelled):
        yield explanations[0]


def lime_of_targets(
    classifier: SplitClassifier,
    image: Image.Image,
    targets: Sequence[str],
    *,
    output: Output = DEFAULT_OUTPUT,
    settings: LimeSettings | None = None,
    batch_size: int = BATCH_SIZE,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[tuple[LimeExplanation, ...]]:
    """`lime` for several labels from the same samples: one explanation per target each time, in their order."""
    sampling = LimeSampling(classifier, image, targets, output=output, settings=settings, batch_size=batch_size)
    yield from refine(sampling, cancelled=cancelled)


def refine(
    sampling: LimeSampling,
    run: Callable[[Callable[[], None]], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[tuple[LimeExplanation, ...]]:
    """Takes the samples and yields the explanations whenever another tenth of them is there.

    `run` runs a pass of the network wherever the network lives (in a worker's thread); the fits are made here.
    """
    for due in sampling.updates:
        while sampling.done < due:
            if cancelled is not None and cancelled():
                return
            if run is None:
                sampling.step()
            else:
                run(sampling.step)
        yield sampling.explanations()


class LimeSampling:
    """The samples of one image, taken batch by batch: `step()` runs the network once, `explanations()` fits.

    Attributes: `segments` int32 (h, w); `n_segments`; `done`, how many samples were taken; `total`.
    """

    def __init__(
        self,
        classifier: SplitClassifier,
        image: Image.Image,
        targets: Sequence[str] | None = None,
        *,
        output: Output = DEFAULT_OUTPUT,
        settings: LimeSettings | None = None,
        batch_size: int = BATCH_SIZE,
        segments: NDArray[np.int32] | None = None,
        hide_in: HideIn | None = None,
    ) -> None:
        from emocam_widgets.explain.hiding import make_hider

        chosen = settings or LimeSettings()
        known_name("output", output, OUTPUTS)
        if targets is not None and not targets:
            raise EmocamError("LIME was asked to explain no label at all; name at least one.")
        for target in targets or ():
            known_name("label", target, classifier.labels)
        if batch_size < 1:
            raise EmocamError(f"LIME's batch size is {batch_size}; expected at least 1.")
        picture = image if image.mode == "RGB" else image.convert("RGB")
        if segments is None:
            segments = segment_image(picture, chosen.segmentation, chosen.n_regions)
        self.segments = _checked(segments)
        self.n_segments = int(self.segments.max()) + 1
        self.total = chosen.n_samples
        self.done = 0
        self._classifier, self._targets, self._output = classifier, targets, output
        self._hider = make_hider(classifier, picture, self.segments, chosen.hide, hide_in)
        self._samples = draw_samples(self.total, self.n_segments, chosen.seed)
        self._batch_size = min(batch_size, -(-self.total // UPDATES))
        self._scores: list[Floats] = []

    @property
    def updates(self) -> tuple[int, ...]:
        """After how many samples the explanations are worth another look."""
        return tuple(-(-self.total * tenth // UPDATES) for tenth in range(1, UPDATES + 1))

    def step(self) -> None:
        """Takes the next batch of samples; nothing where all are taken."""
        import torch

        rows = self._samples[self.done : self.done + self._batch_size]
        if not len(rows):
            return
        with torch.no_grad():
            logits = self._classifier.tail(self._classifier.trunk(self._hider(rows))).cpu().double()
        scores = torch.softmax(logits, dim=1) if self._output == "probabilities" else logits
        if not bool(torch.isfinite(scores).all()):
            raise EmocamError(f"{self._classifier.name} gives outputs that are no numbers, which LIME cannot explain.")
        self._scores.append(scores.numpy())
        self.done += len(rows)

    def explanations(self) -> tuple[LimeExplanation, ...]:
        """One explanation per target, fitted to the samples so far, of which there must be at least one."""
        scores = np.concatenate(self._scores)
        labels = self._classifier.labels
        # The first sample hides nothing: what it gives is the prediction.
        targets = self._targets or (labels[int(scores[0].argmax())],)
        columns = [labels.index(target) for target in targets]
        seen = self._hider.seen
        samples = self._samples[: self.done, seen]
        coefficients, intercepts, r2 = fit(samples, scores[:, columns])
        weights, errors = np.zeros((2, len(columns), self.n_segments), np.float32)
        weights[:, seen] = coefficients
        errors[:, seen] = standard_errors(
            samples.astype(np.float64), scores[:, columns], kernel(samples), coefficients, intercepts, RIDGE_ALPHA
        )
        return tuple(
            LimeExplanation(
                self.segments,
                weights[i],
                target,
                self._output,
                float(intercepts[i]),
                float(r2[i]),
                self.done,
                self.total,
                errors[i],
            )
            for i, target in enumerate(targets)
        )


def draw_samples(n_samples: int, n_segments: int, seed: int) -> NDArray[np.bool_]:
    """Which segments each sample shows, bool (n_samples, n_segments); the first shows all.

    The stream of random numbers is that of `LimeImageExplainer(random_state=seed)`, which draws one for the
    segmentation first. Fewer samples are the beginning of more.
    """
    generator = np.random.RandomState(seed)
    generator.randint(0, high=1000)
    samples = generator.randint(0, 2, n_samples * n_segments).reshape(n_samples, n_segments).astype(bool)
    samples[0] = True
    return samples


def fit(samples: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats, Floats]:
    """Ridge regression of scores (m, t) on samples (m, n): coefficients (t, n), intercepts (t,) and R2 (t,).

    A sample weighs exp(-d^2 / (2 x 0.25^2)), d being its cosine distance from the whole image (lime's kernel).
    """
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score

    features, weights = samples.astype(np.float64), kernel(samples)
    model = Ridge(alpha=RIDGE_ALPHA).fit(features, scores, sample_weight=weights)
    if len(scores) < 2:
        r2 = np.zeros(scores.shape[1])
    else:
        r2 = r2_score(scores, model.predict(features), sample_weight=weights, multioutput="raw_values")
    return model.coef_.reshape(scores.shape[1], -1), np.atleast_1d(model.intercept_), np.atleast_1d(r2)


def kernel(samples: NDArray[np.bool_]) -> Floats:
    """How much each of the samples (m, n) weighs in the fit, (m,), 0..1."""
    distance = 1 - np.sqrt(samples.mean(axis=1, dtype=np.float64))
    return np.sqrt(np.exp(-(distance**2) / KERNEL_WIDTH**2))


def _checked(segments: NDArray[np.int32]) -> NDArray[np.int32]:
    ids = np.unique(segments)
    if segments.ndim != 2 or not np.array_equal(ids, np.arange(len(ids))):
        raise EmocamError(
            f"The segments have the shape {segments.shape} and ids {ids[:1]}..{ids[-1:]}; expected (h, w) and each id "
            "from 0 to n - 1."
        )
    return segments.astype(np.int32)
