"""FEM (Fuad et al. 2020, section III): channels weighted by how much of them is far above their mean, for any label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.scores import in_double, weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

DEVIATIONS = 2


def fem(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w), with the share of places above mean + 2 deviations as a weight.

    Label and output play no part.
    """
    deviation, mean = torch.std_mean(in_double(activation), dim=(2, 3), keepdim=True, correction=0)
    rare = in_double(activation) > mean + DEVIATIONS * deviation
    return weighted_map(rare.double().mean(dim=(2, 3)), activation)
