"""The notebook on own images and models: label, change and compare; and what to check before a map is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import pandas as pd

from emocam_widgets.teaching.steps import Exercise, Question, Step
from emocam_widgets.teaching.watching import watch_editor_of

if TYPE_CHECKING:
    from PIL import Image
    from torch import nn

    from emocam_widgets.models import SplitClassifier
    from emocam_widgets.widgets.explorer import Explorer

ENOUGH_LABELS = 3
LABELS = ("cool", "warm")
SIZE = 96
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
KNOWN = {"cool": "#3c78e6", "warm": "#f08c3c"}
MISTAKES = {"A": "the order of the labels", "B": "the target layer", "C": "the preprocessing"}


def warm_or_cool() -> nn.Module:
    """The network made by hand that stands in for the reader's own; see `teaching.hand_made`."""
    from emocam_widgets.teaching.hand_made import warm_or_cool as made

    return made()


def check_labelled(given: Mapping[str, str], predicted: Mapping[str, str]) -> Step:
    """Were pictures labelled? `given` and `predicted` are labels by image id."""
    task = f"Give {ENOUGH_LABELS} pictures your label: click one, and press a number key (1 is the first label)."
    if not given:
        return Step(task, False, "Click into the pictures first, so that the keys go there. Ctrl+Z takes a label back.")
    if len(given) < ENOUGH_LABELS:
        return Step(task, False, f"{ENOUGH_LABELS - len(given)} to go. They are saved as you go.")
    same = sum(predicted.get(image_id) == label for image_id, label in given.items())
    return Step(task, True, f"You labelled {len(given)}, and the network says the same of {same}.")


def check_turned(before: str | None, now: str | None, labels: tuple[str, ...], kinds: tuple[str, ...]) -> Step:
    """Was a picture of the first label turned into one of the last by one edit of its colour temperature?

    Args:
        before, now: the picture's label without and with the edits; None without a picture in the editor.
        labels: the classifier's.
        kinds: of the edits that are on it.
    """
    first, last = labels[0], labels[-1]
    task = f"Open a picture labelled {first} in Edit, and turn it into {last} by changing its colour temperature."
    if before is None or now is None:
        return Step(task, False, "A double click opens a picture; Edit is above it.")
    if before != first:
        return Step(task, False, f"This one is labelled {before} to begin with. Choose {first} above the pictures.")
    if not kinds:
        return Step(task, False, "Open Regions, choose what to do, and click All. The slider sets how much.")
    if set(kinds) != {"warm"}:
        return Step(task, False, "Something else than the temperature was changed: undo it.")
    if now != last:
        return Step(task, False, f"Still {now}. The slider goes both ways: which way should the label follow?")
    return Step(task, True, "The label follows the change that it should follow: its order and preprocessing fit.")


def your_own(explorer: Explorer) -> Exercise:
    """The exercise of notebook 08: label pictures by the number keys, then turn a label by the temperature alone.

    Args:
        explorer: over the reader's pictures, with a worker.
    """
    labels = tuple(explorer.run.labels)

    def labelled() -> Step:
        images = explorer.run.images
        return check_labelled(explorer.browser.annotations, dict(zip(images["image_id"], images["label"], strict=True)))

    def turned() -> Step:
        editor = explorer.editor
        if editor is None or not editor.prediction:
            return check_turned(None, None, labels, ())
        before, now = editor.original_prediction, editor.prediction
        kinds = tuple(edit["kind"] for edit in editor.edits) + ("paste",) * len(editor.placements)
        return check_turned(max(before, key=lambda n: before[n]), max(now, key=lambda n: now[n]), labels, kinds)

    exercise = Exercise([labelled, turned], [(explorer.browser, ["annotations"])])
    watch_editor_of(exercise, explorer, ["image_id", "placements", "edits"])
    return exercise


# -- what to check -----------------------------------------------------------------------------------------------------


def known_pictures() -> dict[str, Image.Image]:
    """Two pictures about which there can be no doubt: one plain blue, one plain orange, by their label."""
    from PIL import Image

    return {label: Image.new("RGB", (SIZE, SIZE), colour) for label, colour in KNOWN.items()}


def miswrapped(network: nn.Module) -> dict[str, SplitClassifier]:
    """The network of `warm_or_cool` wrapped as it should be, and three times with one mistake each: A, B and C."""
    from emocam_widgets.models import wrap_classifier

    return {
        "right": wrap_classifier(network, LABELS, SIZE, MEAN, STD, name="right"),
        "A": wrap_classifier(network, LABELS[::-1], SIZE, MEAN, STD, name="A"),
        "B": wrap_classifier(network, LABELS, SIZE, MEAN, STD, target="0", name="B"),
        "C": wrap_classifier(network, LABELS, SIZE, name="C"),
    }


def wrapping_table(classifiers: Mapping[str, SplitClassifier], known: Mapping[str, Image.Image]) -> pd.DataFrame:
    """What shows whether a network was wrapped as it was trained, one row per classifier.

    Args:
        classifiers: by the name of their row.
        known: pictures whose label is beyond doubt, by label.

    Returns:
        lowest and highest: of the values that the network gets; sees: the share of a picture that its preprocessing
        leaves; right: how many of the known pictures it labels rightly; sure: its mean probability of what it says;
        target layer; map: the size of its CAMs.
    """
    rows = {name: _checked(classifier, known) for name, classifier in classifiers.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def _checked(classifier: SplitClassifier, known: Mapping[str, Image.Image]) -> dict[str, Any]:
    pictures = list(known.values())
    values, views = classifier.inputs(pictures)
    shares = [
        (view.x1 - view.x0) * (view.y1 - view.y0) / (picture.width * picture.height)
        for picture, view in zip(pictures, views, strict=True)
    ]
    activation, _ = classifier.activations(pictures)
    found = classifier.predictions(activation)
    right = sum(one.label == label for label, one in zip(known, found, strict=True))
    height, width = activation.shape[-2:]
    return {
        "lowest": round(float(values.min()), 2),
        "highest": round(float(values.max()), 2),
        "sees": f"{np.mean(shares):.0%}",
        "right": f"{right} of {len(known)}",
        "sure": round(float(np.mean([one.probabilities.max() for one in found])), 2),
        "target layer": classifier.target,
        "map": f"{height} by {width}",
    }


_HINTS = {
    "the order of the labels": "Then it would call the known pictures by each other's names. Look at the column right.",
    "the target layer": "Then its map would be of another size than that of the row above. Look at the last columns.",
    "the preprocessing": "Then the network would get other values than in the row right. Look at the first columns.",
}
_TOLD = {
    "the order of the labels": "Yes: as sure as before, and wrong each time. Its maps look right, under a wrong name.",
    "the target layer": "Yes: an early layer. All labels are as before, so only the map's size gives it away.",
    "the preprocessing": "Yes: not normalised as the network expects. It can still be right, and is far less sure.",
}


class Mistakes(ipywidgets.VBox):
    """Which mistake was made in A, B and C: one question each.

    Attributes:
        questions: by the letter.
    """

    def __init__(self, **settings: Any) -> None:
        self.questions = {
            letter: Question(f"{letter}: what is wrong?", {**_HINTS, mistake: _TOLD[mistake]}, mistake, **settings)
            for letter, mistake in MISTAKES.items()
        }
        super().__init__(list(self.questions.values()))

    @property
    def done(self) -> bool:
        """All are answered rightly."""
        return all(question.correct for question in self.questions.values())
