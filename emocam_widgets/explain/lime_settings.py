"""The settings of superpixel LIME and their check; no torch, so that asking for it costs nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from emocam_widgets.errors import EmocamError, known_name
from emocam_widgets.types import Output

LIME = "lime"
SEGMENTATIONS = ("quickshift", "slic")
HIDES = ("mean", "grey", "blurred")
LEAST_SAMPLES = 10
# The package lime explains the classifier's probabilities.
DEFAULT_OUTPUT: Output = "probabilities"


@dataclass(frozen=True)
class LimeSettings:
    """How superpixel LIME samples; the defaults are those of the package lime.

    Attributes:
        n_samples: random sets of hidden superpixels, the first of which hides none; at least 10.
        segmentation: "quickshift" with lime's parameters, or "slic".
        n_regions: about how many superpixels "slic" makes; quickshift finds its own number.
        hide: what a hidden superpixel shows: its own "mean" colour, "grey" (128), or the image "blurred".
        seed: of the samples.

    Raises:
        UnknownNameError: an unknown segmentation or way to hide.
        EmocamError: too few samples or regions, or a seed outside 0..2^32-1.
    """

    n_samples: int = 1000
    segmentation: str = "quickshift"
    n_regions: int = 60
    hide: str = "mean"
    seed: int = 0

    def __post_init__(self) -> None:
        known_name("segmentation", self.segmentation, SEGMENTATIONS)
        known_name("way to hide superpixels", self.hide, HIDES)
        if self.n_samples < LEAST_SAMPLES:
            raise EmocamError(f"LIME was asked for {self.n_samples} samples; expected at least {LEAST_SAMPLES}.")
        if self.n_regions < 2:
            raise EmocamError(f"LIME was asked for {self.n_regions} regions; expected at least 2.")
        if not 0 <= self.seed < 2**32:
            raise EmocamError(f"LIME's seed is {self.seed}; expected a whole number from 0 to 2^32 - 1.")

    def as_dict(self) -> dict[str, Any]:
        """What of them a run records: `n_regions` only where it plays a part."""
        settings = asdict(self)
        if self.segmentation != "slic":
            del settings["n_regions"]
        return settings
