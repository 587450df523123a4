"""The widgets' Python side: the base they share, the heatmap and the explorer, without a browser."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import traitlets

from emocam_widgets.errors import EmocamError, UnknownNameError
from emocam_widgets.run import Run
from emocam_widgets.widgets import AssociationHeatmap, Explorer, explore
from emocam_widgets.widgets.base import LiveWidget, forget_reply_subshell, link_traits
from tests.worlds import make_run


class Counter(LiveWidget):
    """A widget with one shared number, whose messages are kept instead of sent."""

    _esm = "export default { render() {} };\n"
    number = traitlets.Int(0, max=100).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        super().__init__(**kwargs)

    def _send(self, msg: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append({**msg, "buffers": buffers})

    @property
    def replies(self) -> list[dict[str, Any]]:
        return [message["content"] for message in self.sent if message["method"] == "custom"]


def ask(widget: LiveWidget, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
    """As a message from the front end."""
    message = {"content": {"data": {"method": "custom", "content": content}}, "buffers": buffers or []}
    widget._handle_msg(message)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("world"))


def test_unknown_keyword_is_refused() -> None:
    with pytest.raises(TypeError, match="Counter has no setting 'nmber'"):
        Counter(nmber=3)


def test_question_is_answered_with_its_id_and_buffers() -> None:
    widget = Counter()
    widget.on_message("double", lambda content, buffers: ({"of": content["n"]}, [bytes(2 * b for b in buffers[0])]))
    ask(widget, {"kind": "double", "id": 7, "n": 3}, [b"\x01\x15"])
    assert widget.replies == [{"kind": "double", "id": 7, "of": 3}]
    assert widget.sent[-1]["buffers"] == [b"\x02\x2a"]


def test_error_for_users_is_one_sentence_and_any_other_has_details() -> None:
    widget = Counter()

    def refuse(content: dict[str, Any], _buffers: list[memoryview]) -> None:
        raise EmocamError("No.") if content["expected"] else ZeroDivisionError("by zero")

    widget.on_message("go", refuse)
    ask(widget, {"kind": "go", "id": 1, "expected": True})
    ask(widget, {"kind": "go", "id": 2, "expected": False})
    expected, other = widget.replies
    assert expected == {"kind": "error", "id": 1, "sentence": "No.", "details": ""}
    assert other["id"] == 2 and "ZeroDivisionError" in other["sentence"] and "refuse" in other["details"]


def test_refused_value_is_shown_and_the_kept_one_sent_back() -> None:
    widget = Counter(number=5)
    widget.set_state({"number": 500})
    assert widget.number == 5
    assert widget.replies[-1]["kind"] == "error"
    assert [m["state"] for m in widget.sent if m["method"] == "update"][-1] == {"number": 5}


def test_value_from_the_front_end_is_not_sent_back_but_a_corrected_one_is() -> None:
    widget = Counter()
    widget.sent.clear()
    widget.set_state({"number": 4})
    assert [m for m in widget.sent if m["method"] == "update"] == []
    widget.observe(lambda change: setattr(widget, "number", min(change["new"], 50)), "number")
    widget.set_state({"number": 60})
    assert [m["state"] for m in widget.sent if m["method"] == "update"][-1] == {"number": 50}


def test_who_was_out_of_reach_is_told_how_things_stand() -> None:
    class Teller(Counter):
        def _tell_again(self) -> None:
            self.send({"kind": "news"})

    widget = Teller(number=5)
    widget.sent.clear()
    ask(widget, {"kind": "present", "id": 3})
    state, news, answer = widget.sent
    assert state["state"]["number"] == 5 and "_esm" not in state["state"]
    assert news["content"] == {"kind": "news"}
    assert answer["content"] == {"kind": "present", "id": 3, "model": widget.model_id}


def test_threads_do_not_mix_their_updates() -> None:
    """A cell sets a trait while a message of the front end is being handled: the cell's value must be sent."""
    widget = Counter()
    inside, go_on = threading.Event(), threading.Event()

    def slow(_change: Any) -> None:
        if threading.current_thread().name == "front end":
            inside.set()
            go_on.wait(5)

    widget.observe(slow, "number")
    thread = threading.Thread(target=lambda: widget.set_state({"number": 3}), name="front end")
    thread.start()
    assert inside.wait(5)
    widget.sent.clear()
    widget.number = 8
    widget.number = 3  # the very value that the front end's thread is busy with
    sent = [m["state"]["number"] for m in widget.sent if m["method"] == "update"]
    go_on.set()
    thread.join(5)
    assert sent == [8, 3]


