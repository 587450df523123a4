"""Superpixel LIME through a worker's thread: pass by pass, so that whatever is asked for in between goes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emocam_widgets.explain.lime import LimeSampling, refine
from emocam_widgets.explain.lime_settings import LimeSettings
from emocam_widgets.types import LimeExplanation, Output

if TYPE_CHECKING:
    from emocam_widgets.models.split import SplitClassifier

# One pass is what an interactive request may have to wait for.
BATCH_SIZE = 8


def stream_lime(
    run: Callable[[Callable[[], None]], None],
    classifier: SplitClassifier,
    image: Image.Image,
    targets: Sequence[str] | None = None,
    *,
    output: Output,
    settings: LimeSettings | None = None,
    segments: NDArray[np.int32] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[tuple[LimeExplanation, ...]]:
    """`explain.lime.lime_of_targets` with each pass of the network made by `run`, which waits until it is done.

    Without targets it explains the predicted label. The names are checked and the image is segmented, in the caller's
    thread, before this returns; errors as there.
    """
    sampling = LimeSampling(
        classifier, image, targets, output=output, settings=settings, segments=segments, batch_size=BATCH_SIZE
    )
    return refine(sampling, run, cancelled)
