"""When the small box wins (EmoCAM, Fig. 4 and Sec. 4): which box comes first under which score, and rough masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emocam_widgets.analysis.importance import SCORES, cam_importance, grouped_importance
from emocam_widgets.engine.scoring import score_methods
from emocam_widgets.errors import EmocamError
from emocam_widgets.rle import encode_mask
from emocam_widgets.run.run import DEFAULT_MIN_CONFIDENCE
from emocam_widgets.teaching.presence import known_truth
from emocam_widgets.teaching.steps import Exercise, Question, Step

if TYPE_CHECKING:
    from PIL import Image

    from emocam_widgets.run import Run
    from emocam_widgets.widgets.expectation import Expectation
    from emocam_widgets.widgets.methods import MethodComparison

SMALL = 0.01  # of the picture: a box below it is called small
BINS = 8  # of each colour, in the rough masks
MARGIN = 0.5  # of a box's sides: how far around it the background is looked at
CORPUS_SCORES = ("mean", "maximum", "mass", "contrast", "upper-quantile")


def rough_masks(image: Image.Image, boxes: NDArray[np.float32]) -> list[str]:
    """A mask for each box (n, 4) of an image, by colour alone, run-length encoded as `rle.encode_mask` writes it.

    A stand-in for a detector that segments: good enough for drawings with flat colours, and for nothing else.
    """
    pixels = np.asarray(image.convert("RGB")) // (256 // BINS)
    colours = (pixels.astype(np.intp) * np.array([BINS * BINS, BINS, 1])).sum(axis=-1)
    return [encode_mask(rough_mask(colours, box)) for box in boxes]


def rough_mask(colours: NDArray[np.intp], box: NDArray[np.float32]) -> NDArray[np.bool_]:
    """bool (h, w): the pixels in a box whose colour is more frequent in it than in the frame round it.

    The whole box where no colour is.

    Args:
        colours: (h, w), the number of each pixel's colour, below BINS ** 3.
        box: x0, y0, x1, y1 in pixels.
    """
    height, width = colours.shape
    x0, y0 = (max(0, int(np.floor(edge))) for edge in box[:2])
    x1, y1 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    dx, dy = max(2, round(MARGIN * (x1 - x0))), max(2, round(MARGIN * (y1 - y0)))
    around = colours[max(0, y0 - dy) : y1 + dy, max(0, x0 - dx) : x1 + dx]
    inside = colours[y0:y1, x0:x1]
    of_box = np.bincount(inside.ravel(), minlength=BINS**3)
    frame = np.bincount(around.ravel(), minlength=BINS**3) - of_box
    more = of_box / max(of_box.sum(), 1) > frame / max(frame.sum(), 1)
    mask = np.zeros(colours.shape, bool)
    mask[y0:y1, x0:x1] = more[inside] if more[inside].any() else True
    return mask


def first_by_score(comparison: MethodComparison) -> pd.DataFrame:
    """Which box comes first under each score, for the comparison's image and the first of its methods.

    "mask-mean" goes by the masks of the worker's detector, and by `rough_masks` where that gives none.

    Returns:
        One row per score: first (its object class), importance (0..1), share_of_picture (of the box, 0..1), and the
        rank that the box which is first under "mean" has here.

    Raises:
        EmocamError: the comparison has no corpus, image or worker with a detector, or nothing is detected.
    """
    image, worker = _picture(comparison), comparison.worker
    if worker is None:
        raise EmocamError("Boxes are needed: pass a worker with a detector to the comparison.")
    settings = getattr(worker.detector, "settings", {})
    found = worker.detect(image, float(settings.get("confidence", DEFAULT_MIN_CONFIDENCE)))
    if not len(found):
        raise EmocamError("The detector finds nothing in this image.")
    cam, n = comparison.cam(comparison.methods[0]), np.zeros(len(found), np.intp)
    masks = list(found.encoded_masks or rough_masks(image, found.boxes))
    grids = np.asarray(cam.grid, np.float32)[None]
    values = {score: grouped_importance(grids, n, found.boxes, cam.view, *image.size, score, masks) for score in SCORES}
    areas = _shares(found.boxes, image.size)
    first = int(np.argmax(values["mean"]))
    rows = {}
    for score, each in values.items():
        top = int(np.argmax(each))
        rank = int((each > each[first]).sum()) + 1
        rows[score] = (found.object_class[top], round(float(each[top]), 3), round(float(areas[top]), 4), rank)
    columns = ["first", "importance", "share_of_picture", f"rank_of_that_{found.object_class[first].lower()}"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("score").rename(columns=lambda name: name.replace(" ", "_"))


def first_boxes(run: Run, method: str | None = None, scores: Sequence[str] = CORPUS_SCORES) -> pd.DataFrame:
    """The box that comes first in each image of a run, under each score, and how good the score's association is.

    Returns:
        One row per score: median_share_of_picture (of the first box, 0..1), small (the share of images in which it is
        under a hundredth of the picture), most_often (the class that is first in most images) and its share. Where it
        is known what the classifier uses (of the embedded world), also average_precision of the association against
        that, for things alone, and what maps exchanged between the images get.
    """
    name = method or run.methods[0]
    boxes = run.boxes.merge(run.images[["image_id", "width", "height"]], on="image_id", how="left")
    boxes["area"] = (boxes["x1"] - boxes["x0"]) * (boxes["y1"] - boxes["y0"]) / boxes["width"] / boxes["height"]
    counts = (boxes["confidence"] >= run.min_confidence).to_numpy()
    rows = {}
    for score in scores:
        mine = boxes.assign(importance=run.importance(name, score))[counts]
        tops = mine.loc[mine.groupby("image_id")["importance"].idxmax()]
        classes = tops["object_class"].value_counts(normalize=True)
        rows[score] = (tops["area"].median(), (tops["area"] < SMALL).mean(), classes.index[0], classes.iloc[0])
    columns = ["median_share_of_picture", "small", "most_often", "share"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("score")
    if known_truth(run) is not None:
        found = score_methods(run, [name], list(scores), things_only=True, bootstrap=0, shuffles=5).loc[name]
        table["average_precision"] = found["average_precision"]
        table["exchanged_maps"] = found["average_precision_shuffled"]
    return table.round(3)


def check_expected(committed: bool, sentence: str) -> Step:
    """Did the reader lock what the classifier should look at?"""
    task = "Mark what the classifier should look at, above, and lock it."
    if not committed:
        return Step(task, False, "Click the boxes that should speak for the label; then Lock and reveal.")
    return Step(task, True, sentence)


def check_first_box(
    names: Sequence[str], importance: NDArray[np.float32], areas: NDArray[np.float32], box: int | None
) -> Step:
    """Is the box that is pointed at the one with the greatest mean?"""
    task = "Under the score mean, click the box that comes first in the list, and find it on the picture."
    top = int(np.argmax(importance))
    if box is None:
        return Step(task, False, "The list stands in the order of importance.")
    said = f"{names[box]}: mean {importance[box]:.2f}, {areas[box]:.1%} of the picture."
    if box != top:
        return Step(task, False, f"{said} That is not the first.")
    return Step(task, True, f"{said} Is that where you would say that the classifier looks?")


def check_other_score(score: str, name: str, area: float) -> Step:
    """Is the first box under the chosen score not a small one?"""
    task = "Choose another score, until no small part comes first."
    if score == "mean":
        return Step(task, False, "The chooser stands above the map. What each score measures, its name says.")
    if score == "mask-mean":
        return Step(task, False, "This view knows no masks, so that is the mean again; masks come in the table below.")
    said = f"Under {score} the first is {name}, {area:.1%} of the picture."
    if area < SMALL:
        return Step(task, False, f"{said} Still less than a hundredth of it.")
    return Step(task, True, f"{said} Is it better, or only larger?")


def small_box(comparison: MethodComparison, expectation: Expectation | None = None) -> Exercise:
    """The first exercise of notebook 06: the box that comes first under the paper's score, and under others.

    Args:
        comparison: of one image, with boxes; its first method counts.
        expectation: of the same image; locking it is then the first step, and no other counts before.

    Returns:
        The list of steps, to be shown under the comparison.
    """

    def values(score: str) -> tuple[list[str], NDArray[np.float32], NDArray[np.float32]]:
        size, found = _picture(comparison).size, comparison.boxes
        edges = found[["x0", "y0", "x1", "y1"]].to_numpy(np.float32)
        importance = cam_importance(comparison.cam(comparison.methods[0]), edges, *size, score)
        return list(found["object_class"]), importance, _shares(edges, size)

    def first() -> Step:
        names, importance, areas = values("mean")
        pointed = comparison.score == "mean" and (expectation is None or expectation.committed)
        return check_first_box(names, importance, areas, comparison.box if pointed else None)

    def other() -> Step:
        names, importance, areas = values(comparison.score)
        top = int(np.argmax(importance))
        return check_other_score(comparison.score, names[top], float(areas[top]))

    watched = (comparison, ["box", "score", "image_id"])
    if expectation is None:
        return Exercise([first, other], [watched])
    expected = expectation

    def locked() -> Step:
        return check_expected(expected.committed, expected.sentence)

    return Exercise([locked, first, other], [watched, (expected, ["committed", "sentence"])])


def score_question(table: pd.DataFrame) -> Question:
    """Under which scores does no small box come first? Asked of what `first_by_score` found."""
    small = table["share_of_picture"] < SMALL
    choices = {}
    for score, name, share in zip(table.index, table["first"], table["share_of_picture"], strict=True):
        said = f"Under {score} the first is {name}, {share:.1%} of the picture."
        small_too = " The mask of a small thing is small too." if score == "mask-mean" else ""
        verdict = f"That is small.{small_too}" if share < SMALL else "But does it favour large boxes?"
        choices[str(score)] = f"{said} {verdict}"
    none = "under none of them"
    choices[none] = "Yes." if small.all() else "There is one: read the column share_of_picture."
    right = [str(score) for score in table.index[~small]] or [none]
    return Question("Under which of these scores does no small part come first in this picture?", choices, right)


def _picture(comparison: MethodComparison) -> Image.Image:
    if comparison.corpus is None or comparison.image_id is None:
        raise EmocamError("The comparison must show an image of a corpus: MethodComparison(image_id, worker, corpus).")
    return comparison.corpus.open(comparison.image_id)


def _shares(boxes: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """(n,): each box's share of the picture, 0..1."""
    shares: NDArray[np.float32] = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) / (size[0] * size[1])
    return shares