def test_last_message_about_a_trait_has_its_last_value() -> None:
    widget = Counter()

    def count(start: int) -> None:
        for i in range(300):
            widget.number = (start + i) % 100

    threads = [threading.Thread(target=count, args=(start,)) for start in (0, 37, 71)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [m["state"]["number"] for m in widget.sent if "number" in m.get("state", {})]
    assert len(numbers) > 100 and numbers[-1] == widget.number


def test_reply_subshell_is_forgotten() -> None:
    class Comm:
        _reply_subshell_id: str | None

    comm = Comm()
    comm._reply_subshell_id = None
    forget_reply_subshell(comm)
    assert not hasattr(comm, "_reply_subshell_id")
    forget_reply_subshell(comm)  # kernels that have no such thing
    forget_reply_subshell(None)


def test_messages_go_to_the_subshell_that_they_name() -> None:
    from ipykernel.comm.comm import BaseComm

    comm = BaseComm(target_name="emocam", comm_id="1", primary=False)
    comm._reply_subshell_id = None  # what publishing from the main shell leaves
    assert comm._reply_subshell_for({}, "named") is None
    forget_reply_subshell(comm)
    comm._reply_subshell_id = None
    assert comm._reply_subshell_for({}, "named") == "named"


def test_linked_traits_follow_each_other() -> None:
    one, other = Counter(number=3), Counter(number=9)
    link_traits(one, "number", other, "number")
    assert other.number == 3
    other.number = 5
    assert one.number == 5


def test_cell_is_linked_through_the_explorer(run: Run) -> None:
    explorer = explore(run)
    explorer.heatmap.cell = ["Sports equipment", "Excitement"]
    assert explorer.cell == explorer.browser.cell == ["Sports equipment", "Excitement"]
    assert explorer.browser.image_ids == run.association().contributors("Sports equipment", "Excitement")
    assert explorer.browser.show_cam and explorer.browser.show_boxes
    explorer.threshold = 0.6
    assert explorer.heatmap.threshold == explorer.browser.threshold == 0.6
    contributors = run.association(threshold=0.6).contributors("Sports equipment", "Excitement")
    assert explorer.browser.image_ids == contributors
    explorer.browser.set_trait("cell", None)
    assert explorer.heatmap.cell is None and explorer.cell is None
    assert len(explorer.browser.image_ids) == len(run)


def test_explorer_starts_where_it_is_told(run: Run) -> None:
    image_id = run.images["image_id"].iloc[0]
    explorer = Explorer(run, cell=("Food", "Craving"), image_id=image_id, threshold=0.5)
    assert explorer.heatmap.cell == ["Food", "Craving"]
    assert explorer.browser.open_image == image_id
    assert explorer.browser.threshold == 0.5
    explorer.browser.open_image = None
    assert explorer.image_id is None


def test_explorer_says_what_the_run_is(run: Run) -> None:
    summary = Explorer(run).summary
    assert summary["images"] == summary["expected"] == 40
    assert summary["synthetic"] and summary["methods"] == ["grad-cam"] and summary["name"] == "tiny"


def test_explorer_without_a_worker_says_what_to_pass(run: Run) -> None:
    explorer = explore(run)
    explorer.image_id = run.images["image_id"].iloc[0]
    explorer.mode = "edit"
    assert explorer.editor is None
    assert "worker=" in explorer.edit_hint
    with pytest.raises(EmocamError, match="pass a worker"):
        explorer.edit(explorer.image_id)


@pytest.mark.parametrize("trait", [{"mode": "edt"}, {"cell": ["Food", "Jy"]}, {"image_id": "joy/999.webp"}])
def test_explorer_refuses_unknown_names(run: Run, trait: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError):
        Explorer(run, **trait)


def test_run_without_maps_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path, 5)
    monkeypatch.setattr(type(run), "methods", ())
    with pytest.raises(EmocamError, match="methods=\\['grad-cam'\\]"):
        AssociationHeatmap(run)
