"""`corpus`: the analysis of 500 JPEG photographs, beside the bare passes of its models and beside a plain loop.

Bare passes are what no engine can save: the detector's forward pass, the classifier's, and the backward pass of its
tail, on tensors that are prepared already. The plain loop is what a user writes with Ultralytics, grad-cam and pandas.
"""

from __future__ import annotations

import copy
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

import emocam_widgets as emo
from benchmarks.core import Figure, Figures
from emocam_widgets.corpus import Corpus, read_image
from emocam_widgets.detectors.prepared import DetectorInput
from emocam_widgets.detectors.ultralytics_import import prepare_ultralytics
from emocam_widgets.detectors.yolo import UltralyticsDetector, letterbox
from emocam_widgets.models.emonet import SIZE, EmoNet, split_emonet
from emocam_widgets.models.split import SplitClassifier
from emocam_widgets.types import Detections

IMAGES = 500
ROUNDS = 3
PREPARED = 64
PLAIN_IMAGES = 12
DETECTED_AT_ONCE = 8  # the sizes at which the bare passes take the least time an image
CLASSIFIED_AT_ONCE = 16
BOXES = 20  # about so many candidates an image, which random weights have only at a threshold of their own
CORES = 2


def measure() -> Figures:
    """Medians of paired rounds: in each, both sides one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = _photographs(Path(folder) / "images")
        large = _measure_large(corpus, Path(folder))
        demo = _measure_demo(corpus, Path(folder))
    return {
        "times_bare": Figure(large.ratio, 1.25, "most", "EmoNet's and YOLOv8n's sizes: times the bare passes"),
        "times_faster": Figure(large.times_faster, 3, "least", "the same: times faster than the plain loop"),
        "milliseconds": Figure(large.milliseconds, 100, "most", "the same: milliseconds an image"),
        "times_bare_demo": Figure(demo.ratio, 1.25, "most", "demo models: times the bare passes, decoding, resizing"),
        "milliseconds_demo": Figure(demo.milliseconds, 50, "most", "demo models: milliseconds an image"),
    }


@dataclass(frozen=True)
class _Measured:
    ratio: float
    milliseconds: float
    times_faster: float = float("nan")


class _Noting(UltralyticsDetector):
    """The detector, which notes how many threads torch has wherever it is called."""

    threads: ClassVar[set[int]] = set()

    def prepare(self, image: Image.Image) -> DetectorInput:
        """As its parent's."""
        self.threads.add(torch.get_num_threads())
        return super().prepare(image)

    def detect_prepared(self, images: Sequence[DetectorInput], min_confidence: float) -> list[Detections]:
        """As its parent's."""
        self.threads.add(torch.get_num_threads())
        return super().detect_prepared(images, min_confidence)


