"""`paste`: 51 variants of one image (three objects, 17 positions) beside the bare forward passes of prepared tensors.

EmoNet's architecture with random weights; the paste experiment's own way from the decoded image to probabilities.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from benchmarks.core import Figure, Figures
from emocam_widgets.demo import open_sprite
from emocam_widgets.engine.compose import Sprites, paste
from emocam_widgets.engine.paste_passes import BATCH_SIZE, pasted_predictions
from emocam_widgets.engine.pasting import DEFAULT_OBJECTS, POSITIONS
from emocam_widgets.engine.prepared import Paste, PreparedImage
from emocam_widgets.models.emonet import SIZE, EmoNet, split_emonet
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.types import Placement

IMAGE = (640, 480)
ROUNDS = 9


def measure() -> Figures:
    """The ratio of paired rounds, and how far the probabilities are from those of images pasted and resized whole."""
    classifier = _emonet()
    image = _picture()
    sprites = Sprites({name: open_sprite(name) for name in DEFAULT_OBJECTS})
    pastes = [Paste((Placement(name, x, y),)) for name in sprites for x, y in POSITIONS]
    whole = torch.stack([classifier.preprocess(paste(image, sprites, one.placements))[0] for one in pastes])
    expected = _bare(classifier, whole)
    found = _pasted(classifier, image, sprites, pastes)
    difference = float(np.abs(found - expected).max())

    def bare() -> None:
        _bare(classifier, whole)

    def pasted() -> None:
        _pasted(classifier, image, sprites, pastes)

    wall = _ratio(pasted, bare, time.perf_counter)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several wait for each other in a loop, which counts as work
    try:
        processor = _ratio(pasted, bare, time.process_time)
    finally:
        torch.set_num_threads(threads)
    what = "51 pasted variants of a 640x480 image / their bare forward passes"
    return {
        "ratio": Figure(wall, 1.2, "most", f"{what}, wall time"),
        # Where others use the cores too, the thread that makes the next batch wins wall time from them.
        "processor_ratio": Figure(processor, 1.2, "most", f"{what}, processor time with one thread"),
        "difference": Figure(difference, 2e-4, "most", "greatest difference of a probability to the full way"),
    }


def _ratio(one: Callable[[], None], other: Callable[[], None], clock: Callable[[], float]) -> float:
    """The median of what `one` takes over what `other` takes in the same round, each first in every second round."""
    ratios = []
    for turn in range(ROUNDS):
        taken = {}
        for side in (one, other) if turn % 2 else (other, one):
            start = clock()
            side()
            taken[side] = clock() - start
        ratios.append(taken[one] / taken[other])
    return statistics.median(ratios)


def _pasted(classifier: SplitClassifier, image: Image.Image, sprites: Sprites, pastes: list[Paste]) -> np.ndarray:
    prepared = PreparedImage(classifier, image)
    return np.stack([one.probabilities for one in pasted_predictions(classifier, prepared, sprites, pastes)])


def _bare(classifier: SplitClassifier, inputs: torch.Tensor) -> np.ndarray:
    """Forward passes of prepared tensors, in batches of the same size."""
    with torch.no_grad():
        logits = [classifier.tail(classifier.trunk(batch)) for batch in inputs.split(BATCH_SIZE)]
        return torch.softmax(torch.cat(logits), dim=1).numpy()


def _emonet() -> SplitClassifier:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = EmoNet()
        for layer in (network.fc1, network.fc2, network.fc3):
            torch.nn.init.kaiming_normal_(layer.weight)  # a fresh network gives the same label to everything
        return split_emonet(network, torch.full((3, SIZE, SIZE), 117.0))


def _picture() -> Image.Image:
    """A smooth random picture with noise on it, as a photograph has both."""
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize(IMAGE, Image.Resampling.BICUBIC)
    noisy = np.asarray(smooth, np.float64) + rng.normal(0, 12, (IMAGE[1], IMAGE[0], 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
