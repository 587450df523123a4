"""Every method in use: in an analysis, in a worker and on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from emocam_widgets.cli import main
from emocam_widgets.corpus import Corpus
from emocam_widgets.detectors import DETECTORS, wrap_detector
from emocam_widgets.engine import Worker, analyze
from emocam_widgets.explain import METHODS
from emocam_widgets.models import CLASSIFIERS
from emocam_widgets.run import open_run
from tests.explaining import pooled_classifier
from tests.tiny_models import picture


def test_every_method_in_an_analysis_and_a_worker(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, out = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("runs") / "run"
    for i in range(2):
        picture(i, (96, 72)).save(folder / f"{i}.png")
    corpus, classifier = Corpus.from_folder(folder), pooled_classifier()
    run = analyze(corpus, classifier, None, list(METHODS), out=out, progress=False)
    assert run.failures.empty and set(run.methods) == set(METHODS)
    cams = run.cams
    assert len(cams) == 2 * len(METHODS)
    assert dict(zip(cams.method, cams.output, strict=True)) == {name: METHODS[name].output for name in METHODS}
    with Worker(classifier) as worker:
        for method in METHODS:
            cam = worker.explain(corpus.open("0.png"), method)
            assert cam.target in classifier.labels
            np.testing.assert_allclose(cam.grid, run.grid("0.png", method).grid, atol=2e-3)


def test_every_method_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CLASSIFIERS._parts, "tiny", lambda _device: pooled_classifier())
    monkeypatch.setitem(DETECTORS._parts, "nothing", lambda _device: wrap_detector(lambda _images: [], ["Person"]))
    (tmp_path / "photos").mkdir()
    picture(0, (96, 72)).save(tmp_path / "photos" / "0.png")
    asked = [argument for method in METHODS for argument in ("--method", method)]
    out = str(tmp_path / "run")
    arguments = ["analyze", str(tmp_path / "photos"), "--out", out, "--classifier", "tiny", "--detector", "nothing"]
    result = CliRunner().invoke(main, [*arguments, "--quiet", *asked])
    assert result.exit_code == 0, result.output
    assert sorted(open_run(out).cams.method) == sorted(METHODS)
