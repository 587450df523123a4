"""EmoNet (Kragel et al. 2019), the classifier that the EmoCAM paper explains, from its published files.

It is the original two-GPU AlexNet with 20 outputs; its weights come from MATLAB, which shows in the order of the
flattening and in the mean image.
"""

from __future__ import annotations

import dataclasses
import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from emocam_widgets.errors import EmocamError
from emocam_widgets.labels import EMONET_LABELS
from emocam_widgets.models.preprocess import resized
from emocam_widgets.models.response_norm import ResponseNorm
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.models.target import cut_network
from emocam_widgets.types import Prediction, View
from emocam_widgets.weights import fingerprint, first_line, load_tensors, read_state_dict
from emocam_widgets.weights_files import needed_files, published

NAME = "emonet"
SIZE = 227
TARGET = "conv5"  # its output before the ReLU
LABELS = EMONET_LABELS


@dataclasses.dataclass(frozen=True)
class ReadOut:
    """A linear function of the 20 probabilities in label order."""

    bias: float
    weights: tuple[float, ...]

    def __call__(self, probabilities: np.ndarray) -> float:
        return self.bias + float(np.dot(self.weights, probabilities.astype(np.float64)))


# fmt: off
VALENCE = ReadOut(
    3.2963,
    (0.5990, 0.4576, 0.3248, -0.0634, 0.0035, 0.0560, 0.1163, -0.1370, -0.7719, -0.1210,
     -0.1862, 0.0214, -0.3015, -0.3680, 0.2467, -0.2335, 0.1096, -0.3858, 0.1538, 0.5741),
)
AROUSAL = ReadOut(
    6.5139,
    (-0.0910, -0.0121, -0.3154, 0.0152, 0.3949, -0.2019, -0.1216, -0.1029, 0.0637, 0.0037,
     -0.1700, 0.0736, 0.2145, 0.1670, -0.2425, -0.0555, 0.1480, 0.1390, 0.1877, -0.0824),
)

# MATLAB's output for the two published images, and how far from it (relatively) the same network may be: the big image
# is resized, and two libraries' bicubic resizing differ.
MATLAB: Mapping[str, tuple[float, tuple[float, ...]]] = {
    "demo_small.jpg": (1e-3, (
        0.22926, 0.075324, 0.0030083, 0.0024761, 0.51978, 0.0075244, 0.0028647, 0.0041199, 0.0040441, 0.021392,
        0.00352, 0.0068833, 0.015457, 0.0014801, 0.070372, 0.0075813, 0.011797, 6.71e-05, 4.6644e-06, 0.013039,
    )),
    "demo_big.jpg": (1e-2, (
        0.0044732, 0.0945, 0.034106, 0.3361, 0.021589, 0.0090503, 0.00067812, 0.05514, 0.072519, 0.019064,
        0.0032458, 0.017255, 0.030013, 0.00058266, 0.20558, 0.0099342, 0.059141, 0.00026909, 4.2833e-05, 0.026715,
    )),
}
# fmt: on


