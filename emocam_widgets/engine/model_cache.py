"""Models by name, loaded when they are first asked for; those used last are kept, up to a number of bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from emocam_widgets.devices import free_memory
from emocam_widgets.engine.cache import ByteCache

if TYPE_CHECKING:
    from torch import Tensor

    from emocam_widgets.detectors import Detector
    from emocam_widgets.models import SplitClassifier

LIMIT = 2 * 1024**3


class ModelCache:
    """Loads classifiers and detectors by name onto one device. Not thread-safe: it belongs to the model thread."""

    def __init__(self, device: str, limit: int = LIMIT) -> None:
        self.device = device
        self._kept: ByteCache[Any] = ByteCache(limit)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def n_bytes(self) -> int:
        """Of the weights that are kept."""
        return self._kept.size

    def classifier(self, name: str) -> SplitClassifier:
        """The classifier; errors as those of `load_classifier`."""
        from emocam_widgets.models import load_classifier

        return self._model("classifier", name, load_classifier)

    def detector(self, name: str) -> Detector:
        """The detector; errors as those of `load_detector`."""
        from emocam_widgets.detectors import load_detector

        return self._model("detector", name, load_detector)

    def clear(self) -> None:
        """Lets go of all of them."""
        self._kept.clear()
        free_memory()

    def _model(self, kind: str, name: str, load: Callable[[str, str], Any]) -> Any:
        model = self._kept.get((kind, name))
        if model is not None:
            return model
        model = load(name, self.device)
        before = len(self._kept)
        # One that is larger than the limit is kept alone: to load it anew for every image would be worse.
        self._kept.put((kind, name), model, min(model_bytes(model), self._kept.limit))
        if len(self._kept) <= before:  # others had to go
            free_memory()
        return model


def model_bytes(model: object) -> int:
    """Bytes of the weights that a model's networks hold, each tensor once."""
    return sum({id(tensor): tensor.nbytes for tensor in _tensors(model)}.values())


def _tensors(model: object) -> Iterator[Tensor]:
    """The parameters and buffers of the networks among an object's attributes, or among theirs."""
    from torch import nn

    for part in _attributes(model):
        for inner in (part,) if isinstance(part, nn.Module) else _attributes(part):
            if isinstance(inner, nn.Module):
                yield from inner.parameters()
                yield from inner.buffers()


def _attributes(thing: object) -> Iterator[object]:
    yield from getattr(thing, "__dict__", {}).values()
