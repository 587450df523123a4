"""Training of the embedded world's classifier on generated scenes, and its measurement on scenes of other seeds.

While it trains, a second head on the target layer learns which objects a scene shows: a small network, given labels
alone, takes far more scenes to notice a ball. The head is thrown away afterwards.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from tqdm.auto import tqdm

from emocam_widgets.demo.scenes.compose import render, sample_scene
from emocam_widgets.demo.scenes.moods import BYSTANDERS, LABELS, PLANTED
from emocam_widgets.demo.scenes.objects import OBJECTS
from emocam_widgets.demo.training.seeds import over_cores, scene_keys
from emocam_widgets.models.demo import INPUT_SIZE, SceneNet, load_scene_module, save_classifier

OBJECT_CLASSES = tuple(each.object_class for each in (*PLANTED, *BYSTANDERS))
PRESENT_WEIGHT = 3.0
"""A thing that is there counts this much more than one that is not: most scenes show one of ten."""
MARGIN = 8
"""Training pictures are kept this many pixels larger than the input, so that random crops can shift them."""


@dataclass(frozen=True)
class ClassifierTraining:
    """Settings; the defaults made the shipped weights."""

    scenes: int = 12_000
    test_scenes: int = 2_000
    epochs: int = 20
    batch: int = 48
    learning_rate: float = 2e-3
    weight_decay: float = 0.03
    label_smoothing: float = 0.05
    object_weight: float = 10.0
    seed: int = 7


@dataclass(frozen=True)
class ClassifierScore:
    """Top-1 accuracy (0..1) over ``n`` scenes, and per label its recall."""

    accuracy: float
    n: int
    recall: dict[str, float]
    settings: dict[str, float]
    seconds: float


def train_classifier(
    work: Path, out: Path, settings: ClassifierTraining | None = None, device: str | None = None
) -> ClassifierScore:
    """Train, write the weights to ``out`` (safetensors) and return the score on scenes of other seeds.

    ``work`` keeps the rendered scenes and a checkpoint after every epoch, from which an interrupted training goes on.
    """
    settings = settings or ClassifierTraining()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    work.mkdir(parents=True, exist_ok=True)
    images, labels = scene_arrays(work, "classifier-train", settings.scenes, INPUT_SIZE + MARGIN)
    torch.manual_seed(settings.seed)
    net = SceneNet(n_labels=len(LABELS))
    model = _Taught(net).to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    steps = settings.epochs * (len(images) // settings.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps, pct_start=0.2)
    objects = _objects("classifier-train", settings.scenes)

    checkpoint = work / "classifier-checkpoint.pt"
    first_epoch, seconds = 0, 0.0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first_epoch, seconds = state["epoch"], state["seconds"]

    for epoch in range(first_epoch, settings.epochs):
        started = time.monotonic()
        loss = _train_epoch(model, images, labels, objects, optimizer, schedule, settings, epoch, device)
        seconds += time.monotonic() - started
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
        torch.save({**state, "epoch": epoch + 1, "seconds": seconds}, checkpoint.with_suffix(".tmp"))
        checkpoint.with_suffix(".tmp").replace(checkpoint)
        tqdm.write(f"epoch {epoch + 1} of {settings.epochs}: loss {loss:.3f}, {seconds:.0f} s in all")
        if epoch % 3 == 2 or epoch + 1 == settings.epochs:
            score = score_classifier(net.cpu(), work, settings, seconds)
            tqdm.write(f"accuracy {score.accuracy:.3f} over {score.n} test scenes")
            model.to(device)
    save_classifier(out, net.cpu(), LABELS, half=True)
    return score_classifier(load_scene_module(out)[0], work, settings, seconds)


def score_classifier(
    model: SceneNet, work: Path, settings: ClassifierTraining, seconds: float = 0.0
) -> ClassifierScore:
    """Top-1 accuracy on ``settings.test_scenes`` scenes that training never saw."""
    images, labels = scene_arrays(work, "classifier-test", settings.test_scenes, INPUT_SIZE)
    model.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(images), 64):
            batch = torch.from_numpy(np.array(images[start : start + 64])).permute(0, 3, 1, 2).float() / 255
            found.append(model(batch).argmax(1).numpy())
    right = np.concatenate(found) == labels
    recall = {name: float(right[labels == i].mean()) for i, name in enumerate(LABELS)}
    return ClassifierScore(float(right.mean()), len(labels), recall, asdict(settings), seconds)


class _Taught(nn.Module):
    """The classifier and, for its training only, a head that says which objects are somewhere in the scene."""

    def __init__(self, net: SceneNet) -> None:
        super().__init__()
        self.net = net
        self.objects = nn.Conv2d(net.trunk.channels, len(OBJECT_CLASSES), 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3, h, w) -> label logits (n, labels) and object logits (n, classes): the greatest of each class's map."""
        activation = self.net.trunk(x)
        return self.net.tail(activation), self.objects(F.relu(activation)).amax((2, 3))


