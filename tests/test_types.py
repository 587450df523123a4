"""The shared value types refuse what does not fit together, and normalise what does."""

from __future__ import annotations

import numpy as np
import pytest

from emocam_widgets.types import Cam, Detections, Prediction, View


def test_prediction_reads_its_label() -> None:
    prediction = Prediction(("Joy", "Fear"), np.array([0.25, 0.75]))
    assert (prediction.label, prediction.index, prediction.probability("Joy")) == ("Fear", 1, 0.25)
    assert prediction.probabilities.dtype == np.float32
    with pytest.raises(ValueError, match="2 labels but 1"):
        Prediction(("Joy", "Fear"), np.ones(1, np.float32))


def test_detections_have_one_length() -> None:
    found = Detections(np.array([[0, 0, 4, 4]]), np.array([0.5]), ("Tree",), "d")
    assert len(found) == 1
    assert found.boxes.shape == (1, 4)
    assert found.boxes.dtype == np.float32
    assert len(Detections.none("d")) == 0
    with pytest.raises(ValueError, match=r"\(1, 1, 2\)"):
        Detections(np.zeros((1, 4), np.float32), np.ones(1, np.float32), ("Tree", "Flag"), "d")


def test_cam_has_two_axes_and_a_view_an_area() -> None:
    assert Cam(np.ones((2, 3), np.float16), View.whole(4, 6), "m", "t").grid.dtype == np.float32
    with pytest.raises(ValueError, match="two axes"):
        Cam(np.ones(4, np.float32), View.whole(4, 6), "m", "t")
    with pytest.raises(ValueError, match="x0 < x1"):
        View(3, 0, 3, 5)
    assert (View(1, 2, 4, 8).width, View(1, 2, 4, 8).height) == (3, 6)
