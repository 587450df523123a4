"""The class's answers: how many clients of a worker chose what, without knowing who they are.

The board is in the process of a shared worker, where strangers write to it: everything that comes is checked, and it
holds a bounded number of questions, clients and choices (50 MB at most). It is shown only to those who have answered.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import index
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from emocam_widgets.errors import EmocamError

MOST_QUESTIONS = 100
MOST_CLIENTS = 500
MOST_CHOICES = 8192
MOST_NAME = 64
ALONE = "you"


@dataclass(frozen=True)
class Ballot:
    """One client's answer to one question: which of `n` things it chose, by number from 0.

    Attributes:
        question: tells the question from all others, the same for every client: `question_key`.
        n: how many things there are to choose.
        chosen: ascending, each once.

    Raises:
        EmocamError: there is nothing or too much to choose from, or something is chosen that is not there.
    """

    question: str
    n: int
    chosen: tuple[int, ...]

    def __post_init__(self) -> None:
        named = isinstance(self.question, str) and 0 < len(self.question) <= MOST_NAME
        if not named or type(self.n) is not int or not 0 < self.n <= MOST_CHOICES:
            raise EmocamError(f"A question has a name of 1 to {MOST_NAME} letters and 1 to {MOST_CHOICES} choices.")
        if len(self.chosen) > self.n or not all(type(each) is int and 0 <= each < self.n for each in self.chosen):
            raise EmocamError(f"An answer names things by whole numbers from 0 to {self.n - 1}, each once.")
        object.__setattr__(self, "chosen", tuple(sorted(set(self.chosen))))

    @classmethod
    def of(cls, question: str, n: int, chosen: Iterable[int]) -> Ballot:
        """From any whole numbers, numpy's too; EmocamError where they are none."""
        try:
            return cls(question, index(n), tuple(index(each) for each in islice(chosen, MOST_CHOICES + 1)))
        except TypeError as error:
            raise EmocamError(f"An answer names things by whole numbers: {error}.") from error


@dataclass(frozen=True)
class Totals:
    """How many have answered, and how many of them chose each thing."""

    participants: int
    counts: tuple[int, ...]


def question_key(*parts: object) -> str:
    """A short name for a question from all that makes it the same question."""
    return hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def own_name() -> str:
    """What this kernel is called on a board: a random name, or for a notebook one that stays when its kernel restarts.

    So nobody counts twice. It tells nothing about user or notebook: it is made with a random secret of this user.
    """
    notebook = os.environ.get("JPY_SESSION_NAME")
    if not notebook:
        return uuid4().hex
    from emocam_widgets.demo import home

    file = home() / "class-secret"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="ascii") as new:
            new.write(uuid4().hex)
    except FileExistsError:
        pass
    except OSError:  # nothing can be kept here: a restarted kernel is then another client
        return uuid4().hex
    secret = file.read_text(encoding="ascii")
    return question_key(secret, notebook) if secret else uuid4().hex


class _Poll:
    """One question: the answers packed as bits, and their sums kept up to date."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.answers: OrderedDict[str, bytes] = OrderedDict()
        self.counts = np.zeros(n, np.int64)

    def put(self, client: str, chosen: Sequence[int]) -> None:
        self._drop(self.answers.pop(client, None))
        marks = np.zeros(self.n, np.bool_)
        marks[list(chosen)] = True
        self.answers[client] = np.packbits(marks).tobytes()
        self.counts += marks
        while len(self.answers) > MOST_CLIENTS:
            self._drop(self.answers.popitem(last=False)[1])

    def _drop(self, answer: bytes | None) -> None:
        if answer is not None:
            self.counts -= self._marks(answer)

    def _marks(self, answer: bytes) -> NDArray[np.bool_]:
        return np.unpackbits(np.frombuffer(answer, np.uint8), count=self.n).astype(np.bool_)

    @property
    def totals(self) -> Totals:
        return Totals(len(self.answers), tuple(self.counts.tolist()))


class AnswersBoard:
    """One answer per client and question, the newest in place of an older one; the question used last stays longest."""

    def __init__(self) -> None:
        self._polls: OrderedDict[tuple[str, int], _Poll] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, client: str, ballot: Ballot) -> Totals:
        """Takes an answer, and says how the class stands with it.

        Raises:
            EmocamError: the client has no proper name.
        """
        if not isinstance(client, str) or not 0 < len(client) <= MOST_NAME:
            raise EmocamError(f"A client's name has 1 to {MOST_NAME} letters.")
        with self._lock:
            poll = self._polls.setdefault((ballot.question, ballot.n), _Poll(ballot.n))
            self._polls.move_to_end((ballot.question, ballot.n))
            poll.put(client, ballot.chosen)
            while len(self._polls) > MOST_QUESTIONS:
                self._polls.popitem(last=False)
            return poll.totals

    def totals(self, client: str, question: str, n: int) -> Totals | None:
        """How the class stands; None for a client whose answer is not here (not yet, or not any more)."""
        with self._lock:
            poll = self._polls.get((question, n))
            return poll.totals if poll is not None and client in poll.answers else None
