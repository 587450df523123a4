"""How far a training has come, in its work folder: the best weights so far, and the state to go on from.

Everything is read without running anything: weights as safetensors, the optimiser's state as a weights-only torch file.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from emocam_widgets.errors import EmocamError
from emocam_widgets.training.settings import Epoch
from emocam_widgets.weights import first_line, load_tensors, read_safetensors, write_safetensors


@dataclass
class Progress:
    """Where a training stands.

    Attributes:
        stage: 1 or 2, the one that runs or comes next.
        epoch: of that stage, the next one.
        waited: epochs of the stage since the last better one.
        best_loss: the lowest validation loss so far, over both stages; its weights are in `best.safetensors`.
        seconds: spent in epochs, over all sittings.
        history: every epoch so far.
        states: of the modules, optimiser, schedule and scaler in the middle of a stage; empty at its beginning.
    """

    stage: int = 1
    epoch: int = 0
    waited: int = 0
    best_loss: float = float("inf")
    seconds: float = 0.0
    history: list[Epoch] = field(default_factory=list)
    states: dict[str, Any] = field(default_factory=dict)


class Checkpoint:
    """The files of one training in its work folder; `identity` says which training it is (settings, data, trunk)."""

    def __init__(self, work: Path, identity: dict[str, Any]) -> None:
        """Raises EmocamError where the folder holds another training."""
        self.work = work
        self.state = work / "checkpoint.pt"
        self.best = work / "best.safetensors"
        described = work / "training.json"
        # As it will be read again: tuples become lists.
        wanted = json.loads(json.dumps(identity))
        if described.is_file():
            found = json.loads(described.read_text(encoding="utf-8"))
            if found != wanted:
                changed = sorted(key for key in {*found, *wanted} if found.get(key) != wanted.get(key))
                raise EmocamError(
                    f"{work} holds a training with other {', '.join(changed)}; give another folder with --work, or "
                    "delete this one."
                )
        else:
            work.mkdir(parents=True, exist_ok=True)
            described.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")

    def read(self) -> Progress:
        """Where the training stands: at its beginning where nothing was written yet."""
        if not self.state.is_file():
            return Progress()
        try:
            found = torch.load(self.state, map_location="cpu", weights_only=True)
            found["history"] = [Epoch(**epoch) for epoch in found["history"]]
            return Progress(**found)
        except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, KeyError, TypeError) as error:
            raise EmocamError(
                f"{self.state} cannot be read as a checkpoint of this training; delete it to begin anew. "
                f"{first_line(error)}"
            ) from error

    def write(self, progress: Progress) -> None:
        """Replaces the state on disk as a whole: an interruption leaves the one before."""
        partial = self.state.with_suffix(".partial")
        history = [asdict(epoch) for epoch in progress.history]
        torch.save({**vars(progress), "history": history}, partial)
        partial.replace(self.state)

    def write_best(self, module: nn.Module) -> None:
        """Keeps the module's weights as the best so far."""
        partial = self.best.with_suffix(".partial")
        write_safetensors(partial, module, {})
        partial.replace(self.best)

    def read_best(self, module: nn.Module) -> None:
        """Puts the best weights so far into the module."""
        load_tensors(module, self.best_tensors(), self.best)

    def read_features(self, part: str) -> tuple[Tensor, Tensor] | None:
        """The trunk's features of a part of the pictures (n, f) and their labels (n,), where they were kept."""
        path = self._features(part)
        if not path.is_file():
            return None
        tensors = read_safetensors(path, "the features of a training's pictures")[1]
        return tensors["features"], tensors["labels"]

    def write_features(self, part: str, features: Tensor, labels: Tensor) -> None:
        """Keeps the trunk's features of a part of the pictures."""
        from safetensors.torch import save_file

        partial = self._features(part).with_suffix(".partial")
        save_file({"features": features, "labels": labels}, str(partial))
        partial.replace(self._features(part))

    def _features(self, part: str) -> Path:
        return self.work / f"features-{part}.safetensors"

    def best_tensors(self) -> dict[str, Tensor]:
        """The best weights so far by name."""
        return read_safetensors(self.best, "the best weights of a training")[1]
