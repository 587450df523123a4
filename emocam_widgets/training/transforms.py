"""What happens to a training picture before the network sees it, by torchvision's transforms (v2)."""

from __future__ import annotations

import torch
from torchvision.transforms import InterpolationMode, v2

from emocam_widgets.models.preprocess import Preprocess


def photograph_augmentation(preprocess: Preprocess) -> v2.Compose:
    """uint8 (3, side, side) -> a random part of the picture, mirrored half of the time, its light and colour varied.

    The hue stays as it is: a blue apple is another feeling.
    """
    return v2.Compose(
        [
            v2.RandomResizedCrop(preprocess.size, scale=(0.5, 1.0), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2),
            *_values(preprocess),
        ]
    )


def photograph_as_is(preprocess: Preprocess) -> v2.Compose:
    """uint8 (3, side, side) -> the whole picture at the network's size."""
    size = [preprocess.size, preprocess.size]
    return v2.Compose([v2.Resize(size, InterpolationMode.BICUBIC, antialias=True), *_values(preprocess)])


def scene_augmentation(preprocess: Preprocess) -> v2.Compose:
    """uint8 (3, side, side) -> a drawn scene shifted by a few pixels, mirrored half of the time, its light varied."""
    return v2.Compose(
        [
            v2.RandomCrop(preprocess.size),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.1, saturation=0.1),
            *_values(preprocess),
        ]
    )


def scene_as_is(preprocess: Preprocess) -> v2.Compose:
    """uint8 (3, side, side) -> the middle of a drawn scene, of the network's size."""
    return v2.Compose([v2.CenterCrop(preprocess.size), *_values(preprocess)])


def _values(preprocess: Preprocess) -> list[v2.Transform]:
    """From 0..255 to what the network takes."""
    floats: list[v2.Transform] = [v2.ToDtype(torch.float32, scale=True)]
    if preprocess.mean is not None and preprocess.std is not None:
        floats.append(v2.Normalize(preprocess.mean, preprocess.std))
    return floats
