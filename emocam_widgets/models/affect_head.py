"""The second paper's (Fields) new layers: from a trunk's pooled features to negative, other and positive."""

from __future__ import annotations

from torch import nn

HIDDEN = (512, 128)


def affect_head(features: int, n_labels: int = 3) -> nn.Sequential:
    """Pooled features (n, features) -> logits (n, n_labels), by normalisation and linear layers of 512, 128, n_labels.

    The paper (Methods) names neither the kind of normalisation nor the activations: batch normalisation, which a CAM
    method can fold into the layer after it, and ReLU between the linear layers are this project's choice.
    """
    first, second = HIDDEN
    return nn.Sequential(
        nn.BatchNorm1d(features),
        nn.Linear(features, first),
        nn.ReLU(),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.Linear(second, n_labels),
    )
