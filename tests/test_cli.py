"""The command line as scripts use it: exit codes, one sentence per error, bad images, going on, real photographs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skimage
import ultralytics
from click.testing import CliRunner, Result
from PIL import Image

from emocam_widgets import demo_session
from emocam_widgets.cli import main
from emocam_widgets.detectors import DETECTORS, wrap_detector
from emocam_widgets.engine.batch import Analysis, Prepared, Rows
from emocam_widgets.errors import EmocamError
from emocam_widgets.models import CLASSIFIERS
from emocam_widgets.run import open_run
from tests.tiny_models import CLASSES, picture, tiny_classifier, tiny_detector

SKIMAGE, ULTRALYTICS = Path(skimage.__file__).parent / "data", Path(ultralytics.__file__).parent / "assets"
PHOTOGRAPHS = [SKIMAGE / name for name in ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")]
PHOTOGRAPHS += [ULTRALYTICS / name for name in ("bus.jpg", "zidane.jpg")]
ORIENTATION = 0x0112


@pytest.fixture(autouse=True)
def tiny_models(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Registers tiny models as other packages register theirs, under the names "tiny"."""
    detector = tiny_detector(tmp_path_factory.mktemp("detector"))
    monkeypatch.setitem(CLASSIFIERS._parts, "tiny", lambda _device: tiny_classifier())
    monkeypatch.setitem(DETECTORS._parts, "tiny", lambda _device: detector)
    yield


