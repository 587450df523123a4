"""Maps at several target layers made into one, as grad-cam does: the mean of the layers' scaled maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def mean_over_layers(maps: Sequence[Tensor]) -> Tensor:
    """Maps (n, h, w), each layer's at its own resolution, scaled to 0..1 and averaged at the finest one, (n, H, W)."""
    height, width = max(one.shape[1] for one in maps), max(one.shape[2] for one in maps)
    scaled = [
        functional.interpolate(_scaled(one).unsqueeze(1), size=(height, width), mode="bilinear", align_corners=False)
        for one in maps
    ]
    return torch.cat(scaled, dim=1).mean(dim=1)


def _scaled(maps: Tensor) -> Tensor:
    from emocam_widgets.explain import scale_grids

    return torch.from_numpy(scale_grids(maps)).double()
