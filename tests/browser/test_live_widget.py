"""The base of all widgets, in JupyterLab: it answers while another cell runs, touched by that cell or not."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.notebook import NotebookPage

DOUBLER = '''
import time, traitlets
from emocam_widgets.widgets.base import LiveWidget
class Doubler(LiveWidget):
    """Doubles the bytes that a click sends; `step` is set by cells."""
    _esm = """export default { render({ model, el }) {
        const button = document.createElement("button"), step = document.createElement("span");
        button.dataset.testid = "double"; step.dataset.testid = "step"; button.textContent = "ready";
        button.onclick = () => model.send({ kind: "double", id: 1 }, undefined, [new Uint8Array([1, 2, 21])]);
        model.on("msg:custom", (message, buffers) => {
            button.textContent = message.sentence ?? Array.from(new Uint8Array(buffers[0].buffer)).join(" ");
        });
        const show = () => { step.textContent = String(model.get("step")); };
        model.on("change:step", show); show();
        el.append(button, step);
    } }"""
    step = traitlets.Int(0).tag(sync=True)
    def __init__(self):
        super().__init__()
        self.on_message("double", lambda content, buffers: ({}, [bytes(2 * b for b in buffers[0])]))
'''


def test_answers_while_another_cell_runs(notebook: NotebookPage) -> None:
    notebook.run(DOUBLER)
    button = notebook.run("doubler = Doubler(); doubler").output.get_by_test_id("double")
    with notebook.busy():
        button.click()
        expect(button).to_have_text("2 4 42")


def test_answers_while_the_running_cell_updates_it(notebook: NotebookPage) -> None:
    notebook.run(DOUBLER)
    output = notebook.run("doubler = Doubler(); doubler").output
    source = "while going_on():\n    doubler.step += 1\n    time.sleep(0.1)"
    with notebook.busy(source=source):
        expect(output.get_by_test_id("step")).not_to_have_text("0")
        output.get_by_test_id("double").click()
        expect(output.get_by_test_id("double")).to_have_text("2 4 42")
    expect(output.get_by_test_id("step")).to_have_text(str(notebook.value("doubler.step")))


def test_answers_inside_the_very_cell_that_shows_it(notebook: NotebookPage) -> None:
    notebook.run(DOUBLER)
    with notebook.busy(source="doubler = Doubler(); display(doubler)") as cell:
        button = cell.output.get_by_test_id("double")
        button.wait_for()
        notebook.wait_live()
        button.click()
        expect(button).to_have_text("2 4 42")


def test_handler_error_is_sent_as_one_sentence(notebook: NotebookPage) -> None:
    notebook.run(DOUBLER)
    notebook.run("def refuse(content, buffers):\n    raise ValueError('twice is too much')")
    output = notebook.run("doubler = Doubler(); doubler.on_message('double', refuse); doubler").output
    output.get_by_test_id("double").click()
    expect(output.get_by_test_id("double")).to_contain_text("twice is too much")
