"""Weights: reading their files, what every loader refuses and with which sentence, and the fingerprint of a network."""

from __future__ import annotations

import hashlib
import json
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
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


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The named tensors of a torch file, as float32; nothing in it is run. EmocamError where it is anything else."""
    if not path.is_file():
        raise EmocamError(f"There is no file {path}; expected a torch state dict.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of odd pickles, which are refused or read all the same
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise EmocamError(
            f"{path} holds more than tensors, or is damaged, and was not run; expected a torch state dict."
        ) from error
    except Exception as error:  # torch raises any type over damaged bytes; the sentence says which
        size = path.stat().st_size
        raise EmocamError(
            f"{path} ({size:,} bytes) cannot be read as a torch state dict, it may be truncated: {first_line(error)}"
        ) from error
    if not isinstance(found, dict) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise EmocamError(f"{path} holds a {type(found).__name__} of other things; expected tensors by name.")
    return {str(name): tensor.float() for name, tensor in found.items()}


def write_safetensors(path: Path, module: nn.Module, metadata: Mapping[str, str], half: bool = False) -> None:
    """The module's state dict and the metadata as a safetensors file; with ``half`` its floats take half the bytes.

    A half-precision file loads into a single-precision network: the values are rounded to 11 significant bits, no more.
    """
    from safetensors.torch import save_file

    tensors = {}
    for name, tensor in module.state_dict().items():
        stored = tensor.detach().cpu()
        if stored.is_floating_point():
            stored = stored.to(torch.float16 if half else torch.float32)
        tensors[name] = stored.contiguous()
    save_file(tensors, str(path), metadata=dict(metadata))
    path.chmod(0o644)


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
            f"{path} holds {len(unknown)} unexpected tensors, the first is {unknown[0]!r}; expected {len(expected)}."
        )
    module.load_state_dict(dict(tensors))


def fingerprint(module: nn.Module, **settings: object) -> str:
    """sha256 over the names, shapes, types and bytes of the state dict and over the settings (JSON)."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    digest.update(type(module).__qualname__.encode())
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def first_line(error: Exception) -> str:
    """The type of an error and the first line of what it says, as the end of a sentence."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}, {lines[0].rstrip('.')}." if lines else f"{type(error).__name__}."
