"""The memory of a process and all its descendants while they run, from Linux's /proc."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

PROC = Path("/proc")
EVERY_SECONDS = 0.25


@dataclass(frozen=True)
class Memory:
    """Bytes of several processes together.

    `pss` counts a page that n processes share as 1/n in each, so the sum counts it once; `rss` counts it n times. A
    container's limit is on what cannot be dropped: `pss` is that and the mapped files, hence never below what counts.
    """

    pss: int
    rss: int
    processes: int

    def greater(self, other: Memory) -> Memory:
        """The greatest of each."""
        return Memory(max(self.pss, other.pss), max(self.rss, other.rss), max(self.processes, other.processes))


def of_tree(root: int) -> Memory:
    """The memory of process `root` and its descendants now."""
    pss = rss = count = 0
    for process in tree(root):
        try:
            text = (PROC / str(process) / "smaps_rollup").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        kilobytes = {line.split()[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
        pss += kilobytes["Pss:"] * 1024
        rss += kilobytes["Rss:"] * 1024
        count += 1
    return Memory(pss, rss, count)


def tree(root: int) -> list[int]:
    """Ids of a process and its descendants."""
    children: dict[int, list[int]] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(after_name[1]), []).append(int(stat.parent.name))
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting.extend(children.get(process, ()))
    return found


class Peak:
    """`with Peak(pid) as peak:` samples the memory of a process tree; `peak.greatest` is the most of it."""

    def __init__(self, root: int) -> None:
        """Takes the id of a process that runs."""
        self._root = root
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.greatest = Memory(0, 0, 0)

    def __enter__(self) -> Peak:
        """Starts sampling."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it, after a last sample."""
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        ended = False
        while not ended:
            ended = self._end.wait(EVERY_SECONDS)
            self.greatest = self.greatest.greater(of_tree(self._root))
