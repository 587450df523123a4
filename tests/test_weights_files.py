"""Fetching published weights from a server on this machine: whole or not at all, and what is said where it fails."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emocam_widgets import weights_files
from emocam_widgets.cli import main
from emocam_widgets.detectors import DETECTORS, wrap_detector
from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.models import CLASSIFIERS
from emocam_widgets.models.affect import TRUNKS
from emocam_widgets.weights_files import PUBLISHED, PublishedModel, WeightsFile, needed_files, problem, pull

CONTENT = b"weights" * 10_000


class _Server(ThreadingHTTPServer):
    """Gives /whole in full and breaks off in the middle of /broken; remembers what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path not in {"/whole", "/broken"}:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT if self.path == "/whole" else CONTENT[: len(CONTENT) // 2])

    def log_message(self, *_arguments: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and no proxy between this test and its server."""
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "home"


def _publish(monkeypatch: pytest.MonkeyPatch, *files: WeightsFile) -> PublishedModel:
    model = PublishedModel("test-model", "a model of this test", "public domain", files)
    monkeypatch.setitem(weights_files.PUBLISHED, model.name, model)
    return model


def emocam(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["models", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _refused(result: Result, *pieces: str) -> None:
    assert result.exit_code == 2
    for piece in pieces:
        assert piece in result.stderr
    assert "Traceback" not in result.output


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) if folder.exists() else []


def test_pull_fetches_once(server: _Server, monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    model = _publish(
        monkeypatch,
        WeightsFile("a.weights", server.address("whole"), size=len(CONTENT), sha256=sha256),
        WeightsFile("b.names", server.address("whole")),
    )
    result = emocam("pull", "test-model", "--quiet")
    assert result.exit_code == 0 and "public domain" in result.stderr
    assert result.stdout.split() == [str(model.path("a.weights")), str(model.path("b.names"))]
    assert model.folder == own_home / "weights" / "test-model"
    assert _files(model.folder) == ["a.weights", "b.names"]
    assert model.path("a.weights").read_bytes() == CONTENT
    assert needed_files("test-model") == {"a.weights": model.path("a.weights"), "b.names": model.path("b.names")}
    assert len(server.asked) == 2
    model.path("b.names").write_text("put there by hand")
    pull("test-model")
    assert len(server.asked) == 2 and model.path("b.names").read_text() == "put there by hand"


def test_progress_is_shown(server: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(monkeypatch, WeightsFile("a", server.address("whole")))
    assert "70.0k/70.0k" in emocam("pull", "test-model").stderr


@pytest.mark.parametrize(
    ("path", "settings", "pieces"),
    [
        ("nowhere", {}, ["the server answered 404 Not Found", "nowhere"]),
        ("broken", {}, ["the connection broke off"]),
        ("whole", {"size": 5}, ["70,000 bytes; expected 5"]),
        ("whole", {"about": 300_000_000}, ["70,000 bytes; expected about 300,000,000"]),
        ("whole", {"sha256": "0" * 64}, ["sha256", "expected 0000"]),
    ],
)
def test_a_failed_pull_leaves_nothing(
    server: _Server, monkeypatch: pytest.MonkeyPatch, path: str, settings: dict, pieces: list[str]
) -> None:
    model = _publish(monkeypatch, WeightsFile("a.weights", server.address(path), **settings))
    result = emocam("pull", "test-model", "--quiet")
    _refused(result, *pieces, "a.weights", server.address(path), str(model.folder))
    assert len(result.stderr.splitlines()) == 2, "more than the licence and one sentence"
    assert _files(model.folder) == []


def test_without_a_network(server: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    address = server.address("whole")
    server.shutdown()
    server.server_close()
    model = _publish(monkeypatch, WeightsFile("a.weights", address))
    _refused(emocam("pull", "test-model"), "no connection", "a.weights", address, str(model.folder))
    assert _files(model.folder) == []


def test_what_a_killed_pull_left_is_cleared(server: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _publish(monkeypatch, WeightsFile("a.weights", server.address("whole")))
    (model.folder / ".partial").mkdir(parents=True)
    (model.folder / ".partial" / "a.weights").write_bytes(CONTENT[:10])
    pull("test-model")
    assert model.path("a.weights").read_bytes() == CONTENT and _files(model.folder) == ["a.weights"]


def test_two_pulls_at_once(server: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _publish(monkeypatch, WeightsFile("a.weights", server.address("whole")))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(pull, ["test-model"] * 4)) == [[model.path("a.weights")]] * 4
    assert server.asked == ["/whole"]


def test_a_folder_that_cannot_be_written(server: _Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EMOCAM_HOME", str(tmp_path / "file"))
    _publish(monkeypatch, WeightsFile("a.weights", server.address("whole")))
    _refused(emocam("pull", "test-model"), "cannot be written", "EMOCAM_HOME")


def test_missing_files_are_named_with_their_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _publish(monkeypatch, WeightsFile("a", "https://x/a"), WeightsFile("b", "https://x/b", needed=False))
    with pytest.raises(EmocamError, match=r"emocam models pull test-model.*put a from https://x/a into") as refusal:
        needed_files("test-model")
    assert str(model.folder) in str(refusal.value) and "https://x/b" not in str(refusal.value)


def test_list_and_where(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    _publish(monkeypatch, WeightsFile("here", "https://x/here"), WeightsFile("short", "https://x/short", size=9))
    folder = own_home / "weights" / "test-model"
    folder.mkdir(parents=True)
    (folder / "here").write_bytes(CONTENT)
    (folder / "short").write_bytes(b"1234")
    listed = emocam("list", "-v").stdout
    for name, model in PUBLISHED.items():
        assert f"{name}: {model.what}" in listed and f"licence: {model.licence}" in listed
        for file in model.files:
            assert file.address in listed
    assert "here (size not published): here" in listed
    assert "short (0.0 MB): damaged, 4 bytes; expected 9" in listed
    assert "yolov3-openimages.weights (259.2 MB): not here" in listed
    assert emocam("where", "test-model").stdout == f"{folder}\n"
    _refused(emocam("where", "emonett"), "published model", "did you mean 'emonet'?")
    with pytest.raises(UnknownNameError, match="yolov3-openimages"):
        pull("yolov3-openimage")


def test_list_is_one_aligned_line_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _publish(monkeypatch, WeightsFile("a", "https://x/a", size=9_000_000), WeightsFile("b", "https://x/b"))

    def line() -> str:
        return next(line for line in emocam("list").stdout.splitlines() if line.startswith("test-model"))

    lines = emocam("list").stdout.splitlines()
    assert len(lines) == 1 + len(PUBLISHED) + 2 and "emocam models pull NAME" in lines[-1]
    told = ["what", *(model.what for model in PUBLISHED.values())]
    assert len({line.index(what) for line, what in zip(lines[:-2], told, strict=True)}) == 1
    assert max(map(len, lines)) <= 140
    assert "9 MB" in line() and "not here" in line()
    model.folder.mkdir(parents=True)
    model.path("b").write_bytes(b"1")
    assert "1 of 2 files missing" in line()
    model.path("a").write_bytes(b"1")
    assert "damaged" in line()
    model.path("a").write_bytes(bytes(9_000_000))
    assert "  here  " in line()
    one = emocam("list", "test-model").stdout
    assert one.startswith("test-model: a model of this test") and "https://x/a" in one and "emonet" not in one
    _refused(emocam("list", "emonett"), "did you mean 'emonet'?")


def test_a_checksum_may_be_known_by_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    model = _publish(monkeypatch, WeightsFile("a", "https://x/a", sha256=sha256[:8]))
    model.folder.mkdir(parents=True)
    model.path("a").write_bytes(CONTENT)
    assert problem(model, model.files[0]) is None
    model.path("a").write_bytes(CONTENT[:-1])
    assert f"expected one that begins with {sha256[:8]}" in str(problem(model, model.files[0]))


def test_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _publish(monkeypatch, WeightsFile("a", "https://x/a", size=4), WeightsFile("b", "https://x/b"))
    monkeypatch.setitem(DETECTORS._parts, "test-model", lambda _: wrap_detector(lambda _: [], ["one", "two"]))
    _refused(emocam("verify", "test-model"), "a: missing; b: missing", "emocam models pull test-model")
    model.folder.mkdir(parents=True)
    model.path("a").write_bytes(b"123")
    model.path("b").touch()
    _refused(emocam("verify", "test-model"), "a: 3 bytes; expected 4", "b: 0 bytes")
    model.path("a").write_bytes(b"1234")
    model.path("b").write_bytes(b"1")
    assert emocam("verify", "test-model").stdout == "test-model: it loads and looks for 2 classes\n"


def test_every_published_model_can_be_loaded_by_its_name() -> None:
    for name, model in PUBLISHED.items():
        trunks = [f"{trunk}-imagenet" for trunk in TRUNKS]
        assert name in {"detector": DETECTORS, "classifier": CLASSIFIERS, "trunk": trunks}[model.kind], name


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_models_are_whole_entries(name: str) -> None:
    model = PUBLISHED[name]
    assert model.name == name and model.files and model.licence
    for file in model.files:
        assert file.address.startswith("https://") and file.address.count(" ") == 0
        assert Path(file.name).name == file.name