def emocam(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def analyze(folder: Path, out: Path, *more: object) -> Result:
    return emocam("analyze", folder, "--out", out, "--classifier", "tiny", "--detector", "tiny", "--quiet", *more)


def test_real_photographs(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for photograph in PHOTOGRAPHS:
        shutil.copy(photograph, tmp_path / "photos")
    result = analyze(tmp_path / "photos", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "6 images" in result.stdout and "could not be used" not in result.stdout
    assert "no finding" in result.stdout, "a synthetic classifier's results were shown as if they told something"
    run = open_run(tmp_path / "run")
    assert sorted(run.images["image_id"]) == sorted(photograph.name for photograph in PHOTOGRAPHS)
    assert len(run.cams) == 6 and set(run.boxes["image_id"]) <= set(run.images["image_id"])


def _bad_folder(folder: Path) -> tuple[set[str], dict[str, str]]:
    """Files that must be used, and files that cannot be, with a piece of the reason."""
    folder.mkdir()
    plain = picture(1, (80, 60))
    plain.save(folder / "plain.jpg")
    plain.save(folder / "png_named_jpg.jpg", format="PNG")
    plain.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(np.linspace(0, 65535, 80 * 60).reshape(60, 80).astype(np.uint16)).save(folder / "sixteen_bit.png")
    plain.quantize(16).save(folder / "palette.png")
    plain.save(folder / "animated.gif", save_all=True, append_images=[picture(2, (80, 60)), picture(3, (80, 60))])
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    plain.save(folder / "rotated.jpg", exif=exif)
    Image.new("RGB", (1, 1)).save(folder / "one_pixel.png")
    usable = {path.name for path in folder.iterdir()}
    plain.save(folder / "whole.png")
    content = (folder / "whole.png").read_bytes()
    (folder / "whole.png").unlink()
    (folder / "truncated.png").write_bytes(content[: len(content) // 2])
    (folder / "empty.jpg").touch()
    (folder / "text.png").write_text("this is no picture")
    Image.new("1", (10_001, 10_001)).save(folder / "huge.png")
    (folder / "notes.txt").write_text("passed over")
    return usable, {
        "truncated.png": "cut short",
        "empty.jpg": "empty",
        "text.png": "not an image",
        "huge.png": "megapixels",
    }


def test_bad_files_become_failures_with_a_reason(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    usable, unusable = _bad_folder(tmp_path / "bad")
    recwarn.clear()
    result = analyze(tmp_path / "bad", tmp_path / "run")
    assert result.exit_code == 0, result.output
    run = open_run(tmp_path / "run")
    assert set(run.images["image_id"]) == usable
    reasons = dict(zip(run.failures["image_id"], run.failures["reason"], strict=True))
    assert set(reasons) == set(unusable)
    for name, piece in unusable.items():
        assert piece in reasons[name]
        assert f"{name}: {reasons[name]}" in result.stdout
    assert run.image("rotated.jpg")["width"] == 60
    assert np.isfinite(run.probabilities).all() and not recwarn.list


def test_exit_code_where_no_image_could_be_used(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "empty.jpg").touch()
    result = analyze(tmp_path / "bad", tmp_path / "run")
    assert result.exit_code == 1
    assert "No image could be used" in result.stderr and "empty.jpg: the file is empty" in result.stdout


def _refused(result: Result, *pieces: str) -> None:
    assert result.exit_code == 2
    for piece in pieces:
        assert piece in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1 and "Traceback" not in result.output


def test_user_errors_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    _refused(analyze(tmp_path / "nowhere", tmp_path / "run"), "no folder", "nowhere")
    _refused(analyze(tmp_path / "photos", tmp_path / "run"), "no image", ".jpg")
    picture(0).save(tmp_path / "photos" / "a.png")
    _refused(analyze(tmp_path / "photos" / "a.png", tmp_path / "run"), "is a file")
    photos, run = tmp_path / "photos", tmp_path / "run"
    _refused(analyze(photos, run, "--method", "gradcam"), "did you mean 'grad-cam'")
    _refused(analyze(photos, run, "--classifier", "demmo"), "classifier", "did you mean 'demo'")
    _refused(analyze(photos, run, "--detector", "yolov8-oiv7"), "detector", "did you mean 'yolov8")
    assert not run.exists(), "a refused command left a run folder behind"
    _refused(emocam("paste", photos, "--classifier", "tiny", "--object", "rugby bal"), "sprite", "'rugby ball'")


def test_a_run_of_another_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    picture(0).save(tmp_path / "photos" / "a.png")
    assert analyze(tmp_path / "photos", tmp_path / "run").exit_code == 0
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    (tmp_path / "run" / "manifest.json").write_text(json.dumps({**manifest, "schema": 99}))
    _refused(analyze(tmp_path / "photos", tmp_path / "run"), "99", "schema")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("important")
    _refused(analyze(tmp_path / "photos", tmp_path / "other"), "not a run")
    assert (tmp_path / "other" / "thesis.txt").read_text() == "important"


def test_stopped_and_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    for i in range(40):
        picture(i).save(tmp_path / "photos" / f"{i:02d}.png")
    explained: list[str] = []
    compute = Analysis.explain

    def stops_in_the_middle(self: Analysis, batch: Sequence[Prepared], *more: Any) -> list[Rows]:
        if len(explained) >= 16:
            raise KeyboardInterrupt
        explained.extend(one.task.image_id for one in batch)
        return compute(self, batch, *more)

    monkeypatch.setattr(Analysis, "explain", stops_in_the_middle)
    stopped = analyze(tmp_path / "photos", tmp_path / "run")
    assert stopped.exit_code == 130 and "goes on from there" in stopped.stderr
    kept = set(open_run(tmp_path / "run").images["image_id"])
    assert kept <= set(explained) and len(kept) < 40
    monkeypatch.setattr(Analysis, "explain", compute)
    again: list[str] = []

    def noted(self: Analysis, batch: Sequence[Prepared], *more: Any) -> list[Rows]:
        again.extend(one.task.image_id for one in batch)
        return compute(self, batch, *more)

    monkeypatch.setattr(Analysis, "explain", noted)
    gone_on = analyze(tmp_path / "photos", tmp_path / "run")
    assert gone_on.exit_code == 0 and not kept & set(again) and len(kept) + len(again) == 40
    assert open_run(tmp_path / "run").images["image_id"].is_unique and "40 images" in gone_on.stdout


def _corners(image: Image.Image) -> list[tuple[str, float, tuple[float, float, float, float]]]:
    """A box in each corner; which class it has depends on the picture."""
    width, height = image.size
    bright = np.asarray(image).mean() > 128
    boxes = [(0, 0, width / 2, height / 2), (width / 2, height / 2, width, height)]
    return [(CLASSES[0] if bright else CLASSES[2], 0.9, box) for box in boxes]


def test_summary_says_whether_something_is_strong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DETECTORS._parts, "corners", lambda _device: wrap_detector(_corners, CLASSES, name="corners"))
    (tmp_path / "photos").mkdir()
    for i in range(6):
        picture(i).save(tmp_path / "photos" / f"{i}.png")
    alike = analyze(tmp_path / "photos", tmp_path / "none", "--detector", "corners", "--threshold", 1)
    assert "none is strong" in alike.stdout
    run = open_run(tmp_path / "none")
    a = run.association(threshold=0.0)
    strong = a.strong().head(10)
    shown = analyze(tmp_path / "photos", tmp_path / "none", "--detector", "corners", "--threshold", 0).stdout
    for row in strong.itertuples():
        assert f"{row.object_class}" in shown and f"lift {row.lift:.1f}" in shown
    assert ("none is strong" in shown) == strong.empty


def test_paste_on_a_folder(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for i in range(2):
        picture(i, (120, 90)).save(tmp_path / "photos" / f"{i}.png")
    models = ("--classifier", "tiny", "--object", "rugby ball")
    result = emocam("paste", tmp_path / "photos", *models, "--out", tmp_path / "run", "--quiet")
    assert result.exit_code == 0, result.output
    assert "2 images, 17 positions" in result.stdout and "rugby ball" in result.stdout
    pastes = open_run(tmp_path / "run").pastes
    switched = (pastes["label_before"] != pastes["label_after"]).mean()
    assert len(pastes) == 34 and f"{switched:.1%}" in result.stdout


def test_paste_with_controls_on_boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    for i in range(2):
        picture(i, (120, 90)).save(tmp_path / "photos" / f"{i}.png")
    corners = wrap_detector(lambda _: [("Food", 0.9, (0, 0, 40, 30)), ("Person", 0.8, (80, 60, 120, 90))], CLASSES)
    monkeypatch.setitem(DETECTORS._parts, "corners", lambda _device: corners)
    models = ("--classifier", "tiny", "--detector", "corners", "--object", "rugby ball", "--quiet")
    on_food = ("--at", "Food", "--height", "box", "--controls", "--focus", "--csv", tmp_path / "shares.csv")
    result = emocam("paste", tmp_path / "photos", *models, *on_food)
    assert result.exit_code == 0, result.output
    assert "2 images, boxes of Food" in result.stdout and "mass_after" in result.stdout
    shares = pd.read_csv(tmp_path / "shares.csv")
    assert shares["variant"].tolist() == ["object", "grey", "blurred"] and set(shares["at"]) == {"Food"}
    for row in shares.itertuples():
        assert f"rugby ball, {row.variant}" in result.stdout and f"{row.share:.1%}" in result.stdout
    assert "grey in its place" in result.stdout and "blurred in its place" in result.stdout
    _refused(emocam("paste", tmp_path / "photos", *models, "--at", "Fod"), "object class", "'Food'")
    _refused(emocam("paste", tmp_path / "photos", *models, "--height", "box"), "height='box'")


def test_as_a_process(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "emocam_widgets.cli", "analyze", str(tmp_path / "nowhere"), "--out", "run"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert "nowhere" in done.stderr and "Traceback" not in done.stderr
    assert "analyze" in emocam("--help").stdout and "train" in emocam("--help").stdout


def test_no_notebook_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_session, "PACKAGE", tmp_path / "package")
    with pytest.raises(EmocamError, match="install emocam-widgets again"):
        demo_session.notebook()
    shipped = tmp_path / "package" / "notebooks" / demo_session.NOTEBOOK
    shipped.parent.mkdir(parents=True)
    shipped.write_text("{}")
    shipped.with_name("01_next.ipynb").write_text("{}")
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "home"))
    own = demo_session.notebook()
    assert own.with_name("01_next.ipynb").is_file()
    own.write_text("mine")
    assert own.is_relative_to(tmp_path / "home") and demo_session.notebook().read_text() == "mine"


def test_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not demo_session.has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert demo_session.has_screen()


def test_demo_is_prepared_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The embedded corpus, a few images of it, with the shipped models."""
    from emocam_widgets.corpus import Corpus

    few = Corpus.demo().subset(list(Corpus.demo())[:4])
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path))
    monkeypatch.setattr(Corpus, "demo", lambda: few)
    first = emocam("demo", "--prepare")
    assert first.exit_code == 0 and "4 images" in first.stdout, first.output
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    assert emocam("demo", "--prepare").exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before
    manifest = tmp_path / "runs" / "demo" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["classifier"]["fingerprint"] = "of an older version"
    manifest.write_text(json.dumps(content))
    again = emocam("demo", "--prepare")
    assert again.exit_code == 0 and "another version" in again.stderr
    assert open_run(tmp_path / "runs" / "demo").manifest.classifier.fingerprint != "of an older version"
