"""A process that has torch loaded and forks one child after the other: jobs that may be killed at any moment, cheaply.

It reads one JSON object per line: {"job": name, "settings": {...}} starts a child and answers {"pid"};
{"within": seconds or null, "signal": number} waits so long for its end, else sends it the signal, and answers
{"status", "reports"}: the exit status (negative for a signal), and what the child reported until then.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from types import TracebackType
from typing import IO, Any, cast

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit status, negative for the signal that killed it, and what it reported until then."""

    status: int
    reports: tuple[dict[str, Any], ...]

    @property
    def killed(self) -> bool:
        return self.status == -SIGKILL

    @property
    def result(self) -> dict[str, Any]:
        """What the job returned; its error is raised here."""
        if self.status != 0:
            told = self.reports[-1].get("error") if self.reports else None
            raise AssertionError(f"the child ended with status {self.status}: {told}")
        return self.reports[-1]


class Nursery:
    """The tests' side of it; a context manager."""

    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "EMOCAM_HOME": str(home), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stress.nursery"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        cast(IO[str], self._process.stdin).close()
        self._process.wait()
        cast(IO[str], self._process.stdout).close()

    def start(self, job: str, **settings: Any) -> int:
        """Forks a child for one of `jobs.JOBS` and gives its process id."""
        return int(self._ask({"job": job, "settings": settings})["pid"])

    def end(self, within: float | None = None, signal: int = SIGKILL) -> Ended:
        """Waits for the child, at most so many seconds; then it is sent the signal and waited for."""
        answer = self._ask({"within": within, "signal": signal})
        return Ended(answer["status"], tuple(answer["reports"]))

    def run(self, job: str, within: float | None = None, **settings: Any) -> Ended:
        """A child from its start to its end."""
        self.start(job, **settings)
        return self.end(within)

    def _ask(self, question: dict[str, Any]) -> Any:
        stdin, stdout = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise AssertionError(f"the nursery itself ended ({self._process.wait()})")
        return json.loads(answer)


class _Child:
    """A forked child, and the pipe on which it reports; the pipe's end tells of the child's."""

    def __init__(self, job: str, settings: dict[str, Any]) -> None:
        from tests.stress import jobs

        self._reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reading)
            _live(jobs.JOBS[job], settings, writing)
        os.close(writing)

    def end(self, within: float | None, signal: int) -> dict[str, Any]:
        content, signalled = b"", False
        while True:
            ready = select.select([self._reading], [], [], None if signalled else within)[0]
            if not ready:
                os.kill(self.pid, signal)
                signalled = True
                continue
            piece = os.read(self._reading, 65536)
            if not piece:
                break
            content += piece
        os.close(self._reading)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        # The last line of one that was killed may be cut off.
        lines = content.split(b"\n")[:-1]
        return {"status": status, "reports": [json.loads(line) for line in lines]}


def _live(job: Any, settings: dict[str, Any], writing: int) -> None:
    """What a child does; it never returns."""

    def report(**values: Any) -> None:
        os.write(writing, json.dumps(values).encode() + b"\n")

    status = 1
    try:
        report(**(job(report, **settings) or {}))
        status = 0
    except BaseException:  # noqa: BLE001 - told to the test, which raises it
        report(error=traceback.format_exc())
    finally:
        os._exit(status)


def main() -> None:
    """Serves until there are no more questions."""
    from tests.stress import jobs

    jobs.warm_up()
    child: _Child | None = None
    for line in sys.stdin:
        question = json.loads(line)
        if "job" in question:
            child = _Child(question["job"], question["settings"])
            answer: dict[str, Any] = {"pid": child.pid}
        elif child is None:
            raise RuntimeError("there is no child to end")
        else:
            answer = child.end(question["within"], question["signal"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
