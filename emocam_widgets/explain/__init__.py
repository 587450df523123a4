"""Explanations: from a classifier's activation at its target layer to one CAM grid per image; no pixels, no boxes.

A new method is one file with one function and one line in `METHODS`; other packages register theirs under the entry
point group `emocam_widgets.methods`. Superpixel LIME, which has no target layer, is in `lime` beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.registry import Registry
from emocam_widgets.types import OUTPUTS, FloatArray, Output

if TYPE_CHECKING:
    from torch import Tensor

    from emocam_widgets.models.split import SplitClassifier

__all__ = ["METHODS", "Method", "check_method", "explain", "explain_all", "scale_grids"]


@dataclass(frozen=True)
class Method:
    """A CAM method: its function and the output that it explains unless told otherwise.

    `grids(classifier, activation, targets, output)` takes the target layer's activation (n, c, h, w), the index of the
    label to explain for each image, int64 (n,), and which output is explained; it gives the rectified, unscaled maps,
    (n, h, w). With `needs_inputs`, what the trunk took, (n, 3, H, W), comes as a fifth argument. `check(classifier,
    output)` raises EmocamError where the method cannot explain that classifier's output.
    """

    grids: Callable[..., Tensor]
    output: Output
    check: Callable[[SplitClassifier, Output], None] | None = None
    needs_inputs: bool = False


def _builtin(name: str, output: Output, *, checked: bool = False, needs_inputs: bool = False) -> Method:
    """The method in the file of its name, which is imported, and torch with it, when it is first used."""
    function = name.replace("-", "_")
    module = f"{__name__}.{function}"

    def grids(*arguments: object) -> Tensor:
        return getattr(import_module(module), function)(*arguments)

    def check(classifier: SplitClassifier, output: Output) -> None:
        import_module(module).check(classifier, output)

    return Method(grids, output, check if checked else None, needs_inputs)


# The outputs are those that EmoCAM's authors explained; for the methods that they did not use, grad-cam's own default.
# Of grad-cam's, those that are no map at one target layer are left out: FullGrad (the gradients of all biases, at the
# image's size), Random-CAM (a control: a run's shuffled maps are the better one), and RefineCAM and SESS, which put
# the maps of another method at several layers or scales together (for layers, see `wrap_classifier(target=[...])`).
METHODS: Registry[Method] = Registry(
    "method",
    "emocam_widgets.methods",
    {
        "grad-cam": _builtin("grad-cam", "probabilities"),
        "ablation-cam": _builtin("ablation-cam", "probabilities"),
        "lift-cam": _builtin("lift-cam", "logits", checked=True),
        "lrp-cam": _builtin("lrp-cam", "logits", checked=True),
        "lime-cam": _builtin("lime-cam", "logits"),
        "cam": _builtin("cam", "logits", checked=True),
        "grad-cam-plus-plus": _builtin("grad-cam-plus-plus", "logits"),
        "grad-cam-elementwise": _builtin("grad-cam-elementwise", "logits"),
        "layer-cam": _builtin("layer-cam", "logits"),
        "hires-cam": _builtin("hires-cam", "logits"),
        "xgrad-cam": _builtin("xgrad-cam", "logits"),
        "score-cam": _builtin("score-cam", "logits", needs_inputs=True),
        "eigen-cam": _builtin("eigen-cam", "logits"),
        "eigen-grad-cam": _builtin("eigen-grad-cam", "logits"),
        "seg-eigen-cam": _builtin("seg-eigen-cam", "logits"),
        "kpca-cam": _builtin("kpca-cam", "logits"),
        "finer-cam": _builtin("finer-cam", "logits", checked=True),
        "shapley-cam": _builtin("shapley-cam", "logits"),
        "fem": _builtin("fem", "logits"),
    },
)


def check_method(classifier: SplitClassifier, method: str, output: Output | None = None) -> None:
    """Raises EmocamError where a method cannot explain this classifier's output: before any image is looked at."""
    chosen = METHODS[method]
    if chosen.check is not None:
        for layer in classifier.layers:
            chosen.check(layer, output or chosen.output)


def explain(
    classifier: SplitClassifier,
    activation: Tensor,
    targets: Tensor,
    method: str = "grad-cam",
    output: Output | None = None,
    *,
    inputs: Tensor | None = None,
) -> Tensor:
    """Unscaled maps (n, h, w), no value below 0, for the labels `targets` (indices, (n,)) at `activation` (n, c, h, w).

    `output` is "probabilities" (after the softmax) or "logits"; None takes the method's own default. `inputs` is what
    the trunk took, (n, 3, H, W); methods that run the whole network again need it (`METHODS[method].needs_inputs`).
    With several target layers, `activation` is the first one's, and the maps are the mean of the layers' scaled ones.
    Raises UnknownNameError for an unknown method or output.
    """
    chosen = METHODS[method]
    if output is not None:
        known_name("output", output, OUTPUTS)
    if chosen.needs_inputs and inputs is None:
        raise EmocamError(f"{method} runs the whole network again, but no inputs were given: pass explain(inputs=...).")
    rest = (targets, output or chosen.output, *([inputs] if chosen.needs_inputs else []))
    if len(classifier.layers) == 1:
        return chosen.grids(classifier, activation, *rest)
    from emocam_widgets.explain.layers import mean_over_layers
    from emocam_widgets.explain.sharing import once

    at_layers = once((classifier, "layers"), activation, lambda: classifier.layer_activations(activation))
    return mean_over_layers(
        [chosen.grids(layer, at, *rest) for layer, at in zip(classifier.layers, at_layers, strict=True)]
    )


def explain_all(
    classifier: SplitClassifier,
    activation: Tensor,
    targets: Tensor,
    methods: Mapping[str, Output],
    *,
    inputs: Tensor | None = None,
) -> dict[str, Tensor]:
    """The maps of several methods (with the output that each explains): what they need alike is computed once."""
    from emocam_widgets.explain.sharing import sharing

    with sharing():
        return {
            name: explain(classifier, activation, targets, name, output, inputs=inputs)
            for name, output in methods.items()
        }


def scale_grids(grids: Tensor | FloatArray) -> FloatArray:
    """Each map of (n, h, w) min-max scaled to 0..1 as float32; a constant map becomes all zero."""
    maps = np.asarray(grids.detach().cpu() if hasattr(grids, "detach") else grids, dtype=np.float64)
    low = maps.min(axis=(1, 2), keepdims=True)
    span = maps.max(axis=(1, 2), keepdims=True) - low
    # Float32 noise on a constant map is no structure.
    constant = span <= 1e-6 * np.abs(maps).max(axis=(1, 2), keepdims=True)
    scaled = (maps - low) / np.where(constant, 1.0, span)
    return np.where(constant, 0.0, scaled).astype(np.float32)
