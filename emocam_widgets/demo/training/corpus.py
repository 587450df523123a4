"""The shipped corpus: scenes that no model is trained on, their labels and seeds, and what was planted in them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from emocam_widgets.demo.scenes.compose import render, sample_scene
from emocam_widgets.demo.scenes.moods import BYSTANDERS, PLANTED
from emocam_widgets.demo.training.seeds import over_cores, scene_keys

QUALITY = 82


def make_corpus(out: Path, count: int = 600) -> int:
    """Draw ``count`` scenes into ``out``/corpus as WebP and write its tables; returns the images' size in bytes."""
    folder = out / "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    keys = scene_keys("corpus", count)
    random.Random(count).shuffle(keys)
    rows = [(f"scene-{number:03d}.webp", label, seed) for number, (label, seed) in enumerate(keys, 1)]
    for _ in over_cores(_write, [(folder / name, label, seed) for name, label, seed in rows], "drawing the corpus"):
        continue
    write_table(out / "annotations.csv", ("image_id", "label", "seed"), rows)
    planted = [(p.object_class, p.label, p.present, p.otherwise, "planted") for p in PLANTED]
    bystanders = [(b.object_class, b.label, b.present, b.otherwise, "bystander") for b in BYSTANDERS]
    write_table(
        out / "planted.csv", ("object_class", "label", "p_present", "p_otherwise", "kind"), [*planted, *bystanders]
    )
    return sum(path.stat().st_size for path in folder.iterdir())


def write_table(path: Path, columns: tuple[str, ...], rows: Iterable[Sequence[object]]) -> None:
    """A small CSV with one header line and Unix line ends."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _write(job: tuple[Path, str, int]) -> None:
    path, label, seed = job
    Image.fromarray(render(sample_scene(label, seed, "corpus")).image).save(path, quality=QUALITY, method=6)