def _measure_large(corpus: Corpus, folder: Path) -> _Measured:
    """EmoNet's and YOLOv8n's architectures at 320 px, with random weights."""
    classifier, network = _emonet()
    images = [corpus.open(image_id) for image_id in islice(corpus, PREPARED)]
    module = _yolo(images)
    detector = _Noting(module, [f"class {i}" for i in range(80)], name="yolov8n", image_size=320)
    threshold = _threshold(detector, images)
    bare = _Bare(classifier, detector, images)
    plain = _PlainLoop(network, module, corpus, threshold)
    _analysed(corpus.subset(islice(corpus, 32)), classifier, detector, folder / "warm", threshold)
    bare.two_workers(PREPARED)
    plain.seconds(2)
    ratios, faster, seconds = [], [], []
    for number in range(ROUNDS):
        before = bare.two_workers(IMAGES // 2)
        ours = _analysed(corpus, classifier, detector, folder / f"large-{number}", threshold)
        after = bare.two_workers(IMAGES // 2)
        ratios.append(ours / (before + after))
        seconds.append(ours / IMAGES)
        faster.append(plain.seconds(PLAIN_IMAGES) / PLAIN_IMAGES / seconds[-1])
    return _Measured(statistics.median(ratios), 1000 * statistics.median(seconds), statistics.median(faster))


def _measure_demo(corpus: Corpus, folder: Path) -> _Measured:
    """The demo models, where decoding weighs as much as the classifier."""
    classifier, shipped = emo.load_classifier("demo", device="cpu"), emo.load_detector("demo", device="cpu")
    if not isinstance(shipped, UltralyticsDetector):
        raise TypeError(f"the demo detector is {shipped!r}; expected an UltralyticsDetector")
    detector = copy.copy(shipped)
    detector.__class__ = _Noting
    images = [corpus.open(image_id) for image_id in islice(corpus, PREPARED)]
    bare = _Bare(classifier, detector, images)
    files = [corpus.path(image_id) for image_id in islice(corpus, PREPARED)]
    _analysed(corpus.subset(islice(corpus, 32)), classifier, detector, folder / "warm-demo", 0.25)
    bare.over_two_cores(files, PREPARED)
    ratios, seconds = [], []
    for number in range(ROUNDS):
        before = bare.over_two_cores(files, IMAGES // 2)
        ours = _analysed(corpus, classifier, detector, folder / f"demo-{number}", 0.25)
        after = bare.over_two_cores(files, IMAGES // 2)
        ratios.append(ours / (before + after))
        seconds.append(ours / IMAGES)
    return _Measured(statistics.median(ratios), 1000 * statistics.median(seconds))


def _analysed(
    corpus: Corpus, classifier: SplitClassifier, detector: UltralyticsDetector, out: Path, threshold: float
) -> float:
    """Seconds for a whole run; the threads that torch had in it, and has after it, are as they should be."""
    _Noting.threads.clear()
    before = torch.get_num_threads()
    start = time.perf_counter()
    run = emo.analyze(corpus, classifier, detector, out=out, min_confidence=threshold, progress=False)
    seconds = time.perf_counter() - start
    threads = set(_Noting.threads)
    if threads != {1} or torch.get_num_threads() != before:
        raise AssertionError(f"torch had {threads} threads in the run and {torch.get_num_threads()} after it")
    if len(run.images) != len(corpus) or len(run.boxes) < len(corpus):
        raise AssertionError(f"{len(run.images)} images with {len(run.boxes)} boxes; expected boxes on all images")
    return seconds


class _Bare:
    """The passes that cannot be saved, on tensors that are prepared already."""

    def __init__(
        self, classifier: SplitClassifier, detector: UltralyticsDetector, images: Sequence[Image.Image]
    ) -> None:
        self._classifier = classifier
        self._detector = detector
        self._module = detector._module
        inputs = torch.stack([classifier.preprocess(image)[0] for image in images])
        self._classified = inputs.split(CLASSIFIED_AT_ONCE)
        squares = torch.stack([detector.prepare(image).tensor for image in images])
        self._searched = squares.to(memory_format=torch.channels_last).split(DETECTED_AT_ONCE)

    def two_workers(self, n_images: int) -> float:
        """Seconds for so many images, one thread with the detector and one with the classifier."""
        return _in_threads([lambda: self._detect(n_images), lambda: self._classify(n_images)])

    def over_two_cores(self, files: Sequence[Path], n_images: int) -> float:
        """Seconds for decoding, resizing and all passes of so many images, half of them in each of two threads."""

        def half() -> None:
            for file in islice(cycle(files), n_images // CORES):
                image = read_image(file)
                self._classifier.preprocess(image)
                self._detector.prepare(image)
            self._detect(n_images // CORES)
            self._classify(n_images // CORES)

        return _in_threads([half] * CORES)

    def _detect(self, n_images: int) -> None:
        with torch.no_grad():
            for batch in _batches(self._searched, n_images):
                self._module(batch)

    def _classify(self, n_images: int) -> None:
        for batch in _batches(self._classified, n_images):
            with torch.no_grad():
                activation = self._classifier.trunk(batch)
            activation.requires_grad_(True)
            probabilities = torch.softmax(self._classifier.tail(activation), dim=1)
            torch.autograd.grad(probabilities.amax(dim=1).sum(), activation)


def _batches(batches: Sequence[Tensor], n_images: int) -> list[Tensor]:
    """The batches over and over, until there are so many images."""
    chosen: list[Tensor] = []
    for batch in cycle(batches):
        if n_images <= 0:
            return chosen
        chosen.append(batch[:n_images])
        n_images -= len(batch)
    return chosen


def _in_threads(works: Sequence[Callable[[], None]]) -> float:
    """Seconds until all are done, each in a thread of its own in which torch has one."""
    begin = threading.Barrier(len(works) + 1)
    wrong: list[int] = []

    def run(work: Callable[[], None]) -> None:
        torch.get_num_threads()  # torch gives a thread the shared number when it is first used there
        torch.set_num_threads(1)
        begin.wait()
        work()
        if torch.get_num_threads() != 1:
            wrong.append(torch.get_num_threads())

    shared = torch.get_num_threads()
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    begin.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    torch.set_num_threads(shared)
    if wrong:
        raise AssertionError(f"torch had {wrong} threads in a worker; expected 1")
    return seconds


class _PlainLoop:
    """One image at a time: Ultralytics' predict, grad-cam's GradCAM, upsampled, its mean per box into a DataFrame."""

    def __init__(self, network: EmoNet, module: nn.Module, corpus: Corpus, threshold: float) -> None:
        from pytorch_grad_cam import GradCAM
        from ultralytics.models import YOLO

        self._yolo = cast("Any", YOLO("yolov8n.yaml", task="detect", verbose=False))
        self._yolo.model = copy.deepcopy(module).to(memory_format=torch.contiguous_format)
        self._network = network
        self._cam = GradCAM(network, [network.conv5])
        self._corpus = corpus
        self._threshold = threshold

    def seconds(self, n_images: int) -> float:
        """Seconds for the first so many images, with as many threads as torch has by itself."""
        threads = torch.get_num_threads()
        start = time.perf_counter()
        frame = pd.DataFrame(columns=["image", "label", "object", "confidence", "importance"])
        for image_id in islice(self._corpus, n_images):
            frame = self._with_image(frame, image_id)
        seconds = time.perf_counter() - start
        torch.set_num_threads(threads)  # Ultralytics' predict changes it
        if not len(frame):
            raise AssertionError("the plain loop found no box")
        return seconds

    def _with_image(self, frame: pd.DataFrame, image_id: str) -> pd.DataFrame:
        image = Image.open(self._corpus.path(image_id)).convert("RGB")
        pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC), dtype=np.float32)
        inputs = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None] - 127.5
        with torch.no_grad():
            label = int(self._network(inputs).argmax())
        cam = self._cam(inputs, targets=None)[0]
        upsampled = np.asarray(Image.fromarray(cam).resize(image.size, Image.Resampling.BILINEAR))
        found = self._yolo.predict(image, imgsz=320, conf=self._threshold, verbose=False)[0].boxes
        for box, confidence, index in zip(found.xyxy.numpy(), found.conf.numpy(), found.cls.numpy(), strict=True):
            x0, y0, x1, y1 = (round(float(edge)) for edge in box)
            inside = upsampled[y0:y1, x0:x1]
            importance = float(inside.mean()) if inside.size else 0.0
            row = pd.DataFrame([[image_id, label, int(index), float(confidence), importance]], columns=frame.columns)
            frame = pd.concat([frame, row]) if len(frame) else row
        return frame


def _photographs(folder: Path) -> Corpus:
    """JPEG files of 640x480: a coloured gradient with noise, and a few shapes on it."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(IMAGES):
        corners = Image.fromarray(rng.integers(0, 256, (3, 4, 3), dtype=np.uint8))
        image = corners.resize((640, 480), Image.Resampling.BICUBIC)
        draw = ImageDraw.Draw(image)
        for _ in range(rng.integers(4, 10)):
            x, y = rng.integers(0, 560), rng.integers(0, 400)
            box = (int(x), int(y), int(x + rng.integers(40, 240)), int(y + rng.integers(40, 240)))
            colour = tuple(int(value) for value in rng.integers(0, 256, 3))
            (draw.ellipse if rng.random() < 0.5 else draw.rectangle)(box, fill=colour)
        noise = rng.normal(0, 6, (480, 640, 1))
        pixels = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:04d}.jpg", quality=90)
    return Corpus.from_folder(folder)


def _emonet() -> tuple[SplitClassifier, EmoNet]:
    """Random weights that pass on what they get, and the same network as its user would have it."""
    torch.manual_seed(0)
    network = EmoNet().eval()
    for part in network.modules():
        if isinstance(part, nn.Linear | nn.Conv2d):
            nn.init.normal_(part.weight, std=(2 / part.weight[0].numel()) ** 0.5)
    with torch.no_grad():
        network.fc3.weight *= 0.02
    mean = torch.full((3, SIZE, SIZE), 127.5)
    return split_emonet(copy.deepcopy(network), mean), network


def _yolo(images: Sequence[Image.Image]) -> nn.Module:
    """Random weights behind batch normalisation that has seen images: without it all places get the same score."""
    prepare_ultralytics()
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(0)
    module = DetectionModel("yolov8n.yaml", ch=3, nc=80, verbose=False)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # the plain average over what it sees
    with torch.no_grad():
        module.train()(torch.stack([letterbox(image, 320) for image in images]))
    return module.eval()


def _threshold(detector: UltralyticsDetector, images: Sequence[Image.Image]) -> float:
    """The confidence that about `BOXES` candidates of an image reach."""
    scores = []
    for image in images[:16]:
        with torch.no_grad():
            rows = detector._module(detector.prepare(image).tensor[None])[0]
        scores.append(rows[0, 4:].amax(dim=0))
    return float(torch.cat(scores).sort(descending=True).values[16 * BOXES])
