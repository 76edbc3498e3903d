"""What a check asks its server, and what that takes, as seen from here.

A probe notes each statement in its :class:`Ledger` and hands :meth:`Ledger.asked` over with
its result. What a statement costs the server itself is said in the head of its file.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Final

from checks.clock import Clock
from checks.databases.model import Asked
from checks.databases.statements import statement
from checks.model import clean

__all__ = ["RUNS", "Ledger", "cost_of", "rhythm_of"]

RUNS: Final = 30
"""Durations that are remembered of each statement."""
MOST: Final = 80
"""Statements that are told apart; a check has a few dozen."""
LONGEST: Final = 600
"""Characters of a statement that are shown."""

_RHYTHMS: Final = {
    "fast tier, every run": "every run",
    "fast tier": "as needed",
    "slow tier": "each minute",
    "on demand": "looked at",
    "once a connection": "at login",
}
"""How the head of a statement's file says when it is asked, in two words."""
_OWN: Final = "Yours, from the configuration: what it costs is yours to know; EXPLAIN tells."
_LOG: Final = (
    "Reads what is new along the key, bounded in rows and time; at first the last hour, by "
    "aggregates."
)
_COMMENT: Final = re.compile(r"^\s*--.*$", re.MULTILINE)


class _Entry:
    """What is remembered of one statement."""

    __slots__ = ("at", "cost", "made", "rhythm", "rows", "seconds", "source", "text", "times")

    def __init__(self) -> None:
        self.source = ""
        self.text = self.rhythm = self.cost = ""
        self.at = 0.0
        self.seconds: deque[float] = deque(maxlen=RUNS)
        self.rows: int | None = None
        self.times = 0
        self.made: Asked | None = None


class Ledger:
    """What one check has asked so far. Noting takes some microseconds; memory is bounded."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    def note(
        self,
        name: str,
        sql: str,
        seconds: float,
        rows: int | None,
        *,
        rhythm: str = "",
        cost: str = "",
    ) -> None:
        """``sql`` was asked just now and took ``seconds``; ``rows`` None where it failed.

        Without ``rhythm`` and ``cost`` the statement's own head says them.
        """
        entry = self._entries.get(name)
        if entry is None:
            if len(self._entries) >= MOST:
                return
            entry = self._entries[name] = _Entry()
        if entry.source != sql:
            entry.source = sql
            entry.text = statement(_COMMENT.sub("", sql[: 8 * LONGEST]), LONGEST)
            head = cost or cost_of(sql)
            entry.cost = clean(head, LONGEST)
            entry.rhythm = rhythm or rhythm_of(head)
        entry.at, entry.rows = self._clock.now(), rows
        entry.seconds.append(seconds)
        entry.times += 1
        entry.made = None

    def query(
        self, metric: str, sql: str, seconds: float, rows: int | None, interval: float | None
    ) -> None:
        """A user's own query for ``metric`` was asked, as it is each ``interval`` seconds."""
        rhythm = f"each {interval:g} s" if interval else "every run"
        self.note(f"query {metric}", sql, seconds, rows, rhythm=rhythm, cost=_OWN)

    def request_log(self, sql: str, seconds: float, rows: int | None) -> None:
        """A statement of the request log's reader was asked; its texts change with the ids."""
        head = cost_of(sql)
        if head:
            self.note("request log: its table", sql, seconds, rows, rhythm="each minute", cost=head)
        else:
            self.note("request log", sql, seconds, rows, rhythm="every run", cost=_LOG)

    def asked(self) -> tuple[Asked, ...]:
        """All of it, in the order in which it was first asked."""
        return tuple(_made(name, entry) for name, entry in self._entries.items())


def _made(name: str, entry: _Entry) -> Asked:
    made = entry.made
    if made is None:
        made = entry.made = Asked(
            clean(name, 80),
            entry.rhythm,
            entry.text,
            entry.cost,
            entry.at,
            tuple(entry.seconds),
            entry.rows,
            entry.times,
        )
    return made


def cost_of(sql: str) -> str:
    """What the comment at the head of a statement says, as one line."""
    lines = []
    for row in sql.lstrip().splitlines():
        if not row.startswith("--"):
            break
        lines.append(row.removeprefix("--").strip())
    return " ".join(lines)


def rhythm_of(head: str) -> str:
    """How often a statement with this ``head`` is asked, in two words; empty where it is silent."""
    lower = head.lower()
    return next((words for start, words in _RHYTHMS.items() if lower.startswith(start)), "")
