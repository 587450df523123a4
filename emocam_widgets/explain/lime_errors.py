"""How sure LIME is of its weights after so many samples: the standard error of each coefficient of its linear model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def standard_errors(
    features: Floats, scores: Floats, kernel: Floats, coefficients: Floats, intercepts: Floats, alpha: float
) -> Floats:
    """Heteroscedasticity-consistent standard errors (HC3: MacKinnon and White 1985) of a weighted ridge regression.

    With the kernel K on the diagonal, the residuals r and the leverages h, the covariance is
    B X'K diag(r / (1 - h))^2 KX B with B = (X'KX + alpha I)^-1, X being centred by its weighted mean. The division by
    1 - h makes it close to the jackknife, and keeps a fit through fewer samples than coefficients from looking sure.

    It is the error of sampling alone: how much the weights would differ with another seed. That the classifier is not
    linear in its superpixels is told by R2.

    Args:
        features: (m, n), which superpixels each sample shows, 0 or 1.
        scores: (m, t), what the classifier says of each sample, per target.
        kernel: (m,), the weight of each sample, above 0.
        coefficients, intercepts: (t, n) and (t,), the fit.
        alpha: of the ridge, above 0.

    Returns:
        float64 (t, n).
    """
    centred = features - kernel @ features / kernel.sum()
    weighted = kernel[:, None] * centred
    # The leverages need the solution for every sample anyway, and from it the rest is one product.
    solved = np.linalg.solve(centred.T @ weighted + alpha * np.eye(features.shape[1]), weighted.T)
    leverage = np.einsum("mn,nm->m", centred, solved) + kernel / kernel.sum()
    residuals = scores - features @ coefficients.T - intercepts
    residuals /= np.maximum(1 - leverage, 1e-6)[:, None]
    return np.sqrt((solved**2 @ residuals**2).T)
