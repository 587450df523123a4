"""Score-CAM (Wang et al. 2020, algorithm 1): a channel's weight is the score of the image seen through that channel.

It runs the whole network once for every channel, so it is by far the slowest method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from emocam_widgets.explain.scores import target_scores, weighted_map
from emocam_widgets.types import Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

# Elements of one batch of masked inputs: 64 MB of float32, 100 images of 224 px.
_BATCH = 2**24


def score_cam(
    classifier: SplitClassifier, activation: Tensor, targets: Tensor, output: Output, inputs: Tensor
) -> Tensor:
    """ReLU(sum over channels of weight x A), (n, h, w), with the softmax over the channels' scores as weights.

    `inputs` are what the trunk took, (n, 3, H, W). As in grad-cam, the scores are taken as they are: those of an empty
    image, which the paper subtracts, are the same for all channels and fall out of the softmax.
    """
    n, channels = activation.shape[:2]
    pairs = torch.cartesian_prod(torch.arange(n), torch.arange(channels)).to(activation.device)
    logits = []
    with torch.no_grad():
        for image, channel in (part.T for part in pairs.split(max(1, _BATCH // inputs[0].numel()))):
            masks = _masks(activation[image, channel], inputs.shape[2:])
            logits.append(classifier.tail(classifier.trunk(inputs[image] * masks)))
    scores = target_scores(torch.cat(logits).unflatten(0, (n, channels)), targets, output)
    return weighted_map(torch.softmax(scores, dim=1), activation)


def _masks(maps: Tensor, size: torch.Size) -> Tensor:
    """Maps (m, h, w) at the inputs' size and scaled to 0..1, (m, 1, H, W). The small constant is grad-cam's."""
    large = functional.interpolate(maps.unsqueeze(1), size=tuple(size), mode="bilinear", align_corners=True)
    low, high = large.amin(dim=(2, 3), keepdim=True), large.amax(dim=(2, 3), keepdim=True)
    return (large - low) / (high - low + 1e-8)
