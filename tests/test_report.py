"""A run as one file: what it holds and leaves out, that its names stay text, and its numbers against the run's."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from emocam_widgets import explore, export_report
from emocam_widgets.cli import main
from emocam_widgets.corpus import Corpus
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.run import Run, RunWriter, open_run
from emocam_widgets.widgets.report.pictures import LEVELS, PictureMaker, wanted_order
from emocam_widgets.widgets.report.tables import THRESHOLD_STEPS, threshold_codes
from tests.reports import OTHER, ReportFile, size_with_half_the_pictures, two_methods
from tests.worlds import make_run

NASTY = "<img src=x onerror=alert(1)>"
BREAKOUT = "</script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return two_methods(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def report(run: Run, tmp_path_factory: pytest.TempPathFactory) -> ReportFile:
    return ReportFile.read(export_report(run, tmp_path_factory.mktemp("report") / "report.html"))


def test_importance_codes_compare_as_python_does() -> None:
    thresholds = np.arange(2001) / 2000
    at = thresholds.astype(np.float32)
    beside = np.concatenate([at, np.nextafter(at, np.float32(-1)), np.nextafter(at, np.float32(2))])
    importance = np.concatenate([beside, np.random.default_rng(0).random(2000, np.float32)])
    codes = threshold_codes(importance)
    steps = THRESHOLD_STEPS // 2000 * np.arange(2001)
    np.testing.assert_array_equal(codes[:, None] > steps, importance[:, None] > at)


def test_report_is_one_file_that_loads_nothing(report: ReportFile) -> None:
    (policy,) = [tag["content"] or "" for _, tag in report.tags if tag.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy and "http" not in policy
    (script,) = [text for attributes, text in report.scripts if attributes.get("type") == "module"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert "eval(" not in script and "new Function" not in script
    loading = [tag for name, tag in report.tags if {"src", "srcset"} & tag.keys() or name in ("link", "iframe", "img")]
    assert loading == []
    addresses = set(re.findall(r"https?://[^\s\"'`<>)]+", report.html))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of a namespace, which nothing fetches


def test_report_says_how_the_run_was_made(run: Run, report: ReportFile) -> None:
    made_with = run.manifest.classifier
    for expected in (made_with.name, made_with.fingerprint, *run.methods, *run.labels, *run.classes):
        assert expected in report.text
    assert "Synthetic" in report.text
    assert "need JavaScript" in report.text and report.html.count("<noscript>") == 1
    strong = run.association().strong().iloc[0]
    assert f"{strong['count']} of {strong['n_images']}" in report.text
    assert str(run.path.parent) not in report.html  # whose computer it was made on is nobody's business


def test_report_is_the_same_for_the_same_run(run: Run, tmp_path: Path) -> None:
    one, other = export_report(run, tmp_path / "one.html"), export_report(run, tmp_path / "other.html")
    assert one.read_bytes() == other.read_bytes()


def test_names_from_files_stay_text(tmp_path: Path) -> None:
    first = make_run(tmp_path, 12)
    images, boxes, cams = first.images.copy(), first.boxes.copy(), first.cams.copy()
    old = images["image_id"].iloc[0]
    nasty = f"joy/{NASTY}{BREAKOUT}.webp"
    target = tmp_path / "images" / nasty
    target.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "images" / old).rename(target)
    for table in (images, boxes, cams):
        table["image_id"] = table["image_id"].replace(old, nasty)
    images["label"] = cams["target"] = images["label"].replace("Joy", NASTY)
    images["annotation"] = BREAKOUT
    boxes["object_class"] = boxes["object_class"].replace("Food", BREAKOUT)
    detector = replace(first.manifest.detectors[0], classes=(*first.classes, BREAKOUT))
    labels = tuple(NASTY if label == "Joy" else label for label in first.labels)
    manifest = replace(first.manifest, detectors=(detector,), labels=labels)
    with RunWriter(tmp_path / "nasty", manifest) as writer:
        writer.write_part(
            {"images": images, "boxes": boxes, "cams": cams.set_index(images.index)},
            detected={"drawn": images["image_id"].tolist()},
        )
        writer.finish()
    run = open_run(tmp_path / "nasty", corpus=Corpus.from_folder(tmp_path / "images"))
    report = ReportFile.read(export_report(run, tmp_path / "report.html"))
    assert "img" not in [name for name, _ in report.tags]
    assert not any(name.startswith("on") for _, tag in report.tags for name in tag)
    assert all(attributes.get("type") in ("module", "text/plain") for attributes, _ in report.scripts)
    assert NASTY in report.text and BREAKOUT in report.text
    assert nasty in report.header("numbers")["ids"]


def test_report_keeps_to_its_size(run: Run, tmp_path: Path) -> None:
    whole = export_report(run, tmp_path / "whole.html")
    limit = size_with_half_the_pictures(whole)
    small = export_report(run, tmp_path / "small.html", max_mb=limit / 1e6)
    assert small.stat().st_size <= limit < whole.stat().st_size
    report = ReportFile.read(small)
    shown = [position for position, *_ in report.header("shown")["pictures"]]
    assert f"Shows {len(shown)} of {len(run)} images; all counts are of the whole run." in report.text
    strong = run.association().strong().iloc[0]
    contributors = run.association().contributors(strong["object_class"], strong["label"])
    positions = {run.position(image_id) for image_id in contributors}
    assert positions & set(shown) and len(shown) < len(run)
    with pytest.raises(EmocamError, match="max_mb"):
        export_report(run, tmp_path / "none.html", max_mb=0.05)
    assert not (tmp_path / "none.html").exists()


def test_pictures_of_strong_cells_come_first(run: Run) -> None:
    association = run.association()
    order = wanted_order(run, association, first=[7])
    assert sorted(order) == list(range(len(run))) and order[0] == 7
    strong = association.strong()
    ids = {
        image_id
        for cell in strong[["object_class", "label"]].itertuples(index=False)
        for image_id in association.contributors(*cell)
    }
    behind = {run.position(image_id) for image_id in ids} - {7}
    assert set(order[1 : 1 + len(behind)]) == behind


def test_pictures_get_smaller_before_they_are_left_out() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (12, 90, 120, 3), np.uint8)
    maker = PictureMaker(lambda position: Image.fromarray(noise[position]).resize((1800, 1350)))
    whole = maker.fit(range(12), 1e9)
    assert whole.level == LEVELS[0] and whole.left_out == 0
    size = sum(len(picture.data) for picture in whole.stored)
    less = maker.fit(range(12), size / 3)
    assert less.level.side < whole.level.side and less.left_out == 0
    assert sum(len(picture.data) for picture in less.stored) <= size / 3
    few = maker.fit(range(12), size / 40)
    assert few.level == LEVELS[-1] and 0 < few.left_out < 12
    assert [picture.position for picture in few.stored] == list(range(12 - few.left_out))


def test_image_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    run = make_run(tmp_path, 10)
    broken = run.images["image_id"].iloc[2]
    (tmp_path / "images" / broken).write_bytes(b"no picture")
    header = ReportFile.read(export_report(run, tmp_path / "report.html")).header("shown")
    assert list(header["unreadable"]) == ["2"] and header["unreadable"]["2"]
    assert sorted(position for position, *_ in header["pictures"]) == [0, 1, *range(3, 10)]


def test_images_that_have_moved_are_asked_for(tmp_path: Path) -> None:
    run = make_run(tmp_path, 6)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    moved = open_run(run.path)
    with pytest.raises(EmocamError, match="open_run"):
        export_report(moved, tmp_path / "report.html")
    command = ["report", str(run.path), "--out", str(tmp_path / "report.html"), "--quiet"]
    failed = CliRunner().invoke(main, command)
    assert failed.exit_code == 2 and "Traceback" not in failed.output
    done = CliRunner().invoke(main, [*command, "--images", str(tmp_path / "elsewhere")])
    assert done.exit_code == 0, done.output
    assert re.search(r"Report .*report.html: 6 images, 0\.\d MB", done.output)


def test_run_without_cams_is_still_a_report(tmp_path: Path) -> None:
    first = make_run(tmp_path, 8)
    manifest = replace(first.manifest, methods=())
    with RunWriter(tmp_path / "bare", manifest) as writer:
        writer.write_part(
            {"images": first.images, "boxes": first.boxes}, detected={"drawn": first.images["image_id"].tolist()}
        )
        writer.finish()
    run = open_run(tmp_path / "bare", corpus=Corpus.from_folder(tmp_path / "images"))
    report = ReportFile.read(export_report(run, tmp_path / "report.html"))
    assert "holds no CAMs" in report.text
    assert list(report.header("shown")["states"]) == ["browser"]


def test_methods_are_chosen_by_name(run: Run, tmp_path: Path) -> None:
    report = ReportFile.read(export_report(run, tmp_path / "one.html", methods=[OTHER]))
    assert report.header("numbers")["methods"] == [OTHER]
    assert report.header("shown")["states"]["heatmap"]["method"] == OTHER
    with pytest.raises(UnknownNameError, match="grad-cam"):
        export_report(run, tmp_path / "none.html", methods=["gradcam"])


def test_explorer_exports_what_it_shows(run: Run, tmp_path: Path) -> None:
    explorer = explore(run, threshold=0.4)
    explorer.cell = ["Sports equipment", "Excitement"]
    explorer.heatmap.method = OTHER
    report = ReportFile.read(explorer.export_html(tmp_path / "report.html", progress=False))
    states = report.header("shown")["states"]
    assert states["explorer"]["cell"] == states["browser"]["cell"] == ["Sports equipment", "Excitement"]
    assert states["heatmap"]["threshold"] == 0.4 and states["browser"]["method"] == OTHER
    assert explorer.heatmap.method == OTHER  # nothing of the widget itself has changed
