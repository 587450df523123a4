"""The published matrix is the printed one, and stands beside an own one in the same rows and columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import emocam_widgets as emo
from emocam_widgets import figures
from emocam_widgets.analysis.association import Aggregate, Association
from emocam_widgets.errors import EmocamError
from emocam_widgets.figures.image import cam_in_pixels
from emocam_widgets.run import Run
from emocam_widgets.types import Cam, View
from tests.worlds import make_run


def association(labels: tuple[str, ...], classes: tuple[str, ...]) -> Association:
    """Ten images of each label; all of the first label, and half of the others, show the first class."""
    images = pd.DataFrame({"image_id": [f"{i:02d}" for i in range(10 * len(labels))]})
    images["label"] = [labels[i // 10] for i in range(len(images))]
    ids = [name for i, name in enumerate(images["image_id"]) if i < 10 or i % 2]
    boxes = pd.DataFrame({"image_id": ids, "object_class": classes[0], "confidence": 0.9})
    return Aggregate(images, boxes, np.ones(len(boxes)), labels=labels, classes=classes).at(0.3)


def test_the_matrix_is_the_one_that_was_printed() -> None:
    table = emo.published_association()
    assert table.shape == (25, 20)
    assert table.loc["Clothing", "Adoration"] == 0.52
    assert table.loc["Musical instrument", "Surprise"] == 0.01
    assert table.loc["Sports equipment", "Excitement"] == 0.33
    assert table["Boredom"].isna()["Human face"]
    assert table.min(axis=None) >= 0 and table.max(axis=None) <= 1
    table.iloc[:] = 0
    assert emo.published_association().loc["Clothing", "Adoration"] == 0.52


def test_what_both_have_stands_side_by_side_in_the_papers_order() -> None:
    own = association(("Joy", "Adoration", "Bliss"), ("Plant", "Clothing", "Kite"))
    figure = figures.beside_published(own, synthetic=True)
    left, right = figure.data
    assert list(left.y) == list(right.y) == ["Clothing", "Plant"]
    assert list(left.x) == list(right.x) == ["Adoration", "Joy"]
    assert left.z.tolist() == [[0, 0], [50, 100]]
    assert np.allclose(right.z, [[52, 64], [19, 14]])
    assert "synthetic" in figure.layout.annotations[0].text
    assert "EmoCAM, Fig. 2" in figure.layout.title.text


@pytest.mark.parametrize(
    ("labels", "classes", "missing"),
    [(("Bliss", "Gloom"), ("Plant",), "label"), (("Joy", "Fear"), ("Kite",), "object class")],
)
def test_nothing_in_common_is_refused(labels: tuple[str, ...], classes: tuple[str, ...], missing: str) -> None:
    with pytest.raises(EmocamError, match=f"no {missing} in common"):
        figures.beside_published(association(labels, classes))


def test_cells_are_shown_as_they_are() -> None:
    grid = np.array([[0.0, 1.0], [0.5, 0.25]], dtype=np.float32)
    cam = Cam(grid, View(0, 0, 40, 20), "grad-cam", "Joy")
    cells = cam_in_pixels(cam, (40, 20), (20, 10), smooth=False)
    assert np.array_equal(cells, np.kron(grid, np.ones((5, 10))))
    assert len(np.unique(cam_in_pixels(cam, (40, 20), (20, 10)))) > 4


def test_a_maps_cells_stand_beside_the_smooth_map(tmp_path: Path) -> None:
    run: Run = make_run(tmp_path, n=4)
    image_id = run.images["image_id"].iloc[0]
    figure = figures.cam_grid(run, image_id)
    assert len(figure.data) == 2 and figure.data[0].source != figure.data[1].source
    height, width = run.grid(image_id, run.methods[0]).grid.shape
    assert f"{height} x {width} cells" in figure.layout.annotations[0].text
