"""HiResCAM (Draelos and Carin 2020, equation 2): gradient x activation place by place, without averaging over space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from emocam_widgets.explain.scores import in_double, score_gradient
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def hires_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of gradient x A), (n, h, w)."""
    gradient = score_gradient(classifier, activation, targets, output)
    return torch.relu((gradient * in_double(activation)).sum(dim=1))
