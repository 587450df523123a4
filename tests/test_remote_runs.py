"""A run at an fsspec address is written, continued, refused and read as one in a folder is."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from emocam_widgets.errors import RunError
from emocam_widgets.run import ClassifierInfo, CorpusInfo, Manifest, RunWriter, open_run
from emocam_widgets.run.remote import LEASE_SECONDS, LOCK, RemoteRun

MANIFEST = Manifest(CorpusInfo("folder", "", "remote"), ClassifierInfo("none", "0"), ("Joy", "Fear"))


def images(*ids: str) -> pd.DataFrame:
    row = {"width": 4, "height": 3, "label": "Joy", "annotation": None, "probabilities": [0.7, 0.3]}
    return pd.DataFrame([{"image_id": image_id, **row, "valence": None, "arousal": None} for image_id in ids])


@pytest.fixture(params=["memory", "file"])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "home"))
    files = fsspec.filesystem("memory")
    yield f"memory://{tmp_path.name}/run" if request.param == "memory" else f"file://{tmp_path}/there/run"
    if files.exists(f"/{tmp_path.name}"):
        files.rm(f"/{tmp_path.name}", recursive=True)


def forget_mirror(address: str) -> None:
    """What another machine has of the run: nothing."""
    shutil.rmtree(RemoteRun(address).mirror)


def test_what_is_written_there_is_read_on_another_machine(address: str) -> None:
    with RunWriter(address, MANIFEST) as writer:
        writer.write_part({"images": images("a.png", "b.png")})
        writer.finish()
    forget_mirror(address)
    assert list(open_run(address).images["image_id"]) == ["a.png", "b.png"]
    with RunWriter(address, MANIFEST) as writer:
        assert writer.done_images() == {"a.png", "b.png"}
        writer.write_part({"images": images("c.png")})
        writer.finish()
    forget_mirror(address)
    run = open_run(address)
    assert len(run) == 3 and run.manifest.counts["images"] == 3


def test_a_reader_sees_what_was_added_since(address: str) -> None:
    with RunWriter(address, MANIFEST) as writer:
        writer.write_part({"images": images("a.png")})
        assert len(open_run(address)) == 1
        writer.write_part({"images": images("b.png")})
        assert len(open_run(address)) == 2


def test_a_second_writer_is_refused_until_the_first_is_done(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunWriter(address, MANIFEST):
        # another machine has a mirror, and so a local lock, of its own
        monkeypatch.setenv("EMOCAM_HOME", os.environ["EMOCAM_HOME"] + "-other")
        with pytest.raises(RunError, match=f"being written by process {os.getpid()} on {socket.gethostname()}"):
            RunWriter(address, MANIFEST)
    RunWriter(address, MANIFEST).close()


def leave_lease(address: str, **changes: object) -> None:
    files, root = fsspec.url_to_fs(address)
    lease = {"holder": "x", "host": "elsewhere", "pid": 1, "renewed": time.time()} | changes
    files.pipe_file(f"{root}/{LOCK}", json.dumps(lease).encode())


def test_the_place_of_a_dead_writer_is_taken(address: str) -> None:
    RunWriter(address, MANIFEST).close()
    leave_lease(address)
    with pytest.raises(RunError, match="elsewhere"):
        RunWriter(address, MANIFEST)
    leave_lease(address, renewed=time.time() - LEASE_SECONDS - 1)
    RunWriter(address, MANIFEST).close()
    leave_lease(address, host=socket.gethostname(), pid=2**22 + 1)
    RunWriter(address, MANIFEST).close()


def test_a_part_that_did_not_arrive_whole_is_not_there_and_is_sent_again(address: str) -> None:
    with RunWriter(address, MANIFEST) as writer:
        name = writer.write_part({"images": images("a.png")})
        writer.write_part({"images": images("b.png")})
    files, root = fsspec.url_to_fs(address)
    files.rm_file(f"{root}/parts/{name}/part.json")
    assert list(open_run(address).images["image_id"]) == ["b.png"]
    with RunWriter(address, MANIFEST) as writer:
        assert writer.done_images() == {"a.png", "b.png"}
    forget_mirror(address)
    assert len(open_run(address)) == 2


def test_a_damaged_part_is_set_aside_there_too(address: str) -> None:
    with RunWriter(address, MANIFEST) as writer:
        name = writer.write_part({"images": images("a.png")})
        writer.write_part({"images": images("b.png")})
    files, root = fsspec.url_to_fs(address)
    files.pipe_file(f"{root}/parts/{name}/images.parquet", b"no parquet")
    sound = RemoteRun(address).mirror
    sound.rename(sound.with_name("sound"))
    with RunWriter(address, MANIFEST) as writer:
        assert writer.set_aside == (name,)
        assert writer.done_images() == {"b.png"}
        writer.write_part({"images": images("a.png")})
    # a machine that has the part from before the damage does not bring it back, doubled
    forget_mirror(address)
    sound.with_name("sound").rename(sound)
    RunWriter(address, MANIFEST).close()
    forget_mirror(address)
    assert list(open_run(address).images["image_id"]) == ["a.png", "b.png"]


def test_a_place_with_other_files_is_refused(address: str) -> None:
    files, root = fsspec.url_to_fs(address)
    files.makedirs(root, exist_ok=True)
    files.pipe_file(f"{root}/thesis.txt", b"mine")
    with pytest.raises(RunError, match="holds other files"):
        RunWriter(address, MANIFEST)
    assert files.exists(f"{root}/thesis.txt") and not files.exists(f"{root}/{LOCK}")


def test_nothing_there_and_an_unknown_protocol_are_told(address: str) -> None:
    with pytest.raises(RunError, match="There is no run at"):
        open_run(address)
    with pytest.raises(RunError, match="nonsense"):
        open_run("nonsense://bucket/run")