def _objects(use: str, count: int) -> np.ndarray:
    """float32 (count, classes): 1 where the scene has a thing of the class."""
    shown = np.zeros((count, len(OBJECT_CLASSES)), np.float32)
    for row, key in enumerate(scene_keys(use, count)):
        scene = sample_scene(*key, "classifier")
        present = {OBJECTS[thing.name].object_class for thing in scene.things}
        if any(person.accessory for person in scene.people):
            present.add("Fashion accessory")
        shown[row] = [name in present for name in OBJECT_CLASSES]
    return shown


def _train_epoch(
    model: _Taught,
    images: np.ndarray,
    labels: np.ndarray,
    objects: np.ndarray,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    settings: ClassifierTraining,
    epoch: int,
    device: str,
) -> float:
    """One pass over the scenes in an order that the epoch decides; returns the mean loss."""
    rng = np.random.default_rng((settings.seed, epoch))
    model.train()
    order = rng.permutation(len(images))
    total, batches = 0.0, len(images) // settings.batch
    for number in tqdm(range(batches), desc=f"epoch {epoch + 1}", mininterval=20):
        chosen = order[number * settings.batch : (number + 1) * settings.batch]
        x = torch.from_numpy(_augmented(images, chosen, rng)).to(device).permute(0, 3, 1, 2).float() / 255
        gain = torch.from_numpy(rng.uniform(0.9, 1.1, (len(chosen), 3, 1, 1)).astype(np.float32)).to(device)
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
            logits, seen = model((x * gain).clamp(0, 1))
        wanted, shown = (torch.from_numpy(each[chosen]).to(device) for each in (labels, objects))
        loss = F.cross_entropy(logits.float(), wanted, label_smoothing=settings.label_smoothing)
        noticed = F.binary_cross_entropy_with_logits(seen.float(), shown, pos_weight=torch.tensor(PRESENT_WEIGHT))
        loss = loss + settings.object_weight * noticed
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        total += loss.item()
    return total / batches


def _augmented(images: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The chosen pictures, each shifted by a random crop and mirrored half of the time."""
    crops = np.empty((len(chosen), INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
    for row, index in enumerate(chosen):
        top, left = rng.integers(0, MARGIN + 1, 2)
        crop = images[index, top : top + INPUT_SIZE, left : left + INPUT_SIZE]
        crops[row] = crop[:, ::-1] if rng.random() < 0.5 else crop
    return crops


def _small_scene(job: tuple[str, int, int]) -> np.ndarray:
    label, seed, size = job
    image = Image.fromarray(render(sample_scene(label, seed, "classifier")).image)
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))


def scene_arrays(work: Path, use: str, count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """``count`` scenes as uint8 (count, size, size, 3), rendered once and kept in ``work``, and their label indices."""
    keys = scene_keys(use, count)
    path = work / f"{use}-{count}-{size}.npy"
    if not path.is_file():
        partial = path.with_suffix(".partial.npy")
        images = np.lib.format.open_memmap(partial, "w+", np.uint8, (count, size, size, 3))
        for row, image in enumerate(over_cores(_small_scene, [(*key, size) for key in keys], f"drawing {use}")):
            images[row] = image
        images.flush()
        partial.replace(path)
    return np.load(path, mmap_mode="r"), np.array([LABELS.index(label) for label, _ in keys])
