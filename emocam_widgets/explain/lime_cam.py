"""LIME-CAM: LIME (Ribeiro et al. 2016) with each channel of the target layer as one feature, on or off (0).

The coefficients of a linear model of the score, fitted on random sets of channels, are the channel weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from emocam_widgets.explain.channels import logits_with
from emocam_widgets.explain.scores import target_scores, weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

Regressor = Literal["ridge", "lasso"]
SAMPLES = 256
KERNEL_WIDTH = 1.0
RIDGE_ALPHA = 1.0
LASSO_ALPHA = 0.01


def lime_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w), by ridge regression on samples of seed 0."""
    return weighted_map(lime_weights(classifier, activation, targets, output), activation)


def lime_weights(
    classifier: SplitClassifier,
    activation: Tensor,
    targets: Tensor,
    output: Output,
    *,
    samples: Tensor | None = None,
    regressor: Regressor = "ridge",
    by_front: bool = True,
) -> Tensor:
    """Coefficients (n, c) of the linear model fitted to the scores with random sets of channels.

    `samples` is 0 or 1, (m, c); None draws them (see `draw_samples`), the same for every image. "ridge" (alpha 1, the
    default of the package lime) scales with the score. "lasso" (alpha 0.01, captum's default) does not: it gives only
    zeros where the score hardly changes, as probabilities do. A sample's weight is exp(-d^2 / 2), with d the cosine
    distance of its activation from the whole one (captum's default kernel, of width 1).
    """
    if samples is None:
        samples = draw_samples(activation.shape[1])
    scores = target_scores(logits_with(classifier, activation, samples, by_front=by_front), targets, output)
    features = samples.cpu().double()
    weights = _kernel(activation, features)
    fit = _lasso if regressor == "lasso" else _ridge
    # Image by image: all systems at once would be gigabytes for a ResNet50 with its 2048 channels.
    return torch.stack([fit(features, *image) for image in zip(scores, weights, strict=True)])


def draw_samples(channels: int, seed: int = 0) -> Tensor:
    """Fair coin tosses (m, c) for the channels: 256 sets, or one for each channel where there are more."""
    generator = torch.Generator().manual_seed(seed)
    return torch.bernoulli(torch.full((max(SAMPLES, channels), channels), 0.5), generator=generator)


def _kernel(activation: Tensor, features: Tensor) -> Tensor:
    """(n, m). Channels do not overlap, so the cosine is the root of the share of the energy that is kept."""
    energy = activation.detach().cpu().double().square().sum(dim=(2, 3))
    total = energy.sum(dim=1, keepdim=True)
    cosine = torch.sqrt((energy @ features.T) / torch.where(total == 0, 1.0, total))
    return torch.exp(-((1 - cosine) ** 2) / (2 * KERNEL_WIDTH**2))


def _ridge(features: Tensor, scores: Tensor, weights: Tensor) -> Tensor:
    """Weighted ridge regression (c,) with an intercept that is not penalised."""
    share = weights / weights.sum()
    centred, target = features - share @ features, scores - share @ scores
    weighted = centred.T * weights
    penalty = RIDGE_ALPHA * torch.eye(features.shape[1], dtype=features.dtype)
    return torch.linalg.solve(weighted @ centred + penalty, weighted @ target)


def _lasso(features: Tensor, scores: Tensor, weights: Tensor) -> Tensor:
    from sklearn.linear_model import Lasso

    fitted = Lasso(alpha=LASSO_ALPHA).fit(features.numpy(), scores.numpy(), sample_weight=weights.numpy())
    return torch.from_numpy(fitted.coef_)
