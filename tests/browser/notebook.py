"""One notebook in JupyterLab or Notebook 7, driven as a person would, by the host's own commands."""

from __future__ import annotations

import ast
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page

from tests.browser.lab import LabServer

Mode = Literal["lab", "doc", "notebook"]
ADDRESSES: dict[Mode, str] = {"lab": "lab/tree/{}?reset&", "doc": "doc/tree/{}?reset&", "notebook": "notebooks/{}?"}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
OPEN_MS = 120_000
BUSY_AT_MOST = 300
"""Seconds after which a cell that keeps the kernel busy ends by itself, where its test was killed."""

# What a cell runs that keeps the kernel busy until a file of the test's appears.
_BUSY = """import os, time
_end = time.monotonic() + {most}
def going_on():
    return not os.path.exists({until!r}) and time.monotonic() < _end
print('started', flush=True)
{source}
while going_on():
    time.sleep(0.05)
"""
# The same with Python's lock held throughout, so that no other thread of the kernel answers either. No thread may ask
# for the lock between two of the calls: the switch interval is longer than all of it.
_BLOCKED = """import ctypes, sys, time
_libc, _interval = ctypes.PyDLL(None), sys.getswitchinterval()
sys.setswitchinterval({most})
time.sleep(0.2)
_libc.close(_libc.creat({since!r}, 0o600))
for _ in range(20 * {most}):
    if _libc.access({until!r}, 0) == 0:
        break
    _libc.usleep(50_000)
sys.setswitchinterval(_interval)
"""

# The panel, and nothing before JupyterLab has restored it with a kernel that answers.
_PANEL = """() => {
  const app = window.jupyterapp, panel = app && app.shell.currentWidget;
  return panel && panel.content && panel.content.model && panel.sessionContext ? panel : null;
}"""
_READY = f"""async () => {{
  const panel = ({_PANEL})();
  if (!panel) return false;
  await panel.context.ready; await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session && panel.sessionContext.session.kernel;
  return Boolean(kernel && kernel.connectionStatus === 'connected' && kernel.status !== 'unknown');
}}"""


class CellError(AssertionError):
    """A cell ended with an error; the message holds its traceback."""


@dataclass(frozen=True)
class Cell:
    """A code cell by its id, which stays the same where cells are added or deleted."""

    notebook: NotebookPage
    id: str

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The cell's outputs as nbformat has them."""
        found: list[dict[str, Any]] = self._model("cell.sharedModel.getOutputs()")
        return found

    @property
    def done(self) -> bool:
        """Whether the cell has ended (it got its number and nothing of it is waiting)."""
        return bool(self._model("cell.sharedModel.execution_count !== null && cell.executionState === 'idle'"))

    @property
    def output(self) -> Locator:
        """Where the cell's output stands on the page: search in it by test id."""
        return self.notebook.page.locator(f'.jp-Cell[data-emocam-cell="{self.id}"] .jp-OutputArea').first

    @property
    def text(self) -> str:
        """What the cell printed and its plain results."""
        parts = []
        for output in self.outputs:
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            parts.append("".join(text))
        return "".join(parts)

    def wait(self, seconds: float = 120) -> Cell:
        """Returns once the cell has ended. Raises CellError where it ended with an error."""
        self.notebook.wait_for(
            lambda: self.done, seconds, f"the cell to end:\n{self._model('cell.sharedModel.source')}"
        )
        for output in self.outputs:
            if output["output_type"] == "error":
                raise CellError(_plain(output["traceback"]))
        return self

    def _model(self, expression: str) -> Any:
        return self.notebook.page.evaluate(
            f"""id => {{
              const panel = ({_PANEL})(), cells = panel.content.model.cells;
              for (const cell of cells) if (cell.id === id) return {expression};
              return null;
            }}""",
            self.id,
        )


