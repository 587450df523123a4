"""The model card in docs/: written by the training commands from what they measured, never by hand."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

HEAD = """# Model card of the embedded world

All models are trained on drawn, synthetic scenes of this project's own generator. They say nothing about photographs,
about EmoNet or about people's emotions; they exist so that the suite can be explored without a network or data of one's
own.
This file is written by `emocam train`.
"""


def update_model_card(card: Path, section: str, score: Any) -> None:
    """Put ``score`` (a dataclass) under ``section`` ("detector", "classifier" or "affect") and write the card anew.

    The figures are kept beside the card as JSON, so that one model can be trained without the other.
    """
    figures = card.with_suffix(".json")
    known = json.loads(figures.read_text(encoding="utf-8")) if figures.is_file() else {}
    if not is_dataclass(score) or isinstance(score, type):
        raise TypeError(f"a score is a dataclass, not {type(score).__name__}")
    known[section] = {**asdict(score), "machine": f"{platform.machine()}, Python {platform.python_version()}"}
    card.parent.mkdir(parents=True, exist_ok=True)
    figures.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    parts = [HEAD]
    if "classifier" in known:
        parts.append(_classifier(known["classifier"]))
    if "affect" in known:
        parts.append(_affect(known["affect"]))
    if "detector" in known:
        parts.append(_detector(known["detector"]))
    card.write_text("\n".join(parts), encoding="utf-8")


def _classifier(figures: dict[str, Any]) -> str:
    return f"""## Classifier (`load_classifier("demo")`)

A convolutional network with a 14 x 14 target layer and a spatial, non-linear tail (as EmoNet's), 20 labels, 224 x 224
input.

- Top-1 accuracy **{figures["accuracy"]:.3f}** over {figures["n"]} scenes of seeds that no training used.
- Trained in {figures["seconds"] / 60:.0f} minutes on {figures["machine"]}.
- Settings: {_settings(figures["settings"])}.

{_table("label", "recall", figures["recall"])}"""


def _affect(figures: dict[str, Any]) -> str:
    return f"""## Affect classifier (`load_classifier("demo-affect")`)

The classifier's trunk, pooled over the whole picture, under the head of the second paper's model (batch normalisation,
then 512, 128 and 3 units), for negative, other and positive; the 20 labels of the scenes are grouped by
`labels.EMONET_AFFECT`, which is this project's choice. Trained in two stages as the paper has it: the new layers first,
then everything.

- Accuracy **{figures["accuracy"]:.3f}**, macro F1 {figures["macro_f1"]:.3f} over {figures["n"]} scenes of seeds that no
  training used; always answering the most frequent label gives {figures["majority"]:.3f}.
- Validation accuracy {figures["new_layers_accuracy"]:.3f} after stage one, {figures["validation_accuracy"]:.3f} after
  stage two.
- Trained in {figures["seconds"] / 60:.0f} minutes (drawing apart) on {figures["machine"]}.
- Settings: {_settings(figures["settings"])}.

{_table("label", "recall", figures["recall"])}"""


def _detector(figures: dict[str, Any]) -> str:
    return f"""## Detector (`load_detector("demo")`)

A narrow YOLOv8 (Ultralytics) for 24 Open Images classes, 320 px input.

- mAP@0.5 **{figures["map50"]:.3f}** over {figures["n_boxes"]} boxes of at least 16 px a side at the input size,
  in {figures["n"]} scenes of seeds that no training used.
- Trained in {figures["seconds"] / 60:.0f} minutes on {figures["machine"]}.
- Settings: {_settings(figures["settings"])}.

{_table("class", "average precision", figures["average_precision"])}"""


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items())


def _table(what: str, value: str, rows: dict[str, float]) -> str:
    lines = [f"| {what} | {value} |", "| --- | --- |", *(f"| {name} | {number:.2f} |" for name, number in rows.items())]
    return "\n".join(lines) + "\n"
