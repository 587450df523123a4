"""Reading weight files: what every loader refuses, and the sentence that it refuses it with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from emocam_widgets.errors import EmocamError


def read_safetensors(path: Path, what: str) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Metadata and tensors of a safetensors file; EmocamError where it is missing, truncated or of another format."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise EmocamError(f"There is no file {path}; expected {what} in safetensors format.")
    try:
        with safe_open(str(path), framework="pt") as file:
            names = file.keys()
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        size = path.stat().st_size
        raise EmocamError(
            f"{path} ({size:,} bytes) cannot be read as {what} in safetensors format, it may be truncated: {error}"
        ) from error


def load_tensors(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copies the tensors into the module; EmocamError naming the first that is missing, unknown or of another shape."""
    expected = module.state_dict()
    for name, tensor in expected.items():
        if name not in tensors:
            raise EmocamError(f"{path} has no tensor {name!r}; expected one of shape {tuple(tensor.shape)}.")
        if tensors[name].shape != tensor.shape:
            raise EmocamError(
                f"{path} holds {name!r} with shape {tuple(tensors[name].shape)}; expected {tuple(tensor.shape)}."
            )
    unknown = sorted(set(tensors) - set(expected))
    if unknown:
        raise EmocamError(
            f"{path} holds {len(unknown)} unexpected tensors, the first is {unknown[0]!r}; expected {len(expected)} known."
        )
    module.load_state_dict(dict(tensors))
