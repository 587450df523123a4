"""EmoCAM's Fig. 3A on a picture of one's own: a thing on each head and beside one, and its grey silhouette there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from emocam_widgets import demo
from emocam_widgets.engine.compose import Sprites, paste
from emocam_widgets.errors import EmocamError
from emocam_widgets.teaching.make_it_flip import BALL, OTHER, Box, Place, heads_of, name_of
from emocam_widgets.teaching.steps import Question
from emocam_widgets.types import Placement, Prediction

if TYPE_CHECKING:
    from PIL import Image

    from emocam_widgets.widgets.editor import ObjectEditor

HEIGHT = 0.2  # of the picture, as in the paper's experiment (Sec. 3.2)
GAP = 0.02  # of the picture's width, between a head and what is put beside it


def ball_and_heads(editor: ObjectEditor, things: Sequence[str] = (BALL, OTHER)) -> pd.DataFrame:
    """Each thing on the two leftmost heads and beside the first, and grey in its silhouette at the same places.

    The side of the first head with more room is taken, and what is on the picture in the editor does not count.

    Args:
        editor: with a worker, and an image of two heads that its detector finds.
        things: names of shipped sprites; a fifth of the picture high.

    Returns:
        One row per thing and place, after one for the picture without anything: thing, place, label, two columns with
        the probabilities of the label before and of the one most often switched to, grey_label ("" in the first row).

    Raises:
        EmocamError: there are fewer than two heads.
    """
    image, worker = _untouched(editor), editor.worker
    heads = heads_of(editor)
    if worker is None or len(heads) < 2:
        raise EmocamError(f"This needs a worker and a picture of two heads; {len(heads)} are found in this one.")
    sprites = Sprites({name: demo.open_sprite(name) for name in things})
    before = worker.predict(image)
    rows: list[tuple[str, str, Prediction, str]] = [("nothing", "", before, "")]
    for thing in things:
        for place in (Place("on", 0), Place("beside", 0), Place("on", 1)):
            where = placement(thing, place, heads, image.size, sprites)
            now, grey = (worker.predict(paste(image, sprites, [where], each)) for each in ("object", "grey"))
            rows.append((thing, name_of([place], len(heads)), now, grey.label))
    return _table(rows, before)


def placement(thing: str, place: Place, heads: Sequence[Box], size: tuple[int, int], sprites: Sprites) -> Placement:
    """The thing on a head's middle, or beside it at the same height, on the side with more room."""
    x0, y0, x1, y1 = heads[place.head]
    x = (x0 + x1) / 2
    if place.kind == "beside":
        sprite = sprites[thing]
        half = HEIGHT * size[1] * sprite.width / sprite.height / 2 + GAP * size[0]
        others = [head for number, head in enumerate(heads) if number != place.head]
        left = x0 - max([0.0, *(head[2] for head in others if head[2] <= x0)])
        right = min([float(size[0]), *(head[0] for head in others if head[0] >= x1)]) - x1
        x = x1 + half if right >= left else x0 - half
    return Placement(thing, x / size[0], (y0 + y1) / 2 / size[1], HEIGHT)


def silhouette_question(table: pd.DataFrame, thing: str = BALL) -> Question:
    """Where does the thing's grey silhouette alone change the label? Asked of what `ball_and_heads` found."""
    before = str(table["label"].iloc[0])
    rows = table[table["thing"] == thing]
    covered = rows["grey_label"] != before
    choices, nowhere = {}, "at none of them"
    for place, label, grey, alone in zip(rows["place"], rows["label"], rows["grey_label"], covered, strict=True):
        if not alone:
            choices[place] = f"There grey leaves it at {before}. Look at the last column again."
            continue
        choices[place] = (
            f"Yes: grey makes it {grey}, the {thing} {label}. Covering this place with grey changes the label alone, "
            "so what the thing does here cannot be told from what it hides."
        )
    choices[nowhere] = (
        "There is one where it does. Compare each row with the first."
        if covered.any()
        else f"Yes: the silhouette leaves {before} everywhere, so here it is the {thing}."
    )
    right = list(rows["place"][covered]) or [nowhere]
    return Question(f"At which place does the {thing}'s grey silhouette alone change the label?", choices, right)


def _table(rows: Sequence[tuple[str, str, Prediction, str]], before: Prediction) -> pd.DataFrame:
    others = Counter(now.label for _, _, now, _ in rows if now.label != before.label)
    shown = [before.label, *(label for label, _ in others.most_common(1))]
    table = pd.DataFrame(
        [(thing, place, now.label) for thing, place, now, _ in rows], columns=["thing", "place", "label"]
    )
    for label in shown:
        index = before.labels.index(label)
        table[label] = [round(float(now.probabilities[index]), 3) for _, _, now, _ in rows]
    return table.assign(grey_label=[grey for _, _, _, grey in rows])


def _untouched(editor: ObjectEditor) -> Image.Image:
    if editor.image_id is not None and editor.corpus is not None:
        return editor.corpus.open(editor.image_id)
    if editor.placements or editor.edits:
        raise EmocamError("Take everything off the picture first: it is not one of a corpus.")
    return editor.export_image()
