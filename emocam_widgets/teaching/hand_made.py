"""A network made by hand, in a moment: is a picture warm or cool? It stands in for the reader's own network.

Nothing in it was trained and it knows nothing of emotions: its few weights compare red with blue. That makes plain what
it must say, and so what goes wrong where it is wrapped wrongly.
"""

from __future__ import annotations

import torch
from torch import nn

CELL = 4
BALANCE = 0.1  # warm minus cool colour, in normalised units, of a picture that is neither
SHARPNESS = 3.0


def warm_or_cool() -> nn.Sequential:
    """RGB (n, 3, h, w), normalised to mean 0.5 and deviation 0.25 -> logits (n, 2): cool, warm."""
    colours = nn.Conv2d(3, 2, CELL, stride=CELL, bias=False)
    smooth = nn.Conv2d(2, 2, 3, stride=2, padding=1, bias=False)
    decide = nn.Linear(2, 2)
    with torch.no_grad():
        opposed = torch.tensor([[-1.0, 0.0, 1.0], [1.0, 0.0, -1.0]]) / CELL**2  # blue less red, red less blue
        colours.weight.copy_(opposed[:, :, None, None].expand(2, 3, CELL, CELL))
        smooth.weight.copy_(torch.eye(2)[:, :, None, None].expand(2, 2, 3, 3) / 9)
        decide.weight.copy_(SHARPNESS / 2 * torch.tensor([[1.0, -1.0], [-1.0, 1.0]]))
        decide.bias.copy_(SHARPNESS / 2 * torch.tensor([BALANCE, -BALANCE]))
    pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(colours, nn.ReLU(), smooth, nn.ReLU(), *pool, decide).eval()
