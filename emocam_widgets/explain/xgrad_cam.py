"""XGrad-CAM (Fu et al. 2020, equation 8): the gradient averaged with the activation as the places' weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from emocam_widgets.explain.scores import in_double, score_gradient, weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier


def xgrad_cam(classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w); a channel's weight is its gradient averaged by A over its sum.

    The small constant beside the sum is the one of grad-cam, so that its maps are these.
    """
    gradient = score_gradient(classifier, activation, targets, output)
    activation = in_double(activation)
    total = activation.sum(dim=(2, 3), keepdim=True)
    return weighted_map((gradient * activation / (total + 1e-7)).sum(dim=(2, 3)), activation)
