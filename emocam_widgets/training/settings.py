"""The settings of a training in two stages, and what is remembered of each epoch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One stage: how long, how fast, and when it is stopped early.

    Attributes:
        epochs: at most so many passes.
        learning_rate: AdamW's greatest, reached after a tenth of the steps and falling as a cosine.
        patience: after so many epochs without a lower validation loss the stage ends.
        batch: pictures (stage one: feature vectors) in a step.
    """

    epochs: int
    learning_rate: float
    patience: int
    batch: int


@dataclass(frozen=True)
class TwoStages:
    """Settings; the defaults are this project's choice, the paper gives none but the two stages.

    Attributes:
        new_layers: stage one, the head alone, on features that the trunk gave once.
        whole: stage two, everything.
        trunk_rate: in stage two the trunk learns at this fraction of the head's learning rate.
        weight_decay, label_smoothing: as AdamW and cross entropy take them.
        class_weights: each label counts in the loss by the inverse of its frequency.
        mixed: half-precision autocast; None switches it on where there is a GPU.
        workers: processes that prepare the pictures; 0 prepares them in between.
        seed: of the order and the augmentation; the same one gives the same weights on the same CPU.
    """

    new_layers: Stage = Stage(epochs=30, learning_rate=1e-3, patience=5, batch=64)
    whole: Stage = Stage(epochs=20, learning_rate=3e-4, patience=4, batch=32)
    trunk_rate: float = 0.3
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    class_weights: bool = False
    mixed: bool | None = None
    workers: int = 0
    seed: int = 7


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to: losses in nats (validation without smoothing), accuracy and macro F1 of 0..1."""

    stage: int
    number: int
    training_loss: float
    validation_loss: float
    accuracy: float
    macro_f1: float
