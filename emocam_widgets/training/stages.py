"""Training in two stages as the second paper (Fields, Methods) does it: the new layers first, then the whole network.

Stage one runs on features that the trunk gave once (of every picture and its mirror image), so that it takes seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm.auto import tqdm

from emocam_widgets.models.affect import AffectResNet
from emocam_widgets.models.demo_affect import AffectSceneNet
from emocam_widgets.training.checkpoint import Checkpoint, Progress
from emocam_widgets.training.pictures import Pictures, Transform, batches
from emocam_widgets.training.settings import Epoch, Stage, TwoStages

GREATEST_GRADIENT = 5.0
WARM_UP = 0.1
Batches = Iterable[tuple[Tensor, Tensor]]
Told = Callable[[Epoch], None]
Network: TypeAlias = AffectResNet | AffectSceneNet


@dataclass(frozen=True)
class TrainingData:
    """Pictures to learn from and to stop by, and how they become inputs: augmented, and as they are."""

    training: Pictures
    validation: Pictures
    augmented: Transform
    as_is: Transform
    n_labels: int

    def label_weights(self, wanted: bool) -> Tensor | None:
        """Per label n / (k x its count) over the training pictures, or None where they are not wanted."""
        if not wanted:
            return None
        counts = np.bincount(self.training.labels, minlength=self.n_labels)
        return torch.from_numpy(len(self.training) / (self.n_labels * np.maximum(counts, 1))).float()


class Trainer:
    """One training of one network, from wherever its checkpoint stands to its best weights."""

    def __init__(
        self, module: Network, data: TrainingData, settings: TwoStages, checkpoint: Checkpoint, device: str
    ) -> None:
        # Convolutions in half precision are faster with the channels last, on a CPU above all.
        self.module = module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.data = data
        self.settings = settings
        self.checkpoint = checkpoint
        self.device = torch.device(device)
        self.mixed = settings.mixed if settings.mixed is not None else self.device.type == "cuda"
        halves = self.device.type == "cpu" or (self.device.type == "cuda" and torch.cuda.is_bf16_supported())
        self.half = torch.bfloat16 if halves else torch.float16
        weights = data.label_weights(settings.class_weights)
        self.label_weights = None if weights is None else weights.to(self.device)

    def run(self, told: Told = lambda epoch: None) -> Progress:
        """Trains until both stages have ended, and leaves the best weights in the module, in eval mode.

        `told` is called after each epoch, when its checkpoint is written.
        """
        progress = self.checkpoint.read()
        if progress.stage == 1:
            progress = self._stage_one(progress, told)
        if progress.stage == 2:
            progress = self._stage_two(progress, told)
        self.checkpoint.read_best(self.module)
        self.module.eval()
        return progress

    def _stage_one(self, progress: Progress, told: Told) -> Progress:
        features, labels = self._features("training", self.data.training, mirrored=True)
        validation = [self._features("validation", self.data.validation, mirrored=False)]
        stage = self.settings.new_layers
        if not progress.states:
            _start_normalisation(self.module.head, features)

        def shuffled(generator: torch.Generator) -> Batches:
            order = torch.randperm(len(labels), generator=generator)
            return [(features[rows], labels[rows]) for rows in order.split(stage.batch) if len(rows) > 1]

        return self._stage(1, progress, self.module.head, stage, shuffled, validation, told)

    def _stage_two(self, progress: Progress, told: Told) -> Progress:
        if not progress.states:
            self.checkpoint.read_best(self.module)  # of stage one
        stage, workers = self.settings.whole, self.settings.workers
        validation = batches(self.data.validation, self.data.as_is, stage.batch, workers)

        def shuffled(generator: torch.Generator) -> Batches:
            return batches(self.data.training, self.data.augmented, stage.batch, workers, generator)

        return self._stage(2, progress, self.module, stage, shuffled, validation, told)

    def _stage(
        self,
        number: int,
        progress: Progress,
        trained: nn.Module,
        stage: Stage,
        shuffled: Callable[[torch.Generator], Batches],
        validation: Batches,
        told: Told,
    ) -> Progress:
        """Epochs of one stage until it has run out or does not get better; the progress at the next one's beginning."""
        examples = len(self.data.training) * (2 if number == 1 else 1)
        optimizer = torch.optim.AdamW(self._groups(number, stage), weight_decay=self.settings.weight_decay)
        steps = stage.epochs * math.ceil(examples / stage.batch)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step / steps))
        scaler = torch.amp.GradScaler(self.device.type, enabled=self.mixed and self.half == torch.float16)
        parts: dict[str, Any] = {"trained": trained, "optimizer": optimizer, "schedule": schedule, "scaler": scaler}
        if progress.states:
            for name, part in parts.items():
                part.load_state_dict(progress.states[name])
        while progress.epoch < stage.epochs and progress.waited < stage.patience:
            started = time.monotonic()
            seed = 1_000_000 * self.settings.seed + 1000 * number + progress.epoch
            torch.manual_seed(seed)
            bar = tqdm(
                shuffled(torch.Generator().manual_seed(seed)),
                desc=f"stage {number}, epoch {progress.epoch + 1} of {stage.epochs}",
                mininterval=2,
                leave=False,
            )
            loss = self._pass(trained, bar, optimizer, schedule, scaler)
            epoch = Epoch(number, progress.epoch + 1, loss, *self._measured(trained, validation))
            better = epoch.validation_loss < progress.best_loss
            if better:
                self.checkpoint.write_best(self.module)
            progress = replace(
                progress,
                epoch=epoch.number,
                waited=0 if better else progress.waited + 1,
                best_loss=min(epoch.validation_loss, progress.best_loss),
                seconds=progress.seconds + time.monotonic() - started,
                history=[*progress.history, epoch],
                states={name: part.state_dict() for name, part in parts.items()},
            )
            self.checkpoint.write(progress)
            tqdm.write(_sentence(epoch, better))
            told(epoch)
        progress = replace(progress, stage=number + 1, epoch=0, waited=0, states={})
        self.checkpoint.write(progress)
        return progress

    def _groups(self, number: int, stage: Stage) -> list[dict[str, object]]:
        head = {"params": list(self.module.head.parameters()), "lr": stage.learning_rate}
        if number == 1:
            return [head]
        own = {id(parameter) for parameter in self.module.head.parameters()}
        trunk = [parameter for parameter in self.module.parameters() if id(parameter) not in own]
        return [head, {"params": trunk, "lr": stage.learning_rate * self.settings.trunk_rate}]

    def _pass(
        self,
        trained: nn.Module,
        shuffled: Batches,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        scaler: torch.amp.GradScaler,
    ) -> float:
        """One epoch; the mean loss over its batches."""
        trained.train()
        losses = []
        for x, labels in shuffled:
            with self._autocast():
                logits = trained(self._placed(x))
            loss = F.cross_entropy(
                logits.float(),
                labels.to(self.device),
                weight=self.label_weights,
                label_smoothing=self.settings.label_smoothing,
            )
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(trained.parameters(), GREATEST_GRADIENT)
            scaler.step(optimizer)
            scaler.update()
            schedule.step()
            losses.append(loss.detach())
        return float(torch.stack(losses).mean())

    def _measured(self, trained: nn.Module, validation: Batches) -> tuple[float, float, float]:
        """Validation loss, accuracy and macro F1."""
        from sklearn.metrics import accuracy_score, f1_score

        trained.eval()
        logits, labels = [], []
        with torch.inference_mode():
            for x, wanted in validation:
                with self._autocast():
                    logits.append(trained(self._placed(x)).float().cpu())
                labels.append(wanted)
        given, right = torch.cat(logits), torch.cat(labels)
        found = given.argmax(1)
        f1 = f1_score(right, found, labels=range(self.data.n_labels), average="macro", zero_division=0)
        return float(F.cross_entropy(given, right)), float(accuracy_score(right, found)), float(f1)

    def _features(self, part: str, pictures: Pictures, mirrored: bool) -> tuple[Tensor, Tensor]:
        """What the trunk as it came makes of each picture (and of its mirror image), float32, and the labels.

        They are computed once and kept in the work folder.
        """
        kept = self.checkpoint.read_features(part)
        if kept is not None:
            return kept
        self.module.eval()
        found, labels = [], []
        loader = batches(pictures, self.data.as_is, self.settings.whole.batch, self.settings.workers)
        with torch.inference_mode():
            for x, wanted in tqdm(loader, desc="features of the trunk", mininterval=2, leave=False):
                views = [x, x.flip(-1)] if mirrored else [x]
                for view in views:
                    with self._autocast():
                        found.append(self.module.features(self._placed(view)).float().cpu())
                    labels.append(wanted)
        features, all_labels = torch.cat(found).clone(), torch.cat(labels).clone()
        self.checkpoint.write_features(part, features, all_labels)
        return features, all_labels

    def _placed(self, x: Tensor) -> Tensor:
        layout = torch.channels_last if x.dim() == 4 else torch.contiguous_format
        return x.to(self.device, non_blocking=True, memory_format=layout)

    def _autocast(self) -> AbstractContextManager[None]:
        return torch.autocast(self.device.type, dtype=self.half, enabled=self.mixed)


def _start_normalisation(head: nn.Sequential, features: Tensor) -> None:
    """Sets the head's running statistics to those of the features: in a small album they would not get there."""
    normalisation = head[0]
    assert isinstance(normalisation, nn.BatchNorm1d) and normalisation.running_mean is not None
    assert normalisation.running_var is not None
    normalisation.running_mean.copy_(features.mean(0))
    normalisation.running_var.copy_(features.var(0))


def _rate(done: float) -> float:
    """The learning rate as a fraction of its greatest, when `done` (0..1) of a stage's steps are done."""
    if done < WARM_UP:
        return 0.05 + 0.95 * done / WARM_UP
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - WARM_UP) / (1 - WARM_UP))))


def _sentence(epoch: Epoch, better: bool) -> str:
    return (
        f"stage {epoch.stage}, epoch {epoch.number}: training loss {epoch.training_loss:.3f}, validation loss "
        f"{epoch.validation_loss:.3f}, accuracy {epoch.accuracy:.3f}, macro F1 {epoch.macro_f1:.3f}"
        f"{' (best so far)' if better else ''}"
    )