class EmoNet(nn.Module):
    """RGB (n, 3, 227, 227) of 0..255 less the mean image -> logits (n, 20).

    From conv5 on it is made for attribution: nothing in place, every ReLU and pooling a module of its own, functional
    reshaping. The parameters are called as in the published state dict.
    """

    def __init__(self, n_labels: int = len(LABELS)) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, stride=4)
        self.relu1 = nn.ReLU()
        self.norm1 = ResponseNorm(5, alpha=1e-4, k=1.0)
        self.pool1 = nn.MaxPool2d(3, 2)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=2)
        self.relu2 = nn.ReLU()
        self.norm2 = ResponseNorm(5, alpha=1e-4, k=1.0)
        self.pool2 = nn.MaxPool2d(3, 2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.relu3 = nn.ReLU()
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.relu4 = nn.ReLU()
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        self.relu5 = nn.ReLU()
        self.pool5 = nn.MaxPool2d(3, 2)
        self.fc1 = nn.Linear(256 * 6 * 6, 4096)
        self.relu6 = nn.ReLU()
        self.fc2 = nn.Linear(4096, 4096)
        self.relu7 = nn.ReLU()
        self.fc3 = nn.Linear(4096, n_labels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(self.norm1(self.relu1(self.conv1(x))))
        x = self.pool2(self.norm2(self.relu2(self.conv2(x))))
        x = self.relu4(self.conv4(self.relu3(self.conv3(x))))
        x = self.pool5(self.relu5(self.conv5(x)))
        # MATLAB numbers a map's pixels down the columns.
        x = torch.flatten(torch.transpose(x, 2, 3), 1)
        return self.fc3(self.relu7(self.fc2(self.relu6(self.fc1(x)))))


class EmoNetPreprocess:
    """Bicubic resize to 227x227 whatever the aspect ratio, values 0..255, less the mean image (3, 227, 227)."""

    size = SIZE

    def __init__(self, mean: Tensor) -> None:
        self.mean = mean

    def view(self, width: int, height: int) -> View:
        """All of an image."""
        return View.whole(width, height)

    def values(self, pixels: np.ndarray, x0: int = 0, y0: int = 0) -> Tensor:
        """float32 (3, h, w) of pixels uint8 (h, w, 3) at column x0 and row y0 of the square."""
        height, width = pixels.shape[:2]
        channels = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
        return channels.to(torch.float32) - self.mean[:, y0 : y0 + height, x0 : x0 + width]

    def __call__(self, image: Image.Image) -> tuple[Tensor, View]:
        """A float32 tensor (3, 227, 227) and the view, which is the whole image."""
        return self.values(resized(self, image)), self.view(*image.size)


class EmoNetClassifier(SplitClassifier):
    """EmoNet cut at conv5; its predictions carry valence and arousal."""

    def predictions(self, activation: Tensor, logits: Tensor | None = None) -> list[Prediction]:
        """What the tail makes of A (n, 256, 13, 13): softmax probabilities and their two linear read-outs."""
        return [
            dataclasses.replace(one, valence=VALENCE(one.probabilities), arousal=AROUSAL(one.probabilities))
            for one in super().predictions(activation, logits)
        ]


def split_emonet(module: EmoNet, mean: Tensor, device: torch.device | str = "cpu") -> EmoNetClassifier:
    """The classifier of a network, which it keeps and does not copy, and of its mean image (3, 227, 227)."""
    module = module.to(device).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    example = torch.rand(2, 3, SIZE, SIZE, generator=generator).to(device)
    settings = {"labels": list(LABELS), "target": TARGET, "mean": hashlib.sha256(mean.numpy().tobytes()).hexdigest()}
    return EmoNetClassifier(
        cut_network(module, example, TARGET),
        LABELS,
        EmoNetPreprocess(mean),
        name=NAME,
        fingerprint=fingerprint(module, **settings),
        device=device,
    )


def load_emonet(weights: str | Path, mean: str | Path, device: str = "cpu") -> EmoNetClassifier:
    """EmoNet from `emonet.pth` and `img_mean.txt`; EmocamError where a file is missing, damaged or something else."""
    image = read_mean_image(Path(mean))
    tensors = read_state_dict(Path(weights))
    with torch.device("meta"):  # 57 million random numbers less
        module = EmoNet()
    module.to_empty(device="cpu")
    load_tensors(module, tensors, Path(weights))
    return split_emonet(module, image, device)


def load_published_emonet(device: str = "cpu") -> EmoNetClassifier:
    """EmoNet from the folder that `emocam models pull emonet` fills; EmocamError with the addresses where it is not."""
    files = needed_files(NAME)
    return load_emonet(files["emonet.pth"], files["img_mean.txt"], device)


def read_mean_image(path: Path) -> Tensor:
    """The mean image float32 (3, 227, 227) from its text file: a line per row, with the columns of one channel after
    those of the other; EmocamError where it is anything else.
    """
    if not path.is_file():
        raise EmocamError(f"There is no file {path}; expected EmoNet's mean image as text.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of an empty file, which is refused below
            rows = np.loadtxt(path, dtype=np.float32, delimiter=",", ndmin=2)
    except ValueError as error:
        raise EmocamError(f"{path} is not a table of numbers: {first_line(error)}") from error
    if rows.shape != (SIZE, 3 * SIZE) or not np.isfinite(rows).all():
        raise EmocamError(
            f"{path} has {rows.shape[0]} lines of {rows.shape[1]} numbers; expected {SIZE} of {3 * SIZE} finite ones."
        )
    return torch.from_numpy(rows.reshape(SIZE, 3, SIZE).transpose(1, 0, 2).copy())


def verify_emonet(device: str = "cpu") -> str:
    """Holds the files here to MATLAB's output on the two published images; what was compared, as a sentence.

    Raises EmocamError where a file is missing or a probability is off by more than its tolerance.
    """
    classifier = load_published_emonet(device)
    model = published(NAME)
    missing = [name for name in MATLAB if not model.path(name).is_file()]
    if missing:
        raise EmocamError(
            f"{' and '.join(missing)} to compare with MATLAB are not in {model.folder}: "
            "run `emocam models pull emonet`, which fetches them."
        )
    off = {name: _relative_difference(classifier, model.path(name), MATLAB[name][1]) for name in MATLAB}
    for name, difference in off.items():
        if difference > MATLAB[name][0]:
            raise EmocamError(
                f"EmoNet's probabilities for {model.path(name)} differ from MATLAB's by {difference:.2g} (relatively); "
                f"expected at most {MATLAB[name][0]:g}."
            )
    compared = ", ".join(f"{name} within {difference:.1e}" for name, difference in off.items())
    return f"the same probabilities as MATLAB's: {compared}"


def _relative_difference(classifier: SplitClassifier, path: Path, expected: tuple[float, ...]) -> float:
    try:
        with Image.open(path) as image:
            rgb = image.convert("RGB")
    except OSError as error:
        raise EmocamError(f"{path} cannot be read as an image, it may be truncated: {first_line(error)}") from error
    found = classifier.predict([rgb])[0].probabilities.astype(np.float64)
    return float(np.max(np.abs(found - expected) / np.array(expected)))
