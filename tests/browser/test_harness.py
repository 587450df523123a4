"""The browser harness itself: cells run, values come back, and kernel and theme are as they claim to be."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import CellError, NotebookPage

ECHO = """
import anywidget, traitlets
class Echo(anywidget.AnyWidget):
    _esm = '''export default {{ render({{ model, el }}) {{
        const button = document.createElement("button");
        button.dataset.testid = "echo";
        button.onclick = () => model.send({{ text: "ping" }});
        model.on("msg:custom", message => {{ button.textContent = message.text; }});
        button.textContent = "ready";
        el.append(button);
    }} }}'''
    def __init__(self):
        super().__init__()
        self.on_msg(lambda _, content, __: self.send({{"text": content["text"] + " pong"}}))
echo = Echo()
echo
""".replace("{{", "{").replace("}}", "}")


def test_cell_runs_and_its_output_is_read(notebook: NotebookPage) -> None:
    cell = notebook.run("x = 6 * 7\nprint('x is', x)")
    assert cell.text == "x is 42\n"
    assert notebook.value("[x, 'a']") == [42, "a"]


def test_failing_cell_is_an_error_with_its_traceback(notebook: NotebookPage) -> None:
    with pytest.raises(CellError, match="ZeroDivisionError"):
        notebook.run("1 / 0")
    with pytest.raises(CellError, match="NameError"):
        notebook.value("never_defined")


def test_widget_message_goes_to_the_kernel_and_back(notebook: NotebookPage) -> None:
    button = notebook.run(ECHO).output.get_by_test_id("echo")
    button.click()
    expect(button).to_have_text("ping pong")
    assert notebook.page_errors == []


def test_another_cell_keeps_the_kernel_busy_as_long_as_the_body_takes(notebook: NotebookPage) -> None:
    with notebook.busy(source="steps = 0\nwhile going_on():\n    steps += 1\n    time.sleep(0.01)") as other:
        notebook.page.wait_for_timeout(500)
        assert not other.done
    assert other.done
    assert notebook.value("steps") > 1
    with pytest.raises(AssertionError, match="ended before"), notebook.busy(source="_end = 0") as other:
        other.wait()


def test_a_blocked_kernel_answers_nobody(notebook: NotebookPage) -> None:
    button = notebook.run(ECHO).output.get_by_test_id("echo")
    notebook.wait_live()
    with notebook.blocked():
        button.click()
        notebook.page.wait_for_timeout(500)
        assert button.text_content() == "ready"
    expect(button).to_have_text("ping pong")


def test_a_value_is_waited_for(notebook: NotebookPage) -> None:
    notebook.execute("import threading; there = []; threading.Timer(0.5, lambda: there.append(0.1 + 0.2)).start()")
    notebook.wait_value("there[0]", pytest.approx(0.3))
    with pytest.raises(TimeoutError, match=r"there\[0\] to be 1; it is 0.3"):
        notebook.wait_value("there[0]", 1, seconds=0.1)
    with pytest.raises(TimeoutError, match="it is NameError"):
        notebook.wait_value("never_defined", 1, seconds=0.1)


@pytest.mark.parametrize(("name", "light"), [("dark", "false"), ("light", "true")])
def test_theme_is_switched(notebook: NotebookPage, name: str, light: str) -> None:
    notebook.theme("dark" if name == "dark" else "light")
    assert notebook.page.get_attribute("body", "data-jp-theme-light") == light