class NotebookPage:
    """A notebook file open in a browser page, with its kernel."""

    def __init__(self, page: Page, server: LabServer) -> None:
        """Takes a blank page; `open` or `create` comes next."""
        self.page = page
        self.server = server
        self.page_errors: list[str] = []
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))

    # -- opening ---------------------------------------------------------------------------------------------------

    def create(self, name: str, cells: Sequence[str] = (), mode: Mode = "lab") -> None:
        """Writes a notebook of these code cells under the server's root, and opens it. Nothing is run."""
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        path = self.server.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(book, path)
        self.open(name, mode)

    def open(self, name: str | Path, mode: Mode = "lab") -> None:
        """Opens a notebook that lies under the server's root: in the whole JupyterLab (`lab`), in it alone (`doc`), or
        in Notebook 7 (`notebook`)."""
        address = ADDRESSES[mode].format(name)
        self.page.goto(f"{self.server.url}{address}token={self.server.token}", timeout=OPEN_MS)
        self.wait_for(self._ready, OPEN_MS / 1000, f"JupyterLab to show {name} with its kernel")
        if mode == "lab":
            self.command("application:set-mode", {"mode": "single-document"})
            self.collapse_sidebars()

    def _ready(self) -> bool:
        try:
            return bool(self.page.evaluate(_READY))
        except PlaywrightError:  # JupyterLab's `reset` reloads the page under our feet
            return False

    def collapse_sidebars(self) -> None:
        """Gives the notebook the width of the window, as a person would who has opened it to read."""
        self.page.evaluate(
            """() => {
              const shell = window.jupyterapp.shell;
              if (shell.collapseLeft) { shell.collapseLeft(); shell.collapseRight(); }
            }"""
        )

    # -- cells -----------------------------------------------------------------------------------------------------

    @property
    def cells(self) -> list[Cell]:
        """The code cells from top to bottom."""
        ids = self.page.evaluate(
            f"() => [...({_PANEL})().content.model.cells].filter(c => c.type === 'code').map(c => c.id)"
        )
        return [Cell(self, cell_id) for cell_id in ids]

    def add(self, source: str) -> Cell:
        """Puts a code cell at the end and scrolls to it, without running it."""
        cell_id = self.page.evaluate(
            f"""source => {{
              const panel = ({_PANEL})(), shared = panel.content.model.sharedModel;
              const cell = shared.insertCell(shared.cells.length, {{cell_type: 'code', source}});
              return cell.id ?? cell.getId();
            }}""",
            source,
        )
        return Cell(self, str(cell_id))

    def start(self, cell: Cell | str) -> Cell:
        """Runs a cell (a string is first added as one) and returns while it runs."""
        cell = self.add(cell) if isinstance(cell, str) else cell
        self.page.evaluate(
            f"""async id => {{
              const panel = ({_PANEL})(), notebook = panel.content;
              const index = notebook.widgets.findIndex(w => w.model.id === id);
              notebook.activeCellIndex = index;
              notebook.deselectAll();
              notebook.widgets[index].node.dataset.emocamCell = id;
              window.jupyterapp.commands.execute('notebook:run-cell');
              await notebook.scrollToItem(index, 'start').catch(() => undefined);
            }}""",
            cell.id,
        )
        return cell

    def run(self, cell: Cell | str, seconds: float = 120) -> Cell:
        """Runs a cell (a string is first added as one) and waits for its end. Raises CellError where it fails."""
        return self.start(cell).wait(seconds)

    @contextmanager
    def busy(self, seconds: float = 5, source: str = "") -> Iterator[Cell]:
        """Keeps the kernel's main shell busy with another cell until the body has ended; then waits for that cell.

        The cell runs as long as the body does, however slow the machine is. `source` runs in it and may touch a widget
        for as long (`while going_on(): ...`); in it `{seconds}` stands for `seconds`.
        """
        self.wait_live()  # what is asked before waits for the cell, and the cell for the body
        until = self._signal()
        source = source.replace("{seconds}", str(seconds))
        cell = self.start(_BUSY.format(most=BUSY_AT_MOST, until=str(until), source=source))
        try:
            self.wait_for(lambda: "started" in cell.text, 30, "the kernel to start the other cell")
            yield cell
            assert not cell.done, "the other cell ended before it was told to"
        finally:
            until.touch()
        cell.wait()
        until.unlink()

    @contextmanager
    def blocked(self) -> Iterator[Cell]:
        """Keeps the kernel from answering anything until the body has ended: a cell holds Python's lock, so that not
        even the widgets' own subshell can answer."""
        since, until = self._signal(), self._signal()
        paths = {"since": str(since).encode(), "until": str(until).encode()}
        cell = self.start(_BLOCKED.format(most=BUSY_AT_MOST, **paths))
        try:
            self.wait_for(since.exists, 30, "the kernel to be blocked")
            yield cell
            assert not cell.done, "the other cell ended before it was told to"
        finally:
            until.touch()
        cell.wait()
        since.unlink()
        until.unlink()

    def _signal(self) -> Path:
        """A file that is not there yet, to tell something to a cell that runs."""
        return self.server.root.parent / f"signal-{secrets.token_hex(6)}"

    def clear(self) -> None:
        """Deletes all cells and closes their widgets; what the kernel has imported and loaded stays."""
        self.page.evaluate(
            f"""() => {{
              const shared = ({_PANEL})().content.model.sharedModel;
              shared.deleteCellRange(0, shared.cells.length);
            }}"""
        )
        self.execute(
            "import sys\nif 'ipywidgets' in sys.modules:\n    sys.modules['ipywidgets'].Widget.close_all()\ndel sys"
        )
        self.page_errors.clear()

    def clear_output(self, cell_id: str) -> None:
        """Clears what one cell shows, by JupyterLab's own command; its widgets stay in the kernel."""
        self.page.evaluate(
            f"""async id => {{
              const notebook = ({_PANEL})().content;
              notebook.activeCellIndex = notebook.widgets.findIndex(w => w.model.id === id);
              notebook.deselectAll();
              await window.jupyterapp.commands.execute('notebook:clear-cell-output');
            }}""",
            cell_id,
        )

    # -- the kernel ------------------------------------------------------------------------------------------------

    def kernel_status(self) -> str:
        """`idle`, `busy`, `starting`, ... as JupyterLab has it."""
        status: str = self.page.evaluate(f"() => ({_PANEL})().sessionContext.session.kernel.status")
        return status

    def execute(self, code: str) -> None:
        """Runs code in the kernel outside any cell, after what runs already. Raises CellError."""
        self._request(code, "None")

    def value(self, expression: str) -> Any:
        """The value of a Python expression in the kernel, through JSON, after what runs already. Raises CellError."""
        return json.loads(self._request("", f"__import__('json').dumps({expression})"))

    def wait_value(self, expression: str, expected: object, seconds: float = 20) -> None:
        """Returns once a Python expression has that value in the kernel (by `==`, so `pytest.approx` will do).

        What is changed on the page comes to the kernel beside its main shell, in no order with `value`: what a click
        changes is waited for, not read once. An expression that fails (the first of an empty list) has no value yet.
        Raises TimeoutError with the last value.
        """
        last = ""

        def reached() -> bool:
            nonlocal last
            try:
                found = self.value(expression)
            except CellError as error:
                last = str(error).splitlines()[-1]
                return False
            last = repr(found)
            return bool(found == expected)

        try:
            self.wait_for(reached, seconds, f"{expression} to be {expected!r}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it is {last}") from None

    def _request(self, code: str, expression: str) -> Any:
        reply = self.page.evaluate(
            f"""async ([code, expression]) => {{
              const kernel = ({_PANEL})().sessionContext.session.kernel;
              const future = kernel.requestExecute({{
                code, silent: true, store_history: false, stop_on_error: false, user_expressions: {{value: expression}}
              }});
              return (await future.done).content;
            }}""",
            [code, expression],
        )
        result = reply if reply["status"] == "error" else reply["user_expressions"]["value"]
        if result["status"] == "error":
            raise CellError(_plain(result["traceback"]))
        return ast.literal_eval(result["data"]["text/plain"])

    def wait_idle(self, seconds: float = 60) -> None:
        """Returns once the kernel has nothing left to do."""
        self.wait_for(lambda: self.kernel_status() == "idle", seconds, "the kernel to be idle")

    def wait_live(self, seconds: float = 20) -> None:
        """Returns once JupyterLab has a subshell for every widget's messages.

        It asks the kernel for one when the first widget comes; what is clicked in the moments before waits for the cell
        that is running. Only a test that clicks in the very cell that shows the first widget is that fast.
        """
        live = f"""() => [...({_PANEL})().sessionContext.session.kernel._comms.values()]
            .every(comm => comm.subshellId !== null)"""
        self.wait_for(lambda: self.page.evaluate(live), seconds, "the widgets' subshell")

    def shut_down(self) -> None:
        """Ends the kernel."""
        self.page.evaluate(f"() => ({_PANEL})().sessionContext.shutdown()")

    def interrupt(self) -> None:
        """Stops what the kernel is doing."""
        self.page.evaluate(f"() => ({_PANEL})().sessionContext.session.kernel.interrupt()")

    # -- the page --------------------------------------------------------------------------------------------------

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> Any:
        """Executes one of JupyterLab's own commands."""
        return self.page.evaluate(
            """async ([name, arguments_]) => {
              const {commands} = window.jupyterapp;
              if (commands.hasCommand(name)) await commands.execute(name, arguments_ ?? {});
            }""",
            [name, arguments],
        )

    def theme(self, name: Literal["light", "dark"]) -> None:
        """Switches JupyterLab's theme and returns once the page shows it."""
        self.command("apputils:change-theme", {"theme": THEMES[name]})
        light = "true" if name == "light" else "false"
        self.page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached", timeout=20_000)

    def size(self, width: int, height: int) -> None:
        """Sets the size of the window's inside in CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": height})

    def wait_for(self, condition: Any, seconds: float, what: str) -> None:
        """Returns once `condition()` holds. Raises TimeoutError that names what was waited for."""
        waited = 0.0
        while not condition():
            if waited >= seconds:
                raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")
            self.page.wait_for_timeout(50)
            waited += 0.05


def _plain(traceback: Sequence[str]) -> str:
    """A traceback without the terminal's colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))
